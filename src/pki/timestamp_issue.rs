//! A time-stamp authority for development: pure, with the key, the number and the time handed in.
//!
//! What it makes is meant to be taken by anybody who reads RFC 3161: OpenSSL and pyHanko verify it in `make test`.
//! It is no authority to rely on, because nobody audits its clock; its certificates begin with `DEV`.
//!
//! Source: RFC 3161, section 2.4.2; RFC 5035 (ESS).

use super::certificate::{Certificate, TIME_STAMPING};
use super::cms::{
    CONTENT_TYPE, CmsBuildError, MESSAGE_DIGEST, SIGNED_DATA, SIGNING_CERTIFICATE_V2,
    signing_certificate,
};
use super::der::{element, tag, write_head};
use super::der_time;
use super::timestamp::{Failure, Imprint, MAX_TIMESTAMP_LEN, TimestampError, TimestampRequest};
use super::timestamp_token::TST_INFO;
use crate::crypto::{Digest, Signer, Suite};
use crate::domain::Moment;

/// The policy of the development authority, 2.999.3161.1: below the arc that is kept for examples.
const POLICY: &[u8] = &[0x06, 0x05, 0x88, 0x37, 0x98, 0x59, 0x01];
/// The accuracy it states: one second.
const ACCURACY: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x01];

/// The development authority: its certificates.
#[derive(Clone, Debug)]
pub struct TimestampIssuer {
    suite: Suite,
    chain: Vec<Certificate>,
}

impl TimestampIssuer {
    /// The authority whose certificate comes first in `chain`; the issuers follow, without the root.
    pub fn new(chain: Vec<Certificate>) -> Result<Self, CmsBuildError> {
        let leaf = chain.first().ok_or(CmsBuildError::NoCertificate)?;
        let suite = leaf.suite().ok_or(CmsBuildError::UnsupportedKey)?;
        if !leaf.has_only_purpose(TIME_STAMPING) {
            return Err(CmsBuildError::UnsupportedKey);
        }
        Ok(Self { suite, chain })
    }

    /// Answers a request (`TimeStampReq`) with a `TimeStampResp`: a time-stamp of this moment under this number, or
    /// a refusal where the request cannot be read.
    ///
    /// `serial` is used for this time-stamp and never again; leading zeros are left away.
    pub fn answer(
        &self,
        signer: &dyn Signer,
        request: &[u8],
        serial: &[u8; 16],
        at: Moment,
    ) -> Result<Vec<u8>, CmsBuildError> {
        let request = match TimestampRequest::read(request) {
            Ok(request) => request,
            Err(TimestampError::UnsupportedAlgorithm) => return Ok(refusal(Failure::BadAlgorithm)),
            Err(_) => return Ok(refusal(Failure::BadDataFormat)),
        };
        let enclosed = if request.wants_certificates() { &self.chain[..] } else { &[] };
        let info = info(request.imprint(), request.nonce(), serial, at);
        let draft = Draft { suite: self.suite, info, named: self.chain.first(), enclosed };
        let leaf = self.chain.first().ok_or(CmsBuildError::NoCertificate)?;
        if signer.suite() != self.suite || signer.public_key() != leaf.public_key() {
            return Err(CmsBuildError::OtherKey);
        }
        let token = draft.sign(signer, leaf)?;
        // PKIStatusInfo: granted.
        Ok(element(tag::SEQUENCE, &[&[0x30, 0x03, 0x02, 0x01, 0x00], &token]))
    }
}

/// A token before it is signed. Tests make dishonest ones.
pub(super) struct Draft<'c> {
    pub(super) suite: Suite,
    /// The `TSTInfo`.
    pub(super) info: Vec<u8>,
    /// The certificate that ESS names, if it is to name one.
    pub(super) named: Option<&'c Certificate>,
    pub(super) enclosed: &'c [Certificate],
}

impl Draft<'_> {
    /// The token, signed under `leaf`.
    pub(super) fn sign(
        &self,
        signer: &dyn Signer,
        leaf: &Certificate,
    ) -> Result<Vec<u8>, CmsBuildError> {
        let attribute = |kind: &[u8], value: &[u8]| {
            element(tag::SEQUENCE, &[kind, &element(tag::SET, &[value])])
        };
        let digest = element(tag::OCTET_STRING, &[Digest::of(&self.info).as_bytes()]);
        let mut attributes =
            vec![attribute(CONTENT_TYPE, TST_INFO), attribute(MESSAGE_DIGEST, &digest)];
        if let Some(named) = self.named {
            let ess = signing_certificate(&[named.digest()]);
            attributes.push(attribute(SIGNING_CERTIFICATE_V2, &ess));
        }
        attributes.sort_unstable();
        let attributes = attributes.concat();
        let mut message = Vec::new();
        write_head(&mut message, tag::SET, attributes.len());
        message.extend_from_slice(&attributes);
        let signature = signer.sign(&message).map_err(CmsBuildError::Signer)?.der().into_owned();

        let serial = element(tag::INTEGER, &[leaf.serial()]);
        let signer_info = element(
            tag::SEQUENCE,
            &[
                &[tag::INTEGER, 1, 1],
                &element(tag::SEQUENCE, &[leaf.issuer(), &serial]),
                self.suite.digest_algorithm_der(),
                &element(tag::CONTEXT_0, &[&attributes]),
                self.suite.signature_algorithm_der(),
                &element(tag::OCTET_STRING, &[&signature]),
            ],
        );
        let content = element(tag::OCTET_STRING, &[&self.info]);
        let mut certificates: Vec<&[u8]> = self.enclosed.iter().map(Certificate::der).collect();
        certificates.sort_unstable();
        let certificates = match certificates.is_empty() {
            true => Vec::new(),
            false => element(tag::CONTEXT_0, &certificates),
        };
        let data = element(
            tag::SEQUENCE,
            &[
                &[tag::INTEGER, 1, 3],
                &element(tag::SET, &[self.suite.digest_algorithm_der()]),
                &element(tag::SEQUENCE, &[TST_INFO, &element(tag::CONTEXT_0, &[&content])]),
                &certificates,
                &element(tag::SET, &[&signer_info]),
            ],
        );
        Ok(element(tag::SEQUENCE, &[SIGNED_DATA, &element(tag::CONTEXT_0, &[&data])]))
    }
}

/// What a time-stamp of the development authority says.
pub(super) fn info(
    imprint: &Imprint,
    nonce: Option<&[u8]>,
    serial: &[u8; 16],
    at: Moment,
) -> Vec<u8> {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    let magnitude = serial.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if magnitude.first().is_some_and(|first| *first < 0x80) { &[] } else { &[0] };
    let nonce = nonce.map(|nonce| element(tag::INTEGER, &[nonce])).unwrap_or_default();
    element(
        tag::SEQUENCE,
        &[
            &[tag::INTEGER, 1, 1],
            POLICY,
            &imprint.to_der(),
            &element(tag::INTEGER, &[sign, magnitude]),
            &der_time::write(at),
            ACCURACY,
            &nonce,
        ],
    )
}

/// A `TimeStampResp` that refuses.
pub(super) fn refusal(failure: Failure) -> Vec<u8> {
    let bit = Failure::BITS.iter().find(|(_, of)| *of == failure).map_or(25, |(bit, _)| *bit);
    let mut bytes = vec![0_u8; bit / 8 + 1];
    if let Some(last) = bytes.last_mut() {
        *last = 0x80 >> (bit % 8);
    }
    // The shortest spelling of a list of named bits ends with its last one.
    let unused = u8::try_from(7 - bit % 8).unwrap_or_default();
    let bits = element(tag::BIT_STRING, &[&[unused], &bytes]);
    let status = element(tag::SEQUENCE, &[&[tag::INTEGER, 1, 2], &bits]);
    debug_assert!(status.len() < MAX_TIMESTAMP_LEN);
    element(tag::SEQUENCE, &[&status])
}
