//! Reading a body, up to a limit.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::header::CONTENT_LENGTH;

use super::problem::{BROKEN_OFF, Problem, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};

/// Reads a body of at most `limit_bytes`.
pub async fn read(mut request: Request, limit_bytes: usize) -> Result<Bytes, Problem> {
    refuse_announced(&request, limit_bytes)?;
    DefaultBodyLimit::max(limit_bytes).apply(&mut request);
    Bytes::from_request(request, &()).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            too_large(limit_bytes)
        }
        _ => Problem::new(&BROKEN_OFF),
    })
}

/// Refuses a body that says itself that it is too large, before any of it is read.
pub fn refuse_announced(request: &Request, limit_bytes: usize) -> Result<(), Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<u64>().ok());
    let limit = u64::try_from(limit_bytes).unwrap_or(u64::MAX);
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit_bytes));
    }
    Ok(())
}

/// Refuses a body of another content type than JSON.
pub fn require_json(request: &Request) -> Result<(), Problem> {
    if super::media::content_type(request.headers()) == "application/json" {
        return Ok(());
    }
    Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE).saying("send application/json"))
}

/// The problem of a body larger than `limit_bytes`.
pub fn too_large(limit_bytes: usize) -> Problem {
    Problem::new(&TOO_LARGE).saying(format!("at most {limit_bytes} bytes are taken"))
}
