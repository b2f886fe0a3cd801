//! Asking an issuer by OCSP whether a certificate was revoked: the request, and why an answer is refused.
//!
//! An [`OcspRequest`] names one certificate by its issuer and number and carries a nonce; [`read_ocsp_response`] holds
//! an answer against it. An answer is kept and put into files as it came: see `pki::ocsp_response` for how its
//! signature and its responder are checked, then and later.
//!
//! Certificates are named by SHA-1, because that is what every responder knows (RFC 5019, 2.1.1); the digest tells
//! which certificate is meant and proves nothing. Answers may name them by SHA-256 and longer as well.
//!
//! Sources: RFC 6960; RFC 9654 (nonces of 32 bytes).

use std::fmt;

use super::certificate::Certificate;
use super::der::{DerError, Reader, element, tag};
use super::ocsp_response::{OcspAnswer, OcspResponse};
use crate::crypto::{HashAlgorithm, sha1_for_matching};
use crate::domain::Moment;

/// Longest answer that is read, in bytes; our own bound. Answers with a delegated certificate take two thousand.
pub const MAX_OCSP_LEN: usize = 64 * 1024;
/// Length of our nonces, in bytes (RFC 9654, section 2.1).
pub const OCSP_NONCE_LEN: usize = 32;
/// How far a responder's clock may be ahead of ours, in seconds; our own bound.
pub const OCSP_TOLERANCE_SECONDS: i64 = 300;

/// `id-pkix-ocsp-nonce`, 1.3.6.1.5.5.7.48.1.2, whole.
pub(super) const NONCE: &[u8] = &[0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
/// SHA-1 as an `AlgorithmIdentifier`, with NULL and without.
const SHA1: [&[u8]; 2] = [
    &[0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00],
    &[0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a],
];

/// A request about one certificate (`OCSPRequest`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspRequest {
    nonce: [u8; OCSP_NONCE_LEN],
    der: Vec<u8>,
}

impl OcspRequest {
    /// A request about `subject`, which `issuer` issued. `nonce` is random.
    pub fn new(subject: &Certificate, issuer: &Certificate, nonce: [u8; OCSP_NONCE_LEN]) -> Self {
        let octets = |bytes: &[u8]| element(tag::OCTET_STRING, &[bytes]);
        let [with_null, _] = SHA1;
        let id = element(
            tag::SEQUENCE,
            &[
                with_null,
                &octets(&sha1_for_matching(issuer.subject())),
                &octets(&sha1_for_matching(issuer.public_key())),
                &element(tag::INTEGER, &[subject.serial()]),
            ],
        );
        let list = element(tag::SEQUENCE, &[&element(tag::SEQUENCE, &[&id])]);
        let extensions = element(tag::SEQUENCE, &[&nonce_extension(&nonce)]);
        let extensions = element(tag::CONTEXT_2, &[&extensions]);
        let der = element(tag::SEQUENCE, &[&element(tag::SEQUENCE, &[&list, &extensions])]);
        Self { nonce, der }
    }

    /// The request in DER: the body of a POST with the type `application/ocsp-request`.
    pub fn to_der(&self) -> Vec<u8> {
        self.der.clone()
    }
}

/// The nonce as an extension.
pub(super) fn nonce_extension(nonce: &[u8]) -> Vec<u8> {
    let value = element(tag::OCTET_STRING, &[&element(tag::OCTET_STRING, &[nonce])]);
    element(tag::SEQUENCE, &[NONCE, &value])
}

/// Which certificate is meant (`CertID`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertId {
    algorithm: Vec<u8>,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    pub(super) serial: Vec<u8>,
    /// As it stood.
    pub(super) der: Vec<u8>,
}

impl CertId {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, OcspError> {
        let id = reader.expect(tag::SEQUENCE)?;
        let mut fields = id.reader();
        let algorithm = fields.expect(tag::SEQUENCE)?.raw.to_vec();
        let issuer_name = fields.expect(tag::OCTET_STRING)?.content.to_vec();
        let issuer_key = fields.expect(tag::OCTET_STRING)?.content.to_vec();
        let serial = fields.expect(tag::INTEGER)?.content.to_vec();
        fields.finish()?;
        Ok(Self { algorithm, issuer_name, issuer_key, serial, der: id.raw.to_vec() })
    }

    /// Whether a certificate of this issuer is meant.
    pub(super) fn is_of(&self, issuer: &Certificate) -> bool {
        let digest = |bytes: &[u8]| {
            if SHA1.contains(&self.algorithm.as_slice()) {
                return Some(sha1_for_matching(bytes).to_vec());
            }
            HashAlgorithm::from_algorithm_der(&self.algorithm).map(|hash| hash.digest(bytes))
        };
        digest(issuer.subject()).is_some_and(|name| name == self.issuer_name)
            && digest(issuer.public_key()).is_some_and(|key| key == self.issuer_key)
    }

    /// Whether this certificate, issued by that one, is meant.
    pub(super) fn names(&self, subject: &Certificate, issuer: &Certificate) -> bool {
        self.serial == subject.serial() && self.is_of(issuer)
    }
}

/// Reads an answer to `request` about `subject`, which `issuer` issued, as it came in at `now`.
///
/// A responder that makes its answers in advance puts no nonce into them, which is allowed; another nonce than ours
/// is not. What it says must be current at `now`.
pub fn read_ocsp_response(
    der: &[u8],
    request: &OcspRequest,
    subject: &Certificate,
    issuer: &Certificate,
    now: Moment,
) -> Result<OcspAnswer, OcspError> {
    let response = OcspResponse::from_der(der)?;
    if response.nonce().is_some_and(|nonce| nonce != request.nonce) {
        return Err(OcspError::OtherNonce);
    }
    let answer = response.check(subject, issuer, now)?;
    if answer.is_current_at(now) { Ok(answer) } else { Err(OcspError::Stale) }
}

/// Why an OCSP answer is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OcspError {
    /// The responder's key did not sign what the answer says.
    BadSignature,
    /// The bytes are not an answer as RFC 6960 lays it down.
    Garbage,
    /// The answer was made in the future, or speaks of it.
    NotYet,
    /// The responder gave no answer.
    NotSuccessful {
        /// Its `OCSPResponseStatus`: 1 malformed request, 2 internal error, 3 try later, 5 signature required, 6
        /// unauthorized.
        status: u8,
    },
    /// The answer is about other certificates.
    OtherCertificate,
    /// The answer is to another request.
    OtherNonce,
    /// The responder's certificate was not issued for this by the issuer of the certificate in question, or was not
    /// valid.
    ResponderNotEntitled,
    /// The responder that the answer names is neither the issuer nor enclosed.
    ResponderUnknown,
    /// A newer answer was due already.
    Stale,
    /// The answer is longer than we read.
    TooLong {
        /// What we read, in bytes.
        limit: usize,
    },
    /// The answer has a critical extension that we do not know.
    UnknownExtension,
    /// An algorithm is not on our list.
    UnsupportedAlgorithm,
}

impl OcspError {
    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "ocsp.bad_signature",
            Self::Garbage => "ocsp.garbage",
            Self::NotYet => "ocsp.not_yet",
            Self::NotSuccessful { .. } => "ocsp.not_successful",
            Self::OtherCertificate => "ocsp.other_certificate",
            Self::OtherNonce => "ocsp.other_nonce",
            Self::ResponderNotEntitled => "ocsp.responder_not_entitled",
            Self::ResponderUnknown => "ocsp.responder_unknown",
            Self::Stale => "ocsp.stale",
            Self::TooLong { .. } => "ocsp.too_long",
            Self::UnknownExtension => "ocsp.unknown_extension",
            Self::UnsupportedAlgorithm => "ocsp.unsupported_algorithm",
        }
    }
}

impl From<DerError> for OcspError {
    fn from(_: DerError) -> Self {
        Self::Garbage
    }
}

impl fmt::Display for OcspError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature => f.write_str("the OCSP answer's signature does not verify"),
            Self::Garbage => f.write_str("not a well-formed OCSP answer in DER"),
            Self::NotYet => f.write_str("the OCSP answer is from the future; set the clock"),
            Self::NotSuccessful { status } => {
                write!(f, "the OCSP responder gave no answer (status {status})")
            }
            Self::OtherCertificate => f.write_str("the OCSP answer is about other certificates"),
            Self::OtherNonce => f.write_str("the OCSP answer answers another request (nonce)"),
            Self::ResponderNotEntitled => {
                f.write_str("the OCSP responder's certificate does not entitle it to answer")
            }
            Self::ResponderUnknown => f.write_str(
                "the OCSP responder is not the issuer and its certificate is not enclosed",
            ),
            Self::Stale => f.write_str("the OCSP answer is out of date"),
            Self::TooLong { limit } => write!(f, "the OCSP answer is longer than {limit} bytes"),
            Self::UnknownExtension => {
                f.write_str("the OCSP answer has a critical extension we do not know")
            }
            Self::UnsupportedAlgorithm => {
                f.write_str("the OCSP answer uses an algorithm that is not on the list")
            }
        }
    }
}

impl std::error::Error for OcspError {}
