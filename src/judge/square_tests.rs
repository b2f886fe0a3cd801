//! A printed square through the judge: genuine, altered, forged, unknown.

use super::indication::{Indication, SubIndication};
use super::signature::SignatureKind;
use super::square::{examine_square, is_square};
use super::testing::{NOW, Scene, failed, open};
use super::*;
use crate::crypto::Digest;
use crate::domain::{Moment, Standing, Validity};
use crate::ecert::Statement;
use crate::ecert::testing::{Made, moment as sealed_at};
use crate::pki::Certificate;
use crate::pki::test_chain::{TestChain, moment};

/// The certificates of a house with this chain.
struct House<'c>(&'c TestChain);

impl Signers for House<'_> {
    fn chain_of(&self, wanted: [u8; 8]) -> Vec<Certificate> {
        let is_named = self.0.seal().digest().as_bytes().starts_with(&wanted);
        if is_named { vec![self.0.seal().clone(), self.0.ca().clone()] } else { Vec::new() }
    }
}

fn statement(scene: &Scene) -> Statement {
    let made = Made::new();
    let input = made.input();
    let mut content = [0; 16];
    content.copy_from_slice(&scene.content.digest().as_bytes()[..16]);
    Statement {
        license_id: made.id.clone(),
        issued_on: input.issued_on,
        validity: input.validity,
        content,
        holder: input.holders[0].name().to_owned(),
        license_number: input.license_number.to_owned(),
        signed_at: sealed_at(),
    }
}

fn square(scene: &Scene, of: &Statement) -> String {
    of.sign(scene.chain.seal().der(), &scene.chain.signer()).unwrap()
}

fn judged(scene: &Scene, text: &str, vault: VaultFact) -> Verdict {
    judged_with(scene, text, vault, Some(&House(&scene.chain)))
}

fn judged_with(
    scene: &Scene,
    text: &str,
    vault: VaultFact,
    signers: Option<&dyn Signers>,
) -> Verdict {
    let trust = Trust {
        store: &scene.store,
        paths: None,
        signers,
        registry: &scene.registry,
        development: true,
    };
    let at: Moment = moment(NOW);
    examine_square(text, &trust, at).conclude(vault, at)
}

#[test]
fn a_genuine_square_is_valid_and_asks_to_be_compared_with_the_print() {
    let scene = Scene::new();
    let digits = square(&scene, &statement(&scene));
    let address = format!("https://zhengku.test/verify#{digits}\n");
    for text in [&digits, &address] {
        assert!(is_square(text));
        let verdict = judged(&scene, text, scene.found(Standing::InForce));
        assert_eq!((verdict.overall, verdict.form), (Overall::Valid, Form::Qr), "{verdict:?}");
        assert_eq!(verdict.standing, Outcome::Passed);
        // Genuine, and still not for a program to accept.
        assert!(!verdict.is_acceptable());
        assert_eq!(verdict.exit_code(), 2);
        for (words, must) in [(&verdict.headline.zh, "证面"), (&verdict.headline.en, "print")] {
            assert!(words.contains(must), "{words}");
        }
        assert!(!verdict.headline.zh.contains("可以采信"), "{}", verdict.headline.zh);
        let said = verdict.statement.as_ref().unwrap();
        assert_eq!(
            (said.holder.as_str(), said.license_number.as_str()),
            ("示例公司", "示字〔2026〕1号")
        );
        assert_eq!(said.valid_to.map(|day| day.to_string()).as_deref(), Some("2030-12-31"));
        let report = &verdict.signatures[0];
        assert_eq!(report.kind, SignatureKind::Statement);
        assert_eq!(report.indication, Indication::TotalPassed);
        assert_eq!(verdict.finding("license.vault_copy").unwrap().outcome, FindingOutcome::Passed);
    }
}

#[test]
fn a_genuine_square_of_a_license_that_is_not_in_force_says_so() {
    let scene = Scene::new();
    let text = square(&scene, &statement(&scene));
    let until = Standing::Expired { last_day: "2026-01-09".parse().unwrap() };
    let verdict = judged(&scene, &text, scene.found(until));
    assert_eq!(verdict.standing, Outcome::Failed);
    assert_eq!(verdict.exit_code(), 1);
    assert!(verdict.headline.zh.contains("不得采信"), "{}", verdict.headline.zh);
}

#[test]
fn a_square_whose_content_is_not_that_of_the_vault_is_not_accepted() {
    let scene = Scene::new();
    let text = square(&scene, &statement(&scene));
    let VaultFact::Found(record) = scene.found(Standing::InForce) else { unreachable!() };
    let other = VaultRecord { content_digest: Digest::of(b"other"), ..record };
    let verdict = judged(&scene, &text, VaultFact::Found(other));
    assert_eq!(verdict.standing, Outcome::Failed);
    assert!(verdict.headline.zh.contains("不可采信"), "{}", verdict.headline.zh);
}

#[test]
fn an_unknown_certificate_cannot_be_told_and_says_nothing_of_the_license() {
    let scene = Scene::new();
    let text = square(&scene, &statement(&scene));
    let verdict = judged_with(&scene, &text, VaultFact::NotAsked, None);
    assert_eq!(verdict.overall, Overall::Indeterminate);
    assert_eq!(open(&verdict), ["statement.certificate"]);
    assert!(verdict.license.is_none() && verdict.statement.is_none());
    let sub = verdict.signatures[0].sub_indication;
    assert_eq!(sub, Some(SubIndication::NoSigningCertificateFound));
}

#[test]
fn a_forged_square_that_names_our_certificate_is_invalid() {
    let scene = Scene::new();
    let stranger = TestChain::new();
    let forged = statement(&scene).sign(scene.chain.seal().der(), &stranger.signer()).unwrap();
    let verdict = judged(&scene, &forged, VaultFact::NotAsked);
    assert_eq!(verdict.overall, Overall::Invalid);
    assert_eq!(failed(&verdict), ["statement.signature"]);
    assert!(verdict.statement.is_none() && verdict.license.is_none());
}

#[test]
fn a_square_of_another_authority_under_our_key_is_invalid() {
    let scene = Scene::new();
    let other = Made::with(crate::ecert::testing::OTHER_AUTHORITY, None);
    let input = other.input();
    let validity = Validity::new(input.issued_on, None).unwrap();
    let said = Statement { license_id: other.id.clone(), validity, ..statement(&scene) };
    let verdict = judged(&scene, &square(&scene, &said), VaultFact::NotAsked);
    assert_eq!(verdict.overall, Overall::Invalid);
    assert_eq!(failed(&verdict), ["seal.authority"]);
    assert!(verdict.statement.is_none());
}

#[test]
fn no_changed_digit_and_no_truncation_is_ever_valid() {
    let scene = Scene::new();
    let text = square(&scene, &statement(&scene));
    for place in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[place] = b'0' + (changed[place] - b'0' + 1) % 10;
        let changed = String::from_utf8(changed).unwrap();
        for altered in [changed.as_str(), &text[..place]] {
            let verdict = judged(&scene, altered, VaultFact::NotAsked);
            assert_ne!(verdict.overall, Overall::Valid, "{place}");
            assert!(verdict.statement.is_none() && verdict.license.is_none(), "{place}");
        }
    }
}

#[test]
fn other_texts_are_no_squares_of_ours() {
    let scene = Scene::new();
    for text in ["", "https://other.example/", "WIFI:S:x;;", "１２３"] {
        assert!(!is_square(text), "{text}");
        let verdict = judged(&scene, text, VaultFact::NotAsked);
        assert_eq!(verdict.overall, Overall::Indeterminate, "{text}");
        assert_eq!(open(&verdict), ["file.kind"], "{text}");
        assert!(verdict.signatures.is_empty(), "{text}");
    }
}
