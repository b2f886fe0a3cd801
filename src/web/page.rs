//! The frame around every page, and drawing a page into an answer.

use std::convert::Infallible;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};

use crate::http::problem::{FAILED, Problem};

use super::Pages;
use super::assets;
use super::lang::Lang;

/// What every template is given as `page`.
#[derive(Clone, Debug)]
pub struct Page {
    /// The language it is drawn in.
    pub lang: Lang,
    /// Whether this is a development server.
    pub development: bool,
    /// Whether a holder is signed in.
    pub signed_in: bool,
    /// The path of the page.
    path: String,
}

impl Page {
    /// The frame of a page at an address.
    pub fn at(uri: &Uri, lang: Lang, development: bool) -> Self {
        Self { lang, development, signed_in: false, path: uri.path().to_owned() }
    }

    /// One of two texts, in the page's language.
    pub fn t<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        self.lang.pick(zh, en)
    }

    /// The page's language, for `lang` attributes.
    pub fn html_lang(&self) -> &'static str {
        match self.lang {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// The same page in the other language.
    pub fn switch_href(&self) -> String {
        let other = self.lang.pick("en", "zh");
        format!("{}?lang={other}", self.path)
    }

    /// Whether the page lies under a path, for marking the place in the navigation.
    pub fn is_under(&self, path: &str) -> bool {
        self.path == path || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The address of an asset, which changes with its content.
    pub fn asset(&self, name: &str) -> String {
        assets::href(name)
    }
}

impl FromRequestParts<Pages> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Infallible> {
        let lang = Lang::of(parts.uri.query(), &parts.headers);
        let mut page = Self::at(&parts.uri, lang, pages.doors.settings.development);
        page.signed_in = pages.sessions.find(&parts.headers).is_some();
        Ok(page)
    }
}

/// Draws a template.
pub fn draw(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(why) => {
            tracing::error!(%why, "a page could not be drawn");
            Problem::new(&FAILED).into_response()
        }
    }
}
