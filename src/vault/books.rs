//! The books of one group: what each act of the group finds, and the rows it leads to.
//!
//! The writer takes up to 64 acts at a time and commits them together, so an act may depend on one before it in
//! the same group that no table holds yet. The books know both: what the tables held when the group began, and
//! what the group has added. An act that is refused adds nothing but the end of its intention, so that it
//! spoils no other. Nothing here touches the database.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::crypto::Digest;
use crate::domain::{CopyNumber, LicenseId, LicenseKey, Moment, VersionNo};
use crate::service::error::{Fault, ShelveError};
use crate::service::ports::{
    IntentionNo, KeyId, RequestKey, SealedWith, StandingChange, UsageRecord, VersionRecord,
};

use super::books_keys::OpenIntention;
use super::books_protect::KnownVersion;
use super::bounds::{MAX_GROUND_CHARS, MAX_NAME_CHARS, request_fits, within};
use super::journal::{self, Act, Line};

/// Where the tables end. One process writes, so it may remember.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The last id given to a license.
    pub(super) licenses: i64,
    /// The last id given to a version.
    pub(super) versions: i64,
    /// The last entry of the journal.
    pub(super) seq: i64,
    /// Its hash.
    pub(super) hash: Digest,
    /// Intentions that have not ended.
    pub(super) open: HashMap<i64, OpenIntention>,
    /// How many signatures each key was to make.
    pub(super) uses: HashMap<KeyId, u64>,
}

impl Ledger {
    /// Goes on behind a committed group.
    pub(super) fn advance(&mut self, group: Closing) {
        (self.licenses, self.versions) = (group.last_license, group.last_version);
        (self.seq, self.hash) = (group.seq, group.hash);
        self.open.extend(group.opened);
        for intention in group.ended {
            self.open.remove(&intention);
        }
        for (key, signatures) in group.uses {
            *self.uses.entry(key).or_default() += signatures;
        }
    }
}

/// Where the tables end after a group.
#[derive(Debug)]
pub(super) struct Closing {
    last_license: i64,
    last_version: i64,
    seq: i64,
    hash: Digest,
    opened: HashMap<i64, OpenIntention>,
    ended: HashSet<i64>,
    uses: HashMap<KeyId, u64>,
}

/// What is to be shelved, without the bytes, which are staged already.
#[derive(Debug)]
pub(super) struct ShelvingRow {
    /// The version, its forms PDF first.
    pub(super) record: VersionRecord,
    /// What the maker took for the newest version.
    pub(super) expected_head: Option<VersionNo>,
    /// Blind index of the license number.
    pub(super) number_index: Digest,
    /// Blind indexes of the holders, in order, each once.
    pub(super) holder_indexes: Vec<Digest>,
    /// The request it answers.
    pub(super) request: RequestKey,
    /// The intention it carries out.
    pub(super) intention: IntentionNo,
}

/// What the tables know of a license.
#[derive(Clone, Debug)]
pub(super) struct KnownLicense {
    /// Its row.
    pub(super) row: i64,
    /// Its newest version.
    pub(super) newest: LicenseId,
}

/// Type, authority and blind index: what a license number is unique within.
pub(super) type NumberKey = (String, String, Digest);

/// The rows of a group, one JSON array for each table, as `rows` hands them to SQLite.
#[derive(Debug, Default)]
pub(super) struct NewRows {
    pub(super) journal: Vec<Value>,
    pub(super) licenses: Vec<Value>,
    pub(super) versions: Vec<Value>,
    pub(super) sealed_with: Vec<Value>,
    pub(super) key_uses: Vec<Value>,
    pub(super) forms: Vec<Value>,
    pub(super) holders: Vec<Value>,
    pub(super) numbers: Vec<Value>,
    pub(super) requests: Vec<Value>,
    pub(super) standing_changes: Vec<Value>,
    pub(super) usage_records: Vec<Value>,
    pub(super) protections: Vec<Value>,
    pub(super) copies: Vec<Value>,
}

/// The books of one group.
#[derive(Debug)]
pub(super) struct Books<'a> {
    ledger: &'a Ledger,
    licenses: HashMap<LicenseKey, KnownLicense>,
    requests: HashMap<(String, String), (Digest, LicenseId)>,
    numbers: HashMap<NumberKey, LicenseKey>,
    pub(super) versions: HashMap<LicenseId, KnownVersion>,
    pub(super) copies: HashMap<(String, String), (Digest, CopyNumber)>,
    last_license: i64,
    last_version: i64,
    seq: i64,
    hash: Digest,
    pub(super) opened: HashMap<i64, OpenIntention>,
    pub(super) ended: HashSet<i64>,
    /// What the group adds to the counts of keys.
    pub(super) uses: HashMap<KeyId, u64>,
    pub(super) rows: NewRows,
}

impl<'a> Books<'a> {
    /// Books that go on where the ledger ends.
    pub(super) fn new(ledger: &'a Ledger) -> Self {
        Self {
            ledger,
            licenses: HashMap::new(),
            requests: HashMap::new(),
            numbers: HashMap::new(),
            versions: HashMap::new(),
            copies: HashMap::new(),
            last_license: ledger.licenses,
            last_version: ledger.versions,
            seq: ledger.seq,
            hash: ledger.hash,
            opened: HashMap::new(),
            ended: HashSet::new(),
            uses: HashMap::new(),
            rows: NewRows::default(),
        }
    }

    /// Notes what a table holds of a license.
    pub(super) fn note_license(&mut self, key: LicenseKey, known: KnownLicense) {
        self.licenses.insert(key, known);
    }

    /// Notes what a request has made.
    pub(super) fn note_request(&mut self, client: &str, key: &str, made: (Digest, LicenseId)) {
        self.requests.insert((client.to_owned(), key.to_owned()), made);
    }

    /// Notes whose a number is.
    pub(super) fn note_number(&mut self, number: NumberKey, owner: LicenseKey) {
        self.numbers.insert(number, owner);
    }

    /// Enters a version, or the end of its intention where it is refused.
    pub(super) fn shelve(&mut self, row: &ShelvingRow) -> Result<(), ShelveError> {
        let refusal = match self.check(row) {
            Ok(()) => {
                self.put(row);
                return Ok(());
            }
            Err(refusal) => refusal,
        };
        let (record, IntentionNo(intention)) = (&row.record, row.intention);
        self.abandon(intention, &record.id, record.shelved_at, &row.request.client);
        Err(refusal)
    }

    /// Ends an intention in nothing; one of another version is not ended by this refusal.
    pub(super) fn abandon(&mut self, intention: i64, id: &LicenseId, at: Moment, client: &str) {
        if self.open_intention(intention).is_none_or(|open| open.id != *id) {
            return;
        }
        self.ended.insert(intention);
        self.enter(&Line {
            at: at.unix_seconds(),
            act: Act::Abandoned.word(),
            subject: &id.to_string(),
            client,
            intention: Some(intention),
            details: &journal::abandoned(intention),
        });
    }

    /// Enters a change of standing.
    pub(super) fn change_standing(&mut self, change: &StandingChange) -> Result<(), Fault> {
        within("client", &change.client, MAX_NAME_CHARS)?;
        within("ground", &change.ground, MAX_GROUND_CHARS)?;
        let license = self
            .licenses
            .get(&change.license)
            .ok_or_else(|| Fault::new("vault.change_standing", "there is no such license"))?
            .row;
        let subject = subject_of(&change.license);
        let entry = self.enter(&Line {
            at: change.at.unix_seconds(),
            act: Act::StandingChanged.word(),
            subject: &subject,
            client: &change.client,
            intention: None,
            details: &journal::standing_changed(&subject, change),
        });
        self.rows.standing_changes.push(json!([
            entry,
            license,
            journal::state_word(change.state),
            change.since.to_string(),
            change.ground,
            change.client,
            change.at.unix_seconds(),
        ]));
        Ok(())
    }

    /// Enters a reading.
    pub(super) fn record_usage(&mut self, usage: &UsageRecord) -> Result<(), Fault> {
        within("reader", &usage.reader, MAX_NAME_CHARS)?;
        let (id, at) = (usage.id.to_string(), usage.at.unix_seconds());
        let entry = self.enter(&Line {
            at,
            act: Act::Used.word(),
            subject: &id,
            client: &usage.reader,
            intention: None,
            details: &journal::used(&id, &usage.reader, usage.act, at),
        });
        self.rows.usage_records.push(json!([entry, id, usage.reader, usage.act, at]));
        Ok(())
    }

    /// How many signatures a key was to make before this group.
    pub(super) fn uses_before(&self, key: &KeyId) -> u64 {
        self.ledger.uses.get(key).copied().unwrap_or_default()
    }

    /// The rows to be written.
    pub(super) fn rows(&self) -> &NewRows {
        &self.rows
    }

    /// What the ledger must be told once the rows are committed.
    pub(super) fn close(self) -> Closing {
        let Self { last_license, last_version, seq, hash, opened, ended, uses, .. } = self;
        Closing { last_license, last_version, seq, hash, opened, ended, uses }
    }

    fn check(&self, row: &ShelvingRow) -> Result<(), ShelveError> {
        request_fits(&row.request)?;
        let RequestKey { client, key, body } = &row.request;
        // The request comes first: whoever repeats one is not to be told that the head has moved by it.
        if let Some((known_body, id)) = self.requests.get(&(client.clone(), key.clone())) {
            return Err(if known_body == body {
                ShelveError::Repeated { id: id.clone() }
            } else {
                ShelveError::KeyReused
            });
        }
        let id = &row.record.id;
        let head = self.licenses.get(id.key()).map(|known| known.newest.version());
        if head != row.expected_head {
            return Err(ShelveError::HeadMoved { head });
        }
        if let Some(owner) = self.numbers.get(&number_key(row))
            && owner != id.key()
        {
            let owner = self.licenses.get(owner).ok_or_else(|| {
                Fault::new("vault.number", "a number belongs to a license that is not there")
            })?;
            return Err(ShelveError::NumberTaken { by: owner.newest.clone() });
        }
        let next = head.map_or(Some(VersionNo::FIRST), VersionNo::next);
        if next != Some(id.version()) {
            let cause = format!("version {} was to be shelved out of turn", id.version());
            return Err(Fault::new("vault.version", cause).into());
        }
        let IntentionNo(intention) = row.intention;
        let keys = row.record.sealed_with;
        let as_intended = self.open_intention(intention).is_some_and(|open| {
            let uses = |key| open.keys.contains(&key);
            open.id == *id
                && open.content_digest == row.record.content_digest
                && keys.is_some_and(|keys| uses(keys.seal) && uses(keys.ecert))
        });
        if !as_intended {
            let cause = format!("{intention} is not an open intention of this version");
            return Err(Fault::new("vault.intention", cause).into());
        }
        Ok(())
    }

    fn put(&mut self, row: &ShelvingRow) {
        let ShelvingRow { record, number_index, holder_indexes, request, .. } = row;
        let IntentionNo(intention) = row.intention;
        let (key, id) = (record.id.key(), record.id.to_string());
        let details = journal::shelved(record, number_index, holder_indexes, request, intention);
        self.ended.insert(intention);
        let entry = self.enter(&Line {
            at: record.shelved_at.unix_seconds(),
            act: Act::Shelved.word(),
            subject: &id,
            client: &request.client,
            intention: Some(intention),
            details: &details,
        });
        let license = match self.licenses.get_mut(key) {
            Some(known) => {
                known.newest = record.id.clone();
                known.row
            }
            None => {
                self.last_license += 1;
                let known = KnownLicense { row: self.last_license, newest: record.id.clone() };
                self.licenses.insert(key.clone(), known);
                let type_code = key.type_code().as_str();
                let row = json!([self.last_license, type_code, key.authority(), key.serial()]);
                self.rows.licenses.push(row);
                self.last_license
            }
        };
        self.last_version += 1;
        let version = self.last_version;
        self.rows.versions.push(json!([
            version,
            license,
            record.id.version().number(),
            id,
            record.edition,
            record.issued_on.to_string(),
            record.validity.from().to_string(),
            record.validity.to().map(|day| day.to_string()),
            record.content_digest.to_string(),
            number_index.to_string(),
            record.shelved_at.unix_seconds(),
            entry,
            record.sealed.map(|sealed| sealed.level.word()),
            record.sealed.and_then(|sealed| sealed.proven_at).map(Moment::unix_seconds),
            record.sealed.map(|sealed| sealed.holds_until.unix_seconds()),
        ]));
        if let Some(SealedWith { seal, ecert }) = &record.sealed_with {
            self.rows.sealed_with.push(json!([version, seal.to_string(), ecert.to_string()]));
        }
        for form in &record.forms {
            let (word, digest) = (form.form.word(), form.digest.to_string());
            self.rows.forms.push(json!([version, word, digest, form.size_bytes]));
        }
        for holder in holder_indexes {
            self.rows.holders.push(json!([version, holder.to_string()]));
        }
        let number = number_key(row);
        if !self.numbers.contains_key(&number) {
            let (type_code, authority, index) = &number;
            self.rows.numbers.push(json!([type_code, authority, index.to_string(), license]));
            self.numbers.insert(number, key.clone());
        }
        let RequestKey { client, key, body } = request;
        self.rows.requests.push(json!([version, client, key, body.to_string()]));
        self.note_request(client, key, (*body, record.id.clone()));
    }

    pub(super) fn open_intention(&self, seq: i64) -> Option<&OpenIntention> {
        if self.ended.contains(&seq) {
            return None;
        }
        self.opened.get(&seq).or_else(|| self.ledger.open.get(&seq))
    }

    pub(super) fn enter(&mut self, line: &Line<'_>) -> i64 {
        let (prev, seq) = (self.hash, self.seq + 1);
        let hash = line.hash(seq, &prev);
        self.rows.journal.push(json!([
            seq,
            line.at,
            line.act,
            line.subject,
            line.client,
            line.intention,
            line.details.to_string(),
            prev.to_string(),
            hash.to_string(),
        ]));
        (self.seq, self.hash) = (seq, hash);
        seq
    }

    /// Enters the opening of the vault after the ends of `left_open`, intentions that a stop cut short.
    pub(super) fn open_vault(&mut self, left_open: &[(i64, String, String)], now: Moment) {
        let at = now.unix_seconds();
        for (intention, subject, client) in left_open {
            self.enter(&Line {
                at,
                act: Act::Abandoned.word(),
                subject,
                client,
                intention: Some(*intention),
                details: &journal::abandoned(*intention),
            });
        }
        self.enter(&Line {
            at,
            act: Act::Opened.word(),
            subject: "",
            client: "",
            intention: None,
            details: &journal::opened(now),
        });
    }
}

/// The number key of a shelving.
pub(super) fn number_key(row: &ShelvingRow) -> NumberKey {
    let key = row.record.id.key();
    (key.type_code().as_str().to_owned(), key.authority().to_owned(), row.number_index)
}

/// How the journal names a license as a whole.
pub(super) fn subject_of(license: &LicenseKey) -> String {
    format!("{}.{}.{}", license.type_code(), license.authority(), license.serial())
}
