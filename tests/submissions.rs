//! Every good fixture is read, and every bad one meets exactly the faults it stands for.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zhengku::domain::{
    Catalogue, Day, IssuingAuthority, Submission, SubmissionFault, TypeDefinition, WireValue,
    catalogue_file,
};

/// Faults that only show when the face is drawn or the vault is asked; `tests/issuing.rs` meets them.
const LATER: [&str; 4] = [
    "submission.text_does_not_fit",
    "submission.no_glyph",
    "submission.replaces_unknown",
    "submission.version_out_of_turn",
];
/// Faults that show early or late: a script that no font could help, or one that a font could; a format that the field
/// does not take, or a picture that is not of its format.
const EITHER: [&str; 2] = ["submission.bad_portrait", "submission.script_without_font"];

#[derive(Deserialize)]
struct Authorities {
    authority: Vec<IssuingAuthority>,
}

#[derive(Deserialize)]
struct BadFile {
    file: String,
    faults: Vec<ExpectedFault>,
}

#[derive(Deserialize)]
struct ExpectedFault {
    code: String,
    field: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn today() -> Day {
    "2026-11-22".parse().unwrap()
}

fn catalogue() -> Catalogue {
    let templates = root().join("templates");
    let mut types: Vec<TypeDefinition> = Vec::new();
    for entry in fs::read_dir(templates.join("types")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(path.join("type.toml")).unwrap();
        let file: WireValue = toml::from_str(&text).unwrap();
        let definition = catalogue_file::read(&file);
        types.push(definition.unwrap_or_else(|faults| panic!("{}: {faults:?}", path.display())));
    }
    assert!(types.len() >= 10);
    let text = fs::read_to_string(templates.join("authorities.toml")).unwrap();
    let authorities: Authorities = toml::from_str(&text).unwrap();
    Catalogue::new(types, authorities.authority).unwrap()
}

fn read(text: &str, catalogue: &Catalogue) -> Result<(), Vec<SubmissionFault>> {
    match serde_json::from_str::<WireValue>(text) {
        Ok(sent) => Submission::read(&sent, catalogue, today()).map(drop),
        Err(_) => Err(Vec::new()),
    }
}

fn good_files() -> Vec<PathBuf> {
    let folder = root().join("fixtures/submissions/good");
    fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_good_submission_is_read() {
    let catalogue = catalogue();
    for path in good_files() {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() >= 30, "{}", path.display());
        for (index, line) in text.lines().enumerate() {
            if let Err(faults) = read(line, &catalogue) {
                panic!("{} line {}: {faults:?}", path.display(), index + 1);
            }
        }
    }
}

#[test]
fn every_bad_submission_meets_exactly_the_faults_it_stands_for() {
    let catalogue = catalogue();
    let folder = root().join("fixtures/submissions/bad");
    let index = fs::read_to_string(folder.join("index.json")).unwrap();
    let files: Vec<BadFile> = serde_json::from_str(&index).unwrap();
    assert!(files.len() >= 30);
    let mut wrong = Vec::new();
    for bad in files {
        let bytes = fs::read(folder.join(&bad.file)).unwrap();
        let text = String::from_utf8(bytes).unwrap_or_default();
        let early = |code: &str| !LATER.contains(&code) && code != "submission.not_json";
        let expected: BTreeSet<(String, String)> = bad
            .faults
            .into_iter()
            .filter(|fault| early(&fault.code))
            .map(|fault| (fault.field, fault.code))
            .collect();
        let found: BTreeSet<(String, String)> = read(&text, &catalogue)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| (fault.field.clone(), fault.code().to_owned()))
            .collect();
        let expected: BTreeSet<(String, String)> = expected
            .into_iter()
            .filter(|fault| !EITHER.contains(&fault.1.as_str()) || found.contains(fault))
            .collect();
        if found != expected {
            wrong.push(format!("{}\n  expected {expected:?}\n  found    {found:?}", bad.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_message_of_a_fault_repeats_what_was_sent() {
    let catalogue = catalogue();
    let folder = root().join("fixtures/submissions/bad");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let Ok(sent) = serde_json::from_str::<WireValue>(&text) else { continue };
        let mut values = Vec::new();
        personal(&sent, &mut values);
        for fault in Submission::read(&sent, &catalogue, today()).err().unwrap_or_default() {
            let message = fault.to_string();
            let told = values.iter().find(|value| message.contains(value.as_str()));
            assert_eq!(told, None, "{}", Path::new(&path).display());
        }
    }
}

/// Texts long enough not to stand in a message by chance.
fn personal(value: &WireValue, values: &mut Vec<String>) {
    match value {
        WireValue::Text(text) if text.chars().count() >= 5 => values.push(text.clone()),
        WireValue::List(list) => list.iter().for_each(|value| personal(value, values)),
        WireValue::Object(object) => {
            object.values.values().for_each(|value| personal(value, values));
        }
        _ => {}
    }
}
