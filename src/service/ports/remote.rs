//! What the keeper needs from the outside: time-stamps, and word on whether certificates were revoked.
//!
//! Whoever is asked may be slow, down, lying or wrong. So an answer is either checked in full or a
//! [`RemoteFault`] with a stable word, and nothing that waits for one holds up an issue beyond its deadline.

use std::fmt;
use std::time::Duration;

use crate::crypto::Digest;
use crate::domain::Moment;
use crate::pki::{Certificate, TimestampToken};

use super::Later;

/// Where time-stamps come from.
pub trait TimestampSource: Send + Sync {
    /// A time-stamp over this digest by an authority we trust, made just now.
    ///
    /// It comes `within` that time, if one is given, or not at all: no authority that hangs may use up what the
    /// others would need.
    fn stamp<'a>(
        &'a self,
        digest: &'a Digest,
        within: Option<Duration>,
    ) -> Later<'a, Result<TimestampToken, RemoteFault>>;

    /// The room to leave for a token, in bytes: what tokens have taken so far, with a margin. `None` before the
    /// first one has come.
    fn longest_token(&self) -> Option<usize>;
}

/// Where word on revoked certificates comes from.
pub trait RevocationSource: Send + Sync {
    /// What is said of `subject`, which `issuer` issued; asked for later than `since`.
    fn evidence<'a>(
        &'a self,
        subject: &'a Certificate,
        issuer: &'a Certificate,
        since: Moment,
    ) -> Later<'a, Result<Evidence, RemoteFault>>;
}

/// What is said of a certificate, in DER. It may say that the certificate was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// A list of revoked certificates.
    Crl(Vec<u8>),
    /// An answer of an OCSP responder.
    Ocsp(Vec<u8>),
}

/// Why an answer from outside did not come or is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFault {
    /// What kind of trouble.
    pub kind: RemoteFaultKind,
    /// Who was asked: an address from the settings or of our own certificates.
    pub from: String,
    /// For operators.
    pub detail: String,
}

impl RemoteFault {
    /// Trouble with somebody.
    pub fn new(kind: RemoteFaultKind, from: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { kind, from: from.into(), detail: detail.to_string() }
    }

    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for RemoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.code(), self.from, self.detail)
    }
}

impl std::error::Error for RemoteFault {}

/// The kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemoteFaultKind {
    /// The certificate behind the answer has ended, was not issued for this, or leads to nobody we trust.
    Certificate,
    /// The clock of the other side and ours are too far apart, or the answer is too old.
    ClockOff,
    /// The answer is not what the protocol lays down.
    Garbage,
    /// The answer has another HTTP status than 200.
    HttpStatus,
    /// The other side answered that it will not.
    NotGranted,
    /// Nobody listens at the address, or the connection was cut.
    Refused,
    /// The other side failed a short while ago and is left alone for now.
    Resting,
    /// No whole answer came within the deadline.
    Timeout,
    /// The answer is longer than we read.
    TooLarge,
    /// Nobody is set up to be asked.
    Unconfigured,
    /// The answer is about something else than what was sent.
    WrongDigest,
    /// The answer is to another request.
    WrongNonce,
}

impl RemoteFaultKind {
    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(self) -> &'static str {
        match self {
            Self::Certificate => "remote.certificate",
            Self::ClockOff => "remote.clock_off",
            Self::Garbage => "remote.garbage",
            Self::HttpStatus => "remote.http_status",
            Self::NotGranted => "remote.not_granted",
            Self::Refused => "remote.refused",
            Self::Resting => "remote.resting",
            Self::Timeout => "remote.timeout",
            Self::TooLarge => "remote.too_large",
            Self::Unconfigured => "remote.unconfigured",
            Self::WrongDigest => "remote.wrong_digest",
            Self::WrongNonce => "remote.wrong_nonce",
        }
    }
}
