//! Reading what a library signs: receipts of verifications, trust packs, and lists of standings.

#![no_main]

use zhengku::ecert::standing_list::StandingList;
use zhengku::ecert::{receipt, trust_pack};
use zhengku::pki::TrustStore;
use zhengku::service::trust_pack::OpenPack;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    let _ = receipt::read(file);
    let _ = trust_pack::read(file);
    if let Some(list) = StandingList::read(file) {
        assert_eq!(list.to_bytes(), file);
    }
    let at = "2026-12-01T08:00:00Z".parse().expect("a moment");
    assert!(OpenPack::open(file, &TrustStore::empty(), |_| true, at).is_err());
});
