//! `zhengku catalogue`: license types checked and drawn before they are published.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::domain::CatalogueFault;
use crate::service::catalogue::{ReadType, preview, read_fonts, read_type};
use crate::service::ports::{TemplateSource, TypeFiles};
use crate::vault::TemplateFolder;

use super::args::{CatalogueArgs, CatalogueCommand};
use super::house;
use super::output::{complain, say, say_json};
use super::{CliError, Outcome};

pub(super) fn run(args: &CatalogueArgs) -> Result<Outcome, CliError> {
    match &args.command {
        CatalogueCommand::Check { dir, json, house } => {
            check(dir, *json, &house::configure(house)?.templates_dir)
        }
        CatalogueCommand::Preview { dir, out, house } => {
            draw(dir, out, &house::configure(house)?.templates_dir)
        }
    }
}

fn check(dir: &Path, as_json: bool, templates: &Path) -> Result<Outcome, CliError> {
    let folder = TemplateFolder::new(templates);
    let fonts = read_fonts(&folder).map_err(|faults| broken("fonts", &faults))?;
    let registry = house_authorities(&folder)?;
    let mut all = Vec::new();
    for path in type_folders(dir)? {
        let faults = match TemplateFolder::type_files(&path) {
            Ok(files) => match read_type(&files, &fonts) {
                Ok(read) => unknown_issuers(&read, &registry),
                Err(faults) => faults,
            },
            Err(fault) => vec![CatalogueFault::new("", fault.cause)],
        };
        all.push((path, faults));
    }
    let count: usize = all.iter().map(|(_, faults)| faults.len()).sum();
    if as_json {
        let told: Vec<_> = all
            .iter()
            .map(|(path, faults)| {
                let faults: Vec<_> = faults
                    .iter()
                    .map(|fault| json!({ "place": fault.place, "message": fault.message }))
                    .collect();
                json!({ "type": path.display().to_string(), "faults": faults })
            })
            .collect();
        say_json(&told);
    } else {
        for (path, faults) in &all {
            say(&format!(
                "{}: {}",
                path.display(),
                match faults.len() {
                    0 => "in order".to_owned(),
                    1 => "1 fault".to_owned(),
                    count => format!("{count} faults"),
                }
            ));
            faults.iter().for_each(|fault| complain(&format!("  {fault}")));
        }
    }
    Ok(if count == 0 { Outcome::Yes } else { Outcome::No })
}

fn draw(dir: &Path, out: &Path, templates: &Path) -> Result<Outcome, CliError> {
    let folder = TemplateFolder::new(templates);
    let fonts = read_fonts(&folder).map_err(|faults| broken("fonts", &faults))?;
    let files = type_files(dir)?;
    let drawn = read_type(&files, &fonts).and_then(|read| preview(&read, "样张颁发机构", &fonts));
    match drawn {
        Ok(pdf) => {
            fs::write(out, pdf).map_err(|error| CliError::new(out.display(), error))?;
            say(&format!("{}: drawn with the longest values; it carries no seal", out.display()));
            Ok(Outcome::Yes)
        }
        Err(faults) => {
            complain(&format!("{}: not drawn", dir.display()));
            faults.iter().for_each(|fault| complain(&format!("  {fault}")));
            Ok(Outcome::No)
        }
    }
}

/// `dir` itself if it is a type's folder, otherwise the folders in it.
fn type_folders(dir: &Path) -> Result<Vec<PathBuf>, CliError> {
    if dir.join("type.toml").exists() || dir.join("face.toml").exists() {
        return Ok(vec![dir.to_owned()]);
    }
    let unreadable = |error| CliError::new(dir.display(), error);
    let mut folders = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    if folders.is_empty() {
        return Err(CliError::new(dir.display(), "holds neither type.toml nor folders of types"));
    }
    Ok(folders)
}

fn type_files(dir: &Path) -> Result<TypeFiles, CliError> {
    TemplateFolder::type_files(dir).map_err(|fault| CliError::new("the type", fault.cause))
}

/// The codes of `authorities.toml`, which a type's issuers must stand in.
fn house_authorities(source: &dyn TemplateSource) -> Result<Vec<String>, CliError> {
    let read = crate::service::catalogue::read_authorities(source, None)
        .map_err(|faults| broken("authorities", &faults))?;
    Ok(read.iter().map(|authority| authority.code.to_string()).collect())
}

fn unknown_issuers(read: &ReadType, registry: &[String]) -> Vec<CatalogueFault> {
    let unknown = read
        .definition
        .issuers
        .iter()
        .filter(|code| registry.iter().all(|known| known != code.as_str()));
    unknown
        .map(|code| {
            let message = format!("{code} is not in authorities.toml");
            CatalogueFault::new("type.toml issuers", message)
        })
        .collect()
}

fn broken(what: &str, faults: &[CatalogueFault]) -> CliError {
    CliError::listing(format!("the {what} do not hold together"), faults)
}
