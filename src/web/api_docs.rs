//! `/api/docs`: the description of the API, for people. Drawn from the same OpenAPI document programs get.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use crate::http::problem;

use super::Pages;
use super::page::{Page, draw};

#[derive(Template)]
#[template(path = "pages/api_docs.html")]
struct DocsPage<'d> {
    page: Page,
    public_url: &'d str,
    docs: &'d Docs,
    problems: Vec<ProblemLine>,
}

struct ProblemLine {
    code: &'static str,
    status: u16,
    title: &'static str,
    title_zh: &'static str,
    fix: &'static str,
}

/// The description, arranged for reading.
pub struct Docs {
    intro: String,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

struct Group {
    name: String,
    description: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    needs_token: bool,
    parameters: Vec<Property>,
    bodies: Vec<Content>,
    body_example: String,
    answers: Vec<Answer>,
}

struct Content {
    media_type: String,
    schema: TypeWord,
}

struct Answer {
    status: String,
    is_problem: bool,
    description: String,
    contents: Vec<Content>,
    example: String,
}

struct Schema {
    name: String,
    description: String,
    properties: Vec<Property>,
}

struct Property {
    name: String,
    kind: TypeWord,
    place: String,
    required: bool,
    description: String,
}

/// What a value is: a word, and the schema it links to.
#[derive(Default)]
struct TypeWord {
    words: String,
    schema: Option<String>,
}

/// Draws the page.
pub async fn page(State(pages): State<Pages>, page: Page) -> Response {
    let problems = problem::ALL.iter().map(|kind| ProblemLine {
        code: kind.code,
        status: kind.status.as_u16(),
        title: kind.title,
        title_zh: kind.title_zh,
        fix: kind.fix,
    });
    let drawn = DocsPage {
        page,
        public_url: &pages.doors.settings.public_url,
        docs: &pages.docs,
        problems: problems.collect(),
    };
    ([(CACHE_CONTROL, "no-cache")], draw(StatusCode::OK, &drawn)).into_response()
}

impl Docs {
    /// Arranges a description.
    pub fn of(description: &OpenApi) -> Self {
        let root = serde_json::to_value(description).unwrap_or_default();
        let operations = operations(&root);
        let mut groups: Vec<Group> = list(&root, "/tags")
            .iter()
            .map(|tag| Group {
                name: text(tag, "name"),
                description: text(tag, "description"),
                operations: Vec::new(),
            })
            .collect();
        for (tag, operation) in operations {
            if let Some(group) = groups.iter_mut().find(|group| group.name == tag) {
                group.operations.push(operation);
            }
        }
        let schemas = object(&root, "/components/schemas");
        let schemas = schemas.into_iter().flatten().map(|(name, schema)| Schema {
            name: name.clone(),
            description: text(schema, "description"),
            properties: properties(schema),
        });
        Self {
            intro: root.pointer("/info").map(|info| text(info, "description")).unwrap_or_default(),
            groups,
            schemas: schemas.collect(),
        }
    }
}

fn operations(root: &Value) -> Vec<(String, Operation)> {
    let mut found = Vec::new();
    for (path, item) in object(root, "/paths").into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let tag = list(operation, "/tags").first().and_then(Value::as_str).unwrap_or_default();
            let body = operation.pointer("/requestBody");
            found.push((
                tag.to_owned(),
                Operation {
                    id: text(operation, "operationId"),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    summary: text(operation, "summary"),
                    description: text(operation, "description"),
                    needs_token: !list(operation, "/security").is_empty(),
                    parameters: list(operation, "/parameters").iter().map(parameter).collect(),
                    bodies: body.map(contents).unwrap_or_default(),
                    body_example: body.map(example).unwrap_or_default(),
                    answers: object(operation, "/responses")
                        .into_iter()
                        .flatten()
                        .map(|(status, answer)| self::answer(root, status, answer))
                        .collect(),
                },
            ));
        }
    }
    found
}

fn answer(root: &Value, status: &str, answer: &Value) -> Answer {
    let reference = answer.get("$ref").and_then(Value::as_str);
    let answer = reference
        .and_then(|reference| reference.strip_prefix('#'))
        .and_then(|pointer| root.pointer(pointer))
        .unwrap_or(answer);
    Answer {
        status: status.to_owned(),
        is_problem: !status.starts_with('2'),
        description: text(answer, "description"),
        contents: contents(answer),
        example: example(answer),
    }
}

fn parameter(parameter: &Value) -> Property {
    Property {
        name: text(parameter, "name"),
        kind: parameter.get("schema").map(type_word).unwrap_or_default(),
        place: text(parameter, "in"),
        required: parameter.get("required").and_then(Value::as_bool).unwrap_or_default(),
        description: text(parameter, "description"),
    }
}

fn contents(holder: &Value) -> Vec<Content> {
    let contents = object(holder, "/content").into_iter().flatten();
    let contents = contents.map(|(media_type, content)| Content {
        media_type: media_type.clone(),
        schema: content.get("schema").map(type_word).unwrap_or_default(),
    });
    contents.collect()
}

/// The first example of a body, indented.
fn example(holder: &Value) -> String {
    let mut contents = object(holder, "/content").into_iter().flatten();
    let example = contents.find_map(|(_, content)| content.get("example"));
    example.and_then(|example| serde_json::to_string_pretty(example).ok()).unwrap_or_default()
}

/// The properties of a schema; parts joined by `allOf` are taken together.
fn properties(schema: &Value) -> Vec<Property> {
    let parts = list(schema, "/allOf");
    let own =
        object(schema, "/properties").into_iter().flatten().map(|(name, property)| Property {
            name: name.clone(),
            kind: type_word(property),
            place: String::new(),
            required: list(schema, "/required").iter().any(|required| required == name),
            description: text(property, "description"),
        });
    let joined = parts.iter().map(|part| match part.get("$ref") {
        Some(_) => vec![Property {
            name: "…".to_owned(),
            kind: type_word(part),
            place: String::new(),
            required: true,
            description: "All properties of the schema named here.".to_owned(),
        }],
        None => properties(part),
    });
    joined.flatten().chain(own).collect()
}

fn type_word(schema: &Value) -> TypeWord {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
        return TypeWord { words: name.clone(), schema: Some(name) };
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema.get(choice).and_then(Value::as_array) {
            let named = choices.iter().find(|choice| choice.get("$ref").is_some());
            return named.map(type_word).unwrap_or_default();
        }
    }
    if let Some(items) = schema.get("items") {
        let TypeWord { words, schema } = type_word(items);
        return TypeWord { words: format!("list of {words}"), schema };
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
        return TypeWord { words: options.join(" | "), schema: None };
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join(" or ")
        }
        _ => String::new(),
    };
    let format = schema.get("format").and_then(Value::as_str);
    let words = format.map(|format| format!("{kind} ({format})")).unwrap_or(kind);
    TypeWord { words, schema: None }
}

fn object<'v>(value: &'v Value, pointer: &str) -> Option<&'v Map<String, Value>> {
    value.pointer(pointer).and_then(Value::as_object)
}

fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
