//! Reading the statement of a printed square; what is understood has one form.

#![no_main]

use zhengku::crypto::Suite;
use zhengku::ecert::SealedStatement;
use zhengku::ecert::statement::fragment;
use zhengku::judge::is_square;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let digits = fragment(text);
    if let Ok(read) = SealedStatement::read(&digits) {
        assert!(is_square(&digits));
        // Nobody's key.
        assert!(read.verify(Suite::EcdsaP256Sha256, &[4; 65]).is_err());
    }
});
