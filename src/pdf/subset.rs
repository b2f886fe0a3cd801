//! Cutting a font down to the glyphs of one page.
//!
//! Fonts with TrueType outlines are cut by our own writer, ten times as fast as a general one: it copies the
//! outlines it is told to, drops hinting, and writes the seven tables a PDF reader needs. Fonts with CFF
//! outlines go through the `subsetter` package. In both the glyph numbers of the result are the CIDs of the
//! page, in the order given, so `/CIDToGIDMap` is the identity.
//!
//! Source: OpenType 1.9, tables `glyf`, `loca`, `head`, `hhea`, `hmtx`, `maxp`; ISO 32000-1:2008, 9.9.

use subsetter::GlyphRemapper;
use ttf_parser::{RawFace, Tag};

use super::font::{FontFace, Outlines};

/// The font file to embed for `glyphs`, of which number 0 of the result is always `.notdef`.
///
/// The result of a CFF font is the bare `CFF ` table (`/FontFile3 /CIDFontType0C`), that of a TrueType font a
/// whole font file (`/FontFile2`). `None` says that the font is damaged.
pub(super) fn subset(face: &FontFace, glyphs: &[u16]) -> Option<Vec<u8>> {
    match face.outlines {
        Outlines::Cff => {
            let mapper = GlyphRemapper::new_from_glyphs(glyphs);
            let font = subsetter::subset(&face.bytes, face.index, &mapper).ok()?;
            let tables = RawFace::parse(&font, 0).ok()?;
            tables.table(Tag::from_bytes(b"CFF ")).map(<[u8]>::to_vec)
        }
        Outlines::Glyf => TrueType::read(face)?.subset(glyphs),
    }
}

/// The tables of a TrueType font that a subset is made of.
struct TrueType<'f> {
    glyf: &'f [u8],
    head: &'f [u8],
    hhea: &'f [u8],
    hmtx: &'f [u8],
    loca: &'f [u8],
    maxp: &'f [u8],
    long_loca: bool,
    wide_metrics: usize,
}

/// Flags of a component of a composite glyph.
mod component {
    pub(super) const ARGS_ARE_WORDS: u16 = 0x0001;
    pub(super) const HAS_SCALE: u16 = 0x0008;
    pub(super) const MORE: u16 = 0x0020;
    pub(super) const HAS_X_AND_Y_SCALE: u16 = 0x0040;
    pub(super) const HAS_MATRIX: u16 = 0x0080;
    pub(super) const HAS_INSTRUCTIONS: u16 = 0x0100;
}

impl<'f> TrueType<'f> {
    fn read(face: &'f FontFace) -> Option<Self> {
        let raw = RawFace::parse(&face.bytes, face.index).ok()?;
        let table = |tag: &[u8; 4]| raw.table(Tag::from_bytes(tag));
        let (head, hhea) = (table(b"head")?, table(b"hhea")?);
        Some(Self {
            glyf: table(b"glyf")?,
            head: head.get(..54)?,
            hhea: hhea.get(..36)?,
            hmtx: table(b"hmtx")?,
            loca: table(b"loca")?,
            maxp: table(b"maxp")?.get(..32)?,
            long_loca: u16_at(head, 50)? != 0,
            wide_metrics: usize::from(u16_at(hhea, 34)?),
        })
    }

    fn subset(&self, glyphs: &[u16]) -> Option<Vec<u8>> {
        // Number 0 is `.notdef`; components of composites are added behind the glyphs asked for.
        let mut wanted: Vec<u16> = Vec::with_capacity(glyphs.len() + 16);
        wanted.push(0);
        wanted.extend_from_slice(glyphs);
        let mut glyf = Vec::with_capacity(glyphs.len() * 400);
        let mut loca = Vec::with_capacity(glyphs.len() * 4 + 64);
        let mut hmtx = Vec::with_capacity(glyphs.len() * 4 + 64);
        let mut starts = Vec::with_capacity(glyphs.len() + 16);
        let mut at = 0;
        while let Some(&glyph) = wanted.get(at) {
            starts.push(glyf.len());
            self.copy_outline(glyph, &mut glyf, &mut wanted)?;
            if !glyf.len().is_multiple_of(2) {
                glyf.push(0);
            }
            hmtx.extend_from_slice(&self.metrics(glyph)?);
            at += 1;
        }
        starts.push(glyf.len());
        // Places are written in 16 bits, halved, as long as they fit.
        let long_loca = glyf.len() / 2 > usize::from(u16::MAX);
        for start in starts {
            if long_loca {
                push_u32(&mut loca, start)?;
            } else {
                loca.extend_from_slice(&u16::try_from(start / 2).ok()?.to_be_bytes());
            }
        }

        let count = u16::try_from(wanted.len()).ok()?.to_be_bytes();
        let mut head = self.head.to_vec();
        head[8..12].fill(0);
        head[50..52].copy_from_slice(&[0, u8::from(long_loca)]);
        let mut hhea = self.hhea.to_vec();
        hhea[34..36].copy_from_slice(&count);
        let mut maxp = self.maxp.to_vec();
        maxp[4..6].copy_from_slice(&count);
        // Hinting is left out, so the machine it would run on needs no room.
        maxp[14..28].fill(0);
        maxp[14..16].copy_from_slice(&[0, 1]);

        let mut tables: [(&[u8; 4], &mut Vec<u8>); 6] = [
            (b"glyf", &mut glyf),
            (b"head", &mut head),
            (b"hhea", &mut hhea),
            (b"hmtx", &mut hmtx),
            (b"loca", &mut loca),
            (b"maxp", &mut maxp),
        ];
        let mut file = Vec::new();
        // Version 1.0, six tables, and the three numbers for a binary search among them.
        file.extend_from_slice(&[0, 1, 0, 0, 0, 6, 0, 64, 0, 2, 0, 32]);
        let mut start = 12 + 16 * tables.len();
        let mut sum = 0_u32;
        for (tag, table) in &mut tables {
            let length = table.len();
            while !table.len().is_multiple_of(4) {
                table.push(0);
            }
            let checksum = checksum(table);
            sum = sum.wrapping_add(checksum);
            file.extend_from_slice(*tag);
            file.extend_from_slice(&checksum.to_be_bytes());
            push_u32(&mut file, start)?;
            push_u32(&mut file, length)?;
            start += table.len();
        }
        let whole = 0xB1B0_AFBA_u32.wrapping_sub(sum.wrapping_add(checksum(&file)));
        file.reserve(start);
        for (tag, table) in &mut tables {
            if *tag == b"head" {
                table[8..12].copy_from_slice(&whole.to_be_bytes());
            }
            file.extend_from_slice(table);
        }
        Some(file)
    }

    fn outline(&self, glyph: u16) -> Option<&'f [u8]> {
        let place = usize::from(glyph);
        let (start, end) = if self.long_loca {
            (u32_at(self.loca, place * 4)?, u32_at(self.loca, place * 4 + 4)?)
        } else {
            let half = |at| u16_at(self.loca, at).map(|value| usize::from(value) * 2);
            (half(place * 2)?, half(place * 2 + 2)?)
        };
        self.glyf.get(start..end)
    }

    fn metrics(&self, glyph: u16) -> Option<[u8; 4]> {
        let place = usize::from(glyph);
        let last = self.wide_metrics.checked_sub(1)?;
        if place <= last {
            return self.hmtx.get(place * 4..place * 4 + 4)?.try_into().ok();
        }
        let width = self.hmtx.get(last * 4..last * 4 + 2)?;
        let bearing = (last + 1) * 4 + (place - last - 1) * 2;
        let bearing = self.hmtx.get(bearing..bearing + 2).unwrap_or(&[0, 0]);
        [width, bearing].concat().try_into().ok()
    }

    /// Appends the outline of `glyph` without its hinting; components are renumbered and put on `wanted`.
    fn copy_outline(&self, glyph: u16, out: &mut Vec<u8>, wanted: &mut Vec<u16>) -> Option<()> {
        let outline = self.outline(glyph)?;
        if outline.is_empty() {
            return Some(());
        }
        let contours = u16_at(outline, 0)?;
        if contours < 0x8000 {
            let ends = 10 + usize::from(contours) * 2;
            let hinting = usize::from(u16_at(outline, ends)?);
            out.extend_from_slice(outline.get(..ends)?);
            out.extend_from_slice(&[0, 0]);
            out.extend_from_slice(outline.get(ends + 2 + hinting..)?);
            return Some(());
        }
        out.extend_from_slice(outline.get(..10)?);
        let mut at = 10;
        loop {
            let flags = u16_at(outline, at)?;
            let part = u16_at(outline, at + 2)?;
            let mut length = if flags & component::ARGS_ARE_WORDS != 0 { 8 } else { 6 };
            if flags & component::HAS_SCALE != 0 {
                length += 2;
            } else if flags & component::HAS_X_AND_Y_SCALE != 0 {
                length += 4;
            } else if flags & component::HAS_MATRIX != 0 {
                length += 8;
            }
            let number = match wanted.iter().position(|known| *known == part) {
                Some(number) => number,
                None => {
                    wanted.push(part);
                    wanted.len() - 1
                }
            };
            out.extend_from_slice(&(flags & !component::HAS_INSTRUCTIONS).to_be_bytes());
            out.extend_from_slice(&u16::try_from(number).ok()?.to_be_bytes());
            out.extend_from_slice(outline.get(at + 4..at + length)?);
            at += length;
            if flags & component::MORE == 0 {
                return Some(());
            }
        }
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<usize> {
    let bytes = data.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

fn push_u32(out: &mut Vec<u8>, value: usize) -> Option<()> {
    out.extend_from_slice(&u32::try_from(value).ok()?.to_be_bytes());
    Some(())
}

fn checksum(padded: &[u8]) -> u32 {
    padded.chunks_exact(4).fold(0, |sum: u32, word| {
        let word = <[u8; 4]>::try_from(word).unwrap_or_default();
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

#[cfg(test)]
mod tests {
    use ttf_parser::{Face, GlyphId, OutlineBuilder};

    use super::*;
    use crate::pdf::font::FontRole;
    use crate::pdf::testing;

    #[derive(Default, PartialEq, Debug)]
    struct Path(Vec<f32>);

    impl OutlineBuilder for Path {
        fn move_to(&mut self, x: f32, y: f32) {
            self.0.extend([0.0, x, y]);
        }
        fn line_to(&mut self, x: f32, y: f32) {
            self.0.extend([1.0, x, y]);
        }
        fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
            self.0.extend([2.0, x1, y1, x, y]);
        }
        fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
            self.0.extend([3.0, x1, y1, x2, y2, x, y]);
        }
        fn close(&mut self) {
            self.0.push(4.0);
        }
    }

    #[test]
    fn a_truetype_subset_draws_and_measures_its_glyphs_as_the_whole_font_does() {
        let fonts = testing::fonts();
        let text = "营业执照（副本）Ǻé，ÅÄ一二三Q1,.";
        for place in [2_u8, 3] {
            let face = fonts.numbered(place);
            assert_eq!(face.outlines, Outlines::Glyf);
            let whole = face.parsed().unwrap();
            let glyphs: Vec<u16> =
                text.chars().filter_map(|c| whole.glyph_index(c)).map(|id| id.0).collect();
            let bytes = subset(face, &glyphs).unwrap();
            let cut = Face::parse(&bytes, 0).unwrap();
            for (number, glyph) in (1..).zip(&glyphs) {
                let (mut expected, mut found) = (Path::default(), Path::default());
                whole.outline_glyph(GlyphId(*glyph), &mut expected);
                cut.outline_glyph(GlyphId(number), &mut found);
                assert!(!expected.0.is_empty());
                assert_eq!(found, expected);
                assert_eq!(
                    cut.glyph_hor_advance(GlyphId(number)),
                    whole.glyph_hor_advance(GlyphId(*glyph))
                );
            }
            assert_eq!(checksum(&bytes), 0xB1B0_AFBA);
        }
    }

    #[test]
    fn a_cff_subset_is_the_bare_table() {
        let fonts = testing::fonts();
        let glyph = fonts.glyph(FontRole::Title, '照').unwrap();
        let bytes = subset(fonts.face(glyph), &[glyph.id]).unwrap();
        assert_eq!(bytes[..4], [1, 0, 4, 4]);
    }

    #[test]
    fn a_glyph_number_past_the_font_gives_no_subset() {
        assert_eq!(subset(testing::fonts().numbered(2), &[65_535]), None);
    }
}
