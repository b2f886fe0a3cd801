//! `/my`: what a holder holds. A license opens as its face, with its standing on top.
//!
//! Who the holder is comes from the session alone; no address carries a holder's code.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use crate::domain::Level;
use crate::http::license::{parse_form, parse_id};
use crate::http::media::{Handing, hand_out};
use crate::http::problem::Problem;
use crate::service::desks::{FacePart, HeldLicense};
use crate::service::ports::Form;
use crate::service::whole::Protected;

use super::Pages;
use super::lang::Lang;
use super::page::{Page, draw};
use super::session::Session;
use super::standing_words::{Mark, sentence};

#[derive(Template)]
#[template(path = "pages/my.html")]
struct MyPage {
    page: Page,
    licenses: Vec<Line>,
}

#[derive(Template)]
#[template(path = "pages/license.html")]
struct LicensePage {
    page: Page,
    line: Line,
    holders: String,
    sentence: String,
    successor: Option<String>,
    portraits: Vec<Portrait>,
    texts: Vec<(String, String)>,
    tables: Vec<Table>,
    files: Vec<(&'static str, u64)>,
    protection: Option<String>,
}

/// A license in a line.
struct Line {
    id: String,
    type_name: String,
    number: String,
    authority: String,
    issued_on: String,
    validity: String,
    version: String,
    mark: Mark,
}

struct Portrait {
    name: String,
    source: String,
}

struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The list.
pub async fn list(
    State(pages): State<Pages>,
    page: Page,
    session: Session,
) -> Result<Response, Problem> {
    let held = pages.doors.hold.list(&session.holder).await?;
    let licenses = held.into_iter().map(|held| Line::of(held, &page)).collect();
    Ok(draw(StatusCode::OK, &MyPage { page, licenses }))
}

/// One license.
pub async fn open(
    State(pages): State<Pages>,
    page: Page,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let opened = pages.doors.hold.open(&session.holder, &parse_id(&id)?).await?;
    let (mut portraits, mut texts, mut tables) = (Vec::new(), Vec::new(), Vec::new());
    for (name, part) in opened.face {
        match part {
            FacePart::Portrait { media_type, base64 } => {
                let source = format!("data:{media_type};base64,{base64}");
                portraits.push(Portrait { name, source });
            }
            FacePart::Table { columns, rows } => tables.push(Table { name, columns, rows }),
            FacePart::Text(text) => texts.push((name, text)),
        }
    }
    let standing = &opened.held.standing;
    let successor = match standing {
        crate::domain::Standing::Replaced { by, .. } => Some(by.to_string()),
        _ => None,
    };
    let sentence = sentence(standing, page.lang);
    let forms = opened.held.record.forms.iter();
    let files = forms.map(|form| (form.form.word(), form.size_bytes.div_ceil(1_000))).collect();
    let holders = opened.holder_names.join("、");
    let protection = protection_words(&opened.protected, &page);
    let line = Line::of(opened.held, &page);
    let drawn = LicensePage {
        line,
        holders,
        sentence,
        successor,
        portraits,
        texts,
        tables,
        files,
        protection,
        page,
    };
    Ok(draw(StatusCode::OK, &drawn))
}

/// The bytes of one form: kept by the browser, or with `?show` shown by it.
pub async fn fetch(
    State(pages): State<Pages>,
    session: Session,
    Path((id, form)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (id, form) = (parse_id(&id)?, parse_form(&form)?);
    let bytes = pages.doors.hold.download(&session.holder, &id, form).await?;
    let handing = match (form, uri.query()) {
        (Form::SealedPdf, Some("show")) => Handing::Inline,
        _ => Handing::Attachment,
    };
    Ok(hand_out(&id, form, bytes, handing))
}

/// How long the PDF can be checked, in words for its holder; nothing where that was not written down.
fn protection_words(protected: &Protected, page: &Page) -> Option<String> {
    let seal = protected.seal?;
    let until = seal.holds_until.day_in_china();
    Some(match (seal.level, page.lang) {
        (Level::BLTA, Lang::Zh) => format!("时间戳长期保护，可核验至 {until}，届前续期"),
        (Level::BLTA, Lang::En) => {
            format!("By time-stamps; can be checked until {until}, and is renewed before")
        }
        (level, Lang::Zh) => format!("可核验至 {until}（{level}）"),
        (level, Lang::En) => format!("Can be checked until {until} ({level})"),
    })
}

impl Line {
    fn of(held: HeldLicense, page: &Page) -> Self {
        let validity = &held.record.validity;
        let end = validity.to().map(|day| day.to_string());
        let end = end.unwrap_or_else(|| page.t("长期", "no end").to_owned());
        Self {
            id: held.record.id.to_string(),
            version: held.record.id.version().to_string(),
            type_name: held.type_name,
            number: held.license_number,
            authority: held.authority_name,
            issued_on: held.record.issued_on.to_string(),
            validity: format!("{} {} {end}", validity.from(), page.t("至", "to")),
            mark: Mark::of(&held.standing, page.lang),
        }
    }
}
