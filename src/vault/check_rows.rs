//! The rows' part of a check: the journal follows from itself, and every row is as its entry says.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::crypto::Digest;
use crate::domain::{LicenseId, Moment, Validity};
use crate::service::error::Fault;
use crate::service::ports::{Form, FormRecord, RequestKey, VersionRecord};

use super::check::{CheckProgress, CheckReport, unread};
use super::check_objects::ObjectCheck;
use super::check_protections;
use super::fault::{damaged, digest_column, id_column};
use super::journal::{self, Line};
use super::shelf::{day_column, sealed_columns};
use super::shelf_keys::sealed_with_columns;

/// Rows taken at a time. Our own bound: some 40 MB of objects are then read between two progress reports.
const PAGE: i64 = 512;

type Entry = (i64, i64, String, String, String, Option<i64>, Vec<u8>, Vec<u8>, Vec<u8>);

/// Follows the chain from the first entry to the last.
pub(super) async fn journal(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    const ENTRIES: &str = "\
select seq, at, act, subject, client, intention, details, prev_hash, hash
from journal where seq > ?1 order by seq limit ?2";
    let (mut last, mut last_hash) = (0, journal::before_first());
    loop {
        let entries: Vec<Entry> = sqlx::query_as(ENTRIES)
            .bind(last)
            .bind(8 * PAGE)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        if entries.is_empty() {
            return Ok(());
        }
        for (seq, at, act, subject, client, intention, details, prev, hash) in entries {
            let (Ok(details), Ok(hash)) = (digest_column(&details), digest_column(&hash)) else {
                report.add("vault.journal_broken", format!("entry {seq}"));
                continue;
            };
            let line = Line {
                at,
                act: &act,
                subject: &subject,
                client: &client,
                intention,
                details: &details,
            };
            let covers = match (&*act, intention) {
                ("abandoned", Some(intention)) => journal::abandoned(intention) == details,
                ("opened", _) => journal::opened(Moment::from_unix_seconds(at)) == details,
                _ => true,
            };
            let follows = seq == last + 1 && prev == last_hash.as_bytes();
            if !follows || line.hash(seq, &last_hash) != hash || !covers {
                report.add("vault.journal_broken", format!("entry {seq}"));
            }
            // The next entry is held against what stands here, so that one break is told once.
            (last, last_hash) = (seq, hash);
        }
    }
}

const VERSIONS: &str = "\
select version.id, version.license_id, version.version, version.edition, version.issued_on,
  version.valid_from, version.valid_to, version.content_digest, version.number_index,
  version.shelved_at, version.sealed_level, version.sealed_proven_at, version.sealed_until,
  license.type_code, license.authority, license.serial,
  request.client, request.key, request.body,
  number.license = version.license as has_number,
  entry.act, entry.at as entry_at, entry.subject, entry.client as entry_client,
  entry.intention, entry.details,
  intended.act as intended_act, intended.at as intended_at, intended.subject as intended_subject,
  intended.client as intended_client, intended.details as intended_details,
  keys.seal_key, keys.ecert_key,
  (select max(rest) from key_uses where key_uses.entry = entry.intention) as rest
from versions as version
left join sealed_with as keys on keys.version = version.id
left join licenses as license on license.id = version.license
left join requests as request on request.version = version.id
left join numbers as number
  on number.type_code = license.type_code and number.authority = license.authority
  and number.number_index = version.number_index
left join journal as entry on entry.seq = version.entry
left join journal as intended on intended.seq = entry.intention
where version.id > ?1 order by version.id limit ?2";

const FORMS: &str = "\
select version, form, digest, size_bytes from forms
where version > ?1 and version <= ?2 order by version, form desc";

const HOLDERS: &str = "\
select version, holder_index from holders
where version > ?1 and version <= ?2 order by version, holder_index";

/// Holds every version against its entries in the journal, and has its objects re-read.
pub(super) async fn versions(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
    objects: &mut ObjectCheck,
    progress: &mut (dyn FnMut(CheckProgress) + Send),
) -> Result<(), Fault> {
    let (of,): (i64,) = sqlx::query_as("select count(*) from versions")
        .fetch_one(&mut *snapshot)
        .await
        .map_err(unread)?;
    let of = u64::try_from(of).unwrap_or_default();
    let mut last = 0;
    loop {
        progress(CheckProgress { versions: report.versions, of });
        let page = sqlx::query(VERSIONS)
            .bind(last)
            .bind(PAGE)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        let Some(end) = page.last() else { break };
        let end: i64 = end.try_get("id").map_err(unread)?;
        let mut forms: HashMap<i64, Vec<FormRecord>> = HashMap::new();
        let rows: Vec<(i64, String, Vec<u8>, i64)> = sqlx::query_as(FORMS)
            .bind(last)
            .bind(end)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        for (version, form, digest, size) in rows {
            match form_row(&form, &digest, size) {
                Ok(form) => forms.entry(version).or_default().push(form),
                Err(fault) => report.add("vault.row_damaged", fault.cause),
            }
        }
        let mut holders: HashMap<i64, Vec<Digest>> = HashMap::new();
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(HOLDERS)
            .bind(last)
            .bind(end)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        for (version, holder) in rows {
            match digest_column(&holder) {
                Ok(holder) => holders.entry(version).or_default().push(holder),
                Err(fault) => report.add("vault.row_damaged", fault.cause),
            }
        }
        let mut to_read = Vec::new();
        for row in &page {
            let version: i64 = row.try_get("id").map_err(unread)?;
            let license_id: String = row.try_get("license_id").map_err(unread)?;
            let forms = forms.remove(&version).unwrap_or_default();
            let holders = holders.remove(&version).unwrap_or_default();
            if let Ok(id) = id_column(&license_id) {
                to_read.extend(forms.iter().map(|form| (id.clone(), *form)));
            }
            // Which part of the row it is cannot be told: the entry covers all of them together.
            if !agrees(row, forms, &holders).unwrap_or(false) {
                report.add("vault.row_damaged", license_id);
            }
            report.versions += 1;
        }
        let protections = check_protections::of(snapshot, (last, end), report).await?;
        objects.read(to_read, report).await?;
        objects.read_files(protections, report).await?;
        last = end;
    }
    Ok(())
}

fn form_row(form: &str, digest: &[u8], size: i64) -> Result<FormRecord, Fault> {
    Ok(FormRecord {
        form: Form::from_word(form).ok_or_else(|| damaged("an unknown form"))?,
        digest: digest_column(digest)?,
        size_bytes: u64::try_from(size).map_err(|_| damaged("a negative size"))?,
    })
}

/// Whether a version, its forms, holders, number and request are what its two entries cover. An error is a
/// column that cannot be read, which no writer of ours leaves.
fn agrees(row: &SqliteRow, forms: Vec<FormRecord>, holders: &[Digest]) -> Result<bool, Fault> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(unread);
    let number = |column: &str| row.try_get::<i64, _>(column).map_err(unread);
    let digest = |column: &str| digest_column(&row.try_get::<Vec<u8>, _>(column).map_err(unread)?);
    let id: LicenseId = id_column(&text("license_id")?)?;
    let to: Option<String> = row.try_get("valid_to").map_err(unread)?;
    let to = to.as_deref().map(day_column).transpose()?;
    let words: Vec<Form> = forms.iter().map(|form| form.form).collect();
    let record = VersionRecord {
        edition: u32::try_from(number("edition")?).map_err(|_| damaged("an odd edition"))?,
        issued_on: day_column(&text("issued_on")?)?,
        validity: Validity::new(day_column(&text("valid_from")?)?, to)
            .map_err(|_| damaged("a validity that ends before it begins"))?,
        content_digest: digest("content_digest")?,
        forms,
        sealed: sealed_columns(
            row.try_get::<Option<String>, _>("sealed_level").map_err(unread)?.as_deref(),
            row.try_get("sealed_proven_at").map_err(unread)?,
            row.try_get("sealed_until").map_err(unread)?,
        )?,
        shelved_at: Moment::from_unix_seconds(number("shelved_at")?),
        sealed_with: sealed_with_columns(
            row.try_get("seal_key").map_err(unread)?,
            row.try_get("ecert_key").map_err(unread)?,
        )?,
        id,
    };
    let request = RequestKey { client: text("client")?, key: text("key")?, body: digest("body")? };
    let (id, intention) = (record.id.to_string(), number("intention")?);
    let key = record.id.key();
    let details = journal::shelved(&record, &digest("number_index")?, holders, &request, intention);
    let intended = journal::intended_of(
        &id,
        &record.content_digest,
        &text("intended_client")?,
        number("intended_at")?,
    );
    let has_uses = row.try_get::<Option<Vec<u8>>, _>("rest").map_err(unread)?.is_some();
    Ok(words == [Form::SealedPdf, Form::Ecert]
        && key.type_code().as_str() == text("type_code")?
        && key.authority() == text("authority")?
        && key.serial() == text("serial")?
        && i64::from(record.id.version().number()) == number("version")?
        && number("has_number")? == 1
        && text("act")? == "shelved"
        && number("entry_at")? == record.shelved_at.unix_seconds()
        && text("subject")? == id
        && text("entry_client")? == request.client
        && digest("details")? == details
        && text("intended_act")? == "intended"
        && text("intended_subject")? == id
        // Where the intention names its keys, `check_keys` holds its entry against them and this.
        && digest(if has_uses { "rest" } else { "intended_details" })? == intended)
}

/// Looks for rows that are missing or too many, and holds standings and readings against their entries.
pub(super) async fn acts(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    const UNTOLD: &str = "\
select entry.seq, entry.subject from journal as entry
left join versions as version on version.entry = entry.seq
where entry.act = 'shelved' and version.id is null
union all
select entry.seq, entry.subject from journal as entry
left join standing_changes as change on change.entry = entry.seq
where entry.act = 'standing_changed' and change.entry is null
union all
select entry.seq, entry.subject from journal as entry
left join usage_records as usage on usage.entry = entry.seq
where entry.act = 'used' and usage.entry is null
union all
select entry.seq, entry.subject from journal as entry
left join protections as protection on protection.entry = entry.seq
where entry.act = 'protected' and protection.entry is null
union all
select entry.seq, entry.subject from journal as entry
left join annotated_copies as copy on copy.entry = entry.seq
where entry.act = 'copied' and copy.entry is null";
    let untold: Vec<(i64, String)> =
        sqlx::query_as(UNTOLD).fetch_all(&mut *snapshot).await.map_err(unread)?;
    for (seq, subject) in untold {
        report.add("vault.row_missing", format!("entry {seq} of the journal: {subject}"));
    }

    const GAPS: &str = "\
select license.type_code || '.' || license.authority || '.' || license.serial
from licenses as license left join versions as version on version.license = license.id
group by license.id
having count(version.id) = 0 or min(version.version) <> 1
  or max(version.version) <> count(version.id)";
    let gaps: Vec<(String,)> =
        sqlx::query_as(GAPS).fetch_all(&mut *snapshot).await.map_err(unread)?;
    for (license,) in gaps {
        report.add("vault.version_gap", license);
    }

    // A number that no version of its license bears was put there to block it.
    const UNBORNE: &str = "\
select license.type_code || '.' || license.authority || '.' || license.serial
from numbers as number join licenses as license on license.id = number.license
where number.type_code <> license.type_code or number.authority <> license.authority
  or not exists (
    select 1 from versions as version
    where version.license = number.license and version.number_index = number.number_index)";
    let unborne: Vec<(String,)> =
        sqlx::query_as(UNBORNE).fetch_all(&mut *snapshot).await.map_err(unread)?;
    for (license,) in unborne {
        report.add("vault.row_damaged", format!("a number of {license}"));
    }
    standing_changes(snapshot, report).await?;
    usage_records(snapshot, report).await
}

async fn standing_changes(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    const CHANGES: &str = "\
select change.entry, change.state, change.since, change.ground, change.client, change.at,
  license.type_code || '.' || license.authority || '.' || license.serial,
  entry.act, entry.subject, entry.client, entry.at, entry.details
from standing_changes as change
left join licenses as license on license.id = change.license
left join journal as entry on entry.seq = change.entry
where change.entry > ?1 order by change.entry limit ?2";
    type Change = (
        i64,
        String,
        String,
        String,
        String,
        i64,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<i64>,
        Option<Vec<u8>>,
    );
    let mut last = 0;
    loop {
        let page: Vec<Change> = sqlx::query_as(CHANGES)
            .bind(last)
            .bind(8 * PAGE)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        if page.is_empty() {
            return Ok(());
        }
        for (entry, state, since, ground, client, at, license, act, subject, by, when, details) in
            page
        {
            let license = license.unwrap_or_default();
            let covered =
                journal::standing_changed_of(&license, &state, &since, &ground, &client, at);
            let agrees = act.as_deref() == Some("standing_changed")
                && subject.as_deref() == Some(&*license)
                && by.as_deref() == Some(&*client)
                && when == Some(at)
                && details.as_deref() == Some(&covered.as_bytes()[..]);
            if !agrees {
                report.add("vault.row_damaged", format!("standing_changes, entry {entry}"));
            }
            last = entry;
        }
    }
}

async fn usage_records(
    snapshot: &mut SqliteConnection,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    const USAGE: &str = "\
select usage.entry, usage.license_id, usage.reader, usage.act, usage.at,
  entry.act, entry.subject, entry.client, entry.at, entry.details
from usage_records as usage left join journal as entry on entry.seq = usage.entry
where usage.entry > ?1 order by usage.entry limit ?2";
    type Usage = (
        i64,
        String,
        String,
        String,
        i64,
        Option<String>,
        Option<String>,
        Option<String>,
        Option<i64>,
        Option<Vec<u8>>,
    );
    let mut last = 0;
    loop {
        let page: Vec<Usage> = sqlx::query_as(USAGE)
            .bind(last)
            .bind(8 * PAGE)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(unread)?;
        if page.is_empty() {
            return Ok(());
        }
        for (entry, id, reader, act, at, entry_act, subject, client, entry_at, details) in page {
            let agrees = entry_act.as_deref() == Some("used")
                && subject.as_deref() == Some(&*id)
                && client.as_deref() == Some(&*reader)
                && entry_at == Some(at)
                && details.as_deref()
                    == Some(&journal::used(&id, &reader, &act, at).as_bytes()[..]);
            if !agrees {
                report.add("vault.row_damaged", format!("usage_records, entry {entry}"));
            }
            last = entry;
        }
    }
}
