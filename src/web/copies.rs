//! `/my/{id}/copy`: a holder has an annotated copy (加注件) made of what is theirs, in three steps: fill in, check, done.
//!
//! What was filled in travels in the form from step to step and is checked by the desk at each. The key under which
//! the copy is made once is drawn with the first step, so that going back and sending again makes no second copy.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::domain::{CopyFault, CopyFaultKind, CopyRequest};
use crate::http::copies::parse_number;
use crate::http::license::parse_id;
use crate::http::media::hand_out_copy;
use crate::http::problem::Problem;
use crate::service::desks::CopyCaller;
use crate::service::error::Refusal;

use super::Pages;
use super::page::{Page, draw};
use super::session::Session;

#[derive(Template)]
#[template(path = "pages/copy.html")]
struct CopyPage {
    page: Page,
    id: String,
    step: Step,
    filled: Filled,
    mistakes: Vec<Mistake>,
    limit_chars: usize,
    limit_days: i32,
    /// The number of the copy, once it is made, and its size in kB.
    made: Option<(String, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Fill,
    Check,
    Done,
}

/// One thing to be put right.
struct Mistake {
    field: &'static str,
    words: String,
}

/// What was filled in.
#[derive(Default, Deserialize)]
pub struct Filled {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    recipient: String,
    #[serde(default)]
    last_day: String,
    /// Drawn with the form.
    #[serde(default)]
    key: String,
    /// Set by the button of the second step.
    #[serde(default)]
    confirmed: String,
}

/// The empty form.
pub async fn page(
    State(pages): State<Pages>,
    page: Page,
    _session: Session,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?.to_string();
    let mut drawn = [0; 16];
    pages.doors.random.fill(&mut drawn);
    let key = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    let filled = Filled { key, ..Filled::default() };
    Ok(draw(StatusCode::OK, &CopyPage::of(page, id, Step::Fill, filled)))
}

/// A form that was sent: back with its mistakes, on to be checked, or done.
pub async fn sent(
    State(pages): State<Pages>,
    page: Page,
    session: Session,
    Path(id): Path<String>,
    form: Result<Form<Filled>, FormRejection>,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let mut filled = form.map(|form| form.0).unwrap_or_default();
    for text in [&mut filled.purpose, &mut filled.recipient, &mut filled.last_day] {
        *text = text.trim().to_owned();
    }
    let body = json!({
        "purpose": filled.purpose, "recipient": filled.recipient, "last_day": filled.last_day
    });
    let body = body.to_string();
    let caller = CopyCaller::Holder(&session.holder);
    let desk = &pages.doors.copies;
    // A form without a key of ours was not drawn here: it is checked, and never carried out unseen.
    let key_fits = filled.key.len() == 32 && filled.key.bytes().all(|b| b.is_ascii_hexdigit());
    let done = if filled.confirmed.is_empty() || !key_fits {
        desk.check(caller, &id, body.as_bytes()).await.map(|_| None)
    } else {
        desk.copy(caller, &filled.key, &id, body.as_bytes()).await.map(Some)
    };
    let id = id.to_string();
    match done {
        Ok(None) => Ok(draw(StatusCode::OK, &CopyPage::of(page, id, Step::Check, filled))),
        Ok(Some(copied)) => {
            let record = copied.record;
            let made = (record.number.to_string(), record.file.size_bytes.div_ceil(1_000));
            let mut drawn = CopyPage::of(page, id, Step::Done, filled);
            drawn.made = Some(made);
            Ok(draw(StatusCode::CREATED, &drawn))
        }
        Err(Refusal::Copy(faults)) => {
            let mut drawn = CopyPage::of(page, id, Step::Fill, filled);
            let words = |fault: &CopyFault| Mistake {
                field: if fault.field.is_empty() { "purpose" } else { fault.field },
                words: words(fault, &drawn.page),
            };
            drawn.mistakes = faults.iter().map(words).collect();
            Ok(draw(StatusCode::UNPROCESSABLE_ENTITY, &drawn))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The file of a copy.
pub async fn fetch(
    State(pages): State<Pages>,
    session: Session,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, number) = (parse_id(&id)?, parse_number(&number)?);
    let caller = CopyCaller::Holder(&session.holder);
    let bytes = pages.doors.copies.fetch(caller, &id, &number).await?;
    Ok(hand_out_copy(&number, bytes))
}

impl CopyPage {
    fn of(page: Page, id: String, step: Step, filled: Filled) -> Self {
        let (limit_chars, limit_days) = (CopyRequest::LIMIT_CHARS, CopyRequest::LIMIT_DAYS);
        Self { page, id, step, filled, mistakes: Vec::new(), limit_chars, limit_days, made: None }
    }

    fn mistake(&self, field: &str) -> Option<&str> {
        let found = self.mistakes.iter().find(|mistake| mistake.field == field);
        found.map(|mistake| mistake.words.as_str())
    }
}

/// A fault in the reader's language.
fn words(fault: &CopyFault, page: &Page) -> String {
    let (zh, en) = match fault.field {
        "purpose" => ("用途", "Purpose"),
        "recipient" => ("接收方", "Recipient"),
        "last_day" => ("有效期截止日", "Last day"),
        _ => ("申请", "The request"),
    };
    let what = match &fault.kind {
        CopyFaultKind::BadDay { .. } => "不是有效的日期，请写成 2026-12-31".to_owned(),
        CopyFaultKind::ForbiddenCharacter { code_point } => {
            format!("含有不能印制的字符 U+{code_point:04X}，请删去")
        }
        CopyFaultKind::LastDayAfterLicense => "晚于证照本身的有效期，请选择更早的一天".to_owned(),
        CopyFaultKind::LastDayPast => "已经过去，请选择今天或以后".to_owned(),
        CopyFaultKind::LastDayTooFar { limit_days } => {
            format!("超过 {limit_days} 天，请选择更早的一天")
        }
        CopyFaultKind::MissingField => "请填写".to_owned(),
        CopyFaultKind::NoGlyph { code_points } => {
            let points = code_points.iter().map(|point| format!(" U+{point:04X}"));
            format!("含有没有字形的字符{}，请改用其他写法", points.collect::<String>())
        }
        CopyFaultKind::ScriptWithoutFont { scripts } => {
            let names: Vec<&str> = scripts.iter().map(|script| script.chinese()).collect();
            format!("含有无法印制的文字：{}", names.join("、"))
        }
        CopyFaultKind::TooLong { limit_chars, actual_chars } => {
            format!("有 {actual_chars} 个字，最多 {limit_chars} 个字")
        }
        _ => "不符合要求，请核对".to_owned(),
    };
    page.lang.pick(&format!("{zh}：{what}"), &format!("{en}: {}", fault.kind)).to_owned()
}
