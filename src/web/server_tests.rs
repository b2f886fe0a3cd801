//! What holds for the whole server: its description, its headers, its log, its end.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::api_tests::{code, issue};
use super::fake_desks::{TOKEN, get, router, send};
use super::fake_verdicts::verdicts;
use crate::http::verdict_answer::VerdictAnswer;

#[tokio::test]
async fn the_types_are_listed_and_described_with_their_limits() {
    let (router, _) = router();
    let (status, headers, body) = get(&router, "/api/v1/license-types").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["items"][0]["name"]), (StatusCode::OK, &json!("食品经营许可证")));
    assert_eq!(headers["cache-control"], "public, max-age=300");
    let address = "/api/v1/license-types/11990000MD0000008F001";
    let body: Value = serde_json::from_str(&get(&router, address).await.2).unwrap();
    assert_eq!(body["code"], json!("11990000MD0000008F001"));
    assert_eq!(body["fields"][0]["from"], json!("holder_names"));
    assert_eq!(body["fields"][1]["options"], json!(["单位食堂"]));
    assert_eq!(body["fields"][2]["columns"][0]["limit_chars"], json!(10));
    let (status, _, body) = get(&router, "/api/v1/license-types/none").await;
    assert_eq!((status.as_u16(), code(&body).as_str()), (404, "license_type.not_found"));
}

#[tokio::test]
async fn readiness_names_the_part_that_does_not_answer() {
    let (router, script) = router();
    let (status, _, body) = get(&router, "/health/ready").await;
    assert_eq!(status, StatusCode::OK);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["parts"][3], json!({"part": "protection", "status": "ok"}));
    *script.vault_down.lock().unwrap() = true;
    let (status, _, body) = get(&router, "/health/ready").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["parts"][0], json!({"part": "vault", "status": "unreachable"}));
    assert_eq!(get(&router, "/health/live").await.0, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id_of_its_own() {
    let (router, _) = router();
    let mut ids = std::collections::HashSet::new();
    for address in ["/", "/verify", "/api/v1/license-types", "/none", "/api/v1/none", "/api/docs"] {
        let (_, headers, _) = get(&router, address).await;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{address}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{address}");
        assert_eq!(headers["x-frame-options"], "DENY", "{address}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{address}");
        assert!(headers.contains_key("strict-transport-security"), "{address}");
        assert!(ids.insert(headers["x-request-id"].clone()), "{address}");
    }
}

#[tokio::test]
async fn the_description_has_every_operation_and_its_references_lead_somewhere() {
    let (router, _) = router();
    let (status, headers, body) = get(&router, "/api/openapi.json").await;
    assert_eq!(
        (status, &headers["content-type"]),
        (StatusCode::OK, &"application/json".parse().unwrap())
    );
    let api: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(api["openapi"], json!("3.1.0"));
    let mut operations = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(format!("{method} {path}"));
            assert!(operation["responses"]["500"].is_object() || path.starts_with("/health"));
        }
    }
    operations.sort();
    assert_eq!(
        operations,
        [
            "get /api/v1/license-types",
            "get /api/v1/license-types/{code}",
            "get /api/v1/licenses/{license_id}",
            "get /api/v1/licenses/{license_id}/copies/{number}",
            "get /api/v1/licenses/{license_id}/files/{form}",
            "get /api/v1/trust-pack",
            "get /health/live",
            "get /health/ready",
            "post /api/v1/licenses",
            "post /api/v1/licenses/{license_id}/copies",
            "post /api/v1/licenses/{license_id}/standing",
            "post /api/v1/receipts",
            "post /api/v1/verifications",
            "post /api/v1/verifications/batch",
        ]
    );
    let mut references = Vec::new();
    collect_references(&api, &mut references);
    assert!(references.len() > 40);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(api.pointer(pointer).is_some(), "{reference}");
    }
    let issue = &api["paths"]["/api/v1/licenses"]["post"];
    assert_eq!(issue["security"], json!([{"issuing_system": []}]));
}

fn collect_references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_log_has_route_status_and_id_and_nothing_of_what_was_asked() {
    #[derive(Clone, Default)]
    struct Kept(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let kept = Kept::default();
    let writer = kept.clone();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    // With one subscriber alone, a line first met on a thread of another test, which has none, would be off for good.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(log.finish());
    let (router, script) = router();
    *script.refuse.lock().unwrap() = "fault";
    let address = "/api/v1/license-types/11010519491231002X?name=somebody";
    let (_, headers, _) = get(&router, address).await;
    let (_, _, _) = send(&router, issue("key-of-somebody", "{\"holders\":\"somebody\"}")).await;
    let (_, _, _) = get(&router, "/somebody").await;
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains(headers["x-request-id"].to_str().unwrap()), "{log}");
    assert!(log.contains("/api/v1/license-types/{code}") && log.contains("status=404"), "{log}");
    assert!(log.contains("vault.commit") && log.contains("a secret cause"), "{log}");
    assert!(!log.contains("1949") && !log.contains("somebody") && !log.contains(TOKEN), "{log}");
}

#[tokio::test]
async fn the_server_stops_when_it_is_told_to() {
    let (router, _) = router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(crate::http::serve(listener, router, async {
        let _ = stopped.await;
    }));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[test]
fn the_answer_says_what_the_verdict_says() {
    for verdict in verdicts() {
        let direct = serde_json::to_value(&verdict).unwrap();
        let answer = VerdictAnswer::from(verdict);
        assert_eq!(serde_json::to_value(answer).unwrap(), direct);
    }
}
