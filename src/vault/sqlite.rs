//! The vault over one SQLite file and a folder of objects.
//!
//! Ties the rooms together: objects are staged where the caller waits, many at once; rows go through the one
//! writer; readers have connections of their own.

use std::fs::File;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::crypto::Digest;
use crate::domain::{CopyNumber, LicenseId, LicenseKey, LicenseTypeCode};
use crate::service::error::{Fault, ShelveError};
use crate::service::ports::{
    CopyError, CopyRecord, Copying, DuePage, DueQuestion, Form, FormRecord, Intention, IntentionNo,
    KeyBooks, KeyId, Later, ProtectError, Protecting, ProtectionRecord, Shelving, StandingChange,
    UsageRecord, Vault, VaultCount, VersionRecord,
};

use super::books::ShelvingRow;
use super::books_copies::CopyRow;
use super::books_protect::ProtectionRow;
use super::bounds::forms_in_order;
use super::objects::Objects;
use super::shelf::Shelf;
use super::writer::{Act, blocking};

/// A vault in a data folder; see [`SqliteVault::open`].
///
/// Dropping it ends the writer after what it has taken in; [`close`](Self::close) also waits for that.
#[derive(Debug)]
pub struct SqliteVault {
    pub(super) shelf: Shelf,
    pub(super) objects: Arc<Objects>,
    /// The way to the writer; `None` in a vault opened only to be read.
    pub(super) acts: Option<mpsc::Sender<Act>>,
    /// Keeps writers out while a vault opened only to be read is in use; see `open::Reading`.
    #[expect(dead_code, reason = "held for as long as the vault, and never looked at")]
    pub(super) reading: Option<File>,
}

impl SqliteVault {
    /// Ends the writer after what it has taken in, closes the file and gives up the lock. Whatever is asked
    /// afterwards is answered with a fault.
    pub async fn close(&self) {
        // First the readers: the last connection to close tidies the write-ahead log away.
        self.shelf.0.close().await;
        if let Some(acts) = &self.acts {
            let (told, closed) = oneshot::channel();
            if acts.send(Act::Close(told)).await.is_ok() {
                let _ = closed.await;
            }
        }
    }

    async fn ask<T>(&self, act: impl FnOnce(oneshot::Sender<T>) -> Act) -> Result<T, Fault> {
        let acts = self
            .acts
            .as_ref()
            .ok_or_else(|| Fault::new("vault.writer", "the vault was opened only to be read"))?;
        let (answer, answered) = oneshot::channel();
        let gone = |_| Fault::new("vault.writer", "the vault is closed");
        acts.send(act(answer)).await.map_err(|error| gone(error.to_string()))?;
        answered.await.map_err(|error| gone(error.to_string()))
    }

    async fn put(&self, shelving: Shelving) -> Result<(), ShelveError> {
        let Shelving { mut record, objects, expected_head, number_index, request, .. } = shelving;
        forms_in_order(&mut record)?;
        let objects = with_records(&record, objects)?;
        let mut holder_indexes = shelving.holder_indexes;
        holder_indexes.sort_unstable();
        holder_indexes.dedup();
        let intention = shelving.intention;
        let folder = Arc::clone(&self.objects);
        let staged = blocking("vault.stage", move || folder.stage(&objects)).await?;
        let row = Box::new(ShelvingRow {
            record,
            expected_head,
            number_index,
            holder_indexes,
            request,
            intention,
        });
        self.ask(|answer| Act::Shelve(row, staged, answer)).await?
    }
}

impl SqliteVault {
    async fn keep(&self, copying: Copying) -> Result<(), CopyError> {
        let Copying { record, bytes, request, intention, intended } = copying;
        let folder = Arc::clone(&self.objects);
        let object = [(record.file, bytes)];
        let staged = blocking("vault.stage", move || folder.stage(&object)).await?;
        let row = Box::new(CopyRow { record, request, intention, intended });
        self.ask(|answer| Act::Copy(row, staged, answer)).await?
    }

    async fn append(&self, protecting: Protecting) -> Result<(), ProtectError> {
        let Protecting { id, record, suffix } = protecting;
        let folder = Arc::clone(&self.objects);
        let object = [(record.suffix, suffix)];
        let staged = blocking("vault.stage", move || folder.stage(&object)).await?;
        let row = Box::new(ProtectionRow { id, record });
        self.ask(|answer| Act::Protect(row, staged, answer)).await?
    }
}

impl Vault for SqliteVault {
    fn head(&self, license: &LicenseKey) -> Later<'_, Result<Option<VersionRecord>, Fault>> {
        let license = license.clone();
        Box::pin(async move { self.shelf.head(&license).await })
    }

    fn find(&self, id: &LicenseId) -> Later<'_, Result<Option<VersionRecord>, Fault>> {
        let id = id.clone();
        Box::pin(async move { self.shelf.find(&id).await })
    }

    fn object(&self, form: &FormRecord) -> Later<'_, Result<Option<Vec<u8>>, Fault>> {
        let (form, objects) = (*form, Arc::clone(&self.objects));
        Box::pin(async move {
            tokio::task::spawn_blocking(move || objects.read(&form))
                .await
                .map_err(|stopped| Fault::new("vault.object_read", stopped))?
        })
    }

    fn answered(
        &self,
        client: &str,
        key: &str,
    ) -> Later<'_, Result<Option<(Digest, LicenseId)>, Fault>> {
        let (client, key) = (client.to_owned(), key.to_owned());
        Box::pin(async move { self.shelf.answered(&client, &key).await })
    }

    fn by_number(
        &self,
        type_code: &LicenseTypeCode,
        authority: &str,
        number_index: &Digest,
    ) -> Later<'_, Result<Option<LicenseId>, Fault>> {
        let (type_code, authority) = (type_code.clone(), authority.to_owned());
        let number = *number_index;
        Box::pin(async move { self.shelf.by_number(&type_code, &authority, &number).await })
    }

    fn held_by(&self, holder_index: &Digest) -> Later<'_, Result<Vec<VersionRecord>, Fault>> {
        let holder = *holder_index;
        Box::pin(async move { self.shelf.held_by(&holder).await })
    }

    fn holds(&self, holder_index: &Digest, license: &LicenseKey) -> Later<'_, Result<bool, Fault>> {
        let (holder, license) = (*holder_index, license.clone());
        Box::pin(async move { self.shelf.holds(&holder, &license).await })
    }

    fn intend(&self, intention: Intention) -> Later<'_, Result<IntentionNo, Fault>> {
        Box::pin(async move { self.ask(|answer| Act::Intend(intention, answer)).await? })
    }

    fn shelve(&self, shelving: Shelving) -> Later<'_, Result<(), ShelveError>> {
        Box::pin(self.put(shelving))
    }

    fn change_standing(&self, change: StandingChange) -> Later<'_, Result<(), Fault>> {
        Box::pin(async move { self.ask(|answer| Act::ChangeStanding(change, answer)).await? })
    }

    fn standing_changes(
        &self,
        license: &LicenseKey,
    ) -> Later<'_, Result<Vec<StandingChange>, Fault>> {
        let license = license.clone();
        Box::pin(async move { self.shelf.standing_changes(&license).await })
    }

    fn record_usage(&self, usage: UsageRecord) -> Later<'_, Result<(), Fault>> {
        Box::pin(async move { self.ask(|answer| Act::RecordUsage(usage, answer)).await? })
    }

    fn copy_answered(
        &self,
        client: &str,
        key: &str,
    ) -> Later<'_, Result<Option<(Digest, CopyNumber)>, Fault>> {
        let (client, key) = (client.to_owned(), key.to_owned());
        Box::pin(async move { self.shelf.copy_answered(&client, &key).await })
    }

    fn find_copy(&self, number: &CopyNumber) -> Later<'_, Result<Option<CopyRecord>, Fault>> {
        let number = number.clone();
        Box::pin(async move { self.shelf.find_copy(&number).await })
    }

    fn keep_copy(&self, copying: Copying) -> Later<'_, Result<(), CopyError>> {
        Box::pin(self.keep(copying))
    }

    fn protect(&self, protecting: Protecting) -> Later<'_, Result<(), ProtectError>> {
        Box::pin(self.append(protecting))
    }

    fn protections(&self, id: &LicenseId) -> Later<'_, Result<Vec<ProtectionRecord>, Fault>> {
        let id = id.clone();
        Box::pin(async move { self.shelf.protections(&id).await })
    }

    fn due(&self, question: &DueQuestion) -> Later<'_, Result<DuePage, Fault>> {
        let question = *question;
        Box::pin(async move { self.shelf.due(&question).await })
    }

    fn changed(&self, after: u64, limit: u32) -> Later<'_, Result<Vec<(u64, LicenseId)>, Fault>> {
        Box::pin(self.shelf.changed(after, limit))
    }

    fn count(&self) -> Later<'_, Result<VaultCount, Fault>> {
        Box::pin(self.shelf.count())
    }

    /// Asks a reader, and whether the writer still takes acts.
    fn ping(&self) -> Later<'_, Result<(), Fault>> {
        Box::pin(async move {
            if self.acts.as_ref().is_some_and(mpsc::Sender::is_closed) {
                return Err(Fault::new("vault.writer", "the vault is closed"));
            }
            self.shelf.count().await.map(|_| ())
        })
    }
}

impl KeyBooks for SqliteVault {
    fn key_uses(&self) -> Later<'_, Result<Vec<(KeyId, u64)>, Fault>> {
        Box::pin(self.shelf.key_uses())
    }

    fn sealed_with(
        &self,
        key: &KeyId,
        after: u64,
        limit: u32,
    ) -> Later<'_, Result<Vec<(u64, VersionRecord)>, Fault>> {
        let key = *key;
        Box::pin(async move { self.shelf.sealed_with(&key, after, limit).await })
    }
}

/// Each form with its bytes. That the digests are theirs is the maker's word: it has just computed them, and
/// to hash 80 KB again would cost more than the whole of the row. A reader holds the two against each other.
pub(super) fn with_records(
    record: &VersionRecord,
    mut objects: Vec<(Form, Vec<u8>)>,
) -> Result<Vec<(FormRecord, Vec<u8>)>, Fault> {
    let paired: Vec<(FormRecord, Vec<u8>)> = record
        .forms
        .iter()
        .filter_map(|form| {
            let place = objects.iter().position(|(word, bytes)| {
                *word == form.form && u64::try_from(bytes.len()).ok() == Some(form.size_bytes)
            })?;
            Some((*form, objects.swap_remove(place).1))
        })
        .collect();
    if paired.len() == record.forms.len() && objects.is_empty() {
        return Ok(paired);
    }
    Err(Fault::new("vault.forms", "the objects are not those that the record names"))
}
