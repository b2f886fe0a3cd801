//! The objects' part of a check: every object a row names is there with its bytes, and no other.
//!
//! LIMIT: the digests of all objects are held in memory, some 50 MB for a million.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use sqlx::SqliteConnection;

use crate::crypto::Digest;
use crate::domain::LicenseId;
use crate::service::error::Fault;
use crate::service::ports::FormRecord;

use super::check::CheckReport;
use super::check_protections::ProtectedFile;
use super::objects::{ObjectName, Objects, object_name};
use super::rows;
use super::writer::blocking;

/// The objects of a data folder, and which of them rows have named.
pub(super) struct ObjectCheck {
    objects: Arc<Objects>,
    named: HashSet<ObjectName>,
}

/// What reading one object came to.
enum Found {
    InOrder { bytes: u64 },
    Amiss(&'static str),
}

impl ObjectCheck {
    /// A check that has seen no row.
    pub(super) fn new(objects: Objects) -> Self {
        Self { objects: Arc::new(objects), named: HashSet::new() }
    }

    /// Re-reads the objects of some versions, on all processors.
    pub(super) async fn read(
        &mut self,
        forms: Vec<(LicenseId, FormRecord)>,
        report: &mut CheckReport,
    ) -> Result<(), Fault> {
        self.named.extend(forms.iter().map(|(_, form)| (form.digest, form.form)));
        let objects = Arc::clone(&self.objects);
        let found = blocking("vault.check", move || {
            let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
            let share = forms.len().div_ceil(threads).max(1);
            std::thread::scope(|scope| {
                let readers: Vec<_> = forms
                    .chunks(share)
                    .map(|forms| {
                        let read = |(_, form): &(_, _)| look_at(&objects, form);
                        scope.spawn(move || forms.iter().map(read).collect::<Vec<_>>())
                    })
                    .collect();
                let mut found = Vec::with_capacity(forms.len());
                for reader in readers {
                    found.extend(reader.join().map_err(|_| "reading an object panicked")?);
                }
                Ok::<_, &str>(forms.iter().cloned().zip(found).collect::<Vec<_>>())
            })
        })
        .await?;
        for ((id, form), found) in found {
            match found {
                Found::InOrder { bytes } => {
                    report.objects += 1;
                    report.bytes += bytes;
                }
                Found::Amiss(code) => {
                    let (digest, word) = (form.digest.to_string(), form.form.word());
                    let shelf = digest.get(..2).unwrap_or_default();
                    report.add(code, format!("{id}: objects/{shelf}/{digest}.{word}"));
                }
            }
        }
        Ok(())
    }

    /// Re-reads what was appended to sealed PDFs, and holds each whole file against its digest.
    pub(super) async fn read_files(
        &mut self,
        files: Vec<ProtectedFile>,
        report: &mut CheckReport,
    ) -> Result<(), Fault> {
        if files.is_empty() {
            return Ok(());
        }
        let suffixes: Vec<(LicenseId, FormRecord)> = files
            .iter()
            .flat_map(|file| file.protections.iter().map(|kept| (file.id.clone(), kept.suffix)))
            .collect();
        self.read(suffixes, report).await?;
        let objects = Arc::clone(&self.objects);
        let changed = blocking("vault.check", move || {
            let changed = files.into_iter().filter(|file| !is_whole(&objects, file));
            Ok::<_, Fault>(changed.map(|file| file.id).collect::<Vec<_>>())
        })
        .await?;
        for id in changed {
            report.add("vault.protection_foreign", id.to_string());
        }
        Ok(())
    }

    /// Looks for files among the objects that no row names, now that every row has been seen.
    pub(super) async fn foreign(
        self,
        present: &mut SqliteConnection,
        report: &mut CheckReport,
    ) -> Result<(), Fault> {
        let Self { objects, named } = self;
        let Strangers { odd, unnamed } =
            blocking("vault.check", move || strangers(&objects, &named)).await?;
        for place in odd {
            report.add("vault.object_foreign", place);
        }
        if unnamed.is_empty() {
            return Ok(());
        }
        let digests: Vec<Digest> = unnamed.iter().map(|(_, (digest, _))| *digest).collect();
        let since: HashSet<(String, Vec<u8>)> =
            rows::named_by_rows(present, &digests).await?.into_iter().collect();
        for (place, (digest, form)) in unnamed {
            if !since.contains(&(form.word().to_owned(), digest.as_bytes().to_vec())) {
                report.add("vault.object_foreign", place);
            }
        }
        Ok(())
    }
}

/// Whether every protection was made for the bytes it stands behind. An object that is missing or damaged has
/// been told already, and is not told again.
fn is_whole(objects: &Objects, file: &ProtectedFile) -> bool {
    let Ok(Some(mut whole)) = objects.read(&file.sealed) else { return true };
    for protection in &file.protections {
        let Ok(Some(suffix)) = objects.read(&protection.suffix) else { return true };
        whole.extend_from_slice(&suffix);
        let size = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        if size != protection.whole_bytes || Digest::of(&whole) != protection.whole_digest {
            return false;
        }
    }
    true
}

fn look_at(objects: &Objects, form: &FormRecord) -> Found {
    match objects.read_unchecked(form) {
        Err(_) => Found::Amiss("vault.object_unreadable"),
        Ok(None) => Found::Amiss("vault.object_missing"),
        Ok(Some(bytes)) => match u64::try_from(bytes.len()) {
            Ok(size) if size == form.size_bytes && Digest::of(&bytes) == form.digest => {
                Found::InOrder { bytes: size }
            }
            _ => Found::Amiss("vault.object_changed"),
        },
    }
}

/// Files that are not where and what they should be, by their places within the data folder.
#[derive(Default)]
struct Strangers {
    /// With names or in folders that no object has.
    odd: Vec<String>,
    /// Objects by name that none of the rows has named.
    unnamed: Vec<(String, ObjectName)>,
}

fn strangers(objects: &Objects, named: &HashSet<ObjectName>) -> io::Result<Strangers> {
    let mut strangers = Strangers::default();
    for (shelf, is_folder) in entries(objects.shelves())? {
        let folder = objects.shelves().join(&shelf);
        if !is_folder {
            strangers.odd.push(format!("objects/{shelf}"));
            continue;
        }
        for (name, is_folder) in entries(&folder)? {
            let place = format!("objects/{shelf}/{name}");
            let object = object_name(&name).filter(|_| !is_folder);
            match object.filter(|_| name.starts_with(&shelf) && shelf.len() == 2) {
                None => strangers.odd.push(place),
                Some(object) if !named.contains(&object) => strangers.unnamed.push((place, object)),
                Some(_) => {}
            }
        }
    }
    Ok(strangers)
}

/// Names in a folder, and whether each is a folder; none where the folder is missing.
fn entries(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries
        .map(|entry| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok((name, entry.file_type()?.is_dir()))
        })
        .collect()
}
