//! Taking a sealed PDF apart.

#![no_main]

use zhengku::pdf::read_sealed;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    if let Ok(sealed) = read_sealed(file) {
        let [head, tail] = sealed.coverage.sealed();
        assert_eq!(head.len() + sealed.coverage.seal_hex().len() + 2 + tail.len(), sealed.revisions[0]);
        assert_eq!(sealed.revisions.last(), Some(&file.len()));
    }
});
