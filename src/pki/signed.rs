//! The frame that certificates and OCSP answers share: what is signed, with which algorithm, the signature.
//!
//! Source: RFC 5280, section 4.1 (`Certificate`); RFC 6960, section 4.2.1 (`BasicOCSPResponse`).

use super::certificate::Certificate;
use super::der::{DerError, Element, Reader, tag};
use crate::crypto::{ForeignAlgorithm, ForeignFault, verify_foreign};
use crate::domain::Moment;

/// A signed structure, taken apart without reading what was signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'d> {
    /// What was signed.
    pub(super) content: Element<'d>,
    /// The algorithm, as a whole DER `AlgorithmIdentifier`.
    pub(super) algorithm: &'d [u8],
    /// The signature's bits.
    pub(super) signature: &'d [u8],
}

impl<'d> Signed<'d> {
    /// Takes the three parts from a reader and leaves what follows them.
    pub(super) fn take(parts: &mut Reader<'d>) -> Result<Self, DerError> {
        let content = parts.expect(tag::SEQUENCE)?;
        let algorithm = parts.expect(tag::SEQUENCE)?.raw;
        // The first byte of a bit string counts its unused bits; a signature uses all of them.
        let [0, signature @ ..] = parts.expect(tag::BIT_STRING)?.content else {
            return Err(DerError::Tag);
        };
        Ok(Self { content, algorithm, signature })
    }

    /// The parts of a certificate.
    pub(super) fn of(certificate: &'d Certificate) -> Result<Self, DerError> {
        let mut outer = Reader::only(certificate.der(), tag::SEQUENCE)?.reader();
        let signed = Self::take(&mut outer)?;
        outer.finish()?;
        Ok(signed)
    }

    /// Whether the signature was made with an algorithm on our list that was sound at `at`.
    pub(super) fn is_sound_at(&self, at: Moment) -> bool {
        ForeignAlgorithm::from_algorithm_der(self.algorithm)
            .is_some_and(|algorithm| algorithm.is_sound_at(at))
    }

    /// Whether the key of `signer` made the signature.
    pub(super) fn verify(&self, signer: &Certificate) -> Result<(), ForeignFault> {
        let algorithm = ForeignAlgorithm::from_algorithm_der(self.algorithm)
            .ok_or(ForeignFault::Unsupported)?;
        let key = signer.key_kind().ok_or(ForeignFault::Unsupported)?;
        verify_foreign(algorithm, key, signer.public_key(), self.content.raw, self.signature)
    }
}

/// Whether `issuer` is named as the issuer of `subject` and did sign it. Dates and purposes are not looked at.
pub(super) fn is_issued_by(
    subject: &Certificate,
    issuer: &Certificate,
    at: Moment,
) -> Result<(), ForeignFault> {
    if subject.issuer() != issuer.subject() {
        return Err(ForeignFault::Bad);
    }
    is_signed_by(subject, issuer, at)
}

/// Whether the key of `issuer` signed `subject`, whatever names they have.
pub(super) fn is_signed_by(
    subject: &Certificate,
    issuer: &Certificate,
    at: Moment,
) -> Result<(), ForeignFault> {
    let signed = Signed::of(subject).map_err(|_| ForeignFault::Bad)?;
    if signed.is_sound_at(at) { signed.verify(issuer) } else { Err(ForeignFault::Unsupported) }
}
