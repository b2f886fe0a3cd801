//! `/api/v1/license-types`: what may be issued, and what each type asks for. Open to anybody.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    Catalogue, FieldDefinition, FieldKind, FieldSource, FilledFrom, HolderRule, LicenseTypeCode,
    NumberRule, TermEnd, TypeDefinition,
};

use super::document::{NamedCode, words};
use super::doors::Doors;
use super::openapi;
use super::problem::{Problem, TYPE_NOT_FOUND};

/// The catalogue changes seldom, so an answer may be kept for a while.
const KEEP: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=300")];

/// List the license types
///
/// The newest edition of every type.
#[utoipa::path(
    get,
    path = "/api/v1/license-types",
    tag = "license types",
    operation_id = "listLicenseTypes",
    responses(
        (status = 200, description = "The types, by code", body = TypeList),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn list(State(doors): State<Doors>) -> impl IntoResponse {
    let items = doors.catalogue.catalogue().newest().map(TypeLine::of).collect();
    (KEEP, Json(TypeList { items }))
}

/// Describe a license type
///
/// Its newest edition: who may hold and issue it, how long it lasts, and every field with its limits.
#[utoipa::path(
    get,
    path = "/api/v1/license-types/{code}",
    tag = "license types",
    operation_id = "describeLicenseType",
    params(("code" = String, Path, description = "License type code: 21 characters", example = "11990000MD0000008F002")),
    responses(
        (status = 200, description = "The type", body = TypeAnswer),
        (status = 404, response = openapi::NoSuchType),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn describe(
    State(doors): State<Doors>,
    Path(code): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let code = code.parse::<LicenseTypeCode>().map_err(|_| Problem::new(&TYPE_NOT_FOUND))?;
    let catalogue = doors.catalogue.catalogue();
    let definition = catalogue.newest().find(|definition| definition.code == code);
    let definition = definition.ok_or_else(|| Problem::new(&TYPE_NOT_FOUND))?;
    Ok((KEEP, Json(TypeAnswer::of(definition, &catalogue))))
}

/// The license types.
#[derive(Serialize, ToSchema)]
#[schema(as = LicenseTypes)]
pub struct TypeList {
    items: Vec<TypeLine>,
}

/// One license type of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = LicenseTypeLine)]
pub struct TypeLine {
    /// License type code: 21 characters.
    code: String,
    /// Its name, in Chinese.
    name: String,
    /// Counts the definitions of this type.
    edition: u32,
    /// First day of this edition.
    #[schema(format = Date)]
    in_force_from: String,
    /// First day on which it no longer serves, if that is known.
    #[schema(format = Date)]
    retired_from: Option<String>,
}

impl TypeLine {
    fn of(definition: &TypeDefinition) -> Self {
        Self {
            code: definition.code.to_string(),
            name: definition.name.clone(),
            edition: definition.edition,
            in_force_from: definition.in_force_from.to_string(),
            retired_from: definition.retired_from.map(|day| day.to_string()),
        }
    }
}

/// A license type.
#[derive(Serialize, ToSchema)]
#[schema(as = LicenseType)]
pub struct TypeAnswer {
    #[serde(flatten)]
    line: TypeLine,
    /// Who may hold it.
    #[schema(schema_with = holder_schema)]
    holder: &'static str,
    /// How many joint holders there may be.
    holders_max: usize,
    /// The authorities that may issue it.
    issuers: Vec<NamedCode>,
    /// What its license number looks like.
    number: NumberAnswer,
    /// How long it lasts.
    term: TermAnswer,
    /// Its fields, in order.
    fields: Vec<FieldAnswer>,
}

impl TypeAnswer {
    fn of(definition: &TypeDefinition, catalogue: &Catalogue) -> Self {
        let name = |code| catalogue.authority(code).map(|known| known.name.clone());
        Self {
            line: TypeLine::of(definition),
            holder: match definition.holder {
                HolderRule::Either => "either",
                HolderRule::Organization => "organization",
                HolderRule::Person => "person",
            },
            holders_max: definition.holders_max,
            issuers: definition
                .issuers
                .iter()
                .map(|code| NamedCode {
                    code: code.to_string(),
                    name: name(code).unwrap_or_default(),
                })
                .collect(),
            number: NumberAnswer::of(&definition.number),
            term: TermAnswer {
                end: match definition.term.end {
                    TermEnd::FixedEnd => "fixed_end",
                    TermEnd::NoEnd => "no_end",
                    TermEnd::Open => "open",
                },
                max_years: definition.term.max_years,
            },
            fields: definition.fields.iter().map(FieldAnswer::of).collect(),
        }
    }
}

/// What the license number of a type looks like.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = NumberRule)]
pub struct NumberAnswer {
    /// `credit_code`, `food_license`, `form`, `holder_code` or `text`.
    kind: &'static str,
    /// With `form`: # a digit, @ a capital letter, ? one Han character, | before a literal.
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<String>,
    /// With `text`: how many characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_chars: Option<usize>,
}

impl NumberAnswer {
    fn of(rule: &NumberRule) -> Self {
        match rule {
            NumberRule::CreditCode => Self { kind: "credit_code", ..Self::default() },
            NumberRule::FoodLicense => Self { kind: "food_license", ..Self::default() },
            NumberRule::Form(form) => {
                Self { kind: "form", form: Some(form.clone()), ..Self::default() }
            }
            NumberRule::HolderCode => Self { kind: "holder_code", ..Self::default() },
            NumberRule::Text { limit_chars } => {
                Self { kind: "text", limit_chars: Some(*limit_chars), ..Self::default() }
            }
        }
    }
}

/// How long licenses of a type last.
#[derive(Serialize, ToSchema)]
#[schema(as = Term)]
pub struct TermAnswer {
    /// `fixed_end`: an end is required; `no_end`: none may be given; `open`: either.
    end: &'static str,
    /// The end lies at most so many years after the first day.
    max_years: Option<u16>,
}

/// One field of a face.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Field)]
pub struct FieldAnswer {
    /// Pinyin code; the key in `face`.
    code: String,
    /// Name, in Chinese.
    name: String,
    /// Whether it is sent with the submission; the others are filled from the license itself.
    submitted: bool,
    /// Whether it must be there.
    required: bool,
    /// Where it is filled from, for those that are not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'static str>,
    /// What it may be, for those that are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// With `text`: how many characters; 汉 counts as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_chars: Option<usize>,
    /// With `text`: whether line breaks are allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<bool>,
    /// With `choice`: the options.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<String>>,
    /// With `integer`: the smallest.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<i64>,
    /// With `integer`: the largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<i64>,
    /// With `decimal`: digits behind the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    decimals: Option<usize>,
    /// With `decimal`: most digits before the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_digits: Option<usize>,
    /// With numbers: what is printed behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// With `portrait`: the largest picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<usize>,
    /// With `portrait`: the formats it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_types: Option<Vec<&'static str>>,
    /// With `table`: most rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_rows: Option<usize>,
    /// With `table`: the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<ColumnAnswer>>,
}

impl FieldAnswer {
    fn of(definition: &FieldDefinition) -> Self {
        let field = Self {
            code: definition.code.clone(),
            name: definition.name.clone(),
            ..Self::default()
        };
        match &definition.source {
            FieldSource::Filled(from) => Self { from: Some(filled_from(*from)), ..field },
            FieldSource::Submitted { kind, required } => {
                Self { submitted: true, required: *required, ..field }.limited(kind)
            }
        }
    }

    fn limited(self, kind: &FieldKind) -> Self {
        let unit_of = |unit: &String| (!unit.is_empty()).then(|| unit.clone());
        match kind {
            FieldKind::Choice { options } => {
                Self { kind: Some("choice"), options: Some(options.clone()), ..self }
            }
            FieldKind::CitizenNumber => Self { kind: Some("citizen_number"), ..self },
            FieldKind::CreditCode => Self { kind: Some("credit_code"), ..self },
            FieldKind::Date => Self { kind: Some("date"), ..self },
            FieldKind::DateTime => Self { kind: Some("date_time"), ..self },
            FieldKind::Decimal { decimals, max_digits, unit } => Self {
                kind: Some("decimal"),
                decimals: Some(*decimals),
                max_digits: Some(*max_digits),
                unit: unit_of(unit),
                ..self
            },
            FieldKind::Integer { min, max, unit } => Self {
                kind: Some("integer"),
                min: Some(*min),
                max: Some(*max),
                unit: unit_of(unit),
                ..self
            },
            FieldKind::Portrait { max_bytes, media_types } => Self {
                kind: Some("portrait"),
                max_bytes: Some(*max_bytes),
                media_types: Some(media_types.iter().map(|kind| kind.as_str()).collect()),
                ..self
            },
            FieldKind::Table { columns, max_rows } => Self {
                kind: Some("table"),
                max_rows: Some(*max_rows),
                columns: Some(columns.iter().map(ColumnAnswer::of).collect()),
                ..self
            },
            FieldKind::Text { limit_chars, lines } => Self {
                kind: Some("text"),
                limit_chars: Some(*limit_chars),
                lines: Some(*lines),
                ..self
            },
        }
    }
}

/// A column of a table field.
#[derive(Serialize, ToSchema)]
#[schema(as = Column)]
pub struct ColumnAnswer {
    /// Pinyin code; the key in a row.
    code: String,
    /// Name, printed in the head.
    name: String,
    /// Longest cell, in characters.
    limit_chars: usize,
}

impl ColumnAnswer {
    fn of(column: &crate::domain::Column) -> Self {
        Self {
            code: column.code.clone(),
            name: column.name.clone(),
            limit_chars: column.limit_chars,
        }
    }
}

fn filled_from(from: FilledFrom) -> &'static str {
    match from {
        FilledFrom::AuthorityName => "authority_name",
        FilledFrom::HolderCodes => "holder_codes",
        FilledFrom::HolderNames => "holder_names",
        FilledFrom::IssuedOn => "issued_on",
        FilledFrom::LicenseNumber => "license_number",
        FilledFrom::ValidFrom => "valid_from",
        FilledFrom::ValidTo => "valid_to",
        FilledFrom::Validity => "validity",
    }
}

fn holder_schema() -> utoipa::openapi::schema::Object {
    words(&["either", "organization", "person"]).build()
}
