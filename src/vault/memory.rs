//! A vault in memory: every promise but durability, for tests and benches.
//!
//! Written apart from the vault over SQLite, so that the contract's tests hold two opinions against each other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::crypto::Digest;
use crate::domain::{CopyNumber, Level, LicenseId, LicenseKey, LicenseTypeCode, VersionNo};
use crate::service::error::{Fault, ShelveError};
use crate::service::ports::{
    CopyError, CopyRecord, Copying, DuePage, DueQuestion, DueVersion, Form, FormRecord, Intention,
    IntentionNo, KeyBooks, KeyId, KeyUse, Later, ProtectError, Protecting, ProtectionRecord,
    RequestKey, Shelving, StandingChange, UsageRecord, Vault, VaultCount, VersionRecord,
};

use super::books_copies::{may_be_kept, no_such_original};
use super::books_protect::{follows, no_such_version};
use super::bounds::{forms_in_order, request_fits};
use super::sqlite::with_records;

/// A vault that is gone with the process.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Versions of each license in order, with the holders each names.
    licenses: BTreeMap<LicenseKey, Vec<(VersionRecord, HashSet<Digest>)>>,
    objects: HashMap<(Digest, Form), Vec<u8>>,
    numbers: HashMap<(LicenseTypeCode, String, Digest), LicenseKey>,
    requests: HashMap<(String, String), (Digest, LicenseId)>,
    intentions: Vec<Option<Intention>>,
    uses: BTreeMap<KeyId, u64>,
    changes: Vec<StandingChange>,
    usage: Vec<UsageRecord>,
    protections: HashMap<LicenseId, Vec<ProtectionRecord>>,
    copies: Vec<(CopyRecord, RequestKey)>,
    /// Every version in order of shelving.
    shelved: Vec<LicenseId>,
}

impl MemoryVault {
    /// An empty vault.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing below panics between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn newest(&self, license: &LicenseKey) -> Option<&(VersionRecord, HashSet<Digest>)> {
        self.licenses.get(license)?.last()
    }

    fn head(&self, license: &LicenseKey) -> Option<VersionNo> {
        self.newest(license).map(|(record, _)| record.id.version())
    }

    fn find(&self, id: &LicenseId) -> Option<&VersionRecord> {
        let mut versions = self.licenses.get(id.key()).into_iter().flatten();
        versions.find(|(record, _)| record.id == *id).map(|(record, _)| record)
    }

    fn protect(&mut self, protecting: Protecting) -> Result<(), ProtectError> {
        let Protecting { id, record, suffix } = protecting;
        let sealed = self.find(&id).ok_or_else(no_such_version)?;
        let pdf = sealed.forms.iter().find(|form| form.form == Form::SealedPdf);
        let sealed_bytes = pdf.map_or(0, |pdf| pdf.size_bytes);
        let kept = self.protections.entry(id).or_default();
        follows(&record, kept.last().map_or(0, |newest| newest.number), sealed_bytes)?;
        kept.push(record);
        self.objects.insert((record.suffix.digest, record.suffix.form), suffix);
        Ok(())
    }

    fn keep_copy(&mut self, copying: Copying) -> Result<(), CopyError> {
        let Copying { record, bytes, request, intention: IntentionNo(number), intended } = copying;
        let place = usize::try_from(number - 1).ok();
        let open = place.and_then(|place| self.intentions.get_mut(place)).and_then(Option::take);
        request_fits(&request)?;
        let known =
            |known: &RequestKey| (&known.client, &known.key) == (&request.client, &request.key);
        if let Some((made, answered)) = self.copies.iter().find(|(_, request)| known(request)) {
            return Err(match answered.body == request.body {
                true => CopyError::Repeated { number: made.number.clone() },
                false => CopyError::KeyReused,
            });
        }
        may_be_kept(&record)?;
        self.find(&record.original).ok_or_else(no_such_original)?;
        let carried_out =
            open.is_some_and(|open| open.id == record.original && open.content_digest == intended);
        if !carried_out {
            return Err(Fault::new("vault.intention", "not an open intention of it").into());
        }
        self.objects.insert((record.file.digest, record.file.form), bytes);
        self.copies.push((record, request));
        Ok(())
    }

    fn due(&self, question: &DueQuestion) -> DuePage {
        let place = usize::try_from(question.after).unwrap_or(usize::MAX);
        // A small page, so that a test meets several.
        let page: Vec<&LicenseId> = self.shelved.iter().skip(place).take(2).collect();
        let due = page.iter().filter_map(|id| {
            let newest = self.protections.get(id).and_then(|kept| kept.last());
            let newest = newest.map(ProtectionRecord::protection);
            let now = newest.or_else(|| self.find(id).and_then(|record| record.sealed));
            let (level, until) =
                now.map_or((Level::BB, None), |now| (now.level, Some(now.holds_until)));
            let due = level < question.keep || until.is_some_and(|until| until < question.before);
            due.then(|| DueVersion { id: LicenseId::clone(id), level, holds_until: until })
        });
        let end = (place.saturating_add(page.len())).max(place);
        DuePage {
            due: due.collect(),
            end: u64::try_from(end).unwrap_or(u64::MAX),
            more: end < self.shelved.len(),
        }
    }

    fn count_uses(&mut self, uses: &[KeyUse]) -> Result<(), Fault> {
        let keys: HashSet<KeyId> = uses.iter().map(|asked| asked.key).collect();
        if keys.is_empty()
            || keys.len() < uses.len()
            || uses.iter().any(|asked| asked.signatures == 0)
        {
            return Err(Fault::new("vault.intention", "each key that is used is named once"));
        }
        let count = |kept: &Self, asked: &KeyUse| {
            kept.uses.get(&asked.key).copied().unwrap_or_default() + u64::from(asked.signatures)
        };
        if uses.iter().any(|asked| asked.limit.is_some_and(|limit| count(self, asked) > limit)) {
            return Err(Fault::new("keys.limit_reached", "a key has made what it may"));
        }
        for asked in uses {
            let count = count(self, asked);
            self.uses.insert(asked.key, count);
        }
        Ok(())
    }

    fn shelve(&mut self, shelving: Shelving) -> Result<(), ShelveError> {
        let Shelving { mut record, objects, request, number_index, .. } = shelving;
        forms_in_order(&mut record)?;
        let objects = with_records(&record, objects)?;
        let IntentionNo(number) = shelving.intention;
        let intention = usize::try_from(number - 1)
            .ok()
            .and_then(|place| self.intentions.get_mut(place))
            .and_then(Option::take);

        request_fits(&request)?;
        let RequestKey { client, key, body } = request;
        if let Some((known, id)) = self.requests.get(&(client.clone(), key.clone())) {
            return Err(match *known == body {
                true => ShelveError::Repeated { id: id.clone() },
                false => ShelveError::KeyReused,
            });
        }
        let license = record.id.key().clone();
        let head = self.head(&license);
        if head != shelving.expected_head {
            return Err(ShelveError::HeadMoved { head });
        }
        let number = (license.type_code().clone(), license.authority().to_owned(), number_index);
        if let Some(owner) = self.numbers.get(&number).filter(|owner| **owner != license)
            && let Some((newest, _)) = self.newest(owner)
        {
            return Err(ShelveError::NumberTaken { by: newest.id.clone() });
        }
        if head.map_or(Some(VersionNo::FIRST), VersionNo::next) != Some(record.id.version()) {
            return Err(Fault::new("vault.version", "a version out of turn").into());
        }
        let carried_out = intention.is_some_and(|intention| {
            let named = |key| intention.uses.iter().any(|asked| asked.key == key);
            intention.id == record.id
                && intention.content_digest == record.content_digest
                && record.sealed_with.is_some_and(|keys| named(keys.seal) && named(keys.ecert))
        });
        if !carried_out {
            return Err(Fault::new("vault.intention", "not an open intention of it").into());
        }
        for (form, bytes) in objects {
            self.objects.insert((form.digest, form.form), bytes);
        }
        self.numbers.insert(number, license.clone());
        self.requests.insert((client, key), (body, record.id.clone()));
        self.shelved.push(record.id.clone());
        let holders = shelving.holder_indexes.into_iter().collect();
        self.licenses.entry(license).or_default().push((record, holders));
        Ok(())
    }
}

fn now<'a, T: Send + 'a>(answer: T) -> Later<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Vault for MemoryVault {
    fn head(&self, license: &LicenseKey) -> Later<'_, Result<Option<VersionRecord>, Fault>> {
        now(Ok(self.kept().newest(license).map(|(record, _)| record.clone())))
    }

    fn find(&self, id: &LicenseId) -> Later<'_, Result<Option<VersionRecord>, Fault>> {
        now(Ok(self.kept().find(id).cloned()))
    }

    fn object(&self, form: &FormRecord) -> Later<'_, Result<Option<Vec<u8>>, Fault>> {
        let bytes = self.kept().objects.get(&(form.digest, form.form)).cloned();
        now(match bytes {
            Some(bytes) if Digest::of(&bytes) != form.digest => {
                Err(Fault::new("vault.object_changed", "an object has other bytes"))
            }
            bytes => Ok(bytes),
        })
    }

    fn answered(
        &self,
        client: &str,
        key: &str,
    ) -> Later<'_, Result<Option<(Digest, LicenseId)>, Fault>> {
        now(Ok(self.kept().requests.get(&(client.to_owned(), key.to_owned())).cloned()))
    }

    fn by_number(
        &self,
        type_code: &LicenseTypeCode,
        authority: &str,
        number_index: &Digest,
    ) -> Later<'_, Result<Option<LicenseId>, Fault>> {
        let kept = self.kept();
        let number = (type_code.clone(), authority.to_owned(), *number_index);
        let owner = kept.numbers.get(&number).and_then(|owner| kept.newest(owner));
        now(Ok(owner.map(|(record, _)| record.id.clone())))
    }

    fn held_by(&self, holder_index: &Digest) -> Later<'_, Result<Vec<VersionRecord>, Fault>> {
        let kept = self.kept();
        let newest = kept.licenses.values().filter_map(|versions| versions.last());
        let held = newest.filter(|(_, holders)| holders.contains(holder_index));
        now(Ok(held.map(|(record, _)| record.clone()).collect()))
    }

    fn holds(&self, holder_index: &Digest, license: &LicenseKey) -> Later<'_, Result<bool, Fault>> {
        let kept = self.kept();
        now(Ok(kept.newest(license).is_some_and(|(_, holders)| holders.contains(holder_index))))
    }

    fn intend(&self, intention: Intention) -> Later<'_, Result<IntentionNo, Fault>> {
        let mut kept = self.kept();
        if let Err(fault) = kept.count_uses(&intention.uses) {
            return now(Err(fault));
        }
        kept.intentions.push(Some(intention));
        let count = i64::try_from(kept.intentions.len());
        now(count.map(IntentionNo).map_err(|error| Fault::new("vault.intention", error)))
    }

    fn shelve(&self, shelving: Shelving) -> Later<'_, Result<(), ShelveError>> {
        now(self.kept().shelve(shelving))
    }

    fn change_standing(&self, change: StandingChange) -> Later<'_, Result<(), Fault>> {
        let mut kept = self.kept();
        if kept.head(&change.license).is_none() {
            return now(Err(Fault::new("vault.change_standing", "there is no such license")));
        }
        kept.changes.push(change);
        now(Ok(()))
    }

    fn standing_changes(
        &self,
        license: &LicenseKey,
    ) -> Later<'_, Result<Vec<StandingChange>, Fault>> {
        let kept = self.kept();
        let changes = kept.changes.iter().filter(|change| change.license == *license);
        now(Ok(changes.cloned().collect()))
    }

    fn changed(&self, after: u64, limit: u32) -> Later<'_, Result<Vec<(u64, LicenseId)>, Fault>> {
        let kept = self.kept();
        let has_changed = |license: &LicenseKey, versions: usize| {
            versions > 1 || kept.changes.iter().any(|change| change.license == *license)
        };
        let licenses = (1_u64..).zip(&kept.licenses);
        let changed = licenses
            .filter(|(place, (key, versions))| *place > after && has_changed(key, versions.len()))
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .filter_map(|(place, (_, versions))| Some((place, versions.last()?.0.id.clone())));
        now(Ok(changed.collect()))
    }

    fn record_usage(&self, usage: UsageRecord) -> Later<'_, Result<(), Fault>> {
        self.kept().usage.push(usage);
        now(Ok(()))
    }

    fn copy_answered(
        &self,
        client: &str,
        key: &str,
    ) -> Later<'_, Result<Option<(Digest, CopyNumber)>, Fault>> {
        let kept = self.kept();
        let made =
            kept.copies.iter().find(|(_, request)| request.client == client && request.key == key);
        now(Ok(made.map(|(record, request)| (request.body, record.number.clone()))))
    }

    fn find_copy(&self, number: &CopyNumber) -> Later<'_, Result<Option<CopyRecord>, Fault>> {
        let kept = self.kept();
        let found = kept.copies.iter().find(|(record, _)| record.number == *number);
        now(Ok(found.map(|(record, _)| record.clone())))
    }

    fn keep_copy(&self, copying: Copying) -> Later<'_, Result<(), CopyError>> {
        now(self.kept().keep_copy(copying))
    }

    fn protect(&self, protecting: Protecting) -> Later<'_, Result<(), ProtectError>> {
        now(self.kept().protect(protecting))
    }

    fn protections(&self, id: &LicenseId) -> Later<'_, Result<Vec<ProtectionRecord>, Fault>> {
        now(Ok(self.kept().protections.get(id).cloned().unwrap_or_default()))
    }

    fn due(&self, question: &DueQuestion) -> Later<'_, Result<DuePage, Fault>> {
        now(Ok(self.kept().due(question)))
    }

    fn count(&self) -> Later<'_, Result<VaultCount, Fault>> {
        let kept = self.kept();
        let versions = kept.licenses.values().map(Vec::len).sum();
        let count =
            |number: usize| u64::try_from(number).map_err(|error| Fault::new("vault.count", error));
        now(count(kept.licenses.len())
            .and_then(|licenses| Ok(VaultCount { licenses, versions: count(versions)? })))
    }

    fn ping(&self) -> Later<'_, Result<(), Fault>> {
        now(Ok(()))
    }
}

impl KeyBooks for MemoryVault {
    fn key_uses(&self) -> Later<'_, Result<Vec<(KeyId, u64)>, Fault>> {
        now(Ok(self.kept().uses.iter().map(|(key, count)| (*key, *count)).collect()))
    }

    fn sealed_with(
        &self,
        key: &KeyId,
        after: u64,
        limit: u32,
    ) -> Later<'_, Result<Vec<(u64, VersionRecord)>, Fault>> {
        let kept = self.kept();
        let hangs = |record: &&VersionRecord| {
            record.sealed_with.is_none_or(|keys| keys.seal == *key || keys.ecert == *key)
        };
        let places = (1..).zip(&kept.shelved).filter(|(place, _)| *place > after);
        let found = places.filter_map(|(place, id)| {
            let versions = kept.licenses.get(id.key())?.iter().map(|(record, _)| record);
            Some((place, versions.filter(hangs).find(|record| record.id == *id)?.clone()))
        });
        now(Ok(found.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()))
    }
}
