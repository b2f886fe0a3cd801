//! The pages: for anyone `/` and `/verify`, for holders `/my`.
//!
//! Pages are drawn on the server and work without JavaScript; the one script adds progress, dropping of files
//! and answers in place. Chinese comes first, English is one switch away. What goes wrong is told by a page in
//! the reader's language with the same status a program would get.

pub mod api_docs;
pub mod assets;
pub mod batch;
pub mod copies;
#[cfg(test)]
mod copies_tests;
mod error_page;
pub mod home;
pub mod lang;
pub mod my;
pub mod origin;
pub mod page;
pub mod receipt;
pub mod session;
pub mod shell;
pub mod sign_in;
pub mod standing_words;
pub mod verdict_case;
pub mod verdict_checks;
pub mod verdict_comparison;
pub mod verdict_facts;
pub mod verdict_signatures;
pub mod verdict_view;
pub mod verify;

#[cfg(test)]
mod api_tests;
#[cfg(test)]
mod batch_tests;
#[cfg(test)]
mod fake_copies;
#[cfg(test)]
mod fake_desks;
#[cfg(test)]
mod fake_vault;
#[cfg(test)]
mod fake_verdicts;
#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trust_pack_tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use utoipa::openapi::OpenApi;

use crate::http::{self, Doors};

use session::Sessions;

/// What the pages are built with.
#[derive(Clone)]
pub struct Pages {
    /// The desks and the settings.
    pub doors: Doors,
    /// Who is signed in.
    pub sessions: Arc<Sessions>,
    /// The description of the API, ready to be shown.
    docs: Arc<api_docs::Docs>,
}

/// Everything this server answers: the API, its description, health, and the pages.
///
/// What goes wrong is a problem document until the pages' layer makes a page of it for those who look at pages.
pub fn site(doors: Doors) -> Router {
    let (api, description) = http::api(&doors);
    let all = http::bounded(api.merge(router(doors.clone(), &description)), &doors);
    let all = all.layer(from_fn_with_state(doors.clone(), error_page::for_pages));
    http::observed(all, doors)
}

/// The routes of the pages.
fn router(doors: Doors, description: &OpenApi) -> Router {
    let pages = Pages {
        sessions: Arc::new(Sessions::new(
            Arc::clone(&doors.clock),
            Arc::clone(&doors.random),
            doors.settings.session_seconds,
        )),
        docs: Arc::new(api_docs::Docs::of(description)),
        doors,
    };
    Router::new()
        .route("/", get(home::page))
        .route("/verify", get(verify::page).post(verify::answer))
        .route("/verify/batch", get(batch::page).post(batch::answer))
        .route("/verify/receipt", post(receipt::give))
        .route("/verify/shell", get(shell::page))
        .route("/verify-worker.js", get(shell::worker))
        .route("/my", get(my::list))
        .route("/my/{license_id}", get(my::open))
        .route("/my/{license_id}/files/{form}", get(my::fetch))
        .route("/my/{license_id}/copy", get(copies::page).post(copies::sent))
        .route("/my/{license_id}/copies/{number}", get(copies::fetch))
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/api/docs", get(api_docs::page))
        .route("/assets/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::favicon))
        .layer(from_fn(lang::remember))
        .layer(from_fn_with_state(pages.clone(), origin::require_own))
        .with_state(pages)
}
