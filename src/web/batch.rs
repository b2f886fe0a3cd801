//! `/verify/batch`: a case list, or many files, judged at once.
//!
//! A list goes to the server as it is and comes back as a table, also without a script, or as the file that the command
//! line writes. Files are sent one by one by the page's script, to the door of single verifications, so that each has its
//! own progress and none has to wait in memory for the others.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::problem::{BAD_FORM, FAILED, Problem};
use crate::http::verification::file_permit;
use crate::service::case_list::{
    CaseListError, MAX_CASES, MAX_LIST_BYTES, decoded, read_case_list,
};
use crate::service::case_result::{CaseResult, to_csv};
use crate::service::verify_cases::Cases;

use super::Pages;
use super::lang::Lang;
use super::page::{Page, draw};

/// What the other fields of the form may take besides the list, in bytes.
const FIELDS_BYTES: usize = 10_000;

#[derive(Template)]
#[template(path = "pages/batch.html")]
struct BatchPage {
    page: Page,
    limit_bytes: usize,
    limit_cases: usize,
    list: String,
    mistake: Option<String>,
    result: Option<BatchView>,
}

/// What came of a list, ready to be drawn.
struct BatchView {
    counts: Vec<CountView>,
    /// What speaks against a license first.
    rows: Vec<RowView>,
}

/// How many rows came to the same.
struct CountView {
    tone: &'static str,
    icon: &'static str,
    words: &'static str,
    count: usize,
}

struct RowView {
    line: String,
    input: String,
    tone: &'static str,
    icon: &'static str,
    words: &'static str,
    said: String,
}

/// The page.
pub async fn page(State(pages): State<Pages>, page: Page) -> Response {
    draw(StatusCode::OK, &BatchPage::of(&pages, page, String::new(), Ok(None)))
}

/// The answer to the form: a page, or with `as=csv` the file of results.
pub async fn answer(
    State(pages): State<Pages>,
    page: Page,
    request: Request,
) -> Result<Response, Problem> {
    let _permit = file_permit(&pages.doors).await?;
    let sent = Sent::read(request).await?;
    let rows = match read_case_list(sent.list.as_bytes()) {
        Ok(rows) => rows,
        Err(why) => {
            let shown = BatchPage::of(&pages, page, sent.list, Err(&why));
            return Ok(draw(StatusCode::UNPROCESSABLE_ENTITY, &shown));
        }
    };
    let mut judge = Cases::at(pages.doors.verify.as_ref());
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        results.push(judge.judge(row).await);
    }
    if sent.as_csv {
        return csv(&results);
    }
    let view = BatchView::of(&results, page.lang);
    Ok(draw(StatusCode::OK, &BatchPage::of(&pages, page, sent.list, Ok(Some(view)))))
}

fn csv(results: &[CaseResult]) -> Result<Response, Problem> {
    let bytes = to_csv(results).ok_or_else(|| Problem::new(&FAILED))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"verdicts.csv\"");
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// What the form brings.
struct Sent {
    /// The list as text; that of the file, where one was chosen.
    list: String,
    as_csv: bool,
}

impl Sent {
    async fn read(mut request: Request) -> Result<Self, Problem> {
        DefaultBodyLimit::max(2 * MAX_LIST_BYTES + FIELDS_BYTES).apply(&mut request);
        let bad = |_: MultipartError| Problem::new(&BAD_FORM);
        let form = Multipart::from_request(request, &()).await;
        let mut form = form.map_err(|_| Problem::new(&BAD_FORM))?;
        let (mut typed, mut file, mut as_csv) = (String::new(), Vec::new(), false);
        while let Some(field) = form.next_field().await.map_err(bad)? {
            match field.name() {
                Some("list") => typed = field.text().await.map_err(bad)?,
                Some("list_file") => file = field.bytes().await.map_err(bad)?.to_vec(),
                Some("as") => as_csv = field.text().await.map_err(bad)? == "csv",
                _ => {}
            }
        }
        // A list may be GBK: it is read as such, and shown again as what it is.
        let list = match file.is_empty() {
            true => typed,
            false => decoded(&file),
        };
        Ok(Self { list, as_csv })
    }
}

impl BatchPage {
    fn of(
        pages: &Pages,
        page: Page,
        list: String,
        result: Result<Option<BatchView>, &CaseListError>,
    ) -> Self {
        let limit_bytes = pages.doors.settings.file_limit_bytes;
        let (result, mistake) = match result {
            Ok(result) => (result, None),
            Err(why) => (None, Some(mistake(why, page.lang))),
        };
        Self { page, limit_bytes, limit_cases: MAX_CASES, list, mistake, result }
    }
}

impl BatchView {
    fn of(results: &[CaseResult], lang: Lang) -> Self {
        let of = |code: u8| results.iter().filter(|result| result.exit_code == code).count();
        let counts = [1, 2, 0].map(|code| {
            let (tone, icon, words) = look(code, lang);
            CountView { tone, icon, words, count: of(code) }
        });
        let mut ordered: Vec<&CaseResult> = results.iter().collect();
        // 1 speaks against a license, 2 leaves it open.
        ordered.sort_by_key(|result| {
            Reverse([0_u8, 2, 1].get(usize::from(result.exit_code)).copied())
        });
        let row = |result: &&CaseResult| {
            let (tone, icon, words) = look(result.exit_code, lang);
            let said = match result.error.as_str() {
                "" => lang.pick(&result.headline_zh, &result.headline_en).to_owned(),
                why => format!("{}{why}", lang.pick("无法读取：", "Cannot be read: ")),
            };
            let line = result.line.map(|line| line.to_string()).unwrap_or_default();
            RowView { line, input: result.input.clone(), tone, icon, words, said }
        };
        Self { counts: counts.into(), rows: ordered.iter().map(row).collect() }
    }
}

/// How a row looks, by the exit code its verdict has.
fn look(exit_code: u8, lang: Lang) -> (&'static str, &'static str, &'static str) {
    match exit_code {
        0 => ("ok", "tick", lang.pick("库中有效", "In force by the vault")),
        1 => ("bad", "cross", lang.pick("不可采信", "Do not accept")),
        _ => ("wait", "question", lang.pick("须人工查看", "To be looked at")),
    }
}

fn mistake(why: &CaseListError, lang: Lang) -> String {
    if lang == Lang::En {
        return format!("{why}.");
    }
    match why {
        CaseListError::Empty => "名单中没有内容：请每行写一个电子证照标识。".to_owned(),
        CaseListError::Malformed { line } => {
            format!("第 {line} 行无法读取：请把名单另存为 CSV 或纯文本。")
        }
        CaseListError::TooLong => format!("名单超过 {MAX_LIST_BYTES} 字节，请分开提交。"),
        CaseListError::TooMany => format!("名单超过 {MAX_CASES} 条，请分开提交。"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::super::fake_desks::{ID, get, router, send};
    use super::super::tests::multipart;

    #[tokio::test]
    async fn a_list_comes_back_as_a_table_with_what_speaks_against_a_license_first() {
        let (router, _) = router();
        let (status, _, page) = get(&router, "/verify/batch?lang=en").await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("5000") && page.contains("name=\"list\""));
        let list = format!("{ID}\nnothing of the kind\n{ID}");
        let (status, _, page) =
            send(&router, multipart("/verify/batch?lang=en", "list", &list)).await;
        assert_eq!(status, StatusCode::OK);
        let rows: Vec<&str> = page.split("<tr data-row").skip(1).collect();
        assert_eq!(rows.len(), 3, "{page}");
        assert!(rows[0].contains("Cannot be read") && rows[0].contains(">2<"), "{}", rows[0]);
        assert!(rows[1].contains(ID) && rows[2].contains(ID));
    }

    #[tokio::test]
    async fn a_list_that_is_none_says_so_at_its_field_and_keeps_what_was_typed() {
        let (router, _) = router();
        let (status, _, page) = send(&router, multipart("/verify/batch", "list", " \n")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("名单中没有内容") && page.contains("aria-invalid"), "{page}");
        let long = "a,\n".repeat(5_002);
        let (status, _, page) = send(&router, multipart("/verify/batch", "list", &long)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("超过 5000 条"), "too many");
    }

    #[tokio::test]
    async fn the_file_of_results_is_that_of_the_command_line() {
        let (router, _) = router();
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"list\"\r\n\r\n{ID}\r\n--B\r\n\
             Content-Disposition: form-data; name=\"as\"\r\n\r\ncsv\r\n--B--\r\n"
        );
        let request =
            super::super::tests::post("/verify/batch", "multipart/form-data; boundary=B", &body);
        let (status, headers, csv) = send(&router, request).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
        assert!(csv.starts_with("\u{feff}line,input,outcome,form,verdict,"), "{csv}");
        assert!(csv.lines().nth(1).unwrap().starts_with(&format!("1,{ID},judged,")));
    }
}
