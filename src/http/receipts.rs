//! `POST /api/v1/receipts`: judge, and have the answer signed. Open to anybody, as verifying is.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::service::compare::Viewer;
use crate::service::error::Fault;
use crate::service::receipts::{Judged, ReceiptForm};

use super::doors::Doors;
use super::media::hand_out_receipt;
use super::openapi;
use super::problem::{Problem, RECEIPT_FORM};
use super::verification::{self, FileQuestion, JsonQuestion};

/// How the receipt is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// `json` (the default): a JWS in flattened JSON (JAdES). `pdf`: a sealed PDF/A-3 with that file attached.
    #[serde(default = "json")]
    form: String,
}

fn json() -> String {
    ReceiptForm::Json.word().to_owned()
}

/// Verify, and have the verdict as a signed receipt
///
/// The question is put as to `/api/v1/verifications`. The answer is a receipt (核验回执), signed by the body that runs
/// this library: the verdict whole but for field values, the digest of what was handed in, the moment, and how fresh each
/// source was. It is not kept here; `zhengku verify`, this service and anybody with the library's root can check it.
#[utoipa::path(
    post,
    path = "/api/v1/receipts",
    tag = "verifications",
    operation_id = "giveReceipt",
    security(()),
    params(Wanted),
    request_body(content(
        (JsonQuestion = "application/json", example = json!({"license_id": "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R"})),
        (FileQuestion = "multipart/form-data"),
        (Vec<u8> = "application/pdf"),
        (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/png"),
        (Vec<u8> = "application/octet-stream"),
        (String = "application/dc+sd-jwt"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "The receipt, as an attachment", content((String = "application/jose+json"), (Vec<u8> = "application/pdf"))),
        (status = 400, response = openapi::BadRequest),
        (status = 413, response = openapi::TooLarge),
        (status = 415, response = openapi::UnsupportedMediaType),
        (status = 422, response = openapi::VerificationRefused),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn give(
    State(doors): State<Doors>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let form = wanted.ok().and_then(|wanted| ReceiptForm::from_word(&wanted.form));
    let form = form.ok_or_else(|| Problem::new(&RECEIPT_FORM))?;
    let asked = verification::read(&doors, request).await?;
    let presented = asked.presented();
    let verdict = verification::answer(&doors, asked, &Viewer::Anybody).await;
    let judged = Judged::new(&verdict, presented)?;
    sign(&doors, &judged, form).await.map_err(Problem::from)
}

/// Has it signed, and hands it out.
pub async fn sign(doors: &Doors, judged: &Judged, form: ReceiptForm) -> Result<Response, Fault> {
    let receipt = doors.receipts.give(judged, form).await?;
    Ok(hand_out_receipt(receipt, form))
}
