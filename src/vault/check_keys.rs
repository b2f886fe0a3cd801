//! The keys' part of a check: every intention names the keys it was to use, and its entry covers them.
//!
//! Which keys a *version* was sealed with is covered by its own entry and held by `check_rows`.

use sqlx::SqliteConnection;

use crate::service::error::Fault;
use crate::service::ports::KeyId;

use super::check::{CheckReport, unread};
use super::fault::digest_column;
use super::journal;

/// Rows taken at a time. Our own bound.
const PAGE: i64 = 4_096;

type UseRow = (i64, Vec<u8>, i64, Vec<u8>, Option<String>, Option<Vec<u8>>);

/// The uses of one intention, as far as they have been read.
#[derive(Default)]
struct Uses {
    entry: i64,
    keys: Vec<(KeyId, u32)>,
    rests: Vec<Vec<u8>>,
    details: Vec<u8>,
    damaged: bool,
}

/// Holds every row of `key_uses` against its entry, and looks for intentions without one.
pub(super) async fn key_uses(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    const USES: &str = "\
select uses.entry, uses.key_id, uses.signatures, uses.rest, entry.act, entry.details
from key_uses as uses left join journal as entry on entry.seq = uses.entry
where (uses.entry, uses.key_id) > (?1, ?2) order by uses.entry, uses.key_id limit ?3";
    let (mut last, mut last_key) = (0, Vec::new());
    let mut uses = Uses::default();
    loop {
        let page: Vec<UseRow> = sqlx::query_as(USES)
            .bind(last)
            .bind(&last_key)
            .bind(PAGE)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        let Some(end) = page.last() else { break };
        (last, last_key) = (end.0, end.1.clone());
        for row in page {
            if row.0 != uses.entry {
                hold(&uses, report);
                uses = Uses { entry: row.0, ..Uses::default() };
            }
            uses.take(row);
        }
    }
    hold(&uses, report);

    // Since the first intention that names its keys, all do.
    const UNTOLD: &str = "\
select entry.seq, entry.subject from journal as entry
where entry.act = 'intended' and entry.seq > (select min(entry) from key_uses)
  and not exists (select 1 from key_uses as uses where uses.entry = entry.seq)";
    let untold: Vec<(i64, String)> =
        sqlx::query_as(UNTOLD).fetch_all(&mut *snapshot).await.map_err(unread)?;
    for (seq, subject) in untold {
        report.add("vault.row_missing", format!("entry {seq} of the journal: {subject}"));
    }
    Ok(())
}

impl Uses {
    fn take(&mut self, (_, key, signatures, rest, act, details): UseRow) {
        match (digest_column(&key), u32::try_from(signatures)) {
            (Ok(key), Ok(signatures)) => self.keys.push((key, signatures)),
            _ => self.damaged = true,
        }
        self.damaged |= act.as_deref() != Some("intended");
        self.details = details.unwrap_or_default();
        self.rests.push(rest);
    }
}

/// Whether the uses of one intention are what its entry covers.
fn hold(uses: &Uses, report: &mut CheckReport) {
    let Some((first, others)) = uses.rests.split_first() else { return };
    let covered = digest_column(first).map(|rest| journal::intended_uses(&rest, &uses.keys));
    let agrees = !uses.damaged
        && others.iter().all(|rest| rest == first)
        && covered.is_ok_and(|covered| covered.as_bytes()[..] == uses.details[..]);
    if !agrees {
        report.add("vault.row_damaged", format!("key_uses, entry {}", uses.entry));
    }
}
