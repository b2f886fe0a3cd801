//! The books' part on protections: one is entered if it follows the newest of its version.

use serde_json::json;

use crate::domain::LicenseId;
use crate::service::error::Fault;
use crate::service::ports::{Form, ProtectError, ProtectionRecord};

use super::books::Books;
use super::journal::{self, Act, Line};

/// Most protections of one version; the column holds it too. One a year would last a thousand years.
const MAX_PROTECTIONS: u16 = 999;

/// What the tables know of a version that is to be protected.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownVersion {
    /// Its row.
    pub(super) row: i64,
    /// Size of its sealed PDF.
    pub(super) sealed_bytes: u64,
    /// The number of its newest protection; 0 where it has none.
    pub(super) newest: u16,
}

/// A protection without its bytes, which are staged already.
#[derive(Debug)]
pub(super) struct ProtectionRow {
    pub(super) id: LicenseId,
    pub(super) record: ProtectionRecord,
}

impl Books<'_> {
    /// Notes what the tables hold of a version.
    pub(super) fn note_version(&mut self, id: &LicenseId, known: KnownVersion) {
        self.versions.insert(id.clone(), known);
    }

    /// Enters a protection.
    pub(super) fn protect(&mut self, row: &ProtectionRow) -> Result<(), ProtectError> {
        let ProtectionRow { id, record } = row;
        let known = self.versions.get_mut(id).ok_or_else(no_such_version)?;
        follows(record, known.newest, known.sealed_bytes)?;
        known.newest = record.number;
        let version = known.row;
        let (id, at) = (id.to_string(), record.at.unix_seconds());
        let entry = self.enter(&Line {
            at,
            act: Act::Protected.word(),
            subject: &id,
            client: "",
            intention: None,
            details: &journal::protected(&id, record),
        });
        self.rows.protections.push(json!([
            entry,
            version,
            record.number,
            record.level.word(),
            record.suffix.digest.to_string(),
            record.suffix.size_bytes,
            record.whole_digest.to_string(),
            record.whole_bytes,
            record.proven_at.unix_seconds(),
            record.holds_until.unix_seconds(),
            at,
        ]));
        Ok(())
    }
}

pub(super) fn no_such_version() -> Fault {
    Fault::new("vault.protect", "there is no such version")
}

/// Holds that a protection is the next one of a version whose newest is `newest`.
pub(super) fn follows(
    record: &ProtectionRecord,
    newest: u16,
    sealed_bytes: u64,
) -> Result<(), ProtectError> {
    if record.number != newest + 1 {
        return Err(ProtectError::Moved { newest });
    }
    let suffix = &record.suffix;
    let whole_at_least = sealed_bytes.saturating_add(suffix.size_bytes);
    if suffix.form != Form::PdfRevision
        || suffix.size_bytes == 0
        || record.whole_bytes < whole_at_least
        || record.number > MAX_PROTECTIONS
    {
        return Err(Fault::new("vault.protect", "a protection of this form cannot be kept").into());
    }
    Ok(())
}
