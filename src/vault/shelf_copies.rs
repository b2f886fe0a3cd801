//! Reading annotated copies: by their number, and by the request that made them.

use crate::crypto::Digest;
use crate::domain::{CopyMaker, CopyNumber, Moment};
use crate::service::error::Fault;
use crate::service::ports::{CopyRecord, Form, FormRecord};

use super::fault::{damaged, digest_column, id_column};
use super::shelf::{Shelf, day_column, unread};

const FIND: &str = "\
select version.license_id, copy.number, copy.maker, copy.last_day, copy.purpose_index,
  copy.recipient_index, copy.digest, copy.size_bytes, copy.at
from annotated_copies as copy join versions as version on version.id = copy.version
where copy.number = ?1";

const ANSWERED: &str = "\
select body, number from annotated_copies where client = ?1 and key = ?2";

/// A row of `annotated_copies` with the id of its original, without its request.
pub(super) type CopyColumns = (String, String, String, String, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64);

/// The record in a row.
pub(super) fn copy(row: CopyColumns) -> Result<CopyRecord, Fault> {
    let (id, number, maker, last_day, purpose, recipient, digest, size, at) = row;
    Ok(CopyRecord {
        original: id_column(&id)?,
        number: number_column(&number)?,
        maker: CopyMaker::from_word(&maker).ok_or_else(|| damaged("an unknown maker"))?,
        last_day: day_column(&last_day)?,
        purpose_index: digest_column(&purpose)?,
        recipient_index: digest_column(&recipient)?,
        file: FormRecord {
            form: Form::AnnotatedCopy,
            digest: digest_column(&digest)?,
            size_bytes: u64::try_from(size).map_err(|_| damaged("a negative size"))?,
        },
        made_at: Moment::from_unix_seconds(at),
    })
}

/// The number of a copy from its column.
pub(super) fn number_column(text: &str) -> Result<CopyNumber, Fault> {
    text.parse().map_err(|_| damaged("a column is not the number of a copy"))
}

impl Shelf {
    /// The copy with this number.
    pub(super) async fn find_copy(&self, number: &CopyNumber) -> Result<Option<CopyRecord>, Fault> {
        let row: Option<CopyColumns> = sqlx::query_as(FIND)
            .bind(number.as_str())
            .fetch_optional(&self.0)
            .await
            .map_err(unread)?;
        row.map(copy).transpose()
    }

    /// What a request for a copy has made.
    pub(super) async fn copy_answered(
        &self,
        client: &str,
        key: &str,
    ) -> Result<Option<(Digest, CopyNumber)>, Fault> {
        let row: Option<(Vec<u8>, String)> = sqlx::query_as(ANSWERED)
            .bind(client)
            .bind(key)
            .fetch_optional(&self.0)
            .await
            .map_err(unread)?;
        row.map(|(body, number)| Ok((digest_column(&body)?, number_column(&number)?))).transpose()
    }
}
