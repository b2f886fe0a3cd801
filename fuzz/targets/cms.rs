//! Reading a seal and checking it.

#![no_main]

use zhengku::crypto::Digest;
use zhengku::pki::SignedData;

libfuzzer_sys::fuzz_target!(|der: &[u8]| {
    if let Ok(signed) = SignedData::read(der) {
        let _ = signed.check(&Digest::of(der));
    }
});
