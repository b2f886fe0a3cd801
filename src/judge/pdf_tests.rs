//! Verdicts on sealed PDFs, drawn and sealed as the house does it, and then tampered with.

use super::Trust;
use super::testing::{NOW, Scene, failed, open};
use super::{Form, Outcome, Overall, VaultFact, Verdict, examine};
use crate::crypto::{Digest, SeededRandom};
use crate::domain::Standing;
use crate::ecert::Content;
use crate::ecert::testing::{Made, moment as sealed_at};
use crate::pdf::{
    Attachment, Binding, CompiledFace, DocumentKind, DrawValue, FaceFile, FaceInput, FontBook,
    FontsFile, LoadedFont, SealMark, draw,
};
use crate::pki::PathCache;
use crate::pki::test_chain::moment;
use crate::pki::{SealTemplate, timestamp_room};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

const FACE: &str = r#"
[page]
width_mm = 210.0
height_mm = 297.0
[[element]]
kind = "field"
field = "KZ_NAME"
x = 20.0
y = 20.0
w = 150.0
h = 30.0
font = "body"
size_pt = 14.0
[[element]]
kind = "qr"
x = 20.0
y = 60.0
size = 30.0
[[element]]
kind = "seal"
x = 120.0
y = 200.0
diameter = 42.0
[[element]]
kind = "license_id"
x = 20.0
y = 280.0
w = 170.0
h = 5.0
font = "body"
size_pt = 7.0
"#;

fn fonts() -> &'static FontBook {
    static FONTS: OnceLock<FontBook> = OnceLock::new();
    FONTS.get_or_init(|| {
        let file = include_str!("../../templates/fonts.toml");
        let mut read: HashMap<String, Arc<[u8]>> = HashMap::new();
        let load = |entry: crate::pdf::FontEntry| {
            let bytes = read.entry(entry.path.clone());
            let bytes = bytes.or_insert_with_key(|path| std::fs::read(path).unwrap().into());
            LoadedFont { bytes: Arc::clone(bytes), entry }
        };
        let entries = FontsFile::parse(file).unwrap().fonts;
        FontBook::new(entries.into_iter().map(load).collect()).unwrap()
    })
}

/// What the parts of a drawn file say; each can be made to lie.
struct Parts {
    id: String,
    digest: String,
    attached: Vec<u8>,
    crls: Vec<Vec<u8>>,
}

fn drawn(scene: &Scene, parts: &Parts, gap: bool) -> Vec<u8> {
    drawn_with(scene, parts, gap.then_some(&|seal| seal))
}

/// The file as it is drawn; what is put into its gap is made of the seal by `stamp`.
pub(super) fn stamped_by(scene: &Scene, stamp: &dyn Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    drawn_with(scene, &honest(scene), Some(stamp))
}

fn drawn_with(scene: &Scene, parts: &Parts, stamp: Option<&dyn Fn(Vec<u8>) -> Vec<u8>>) -> Vec<u8> {
    let face = CompiledFace::new(FaceFile::parse(FACE).unwrap(), fonts()).unwrap();
    let mark = SealMark::new(fonts(), "示例市民政局", "电子证照专用章").unwrap();
    let chain = [scene.chain.seal().clone(), scene.chain.ca().clone()];
    let template = SealTemplate::new(&chain).unwrap();
    let crls: Vec<&[u8]> = parts.crls.iter().map(Vec::as_slice).collect();
    let input = FaceInput {
        license_id: &parts.id,
        values: &[("KZ_NAME", DrawValue::Text("示例·甲"))],
        qr_text: "https://zhengku.test/verify",
    };
    let binding = Binding {
        title: "示例许可证",
        seal: &mark,
        sealed_at: sealed_at(),
        signer_name: "示例市民政局",
        reason: "电子证照签发",
        location: "示例市",
        content_digest_hex: &parts.digest,
        attachment: Some(Attachment {
            file_name: "license.ecert.txt",
            media_type: "application/dc+sd-jwt",
            description: "结构化电子证照",
            bytes: &parts.attached,
        }),
        certs: &[],
        crls: &crls,
        gap_len: template.max_len() + timestamp_room(2_000),
        kind: DocumentKind::License,
    };
    let drawn = draw(&face, fonts(), &input).unwrap();
    let Some(stamp) = stamp else { return drawn.preview(&binding).unwrap() };
    let unsealed = drawn.assemble(&binding).unwrap();
    let digest = Digest::of_parts(&unsealed.sealed_parts());
    let cms = template.seal(&scene.chain.signer(), &digest).unwrap();
    unsealed.seal(&stamp(cms)).unwrap()
}

/// A scene whose file is a sealed PDF.
fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.file = sealed(&scene, |_| {});
    scene
}

fn sealed(scene: &Scene, lie: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = honest(scene);
    lie(&mut parts);
    drawn(scene, &parts, true)
}

fn honest(scene: &Scene) -> Parts {
    Parts {
        id: scene.content.id().to_owned(),
        digest: scene.content.digest().to_string(),
        attached: ecert_of(scene),
        crls: Vec::new(),
    }
}

fn ecert_of(scene: &Scene) -> Vec<u8> {
    super::testing::seal(&scene.content, &scene.chain)
}

#[test]
fn a_sealed_pdf_and_its_e_certificate_get_the_same_verdict() {
    let scene = scene();
    let vault = scene.found(Standing::InForce);
    let verdict = scene.verdict(&scene.file, vault, NOW);
    assert_eq!(verdict.overall, Overall::Valid, "{:?}", verdict.findings);
    assert_eq!((verdict.form, verdict.standing), (Form::SealedPdf, Outcome::Passed));
    assert!(failed(&verdict).is_empty() && open(&verdict).is_empty());
    assert_eq!(verdict.file_digest, Some(Digest::of(&scene.file)));
    let other = scene.verdict(&ecert_of(&scene), VaultFact::NotAsked, NOW);
    assert_eq!(other.overall, Overall::Valid);
    assert_eq!(verdict.license, other.license);
}

#[test]
fn every_part_of_a_sealed_pdf_must_tell_of_one_license() {
    let scene = scene();
    let other = Content::new(&Made::new().input(), &SeededRandom::new(9));
    let other_ecert = super::testing::seal(&other, &scene.chain);
    let digest = other.digest().to_string();
    let later = scene.content.id().replace(".001.", ".002.");
    let rows = [
        ("another digest", sealed(&scene, |p| p.digest = digest), "content.digest"),
        ("another e-certificate", sealed(&scene, |p| p.attached = other_ecert), "content.digest"),
        ("another id", sealed(&scene, |p| p.id = later), "license.id"),
        (
            "damaged e-certificate",
            sealed(&scene, |p| p.attached.truncate(p.attached.len() - 1)),
            "ecert.structure",
        ),
    ];
    for (trick, file, code) in rows {
        let verdict = scene.verdict(&file, scene.found(Standing::InForce), NOW);
        assert_eq!(verdict.overall, Overall::Invalid, "{trick}");
        assert_eq!(failed(&verdict), [code], "{trick}");
        assert!(verdict.license.is_none(), "{trick}");
    }
}

#[test]
fn each_way_to_tamper_has_its_finding() {
    let scene = scene();
    let file = &scene.file;
    let find = |needle: &[u8]| file.windows(needle.len()).position(|w| w == needle).unwrap();
    let gap = find(b"/Contents<3") + 10;
    let put = |at: usize, byte: u8| {
        let mut file = file.clone();
        file[at] = byte;
        file
    };
    let stream = find(b"stream\n") + 12;
    let rows = [
        ("a byte of the page", put(stream, file[stream] ^ 1), "seal.bytes"),
        ("seal turned small", put(gap + 1, b'a'), "seal.coverage"),
        ("padding", put(gap - 1 + 2 * 4, b'F'), "seal.structure"),
        ("page added", [&file[..], b"\n%more"].concat(), "seal.coverage"),
        ("cut short", file[..file.len() / 2].to_vec(), "seal.coverage"),
    ];
    for (trick, file, code) in rows {
        let verdict = scene.verdict(&file, scene.found(Standing::InForce), NOW);
        assert_eq!(verdict.overall, Overall::Invalid, "{trick}");
        assert_eq!(failed(&verdict), [code], "{trick}");
        assert_eq!(verdict.authenticity, Outcome::Unknown, "{trick}");
    }
}

fn quick(scene: &Scene, paths: &PathCache, file: &[u8]) -> Verdict {
    let trust = Trust {
        store: &scene.store,
        paths: Some(paths),
        signers: None,
        registry: &scene.registry,
        development: true,
    };
    examine(file, &trust, moment(NOW)).conclude(VaultFact::NotAsked, moment(NOW))
}

/// Every byte of the seal and its gap, and a comb over the rest; all bytes are the tamper suite's part.
#[test]
fn no_changed_byte_and_no_cut_is_ever_valid() {
    let scene = scene();
    let paths = PathCache::new(4);
    let mut file = scene.file.clone();
    assert_eq!(quick(&scene, &paths, &file).overall, Overall::Valid);
    let gap = file.windows(10).position(|w| w == b"/Contents<").unwrap();
    let places = (gap..file.len()).chain((0..gap).step_by(29));
    for index in places {
        for change in [0x01, 0x20] {
            file[index] ^= change;
            let verdict = quick(&scene, &paths, &file);
            assert_ne!(verdict.overall, Overall::Valid, "byte {index}");
            assert!(verdict.license.is_none(), "byte {index}");
            file[index] ^= change;
        }
    }
    for end in (0..file.len()).step_by(53).chain(file.len() - 40..file.len()) {
        assert_ne!(quick(&scene, &paths, &file[..end]).overall, Overall::Valid, "cut at {end}");
    }
}

#[test]
fn lists_in_the_file_answer_where_ours_are_silent() {
    let mut scene = scene();
    scene.store = scene.chain.store();
    let verdict = scene.verdict(&scene.file, VaultFact::NotAsked, NOW);
    assert_eq!(verdict.overall, Overall::Indeterminate);
    let made = moment("2026-01-04T00:00:00Z");
    let lists = [scene.chain.crl(made, &[]), scene.chain.root_crl(made)];
    let lists = lists.map(|list| list.der().to_vec()).to_vec();
    let file = sealed(&scene, |parts| parts.crls = lists);
    assert_eq!(scene.verdict(&file, VaultFact::NotAsked, NOW).overall, Overall::Valid);
    let late = scene.verdict(&file, VaultFact::NotAsked, "2026-03-01T00:00:00Z");
    assert_eq!(late.overall, Overall::Indeterminate);
    assert_eq!(open(&late)[0], "seal.certificate_revocation");
}

#[test]
fn a_pdf_that_is_not_ours_is_told_apart() {
    let scene = scene();
    let unsealed = drawn(&scene, &honest(&scene), false);
    let foreign = b"%PDF-1.4\n1 0 obj\n<</Type/Sig/ByteRange[0 1 2 3]>>\nendobj\n%%EOF";
    let locked = b"%PDF-1.4\n1 0 obj\nnull\nendobj\ntrailer<</Encrypt 2 0 R>>\n%%EOF";
    let rows: &[(&str, &[u8], Overall, &str)] = &[
        ("without a seal", &unsealed, Overall::Unsigned, "seal.present"),
        ("of others", foreign, Overall::Indeterminate, "seal.structure"),
        ("encrypted", locked, Overall::Indeterminate, "file.encrypted"),
    ];
    for (what, file, overall, code) in rows {
        let verdict = scene.verdict(file, VaultFact::NotAsked, NOW);
        assert_eq!(verdict.overall, *overall, "{what}");
        assert_eq!(open(&verdict), [*code], "{what}");
        assert_eq!(verdict.integrity, Outcome::Unknown, "{what}");
    }
}
