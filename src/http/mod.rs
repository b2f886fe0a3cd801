//! The HTTP door: one resource a room, and no rules.
//!
//! A handler extracts, asks one desk and translates. [`router`] puts the API, its description, the health
//! answers and the pages of `web` behind the same few layers: a request id, a log line without personal data,
//! security headers, a bound on requests at work, a time limit, and panics that become an answer. Whatever goes
//! wrong is told as one `problem` document, or as a page to those who look at pages.

pub mod body;
pub mod caller;
pub mod document;
pub mod doors;
pub mod health;
pub mod idempotency;
pub mod issue;
pub mod layers;
pub mod license;
pub mod license_type;
pub mod media;
pub mod openapi;
pub mod problem;
pub mod standing;
pub mod verdict_answer;
pub mod verification;

#[cfg(test)]
pub(crate) mod fake_desks;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower_http::catch_panic::CatchPanicLayer;

pub use doors::{Doors, HttpSettings, Permits};
pub use problem::{Problem, ProblemKind};

/// How long requests under way may take to finish once the server is told to stop.
const FAREWELL: Duration = Duration::from_secs(30);

/// Everything this server answers.
pub fn router(doors: Doors) -> Router {
    let (api, description) = openapi::described_routes();
    let api = api.merge(openapi::routes(&description)).with_state(doors.clone());
    let api = api.merge(crate::web::router(doors.clone(), &description));
    api.fallback(|| async { Problem::new(&problem::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::new(&problem::METHOD_NOT_ALLOWED) })
        .layer(from_fn_with_state(doors.clone(), layers::bound))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(doors.clone(), crate::web::error_page::for_pages))
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
