//! Looking at a sealed PDF.
//!
//! The seal is checked over every byte but its own gap, and only then is anything in the file believed. What
//! the license is, is read from the attached e-certificate, and the metadata must say the same id and the same
//! content digest. The e-certificate's own signature is not checked here: each of its bytes is under the
//! seal, which is the stronger statement; who takes it out of the file has it checked as a file of its own.
//!
//! The digest of the whole file, by which the vault knows it, is computed together with the digest under the
//! seal, as both begin with the same bytes.

use super::certificate::{self, SealedBy};
use super::ecert;
use super::examine::{Look, Said};
use super::facts::Trust;
use super::observed::Observed;
use crate::crypto::{Digest, Hasher};
use crate::domain::Moment;
use crate::ecert::{EcertFacts, SdJwt};
use crate::pdf::{Coverage, CoverageError, ReadError, SealedFile, Trouble, read_sealed};
use crate::pki::cms_read::{CmsError, SignedData};

/// The checks without which the bytes are not known to be those that were sealed.
pub(super) const INTEGRITY: &[&str] = &[
    "file.kind",
    "seal.present",
    "seal.coverage",
    "seal.structure",
    "seal.signature",
    "seal.bytes",
    "ecert.structure",
    "ecert.disclosures",
    "content.digest",
    "license.id",
];

/// Looks at `file` and writes down what is seen.
pub(super) fn look(file: &[u8], trust: &Trust<'_>, at: Moment) -> Look {
    let mut look = Look { seen: vec![Observed::KindPdf], ..Look::default() };
    match read_sealed(file) {
        Ok(sealed) => {
            look.seen.extend([Observed::SealPresent, Observed::CoverageWhole]);
            let (under_seal, whole) = digests(file, &sealed.coverage);
            look.file_digest = Some(whole);
            look.said = said(&sealed, &under_seal, trust, at, &mut look.seen);
        }
        Err(why) => look.seen.extend(unreadable(why, file)),
    }
    look
}

fn said(
    sealed: &SealedFile<'_>,
    under_seal: &Digest,
    trust: &Trust<'_>,
    at: Moment,
    seen: &mut Vec<Observed>,
) -> Option<Said> {
    let signed = match SignedData::read(&sealed.cms) {
        Ok(signed) => signed,
        Err(why) => {
            seen.push(match why {
                CmsError::BadSignature => Observed::SealSignatureBad,
                CmsError::UnsupportedSuite => Observed::SealForeign,
                _ => Observed::SealBroken,
            });
            return None;
        }
    };
    match signed.check(under_seal) {
        Ok(()) => {
            seen.extend([Observed::SealForm, Observed::SealSigned, Observed::BytesAgree]);
        }
        Err(CmsError::OtherContent) => {
            seen.extend([Observed::SealForm, Observed::SealSigned, Observed::BytesChanged]);
            return None;
        }
        Err(CmsError::BadSignature) => {
            seen.extend([Observed::SealForm, Observed::SealSignatureBad]);
            return None;
        }
        Err(_) => {
            seen.push(Observed::SealBroken);
            return None;
        }
    }
    let facts = attached(sealed, seen)?;
    let digest = Some(facts.content_digest.to_string());
    let agree = facts.claimed_digest == facts.content_digest && digest == sealed.content_digest_hex;
    seen.push(if agree { Observed::ContentAgrees } else { Observed::ContentDiffers });
    let same_id = sealed.license_id == Some(facts.license_id.to_string());
    seen.push(if same_id { Observed::IdHolds } else { Observed::IdBroken });
    let Some(sealed_at) = sealed.stated_at else {
        seen.push(Observed::SealBroken);
        return None;
    };

    let by =
        SealedBy { leaf: signed.leaf(), others: signed.others(), crls: &sealed.crls, sealed_at };
    let found = certificate::find_path(by.leaf, by.others, trust, at);
    let authority = facts.license_id.key().authority();
    let path = certificate::judge(found, by, authority, trust, at, seen);
    Some(Said { sealed_at, subject: ecert::subject(path), facts, partial: false })
}

/// What the attached e-certificate says.
fn attached(sealed: &SealedFile<'_>, seen: &mut Vec<Observed>) -> Option<EcertFacts> {
    let Some(attachment) = &sealed.attachment else {
        seen.push(Observed::EcertMissing);
        return None;
    };
    let sd_jwt = match SdJwt::parse(&attachment.bytes) {
        Ok(sd_jwt) => sd_jwt,
        Err(why) => {
            seen.push(Observed::EcertBroken { why: why.to_string() });
            return None;
        }
    };
    match EcertFacts::read(sd_jwt) {
        Ok(facts) => {
            let (shown, withheld) = (facts.disclosed.len(), facts.withheld);
            seen.extend([Observed::EcertForm, Observed::DisclosuresHold { shown, withheld }]);
            Some(facts)
        }
        Err(why) => {
            seen.push(ecert::refused(&why));
            None
        }
    }
}

/// The digest of what is under the seal, and of the whole file.
fn digests(file: &[u8], coverage: &Coverage<'_>) -> (Digest, Digest) {
    let [head, tail] = coverage.sealed();
    let mut under_seal = Hasher::new();
    under_seal.update(head);
    let mut whole = under_seal.clone();
    under_seal.update(tail);
    whole.update(file.get(head.len()..).unwrap_or_default());
    (under_seal.finish(), whole.finish())
}

/// What to say of a file that could not be taken apart.
fn unreadable(why: ReadError, file: &[u8]) -> Vec<Observed> {
    let mut names = file.split(|byte| *byte == b'/').skip(1);
    let mut encrypted = || names.any(|name| name.starts_with(b"Encrypt"));
    match why {
        ReadError::Altered(trouble) => vec![Observed::SealPresent, broken(trouble)],
        ReadError::Foreign(_) | ReadError::Unsigned if encrypted() => {
            vec![Observed::Encrypted]
        }
        ReadError::Foreign(_) => vec![Observed::SealPresent, Observed::SealForeign],
        ReadError::Incomplete => vec![Observed::CoverageBroken],
        ReadError::NotPdf => vec![Observed::SealForeign],
        ReadError::Unsigned => vec![Observed::SealAbsent],
    }
}

/// What is wrong with a file of ours.
fn broken(trouble: Trouble) -> Observed {
    match trouble {
        Trouble::Coverage(CoverageError::Trailing { unsealed_bytes: bytes }) => {
            Observed::CoverageLengthened { bytes }
        }
        Trouble::Coverage(_) => Observed::CoverageBroken,
        Trouble::Seal | Trouble::Structure(_) => Observed::SealBroken,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::{Arc, OnceLock};
    use std::time::Instant;

    use super::super::testing::{NOW, Scene, failed, open};
    use super::super::{Form, Outcome, Overall, VaultFact, Verdict, examine};
    use super::*;
    use crate::crypto::SeededRandom;
    use crate::domain::Standing;
    use crate::ecert::Content;
    use crate::ecert::testing::{Made, moment as sealed_at};
    use crate::pdf::{
        Attachment, Binding, CompiledFace, DrawValue, FaceFile, FaceInput, FontBook, FontsFile,
        LoadedFont, SealMark, draw,
    };
    use crate::pki::cms::SealTemplate;
    use crate::pki::path_cache::PathCache;
    use crate::pki::test_chain::moment;

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
            gap_len: template.max_len(),
        };
        let drawn = draw(&face, fonts(), &input).unwrap();
        if !gap {
            return drawn.preview(&binding).unwrap();
        }
        let unsealed = drawn.assemble(&binding).unwrap();
        let digest = Digest::of_parts(&unsealed.sealed_parts());
        let cms = template.seal(&scene.chain.signer(), &digest).unwrap();
        unsealed.seal(&cms).unwrap()
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
        super::super::testing::seal(&scene.content, &scene.chain)
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
        let other_ecert = super::super::testing::seal(&other, &scene.chain);
        let digest = other.digest().to_string();
        let later = scene.content.id().replace(".001.", ".002.");
        let rows = [
            ("another digest", sealed(&scene, |p| p.digest = digest), "content.digest"),
            (
                "another e-certificate",
                sealed(&scene, |p| p.attached = other_ecert),
                "content.digest",
            ),
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
        let names = |_: &str| None;
        let trust = Trust {
            store: &scene.store,
            paths: Some(paths),
            authorities: &names,
            types: &names,
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

    /// Run by hand: `cargo test --release --lib judge::pdf -- --ignored --nocapture`.
    #[test]
    #[ignore = "measures, and proves nothing"]
    fn how_long_one_takes() {
        let scene = scene();
        let paths = PathCache::new(4);
        let ecert = ecert_of(&scene);
        for (what, file) in [("sealed PDF", &scene.file), ("e-certificate", &ecert)] {
            quick(&scene, &paths, file);
            let start = Instant::now();
            for _ in 0..2_000 {
                assert_eq!(quick(&scene, &paths, file).overall, Overall::Valid);
            }
            let micros = start.elapsed().as_nanos() / 2_000_000;
            println!("{what} of {} bytes, path cached: {micros} µs", file.len());
            let start = Instant::now();
            for _ in 0..2_000 {
                Digest::of(file);
            }
            println!("of which one digest {} µs", start.elapsed().as_nanos() / 2_000_000);
        }
    }
}
