//! The toy PKI, held against what each of its keys is meant to show.

use super::*;
use crate::crypto::{Digest, Suite};
use crate::keys::{KeyRing, SealKey, refuse_development};
use crate::pki::{
    PathCache, PathError, Revocation, SealTemplate, SignedData, TrustStore, VerifiedPath,
};

const CIVIL_AFFAIRS: &str = "11990000MD1000077R";

fn authorities() -> Vec<(AuthorityCode, String)> {
    vec![
        ("11990000MD1000018N".parse().unwrap(), "示例市市场监督管理局".to_owned()),
        (CIVIL_AFFAIRS.parse().unwrap(), "示例市民政局".to_owned()),
    ]
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn special(folder: &Path, name: &str) -> SealKey {
    let key = read(folder, &format!("special/{name}.key.pem"));
    let chain = read(folder, &format!("special/{name}.chain.pem"));
    let authority = "11990000MD1000018N".parse().unwrap();
    SealKey::from_pem(authority, &key, &chain).unwrap()
}

fn trust(folder: &Path) -> TrustStore {
    TrustStore::builder()
        .add_file("root.pem", &read(folder, "root.pem"))
        .add_file("crl.pem", &read(folder, "crl.pem"))
        .build()
        .unwrap()
}

fn path(key: &SealKey, store: &TrustStore, at: Moment) -> Result<VerifiedPath, PathError> {
    let content = Digest::of(b"content");
    let template = SealTemplate::new(key.chain()).unwrap();
    let seal = template.seal(key.signer(), &content).unwrap();
    let read = SignedData::read(&seal).unwrap();
    assert_eq!(read.check(&content), Ok(()));
    PathCache::new(1).verify(read.leaf(), read.others(), store, at).map(|path| (*path).clone())
}

/// Seals with every key of the folder and holds the answer against what the key is meant to show.
fn hold(folder: &Path, now: Moment) {
    let (ring, store) = (KeyRing::load(&folder.join("seals")).unwrap(), trust(folder));
    for key in ring.iter().chain(ring.companions()) {
        let path = path(key, &store, now).unwrap();
        assert!(matches!(path.revocation(now), Revocation::Good { .. }), "{key:?}");
    }
    let rsa = ring.iter().filter(|key| key.suite() == Suite::RsaPkcs1Sha256);
    let rsa: Vec<&str> = rsa.map(|key| key.authority().as_str()).collect();
    let companions = ring.companions().map(|key| (key.authority().as_str(), key.suite()));
    assert_eq!(rsa, [CIVIL_AFFAIRS]);
    let companions: Vec<_> = companions.collect();
    assert_eq!(companions, [(CIVIL_AFFAIRS, Suite::EcdsaP256Sha256)]);
    assert!(refuse_development(ring.certificates()).is_err());
    assert!(refuse_development(store.certificates()).is_err());

    let expired = special(folder, "expired");
    let since = expired.certificate().not_after();
    assert_eq!(path(&expired, &store, now).unwrap_err(), PathError::Expired { since });
    assert!(path(&expired, &store, since).is_ok(), "it was valid once");
    let revoked = path(&special(folder, "revoked"), &store, now).unwrap();
    assert!(matches!(revoked.revocation(now), Revocation::Revoked { .. }));
}

#[test]
fn a_fresh_toy_pki_shows_what_each_of_its_keys_is_meant_to_show() {
    let folder = tempfile::tempdir().unwrap();
    let now = "2026-11-22T00:00:00Z".parse().unwrap();
    let rsa_for = CIVIL_AFFAIRS.parse().unwrap();
    let report = run(folder.path(), &authorities(), &rsa_for, now).unwrap();
    assert_eq!((report.authorities, report.files.len()), (2, 20));
    hold(folder.path(), now);
    assert!(run(folder.path(), &authorities(), &rsa_for, now).is_ok(), "and once more");

    let missing = |name: &str| folder.path().join("seals").join(format!("{CIVIL_AFFAIRS}.{name}"));
    let kept = read(folder.path(), &format!("seals/{CIVIL_AFFAIRS}.chain.pem"));
    for name in ["data.key.pem", "data.chain.pem"] {
        std::fs::remove_file(missing(name)).unwrap();
    }
    let added = companion::add_missing(folder.path(), &authorities(), now).unwrap();
    assert_eq!((added.authorities, added.files.len()), (1, 2));
    hold(folder.path(), now);
    assert_eq!(read(folder.path(), &format!("seals/{CIVIL_AFFAIRS}.chain.pem")), kept);
    // An authority that was listed since.
    let mut more = authorities();
    more.push(("11990000MD1000093F".parse().unwrap(), "示例市数据局".to_owned()));
    let added = companion::add_missing(folder.path(), &more, now).unwrap();
    assert_eq!((added.authorities, added.files.len()), (1, 2));
    hold(folder.path(), now);
    let again = companion::add_missing(folder.path(), &authorities(), now).unwrap();
    assert_eq!((again.authorities, again.files.len()), (0, 0));
}

#[test]
fn the_toy_pki_in_the_source_has_a_key_for_every_authority() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    hold(&source.join("keys-dev"), "2026-12-01T00:00:00Z".parse().unwrap());
    let ring = KeyRing::load(&source.join("keys-dev/seals")).unwrap();
    let table: toml::Table = read(source, "templates/authorities.toml").parse().unwrap();
    let listed = table["authority"].as_array().unwrap();
    assert_eq!(listed.len(), ring.iter().count());
    for entry in listed {
        let code = entry["code"].as_str().unwrap().parse().unwrap();
        let key = ring.get(&code).unwrap();
        assert_eq!(key.certificate().organization(), entry["name"].as_str());
    }
}

#[test]
fn somebody_elses_root_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let root = CertificateParams::default().self_signed(&key).unwrap().pem();
    std::fs::write(folder.path().join("root.pem"), &root).unwrap();
    let now = "2026-11-22T00:00:00Z".parse().unwrap();
    let rsa_for = CIVIL_AFFAIRS.parse().unwrap();
    let fault = run(folder.path(), &authorities(), &rsa_for, now).unwrap_err();
    assert!(matches!(fault, DevKeysError::ForeignRoot { .. }));
    assert_eq!(read(folder.path(), "root.pem"), root);
    let fault = run(folder.path(), &[], &rsa_for, now).unwrap_err();
    assert!(matches!(fault, DevKeysError::NoAuthority));
}
