//! `GET /api/schemas/verdict.json`: the JSON Schema of a verdict, for whoever keeps verdicts.
//!
//! It is taken out of the description of the API and stands by itself; `docs/verdict.schema.json` is the same.
//! `zhengku verify --json` prints verdicts of this schema as well.
//!
//! Source: JSON Schema 2020-12, which OpenAPI 3.1 schemas are.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi as Description;

use super::doors::Doors;

/// The name of the schema of a verdict in the description.
const VERDICT: &str = "Verdict";
/// Where schemas stand in the description, and where they stand in a schema by itself.
const PLACES: [&str; 2] = ["#/components/schemas/", "#/$defs/"];

/// The route that hands it out.
pub fn routes(description: &Description) -> Router<Doors> {
    let schema = format!("{:#}\n", verdict_schema(description));
    Router::new().route("/api/schemas/verdict.json", get(async move || answer(&schema)))
}

fn answer(schema: &str) -> impl IntoResponse + use<> {
    let headers =
        [(CONTENT_TYPE, "application/schema+json"), (CACHE_CONTROL, "public, max-age=300")];
    (headers, schema.to_owned())
}

/// The schema of a verdict, with every schema that it refers to.
pub fn verdict_schema(description: &Description) -> Value {
    let all = serde_json::to_value(description).unwrap_or_default();
    let schemas = all.pointer("/components/schemas").and_then(Value::as_object);
    let empty = Map::new();
    let schemas = schemas.unwrap_or(&empty);
    let mut definitions = Map::new();
    let mut open = vec![VERDICT.to_owned()];
    while let Some(name) = open.pop() {
        if definitions.contains_key(&name) {
            continue;
        }
        let mut schema = schemas.get(&name).cloned().unwrap_or_default();
        point_inward(&mut schema, &mut open);
        definitions.insert(name, schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Verdict (核验结论)",
        "$ref": format!("{}{VERDICT}", PLACES[1]),
        "$defs": definitions,
    })
}

/// Turns references into ones within the schema, and notes what they refer to.
fn point_inward(value: &mut Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let name = match (key.as_str(), &*value) {
                    ("$ref", Value::String(to)) => to.strip_prefix(PLACES[0]).map(str::to_owned),
                    _ => None,
                };
                match name {
                    Some(name) => {
                        *value = Value::String(format!("{}{name}", PLACES[1]));
                        found.push(name);
                    }
                    None => point_inward(value, found),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point_inward(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn the_schema_in_the_documents_is_the_one_that_is_served() {
        let (_, description) = super::super::openapi::described_routes();
        let schema = format!("{:#}\n", verdict_schema(&description));
        assert!(!schema.contains(PLACES[0]));
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verdict.schema.json");
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(kept, &schema).unwrap();
        }
        assert_eq!(fs::read_to_string(kept).unwrap(), schema, "run it with UPDATE_GOLDEN=1");
    }
}
