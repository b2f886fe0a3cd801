//! Checking a data folder from end to end: is everything there, and is everything as it was written?
//!
//! Rows are held against the journal, the journal against itself, objects against their digests, and the
//! folder against the rows. A check reads and never writes: it runs beside a server, on the state of the moment
//! at which it began; what lies in staging is then on its way and is not looked at.
//!
//! LIMIT: a vault cut back to an earlier state of itself, journal and all, is whole. See `journal`.
//! LIMIT: beside a busy server SQLite's log grows for as long as the check takes.

use std::path::Path;

use sqlx::SqliteConnection;

use crate::service::error::Fault;

use super::check_copies;
use super::check_keys;
use super::check_objects::ObjectCheck;
use super::check_rows;
use super::fault::from_sqlite;
use super::objects::Objects;
use super::open::{OpenError, Reading, SCHEMA};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Versions that were re-read.
    pub versions: u64,
    /// Objects that were found in order.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Everything that is not as it should be; empty for a whole vault.
    pub faults: Vec<CheckFault>,
}

impl CheckReport {
    /// Whether nothing is amiss.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn add(&mut self, code: &'static str, place: impl Into<String>) {
        self.faults.push(CheckFault { code, place: place.into() });
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFault {
    /// A fixed word for programs; never reworded, never reused:
    ///
    /// - `vault.database_damaged`: SQLite cannot read its file, or finds it inconsistent.
    /// - `vault.journal_broken`: an entry does not follow from the one before, or was altered.
    /// - `vault.object_changed`: an object's bytes are not those that were sealed.
    /// - `vault.object_foreign`: a file among the objects that no row names.
    /// - `vault.object_missing`: a row names an object that is not there.
    /// - `vault.object_unreadable`: an object is there and cannot be read.
    /// - `vault.protection_foreign`: what was appended to a sealed PDF was not made for it.
    /// - `vault.protection_gap`: the protections of a version are not 1, 2, 3 …
    /// - `vault.row_damaged`: a row was altered or added outside the vault.
    /// - `vault.row_missing`: the journal tells of a row that is not there.
    /// - `vault.version_gap`: the versions of a license are not 001, 002, 003 …
    pub code: &'static str,
    /// Where: a license id, a file within the data folder, an entry of the journal, a table.
    pub place: String,
}

/// How far a check has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckProgress {
    /// Versions re-read so far.
    pub versions: u64,
    /// Versions in all.
    pub of: u64,
}

/// Re-reads the vault in `data_dir` and reports whatever is amiss, telling `progress` how far it has come.
///
/// # Errors
///
/// Only where there is nothing to check: no database, or one of a later release. A database that cannot be read
/// is a finding.
pub async fn check(
    data_dir: &Path,
    progress: &mut (dyn FnMut(CheckProgress) + Send),
) -> Result<CheckReport, OpenError> {
    let mut report = CheckReport::default();
    let reading = match Reading::open(data_dir).await {
        Err(OpenError::Fault(fault)) => {
            report.add("vault.database_damaged", fault.cause);
            return Ok(report);
        }
        reading => reading?,
    };
    let looked = look(&reading, data_dir, &mut report, progress).await;
    reading.pool.close().await;
    match looked {
        Err(OpenError::Fault(fault)) => report.add("vault.database_damaged", fault.cause),
        looked => looked?,
    }
    Ok(report)
}

async fn look(
    reading: &Reading,
    data_dir: &Path,
    report: &mut CheckReport,
    progress: &mut (dyn FnMut(CheckProgress) + Send),
) -> Result<(), OpenError> {
    // One transaction, so that everything is seen as it was at one moment.
    let mut snapshot = reading.pool.begin().await.map_err(unread)?;
    check_schema(&mut snapshot).await?;
    check_database(&mut snapshot, report).await?;
    check_rows::journal(&mut snapshot, report).await?;
    let mut objects = ObjectCheck::new(Objects::of(data_dir));
    check_rows::versions(&mut snapshot, report, &mut objects, progress).await?;
    check_copies::copies(&mut snapshot, report, &mut objects).await?;
    check_rows::acts(&mut snapshot, report).await?;
    check_keys::key_uses(&mut snapshot, report).await?;
    snapshot.rollback().await.map_err(unread)?;
    // Outside the snapshot: what has been shelved since is not foreign.
    let mut present = reading.pool.acquire().await.map_err(unread)?;
    objects.foreign(&mut present, report).await?;
    Ok(())
}

async fn check_schema(snapshot: &mut SqliteConnection) -> Result<(), OpenError> {
    const APPLIED: &str = "select coalesce(max(version), 0) from _sqlx_migrations where success";
    let (found,): (i64,) = sqlx::query_as(APPLIED).fetch_one(snapshot).await.map_err(unread)?;
    match found {
        _ if found > SCHEMA => Err(OpenError::Newer { found }),
        _ if found < SCHEMA => {
            Err(Fault::new("vault.check", "the tables of this release are not there").into())
        }
        _ => Ok(()),
    }
}

/// What SQLite itself can say of its file.
async fn check_database(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
) -> Result<(), OpenError> {
    let lines: Vec<(String,)> =
        sqlx::query_as("pragma integrity_check").fetch_all(&mut *snapshot).await.map_err(unread)?;
    for (line,) in lines.into_iter().filter(|(line,)| line != "ok") {
        report.add("vault.database_damaged", line);
    }
    let orphans: Vec<(String, Option<i64>, String, i64)> =
        sqlx::query_as("pragma foreign_key_check").fetch_all(snapshot).await.map_err(unread)?;
    for (table, _, parent, _) in orphans {
        report.add("vault.row_damaged", format!("a row of {table} points at none of {parent}"));
    }
    Ok(())
}

/// A question of the check that SQLite could not answer.
pub(super) fn unread(error: sqlx::Error) -> Fault {
    from_sqlite("vault.check", &error)
}
