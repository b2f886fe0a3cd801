//! `POST /api/v1/verifications/batch`: look up a list of licenses. Open to anybody.
//!
//! As with one license, the answer is 200 whatever comes of the rows; each has its own fate. Rows come in the order of the
//! list. A list holds one of the places for files, so that lists do not crowd out single questions.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Request, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::service::case_list::{
    CaseListError, CaseRow, MAX_LIST_BYTES, case_rows, read_case_list,
};
use crate::service::case_result::CaseResult;
use crate::service::verify_cases::Cases;

use super::doors::Doors;
use super::media::content_type;
use super::problem::{FaultLine, NOT_JSON, Problem, UNSUPPORTED_MEDIA_TYPE, VERIFICATION_REFUSED};
use super::verification::file_permit;
use super::{body, openapi};

/// What a list may be sent as.
const LIST_TYPES: [&str; 2] = ["text/csv", "text/plain"];

/// Verify a list of licenses
///
/// Send up to 5 000 license ids, or texts of squares, as JSON, or a list as spreadsheets write it (CSV, or one case a
/// line; UTF-8 or GBK). A row that cannot be read has its reason; the others are judged all the same.
#[utoipa::path(
    post,
    path = "/api/v1/verifications/batch",
    tag = "verifications",
    operation_id = "verify_batch",
    request_body(content(
        (BatchQuestion = "application/json", example = json!({"license_ids": ["1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R"]})),
        (String = "text/csv"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "What came of each row, whatever it is", body = BatchAnswer),
        (status = 400, response = openapi::BadRequest),
        (status = 413, response = openapi::TooLarge),
        (status = 415, response = openapi::UnsupportedMediaType),
        (status = 422, response = openapi::VerificationRefused),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn verify_batch(
    State(doors): State<Doors>,
    request: Request,
) -> Result<Json<BatchAnswer>, Problem> {
    let _permit = file_permit(&doors).await?;
    let rows = read(request).await?;
    let mut judge = Cases::at(doors.verify.as_ref());
    let (mut cases, mut counts) = (Vec::with_capacity(rows.len()), BTreeMap::new());
    for row in rows {
        let result = judge.judge(row).await;
        let word = if result.verdict.is_empty() { result.outcome } else { &result.verdict };
        *counts.entry(word.to_owned()).or_default() += 1;
        cases.push(result.into());
    }
    Ok(Json(BatchAnswer { counts, cases }))
}

/// A list of licenses.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `read` takes apart")]
pub struct BatchQuestion {
    /// License ids (电子证照标识), or texts of printed squares; at most 5 000.
    license_ids: Vec<String>,
}

/// What came of a list.
#[derive(Serialize, ToSchema)]
pub struct BatchAnswer {
    /// How many rows met which verdict; `unreadable` for those that met none.
    counts: BTreeMap<String, u64>,
    /// The rows, in the order of the list.
    cases: Vec<CaseAnswer>,
}

/// What came of one row. What does not apply is an empty text.
#[derive(Serialize, ToSchema)]
pub struct CaseAnswer {
    /// Its line in the list, or its place in the JSON, from 1.
    line: Option<u64>,
    /// What was asked about, cleaned of what spreadsheets put into cells.
    input: String,
    /// `judged`, or `unreadable` with the reason in `error`.
    outcome: &'static str,
    /// What was judged.
    form: String,
    /// As `verdict` of one verification; the following likewise.
    verdict: String,
    integrity: String,
    authenticity: String,
    standing: String,
    standing_state: String,
    standing_as_of: String,
    /// The sentence for a clerk.
    headline_zh: String,
    /// The same in English.
    headline_en: String,
    /// The code of the first check that failed, or could not be made.
    finding: String,
    /// The license, where it is known.
    license_id: String,
    /// When it was judged.
    judged_at: String,
    /// Why it could not be read.
    error: String,
}

impl From<CaseResult> for CaseAnswer {
    fn from(result: CaseResult) -> Self {
        Self {
            line: result.line,
            input: result.input,
            outcome: result.outcome,
            form: result.form,
            verdict: result.verdict,
            integrity: result.integrity,
            authenticity: result.authenticity,
            standing: result.standing,
            standing_state: result.standing_state,
            standing_as_of: result.standing_as_of,
            headline_zh: result.headline_zh,
            headline_en: result.headline_en,
            finding: result.finding,
            license_id: result.license_id,
            judged_at: result.judged_at,
            error: result.error,
        }
    }
}

async fn read(request: Request) -> Result<Vec<CaseRow>, Problem> {
    let of_list = |error: CaseListError| refused("", error.code(), error.to_string());
    match content_type(request.headers()).as_str() {
        "application/json" => {
            let sent = body::read(request, MAX_LIST_BYTES).await?;
            let Ok(Value::Object(sent)) = serde_json::from_slice(&sent) else {
                return Err(Problem::new(&NOT_JSON));
            };
            let ids = sent.get("license_ids").and_then(Value::as_array).filter(|_| sent.len() == 1);
            let texts =
                ids.and_then(|ids| ids.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
            let Some(texts) = texts else {
                let what = "send `license_ids`, a list of texts, and nothing else";
                return Err(refused("license_ids", "verification.nothing_sent", what.to_owned()));
            };
            case_rows(&texts).map_err(of_list)
        }
        known if LIST_TYPES.contains(&known) => {
            read_case_list(&body::read(request, MAX_LIST_BYTES).await?).map_err(of_list)
        }
        _ => {
            let detail = format!("send application/json, {}", LIST_TYPES.join(", "));
            Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE).saying(detail))
        }
    }
}

fn refused(field: &str, code: &'static str, message: String) -> Problem {
    let fault = FaultLine::new(field, code, message.clone());
    Problem::new(&VERIFICATION_REFUSED).saying(message).with_faults(vec![fault])
}
