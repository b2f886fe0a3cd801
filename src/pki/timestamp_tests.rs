//! Time-stamps of an honest authority, and of each dishonest one.

use proptest::prelude::*;

use super::certificate::{Certificate, OCSP_SIGNING, TIME_STAMPING};
use super::der::{element, tag};
use super::test_chain::{Minted, TestChain, Word, moment};
use super::timestamp::{
    CLOCK_TOLERANCE_SECONDS, Failure, MAX_TIMESTAMP_LEN, TimestampError, TimestampRequest,
    read_response,
};
use super::timestamp_issue::{Draft, TimestampIssuer, info, refusal};
use super::timestamp_token::TimestampToken;
use crate::crypto::{Digest, Signer, Suite};
use crate::domain::Moment;

const NOW: &str = "2026-06-15T00:00:00Z";
const SERIAL: &[u8; 16] = &[0, 0, 0x81, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

struct Desk {
    chain: TestChain,
    tsa: Minted,
    request: TimestampRequest,
}

impl Desk {
    fn new() -> Self {
        Self::with(&Word::TSA)
    }

    fn with(word: &Word<'_>) -> Self {
        let chain = TestChain::new();
        let tsa = chain.mint(word);
        let request = TimestampRequest::new(&Digest::of(b"content"), &[0x80; 8]).unwrap();
        Self { chain, tsa, request }
    }

    fn answer(&self) -> Vec<u8> {
        let chain = vec![self.tsa.certificate.clone(), self.chain.ca().clone()];
        let issuer = TimestampIssuer::new(chain).unwrap();
        issuer.answer(&self.tsa.signer(), &self.request.to_der(), SERIAL, moment(NOW)).unwrap()
    }

    fn read(&self, answer: &[u8]) -> Result<TimestampToken, TimestampError> {
        read_response(answer, &self.request, moment(NOW))
    }

    /// The answer of an authority that names `named` by ESS, encloses `enclosed` and signs with `key`.
    fn draft(
        &self,
        named: Option<&Certificate>,
        enclosed: &[Certificate],
        key: &dyn Signer,
    ) -> Vec<u8> {
        let info = info(self.request.imprint(), self.request.nonce(), SERIAL, moment(NOW));
        let draft = Draft { suite: Suite::EcdsaP256Sha256, info, named, enclosed };
        granted(&draft.sign(key, &self.tsa.certificate).unwrap())
    }
}

fn granted(token: &[u8]) -> Vec<u8> {
    element(tag::SEQUENCE, &[&[0x30, 3, 2, 1, 0], token])
}

#[test]
fn an_honest_authority_is_understood() {
    let desk = Desk::new();
    let token = desk.read(&desk.answer()).unwrap();
    assert_eq!(token.gen_time(), moment(NOW));
    assert_eq!(token.proves_before(), moment(NOW).plus_seconds(1), "its clock may be off a second");
    assert_eq!(*token.imprint(), Digest::of(b"content"));
    assert_eq!(token.nonce(), Some(&[0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80][..]));
    assert_eq!(token.serial(), [&[0], &SERIAL[2..]].concat());
    assert_eq!((token.signer(), token.is_tidy()), (&desk.tsa.certificate, true));
    assert_eq!(token.certificates().len(), 2);
    assert_eq!(TimestampToken::read(token.der()), Ok(token.clone()));
    let alone = token.tidied(&[]).unwrap();
    assert_eq!(alone.certificates(), std::slice::from_ref(&desk.tsa.certificate));
    assert_eq!(alone.tidied(&[desk.chain.ca().clone()]).unwrap(), token);
}

#[test]
fn each_answer_that_is_no_time_stamp_of_ours_meets_its_own_refusal() {
    let desk = Desk::new();
    let (tsa, signer) = (&desk.tsa.certificate, desk.tsa.signer());
    let both = [tsa.clone(), desk.chain.ca().clone()];
    let other_nonce = TimestampRequest::new(&Digest::of(b"content"), &[7; 8]).unwrap();
    let other_digest = TimestampRequest::new(&Digest::of(b"other"), &[0x80; 8]).unwrap();
    let to = |request: &TimestampRequest| {
        let issuer = TimestampIssuer::new(both.to_vec()).unwrap();
        issuer.answer(&signer, &request.to_der(), SERIAL, moment(NOW)).unwrap()
    };
    let twin = desk.chain.mint(&Word::TSA);
    let honest = desk.answer();
    let rejected = |failure| TimestampError::NotGranted { status: 2, failure };
    let rows: Vec<(&str, Vec<u8>, TimestampError)> = vec![
        ("nothing", Vec::new(), TimestampError::Garbage),
        ("a page of HTML", b"<html>502 Bad Gateway</html>".to_vec(), TimestampError::Garbage),
        ("cut short", honest[..honest.len() - 1].to_vec(), TimestampError::Garbage),
        (
            "too long",
            vec![0x30; MAX_TIMESTAMP_LEN + 1],
            TimestampError::TooLong { limit: MAX_TIMESTAMP_LEN },
        ),
        (
            "granted without a token",
            element(tag::SEQUENCE, &[&[0x30, 3, 2, 1, 0]]),
            TimestampError::Garbage,
        ),
        (
            "refused, no reason",
            element(tag::SEQUENCE, &[&[0x30, 3, 2, 1, 2]]),
            rejected(Failure::Unstated),
        ),
        ("refused, bad algorithm", refusal(Failure::BadAlgorithm), rejected(Failure::BadAlgorithm)),
        (
            "refused, no clock",
            refusal(Failure::TimeNotAvailable),
            rejected(Failure::TimeNotAvailable),
        ),
        ("refused, broken", refusal(Failure::SystemFailure), rejected(Failure::SystemFailure)),
        ("another nonce", to(&other_nonce), TimestampError::OtherNonce),
        ("another digest", to(&other_digest), TimestampError::OtherDigest),
        ("no ESS", desk.draft(None, &both, &signer), TimestampError::NoSigningCertificate),
        (
            "ESS of another certificate",
            desk.draft(Some(desk.chain.ca()), &both, &signer),
            TimestampError::OtherSigningCertificate,
        ),
        ("another key", desk.draft(Some(tsa), &both, &twin.signer()), TimestampError::BadSignature),
        (
            "signer not enclosed",
            desk.draft(Some(tsa), &both[1..], &signer),
            TimestampError::SignerMissing,
        ),
        ("nothing enclosed", desk.draft(Some(tsa), &[], &signer), TimestampError::SignerMissing),
    ];
    for (trick, answer, refusal) in rows {
        assert_eq!(desk.read(&answer).err(), Some(refusal), "{trick}");
    }
}

#[test]
fn a_clock_may_be_off_by_so_much_in_either_direction_and_no_more() {
    let desk = Desk::new();
    let answer = desk.answer();
    let at = |seconds| read_response(&answer, &desk.request, moment(NOW).plus_seconds(seconds));
    let refused = TimestampError::ClockOff { limit_seconds: CLOCK_TOLERANCE_SECONDS };
    for sign in [-1, 1] {
        assert!(at(sign * CLOCK_TOLERANCE_SECONDS).is_ok());
        assert_eq!(at(sign * (CLOCK_TOLERANCE_SECONDS + 1)).err(), Some(refused));
    }
    let no_time = Moment::from_unix_seconds(i64::MIN);
    assert_eq!(read_response(&answer, &desk.request, no_time).err(), Some(refused));
}

#[test]
fn a_certificate_for_anything_besides_time_stamps_does_not_stamp() {
    let rows: [(&str, Word<'_>); 4] = [
        ("not critical", Word { critical: false, ..Word::TSA }),
        ("two purposes", Word { purposes: &[TIME_STAMPING, OCSP_SIGNING], ..Word::TSA }),
        ("another purpose", Word { purposes: &[OCSP_SIGNING], ..Word::TSA }),
        ("any purpose", Word { purposes: &[&[0x55, 0x1d, 0x25, 0x00]], ..Word::TSA }),
    ];
    for (trick, word) in rows {
        let desk = Desk::with(&word);
        let enclosed = [desk.tsa.certificate.clone()];
        let answer = desk.draft(Some(&enclosed[0]), &enclosed, &desk.tsa.signer());
        assert_eq!(desk.read(&answer).err(), Some(TimestampError::Purpose), "{trick}");
        assert!(TimestampIssuer::new(enclosed.to_vec()).is_err(), "{trick}");
    }
}

#[test]
fn certificates_that_were_slipped_in_do_not_change_who_signed() {
    let desk = Desk::new();
    let stranger = TestChain::new().mint(&Word::TSA);
    let crowd = [stranger.certificate, desk.chain.ca().clone(), desk.tsa.certificate.clone()];
    let answer = desk.draft(Some(&desk.tsa.certificate), &crowd, &desk.tsa.signer());
    let token = desk.read(&answer).unwrap();
    assert_eq!(*token.signer(), desk.tsa.certificate);
    assert!(!token.is_whole());
    let tidy = token.tidied(&[desk.chain.ca().clone()]).unwrap();
    assert_eq!((tidy.certificates().len(), tidy.is_whole()), (2, true));
    // One that issued itself leads nowhere; one above the signer's issuer does.
    let stranger = TestChain::new().root().clone();
    let slipped = token.tidied(&[desk.chain.ca().clone(), stranger]).unwrap();
    assert_eq!((slipped.certificates().len(), slipped.is_whole()), (3, false));
    let upward = token.tidied(&[desk.chain.ca().clone(), desk.chain.root().clone()]).unwrap();
    assert!(upward.is_whole());
    assert!(!token.tidied(&[desk.chain.root().clone()]).unwrap().is_whole(), "a step is missing");
}

#[test]
fn the_development_authority_refuses_what_it_cannot_read() {
    let desk = Desk::new();
    let issuer = TimestampIssuer::new(vec![desk.tsa.certificate.clone()]).unwrap();
    let ask = |request: &[u8]| {
        let answer = issuer.answer(&desk.tsa.signer(), request, SERIAL, moment(NOW)).unwrap();
        desk.read(&answer).err()
    };
    let rejected = |failure| Some(TimestampError::NotGranted { status: 2, failure });
    assert_eq!(ask(b"noise"), rejected(Failure::BadDataFormat));
    // The last arc of the digest's identifier, SHA-256, made one that nobody knows.
    let mut unknown = desk.request.to_der();
    let at = unknown.windows(4).position(|w| w == [3, 4, 2, 1]).unwrap();
    unknown[at + 3] = 0x7f;
    assert_eq!(ask(&unknown), rejected(Failure::BadAlgorithm));
    assert_eq!(TimestampRequest::read(&desk.request.to_der()), Ok(desk.request.clone()));
    let (chain, other) = (desk.tsa.certificate.clone(), desk.chain.ca_signer());
    let issuer = TimestampIssuer::new(vec![chain]).unwrap();
    assert!(issuer.answer(&other, &desk.request.to_der(), SERIAL, moment(NOW)).is_err());
}

#[test]
fn a_changed_byte_is_refused_or_outside_of_what_is_signed() {
    let desk = Desk::new();
    let token = desk.read(&desk.answer()).unwrap().tidied(&[]).unwrap();
    for position in 0..token.der().len() {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = token.der().to_vec();
            changed[position] ^= flip;
            assert!(TimestampToken::read(&changed).is_err(), "byte {position} by {flip}");
        }
        assert!(TimestampToken::read(&token.der()[..position]).is_err());
    }
}

proptest! {
    #[test]
    fn noise_is_no_time_stamp_and_never_a_panic(
        noise in prop::collection::vec(any::<u8>(), 0..60),
        at in any::<prop::sample::Index>(),
    ) {
        DESK.with(|(desk, answer)| {
            assert!(TimestampToken::read(&noise).is_err());
            assert!(TimestampRequest::read(&noise).is_err());
            let mut changed = answer.clone();
            let start = at.index(answer.len());
            changed.splice(start..(start + noise.len()).min(answer.len()), noise);
            if let Ok(token) = desk.read(&changed) {
                assert_eq!(*token.signer(), desk.tsa.certificate);
                assert_eq!(*token.imprint(), Digest::of(b"content"));
            }
        });
    }

    #[test]
    fn every_nonce_is_read_back(nonce in prop::collection::vec(any::<u8>(), 8..=16)) {
        let request = TimestampRequest::new(&Digest::of(b"content"), &nonce).unwrap();
        prop_assert_eq!(TimestampRequest::read(&request.to_der()), Ok(request));
    }
}

thread_local! {
    static DESK: (Desk, Vec<u8>) = {
        let desk = Desk::new();
        let answer = desk.answer();
        (desk, answer)
    };
}
