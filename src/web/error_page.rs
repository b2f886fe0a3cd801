//! What went wrong, for people.
//!
//! Every problem is made as a document for programs. This layer finds it on its way out and, where the address is
//! that of a page, tells it as a page instead: same status, same headers, the reader's language.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::layers::RequestId;
use crate::http::problem::Problem;
use crate::http::{Doors, ProblemKind};

use super::lang::Lang;
use super::page::{Page, draw};

#[derive(Template)]
#[template(path = "pages/error.html")]
struct ErrorPage {
    page: Page,
    title: &'static str,
    advice: &'static str,
    code: &'static str,
    request_id: Option<String>,
}

/// Turns problems at the addresses of pages into pages.
pub async fn for_pages(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/v1/") || path.starts_with("/health/") || path == "/api/openapi.json" {
        return next.run(request).await;
    }
    let lang = Lang::of(request.uri().query(), request.headers());
    let page = Page::at(request.uri(), lang, doors.settings.development);
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let (kind, status) = (problem.kind(), problem.status());
    let drawn = draw(
        status,
        &ErrorPage {
            title: lang.pick(kind.title_zh, kind.title),
            advice: advice(kind, lang),
            code: kind.code,
            request_id: request_id.filter(|_| status.is_server_error()),
            page,
        },
    );
    let (mut parts, _) = response.into_parts();
    let (drawn, body) = drawn.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    if let Some(content_type) = drawn.headers.get(CONTENT_TYPE) {
        parts.headers.insert(CONTENT_TYPE, content_type.clone());
    }
    Response::from_parts(parts, body)
}

fn advice(kind: &ProblemKind, lang: Lang) -> &'static str {
    let (zh, en) = match kind.code {
        "license.not_found" => (
            "这里没有这份证照，或者它不属于当前登录的持证主体。",
            "There is no such license here, or it is not held by whoever is signed in.",
        ),
        "license.bad_id" => {
            ("请核对电子证照标识后重试。", "Compare the license id with its source and try again.")
        }
        "request.not_found" => (
            "请检查网址，或从首页重新开始。",
            "Check the address, or start again from the first page.",
        ),
        "receipt.ticket_refused" => (
            "核验结果只在一天之内可以出具回执。请重新核验，再索取回执。",
            "A receipt is given within a day of verifying. Verify the license again and ask for it then.",
        ),
        "request.other_site" => (
            "为了保护您的账户，表单只能从本网站的页面提交。请打开本网站的页面后重新提交。",
            "To protect your account, forms are taken from this site's own pages only. Open the page here and \
             send it again.",
        ),
        "request.too_large" => {
            ("文件太大。请选择更小的文件。", "The file is too large. Choose a smaller one.")
        }
        "request.method_not_allowed" | "request.bad_form" | "request.broken_off" => (
            "请求没有完整送达。请返回上一页重新提交。",
            "The request did not arrive whole. Go back and send it again.",
        ),
        _ if kind.status.is_server_error() => (
            "不是您的操作有误。请稍后重试；如问题持续，请把下面的请求编号告诉管理员。",
            "This is not your doing. Try again in a moment; if it lasts, tell the operator the request number below.",
        ),
        _ => ("请返回上一页重试。", "Go back and try again."),
    };
    lang.pick(zh, en)
}
