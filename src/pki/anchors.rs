//! Whom we trust.
//!
//! A [`TrustStore`] is built from texts that somebody names; nothing is ever found or fetched. A file named
//! by itself is taken at its word: every CA certificate in it is an anchor. Of a folder only self-issued CA
//! certificates are anchors, because folders also hold what merely helps to build paths. Lists of revoked
//! certificates are collected from both; private keys are passed over unread.
//!
//! Whatever cannot be read is reported with its source and place, all at once: a trust store that silently
//! lacks an anchor turns genuine licenses away.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls_pki_types::{CertificateDer, TrustAnchor};

use super::certificate::{Certificate, CertificateError};
use super::crl::Crl;
use super::crl_error::CrlError;
use crate::crypto::{Digest, pem};

/// How many pairs of a list and its issuer are remembered; our own bound, one is needed for each CA.
const MAX_REMEMBERED: usize = 1_000;

/// Anchors, helping certificates and lists of revoked certificates.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    anchors: Vec<Anchor>,
    helpers: Vec<Certificate>,
    crls: Vec<Crl>,
    digest: Option<Digest>,
    /// Which list was found to be signed by which certificate, by their digests.
    stood_behind: Arc<Mutex<HashSet<(Digest, Digest)>>>,
}

/// A trusted certificate and what path building takes of it.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    pub(super) certificate: Certificate,
    /// The authorities it may stand behind; everybody where it is empty.
    only_for: Vec<String>,
    pub(super) parsed: TrustAnchor<'static>,
}

impl TrustStore {
    /// The certificate of these bytes, where it is one of the store's own and need not be taken apart again.
    pub(super) fn known(&self, der: &[u8]) -> Option<&Certificate> {
        self.helpers.iter().find(|helper| helper.der() == der)
    }

    /// A store under construction.
    pub fn builder() -> TrustStoreBuilder {
        TrustStoreBuilder::default()
    }

    /// A store that trusts nobody: every path ends in "no anchor".
    pub fn empty() -> Self {
        Self::default()
    }

    /// The trusted certificates.
    pub fn anchors(&self) -> impl Iterator<Item = &Certificate> {
        self.anchors.iter().map(|anchor| &anchor.certificate)
    }

    /// The anchors, each with the authorities it may stand behind: codes, or beginnings of codes with `*`. Empty: all.
    pub fn anchors_with_limits(&self) -> impl Iterator<Item = (&Certificate, &[String])> {
        self.anchors.iter().map(|anchor| (&anchor.certificate, anchor.only_for.as_slice()))
    }

    /// Whether this anchor may stand behind an authority with this code.
    ///
    /// An anchor may have been taken in for some authorities alone ([`TrustStoreBuilder::add_file_for`]), so that the
    /// root of another city cannot speak in the name of ours.
    pub fn is_trusted_for(&self, anchor: &Certificate, authority: &str) -> bool {
        let mut known = self.anchors.iter().filter(|known| known.certificate == *anchor);
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => authority.starts_with(beginning),
            None => authority == pattern,
        };
        known.any(|known| known.only_for.is_empty() || known.only_for.iter().any(fits))
    }

    /// Certificates that help to build paths and are not trusted by themselves.
    pub fn helpers(&self) -> &[Certificate] {
        &self.helpers
    }

    /// Every certificate in the store, trusted by itself or not.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.anchors().chain(&self.helpers)
    }

    /// The lists of revoked certificates, unverified as they are.
    pub fn crls(&self) -> &[Crl] {
        &self.crls
    }

    /// Whether `issuer` stands behind a list of this store. A list is checked once for each issuer.
    pub(super) fn is_signed_by(&self, crl: &Crl, issuer: &Certificate) -> bool {
        let pair = (crl.digest(), issuer.digest());
        // A panic elsewhere cannot leave half an entry.
        let known = || self.stood_behind.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&pair) {
            return true;
        }
        let signed = crl.is_signed_by(issuer);
        let mut known = known();
        if signed && known.len() < MAX_REMEMBERED {
            known.insert(pair);
        }
        signed
    }

    pub(super) fn anchor_list(&self) -> &[Anchor] {
        &self.anchors
    }

    /// What tells this store from another: a digest over everything in it.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.digest
    }
}

/// Collects texts for a [`TrustStore`].
#[derive(Debug, Default)]
pub struct TrustStoreBuilder {
    store: TrustStore,
    problems: Vec<TrustProblem>,
    /// What is being taken in is for these authorities.
    only_for: Vec<String>,
}

impl TrustStoreBuilder {
    /// Takes in a PEM text that was named by itself. `source` is what to call it when something is wrong.
    pub fn add_file(self, source: &str, text: &str) -> Self {
        self.add_file_for(source, text, &[])
    }

    /// The same, for some authorities alone: each a code, or the beginning of codes with `*` behind it. None means
    /// all of them.
    pub fn add_file_for(mut self, source: &str, text: &str, only_for: &[String]) -> Self {
        self.only_for = only_for.to_vec();
        let found = self.add(source, text, true);
        self.only_for.clear();
        if found == 0 {
            self.report(source, 0, TrustFault::Nothing);
        }
        self
    }

    /// Takes in a PEM text out of a folder.
    pub fn add_folder_file(mut self, source: &str, text: &str) -> Self {
        self.add(source, text, false);
        self
    }

    /// Trusts a certificate that is already at hand.
    pub fn add_anchor(self, certificate: Certificate) -> Self {
        self.add_anchor_for(certificate, &[])
    }

    /// The same, for some authorities alone.
    pub fn add_anchor_for(mut self, certificate: Certificate, only_for: &[String]) -> Self {
        self.only_for = only_for.to_vec();
        self.anchor("anchor", 0, certificate);
        self.only_for.clear();
        self
    }

    /// Takes in a certificate that helps to build paths, and by which squares may have been signed.
    pub fn add_helper(mut self, certificate: Certificate) -> Self {
        self.store.helpers.push(certificate);
        self
    }

    /// Takes in a list of revoked certificates that is already at hand.
    pub fn add_crl(mut self, crl: Crl) -> Self {
        self.store.crls.push(crl);
        self
    }

    /// The store, or everything that is wrong with the texts.
    pub fn build(mut self) -> Result<TrustStore, Vec<TrustProblem>> {
        if self.store.anchors.is_empty() && self.problems.is_empty() {
            self.report("", 0, TrustFault::NoAnchor);
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let store = &mut self.store;
        let anchors = store.anchors.iter().map(|anchor| anchor.certificate.digest());
        let helpers = store.helpers.iter().map(Certificate::digest);
        let crls = store.crls.iter().map(Crl::digest);
        let groups: [Vec<Digest>; 3] = [anchors.collect(), helpers.collect(), crls.collect()];
        let parts: Vec<Vec<u8>> = groups.iter().map(|group| joined(group)).collect();
        let digests: Vec<Digest> = parts.iter().map(|part| Digest::of(part)).collect();
        store.digest = Some(Digest::of(&joined(&digests)));
        Ok(self.store)
    }

    /// Takes in a text; gives how many blocks it had that concern trust.
    fn add(&mut self, source: &str, text: &str, named: bool) -> usize {
        let blocks = match pem::blocks(text) {
            Ok(blocks) => blocks,
            Err(error) => {
                self.report(source, 0, TrustFault::Pem(error));
                return 1;
            }
        };
        let mut found = 0;
        for (index, block) in blocks.iter().enumerate() {
            let place = index + 1;
            match block.label() {
                "CERTIFICATE" => {
                    found += 1;
                    match block.decode().map(|der| Certificate::from_der(&der)) {
                        Ok(Ok(certificate)) => {
                            let trusted =
                                certificate.is_ca() && (named || certificate.is_self_issued());
                            if trusted {
                                self.anchor(source, place, certificate);
                            } else {
                                self.store.helpers.push(certificate);
                            }
                        }
                        Ok(Err(error)) => {
                            self.report(source, place, TrustFault::Certificate(error));
                        }
                        Err(error) => self.report(source, place, TrustFault::Pem(error)),
                    }
                }
                "X509 CRL" => {
                    found += 1;
                    match block.decode().map(|der| Crl::from_der(&der)) {
                        Ok(Ok(crl)) => self.store.crls.push(crl),
                        Ok(Err(error)) => self.report(source, place, TrustFault::Crl(error)),
                        Err(error) => self.report(source, place, TrustFault::Pem(error)),
                    }
                }
                // Keys, parameters, requests: no business of a trust store, and no error in one.
                _ => {}
            }
        }
        found
    }

    fn anchor(&mut self, source: &str, place: usize, certificate: Certificate) {
        let known = self.store.anchors.iter_mut().find(|known| known.certificate == certificate);
        if let Some(known) = known {
            // Named twice it is good for both; named once without a limit, for everybody.
            if self.only_for.is_empty() {
                known.only_for.clear();
            } else if !known.only_for.is_empty() {
                known.only_for.extend_from_slice(&self.only_for);
            }
            return;
        }
        let der = CertificateDer::from(certificate.der());
        match webpki::anchor_from_trusted_cert(&der) {
            Ok(parsed) => {
                let parsed = parsed.to_owned();
                let only_for = self.only_for.clone();
                self.store.anchors.push(Anchor { certificate, only_for, parsed });
            }
            Err(_) => {
                let fault = TrustFault::Certificate(CertificateError::Malformed);
                self.report(source, place, fault);
            }
        }
    }

    fn report(&mut self, source: &str, block: usize, fault: TrustFault) {
        self.problems.push(TrustProblem { source: source.to_owned(), block, fault });
    }
}

fn joined(digests: &[Digest]) -> Vec<u8> {
    digests.iter().flat_map(|digest| *digest.as_bytes()).collect()
}

/// Something in the texts of a trust store that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustProblem {
    /// What the text was called.
    pub source: String,
    /// Which block of the text, from 1; 0 for the text as a whole.
    pub block: usize,
    /// What is wrong.
    pub fault: TrustFault,
}

/// What is wrong with a text of a trust store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustFault {
    /// A certificate cannot be read.
    Certificate(CertificateError),
    /// A list of revoked certificates cannot be used.
    Crl(CrlError),
    /// No CA certificate was found anywhere, so nobody would be trusted.
    NoAnchor,
    /// A file that was named by itself has neither a certificate nor a list.
    Nothing,
    /// The PEM armour is broken.
    Pem(pem::PemError),
}

impl fmt::Display for TrustProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.source.is_empty() {
            f.write_str(&self.source)?;
            if self.block > 0 {
                write!(f, ", block {}", self.block)?;
            }
            f.write_str(": ")?;
        }
        match &self.fault {
            TrustFault::Certificate(error) => error.fmt(f),
            TrustFault::Crl(error) => error.fmt(f),
            TrustFault::NoAnchor => f.write_str("no CA certificate to trust was found"),
            TrustFault::Nothing => f.write_str("has no CERTIFICATE and no X509 CRL block"),
            TrustFault::Pem(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TrustProblem {}

#[cfg(test)]
mod tests {
    use super::super::test_chain::{TestChain, moment};
    use super::*;

    #[test]
    fn a_named_file_is_taken_at_its_word_and_a_folder_only_for_its_roots() {
        let chain = TestChain::new();
        let text =
            format!("{}{}{}", chain.pem(chain.root()), chain.pem(chain.ca()), chain.seal_pem());
        let named = TrustStore::builder().add_file("trust.pem", &text).build().unwrap();
        assert_eq!(named.anchors().count(), 2);
        assert_eq!(named.helpers(), [chain.seal().clone()]);
        let folder = TrustStore::builder().add_folder_file("trust.pem", &text).build().unwrap();
        assert_eq!(folder.anchors().collect::<Vec<_>>(), [chain.root()]);
        assert_eq!(folder.helpers().len(), 2);
    }

    #[test]
    fn lists_are_collected_and_keys_passed_over() {
        let chain = TestChain::new();
        let crl = chain.crl(moment("2026-06-01T00:00:00Z"), &[]);
        let text = format!(
            "{}{}{}",
            pem::write("PRIVATE KEY", b"not looked at"),
            chain.pem(chain.root()),
            pem::write("X509 CRL", crl.der()),
        );
        let store = TrustStore::builder().add_file("trust.pem", &text).build().unwrap();
        assert_eq!((store.anchors().count(), store.crls().len()), (1, 1));
    }

    #[test]
    fn everything_that_cannot_be_read_is_reported_with_its_place() {
        let chain = TestChain::new();
        let text = format!(
            "{}{}{}",
            chain.pem(chain.root()),
            pem::write("CERTIFICATE", b"noise"),
            pem::write("X509 CRL", b"noise"),
        );
        let problems = TrustStore::builder()
            .add_file("a.pem", &text)
            .add_file("b.pem", "words")
            .add_folder_file("c.txt", "words")
            .add_folder_file("d.pem", "-----BEGIN CERTIFICATE-----\nAAAA")
            .build()
            .unwrap_err();
        let found: Vec<_> =
            problems.iter().map(|p| (p.source.as_str(), p.block, p.fault)).collect();
        assert_eq!(
            found,
            [
                ("a.pem", 2, TrustFault::Certificate(CertificateError::Malformed)),
                ("a.pem", 3, TrustFault::Crl(CrlError::Malformed)),
                ("b.pem", 0, TrustFault::Nothing),
                ("d.pem", 0, TrustFault::Pem(pem::PemError::End)),
            ]
        );
        let nobody = TrustStore::builder().build().unwrap_err();
        assert_eq!(nobody[0].fault, TrustFault::NoAnchor);
    }
}
