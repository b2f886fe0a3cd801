//! What hangs on a sealing key, and having it sealed anew: what a compromised key asks for.
//!
//! A license is sealed anew by issuing its next version: the submission is recalled from the version on the shelf and
//! goes through the same nine steps as any other, under the key its authority seals with today. The old version
//! is replaced and stays what it is. A run that broke off is run again: what was sealed anew has a newer version,
//! and is passed over.

use std::sync::Arc;

use crate::crypto::Digest;
use crate::domain::{LicenseId, Standing};
use crate::pdf::read_sealed;
use crate::pki::SignedData;

use super::desks::{IssueDesk, IssuingSystem};
use super::error::{Fault, Refusal};
use super::hold::form_bytes;
use super::ports::{Clock, Form, KeyBooks, KeyId, Vault, VersionRecord};
use super::recall::recall;
use super::standing::standing_of;
use super::workshop::Workshop;

/// Versions looked at in one go.
const PAGE: u32 = 64;

/// Finds what hangs on a key, and has it sealed anew.
pub struct Resealing {
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// Which key sealed what.
    pub books: Arc<dyn KeyBooks>,
    /// Has licenses made.
    pub issue: Arc<dyn IssueDesk>,
    /// The types, to recall a version by the edition it was made by.
    pub workshop: Arc<Workshop>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// A version that hangs on a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hanging {
    /// Which.
    pub id: LicenseId,
    /// Whether there is anything to be done.
    pub state: HangingState,
}

/// Whether anything is to be done about a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangingState {
    /// It is the newest and not at its end: it is sealed anew.
    Due,
    /// It is revoked or has expired, so nobody relies on it any more.
    Ended,
    /// A newer version stands in its place.
    Replaced,
}

impl HangingState {
    /// A fixed word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Ended => "ended",
            Self::Replaced => "replaced",
        }
    }
}

impl Resealing {
    /// The next versions that hang on `key`, behind place `after`, and the place to go on from; `None` where there
    /// is nothing behind it. A page may be empty.
    pub async fn hanging(
        &self,
        key: &KeyId,
        after: u64,
    ) -> Result<(Vec<Hanging>, Option<u64>), Fault> {
        let page = self.books.sealed_with(key, after, PAGE).await?;
        let next = page.last().map(|(place, _)| *place);
        let today = self.clock.now().day_in_china();
        let mut hanging = Vec::with_capacity(page.len());
        for (_, record) in page {
            if record.sealed_with.is_none() && self.seal_key(&record).await? != Some(*key) {
                continue;
            }
            let state = match standing_of(self.vault.as_ref(), &record, today).await? {
                Standing::Revoked { .. } | Standing::Expired { .. } => HangingState::Ended,
                Standing::Replaced { .. } => HangingState::Replaced,
                _ if self.is_newest(&record).await? => HangingState::Due,
                _ => HangingState::Replaced,
            };
            hanging.push(Hanging { id: record.id, state });
        }
        Ok((hanging, next))
    }

    /// Issues the next version of a license whose newest version is `id`; gives its id.
    ///
    /// # Errors
    ///
    /// As issuing has them: most likely the type's rules have changed since, and the authority must submit anew.
    pub async fn reseal(
        &self,
        client: &IssuingSystem,
        key: &KeyId,
        id: &LicenseId,
    ) -> Result<LicenseId, Refusal> {
        let record = self.vault.find(id).await?.ok_or(Refusal::NotFound)?;
        let catalogue = self.workshop.catalogue();
        let recalled = recall(self.vault.as_ref(), &record, &catalogue).await?;
        let body = recalled.submission(Some(id))?;
        let request = format!("reseal/{}/{id}", key.to_string().get(..16).unwrap_or_default());
        Ok(self.issue.issue(client, &request, &body).await?.record.id)
    }

    async fn is_newest(&self, record: &VersionRecord) -> Result<bool, Fault> {
        let head = self.vault.head(record.id.key()).await?;
        Ok(head.is_some_and(|head| head.id == record.id))
    }

    /// The key of a version of which it is not written down, read from its seal.
    async fn seal_key(&self, record: &VersionRecord) -> Result<Option<KeyId>, Fault> {
        let pdf = match form_bytes(self.vault.as_ref(), record, Form::SealedPdf).await {
            Ok(pdf) => pdf,
            Err(Refusal::Fault(fault)) => return Err(fault),
            Err(_) => return Ok(None),
        };
        let sealed = read_sealed(&pdf).map_err(|error| Fault::new("reseal.read", error))?;
        let seal =
            SignedData::read(&sealed.cms).map_err(|error| Fault::new("reseal.read", error))?;
        Ok(Some(Digest::of(seal.leaf())))
    }
}
