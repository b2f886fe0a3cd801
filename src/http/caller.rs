//! Who is calling: an issuing system, by its token.
//!
//! A handler that takes a [`Caller`] has an authenticated one. Only digests of tokens are held, so a token is
//! found by the digest of what was sent, and the time this takes says nothing about the tokens there are.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::crypto::Digest;
use crate::service::desks::IssuingSystem;

use super::doors::Doors;
use super::problem::{Problem, UNKNOWN_CALLER};

/// An authenticated issuing system.
#[derive(Clone, Debug)]
pub struct Caller(pub IssuingSystem);

/// A caller where one is named. A token that nobody knows is refused all the same: whoever sends one expects to be known.
impl OptionalFromRequestParts<Doors> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, doors: &Doors) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<Doors>>::from_request_parts(parts, doors).await.map(Some)
    }
}

impl FromRequestParts<Doors> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, doors: &Doors) -> Result<Self, Problem> {
        let sent = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = sent
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let client =
            token.and_then(|token| doors.settings.clients.get(&Digest::of(token.as_bytes())));
        client.cloned().map(Self).ok_or_else(|| Problem::new(&UNKNOWN_CALLER))
    }
}
