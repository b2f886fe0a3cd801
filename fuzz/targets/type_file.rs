//! Reading the definition of a license type.

#![no_main]

use zhengku::domain::{WireValue, catalogue_file};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(file) = toml::from_str::<WireValue>(text) {
        let _ = catalogue_file::read(&file);
    }
});
