//! OCSP answers of an honest responder, and of each dishonest one.

use proptest::prelude::*;

use super::certificate::{Certificate, TIME_STAMPING};
use super::crl::{RevocationReason, Revoked};
use super::der::{Reader, element, tag};
use super::ocsp::{
    CertId, MAX_OCSP_LEN, OCSP_NONCE_LEN, OcspError, OcspRequest, read_ocsp_response,
};
use super::ocsp_issue::{OcspIssuer, single};
use super::ocsp_response::{OcspAnswer, OcspResponse, OcspStatus};
use super::test_chain::{Minted, TestChain, Word, moment};
use crate::crypto::{HashAlgorithm, Signer};

const NOW: &str = "2026-06-15T00:00:00Z";
const DAY: i64 = 86_400;

struct Desk {
    chain: TestChain,
    responder: Minted,
    request: OcspRequest,
}

impl Desk {
    fn new() -> Self {
        Self::with(&Word::OCSP)
    }

    fn with(word: &Word<'_>) -> Self {
        let chain = TestChain::new();
        let responder = chain.mint(word);
        let request = OcspRequest::new(chain.seal(), chain.ca(), [9; OCSP_NONCE_LEN]);
        Self { chain, responder, request }
    }

    fn issuer(&self) -> OcspIssuer {
        OcspIssuer::new(self.chain.ca().clone(), self.responder.certificate.clone())
    }

    fn answer(&self, status: OcspStatus) -> Vec<u8> {
        let request = self.request.to_der();
        let signer = self.responder.signer();
        self.issuer().answer(&signer, &request, &|_| status, moment(NOW), DAY).unwrap()
    }

    fn read(&self, answer: &[u8]) -> Result<OcspAnswer, OcspError> {
        self.read_at(answer, NOW)
    }

    fn read_at(&self, answer: &[u8], at: &str) -> Result<OcspAnswer, OcspError> {
        read_ocsp_response(answer, &self.request, self.chain.seal(), self.chain.ca(), moment(at))
    }
}

#[test]
fn an_honest_responder_is_understood_whatever_it_says() {
    let desk = Desk::new();
    let since = moment("2026-05-01T00:00:00Z");
    let revoked = |reason| OcspStatus::Revoked(Revoked { since, reason });
    let rows = [
        OcspStatus::Good,
        OcspStatus::Unknown,
        revoked(RevocationReason::KeyCompromise),
        revoked(RevocationReason::Unspecified),
    ];
    for status in rows {
        let answer = desk.read(&desk.answer(status)).unwrap();
        assert_eq!((answer.status, answer.this_update), (status, moment(NOW)));
        assert_eq!(answer.current_until(), moment(NOW).plus_seconds(DAY));
        assert_eq!(answer.responder.as_ref(), Some(&desk.responder.certificate));
        assert!(answer.responder_is_beyond_question());
    }
    let direct = OcspIssuer::new(desk.chain.ca().clone(), desk.chain.ca().clone());
    let good = |_: &[u8]| OcspStatus::Good;
    let signer = desk.chain.ca_signer();
    let answer = direct.answer(&signer, &desk.request.to_der(), &good, moment(NOW), DAY).unwrap();
    assert_eq!(desk.read(&answer).unwrap().responder, None, "the issuer itself");
}

#[test]
fn certificates_may_be_named_by_longer_digests() {
    let desk = Desk::new();
    let (ca, seal) = (desk.chain.ca(), desk.chain.seal());
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
        let octets = |bytes: &[u8]| element(tag::OCTET_STRING, &[&hash.digest(bytes)]);
        let serial = element(tag::INTEGER, &[seal.serial()]);
        let parts: [&[u8]; 4] =
            [hash.algorithm_der(), &octets(ca.subject()), &octets(ca.public_key()), &serial];
        let id = CertId::read(&mut Reader::new(&element(tag::SEQUENCE, &parts))).unwrap();
        let list = element(tag::SEQUENCE, &[&single(&id, OcspStatus::Good, moment(NOW), DAY)]);
        let signer = desk.responder.signer();
        let answer = desk.issuer().respond(&signer, &list, None, moment(NOW)).unwrap();
        assert_eq!(desk.read(&answer).unwrap().status, OcspStatus::Good, "and without a nonce");
    }
}

#[test]
fn each_answer_that_proves_nothing_meets_its_own_refusal() {
    let desk = Desk::new();
    let honest = desk.answer(OcspStatus::Good);
    let signer = desk.responder.signer();
    let (ca, issuer) = (desk.chain.ca().clone(), desk.issuer());
    let good = |_: &[u8]| OcspStatus::Good;
    let answer = |issuer: &OcspIssuer, signer: &dyn Signer, request: &OcspRequest| {
        issuer.answer(signer, &request.to_der(), &good, moment(NOW), DAY).unwrap()
    };
    let other_nonce = OcspRequest::new(desk.chain.seal(), &ca, [8; OCSP_NONCE_LEN]);
    let other_subject = OcspRequest::new(&ca, &ca, [9; OCSP_NONCE_LEN]);
    let other_issuer = OcspRequest::new(desk.chain.seal(), desk.chain.root(), [9; OCSP_NONCE_LEN]);
    // Named like ours, issued by another CA of the same name.
    let stranger = TestChain::new().mint(&Word::OCSP);
    let by_stranger = OcspIssuer::new(ca.clone(), stranger.certificate.clone());
    // The enclosed certificate ends the answer, and its signature ends the certificate.
    let mut exchanged = honest.clone();
    *exchanged.last_mut().unwrap() ^= 1;
    let rows: Vec<(&str, Vec<u8>, OcspError)> = vec![
        ("nothing", Vec::new(), OcspError::Garbage),
        ("a page of HTML", b"<html>502 Bad Gateway</html>".to_vec(), OcspError::Garbage),
        ("cut short", honest[..honest.len() - 1].to_vec(), OcspError::Garbage),
        ("too long", vec![0x30; MAX_OCSP_LEN + 1], OcspError::TooLong { limit: MAX_OCSP_LEN }),
        ("try later", vec![0x30, 3, 0x0a, 1, 3], OcspError::NotSuccessful { status: 3 }),
        ("successful without an answer", vec![0x30, 3, 0x0a, 1, 0], OcspError::Garbage),
        ("another nonce", answer(&issuer, &signer, &other_nonce), OcspError::OtherNonce),
        (
            "another certificate",
            answer(&issuer, &signer, &other_subject),
            OcspError::OtherCertificate,
        ),
        (
            "another issuer",
            answer(&issuer, &signer, &other_issuer),
            OcspError::NotSuccessful { status: 6 },
        ),
        (
            "a responder of another CA",
            answer(&by_stranger, &stranger.signer(), &desk.request),
            OcspError::ResponderNotEntitled,
        ),
        ("its certificate damaged", exchanged, OcspError::ResponderNotEntitled),
    ];
    for (trick, answer, refusal) in rows {
        assert_eq!(desk.read(&answer).err(), Some(refusal), "{trick}");
    }
    let not_asked = issuer.answer(&signer, b"noise", &good, moment(NOW), DAY).unwrap();
    assert_eq!(desk.read(&not_asked).err(), Some(OcspError::NotSuccessful { status: 1 }));
    let time = [
        ("2026-06-14T23:55:00Z", None),
        ("2026-06-14T23:54:59Z", Some(OcspError::NotYet)),
        ("2026-06-15T23:59:59Z", None),
        ("2026-06-16T00:00:00Z", Some(OcspError::Stale)),
    ];
    for (at, refusal) in time {
        assert_eq!(desk.read_at(&honest, at).err(), refusal, "{at}");
    }
}

#[test]
fn a_responder_needs_the_purpose_and_a_life() {
    let rows: [(&str, Word<'_>); 3] = [
        ("another purpose", Word { purposes: &[TIME_STAMPING], ..Word::OCSP }),
        ("ended", Word { life: ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"), ..Word::OCSP }),
        (
            "not begun",
            Word { life: ("2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"), ..Word::OCSP },
        ),
    ];
    for (trick, word) in rows {
        let desk = Desk::with(&word);
        let refused = desk.read(&desk.answer(OcspStatus::Good)).err();
        assert_eq!(refused, Some(OcspError::ResponderNotEntitled), "{trick}");
    }
    let desk = Desk::with(&Word { no_check: false, ..Word::OCSP });
    let answer = desk.read(&desk.answer(OcspStatus::Good)).unwrap();
    assert!(!answer.responder_is_beyond_question());
    let sealing = desk.chain.seal().clone();
    let by_seal = OcspIssuer::new(desk.chain.ca().clone(), sealing);
    let good = |_: &[u8]| OcspStatus::Good;
    let signer = desk.chain.signer();
    let answer = by_seal.answer(&signer, &desk.request.to_der(), &good, moment(NOW), DAY).unwrap();
    assert_eq!(desk.read(&answer).err(), Some(OcspError::ResponderNotEntitled), "a sealing key");
}

#[test]
fn a_changed_byte_is_refused() {
    let desk = Desk::new();
    let honest = desk.answer(OcspStatus::Good);
    let check = |der: &[u8], subject: &Certificate| {
        OcspResponse::from_der(der)?.check(subject, desk.chain.ca(), moment(NOW))
    };
    assert!(check(&honest, desk.chain.seal()).is_ok());
    for position in 0..honest.len() {
        let mut changed = honest.clone();
        changed[position] ^= 0x01;
        assert!(check(&changed, desk.chain.seal()).is_err(), "byte {position}");
        assert!(OcspResponse::from_der(&honest[..position]).is_err());
    }
}

proptest! {
    #[test]
    fn noise_is_no_answer_and_never_a_panic(
        noise in prop::collection::vec(any::<u8>(), 0..60),
        at in any::<prop::sample::Index>(),
    ) {
        DESK.with(|(desk, honest)| {
            assert!(OcspResponse::from_der(&noise).is_err());
            let signer = desk.responder.signer();
            let good = |_: &[u8]| OcspStatus::Good;
            let answer = desk.issuer().answer(&signer, &noise, &good, moment(NOW), DAY);
            assert!(OcspResponse::from_der(&answer.unwrap()).is_err());
            let mut changed = honest.clone();
            let start = at.index(honest.len());
            changed.splice(start..(start + noise.len()).min(honest.len()), noise);
            if changed != *honest {
                assert!(desk.read(&changed).is_err());
            }
        });
    }
}

thread_local! {
    static DESK: (Desk, Vec<u8>) = {
        let desk = Desk::new();
        let answer = desk.answer(OcspStatus::Good);
        (desk, answer)
    };
}
