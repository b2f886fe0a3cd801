//! Annotated copies at both doors, before desks that answer what they are told.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::api_tests::{code, with_token};
use super::fake_copies::NUMBER;
use super::fake_desks::{ID, router, send};
use super::tests::{as_holder, form, signed_in};

const BODY: &str = r#"{"purpose":"办理贷款","recipient":"示例银行","last_day":"2026-12-31"}"#;

#[tokio::test]
async fn a_copy_is_answered_with_its_number_and_where_to_fetch_it_and_without_its_words() {
    let (router, _) = router();
    let address = format!("/api/v1/licenses/{ID}/copies");
    let (status, headers, body) = send(&router, with_token(Method::POST, &address, BODY)).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let place = format!("{address}/{NUMBER}");
    assert_eq!(headers["location"], place);
    assert!(!body.contains("示例银行") && !body.contains("办理贷款"));
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&answer["number"], &answer["maker"]),
        (&json!(NUMBER), &json!("issuing_authority"))
    );
    assert_eq!(answer["href"], json!(format!("https://zhengku.example{place}")));

    let (status, headers, body) = send(&router, with_token(Method::GET, &place, "")).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "%PDF-1.7"));
    let name = format!("attachment; filename=\"copy-{NUMBER}.pdf\"");
    assert_eq!(headers["content-disposition"], name);
    for none in [format!("{address}/2026AAAAAAAAAAAA"), format!("{address}/nonsense")] {
        let (status, _, body) = send(&router, with_token(Method::GET, &none, "")).await;
        assert_eq!((status.as_u16(), code(&body).as_str()), (404, "license.not_found"));
    }
}

#[tokio::test]
async fn all_faults_of_a_request_for_a_copy_are_told_with_their_fields() {
    let (router, _) = router();
    let address = format!("/api/v1/licenses/{ID}/copies");
    let body = r#"{"purpose":"","recipient":"示例银行","last_day":"2026-11-01"}"#;
    let (status, _, body) = send(&router, with_token(Method::POST, &address, body)).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status.as_u16(), &body["code"]), (422, &json!("copy.refused")));
    let faults: Vec<_> =
        body["faults"].as_array().unwrap().iter().map(|f| (&f["field"], &f["code"])).collect();
    let expected = [
        (json!("purpose"), json!("copy.missing_field")),
        (json!("last_day"), json!("copy.last_day_past")),
    ];
    assert_eq!(faults, expected.iter().map(|(f, c)| (f, c)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_holder_fills_in_checks_and_is_done_and_a_mistake_is_told_at_its_field() {
    let (router, _) = router();
    let cookie = signed_in(&router).await;
    let address = format!("/my/{ID}/copy");
    let (status, _, body) = as_holder(&router, &cookie, &address).await;
    assert_eq!(status, StatusCode::OK);
    let (_, after) = body.split_once("name=\"key\" value=\"").unwrap();
    let key = &after[..32];
    assert!(key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");

    let filled = |purpose: &str, more: &str| {
        let mut request = form(
            &address,
            &format!("key={key}&purpose={purpose}&recipient=bank&last_day=2026-12-31{more}"),
        );
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        request
    };
    let (status, _, body) = send(&router, filled("+", "")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("<a href=\"#purpose\">用途：请填写</a>"), "{body}");
    assert!(body.contains("value=\"bank\""), "what was filled in stays");

    let (status, _, body) = send(&router, filled("loan", "")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("请核对") && body.contains("<dd>loan</dd>"), "{body}");
    assert!(body.contains("name=\"confirmed\" value=\"yes\""));

    let (status, _, body) = send(&router, filled("loan", "&confirmed=yes")).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(body.contains(&format!("/my/{ID}/copies/{NUMBER}")), "{body}");
    let file = format!("/my/{ID}/copies/{NUMBER}");
    let (status, headers, _) = as_holder(&router, &cookie, &file).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "application/pdf");
}

#[tokio::test]
async fn a_confirmation_without_a_key_of_ours_is_shown_to_be_checked_and_nothing_is_made() {
    let (router, _) = router();
    let cookie = signed_in(&router).await;
    let address = format!("/my/{ID}/copy");
    let body = "key=x&purpose=loan&recipient=bank&last_day=2026-12-31&confirmed=yes";
    let mut request = form(&address, body);
    request.headers_mut().insert("cookie", cookie.parse().unwrap());
    let (status, _, body) = send(&router, request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("请核对") && !body.contains(NUMBER));
}
