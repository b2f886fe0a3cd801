//! What B-LTA needs under the newest document time-stamp: certificates and word, of the seal and of older time-stamps.
//!
//! The time-stamps of these files come from an authority of another chain, so that nothing about it is in a file by
//! chance.

use super::stamp_tests::{STAMPED, Stage, level, sealed_around, token};
use super::testing::NOW;
use super::{Overall, Verdict};
use crate::crypto::Digest;
use crate::domain::Level;
use crate::pdf::{ValidationData, extend_with_timestamp, extend_with_validation};
use crate::pki::test_chain::{Minted, TestChain, Word, moment};
use crate::pki::{Certificate, Crl, TimestampToken, TrustStore, signature_to_stamp};

/// A stage, and a time-stamp authority of another chain that is trusted as well.
struct Two {
    stage: Stage,
    other: TestChain,
    tsa: Minted,
}

impl Two {
    fn new() -> Self {
        let (mut stage, other) = (Stage::new(), TestChain::new());
        let tsa = other.mint(&Word::TSA);
        let roots = [stage.scene.chain.root().clone(), other.root().clone()];
        let store =
            roots.into_iter().fold(TrustStore::builder(), |store, root| store.add_anchor(root));
        let lists = [stage.lists(NOW), lists(&other, NOW)].concat();
        let store = lists.into_iter().fold(store, |store, list| store.add_crl(list));
        stage.scene.store = store.build().unwrap();
        Self { stage, other, tsa }
    }

    fn verdict(&self, file: &[u8]) -> Verdict {
        let verdict = self.stage.verdict(file, "2026-01-10T01:00:00Z");
        assert_eq!(verdict.overall, Overall::Valid, "{:?}", verdict.findings);
        verdict
    }
}

fn lists(chain: &TestChain, at: &str) -> Vec<Crl> {
    vec![chain.crl(moment(at), &[]), chain.root_crl(moment(at))]
}

/// The file with validation data and a document time-stamp appended.
fn archived(
    file: &[u8],
    certs: &[&Certificate],
    lists: &[Crl],
    at: &str,
    token: impl Fn(&Digest) -> Vec<u8>,
) -> Vec<u8> {
    let certs: Vec<&[u8]> = certs.iter().map(|certificate| certificate.der()).collect();
    let crls: Vec<&[u8]> = lists.iter().map(Crl::der).collect();
    let data = ValidationData { certs: &certs, crls: &crls, ..ValidationData::default() };
    let unstamped = extend_with_timestamp(file, &data, 3_000, moment(at)).unwrap();
    let token = token(&unstamped.to_stamp());
    [file, &unstamped.stamp(&token).unwrap()].concat()
}

#[test]
fn a_certificate_that_came_after_the_document_time_stamp_is_not_covered_by_it() {
    let two = Two::new();
    // The stamp of the seal encloses its signer and not who issued that.
    let bare = |seal: &[u8]| {
        let digest = signature_to_stamp(seal).unwrap();
        let whole = TimestampToken::read(&token(&two.tsa, &two.other, &digest, STAMPED)).unwrap();
        whole.tidied(&[]).unwrap().der().to_vec()
    };
    let stamped = sealed_around(&two.stage.scene, &bare);
    let all = [two.stage.lists(NOW), lists(&two.other, NOW)].concat();
    let by_own = |digest: &Digest| two.stage.token(digest, NOW);
    let missing = two.other.ca();

    let under = archived(&stamped, &[missing], &all, NOW, by_own);
    assert_eq!(level(&two.verdict(&under)), Some(Level::BLTA));
    let after = archived(&stamped, &[], &all, NOW, by_own);
    let data = ValidationData { certs: &[missing.der()], ..ValidationData::default() };
    let after = [&after[..], &extend_with_validation(&after, &data).unwrap()].concat();
    let verdict = two.verdict(&after);
    assert_eq!(level(&verdict), Some(Level::BLT));
    let proven = verdict.protection.unwrap().proven_at;
    assert_eq!(proven, Some(moment(STAMPED).plus_seconds(1)), "the stamp of the seal counts");
    // The next document time-stamp covers it.
    let renewed = archived(&after, &[], &[], NOW, by_own);
    assert_eq!(level(&two.verdict(&renewed)), Some(Level::BLTA));
}

#[test]
fn an_older_document_time_stamp_needs_word_under_the_newest_one() {
    let two = Two::new();
    let made = "2026-01-04T00:00:00Z";
    let by_other = |digest: &Digest| token(&two.tsa, &two.other, digest, STAMPED);
    let by_own = |digest: &Digest| two.stage.token(digest, NOW);
    let first = archived(&two.stage.plain(), &[], &two.stage.lists(made), STAMPED, by_other);
    assert_eq!(level(&two.verdict(&first)), Some(Level::BLTA), "its own turn comes with the next");
    let without = archived(&first, &[], &[], NOW, by_own);
    assert_eq!(level(&two.verdict(&without)), Some(Level::BLT));
    let with = archived(&first, &[], &lists(&two.other, NOW), NOW, by_own);
    assert_eq!(level(&two.verdict(&with)), Some(Level::BLTA));
}
