//! Pictures: decoding and the squares in them, never beyond bounds.

#![no_main]

use zhengku::picture::squares;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    if let Ok(found) = squares(file) {
        assert!(found.len() <= 16);
    }
});
