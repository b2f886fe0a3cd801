//! What one license of each type comes to, byte for byte.
//!
//! Clock, randomness and key are fixed, and the key is RSA, whose signatures are always the same; so the whole
//! e-certificate and the whole sealed PDF follow from the submission. `fixtures/golden` holds their digests and,
//! to show what changed, what the e-certificate says. The PDF also follows from the font files of Debian 12:
//! their digests stand beside it, so that another font is named as what it is.
//!
//! `UPDATE_GOLDEN=1 cargo test --test golden` writes the folder anew; look at the difference before you commit it.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zhengku::crypto::Digest;
use zhengku::keys::SealKey;
use zhengku::pdf::{FontsFile, read_sealed};
use zhengku::pki::TrustStore;
use zhengku::service::ports::Form;

use support::{House, NOW, OneKeyForAll, Plan, first_good, root, type_codes};

/// Longest value that is kept in full, in characters; of a longer one, a photograph, its digest is.
const KEPT_CHARS: usize = 2_000;

fn golden() -> PathBuf {
    root().join("fixtures/golden")
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// A toy key of its own, so that making `keys-dev` anew changes nothing here.
fn key() -> Arc<SealKey> {
    let read = |name: &str| fs::read_to_string(golden().join(name)).unwrap();
    let authority = "11990000MD1000077R".parse().unwrap();
    Arc::new(SealKey::from_pem(authority, &read("seal.key.pem"), &read("seal.chain.pem")).unwrap())
}

/// The digest of every font file that faces are drawn with, by its path.
fn font_files() -> BTreeMap<String, (String, String)> {
    let text = fs::read_to_string(root().join("templates/fonts.toml")).unwrap();
    let fonts = FontsFile::parse(&text).unwrap().fonts;
    let digest = |path: &str| Digest::of(&fs::read(path).unwrap()).to_string();
    let entry = |font: zhengku::pdf::FontEntry| {
        let digest = digest(&font.path);
        (font.path, (format!("{} of the package {}", font.name, font.package), digest))
    };
    fonts.into_iter().map(entry).collect()
}

/// What an e-certificate says, to be read by people: everything but certificates and signature.
fn said(ecert: &[u8]) -> Value {
    let text = std::str::from_utf8(ecert).unwrap();
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (jwt, shown) = text.split_once('~').unwrap();
    let parts: Vec<&str> = jwt.split('.').collect();
    let mut header = read(parts[0]);
    let certificates = header["x5c"].as_array().unwrap().len();
    header["x5c"] = json!(format!("{certificates} certificates"));
    let disclosures = shown.split('~').filter(|part| !part.is_empty()).map(|part| {
        let mut disclosure = read(part);
        let value = disclosure[2].to_string();
        if value.chars().count() > KEPT_CHARS {
            disclosure[2] = json!(format!("SHA-256 {}", Digest::of(value.as_bytes())));
        }
        disclosure
    });
    let disclosures: Vec<Value> = disclosures.collect();
    json!({ "header": header, "payload": read(parts[1]), "disclosures": disclosures })
}

/// One license: what is said in it, and the digests of its forms.
async fn made(type_code: &str) -> (Value, Value) {
    let keys = Arc::new(OneKeyForAll(key()));
    // No lists of revoked certificates: the files are about what follows from the submission.
    let root = fs::read_to_string(golden().join("seal.root.pem")).unwrap();
    let trust = TrustStore::builder().add_file("seal.root.pem", &root).build();
    let trust = Arc::new(trust.unwrap());
    let house = House::in_memory(Plan { keys, trust, seed: 2026, at: NOW, ..Plan::default() });
    let issued = house.ask("golden", &first_good(type_code)).await.unwrap();
    let pdf = house.bytes(&issued, Form::SealedPdf).await;
    let ecert = house.bytes(&issued, Form::Ecert).await;
    let under_seal = Digest::of_parts(&read_sealed(&pdf).unwrap().coverage.sealed());
    let digests = json!({
        "license_id": issued.record.id.to_string(),
        "content_digest": issued.record.content_digest.to_string(),
        "ecert": Digest::of(&ecert).to_string(),
        "pdf_under_seal": under_seal.to_string(),
        "pdf": Digest::of(&pdf).to_string(),
    });
    (said(&ecert), digests)
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

fn kept(name: &str) -> Value {
    let path = golden().join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; UPDATE_GOLDEN=1 cargo test --test golden writes it", path.display())
    });
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn one_license_of_each_type_comes_out_as_it_always_has() {
    let fonts = font_files();
    let mut digests = BTreeMap::new();
    let mut words = BTreeMap::new();
    for code in type_codes() {
        let (said, digest) = made(&code).await;
        words.insert(code.clone(), said);
        digests.insert(code, digest);
    }
    let files: BTreeMap<&String, &String> =
        fonts.iter().map(|(path, (_, digest))| (path, digest)).collect();
    if updating() {
        let write = |name: &str, text: String| fs::write(golden().join(name), text).unwrap();
        for (code, said) in &words {
            write(&format!("{code}.ecert.json"), pretty(said));
        }
        write("digests.json", pretty(&json!(digests)));
        write("fonts.json", pretty(&json!(files)));
        return;
    }

    let update =
        "if this is meant: UPDATE_GOLDEN=1 cargo test --test golden, then look at the difference";
    let mut wrong = Vec::new();
    for (code, said) in &words {
        let name = format!("{code}.ecert.json");
        if kept(&name) != *said {
            let (was, is) = (pretty(&kept(&name)), pretty(said));
            let differs = was.lines().zip(is.lines()).find(|(was, is)| was != is);
            wrong.push(format!("fixtures/golden/{name}: {differs:?}"));
        }
    }
    let known = kept("digests.json");
    for part in ["license_id", "content_digest", "ecert"] {
        for (code, digest) in &digests {
            if known[code][part] != digest[part] {
                wrong.push(format!(
                    "{code}: {part} is {} and was {}",
                    digest[part], known[code][part]
                ));
            }
        }
    }
    // Only with the fonts it was made with can a PDF be held against its digest.
    let font_digests = kept("fonts.json");
    for (path, (font, digest)) in &fonts {
        if font_digests[path] != digest.as_str() {
            wrong.push(format!(
                "{path} is another file than the digests of the PDFs were made with ({font}): \
                 the PDFs were not compared"
            ));
        }
    }
    if wrong.is_empty() {
        for part in ["pdf_under_seal", "pdf"] {
            for (code, digest) in &digests {
                if known[code][part] != digest[part] {
                    wrong.push(format!("{code}: the bytes of {part} have changed"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{update}", wrong.join("\n"));
}

#[tokio::test]
async fn the_same_submission_comes_out_the_same_twice() {
    let code = &type_codes()[3];
    assert_eq!(made(code).await, made(code).await);
}
