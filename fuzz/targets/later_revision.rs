//! Reading what was appended to a sealed PDF.
//!
//! The input is a sealed PDF and, behind its last end of file, instructions: two revisions are appended, then each
//! four bytes of instruction change one byte or cut behind it. What is still read must hold together.

#![no_main]

use zhengku::domain::Moment;
use zhengku::pdf::{ValidationData, extend_with_timestamp, extend_with_validation, read_sealed};

const END: &[u8] = b"%%EOF";
const DATA: &[u8] = b"\x30\x03\x02\x01\x01";
const TOKEN: &[u8] = b"\x30\x05\x02\x03\x12\x34\x56";

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some(end) = input.windows(END.len()).rposition(|window| window == END) else { return };
    let (sealed, instructions) = input.split_at(end + END.len());
    let data = ValidationData { crls: &[DATA], ..ValidationData::default() };
    let at = Moment::from_unix_seconds(1_796_000_000);
    let Ok(stamp) = extend_with_timestamp(sealed, &ValidationData::default(), 16, at) else {
        return;
    };
    let mut file = [sealed, &stamp.stamp(TOKEN).unwrap()].concat();
    match extend_with_validation(&file, &data) {
        Ok(more) => file.extend(more),
        Err(_) => return,
    }
    let honest = read_sealed(&file).expect("what we append is read").revisions;
    for four in instructions.chunks_exact(4) {
        let later = file.len().saturating_sub(sealed.len()).max(1);
        let place = sealed.len() + (usize::from(four[0]) << 8 | usize::from(four[1])) % later;
        match four[2] {
            0 => file.truncate(place),
            _ if place < file.len() => file[place] = four[3],
            _ => {}
        }
    }
    if let Ok(read) = read_sealed(&file) {
        assert_eq!(read.revisions.last(), Some(&file.len()));
        assert!(honest.starts_with(&read.revisions));
        for stamp in &read.timestamps {
            let [head, tail] = stamp.coverage.sealed();
            let gap = stamp.coverage.seal_hex().len() + 2;
            assert_eq!(head.len() + gap + tail.len(), stamp.end);
        }
    }
});
