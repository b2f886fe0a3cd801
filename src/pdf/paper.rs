//! Putting text, lines and pictures on a page.
//!
//! A [`Paper`] turns the millimetres of a face into a content stream, numbers the marked parts of it for the
//! structure tree, and gathers which glyphs of which fonts were used, so that the fonts can be cut down to them.
//!
//! Source: ISO 32000-1:2008, 8.5 "Path construction", 9.4 "Text objects", 14.6 "Marked content".

use pdf_writer::types::{ArtifactType, CidFontType, FontFlags, SystemInfo};
use pdf_writer::{Chunk, Content, Filter, Finish, Name, Rect, Ref, Str};

use super::deflate::Deflater;
use super::face_template::{Area, Color, TextStyle};
use super::font::{FontBook, Glyph, Outlines};
use super::layout::TextBox;
use super::subset::subset;
use super::units::{Mm, rounded};

/// The width of Han characters in thousandths of the size, which is not written out.
const FULL_WIDTH: u16 = 1000;

/// One content stream in the making.
pub(super) struct Paper {
    pub(super) content: Content,
    pub(super) fonts: FontSet,
    pub(super) height_pt: f32,
    next_mark: i32,
}

impl Paper {
    /// A blank page of `height`; marked parts are numbered from `first_mark`, fonts named with `prefix`.
    pub(super) fn new(height: Mm, first_mark: i32, prefix: char) -> Self {
        Self {
            content: Content::new(),
            fonts: FontSet { prefix, uses: Vec::new() },
            height_pt: height.to_points(),
            next_mark: first_mark,
        }
    }

    /// Goes on writing on a page of `height` that was finished, with the fonts of all pages.
    pub(super) fn reopen(fonts: FontSet, content: Content, height: Mm, next_mark: i32) -> Self {
        Self { content, fonts, height_pt: height.to_points(), next_mark }
    }

    /// Begins a part that has its place in the structure tree, and gives its number.
    pub(super) fn begin(&mut self, role: &[u8]) -> i32 {
        let number = self.next_mark;
        self.next_mark += 1;
        self.content.begin_marked_content_with_properties(Name(role)).properties().identify(number);
        number
    }

    /// Begins decoration, which readers of the structure pass over.
    pub(super) fn begin_artifact(&mut self) {
        self.content.begin_marked_content(Name(b"Artifact"));
    }

    /// Begins what is repeated from page to page: a running head, a page number, the id once more.
    pub(super) fn begin_running(&mut self) {
        let mut marked = self.content.begin_marked_content_with_properties(Name(b"Artifact"));
        marked.properties().artifact().kind(ArtifactType::Pagination);
    }

    pub(super) fn end(&mut self) {
        self.content.end_marked_content();
    }

    /// Takes what was written and goes on with a blank page of `height`, whose marked parts are numbered from
    /// `first_mark`. The fonts go on: all pages share them.
    pub(super) fn turn(&mut self, height: Mm, first_mark: i32) -> Content {
        self.height_pt = height.to_points();
        self.next_mark = first_mark;
        std::mem::replace(&mut self.content, Content::new())
    }

    /// The rectangle of `area` in the coordinates of PDF.
    pub(super) fn rect(&self, area: Area) -> Rect {
        let (left, top) = (area.x.to_points(), self.height_pt - area.y.to_points());
        let (right, bottom) = (left + area.w.to_points(), top - area.h.to_points());
        Rect::new(rounded(left), rounded(bottom), rounded(right), rounded(top))
    }

    pub(super) fn fill(&mut self, area: Area, color: Color) {
        let r = self.rect(area);
        self.fill_color(color);
        self.content.rect(r.x1, r.y1, rounded(r.x2 - r.x1), rounded(r.y2 - r.y1)).fill_nonzero();
    }

    pub(super) fn stroke(&mut self, area: Area, (color, width): (Color, f32)) {
        let r = self.rect(area);
        self.stroke_color(color);
        self.content.set_line_width(width);
        self.content.rect(r.x1, r.y1, rounded(r.x2 - r.x1), rounded(r.y2 - r.y1)).stroke();
    }

    pub(super) fn line(&mut self, from: (Mm, Mm), to: (Mm, Mm), (color, width): (Color, f32)) {
        let height = self.height_pt;
        let at = |(x, y): (Mm, Mm)| (rounded(x.to_points()), rounded(height - y.to_points()));
        let ((x, y), (x2, y2)) = (at(from), at(to));
        self.stroke_color(color);
        self.content.set_line_width(width).move_to(x, y).line_to(x2, y2).stroke();
    }

    pub(super) fn fill_color(&mut self, Color([r, g, b]): Color) {
        self.content.set_fill_rgb(r, g, b);
    }

    fn stroke_color(&mut self, Color([r, g, b]): Color) {
        self.content.set_stroke_rgb(r, g, b);
    }
}

/// The box of a text on the page, for setting it.
pub(super) fn text_box(area: Area, style: &TextStyle) -> TextBox {
    let [mut x, mut y, mut w, mut h] = [area.x, area.y, area.w, area.h].map(Mm::to_points);
    if style.vertical {
        // Lying on its side: along the column is across, and down is from the right edge to the left.
        (x, y, w, h) = (y, -(x + w), h, w);
    }
    TextBox {
        x,
        y,
        w,
        h,
        align: style.align,
        valign: style.valign,
        size_pt: style.size_pt,
        min_size_pt: style.min_size_pt,
        line_height: style.line_height,
        letter_spacing_pt: style.letter_spacing_pt,
    }
}

/// The glyphs that a content stream uses, by font.
pub(super) struct FontSet {
    prefix: char,
    uses: Vec<FontUse>,
}

/// The glyphs of one font in use.
struct FontUse {
    face: u8,
    /// Whether it is written from top to bottom.
    vertical: bool,
    /// Glyph, character and width, in the order of the CIDs from 1.
    glyphs: Vec<(u16, char, u16)>,
    /// The CIDs scattered by glyph (see [`FontUse::slot`]); 0 is a free place. Always a power of two, and at
    /// least half of them free.
    cids: Vec<u16>,
}

/// Places for CIDs to begin with: enough for an ordinary page.
const FIRST_SLOTS: usize = 512;

impl FontSet {
    /// Font and CID for drawing `character` with `glyph`.
    ///
    /// One CID stands for one character, or text could not be copied out of the page exactly. Where a font
    /// draws two characters with the same glyph, the second gets a subset of its own.
    pub(super) fn code(&mut self, glyph: Glyph, character: char, vertical: bool) -> (usize, u16) {
        for (number, font) in self.uses.iter_mut().enumerate() {
            if (font.face, font.vertical) == (glyph.face, vertical)
                && let Some(cid) = font.code(glyph, character)
            {
                return (number, cid);
            }
        }
        let cids = vec![0; FIRST_SLOTS];
        let mut font = FontUse { face: glyph.face, vertical, glyphs: Vec::new(), cids };
        let cid = font.code(glyph, character).unwrap_or_default();
        self.uses.push(font);
        (self.uses.len() - 1, cid)
    }

    pub(super) fn name(&self, number: usize) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Writes the fonts, cut down to what was used, and gives their names and references.
    ///
    /// `thoroughly` takes its time to make them small; without it they are put together from coded glyphs. `None`
    /// says that a font of the house is damaged behind its header.
    pub(super) fn embed(
        &self,
        fonts: &FontBook,
        chunk: &mut Chunk,
        next: &mut Ref,
        mut thoroughly: Option<&mut Deflater>,
    ) -> Option<Vec<(String, Ref)>> {
        let all = self.uses.iter().enumerate();
        all.map(|(number, font)| {
            let thoroughly = thoroughly.as_deref_mut();
            Some((self.name(number), font.embed(fonts, chunk, next, thoroughly)?))
        })
        .collect()
    }
}

impl FontUse {
    /// The CID of `glyph`, unless it stands for another character already.
    fn code(&mut self, glyph: Glyph, character: char) -> Option<u16> {
        let slot = self.slot(glyph.id)?;
        let cid = self.cids.get_mut(slot)?;
        if *cid != 0 {
            let (_, known, _) = self.glyphs.get(usize::from(*cid) - 1)?;
            return (*known == character).then_some(*cid);
        }
        self.glyphs.push((glyph.id, character, glyph.advance));
        *cid = u16::try_from(self.glyphs.len()).ok()?;
        let cid = *cid;
        if self.glyphs.len() * 2 > self.cids.len() {
            self.cids = vec![0; self.cids.len() * 2];
            for number in 0..self.glyphs.len() {
                let slot = self.slot(self.glyphs.get(number)?.0)?;
                *self.cids.get_mut(slot)? = u16::try_from(number + 1).ok()?;
            }
        }
        Some(cid)
    }

    /// Where the CID of `glyph` is, or where it goes.
    fn slot(&self, glyph: u16) -> Option<usize> {
        // Neighbors are scattered by a multiplication; who finds a place taken takes the next free one.
        let mask = self.cids.len() - 1;
        let start = usize::from(glyph).wrapping_mul(0x9E37) & mask;
        (start..=mask).chain(0..start).find(|slot| {
            let cid = self.cids.get(*slot).copied().unwrap_or_default();
            let known = self.glyphs.get(usize::from(cid).wrapping_sub(1));
            known.is_none_or(|(known, ..)| *known == glyph)
        })
    }

    fn embed(
        &self,
        fonts: &FontBook,
        chunk: &mut Chunk,
        next: &mut Ref,
        thoroughly: Option<&mut Deflater>,
    ) -> Option<Ref> {
        const IDENTITY: SystemInfo<'static> =
            SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
        let face = fonts.numbered(self.face);
        let glyphs: Vec<u16> = self.glyphs.iter().map(|(glyph, ..)| *glyph).collect();
        let file = match thoroughly {
            Some(deflater) => deflater.compress(&subset(face, &glyphs)?),
            None => face.packed(&glyphs)?,
        };
        let name = format!("{}+{}", self.tag(), face.name);
        let name = Name(name.as_bytes());
        let [type0, cid, descriptor, program, unicode] = [(); 5].map(|()| next.bump());

        let mut font = chunk.type0_font(type0);
        let encoding = if self.vertical { Name(b"Identity-V") } else { Name(b"Identity-H") };
        font.base_font(name).encoding_predefined(encoding);
        font.descendant_font(cid).to_unicode(unicode);
        font.finish();

        let mut font = chunk.cid_font(cid);
        font.subtype(match face.outlines {
            Outlines::Cff => CidFontType::Type0,
            Outlines::Glyf => CidFontType::Type2,
        });
        font.base_font(name).system_info(IDENTITY).font_descriptor(descriptor);
        font.default_width(FULL_WIDTH.into());
        if face.outlines == Outlines::Glyf {
            font.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        // Nearly all characters are as wide as the font takes for granted; only runs of others are named.
        let mut widths = font.widths();
        let mut number = 1;
        for run in self.glyphs.chunk_by(|a, b| (a.2 == FULL_WIDTH) == (b.2 == FULL_WIDTH)) {
            if run.first().is_some_and(|(_, _, width)| *width != FULL_WIDTH) {
                widths.consecutive(number, run.iter().map(|(_, _, width)| f32::from(*width)));
            }
            number = number.saturating_add(u16::try_from(run.len()).ok()?);
        }
        widths.finish();
        font.finish();

        let [x_min, y_min, x_max, y_max] = face.bounds;
        let mut font = chunk.font_descriptor(descriptor);
        font.name(name).flags(FontFlags::SYMBOLIC).bbox(Rect::new(x_min, y_min, x_max, y_max));
        font.italic_angle(0.0).ascent(face.ascent).descent(face.descent);
        font.cap_height(face.cap_height).stem_v(80.0);
        match face.outlines {
            Outlines::Cff => font.font_file3(program),
            Outlines::Glyf => font.font_file2(program),
        };
        font.finish();

        let mut stream = chunk.stream(program, &file);
        stream.filter(Filter::FlateDecode);
        if face.outlines == Outlines::Cff {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        }
        stream.finish();

        chunk.cmap(unicode, &self.to_unicode());
        Some(type0)
    }

    /// For each CID its character, in UTF-16 (ISO 32000-1, 9.10.3): not compressed, because lists of characters in
    /// hexadecimal are short and their deflated form is not much shorter.
    fn to_unicode(&self) -> Vec<u8> {
        /// Most characters of a list, which must not run past codes with one first byte.
        const LIST: usize = 64;
        /// Most lists of a block (Adobe Technical Note 5014).
        const BLOCK: usize = 100;
        let mut map = Vec::with_capacity(300 + self.glyphs.len() * 8);
        map.extend_from_slice(
            b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n\
              /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n\
              /CMapName/Zhengku def/CMapType 2 def\n\
              1 begincodespacerange<0000><FFFF>endcodespacerange\n",
        );
        // Code 0 draws nothing, so lists begin where their codes are a multiple of their length.
        let (first, rest) = self.glyphs.split_at(self.glyphs.len().min(LIST - 1));
        let lists: Vec<_> = std::iter::once(first).chain(rest.chunks(LIST)).collect();
        let mut code = 1;
        for block in lists.chunks(BLOCK) {
            map.extend_from_slice(format!("{} beginbfrange\n", block.len()).as_bytes());
            for list in block {
                let next = code + list.len();
                map.push(b'<');
                push_hex(&mut map, code);
                map.extend_from_slice(b"><");
                push_hex(&mut map, next - 1);
                map.extend_from_slice(b">[");
                for (_, character, _) in *list {
                    map.push(b'<');
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        push_hex(&mut map, usize::from(*unit));
                    }
                    map.push(b'>');
                }
                map.extend_from_slice(b"]\n");
                code = next;
            }
            map.extend_from_slice(b"endbfrange\n");
        }
        map.extend_from_slice(b"endcmap CMapName currentdict/CMap defineresource pop end end");
        map
    }

    /// Six capital letters that tell one subset of a font from another (ISO 32000-1, 9.6.4).
    fn tag(&self) -> String {
        // FNV-1a over the characters: the same text gives the same tag.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for (glyph, character, _) in &self.glyphs {
            hash ^= u64::from(*glyph) << 32 | u64::from(u32::from(*character));
            hash = hash.wrapping_mul(0x0100_0000_01b3);
        }
        let mut letter = || {
            let part = u8::try_from(hash % 26).unwrap_or_default();
            hash /= 26;
            char::from(b'A' + part)
        };
        (0..6).map(|_| letter()).collect()
    }
}

/// Four hexadecimal digits.
fn push_hex(out: &mut Vec<u8>, value: usize) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend([12, 8, 4, 0].map(|shift| DIGITS[value >> shift & 15]));
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::pdf::font::FontRole;
    use crate::pdf::testing;

    #[test]
    fn characters_that_share_a_glyph_keep_codes_of_their_own() {
        let fonts = testing::fonts();
        let mut seen: HashMap<(u8, u16), (char, Glyph)> = HashMap::new();
        let mut pairs = 0;
        for character in '\u{20}'..'\u{a000}' {
            let Some(glyph) = fonts.glyph(FontRole::Body, character) else { continue };
            let Some((other, first)) = seen.insert((glyph.face, glyph.id), (character, glyph))
            else {
                continue;
            };
            let mut set = FontSet { prefix: 'T', uses: Vec::new() };
            let codes = [set.code(first, other, false), set.code(glyph, character, false)];
            assert_eq!(codes, [(0, 1), (1, 1)], "{other} and {character}");
            assert_eq!(set.code(first, other, false), (0, 1));
            pairs += 1;
        }
        assert!(pairs > 0, "no font of the role draws two characters alike");
    }

    #[test]
    fn every_code_is_mapped_to_its_character_however_many_there_are() {
        for count in [1, 63, 64, 300, 7_000_u32] {
            let mut font =
                FontUse { face: 0, vertical: false, glyphs: Vec::new(), cids: vec![0; 4] };
            let character = |n: u32| char::from_u32(0x1_FF80 + n).unwrap();
            for n in 1..=count {
                let id = u16::try_from(n).unwrap();
                let glyph = Glyph { face: 0, id, advance: FULL_WIDTH };
                for _ in 0..2 {
                    assert_eq!(font.code(glyph, character(n)), Some(id));
                }
                assert_eq!(font.code(glyph, 'x'), None);
            }
            let map = String::from_utf8(font.to_unicode()).unwrap();
            let mut mapped = Vec::new();
            for list in map.lines().filter(|line| line.starts_with('<')) {
                let (range, list) = list.split_once("[").unwrap();
                let codes: Vec<u32> = range
                    .split(['<', '>'])
                    .filter_map(|code| u32::from_str_radix(code, 16).ok())
                    .collect();
                assert!(codes[0] >> 8 == codes[1] >> 8, "{range}");
                let listed = list.trim_end_matches("]").split_terminator('>');
                let listed: Vec<u32> = listed
                    .map(|units| {
                        let units = units.trim_start_matches('<');
                        let units: Vec<u16> = [&units[..4], &units[4..]]
                            .iter()
                            .filter_map(|unit| u16::from_str_radix(unit, 16).ok())
                            .collect();
                        String::from_utf16(&units).unwrap().chars().next().unwrap().into()
                    })
                    .collect();
                assert_eq!(codes[1] - codes[0] + 1, u32::try_from(listed.len()).unwrap());
                mapped.extend((codes[0]..).zip(listed));
            }
            let expected: Vec<_> = (1..=count).map(|n| (n, u32::from(character(n)))).collect();
            assert_eq!(mapped, expected);
        }
    }
}
