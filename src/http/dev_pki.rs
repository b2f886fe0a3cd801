//! `/dev/tsa` and `/dev/ocsp`: the services of the development PKI, spoken as their protocols lay down.
//!
//! Only a development server has them. They are no part of the API: who asks them is a program of ours, or one of
//! the many that know the protocols.
//!
//! Sources: RFC 3161, section 3.4; RFC 6960, appendix A.1.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::service::dev_pki::DevPki;
use crate::service::error::Fault;

use super::body;
use super::media::content_type;
use super::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};

/// Largest request, in bytes. Our own bound; real ones take about a hundred.
const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// These routes with those of the development PKI.
pub fn with_dev_pki(routes: Router, services: Arc<DevPki>) -> Router {
    routes.merge(
        Router::new()
            .route("/dev/tsa", post(stamp))
            .route("/dev/ocsp", post(ocsp))
            .with_state(services),
    )
}

/// The routes of the development PKI alone.
pub fn dev_pki(services: Arc<DevPki>) -> Router {
    with_dev_pki(Router::new(), services)
}

async fn stamp(State(services): State<Arc<DevPki>>, request: Request) -> Result<Response, Problem> {
    let query = read(request, "application/timestamp-query").await?;
    answer("application/timestamp-reply", services.stamp(&query))
}

async fn ocsp(State(services): State<Arc<DevPki>>, request: Request) -> Result<Response, Problem> {
    let query = read(request, "application/ocsp-request").await?;
    answer("application/ocsp-response", services.ocsp(&query))
}

async fn read(request: Request, expected: &'static str) -> Result<Vec<u8>, Problem> {
    if content_type(request.headers()) != expected {
        let problem = Problem::new(&UNSUPPORTED_MEDIA_TYPE);
        return Err(problem.saying(format!("send {expected}")));
    }
    Ok(body::read(request, MAX_REQUEST_BYTES).await?.to_vec())
}

fn answer(media_type: &'static str, answered: Result<Vec<u8>, Fault>) -> Result<Response, Problem> {
    let bytes = answered.map_err(Problem::from)?;
    Ok(([(CONTENT_TYPE, media_type)], bytes).into_response())
}
