//! The QR square of a face, as rectangles.
//!
//! Modules that touch are merged into rectangles, first along the row and then downwards, so the square is a
//! few hundred rectangles instead of a thousand, stays sharp at any size, and needs no picture.
//!
//! The modules come from the package `qrcodegen`: bytes, and digits where many of them end the text, which take 3.3 bits
//! each; a fixed mask; error correction of level M (15 %), and of level L (7 %) for the longer text of a statement,
//! whose modules would be too small to scan otherwise.
//! Choosing the best of the eight masks helps only readers that do not follow the standard, and takes many
//! times as long as everything else.
//!
//! Source: ISO/IEC 18004:2015, clause 7 (encoding); quiet zone of 4 modules.

use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};

/// Modules of white on every side.
const QUIET: u8 = 4;
/// The mask of every square: every third diagonal.
const MASK: u8 = 3;
/// From how many digits at the end of a text on they are written as digits; no license id ends in so many.
const MANY_DIGITS: usize = 100;

/// A QR square: its rectangles in modules, from the upper left corner of the quiet zone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QrSquare {
    /// Modules on each side, quiet zone included.
    pub(super) modules: u8,
    /// Left, top, width and height of each dark rectangle.
    pub(super) dark: Vec<[u8; 4]>,
}

impl QrSquare {
    /// Encodes `text`, or gives `None` where it is too long for any QR square.
    pub(super) fn encode(text: &str) -> Option<Self> {
        let (segments, correction) = segments(text);
        let code = QrCode::encode_segments_advanced(
            &segments,
            correction,
            Version::MIN,
            Version::MAX,
            Some(Mask::new(MASK)),
            false,
        )
        .ok()?;
        let side = u8::try_from(code.size()).ok()?;
        Some(Self { modules: side + 2 * QUIET, dark: rectangles(&code, side)? })
    }
}

/// The text in the modes that take least room.
fn segments(text: &str) -> (Vec<QrSegment>, QrCodeEcc) {
    let start = text.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    match text.split_at_checked(start) {
        Some((address, digits)) if digits.len() >= MANY_DIGITS => {
            let address = QrSegment::make_bytes(address.as_bytes());
            (vec![address, QrSegment::make_numeric(digits)], QrCodeEcc::Low)
        }
        _ => (vec![QrSegment::make_bytes(text.as_bytes())], QrCodeEcc::Medium),
    }
}

/// The dark modules of a square of `side`, merged.
fn rectangles(code: &QrCode, side: u8) -> Option<Vec<[u8; 4]>> {
    let columns = usize::from(side);
    let mut dark: Vec<[u8; 4]> = Vec::with_capacity(columns * columns / 4);
    // Where in `dark` the rectangle that ends in the row above begins at this column, if any.
    let mut above: Vec<Option<usize>> = vec![None; columns];
    let mut here = above.clone();
    for y in 0..side {
        here.fill(None);
        let is_dark = |x: u8| x < side && code.get_module(x.into(), y.into());
        let mut x = 0;
        while x < side {
            if !is_dark(x) {
                x += 1;
                continue;
            }
            let start = x;
            while is_dark(x) {
                x += 1;
            }
            let (place, width) = (usize::from(start), x - start);
            let upper = above.get(place).copied().flatten();
            let number = match upper.and_then(|number| Some((number, dark.get_mut(number)?))) {
                Some((number, rect)) if rect[2] == width => {
                    rect[3] += 1;
                    number
                }
                _ => {
                    dark.push([start + QUIET, y + QUIET, width, 1]);
                    dark.len() - 1
                }
            };
            *here.get_mut(place)? = Some(number);
        }
        std::mem::swap(&mut above, &mut here);
    }
    Some(dark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rectangles_cover_each_dark_module_once_and_nothing_else() {
        for length in [1, 60, 130, 500, 2331] {
            let text: String =
                "https://licenses.example/v#Aa0_".chars().cycle().take(length).collect();
            let square = QrSquare::encode(&text).unwrap();
            let code = QrCode::encode_segments_advanced(
                &[QrSegment::make_bytes(text.as_bytes())],
                QrCodeEcc::Medium,
                Version::MIN,
                Version::MAX,
                Some(Mask::new(MASK)),
                false,
            )
            .unwrap();
            assert_eq!(i32::from(square.modules), code.size() + 8, "{length}");
            let mut covered = std::collections::BTreeSet::new();
            for [x, y, w, h] in &square.dark {
                for row in *y..y + h {
                    for column in *x..x + w {
                        assert!(covered.insert((column, row)), "covered twice");
                    }
                }
            }
            for y in 0..square.modules {
                for x in 0..square.modules {
                    let (column, row) = (i32::from(x) - 4, i32::from(y) - 4);
                    // Outside the square, in the quiet zone, a module is light.
                    let dark = code.get_module(column, row);
                    assert_eq!(covered.contains(&(x, y)), dark, "{length}: {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn a_statement_stays_small_enough_for_the_smallest_face() {
        // 300 bytes of statement, as for a name and a number of usual length; and the longest there is.
        for (digits, modules) in [(729, 81), (935, 89)] {
            let text = format!("https://zhengku.example.gov.cn/verify#{}", "7".repeat(digits));
            let square = QrSquare::encode(&text).unwrap();
            assert!(square.modules <= modules, "{}", square.modules);
        }
    }

    #[test]
    fn a_text_too_long_for_any_square_is_refused() {
        assert!(QrSquare::encode(&"a".repeat(2331)).is_some());
        assert_eq!(QrSquare::encode(&"a".repeat(2332)), None);
    }
}
