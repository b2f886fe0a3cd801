//! The QR square of a face, as rectangles.
//!
//! Modules that touch are merged into rectangles, first along the row and then downwards, so the square is a
//! few hundred rectangles instead of a thousand, stays sharp at any size, and needs no picture.
//!
//! The modules are computed here, for one kind of square only: bytes, error correction of level M (15 %), and a
//! fixed mask. Choosing the best of the eight masks helps only readers that do not follow the standard. The
//! tests hold every size against the package `fast_qr`, which does the same for any kind of square and took
//! about ten times as long.
//!
//! Source: ISO/IEC 18004:2015, clause 7 (encoding), annex E (alignment patterns); quiet zone of 4 modules.

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
    pub(super) fn encode(text: &str) -> Option<Self> {
        let version = (1..=40).find(|version| capacity(*version) >= text.len())?;
        let mut matrix = Matrix::new(version);
        matrix.place(&codewords(version, text.as_bytes()));
        Some(Self {
            modules: u8::try_from(matrix.side).ok()? + 2 * QUIET,
            dark: rectangles(&matrix)?,
        })
    }
}

/// Codewords for error correction in each block, by version from 1 (level M; ISO/IEC 18004, table 9).
const CORRECTION: [u8; 40] = [
    10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
];
/// Blocks, by version from 1 (level M; same table).
const BLOCKS: [u8; 40] = [
    1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25,
    26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
];

fn of(table: &[u8; 40], version: usize) -> usize {
    table.get(version - 1).map_or(0, |number| usize::from(*number))
}

fn side(version: usize) -> usize {
    version * 4 + 17
}

/// Codewords of a version, data and correction together.
fn all_codewords(version: usize) -> usize {
    let mut bits = (16 * version + 128) * version + 64;
    if version >= 2 {
        let patterns = version / 7 + 2;
        bits -= (25 * patterns - 10) * patterns - 55;
        if version >= 7 {
            bits -= 36;
        }
    }
    bits / 8
}

fn data_codewords(version: usize) -> usize {
    all_codewords(version) - of(&CORRECTION, version) * of(&BLOCKS, version)
}

/// Bytes of text a version holds: four bits of mode and 8 or 16 of length come before them.
fn capacity(version: usize) -> usize {
    data_codewords(version) - if version < 10 { 2 } else { 3 }
}

/// Data and correction, interleaved as they are placed.
fn codewords(version: usize, text: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(data_codewords(version));
    // Everything is shifted by the four bits of the mode (4: bytes).
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = if version < 10 { &length[1..] } else { &length[..] };
    let mut carry = 0x4;
    for byte in head.iter().chain(text) {
        data.push(carry << 4 | byte >> 4);
        carry = byte & 15;
    }
    data.push(carry << 4);
    for filler in [0xec, 0x11].into_iter().cycle() {
        if data.len() >= data_codewords(version) {
            break;
        }
        data.push(filler);
    }

    let (blocks, correction) = (of(&BLOCKS, version), of(&CORRECTION, version));
    let short = data.len() / blocks;
    let long_blocks = data.len() % blocks;
    let field = Field::new();
    let divisor = field.divisor(correction);
    let mut parts: Vec<(&[u8], Vec<u8>)> = Vec::with_capacity(blocks);
    let mut rest = &data[..];
    for number in 0..blocks {
        let length = short + usize::from(number >= blocks - long_blocks);
        let (block, after) = rest.split_at(length.min(rest.len()));
        parts.push((block, field.remainder(block, &divisor)));
        rest = after;
    }
    let mut all = Vec::with_capacity(all_codewords(version));
    for place in 0..=short {
        all.extend(parts.iter().filter_map(|(block, _)| block.get(place)));
    }
    for place in 0..correction {
        all.extend(parts.iter().filter_map(|(_, correction)| correction.get(place)));
    }
    all
}

/// The field GF(2⁸) over x⁸+x⁴+x³+x²+1, in which errors are corrected.
struct Field {
    powers: [u8; 255],
    logarithms: [u8; 256],
}

impl Field {
    fn new() -> Self {
        let (mut powers, mut logarithms) = ([0; 255], [0; 256]);
        let mut value = 1_u8;
        for (slot, power) in powers.iter_mut().zip(0..) {
            *slot = value;
            logarithms[usize::from(value)] = power;
            let doubled = value << 1;
            value = if value & 0x80 == 0 { doubled } else { doubled ^ 0x1d };
        }
        Self { powers, logarithms }
    }

    fn times(&self, a: u8, b: u8) -> u8 {
        if a == 0 || b == 0 {
            return 0;
        }
        let sum = usize::from(self.logarithms[usize::from(a)])
            + usize::from(self.logarithms[usize::from(b)]);
        self.powers[sum % 255]
    }

    /// The generator polynomial of `degree`, without its first coefficient, which is 1.
    fn divisor(&self, degree: usize) -> Vec<u8> {
        let mut result = vec![0; degree];
        if let Some(last) = result.last_mut() {
            *last = 1;
        }
        let mut root = 1;
        for _ in 0..degree {
            for place in 0..degree {
                let next = result.get(place + 1).copied().unwrap_or(0);
                result[place] = self.times(result[place], root) ^ next;
            }
            root = self.times(root, 2);
        }
        result
    }

    fn remainder(&self, data: &[u8], divisor: &[u8]) -> Vec<u8> {
        let mut result = vec![0; divisor.len()];
        for byte in data {
            let factor = byte ^ result[0];
            result.rotate_left(1);
            if let Some(last) = result.last_mut() {
                *last = 0;
            }
            for (slot, coefficient) in result.iter_mut().zip(divisor) {
                *slot ^= self.times(*coefficient, factor);
            }
        }
        result
    }
}

/// The modules of a square without its quiet zone.
struct Matrix {
    side: usize,
    dark: Vec<bool>,
    /// Modules that belong to a pattern and hold no data.
    fixed: Vec<bool>,
}

impl Matrix {
    /// All patterns of a version, with the format of level M and the mask we use.
    fn new(version: usize) -> Self {
        let side = side(version);
        let mut matrix =
            Self { side, dark: vec![false; side * side], fixed: vec![false; side * side] };
        for place in 0..side {
            matrix.set(place, 6, place % 2 == 0);
            matrix.set(6, place, place % 2 == 0);
        }
        for (x, y) in [(3, 3), (side - 4, 3), (3, side - 4)] {
            matrix.rings(x, y, 4);
        }
        let centers = alignment(version);
        for (column, x) in centers.iter().enumerate() {
            for (row, y) in centers.iter().enumerate() {
                let last = centers.len() - 1;
                let corner = [(0, 0), (0, last), (last, 0)].contains(&(column, row));
                if !corner {
                    matrix.rings(*x, *y, 2);
                }
            }
        }
        matrix.format();
        if version >= 7 {
            matrix.version(version);
        }
        matrix
    }

    fn set(&mut self, x: usize, y: usize, dark: bool) {
        if x < self.side && y < self.side {
            self.dark[y * self.side + x] = dark;
            self.fixed[y * self.side + x] = true;
        }
    }

    /// A square of rings around a center: of a finder with its white edge (4), or of an alignment pattern (2).
    fn rings(&mut self, x: usize, y: usize, reach: usize) {
        for down in 0..=2 * reach {
            for right in 0..=2 * reach {
                let ring = down.abs_diff(reach).max(right.abs_diff(reach));
                let dark = if reach == 4 { ring != 2 && ring != 4 } else { ring != 1 };
                if let (Some(x), Some(y)) =
                    ((x + right).checked_sub(reach), (y + down).checked_sub(reach))
                {
                    self.set(x, y, dark);
                }
            }
        }
    }

    /// The 15 bits of format, twice: level M (00) and mask 3, with their BCH code and its mask.
    fn format(&mut self) {
        const DATA: u32 = 3;
        let mut rest = DATA;
        for _ in 0..10 {
            rest = (rest << 1) ^ ((rest >> 9) * 0x537);
        }
        let bits = (DATA << 10 | rest) ^ 0x5412;
        let bit = |number: usize| bits >> number & 1 == 1;
        let side = self.side;
        for number in 0..6 {
            self.set(8, number, bit(number));
        }
        self.set(8, 7, bit(6));
        self.set(8, 8, bit(7));
        self.set(7, 8, bit(8));
        for number in 9..15 {
            self.set(14 - number, 8, bit(number));
        }
        for number in 0..8 {
            self.set(side - 1 - number, 8, bit(number));
        }
        for number in 8..15 {
            self.set(8, side - 15 + number, bit(number));
        }
        self.set(8, side - 8, true);
    }

    /// The 18 bits of the version, twice.
    fn version(&mut self, version: usize) {
        let data = u32::try_from(version).unwrap_or_default();
        let mut rest = data;
        for _ in 0..12 {
            rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
        }
        let bits = data << 12 | rest;
        for number in 0..18 {
            let dark = bits >> number & 1 == 1;
            let (a, b) = (self.side - 11 + number % 3, number / 3);
            self.set(a, b, dark);
            self.set(b, a, dark);
        }
    }

    /// Places the codewords in columns of two, upwards and downwards by turns, under mask 3.
    fn place(&mut self, codewords: &[u8]) {
        let side = self.side;
        let mut bits =
            codewords.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1 == 1));
        let mut right = side - 1;
        let mut upwards = true;
        loop {
            for step in 0..side {
                let y = if upwards { side - 1 - step } else { step };
                for x in [right, right - 1] {
                    if !self.fixed[y * side + x] {
                        let bit = bits.next().unwrap_or(false);
                        self.dark[y * side + x] = bit ^ (x + y).is_multiple_of(3);
                    }
                }
            }
            upwards = !upwards;
            // The column of the timing pattern is left out.
            right = match right {
                1 => return,
                8 => 5,
                _ => right - 2,
            };
        }
    }
}

/// Where the centers of alignment patterns lie, across and down alike.
fn alignment(version: usize) -> Vec<usize> {
    if version == 1 {
        return Vec::new();
    }
    let count = version / 7 + 2;
    let step = if version == 32 { 26 } else { (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2 };
    let last = side(version) - 7;
    let mut centers: Vec<usize> = (0..count - 1).map(|number| last - number * step).collect();
    centers.push(6);
    centers.reverse();
    centers
}

fn rectangles(matrix: &Matrix) -> Option<Vec<[u8; 4]>> {
    let side = matrix.side;
    let mut dark: Vec<[u8; 4]> = Vec::with_capacity(side * side / 4);
    // Where in `dark` the rectangle that ends in the row above begins at this column, if any.
    let mut above: Vec<Option<usize>> = vec![None; side];
    for (y, row) in (0..).zip(matrix.dark.chunks(side)) {
        let mut here = vec![None; side];
        let mut x = 0;
        while let Some(white) = row.get(x..).and_then(|rest| rest.iter().position(|dark| *dark)) {
            let start = x + white;
            let rest = row.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|dark| **dark).count();
            let width = u8::try_from(length).ok()?;
            let upper = above.get(start).copied().flatten();
            match upper.and_then(|number| dark.get_mut(number).map(|rect| (number, rect))) {
                Some((number, rect)) if rect[2] == width => {
                    rect[3] += 1;
                    here[start] = Some(number);
                }
                _ => {
                    here[start] = Some(dark.len());
                    dark.push([u8::try_from(start).ok()? + QUIET, y + QUIET, width, 1]);
                }
            }
            x = start + length;
        }
        above = here;
    }
    Some(dark)
}

#[cfg(test)]
mod tests {
    use fast_qr::{ECL, Mask, Mode, QRBuilder};

    use super::*;

    /// The modules that the rectangles cover, once each.
    fn painted(square: &QrSquare) -> Vec<bool> {
        let side = usize::from(square.modules - 2 * QUIET);
        let mut painted = vec![false; side * side];
        for [x, y, w, h] in &square.dark {
            for row in *y..y + h {
                for column in *x..x + w {
                    let place = usize::from(row - QUIET) * side + usize::from(column - QUIET);
                    assert!(!painted[place], "covered twice");
                    painted[place] = true;
                }
            }
        }
        painted
    }

    #[test]
    fn squares_of_every_size_agree_with_another_encoder() {
        let mut lengths: Vec<usize> = (1..=40).map(capacity).collect();
        lengths.extend([1, 60, 130, 500]);
        for length in lengths {
            let text: String =
                "https://licenses.example/v#Aa0_".chars().cycle().take(length).collect();
            let mut other = QRBuilder::new(text.clone());
            other.ecl(ECL::M).mask(Mask::DiagonalLines).mode(Mode::Byte);
            let other = other.build().unwrap();
            let expected: Vec<bool> =
                other.data.iter().take(other.size * other.size).map(|m| m.value()).collect();
            let square = QrSquare::encode(&text).unwrap();
            assert_eq!(usize::from(square.modules), other.size + 8, "{length}");
            assert!(painted(&square) == expected, "{length}");
        }
    }

    #[test]
    fn a_text_too_long_for_any_square_is_refused() {
        assert!(QrSquare::encode(&"a".repeat(2331)).is_some());
        assert_eq!(QrSquare::encode(&"a".repeat(2332)), None);
    }
}
