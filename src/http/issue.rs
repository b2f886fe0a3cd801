//! `POST /api/v1/licenses`: have a license made.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::service::desks::Issued;

use super::caller::Caller;
use super::document::{IssuedAnswer, Submission};
use super::doors::Doors;
use super::idempotency::IdempotencyKey;
use super::problem::{FAILED, Problem};
use super::{body, openapi};

/// Tells that the answer is that of an earlier request.
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Have a license made
///
/// Checks the submission in full, draws the face, seals every form, and answers once the license is durably on
/// the shelf. The same body under the same `Idempotency-Key` is answered in the same words, with
/// `Idempotency-Replayed: true`, and makes nothing new; after a broken connection or a 503, send it again.
#[utoipa::path(
    post,
    path = "/api/v1/licenses",
    tag = "licenses",
    operation_id = "issueLicense",
    security(("issuing_system" = [])),
    params(("Idempotency-Key" = String, Header, description = "1 to 128 visible ASCII characters, new for each act", example = "2026-11-22/batch-7/row-0001")),
    request_body(content = Submission, content_type = "application/json", example = json!({
        "type": "11990000MD0000008F002",
        "authority": "11990000MD1000018N",
        "holders": [{"kind": "001", "code": "91990102MA0000015T", "name": "示例市望江建设集团有限公司"}],
        "license_number": "JY19901010019995",
        "issued_on": "2026-11-20",
        "valid_to": "2031-11-19",
        "face": {
          "KZ_FDDBR": "何𤩽",
          "KZ_ZS": "示例市云台区云麓街道云麓大道219号17幢102室",
          "KZ_JYCS": "示例市东埠市东埠街道鹭岛环路160号16幢403室",
          "KZ_ZTYT": "餐饮服务经营者",
          "KZ_JYXM": "热食类食品制售，冷食类食品制售",
          "KZ_TSJBDH": "12315"
        }
    })),
    responses(
        (status = 201, description = "The license is on the shelf. `Location` names it.", body = IssuedAnswer,
            headers(("Location" = String, description = "The license"), ("Idempotency-Replayed" = String, description = "`true` where an earlier request made it"))),
        (status = 400, response = openapi::BadRequest),
        (status = 401, response = openapi::Unauthorized),
        (status = 403, response = openapi::Forbidden),
        (status = 409, response = openapi::ConflictAnswer),
        (status = 413, response = openapi::TooLarge),
        (status = 415, response = openapi::UnsupportedMediaType),
        (status = 422, response = openapi::SubmissionRefused),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn issue(
    State(doors): State<Doors>,
    Caller(client): Caller,
    IdempotencyKey(key): IdempotencyKey,
    request: Request,
) -> Result<Response, Problem> {
    body::require_json(&request)?;
    let body = body::read(request, doors.settings.submission_limit_bytes).await?;
    // A task of its own: a caller who hangs up must not stop the work between two steps.
    let desk = Arc::clone(&doors.issue);
    let work = async move { desk.issue(&client, &key, &body).await };
    let issued = tokio::spawn(work.in_current_span()).await.map_err(|_| {
        tracing::error!("the issuing desk panicked");
        Problem::new(&FAILED)
    })??;
    Ok(answer(&issued, &doors.settings.public_url))
}

fn answer(issued: &Issued, public_url: &str) -> Response {
    let body = Json(IssuedAnswer::of(&issued.record, public_url));
    let mut response = (StatusCode::CREATED, body).into_response();
    let location = format!("/api/v1/licenses/{}", issued.record.id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    if issued.repeated {
        response.headers_mut().insert(REPLAYED.clone(), HeaderValue::from_static("true"));
    }
    response
}
