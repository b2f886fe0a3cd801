//! The signature inside a seal: a detached CMS `SignedData` as PAdES B-B asks for it.
//!
//! Written by hand, because what is written must also be the only thing that is read: `pki::cms_read` writes
//! a seal anew from its parts and refuses it if a single byte differs. So every byte of a seal either follows
//! from the profile or is signed:
//!
//! - the signed attributes hold the content type, the digest of the content, the digests of **all** enclosed
//!   certificates (`signing-certificate-v2`, the signer's first) and the algorithms (RFC 6211);
//! - there are no lists and no signing time, for which PAdES uses the PDF's `/M`, and no unsigned attributes but
//!   one: the time-stamp over the signature's own value, which is put in after sealing (`pki::cms_timestamp`).
//!
//! All that does not depend on the document is laid out once per key in a [`SealTemplate`]; a document
//! then costs one signature over some three hundred bytes.
//!
//! Sources: RFC 5652, RFC 5035 (ESS), RFC 6211, ETSI EN 319 122-1 and EN 319 142-1 (baseline B-B).

use std::fmt;

use super::certificate::{Certificate, Skim};
use super::der::{element, head_len, tag, write, write_head};
use crate::crypto::{Digest, SignFault, Signer, Suite};

/// Most certificates in one seal, the signer's included; our own bound.
pub const MAX_CERTIFICATES: usize = 7;

/// 1.2.840.113549.1.7.2, whole.
pub(super) const SIGNED_DATA: &[u8] =
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.7.1, whole.
pub(super) const DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// content-type, 1.2.840.113549.1.9.3, whole.
pub(super) const CONTENT_TYPE: &[u8] =
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
/// message-digest, 1.2.840.113549.1.9.4, whole.
pub(super) const MESSAGE_DIGEST: &[u8] =
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// signing-certificate-v2, 1.2.840.113549.1.9.16.2.47, whole.
pub(super) const SIGNING_CERTIFICATE_V2: &[u8] =
    &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
/// CMSAlgorithmProtection, 1.2.840.113549.1.9.52, whole.
pub(super) const ALGORITHM_PROTECTION: &[u8] =
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x34];
/// The integer 1, the version of both structures.
const VERSION_1: &[u8] = &[0x02, 0x01, 0x01];

/// Everything in the seals of one key that does not depend on the document.
#[derive(Clone, Debug)]
pub struct SealTemplate {
    suite: Suite,
    public_key: Vec<u8>,
    envelope: Envelope,
    /// The signed attributes, one after another, with zeros for the digest.
    attributes: Vec<u8>,
    digest_at: usize,
    max_len: usize,
}

impl SealTemplate {
    /// The template of a key whose certificate comes first in `chain`; the issuers follow, without the root.
    pub fn new(chain: &[Certificate]) -> Result<Self, CmsBuildError> {
        let (leaf, others) = chain.split_first().ok_or(CmsBuildError::NoCertificate)?;
        if chain.len() > MAX_CERTIFICATES {
            return Err(CmsBuildError::TooManyCertificates { limit: MAX_CERTIFICATES });
        }
        let suite = leaf.suite().ok_or(CmsBuildError::UnsupportedKey)?;
        let skim = Skim::read(leaf.der()).ok_or(CmsBuildError::UnsupportedKey)?;
        let mut certificates: Vec<&[u8]> = chain.iter().map(Certificate::der).collect();
        certificates.sort_unstable();
        let mut others: Vec<&Certificate> = others.iter().collect();
        others.sort_unstable_by_key(|certificate| certificate.der());
        let digests: Vec<Digest> =
            [leaf].into_iter().chain(others).map(Certificate::digest).collect();

        let envelope = Envelope::new(suite, &skim, &certificates);
        let (attributes, digest_at) = lay_out_attributes(suite, &digests);
        let longest = suite.max_signature_der_len(leaf.public_key());
        Ok(Self {
            suite,
            public_key: leaf.public_key().to_vec(),
            max_len: envelope.len(attributes.len(), longest),
            envelope,
            attributes,
            digest_at,
        })
    }

    /// The suite of the seals.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The longest seal this template makes, in bytes, without a time-stamp: what a gap must hold. ECDSA seals vary
    /// by a few bytes. For a time-stamp add [`timestamp_room`](super::timestamp_room).
    pub fn max_len(&self) -> usize {
        self.max_len
    }

    /// Seals content with this digest. `signer` must hold the key of the template's certificate.
    pub fn seal(&self, signer: &dyn Signer, content: &Digest) -> Result<Vec<u8>, CmsBuildError> {
        if signer.suite() != self.suite || signer.public_key() != self.public_key {
            return Err(CmsBuildError::OtherKey);
        }
        // What is signed is the attributes as a SET (RFC 5652, 5.4); what is written carries the tag [0].
        let mut message = Vec::with_capacity(self.attributes.len() + 4);
        write_head(&mut message, tag::SET, self.attributes.len());
        let start = message.len() + self.digest_at;
        message.extend_from_slice(&self.attributes);
        if let Some(slot) = message.get_mut(start..start + Digest::LEN) {
            slot.copy_from_slice(content.as_bytes());
        }
        let signature = signer.sign(&message).map_err(CmsBuildError::Signer)?;
        let attributes = message.get(start - self.digest_at..).unwrap_or_default();
        Ok(self.envelope.close(attributes, &signature.der()))
    }
}

/// The unsigned frame around attributes and signature. Everything in it follows from the certificates.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// From the version to the certificates.
    data_head: Vec<u8>,
    /// From the version of the signer's part to the digest algorithm.
    signer_head: Vec<u8>,
    signature_algorithm: &'static [u8],
}

impl Envelope {
    /// The frame for a signer with these certificates, which stand in the order of DER.
    pub(super) fn new(suite: Suite, signer: &Skim<'_>, certificates: &[&[u8]]) -> Self {
        let mut data_head = Vec::new();
        data_head.extend_from_slice(VERSION_1);
        write(&mut data_head, tag::SET, &[suite.digest_algorithm_der()]);
        write(&mut data_head, tag::SEQUENCE, &[DATA]);
        write(&mut data_head, tag::CONTEXT_0, certificates);
        let serial = element(tag::INTEGER, &[signer.serial]);
        let mut signer_head = Vec::new();
        signer_head.extend_from_slice(VERSION_1);
        write(&mut signer_head, tag::SEQUENCE, &[signer.issuer, &serial]);
        signer_head.extend_from_slice(suite.digest_algorithm_der());
        Self { data_head, signer_head, signature_algorithm: suite.signature_algorithm_der() }
    }

    /// The length of the whole with attributes and a signature of these lengths.
    fn len(&self, attributes: usize, signature: usize) -> usize {
        let lengths = self.lengths(attributes, signature, 0);
        head_len(lengths.outer) + lengths.outer
    }

    fn lengths(&self, attributes: usize, signature: usize, unsigned: usize) -> Lengths {
        let whole = |content: usize| head_len(content) + content;
        let signer = self.signer_head.len()
            + whole(attributes)
            + self.signature_algorithm.len()
            + whole(signature)
            + unsigned;
        let signers = whole(signer);
        let data = self.data_head.len() + whole(signers);
        let outer = SIGNED_DATA.len() + whole(whole(data));
        Lengths { signer, signers, data, outer }
    }

    /// The whole seal, without unsigned attributes.
    pub(super) fn close(&self, attributes: &[u8], signature: &[u8]) -> Vec<u8> {
        self.close_with(attributes, signature, &[])
    }

    /// The whole seal. `unsigned` are the unsigned attributes, whole, or nothing.
    pub(super) fn close_with(
        &self,
        attributes: &[u8],
        signature: &[u8],
        unsigned: &[u8],
    ) -> Vec<u8> {
        let lengths = self.lengths(attributes.len(), signature.len(), unsigned.len());
        let mut out = Vec::with_capacity(head_len(lengths.outer) + lengths.outer);
        write_head(&mut out, tag::SEQUENCE, lengths.outer);
        out.extend_from_slice(SIGNED_DATA);
        write_head(&mut out, tag::CONTEXT_0, head_len(lengths.data) + lengths.data);
        write_head(&mut out, tag::SEQUENCE, lengths.data);
        out.extend_from_slice(&self.data_head);
        write_head(&mut out, tag::SET, lengths.signers);
        write_head(&mut out, tag::SEQUENCE, lengths.signer);
        out.extend_from_slice(&self.signer_head);
        write(&mut out, tag::CONTEXT_0, &[attributes]);
        out.extend_from_slice(self.signature_algorithm);
        write(&mut out, tag::OCTET_STRING, &[signature]);
        out.extend_from_slice(unsigned);
        out
    }
}

struct Lengths {
    signer: usize,
    signers: usize,
    data: usize,
    outer: usize,
}

/// The signed attributes in the order of DER, and where among them the digest of the content goes.
fn lay_out_attributes(suite: Suite, certificates: &[Digest]) -> (Vec<u8>, usize) {
    let attribute =
        |kind: &[u8], value: &[u8]| element(tag::SEQUENCE, &[kind, &element(tag::SET, &[value])]);
    let empty = element(tag::OCTET_STRING, &[&[0; Digest::LEN]]);
    let digest = attribute(MESSAGE_DIGEST, &empty);
    let mut attributes = [
        attribute(CONTENT_TYPE, DATA),
        digest.clone(),
        attribute(SIGNING_CERTIFICATE_V2, &signing_certificate(certificates)),
        attribute(ALGORITHM_PROTECTION, &algorithm_protection(suite)),
    ];
    attributes.sort_unstable();
    let before = attributes.iter().take_while(|attribute| **attribute != digest);
    // The digest ends its attribute.
    let digest_at = before.map(Vec::len).sum::<usize>() + digest.len() - Digest::LEN;
    (attributes.concat(), digest_at)
}

/// `SigningCertificateV2`: SHA-256 is the default algorithm and therefore not written (RFC 5035, section 3).
pub(super) fn signing_certificate(certificates: &[Digest]) -> Vec<u8> {
    let ids: Vec<Vec<u8>> = certificates
        .iter()
        .map(|digest| element(tag::SEQUENCE, &[&element(tag::OCTET_STRING, &[digest.as_bytes()])]))
        .collect();
    element(tag::SEQUENCE, &[&element(tag::SEQUENCE, &[&ids.concat()])])
}

/// `CMSAlgorithmProtection`: the digest algorithm, and the signature algorithm under `[1] IMPLICIT`.
pub(super) fn algorithm_protection(suite: Suite) -> Vec<u8> {
    let mut signature = suite.signature_algorithm_der().to_vec();
    if let Some(first) = signature.first_mut() {
        *first = tag::CONTEXT_1;
    }
    element(tag::SEQUENCE, &[suite.digest_algorithm_der(), &signature])
}

/// Why no seal was made: faults of ours, in keys and certificates, never of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CmsBuildError {
    /// The chain is empty.
    NoCertificate,
    /// The signing key is not the key of the certificate.
    OtherKey,
    /// The key did not sign.
    Signer(SignFault),
    /// The chain is longer than a seal holds.
    TooManyCertificates {
        /// What it holds.
        limit: usize,
    },
    /// The certificate's key belongs to no suite on our list.
    UnsupportedKey,
}

impl fmt::Display for CmsBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("the sealing key has no certificate"),
            Self::OtherKey => f.write_str("the sealing key does not belong to its certificate"),
            Self::Signer(fault) => fault.fmt(f),
            Self::TooManyCertificates { limit } => {
                write!(f, "a seal holds at most {limit} certificates; leave out the root")
            }
            Self::UnsupportedKey => f.write_str("the sealing certificate's key is not on the list"),
        }
    }
}

impl std::error::Error for CmsBuildError {}

#[cfg(test)]
mod tests {
    use super::super::test_chain::TestChain;
    use super::*;

    #[test]
    fn no_seal_is_longer_than_announced() {
        let chain = TestChain::new();
        let template = SealTemplate::new(&[chain.seal().clone(), chain.ca().clone()]).unwrap();
        let signer = chain.signer();
        for round in 0..64_u8 {
            let seal = template.seal(&signer, &Digest::of(&[round])).unwrap();
            assert!((template.max_len() - 6..=template.max_len()).contains(&seal.len()));
        }
    }

    #[test]
    fn a_key_seals_under_its_own_certificate_alone() {
        let (chain, other) = (TestChain::new(), TestChain::new());
        let template = SealTemplate::new(&[chain.seal().clone()]).unwrap();
        let fault = template.seal(&other.signer(), &Digest::of(b"")).unwrap_err();
        assert_eq!(fault, CmsBuildError::OtherKey);
        assert_eq!(SealTemplate::new(&[]).unwrap_err(), CmsBuildError::NoCertificate);
        let many = vec![chain.seal().clone(); MAX_CERTIFICATES + 1];
        let fault = SealTemplate::new(&many).unwrap_err();
        assert_eq!(fault, CmsBuildError::TooManyCertificates { limit: MAX_CERTIFICATES });
    }
}
