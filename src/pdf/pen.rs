//! Writing set text into a content stream, in lines and in columns.
//!
//! Characters are gathered until the font, the place or the spacing changes, so that a line is one operator where it
//! can be. The gap between Han and Latin is a movement and no character.
//!
//! Source: ISO 32000-1:2008, 9.4.3 "Text-showing operators".

use pdf_writer::{Name, Str};

use super::face_template::Color;
use super::font::Glyph;
use super::layout::{ASCENT, Line, Measured, Setting};
use super::line_break::GAP;
use super::paper::Paper;
use super::units::{factor, rounded};
use super::vertical::{self, Way};

impl Paper {
    /// Draws `text` as it was set.
    pub(super) fn text(&mut self, text: &Measured, setting: &Setting, color: Color) {
        self.fill_color(color);
        self.content.begin_text();
        let mut pen = Pen { size_pt: rounded(setting.size_pt), ..Pen::default() };
        for line in &setting.lines {
            let chars = text.chars.get(line.chars.clone()).unwrap_or_default();
            if text.ways.is_empty() {
                self.pen_spacing(&mut pen, line.spacing_pt);
                let (x, y) = (rounded(line.x), rounded(self.height_pt - line.baseline));
                self.content.set_text_matrix([1.0, 0.0, 0.0, 1.0, x, y]);
                let mut before = None;
                for (character, glyph) in chars {
                    if before.is_some_and(|before| text.gap(before, *character)) {
                        pen.cuts.push(pen.codes.len());
                    }
                    self.put(&mut pen, (*character, *glyph), false);
                    before = Some(*character);
                }
                self.lift(&mut pen);
            } else {
                self.column(text, line, &mut pen);
            }
        }
        self.pen_spacing(&mut pen, 0.0);
        self.content.end_text();
    }

    /// Draws one column; its `baseline` lies as far left of the right edge of the page as that of a line lies below
    /// the upper one.
    fn column(&mut self, text: &Measured, line: &Line, pen: &mut Pen) {
        let size = pen.size_pt;
        let middle = ASCENT * size - line.baseline - size / 2.0;
        let mut down = self.height_pt - line.x;
        let mut at = line.chars.start;
        let mut before = None;
        while at < line.chars.end {
            let Some((way, _)) = text.ways.get(at).copied() else { break };
            let rest = text.ways.get(at..line.chars.end).unwrap_or_default();
            // Upright characters are set one by one where they are spread; runs on their side stay whole.
            let same = rest.iter().take_while(|(other, _)| *other == way).count();
            let count = if way == Way::Upright && line.spacing_pt != 0.0 { 1 } else { same };
            let run = text.chars.get(at..at + count).unwrap_or_default();
            if let (Some(before), Some((first, _))) = (before, run.first())
                && text.gap(before, *first)
            {
                down -= f32::from(GAP) * size / 1000.0;
            }
            let width: f32 = run.iter().map(|(_, glyph)| f32::from(glyph.advance)).sum();
            let width = width * size / 1000.0;
            let matrix = vertical::matrix(way, middle, down, size, width).map(rounded);
            self.content.set_text_matrix(matrix);
            self.pen_spacing(pen, if way == Way::Turned { line.spacing_pt } else { 0.0 });
            for (character, glyph) in run {
                self.put(pen, (*character, *glyph), way == Way::Upright);
            }
            self.lift(pen);
            let spacing = factor(count) * line.spacing_pt;
            let heights = rest.iter().take(count).map(|(_, height)| f32::from(*height));
            down -= heights.sum::<f32>() * size / 1000.0 + spacing;
            before = run.last().map(|(character, _)| *character);
            at += count;
        }
    }

    fn pen_spacing(&mut self, pen: &mut Pen, spacing_pt: f32) {
        let wanted = rounded(spacing_pt);
        if wanted != pen.spacing_pt {
            self.content.set_char_spacing(wanted);
            pen.spacing_pt = wanted;
        }
    }

    /// Adds a character to what is to be shown, and changes the font where it needs another.
    fn put(&mut self, pen: &mut Pen, (character, glyph): (char, Glyph), vertical: bool) {
        let (font, cid) = self.fonts.code(glyph, character, vertical);
        if pen.font != Some(font) {
            let gap = pen.cuts.pop_if(|cut| *cut == pen.codes.len());
            self.lift(pen);
            pen.cuts.extend(gap.map(|_| 0));
            let name = self.fonts.name(font);
            self.content.set_font(Name(name.as_bytes()), pen.size_pt);
            pen.font = Some(font);
        }
        pen.codes.extend_from_slice(&cid.to_be_bytes());
    }

    /// Shows what was put down.
    fn lift(&mut self, pen: &mut Pen) {
        if pen.cuts.is_empty() {
            if !pen.codes.is_empty() {
                self.content.show(Str(&pen.codes));
            }
        } else {
            let mut shown = self.content.show_positioned();
            let mut items = shown.items();
            let mut from = 0;
            for cut in pen.cuts.iter().copied() {
                if let Some(part) = pen.codes.get(from..cut).filter(|part| !part.is_empty()) {
                    items.show(Str(part));
                }
                items.adjust(-f32::from(GAP));
                from = cut;
            }
            items.show(Str(pen.codes.get(from..).unwrap_or_default()));
        }
        pen.codes.clear();
        pen.cuts.clear();
    }
}

/// What is being written into a text object: the state that goes on from line to line, and what is not yet shown.
#[derive(Default)]
struct Pen {
    size_pt: f32,
    font: Option<usize>,
    spacing_pt: f32,
    codes: Vec<u8>,
    /// Where in `codes` a gap stands.
    cuts: Vec<usize>,
}
