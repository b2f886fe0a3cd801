//! The language of a page: Chinese, unless the reader has switched to English.
//!
//! `?lang=en` switches and is remembered in a cookie that says nothing else. The browser's own preference is
//! not asked: the pages are those of a Chinese city, and the switch stands on each of them.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Chinese.
    #[default]
    Zh,
}

impl Lang {
    /// The language of a request.
    pub fn of(query: Option<&str>, headers: &HeaderMap) -> Self {
        let chosen = query.and_then(chosen).or_else(|| cookie(headers, "lang").and_then(from_word));
        chosen.unwrap_or_default()
    }

    /// One of two texts.
    pub fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.uri.query(), &parts.headers))
    }
}

/// Remembers a switch of the language for a year.
pub async fn remember(request: Request, next: Next) -> Response {
    let switched = request.uri().query().and_then(chosen);
    let mut response = next.run(request).await;
    if let Some(lang) = switched {
        let value = match lang {
            Lang::En => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            Lang::Zh => "lang=zh; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
        };
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(value));
    }
    response
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

fn chosen(query: &str) -> Option<Lang> {
    query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(from_word)
}

fn from_word(word: &str) -> Option<Lang> {
    match word {
        "en" => Some(Lang::En),
        "zh" => Some(Lang::Zh),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_comes_before_what_was_remembered_and_chinese_before_all() {
        let mut headers = HeaderMap::new();
        assert_eq!(Lang::of(None, &headers), Lang::Zh);
        headers.insert(COOKIE, HeaderValue::from_static("other=1; lang=en"));
        assert_eq!(Lang::of(None, &headers), Lang::En);
        assert_eq!(Lang::of(Some("id=1&lang=zh"), &headers), Lang::Zh);
        assert_eq!(Lang::of(Some("lang=fr"), &headers), Lang::En);
    }
}
