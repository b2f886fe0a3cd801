//! The seal picture (印模): a red ring, a star, the authority's name on the arc, and what the seal is for.
//!
//! It is drawn once per authority and put on every page as the appearance of the signature field. All of it is
//! curves, the letters too: it scales to any diameter and needs no font. The picture proves nothing; the
//! signature behind it does.

use std::f32::consts::PI;

use pdf_writer::Content;
use ttf_parser::{GlyphId, OutlineBuilder};

use super::deflate::Deflater;
use super::font::{FontBook, FontRole};
use super::layout::{Measured, MissingGlyph, TextFault};
use super::units::factor;

/// Half the side of the square that the picture is written into. On a seal of 42 mm, one step is 21 µm: whole
/// numbers are as exact as any printer.
pub(super) const RADIUS: f32 = 1000.0;
/// The picture is laid out in a square of 200 units.
const STEPS_PER_UNIT: f32 = RADIUS / 100.0;
/// The red of seals.
const RED: [f32; 3] = [0.84, 0.06, 0.09];
/// Longest name on the arc and longest caption, in characters; longer ones could not be read. Our own bound.
const MAX_NAME: usize = 40;
const MAX_CAPTION: usize = 16;

/// A seal picture, ready to be put on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealMark {
    /// Compressed content of a form of twice [`RADIUS`] around the origin.
    pub(super) content: Vec<u8>,
    /// What it shows, in words.
    pub(super) words: String,
}

impl SealMark {
    /// Draws the seal of `authority_name`, with `caption` (such as 电子证照专用章) below the star.
    pub fn new(
        fonts: &FontBook,
        authority_name: &str,
        caption: &str,
    ) -> Result<Self, SealMarkFault> {
        let measure = |text: &str, limit| {
            let count = text.chars().count();
            if count > limit || text.trim().is_empty() {
                return Err(SealMarkFault::Length { found: count, limit });
            }
            Measured::new(fonts, FontRole::Title, text).map_err(|fault| match fault {
                TextFault::NoGlyph { missing, .. } => SealMarkFault::NoGlyph(missing),
                TextFault::DoesNotFit { text_chars, box_chars } => {
                    SealMarkFault::Length { found: text_chars, limit: box_chars }
                }
            })
        };
        let name = measure(authority_name, MAX_NAME)?;
        let caption_text = measure(caption, MAX_CAPTION)?;
        let mut content = Content::new();
        content.set_stroke_rgb(RED[0], RED[1], RED[2]).set_fill_rgb(RED[0], RED[1], RED[2]);
        ring(&mut content, 96.5, 5.2);
        ring(&mut content, 90.6, 0.9);
        star(&mut content, 27.0);
        on_arc(fonts, &name, &mut content);
        in_line(fonts, &caption_text, &mut content);
        let content = Deflater::best().compress(&content.finish().into_vec());
        Ok(Self { content, words: format!("{authority_name} {caption}") })
    }
}

/// A length in units, as it is written.
fn written(units: f32) -> f32 {
    (units * STEPS_PER_UNIT).round()
}

fn ring(content: &mut Content, radius: f32, width: f32) {
    // A quarter of a circle as one curve: the usual factor 4/3·(√2 − 1).
    let k = written(radius * 0.552_285);
    let r = written(radius);
    content.set_line_width(written(width)).move_to(r, 0.0);
    content.cubic_to(r, k, k, r, 0.0, r).cubic_to(-k, r, -r, k, -r, 0.0);
    content.cubic_to(-r, -k, -k, -r, 0.0, -r).cubic_to(k, -r, r, -k, r, 0.0);
    content.close_path().stroke();
}

fn star(content: &mut Content, radius: f32) {
    for number in 0..5 {
        // Every second corner: the five points of the star in one stroke.
        let angle = PI / 2.0 + factor(number) * PI * 0.8;
        let (x, y) = (written(radius * angle.cos()), written(radius * angle.sin()));
        if number == 0 {
            content.move_to(x, y);
        } else {
            content.line_to(x, y);
        }
    }
    content.close_path().fill_nonzero();
}

/// The authority's name along the inside of the ring, upright at the top.
fn on_arc(fonts: &FontBook, name: &Measured, content: &mut Content) {
    let count = name.chars.len();
    let gaps = factor(count.saturating_sub(1)).max(1.0);
    // Short names go round half the circle, long ones to two thirds: beyond it they would meet the caption.
    let turn = (gaps * 0.42).max((gaps * 0.62).min(PI * 0.9)).min(PI * 1.22);
    let step = turn / gaps;
    let size = (26.0 - 0.35 * (factor(count) - 8.0).max(0.0)).clamp(15.0, 26.0);
    // The tops of the letters keep the same distance from the ring.
    let inner = 87.0 - size;
    // Letters are made narrow before they are made small, as stamp cutters do.
    let narrow = (step * (inner + size * 0.25) / size * 0.96).clamp(0.35, 1.0);
    for (number, (_, glyph)) in name.chars.iter().enumerate() {
        let angle = PI / 2.0 + turn / 2.0 - factor(number) * step;
        let angle = if count == 1 { PI / 2.0 } else { angle };
        let lean = angle - PI / 2.0;
        let (sin, cos) = lean.sin_cos();
        let frame = Frame {
            origin: [inner * angle.cos(), inner * angle.sin()],
            right: [cos * narrow * size, sin * narrow * size],
            up: [-sin * size, cos * size],
        };
        outline(fonts, *glyph, frame, content);
    }
}

/// The caption in a straight line below the star.
fn in_line(fonts: &FontBook, caption: &Measured, content: &mut Content) {
    let size = 17.0;
    let count = factor(caption.chars.len());
    let room = 112.0_f32;
    let step = (room / count).min(size * 1.05);
    let narrow = (step / size * 0.97).clamp(0.35, 1.0);
    for (number, (_, glyph)) in caption.chars.iter().enumerate() {
        let x = (factor(number) + 0.5 - count / 2.0) * step;
        let frame = Frame { origin: [x, -58.0], right: [narrow * size, 0.0], up: [0.0, size] };
        outline(fonts, *glyph, frame, content);
    }
}

/// Where a glyph goes: the middle of its baseline, and what one em is to the right and upwards.
#[derive(Clone, Copy)]
struct Frame {
    origin: [f32; 2],
    right: [f32; 2],
    up: [f32; 2],
}

fn outline(fonts: &FontBook, glyph: super::font::Glyph, frame: Frame, content: &mut Content) {
    let font = fonts.face(glyph);
    let Some(face) = font.parsed() else { return };
    let units = f32::from(font.units_per_em);
    let half = f32::from(glyph.advance) / 2000.0;
    let mut pen = Pen { content, frame, units, half, last: [0.0; 2] };
    if face.outline_glyph(GlyphId(glyph.id), &mut pen).is_some() {
        content.fill_nonzero();
    }
}

/// Draws outlines into a content stream.
struct Pen<'c> {
    content: &'c mut Content,
    frame: Frame,
    units: f32,
    half: f32,
    last: [f32; 2],
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        let (x, y) = (x / self.units - self.half, y / self.units);
        let Frame { origin, right, up } = self.frame;
        [0, 1].map(|n| written(origin[n] + right[n] * x + up[n] * y))
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.last = [x, y];
        let [x, y] = self.at(x, y);
        self.content.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.last = [x, y];
        let [x, y] = self.at(x, y);
        self.content.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        // A quadratic curve as a cubic one: its control point is reached by two thirds from either end.
        let [x0, y0] = self.last;
        let first = (x0 + (x1 - x0) * 2.0 / 3.0, y0 + (y1 - y0) * 2.0 / 3.0);
        let second = (x + (x1 - x) * 2.0 / 3.0, y + (y1 - y) * 2.0 / 3.0);
        self.curve_to(first.0, first.1, second.0, second.1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.last = [x, y];
        let ([x1, y1], [x2, y2], [x, y]) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.content.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.content.close_path();
    }
}

/// Why a seal picture cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealMarkFault {
    /// The name or the caption is empty or too long.
    Length {
        /// Its length in characters.
        found: usize,
        /// The longest that can be read.
        limit: usize,
    },
    /// No font draws these characters of the name.
    NoGlyph(Vec<MissingGlyph>),
}

impl std::fmt::Display for SealMarkFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Length { found, limit } => {
                write!(f, "a text on the seal has {found} characters; 1 to {limit} can be read")
            }
            Self::NoGlyph(missing) => {
                f.write_str("no font of the role `title` draws")?;
                missing.iter().try_for_each(|m| write!(f, " U+{:04X}", u32::from(m.character)))
            }
        }
    }
}

impl std::error::Error for SealMarkFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    #[test]
    fn the_same_seal_has_the_same_bytes_and_another_name_others() {
        let draw = |name| SealMark::new(testing::fonts(), name, "电子证照专用章").unwrap();
        assert_eq!(draw("云泽市市场监督管理局"), draw("云泽市市场监督管理局"));
        assert_ne!(draw("云泽市市场监督管理局"), draw("云泽市民政局"));
        assert!(draw(&"长".repeat(40)).content.len() < 20_000);
    }

    #[test]
    fn names_that_cannot_be_read_or_drawn_are_refused() {
        let draw = |name: &str| SealMark::new(testing::fonts(), name, "章").unwrap_err();
        assert_eq!(draw(&"长".repeat(41)), SealMarkFault::Length { found: 41, limit: 40 });
        assert_eq!(draw(" "), SealMarkFault::Length { found: 1, limit: 40 });
        let missing = MissingGlyph { place: 2, character: '\u{10FFFD}' };
        assert_eq!(draw("市\u{10FFFD}"), SealMarkFault::NoGlyph(vec![missing]));
    }
}
