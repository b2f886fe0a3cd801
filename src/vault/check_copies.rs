//! The part of a check that is about annotated copies: every row is as its entry says, and its file is there.

use sqlx::{Row, SqliteConnection};

use crate::domain::LicenseId;
use crate::service::error::Fault;
use crate::service::ports::{FormRecord, RequestKey};

use super::check::{CheckReport, unread};
use super::check_objects::ObjectCheck;
use super::fault::digest_column;
use super::journal;
use super::shelf_copies::{CopyColumns, copy};

/// Rows taken at a time. Our own bound.
const PAGE: i64 = 512;

const COPIES: &str = "\
select copy.entry, version.license_id, copy.number, copy.maker, copy.last_day, copy.purpose_index,
  copy.recipient_index, copy.digest, copy.size_bytes, copy.at,
  copy.client, copy.key, copy.body,
  entry.act, entry.subject, entry.client as entry_client, entry.at as entry_at, entry.details
from annotated_copies as copy
left join versions as version on version.id = copy.version
left join journal as entry on entry.seq = copy.entry
where copy.entry > ?1 order by copy.entry limit ?2";

/// Holds every copy against its entry in the journal, and has its file re-read.
pub(super) async fn copies(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
    objects: &mut ObjectCheck,
) -> Result<(), Fault> {
    let mut last = 0;
    loop {
        let page = sqlx::query(COPIES)
            .bind(last)
            .bind(PAGE)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        if page.is_empty() {
            return Ok(());
        }
        let mut to_read: Vec<(LicenseId, FormRecord)> = Vec::with_capacity(page.len());
        for row in &page {
            last = row.try_get("entry").map_err(unread)?;
            let agrees = match agrees(row) {
                Ok((id, file, agrees)) => {
                    to_read.push((id, file));
                    agrees
                }
                Err(_) => false,
            };
            if !agrees {
                report.add("vault.row_damaged", format!("annotated_copies, entry {last}"));
            }
        }
        objects.read(to_read, report).await?;
    }
}

/// Original and file of a row, and whether its entry covers the row. An error is a column that cannot be read,
/// which no writer of ours leaves.
fn agrees(row: &sqlx::sqlite::SqliteRow) -> Result<(LicenseId, FormRecord, bool), Fault> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(unread);
    let number = |column: &str| row.try_get::<i64, _>(column).map_err(unread);
    let bytes = |column: &str| row.try_get::<Vec<u8>, _>(column).map_err(unread);
    let columns: CopyColumns = (
        text("license_id")?,
        text("number")?,
        text("maker")?,
        text("last_day")?,
        bytes("purpose_index")?,
        bytes("recipient_index")?,
        bytes("digest")?,
        number("size_bytes")?,
        number("at")?,
    );
    let record = copy(columns)?;
    let request = RequestKey {
        client: text("client")?,
        key: text("key")?,
        body: digest_column(&bytes("body")?)?,
    };
    let covered = journal::copied(&record, &request);
    let agrees = text("act")? == "copied"
        && text("subject")? == record.original.to_string()
        && text("entry_client")? == request.client
        && number("entry_at")? == record.made_at.unix_seconds()
        && digest_column(&bytes("details")?)? == covered;
    Ok((record.original, record.file, agrees))
}
