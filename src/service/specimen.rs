//! A type with the longest values it allows: drawn to check its face, and to show it to whoever drew it up.

use crate::domain::{
    CatalogueFault, Column, FieldDefinition, FieldKind, FieldSource, FilledFrom, NumberRule,
    TypeDefinition,
};
use crate::pdf::{
    Binding, DocumentKind, DrawError, DrawValue, FaceInput, FontBook, SealMark, draw,
    specimen_portrait,
};

use super::catalogue::ReadType;

/// A license id as long as ours are, for previews. Its check character agrees; nobody holds it.
const SPECIMEN_ID: &str =
    "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.2026SPEC0000MEN0.001.Q";
/// The longest license number a form without a length of its own is tried with, in characters.
const NUMBER_CHARS: usize = 30;
/// How long the names of holders and authorities are taken to be, in characters.
const NAME_CHARS: usize = 60;
/// How many characters of a cell are tried in a table that does not go on.
const CELL_CHARS: usize = 8;

/// The face of a type with the longest values it allows, as a PDF that carries no seal.
pub fn preview(
    read: &ReadType,
    authority_name: &str,
    fonts: &FontBook,
) -> Result<Vec<u8>, Vec<CatalogueFault>> {
    let told = |cause: String| vec![CatalogueFault::new("face.toml", cause)];
    let seal = SealMark::new(fonts, authority_name, "样张 SPECIMEN")
        .map_err(|fault| told(fault.to_string()))?;
    let values = longest_values(read);
    let drawn = draw_values(read, fonts, &values)?;
    let binding = Binding {
        title: &read.definition.name,
        seal: &seal,
        sealed_at: read.definition.in_force_from.start_in_china(),
        signer_name: "样张",
        reason: "样张",
        location: "",
        content_digest_hex: &"0".repeat(64),
        attachment: None,
        certs: &[],
        crls: &[],
        gap_len: 0,
        kind: DocumentKind::License,
    };
    drawn.preview(&binding).map_err(|error| told(error.to_string()))
}

/// The longest printed values of a type, and the smallest pictures.
fn longest_values(read: &ReadType) -> Vec<(String, LongestValue<'_>)> {
    read.definition.fields.iter().map(|field| longest_value(read, field)).collect()
}

fn longest_value<'d>(read: &'d ReadType, field: &'d FieldDefinition) -> (String, LongestValue<'d>) {
    let ReadType { definition, face } = read;
    let value = match &field.source {
        FieldSource::Filled(from) => LongestValue::Text(filled(definition, *from)),
        FieldSource::Submitted { kind, .. } => match kind {
            FieldKind::Portrait { .. } => {
                LongestValue::Portrait(specimen_portrait(face.least_pixels(&field.code)))
            }
            FieldKind::Table { columns, max_rows } => {
                let names = columns.iter().map(|column| column.name.as_str()).collect();
                // A table in one box is drawn up for usual rows; one that goes on must hold the fullest.
                let most = if face.goes_on(&field.code) { usize::MAX } else { CELL_CHARS };
                let row = |column: &Column| han(column.limit_chars.min(most));
                let row: Vec<String> = columns.iter().map(row).collect();
                LongestValue::Table { columns: names, rows: vec![row; *max_rows] }
            }
            FieldKind::Choice { options } => {
                let longest = options.iter().max_by_key(|option| option.chars().count());
                LongestValue::Text(longest.cloned().unwrap_or_default())
            }
            FieldKind::Text { limit_chars, .. } => LongestValue::Text(han(*limit_chars)),
            FieldKind::CitizenNumber | FieldKind::CreditCode => LongestValue::Text("9".repeat(18)),
            FieldKind::Date => LongestValue::Text(field.printed("2026-12-28")),
            FieldKind::DateTime => LongestValue::Text(field.printed("2026-12-28 23:58")),
            FieldKind::Decimal { decimals, max_digits, .. } => {
                let fraction = if *decimals > 0 { ".".to_owned() } else { String::new() };
                let digits = "9".repeat(*max_digits);
                let plain = format!("{digits}{fraction}{}", "9".repeat(*decimals));
                LongestValue::Text(field.printed(&plain))
            }
            FieldKind::Integer { min, max, .. } => {
                let (min, max) = (min.to_string(), max.to_string());
                let longest = if min.len() > max.len() { min } else { max };
                LongestValue::Text(field.printed(&longest))
            }
        },
    };
    (field.code.clone(), value)
}

enum LongestValue<'d> {
    Portrait(Vec<u8>),
    Table { columns: Vec<&'d str>, rows: Vec<Vec<String>> },
    Text(String),
}

fn filled(definition: &TypeDefinition, from: FilledFrom) -> String {
    let several = |one: String| vec![one; definition.holders_max].join("、");
    // Joint holders are persons or firms with shorter names than the longest firm's alone.
    let name_chars = NAME_CHARS / definition.holders_max.max(1);
    match from {
        FilledFrom::AuthorityName => han(20),
        FilledFrom::HolderCodes => several("9".repeat(18)),
        FilledFrom::HolderNames => several(han(name_chars.max(10))),
        FilledFrom::IssuedOn | FilledFrom::ValidFrom | FilledFrom::ValidTo => {
            "2026年12月28日".to_owned()
        }
        FilledFrom::LicenseNumber => match &definition.number {
            NumberRule::Form(form) => {
                form.replace('?', "示").replace('#', "8").replace('@', "J").replace('|', "")
            }
            NumberRule::Text { limit_chars } => "8".repeat((*limit_chars).min(NUMBER_CHARS)),
            _ => "8".repeat(18),
        },
        FilledFrom::Validity => "2026年12月28日至2036年12月27日".to_owned(),
    }
}

/// A text of so many characters with punctuation, as licenses have it.
fn han(chars: usize) -> String {
    "示例文字排版检验，长度取上限；".chars().cycle().take(chars).collect()
}

pub(super) fn draw_longest(read: &ReadType, fonts: &FontBook) -> Result<(), Vec<CatalogueFault>> {
    draw_values(read, fonts, &longest_values(read)).map(drop)
}

fn draw_values<'v>(
    read: &'v ReadType,
    fonts: &'v FontBook,
    values: &'v [(String, LongestValue<'v>)],
) -> Result<crate::pdf::DrawnFace<'v>, Vec<CatalogueFault>> {
    let drawable: Vec<(&str, DrawValue<'_>)> = values
        .iter()
        .map(|(code, value)| {
            let value = match value {
                LongestValue::Table { columns, rows } => DrawValue::Table { columns, rows },
                LongestValue::Portrait(bytes) => {
                    DrawValue::Portrait { media_type: "image/png", bytes }
                }
                LongestValue::Text(text) => DrawValue::Text(text),
            };
            (code.as_str(), value)
        })
        .collect();
    let input = FaceInput { license_id: SPECIMEN_ID, values: &drawable, qr_text: SPECIMEN_ID };
    draw(&read.face, fonts, &input).map_err(|error| match error {
        DrawError::Fault(cause) => vec![CatalogueFault::new("face.toml", cause)],
        DrawError::Faults(faults) => faults
            .iter()
            .map(|fault| {
                let message = format!("the longest value does not fit: {fault}");
                CatalogueFault::new("face.toml", message)
            })
            .collect(),
    })
}
