//! Style, script and emblem: part of the program, served under names that change with their content.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};

use crate::crypto::Digest;
use crate::http::problem::{NOT_FOUND, Problem};

/// Name, content type and content.
static ASSETS: [(&str, &str, &str); 7] = [
    (
        "batch.js",
        "text/javascript; charset=utf-8",
        include_str!("../../templates/pages/assets/batch.js"),
    ),
    (
        "camera.js",
        "text/javascript; charset=utf-8",
        include_str!("../../templates/pages/assets/camera.js"),
    ),
    (
        "zhengku.css",
        "text/css; charset=utf-8",
        include_str!("../../templates/pages/assets/zhengku.css"),
    ),
    (
        "shell.js",
        "text/javascript; charset=utf-8",
        include_str!("../../templates/pages/assets/shell.js"),
    ),
    (
        "verify.css",
        "text/css; charset=utf-8",
        include_str!("../../templates/pages/assets/verify.css"),
    ),
    (
        "verify.js",
        "text/javascript; charset=utf-8",
        include_str!("../../templates/pages/assets/verify.js"),
    ),
    ("emblem.svg", "image/svg+xml", include_str!("../../templates/pages/assets/emblem.svg")),
];

/// The address of an asset, with the beginning of its digest.
pub(super) fn href(name: &str) -> String {
    let content = ASSETS.iter().find(|(known, ..)| *known == name).map(|(.., content)| *content);
    let digest = Digest::of(content.unwrap_or_default().as_bytes()).to_string();
    let version: String = digest.chars().take(12).collect();
    format!("/assets/{name}?v={version}")
}

/// The addresses of everything the verify page is made of.
pub(super) fn of_verify_page() -> impl Iterator<Item = String> {
    ["camera.js", "emblem.svg", "shell.js", "verify.css", "verify.js", "zhengku.css"]
        .into_iter()
        .map(href)
}

/// Hands out an asset.
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let (_, content_type, content) = found.ok_or_else(|| Problem::new(&NOT_FOUND))?;
    let keep = "public, max-age=31536000, immutable";
    Ok(([(CONTENT_TYPE, *content_type), (CACHE_CONTROL, keep)], *content).into_response())
}

/// Browsers ask for this name whatever the page says.
pub async fn favicon() -> Redirect {
    Redirect::permanent("/assets/emblem.svg")
}
