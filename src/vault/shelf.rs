//! Reading the shelf (版本库): versions, holders, numbers, requests, standings.
//!
//! Every question is one statement, so it sees one state of the tables, with all forms of a version or none.
//! The readers never wait for the writer.

use sqlx::SqlitePool;

use crate::crypto::Digest;
use crate::domain::{Day, Level, LicenseId, LicenseKey, LicenseTypeCode, Moment, Validity};
use crate::service::error::Fault;
use crate::service::ports::{
    Form, FormRecord, SealProtection, StandingChange, VaultCount, VersionRecord,
};

use super::fault::{damaged, digest_column, from_sqlite, id_column};
use super::journal::state_from_word;
use super::shelf_keys::sealed_with_columns;

/// The columns of versions and their forms; the rest of the statement says which. PDF first.
macro_rules! versions_where {
    ($which:literal) => {
        concat!(
            "select version.id, version.license_id, version.edition, version.issued_on, ",
            "version.valid_from, version.valid_to, version.content_digest, version.shelved_at, ",
            "version.sealed_level, version.sealed_proven_at, version.sealed_until, ",
            "form.form, form.digest, form.size_bytes, keys.seal_key, keys.ecert_key ",
            "from versions as version join forms as form on form.version = version.id ",
            "left join sealed_with as keys on keys.version = version.id ",
            $which
        )
    };
}

pub(super) use versions_where;

const HEAD: &str = versions_where!(
    "where version.id = (
       select newest.id from licenses as license
       join versions as newest on newest.license = license.id
       where license.type_code = ?1 and license.authority = ?2 and license.serial = ?3
       order by newest.version desc limit 1)
     order by form.form desc"
);

const FIND: &str = versions_where!(
    "where version.id = (
       select wanted.id from licenses as license
       join versions as wanted on wanted.license = license.id
       where license.type_code = ?1 and license.authority = ?2 and license.serial = ?3
         and wanted.version = ?4)
     order by form.form desc"
);

const HELD_BY: &str = versions_where!(
    "where version.id in (
       select held.id from holders as holder
       join versions as held on held.id = holder.version
       where holder.holder_index = ?1
         and held.version = (
           select max(newest.version) from versions as newest where newest.license = held.license))
     order by version.license_id, form.form desc"
);

const HOLDS: &str = "\
select exists (
  select 1 from holders as holder
  where holder.holder_index = ?4
    and holder.version = (
      select newest.id from licenses as license
      join versions as newest on newest.license = license.id
      where license.type_code = ?1 and license.authority = ?2 and license.serial = ?3
      order by newest.version desc limit 1))";

const ANSWERED: &str = "\
select request.body, version.license_id
from requests as request join versions as version on version.id = request.version
where request.client = ?1 and request.key = ?2";

const BY_NUMBER: &str = "\
select newest.license_id
from numbers as number join versions as newest on newest.license = number.license
where number.type_code = ?1 and number.authority = ?2 and number.number_index = ?3
order by newest.version desc limit 1";

const STANDING_CHANGES: &str = "\
select change.state, change.since, change.ground, change.client, change.at
from licenses as license join standing_changes as change on change.license = license.id
where license.type_code = ?1 and license.authority = ?2 and license.serial = ?3
order by change.entry";

const CHANGED: &str = "\
select id, (select license_id from versions where license = licenses.id order by version desc limit 1)
from licenses where id > ?1 and (exists (select 1 from standing_changes where license = licenses.id)
  or exists (select 1 from versions where license = licenses.id and version > 1))
order by id limit ?2";

// Ids are given without a gap, so the last one is the count, and no table of millions has to be walked.
const COUNT: &str = "\
select (select coalesce(max(id), 0) from licenses), (select coalesce(max(id), 0) from versions)";

/// One version in one form; a version comes in as many rows as it has forms.
pub(super) type VersionRow = (
    i64,
    String,
    i64,
    String,
    String,
    Option<String>,
    Vec<u8>,
    i64,
    Option<String>,
    Option<i64>,
    Option<i64>,
    String,
    Vec<u8>,
    i64,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
);

/// A few connections that only read.
#[derive(Clone, Debug)]
pub(super) struct Shelf(pub(super) SqlitePool);

impl Shelf {
    /// The newest version of a license.
    pub(super) async fn head(&self, license: &LicenseKey) -> Result<Option<VersionRecord>, Fault> {
        let rows = sqlx::query_as(HEAD)
            .bind(license.type_code().as_str())
            .bind(license.authority())
            .bind(license.serial())
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        Ok(versions(rows)?.pop())
    }

    /// The version with this id.
    pub(super) async fn find(&self, id: &LicenseId) -> Result<Option<VersionRecord>, Fault> {
        let rows = sqlx::query_as(FIND)
            .bind(id.key().type_code().as_str())
            .bind(id.key().authority())
            .bind(id.key().serial())
            .bind(id.version().number())
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        Ok(versions(rows)?.pop())
    }

    /// The newest versions that name a holder.
    pub(super) async fn held_by(&self, holder: &Digest) -> Result<Vec<VersionRecord>, Fault> {
        let rows = sqlx::query_as(HELD_BY)
            .bind(&holder.as_bytes()[..])
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        versions(rows)
    }

    /// Whether the newest version of a license names a holder.
    pub(super) async fn holds(&self, holder: &Digest, license: &LicenseKey) -> Result<bool, Fault> {
        let (held,): (i64,) = sqlx::query_as(HOLDS)
            .bind(license.type_code().as_str())
            .bind(license.authority())
            .bind(license.serial())
            .bind(&holder.as_bytes()[..])
            .fetch_one(&self.0)
            .await
            .map_err(unread)?;
        Ok(held == 1)
    }

    /// What a request has made.
    pub(super) async fn answered(
        &self,
        client: &str,
        key: &str,
    ) -> Result<Option<(Digest, LicenseId)>, Fault> {
        let row: Option<(Vec<u8>, String)> = sqlx::query_as(ANSWERED)
            .bind(client)
            .bind(key)
            .fetch_optional(&self.0)
            .await
            .map_err(unread)?;
        row.map(|(body, id)| Ok((digest_column(&body)?, id_column(&id)?))).transpose()
    }

    /// The newest version of the license with a number.
    pub(super) async fn by_number(
        &self,
        type_code: &LicenseTypeCode,
        authority: &str,
        number: &Digest,
    ) -> Result<Option<LicenseId>, Fault> {
        let row: Option<(String,)> = sqlx::query_as(BY_NUMBER)
            .bind(type_code.as_str())
            .bind(authority)
            .bind(&number.as_bytes()[..])
            .fetch_optional(&self.0)
            .await
            .map_err(unread)?;
        row.map(|(id,)| id_column(&id)).transpose()
    }

    /// All changes of a license's standing, oldest first.
    pub(super) async fn standing_changes(
        &self,
        license: &LicenseKey,
    ) -> Result<Vec<StandingChange>, Fault> {
        let rows: Vec<(String, String, String, String, i64)> = sqlx::query_as(STANDING_CHANGES)
            .bind(license.type_code().as_str())
            .bind(license.authority())
            .bind(license.serial())
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        rows.into_iter()
            .map(|(state, since, ground, client, at)| {
                let state = state_from_word(&state).ok_or_else(|| damaged("an unknown state"))?;
                let (license, since) = (license.clone(), day_column(&since)?);
                let at = Moment::from_unix_seconds(at);
                Ok(StandingChange { license, state, since, ground, client, at })
            })
            .collect()
    }

    /// Licenses whose standing was changed or that have a later version, behind a place.
    pub(super) async fn changed(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, LicenseId)>, Fault> {
        // No place is behind the largest number there is.
        let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
        let rows: Vec<(i64, String)> = sqlx::query_as(CHANGED)
            .bind(after)
            .bind(limit)
            .fetch_all(&self.0)
            .await
            .map_err(unread)?;
        let read = |(place, newest): (i64, String)| {
            let place = u64::try_from(place).map_err(|_| damaged("a negative id"))?;
            Ok((place, id_column(&newest)?))
        };
        rows.into_iter().map(read).collect()
    }

    /// How many licenses and versions there are.
    pub(super) async fn count(&self) -> Result<VaultCount, Fault> {
        let (licenses, versions): (i64, i64) =
            sqlx::query_as(COUNT).fetch_one(&self.0).await.map_err(unread)?;
        let count = |number| u64::try_from(number).map_err(|_| damaged("a negative id"));
        Ok(VaultCount { licenses: count(licenses)?, versions: count(versions)? })
    }
}

/// Versions from rows that are in order of version.
pub(super) fn versions(rows: Vec<VersionRow>) -> Result<Vec<VersionRecord>, Fault> {
    let mut versions: Vec<VersionRecord> = Vec::new();
    let mut last = None;
    for row in rows {
        let (id, license_id, edition, issued_on, from, to, content, at, ..) = row;
        let (.., level, proven_at, until, form, digest, size, seal_key, ecert_key) = row;
        let form = FormRecord {
            form: Form::from_word(&form).ok_or_else(|| damaged("an unknown form"))?,
            digest: digest_column(&digest)?,
            size_bytes: u64::try_from(size).map_err(|_| damaged("a negative size"))?,
        };
        match versions.last_mut() {
            Some(version) if last == Some(id) => version.forms.push(form),
            _ => {
                last = Some(id);
                let to = to.as_deref().map(day_column).transpose()?;
                versions.push(VersionRecord {
                    id: id_column(&license_id)?,
                    edition: u32::try_from(edition).map_err(|_| damaged("an odd edition"))?,
                    issued_on: day_column(&issued_on)?,
                    validity: Validity::new(day_column(&from)?, to)
                        .map_err(|_| damaged("a validity that ends before it begins"))?,
                    content_digest: digest_column(&content)?,
                    forms: vec![form],
                    sealed: sealed_columns(level.as_deref(), proven_at, until)?,
                    shelved_at: Moment::from_unix_seconds(at),
                    sealed_with: sealed_with_columns(seal_key, ecert_key)?,
                });
            }
        }
    }
    Ok(versions)
}

/// How well a PDF was protected when it was shelved, from its three columns.
pub(super) fn sealed_columns(
    level: Option<&str>,
    proven_at: Option<i64>,
    until: Option<i64>,
) -> Result<Option<SealProtection>, Fault> {
    match (level, until) {
        (None, None) if proven_at.is_none() => Ok(None),
        (Some(level), Some(until)) => Ok(Some(SealProtection {
            level: Level::from_word(level).ok_or_else(|| damaged("an unknown level"))?,
            proven_at: proven_at.map(Moment::from_unix_seconds),
            holds_until: Moment::from_unix_seconds(until),
        })),
        _ => Err(damaged("half of a protection")),
    }
}

/// A day from its column.
pub(super) fn day_column(text: &str) -> Result<Day, Fault> {
    text.parse().map_err(|_| damaged("a column is not a day"))
}

/// A question of a reader that SQLite could not answer.
pub(super) fn unread(error: sqlx::Error) -> Fault {
    from_sqlite("vault.read", &error)
}
