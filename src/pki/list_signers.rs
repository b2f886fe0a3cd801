//! Who may have signed the lists about a certificate.
//!
//! Its issuer, with the key it was signed by; or, where an issuer keeps another key for its lists, changes its key, or
//! has its lists made by somebody, another certificate for that. Such a one counts if a certificate of the same path
//! issued it, it may sign lists, and it is not on a list of its own issuer.
//!
//! Source: RFC 5280, 6.3.3 (f).

use super::anchors::TrustStore;
use super::certificate::Certificate;
use super::crl::Crl;
use super::name_constraints::prepared_name;
use super::signed::is_issued_by;
use crate::domain::Moment;

/// Most further signers that are tried for one certificate; our own bound.
const MAX_SIGNERS: usize = 8;

/// The lists about `subject` that `signer`, who issued it, or somebody else for it has signed. `upward` are the issuers
/// of the whole path and its anchor; `others` are certificates that nobody vouches for yet.
pub(super) fn signed_lists<'l>(
    (subject, signer): (&Certificate, &Certificate),
    upward: &[&Certificate],
    others: &[&Certificate],
    (store, brought): (&'l TrustStore, &'l [Crl]),
    at: Moment,
) -> Vec<&'l Crl> {
    let signed_by = |list: &Crl, by: &Certificate| match store.crls().contains(list) {
        true => store.is_signed_by(list, by),
        false => list.is_signed_by(by),
    };
    let all = || store.crls().iter().chain(brought);
    let mut found: Vec<&Crl> = all().filter(|list| signed_by(list, signer)).collect();
    let own = |list: &&Crl| prepared_name(list.issuer()) == prepared_name(subject.issuer());
    let missing: Vec<&Crl> = all()
        .filter(|list| !found.contains(list))
        .filter(|list| own(list) || list.is_indirect())
        .filter(|list| list.speaks_of(subject))
        .collect();
    if missing.is_empty() {
        return found;
    }
    let named = |one: &&&Certificate| {
        missing.iter().any(|list| list.issuer() == one.subject()) && **one != signer
    };
    let candidates = others.iter().chain(upward).filter(named).take(MAX_SIGNERS);
    for candidate in candidates {
        let usable = candidate.key_usage().is_some_and(|usage| usage.crl_sign)
            && (candidate.not_before()..=candidate.not_after()).contains(&at);
        let vouched = || {
            upward.contains(candidate)
                || upward.iter().any(|issuer| {
                    let listed = |list: &&Crl| {
                        signed_by(list, issuer) && list.entry(candidate.serial()).is_some()
                    };
                    is_issued_by(candidate, issuer, at).is_ok() && !all().any(|list| listed(&list))
                })
        };
        if usable && vouched() {
            found.extend(missing.iter().filter(|list| signed_by(list, candidate)));
        }
    }
    found
}
