//! The template folder: license types, authorities, divisions and fonts as files.
//!
//! The room reads files and understands none of them; what they say is read by `domain` and `pdf`, and put
//! together by `service::workshop`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::service::error::Fault;
use crate::service::ports::{TemplateSource, TypeFiles};

/// Largest picture of a type, in bytes, and most of them. Our own bounds, before anything is read.
const ART_BYTES: u64 = 500_000;
const ART_FILES: usize = 8;

/// A folder laid out as `docs/templates.md` says.
#[derive(Debug)]
pub struct TemplateFolder {
    folder: PathBuf,
    fonts: Mutex<HashMap<PathBuf, Arc<[u8]>>>,
}

impl TemplateFolder {
    /// The folder with `types/`, `authorities.toml`, `divisions.toml` and `fonts.toml`.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), fonts: Mutex::default() }
    }

    /// The files of one type's folder.
    pub fn type_files(folder: &Path) -> Result<TypeFiles, Fault> {
        let text = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))
        };
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut art = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
            let path = entry.map_err(|error| unreadable(folder, &error))?.path();
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let file = file.filter(|file| file.ends_with(".svg"));
            let Some(file) = file else { continue };
            let length = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?.len();
            if length > ART_BYTES || art.len() == ART_FILES {
                let message = format!(
                    "{}: a type has at most {ART_FILES} pictures of {ART_BYTES} bytes",
                    path.display()
                );
                return Err(Fault::new("templates.read", message));
            }
            art.push((file.clone(), text(&file)?));
        }
        art.sort();
        Ok(TypeFiles {
            name: name.unwrap_or_default(),
            type_text: text("type.toml")?,
            face_text: text("face.toml")?,
            art,
        })
    }
}

impl TemplateSource for TemplateFolder {
    fn types(&self) -> Result<Vec<TypeFiles>, Fault> {
        let types = self.folder.join("types");
        let mut folders = Vec::new();
        for entry in fs::read_dir(&types).map_err(|error| unreadable(&types, &error))? {
            let path = entry.map_err(|error| unreadable(&types, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            }
        }
        folders.sort();
        folders.iter().map(|folder| Self::type_files(folder)).collect()
    }

    fn text(&self, name: &str) -> Result<String, Fault> {
        let path = self.folder.join(name);
        fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))
    }

    fn font(&self, path: &str) -> Option<Arc<[u8]>> {
        let path = self.folder.join(path);
        let mut fonts = self.fonts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = fonts.get(&path) {
            return Some(Arc::clone(known));
        }
        let bytes: Arc<[u8]> = fs::read(&path).ok()?.into();
        fonts.insert(path, Arc::clone(&bytes));
        Some(bytes)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new("templates.read", format!("{}: {error}", path.display()))
}
