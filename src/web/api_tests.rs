//! The API through its own router, with desks that answer what a test tells them to.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::fake_desks::{ID, TOKEN, get, router, router_with, send};
use super::fake_verdicts::verdicts;

pub(super) fn issue(key: &str, body: &str) -> Request<Body> {
    Request::post("/api/v1/licenses")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(super) fn with_token(method: Method, address: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(address)
        .header("authorization", format!("bearer {TOKEN}"))
        .header("idempotency-key", "k")
        .header("content-type", "application/json; charset=utf-8")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn verification(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post("/api/v1/verifications")
        .header("content-type", content_type)
        .body(body.into())
        .unwrap()
}

pub(super) fn code(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_license_is_answered_with_its_id_its_digests_and_where_to_fetch_it() {
    let (router, _) = router();
    let (status, headers, body) = send(&router, issue("first", "{}")).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(headers["location"], format!("/api/v1/licenses/{ID}"));
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("idempotency-replayed"));
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&answer["license_id"], &answer["version"]), (&json!(ID), &json!("001")));
    let href = format!("https://zhengku.example/api/v1/licenses/{ID}/files/pdf");
    assert_eq!(answer["forms"][0]["href"], json!(href));
    assert_eq!(answer["forms"][1]["media_type"], json!("application/dc+sd-jwt"));

    let (status, headers, again) = send(&router, issue("again", "{}")).await;
    assert_eq!((status, again), (StatusCode::CREATED, body));
    assert_eq!(headers["idempotency-replayed"], "true");
}

#[tokio::test]
async fn every_refusal_of_a_desk_has_its_status_and_its_code() {
    let rows = [
        ("fault", 503, "service.unavailable"),
        ("forbidden", 403, "caller.forbidden"),
        ("key_reused", 409, "request.key_reused"),
        ("head_moved", 409, "license.head_moved"),
        ("not_json", 400, "submission.refused"),
        ("faults", 422, "submission.refused"),
        ("panic", 500, "service.failed"),
    ];
    for (refusal, expected, expected_code) in rows {
        let (router, script) = router();
        *script.refuse.lock().unwrap() = refusal;
        let (status, headers, body) = send(&router, issue("k", "{}")).await;
        assert_eq!((status.as_u16(), code(&body).as_str()), (expected, expected_code), "{refusal}");
        assert_eq!(headers["content-type"], "application/problem+json", "{refusal}");
        assert_eq!(headers.contains_key("retry-after"), expected == 503, "{refusal}");
        assert!(!body.contains("secret") && !body.contains("1949"), "{body}");
    }
}

#[tokio::test]
async fn all_faults_of_a_submission_are_told_with_their_fields() {
    let (router, script) = router();
    *script.refuse.lock().unwrap() = "faults";
    let (_, _, body) = send(&router, issue("k", "{}")).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let faults = body["faults"].as_array().unwrap();
    let told: Vec<_> = faults.iter().map(|fault| (&fault["field"], &fault["code"])).collect();
    assert_eq!(
        told,
        [
            (&json!("valid_to"), &json!("submission.bad_validity")),
            (&json!("face.KZ_ZTYT"), &json!("submission.missing_face_field")),
        ]
    );
    assert_eq!(body["type"], json!("/api/docs#submission.refused"));
}

#[tokio::test]
async fn a_write_without_what_it_needs_never_reaches_the_desk() {
    let (router, script) = router();
    *script.refuse.lock().unwrap() = "panic";
    let base = || {
        Request::post("/api/v1/licenses")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("idempotency-key", "k")
            .header("content-type", "application/json")
    };
    let without = |name: &str| {
        let mut request = base().body(Body::from("{}")).unwrap();
        request.headers_mut().remove(name);
        request
    };
    let with = |name: &'static str, value: String| {
        let mut request = base().body(Body::from("{}")).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let large = base().body(Body::from(vec![b' '; 2_000_001])).unwrap();
    let announced = {
        let request = base().header("content-length", "99999999999");
        request.body(Body::from("{}")).unwrap()
    };
    for (why, request, status, expected) in [
        ("no token", without("authorization"), 401, "caller.unknown"),
        ("wrong token", with("authorization", "Bearer x".into()), 401, "caller.unknown"),
        ("wrong scheme", with("authorization", format!("Basic {TOKEN}")), 401, "caller.unknown"),
        ("no key", without("idempotency-key"), 400, "request.bad_key"),
        ("blank in key", with("idempotency-key", "a b".into()), 400, "request.bad_key"),
        ("long key", with("idempotency-key", "k".repeat(129)), 400, "request.bad_key"),
        ("no content type", without("content-type"), 415, "request.unsupported_media_type"),
        ("XML", with("content-type", "text/xml".into()), 415, "request.unsupported_media_type"),
        ("too large", large, 413, "request.too_large"),
        ("says it is too large", announced, 413, "request.too_large"),
    ] {
        let (found, headers, body) = send(&router, request).await;
        assert_eq!((found.as_u16(), code(&body).as_str()), (status, expected), "{why}");
        assert_eq!(headers.contains_key("www-authenticate"), status == 401, "{why}");
    }
}

#[tokio::test]
async fn a_license_is_described_and_its_files_are_attachments() {
    let (router, script) = router();
    let address = format!("/api/v1/licenses/{ID}");
    let (status, _, body) = send(&router, with_token(Method::GET, &address, "")).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["standing"]["state"]), (StatusCode::OK, &json!("in_force")));
    assert_eq!(body["license_type"]["name"], json!("食品经营许可证"));

    let file = format!("{address}/files/pdf");
    let (status, headers, body) = send(&router, with_token(Method::GET, &file, "")).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "%PDF-1.7"));
    assert_eq!(headers["content-disposition"], format!("attachment; filename=\"{ID}.pdf\""));
    assert_eq!(headers["content-type"], "application/pdf");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["cache-control"], "no-store");

    *script.refuse.lock().unwrap() = "not_found";
    let (status, _, body) = send(&router, with_token(Method::GET, &address, "")).await;
    assert_eq!((status.as_u16(), code(&body).as_str()), (404, "license.not_found"));
}

#[tokio::test]
async fn an_address_cannot_lead_anywhere_else() {
    let (router, _) = router();
    let licenses = "/api/v1/licenses";
    for (address, status) in [
        (format!("{licenses}/{ID}/files/ofd"), 404),
        (format!("{licenses}/{ID}/files/..%2f..%2fetc%2fpasswd"), 404),
        (format!("{licenses}/{ID}/files/../../../etc/passwd"), 404),
        (format!("{licenses}/..%2f..%2fvault"), 422),
        (format!("{licenses}/%ff"), 400),
        ("/assets/..%2f..%2fCargo.toml".to_owned(), 404),
        ("/api/v1/none".to_owned(), 404),
    ] {
        let (found, _, _) = send(&router, with_token(Method::GET, &address, "")).await;
        assert_eq!(found.as_u16(), status, "{address}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_ones_there_are() {
    let (router, _) = router();
    let request = with_token(Method::DELETE, "/api/v1/licenses", "");
    let (status, headers, body) = send(&router, request).await;
    assert_eq!((status.as_u16(), code(&body).as_str()), (405, "request.method_not_allowed"));
    assert_eq!(headers["allow"], "POST");
}

#[tokio::test]
async fn a_change_of_standing_reaches_the_desk_as_it_was_sent() {
    let (router, script) = router();
    let address = format!("/api/v1/licenses/{ID}/standing");
    let body = r#"{"state":"suspended","since":"2026-11-22","ground":"第七条"}"#;
    let (status, _, body) = send(&router, with_token(Method::POST, &address, body)).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["standing"], json!({"state": "suspended", "since": "2026-11-22"}));
    let changed = script.changed.lock().unwrap().take().unwrap();
    assert_eq!(changed, (crate::service::ports::ChangedState::Suspended, "第七条".to_owned()));

    for (body, status, expected) in
        [("[", 400, "request.not_json"), ("{}", 422, "standing.refused")]
    {
        let (found, _, body) = send(&router, with_token(Method::POST, &address, body)).await;
        assert_eq!((found.as_u16(), code(&body).as_str()), (status, expected));
    }
    let mut keyless = with_token(Method::POST, &address, "{}");
    keyless.headers_mut().remove("idempotency-key");
    assert_eq!(send(&router, keyless).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn whatever_the_verdict_is_it_is_answered_with_200() {
    let (router, script) = router();
    for (number, verdict) in verdicts().into_iter().enumerate() {
        script.verdict.store(number, std::sync::atomic::Ordering::Relaxed);
        let (status, _, body) = send(&router, verification("application/pdf", "%PDF")).await;
        assert_eq!(status, StatusCode::OK);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body, serde_json::to_value(verdict).unwrap());
    }
}

#[tokio::test]
async fn a_file_may_be_sent_raw_or_in_a_form_and_an_id_as_json_or_in_a_form() {
    let (router, script) = router();
    let form = |fields: &str| fields.replace('\n', "\r\n");
    let file = form(
        "--B\nContent-Disposition: form-data; name=\"license_id\"\n\n\n--B\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\n\nabc\n--B--\n",
    );
    let by_id = form(&format!(
        "--B\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\n\n\n--B\n\
        Content-Disposition: form-data; name=\"license_id\"\n\nhttps://z.example/verify#{ID} \n--B--\n"
    ));
    let multipart = "multipart/form-data; boundary=B";
    for (content_type, body, form) in [
        ("application/pdf", "abc".to_owned(), "sealed_pdf"),
        ("application/octet-stream", "abc".to_owned(), "sealed_pdf"),
        ("application/sd-jwt", "abc".to_owned(), "sealed_pdf"),
        ("text/plain; charset=utf-8", "abc".to_owned(), "sealed_pdf"),
        (multipart, file, "sealed_pdf"),
        (multipart, by_id, "license_id"),
        ("application/json", format!(r#"{{"license_id":"{ID}"}}"#), "license_id"),
    ] {
        let (status, _, body) = send(&router, verification(content_type, body)).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["form"]), (StatusCode::OK, &json!(form)), "{content_type}");
        if form == "sealed_pdf" {
            assert_eq!(script.judged_bytes.swap(0, std::sync::atomic::Ordering::Relaxed), 3);
        }
    }
}

#[tokio::test]
async fn a_question_that_is_none_is_refused_with_its_reason() {
    let (router, _) = router_with(|settings| settings.file_limit_bytes = 1_000);
    let vendor = "1.2.156.3005.2.11100000000013661B006.113700000045046442.\
                  209FA4E88F9E4C878F3E9BED2CE7EA49.001.M";
    let large = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    let large = format!("{large}{}\r\n--B--\r\n", "x".repeat(9_000));
    for (content_type, body, status, expected, word) in [
        ("application/json", "{".to_owned(), 400, "request.not_json", ""),
        ("application/json", "{}".to_owned(), 422, "verification.refused", "nothing_sent"),
        (
            "application/json",
            format!(r#"{{"license_id":"{vendor}"}}"#),
            422,
            "verification.refused",
            "known vendor's variant",
        ),
        ("application/pdf", String::new(), 422, "verification.refused", "empty_file"),
        ("application/pdf", "x".repeat(1_001), 413, "request.too_large", "1000"),
        ("multipart/form-data; boundary=B", large, 413, "request.too_large", "1000"),
        ("multipart/form-data; boundary=B", "x".into(), 400, "request.bad_form", ""),
        ("multipart/form-data", "x".into(), 400, "request.bad_form", ""),
        ("video/mp4", "x".into(), 415, "request.unsupported_media_type", "application/pdf"),
    ] {
        let (found, _, body) = send(&router, verification(content_type, body)).await;
        assert_eq!((found.as_u16(), code(&body).as_str()), (status, expected), "{content_type}");
        assert!(body.contains(word), "{body}");
    }
}

#[tokio::test]
async fn a_panic_while_judging_becomes_a_problem_and_the_server_goes_on() {
    let (router, _) = router();
    let (status, headers, body) = send(&router, verification("application/pdf", "panic")).await;
    assert_eq!((status.as_u16(), code(&body).as_str()), (500, "service.failed"));
    assert!(headers.contains_key("x-request-id"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(send(&router, verification("application/pdf", "a")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_takes_too_long_and_what_is_too_much_is_told_to_come_back() {
    let (router, script) = router_with(|settings| {
        settings.requests_at_once = 1;
        settings.timeout = std::time::Duration::from_millis(400);
    });
    *script.refuse.lock().unwrap() = "sleep";
    let slow = tokio::spawn({
        let router = router.clone();
        async move { send(&router, issue("k", "{}")).await }
    });
    tokio::task::yield_now().await;
    let (status, headers, body) = get(&router, "/api/v1/license-types").await;
    assert_eq!((status.as_u16(), code(&body).as_str()), (503, "service.busy"));
    assert_eq!(headers["retry-after"], "5");
    assert_eq!(get(&router, "/health/live").await.0, StatusCode::OK);
    let (status, headers, body) = slow.await.unwrap();
    assert_eq!((status.as_u16(), code(&body).as_str()), (503, "service.timeout"));
    assert_eq!(headers["retry-after"], "5");
}
