//! The part of a check that is about protections: every row is as its entry says, and in turn.

use sqlx::SqliteConnection;

use crate::domain::LicenseId;
use crate::service::error::Fault;
use crate::service::ports::{Form, FormRecord, ProtectionRecord};

use super::check::{CheckReport, unread};
use super::fault::{digest_column, id_column};
use super::journal;
use super::shelf_protect::{ProtectionRow, protection};

/// A sealed PDF with what was appended to it.
#[derive(Debug)]
pub(super) struct ProtectedFile {
    /// The version.
    pub(super) id: LicenseId,
    /// Its sealed bytes.
    pub(super) sealed: FormRecord,
    /// Its protections, in order.
    pub(super) protections: Vec<ProtectionRecord>,
}

const PROTECTIONS: &str = "\
select protection.number, protection.level, protection.suffix_digest, protection.suffix_bytes,
  protection.whole_digest, protection.whole_bytes, protection.proven_at, protection.holds_until,
  protection.at
from protections as protection
where protection.version > ?1 and protection.version <= ?2
order by protection.version, protection.number";

const ENTRIES: &str = "\
select protection.entry, version.license_id, form.digest, form.size_bytes,
  entry.act, entry.subject, entry.client, entry.at, entry.details
from protections as protection
left join versions as version on version.id = protection.version
left join forms as form on form.version = protection.version and form.form = 'pdf'
left join journal as entry on entry.seq = protection.entry
where protection.version > ?1 and protection.version <= ?2
order by protection.version, protection.number";

type Entry = (
    i64,
    Option<String>,
    Option<Vec<u8>>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<Vec<u8>>,
);

/// Holds the protections of some versions (by row: above the first number, up to the second) against their
/// entries, and gives the files they make.
pub(super) async fn of(
    snapshot: &mut SqliteConnection,
    (above, up_to): (i64, i64),
    report: &mut CheckReport,
) -> Result<Vec<ProtectedFile>, Fault> {
    // Two questions in the same order, within one transaction: the rows belong together by place.
    let rows: Vec<ProtectionRow> = sqlx::query_as(PROTECTIONS)
        .bind(above)
        .bind(up_to)
        .fetch_all(&mut *snapshot)
        .await
        .map_err(unread)?;
    let entries: Vec<Entry> = sqlx::query_as(ENTRIES)
        .bind(above)
        .bind(up_to)
        .fetch_all(&mut *snapshot)
        .await
        .map_err(unread)?;
    let mut files: Vec<ProtectedFile> = Vec::new();
    for (row, entry) in rows.into_iter().zip(entries) {
        let agrees = match read(row, &entry) {
            Some((id, sealed, record, agrees)) => {
                match files.last_mut() {
                    Some(file) if file.id == id => file.protections.push(record),
                    _ => files.push(ProtectedFile { id, sealed, protections: vec![record] }),
                }
                agrees
            }
            None => false,
        };
        if !agrees {
            report.add("vault.row_damaged", format!("protections, entry {}", entry.0));
        }
    }
    for file in &files {
        if !in_turn(&file.protections) {
            report.add("vault.protection_gap", file.id.to_string());
        }
    }
    Ok(files)
}

fn in_turn(protections: &[ProtectionRecord]) -> bool {
    protections.iter().zip(1..).all(|(record, number)| record.number == number)
}

/// What a row says, and whether its entry in the journal covers it; `None` where a column cannot be read, which
/// no writer of ours leaves.
fn read(
    row: ProtectionRow,
    entry: &Entry,
) -> Option<(LicenseId, FormRecord, ProtectionRecord, bool)> {
    let (_, id_text, digest, size, act, subject, client, at, details) = entry;
    let record = protection(row).ok()?;
    let id_text = id_text.as_deref()?;
    let covered = journal::protected(id_text, &record);
    let agrees = act.as_deref() == Some("protected")
        && subject.as_deref() == Some(id_text)
        && client.as_deref() == Some("")
        && *at == Some(record.at.unix_seconds())
        && details.as_deref() == Some(&covered.as_bytes()[..]);
    let sealed = FormRecord {
        form: Form::SealedPdf,
        digest: digest_column(digest.as_deref()?).ok()?,
        size_bytes: u64::try_from((*size)?).ok()?,
    };
    Some((id_column(id_text).ok()?, sealed, record, agrees))
}
