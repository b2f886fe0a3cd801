//! `/api/v1/licenses/{id}/copies`: have annotated copies made, and fetch them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::Instrument;
use utoipa::ToSchema;

use crate::domain::{CopyNumber, LicenseId};
use crate::service::desks::{Copied, CopyCaller};

use super::caller::Caller;
use super::doors::Doors;
use super::idempotency::IdempotencyKey;
use super::license::parse_id;
use super::media::hand_out_copy;
use super::problem::{FAILED, LICENSE_NOT_FOUND, Problem};
use super::{body, openapi};

/// Largest body, in bytes; our own bound, far above what the longest request needs.
const BODY_MAX_BYTES: usize = 16_384;
/// Tells that the answer is that of an earlier request.
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What an annotated copy is asked for (加注件申请).
#[derive(ToSchema)]
#[schema(as = CopyRequest)]
#[expect(dead_code, reason = "it describes what `domain::annotated_copy` reads")]
pub struct CopyAsked {
    /// What it is for (加注件制作事由), 1 to 50 characters; printed across every page.
    #[schema(example = "办理企业贷款")]
    purpose: String,
    /// Whom it is for, 1 to 50 characters; printed across every page.
    #[schema(example = "示例银行云台支行")]
    recipient: String,
    /// The last day on which it may be used: today or later, at most 366 days ahead, not after the license's own.
    #[schema(format = Date)]
    last_day: String,
}

/// An annotated copy that was made. What it is for stands in the file, and nowhere here.
#[derive(Serialize, ToSchema)]
#[schema(as = AnnotatedCopy)]
pub struct CopyMade {
    /// Its number (加注件编号).
    #[schema(example = "2026ABCDEFGHJKMN")]
    number: String,
    /// The version it is drawn from.
    license_id: String,
    /// The last day on which it may be used.
    #[schema(format = Date)]
    last_day: String,
    /// Who had it made: `issuing_authority` or `holder`.
    maker: &'static str,
    /// When.
    #[schema(format = DateTime)]
    made_at: String,
    /// SHA-256 of the file.
    sha256: String,
    /// Its size in bytes.
    size_bytes: u64,
    /// Where it is fetched.
    href: String,
}

impl CopyMade {
    fn of(copied: &Copied, public_url: &str) -> Self {
        let record = &copied.record;
        Self {
            number: record.number.to_string(),
            license_id: record.original.to_string(),
            last_day: record.last_day.to_string(),
            maker: record.maker.word(),
            made_at: record.made_at.to_string(),
            sha256: record.file.digest.to_string(),
            size_bytes: record.file.size_bytes,
            href: format!("{public_url}{}", place(&record.original, &record.number)),
        }
    }
}

/// Have an annotated copy made
///
/// Draws the license once more with purpose, recipient and last day across every page, and seals it as a file of its
/// own. Only a version in force is copied. The same body under the same `Idempotency-Key` is answered with the same
/// copy, and `Idempotency-Replayed: true`.
#[utoipa::path(
    post,
    path = "/api/v1/licenses/{license_id}/copies",
    tag = "licenses",
    operation_id = "copyLicense",
    security(("issuing_system" = [])),
    params(
        ("license_id" = String, Path, description = "The license id (电子证照标识)"),
        ("Idempotency-Key" = String, Header, description = "1 to 128 visible ASCII characters, new for each copy"),
    ),
    request_body(content = CopyAsked, content_type = "application/json", example = json!({
        "purpose": "办理企业贷款", "recipient": "示例银行云台支行", "last_day": "2026-12-31"
    })),
    responses(
        (status = 201, description = "The copy is kept. `Location` names it.", body = CopyMade,
            headers(("Location" = String, description = "The copy"), ("Idempotency-Replayed" = String, description = "`true` where an earlier request made it"))),
        (status = 400, response = openapi::BadRequest),
        (status = 401, response = openapi::Unauthorized),
        (status = 403, response = openapi::Forbidden),
        (status = 404, response = openapi::NoSuchLicense),
        (status = 409, response = openapi::CopyNotAllowed),
        (status = 413, response = openapi::TooLarge),
        (status = 415, response = openapi::UnsupportedMediaType),
        (status = 422, response = openapi::CopyRefused),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn copy(
    State(doors): State<Doors>,
    Caller(client): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    body::require_json(&request)?;
    let body = body::read(request, BODY_MAX_BYTES).await?;
    // A task of its own: a caller who hangs up must not stop the work between two steps.
    let desk = Arc::clone(&doors.copies);
    let work = async move { desk.copy(CopyCaller::Authority(&client), &key, &id, &body).await };
    let copied = tokio::spawn(work.in_current_span()).await.map_err(|_| {
        tracing::error!("the desk of copies panicked");
        Problem::new(&FAILED)
    })??;
    Ok(answer(&copied, &doors.settings.public_url))
}

/// Fetch an annotated copy
///
/// The bytes as they were sealed. Every fetch is written down before it is answered.
#[utoipa::path(
    get,
    path = "/api/v1/licenses/{license_id}/copies/{number}",
    tag = "licenses",
    operation_id = "fetchLicenseCopy",
    security(("issuing_system" = [])),
    params(
        ("license_id" = String, Path, description = "The license id (电子证照标识)"),
        ("number" = String, Path, description = "The number of the copy (加注件编号)", example = "2026ABCDEFGHJKMN"),
    ),
    responses(
        (status = 200, description = "The bytes, as an attachment", content((Vec<u8> = "application/pdf"))),
        (status = 401, response = openapi::Unauthorized),
        (status = 403, response = openapi::Forbidden),
        (status = 404, response = openapi::NoSuchLicense),
        (status = 422, response = openapi::BadLicenseId),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn fetch(
    State(doors): State<Doors>,
    Caller(client): Caller,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, number) = (parse_id(&id)?, parse_number(&number)?);
    let bytes = doors.copies.fetch(CopyCaller::Authority(&client), &id, &number).await?;
    Ok(hand_out_copy(&number, bytes))
}

/// Reads the number of a copy; what is none has no copy.
pub fn parse_number(text: &str) -> Result<CopyNumber, Problem> {
    text.parse().map_err(|_| Problem::new(&LICENSE_NOT_FOUND))
}

fn answer(copied: &Copied, public_url: &str) -> Response {
    let body = Json(CopyMade::of(copied, public_url));
    let mut response = (StatusCode::CREATED, body).into_response();
    let location = place(&copied.record.original, &copied.record.number);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    if copied.repeated {
        response.headers_mut().insert(REPLAYED.clone(), HeaderValue::from_static("true"));
    }
    response
}

fn place(id: &LicenseId, number: &CopyNumber) -> String {
    format!("/api/v1/licenses/{id}/copies/{number}")
}
