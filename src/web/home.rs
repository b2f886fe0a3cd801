//! `/`: what this is, and three doors.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::page::{Page, draw};

/// The first page.
#[derive(Template)]
#[template(path = "pages/home.html")]
struct Home {
    page: Page,
}

/// Draws the first page.
pub async fn page(page: Page) -> Response {
    draw(StatusCode::OK, &Home { page })
}
