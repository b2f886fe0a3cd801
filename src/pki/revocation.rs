//! Whether a certificate was revoked, at a moment.
//!
//! What an issuer has said, in a list or by OCSP, is a statement. Revoked is revoked: but for certificates that were
//! only held, no newer statement takes an entry back; otherwise the newest statement decides. An entry counts if its
//! date has come at the moment asked about, or on a ground that counts backwards: a key that was stolen may have
//! been in other hands before anybody noticed. The absence of an entry says "good" only if the statement was due to
//! be current at that moment, or is newer, and only if it was made before the certificate expired; otherwise the
//! answer is "unknown".
//!
//! Only statements whose signature was checked come here; that is the business of `pki::path` and `pki::evidence`.
//!
//! Sources: RFC 5280 sections 3.3, 5.1 and 5.3; RFC 6960 section 2.2.

use super::crl::{RevocationReason, Revoked};
use crate::domain::Moment;

/// What the lists say of a certificate, or of a whole path, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A list that was current says nothing against it.
    Good {
        /// When the list was made; for a path, the oldest of the lists used.
        as_of: Moment,
        /// When the next one was due; for a path, the earliest.
        next_update: Moment,
    },
    /// Revoked at the moment asked about, or on a ground that counts backwards.
    Revoked {
        /// From when on.
        since: Moment,
        /// On what ground.
        reason: RevocationReason,
    },
    /// No list of its issuer that was current at that moment is at hand. Not an answer, and never "good".
    Unknown,
}

/// What one verified list or answer says of one certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    pub(super) this_update: Moment,
    pub(super) next_update: Moment,
    pub(super) entry: Option<Revoked>,
}

/// What the newest of these lists says at `at` of a certificate that ends at `not_after`.
pub(super) fn weigh(statements: &[Statement], not_after: Moment, at: Moment) -> Revocation {
    // An issuer may drop a certificate from its lists once it has expired, so a list made after that
    // proves nothing by silence.
    let speaks =
        |statement: &&Statement| statement.entry.is_some() || statement.this_update <= not_after;
    // A list may be older than an answer that was made from older knowledge; revoked stays revoked.
    let final_word = |statement: &&Statement| {
        statement.entry.is_some_and(|entry| entry.reason != RevocationReason::CertificateHold)
    };
    let decides = statements.iter().find(final_word).or_else(|| statements.iter().find(speaks));
    let Some(newest) = decides else { return Revocation::Unknown };
    // An answer is often current for an hour, and a list for a month: where nobody names the certificate, the word
    // that holds longest counts, and not only the newest.
    let lapsed = newest.entry.is_none() && newest.next_update <= at;
    let unnamed = || statements.iter().all(|statement| statement.entry.is_none());
    let holding = |statement: &&Statement| speaks(statement) && at < statement.next_update;
    let newest = match statements.iter().find(holding).filter(|_| lapsed && unnamed()) {
        Some(older) => older,
        None => newest,
    };
    match newest.entry {
        Some(entry) if entry.since <= at || entry.reason.counts_backwards() => {
            Revocation::Revoked { since: entry.since, reason: entry.reason }
        }
        // The entry's date lies ahead: the list itself says that until then all was well.
        Some(_) => Revocation::Good { as_of: newest.this_update, next_update: newest.next_update },
        None if at < newest.next_update => {
            Revocation::Good { as_of: newest.this_update, next_update: newest.next_update }
        }
        None => Revocation::Unknown,
    }
}

/// Puts statements in the order in which they are weighed.
pub(super) fn newest_first(statements: &mut [Statement]) {
    statements.sort_by_key(|statement| std::cmp::Reverse(statement.this_update));
}

/// The answer for two certificates of one path: revoked before unknown before good.
pub(super) fn worse(one: Revocation, other: Revocation) -> Revocation {
    match (one, other) {
        (Revocation::Revoked { .. }, _) => one,
        (_, Revocation::Revoked { .. }) => other,
        (Revocation::Unknown, _) | (_, Revocation::Unknown) => Revocation::Unknown,
        (
            Revocation::Good { as_of, next_update },
            Revocation::Good { as_of: other_as_of, next_update: other_next },
        ) => Revocation::Good {
            as_of: as_of.min(other_as_of),
            next_update: next_update.min(other_next),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::test_chain::moment;

    #[test]
    fn a_stolen_key_counts_backwards() {
        let since = moment("2026-05-01T00:00:00Z");
        let at = moment("2026-04-01T00:00:00Z");
        let far = moment("2030-01-01T00:00:00Z");
        let statement = |reason| Statement {
            this_update: since,
            next_update: far,
            entry: Some(Revoked { since, reason }),
        };
        let stolen = weigh(&[statement(RevocationReason::KeyCompromise)], far, at);
        assert!(matches!(stolen, Revocation::Revoked { .. }));
        let replaced = weigh(&[statement(RevocationReason::Superseded)], far, at);
        assert!(matches!(replaced, Revocation::Good { .. }));
        let later =
            Statement { this_update: at.plus_seconds(90 * 86_400), next_update: far, entry: None };
        let newer = [later, statement(RevocationReason::Superseded)];
        assert!(matches!(weigh(&newer, far, since), Revocation::Revoked { .. }), "not taken back");
        let held = [later, statement(RevocationReason::CertificateHold)];
        assert!(matches!(weigh(&held, far, since), Revocation::Good { .. }), "only held");
        // An answer that has lapsed does not take away what a list says that has not.
        let month = |days: i64| Statement {
            this_update: at.plus_seconds(-86_400),
            next_update: at.plus_seconds(days * 86_400),
            entry: None,
        };
        let answer = Statement { this_update: at, next_update: at.plus_seconds(60), entry: None };
        let later = at.plus_seconds(86_400);
        let good = weigh(&[answer, month(30)], far, later);
        assert!(matches!(good, Revocation::Good { as_of, .. } if as_of < at));
        assert_eq!(weigh(&[answer, month(1)], far, later), Revocation::Unknown, "both have");
        let on_hold =
            Statement { entry: statement(RevocationReason::CertificateHold).entry, ..month(30) };
        assert_eq!(weigh(&[answer, on_hold], far, later), Revocation::Unknown, "held since?");
        let silent = Statement { this_update: far, next_update: far, entry: None };
        assert_eq!(weigh(&[silent], since, at), Revocation::Unknown, "dropped by then");
    }
}
