//! Who is signed in.
//!
//! A session is 256 random bits in a cookie that no script can read and no other site can send along with a
//! form. The server keeps the digest of the bits, in memory, until half an hour after the last use; a restart
//! signs everybody out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Redirect;

use crate::crypto::{Digest, Random};
use crate::domain::{HolderCode, Moment};
use crate::service::compare::Viewer;
use crate::service::ports::Clock;

use super::Pages;
use super::lang::cookie;

/// The name of the cookie.
const COOKIE: &str = "zhengku_session";
/// Most sessions at once; beyond them the one that would end first makes room. Our own bound.
const MAX_SESSIONS: usize = 100_000;

/// A signed-in holder.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub holder: HolderCode,
}

/// Whoever is signed in.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// A clerk who decides cases (用证人员).
    ApprovalClerk,
    /// A holder (持证主体).
    Holder(HolderCode),
}

/// Every session there is.
pub struct Sessions {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    lifetime_seconds: i64,
    open: Mutex<HashMap<Digest, (SignedIn, Moment)>>,
}

impl Sessions {
    /// No session yet; each will last for `lifetime_seconds` after its last use.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>, lifetime_seconds: i64) -> Self {
        Self { clock, random, lifetime_seconds, open: Mutex::default() }
    }

    /// Begins a session; the answer is the value of its `Set-Cookie` header.
    pub fn begin(&self, session: SignedIn, secure: bool) -> String {
        let mut bits = [0; 32];
        self.random.fill(&mut bits);
        let id = Digest::from_bytes(bits).to_base64url();
        let now = self.clock.now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (_, ends)| *ends > now);
        if open.len() >= MAX_SESSIONS
            && let Some(first) = open.iter().min_by_key(|(_, (_, ends))| *ends).map(|(id, _)| *id)
        {
            open.remove(&first);
        }
        let ends = now.plus_seconds(self.lifetime_seconds);
        open.insert(Digest::of(id.as_bytes()), (session, ends));
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax{secure}")
    }

    /// The session of a request, which lives on from now; `None` where there is none or it has ended.
    pub fn find(&self, headers: &HeaderMap) -> Option<SignedIn> {
        let key = key(headers)?;
        let now = self.clock.now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (session, ends) = open.get_mut(&key)?;
        if *ends <= now {
            open.remove(&key);
            return None;
        }
        *ends = now.plus_seconds(self.lifetime_seconds);
        Some(session.clone())
    }

    /// As whom a request asks for a verdict.
    pub fn viewer(&self, headers: &HeaderMap) -> Viewer {
        match self.find(headers) {
            Some(SignedIn::ApprovalClerk) => Viewer::ApprovalClerk,
            Some(SignedIn::Holder(holder)) => Viewer::Holder(holder),
            None => Viewer::Anybody,
        }
    }

    /// Ends the session of a request; the answer is the value of the `Set-Cookie` header that forgets it.
    pub fn end(&self, headers: &HeaderMap) -> String {
        if let Some(key) = key(headers) {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
        format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
    }
}

impl FromRequestParts<Pages> for Session {
    /// To the sign-in.
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Redirect> {
        match pages.sessions.find(&parts.headers) {
            Some(SignedIn::Holder(holder)) => Ok(Self { holder }),
            _ => Err(Redirect::to("/sign-in")),
        }
    }
}

fn key(headers: &HeaderMap) -> Option<Digest> {
    cookie(headers, COOKIE).map(|id| Digest::of(id.as_bytes()))
}
