//! `POST /verify/receipt`: what the page showed, as a signed file to keep.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::Response;
use serde::Deserialize;

use crate::http::problem::{BAD_FORM, Problem, RECEIPT_FORM, TICKET_REFUSED};
use crate::http::receipts::sign;
use crate::service::receipts::ReceiptForm;

use super::Pages;

/// What the buttons beside a verdict send.
#[derive(Deserialize)]
pub struct Asked {
    ticket: String,
    form: String,
}

/// The receipt.
pub async fn give(
    State(pages): State<Pages>,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Asked { ticket, form }) = form.map_err(|_| Problem::new(&BAD_FORM))?;
    let form = ReceiptForm::from_word(&form).ok_or_else(|| Problem::new(&RECEIPT_FORM))?;
    let judged = pages.doors.receipts.redeem(&ticket);
    let judged = judged.ok_or_else(|| Problem::new(&TICKET_REFUSED))?;
    Ok(sign(&pages.doors, &judged, form).await?)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::super::fake_copies::{NUMBER, TICKET};
    use super::super::fake_desks::{ID, get, router, send};
    use super::super::tests::{form, multipart};

    #[tokio::test]
    async fn the_answer_brings_the_ticket_and_the_ticket_the_receipt() {
        let (router, _) = router();
        let (status, _, page) = send(&router, multipart("/verify", "license_id", ID)).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(&format!("name=\"ticket\" value=\"{TICKET}\"")), "{page}");
        for (word, media) in [("pdf", "application/pdf"), ("json", "application/jose+json")] {
            let asked = form("/verify/receipt", &format!("ticket={TICKET}&form={word}"));
            let (status, headers, body) = send(&router, asked).await;
            assert_eq!((status, body.as_str()), (StatusCode::OK, word));
            assert_eq!(headers["content-type"], media);
            let name = format!("attachment; filename=\"receipt-{NUMBER}.{word}\"");
            assert_eq!(headers["content-disposition"], name.as_str());
        }
    }

    #[tokio::test]
    async fn what_was_not_shown_here_gets_a_page_that_says_what_to_do() {
        let (router, _) = router();
        let unknown_form = format!("ticket={TICKET}&form=x");
        for fields in ["ticket=another&form=pdf", &unknown_form] {
            let (status, _, page) = send(&router, form("/verify/receipt", fields)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(page.contains("回执"), "{page}");
        }
        let (status, _, _) = get(&router, "/verify/receipt").await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    }
}
