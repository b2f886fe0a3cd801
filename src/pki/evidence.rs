//! Evidence that a file brings about certificates: lists and OCSP answers, each with the time it is known from.
//!
//! Nothing in a file is believed for being there. Every piece is checked against the certificate that is named as its
//! signer's, and counts only if that certificate was still valid when the piece is known to have existed: a key whose
//! certificate has ended may be in anybody's hands, and what it signs later proves nothing. The time is that of a
//! time-stamp over the piece, or that of judging.
//!
//! Source: ETSI EN 319 102-1, 5.2.5 (revocation freshness) and 5.6 (proofs of existence).

use super::certificate::Certificate;
use super::crl::Crl;
use super::list_words::statements;
use super::ocsp::OCSP_TOLERANCE_SECONDS;
use super::ocsp_response::{OcspResponse, OcspStatus};
use super::revocation::Statement;
use crate::domain::Moment;

/// Most pieces of each kind that are looked at in one file, the first ones; our own bound. A file that is protected anew
/// every year of its life has some two hundred.
pub const MAX_EVIDENCE: usize = 512;

/// Lists and answers, each with the moment it is known to have existed at.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    crls: Vec<(Crl, Moment)>,
    ocsps: Vec<(OcspResponse, Moment)>,
}

impl Evidence {
    /// No evidence.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list that existed at `known_at`.
    pub fn add_crl(&mut self, crl: Crl, known_at: Moment) {
        self.crls.push((crl, known_at));
    }

    /// Adds an OCSP answer that existed at `known_at`.
    pub fn add_ocsp(&mut self, answer: OcspResponse, known_at: Moment) {
        self.ocsps.push((answer, known_at));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.crls.is_empty() && self.ocsps.is_empty()
    }

    /// What it says of `subject`, which `issuer` issued.
    pub(super) fn about(&self, subject: &Certificate, issuer: &Certificate) -> Vec<Statement> {
        let in_time = |known_at: Moment| known_at <= issuer.not_after();
        let lists = self.crls.iter().filter(|(crl, known_at)| {
            let made = crl.this_update() <= known_at.plus_seconds(OCSP_TOLERANCE_SECONDS);
            in_time(*known_at) && made && crl.is_signed_by(issuer)
        });
        let lists: Vec<&Crl> = lists.map(|(crl, _)| crl).collect();
        let lists = statements(&lists, subject).into_iter();
        let answers = self.ocsps.iter().filter(|(_, known_at)| in_time(*known_at));
        let answers = answers.filter_map(|(answer, known_at)| {
            let answer = answer.check(subject, issuer, *known_at).ok()?;
            let entry = match answer.status {
                OcspStatus::Good => None,
                OcspStatus::Revoked(revoked) => Some(revoked),
                // Whoever does not know a certificate says nothing of it.
                OcspStatus::Unknown => return None,
            };
            let next_update = answer.current_until();
            Some(Statement { this_update: answer.this_update, next_update, entry })
        });
        lists.chain(answers).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::crl::{RevocationReason, Revoked};
    use super::super::ocsp::{OCSP_NONCE_LEN, OcspRequest};
    use super::super::ocsp_issue::OcspIssuer;
    use super::super::path::{Purpose, verify_path_for};
    use super::super::path_error::PathError;
    use super::super::revocation::Revocation;
    use super::super::test_chain::{TestChain, Word, moment};
    use super::*;

    const NOW: &str = "2026-06-15T00:00:00Z";
    const DAY: i64 = 86_400;

    fn answer(chain: &TestChain, word: &Word<'_>, status: OcspStatus) -> OcspResponse {
        let responder = chain.mint(word);
        let issuer = OcspIssuer::new(chain.ca().clone(), responder.certificate.clone());
        let request = OcspRequest::new(chain.seal(), chain.ca(), [1; OCSP_NONCE_LEN]).to_der();
        let signer = responder.signer();
        let der = issuer.answer(&signer, &request, &|_| status, moment(NOW), DAY).unwrap();
        OcspResponse::from_der(&der).unwrap()
    }

    #[test]
    fn answers_and_lists_speak_for_the_same_path() {
        let chain = TestChain::new();
        let path = super::super::path::verify_path(
            chain.seal(),
            &[chain.ca().clone()],
            &chain.store(),
            &[],
            moment(NOW),
        );
        let path = path.unwrap();
        let mut evidence = Evidence::new();
        assert!(evidence.is_empty());
        evidence.add_crl(chain.root_crl(moment("2026-06-01T00:00:00Z")), moment(NOW));
        evidence.add_ocsp(answer(&chain, &Word::OCSP, OcspStatus::Good), moment(NOW));
        assert_eq!(path.revocation(moment(NOW)), Revocation::Unknown);
        let good = path.with(&evidence).revocation(moment(NOW));
        let as_of = moment("2026-06-01T00:00:00Z");
        let next_update = moment(NOW).plus_seconds(DAY);
        assert_eq!(good, Revocation::Good { as_of, next_update });
        assert_eq!(path.alone(&evidence).revocation(moment(NOW)), good);
        let late = moment(NOW).plus_seconds(DAY);
        assert_eq!(path.with(&evidence).revocation(late), Revocation::Unknown, "out of date");

        let since = moment("2026-06-10T00:00:00Z");
        let revoked = |reason| OcspStatus::Revoked(Revoked { since, reason });
        let rows = [
            (RevocationReason::Superseded, "2026-06-09T00:00:00Z", false),
            (RevocationReason::Superseded, "2026-06-10T00:00:00Z", true),
            (RevocationReason::KeyCompromise, "2026-06-09T00:00:00Z", true),
        ];
        for (reason, at, counts) in rows {
            let mut accused = evidence.clone();
            accused.add_ocsp(answer(&chain, &Word::OCSP, revoked(reason)), moment(NOW));
            let told = path.with(&accused).revocation(moment(at));
            assert_eq!(matches!(told, Revocation::Revoked { .. }), counts, "{reason:?} {at}");
        }
    }

    #[test]
    fn what_is_known_only_after_its_signers_end_says_nothing() {
        let chain = TestChain::new();
        let issuer_ends = chain.ca().not_after();
        let crl = || chain.crl(moment("2026-06-01T00:00:00Z"), &[]);
        let ocsp = answer(&chain, &Word::OCSP, OcspStatus::Good);
        let said = |crl_known: Moment, ocsp_known: Moment| {
            let mut evidence = Evidence::new();
            evidence.add_crl(crl(), crl_known);
            evidence.add_ocsp(ocsp.clone(), ocsp_known);
            evidence.about(chain.seal(), chain.ca()).len()
        };
        assert_eq!(said(moment(NOW), moment(NOW)), 2);
        assert_eq!(said(issuer_ends.plus_seconds(1), moment(NOW)), 1, "the issuer's end");
        let responder_ends = moment(Word::OCSP.life.1);
        assert_eq!(said(moment(NOW), responder_ends), 2);
        assert_eq!(said(moment(NOW), responder_ends.plus_seconds(1)), 1, "the responder's end");
        let before = moment("2026-05-01T00:00:00Z");
        assert_eq!(said(before, before), 0, "known before it was made");
        let mut unknown = Evidence::new();
        unknown.add_ocsp(answer(&chain, &Word::OCSP, OcspStatus::Unknown), moment(NOW));
        assert!(unknown.about(chain.seal(), chain.ca()).is_empty());
    }

    #[test]
    fn each_certificate_is_good_for_its_own_purpose() {
        let chain = TestChain::new();
        let tsa = chain.mint(&Word::TSA).certificate;
        let loose = chain.mint(&Word { critical: false, ..Word::TSA }).certificate;
        let verify = |purpose, leaf: &Certificate| {
            let store = chain.store();
            verify_path_for(purpose, leaf, &[chain.ca().clone()], &store, &[], moment(NOW)).err()
        };
        assert_eq!(verify(Purpose::TimeStamping, &tsa), None);
        assert_eq!(verify(Purpose::DocumentSigning, chain.seal()), None);
        let wrong = Some(PathError::WrongUsage);
        assert_eq!(verify(Purpose::DocumentSigning, &tsa), wrong);
        assert_eq!(verify(Purpose::TimeStamping, chain.seal()), wrong);
        assert_eq!(verify(Purpose::TimeStamping, &loose), wrong);
    }
}
