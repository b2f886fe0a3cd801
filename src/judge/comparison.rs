//! A document beside the vault's data, field by field (与证照库逐项比对).
//!
//! This is the one part of a verdict that shows what stands on a face, so it is made only for those who may see that;
//! who that is, is decided elsewhere. An unaltered document and the vault differ where somebody with a sealing key made
//! another file under the same id; for a number or a print there is no document that could be read, and the vault's
//! side is there to be compared with the paper.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::domain::{Day, TypeDefinition, Validity};
use crate::ecert::statement::{carried_holder, carried_number};
use crate::ecert::{EcertFacts, Json, Statement};

/// One field, on both sides.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ComparedField {
    /// Its code: `license_number`, `holders`, `issued_on`, `validity`, or that of a face field.
    pub code: String,
    /// What the type calls it.
    pub label: String,
    /// What the document says, as it is printed; none where it is not shown.
    pub document: Option<String>,
    /// What the vault holds, as it is printed; none where it has no such field.
    pub vault: Option<String>,
    /// How the two compare.
    pub outcome: Compared,
}

impl fmt::Debug for ComparedField {
    /// Names the field and no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ComparedField({}, {:?})", self.code, self.outcome)
    }
}

/// How a field of the document compares with the vault's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// They differ.
    Different,
    /// The document does not show it, or there is no document.
    NotShown,
    /// They are the same.
    Same,
}

/// What a document shows of its license. Personal.
#[derive(Clone)]
pub struct Shown {
    /// The day of issue.
    pub issued_on: Option<Day>,
    /// How long it is valid.
    pub validity: Option<Validity>,
    /// Its values by name: `license_number`, `holders`, and the fields of the face.
    pub values: BTreeMap<String, Json>,
    /// The holder's name and the license number where a printed square carries them, as short as it does.
    brief: Option<(String, String)>,
}

impl fmt::Debug for Shown {
    /// Counts the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shown({} values)", self.values.len())
    }
}

impl Shown {
    /// What an e-certificate shows.
    pub fn of(facts: &EcertFacts) -> Self {
        let (issued_on, validity) = (Some(facts.issued_on), Some(facts.validity));
        Self { issued_on, validity, values: facts.disclosed.clone(), brief: None }
    }

    /// What a printed square shows.
    pub fn of_statement(said: &Statement) -> Self {
        Self {
            issued_on: Some(said.issued_on),
            validity: Some(said.validity),
            values: BTreeMap::new(),
            brief: Some((said.holder.clone(), said.license_number.clone())),
        }
    }
}

/// A document beside what the vault holds, in the order of the type's fields.
pub fn compare(
    document: Option<&Shown>,
    vault: &EcertFacts,
    definition: &TypeDefinition,
) -> Vec<ComparedField> {
    let vault = Shown::of(vault);
    let days = |shown: &Shown| shown.issued_on.map(|day| day.in_chinese());
    let validity = |shown: &Shown| shown.validity.as_ref().map(printed_validity);
    let value = |shown: &Shown, code: &str| {
        shown.values.get(code).map(|value| printed(definition, code, value))
    };
    let row = |code: &str, label: &str, of: &dyn Fn(&Shown) -> Option<String>| {
        // Two values may be printed alike and be two: a table may have columns that the type does not know.
        let raw = |shown: &Shown| shown.values.get(code).cloned();
        let same = document.map(&raw) == Some(raw(&vault));
        let (document, vault) = (document.and_then(of), of(&vault));
        let outcome = match (&document, &vault) {
            (Some(document), Some(vault)) if same && document == vault => Compared::Same,
            (Some(_), _) => Compared::Different,
            (None, _) => Compared::NotShown,
        };
        ComparedField { code: code.to_owned(), label: label.to_owned(), document, vault, outcome }
    };
    let mut rows = vec![
        row("license_number", "证照编号", &|shown| value(shown, "license_number")),
        row("holders", "持证主体", &|shown| value(shown, "holders")),
        row("issued_on", "颁发日期", &days),
        row("validity", "有效期", &validity),
    ];
    if let Some((holder, number)) = document.and_then(|shown| shown.brief.as_ref()) {
        let known = |code| vault.values.get(code);
        let first = known("holders").and_then(Json::as_list).and_then(<[Json]>::first);
        let name = first.and_then(|holder| holder.as_object()?.get("name")?.as_text());
        let held = known("license_number").and_then(Json::as_text);
        let both = [(number, held.map(carried_number)), (holder, name.map(carried_holder))];
        for (row, (said, held)) in rows.iter_mut().zip(both) {
            let same = held.as_ref() == Some(said);
            row.outcome = if same { Compared::Same } else { Compared::Different };
            row.document = Some(said.clone());
        }
    }
    let fields = definition.fields.iter();
    rows.extend(
        fields.map(|field| row(&field.code, &field.name, &|shown| value(shown, &field.code))),
    );
    // What neither side has is no field of this license.
    rows.retain(|row| row.document.is_some() || row.vault.is_some());
    // What the document shows and the type does not know.
    let unknown = document.map(|shown| &shown.values).into_iter().flatten();
    let unknown = unknown.filter(|(code, _)| rows.iter().all(|row| row.code != **code));
    let unknown: Vec<ComparedField> =
        unknown.map(|(code, _)| row(code, code, &|shown| value(shown, code))).collect();
    rows.extend(unknown);
    rows
}

fn printed_validity(validity: &Validity) -> String {
    let from = validity.from().in_chinese();
    match validity.to() {
        Some(to) => format!("{from}至{}", to.in_chinese()),
        None => format!("{from}起"),
    }
}

/// A value as it is printed, in one line.
fn printed(definition: &TypeDefinition, code: &str, value: &Json) -> String {
    match value {
        Json::Text(text) => {
            definition.field(code).map_or_else(|| text.clone(), |field| field.printed(text))
        }
        Json::List(rows) if code == "holders" => {
            let names = rows.iter().map(|holder| {
                let member = |name: &str| holder.as_object()?.get(name)?.as_text();
                let (name, code) = (member("name"), member("code"));
                [name, code].into_iter().flatten().collect::<Vec<_>>().join(" ")
            });
            names.collect::<Vec<_>>().join("；")
        }
        Json::List(rows) => {
            let columns = definition.columns(code);
            let cells = |row: &Json| {
                let cells = columns.iter().map(|column| {
                    let cell = row.as_object().and_then(|row| row.get(&column.code));
                    cell.and_then(Json::as_text).unwrap_or_default().to_owned()
                });
                cells.collect::<Vec<_>>().join("，")
            };
            rows.iter().map(cells).collect::<Vec<_>>().join("；")
        }
        // A portrait is told apart by its bytes.
        Json::Object(_) => format!("图像 {}", fingerprint(value)),
        Json::Bool(_) | Json::Null | Json::Number(_) => fingerprint(value),
    }
}

/// The first half of the digest of a value that is no text.
fn fingerprint(value: &Json) -> String {
    let mut bytes = Vec::new();
    value.canonical(&mut bytes);
    crate::crypto::Digest::of(&bytes).to_string().chars().take(16).collect()
}
