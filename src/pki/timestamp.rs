//! Time-stamps (时间戳) of RFC 3161: the request, the answer, and why an answer is refused.
//!
//! A [`TimestampRequest`] asks a time-stamp authority to say that a digest existed; [`read_response`] holds the
//! answer against the request: granted, the same nonce, the same digest, a clock that is not off. What comes out
//! is a [`TimestampToken`], whose own parts were checked when it was read. Whether anybody
//! we trust stands behind the authority is for `pki::path` to say, with the purpose time-stamping.
//!
//! Sources: RFC 3161, RFC 5816 (ESS with digests other than SHA-1).

use std::fmt;

use super::der::{DerError, Reader, element, tag};
use super::timestamp_token::TimestampToken;
use crate::crypto::{Digest, HashAlgorithm};
use crate::domain::Moment;

/// Longest answer or token that is read, in bytes; our own bound. Tokens with a chain take two to six thousand.
pub const MAX_TIMESTAMP_LEN: usize = 64 * 1024;
/// How far the clock of a time-stamp authority may be off ours when its answer comes in, in seconds; our own bound.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 300;
/// The lengths a nonce of ours may have, in bytes.
const NONCE_LENGTHS: std::ops::RangeInclusive<usize> = 8..=16;

/// The integer 1.
const VERSION_1: &[u8] = &[0x02, 0x01, 0x01];
/// TRUE.
const TRUE: &[u8] = &[tag::BOOLEAN, 0x01, 0xff];

/// What a time-stamp is for: a digest and the algorithm it was made with (`MessageImprint`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imprint {
    algorithm: HashAlgorithm,
    digest: Vec<u8>,
}

impl Imprint {
    /// The imprint of something with this digest.
    pub fn of_digest(digest: &Digest) -> Self {
        Self { algorithm: HashAlgorithm::Sha256, digest: digest.as_bytes().to_vec() }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The digest.
    pub fn bytes(&self) -> &[u8] {
        &self.digest
    }

    /// Reads the structure; the algorithm must be on the list and the digest of its length.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, TimestampError> {
        let mut fields = reader.expect(tag::SEQUENCE)?.reader();
        let algorithm = fields.expect(tag::SEQUENCE)?.raw;
        let digest = fields.expect(tag::OCTET_STRING)?.content;
        fields.finish()?;
        let algorithm = HashAlgorithm::from_algorithm_der(algorithm)
            .ok_or(TimestampError::UnsupportedAlgorithm)?;
        if digest.len() != algorithm.digest_len() {
            return Err(TimestampError::Garbage);
        }
        Ok(Self { algorithm, digest: digest.to_vec() })
    }

    /// The structure in DER. The digest algorithm carries NULL, which every authority understands.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let oid = Reader::new(self.algorithm.algorithm_der())
            .element()
            .map(|algorithm| algorithm.content)
            .unwrap_or_default();
        let algorithm = element(tag::SEQUENCE, &[oid, &[0x05, 0x00]]);
        let digest = element(tag::OCTET_STRING, &[&self.digest]);
        element(tag::SEQUENCE, &[&algorithm, &digest])
    }
}

impl PartialEq<Digest> for Imprint {
    fn eq(&self, digest: &Digest) -> bool {
        self.algorithm == HashAlgorithm::Sha256 && self.digest == digest.as_bytes()
    }
}

/// A request for a time-stamp (`TimeStampReq`), with the authority's certificates asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampRequest {
    imprint: Imprint,
    /// The content of a positive DER integer, if there is one. Ours always have one.
    nonce: Option<Vec<u8>>,
    cert_req: bool,
    der: Vec<u8>,
}

impl TimestampRequest {
    /// A request for something with this digest. `nonce` is 8 to 16 random bytes, by which the answer is known to be
    /// an answer to this request.
    pub fn new(digest: &Digest, nonce: &[u8]) -> Result<Self, TimestampError> {
        if !NONCE_LENGTHS.contains(&nonce.len()) {
            return Err(TimestampError::OtherNonce);
        }
        let imprint = Imprint::of_digest(digest);
        let nonce = positive(nonce);
        let number = element(tag::INTEGER, &[&nonce]);
        let der = element(tag::SEQUENCE, &[VERSION_1, &imprint.to_der(), &number, TRUE]);
        Ok(Self { imprint, nonce: Some(nonce), cert_req: true, der })
    }

    /// Reads a request, as an authority gets it. Extensions and unknown digests are refused.
    pub fn read(der: &[u8]) -> Result<Self, TimestampError> {
        if der.len() > MAX_TIMESTAMP_LEN {
            return Err(TimestampError::TooLong { limit: MAX_TIMESTAMP_LEN });
        }
        let mut fields = Reader::only(der, tag::SEQUENCE)?.reader();
        if fields.expect(tag::INTEGER)?.raw != VERSION_1 {
            return Err(TimestampError::Garbage);
        }
        let imprint = Imprint::read(&mut fields)?;
        // A policy that is asked for is passed over: the development authority has one only.
        fields.optional(tag::OID)?;
        let nonce = fields.optional(tag::INTEGER)?.map(|number| number.content.to_vec());
        let cert_req = match fields.optional(tag::BOOLEAN)?.map(|flag| flag.content) {
            None => false,
            Some([0xff]) => true,
            Some(_) => return Err(TimestampError::Garbage),
        };
        fields.finish()?;
        Ok(Self { imprint, nonce, cert_req, der: der.to_vec() })
    }

    /// The request in DER: the body of a POST with the type `application/timestamp-query`.
    pub fn to_der(&self) -> Vec<u8> {
        self.der.clone()
    }

    /// What is to be stamped.
    pub fn imprint(&self) -> &Imprint {
        &self.imprint
    }

    /// The nonce, as the content of a DER integer.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Whether the authority's certificates are asked for.
    pub fn wants_certificates(&self) -> bool {
        self.cert_req
    }
}

/// The shortest DER content of a positive integer with these bytes.
fn positive(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let magnitude = bytes.get(zeros..).unwrap_or_default();
    match magnitude.first() {
        Some(first) if *first < 0x80 => magnitude.to_vec(),
        _ => [&[0], magnitude].concat(),
    }
}

/// Reads an answer (`TimeStampResp`) to `request` that came in at `now`.
///
/// In this order: whether a time-stamp was granted at all, what [`TimestampToken::read`] checks, the nonce, the
/// digest, and the clock.
pub fn read_response(
    der: &[u8],
    request: &TimestampRequest,
    now: Moment,
) -> Result<TimestampToken, TimestampError> {
    if der.len() > MAX_TIMESTAMP_LEN {
        return Err(TimestampError::TooLong { limit: MAX_TIMESTAMP_LEN });
    }
    let mut parts = Reader::only(der, tag::SEQUENCE)?.reader();
    let mut status = parts.expect(tag::SEQUENCE)?.reader();
    let word = status.expect(tag::INTEGER)?.content;
    status.optional(tag::SEQUENCE)?;
    let failure = status.optional(tag::BIT_STRING)?.map(|bits| bits.content);
    status.finish()?;
    // 0: granted; 1: granted with modifications, and what was modified is looked at below.
    let [word] = word else { return Err(TimestampError::Garbage) };
    if *word > 1 {
        let failure = failure.map_or(Failure::Unstated, Failure::read);
        return Err(TimestampError::NotGranted { status: *word, failure });
    }
    let token = parts.expect(tag::SEQUENCE)?.raw;
    parts.finish()?;
    let token = TimestampToken::read(token)?;
    if token.nonce() != request.nonce() {
        return Err(TimestampError::OtherNonce);
    }
    if token.imprint() != request.imprint() {
        return Err(TimestampError::OtherDigest);
    }
    let off = token.gen_time().unix_seconds().abs_diff(now.unix_seconds());
    if i64::try_from(off).is_ok_and(|off| off <= CLOCK_TOLERANCE_SECONDS) {
        Ok(token)
    } else {
        Err(TimestampError::ClockOff { limit_seconds: CLOCK_TOLERANCE_SECONDS })
    }
}

/// Why an authority did not grant a time-stamp (`PKIFailureInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It gave no reason.
    Unstated,
    /// It does not know the digest algorithm.
    BadAlgorithm,
    /// It does not do what was asked.
    BadRequest,
    /// It could not read the request.
    BadDataFormat,
    /// Its clock is not to be had.
    TimeNotAvailable,
    /// It does not know the policy that was asked for.
    UnacceptedPolicy,
    /// It does not know an extension of the request.
    UnacceptedExtension,
    /// It lacks something that was asked for.
    AdditionalInformation,
    /// Something on its side is broken.
    SystemFailure,
    /// It gave a reason that RFC 3161 does not know.
    Other,
}

impl Failure {
    /// The named bits of RFC 3161, section 2.4.2.
    pub(super) const BITS: [(usize, Self); 8] = [
        (0, Self::BadAlgorithm),
        (2, Self::BadRequest),
        (5, Self::BadDataFormat),
        (14, Self::TimeNotAvailable),
        (15, Self::UnacceptedPolicy),
        (16, Self::UnacceptedExtension),
        (17, Self::AdditionalInformation),
        (25, Self::SystemFailure),
    ];

    fn read(bits: &[u8]) -> Self {
        let Some((_, bytes)) = bits.split_first() else { return Self::Other };
        let set =
            |bit: &usize| bytes.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
        Self::BITS.iter().find(|(bit, _)| set(bit)).map_or(Self::Other, |(_, failure)| *failure)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unstated => "no reason given",
            Self::BadAlgorithm => "it does not know the digest algorithm (badAlg)",
            Self::BadRequest => "it does not do what was asked (badRequest)",
            Self::BadDataFormat => "it could not read the request (badDataFormat)",
            Self::TimeNotAvailable => "its clock is not to be had (timeNotAvailable)",
            Self::UnacceptedPolicy => "it does not know the policy (unacceptedPolicy)",
            Self::UnacceptedExtension => "it does not know an extension (unacceptedExtension)",
            Self::AdditionalInformation => "it lacks information (addInfoNotAvailable)",
            Self::SystemFailure => "something on its side is broken (systemFailure)",
            Self::Other => "a reason that RFC 3161 does not name",
        })
    }
}

/// Why there is no time-stamp to be had from these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimestampError {
    /// The authority's key did not sign what the token says.
    BadSignature,
    /// The authority's clock and ours are too far apart.
    ClockOff {
        /// How far they may be, in seconds.
        limit_seconds: i64,
    },
    /// The bytes are not an answer or a token as RFC 3161 lays them down.
    Garbage,
    /// The token does not say by ESS which certificate it was signed under.
    NoSigningCertificate,
    /// No time-stamp was granted.
    NotGranted {
        /// The `PKIStatus`, 2 for a rejection.
        status: u8,
        /// The reason.
        failure: Failure,
    },
    /// The time-stamp is for something else.
    OtherDigest,
    /// The answer is to another request.
    OtherNonce,
    /// The token says by ESS that it was signed under another certificate.
    OtherSigningCertificate,
    /// The signer's certificate was not issued for time-stamping alone: its extended key usage must be critical
    /// and name nothing else.
    Purpose,
    /// The token does not enclose its signer's certificate.
    SignerMissing,
    /// The answer or token is longer than we read.
    TooLong {
        /// What we read, in bytes.
        limit: usize,
    },
    /// An algorithm is not on our list.
    UnsupportedAlgorithm,
}

impl TimestampError {
    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "timestamp.bad_signature",
            Self::ClockOff { .. } => "timestamp.clock_off",
            Self::Garbage => "timestamp.garbage",
            Self::NoSigningCertificate => "timestamp.no_signing_certificate",
            Self::NotGranted { .. } => "timestamp.not_granted",
            Self::OtherDigest => "timestamp.other_digest",
            Self::OtherNonce => "timestamp.other_nonce",
            Self::OtherSigningCertificate => "timestamp.other_signing_certificate",
            Self::Purpose => "timestamp.purpose",
            Self::SignerMissing => "timestamp.signer_missing",
            Self::TooLong { .. } => "timestamp.too_long",
            Self::UnsupportedAlgorithm => "timestamp.unsupported_algorithm",
        }
    }
}

impl From<DerError> for TimestampError {
    fn from(_: DerError) -> Self {
        Self::Garbage
    }
}

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature => f.write_str("the time-stamp's signature does not verify"),
            Self::ClockOff { limit_seconds } => write!(
                f,
                "the time-stamp authority's clock and ours differ by more than {limit_seconds} seconds; set ours"
            ),
            Self::Garbage => f.write_str("not a well-formed RFC 3161 time-stamp answer in DER"),
            Self::NoSigningCertificate => {
                f.write_str("the time-stamp has no ESS signing-certificate attribute")
            }
            Self::NotGranted { status, failure } => {
                write!(f, "the time-stamp authority refused (status {status}): {failure}")
            }
            Self::OtherDigest => f.write_str("the time-stamp is for another digest"),
            Self::OtherNonce => f.write_str("the time-stamp answers another request (nonce)"),
            Self::OtherSigningCertificate => {
                f.write_str("the time-stamp's ESS attribute names another certificate")
            }
            Self::Purpose => f.write_str(
                "the time-stamp authority's certificate is not for timeStamping alone (critical)",
            ),
            Self::SignerMissing => {
                f.write_str("the time-stamp does not enclose its signer's certificate")
            }
            Self::TooLong { limit } => write!(f, "the time-stamp is longer than {limit} bytes"),
            Self::UnsupportedAlgorithm => {
                f.write_str("the time-stamp uses an algorithm that is not on the list")
            }
        }
    }
}

impl std::error::Error for TimestampError {}
