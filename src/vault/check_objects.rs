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
use crate::service::ports::{Form, FormRecord};

use super::check::CheckReport;
use super::objects::{Objects, object_name};
use super::rows;
use super::writer::blocking;

/// The objects of a data folder, and which of them rows have named.
pub(super) struct ObjectCheck {
    objects: Arc<Objects>,
    named: HashSet<(Digest, Form)>,
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

    /// Looks for files among the objects that no row names, now that every row has been seen.
    pub(super) async fn foreign(
        self,
        present: &mut SqliteConnection,
        report: &mut CheckReport,
    ) -> Result<(), Fault> {
        let Self { objects, named } = self;
        let (odd, unnamed) = blocking("vault.check", move || strangers(&objects, &named)).await?;
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

/// Places within the data folder.
type Places<T> = Vec<T>;

/// Files with names that no object has, and objects that none of the rows names.
#[expect(clippy::type_complexity, reason = "two lists of places, one with what the name says")]
fn strangers(
    objects: &Objects,
    named: &HashSet<(Digest, Form)>,
) -> io::Result<(Places<String>, Places<(String, (Digest, Form))>)> {
    let (mut odd, mut unnamed) = (Vec::new(), Vec::new());
    for (shelf, is_folder) in entries(objects.shelves())? {
        let folder = objects.shelves().join(&shelf);
        if !is_folder {
            odd.push(format!("objects/{shelf}"));
            continue;
        }
        for (name, is_folder) in entries(&folder)? {
            let place = format!("objects/{shelf}/{name}");
            let object = object_name(&name).filter(|_| !is_folder);
            match object.filter(|_| name.starts_with(&shelf) && shelf.len() == 2) {
                None => odd.push(place),
                Some(object) if !named.contains(&object) => unnamed.push((place, object)),
                Some(_) => {}
            }
        }
    }
    Ok((odd, unnamed))
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
