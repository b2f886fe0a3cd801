//! A form is taken from our own pages only.
//!
//! Browsers say with every form where it comes from. One sent by another site's page would act in the name of
//! whoever is signed in here, so a write whose origin is absent, hidden or foreign is refused. Programs have the
//! API, which knows no sessions.

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::problem::{OTHER_SITE, Problem};

use super::Pages;

/// Refuses a write that does not come from our own pages.
pub async fn require_own(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_own(request.headers(), &pages.doors.settings.public_url) {
        return next.run(request).await;
    }
    Problem::new(&OTHER_SITE).into_response()
}

fn is_own(headers: &HeaderMap, public_url: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = header(ORIGIN.as_str()) else {
        return header("sec-fetch-site") == Some("same-origin");
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    // The address in the settings, or, where people come by another name, the name they came by.
    origin == public_url || authority.is_some() && authority == header(HOST.as_str())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_our_own_origin_may_write() {
        let rows = [
            ("ours", &[("origin", "https://zhengku.example")][..], true),
            (
                "by another name",
                &[("origin", "http://10.0.0.5:8080"), ("host", "10.0.0.5:8080")],
                true,
            ),
            ("foreign", &[("origin", "https://evil.example"), ("host", "zhengku.example")], false),
            ("hidden", &[("origin", "null"), ("host", "null")], false),
            (
                "foreign name that begins as ours",
                &[("origin", "https://zhengku.example.evil")],
                false,
            ),
            ("no origin, browser vouches", &[("sec-fetch-site", "same-origin")], true),
            ("no origin, browser tells of another site", &[("sec-fetch-site", "same-site")], false),
            ("nothing said", &[], false),
        ];
        for (why, sent, own) in rows {
            let headers = sent
                .iter()
                .map(|(name, value)| {
                    (HeaderName::from_static(name), HeaderValue::from_static(value))
                })
                .collect();
            assert_eq!(is_own(&headers, "https://zhengku.example"), own, "{why}");
        }
    }
}
