//! The books' part on annotated copies: one is entered if its request is new and its intention is open.

use serde_json::json;

use crate::crypto::Digest;
use crate::domain::CopyNumber;
use crate::service::error::Fault;
use crate::service::ports::{CopyError, CopyRecord, Form, IntentionNo, RequestKey};

use super::books::Books;
use super::bounds::request_fits;
use super::journal::{self, Act, Line};

/// A copy without its bytes, which are staged already.
#[derive(Debug)]
pub(super) struct CopyRow {
    pub(super) record: CopyRecord,
    pub(super) request: RequestKey,
    pub(super) intention: IntentionNo,
    /// The content digest that the intention named.
    pub(super) intended: Digest,
}

impl Books<'_> {
    /// Notes what a request for a copy has made.
    pub(super) fn note_copy(&mut self, client: &str, key: &str, made: (Digest, CopyNumber)) {
        self.copies.insert((client.to_owned(), key.to_owned()), made);
    }

    /// Enters a copy, or the end of its intention where it is refused.
    pub(super) fn copy(&mut self, row: &CopyRow) -> Result<(), CopyError> {
        let IntentionNo(intention) = row.intention;
        match self.check_copy(row) {
            Ok(version) => self.put_copy(row, version),
            Err(refusal) => {
                let id = &row.record.original;
                self.abandon(intention, id, row.record.made_at, &row.request.client);
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// The row of the original, if nothing speaks against the copy.
    fn check_copy(&self, row: &CopyRow) -> Result<i64, CopyError> {
        let CopyRow { record, request, intention: IntentionNo(intention), intended } = row;
        request_fits(request)?;
        if let Some((body, number)) =
            self.copies.get(&(request.client.clone(), request.key.clone()))
        {
            return Err(match *body == request.body {
                true => CopyError::Repeated { number: number.clone() },
                false => CopyError::KeyReused,
            });
        }
        may_be_kept(record)?;
        let known = self.versions.get(&record.original).ok_or_else(no_such_original)?;
        let open = self.open_intention(*intention);
        if !open.is_some_and(|open| open.id == record.original && open.content_digest == *intended)
        {
            let cause = format!("{intention} is not an open intention of this copy");
            return Err(Fault::new("vault.intention", cause).into());
        }
        Ok(known.row)
    }

    fn put_copy(&mut self, row: &CopyRow, version: i64) {
        let CopyRow { record, request, intention: IntentionNo(intention), .. } = row;
        let (id, at) = (record.original.to_string(), record.made_at.unix_seconds());
        self.ended.insert(*intention);
        let entry = self.enter(&Line {
            at,
            act: Act::Copied.word(),
            subject: &id,
            client: &request.client,
            intention: Some(*intention),
            details: &journal::copied(record, request),
        });
        self.rows.copies.push(json!([
            entry,
            version,
            record.number.as_str(),
            record.maker.word(),
            record.last_day.to_string(),
            record.purpose_index.to_string(),
            record.recipient_index.to_string(),
            record.file.digest.to_string(),
            record.file.size_bytes,
            request.client,
            request.key,
            request.body.to_string(),
            at,
        ]));
        self.note_copy(&request.client, &request.key, (request.body, record.number.clone()));
    }
}

pub(super) fn no_such_original() -> Fault {
    Fault::new("vault.copy", "there is no such version")
}

/// Holds that the columns have room for a copy.
pub(super) fn may_be_kept(record: &CopyRecord) -> Result<(), Fault> {
    if record.file.form == Form::AnnotatedCopy && record.file.size_bytes > 0 {
        return Ok(());
    }
    Err(Fault::new("vault.copy", "a copy of this form cannot be kept"))
}
