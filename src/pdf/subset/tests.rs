//! Subsets draw and measure as the whole fonts do.

use ttf_parser::{Face, OutlineBuilder, cff};

use super::*;
use crate::pdf::deflate::inflate;
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
    for place in [3] {
        let face = fonts.numbered(place);
        assert_eq!(face.outlines, Outlines::Glyf);
        let whole = face.parsed().unwrap();
        let glyphs: Vec<u16> =
            text.chars().filter_map(|c| whole.glyph_index(c)).map(|id| id.0).collect();
        let bytes = subset(face, &glyphs).unwrap();
        assert_eq!(inflate(&face.packed(&glyphs).unwrap(), 1 << 20), Some(bytes.clone()));
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
fn a_cff_subset_draws_and_measures_its_glyphs_as_the_whole_font_does() {
    let fonts = testing::fonts();
    let text = "营业执照（副本）Ǻé，ÅÄ一二三Q1,.";
    for place in [0, 1, 2] {
        let face = fonts.numbered(place);
        assert_eq!(face.outlines, Outlines::Cff);
        let whole = face.parsed().unwrap();
        let glyphs: Vec<u16> =
            text.chars().filter_map(|c| whole.glyph_index(c)).map(|id| id.0).collect();
        let bytes = subset(face, &glyphs).unwrap();
        assert_eq!(inflate(&face.packed(&glyphs).unwrap(), 1 << 20), Some(bytes.clone()));
        let cut = cff::Table::parse(&bytes).unwrap();
        let widths = Cff::read(&bytes).unwrap().stated_widths();
        assert_eq!(usize::from(cut.number_of_glyphs()), glyphs.len() + 1);
        for (number, glyph) in (1..).zip(&glyphs) {
            let (mut expected, mut found) = (Path::default(), Path::default());
            whole.outline_glyph(GlyphId(*glyph), &mut expected);
            cut.outline(GlyphId(number), &mut found).unwrap();
            assert!(!expected.0.is_empty());
            assert_eq!(found, expected);
            let width = widths[usize::from(number)].unwrap_or(1000);
            assert_eq!(Some(width), whole.glyph_hor_advance(GlyphId(*glyph)).map(u32::from));
            assert_eq!(cut.glyph_cid(GlyphId(number)), Some(number));
        }
    }
}

#[test]
fn a_glyph_number_past_the_font_gives_no_subset() {
    for place in [0, 3] {
        let face = testing::fonts().numbered(place);
        assert_eq!(subset(face, &[65_535]), None);
        assert_eq!(face.packed(&[65_535]), None);
    }
}
