//! `/verify`: is this license genuine, and in force today?
//!
//! The page works as a plain form. With the script the same form is sent in the background (`?part=verdict`) and
//! the answer comes in place. The square on a license leads here with what it says behind `#`, which no browser
//! sends; the script takes it into a body. What is asked stands in no address, so that it stands in no log.

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use crate::domain::LicenseIdError;
use crate::http::problem::Problem;
use crate::http::verification::{self, Asked, NotAsked};
use crate::service::compare::Viewer;

use super::Pages;
use super::lang::Lang;
use super::page::{Page, draw};
use super::verdict_view::VerdictView;

/// What the address may carry.
#[derive(Default, Deserialize)]
pub struct Asking {
    /// `verdict` where the answer goes into a page that is already there.
    part: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/verify.html")]
pub(super) struct VerifyPage {
    page: Page,
    /// Whether a browser shows this because the service could not be reached.
    kept: bool,
    limit_megabytes: usize,
    limit_bytes: usize,
    id: String,
    verdict: Option<VerdictView>,
    mistake: Option<Mistake>,
}

#[derive(Template)]
#[template(path = "pages/verdict_part.html")]
struct VerdictPart {
    page: Page,
    verdict: Option<VerdictView>,
    mistake: Option<Mistake>,
}

/// What keeps a question from being one.
struct Mistake {
    /// The field it is about: `file` or `license_id`.
    field: &'static str,
    words: String,
}

/// The page.
pub async fn page(State(pages): State<Pages>, page: Page) -> Response {
    let limit = pages.doors.settings.file_limit_bytes;
    whole(StatusCode::OK, &VerifyPage::of(page, limit, String::new(), None, None))
}

/// The answer to the form.
pub async fn answer(State(pages): State<Pages>, page: Page, request: Request) -> Response {
    let query = Query::<Asking>::try_from_uri(request.uri());
    let part = query.map(|query| query.0).unwrap_or_default().part;
    let viewer = pages.sessions.viewer(request.headers());
    let asked = verification::read(&pages.doors, request).await;
    let shown = match &asked {
        Ok(Asked::Id(id)) => id.to_string(),
        _ => String::new(),
    };
    respond(&pages, page, (asked, viewer), shown, part.as_deref()).await
}

async fn respond(
    pages: &Pages,
    page: Page,
    (asked, viewer): (Result<Asked, NotAsked>, Viewer),
    shown: String,
    part: Option<&str>,
) -> Response {
    let limit = pages.doors.settings.file_limit_bytes;
    let (status, verdict, mistake) = match asked {
        Ok(asked) => {
            let presented = asked.presented();
            let verdict = verification::answer(&pages.doors, asked, &viewer).await;
            let ticket = pages.doors.receipts.ticket(&verdict, presented);
            let view = VerdictView { ticket, ..VerdictView::of(&verdict, page.lang) };
            (StatusCode::OK, Some(view), None)
        }
        Err(why) => {
            let mistake = Mistake::of(&why, page.lang, limit);
            (Problem::from(why).status(), None, Some(mistake))
        }
    };
    match part {
        Some("verdict") => draw(status, &VerdictPart { page, verdict, mistake }),
        _ => whole(status, &VerifyPage::of(page, limit, shown, verdict, mistake)),
    }
}

/// The whole page, which alone of all may ask for the camera.
pub(super) fn whole(status: StatusCode, page: &VerifyPage) -> Response {
    let name = HeaderName::from_static("permissions-policy");
    let value = "camera=(self), geolocation=(), microphone=(), payment=()";
    let mut response = draw(status, page);
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

impl VerifyPage {
    fn of(
        page: Page,
        limit_bytes: usize,
        id: String,
        verdict: Option<VerdictView>,
        mistake: Option<Mistake>,
    ) -> Self {
        let (limit_megabytes, kept) = (limit_bytes / 1_000_000, false);
        Self { page, kept, limit_megabytes, limit_bytes, id, verdict, mistake }
    }

    /// The page that a browser keeps for when nobody can be reached.
    pub(super) fn kept(page: Page, limit_bytes: usize) -> Self {
        Self { kept: true, ..Self::of(page, limit_bytes, String::new(), None, None) }
    }

    fn mistake_at(&self, field: &str) -> Option<&Mistake> {
        self.mistake.as_ref().filter(|mistake| mistake.field == field)
    }
}

impl Mistake {
    fn of(why: &NotAsked, lang: Lang, limit_bytes: usize) -> Self {
        let (field, words) = match why {
            NotAsked::BadId(why) => ("license_id", id_words(*why, lang)),
            NotAsked::EmptyFile => {
                let zh = "这个文件是空的，请重新选择。";
                ("file", lang.pick(zh, "The file is empty. Choose another.").to_owned())
            }
            NotAsked::Nothing => {
                let en = "Choose a file, or type a license id.";
                ("file", lang.pick("请选择一个文件，或输入电子证照标识。", en).to_owned())
            }
            NotAsked::Unread(problem) if problem.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let megabytes = limit_bytes / 1_000_000;
                let en = format!("The file is larger than {megabytes} MB. Choose a smaller one.");
                let zh = format!("文件超过 {megabytes} MB，请选择更小的文件。");
                ("file", lang.pick(&zh, &en).to_owned())
            }
            NotAsked::Unread(_) => {
                let en = "The file did not arrive whole. Send it again.";
                ("file", lang.pick("文件没有完整送达，请重新提交。", en).to_owned())
            }
        };
        Self { field, words }
    }
}

fn id_words(why: LicenseIdError, lang: Lang) -> String {
    if lang == Lang::En {
        return format!("This is not a license id: {why}.");
    }
    match why {
        LicenseIdError::Root => {
            "电子证照标识应以 1.2.156.3005.2. 开头，请核对后重新输入。".to_owned()
        }
        LicenseIdError::PartCount { found } => {
            format!(
                "电子证照标识在 1.2.156.3005.2. 之后应有五段，这里有 {found} 段，请核对是否缺字。"
            )
        }
        LicenseIdError::CheckCharacter { .. } => {
            "校验位不符：很可能有一个字符输错，请逐段核对。".to_owned()
        }
        LicenseIdError::VendorCheckCharacter { .. } => {
            "校验位是某些系统的错误算法算出的，不符合国家标准。请联系颁发机构。".to_owned()
        }
        LicenseIdError::TypeCode => "证照类型代码（第一段）不正确，请核对。".to_owned(),
        LicenseIdError::Authority => "颁发机构代码（第二段）不正确，请核对。".to_owned(),
        LicenseIdError::Serial => "流水号（第三段）只能由数字和大写字母组成，请核对。".to_owned(),
        LicenseIdError::Version => "版本号（第四段）应为三位数字，请核对。".to_owned(),
    }
}
