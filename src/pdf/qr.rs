//! The QR square of a face, as a stencil: one bit a module.
//!
//! A statement has some three thousand dark modules. As rectangles, merged where they touch, they took 26 kB and a sixth
//! of all the work of a license; as a stencil mask they take one. A mask is painted in the color of the page's ink and
//! not smoothed (ISO 32000-1:2008, 8.9.6.2 and 8.9.5.3), so its modules stay sharp at any size.
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
pub(super) const QUIET: u8 = 4;
/// The mask of every square: every third diagonal.
const MASK: u8 = 3;
/// From how many digits at the end of a text on they are written as digits; no license id ends in so many.
const MANY_DIGITS: usize = 100;

/// A QR square.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QrSquare {
    /// Modules on each side, without the quiet zone.
    pub(super) side: u8,
    /// Its rows from the top, each a whole number of bytes; a bit of 0 is a dark module, as stencil masks have it.
    pub(super) stencil: Vec<u8>,
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
        Some(Self { side, stencil: stencil(&code, side) })
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

fn stencil(code: &QrCode, side: u8) -> Vec<u8> {
    let mut stencil = Vec::with_capacity(usize::from(side) * usize::from(side).div_ceil(8));
    for y in 0..side {
        for start in (0..side).step_by(8) {
            // Outside of the square a module is light.
            let light = |bit: u8| !code.get_module(i32::from(start) + i32::from(bit), y.into());
            stencil.push((0..8).fold(0, |byte, bit| byte << 1 | u8::from(light(bit))));
        }
    }
    stencil
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stencil_has_every_module_and_nothing_else() {
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
            assert_eq!(i32::from(square.side), code.size(), "{length}");
            let width = usize::from(square.side).div_ceil(8);
            assert_eq!(square.stencil.len(), width * usize::from(square.side));
            for y in 0..usize::from(square.side) {
                for x in 0..width * 8 {
                    let bit = square.stencil[y * width + x / 8] >> (7 - x % 8) & 1;
                    let dark = code.get_module(x.try_into().unwrap(), y.try_into().unwrap());
                    assert_eq!(bit == 0, dark, "{length}: {x}, {y}");
                }
            }
        }
    }

    #[test]
    fn a_statement_stays_small_enough_for_the_smallest_face() {
        // 300 bytes of statement, as for a name and a number of usual length; and the longest there is.
        for (digits, modules) in [(729, 73), (935, 81)] {
            let text = format!("https://zhengku.example.gov.cn/verify#{}", "7".repeat(digits));
            let square = QrSquare::encode(&text).unwrap();
            assert!(square.side <= modules, "{}", square.side);
        }
    }

    #[test]
    fn a_text_too_long_for_any_square_is_refused() {
        assert!(QrSquare::encode(&"a".repeat(2331)).is_some());
        assert_eq!(QrSquare::encode(&"a".repeat(2332)), None);
    }
}
