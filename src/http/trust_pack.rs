//! `GET /api/v1/trust-pack`: what counters without network verify with. Open to anybody.
//!
//! One is made at most every minute, however many ask: making one reads every change of standing.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;

use crate::domain::Moment;

use super::doors::Doors;
use super::openapi;
use super::problem::Problem;

/// For how many days standings may be taken from a pack of this door.
const FRESH_DAYS: u16 = 7;
/// How long one is handed out again, in seconds.
const KEPT_SECONDS: i64 = 60;

/// The pack that was made last, and when.
pub type LastPack = Mutex<Option<(Moment, Vec<u8>)>>;

/// Fetch the trust pack
///
/// Anchors, authorities and types, revocation lists and where every license stands, signed by the body that runs the
/// library (离线信任包): `zhengku verify --pack` needs nothing else. It is of the minute, and good for seven days. Licenses
/// are named in it by salted digests.
#[utoipa::path(
    get,
    path = "/api/v1/trust-pack",
    tag = "verifications",
    operation_id = "fetchTrustPack",
    security(()),
    responses(
        (status = 200, description = "The pack, as an attachment", content((Vec<u8> = "application/octet-stream"))),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn fetch(State(doors): State<Doors>) -> Result<Response, Problem> {
    let mut last = doors.last_pack.lock().await;
    let now = doors.clock.now();
    let bytes = match last.as_ref() {
        Some((made, bytes)) if now < made.plus_seconds(KEPT_SECONDS) => bytes.clone(),
        _ => {
            let bytes = doors.packs.make(FRESH_DAYS).await?;
            *last = Some((now, bytes.clone()));
            bytes
        }
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    let name = HeaderValue::from_static("attachment; filename=\"trust-pack.zkpack\"");
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}
