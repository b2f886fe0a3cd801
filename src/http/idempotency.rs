//! The key under which a write is carried out once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::{BAD_KEY, Problem};

/// The `Idempotency-Key` of a write: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl IdempotencyKey {
    /// Longest key we accept, in characters; our own bound.
    pub const MAX_LEN: usize = 128;
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut sent = parts.headers.get_all("idempotency-key").iter();
        let key = sent.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let whole = (1..=Self::MAX_LEN).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic())
            && sent.next().is_none();
        if whole { Ok(Self(key.to_owned())) } else { Err(Problem::new(&BAD_KEY)) }
    }
}
