//! The door that hands out trust packs.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;

use super::fake_desks::{get, router};

#[tokio::test]
async fn a_pack_is_made_once_a_minute_however_many_ask() {
    let (router, script) = router();
    let (status, headers, first) = get(&router, "/api/v1/trust-pack").await;
    assert_eq!((status, first.as_str()), (StatusCode::OK, "7 0"), "good for seven days");
    assert_eq!(headers["content-type"], "application/octet-stream");
    assert_eq!(headers["content-disposition"], "attachment; filename=\"trust-pack.zkpack\"");
    for (ahead, expected) in [(0, "7 0"), (59, "7 0"), (60, "7 1"), (119, "7 1")] {
        script.ahead.store(ahead, Ordering::SeqCst);
        let (_, _, pack) = get(&router, "/api/v1/trust-pack").await;
        assert_eq!(pack, expected, "{ahead} seconds later");
    }
}
