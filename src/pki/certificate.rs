//! An X.509 certificate (数字证书): its bytes, and the facts in it, read once.
//!
//! A [`Certificate`] owns its DER and is cheap to clone. Its facts are what the certificate *says*; whether
//! anyone we trust says so too is answered by `pki::path`. The organization identifier (2.5.4.97) of a
//! sealing certificate carries the code of the authority whose seals it makes.
//!
//! Sources: RFC 5280; ETSI EN 319 412-1, 5.1.4 (organizationIdentifier); RFC 9336 (document signing).

use std::fmt;
use std::sync::Arc;

use x509_parser::prelude::{FromDer, X509Certificate};

use super::crl_scope::Place;
use super::der::{Reader, tag};
use super::extensions::Extensions;
use super::path_rules::PathFacts;
use crate::crypto::{Digest, KeyKind, Suite, pem};
use crate::domain::Moment;

/// Longest certificate that is read, in bytes; our own bound. Sealing certificates take about one thousand.
pub const MAX_CERTIFICATE_LEN: usize = 16 * 1024;

/// `id-kp-documentSigning`, 1.3.6.1.5.5.7.3.36 (RFC 9336), as the content of a DER object identifier.
pub const DOCUMENT_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24];
/// `id-kp-emailProtection`, 1.3.6.1.5.5.7.3.4, which some viewers ask for besides.
pub const EMAIL_PROTECTION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04];

/// What people sign documents with: the two above, the viewers' own (1.2.840.113583.1.1.5 of Adobe,
/// 1.3.6.1.4.1.311.10.3.12 of Microsoft), and `anyExtendedKeyUsage`, 2.5.29.37.0.
pub const SIGNING: &[&[u8]] = &[
    DOCUMENT_SIGNING,
    EMAIL_PROTECTION,
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x2f, 0x01, 0x01, 0x05],
    &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0a, 0x03, 0x0c],
    &[0x55, 0x1d, 0x25, 0x00],
];

/// `id-kp-timeStamping`, 1.3.6.1.5.5.7.3.8 (RFC 3161, section 2.3).
pub const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// `id-kp-OCSPSigning`, 1.3.6.1.5.5.7.3.9 (RFC 6960, section 4.2.2.2).
pub const OCSP_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09];

/// A certificate and what it says.
#[derive(Clone)]
pub struct Certificate(Arc<Facts>);

struct Facts {
    der: Vec<u8>,
    digest: Digest,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    common_name: String,
    organization: Option<String>,
    organization_identifier: Option<String>,
    not_before: Moment,
    not_after: Moment,
    public_key_info: Vec<u8>,
    public_key: Vec<u8>,
    suite: Option<Suite>,
    key_kind: Option<KeyKind>,
    is_ca: bool,
    key_usage: Option<KeyUsage>,
    path: PathFacts,
    extensions: Extensions,
}

/// The bits of the key usage extension that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// The key signs messages.
    pub digital_signature: bool,
    /// The key signs what its owner will not deny (contentCommitment).
    pub non_repudiation: bool,
    /// The key signs certificates.
    pub key_cert_sign: bool,
    /// The key signs lists of revoked certificates.
    pub crl_sign: bool,
}

impl Certificate {
    /// Reads one certificate and nothing behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_LEN {
            return Err(CertificateError::TooLong { limit: MAX_CERTIFICATE_LEN });
        }
        let skim = Skim::read(der).ok_or(CertificateError::Malformed)?;
        let (rest, parsed) =
            X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed);
        }
        let malformed = |_| CertificateError::Malformed;
        let usage = parsed.key_usage().map_err(malformed)?.map(|extension| KeyUsage {
            digital_signature: extension.value.digital_signature(),
            non_repudiation: extension.value.non_repudiation(),
            key_cert_sign: extension.value.key_cert_sign(),
            crl_sign: extension.value.crl_sign(),
        });
        let basic = parsed.basic_constraints().map_err(malformed)?;
        let extensions = Extensions::read(&parsed).map_err(malformed)?;
        let text = |oid: &[u64]| -> Option<String> {
            let oid = x509_parser::oid_registry::Oid::from(oid).ok()?;
            // Where an attribute is repeated, none of its values is *the* value.
            let mut values = parsed.subject().iter_by_oid(&oid);
            let value = values.next()?.as_str().ok()?.to_owned();
            values.next().is_none().then_some(value)
        };
        Ok(Self(Arc::new(Facts {
            digest: Digest::of(der),
            serial: skim.serial.to_vec(),
            issuer: skim.issuer.to_vec(),
            subject: skim.subject.to_vec(),
            common_name: text(&[2, 5, 4, 3]).unwrap_or_default(),
            organization: text(&[2, 5, 4, 10]),
            organization_identifier: text(&[2, 5, 4, 97]),
            not_before: Moment::from_unix_seconds(parsed.validity().not_before.timestamp()),
            not_after: Moment::from_unix_seconds(parsed.validity().not_after.timestamp()),
            public_key_info: skim.public_key_info.to_vec(),
            public_key: skim.public_key.to_vec(),
            suite: skim.suite,
            key_kind: KeyKind::from_algorithm_der(skim.key_algorithm),
            is_ca: basic.is_some_and(|extension| extension.value.ca),
            key_usage: usage,
            path: PathFacts::of(&parsed),
            extensions,
            der: der.to_vec(),
        })))
    }

    /// The certificates in a PEM text, in order; blocks of other kinds are passed over.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let blocks = pem::blocks(text).map_err(|_| CertificateError::Pem)?;
        blocks
            .iter()
            .filter(|block| block.label() == "CERTIFICATE")
            .map(|block| Self::from_der(&block.decode().map_err(|_| CertificateError::Pem)?))
            .collect()
    }

    /// The whole certificate.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The digest of the whole certificate, its fingerprint.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The serial number: the content of its DER integer.
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// The issuer's name as a whole DER element.
    pub fn issuer(&self) -> &[u8] {
        &self.0.issuer
    }

    /// The subject's name as a whole DER element.
    pub fn subject(&self) -> &[u8] {
        &self.0.subject
    }

    /// The subject's common name; empty where there is none, or several.
    pub fn common_name(&self) -> &str {
        &self.0.common_name
    }

    /// The subject's organization.
    pub fn organization(&self) -> Option<&str> {
        self.0.organization.as_deref()
    }

    /// The subject's organization identifier: in a sealing certificate, the code of its authority.
    pub fn organization_identifier(&self) -> Option<&str> {
        self.0.organization_identifier.as_deref()
    }

    /// The first moment of validity, included.
    pub fn not_before(&self) -> Moment {
        self.0.not_before
    }

    /// The last moment of validity, included.
    pub fn not_after(&self) -> Moment {
        self.0.not_after
    }

    /// The `SubjectPublicKeyInfo` as a whole DER element.
    pub fn public_key_info(&self) -> &[u8] {
        &self.0.public_key_info
    }

    /// The bits of the `subjectPublicKey`.
    pub fn public_key(&self) -> &[u8] {
        &self.0.public_key
    }

    /// The suite its key signs with, if it is on our list.
    pub fn suite(&self) -> Option<Suite> {
        self.0.suite
    }

    /// Whether it says of itself that it issues certificates (basic constraints).
    pub fn is_ca(&self) -> bool {
        self.0.is_ca
    }

    /// What its key may be used for, if it says.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.key_usage
    }

    /// Whether its extended key usage names this purpose (see [`DOCUMENT_SIGNING`]).
    pub fn has_purpose(&self, purpose: &[u8]) -> bool {
        self.0.extensions.purposes.iter().any(|known| known == purpose)
    }

    /// Whether it names no purpose at all.
    pub fn has_no_purpose(&self) -> bool {
        self.0.extensions.purposes.is_empty()
    }

    /// Whether its extended key usage is critical and names this purpose and no other.
    pub fn has_only_purpose(&self, purpose: &[u8]) -> bool {
        let extensions = &self.0.extensions;
        extensions.purposes_critical && extensions.purposes.len() == 1 && self.has_purpose(purpose)
    }

    /// Whether its issuer says that it need not be asked about (`id-pkix-ocsp-nocheck`).
    pub fn has_ocsp_no_check(&self) -> bool {
        self.0.extensions.ocsp_no_check
    }

    /// Where its issuer answers by OCSP whether it was revoked.
    pub fn ocsp_urls(&self) -> &[String] {
        &self.0.extensions.ocsp_urls
    }

    /// Where its issuer publishes lists of revoked certificates.
    pub fn crl_urls(&self) -> &[String] {
        &self.0.extensions.crl_urls
    }

    /// What it says about the paths that lead through it.
    pub(super) fn path_facts(&self) -> &PathFacts {
        &self.0.path
    }

    /// Where lists about it are published, and by whom.
    pub(super) fn crl_places(&self) -> &[Place] {
        &self.0.extensions.crl_places
    }

    /// The kind of its key, if it is one with which others may give their word.
    pub fn key_kind(&self) -> Option<KeyKind> {
        self.0.key_kind
    }

    /// Whether subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.0.issuer == self.0.subject
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.digest == other.0.digest
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.0.common_name)
    }
}

/// The few parts of a certificate that a seal refers to, found without reading the rest.
#[derive(Clone, Copy)]
pub(super) struct Skim<'d> {
    pub(super) serial: &'d [u8],
    pub(super) issuer: &'d [u8],
    pub(super) subject: &'d [u8],
    pub(super) public_key_info: &'d [u8],
    pub(super) public_key: &'d [u8],
    pub(super) key_algorithm: &'d [u8],
    pub(super) suite: Option<Suite>,
}

impl<'d> Skim<'d> {
    /// Finds them, if the bytes have the outer form of a certificate and nothing follows it.
    pub(super) fn read(der: &'d [u8]) -> Option<Self> {
        let mut certificate = Reader::only(der, tag::SEQUENCE).ok()?.reader();
        let mut fields = certificate.expect(tag::SEQUENCE).ok()?.reader();
        certificate.expect(tag::SEQUENCE).ok()?;
        certificate.expect(tag::BIT_STRING).ok()?;
        certificate.finish().ok()?;
        if fields.peek() == Some(tag::CONTEXT_0) {
            fields.element().ok()?;
        }
        let serial = fields.expect(tag::INTEGER).ok()?.content;
        fields.expect(tag::SEQUENCE).ok()?;
        let issuer = fields.expect(tag::SEQUENCE).ok()?.raw;
        fields.expect(tag::SEQUENCE).ok()?;
        let subject = fields.expect(tag::SEQUENCE).ok()?.raw;
        let info = fields.expect(tag::SEQUENCE).ok()?;
        let mut key = info.reader();
        let algorithm = key.expect(tag::SEQUENCE).ok()?.raw;
        // The first byte of a bit string counts its unused bits; a key uses all of them.
        let [0, public_key @ ..] = key.expect(tag::BIT_STRING).ok()?.content else { return None };
        key.finish().ok()?;
        Some(Self {
            serial,
            issuer,
            subject,
            public_key_info: info.raw,
            public_key,
            key_algorithm: algorithm,
            suite: Suite::of_key_algorithm(algorithm),
        })
    }
}

/// Why bytes or a text are not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// The bytes are not one X.509 certificate in DER, whole, with well-formed extensions.
    Malformed,
    /// The PEM armour is broken.
    Pem,
    /// The certificate is longer than we read.
    TooLong {
        /// What we read, in bytes.
        limit: usize,
    },
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not a well-formed X.509 certificate"),
            Self::Pem => f.write_str("the PEM text of a certificate is damaged"),
            Self::TooLong { limit } => write!(f, "a certificate is longer than {limit} bytes"),
        }
    }
}

impl std::error::Error for CertificateError {}

#[cfg(test)]
mod tests {
    use super::super::test_chain::{AUTHORITY, TestChain};
    use super::*;

    #[test]
    fn a_sealing_certificate_says_whose_it_is_and_what_for() {
        let chain = TestChain::new();
        let seal = chain.seal();
        assert_eq!(seal.organization_identifier(), Some(AUTHORITY));
        assert_eq!(seal.common_name(), "DEV 示例市民政局 电子印章");
        assert_eq!(seal.organization(), Some("示例市民政局"));
        assert_eq!(seal.suite(), Some(Suite::EcdsaP256Sha256));
        assert_eq!(seal.public_key().len(), 65);
        assert!(seal.has_purpose(DOCUMENT_SIGNING) && seal.has_purpose(EMAIL_PROTECTION));
        assert!(!seal.is_ca() && !seal.is_self_issued());
        assert!(seal.key_usage().unwrap().digital_signature);
        assert_eq!(seal.issuer(), chain.ca().subject());
        assert!(chain.root().is_ca() && chain.root().is_self_issued());
        assert_eq!(seal.not_before().to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn a_damaged_certificate_is_refused_or_another_and_never_a_panic() {
        let chain = TestChain::new();
        let der = chain.seal().der().to_vec();
        for position in 0..der.len() {
            let mut damaged = der.clone();
            damaged[position] ^= 0x55;
            if let Ok(other) = Certificate::from_der(&damaged) {
                assert_ne!(other, *chain.seal());
            }
            assert!(Certificate::from_der(&der[..position]).is_err());
        }
        let long = [&der[..], b"\0"].concat();
        assert_eq!(Certificate::from_der(&long), Err(CertificateError::Malformed));
        let huge = vec![0; MAX_CERTIFICATE_LEN + 1];
        assert!(matches!(Certificate::from_der(&huge), Err(CertificateError::TooLong { .. })));
    }
}
