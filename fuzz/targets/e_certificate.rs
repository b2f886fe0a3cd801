//! Taking an e-certificate apart and reading what it says.

#![no_main]

use zhengku::ecert::{EcertFacts, SdJwt};

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    if let Ok(sd_jwt) = SdJwt::parse(file) {
        let _ = sd_jwt.chain();
        let _ = EcertFacts::read(sd_jwt);
    }
});
