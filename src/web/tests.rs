//! The pages through the whole router, as a browser without the script would use them.

use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};

use super::fake_desks::{HOLDER, ID, get, router, router_with, send};

const OWN: &str = "https://zhengku.example";

pub(super) fn post(address: &str, content_type: &str, body: &str) -> Request<Body> {
    Request::post(address)
        .header("origin", OWN)
        .header("content-type", content_type)
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(super) fn form(address: &str, body: &str) -> Request<Body> {
    post(address, "application/x-www-form-urlencoded", body)
}

pub(super) fn multipart(address: &str, name: &str, value: &str) -> Request<Body> {
    let file = if name == "file" { "; filename=\"a.pdf\"" } else { "" };
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n--B--\r\n"
    );
    post(address, "multipart/form-data; boundary=B", &body)
}

pub(super) async fn as_holder(
    router: &Router,
    cookie: &str,
    address: &str,
) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(address).header("cookie", cookie).body(Body::empty()).unwrap();
    send(router, request).await
}

pub(super) async fn signed_in(router: &Router) -> String {
    let (status, headers, _) = send(router, form("/sign-in", "invented=0")).await;
    assert_eq!((status, &headers["location"]), (StatusCode::SEE_OTHER, &"/my".parse().unwrap()));
    let cookie = headers["set-cookie"].to_str().unwrap();
    for word in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert!(!cookie.contains(HOLDER));
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn pages_are_chinese_until_the_reader_switches_and_the_switch_is_remembered() {
    let (router, _) = router();
    let (_, _, body) = get(&router, "/").await;
    assert!(body.contains("<html lang=\"zh-CN\">") && body.contains("核验证照"));
    let (_, headers, body) = get(&router, "/?lang=en").await;
    assert!(body.contains("<html lang=\"en\">") && body.contains("Verify a license"));
    assert!(headers["set-cookie"].to_str().unwrap().starts_with("lang=en;"));
    let (_, _, body) = as_holder(&router, "lang=en", "/verify").await;
    assert!(body.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn no_page_holds_script_or_style_of_its_own() {
    let (router, _) = router();
    let cookie = signed_in(&router).await;
    let license = format!("/my/{ID}");
    for address in ["/", "/verify", "/sign-in", "/my", &license, "/api/docs", "/none"] {
        let (_, headers, body) = as_holder(&router, &cookie, address).await;
        assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"), "{address}");
        assert!(!body.contains("<style") && !body.contains(" style="), "{address}");
        assert!(!body.contains("onclick") && !body.contains("<script>"), "{address}");
        assert!(body.contains("class=\"skip\"") && body.contains("<main id=\"main\""), "{address}");
        assert_eq!(body.matches("<h1").count(), 1, "{address}");
    }
    let (_, _, body) = get(&router, "/verify").await;
    for part in body.split('"').filter(|part| part.starts_with("/assets/")) {
        let (status, headers, _) = get(&router, part).await;
        assert_eq!(status, StatusCode::OK, "{part}");
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    }
}

#[tokio::test]
async fn a_form_without_the_script_gets_the_verdict_first() {
    let (router, script) = router();
    let (status, headers, body) = send(&router, multipart("/verify", "file", "abc")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(script.judged_bytes.load(Ordering::Relaxed), 3);
    let verdict = body.find("真实，今日有效").unwrap();
    assert!(verdict < body.find("id=\"ask\"").unwrap() && body.contains("aria-live"));
    assert!(body.contains("状态查询于") && body.contains("2026-11-22 11:20:29"));
}

#[tokio::test]
async fn only_the_broken_integrity_of_an_altered_file_is_shown() {
    let (router, script) = router();
    script.verdict.store(1, Ordering::Relaxed);
    let (_, _, body) = send(&router, multipart("/verify", "file", "abc")).await;
    assert!(body.contains("无效") && body.contains("未作判断"));
    assert!(!body.contains("安平市市场监督管理局") && !body.contains("食品经营许可证"));
}

#[tokio::test]
async fn each_standing_has_words_of_its_own_and_none_is_called_invalid() {
    for (number, words) in [
        (3, "自 2026-10-08 起已吊销"),
        (4, "由新版本替代"),
        (5, "这不代表证照无效"),
        (6, "签章后有添加内容"),
        (7, "没有电子签章"),
    ] {
        let (router, script) = router();
        script.verdict.store(number, Ordering::Relaxed);
        let (_, _, body) = send(&router, multipart("/verify?part=verdict", "file", "a")).await;
        assert!(body.contains(words), "{number} {body}");
        assert!(!body.contains("<h2 id=\"verdict-words\" tabindex=\"-1\" data-focus>无效"));
        assert!(!body.contains("<html"), "a part is not a page");
    }
    let (router, script) = router();
    script.verdict.store(4, Ordering::Relaxed);
    let (_, _, body) = send(&router, multipart("/verify", "file", "a")).await;
    assert!(body.contains(&format!("name=\"license_id\" value=\"{ID}\"")), "asked in a body");
    assert!(!body.contains("/verify?id"), "no address carries an id");
}

#[tokio::test]
async fn a_number_is_looked_up_by_form_alone_and_the_limit_of_that_is_told() {
    let (router, _) = router();
    let question = multipart("/verify", "license_id", &format!(" {ID}\n"));
    let (status, _, body) = send(&router, question).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("库中有此证照，今日有效") && body.contains("没有文件可供检查"));
    assert!(body.contains(&format!("value=\"{ID}\"")));
    let (_, _, body) = get(&router, &format!("/verify?id={ID}")).await;
    assert!(!body.contains(ID), "an id in an address is not looked at");
}

#[tokio::test]
async fn the_camera_may_be_asked_for_by_the_page_that_scans_and_by_no_other() {
    let (router, _) = router();
    for (address, allowed) in
        [("/verify", "camera=(self)"), ("/", "camera=()"), ("/my", "camera=()")]
    {
        let (_, headers, _) = get(&router, address).await;
        assert!(headers["permissions-policy"].to_str().unwrap().contains(allowed), "{address}");
    }
}

#[tokio::test]
async fn a_mistake_is_told_at_its_field_with_the_status_of_the_problem() {
    let (router, _) = router_with(|settings| settings.file_limit_bytes = 1_000);
    let misread = ID.replace("20260001", "20260007");
    let large = "x".repeat(9_000);
    for (name, value, status, words, field) in [
        ("license_id", misread.as_str(), 422, "很可能有一个字符输错", "license_id-error"),
        ("license_id", "JY123", 422, "应以 1.2.156.3005.2. 开头", "license_id-error"),
        ("license_id", "", 422, "请选择一个文件", "file-error"),
        ("file", large.as_str(), 413, "请选择更小的文件", "file-error"),
    ] {
        let (found, _, body) = send(&router, multipart("/verify", name, value)).await;
        assert_eq!(found.as_u16(), status, "{words}");
        assert!(body.contains(words) && body.contains(&format!("id=\"{field}\"")), "{words}");
        assert!(body.contains("role=\"alert\""), "{words}");
    }
}

#[tokio::test]
async fn a_write_from_another_site_is_refused() {
    let (router, _) = router();
    for (why, origin) in [
        ("another site", Some("https://evil.example")),
        ("a hidden origin", Some("null")),
        ("no origin", None),
    ] {
        for address in ["/sign-in", "/sign-out", "/verify"] {
            let mut request = form(address, "invented=0");
            request.headers_mut().remove("origin");
            if let Some(origin) = origin {
                request.headers_mut().insert("origin", origin.parse().unwrap());
            }
            let (status, headers, body) = send(&router, request).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{why} {address}");
            assert!(!headers.contains_key("set-cookie") && body.contains("本网站"), "{why}");
        }
    }
}

#[tokio::test]
async fn a_holder_sees_what_is_theirs_and_nothing_else() {
    let (router, _) = router();
    let (status, headers, _) = get(&router, "/my").await;
    assert_eq!(
        (status, &headers["location"]),
        (StatusCode::SEE_OTHER, &"/sign-in".parse().unwrap())
    );
    let cookie = signed_in(&router).await;
    let (_, headers, body) = as_holder(&router, &cookie, "/my").await;
    assert_eq!(headers["cache-control"], "no-store");
    assert!(body.contains("食品经营许可证") && body.contains("已吊销"));
    assert!(!body.contains(HOLDER), "a holder's code is on no page and in no address");
    let (_, _, body) = as_holder(&router, &cookie, &format!("/my/{ID}")).await;
    assert!(body.contains("data:image/png;base64,") && body.contains("经营项目增加"));
    assert!(body.contains("&#60;b&#62;幸福路"), "what stands on a face is text");

    let other = ID.replace("20260001.001.R", "20260009.001.0");
    for address in [format!("/my/{other}"), "/my/none".to_owned()] {
        let (status, _, body) = as_holder(&router, &cookie, &address).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{address} is no license id");
        assert!(body.contains("<html"));
    }
    let (_, headers, _) = send(&router, form("/sign-in", "invented=1")).await;
    let organization = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    for address in [format!("/my/{ID}"), format!("/my/{ID}/files/pdf")] {
        let (status, _, body) = as_holder(&router, organization, &address).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{address}");
        assert!(body.contains("没有找到该证照"));
    }
    let (_, _, body) = as_holder(&router, organization, "/my").await;
    assert!(body.contains("名下还没有证照"));
}

#[tokio::test]
async fn files_are_downloads_and_a_pdf_is_shown_on_request() {
    let (router, _) = router();
    let cookie = signed_in(&router).await;
    for (address, disposition, content_type) in [
        ("pdf", format!("attachment; filename=\"{ID}.pdf\""), "application/pdf"),
        ("pdf?show", format!("inline; filename=\"{ID}.pdf\""), "application/pdf"),
        ("ecert?show", format!("attachment; filename=\"{ID}.ecert.txt\""), "application/dc+sd-jwt"),
    ] {
        let address = format!("/my/{ID}/files/{address}");
        let (status, headers, _) = as_holder(&router, &cookie, &address).await;
        assert_eq!(status, StatusCode::OK, "{address}");
        assert_eq!(headers["content-disposition"], disposition);
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
    }
    let (status, _, _) = get(&router, &format!("/my/{ID}/files/pdf")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_by_signing_out_or_half_an_hour_after_its_last_use() {
    let (router, script) = router();
    let cookie = signed_in(&router).await;
    script.ahead.store(29 * 60, Ordering::Relaxed);
    assert_eq!(as_holder(&router, &cookie, "/my").await.0, StatusCode::OK);
    script.ahead.store(58 * 60, Ordering::Relaxed);
    assert_eq!(as_holder(&router, &cookie, "/my").await.0, StatusCode::OK);
    script.ahead.store(88 * 60, Ordering::Relaxed);
    assert_eq!(as_holder(&router, &cookie, "/my").await.0, StatusCode::SEE_OTHER);

    let cookie = signed_in(&router).await;
    let mut request = form("/sign-out", "");
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let (status, headers, _) = send(&router, request).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(as_holder(&router, &cookie, "/my").await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_in_anew_ends_the_session_before() {
    let (router, _) = router();
    let first = signed_in(&router).await;
    let mut request = form("/sign-in", "kind=414&code=E12345678");
    request.headers_mut().insert("cookie", first.parse().unwrap());
    assert_eq!(send(&router, request).await.0, StatusCode::SEE_OTHER);
    assert_eq!(as_holder(&router, &first, "/my").await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_sign_in_that_names_nobody_is_refused() {
    let (router, _) = router();
    for body in ["", "invented=7", "kind=111&code=110105194912310021", "kind=0&code=1", "x=%ff"] {
        let (status, headers, page) = send(&router, form("/sign-in", body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(!headers.contains_key("set-cookie") && page.contains("没有登录成功"), "{body}");
        assert!(!page.contains("110105194912310021"), "a code is not repeated");
    }
}

#[tokio::test]
async fn only_a_development_server_lets_anybody_in_and_it_says_so_on_every_page() {
    let (router, _) = router_with(|settings| settings.development = false);
    let (_, _, page) = get(&router, "/sign-in").await;
    assert!(page.contains("尚未接入统一身份认证") && !page.contains("安小平"));
    assert!(!page.contains("DEVELOPMENT"));
    let (status, headers, _) = send(&router, form("/sign-in", "invented=0")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!headers.contains_key("set-cookie"));
    let (router, _) = super::fake_desks::router();
    for address in ["/", "/verify", "/sign-in", "/none", "/api/docs"] {
        assert!(get(&router, address).await.2.contains("DEVELOPMENT"), "{address}");
    }
}

#[tokio::test]
async fn what_goes_wrong_on_a_page_is_told_by_a_page_in_the_readers_language() {
    let (router, script) = router();
    let cookie = format!("{}; lang=en", signed_in(&router).await);
    let (status, _, body) = as_holder(&router, &cookie, "/none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("There is nothing at this address"));
    *script.refuse.lock().unwrap() = "fault";
    let (status, headers, body) = as_holder(&router, &cookie, "/my").await;
    assert_eq!(
        (status, &headers["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
    );
    assert!(body.contains(headers["x-request-id"].to_str().unwrap()) && !body.contains("secret"));
    *script.refuse.lock().unwrap() = "panic";
    let (status, _, body) = as_holder(&router, &cookie, &format!("/my/{ID}")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("This is not your doing") && !body.contains("1949"));
    let request = Request::delete("/verify").header("origin", OWN).body(Body::empty()).unwrap();
    let (status, headers, _) = send(&router, request).await;
    assert_eq!(
        (status, headers["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD,POST")
    );
}

#[tokio::test]
async fn the_page_of_the_api_shows_every_operation_and_every_problem() {
    let (router, _) = router();
    let (_, _, body) = get(&router, "/api/docs").await;
    for id in ["issueLicense", "changeStanding", "verify", "describeLicenseType", "ready"] {
        assert!(body.contains(&format!("id=\"{id}\"")), "{id}");
    }
    for kind in crate::http::problem::ALL {
        assert!(body.contains(&format!("id=\"{}\"", kind.code)), "{}", kind.code);
    }
    let links = body.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links {
        assert!(body.contains(&format!("id=\"{link}\"")), "{link}");
    }
}
