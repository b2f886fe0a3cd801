//! The QR square of a face, as rectangles.
//!
//! Modules that touch are merged into rectangles, first along the row and then downwards, so the square is a
//! few hundred rectangles instead of a thousand, stays sharp at any size, and needs no picture.
//!
//! Source: ISO/IEC 18004 (quiet zone of 4 modules); encoded by the package `fast_qr`.

use fast_qr::{ECL, Mask, QRBuilder};

/// Modules of white on every side.
const QUIET: u8 = 4;

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
    ///
    /// Errors of 15 % can be corrected (level M). The mask is fixed: choosing the best of eight costs ten times
    /// as much and helps only readers that do not follow the standard.
    pub(super) fn encode(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ECL::M).mask(Mask::DiagonalLines).build().ok()?;
        let side = u8::try_from(code.size).ok()?;
        let mut dark: Vec<[u8; 4]> = Vec::with_capacity(code.size * code.size / 4);
        // Where in `dark` the rectangle that ends in the row above begins at this column, if any.
        let mut above: Vec<Option<usize>> = vec![None; code.size];
        for (y, row) in (0..side).zip(code.data.chunks(code.size)) {
            let mut here = vec![None; code.size];
            let mut x = 0;
            while let Some(start) = row.get(x..).and_then(|r| r.iter().position(|m| m.value())) {
                let start = x + start;
                let rest = row.get(start..).unwrap_or_default();
                let length = rest.iter().take_while(|module| module.value()).count();
                let width = u8::try_from(length).ok()?;
                let taller = above
                    .get(start)
                    .copied()
                    .flatten()
                    .and_then(|n| dark.get_mut(n).map(|r| (n, r)));
                match taller {
                    Some((number, rect)) if rect[2] == width => {
                        rect[3] += 1;
                        here[start] = Some(number);
                    }
                    _ => {
                        here[start] = Some(dark.len());
                        let left = u8::try_from(start).ok()?;
                        dark.push([left + QUIET, y + QUIET, width, 1]);
                    }
                }
                x = start + length;
            }
            above = here;
        }
        Some(Self { modules: side + 2 * QUIET, dark })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rectangles_cover_exactly_the_dark_modules() {
        let text = "https://licenses.example/v/1.2.156.3005.2.11990000MD0000008F001";
        let code = QRBuilder::new(text).ecl(ECL::M).mask(Mask::DiagonalLines).build().unwrap();
        let square = QrSquare::encode(text).unwrap();
        let mut painted = vec![0; code.size * code.size];
        for [x, y, w, h] in &square.dark {
            for row in *y..y + h {
                for column in *x..x + w {
                    painted[usize::from(row - QUIET) * code.size + usize::from(column - QUIET)] +=
                        1;
                }
            }
        }
        for (module, painted) in code.data.iter().zip(&painted) {
            assert_eq!(*painted, u8::from(module.value()));
        }
        assert_eq!(usize::from(square.modules), code.size + 8);
    }

    #[test]
    fn a_text_too_long_for_any_square_is_refused() {
        assert_eq!(QrSquare::encode(&"长".repeat(2000)), None);
    }
}
