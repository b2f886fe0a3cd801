//! Lists of licenses through the API's own router.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::api_tests::code;
use super::fake_desks::{ID, router, send};

async fn ask(content_type: &str, body: impl Into<Body>) -> (StatusCode, String) {
    let request = Request::post("/api/v1/verifications/batch")
        .header("content-type", content_type)
        .body(body.into())
        .unwrap();
    let (router, _) = router();
    let (status, _, body) = send(&router, request).await;
    (status, body)
}

#[tokio::test]
async fn each_row_of_a_list_has_its_fate_in_the_order_of_the_list() {
    let lists = [
        (
            "application/json",
            json!({ "license_ids": [ID, "not one", "", ID] }).to_string(),
            [1, 2, 3, 4],
        ),
        (
            "text/csv",
            format!("编号,备注\r\n{ID},急\r\n7,not one\r\n\r\n\"8\"\r\n{ID}\r\n"),
            [2, 3, 5, 6],
        ),
        ("text/plain; charset=utf-8", format!("{ID}\nnot one 1\n\n8\n{ID}\n"), [1, 2, 4, 5]),
    ];
    for (content_type, list, lines) in lists {
        let (status, body) = ask(content_type, list).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer["counts"]["unreadable"], 2, "{body}");
        let cases = answer["cases"].as_array().unwrap();
        let told: Vec<u64> = cases.iter().map(|case| case["line"].as_u64().unwrap()).collect();
        assert_eq!(told, lines, "{content_type}");
        let outcomes: Vec<&str> =
            cases.iter().map(|case| case["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["judged", "unreadable", "unreadable", "judged"]);
        assert_eq!((&cases[0]["input"], &cases[0]["standing"]), (&json!(ID), &json!("passed")));
        assert!(!cases[1]["error"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_no_list_is_a_problem_with_its_code() {
    let many = json!({ "license_ids": vec![ID; 5_001] }).to_string();
    let rows = [
        ("application/json", "{}".to_owned(), 422, "verification.refused"),
        (
            "application/json",
            json!({ "license_ids": [7] }).to_string(),
            422,
            "verification.refused",
        ),
        ("application/json", json!({ "license_ids": [] }).to_string(), 422, "verification.refused"),
        ("application/json", many, 422, "verification.refused"),
        ("application/json", "[".to_owned(), 400, "request.not_json"),
        ("text/csv", "\n".to_owned(), 422, "verification.refused"),
        ("application/pdf", String::new(), 415, "request.unsupported_media_type"),
    ];
    for (content_type, list, status, expected) in rows {
        let (answered, body) = ask(content_type, list.clone()).await;
        assert_eq!((answered.as_u16(), code(&body).as_str()), (status, expected), "{body}");
    }
    let (status, body) = ask("text/csv", vec![b' '; 10_000_001]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{body}");
}
