//! The public SD-JWT examples: what each presentation discloses is what its authors say it does.
//!
//! The examples lie beside the project and are not part of it; where they are not there, the test says so
//! and passes. Examples in JSON serialization are rewritten into the compact one, which is the only one we
//! read; a key-binding token is first shown to be refused and then taken off.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zhengku::crypto::{BadSignature, Suite};
use zhengku::ecert::{Json, ReadError, SdJwt, disclose};

fn corpus() -> PathBuf {
    // `make corpora CORPORA=DIR` says where they are; beside the checkout otherwise.
    match option_env!("ZHENGKU_CORPORA") {
        Some(folder) => Path::new(folder).join("sd-jwt"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/sd-jwt"),
    }
}

/// The issuer's key out of `settings.yml`, as an uncompressed point.
fn issuer_key(settings: &str) -> Vec<u8> {
    let issuer = settings.split("issuer_keys:").nth(1).expect("issuer_keys");
    let coordinate = |name: &str| {
        let line = issuer.lines().map(str::trim).find_map(|line| line.strip_prefix(name));
        URL_SAFE_NO_PAD.decode(line.expect("a coordinate").trim()).expect("base64url")
    };
    [vec![4], coordinate("x:"), coordinate("y:")].concat()
}

/// The compact serialization of an example, without the key-binding token, and with it if it has one.
fn compact(text: &str) -> (String, Option<String>) {
    let text = text.trim();
    let whole = if text.starts_with('"') || text.starts_with('{') {
        let mut value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        if let Some(inner) = value.as_str() {
            value = serde_json::from_str(inner).expect("JSON in a text");
        }
        let signed = value.get("signatures").map_or(&value, |list| &list[0]);
        let part = |of: &serde_json::Value, name: &str| of[name].as_str().expect(name).to_owned();
        let (protected, signature) = (part(signed, "protected"), part(signed, "signature"));
        let mut whole = format!("{protected}.{}.{signature}~", part(&value, "payload"));
        for disclosure in signed["header"]["disclosures"].as_array().expect("disclosures") {
            whole.push_str(disclosure.as_str().expect("a disclosure"));
            whole.push('~');
        }
        whole.push_str(signed["header"]["kb_jwt"].as_str().unwrap_or_default());
        whole
    } else {
        text.to_owned()
    };
    let end = whole.rfind('~').expect("a tilde") + 1;
    let bare = whole[..end].to_owned();
    let bound = (end < whole.len()).then_some(whole);
    (bare, bound)
}

#[test]
fn every_example_discloses_what_its_authors_say() {
    let Ok(settings) = fs::read_to_string(corpus().join("settings.yml")) else {
        println!("left out: the SD-JWT examples are not at {}", corpus().display());
        return;
    };
    let key = issuer_key(&settings);
    let mut counts = (0, 0, 0);
    for entry in fs::read_dir(corpus()).expect("the corpus") {
        let folder = entry.expect("an entry").path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.display();
        let read = |file: &str| {
            let text = |kind: &str| fs::read_to_string(folder.join(format!("{file}.{kind}")));
            text("txt").or_else(|_| text("json")).unwrap_or_else(|why| panic!("{name}: {why}"))
        };
        let (presentation, bound) = compact(&read("sd_jwt_presentation"));
        if let Some(bound) = bound {
            assert_eq!(SdJwt::parse(bound.as_bytes()).err(), Some(ReadError::KeyBinding), "{name}");
            counts.1 += 1;
        }

        let sd_jwt =
            SdJwt::parse(presentation.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(sd_jwt.verify_signature(Suite::EcdsaP256Sha256, &key), Ok(()), "{name}");
        let mut other = key.clone();
        other[64] ^= 1;
        let refused = sd_jwt.verify_signature(Suite::EcdsaP256Sha256, &other);
        assert_eq!(refused, Err(BadSignature), "{name}");

        let expected = Json::read(read("verified_contents").as_bytes()).expect("JSON");
        assert_eq!(canonical(&Json::Object(claims(&presentation))), canonical(&expected), "{name}");
        counts.0 += 1;

        // The whole issuance discloses everything, down to the last digest.
        let (issuance, _) = compact(&read("sd_jwt_issuance"));
        let whole = canonical(&Json::Object(claims(&issuance)));
        assert!(!whole.contains("\"_sd\"") && !whole.contains("\"...\""), "{name}");
        counts.2 += SdJwt::parse(issuance.as_bytes()).expect("a form").disclosures().len();
    }
    println!("{} examples, {} with key binding, {} disclosures", counts.0, counts.1, counts.2);
    assert!(counts.0 >= 15);
}

fn claims(file: &str) -> std::collections::BTreeMap<String, Json> {
    let sd_jwt = SdJwt::parse(file.as_bytes()).expect("a form");
    disclose::claims(sd_jwt).expect("disclosures that belong to the payload")
}

fn canonical(json: &Json) -> String {
    let mut out = Vec::new();
    json.canonical(&mut out);
    String::from_utf8(out).expect("UTF-8")
}
