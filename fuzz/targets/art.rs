//! Reading background art, and drawing what was read.

#![no_main]

use zhengku::pdf::Art;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(art) = Art::read(text) {
        let drawn = art.draw(595.28, 841.89);
        // A coordinate and its operator take no more than 80 bytes, and every segment is in the text.
        assert!(drawn.len() <= 200 * (text.len() + 1));
        assert!(!drawn.windows(3).any(|word| word == b"NaN" || word == b"inf"));
    }
});
