//! Content types: of what is sent to us, and of the forms we hand out.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::domain::{CopyNumber, LicenseId};
use crate::service::ports::Form;
use crate::service::receipts::{Receipt, ReceiptForm};

/// The content type of a body, in lower case and without its parameters; empty where none was sent.
pub fn content_type(headers: &HeaderMap) -> String {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The registered content type of a form.
pub fn of_form(form: Form) -> &'static str {
    match form {
        Form::Ecert => "application/dc+sd-jwt",
        Form::SealedPdf | Form::PdfRevision | Form::AnnotatedCopy => "application/pdf",
    }
}

/// How a browser should treat a file it is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handing {
    /// Keep it.
    Attachment,
    /// Show it.
    Inline,
}

/// A receipt, under the name `receipt-<number>.json` or `.pdf`.
pub fn hand_out_receipt(receipt: Receipt, form: ReceiptForm) -> Response {
    let Receipt { number, bytes } = receipt;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    let name = format!("attachment; filename=\"receipt-{number}.{}\"", form.word());
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}

/// The bytes of a form, under the name `<license id>.pdf` or `<license id>.ecert.txt`.
pub fn hand_out(id: &LicenseId, form: Form, bytes: Vec<u8>, handing: Handing) -> Response {
    let extension = match form {
        Form::Ecert => "ecert.txt",
        Form::SealedPdf | Form::PdfRevision | Form::AnnotatedCopy => "pdf",
    };
    let word = match handing {
        Handing::Attachment => "attachment",
        Handing::Inline => "inline",
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(of_form(form)));
    // A license id holds digits, capitals and full stops, so it is a header value and needs no quoting rules.
    if let Ok(value) = HeaderValue::from_str(&format!("{word}; filename=\"{id}.{extension}\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    if handing == Handing::Inline {
        // The browser's own PDF viewer needs more than our pages do; framing stays forbidden.
        let policy = HeaderValue::from_static("frame-ancestors 'none'; base-uri 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The bytes of an annotated copy, to be kept under the name `copy-<number>.pdf`.
pub fn hand_out_copy(number: &CopyNumber, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(of_form(Form::AnnotatedCopy)));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"copy-{number}.pdf\""))
    {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}
