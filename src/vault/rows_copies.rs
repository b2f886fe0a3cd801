//! The statements of the writer that are about annotated copies.

use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::service::error::Fault;
use crate::service::ports::RequestKey;

use super::books::Books;
use super::fault::{damaged, digest_column};
use super::shelf_copies::number_column;

const LOOK_UP: &str = "\
select asked.key as place, copy.body, copy.number
from json_each(?1) as asked
join annotated_copies as copy
  on copy.client = asked.value ->> 0 and copy.key = asked.value ->> 1";

/// Writes the rows of a group of copies.
pub(super) const INSERT: &str = "\
insert into annotated_copies (entry, version, number, maker, last_day, purpose_index,
  recipient_index, digest, size_bytes, client, key, body, at)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5),
  unhex(value ->> 6), unhex(value ->> 7), value ->> 8, value ->> 9, value ->> 10,
  unhex(value ->> 11), value ->> 12
from json_each(?1)";

/// Asks what requests for copies have made, and notes it in the books.
pub(super) async fn look_up(
    connection: &mut SqliteConnection,
    requests: &[&RequestKey],
    books: &mut Books<'_>,
) -> Result<(), Fault> {
    if requests.is_empty() {
        return Ok(());
    }
    let asked: Vec<Value> =
        requests.iter().map(|request| json!([request.client, request.key])).collect();
    let answers: Vec<(i64, Vec<u8>, String)> = sqlx::query_as(LOOK_UP)
        .bind(Value::Array(asked).to_string())
        .fetch_all(connection)
        .await
        .map_err(|error| Fault::new("vault.look_up", error))?;
    for (place, body, number) in answers {
        let request = usize::try_from(place)
            .ok()
            .and_then(|place| requests.get(place))
            .ok_or_else(|| damaged("an answer to no question"))?;
        let made = (digest_column(&body)?, number_column(&number)?);
        books.note_copy(&request.client, &request.key, made);
    }
    Ok(())
}
