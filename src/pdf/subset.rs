//! Cutting a font down to the glyphs of one page.
//!
//! Fonts with TrueType outlines are cut by our own writer: it copies the outlines it is told to, drops hinting,
//! and writes the six tables a PDF reader needs. An outline is compressed when it is first used, in blocks that
//! end on a whole byte, and kept: the font of a page is then joined from what is already compressed, and the
//! checksum over all of it is computed from those of the parts. Fonts with CFF outlines go through the
//! `subsetter` package. In both the glyph numbers of the result are the CIDs of the page, in the order given, so
//! `/CIDToGIDMap` is the identity.
//!
//! Source: OpenType 1.9, tables `glyf`, `loca`, `head`, `hhea`, `hmtx`, `maxp`; ISO 32000-1:2008, 9.9;
//! RFC 1950 (zlib streams, Adler-32), RFC 1951 (blocks).

use std::borrow::Cow;
use std::sync::OnceLock;

use subsetter::GlyphRemapper;
use ttf_parser::{RawFace, Tag};

use super::deflate::{Adler, Deflater, pack_block, stored_block};
use super::font::{FontFace, Outlines};

/// A font program to embed.
pub(super) struct Program {
    /// The program as a zlib stream.
    pub(super) packed: Vec<u8>,
    /// Its length when unpacked.
    pub(super) length: usize,
}

/// An outline as it is embedded, kept from its first use on.
#[derive(Clone)]
pub(super) struct PackedOutline {
    /// Deflate blocks, none of them the last, that end on a whole byte.
    blocks: Vec<u8>,
    length: usize,
    adler: Adler,
    checksum: u32,
}

/// One place for each glyph of a font.
pub(super) type Outlined = Vec<OnceLock<Option<PackedOutline>>>;

/// The font program to embed for `glyphs`, of which number 0 of the result is always `.notdef`.
///
/// That of a CFF font is the bare `CFF ` table (`/FontFile3 /CIDFontType0C`), that of a TrueType font a whole
/// font file (`/FontFile2`). `None` says that the font is damaged.
pub(super) fn subset(face: &FontFace, glyphs: &[u16], deflater: &mut Deflater) -> Option<Program> {
    match face.outlines {
        Outlines::Cff => {
            let mapper = GlyphRemapper::new_from_glyphs(glyphs);
            let font = subsetter::subset(&face.bytes, face.index, &mapper).ok()?;
            let tables = RawFace::parse(&font, 0).ok()?;
            let table = tables.table(Tag::from_bytes(b"CFF "))?;
            Some(Program { packed: deflater.compress(table), length: table.len() })
        }
        Outlines::Glyf => TrueType::read(face)?.subset(face, glyphs),
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

    fn subset(&self, face: &FontFace, glyphs: &[u16]) -> Option<Program> {
        // Number 0 is `.notdef`; components of composites are added behind the glyphs asked for.
        let mut wanted: Vec<u16> = Vec::with_capacity(glyphs.len() + 16);
        wanted.push(0);
        wanted.extend_from_slice(glyphs);
        let mut outlines = Vec::with_capacity(glyphs.len() * 400);
        let mut loca = Vec::with_capacity(glyphs.len() * 4 + 64);
        let mut hmtx = Vec::with_capacity(glyphs.len() * 4 + 64);
        let (mut glyf_length, mut glyf_sum, mut glyf_adler) = (0, 0_u32, Adler::default());
        let mut at = 0;
        while let Some(&glyph) = wanted.get(at) {
            push_u32(&mut loca, glyf_length)?;
            let outline = self.packed(face, glyph, &mut wanted)?;
            outlines.extend_from_slice(&outline.blocks);
            glyf_length += outline.length;
            glyf_sum = glyf_sum.wrapping_add(outline.checksum);
            glyf_adler = glyf_adler.joined(outline.adler, outline.length);
            hmtx.extend_from_slice(&self.metrics(glyph)?);
            at += 1;
        }
        push_u32(&mut loca, glyf_length)?;

        let count = u16::try_from(wanted.len()).ok()?.to_be_bytes();
        let mut head = self.head.to_vec();
        head[8..12].fill(0);
        head[50..52].copy_from_slice(&[0, 1]);
        let mut hhea = self.hhea.to_vec();
        hhea[34..36].copy_from_slice(&count);
        let mut maxp = self.maxp.to_vec();
        maxp[4..6].copy_from_slice(&count);
        // Hinting is left out, so the machine it would run on needs no room.
        maxp[14..28].fill(0);
        maxp[14..16].copy_from_slice(&[0, 1]);

        // The outlines come last in the file, whatever their place in the directory.
        let mut tables: [(&[u8; 4], &mut Vec<u8>); 5] = [
            (b"head", &mut head),
            (b"hhea", &mut hhea),
            (b"hmtx", &mut hmtx),
            (b"loca", &mut loca),
            (b"maxp", &mut maxp),
        ];
        let start = 12 + 16 * (tables.len() + 1);
        let mut rows = Vec::with_capacity(start);
        let mut offset = start;
        let mut sum = glyf_sum;
        for (tag, table) in &mut tables {
            let length = table.len();
            while !table.len().is_multiple_of(4) {
                table.push(0);
            }
            let checksum = checksum(table);
            sum = sum.wrapping_add(checksum);
            rows.extend_from_slice(*tag);
            rows.extend_from_slice(&checksum.to_be_bytes());
            push_u32(&mut rows, offset)?;
            push_u32(&mut rows, length)?;
            offset += table.len();
        }
        // Version 1.0, six tables, and the three numbers for a binary search among them.
        let mut file = vec![0, 1, 0, 0, 0, 6, 0, 64, 0, 2, 0, 32];
        file.reserve(offset);
        file.extend_from_slice(b"glyf");
        file.extend_from_slice(&glyf_sum.to_be_bytes());
        push_u32(&mut file, offset)?;
        push_u32(&mut file, glyf_length)?;
        file.extend_from_slice(&rows);
        let whole = 0xB1B0_AFBA_u32.wrapping_sub(sum.wrapping_add(checksum(&file)));
        for (tag, table) in &mut tables {
            if *tag == b"head" {
                table[8..12].copy_from_slice(&whole.to_be_bytes());
            }
            file.extend_from_slice(table);
        }

        // The header of a zlib stream, the blocks, an empty last block, and the checksum of everything.
        let mut packed = Vec::with_capacity(file.len() + outlines.len() + 64);
        packed.extend_from_slice(&[0x78, 0x01]);
        stored_block(&file, &mut packed);
        packed.extend_from_slice(&outlines);
        packed.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
        let adler = Adler::of(&file).joined(glyf_adler, glyf_length);
        packed.extend_from_slice(&adler.to_be_bytes());
        Some(Program { packed, length: file.len() + glyf_length })
    }

    /// The outline of `glyph` ready to be joined to others; that of a simple glyph is kept in `face`.
    fn packed<'g>(
        &self,
        face: &'g FontFace,
        glyph: u16,
        wanted: &mut Vec<u16>,
    ) -> Option<Cow<'g, PackedOutline>> {
        let outline = self.outline(glyph)?;
        if u16_at(outline, 0).is_some_and(|contours| contours >= 0x8000) {
            // The components have other numbers on every page, so there is nothing to keep.
            let mut plain = Vec::with_capacity(outline.len());
            self.copy_outline(glyph, &mut plain, wanted)?;
            return Some(Cow::Owned(PackedOutline::new(plain, false)));
        }
        let kept = face.outlined.get(usize::from(glyph))?.get_or_init(|| {
            let mut plain = Vec::with_capacity(outline.len());
            self.copy_outline(glyph, &mut plain, &mut Vec::new())?;
            Some(PackedOutline::new(plain, true))
        });
        kept.as_ref().map(Cow::Borrowed)
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

impl PackedOutline {
    fn new(mut plain: Vec<u8>, pack: bool) -> Self {
        while !plain.len().is_multiple_of(4) {
            plain.push(0);
        }
        let mut blocks = Vec::new();
        if pack {
            pack_block(&plain, &mut blocks);
        } else {
            stored_block(&plain, &mut blocks);
        }
        let (length, adler, checksum) = (plain.len(), Adler::of(&plain), checksum(&plain));
        Self { blocks, length, adler, checksum }
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
    use crate::pdf::deflate::inflate;
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
            let program = subset(face, &glyphs, &mut Deflater::fast()).unwrap();
            let bytes = inflate(&program.packed, program.length).unwrap();
            assert_eq!(bytes.len(), program.length);
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
        let mut deflater = Deflater::fast();
        let program = subset(fonts.face(glyph), &[glyph.id], &mut deflater).unwrap();
        let bytes = inflate(&program.packed, program.length).unwrap();
        assert_eq!(bytes[..4], [1, 0, 4, 4]);
    }

    #[test]
    fn a_glyph_number_past_the_font_gives_no_subset() {
        let program = subset(testing::fonts().numbered(2), &[65_535], &mut Deflater::fast());
        assert!(program.is_none());
    }
}
