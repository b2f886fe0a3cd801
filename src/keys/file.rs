//! One authority's sealing key (签章私钥), with the certificates that go into its seals.
//!
//! A [`SealKey`] exists only if everything about it agrees: the private key with the certificate, the
//! certificate with the authority, the certificates with one another. What a seal would later fail on is
//! found when the key is read, not when a license is issued.

use std::fmt;
use std::sync::Arc;

use super::rules::KeyRule;
use crate::crypto::{KeyError, KeySigner, Secret, SignFault, Signature, Signer, Suite};
use crate::domain::{AuthorityCode, Moment};
use crate::pki::certificate::DOCUMENT_SIGNING;
use crate::pki::{Certificate, CertificateError, CmsBuildError, SealTemplate};
use crate::service::ports::KeyId;

/// A private key, whose it is, and the certificates that say so. A clone of it is the same key.
#[derive(Clone)]
pub struct SealKey {
    authority: AuthorityCode,
    chain: Vec<Certificate>,
    leaf: Certificate,
    signer: Arc<dyn Signer>,
    kept_in: KeptIn,
    rule: KeyRule,
}

/// Where a private key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptIn {
    /// A file that is encrypted.
    EncryptedFile,
    /// A file that whoever can read it can use.
    File,
    /// A PKCS#11 token, which the key does not leave.
    Token,
}

impl KeptIn {
    /// A fixed word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::EncryptedFile => "encrypted file",
            Self::File => "file",
            Self::Token => "token",
        }
    }
}

impl SealKey {
    /// Reads the key of `authority` from PEM texts: one PKCS#8 private key, and the certificates with the
    /// sealing certificate first, its issuers after it, without the root.
    pub fn from_pem(
        authority: AuthorityCode,
        key_pem: &str,
        chain_pem: &str,
    ) -> Result<Self, SealKeyError> {
        Self::open_pem(authority, key_pem, chain_pem, None)
    }

    /// The same, where the private key may be encrypted and `passphrase` opens it.
    pub fn open_pem(
        authority: AuthorityCode,
        key_pem: &str,
        chain_pem: &str,
        passphrase: Option<&Secret<String>>,
    ) -> Result<Self, SealKeyError> {
        let signer = KeySigner::open_pkcs8_pem(key_pem, passphrase).map_err(SealKeyError::Key)?;
        let chain = Certificate::all_from_pem(chain_pem).map_err(SealKeyError::Certificate)?;
        let kept_in =
            if KeySigner::is_encrypted(key_pem) { KeptIn::EncryptedFile } else { KeptIn::File };
        Ok(Self { kept_in, ..Self::new(authority, Box::new(signer), chain)? })
    }

    /// Puts together a key that is held anywhere and its certificates.
    pub fn new(
        authority: AuthorityCode,
        signer: Box<dyn Signer>,
        chain: Vec<Certificate>,
    ) -> Result<Self, SealKeyError> {
        let leaf = chain.first().cloned().ok_or(SealKeyError::NoCertificate)?;
        if leaf.organization_identifier() != Some(authority.as_str()) {
            return Err(SealKeyError::OtherAuthority);
        }
        if leaf.suite() != Some(signer.suite()) || leaf.public_key() != signer.public_key() {
            return Err(SealKeyError::OtherKey);
        }
        let signs =
            leaf.key_usage().is_some_and(|usage| usage.digital_signature || usage.non_repudiation);
        if leaf.is_ca() || !signs || !leaf.has_purpose(DOCUMENT_SIGNING) {
            return Err(SealKeyError::NotForSealing);
        }
        let mut links = chain.iter().zip(chain.iter().skip(1));
        if !links.all(|(subject, issuer)| subject.issuer() == issuer.subject() && issuer.is_ca()) {
            return Err(SealKeyError::ChainOrder);
        }
        if chain.iter().any(Certificate::is_self_issued) {
            return Err(SealKeyError::RootEnclosed);
        }
        // Seals are made elsewhere; that they can be made with these certificates is found out here.
        SealTemplate::new(&chain).map_err(SealKeyError::Seal)?;
        let (kept_in, rule) = (KeptIn::File, KeyRule::default());
        Ok(Self { authority, chain, leaf, signer: signer.into(), kept_in, rule })
    }

    /// The same key under this rule.
    pub(super) fn under(self, rule: KeyRule) -> Self {
        Self { rule, ..self }
    }

    /// The same key, which is kept there.
    pub(super) fn kept(self, kept_in: KeptIn) -> Self {
        Self { kept_in, ..self }
    }

    /// Where it is kept.
    pub fn kept_in(&self) -> KeptIn {
        self.kept_in
    }

    /// What is laid down for it.
    pub fn rule(&self) -> &KeyRule {
        &self.rule
    }

    /// Whose key it is.
    pub fn authority(&self) -> &AuthorityCode {
        &self.authority
    }

    /// How it is known: SHA-256 of its certificate.
    pub fn id(&self) -> KeyId {
        self.leaf.digest()
    }

    /// The sealing certificate (签章证书).
    pub fn certificate(&self) -> &Certificate {
        &self.leaf
    }

    /// Whole days until its certificate ends at `at`; negative once it has.
    pub fn days_left(&self, at: Moment) -> i64 {
        (self.leaf.not_after().unix_seconds() - at.unix_seconds()).div_euclid(86_400)
    }

    /// The sealing certificate and its issuers, without the root.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The suite of every signature made with it.
    pub fn suite(&self) -> Suite {
        self.signer.suite()
    }

    /// The key itself, for signatures that are not CMS.
    pub fn signer(&self) -> &dyn Signer {
        self.signer.as_ref()
    }

    /// Signs a message, as JWS and COSE do.
    pub fn sign(&self, message: &[u8]) -> Result<Signature, SignFault> {
        self.signer.sign(message)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({}, {})", self.authority.as_str(), self.suite())
    }
}

/// Why texts do not make a sealing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealKeyError {
    /// A certificate cannot be read.
    Certificate(CertificateError),
    /// A certificate is not the issuer of the one before it.
    ChainOrder,
    /// The private key cannot be read.
    Key(KeyError),
    /// There is no certificate.
    NoCertificate,
    /// The certificate was not issued for sealing documents (key usage digitalSignature or nonRepudiation
    /// and extended key usage documentSigning).
    NotForSealing,
    /// The certificate's organizationIdentifier is not the code of the authority.
    OtherAuthority,
    /// The private key does not belong to the certificate.
    OtherKey,
    /// The root stands among the certificates; it is trusted elsewhere and does not belong into a seal.
    RootEnclosed,
    /// No seals can be made with these certificates.
    Seal(CmsBuildError),
}

impl fmt::Display for SealKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(error) => error.fmt(f),
            Self::ChainOrder => {
                f.write_str("the certificates are out of order: sealing certificate first, then each issuer")
            }
            Self::Key(error) => error.fmt(f),
            Self::NoCertificate => f.write_str("there is no certificate beside the key"),
            Self::NotForSealing => f.write_str(
                "the certificate is not for sealing: it needs digitalSignature or nonRepudiation, and documentSigning",
            ),
            Self::OtherAuthority => {
                f.write_str("the certificate's organizationIdentifier is not the authority's code")
            }
            Self::OtherKey => f.write_str("the private key does not belong to the certificate"),
            Self::RootEnclosed => f.write_str("the root stands among the certificates: take it out"),
            Self::Seal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SealKeyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Digest;
    use crate::pki::SignedData;
    use crate::pki::test_chain::{AUTHORITY, TestChain};

    fn authority() -> AuthorityCode {
        AUTHORITY.parse().unwrap()
    }

    #[test]
    fn a_key_seals_for_its_authority() {
        let chain = TestChain::new();
        let pem = format!("{}{}", chain.seal_pem(), chain.pem(chain.ca()));
        let key = SealKey::from_pem(authority(), &chain.key_pem(), &pem).unwrap();
        let content = Digest::of(b"content");
        let template = SealTemplate::new(key.chain()).unwrap();
        let seal = template.seal(key.signer(), &content).unwrap();
        assert!(seal.len() <= template.max_len());
        assert_eq!(SignedData::read(&seal).unwrap().check(&content), Ok(()));
        assert_eq!(format!("{key:?}"), "SealKey(11990000MD1000077R, ECDSA P-256 with SHA-256)");
    }

    #[test]
    fn what_does_not_agree_is_no_sealing_key() {
        let (chain, other) = (TestChain::new(), TestChain::new());
        let (seal, ca, root) = (chain.seal_pem(), chain.pem(chain.ca()), chain.pem(chain.root()));
        let foreign: AuthorityCode = "11990000MD0000008F".parse().unwrap();
        let rows = [
            (
                "no certificate",
                authority(),
                chain.key_pem(),
                String::new(),
                SealKeyError::NoCertificate,
            ),
            (
                "another authority's",
                foreign,
                chain.key_pem(),
                seal.clone(),
                SealKeyError::OtherAuthority,
            ),
            ("another's key", authority(), other.key_pem(), seal.clone(), SealKeyError::OtherKey),
            (
                "issuer first",
                authority(),
                chain.key_pem(),
                format!("{ca}{seal}"),
                SealKeyError::OtherAuthority,
            ),
            (
                "a gap",
                authority(),
                chain.key_pem(),
                format!("{seal}{root}"),
                SealKeyError::ChainOrder,
            ),
            (
                "with root",
                authority(),
                chain.key_pem(),
                format!("{seal}{ca}{root}"),
                SealKeyError::RootEnclosed,
            ),
            ("no key", authority(), seal.clone(), seal.clone(), SealKeyError::Key(KeyError::NoKey)),
        ];
        for (trick, authority, key, chain, refusal) in rows {
            assert_eq!(SealKey::from_pem(authority, &key, &chain).err(), Some(refusal), "{trick}");
        }
    }
}
