//! An OCSP answer: read once, and checked against the certificate it is asked to speak for.
//!
//! An [`OcspResponse`] has been read but not believed. [`OcspResponse::check`] finds the responder by the name or key
//! the answer states: the issuer itself, or an enclosed certificate that the issuer signed for OCSP signing. A
//! responder further away, whom only local configuration could trust, is not known here. Whether the responder's own
//! certificate was revoked is not asked; where its issuer says that nobody need ask (`id-pkix-ocsp-nocheck`), the
//! answer says so.
//!
//! Source: RFC 6960, sections 4.2.1 and 4.2.2.

use std::fmt;
use std::sync::Arc;

use super::certificate::{Certificate, OCSP_SIGNING};
use super::crl::{RevocationReason, Revoked, read_reason};
use super::der::{Element, Reader, tag};
use super::der_time;
use super::memo::Memo;
use super::ocsp::{CertId, MAX_OCSP_LEN, NONCE, OCSP_TOLERANCE_SECONDS, OcspError};
use super::signed::{Signed, is_issued_by};
use crate::crypto::{Digest, ForeignFault, sha1_for_matching};
use crate::domain::Moment;

/// Most certificates and most single answers in one response; our own bounds.
const MAX_CERTIFICATES: usize = 6;
const MAX_ANSWERS: usize = 64;
/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1, whole.
pub(super) const BASIC: &[u8] = &[0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

/// An OCSP answer, as read.
#[derive(Clone)]
pub struct OcspResponse(Arc<Read>);

struct Read {
    der: Vec<u8>,
    digest: Digest,
    /// The signed part, the algorithm and the signature, within `der`.
    basic: std::ops::Range<usize>,
    responder: ResponderId,
    produced_at: Moment,
    answers: Vec<Single>,
    nonce: Option<Vec<u8>>,
    certificates: Vec<Certificate>,
    /// Whether this key made the signature.
    signed_by: Memo<Result<(), ForeignFault>>,
    /// Whether this issuer signed the certificate of the responder.
    issued_by: Memo<bool>,
}

enum ResponderId {
    /// The subject's name, whole.
    Name(Vec<u8>),
    /// SHA-1 of the public key's bits.
    Key(Vec<u8>),
}

struct Single {
    id: CertId,
    status: OcspStatus,
    this_update: Moment,
    next_update: Option<Moment>,
}

/// What an issuer says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspStatus {
    /// It was not revoked.
    Good,
    /// It was.
    Revoked(Revoked),
    /// The responder does not know it.
    Unknown,
}

/// A checked answer about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspAnswer {
    /// What is said of it.
    pub status: OcspStatus,
    /// Since when this is known to be so.
    pub this_update: Moment,
    /// When newer word is due, if that is said.
    pub next_update: Option<Moment>,
    /// When the answer was signed.
    pub produced_at: Moment,
    /// The certificate of the responder, where the issuer did not answer itself.
    pub responder: Option<Certificate>,
}

impl OcspAnswer {
    /// Until when it is current. An answer that does not say when newer word is due is so for its own moment.
    pub fn current_until(&self) -> Moment {
        self.next_update.unwrap_or(self.this_update.plus_seconds(OCSP_TOLERANCE_SECONDS))
    }

    /// Whether no newer word was due yet.
    pub fn is_current_at(&self, at: Moment) -> bool {
        at < self.current_until()
    }

    /// Whether the responder's own certificate need not be asked about: the issuer answered itself, or says so.
    pub fn responder_is_beyond_question(&self) -> bool {
        self.responder.as_ref().is_none_or(Certificate::has_ocsp_no_check)
    }
}

impl OcspResponse {
    /// Reads one answer and nothing behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, OcspError> {
        if der.len() > MAX_OCSP_LEN {
            return Err(OcspError::TooLong { limit: MAX_OCSP_LEN });
        }
        let mut outer = Reader::only(der, tag::SEQUENCE)?.reader();
        let [status] = outer.expect(tag::ENUMERATED)?.content else {
            return Err(OcspError::Garbage);
        };
        if *status != 0 {
            return Err(OcspError::NotSuccessful { status: *status });
        }
        let bytes = outer.expect(tag::CONTEXT_0)?;
        outer.finish()?;
        let mut bytes = Reader::only(bytes.content, tag::SEQUENCE)?.reader();
        if bytes.expect(tag::OID)?.raw != BASIC {
            return Err(OcspError::Garbage);
        }
        let basic = bytes.expect(tag::OCTET_STRING)?.content;
        bytes.finish()?;
        // The octet string ends the whole, so its place follows from the lengths.
        let range = der.len() - basic.len()..der.len();

        let mut parts = Reader::only(basic, tag::SEQUENCE)?.reader();
        let signed = Signed::take(&mut parts)?;
        let certificates = match parts.optional(tag::CONTEXT_0)? {
            Some(explicit) => enclosed(&explicit)?,
            None => Vec::new(),
        };
        parts.finish()?;
        let mut data = signed.content.reader();
        if data.optional(tag::CONTEXT_0)?.is_some() {
            // Version 1 is the default and not written in DER; there is no other.
            return Err(OcspError::Garbage);
        }
        let responder = match data.element()? {
            name if name.tag == tag::CONTEXT_1 => {
                ResponderId::Name(Reader::only(name.content, tag::SEQUENCE)?.raw.to_vec())
            }
            key if key.tag == tag::CONTEXT_2 => {
                ResponderId::Key(Reader::only(key.content, tag::OCTET_STRING)?.content.to_vec())
            }
            _ => return Err(OcspError::Garbage),
        };
        let produced_at = moment(&data.expect(tag::GENERALIZED_TIME)?)?;
        let mut list = data.expect(tag::SEQUENCE)?.reader();
        let mut answers = Vec::new();
        while !list.is_empty() {
            if answers.len() == MAX_ANSWERS {
                return Err(OcspError::Garbage);
            }
            answers.push(Single::read(&list.expect(tag::SEQUENCE)?)?);
        }
        let nonce = match data.optional(tag::CONTEXT_1)? {
            Some(explicit) => read_extensions(&explicit)?,
            None => None,
        };
        data.finish()?;
        Ok(Self(Arc::new(Read {
            digest: Digest::of(der),
            basic: range,
            responder,
            produced_at,
            answers,
            nonce,
            certificates,
            signed_by: Memo::default(),
            issued_by: Memo::default(),
            der: der.to_vec(),
        })))
    }

    /// The whole answer.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The digest of the whole answer.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// When it was signed, by its own word.
    pub fn produced_at(&self) -> Moment {
        self.0.produced_at
    }

    /// The nonce it answers, if it has one.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.0.nonce.as_deref()
    }

    /// The enclosed certificates, unverified.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// Checks the answer about `subject`, which `issuer` issued, as one that is known to have been there at `at`.
    ///
    /// Whether it is still current is a question of its own: [`OcspAnswer::is_current_at`].
    pub fn check(
        &self,
        subject: &Certificate,
        issuer: &Certificate,
        at: Moment,
    ) -> Result<OcspAnswer, OcspError> {
        let meant = self.0.answers.iter().filter(|answer| answer.id.names(subject, issuer));
        let single = meant.max_by_key(|answer| answer.this_update);
        let single = single.ok_or(OcspError::OtherCertificate)?;
        let signer = self.responder(issuer).ok_or(OcspError::ResponderUnknown)?;
        let basic = self.0.der.get(self.0.basic.clone()).unwrap_or_default();
        let mut parts = Reader::only(basic, tag::SEQUENCE)?.reader();
        let signed = Signed::take(&mut parts)?;
        if !signed.is_sound_at(at) {
            return Err(OcspError::UnsupportedAlgorithm);
        }
        let verified = self.0.signed_by.of(signer, || signed.verify(signer));
        verified.map_err(|fault| match fault {
            ForeignFault::Bad => OcspError::BadSignature,
            ForeignFault::Unsupported => OcspError::UnsupportedAlgorithm,
        })?;
        let delegated = signer != issuer;
        let issued = || self.0.issued_by.of(issuer, || is_issued_by(signer, issuer, at).is_ok());
        let sound = || Signed::of(signer).is_ok_and(|signed| signed.is_sound_at(at));
        if delegated && !(may_answer(signer, at) && sound() && issued()) {
            return Err(OcspError::ResponderNotEntitled);
        }
        let latest = at.plus_seconds(OCSP_TOLERANCE_SECONDS);
        let backwards = single.next_update.is_some_and(|next| next < single.this_update);
        if single.this_update > latest || self.0.produced_at > latest || backwards {
            return Err(OcspError::NotYet);
        }
        Ok(OcspAnswer {
            status: single.status,
            this_update: single.this_update,
            next_update: single.next_update,
            produced_at: self.0.produced_at,
            responder: delegated.then(|| signer.clone()),
        })
    }

    /// Whom the answer names as its signer: the issuer, or one of the enclosed certificates.
    fn responder<'c>(&'c self, issuer: &'c Certificate) -> Option<&'c Certificate> {
        let named = |certificate: &&Certificate| match &self.0.responder {
            ResponderId::Name(name) => certificate.subject() == name,
            ResponderId::Key(key) => {
                sha1_for_matching(certificate.public_key()).as_slice() == key.as_slice()
            }
        };
        [issuer].into_iter().chain(&self.0.certificates).find(named)
    }
}

impl fmt::Debug for OcspResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OcspResponse(of {}, {} answers)", self.0.produced_at, self.0.answers.len())
    }
}

/// Whether this certificate says of itself that it answers for its issuer, and was valid at `at`.
fn may_answer(responder: &Certificate, at: Moment) -> bool {
    let signs = responder.key_usage().is_none_or(|usage| usage.digital_signature);
    let valid = responder.not_before() <= at && at <= responder.not_after();
    signs && valid && responder.has_purpose(OCSP_SIGNING)
}

impl Single {
    fn read(element: &Element<'_>) -> Result<Self, OcspError> {
        let mut fields = element.reader();
        let id = CertId::read(&mut fields)?;
        let status = fields.element()?;
        let status = match status.tag {
            tag::PRIMITIVE_0 if status.content.is_empty() => OcspStatus::Good,
            tag::PRIMITIVE_2 if status.content.is_empty() => OcspStatus::Unknown,
            tag::CONTEXT_1 => {
                let mut revoked = status.reader();
                let since = moment(&revoked.expect(tag::GENERALIZED_TIME)?)?;
                let reason = match revoked.optional(tag::CONTEXT_0)? {
                    Some(explicit) => {
                        let code = Reader::only(explicit.content, tag::ENUMERATED)?;
                        let [code] = code.content else { return Err(OcspError::Garbage) };
                        read_reason(*code).ok_or(OcspError::Garbage)?
                    }
                    None => RevocationReason::Unspecified,
                };
                revoked.finish()?;
                OcspStatus::Revoked(Revoked { since, reason })
            }
            _ => return Err(OcspError::Garbage),
        };
        let this_update = moment(&fields.expect(tag::GENERALIZED_TIME)?)?;
        let next_update = match fields.optional(tag::CONTEXT_0)? {
            Some(explicit) => {
                Some(moment(&Reader::only(explicit.content, tag::GENERALIZED_TIME)?)?)
            }
            None => None,
        };
        if let Some(explicit) = fields.optional(tag::CONTEXT_1)? {
            read_extensions(&explicit)?;
        }
        fields.finish()?;
        Ok(Self { id, status, this_update, next_update })
    }
}

/// The nonce among these extensions; a critical one is one that we do not know.
pub(super) fn read_extensions(explicit: &Element<'_>) -> Result<Option<Vec<u8>>, OcspError> {
    let mut list = Reader::only(explicit.content, tag::SEQUENCE)?.reader();
    let mut nonce = None;
    while !list.is_empty() {
        let mut fields = list.expect(tag::SEQUENCE)?.reader();
        let kind = fields.expect(tag::OID)?.raw;
        let critical = fields.optional(tag::BOOLEAN)?.is_some_and(|flag| flag.content != [0]);
        let value = fields.expect(tag::OCTET_STRING)?.content;
        fields.finish()?;
        if kind == NONCE {
            nonce = Some(Reader::only(value, tag::OCTET_STRING)?.content.to_vec());
        } else if critical {
            return Err(OcspError::UnknownExtension);
        }
    }
    Ok(nonce)
}

fn enclosed(explicit: &Element<'_>) -> Result<Vec<Certificate>, OcspError> {
    let mut list = Reader::only(explicit.content, tag::SEQUENCE)?.reader();
    let mut found = Vec::new();
    while !list.is_empty() {
        if found.len() == MAX_CERTIFICATES {
            return Err(OcspError::Garbage);
        }
        let der = list.expect(tag::SEQUENCE)?.raw;
        found.push(Certificate::from_der(der).map_err(|_| OcspError::Garbage)?);
    }
    Ok(found)
}

fn moment(element: &Element<'_>) -> Result<Moment, OcspError> {
    Ok(der_time::read(element)?.moment)
}
