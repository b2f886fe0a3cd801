//! `/sign-in` and `/sign-out`.
//!
//! A development server lets anybody be one of the invented holders, or any holder by kind and code, and says so
//! loudly. Any other server says that the city's sign-in is not connected, and takes no form.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::{HolderCode, HolderCodeKind};
use crate::http::problem::{NOT_FOUND, Problem};

use super::Pages;
use super::page::{Page, draw};
use super::session::SignedIn;

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
struct SignInPage {
    page: Page,
    invented: Vec<Invented>,
    kinds: Vec<(&'static str, &'static str)>,
    mistake: Option<&'static str>,
}

struct Invented {
    name: String,
    kind: &'static str,
    masked: String,
}

/// The form of a development sign-in.
#[derive(Default, Deserialize)]
pub struct Choice {
    /// The place of an invented holder in the list.
    invented: Option<usize>,
    /// Or the kind of a holder code
    #[serde(default)]
    kind: String,
    /// and the code.
    #[serde(default)]
    code: String,
    /// Or a clerk who decides cases.
    clerk: Option<String>,
}

/// The page.
pub async fn page(State(pages): State<Pages>, page: Page) -> Response {
    draw(StatusCode::OK, &SignInPage::of(&pages, page, None))
}

/// Signs in, on a development server.
pub async fn sign_in(
    State(pages): State<Pages>,
    page: Page,
    headers: HeaderMap,
    form: Result<Form<Choice>, FormRejection>,
) -> Result<Response, Problem> {
    if !pages.doors.settings.development {
        return Err(Problem::new(&NOT_FOUND));
    }
    let choice = form.map(|form| form.0).unwrap_or_default();
    let chosen = match choice.clerk {
        Some(_) => Ok((SignedIn::ApprovalClerk, "/verify")),
        None => holder(&pages, &choice).map(|holder| (SignedIn::Holder(holder), "/my")),
    };
    match chosen {
        Ok((signed_in, next)) => {
            // Whatever session came with the form ends: nobody can slip theirs under another's sign-in.
            pages.sessions.end(&headers);
            let cookie = pages.sessions.begin(signed_in, pages.doors.settings.is_https());
            Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(next)).into_response())
        }
        Err((zh, en)) => {
            let mistake = Some(page.lang.pick(zh, en));
            let drawn = SignInPage::of(&pages, page, mistake);
            Ok(draw(StatusCode::UNPROCESSABLE_ENTITY, &drawn))
        }
    }
}

/// Signs out.
pub async fn sign_out(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    let cookie = pages.sessions.end(&headers);
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/")).into_response()
}

impl SignInPage {
    fn of(pages: &Pages, page: Page, mistake: Option<&'static str>) -> Self {
        let settings = &pages.doors.settings;
        let invented = settings.invented_holders.iter().filter(|_| settings.development);
        Self {
            invented: invented
                .map(|holder| Invented {
                    name: holder.name().to_owned(),
                    kind: kind_name(holder.code().kind(), &page),
                    masked: holder.code().masked(),
                })
                .collect(),
            kinds: [
                HolderCodeKind::CitizenNumber,
                HolderCodeKind::CreditCode,
                HolderCodeKind::Passport,
                HolderCodeKind::HongKongMacaoPermit,
                HolderCodeKind::TaiwanPermit,
                HolderCodeKind::OtherPerson,
                HolderCodeKind::OtherOrganization,
            ]
            .into_iter()
            .map(|kind| (kind.code(), kind_name(kind, &page)))
            .collect(),
            page,
            mistake,
        }
    }
}

fn holder(pages: &Pages, choice: &Choice) -> Result<HolderCode, (&'static str, &'static str)> {
    let code = choice.code.trim();
    if !code.is_empty() {
        let kind = HolderCodeKind::from_code(&choice.kind)
            .ok_or(("请选择代码类型。", "Choose the kind of the code."))?;
        return HolderCode::parse(kind, code).map_err(|_| {
            (
                "代码不正确：请核对位数、字符和校验位。",
                "The code does not hold together: check its length, characters and check digit.",
            )
        });
    }
    let invented = &pages.doors.settings.invented_holders;
    let chosen = choice.invented.and_then(|place| invented.get(place));
    chosen
        .map(|holder| holder.code().clone())
        .ok_or(("请选择一位持证主体，或输入代码。", "Choose a holder, or type a code."))
}

fn kind_name(kind: HolderCodeKind, page: &Page) -> &'static str {
    let (zh, en) = match kind {
        HolderCodeKind::CitizenNumber => ("公民身份号码", "citizen number"),
        HolderCodeKind::CreditCode => ("统一社会信用代码", "unified social credit code"),
        HolderCodeKind::HongKongMacaoPermit => {
            ("港澳居民来往内地通行证", "Hong Kong and Macao permit")
        }
        HolderCodeKind::OtherOrganization => {
            ("其他法人或组织证件", "other code of an organization")
        }
        HolderCodeKind::Passport => ("普通护照", "passport"),
        HolderCodeKind::TaiwanPermit => ("台湾居民来往大陆通行证", "Taiwan permit"),
        kind if kind.is_person() => ("其他自然人证件", "other code of a person"),
        _ => ("其他证件", "other code"),
    };
    page.lang.pick(zh, en)
}
