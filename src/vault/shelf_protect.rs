//! Reading protections: those of a version, and which versions want more.

use crate::domain::{Level, LicenseId, Moment};
use crate::service::error::Fault;
use crate::service::ports::{DuePage, DueQuestion, DueVersion, Form, FormRecord, ProtectionRecord};

use super::fault::{damaged, digest_column, id_column};
use super::shelf::{Shelf, unread};

/// Versions looked at for one answer on what is due. Our own bound: a few milliseconds of a reader.
const WINDOW: i64 = 4_096;

const PROTECTIONS: &str = "\
select protection.number, protection.level, protection.suffix_digest, protection.suffix_bytes,
  protection.whole_digest, protection.whole_bytes, protection.proven_at, protection.holds_until,
  protection.at
from licenses as license
join versions as version on version.license = license.id and version.version = ?4
join protections as protection on protection.version = version.id
where license.type_code = ?1 and license.authority = ?2 and license.serial = ?3
order by protection.number";

// The newest protection of a version says what it has; where there is none, its own columns; where those are
// null, it is B-B and nobody has written down until when.
const DUE: &str = "\
select license_id, level, holds_until from (
  select version.id, version.license_id,
    coalesce(protection.level, version.sealed_level, 'B-B') as level,
    coalesce(protection.holds_until, version.sealed_until) as holds_until
  from versions as version
  left join protections as protection
    on protection.version = version.id
    and protection.number = (
      select max(newest.number) from protections as newest where newest.version = version.id)
  where version.id > ?1 and version.id <= ?2)
where level in (select value from json_each(?3)) or holds_until < ?4
order by id";

const LAST: &str = "select coalesce(max(id), 0) from versions";

/// A row of `protections`, without its entry and its version.
pub(super) type ProtectionRow = (i64, String, Vec<u8>, i64, Vec<u8>, i64, i64, i64, i64);

/// The record in a row.
pub(super) fn protection(row: ProtectionRow) -> Result<ProtectionRecord, Fault> {
    let (number, level, digest, size, whole, whole_size, proven_at, until, at) = row;
    let bytes = |bytes| u64::try_from(bytes).map_err(|_| damaged("a negative size"));
    Ok(ProtectionRecord {
        number: u16::try_from(number).map_err(|_| damaged("an odd number"))?,
        level: Level::from_word(&level).ok_or_else(|| damaged("an unknown level"))?,
        suffix: FormRecord {
            form: Form::PdfRevision,
            digest: digest_column(&digest)?,
            size_bytes: bytes(size)?,
        },
        whole_digest: digest_column(&whole)?,
        whole_bytes: bytes(whole_size)?,
        proven_at: Moment::from_unix_seconds(proven_at),
        holds_until: Moment::from_unix_seconds(until),
        at: Moment::from_unix_seconds(at),
    })
}

impl Shelf {
    /// The protections of a version, in order.
    pub(super) async fn protections(&self, id: &LicenseId) -> Result<Vec<ProtectionRecord>, Fault> {
        let rows: Vec<ProtectionRow> = sqlx::query_as(PROTECTIONS)
            .bind(id.key().type_code().as_str())
            .bind(id.key().authority())
            .bind(id.key().serial())
            .bind(id.version().number())
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        rows.into_iter().map(protection).collect()
    }

    /// Which of the next versions want more protection.
    pub(super) async fn due(&self, question: &DueQuestion) -> Result<DuePage, Fault> {
        let after = i64::try_from(question.after).unwrap_or(i64::MAX);
        let window_end = after.saturating_add(WINDOW);
        let below = Level::ALL.into_iter().filter(|level| *level < question.keep);
        let below: Vec<&str> = below.map(Level::word).collect();
        let below =
            serde_json::to_string(&below).map_err(|error| Fault::new("vault.due", error))?;
        // Asked first: what is shelved after it is found by the next round.
        let (last,): (i64,) = sqlx::query_as(LAST).fetch_one(&self.0).await.map_err(unread)?;
        let end = window_end.min(last).max(after);
        let rows: Vec<(String, String, Option<i64>)> = sqlx::query_as(DUE)
            .bind(after)
            .bind(end)
            .bind(below)
            .bind(question.before.unix_seconds())
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        let due = rows.into_iter().map(|(id, level, until)| {
            Ok(DueVersion {
                id: id_column(&id)?,
                level: Level::from_word(&level).ok_or_else(|| damaged("an unknown level"))?,
                holds_until: until.map(Moment::from_unix_seconds),
            })
        });
        let due = due.collect::<Result<_, Fault>>()?;
        Ok(DuePage { due, end: u64::try_from(end).unwrap_or_default(), more: end < last })
    }
}
