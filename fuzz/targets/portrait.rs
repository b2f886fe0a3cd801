//! Looking through a JPEG, unpacking a PNG.

#![no_main]

use zhengku::pdf::portrait_fault;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    let media_type = if file.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
    let _ = portrait_fault(media_type, file);
});
