//! Reading the face of a license type.

#![no_main]

use zhengku::pdf::FaceFile;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(face) = FaceFile::parse(text) {
        let _ = face.fields().count();
    }
});
