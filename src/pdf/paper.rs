//! Putting text, lines and pictures on a page.
//!
//! A [`Paper`] turns the millimetres of a face into a content stream, numbers the marked parts of it for the
//! structure tree, and gathers which glyphs of which fonts were used, so that the fonts can be cut down to them.
//!
//! Source: ISO 32000-1:2008, 8.5 "Path construction", 9.4 "Text objects", 14.6 "Marked content".

use pdf_writer::types::{ArtifactType, CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Chunk, Content, Filter, Finish, Name, Rect, Ref, Str};

use super::deflate::Deflater;
use super::face_template::{Area, Color, TextStyle};
use super::font::{FontBook, Glyph, Outlines};
use super::layout::TextBox;
use super::subset::subset;
use super::units::{Mm, rounded};

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
    /// For each glyph of the font its CID, or 0.
    cids: Vec<u16>,
}

impl FontSet {
    /// Font and CID for drawing `character` with `glyph`.
    ///
    /// One CID stands for one character, or text could not be copied out of the page exactly. Where a font
    /// draws two characters with the same glyph, the second gets a subset of its own.
    pub(super) fn code(
        &mut self,
        fonts: &FontBook,
        glyph: Glyph,
        character: char,
        vertical: bool,
    ) -> (usize, u16) {
        for (number, font) in self.uses.iter_mut().enumerate() {
            if font.face != glyph.face || font.vertical != vertical {
                continue;
            }
            let Some(cid) = font.cids.get_mut(usize::from(glyph.id)) else { continue };
            if *cid == 0 {
                font.glyphs.push((glyph.id, character, glyph.advance));
                *cid = u16::try_from(font.glyphs.len()).unwrap_or(u16::MAX);
                return (number, *cid);
            }
            let known = font.glyphs.get(usize::from(*cid) - 1);
            if known.is_some_and(|(_, known, _)| *known == character) {
                return (number, *cid);
            }
        }
        let mut cids = vec![0; fonts.face(glyph).glyph_count().max(usize::from(glyph.id) + 1)];
        if let Some(cid) = cids.get_mut(usize::from(glyph.id)) {
            *cid = 1;
        }
        let glyphs = vec![(glyph.id, character, glyph.advance)];
        self.uses.push(FontUse { face: glyph.face, vertical, glyphs, cids });
        (self.uses.len() - 1, 1)
    }

    pub(super) fn name(&self, number: usize) -> String {
        format!("{}{number}", self.prefix)
    }

    /// Writes the fonts, cut down to what was used, and gives their names and references.
    ///
    /// `None` says that a font of the house is damaged behind its header.
    pub(super) fn embed(
        &self,
        fonts: &FontBook,
        chunk: &mut Chunk,
        next: &mut Ref,
        deflater: &mut Deflater,
    ) -> Option<Vec<(String, Ref)>> {
        let all = self.uses.iter().enumerate();
        all.map(|(number, font)| {
            Some((self.name(number), font.embed(fonts, chunk, next, deflater)?))
        })
        .collect()
    }
}

impl FontUse {
    fn embed(
        &self,
        fonts: &FontBook,
        chunk: &mut Chunk,
        next: &mut Ref,
        deflater: &mut Deflater,
    ) -> Option<Ref> {
        const IDENTITY: SystemInfo<'static> =
            SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
        let face = fonts.numbered(self.face);
        let glyphs: Vec<u16> = self.glyphs.iter().map(|(glyph, ..)| *glyph).collect();
        let file = deflater.compress_font(&subset(face, &glyphs)?);
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
        font.default_width(1000.0);
        if face.outlines == Outlines::Glyf {
            font.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let widths = self.glyphs.iter().map(|(_, _, width)| f32::from(*width));
        font.widths().consecutive(1, widths);
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

        let mut map = UnicodeCmap::<u16>::new(Name(b"Zhengku"), IDENTITY);
        for (number, (_, character, _)) in (1..).zip(&self.glyphs) {
            map.pair(number, *character);
        }
        let map = deflater.compress(map.finish().as_slice());
        chunk.cmap(unicode, &map).filter(Filter::FlateDecode);
        Some(type0)
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
            let codes =
                [set.code(fonts, first, other, false), set.code(fonts, glyph, character, false)];
            assert_eq!(codes, [(0, 1), (1, 1)], "{other} and {character}");
            assert_eq!(set.code(fonts, first, other, false), (0, 1));
            pairs += 1;
        }
        assert!(pairs > 0, "no font of the role draws two characters alike");
    }

    #[test]
    fn characters_beyond_the_basic_plane_are_mapped_by_surrogates() {
        let mut map = UnicodeCmap::<u16>::new(
            Name(b"T"),
            SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 },
        );
        map.pair(1, '\u{20000}');
        let map = String::from_utf8(map.finish().into_vec()).unwrap();
        assert!(map.contains("<0001> <D840DC00>"), "{map}");
    }
}
