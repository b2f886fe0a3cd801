//! Checking a signature of others.

#![no_main]

use zhengku::pki::{ForeignSignature, SignedThing};

libfuzzer_sys::fuzz_target!(|cms: &[u8]| {
    for thing in [SignedThing::Detached, SignedThing::Sha1Inside, SignedThing::Timestamp] {
        let _ = ForeignSignature::check(cms, thing, &[b"what was ", b"signed"]);
    }
});
