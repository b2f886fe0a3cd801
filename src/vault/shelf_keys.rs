//! The shelf by sealing key: which versions hang on a key, and how often it was to be used.

use crate::crypto::Digest;
use crate::service::error::Fault;
use crate::service::ports::{KeyId, SealedWith, VersionRecord};

use super::fault::{damaged, digest_column, from_sqlite};
use super::shelf::{Shelf, VersionRow, versions, versions_where};

/// How many signatures each key was to make.
pub(super) const KEY_USES: &str =
    "select key_id, sum(signatures) from key_uses group by key_id order by key_id";

// The keys of a version are written down since migration 3 and in order of shelving, so those without come before
// the first that has them, and no walk over all versions is needed.
const SEALED_WITH: &str = versions_where!(
    "where version.id in (
       select version from (
         select version from sealed_with where seal_key = ?1 and version > ?2
         union
         select version from sealed_with where ecert_key = ?1 and version > ?2
         union
         select id as version from versions
         where id > ?2
           and id < coalesce((select min(version) from sealed_with), 9223372036854775807))
       order by version limit ?3)
     order by version.id, form.form desc"
);

impl Shelf {
    /// How many signatures each key was to make.
    pub(super) async fn key_uses(&self) -> Result<Vec<(KeyId, u64)>, Fault> {
        let rows: Vec<(Vec<u8>, i64)> =
            sqlx::query_as(KEY_USES).fetch_all(&self.0).await.map_err(unread)?;
        let uses = |uses| u64::try_from(uses).map_err(|_| damaged("a negative count"));
        rows.into_iter().map(|(key, count)| Ok((digest_column(&key)?, uses(count)?))).collect()
    }

    /// Versions sealed with a key, and those whose key is not written down, with their places.
    pub(super) async fn sealed_with(
        &self,
        key: &KeyId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, VersionRecord)>, Fault> {
        // A place beyond the last row there can be is behind every version.
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows: Vec<VersionRow> = sqlx::query_as(SEALED_WITH)
            .bind(&key.as_bytes()[..])
            .bind(after)
            .bind(limit)
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        let mut places: Vec<i64> = rows.iter().map(|row| row.0).collect();
        places.dedup();
        let place = |place| u64::try_from(place).map_err(|_| damaged("a negative id"));
        places
            .into_iter()
            .zip(versions(rows)?)
            .map(|(row, record)| Ok((place(row)?, record)))
            .collect()
    }
}

/// The keys of a version from their columns, both null where it has none.
pub(super) fn sealed_with_columns(
    seal: Option<Vec<u8>>,
    ecert: Option<Vec<u8>>,
) -> Result<Option<SealedWith>, Fault> {
    let key = |column: Option<Vec<u8>>| -> Result<Option<Digest>, Fault> {
        column.as_deref().map(digest_column).transpose()
    };
    match (key(seal)?, key(ecert)?) {
        (Some(seal), Some(ecert)) => Ok(Some(SealedWith { seal, ecert })),
        (None, None) => Ok(None),
        _ => Err(damaged("half of the keys of a version")),
    }
}

fn unread(error: sqlx::Error) -> Fault {
    from_sqlite("vault.read", &error)
}
