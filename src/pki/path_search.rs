//! A search for paths that webpki does not find: where names of directories are constrained, policies are critical, or
//! an issuer has changed its key and issued itself a certificate for the new one.
//!
//! Every step is a signature that was checked, within a budget; what else a path must meet is asked of each whole path
//! in turn, and the first that meets it is taken.

use super::anchors::{Anchor, TrustStore};
use super::certificate::Certificate;
use super::name_constraints::prepared_name;
use super::path::MAX_INTERMEDIATES;
use super::path_error::PathError;
use super::signed::is_signed_by;
use crate::domain::Moment;

/// Most signatures that are checked in one search; our own bound.
const MAX_SIGNATURES: usize = 100;

/// Asserts what a path of these issuers under this anchor must meet.
type Rules<'r> = dyn Fn(&[Certificate], &Certificate) -> Result<(), PathError> + 'r;

/// The issuers, from the leaf upward, and the anchor of the first path that `meets` everything; otherwise why the last
/// one did not.
pub(super) fn search(
    leaf: &Certificate,
    others: &[&Certificate],
    store: &TrustStore,
    at: Moment,
    meets: &Rules<'_>,
) -> Result<(Vec<Certificate>, Certificate), PathError> {
    let anchors: Vec<&Anchor> = store.anchor_list().iter().collect();
    let mut search = Search { others, anchors, at, left: MAX_SIGNATURES, meets, fault: None };
    let mut issuers = Vec::new();
    match search.above(leaf, &mut issuers)? {
        Some(anchor) => Ok((issuers, anchor)),
        None => Err(search.fault.unwrap_or(PathError::NoAnchor)),
    }
}

struct Search<'s> {
    others: &'s [&'s Certificate],
    anchors: Vec<&'s Anchor>,
    at: Moment,
    /// How many more signatures may be checked.
    left: usize,
    meets: &'s Rules<'s>,
    fault: Option<PathError>,
}

impl Search<'_> {
    /// The anchor above `certificate`, with the way to it in `issuers`.
    fn above(
        &mut self,
        certificate: &Certificate,
        issuers: &mut Vec<Certificate>,
    ) -> Result<Option<Certificate>, PathError> {
        let anchors: Vec<Certificate> =
            self.anchors.iter().map(|anchor| anchor.certificate.clone()).collect();
        for anchor in anchors {
            let in_force = anchor.not_before() <= self.at && self.at <= anchor.not_after();
            if !in_force || !self.signed(certificate, &anchor)? {
                continue;
            }
            match (self.meets)(issuers, &anchor) {
                Ok(()) => return Ok(Some(anchor)),
                Err(fault) => self.fault = Some(fault),
            }
        }
        if issuers.len() >= MAX_INTERMEDIATES {
            return Ok(None);
        }
        for candidate in self.others {
            if issuers.contains(candidate) || !candidate.is_ca() {
                continue;
            }
            if !self.signed(certificate, candidate)? {
                continue;
            }
            issuers.push((*candidate).clone());
            if let Some(anchor) = self.above(candidate, issuers)? {
                return Ok(Some(anchor));
            }
            issuers.pop();
        }
        Ok(None)
    }

    fn signed(&mut self, subject: &Certificate, issuer: &Certificate) -> Result<bool, PathError> {
        let same = subject.issuer() == issuer.subject()
            || prepared_name(subject.issuer()) == prepared_name(issuer.subject());
        if !same {
            return Ok(false);
        }
        self.left = self.left.checked_sub(1).ok_or(PathError::TooComplex)?;
        Ok(is_signed_by(subject, issuer, self.at).is_ok())
    }
}
