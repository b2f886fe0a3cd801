//! The journal (审计日志): a hash-chained record of acts intended and done.
//!
//! Each entry's hash covers the hash before it, and its `details` cover everything the act wrote into other
//! tables. So a row altered, added or removed afterwards disagrees with its entry, and an entry altered or
//! removed disagrees with the next one.
//!
//! LIMIT: someone who can rewrite the whole file can also rewrite the chain, or cut off its end together with
//! the rows the end speaks of. Only a hash published elsewhere can show that.

use crate::crypto::{Digest, Hasher};
use crate::domain::{Moment, RevocationKind};
use crate::service::ports::{
    ChangedState, CopyRecord, FormRecord, Intention, KeyId, ProtectionRecord, RequestKey,
    SealProtection, SealedWith, StandingChange, VersionRecord,
};

/// The hash before the first entry.
pub(super) fn before_first() -> Digest {
    Digest::from_bytes([0; Digest::LEN])
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// An intention came to nothing: refused, or cut short by a stop of the process.
    Abandoned,
    /// An annotated copy was made of a version.
    Copied,
    /// A sealing key is about to be used.
    Intended,
    /// The vault was opened for writing and every earlier intention has ended.
    Opened,
    /// A protection was appended to a sealed PDF.
    Protected,
    /// A version was put on the shelf.
    Shelved,
    /// The standing of a license was changed.
    StandingChanged,
    /// A license was read.
    Used,
}

impl Act {
    /// The word in the column.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Copied => "copied",
            Self::Intended => "intended",
            Self::Opened => "opened",
            Self::Protected => "protected",
            Self::Shelved => "shelved",
            Self::StandingChanged => "standing_changed",
            Self::Used => "used",
        }
    }
}

/// One line of the journal, before it has a place in the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) at: i64,
    pub(super) act: &'a str,
    pub(super) subject: &'a str,
    pub(super) client: &'a str,
    pub(super) intention: Option<i64>,
    pub(super) details: &'a Digest,
}

impl Line<'_> {
    /// The hash of this line at place `seq` after an entry with the hash `prev`.
    pub(super) fn hash(&self, seq: i64, prev: &Digest) -> Digest {
        let intention = self.intention.map(i64::to_be_bytes);
        digest_of(
            "zhengku journal entry 1",
            &[
                prev.as_bytes(),
                &seq.to_be_bytes(),
                &self.at.to_be_bytes(),
                self.act.as_bytes(),
                self.subject.as_bytes(),
                self.client.as_bytes(),
                intention.as_ref().map_or(&[], |bytes| &bytes[..]),
                self.details.as_bytes(),
            ],
        )
    }
}

/// What an entry `intended` covers beside the uses of keys; before migration 3 it was all.
pub(super) fn intended(intention: &Intention) -> Digest {
    intended_of(
        &intention.id.to_string(),
        &intention.content_digest,
        &intention.client,
        intention.at.unix_seconds(),
    )
}

/// As [`intended`], from columns.
pub(super) fn intended_of(id: &str, content: &Digest, client: &str, at: i64) -> Digest {
    digest_of(
        "zhengku intended 1",
        &[id.as_bytes(), content.as_bytes(), client.as_bytes(), &at.to_be_bytes()],
    )
}

/// What an entry `intended` covers that names the keys about to be used: `rest`, which is [`intended`], and
/// the signatures of each, in the order of their column.
pub(super) fn intended_uses(rest: &Digest, uses: &[(KeyId, u32)]) -> Digest {
    let mut hasher = Fields::new("zhengku intended 2");
    hasher.field(rest.as_bytes());
    for (key, signatures) in uses {
        hasher.field(key.as_bytes());
        hasher.field(&signatures.to_be_bytes());
    }
    hasher.finish()
}

/// What an entry `abandoned` covers.
pub(super) fn abandoned(intention: i64) -> Digest {
    digest_of("zhengku abandoned 1", &[&intention.to_be_bytes()])
}

/// What an entry `opened` covers.
pub(super) fn opened(at: Moment) -> Digest {
    digest_of("zhengku opened 1", &[&at.unix_seconds().to_be_bytes()])
}

/// What an entry `shelved` covers: the rows of the version, its forms, holders and request.
///
/// `forms` and `holders` are in the order of their columns, so that the order they were handed in does not
/// matter.
pub(super) fn shelved(
    record: &VersionRecord,
    number_index: &Digest,
    holders: &[Digest],
    request: &RequestKey,
    intention: i64,
) -> Digest {
    let mut hasher = Fields::new("zhengku shelved 1");
    hasher.text(&record.id.to_string());
    hasher.field(&record.edition.to_be_bytes());
    hasher.text(&record.issued_on.to_string());
    hasher.text(&record.validity.from().to_string());
    hasher.text(&record.validity.to().map(|day| day.to_string()).unwrap_or_default());
    hasher.field(record.content_digest.as_bytes());
    hasher.field(&record.shelved_at.unix_seconds().to_be_bytes());
    for FormRecord { form, digest, size_bytes } in &record.forms {
        hasher.text(form.word());
        hasher.field(digest.as_bytes());
        hasher.field(&size_bytes.to_be_bytes());
    }
    // Versions of earlier releases have no such columns, and their entries cover none.
    if let Some(SealProtection { level, proven_at, holds_until }) = &record.sealed {
        hasher.text("sealed");
        hasher.text(level.word());
        let proven_at = proven_at.map(|at| at.unix_seconds().to_be_bytes());
        hasher.field(proven_at.as_ref().map_or(&[], |bytes| &bytes[..]));
        hasher.field(&holds_until.unix_seconds().to_be_bytes());
    }
    hasher.text("number");
    hasher.field(number_index.as_bytes());
    for holder in holders {
        hasher.text("holder");
        hasher.field(holder.as_bytes());
    }
    hasher.text("request");
    hasher.text(&request.client);
    hasher.text(&request.key);
    hasher.field(request.body.as_bytes());
    hasher.field(&intention.to_be_bytes());
    if let Some(SealedWith { seal, ecert }) = &record.sealed_with {
        hasher.text("sealed with");
        hasher.field(seal.as_bytes());
        hasher.field(ecert.as_bytes());
    }
    hasher.finish()
}

/// What an entry `copied` covers.
pub(super) fn copied(record: &CopyRecord, request: &RequestKey) -> Digest {
    digest_of(
        "zhengku copied 1",
        &[
            record.original.to_string().as_bytes(),
            record.number.as_str().as_bytes(),
            record.maker.word().as_bytes(),
            record.last_day.to_string().as_bytes(),
            record.purpose_index.as_bytes(),
            record.recipient_index.as_bytes(),
            record.file.digest.as_bytes(),
            &record.file.size_bytes.to_be_bytes(),
            request.client.as_bytes(),
            request.key.as_bytes(),
            request.body.as_bytes(),
            &record.made_at.unix_seconds().to_be_bytes(),
        ],
    )
}

/// What an entry `protected` covers.
pub(super) fn protected(id: &str, record: &ProtectionRecord) -> Digest {
    digest_of(
        "zhengku protected 1",
        &[
            id.as_bytes(),
            &record.number.to_be_bytes(),
            record.level.word().as_bytes(),
            record.suffix.digest.as_bytes(),
            &record.suffix.size_bytes.to_be_bytes(),
            record.whole_digest.as_bytes(),
            &record.whole_bytes.to_be_bytes(),
            &record.proven_at.unix_seconds().to_be_bytes(),
            &record.holds_until.unix_seconds().to_be_bytes(),
            &record.at.unix_seconds().to_be_bytes(),
        ],
    )
}

/// What an entry `standing_changed` covers.
pub(super) fn standing_changed(license: &str, change: &StandingChange) -> Digest {
    standing_changed_of(
        license,
        state_word(change.state),
        &change.since.to_string(),
        &change.ground,
        &change.client,
        change.at.unix_seconds(),
    )
}

/// As [`standing_changed`], from columns.
pub(super) fn standing_changed_of(
    license: &str,
    state: &str,
    since: &str,
    ground: &str,
    client: &str,
    at: i64,
) -> Digest {
    digest_of(
        "zhengku standing changed 1",
        &[
            license.as_bytes(),
            state.as_bytes(),
            since.as_bytes(),
            ground.as_bytes(),
            client.as_bytes(),
            &at.to_be_bytes(),
        ],
    )
}

/// What an entry `used` covers.
pub(super) fn used(id: &str, reader: &str, act: &str, at: i64) -> Digest {
    digest_of(
        "zhengku used 1",
        &[id.as_bytes(), reader.as_bytes(), act.as_bytes(), &at.to_be_bytes()],
    )
}

/// The word for a changed state in its column.
pub(super) fn state_word(state: ChangedState) -> &'static str {
    match state {
        ChangedState::Reinstated => "reinstated",
        ChangedState::Revoked(RevocationKind::Annulled) => "annulled",
        ChangedState::Revoked(RevocationKind::Deregistered) => "deregistered",
        ChangedState::Revoked(RevocationKind::Withdrawn) => "withdrawn",
        ChangedState::Suspended => "suspended",
    }
}

/// The changed state with this word.
pub(super) fn state_from_word(word: &str) -> Option<ChangedState> {
    match word {
        "reinstated" => Some(ChangedState::Reinstated),
        "annulled" => Some(ChangedState::Revoked(RevocationKind::Annulled)),
        "deregistered" => Some(ChangedState::Revoked(RevocationKind::Deregistered)),
        "withdrawn" => Some(ChangedState::Revoked(RevocationKind::Withdrawn)),
        "suspended" => Some(ChangedState::Suspended),
        _ => None,
    }
}

fn digest_of(subject: &str, fields: &[&[u8]]) -> Digest {
    let mut hasher = Fields::new(subject);
    for field in fields {
        hasher.field(field);
    }
    hasher.finish()
}

/// Hashes fields with their lengths, so that no two lists of fields run into the same bytes.
struct Fields(Hasher);

impl Fields {
    fn new(subject: &str) -> Self {
        let mut fields = Self(Hasher::new());
        fields.text(subject);
        fields
    }

    fn text(&mut self, text: &str) {
        self.field(text.as_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        // A field is a column of at most a few kilobytes, so the length always fits.
        self.0.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
    }

    fn finish(self) -> Digest {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_run_together_differently_have_different_digests() {
        assert_ne!(digest_of("a", &[b"bc", b""]), digest_of("a", &[b"b", b"c"]));
        assert_ne!(digest_of("a", &[b"bc"]), digest_of("ab", &[b"c"]));
    }

    #[test]
    fn every_part_of_an_entry_changes_its_hash() {
        let (details, other) = (Digest::of(b"d"), Digest::of(b"e"));
        let line = Line {
            at: 1,
            act: "shelved",
            subject: "s",
            client: "c",
            intention: Some(1),
            details: &details,
        };
        let first = line.hash(2, &before_first());
        for (part, hash) in [
            ("at", Line { at: 2, ..line }.hash(2, &before_first())),
            ("act", Line { act: "used", ..line }.hash(2, &before_first())),
            ("subject", Line { subject: "", ..line }.hash(2, &before_first())),
            ("client", Line { client: "", ..line }.hash(2, &before_first())),
            ("intention", Line { intention: None, ..line }.hash(2, &before_first())),
            ("details", Line { details: &other, ..line }.hash(2, &before_first())),
            ("place", line.hash(3, &before_first())),
            ("entry before", line.hash(2, &other)),
        ] {
            assert_ne!(hash, first, "{part}");
        }
    }

    #[test]
    fn every_state_is_read_back_from_its_word() {
        for state in [
            ChangedState::Reinstated,
            ChangedState::Revoked(RevocationKind::Annulled),
            ChangedState::Revoked(RevocationKind::Deregistered),
            ChangedState::Revoked(RevocationKind::Withdrawn),
            ChangedState::Suspended,
        ] {
            assert_eq!(state_from_word(state_word(state)), Some(state));
        }
    }
}
