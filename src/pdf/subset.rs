//! Cutting a font down to the glyphs of one page.
//!
//! [`subset`] gives the font as it is, for what is compressed once and kept. [`packed`] gives the same font as a
//! zlib stream, put together from glyphs that were compressed when they were first needed (see
//! [`glyph_code`](super::glyph_code)): for what is made anew for every document. In both the glyph numbers of the
//! result are the CIDs of the page, in the order given, so `/CIDToGIDMap` is the identity.
//!
//! Of TrueType outlines a whole font file is made, with the six tables a PDF reader needs and without hinting; of
//! CFF outlines the bare table (see [`cff`]).
//!
//! Source: OpenType 1.9, tables `glyf`, `loca`, `head`, `hhea`, `hmtx`, `maxp`; ISO 32000-1:2008, 9.9.

use std::sync::OnceLock;

use ttf_parser::{GlyphId, RawFace, Tag};

use super::cff::{self, Cff};
use super::font::{FontFace, Outlines};
use super::glyph_code::{CodedGlyph, GlyphCode};

/// The font file to embed for `glyphs`, of which number 0 of the result is always `.notdef`.
///
/// The result of a CFF font is the bare `CFF ` table (`/FontFile3 /CIDFontType0C`), that of a TrueType font a
/// whole font file (`/FontFile2`). `None` says that the font is damaged.
pub(super) fn subset(face: &FontFace, glyphs: &[u16]) -> Option<Vec<u8>> {
    let numbers = std::iter::once(&0).chain(glyphs).copied();
    let (mut file, outlines) = match face.outlines {
        Outlines::Cff => {
            let outlines: Option<Vec<Vec<u8>>> = cff_programs(face, numbers)?.collect();
            let outlines = outlines?;
            let lengths: Vec<usize> = outlines.iter().map(Vec::len).collect();
            (cff::frame(face.units_per_em, &lengths)?, outlines)
        }
        Outlines::Glyf => {
            let font = TrueType::read(face)?;
            let mut wanted: Vec<u16> = numbers.collect();
            let mut parts = Vec::with_capacity(wanted.len());
            let mut at = 0;
            while let Some(&glyph) = wanted.get(at) {
                parts.push(font.outline_for(glyph, &mut wanted)?);
                at += 1;
            }
            let sum = parts.iter().fold(0, |sum: u32, part| sum.wrapping_add(checksum(part)));
            let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
            (font.frame(&wanted, &lengths, sum)?, parts)
        }
    };
    file.extend(outlines.iter().flatten());
    Some(file)
}

/// The same font file as [`subset`] gives, as a zlib stream.
pub(super) fn packed(face: &FontFace, store: &GlyphStore, glyphs: &[u16]) -> Option<Vec<u8>> {
    let numbers = std::iter::once(&0).chain(glyphs).copied();
    match face.outlines {
        Outlines::Cff => {
            let prepared: Option<Vec<&Prepared>> =
                numbers.map(|glyph| store.get(face, glyph)).collect();
            let prepared = prepared?;
            let lengths: Vec<usize> = prepared.iter().map(|part| part.coded.length).collect();
            let frame = cff::frame(face.units_per_em, &lengths)?;
            Some(store.code.join(&frame, prepared.iter().map(|part| &part.coded)))
        }
        Outlines::Glyf => {
            let font = TrueType::read(face)?;
            let mut wanted: Vec<u16> = numbers.collect();
            let mut made: Vec<Result<&Prepared, Prepared>> = Vec::with_capacity(wanted.len());
            while let Some(&glyph) = wanted.get(made.len()) {
                made.push(match store.get(face, glyph) {
                    Some(prepared) => Ok(prepared),
                    // Put together from others, which have other numbers in every font.
                    None => Err(store.prepare(&font.outline_for(glyph, &mut wanted)?)),
                });
            }
            let parts: Vec<&Prepared> =
                made.iter().map(|part| part.as_deref().unwrap_or_else(|part| part)).collect();
            let sum = parts.iter().fold(0, |sum: u32, part| sum.wrapping_add(part.checksum));
            let lengths: Vec<usize> = parts.iter().map(|part| part.coded.length).collect();
            let frame = font.frame(&wanted, &lengths, sum)?;
            Some(store.code.join(&frame, parts.iter().map(|part| &part.coded)))
        }
    }
}

/// The glyphs of one font, each compressed when it is first needed and kept.
///
/// It grows with the glyphs that were ever drawn, to some 20 MB for a font of 65 535 if all of them were.
pub(super) struct GlyphStore {
    code: GlyphCode,
    glyphs: Vec<OnceLock<Option<Box<Prepared>>>>,
}

struct Prepared {
    coded: CodedGlyph,
    /// The sum that a TrueType font file wants of its tables.
    checksum: u32,
}

impl GlyphStore {
    /// A store for `face`, with a code that suits `samples`; `None` says that the font is damaged.
    pub(super) fn new(face: &FontFace, samples: &[u16]) -> Option<Self> {
        let outlines: Option<Vec<Vec<u8>>> = match face.outlines {
            Outlines::Cff => cff_programs(face, samples.iter().copied())?.collect(),
            Outlines::Glyf => {
                let font = TrueType::read(face)?;
                let mut parts = Vec::new();
                samples.iter().map(|glyph| font.outline_for(*glyph, &mut parts)).collect()
            }
        };
        let code = GlyphCode::new(outlines?.iter().map(Vec::as_slice));
        let glyphs = (0..face.glyph_count()).map(|_| OnceLock::new()).collect();
        Some(Self { code, glyphs })
    }

    /// A glyph that stands by itself; `None` for one put together from others, and where the font is damaged.
    fn get(&self, face: &FontFace, glyph: u16) -> Option<&Prepared> {
        let made = self.glyphs.get(usize::from(glyph))?.get_or_init(|| {
            let outline = match face.outlines {
                Outlines::Cff => cff_programs(face, std::iter::once(glyph))?.next()??,
                Outlines::Glyf => {
                    let mut parts = Vec::new();
                    let outline = TrueType::read(face)?.outline_for(glyph, &mut parts)?;
                    if !parts.is_empty() {
                        return None;
                    }
                    outline
                }
            };
            Some(Box::new(self.prepare(&outline)))
        });
        made.as_deref()
    }

    fn prepare(&self, outline: &[u8]) -> Prepared {
        Prepared { coded: self.code.code(outline).kept(), checksum: checksum(outline) }
    }
}

/// The programs of glyphs of a CFF font, one by one.
fn cff_programs(
    face: &FontFace,
    glyphs: impl Iterator<Item = u16>,
) -> Option<impl Iterator<Item = Option<Vec<u8>>>> {
    let parsed = face.parsed()?;
    let font = Cff::read(parsed.raw_face().table(Tag::from_bytes(b"CFF "))?)?;
    Some(glyphs.map(move |glyph| {
        let width = parsed.glyph_hor_advance(GlyphId(glyph))?;
        font.program(glyph, width, face.units_per_em)
    }))
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

    /// Everything of a font file before the outlines of `glyphs`, which have these lengths and this sum.
    fn frame(&self, glyphs: &[u16], lengths: &[usize], sum_of_outlines: u32) -> Option<Vec<u8>> {
        let total: usize = lengths.iter().sum();
        // Places are written in 16 bits, halved, as long as they fit.
        let long_loca = total / 2 > usize::from(u16::MAX);
        let mut loca = Vec::with_capacity(glyphs.len() * 4 + 8);
        let mut start = 0;
        for length in lengths.iter().map(Some).chain([None]) {
            if long_loca {
                push_u32(&mut loca, start)?;
            } else {
                loca.extend_from_slice(&u16::try_from(start / 2).ok()?.to_be_bytes());
            }
            start += length.copied().unwrap_or_default();
        }
        let mut hmtx = Vec::with_capacity(glyphs.len() * 4);
        for glyph in glyphs {
            hmtx.extend_from_slice(&self.metrics(*glyph)?);
        }
        let count = u16::try_from(glyphs.len()).ok()?.to_be_bytes();
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

        let mut tables: [(&[u8; 4], &mut Vec<u8>); 5] = [
            (b"head", &mut head),
            (b"hhea", &mut hhea),
            (b"hmtx", &mut hmtx),
            (b"loca", &mut loca),
            (b"maxp", &mut maxp),
        ];
        let mut places = Vec::with_capacity(6);
        let mut start = 12 + 16 * (tables.len() + 1);
        let mut sum = sum_of_outlines;
        for (tag, table) in &mut tables {
            let length = table.len();
            while !table.len().is_multiple_of(4) {
                table.push(0);
            }
            let own = checksum(table);
            sum = sum.wrapping_add(own);
            places.push((*tag, own, start, length));
            start += table.len();
        }
        // The outlines come last in the file, and first in the list, which is in the order of the names.
        places.insert(0, (b"glyf", sum_of_outlines, start, total));
        // Version 1.0, six tables, and the three numbers for a binary search among them.
        let mut file = vec![0, 1, 0, 0, 0, 6, 0, 64, 0, 2, 0, 32];
        for (tag, own, start, length) in places {
            file.extend_from_slice(tag);
            file.extend_from_slice(&own.to_be_bytes());
            push_u32(&mut file, start)?;
            push_u32(&mut file, length)?;
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

    /// The outline of `glyph` without its hinting, filled up to four bytes. Components are put on `wanted`,
    /// behind the glyphs asked for, and numbered as they stand there.
    fn outline_for(&self, glyph: u16, wanted: &mut Vec<u16>) -> Option<Vec<u8>> {
        let outline = self.outline(glyph)?;
        let mut out = Vec::with_capacity(outline.len().next_multiple_of(4));
        if !outline.is_empty() {
            self.copy_outline(outline, &mut out, wanted)?;
        }
        out.resize(out.len().next_multiple_of(4), 0);
        Some(out)
    }

    fn copy_outline(&self, outline: &[u8], out: &mut Vec<u8>, wanted: &mut Vec<u16>) -> Option<()> {
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
mod tests;
