//! The path from a certificate to somebody we trust (证书链), for a purpose.
//!
//! A [`VerifiedPath`] has private fields and is made by [`verify_path`] alone: holding one is the proof that,
//! at a stated moment, every certificate from the leaf to an anchor was signed by the next, was valid, and
//! was meant for what it was used for. webpki builds the path within its budget of signature checks, and where it
//! cannot, `pki::path_search` does; every path is then held against all rules (`pki::path_rules`). What is added here: the leaf's key usage and [`Purpose`], the issuers' right to sign certificates, and
//! the anchor's own dates. One trust store serves both purposes: what tells a time-stamp authority from a sealer is
//! the extended key usage alone.
//!
//! Revocation is a separate answer, [`VerifiedPath::revocation`], because "could not be looked up" is not
//! "bad": who asks decides what an unknown means. It is told for the moment asked about, from lists whose
//! signatures were checked when the path was, and from [`Evidence`] that a file brought.
//!
//! Sources: RFC 5280 section 6; RFC 9336 (document signing); RFC 3161 section 2.3 (time-stamping).

use super::anchors::TrustStore;
use super::certificate::{Certificate, DOCUMENT_SIGNING, SIGNING, TIME_STAMPING};
use super::crl::Crl;
use super::evidence::Evidence;
use super::list_signers::signed_lists;
use super::list_words::statements as words;
use super::path_error::PathError;
use super::policy::PolicyQuestion;
use super::revocation::{self, Revocation, Statement};
use super::{path_rules, path_search, path_webpki};
use crate::domain::Moment;

/// Most certificates a file may bring besides its leaf; our own bound, twice what is in use.
pub const MAX_INTERMEDIATES: usize = 6;

/// What a certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Sealing documents.
    DocumentSigning,
    /// Signing documents, as the certificates of others put it: for whatever people sign with, or for no purpose by name.
    Signature,
    /// Making time-stamps.
    TimeStamping,
}

impl Purpose {
    /// The extended key usages that serve it.
    pub(super) fn accepted(self) -> &'static [&'static [u8]] {
        match self {
            Self::DocumentSigning => &[DOCUMENT_SIGNING],
            Self::Signature => SIGNING,
            Self::TimeStamping => &[TIME_STAMPING],
        }
    }
}

/// A path that was verified at a moment.
#[derive(Clone, Debug)]
pub struct VerifiedPath {
    leaf: Certificate,
    intermediates: Vec<Certificate>,
    anchor: Certificate,
    /// For the leaf and each intermediate, what the lists of its issuer say; newest list first.
    statements: Vec<Vec<Statement>>,
}

impl VerifiedPath {
    /// The certificate it begins with.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The issuers between the leaf and the anchor, from the leaf's own upward.
    pub fn intermediates(&self) -> &[Certificate] {
        &self.intermediates
    }

    /// The trusted certificate it ends in.
    pub fn anchor(&self) -> &Certificate {
        &self.anchor
    }

    /// From when to when, both included, every certificate of the path is valid.
    ///
    /// The path holds at any moment between: nothing else in its checking depends on time.
    pub fn window(&self) -> (Moment, Moment) {
        let all = || self.intermediates.iter().chain([&self.leaf, &self.anchor]);
        let first = all().map(Certificate::not_before).max();
        let last = all().map(Certificate::not_after).min();
        (first.unwrap_or(self.leaf.not_before()), last.unwrap_or(self.leaf.not_after()))
    }

    /// What the lists say of the leaf and of the intermediates, at a moment.
    ///
    /// Revoked before unknown before good; see `pki::revocation` for how lists are weighed.
    pub fn revocation(&self, at: Moment) -> Revocation {
        let certificates = [&self.leaf].into_iter().chain(&self.intermediates);
        let answers = certificates.zip(&self.statements).map(|(certificate, statements)| {
            revocation::weigh(statements, certificate.not_after(), at)
        });
        answers.reduce(revocation::worse).unwrap_or(Revocation::Unknown)
    }

    /// The same path, with what this evidence says besides what it has.
    pub fn with(&self, evidence: &Evidence) -> Self {
        let mut path = self.alone(evidence);
        for (said, known) in path.statements.iter_mut().zip(&self.statements) {
            said.extend(known);
            revocation::newest_first(said);
        }
        path
    }

    /// The same path, with what this evidence says and nothing else.
    pub fn alone(&self, evidence: &Evidence) -> Self {
        let subjects = [&self.leaf].into_iter().chain(&self.intermediates);
        let signers = self.intermediates.iter().chain([&self.anchor]);
        let said = subjects.zip(signers).map(|(subject, signer)| {
            let mut said = evidence.about(subject, signer);
            revocation::newest_first(&mut said);
            said
        });
        Self { statements: said.collect(), ..self.clone() }
    }
}

/// Verifies that `leaf` is a sealing certificate that somebody in `store` stands behind, at `at`.
///
/// `intermediates` are what the sealed file brought along and `crls` any lists besides the store's; neither
/// is trusted. An anchor counts only between its own dates.
pub fn verify_path(
    leaf: &Certificate,
    intermediates: &[Certificate],
    store: &TrustStore,
    crls: &[Crl],
    at: Moment,
) -> Result<VerifiedPath, PathError> {
    verify_path_for(Purpose::DocumentSigning, leaf, intermediates, store, crls, at)
}

/// The same for a certificate with any [`Purpose`].
pub fn verify_path_for(
    purpose: Purpose,
    leaf: &Certificate,
    intermediates: &[Certificate],
    store: &TrustStore,
    crls: &[Crl],
    at: Moment,
) -> Result<VerifiedPath, PathError> {
    verify_path_under(&PolicyQuestion::default(), purpose, leaf, (intermediates, store, crls), at)
}

/// The same, where certain certificate policies are asked for. `known` has what the file brought, whom to trust, and
/// lists besides.
pub fn verify_path_under(
    question: &PolicyQuestion,
    purpose: Purpose,
    leaf: &Certificate,
    known: (&[Certificate], &TrustStore, &[Crl]),
    at: Moment,
) -> Result<VerifiedPath, PathError> {
    let (intermediates, store, crls) = known;
    if intermediates.len() > MAX_INTERMEDIATES {
        return Err(PathError::TooComplex);
    }
    let others: Vec<&Certificate> = intermediates.iter().chain(store.helpers()).collect();
    let asked = Asked { question, purpose, leaf, others: &others, store };
    let (issuers, anchor) = match asked.find(at) {
        Err(fault @ (PathError::Expired { .. } | PathError::NotYetValid { .. })) => {
            return Err(asked.fault_of_time(fault));
        }
        found => found?,
    };

    let mut statements = Vec::with_capacity(issuers.len() + 1);
    let subjects = [leaf].into_iter().chain(&issuers);
    let upward: Vec<&Certificate> = issuers.iter().chain([&anchor]).collect();
    for (subject, signer) in subjects.zip(&upward) {
        let lists = signed_lists((subject, signer), &upward, &others, (store, crls), at);
        let mut said = words(&lists, subject);
        revocation::newest_first(&mut said);
        statements.push(said);
    }
    Ok(VerifiedPath { leaf: leaf.clone(), intermediates: issuers, anchor, statements })
}

/// What is asked, and what there is to answer it.
struct Asked<'a> {
    question: &'a PolicyQuestion,
    purpose: Purpose,
    leaf: &'a Certificate,
    others: &'a [&'a Certificate],
    store: &'a TrustStore,
}

impl Asked<'_> {
    /// The issuers, from the leaf upward, and the anchor of a path that holds at `at`.
    fn find(&self, at: Moment) -> Result<(Vec<Certificate>, Certificate), PathError> {
        let meets = |issuers: &[Certificate], anchor: &Certificate| {
            check_usage(self.purpose, self.leaf, issuers, anchor)?;
            path_rules::check(self.leaf, issuers, anchor, self.question, at)
        };
        let by_webpki = path_webpki::find(self.purpose, self.leaf, self.others, self.store, at)
            .and_then(|(issuers, anchor)| {
                meets(&issuers, &anchor)?;
                Ok((issuers, anchor))
            });
        match by_webpki {
            // What it does not know of, or did not try.
            Err(
                fault @ (PathError::BadSignature
                | PathError::Constraint
                | PathError::Malformed
                | PathError::NoAnchor
                | PathError::WrongUsage),
            ) => {
                let found = path_search::search(self.leaf, self.others, self.store, at, &meets);
                found.map_err(|why| match why {
                    // A constraint that it does not know of may be kept, and something else be wrong.
                    PathError::Expired { .. }
                    | PathError::NotYetValid { .. }
                    | PathError::Policy
                        if fault == PathError::Constraint =>
                    {
                        why
                    }
                    _ => fault,
                })
            }
            found => found,
        }
    }

    /// What to say when a date is wrong: if the path would not hold at any time, that comes first.
    ///
    /// An expired certificate of ours and an expired certificate that anybody made for himself are different
    /// things, and the dates are the first thing path building looks at.
    fn fault_of_time(&self, fault: PathError) -> PathError {
        let mut last = fault;
        for at in [self.leaf.not_after(), self.leaf.not_before()] {
            match self.find(at) {
                Ok(_) => return fault,
                Err(error) => last = error,
            }
        }
        match last {
            PathError::Expired { .. } | PathError::NotYetValid { .. } => fault,
            other => other,
        }
    }
}

fn check_usage(
    purpose: Purpose,
    leaf: &Certificate,
    issuers: &[Certificate],
    anchor: &Certificate,
) -> Result<(), PathError> {
    let signs = leaf.key_usage().map(|usage| usage.digital_signature || usage.non_repudiation);
    let meant = match purpose {
        Purpose::DocumentSigning => signs == Some(true) && leaf.has_purpose(DOCUMENT_SIGNING),
        Purpose::Signature => {
            let fits = || SIGNING.iter().any(|purpose| leaf.has_purpose(purpose));
            signs != Some(false) && (leaf.has_no_purpose() || fits())
        }
        // A time-stamp authority's key does nothing else; what it does is said by the purpose.
        Purpose::TimeStamping => signs != Some(false) && leaf.has_only_purpose(TIME_STAMPING),
    };
    if leaf.is_ca() || !meant {
        return Err(PathError::WrongUsage);
    }
    // Whom an issuer names no purpose for, it may issue for any.
    let serves = |issuer: &Certificate| {
        issuer.has_no_purpose() || purpose.accepted().iter().any(|one| issuer.has_purpose(one))
    };
    let issues = |issuer: &Certificate| {
        serves(issuer) && issuer.key_usage().is_some_and(|usage| usage.key_cert_sign)
    };
    let anchor_issues = anchor.key_usage().is_none_or(|usage| usage.key_cert_sign);
    if issuers.iter().all(issues) && anchor_issues { Ok(()) } else { Err(PathError::WrongUsage) }
}

#[cfg(test)]
mod tests {
    use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};

    use super::super::crl::RevocationReason;
    use super::super::test_chain::{TestChain, moment};
    use super::*;

    const NOW: &str = "2026-06-15T00:00:00Z";

    fn verify(chain: &TestChain, store: &TrustStore, at: &str) -> Result<VerifiedPath, PathError> {
        verify_path(chain.seal(), &[chain.ca().clone()], store, &[], moment(at))
    }

    #[test]
    fn an_honest_chain_leads_to_the_root_and_holds_within_its_window() {
        let chain = TestChain::new();
        let path = verify(&chain, &chain.store(), NOW).unwrap();
        assert_eq!(path.intermediates(), [chain.ca().clone()]);
        assert_eq!(path.anchor(), chain.root());
        assert_eq!(path.window(), (chain.seal().not_before(), chain.seal().not_after()));
        let direct = TrustStore::builder().add_anchor(chain.ca().clone()).build().unwrap();
        assert!(verify_path(chain.seal(), &[], &direct, &[], moment(NOW)).is_ok());
    }

    #[test]
    fn each_broken_chain_meets_its_own_refusal() {
        let chain = TestChain::new();
        let store = chain.store();
        let stranger = TestChain::new();
        let expired = PathError::Expired { since: chain.seal().not_after() };
        let early = PathError::NotYetValid { until: chain.seal().not_before() };
        assert_eq!(verify(&chain, &store, "2035-01-01T00:00:00Z").unwrap_err(), expired);
        assert_eq!(verify(&chain, &store, "2025-06-01T00:00:00Z").unwrap_err(), early);
        // The stranger's root has the same name and another key.
        let fault = verify(&stranger, &store, NOW).unwrap_err();
        assert_eq!(fault, PathError::BadSignature);
        let fault = verify(&stranger, &store, "2035-01-01T00:00:00Z").unwrap_err();
        assert_eq!(fault, PathError::BadSignature, "worse than expired");
        assert_eq!(verify(&chain, &TrustStore::empty(), NOW).unwrap_err(), PathError::NoAnchor);
        let alone = verify_path(chain.seal(), &[], &store, &[], moment(NOW));
        assert_eq!(alone.unwrap_err(), PathError::NoAnchor);
        let crowd = vec![chain.ca().clone(); MAX_INTERMEDIATES + 1];
        let fault = verify_path(chain.seal(), &crowd, &store, &[], moment(NOW)).unwrap_err();
        assert_eq!(fault, PathError::TooComplex);
        let fault = verify_path(chain.ca(), &[], &store, &[], moment(NOW)).unwrap_err();
        assert_eq!(fault, PathError::WrongUsage, "a CA certificate does not seal");
    }

    #[test]
    fn a_certificate_issued_for_something_else_does_not_seal() {
        let document = || ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]);
        let chain = TestChain::new();
        let rows = [
            ("no purpose", vec![KeyUsagePurpose::DigitalSignature], vec![]),
            (
                "mail only",
                vec![KeyUsagePurpose::DigitalSignature],
                vec![ExtendedKeyUsagePurpose::EmailProtection],
            ),
            ("key for encryption", vec![KeyUsagePurpose::KeyEncipherment], vec![document()]),
            ("no key usage", vec![], vec![document()]),
        ];
        for (trick, usages, purposes) in rows {
            let leaf = chain.leaf(usages, purposes);
            let path = verify_path(&leaf, &[chain.ca().clone()], &chain.store(), &[], moment(NOW));
            assert_eq!(path.unwrap_err(), PathError::WrongUsage, "{trick}");
        }
        let usages = vec![KeyUsagePurpose::ContentCommitment];
        let leaf = chain.leaf(usages, vec![document()]);
        let path = verify_path(&leaf, &[chain.ca().clone()], &chain.store(), &[], moment(NOW));
        assert!(path.is_ok(), "non-repudiation alone is enough");
    }

    #[test]
    fn revocation_is_told_for_the_moment_asked_about() {
        let chain = TestChain::new();
        let since = moment("2026-05-01T00:00:00Z");
        let made = moment("2026-06-01T00:00:00Z");
        let next = made.plus_seconds(30 * 86_400);
        let root_crl = chain.root_crl(made);
        let with = |crls: &[Crl], at: &str| {
            let path =
                verify_path(chain.seal(), &[chain.ca().clone()], &chain.store(), crls, moment(NOW));
            path.unwrap().revocation(moment(at))
        };
        let good = Revocation::Good { as_of: made, next_update: next };
        let clean = chain.crl(made, &[]);
        let listed = chain.crl(made, &[(chain.seal(), since)]);
        let foreign = TestChain::new().crl(made, &[(chain.seal(), since)]);
        let revoked = Revocation::Revoked { since, reason: RevocationReason::Superseded };
        let both = [clean.clone(), root_crl.clone()];
        assert_eq!(with(&both, NOW), good);
        assert_eq!(with(&both, "2026-02-01T00:00:00Z"), good, "a newer list covers the past");
        assert_eq!(with(&both, "2026-07-15T00:00:00Z"), Revocation::Unknown, "list out of date");
        assert_eq!(with(&[clean], NOW), Revocation::Unknown, "nothing on the issuer");
        assert_eq!(with(&[], NOW), Revocation::Unknown);
        assert_eq!(
            with(&[foreign, root_crl.clone()], NOW),
            Revocation::Unknown,
            "not its issuer's"
        );
        let both = [listed, root_crl];
        assert_eq!(with(&both, NOW), revoked);
        assert_eq!(with(&both, "2026-07-15T00:00:00Z"), revoked, "an old list still accuses");
        assert_eq!(with(&both, "2026-04-01T00:00:00Z"), good, "before the date");
    }
}
