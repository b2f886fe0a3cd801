//! Judging whatever is brought, from the first byte to the headline. No input of a fuzzer is ever valid here,
//! because nobody is trusted.

#![no_main]

use zhengku::domain::Catalogue;
use zhengku::judge::{Overall, Trust, VaultFact, examine};
use zhengku::pki::TrustStore;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    let store = TrustStore::empty();
    let nobody = Catalogue::default();
    let trust = Trust {
        store: &store,
        paths: None,
        signers: None,
        registry: &nobody,
        development: true,
    };
    let at = "2026-12-01T08:00:00Z".parse().expect("a moment");
    let verdict = examine(file, &trust, at).conclude(VaultFact::NotAsked, at);
    assert_ne!(verdict.overall, Overall::Valid);
});
