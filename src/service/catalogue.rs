//! Reading license types out of their files, and holding the two files of a type against each other.
//!
//! `type.toml` says what a license is and `face.toml` what it looks like; neither is of use alone. Here every
//! field must be shown, everything shown must be a field, and the longest value a field allows must fit its
//! box, because a bureau should learn of a small box when it writes the template and not when a license is
//! refused.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::domain::{
    Catalogue, CatalogueFault, Division, DivisionTree, FieldDefinition, FieldKind, FieldSource,
    IssuingAuthority, TypeDefinition, WireValue, catalogue_file,
};
use crate::pdf::{Art, CompiledFace, FaceFile, FieldShown, FontBook, FontsFile, LoadedFont};

use super::error::Fault;
use super::ports::{TemplateSource, TypeFiles};
use super::specimen::draw_longest;
pub use super::specimen::preview;

/// A type that can be drawn.
pub struct ReadType {
    /// What it is.
    pub definition: TypeDefinition,
    /// What it looks like.
    pub face: CompiledFace,
}

/// Reads and compiles the two files of a type; every fault of both is reported.
pub fn read_type(files: &TypeFiles, fonts: &FontBook) -> Result<ReadType, Vec<CatalogueFault>> {
    let mut faults = Vec::new();
    let definition = read_definition(&files.type_text);
    let definition = definition.map_err(|more| faults.extend(more)).ok();
    let file = FaceFile::parse(&files.face_text).map_err(|more| {
        faults.extend(more.iter().map(|fault| CatalogueFault::new("face.toml", fault.to_string())));
    });
    let file = file.ok();
    if let (Some(definition), Some(file)) = (&definition, &file) {
        hold_against(definition, file, &mut faults);
    }
    let art = read_art(files, file.as_ref(), &mut faults);
    let face = file.and_then(|file| {
        let compiled = CompiledFace::with_art(file, &art, fonts);
        compiled
            .map_err(|more| {
                let told =
                    more.iter().map(|fault| CatalogueFault::new("face.toml", fault.to_string()));
                faults.extend(told);
            })
            .ok()
    });
    match (definition, face) {
        (Some(definition), Some(face)) if faults.is_empty() => {
            let read = ReadType { definition, face };
            match draw_longest(&read, fonts) {
                Ok(_) => Ok(read),
                Err(more) => Err(more),
            }
        }
        _ => Err(faults),
    }
}

/// The face of a receipt of a verification. Its files are part of the program: a house has no receipts of its own.
pub fn read_receipt(fonts: &FontBook) -> Result<ReadType, Vec<CatalogueFault>> {
    let files = TypeFiles {
        name: "receipt".to_owned(),
        type_text: include_str!("../../templates/receipt/type.toml").to_owned(),
        face_text: include_str!("../../templates/receipt/face.toml").to_owned(),
        art: Vec::new(),
    };
    read_type(&files, fonts)
}

/// The pictures of a type. One that no page names is a fault: it would have been made for nothing, or under another name.
fn read_art(
    files: &TypeFiles,
    face: Option<&FaceFile>,
    faults: &mut Vec<CatalogueFault>,
) -> Vec<(String, Art)> {
    let mut read = Vec::with_capacity(files.art.len());
    for (name, text) in &files.art {
        let named = |face: &FaceFile| {
            face.pages.iter().any(|page| page.page.art.as_deref() == Some(name.as_str()))
        };
        if face.is_some_and(|face| !named(face)) {
            let message = "no page of face.toml has it as its `art`: name it there, or remove it";
            faults.push(CatalogueFault::new(name.as_str(), message));
        }
        match Art::read(text) {
            Ok(art) => read.push((name.clone(), art)),
            Err(more) => faults.extend(
                more.iter().map(|fault| CatalogueFault::new(name.as_str(), fault.to_string())),
            ),
        }
    }
    read
}

/// Types and authorities without their faces: what a verifier needs to know names.
pub fn read_registry(source: &dyn TemplateSource) -> Result<Catalogue, Vec<CatalogueFault>> {
    let authorities = read_authorities(source, None)?;
    let types = source.types().map_err(|fault| vec![CatalogueFault::new("types", fault.cause)])?;
    let mut faults = Vec::new();
    let mut definitions = Vec::new();
    for files in types {
        match read_definition(&files.type_text) {
            Ok(definition) => definitions.push(definition),
            Err(more) => faults.extend(more),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Catalogue::new(definitions, authorities)
}

fn read_definition(text: &str) -> Result<TypeDefinition, Vec<CatalogueFault>> {
    let file: WireValue = toml::from_str(text)
        .map_err(|error| vec![CatalogueFault::new("type.toml", error.to_string())])?;
    catalogue_file::read(&file).map_err(|faults| {
        let told = |fault: CatalogueFault| {
            CatalogueFault::new(format!("type.toml {}", fault.place), fault.message)
        };
        faults.into_iter().map(told).collect()
    })
}

fn hold_against(definition: &TypeDefinition, file: &FaceFile, faults: &mut Vec<CatalogueFault>) {
    let mut shown_fields = BTreeSet::new();
    for (code, shown) in file.fields() {
        let Some(field) = definition.field(code) else {
            let message = format!("shows `{code}`, which type.toml does not have");
            faults.push(CatalogueFault::new("face.toml", message));
            continue;
        };
        shown_fields.insert(code);
        let agrees = match (kind_of(field), &shown) {
            (Some(FieldKind::Portrait { .. }), shown) => *shown == FieldShown::Portrait,
            (Some(FieldKind::Table { columns, .. }), FieldShown::Table { columns: widths }) => {
                columns.len() == *widths
            }
            (Some(FieldKind::Table { .. }), _) => false,
            (_, shown) => *shown == FieldShown::Text,
        };
        if !agrees {
            let message =
                format!("shows `{code}` as another kind, or with other columns, than type.toml");
            faults.push(CatalogueFault::new("face.toml", message));
        }
    }
    for field in
        definition.fields.iter().filter(|field| !shown_fields.contains(field.code.as_str()))
    {
        let message = format!("shows the field `{}` ({}) nowhere", field.code, field.name);
        faults.push(CatalogueFault::new("face.toml", message));
    }
}

fn kind_of(field: &FieldDefinition) -> Option<&FieldKind> {
    match &field.source {
        FieldSource::Submitted { kind, .. } => Some(kind),
        FieldSource::Filled(_) => None,
    }
}

/// Every font of `fonts.toml`; a file that is not there is named with the package that brings it.
pub fn read_fonts(source: &dyn TemplateSource) -> Result<FontBook, Vec<CatalogueFault>> {
    let told = |fault: String| vec![CatalogueFault::new("fonts.toml", fault)];
    let text = source.text("fonts.toml").map_err(|fault| told(fault.to_string()))?;
    let file = FontsFile::parse(&text).map_err(|fault| told(fault.to_string()))?;
    let mut faults = Vec::new();
    let mut loaded = Vec::new();
    for entry in file.fonts {
        match source.font(&entry.path) {
            Some(bytes) => loaded.push(LoadedFont { entry, bytes }),
            None => {
                let role = entry.role.word();
                let (name, path, package) = (&entry.name, &entry.path, &entry.package);
                let message = format!(
                    "the font {name} (role {role}) is not at {path}: install the Debian package \
                     {package}, or name another file"
                );
                faults.push(CatalogueFault::new("fonts.toml", message));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    FontBook::new(loaded)
        .map_err(|faults| faults.iter().flat_map(|fault| told(fault.to_string())).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthoritiesFile {
    authority: Vec<IssuingAuthority>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DivisionsFile {
    division: Vec<Division>,
}

/// The divisions of the city.
pub fn read_divisions(source: &dyn TemplateSource) -> Result<DivisionTree, Vec<CatalogueFault>> {
    let told = |fault: String| CatalogueFault::new("divisions.toml", fault);
    let text = text(source, "divisions.toml")?;
    let file: DivisionsFile =
        toml::from_str(&text).map_err(|error| vec![told(error.to_string())])?;
    DivisionTree::new(file.division)
        .map_err(|faults| faults.iter().map(|fault| told(fault.to_string())).collect())
}

/// The authorities that may issue, each in a division of the city.
pub fn read_authorities(
    source: &dyn TemplateSource,
    divisions: Option<&DivisionTree>,
) -> Result<Vec<IssuingAuthority>, Vec<CatalogueFault>> {
    let told = |fault: String| CatalogueFault::new("authorities.toml", fault);
    let text = text(source, "authorities.toml")?;
    let file: AuthoritiesFile =
        toml::from_str(&text).map_err(|error| vec![told(error.to_string())])?;
    let nowhere = |authority: &&IssuingAuthority| {
        divisions.is_some_and(|divisions| divisions.find(&authority.division).is_none())
    };
    let faults: Vec<CatalogueFault> = file
        .authority
        .iter()
        .filter(nowhere)
        .map(|authority| {
            told(format!(
                "{} is in division {}, which is not listed",
                authority.code, authority.division
            ))
        })
        .collect();
    if faults.is_empty() { Ok(file.authority) } else { Err(faults) }
}

fn text(source: &dyn TemplateSource, name: &str) -> Result<String, Vec<CatalogueFault>> {
    source.text(name).map_err(|fault: Fault| vec![CatalogueFault::new(name, fault.cause)])
}
