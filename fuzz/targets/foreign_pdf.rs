//! Taking a sealed PDF of others apart.

#![no_main]

use zhengku::pdf::foreign::read_foreign;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    if let Ok(found) = read_foreign(file) {
        for seal in found.seals {
            if let Ok([head, tail]) = seal.parts {
                assert!(file.starts_with(head) && head.len() + tail.len() < file.len());
            }
        }
    }
});
