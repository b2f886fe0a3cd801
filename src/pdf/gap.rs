//! The gap that a PDF leaves for its seal.
//!
//! A file is drawn with a gap of fixed width and with a `/ByteRange` that already says where the gap lies; then
//! the two parts are hashed and signed elsewhere, and the seal is put in. An [`UnsealedPdf`] is given up when
//! it is sealed, so a file is sealed once and nothing else about it can change.
//!
//! Source: ISO 32000-1:2008, 12.8.1; ITU-T X.690, 8.1 (lengths).

use std::fmt;
use std::io::Write;
use std::ops::Range;

use crate::crypto::{Digest, Hasher};

use super::syntax::decode_hex;

/// A PDF that is complete but for its seal.
#[derive(Debug)]
pub struct UnsealedPdf {
    bytes: Vec<u8>,
    /// From `<` to `>`, both included.
    gap: Range<usize>,
    /// The hash of everything before the gap, once it was asked for: most of the file, hashed once for the seal and
    /// for the file's own digest.
    head: Option<Hasher>,
}

impl UnsealedPdf {
    /// Finds the unfilled gap and range behind `from` in a finished file and writes the range.
    ///
    /// `from` is where the signature dictionary begins; a file has one, so nothing else can be mistaken for it.
    pub(super) fn new(mut bytes: Vec<u8>, from: usize, gap_len: usize) -> Option<Self> {
        let start = from + find(bytes.get(from..)?, b"/Contents<FF")? + b"/Contents".len();
        let gap = start..start.checked_add(2 * gap_len + 2)?;
        if bytes.get(gap.end - 1) != Some(&b'>') {
            return None;
        }
        let mut range = String::with_capacity(RANGE_PLACEHOLDER.len());
        let tail = bytes.len() - gap.end;
        fmt::Write::write_fmt(&mut range, format_args!("{start} {} {tail}", gap.end)).ok()?;
        let place = from + find(bytes.get(from..)?, RANGE_PLACEHOLDER)?;
        let mut slot = bytes.get_mut(place..place + RANGE_PLACEHOLDER.len())?;
        write!(slot, "{range:<width$}", width = RANGE_PLACEHOLDER.len()).ok()?;
        Some(Self { bytes, gap, head: None })
    }

    /// What is to be sealed, in the order in which it is hashed.
    pub fn sealed_parts(&self) -> [&[u8]; 2] {
        let (head, rest) = self.bytes.split_at(self.gap.start);
        [head, &rest[self.gap.len()..]]
    }

    /// The digest to be sealed.
    pub fn digest(&mut self) -> Digest {
        let (head, rest) = self.bytes.split_at(self.gap.start);
        let mut hasher = Hasher::new();
        hasher.update(head);
        self.head = Some(hasher.clone());
        hasher.update(rest.get(self.gap.len()..).unwrap_or_default());
        hasher.finish()
    }

    /// How many bytes of seal the gap takes.
    pub fn reserved(&self) -> usize {
        (self.gap.len() - 2) / 2
    }

    /// The sealed file as [`seal`](Self::seal) gives it, and its digest.
    pub fn seal_and_digest(mut self, cms_der: &[u8]) -> Result<(Vec<u8>, Digest), GapError> {
        let (head, start) = (self.head.take(), self.gap.start);
        let file = self.seal(cms_der)?;
        let digest = match (head, file.get(start..)) {
            (Some(mut hasher), Some(rest)) => {
                hasher.update(rest);
                hasher.finish()
            }
            _ => Digest::of(&file),
        };
        Ok((file, digest))
    }

    /// Puts `cms_der` into the gap, in capital hexadecimal digits, and fills the rest with zeros.
    pub fn seal(mut self, cms_der: &[u8]) -> Result<Vec<u8>, GapError> {
        fill(&mut self.bytes, &self.gap, cms_der)?;
        Ok(self.bytes)
    }
}

/// Writes `der` into the gap of `bytes`, whose brackets are part of `gap`, and zeros behind it.
pub(super) fn fill(bytes: &mut [u8], gap: &Range<usize>, der: &[u8]) -> Result<(), GapError> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let (reserved, needed) = (gap.len().saturating_sub(2) / 2, der.len());
    let inside = gap.start + 1..gap.end.saturating_sub(1);
    let (Some(gap), true) = (bytes.get_mut(inside), needed <= reserved) else {
        return Err(GapError { reserved, needed });
    };
    gap.fill(b'0');
    for (pair, byte) in gap.chunks_exact_mut(2).zip(der) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    Ok(())
}

/// The DER sequence at the start of the gap, provided that only zeros follow it.
pub(super) fn held(hex: &[u8]) -> Option<Vec<u8>> {
    let length = sequence_len(&decode_hex(hex.get(..hex.len().min(12))?)?)?;
    let (value, padding) = hex.split_at_checked(length.checked_mul(2)?)?;
    let odd = !padding.len().is_multiple_of(2);
    if odd || padding.iter().any(|digit| *digit != b'0') {
        return None;
    }
    decode_hex(value)
}

/// How many bytes the DER sequence has that begins with `head`: at most 16 MiB.
pub(super) fn sequence_len(head: &[u8]) -> Option<usize> {
    match head {
        [0x30, short @ ..=0x7f, ..] => Some(2 + usize::from(*short)),
        [0x30, 0x81, length @ 0x80..=0xff, ..] => Some(3 + usize::from(*length)),
        [0x30, 0x82, high @ 1..=0xff, low, ..] => {
            Some(4 + usize::from(u16::from_be_bytes([*high, *low])))
        }
        [0x30, 0x83, high @ 1..=0xff, middle, low, ..] => {
            let length = u32::from_be_bytes([0, *high, *middle, *low]);
            Some(5 + usize::try_from(length).ok()?)
        }
        _ => None,
    }
}

/// The three numbers of `/ByteRange` that are not known before the file is finished.
pub(super) const RANGE_PLACEHOLDER: &[u8] = b"2147483647 2147483647 2147483647";

/// Where `needle` first stands in `bytes`.
pub(super) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Where `needle` last stands in `bytes`. What is looked for in a sealed file stands near its end.
///
/// Looks for the first byte alone, which is rare in a file, because whole files are searched with it.
pub(super) fn find_last(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut end = bytes.len();
    while let Some(place) = bytes.get(..end)?.iter().rposition(|byte| byte == first) {
        if bytes.get(place + 1..)?.starts_with(rest) {
            return Some(place);
        }
        end = place;
    }
    None
}

/// The seal is longer than the gap left for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapError {
    /// Bytes the gap takes.
    pub reserved: usize,
    /// Bytes the seal has.
    pub needed: usize,
}

impl fmt::Display for GapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reserved, needed } = self;
        write!(f, "the seal has {needed} bytes and the gap left for it takes {reserved}")
    }
}

impl std::error::Error for GapError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsealed() -> UnsealedPdf {
        let file = b"%PDF /ByteRange[0 2147483647 2147483647 2147483647]/Contents<FFFFFF>>> EOF";
        UnsealedPdf::new(file.to_vec(), 5, 3).unwrap()
    }

    #[test]
    fn the_last_of_several_places_is_found() {
        let rows: &[(&[u8], Option<usize>)] = &[
            (b"/A /A/B", Some(5)),
            (b"/B/B/", Some(2)),
            (b"/B", Some(0)),
            (b"/", None),
            (b"", None),
            (b"//C", None),
        ];
        for (bytes, place) in rows {
            assert_eq!(find_last(bytes, b"/B"), *place, "{bytes:?}");
        }
    }

    #[test]
    fn the_range_names_everything_but_the_gap() {
        let pdf = unsealed();
        let [head, tail] = pdf.sealed_parts();
        let start: &[u8] = b"%PDF /ByteRange[0 60 68 6                         ]/Contents";
        assert_eq!((head, tail), (start, &b">> EOF"[..]));
    }

    #[test]
    fn a_seal_is_written_in_capitals_and_padded_with_zeros() {
        let sealed = unsealed().seal(&[0x30, 0xAB]).unwrap();
        assert!(sealed.ends_with(b"/Contents<30AB00>>> EOF"));
    }

    #[test]
    fn digests_are_the_same_however_they_were_come_by() {
        let mut pdf = unsealed();
        assert_eq!(pdf.digest(), Digest::of_parts(&pdf.sealed_parts()));
        for pdf in [pdf, unsealed()] {
            let (file, digest) = pdf.seal_and_digest(&[0x30, 0xAB]).unwrap();
            assert_eq!(file, unsealed().seal(&[0x30, 0xAB]).unwrap());
            assert_eq!(digest, Digest::of(&file));
        }
    }

    #[test]
    fn a_seal_longer_than_its_gap_is_refused_with_both_lengths() {
        assert_eq!(unsealed().seal(&[0; 4]), Err(GapError { reserved: 3, needed: 4 }));
        assert!(unsealed().seal(&[0; 3]).is_ok());
    }

    #[test]
    fn the_seal_is_cut_to_its_own_length_and_only_zeros_may_follow() {
        assert_eq!(held(b"3003020105000000"), Some(vec![0x30, 3, 2, 1, 5]));
        for (hex, trick) in [
            (&b"3003020105000001"[..], "something behind the value"),
            (b"308103020105", "a length written too long"),
            (b"3080020105000000", "an indefinite length"),
            (b"30FF", "an unknown length"),
            (b"3003", "a value past the gap"),
            (b"300302010500000", "half a byte"),
            (b"0203020105000000", "not a sequence"),
            (b"", "nothing"),
            (b"0000", "zeros alone"),
        ] {
            assert_eq!(held(hex), None, "{trick}");
        }
    }
}
