//! What the columns have room for, and what every shelving must bring.
//!
//! Looked at before anything is written, so that a constraint of the schema is never the first to speak.

use crate::service::error::Fault;
use crate::service::ports::{Form, RequestKey, VersionRecord};

/// Longest name of a client and longest idempotency key, in characters. Our own bound; the columns hold it too.
pub(super) const MAX_NAME_CHARS: usize = 255;
/// Longest legal ground, in characters. Our own bound; the column holds it too.
pub(super) const MAX_GROUND_CHARS: usize = 4_000;

/// Holds that every form is there once, in order, PDF first.
pub(super) fn forms_in_order(record: &mut VersionRecord) -> Result<(), Fault> {
    record.forms.sort_by_key(|form| std::cmp::Reverse(form.form));
    let forms: Vec<Form> = record.forms.iter().map(|form| form.form).collect();
    if forms == [Form::SealedPdf, Form::Ecert] {
        return Ok(());
    }
    Err(Fault::new("vault.forms", "a version is shelved with each of its forms, once"))
}

/// Holds that the columns have room for a request.
pub(super) fn request_fits(request: &RequestKey) -> Result<(), Fault> {
    within("client", &request.client, MAX_NAME_CHARS)?;
    within("idempotency key", &request.key, MAX_NAME_CHARS)
}

/// Holds that a text is neither empty (a ground may be) nor longer than its column.
pub(super) fn within(what: &str, text: &str, limit_chars: usize) -> Result<(), Fault> {
    let chars = text.chars().count();
    if chars > limit_chars || (chars == 0 && what != "ground") {
        let cause = format!("the {what} has {chars} characters; 1 to {limit_chars} are kept");
        return Err(Fault::new("vault.text_length", cause));
    }
    // SQLite ends a text there, and the row would no longer be what its entry in the journal covers.
    if text.contains('\0') {
        return Err(Fault::new("vault.text_nul", format!("the {what} has a NUL character")));
    }
    Ok(())
}
