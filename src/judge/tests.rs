//! Verdicts on e-certificates, one situation a test row, through the two calls everybody uses.

use super::testing::{NOW, Scene, failed, open, seal, trusting};
use super::*;
use crate::crypto::{SeededRandom, pem};
use crate::domain::{Catalogue, Moment, RevocationKind, Standing};
use crate::ecert::Content;
use crate::ecert::testing::{self as ecerts, Made, OTHER_AUTHORITY};
use crate::pki::PathCache;
use crate::pki::TrustStore;
use crate::pki::test_chain::{TestChain, moment};

#[test]
fn a_genuine_license_in_force_is_said_to_be_so() {
    let scene = Scene::new();
    let verdict = scene.verdict(&scene.file, scene.found(Standing::InForce), NOW);
    assert_eq!(verdict.overall, Overall::Valid);
    assert_eq!(
        (verdict.integrity, verdict.authenticity, verdict.standing),
        (Outcome::Passed, Outcome::Passed, Outcome::Passed)
    );
    assert_eq!(verdict.headline.zh, "文件真实，由示例市民政局签章；证照有效，可以采信");
    assert_eq!(verdict.exit_code(), 0);
    assert!(verdict.findings.iter().all(|finding| finding.outcome == FindingOutcome::Passed));
    let license = verdict.license.as_ref().unwrap();
    assert_eq!(license.id.to_string(), scene.content.id());
    assert_eq!(license.content_digest, Some(scene.content.digest()));
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["verdict"], "valid");
    assert_eq!(json["standing"], "passed");
    assert_eq!(json["standing_state"], "in_force");
    assert_eq!(json["form"], "ecert");
    assert_eq!(json["license"]["version"], "001");
    assert_eq!(json["findings"][0]["code"], "file.kind");
    assert_eq!(json["findings"][0]["outcome"], "passed");
}

#[test]
fn where_a_genuine_license_stands_never_changes_the_verdict_on_its_document() {
    let scene = Scene::new();
    let day = "2026-01-08".parse().unwrap();
    let made = Made::new();
    let by = made.id.key().version(made.id.version().next().unwrap());
    let revoked = |kind| Standing::Revoked { kind, since: day };
    let rows = [
        (Standing::Suspended { since: day }, StandingState::Suspended, "被暂扣"),
        (Standing::Replaced { by, since: day }, StandingState::Replaced, "002"),
        (revoked(RevocationKind::Annulled), StandingState::Revoked, "被撤销"),
        (revoked(RevocationKind::Deregistered), StandingState::Revoked, "已注销"),
        (revoked(RevocationKind::Withdrawn), StandingState::Revoked, "被吊销"),
        (Standing::Expired { last_day: day }, StandingState::Expired, "已过有效期"),
        (Standing::NotYetInForce { first_day: day }, StandingState::NotYetInForce, "尚未生效"),
    ];
    for (standing, state, word) in rows {
        let verdict = scene.verdict(&scene.file, scene.found(standing.clone()), NOW);
        assert_eq!(verdict.overall, Overall::Valid, "{word}");
        assert_eq!((verdict.standing, verdict.standing_state), (Outcome::Failed, state), "{word}");
        assert_eq!(verdict.standing_detail, Some(standing), "{word}");
        assert_eq!(verdict.exit_code(), 1, "{word}");
        assert!(verdict.headline.zh.contains(word), "{}", verdict.headline.zh);
        assert!(verdict.headline.zh.contains("不得采信"), "{}", verdict.headline.zh);
    }
}

#[test]
fn what_the_vault_did_not_say_is_unknown_and_neither_good_nor_bad() {
    let scene = Scene::new();
    let rows = [
        (VaultFact::NotAsked, StandingState::NotChecked, None, 0),
        (VaultFact::CannotAskNow, StandingState::CannotCheckNow, None, 2),
        (
            VaultFact::NotInVault { as_of: moment(NOW) },
            StandingState::NotInVault,
            Some(moment(NOW)),
            2,
        ),
    ];
    for (vault, state, as_of, exit) in rows {
        let verdict = scene.verdict(&scene.file, vault, NOW);
        assert_eq!(verdict.overall, Overall::Valid);
        assert_eq!((verdict.standing, verdict.standing_state), (Outcome::Unknown, state));
        assert_eq!((verdict.standing_as_of, verdict.exit_code()), (as_of, exit));
        assert!(!verdict.is_acceptable());
        assert!(!verdict.headline.zh.contains("可以采信"), "{}", verdict.headline.zh);
    }
}

#[test]
fn that_a_validity_has_ended_is_known_without_asking() {
    let scene = Scene::of(&Made::with(ecerts::AUTHORITY, Some("2026-01-09")).input());
    let rows = [
        ("last day in China", "2026-01-09T15:59:59Z", Outcome::Unknown, StandingState::NotChecked),
        ("first day after it", "2026-01-09T16:00:00Z", Outcome::Failed, StandingState::Expired),
    ];
    for (when, at, outcome, state) in rows {
        let verdict = scene.verdict(&scene.file, VaultFact::NotAsked, at);
        assert_eq!(verdict.overall, Overall::Valid, "{when}");
        assert_eq!((verdict.standing, verdict.standing_state), (outcome, state), "{when}");
    }
    let without_end = Scene::of(&Made::with(ecerts::AUTHORITY, None).input());
    let verdict = without_end.verdict(&without_end.file, VaultFact::NotAsked, NOW);
    assert_eq!(verdict.license.unwrap().valid_to, None);
}

#[test]
fn an_altered_file_says_nothing_but_that_it_was_altered() {
    let scene = Scene::new();
    let text = String::from_utf8(scene.file.clone()).unwrap();
    let dots: Vec<usize> = text.match_indices('.').map(|(at, _)| at).collect();
    let tilde = text.find('~').unwrap();
    let changed = |at: usize| {
        let mut file = scene.file.clone();
        file[at] = if file[at] == b'A' { b'B' } else { b'A' };
        file
    };
    let rows = [
        ("header", changed(dots[0] - 1)),
        ("payload", changed(dots[0] + 40)),
        ("signature", changed(dots[1] + 9)),
        ("last byte of the signature", changed(tilde - 1)),
        ("disclosure", changed(tilde + 9)),
        ("last tilde cut off", scene.file[..scene.file.len() - 1].to_vec()),
        ("last tilde twice", [&scene.file[..], b"~"].concat()),
        ("cut in the middle", scene.file[..dots[1] - 7].to_vec()),
    ];
    for (trick, file) in rows {
        let verdict = scene.verdict(&file, scene.found(Standing::InForce), NOW);
        assert_eq!(verdict.overall, Overall::Invalid, "{trick}");
        assert_eq!(verdict.integrity, Outcome::Failed, "{trick}");
        assert_eq!(verdict.authenticity, Outcome::Unknown, "{trick}");
        assert_eq!(verdict.standing_state, StandingState::NotChecked, "{trick}");
        assert!(verdict.license.is_none(), "{trick}");
        assert!(!verdict.headline.zh.contains("民政局"), "{trick}");
        assert_eq!(verdict.exit_code(), 1, "{trick}");
    }
}

#[test]
fn no_changed_byte_is_ever_valid() {
    let scene = Scene::new();
    let paths = PathCache::new(4);
    let trust = Trust {
        store: &scene.store,
        paths: Some(&paths),
        signers: None,
        registry: &scene.registry,
        development: true,
    };
    let mut file = scene.file.clone();
    for index in 0..file.len() {
        for change in [1, 0x20, 0x80] {
            file[index] ^= change;
            let verdict =
                examine(&file, &trust, moment(NOW)).conclude(VaultFact::NotAsked, moment(NOW));
            assert_ne!(verdict.overall, Overall::Valid, "byte {index}");
            assert!(verdict.license.is_none(), "byte {index}");
            file[index] ^= change;
        }
    }
}

#[test]
fn who_sealed_it_is_told_apart_with_a_code_each() {
    let mut scene = Scene::new();
    let early = moment("2026-01-04T00:00:00Z");
    let revoked = scene.chain.crl(early, &[(scene.chain.seal(), moment("2026-01-09T00:00:00Z"))]);
    let root_list = scene.chain.root_crl(early);
    let check = |scene: &Scene, at: &str| scene.verdict(&scene.file, VaultFact::NotAsked, at);

    let good =
        std::mem::replace(&mut scene.store, trusting(&scene.chain, vec![revoked, root_list]));
    let verdict = check(&scene, NOW);
    assert_eq!(verdict.overall, Overall::Invalid);
    assert_eq!(failed(&verdict), ["seal.certificate_revocation"]);
    assert!(verdict.license.unwrap().authority_name.is_none());

    scene.store = trusting(&scene.chain, Vec::new());
    let verdict = check(&scene, NOW);
    assert_eq!(verdict.overall, Overall::Indeterminate);
    assert_eq!(open(&verdict), ["seal.certificate_revocation", "license.standing"]);
    assert_eq!(verdict.exit_code(), 2);

    // Another issuer of the same name, and no issuer at all.
    for store in [TestChain::new().store(), TrustStore::empty()] {
        scene.store = store;
        let verdict = check(&scene, NOW);
        assert_eq!(verdict.overall, Overall::Indeterminate);
        assert_eq!(open(&verdict)[..2], ["seal.certificate_path", "seal.certificate_usage"]);
        assert!(verdict.license.unwrap().authority_name.is_none());
    }

    scene.store = good;
    let verdict = check(&scene, "2031-06-01T00:00:00Z");
    assert_eq!(verdict.overall, Overall::Indeterminate);
    assert!(open(&verdict).contains(&"seal.certificate_period"));
    assert_eq!(verdict.standing_state, StandingState::Expired);
    assert_eq!(verdict.exit_code(), 1);

    let verdict = check(&scene, "2026-01-02T00:00:00Z");
    assert_eq!(verdict.overall, Overall::Indeterminate);
    assert_eq!(open(&verdict)[0], "seal.certificate_period");

    scene.development = false;
    let verdict = check(&scene, NOW);
    assert_eq!(verdict.overall, Overall::Invalid);
    assert_eq!(failed(&verdict), ["seal.development"]);
}

#[test]
fn a_seal_of_another_authority_is_refused() {
    let scene = Scene::of(&Made::with(OTHER_AUTHORITY, None).input());
    let verdict = scene.verdict(&scene.file, scene.found(Standing::InForce), NOW);
    assert_eq!(verdict.overall, Overall::Invalid);
    assert_eq!(failed(&verdict), ["seal.authority"]);
    assert_eq!(verdict.standing, Outcome::Unknown);
}

#[test]
fn a_good_seal_by_the_wrong_authority_is_not_authentic() {
    let mut scene = Scene::new();
    scene.registry.may_issue = Some(false);
    let verdict = scene.verdict(&scene.file, scene.found(Standing::InForce), NOW);
    assert_eq!((verdict.overall, verdict.integrity), (Overall::Invalid, Outcome::Passed));
    assert_eq!(failed(&verdict), ["license.issuer"]);
    assert!(verdict.license.unwrap().authority_name.is_none());
    scene.registry.may_issue = None;
    let verdict = scene.verdict(&scene.file, scene.found(Standing::InForce), NOW);
    assert_eq!((verdict.overall, verdict.exit_code()), (Overall::Indeterminate, 2));
    assert_eq!(open(&verdict), ["license.issuer"]);
}

#[test]
fn a_root_speaks_for_the_authorities_it_was_taken_in_for() {
    let mut scene = Scene::new();
    let made = moment("2026-01-04T00:00:00Z");
    let root = pem::write("CERTIFICATE", scene.chain.root().der());
    let rows: [(&[&str], bool); 5] = [
        (&[], true),
        (&["1199*"], true),
        (&["11990000MD1000077R"], true),
        (&["1201*", "11990000MD1000077R"], true),
        (&["1201*", "11990000MD1000026H"], false),
    ];
    for (only_for, trusted) in rows {
        let only_for: Vec<String> = only_for.iter().map(|code| (*code).to_owned()).collect();
        let store = TrustStore::builder().add_file_for("root.pem", &root, &only_for);
        let store = store.add_crl(scene.chain.crl(made, &[])).add_crl(scene.chain.root_crl(made));
        scene.store = store.build().unwrap();
        let verdict = scene.verdict(&scene.file, scene.found(Standing::InForce), NOW);
        assert_eq!(verdict.overall == Overall::Valid, trusted, "{only_for:?}");
        assert_eq!(
            failed(&verdict).as_slice(),
            if trusted { &[][..] } else { &["seal.authority"] }
        );
    }
}

#[test]
fn a_presentation_of_less_is_genuine_and_another_file_under_the_same_id_is_not() {
    let scene = Scene::new();
    let text = String::from_utf8(scene.file.clone()).unwrap();
    let parts: Vec<&str> = text.split('~').collect();
    let partial = format!("{}~{}~", parts[0], parts[2]);
    let verdict = scene.verdict(partial.as_bytes(), scene.found(Standing::InForce), NOW);
    assert_eq!((verdict.overall, verdict.standing), (Overall::Valid, Outcome::Passed));
    assert!(
        verdict.finding("ecert.disclosures").unwrap().fact.en.contains("shown: 1, withheld: 4")
    );

    let turned: Vec<&str> = parts[1..parts.len() - 1].iter().rev().copied().collect();
    let turned = format!("{}~{}~", parts[0], turned.join("~"));
    let verdict = scene.verdict(turned.as_bytes(), scene.found(Standing::InForce), NOW);
    assert!(verdict.is_acceptable());

    let other = Content::new(&Made::new().input(), &SeededRandom::new(4));
    let other = seal(&other, &scene.chain);
    let verdict = scene.verdict(&other, scene.found(Standing::InForce), NOW);
    assert_eq!(verdict.overall, Overall::Valid);
    assert_eq!(verdict.standing, Outcome::Failed);
    assert_eq!(failed(&verdict), ["license.vault_copy"]);
    assert!(verdict.headline.zh.starts_with("不可采信"));
}

#[test]
fn what_is_no_license_at_all_is_told_apart() {
    let scene = Scene::new();
    let large = vec![b' '; MAX_FILE_BYTES + 1];
    let rows: &[(&str, &[u8], &str)] = &[
        ("nothing", b"", "file.kind"),
        ("a picture", b"\x89PNG\r\n", "file.kind"),
        ("too large", &large, "file.too_large"),
    ];
    for (what, file, code) in rows {
        let verdict = scene.verdict(file, VaultFact::NotAsked, NOW);
        assert_eq!(verdict.overall, Overall::Indeterminate, "{what}");
        assert_eq!(open(&verdict), [*code], "{what}");
        assert_eq!(verdict.exit_code(), 2, "{what}");
    }
}

#[test]
fn a_license_id_alone_is_answered_without_a_word_about_any_file() {
    let scene = Scene::new();
    let at: Moment = moment(NOW);
    let verdict = judge_id(&scene.found(Standing::InForce), at);
    assert_eq!((verdict.overall, verdict.standing), (Overall::Indeterminate, Outcome::Passed));
    assert_eq!(verdict.form, Form::LicenseId);
    assert_eq!(verdict.standing_as_of, Some(at));
    let verdict = judge_id(&VaultFact::NotInVault { as_of: at }, at);
    assert_eq!(verdict.standing_state, StandingState::NotInVault);
    let verdict = judge_id(&VaultFact::CannotAskNow, at);
    assert_eq!(verdict.standing_state, StandingState::CannotCheckNow);
}

proptest::proptest! {
    #[test]
    fn noise_gets_a_verdict_that_is_not_valid(
        head in "(%PDF-1.7\n|eyJ|)",
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
    ) {
        let registry = Catalogue::default();
        let store = TrustStore::empty();
        let trust =
            Trust { store: &store, paths: None, signers: None, registry: &registry, development: true };
        let file = [head.as_bytes(), &noise].concat();
        let verdict = examine(&file, &trust, moment(NOW)).conclude(VaultFact::NotAsked, moment(NOW));
        proptest::prop_assert_ne!(verdict.overall, Overall::Valid);
    }
}
