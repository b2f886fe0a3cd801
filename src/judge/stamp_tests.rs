//! Verdicts on files with time-stamps, honest ones and each trick with its own refusal.

use super::pdf_tests::stamped_by;
use super::testing::{NOW, Scene, failed, open, trusting};
use super::{FindingOutcome, Overall, Protection, VaultFact, Verdict};
use crate::crypto::Digest;
use crate::domain::{Level, Moment};
use crate::pdf::{ValidationData, extend_with_timestamp, extend_with_validation};
use crate::pki::test_chain::{Minted, TestChain, Word, moment};
use crate::pki::{
    Crl, TimestampIssuer, TimestampRequest, read_response, signature_to_stamp,
    with_signature_timestamp,
};

/// A little after the seal says it was made.
pub(super) const STAMPED: &str = "2026-01-05T04:00:10Z";
const DAY: i64 = 86_400;
/// Of an authority that begins before the first one ends.
const LATER: Word<'static> = Word {
    name: "DEV Time-Stamps 2",
    life: ("2030-01-01T00:00:00Z", "2036-01-01T00:00:00Z"),
    ..Word::TSA
};

/// A chain with a file to be sealed, and a time-stamp authority under it.
pub(super) struct Stage {
    pub(super) scene: Scene,
    tsa: Minted,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::with(&Word::TSA)
    }

    fn with(word: &Word<'_>) -> Self {
        let scene = Scene::new();
        let tsa = scene.chain.mint(word);
        Self { scene, tsa }
    }

    fn chain(&self) -> &TestChain {
        &self.scene.chain
    }

    pub(super) fn token(&self, digest: &Digest, at: &str) -> Vec<u8> {
        token(&self.tsa, self.chain(), digest, at)
    }

    pub(super) fn plain(&self) -> Vec<u8> {
        stamped_by(&self.scene, &|seal| seal)
    }

    /// The file with a time-stamp inside its seal.
    fn stamped(&self, at: &str) -> Vec<u8> {
        sealed_with(&self.scene, &self.tsa, self.chain(), at)
    }

    /// Lists of both issuers that were made at `at`.
    pub(super) fn lists(&self, at: &str) -> Vec<Crl> {
        vec![self.chain().crl(moment(at), &[]), self.chain().root_crl(moment(at))]
    }

    pub(super) fn verdict(&self, file: &[u8], at: &str) -> Verdict {
        self.scene.verdict(file, VaultFact::NotAsked, at)
    }

    /// The verdict of somebody who has these lists.
    fn verdict_with(&mut self, lists: Vec<Crl>, file: &[u8], at: &str) -> Verdict {
        self.scene.store = trusting(&self.scene.chain, lists);
        self.verdict(file, at)
    }
}

/// A token of this authority, as it goes into a file.
pub(super) fn token(tsa: &Minted, chain: &TestChain, digest: &Digest, at: &str) -> Vec<u8> {
    let issuer = TimestampIssuer::new(vec![tsa.certificate.clone(), chain.ca().clone()]).unwrap();
    let request = TimestampRequest::new(digest, &[5; 8]).unwrap();
    let answer = issuer.answer(&tsa.signer(), &request.to_der(), &[7; 16], moment(at)).unwrap();
    let token = read_response(&answer, &request, moment(at)).unwrap();
    assert!(token.is_whole());
    token.der().to_vec()
}

/// A sealed file with a time-stamp inside its seal, of an authority that need not be of its chain.
fn sealed_with(scene: &Scene, tsa: &Minted, chain: &TestChain, at: &str) -> Vec<u8> {
    stamped_by(scene, &|seal| {
        let token = token(tsa, chain, &signature_to_stamp(&seal).unwrap(), at);
        with_signature_timestamp(&seal, &token).unwrap()
    })
}

/// A sealed file with the token inside its seal that is made of the seal.
pub(super) fn sealed_around(scene: &Scene, token: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    stamped_by(scene, &|seal| with_signature_timestamp(&seal, &token(&seal)).unwrap())
}

fn data<'a>(lists: &'a [Crl], into: &'a mut Vec<&'a [u8]>) -> ValidationData<'a> {
    into.extend(lists.iter().map(Crl::der));
    ValidationData { crls: into, ..ValidationData::default() }
}

/// The file with these lists appended.
fn with_lists(file: &[u8], lists: &[Crl]) -> Vec<u8> {
    let mut ders = Vec::new();
    [file, &extend_with_validation(file, &data(lists, &mut ders)).unwrap()].concat()
}

/// The file with these lists and a document time-stamp appended.
fn with_document_stamp(
    file: &[u8],
    lists: &[Crl],
    at: &str,
    token: impl Fn(&Digest) -> Vec<u8>,
) -> Vec<u8> {
    let mut ders = Vec::new();
    let data = data(lists, &mut ders);
    let unstamped = extend_with_timestamp(file, &data, 3_000, moment(at)).unwrap();
    let token = token(&unstamped.to_stamp());
    [file, &unstamped.stamp(&token).unwrap()].concat()
}

pub(super) fn level(verdict: &Verdict) -> Option<Level> {
    verdict.protection.map(|protection| protection.level)
}

fn outcome(verdict: &Verdict, code: &str) -> Option<FindingOutcome> {
    verdict.finding(code).map(|finding| finding.outcome)
}

#[test]
fn each_level_is_reached_by_what_it_needs() {
    let stage = Stage::new();
    let lists = stage.lists(NOW);
    let plain = stage.plain();
    let stamped = stage.stamped(STAMPED);
    let validated = with_lists(&stamped, &lists);
    let stamp = |digest: &Digest| stage.token(digest, NOW);
    let archived = with_document_stamp(&validated, &[], NOW, stamp);
    let at_once = with_document_stamp(&plain, &lists, NOW, stamp);
    let seal_ends = stage.chain().seal().not_after();
    let proven = Some(moment(STAMPED).plus_seconds(1));
    let later = Some(moment(NOW).plus_seconds(1));
    let rows = [
        ("the seal alone", &plain, Level::BB, None),
        ("stamped", &stamped, Level::BT, proven),
        ("with lists", &validated, Level::BLT, proven),
        ("with a document time-stamp", &archived, Level::BLTA, proven),
        ("from B-B at once", &at_once, Level::BLTA, later),
        (
            "a document time-stamp without lists",
            &with_document_stamp(&plain, &[], NOW, stamp),
            Level::BT,
            later,
        ),
        (
            "lists after the last stamp",
            &with_lists(&with_document_stamp(&plain, &[], NOW, stamp), &lists),
            Level::BLT,
            later,
        ),
        ("half of the lists", &with_lists(&stamped, &lists[..1]), Level::BT, proven),
    ];
    for (what, file, level, proven_at) in rows {
        let verdict = stage.verdict(file, "2026-01-10T01:00:00Z");
        assert_eq!(verdict.overall, Overall::Valid, "{what}: {:?}", verdict.findings);
        let reached = Protection { level, proven_at, holds_until: seal_ends };
        assert_eq!(verdict.protection, Some(reached), "{what}");
        assert!(failed(&verdict).is_empty(), "{what}");
        assert_eq!(open(&verdict), ["license.standing"], "{what}");
        assert_eq!(verdict.file_digest, Some(Digest::of(&file[..first_end(file)])), "{what}");
    }
}

/// Where the sealed revision ends.
fn first_end(file: &[u8]) -> usize {
    crate::pdf::read_sealed(file).unwrap().revisions[0]
}

#[test]
fn a_file_outlives_every_certificate_in_it() {
    let mut stage = Stage::new();
    let stamped = stage.stamped(STAMPED);
    let year_2030 = "2030-12-01T00:00:00Z";
    let lists = stage.lists(year_2030);
    let later = stage.chain().mint(&LATER);
    let by_later = |digest: &Digest| token(&later, stage.chain(), digest, year_2030);
    let archived = with_document_stamp(&stamped, &lists, year_2030, by_later);

    // The certificates of the seal and of its time-stamp ended with 2030.
    let year_2033 = "2033-06-15T00:00:00Z";
    let today = stage.lists("2033-06-01T00:00:00Z");
    let verdict = stage.verdict_with(today.clone(), &archived, year_2033);
    assert_eq!(verdict.overall, Overall::Valid, "{:?}", verdict.findings);
    let reached = Protection {
        level: Level::BLTA,
        proven_at: Some(moment(STAMPED).plus_seconds(1)),
        holds_until: moment(LATER.life.1),
    };
    assert_eq!(verdict.protection, Some(reached));
    let plain = stage.plain();
    for (what, file) in [("plain", &plain), ("its time-stamp ended too", &stamped)] {
        let verdict = stage.verdict(file, year_2033);
        assert_eq!(verdict.overall, Overall::Indeterminate, "{what}");
        assert_eq!(verdict.protection, None, "{what}");
        assert!(open(&verdict).contains(&"seal.certificate_period"), "{what}");
    }
    // What is known only from today on cannot stand in for lists of that time: the issuer may have dropped what ended.
    let bare = with_document_stamp(&stamped, &[], year_2030, |digest| {
        token(&later, &stage.scene.chain, digest, year_2030)
    });
    let verdict = stage.verdict(&bare, year_2033);
    assert_eq!(verdict.overall, Overall::Indeterminate);
    assert!(open(&verdict).contains(&"seal.certificate_revocation"));

    // Nobody renewed the protection before the second authority's certificate ended.
    let year_2037 = "2037-06-15T00:00:00Z";
    let today = stage.lists("2037-06-01T00:00:00Z");
    let verdict = stage.verdict_with(today.clone(), &archived, year_2037);
    assert_eq!(verdict.overall, Overall::Indeterminate);
    assert_eq!(outcome(&verdict, "timestamp.document"), Some(FindingOutcome::CouldNotBeMade));
    // Somebody did.
    let third = Word { life: ("2035-01-01T00:00:00Z", "2041-01-01T00:00:00Z"), ..Word::TSA };
    let third = stage.chain().mint(&third);
    let year_2035 = "2035-12-01T00:00:00Z";
    let lists = stage.lists(year_2035);
    let renewed = with_document_stamp(&archived, &lists, year_2035, |digest| {
        token(&third, stage.chain(), digest, year_2035)
    });
    let verdict = stage.verdict_with(today, &renewed, year_2037);
    assert_eq!((verdict.overall, level(&verdict)), (Overall::Valid, Some(Level::BLTA)));
}

#[test]
fn what_happened_to_the_seal_after_its_proof_does_not_hurt_but_a_stolen_key_does() {
    let mut stage = Stage::new();
    let stamped = stage.stamped(STAMPED);
    let plain = stage.plain();
    let root = stage.chain().root_crl(moment("2026-02-01T00:00:00Z"));
    let made = moment("2026-02-01T00:00:00Z");
    let seal = stage.chain().seal().clone();
    let (before, after) = (moment("2026-01-05T04:00:00Z"), moment("2026-01-06T00:00:00Z"));
    let rows: [(&str, Crl, &[u8], Overall); 5] = [
        ("after the proof", stage.chain().crl(made, &[(&seal, after)]), &stamped, Overall::Valid),
        (
            "before the proof",
            stage.chain().crl(made, &[(&seal, before)]),
            &stamped,
            Overall::Invalid,
        ),
        (
            "stolen, said after it",
            stage.chain().stolen(made, (&seal, after)),
            &stamped,
            Overall::Invalid,
        ),
        ("without a proof", stage.chain().crl(made, &[(&seal, after)]), &plain, Overall::Invalid),
        ("not at all", stage.chain().crl(made, &[]), &plain, Overall::Valid),
    ];
    for (what, list, file, overall) in rows {
        let verdict = stage.verdict_with(vec![list, root.clone()], file, "2026-02-02T00:00:00Z");
        assert_eq!(verdict.overall, overall, "{what}: {:?}", verdict.findings);
        if overall == Overall::Invalid {
            assert_eq!(failed(&verdict), ["seal.certificate_revocation"], "{what}");
        }
    }
}

#[test]
fn a_doubtful_stamp_is_said_and_not_counted() {
    let mut stage = Stage::new();
    let stranger = TestChain::new();
    let foreign = sealed_with(&stage.scene, &stranger.mint(&Word::TSA), &stranger, STAMPED);
    let short = Word { life: ("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z"), ..Word::TSA };
    let ended = sealed_with(&stage.scene, &stage.chain().mint(&short), stage.chain(), STAMPED);
    let late = Word { life: ("2026-01-06T00:00:00Z", "2031-01-01T00:00:00Z"), ..Word::TSA };
    let early = sealed_with(&stage.scene, &stage.chain().mint(&late), stage.chain(), STAMPED);
    let future = stage.stamped("2026-01-10T00:10:00Z");
    let stamped = stage.stamped(STAMPED);
    let tsa = stage.tsa.certificate.clone();
    let made = moment("2026-01-09T00:00:00Z");
    let root = stage.chain().root_crl(made);
    let clean = stage.chain().crl(made, &[]);
    let before = stage.chain().crl(made, &[(&tsa, moment("2026-01-02T00:00:00Z"))]);
    let stolen = stage.chain().stolen(made, (&tsa, moment("2026-01-08T00:00:00Z")));
    let rows: [(&str, &[u8], &Crl, &str); 6] = [
        ("nobody we trust", &foreign, &clean, "not on the trust list"),
        ("its certificate ended", &ended, &clean, "ended at 2026-01-08T00:00:00Z"),
        ("made before its certificate", &early, &clean, "outside the validity"),
        ("made in the future", &future, &clean, "later time"),
        ("revoked before", &stamped, &before, "was revoked at 2026-01-02T00:00:00Z"),
        ("its key stolen", &stamped, &stolen, "was revoked at 2026-01-08T00:00:00Z"),
    ];
    for (what, file, list, why) in rows {
        let lists = vec![list.clone(), root.clone()];
        let verdict = stage.verdict_with(lists, file, NOW);
        assert_eq!(verdict.overall, Overall::Valid, "{what}: {:?}", verdict.findings);
        assert_eq!(level(&verdict), Some(Level::BB), "{what}");
        let finding = verdict.finding("timestamp.seal").unwrap();
        assert_eq!(finding.outcome, FindingOutcome::CouldNotBeMade, "{what}");
        assert!(finding.fact.en.contains(why), "{what}: {}", finding.fact.en);
        assert!(finding.next_step.is_some());
        // It never lifts a file: once the seal's own certificate has ended, nothing is known.
        let lists = stage.lists("2031-02-01T00:00:00Z");
        let verdict = stage.verdict_with(lists, file, "2031-02-02T00:00:00Z");
        assert_eq!(verdict.overall, Overall::Indeterminate, "{what}");
    }
    let silent = stage.verdict_with(Vec::new(), &stamped, NOW);
    assert_eq!(outcome(&silent, "timestamp.seal"), Some(FindingOutcome::CouldNotBeMade));
}

#[test]
fn a_stamp_that_was_not_put_there_by_us_is_an_alteration() {
    let stage = Stage::new();
    let stamped = stage.stamped(STAMPED);
    let lists = stage.lists(NOW);
    let other = |_: &Digest| stage.token(&Digest::of(b"another file"), STAMPED);
    let elsewhere = stage.token(&Digest::of(b"another file"), STAMPED);
    let swapped = sealed_around(&stage.scene, &|_| elsewhere.clone());
    let noise = sealed_around(&stage.scene, &|_| vec![0x30, 1, 7]);
    let loose = Word { critical: false, ..Word::TSA };
    let rows: [(&str, Vec<u8>, &str); 4] = [
        ("swapped", swapped, "timestamp.seal"),
        ("noise", noise, "timestamp.seal"),
        (
            "document's swapped",
            with_document_stamp(&stamped, &lists, NOW, other),
            "timestamp.document",
        ),
        (
            "document's is noise",
            with_document_stamp(&stamped, &lists, NOW, |_| vec![0x30, 1, 7]),
            "timestamp.document",
        ),
    ];
    for (what, file, code) in rows {
        let verdict = stage.verdict(&file, "2026-01-10T01:00:00Z");
        assert_eq!(verdict.overall, Overall::Invalid, "{what}");
        assert_eq!(failed(&verdict), [code], "{what}");
        assert!(verdict.license.is_none() && verdict.protection.is_none(), "{what}");
    }
    assert!(TimestampIssuer::new(vec![stage.chain().mint(&loose).certificate]).is_err());
}

#[test]
fn a_proof_that_contradicts_the_seal_is_held_against_it() {
    let early = Word { life: ("2025-06-01T00:00:00Z", "2031-01-01T00:00:00Z"), ..Word::TSA };
    let stage = Stage::with(&early);
    let rows = [
        ("before the certificate", "2025-12-31T00:00:00Z", "seal.certificate_period"),
        ("before the stated time", "2026-01-02T00:00:00Z", "timestamp.order"),
    ];
    for (what, at, code) in rows {
        let verdict = stage.verdict(&stage.stamped(at), NOW);
        assert_eq!(verdict.overall, Overall::Invalid, "{what}");
        assert_eq!(failed(&verdict), [code], "{what}");
        assert_eq!(verdict.protection, None, "{what}");
    }
}

/// A comb over the two gaps; all bytes are the tamper suite's part.
#[test]
fn no_changed_byte_of_a_stamp_leaves_the_verdict_as_it_was() {
    let stage = Stage::new();
    let stamped = stage.stamped(STAMPED);
    let stamp = |digest: &Digest| stage.token(digest, NOW);
    let mut file = with_document_stamp(&stamped, &stage.lists(NOW), NOW, stamp);
    let at = "2026-01-10T01:00:00Z";
    assert_eq!(level(&stage.verdict(&file, at)), Some(Level::BLTA));
    let gaps: Vec<usize> =
        (0..file.len()).filter(|at| file[*at..].starts_with(b"/Contents<30")).collect();
    assert_eq!(gaps.len(), 2);
    let mut doubted = 0;
    for gap in gaps {
        let start = gap + b"/Contents<".len();
        let end = start + file[start..].iter().position(|byte| *byte == b'>').unwrap();
        for place in (start..end).step_by(23) {
            let was = file[place];
            file[place] = if was == b'0' { b'1' } else { b'0' };
            let verdict = stage.verdict(&file, at);
            if verdict.overall == Overall::Valid {
                // An enclosed issuer's certificate: the stamp is not counted, and that is said.
                assert!(level(&verdict) < Some(Level::BLTA), "digit {place}");
                assert!(open(&verdict).iter().any(|code| code.starts_with("timestamp.")));
                doubted += 1;
            }
            file[place] = was;
        }
    }
    assert!(doubted < 90, "{doubted}");
}

#[test]
fn a_stamp_in_an_earlier_revision_is_weighed_by_the_later_one() {
    let mut stage = Stage::new();
    let stamped = stage.stamped(STAMPED);
    let later = stage.chain().mint(&LATER);
    let tsa = stage.tsa.certificate.clone();
    let year_2030 = "2030-12-01T00:00:00Z";
    let archived = with_document_stamp(&stamped, &stage.lists(year_2030), year_2030, |digest| {
        token(&later, &stage.scene.chain, digest, year_2030)
    });
    // Revoked after the document time-stamp that covers it, for an ordinary reason and for theft.
    let since: Moment = moment(year_2030).plus_seconds(DAY);
    let made = moment("2030-12-15T00:00:00Z");
    let root = stage.chain().root_crl(made);
    let rows = [
        ("superseded", stage.chain().crl(made, &[(&tsa, since)]), FindingOutcome::Passed),
        ("stolen", stage.chain().stolen(made, (&tsa, since)), FindingOutcome::CouldNotBeMade),
    ];
    for (what, list, told) in rows {
        let lists = vec![list, root.clone()];
        let verdict = stage.verdict_with(lists, &archived, "2030-12-20T00:00:00Z");
        assert_eq!(verdict.overall, Overall::Valid, "{what}: {:?}", verdict.findings);
        assert_eq!(outcome(&verdict, "timestamp.seal"), Some(told), "{what}");
        assert_eq!(level(&verdict), Some(Level::BLTA), "{what}");
    }
}
