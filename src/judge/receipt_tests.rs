//! Receipts through the judge: genuine, altered, by somebody who may not, years later.

use super::indication::Indication;
use super::signature::SignatureKind;
use super::testing::{NOW, Scene, failed, open, trusting};
use super::*;
use crate::crypto::Digest;
use crate::ecert::jws::SignedJson;
use crate::ecert::testing::{AUTHORITY, receipt_of};
use crate::pki::test_chain::{TestChain, moment};

/// Signed a while before.
const LATER: &str = "2026-12-01T00:00:00Z";

fn scene() -> Scene {
    let scene = Scene::new();
    let made = moment("2026-11-20T00:00:00Z");
    let crls = vec![scene.chain.crl(made, &[]), scene.chain.root_crl(made)];
    let store = trusting(&scene.chain, crls);
    Scene { store, ..scene }
}

fn judged(scene: &Scene, file: &[u8], at: &str) -> Verdict {
    scene.verdict(file, VaultFact::NotAsked, at)
}

#[test]
fn a_genuine_receipt_tells_what_was_found_and_is_no_license() {
    let scene = scene();
    let file = receipt_of(&scene.chain, AUTHORITY).into_file(None, &[]);
    let verdict = judged(&scene, &file, LATER);
    assert_eq!((verdict.overall, verdict.form), (Overall::Valid, Form::Receipt), "{verdict:#?}");
    assert_eq!(verdict.signatures[0].kind, SignatureKind::Receipt);
    assert_eq!(verdict.signatures[0].indication, Indication::TotalPassed);
    assert_eq!(
        (verdict.standing, verdict.standing_state),
        (Outcome::Unknown, StandingState::NotChecked)
    );
    assert!(!verdict.is_acceptable() && verdict.license.is_none());
    let said = verdict.receipt.as_ref().unwrap();
    assert_eq!(said.presented, Some(Digest::of(b"a file")));
    assert!(said.library_name.is_some());
    assert!(verdict.headline.zh.contains("2026-11-21") && verdict.headline.zh.contains("文件真实"));
    let of_this = verdict.clone().held_against(b"a file");
    assert_eq!((of_this.overall, of_this.exit_code()), (Overall::Valid, 0));
    let of_another = verdict.held_against(b"another file");
    assert_eq!((of_another.overall, of_another.exit_code()), (Overall::Invalid, 1));
    assert_eq!(failed(&of_another), ["receipt.presented"]);
}

#[test]
fn no_byte_of_a_receipt_can_be_changed() {
    let scene = scene();
    let file = receipt_of(&scene.chain, AUTHORITY).into_file(None, &[]);
    let genuine = judged(&scene, &file, LATER);
    // Every seventh byte here; each way a byte can change is the same to the reader.
    for at in (0..file.len()).step_by(7) {
        let mut changed = file.clone();
        changed[at] ^= 1;
        let verdict = judged(&scene, &changed, LATER);
        assert_ne!(verdict.overall, Overall::Valid, "byte {at}");
    }
    let cut = judged(&scene, &file[..file.len() - 1], LATER);
    assert_eq!(failed(&cut), ["receipt.structure"]);
    assert_eq!(genuine.overall, Overall::Valid);
}

#[test]
fn signed_json_of_another_kind_is_no_receipt_and_no_forgery() {
    let scene = scene();
    let ders = [scene.chain.seal().der(), scene.chain.ca().der()];
    let at = moment(LATER);
    let signed = SignedJson::sign("other+json", b"{}", at, &ders, &scene.chain.signer()).unwrap();
    let file = signed.into_file(None, &[]);
    let pack = [&file[..], b"\n\x78\x9c"].concat();
    for file in [&file, &pack] {
        let verdict = judged(&scene, file, LATER);
        assert_eq!((verdict.overall, verdict.form), (Overall::Indeterminate, Form::Unknown));
        assert_eq!(open(&verdict), ["file.kind"]);
    }
}

#[test]
fn only_who_runs_a_library_gives_receipts_and_only_in_its_own_name() {
    let mut scene = scene();
    let file = receipt_of(&scene.chain, AUTHORITY).into_file(None, &[]);
    scene.registry.is_library = false;
    let verdict = judged(&scene, &file, LATER);
    assert_eq!((verdict.overall, failed(&verdict)), (Overall::Invalid, vec!["receipt.issuer"]));
    assert_eq!(verdict.receipt.unwrap().library_name, None);
    scene.registry.is_library = true;
    let other = receipt_of(&scene.chain, "11990000MD0000008F").into_file(None, &[]);
    let verdict = judged(&scene, &other, LATER);
    assert_eq!((verdict.overall, failed(&verdict)), (Overall::Invalid, vec!["seal.authority"]));
    let stranger = TestChain::new();
    let forged = receipt_of(&stranger, AUTHORITY).into_file(None, &[]);
    let verdict = judged(&scene, &forged, LATER);
    assert_ne!(verdict.overall, Overall::Valid);
    // Before it was made, by its own word.
    let verdict = judged(&scene, &file, NOW);
    assert_eq!(open(&verdict), ["seal.certificate_period"], "{verdict:#?}");
}
