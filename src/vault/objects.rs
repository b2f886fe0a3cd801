//! Objects: the sealed bytes, one file each, named by the digest of what is in it.
//!
//! A file is first written to `staging/`, where it survives a loss of power, and moved to `objects/` once a
//! committed row names it. So whatever lies in `objects/` is wanted, and whatever lies in `staging/` after a
//! stop is either named by a row, and is moved, or is nobody's, and is deleted. The room knows files only; when
//! each step is taken is the writer's matter.
//!
//! Files are written with mode 0444 and never opened for writing again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::crypto::Digest;
use crate::service::error::Fault;
use crate::service::ports::{Form, FormRecord};

/// The two folders.
#[derive(Debug)]
pub(super) struct Objects {
    shelves: PathBuf,
    staging: PathBuf,
    /// Two shelvings may carry the same bytes, and the loser of the two must not take the winner's file away:
    /// each staged file has a number of its own.
    next_staged: AtomicU64,
}

impl Objects {
    /// The folders of a data folder; nothing is read or made.
    pub(super) fn of(data_dir: &Path) -> Self {
        Self {
            shelves: data_dir.join("objects"),
            staging: data_dir.join("staging"),
            next_staged: AtomicU64::new(0),
        }
    }

    /// Makes what is missing of the folders: 256 shelves, by the first byte of the digest.
    pub(super) fn make_folders(&self) -> io::Result<()> {
        fs::create_dir_all(&self.staging)?;
        fs::create_dir_all(&self.shelves)?;
        for first in 0..=u8::MAX {
            let folder = self.shelves.join(format!("{first:02x}"));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        File::open(&self.shelves)?.sync_all()?;
        // The data folder itself holds the entries of the two.
        self.staging.parent().map_or(Ok(()), |data_dir| File::open(data_dir)?.sync_all())
    }

    /// Where the objects lie.
    pub(super) fn shelves(&self) -> &Path {
        &self.shelves
    }

    /// The place of an object.
    pub(super) fn place_of(&self, form: Form, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        let folder = self.shelves.join(name.get(..2).unwrap_or_default());
        folder.join(format!("{name}.{}", form.word()))
    }

    /// Writes the bytes of each form to `staging/` so that they survive a loss of power, but for the entries
    /// of the folder; see [`Self::sync_staging`].
    pub(super) fn stage(
        &self,
        objects: &[(FormRecord, Vec<u8>)],
    ) -> io::Result<Staged> {
        let mut staged = Staged { files: Vec::with_capacity(objects.len()), unclaimed: true };
        let mut open = Vec::with_capacity(objects.len());
        for (form, bytes) in objects {
            let number = self.next_staged.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}.{}.{number}", form.digest, form.form.word());
            let path = self.staging.join(name);
            // If this or anything below fails, `staged` is dropped and takes its files with it.
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o444).open(&path)?;
            staged.files.push((path, self.place_of(form.form, &form.digest)));
            file.write_all(bytes)?;
            open.push(file);
        }
        for file in open {
            file.sync_data()?;
        }
        Ok(staged)
    }

    /// Makes the entries of `staging/` survive a loss of power: once for a group.
    pub(super) fn sync_staging(&self) -> io::Result<()> {
        File::open(&self.staging)?.sync_all()
    }

    /// The bytes of a form, held against its record; `None` where there is no such file.
    pub(super) fn read(&self, form: &FormRecord) -> Result<Option<Vec<u8>>, Fault> {
        let Some(bytes) = self.read_unchecked(form)? else {
            return Ok(None);
        };
        if u64::try_from(bytes.len()).ok() != Some(form.size_bytes)
            || Digest::of(&bytes) != form.digest
        {
            let cause = format!("object {}.{} has other bytes", form.digest, form.form.word());
            return Err(Fault::new("vault.object_changed", cause));
        }
        Ok(Some(bytes))
    }

    /// At most one byte more than the record says, so that a swollen file costs no memory.
    pub(super) fn read_unchecked(&self, form: &FormRecord) -> Result<Option<Vec<u8>>, Fault> {
        let place = self.place_of(form.form, &form.digest);
        let bytes = match read_up_to(&place, form.size_bytes)? {
            Some(bytes) => Some(bytes),
            // Between the commit of its row and its move, an object lies in staging/. If it is not there
            // either, it may have been moved between the two looks.
            None => match self.read_staged(form)? {
                Some(bytes) => Some(bytes),
                None => read_up_to(&place, form.size_bytes)?,
            },
        };
        Ok(bytes)
    }

    fn read_staged(&self, form: &FormRecord) -> Result<Option<Vec<u8>>, Fault> {
        for (path, name) in self.staged().map_err(|error| Fault::new("vault.staging", error))? {
            if name == Some((form.digest, form.form))
                && let Some(bytes) = read_up_to(&path, form.size_bytes)?
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Every file in `staging/`, with what its name says of it.
    pub(super) fn staged(&self) -> io::Result<Vec<(PathBuf, Option<(Digest, Form)>)>> {
        let entries = match fs::read_dir(&self.staging) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        entries
            .map(|entry| {
                let entry = entry?;
                let name = entry.file_name();
                let object = name.to_str().and_then(|name| name.rsplit_once('.'));
                Ok((entry.path(), object.and_then(|(object, _)| object_name(object))))
            })
            .collect()
    }

    /// Moves a staged file, left by a stop, to its place.
    pub(super) fn place_left_over(&self, path: &Path, digest: &Digest, form: Form) -> io::Result<()> {
        fs::rename(path, self.place_of(form, digest))
    }
}

/// Files in `staging/` that belong to one shelving.
///
/// Dropping them deletes them, as long as nobody has claimed them for a commit: a shelving given up half-way
/// leaves nothing.
#[derive(Debug)]
pub(super) struct Staged {
    /// Where each is and where it will be.
    files: Vec<(PathBuf, PathBuf)>,
    unclaimed: bool,
}

impl Staged {
    /// From here on a row may name the files: they are deleted only by [`Self::discard`].
    pub(super) fn claim(&mut self) {
        self.unclaimed = false;
    }

    /// Moves every file to its place. The row that names them is committed, so a file that could not be moved
    /// is still read from `staging/`, and the next opening moves it.
    ///
    /// A file that is already there is replaced: its name says that its bytes are the same, and if they have
    /// been damaged since, this mends them.
    pub(super) fn place(mut self) {
        self.claim();
        for (from, to) in &self.files {
            if let Err(error) = fs::rename(from, to) {
                tracing::error!(%error, "An object stays in staging until the next start.");
            }
        }
    }

    /// Deletes the files: no row names them.
    pub(super) fn discard(mut self) {
        self.unclaimed = true;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.unclaimed {
            for (path, _) in &self.files {
                // A file that stays is deleted by the next opening.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// What the name of an object says: `<digest hex>.<form word>`.
pub(super) fn object_name(name: &str) -> Option<(Digest, Form)> {
    let (digest, form) = name.split_once('.')?;
    Some((digest.parse().ok()?, Form::from_word(form)?))
}

fn read_up_to(path: &Path, size_bytes: u64) -> Result<Option<Vec<u8>>, Fault> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::new("vault.object_read", error)),
        Ok(file) => file,
    };
    // The size is a column that check reads before it is believed: no more than this is reserved for it.
    let room = usize::try_from(size_bytes.min(1 << 20)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(room + 1);
    file.take(size_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Fault::new("vault.object_read", error))?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form_of(bytes: &[u8]) -> FormRecord {
        let size_bytes = u64::try_from(bytes.len()).unwrap();
        FormRecord { form: Form::SealedPdf, digest: Digest::of(bytes), size_bytes }
    }

    #[test]
    fn a_staged_object_is_readable_before_and_after_its_move() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::of(folder.path());
        objects.make_folders().unwrap();
        let form = form_of(b"sealed");
        assert_eq!(objects.read(&form).unwrap(), None);
        let staged = objects.stage(&[(form, b"sealed".to_vec())]).unwrap();
        assert_eq!(objects.read(&form).unwrap().as_deref(), Some(&b"sealed"[..]));
        staged.place();
        assert_eq!(objects.read(&form).unwrap().as_deref(), Some(&b"sealed"[..]));
        assert_eq!(objects.staged().unwrap(), []);
        let mode = fs::metadata(objects.place_of(form.form, &form.digest)).unwrap().permissions();
        assert!(mode.readonly());
    }

    #[test]
    fn the_same_bytes_staged_twice_are_two_files_and_one_object() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::of(folder.path());
        objects.make_folders().unwrap();
        let form = form_of(b"sealed");
        let winner = objects.stage(&[(form, b"sealed".to_vec())]).unwrap();
        let loser = objects.stage(&[(form, b"sealed".to_vec())]).unwrap();
        drop(loser);
        winner.place();
        assert!(objects.read(&form).unwrap().is_some());
    }

    #[test]
    fn a_name_that_is_not_a_digest_and_a_form_is_nobodys() {
        let digest = Digest::of(b"").to_string();
        assert!(object_name(&format!("{digest}.pdf")).is_some());
        for name in ["", "readme", ".pdf", &digest, &format!("{digest}.ofd")] {
            assert_eq!(object_name(name), None, "{name}");
        }
        assert_eq!(object_name(&format!("{}.pdf", digest.to_uppercase())), None);
    }
}
