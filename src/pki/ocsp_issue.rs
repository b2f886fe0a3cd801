//! An OCSP responder for development: pure, with the key, the time and the knowledge handed in.
//!
//! OpenSSL and pyHanko take its answers in `make test`. It answers for one issuer; whoever asks about another is
//! told that it is not the one to ask (`unauthorized`).
//!
//! Source: RFC 6960, sections 4.1 and 4.2.

use super::certificate::Certificate;
use super::cms::CmsBuildError;
use super::crl::RevocationReason;
use super::der::{Reader, element, tag};
use super::der_time;
use super::ocsp::{CertId, MAX_OCSP_LEN, OcspError, nonce_extension};
use super::ocsp_response::{BASIC, OcspStatus, read_extensions};
use crate::crypto::{Signer, sha1_for_matching};
use crate::domain::Moment;

/// Most certificates that may be asked about at once; our own bound.
const MAX_QUESTIONS: usize = 16;
/// What stands for requests that cannot be read, and for those about other issuers.
const MALFORMED_REQUEST: u8 = 1;
const UNAUTHORIZED: u8 = 6;

/// The development responder: whose certificates it knows, and its own certificate.
#[derive(Clone, Debug)]
pub struct OcspIssuer {
    issuer: Certificate,
    responder: Certificate,
}

impl OcspIssuer {
    /// The responder for the certificates of `issuer`. `responder` is the issuer itself, or a certificate that it
    /// signed for OCSP signing.
    pub fn new(issuer: Certificate, responder: Certificate) -> Self {
        Self { issuer, responder }
    }

    /// Answers a request (`OCSPRequest`) with an `OCSPResponse` that is current for `seconds`.
    ///
    /// `status` says what is known of the certificate with this serial number, the content of a DER integer.
    pub fn answer(
        &self,
        signer: &dyn Signer,
        request: &[u8],
        status: &dyn Fn(&[u8]) -> OcspStatus,
        at: Moment,
        seconds: i64,
    ) -> Result<Vec<u8>, CmsBuildError> {
        let Ok((questions, nonce)) = read_request(request) else {
            return Ok(refusal(MALFORMED_REQUEST));
        };
        if !questions.iter().all(|id| id.is_of(&self.issuer)) {
            return Ok(refusal(UNAUTHORIZED));
        }
        let answers: Vec<Vec<u8>> =
            questions.iter().map(|id| single(id, status(&id.serial), at, seconds)).collect();
        let list = element(tag::SEQUENCE, &[&answers.concat()]);
        self.respond(signer, &list, nonce.as_deref(), at)
    }

    /// A signed response with these single answers.
    pub(super) fn respond(
        &self,
        signer: &dyn Signer,
        list: &[u8],
        nonce: Option<&[u8]>,
        at: Moment,
    ) -> Result<Vec<u8>, CmsBuildError> {
        let suite = self.responder.suite().ok_or(CmsBuildError::UnsupportedKey)?;
        if signer.suite() != suite || signer.public_key() != self.responder.public_key() {
            return Err(CmsBuildError::OtherKey);
        }
        let key = sha1_for_matching(self.responder.public_key());
        let key = element(tag::CONTEXT_2, &[&element(tag::OCTET_STRING, &[&key])]);
        let extensions = nonce.map(|nonce| {
            let list = element(tag::SEQUENCE, &[&nonce_extension(nonce)]);
            element(tag::CONTEXT_1, &[&list])
        });
        let extensions = extensions.unwrap_or_default();
        let data = element(tag::SEQUENCE, &[&key, &der_time::write(at), list, &extensions]);
        let signature = signer.sign(&data).map_err(CmsBuildError::Signer)?;
        let signature = element(tag::BIT_STRING, &[&[0], &signature.der()]);
        let certificates = match self.responder == self.issuer {
            true => Vec::new(),
            false => {
                let list = element(tag::SEQUENCE, &[self.responder.der()]);
                element(tag::CONTEXT_0, &[&list])
            }
        };
        let algorithm = suite.signature_algorithm_der();
        let basic = element(tag::SEQUENCE, &[&data, algorithm, &signature, &certificates]);
        let bytes = element(tag::SEQUENCE, &[BASIC, &element(tag::OCTET_STRING, &[&basic])]);
        let bytes = element(tag::CONTEXT_0, &[&bytes]);
        Ok(element(tag::SEQUENCE, &[&[tag::ENUMERATED, 1, 0], &bytes]))
    }
}

/// What one certificate's answer looks like.
pub(super) fn single(id: &CertId, status: OcspStatus, at: Moment, seconds: i64) -> Vec<u8> {
    let status = match status {
        OcspStatus::Good => vec![tag::PRIMITIVE_0, 0],
        OcspStatus::Unknown => vec![tag::PRIMITIVE_2, 0],
        OcspStatus::Revoked(revoked) => {
            let reason = match revoked.reason {
                RevocationReason::Unspecified => Vec::new(),
                reason => element(tag::CONTEXT_0, &[&[tag::ENUMERATED, 1, reason.code()]]),
            };
            element(tag::CONTEXT_1, &[&der_time::write(revoked.since), &reason])
        }
    };
    let next = element(tag::CONTEXT_0, &[&der_time::write(at.plus_seconds(seconds))]);
    element(tag::SEQUENCE, &[&id.der, &status, &der_time::write(at), &next])
}

/// An `OCSPResponse` without an answer.
fn refusal(status: u8) -> Vec<u8> {
    element(tag::SEQUENCE, &[&[tag::ENUMERATED, 1, status]])
}

/// The certificates asked about, and the nonce. A requestor's name and signature are passed over.
fn read_request(der: &[u8]) -> Result<(Vec<CertId>, Option<Vec<u8>>), OcspError> {
    if der.len() > MAX_OCSP_LEN {
        return Err(OcspError::TooLong { limit: MAX_OCSP_LEN });
    }
    let mut outer = Reader::only(der, tag::SEQUENCE)?.reader();
    let mut fields = outer.expect(tag::SEQUENCE)?.reader();
    outer.optional(tag::CONTEXT_0)?;
    outer.finish()?;
    if fields.optional(tag::CONTEXT_0)?.is_some() {
        return Err(OcspError::Garbage);
    }
    fields.optional(tag::CONTEXT_1)?;
    let mut list = fields.expect(tag::SEQUENCE)?.reader();
    let mut questions = Vec::new();
    while !list.is_empty() {
        if questions.len() == MAX_QUESTIONS {
            return Err(OcspError::Garbage);
        }
        let mut question = list.expect(tag::SEQUENCE)?.reader();
        questions.push(CertId::read(&mut question)?);
        question.optional(tag::CONTEXT_0)?;
        question.finish()?;
    }
    let nonce = match fields.optional(tag::CONTEXT_2)? {
        Some(explicit) => read_extensions(&explicit)?,
        None => None,
    };
    fields.finish()?;
    if questions.is_empty() { Err(OcspError::Garbage) } else { Ok((questions, nonce)) }
}
