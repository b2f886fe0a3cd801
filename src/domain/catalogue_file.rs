//! Reading a `type.toml` into a type definition.
//!
//! The file comes in as a [`WireValue`], so that a wrong kind of value is one fault among others and does not
//! hide the rest: [`read`] reports everything that is wrong with a file at once.
//!
//! Source: `docs/templates.md`.

use std::collections::BTreeSet;

use super::catalogue::{
    CatalogueFault, Column, FieldDefinition, FieldKind, FieldSource, FilledFrom, HolderRule,
    NumberRule, Term, TermEnd, TypeDefinition,
};
use super::face::PortraitType;
use super::wire::WireValue;
use super::wire_table::Table;

/// Most characters a text field may ever allow; our own bound, well above the longest business scope.
const MAX_LIMIT_CHARS: usize = 5_000;
/// Largest portrait a type may ever allow, in bytes; our own bound.
const MAX_PORTRAIT_BYTES: usize = 500_000;
/// Most rows a table may ever allow; our own bound.
const MAX_TABLE_ROWS: usize = 500;
/// Most fields a type may have; our own bound.
const MAX_FIELDS: usize = 200;

/// Reads a definition; every fault of the file is reported.
pub fn read(file: &WireValue) -> Result<TypeDefinition, Vec<CatalogueFault>> {
    let WireValue::Object(object) = file else {
        return Err(vec![CatalogueFault::new("", "the file is not a table of keys")]);
    };
    let mut table = Table::new(object, String::new());
    let code = table.parsed("code");
    let name = table.text("name");
    let edition = table.whole("edition", 1, 9_999);
    let in_force_from = table.parsed("in_force_from");
    let retired_from = table.optional("retired_from", Table::parsed);
    let holder = table.word("holder", HOLDER_RULES);
    let holders_max = table.whole("holders_max", 1, 20);
    let issuers = table.list("issuers", |table, place, value| match value {
        WireValue::Text(text) => table.parse_text(place, text),
        other => table.wrong_kind(place, "a text", other),
    });
    if issuers.as_ref().is_some_and(Vec::is_empty) {
        table.fault("issuers", "name at least one authority that may issue");
    }
    let number = table.table("number", number_rule);
    let term = table.table("term", term);
    let fields = table.list("field", |table, place, value| match value {
        WireValue::Object(object) => {
            let mut inner = Table::new(object, format!("{place}."));
            let field = field(&mut inner);
            table.take_faults(inner);
            field
        }
        other => table.wrong_kind(place, "a table", other),
    });
    if let Some(fields) = &fields {
        check_fields(&mut table, fields);
    }
    let faults = table.finish();
    let read = (|| {
        Some(TypeDefinition {
            code: code?,
            name: name?,
            edition: u32::try_from(edition?).ok()?,
            in_force_from: in_force_from?,
            retired_from: retired_from?,
            holder: holder?,
            holders_max: usize::try_from(holders_max?).ok()?,
            issuers: issuers?,
            number: number?,
            term: term?,
            fields: fields?,
        })
    })();
    match read {
        Some(definition) if faults.is_empty() => Ok(definition),
        _ => Err(faults),
    }
}

fn check_fields(table: &mut Table<'_>, fields: &[FieldDefinition]) {
    let mut known = BTreeSet::new();
    for field in fields {
        if !known.insert(&field.code) {
            table.fault("field", format!("the code {} stands twice", field.code));
        }
    }
    if fields.is_empty() || fields.len() > MAX_FIELDS {
        table.fault("field", format!("a type has 1 to {MAX_FIELDS} fields"));
    }
}

fn number_rule(table: &mut Table<'_>) -> Option<NumberRule> {
    match table.text("kind")?.as_str() {
        "credit_code" => Some(NumberRule::CreditCode),
        "food_license" => Some(NumberRule::FoodLicense),
        "form" => table.text("form").map(NumberRule::Form),
        "holder_code" => Some(NumberRule::HolderCode),
        "text" => {
            table.size("limit_chars", 100).map(|limit_chars| NumberRule::Text { limit_chars })
        }
        _ => {
            table.fault("kind", "is credit_code, food_license, form, holder_code or text");
            None
        }
    }
}

fn term(table: &mut Table<'_>) -> Option<Term> {
    let end = table.word("kind", TERM_ENDS);
    let max_years = table.optional("max_years", |table, key| table.whole(key, 1, 200))?;
    if end == Some(TermEnd::NoEnd) && max_years.is_some() {
        table.fault("max_years", "a type without an end has no longest term");
    }
    let max_years = max_years.and_then(|years| u16::try_from(years).ok());
    Some(Term { end: end?, max_years })
}

fn field(table: &mut Table<'_>) -> Option<FieldDefinition> {
    let code = table.text("code").and_then(|code| {
        let fits = code.len() <= 64
            && code.starts_with(|first: char| first.is_ascii_uppercase())
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            table.fault("code", "is capitals, digits and underscores, beginning with a capital");
        }
        fits.then_some(code)
    });
    let name = table.text("name");
    let source = if table.has("from") {
        table.word("from", FILLED_FROM).map(FieldSource::Filled)
    } else {
        let required = table.flag("required");
        let kind = field_kind(table);
        kind.and_then(|kind| Some(FieldSource::Submitted { kind, required: required? }))
    };
    Some(FieldDefinition { code: code?, name: name?, source: source? })
}

fn field_kind(table: &mut Table<'_>) -> Option<FieldKind> {
    let unit = |table: &mut Table<'_>| {
        table.optional("unit", Table::text).map(|unit| unit.unwrap_or_default())
    };
    match table.text("kind")?.as_str() {
        "choice" => {
            let options = table.list("options", |table, place, value| match value {
                WireValue::Text(text) if !text.trim().is_empty() => Some(text.clone()),
                other => table.wrong_kind(place, "a text", other),
            })?;
            if options.is_empty() {
                table.fault("options", "name at least one option");
            }
            Some(FieldKind::Choice { options })
        }
        "citizen_number" => Some(FieldKind::CitizenNumber),
        "credit_code" => Some(FieldKind::CreditCode),
        "date" => Some(FieldKind::Date),
        "date_time" => Some(FieldKind::DateTime),
        "decimal" => {
            let decimals = table.whole("decimals", 0, 6);
            let max_digits = table.size("max_digits", 15);
            let unit = unit(table)?;
            let decimals = usize::try_from(decimals?).ok()?;
            Some(FieldKind::Decimal { decimals, max_digits: max_digits?, unit })
        }
        "integer" => {
            let (min, max) =
                (table.whole("min", i64::MIN, i64::MAX), table.whole("max", i64::MIN, i64::MAX));
            let unit = unit(table)?;
            let (min, max) = (min?, max?);
            if max < min {
                table.fault("max", "is smaller than min");
            }
            Some(FieldKind::Integer { min, max, unit })
        }
        "portrait" => {
            let max_bytes = table.size("max_bytes", MAX_PORTRAIT_BYTES);
            let media_types = table.optional("media_types", |table, key| {
                table.list(key, |table, place, value| match value {
                    WireValue::Text(text) if PortraitType::from_name(text).is_some() => {
                        PortraitType::from_name(text)
                    }
                    other => table.wrong_kind(place, "image/jpeg or image/png", other),
                })
            });
            let media_types = media_types?.unwrap_or_else(|| PortraitType::ALL.to_vec());
            if media_types.is_empty() {
                table.fault("media_types", "is empty");
            }
            Some(FieldKind::Portrait { max_bytes: max_bytes?, media_types })
        }
        "table" => {
            let max_rows = table.size("max_rows", MAX_TABLE_ROWS);
            let columns = table.list("columns", |table, place, value| match value {
                WireValue::Object(object) => {
                    let mut inner = Table::new(object, format!("{place}."));
                    let (code, name) = (inner.text("code"), inner.text("name"));
                    let limit_chars = inner.size("limit_chars", MAX_LIMIT_CHARS);
                    table.take_faults(inner);
                    Some(Column { code: code?, name: name?, limit_chars: limit_chars? })
                }
                other => table.wrong_kind(place, "a table", other),
            })?;
            if columns.is_empty() {
                table.fault("columns", "name at least one column");
            }
            Some(FieldKind::Table { columns, max_rows: max_rows? })
        }
        "text" => {
            let limit_chars = table.size("limit_chars", MAX_LIMIT_CHARS);
            let lines = table.optional("lines", Table::flag)?.unwrap_or(false);
            Some(FieldKind::Text { limit_chars: limit_chars?, lines })
        }
        _ => {
            table.fault(
                "kind",
                "is text, choice, date, date_time, integer, decimal, credit_code, citizen_number, \
                 portrait or table",
            );
            None
        }
    }
}

const HOLDER_RULES: &[(&str, HolderRule)] = &[
    ("either", HolderRule::Either),
    ("organization", HolderRule::Organization),
    ("person", HolderRule::Person),
];

const TERM_ENDS: &[(&str, TermEnd)] =
    &[("fixed_end", TermEnd::FixedEnd), ("no_end", TermEnd::NoEnd), ("open", TermEnd::Open)];

const FILLED_FROM: &[(&str, FilledFrom)] = &[
    ("authority_name", FilledFrom::AuthorityName),
    ("holder_codes", FilledFrom::HolderCodes),
    ("holder_names", FilledFrom::HolderNames),
    ("issued_on", FilledFrom::IssuedOn),
    ("license_number", FilledFrom::LicenseNumber),
    ("valid_from", FilledFrom::ValidFrom),
    ("valid_to", FilledFrom::ValidTo),
    ("validity", FilledFrom::Validity),
];

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"{
        "code": "11990000MD0000008F001", "name": "营业执照", "edition": 1,
        "in_force_from": "2019-03-01", "holder": "organization", "holders_max": 1,
        "issuers": ["11990000MD0000008F"],
        "number": {"kind": "holder_code"}, "term": {"kind": "open"},
        "field": [
            {"code": "CZZT", "name": "名称", "from": "holder_names"},
            {"code": "KZ_JYFW", "name": "经营范围", "kind": "text", "limit_chars": 800, "lines": true,
             "required": true}
        ]
    }"#;

    fn read_json(text: &str) -> Result<TypeDefinition, Vec<CatalogueFault>> {
        read(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_sound_file_becomes_a_definition() {
        let definition = read_json(SOUND).unwrap();
        assert_eq!(definition.fields.len(), 2);
        assert_eq!(definition.term, Term { end: TermEnd::Open, max_years: None });
    }

    #[test]
    fn all_faults_of_a_file_are_reported_together_each_with_its_place() {
        let broken = SOUND
            .replace("MD0000008F001", "MD0000008E001")
            .replace("\"edition\": 1", "\"edition\": \"one\"")
            .replace("\"open\"", "\"forever\"")
            .replace("\"limit_chars\": 800", "\"limit_chars\": 0, \"colour\": \"red\"")
            .replace("\"from\": \"holder_names\"", "\"from\": \"nowhere\"");
        let faults = read_json(&broken).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "code",
                "edition",
                "term.kind",
                "field[0].from",
                "field[1].limit_chars",
                "field[1].colour",
            ]
        );
    }

    #[test]
    fn two_fields_cannot_share_a_code() {
        let faults = read_json(&SOUND.replace("KZ_JYFW", "CZZT")).unwrap_err();
        assert_eq!(faults[0].message, "the code CZZT stands twice");
    }
}
