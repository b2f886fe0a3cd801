//! Which bytes of a PDF its seal speaks for.
//!
//! A PDF seal lives inside the file it seals. The signature dictionary therefore leaves a gap for its own value
//! (`/Contents`), and `/ByteRange` lists what lies on either side of that gap:
//!
//! ```text
//! 0           gap starts          gap ends           file ends
//! ├── head ───┤<3082 … 0000>├──── tail ──────────────┤
//! ```
//!
//! A [`Coverage`] can only be made if every byte outside the gap is sealed and the gap holds the seal and
//! nothing else. A range that ends early is how a page is slipped into a file after sealing; a gap wider than
//! its brackets is how text is hidden inside one. Neither can be expressed here, so the rooms above have no
//! such case to forget.
//!
//! The room opens no files and knows no cryptography: bytes in, slices out. What the slices should hash to is
//! the business of `pki`; what a refusal means for the caller, of `judge`.
//!
//! Source: ISO 32000-1:2008, 12.8.1, table 252 (`/ByteRange`, `/Contents`).

use std::fmt;

use super::syntax::are_hex;

/// One PDF file, taken apart at the gap for its seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage<'f> {
    head: &'f [u8],
    seal_hex: &'f [u8],
    tail: &'f [u8],
}

impl<'f> Coverage<'f> {
    /// Takes the four numbers of a `/ByteRange` array and holds them against the whole `file`.
    pub fn read(numbers: [usize; 4], file: &'f [u8]) -> Result<Self, CoverageError> {
        let [head_start, head_len, tail_start, tail_len] = numbers;
        if head_start != 0 {
            return Err(CoverageError::StartsLate);
        }
        if head_len >= tail_start {
            return Err(CoverageError::Overlap);
        }
        match tail_start.checked_add(tail_len) {
            Some(end) if end == file.len() => {}
            Some(end) if end < file.len() => {
                return Err(CoverageError::Trailing { unsealed_bytes: file.len() - end });
            }
            _ => return Err(CoverageError::PastEnd),
        }
        let (Some(head), Some(gap), Some(tail)) =
            (file.get(..head_len), file.get(head_len..tail_start), file.get(tail_start..))
        else {
            return Err(CoverageError::PastEnd);
        };
        // White space and small letters are lawful in a PDF hexadecimal string. We never write any, so where
        // there are some the file has been through other hands, and we would rather not guess whose.
        let [b'<', seal_hex @ .., b'>'] = gap else {
            return Err(CoverageError::GapHoldsMore);
        };
        if !are_hex(seal_hex) {
            return Err(CoverageError::GapHoldsMore);
        }
        Ok(Self { head, seal_hex, tail })
    }

    /// The sealed bytes, in the order in which they are hashed.
    pub fn sealed(&self) -> [&'f [u8]; 2] {
        [self.head, self.tail]
    }

    /// The seal itself, still in hexadecimal and still with its padding of zeros.
    pub fn seal_hex(&self) -> &'f [u8] {
        self.seal_hex
    }
}

/// Why a range does not speak for its whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageError {
    /// The gap is not `<`, capital hexadecimal digits and `>`.
    GapHoldsMore,
    /// The second part begins before the first has ended, or there is no gap.
    Overlap,
    /// The range reaches past the end of the file: the file has been cut.
    PastEnd,
    /// The range does not begin at the first byte.
    StartsLate,
    /// Bytes follow the end of the range: the file has been lengthened.
    Trailing {
        /// How many.
        unsealed_bytes: usize,
    },
}

impl fmt::Display for CoverageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GapHoldsMore => f.write_str("the gap for the seal holds something else"),
            Self::Overlap => f.write_str("the sealed parts overlap or leave no gap"),
            Self::PastEnd => f.write_str("the file is shorter than what was sealed"),
            Self::StartsLate => f.write_str("the first bytes of the file are not sealed"),
            Self::Trailing { unsealed_bytes } => {
                write!(f, "{unsealed_bytes} bytes at the end of the file are not sealed")
            }
        }
    }
}

impl std::error::Error for CoverageError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as small as the room allows: 9 bytes, a 10-byte gap, 8 bytes.
    const FILE: &[u8] = b"%PDF head<30820000>tail EOF";
    const HONEST: [usize; 4] = [0, 9, 19, 8];

    #[test]
    fn an_honest_range_seals_everything_but_the_gap() {
        let coverage = Coverage::read(HONEST, FILE).unwrap();
        assert_eq!(coverage.sealed(), [&b"%PDF head"[..], &b"tail EOF"[..]]);
        assert_eq!(coverage.seal_hex(), b"30820000");
    }

    /// Each row is a way to leave bytes unsealed, and the refusal it must meet.
    #[test]
    fn no_byte_outside_the_gap_can_be_left_unsealed() {
        use CoverageError::*;

        let appended = [FILE, b" new page"].concat();
        let hidden = b"%PDF head<3082>text<00>tail EOF";
        let small = b"%PDF head<308a0000>tail EOF";
        let rows: &[(&str, [usize; 4], &[u8], CoverageError)] = &[
            ("head left out", [1, 8, 19, 8], FILE, StartsLate),
            ("page appended", HONEST, &appended, Trailing { unsealed_bytes: 9 }),
            ("tail cut short", [0, 9, 19, 7], FILE, Trailing { unsealed_bytes: 1 }),
            ("gap widened over the head", [0, 5, 19, 8], FILE, GapHoldsMore),
            ("text hidden in the gap", [0, 9, 23, 8], hidden, GapHoldsMore),
            ("small letters in the gap", HONEST, small, GapHoldsMore),
            ("no gap at all", [0, 19, 19, 8], FILE, Overlap),
            ("range past the end", [0, 9, 19, 9], FILE, PastEnd),
            ("length that wraps around", [0, 9, 19, usize::MAX], FILE, PastEnd),
        ];
        for &(trick, numbers, file, refusal) in rows {
            assert_eq!(Coverage::read(numbers, file), Err(refusal), "{trick}");
        }
    }
}
