//! The verify page where there is no network: what a browser keeps of it, and the worker that does the keeping.
//!
//! Kept are the page as it is before anything was asked, the same for everybody, and the files it is made of. Their
//! names stand in the worker together with a digest over all of them, so a browser that fetches the worker anew sees
//! whether there is anything new to keep.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::crypto::Digest;

use super::Pages;
use super::assets;
use super::lang::Lang;
use super::page::Page;
use super::verify::{VerifyPage, whole};

/// What the worker does; the two lines before it say with what.
const WORKER: &str = include_str!("../../templates/pages/assets/worker.js");

/// The page as it is kept, which says that nobody could be reached.
pub async fn page(State(pages): State<Pages>, lang: Lang) -> Response {
    whole(StatusCode::OK, &kept(&pages, lang))
}

/// The worker, with the names and the digest of what it keeps.
pub async fn worker(State(pages): State<Pages>) -> Response {
    let mut all = String::from(WORKER);
    let mut addresses = Vec::new();
    for (lang, word) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
        // A page that cannot be drawn is logged where it is asked for; here it only changes the digest.
        all.push_str(&kept(&pages, lang).render().unwrap_or_default());
        addresses.push(format!("/verify/shell?lang={word}"));
    }
    addresses.extend(assets::of_verify_page());
    let version: String = Digest::of(all.as_bytes()).to_string().chars().take(16).collect();
    let shell = serde_json::json!(addresses);
    let script = format!("const VERSION = \"{version}\";\nconst SHELL = {shell};\n{WORKER}");
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, script).into_response()
}

/// Nothing of it depends on who asks.
fn kept(pages: &Pages, lang: Lang) -> VerifyPage {
    let settings = &pages.doors.settings;
    let page = Page::at(&"/verify".parse().unwrap_or_default(), lang, settings.development);
    VerifyPage::kept(page, settings.file_limit_bytes)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;

    use crate::web::fake_desks::{get, router, router_with, send};
    use crate::web::tests::signed_in;

    #[tokio::test]
    async fn what_is_kept_is_the_same_for_everybody_and_says_that_nobody_was_reached() {
        let (router, _) = router();
        let (_, _, plain) = get(&router, "/verify").await;
        assert!(plain.contains("id=\"network\"") && plain.contains("data-back"));
        let (_, headers, kept) = get(&router, "/verify/shell?lang=en").await;
        assert!(kept.contains("cannot be reached") && kept.contains("<html lang=\"en\">"));
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=(self)"));
        let cookie = signed_in(&router).await;
        let request = Request::get("/verify/shell?lang=en").header("cookie", cookie);
        let (_, _, of_holder) = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(kept, of_holder);
    }

    #[tokio::test]
    async fn the_worker_names_everything_the_page_is_made_of_and_changes_with_it() {
        let (router, _) = router();
        let (_, headers, worker) = get(&router, "/verify-worker.js").await;
        assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(headers["cache-control"], "no-cache");
        let (_, _, page) = get(&router, "/verify").await;
        let parts = page.split('"').filter(|part| part.starts_with("/assets/"));
        for part in parts.chain(["/verify/shell?lang=zh", "/verify/shell?lang=en"]) {
            assert!(worker.contains(&format!("\"{part}\"")), "{part}");
            assert_eq!(get(&router, part).await.0.as_u16(), 200, "{part}");
        }
        let (other, _) = router_with(|settings| settings.file_limit_bytes = 3_000_000);
        let (_, _, changed) = get(&other, "/verify-worker.js").await;
        assert_ne!(worker.lines().next(), changed.lines().next(), "another limit, another page");
    }
}
