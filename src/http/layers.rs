//! What every request passes through.
//!
//! From the outside in: [`observe`] gives it an id and writes one log line, [`secure`] sets the headers that keep
//! browsers from helping an attacker, [`panicked`] turns a panic into an answer, [`bound`] limits how many are at
//! work and for how long. The log line has method, route, status, time taken and id: never an address as it
//! was asked for, because people put anything into addresses.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::doors::Doors;
use super::problem::{BUSY, FAILED, Problem, TIMEOUT};

/// The header that names a request, in the answer and in the log.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request, for the page that tells of a fault of ours.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// What pages may load: our own files and pictures inside the page; no script or style in the page itself.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Gives the request an id and logs how it ended.
pub async fn observe(State(doors): State<Doors>, mut request: Request, next: Next) -> Response {
    let mut random = [0; 16];
    doors.random.fill(&mut random);
    let id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!("request", id);
    request.extensions_mut().insert(RequestId(id.clone()));
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| {
        tracing::info!(
            method = method.as_str(),
            route,
            status = response.status().as_u16(),
            latency_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            "request answered"
        );
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), id);
    }
    response
}

/// Sets the security headers, and forbids keeping whatever does not say that it may be kept.
pub async fn secure(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let permissions = HeaderName::from_static("permissions-policy");
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    set_if_absent(headers, CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    set_if_absent(headers, CACHE_CONTROL, "no-store");
    set_if_absent(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_if_absent(headers, X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    set_if_absent(headers, REFERRER_POLICY, "same-origin");
    set_if_absent(headers, permissions, "camera=(), geolocation=(), microphone=(), payment=()");
    set_if_absent(headers, opener, "same-origin");
    if doors.settings.is_https() {
        set_if_absent(headers, STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// Turns away what is too much at once and ends what takes too long.
///
/// The answers on health are exempt: they must come when the server is at its limit, too.
pub async fn bound(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/health/") {
        return next.run(request).await;
    }
    let Ok(_permit) = doors.permits.requests.try_acquire() else {
        return Problem::new(&BUSY).into_response();
    };
    match tokio::time::timeout(doors.settings.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(&TIMEOUT).into_response(),
    }
}

/// The answer to a request whose handler panicked. What the panic said may hold anything and is not logged here.
pub fn panicked(_said: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(&FAILED).into_response()
}

fn set_if_absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
