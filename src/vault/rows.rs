//! The statements of the writer: one question for a whole group, one insert for each table.
//!
//! Rows travel as a JSON array in a single parameter and are taken apart by `json_each`, so a group of 64
//! shelvings costs as many round trips to SQLite's thread as a single one. Digests travel as hexadecimal text
//! and are stored as 32 bytes.

use std::collections::HashMap;

use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::crypto::Digest;
use crate::domain::{LicenseId, LicenseKey};
use crate::service::error::Fault;
use crate::service::ports::KeyId;

use super::books::{Books, KnownLicense, NewRows, NumberKey};
use super::books_protect::KnownVersion;
use super::fault::{damaged, digest_column, id_column};
use super::rows_copies;
use super::shelf_keys::KEY_USES;

/// What one act asks of the tables before it is entered.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// The license it concerns.
    pub(super) license: &'a LicenseKey,
    /// The request it answers and the number it claims, if it is a shelving.
    pub(super) shelving: Option<(&'a str, &'a str, NumberKey)>,
}

const LOOK_UP: &str = "\
select
  asked.key as place,
  license.id,
  newest.license_id,
  request.body,
  answer.license_id as answered_by,
  owner.id as owner,
  owners_newest.license_id as owners_newest
from json_each(?1) as asked
left join licenses as license
  on license.type_code = asked.value ->> 0
  and license.authority = asked.value ->> 1
  and license.serial = asked.value ->> 2
left join versions as newest
  on newest.license = license.id
  and newest.version = (select max(version) from versions where versions.license = license.id)
left join requests as request
  on request.client = asked.value ->> 3 and request.key = asked.value ->> 4
left join versions as answer on answer.id = request.version
left join numbers as number
  on number.type_code = asked.value ->> 0
  and number.authority = asked.value ->> 1
  and number.number_index = unhex(asked.value ->> 5)
left join licenses as owner on owner.id = number.license
left join versions as owners_newest
  on owners_newest.license = owner.id
  and owners_newest.version = (select max(version) from versions where versions.license = owner.id)";

type Answer = (
    i64,
    Option<i64>,
    Option<String>,
    Option<Vec<u8>>,
    Option<String>,
    Option<i64>,
    Option<String>,
);

/// Asks the tables what a group must know and notes it in the books.
pub(super) async fn look_up(
    connection: &mut SqliteConnection,
    questions: &[Question<'_>],
    books: &mut Books<'_>,
) -> Result<(), Fault> {
    if questions.is_empty() {
        return Ok(());
    }
    let asked: Vec<Value> = questions
        .iter()
        .map(|question| {
            let license = question.license;
            let (type_code, authority) = (license.type_code().as_str(), license.authority());
            match &question.shelving {
                Some((client, key, (_, _, number))) => {
                    let number = number.to_string();
                    json!([type_code, authority, license.serial(), client, key, number])
                }
                None => json!([type_code, authority, license.serial()]),
            }
        })
        .collect();
    let answers: Vec<Answer> = sqlx::query_as(LOOK_UP)
        .bind(Value::Array(asked).to_string())
        .fetch_all(connection)
        .await
        .map_err(|error| Fault::new("vault.look_up", error))?;
    for (place, license, newest, body, answered_by, owner, owners_newest) in answers {
        let question = usize::try_from(place)
            .ok()
            .and_then(|place| questions.get(place))
            .ok_or_else(|| damaged("an answer to no question"))?;
        if let (Some(row), Some(newest)) = (license, newest) {
            let known = KnownLicense { row, newest: id_column(&newest)? };
            books.note_license(question.license.clone(), known);
        }
        let Some((client, key, number)) = &question.shelving else { continue };
        if let (Some(body), Some(id)) = (body, answered_by) {
            books.note_request(client, key, (digest_column(&body)?, id_column(&id)?));
        }
        if let (Some(row), Some(newest)) = (owner, owners_newest) {
            let newest: LicenseId = id_column(&newest)?;
            let owner = newest.key().clone();
            books.note_license(owner.clone(), KnownLicense { row, newest });
            books.note_number(number.clone(), owner);
        }
    }
    Ok(())
}

const LOOK_UP_VERSIONS: &str = "\
select asked.key as place, version.id, form.size_bytes,
  (select coalesce(max(protection.number), 0) from protections as protection
   where protection.version = version.id)
from json_each(?1) as asked
join licenses as license
  on license.type_code = asked.value ->> 0
  and license.authority = asked.value ->> 1
  and license.serial = asked.value ->> 2
join versions as version
  on version.license = license.id and version.version = asked.value ->> 3
join forms as form on form.version = version.id and form.form = 'pdf'";

/// Asks the tables what the books must know of versions that are to be protected.
pub(super) async fn look_up_versions(
    connection: &mut SqliteConnection,
    versions: &[&LicenseId],
    books: &mut Books<'_>,
) -> Result<(), Fault> {
    if versions.is_empty() {
        return Ok(());
    }
    let asked: Vec<Value> = versions
        .iter()
        .map(|id| {
            let key = id.key();
            let type_code = key.type_code().as_str();
            json!([type_code, key.authority(), key.serial(), id.version().number()])
        })
        .collect();
    let answers: Vec<(i64, i64, i64, i64)> = sqlx::query_as(LOOK_UP_VERSIONS)
        .bind(Value::Array(asked).to_string())
        .fetch_all(connection)
        .await
        .map_err(|error| Fault::new("vault.look_up", error))?;
    for (place, row, sealed_bytes, newest) in answers {
        let id = usize::try_from(place)
            .ok()
            .and_then(|place| versions.get(place))
            .ok_or_else(|| damaged("an answer to no question"))?;
        let newest = u16::try_from(newest).map_err(|_| damaged("an odd number"))?;
        let sealed_bytes = u64::try_from(sealed_bytes).map_err(|_| damaged("a negative size"))?;
        books.note_version(id, KnownVersion { row, sealed_bytes, newest });
    }
    Ok(())
}

const INSERT_JOURNAL: &str = "\
insert into journal (seq, at, act, subject, client, intention, details, prev_hash, hash)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
  unhex(value ->> 6), unhex(value ->> 7), unhex(value ->> 8)
from json_each(?1)";

const INSERT_LICENSES: &str = "\
insert into licenses (id, type_code, authority, serial)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3
from json_each(?1)";

const INSERT_VERSIONS: &str = "\
insert into versions (id, license, version, license_id, edition, issued_on, valid_from, valid_to,
  content_digest, number_index, shelved_at, entry, sealed_level, sealed_proven_at, sealed_until)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
  value ->> 7, unhex(value ->> 8), unhex(value ->> 9), value ->> 10, value ->> 11, value ->> 12,
  value ->> 13, value ->> 14
from json_each(?1)";

const INSERT_SEALED_WITH: &str = "\
insert into sealed_with (version, seal_key, ecert_key)
select value ->> 0, unhex(value ->> 1), unhex(value ->> 2)
from json_each(?1)";

const INSERT_KEY_USES: &str = "\
insert into key_uses (entry, key_id, signatures, rest)
select value ->> 0, unhex(value ->> 1), value ->> 2, unhex(value ->> 3)
from json_each(?1)";

const INSERT_FORMS: &str = "\
insert into forms (version, form, digest, size_bytes)
select value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3
from json_each(?1)";

const INSERT_HOLDERS: &str = "\
insert into holders (version, holder_index)
select value ->> 0, unhex(value ->> 1)
from json_each(?1)";

const INSERT_NUMBERS: &str = "\
insert into numbers (type_code, authority, number_index, license)
select value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3
from json_each(?1)";

const INSERT_REQUESTS: &str = "\
insert into requests (version, client, key, body)
select value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3)
from json_each(?1)";

const INSERT_STANDING_CHANGES: &str = "\
insert into standing_changes (entry, license, state, since, ground, client, at)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
from json_each(?1)";

const INSERT_USAGE_RECORDS: &str = "\
insert into usage_records (entry, license_id, reader, act, at)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
from json_each(?1)";

const INSERT_PROTECTIONS: &str = "\
insert into protections (entry, version, number, level, suffix_digest, suffix_bytes, whole_digest,
  whole_bytes, proven_at, holds_until, at)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4), value ->> 5,
  unhex(value ->> 6), value ->> 7, value ->> 8, value ->> 9, value ->> 10
from json_each(?1)";

/// Writes the rows of a group, within the caller's transaction.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    rows: &NewRows,
) -> Result<(), sqlx::Error> {
    for (statement, rows) in [
        (INSERT_JOURNAL, &rows.journal),
        (INSERT_LICENSES, &rows.licenses),
        (INSERT_VERSIONS, &rows.versions),
        (INSERT_SEALED_WITH, &rows.sealed_with),
        (INSERT_KEY_USES, &rows.key_uses),
        (INSERT_FORMS, &rows.forms),
        (INSERT_HOLDERS, &rows.holders),
        (INSERT_NUMBERS, &rows.numbers),
        (INSERT_REQUESTS, &rows.requests),
        (INSERT_STANDING_CHANGES, &rows.standing_changes),
        (INSERT_USAGE_RECORDS, &rows.usage_records),
        (INSERT_PROTECTIONS, &rows.protections),
        (rows_copies::INSERT, &rows.copies),
    ] {
        if rows.is_empty() {
            continue;
        }
        let text =
            serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query(statement).bind(text).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The last ids of the tables and the last entry of the journal.
pub(super) async fn ends_of_tables(
    connection: &mut SqliteConnection,
) -> Result<(i64, i64, i64, Option<Digest>), Fault> {
    const ENDS: &str = "\
select
  (select coalesce(max(id), 0) from licenses),
  (select coalesce(max(id), 0) from versions),
  (select coalesce(max(seq), 0) from journal),
  (select hash from journal order by seq desc limit 1)";
    let (licenses, versions, seq, hash): (i64, i64, i64, Option<Vec<u8>>) = sqlx::query_as(ENDS)
        .fetch_one(connection)
        .await
        .map_err(|error| Fault::new("vault.open", error))?;
    let hash = hash.map(|hash| digest_column(&hash)).transpose()?;
    Ok((licenses, versions, seq, hash))
}

/// How many signatures each key was to make.
pub(super) async fn key_uses(
    connection: &mut SqliteConnection,
) -> Result<HashMap<KeyId, u64>, Fault> {
    let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as(KEY_USES)
        .fetch_all(connection)
        .await
        .map_err(|error| Fault::new("vault.open", error))?;
    rows.into_iter()
        .map(|(key, uses)| {
            let uses = u64::try_from(uses).map_err(|_| damaged("a negative count"))?;
            Ok((digest_column(&key)?, uses))
        })
        .collect()
}

/// Intentions that a stop left without an end: entry, subject, client.
pub(super) async fn left_open(
    connection: &mut SqliteConnection,
) -> Result<Vec<(i64, String, String)>, Fault> {
    const LEFT_OPEN: &str = "\
select intended.seq, intended.subject, intended.client
from journal as intended
where intended.seq > (select coalesce(max(seq), 0) from journal where act = 'opened')
  and intended.act = 'intended'
  and not exists (select 1 from journal as ended where ended.intention = intended.seq)
order by intended.seq";
    sqlx::query_as(LEFT_OPEN)
        .fetch_all(connection)
        .await
        .map_err(|error| Fault::new("vault.open", error))
}

/// Which of these objects a row names.
pub(super) async fn named_by_rows(
    connection: &mut SqliteConnection,
    digests: &[Digest],
) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    const NAMED: &str = "\
select form, digest from forms
where digest in (select unhex(value) from json_each(?1))
union
select 'pdf-rev', suffix_digest from protections
where suffix_digest in (select unhex(value) from json_each(?1))
union
select 'copy', digest from annotated_copies
where digest in (select unhex(value) from json_each(?1))";
    let digests: Vec<Value> = digests.iter().map(|digest| json!(digest.to_string())).collect();
    sqlx::query_as(NAMED)
        .bind(Value::Array(digests).to_string())
        .fetch_all(connection)
        .await
        .map_err(|error| Fault::new("vault.recover", error))
}
