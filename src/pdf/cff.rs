//! Fonts with CFF outlines: taken apart glyph by glyph, and put together anew for one page.
//!
//! A font for a page holds only the glyphs of that page, each with a program that stands by itself (see
//! [`charstring`](super::charstring)). Everything before the programs follows from their lengths alone and is
//! made by [`frame`], so that the programs can be prepared, and even compressed, long before anybody knows on
//! which page they will stand. Glyph numbers are CIDs, in the order given; number 0 is `.notdef`.
//!
//! Source: Adobe Technical Note 5176, The Compact Font Format; ISO 32000-1:2008, 9.9 (`CIDFontType0C`).

use super::charstring::flatten;

/// Operators of a DICT; those of two bytes begin with 12.
mod op {
    pub(super) const CHARSET: &[u8] = &[15];
    pub(super) const CHAR_STRINGS: &[u8] = &[17];
    pub(super) const PRIVATE: &[u8] = &[18];
    pub(super) const SUBRS: &[u8] = &[19];
    pub(super) const DEFAULT_WIDTH: &[u8] = &[20];
    pub(super) const CHARSTRING_TYPE: &[u8] = &[12, 6];
    pub(super) const FONT_MATRIX: &[u8] = &[12, 7];
    pub(super) const ROS: &[u8] = &[12, 30];
    pub(super) const CID_COUNT: &[u8] = &[12, 34];
    pub(super) const FD_ARRAY: &[u8] = &[12, 36];
    pub(super) const FD_SELECT: &[u8] = &[12, 37];
}

/// The table `CFF ` of a font, taken apart.
pub(super) struct Cff<'f> {
    global: Index<'f>,
    glyphs: Index<'f>,
    /// The subroutines of each part of the font.
    local: Vec<Index<'f>>,
    /// Which part each glyph belongs to.
    select: Select<'f>,
}

enum Select<'f> {
    /// All to the first.
    One,
    /// A byte for each glyph.
    Each(&'f [u8]),
    /// Ranges: a first glyph in two bytes, a part in one; the end of the last in two.
    Ranges(&'f [u8]),
}

impl<'f> Cff<'f> {
    pub(super) fn read(table: &'f [u8]) -> Option<Self> {
        let (_names, at) = Index::read(table, usize::from(*table.get(2)?))?;
        let (tops, at) = Index::read(table, at)?;
        let (_strings, at) = Index::read(table, at)?;
        let (global, _) = Index::read(table, at)?;
        let top = tops.get(0)?;
        if number(top, op::CHARSTRING_TYPE).is_some_and(|kind| kind != 2) {
            return None;
        }
        let (glyphs, _) = Index::read(table, number(top, op::CHAR_STRINGS)?)?;
        let (mut local, mut select) = (Vec::new(), Select::One);
        match number(top, op::FD_ARRAY) {
            None => local.push(subroutines(table, top)?),
            Some(at) => {
                let (parts, _) = Index::read(table, at)?;
                for part in 0..parts.len() {
                    local.push(subroutines(table, parts.get(part)?)?);
                }
                let rest = table.get(number(top, op::FD_SELECT)?..)?;
                select = match rest.split_first()? {
                    (0, each) => Select::Each(each.get(..glyphs.len())?),
                    (3, ranges) => {
                        let count =
                            usize::from(u16::from_be_bytes([*ranges.first()?, *ranges.get(1)?]));
                        Select::Ranges(ranges.get(2..2 + count * 3 + 2)?)
                    }
                    _ => return None,
                };
            }
        }
        Some(Self { global, glyphs, local, select })
    }

    /// The program of `glyph`, standing by itself; `None` where it is damaged or not there.
    ///
    /// `width` and the em are in units of the font; see [`frame`] for the latter.
    pub(super) fn program(&self, glyph: u16, width: u16, units: u16) -> Option<Vec<u8>> {
        let local = self.local.get(self.part(glyph)?)?;
        let width = Some(width).filter(|width| *width != units);
        flatten(self.glyphs.get(glyph.into())?, &self.global, local, width)
    }

    /// For each glyph of a font for one page the width that its program states.
    #[cfg(test)]
    pub(super) fn stated_widths(&self) -> Vec<Option<u32>> {
        let programs = (0..self.glyphs.len()).map(|number| self.glyphs.get(number).unwrap());
        programs.map(super::charstring::stated_width).collect()
    }

    fn part(&self, glyph: u16) -> Option<usize> {
        match self.select {
            Select::One => Some(0),
            Select::Each(parts) => parts.get(usize::from(glyph)).map(|part| usize::from(*part)),
            Select::Ranges(ranges) => {
                let (ranges, _) = ranges.as_chunks::<3>();
                let behind = ranges
                    .partition_point(|[high, low, _]| u16::from_be_bytes([*high, *low]) <= glyph);
                ranges.get(behind.checked_sub(1)?).map(|[_, _, part]| usize::from(*part))
            }
        }
    }
}

/// The local subroutines of the part of a font that `dict` describes.
fn subroutines<'f>(table: &'f [u8], dict: &[u8]) -> Option<Index<'f>> {
    let Some([size, at]) = numbers(dict, op::PRIVATE) else { return Some(Index::EMPTY) };
    let private = table.get(at..at.checked_add(size)?)?;
    match number(private, op::SUBRS) {
        None => Some(Index::EMPTY),
        Some(offset) => Index::read(table, at.checked_add(offset)?).map(|(routines, _)| routines),
    }
}

/// A list of byte strings.
#[derive(Clone, Copy)]
pub(super) struct Index<'f> {
    count: usize,
    offset_size: usize,
    offsets: &'f [u8],
    /// Offsets count from the byte before.
    data: &'f [u8],
}

impl<'f> Index<'f> {
    pub(super) const EMPTY: Self = Self { count: 0, offset_size: 1, offsets: &[], data: &[] };

    /// The list at this place of `table`, and the place behind it.
    pub(super) fn read(table: &'f [u8], at: usize) -> Option<(Self, usize)> {
        let rest = table.get(at..)?;
        let (head, rest) = rest.split_first_chunk::<2>()?;
        let count = usize::from(u16::from_be_bytes(*head));
        if count == 0 {
            return Some((Self::EMPTY, at + 2));
        }
        let (&size, rest) = rest.split_first()?;
        let offset_size = usize::from(size);
        if !(1..=4).contains(&offset_size) {
            return None;
        }
        let (offsets, data) = rest.split_at_checked((count + 1) * offset_size)?;
        let mut index = Self { count, offset_size, offsets, data };
        let length = index.offset(count)?;
        index.data = data.get(..length)?;
        Some((index, at + 3 + offsets.len() + length))
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, number: usize) -> Option<&'f [u8]> {
        self.data.get(self.offset(number)?..self.offset(number + 1)?)
    }

    fn offset(&self, number: usize) -> Option<usize> {
        let at = number * self.offset_size;
        let digits = self.offsets.get(at..at + self.offset_size)?;
        let value = digits.iter().fold(0_u32, |value, digit| value << 8 | u32::from(*digit));
        usize::try_from(value).ok()?.checked_sub(1)
    }
}

/// The one number of an operator.
fn number(dict: &[u8], operator: &[u8]) -> Option<usize> {
    numbers::<1>(dict, operator).map(|[value]| value)
}

/// The numbers of an operator, if it is there and has as many whole ones.
fn numbers<const N: usize>(dict: &[u8], wanted: &[u8]) -> Option<[usize; N]> {
    let mut rest = dict;
    let mut operands: Vec<Option<i32>> = Vec::new();
    loop {
        let operator: &[u8];
        (operator, rest) = match rest {
            [12, _, behind @ ..] => (rest.get(..2)?, behind),
            [0..=21, behind @ ..] => (rest.get(..1)?, behind),
            _ => {
                let (value, behind) = operand(rest)?;
                operands.push(value);
                rest = behind;
                continue;
            }
        };
        if operator == wanted {
            let whole: Option<Vec<usize>> =
                operands.iter().map(|value| usize::try_from((*value)?).ok()).collect();
            return whole?.try_into().ok();
        }
        operands.clear();
    }
}

/// A number of a DICT; one with a fraction is passed over.
fn operand(rest: &[u8]) -> Option<(Option<i32>, &[u8])> {
    let small = |byte: u8| i32::from(byte);
    Some(match rest {
        [28, high, low, behind @ ..] => (Some(i16::from_be_bytes([*high, *low]).into()), behind),
        [29, a, b, c, d, behind @ ..] => (Some(i32::from_be_bytes([*a, *b, *c, *d])), behind),
        [30, behind @ ..] => {
            // Digits, two a byte; 15 ends them.
            let end = behind.iter().position(|pair| pair & 15 == 15 || pair >> 4 == 15)?;
            (None, behind.get(end + 1..)?)
        }
        [byte @ 32..=246, behind @ ..] => (Some(small(*byte) - 139), behind),
        [byte @ 247..=250, low, behind @ ..] => {
            (Some((small(*byte) - 247) * 256 + small(*low) + 108), behind)
        }
        [byte @ 251..=254, low, behind @ ..] => {
            (Some(-(small(*byte) - 251) * 256 - small(*low) - 108), behind)
        }
        _ => return None,
    })
}

/// Everything of a font before the programs of its glyphs, which have these lengths; `.notdef` is the first.
///
/// `units` is the size of the em and the width of a glyph whose program names none. `None` where there are too
/// many glyphs.
pub(super) fn frame(units: u16, lengths: &[usize]) -> Option<Vec<u8>> {
    /// String numbers from here on are our own.
    const FIRST_STRING: i32 = 391;
    /// Units of the em where the font says nothing.
    const USUAL_UNITS: u16 = 1000;
    let count = u16::try_from(lengths.len()).ok()?;
    let total = lengths.iter().sum::<usize>() + 1;
    let offset_size: usize = if total <= 0xffff { 2 } else { 3 };

    // Numbers that say where something lies have five bytes, so that the length is known beforehand.
    let mut private = Vec::new();
    dict_number(&mut private, units.into());
    private.extend_from_slice(op::DEFAULT_WIDTH);
    let part_len = 2 * 5 + 1;
    let top = |charset: usize, select: usize, parts: usize, glyphs: usize| -> Option<Vec<u8>> {
        let mut top = Vec::with_capacity(64);
        for value in [FIRST_STRING, FIRST_STRING + 1, 0] {
            dict_number(&mut top, value);
        }
        top.extend_from_slice(op::ROS);
        if units != USUAL_UNITS {
            for value in [1.0 / f64::from(units), 0.0, 0.0, 1.0 / f64::from(units), 0.0, 0.0] {
                dict_fraction(&mut top, value);
            }
            top.extend_from_slice(op::FONT_MATRIX);
        }
        for (value, operator) in [
            (usize::from(count), op::CID_COUNT),
            (charset, op::CHARSET),
            (select, op::FD_SELECT),
            (parts, op::FD_ARRAY),
            (glyphs, op::CHAR_STRINGS),
        ] {
            place(&mut top, value)?;
            top.extend_from_slice(operator);
        }
        Some(top)
    };

    let mut out = Vec::with_capacity(220 + lengths.len() * offset_size);
    out.extend_from_slice(&[1, 0, 4, 2]);
    push_index(&mut out, &[b"Zhengku"])?;
    let top_index_len = 2 + 1 + 2 * 2 + top(0, 0, 0, 0)?.len();
    let mut rest = Vec::new();
    push_index(&mut rest, &[b"Adobe", b"Identity"])?;
    // No subroutines that all share.
    rest.extend_from_slice(&[0, 0]);
    let start = out.len() + top_index_len;
    let charset = start + rest.len();
    // Format 2: CIDs from 1 on, in order.
    rest.extend_from_slice(&[2, 0, 1]);
    rest.extend_from_slice(&count.saturating_sub(2).to_be_bytes());
    let select = start + rest.len();
    // Format 3: one range from glyph 0 on belongs to part 0.
    rest.extend_from_slice(&[3, 0, 1, 0, 0, 0]);
    rest.extend_from_slice(&count.to_be_bytes());
    let parts = start + rest.len();
    let private_at = parts + 2 + 1 + 2 * 2 + part_len;
    let mut part = Vec::new();
    place(&mut part, private.len())?;
    place(&mut part, private_at)?;
    part.extend_from_slice(op::PRIVATE);
    push_index(&mut rest, &[&part])?;
    rest.extend_from_slice(&private);
    let glyphs = start + rest.len();

    push_index(&mut out, &[&top(charset, select, parts, glyphs)?])?;
    out.extend_from_slice(&rest);
    out.extend_from_slice(&count.to_be_bytes());
    out.push(u8::try_from(offset_size).ok()?);
    let mut offset: usize = 1;
    for length in lengths.iter().map(Some).chain([None]) {
        let digits = u32::try_from(offset).ok()?.to_be_bytes();
        out.extend_from_slice(digits.get(4 - offset_size..)?);
        offset += length.copied().unwrap_or_default();
    }
    Some(out)
}

/// A list with places of two bytes.
fn push_index(out: &mut Vec<u8>, strings: &[&[u8]]) -> Option<()> {
    out.extend_from_slice(&u16::try_from(strings.len()).ok()?.to_be_bytes());
    out.push(2);
    let mut offset: usize = 1;
    for string in strings.iter().map(Some).chain([None]) {
        out.extend_from_slice(&u16::try_from(offset).ok()?.to_be_bytes());
        offset += string.map_or(0, |string| string.len());
    }
    out.extend(strings.iter().copied().flatten());
    Some(())
}

fn dict_number(out: &mut Vec<u8>, value: i32) {
    match i16::try_from(value) {
        Ok(value) => {
            out.push(28);
            out.extend_from_slice(&value.to_be_bytes());
        }
        Err(_) => {
            out.push(29);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

/// A number in five bytes, whatever it is.
fn place(out: &mut Vec<u8>, value: usize) -> Option<()> {
    out.push(29);
    out.extend_from_slice(&i32::try_from(value).ok()?.to_be_bytes());
    Some(())
}

/// A number with a fraction: two characters a byte.
fn dict_fraction(out: &mut Vec<u8>, value: f64) {
    let mut nibbles: Vec<u8> = Vec::with_capacity(24);
    for character in value.to_string().bytes() {
        nibbles.push(match character {
            b'0'..=b'9' => character - b'0',
            b'.' => 0xa,
            _ => 0xe,
        });
    }
    nibbles.push(0xf);
    out.push(30);
    out.extend(nibbles.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0xf)));
}
