//! The HTTP door: one resource a room, and no rules.
//!
//! A handler extracts, asks one desk and translates. [`api`] has the routes of the API, of its description and of
//! the health answers; `web` adds the pages and puts all of them behind the same few layers: a request id, a log line without personal data,
//! security headers, a bound on requests at work, a time limit, and panics that become an answer. Whatever goes
//! wrong is told as one `problem` document, or as a page to those who look at pages.

pub mod batch;
pub mod body;
pub mod caller;
mod comparison_answer;
pub mod copies;
pub mod dev_pki;
pub mod document;
pub mod doors;
pub mod health;
pub mod idempotency;
pub mod issue;
pub mod layers;
pub mod license;
pub mod license_type;
pub mod media;
pub mod metrics;
pub mod openapi;
pub mod problem;
pub mod receipt_answer;
pub mod receipts;
mod schema;
mod signature_answer;
pub mod standing;
mod statement_answer;
pub mod trust_pack;
pub mod verdict_answer;
pub mod verification;

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;

pub use doors::{Doors, HttpSettings, Permits};
pub use problem::{Problem, ProblemKind};

/// How long requests under way may take to finish once the server is told to stop.
const FAREWELL: Duration = Duration::from_secs(30);

/// The routes of the API with those of its description, and the description itself.
pub fn api(doors: &Doors) -> (Router, OpenApi) {
    let (api, description) = openapi::described_routes();
    let api = api.merge(openapi::routes(&description)).merge(schema::routes(&description));
    let api = api.route("/metrics", axum::routing::get(metrics::metrics)).with_state(doors.clone());
    (api, description)
}

/// Puts routes behind what bounds their work and catches what goes wrong in it.
pub fn bounded(routes: Router, doors: &Doors) -> Router {
    routes
        .fallback(|| async { Problem::new(&problem::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::new(&problem::METHOD_NOT_ALLOWED) })
        .layer(from_fn_with_state(doors.clone(), layers::bound))
        .layer(CatchPanicLayer::custom(layers::panicked))
}

/// Puts routes behind the outermost layers: security headers, request id, log line.
pub fn observed(routes: Router, doors: Doors) -> Router {
    routes
        .layer(from_fn_with_state(doors.clone(), layers::secure))
        .layer(from_fn_with_state(doors, layers::observe))
}

/// Serves until `shutdown` is ready, then lets requests under way finish, for at most half a minute.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (told, stopping) = oneshot::channel();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        // The receiver is gone only when the server has ended by itself.
        let _ = told.send(());
    });
    let patience = async {
        match stopping.await {
            Ok(()) => tokio::time::sleep(FAREWELL).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = server => ended,
        () = patience => Ok(()),
    }
}
