//! Setting text into a box.
//!
//! A text is measured once ([`Measured`]) and then broken into lines for as many sizes as are tried: from the
//! size the template asks for down to the least it allows. What does not fit then is refused, never cut off.
//!
//! Where a line may end is for [`line_break`](super::line_break) to say.

use std::ops::Range;

use super::face_template::TextStyle;
use super::font::{FontBook, FontRole, Glyph};
use super::line_break::{GAP, Piece, gap, is_blank, pieces};
use super::units::factor;
use super::vertical::{Way, columns};
use crate::domain::Script;

/// Steps in which the size is made smaller, in points. Our own bound.
const SIZE_STEP_PT: f32 = 0.5;
/// Part of the size above the baseline; the characters of Chinese fonts stand in a square of which this much
/// lies above it.
pub(super) const ASCENT: f32 = 0.88;
/// Lengths closer than this many points count as equal.
const TOLERANCE_PT: f32 = 0.01;
/// Longest text that is measured, in characters. Our own bound; no box holds as much.
const MAX_CHARS: usize = 20_000;

/// Where and how a text stands. Lengths are points from the upper left corner of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TextBox {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) w: f32,
    pub(super) h: f32,
    pub(super) align: Align,
    pub(super) valign: Valign,
    pub(super) size_pt: f32,
    pub(super) min_size_pt: f32,
    pub(super) line_height: f32,
    pub(super) letter_spacing_pt: f32,
}

/// How lines stand between the left and the right edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right edge.
    Right,
    /// The letters of a line spread evenly from edge to edge; of several lines, the last stands left.
    Spread,
}

/// How a text stands between the upper and the lower edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Valign {
    /// At the upper edge.
    #[default]
    Top,
    /// In the middle.
    Middle,
    /// At the lower edge.
    Bottom,
}

/// A text set into its box.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) size_pt: f32,
    pub(super) lines: Vec<Line>,
}

/// One line: where it starts on the page, and which characters of the text are on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) x: f32,
    pub(super) baseline: f32,
    pub(super) spacing_pt: f32,
    pub(super) chars: Range<usize>,
}

/// A text with the glyph and width of each character and the places where it may be broken.
///
/// Of a text in columns, lines are columns: the widths are heights, and a [`TextBox`] is one lying on its side.
#[derive(Clone)]
pub(super) struct Measured {
    pub(super) chars: Vec<(char, Glyph)>,
    /// How each character stands in its column, and its height there; empty for a text in lines.
    pub(super) ways: Vec<(Way, u16)>,
    /// Whether Han and Latin stand apart.
    spaced: bool,
    pieces: Vec<Piece>,
}

impl Measured {
    /// Looks up every character of `text`, to be set as `style` says.
    pub(super) fn styled(
        fonts: &FontBook,
        style: &TextStyle,
        text: &str,
    ) -> Result<Self, TextFault> {
        Self::looked_up(fonts, style.font, text, style.vertical, style.spaced)
    }

    /// Looks up every character of `text`, to be set in lines.
    pub(super) fn new(fonts: &FontBook, role: FontRole, text: &str) -> Result<Self, TextFault> {
        Self::looked_up(fonts, role, text, false, true)
    }

    fn looked_up(
        fonts: &FontBook,
        role: FontRole,
        text: &str,
        vertical: bool,
        spaced: bool,
    ) -> Result<Self, TextFault> {
        if text.len() > MAX_CHARS && text.chars().nth(MAX_CHARS).is_some() {
            let text_chars = text.chars().count();
            return Err(TextFault::DoesNotFit { box_chars: MAX_CHARS, text_chars });
        }
        let mut chars = Vec::with_capacity(text.len() / 3 + 8);
        let mut missing = Vec::new();
        let mut missing_chars = 0;
        let mut breaks = Vec::new();
        for (place, character) in text.chars().enumerate() {
            match character {
                '\n' => breaks.push(chars.len()),
                '\r' => {}
                _ => match fonts.glyph(role, character) {
                    // A font may have the letters of a script and still nobody here could set it.
                    Some(glyph) if !Script::needs_shaping(character) => {
                        chars.push((character, glyph))
                    }
                    _ => {
                        missing_chars += 1;
                        if missing.len() < MissingGlyph::NAMED {
                            missing.push(MissingGlyph { place: place + 1, character });
                        }
                    }
                },
            }
        }
        if missing.is_empty() {
            let (mut ways, mut heights) = (Vec::new(), Vec::new());
            if vertical {
                ways = columns(fonts, &mut chars);
                let high = |((character, glyph), (_, height)): (&(char, Glyph), &(Way, u16))| {
                    (*character, Glyph { advance: *height, ..*glyph })
                };
                heights = chars.iter().zip(&ways).map(high).collect();
            }
            let pieces = pieces(if vertical { &heights } else { &chars }, &breaks);
            Ok(Self { chars, ways, spaced, pieces })
        } else {
            Err(TextFault::NoGlyph { missing_chars, missing })
        }
    }

    /// The lines of the text in a column of `width_pt` at `size_pt`.
    pub(super) fn lines(&self, width_pt: f32, size_pt: f32, spacing_pt: f32) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        let mut start = 0;
        let mut end = 0;
        let mut used = 0.0;
        let unit = size_pt / 1000.0;
        let points = |width: u32, count: usize| thousand(width) * unit + factor(count) * spacing_pt;
        for piece in &self.pieces {
            let ink = points(piece.inked, piece.inked_chars);
            let lead =
                if piece.gap && self.spaced && used > 0.0 { f32::from(GAP) * unit } else { 0.0 };
            if used + lead + ink - spacing_pt > width_pt + TOLERANCE_PT {
                if end > start {
                    lines.push(start..end);
                }
                start = piece.chars.start;
                used = 0.0;
                if ink - spacing_pt > width_pt + TOLERANCE_PT {
                    // A word longer than the line is broken wherever the line is full.
                    for place in piece.chars.clone() {
                        let width = self.advance(place) * unit + spacing_pt;
                        if used + width - spacing_pt > width_pt + TOLERANCE_PT && place > start {
                            lines.push(start..place);
                            start = place;
                            used = 0.0;
                        }
                        used += width;
                    }
                } else {
                    used = points(piece.width, piece.chars.len());
                }
            } else {
                used += lead + points(piece.width, piece.chars.len());
            }
            end = piece.chars.end;
            if piece.ends_line {
                lines.push(start..end);
                start = end;
                used = 0.0;
            }
        }
        if end > start || lines.is_empty() {
            lines.push(start..end);
        }
        lines
    }

    /// Sets the text into `place`, at the largest size that fits.
    pub(super) fn set(&self, place: &TextBox) -> Result<Setting, TextFault> {
        let mut size_pt = place.size_pt;
        loop {
            let lines = self.lines(place.w, size_pt, place.letter_spacing_pt);
            let height = block_height(lines.len(), size_pt, place.line_height);
            let widest_fits = place.w + TOLERANCE_PT >= self.widest_char(&lines) * size_pt / 1000.0;
            if height <= place.h + TOLERANCE_PT && widest_fits {
                return Ok(self.placed(place, size_pt, height, lines));
            }
            if size_pt <= place.min_size_pt {
                return Err(TextFault::DoesNotFit {
                    box_chars: box_chars(place),
                    text_chars: self.chars.len(),
                });
            }
            size_pt = (size_pt - SIZE_STEP_PT).max(place.min_size_pt);
        }
    }

    fn placed(
        &self,
        place: &TextBox,
        size_pt: f32,
        height: f32,
        lines: Vec<Range<usize>>,
    ) -> Setting {
        let free = (place.h - height).max(0.0);
        let top = match place.valign {
            Valign::Top => 0.0,
            Valign::Middle => free / 2.0,
            Valign::Bottom => free,
        };
        let mut baseline = place.y + top + ASCENT * size_pt;
        let last = lines.len().saturating_sub(1);
        let lines = lines
            .into_iter()
            .enumerate()
            .map(|(number, chars)| {
                let inked = self.inked(&chars);
                let gaps = factor(inked.len().saturating_sub(1));
                let mut spacing_pt = place.letter_spacing_pt;
                let width = self.width(&inked) * size_pt / 1000.0 + gaps * spacing_pt;
                let free = place.w - width;
                let mut x = place.x;
                match place.align {
                    Align::Left => {}
                    Align::Center => x += free / 2.0,
                    Align::Right => x += free,
                    Align::Spread if gaps > 0.0 && (number < last || last == 0) => {
                        spacing_pt += free / gaps;
                    }
                    Align::Spread => {}
                }
                let line = Line { x, baseline, spacing_pt, chars };
                baseline += place.line_height * size_pt;
                line
            })
            .collect();
        Setting { size_pt, lines }
    }

    /// The height of the text in a column, in points.
    pub(super) fn height(&self, width_pt: f32, size_pt: f32, line_height: f32) -> f32 {
        block_height(self.lines(width_pt, size_pt, 0.0).len(), size_pt, line_height)
    }

    /// `line` without the blanks at its end.
    fn inked(&self, line: &Range<usize>) -> Range<usize> {
        let chars = self.chars.get(line.clone()).unwrap_or_default();
        let blanks = chars.iter().rev().take_while(|(c, _)| is_blank(*c)).count();
        line.start..line.end - blanks
    }

    pub(super) fn width(&self, chars: &Range<usize>) -> f32 {
        let glyphs: f32 = chars.clone().map(|place| self.advance(place)).sum();
        let line = self.chars.get(chars.clone()).unwrap_or_default();
        let gaps = line.windows(2).filter(|pair| self.gap(pair[0].0, pair[1].0)).count();
        glyphs + factor(gaps) * f32::from(GAP)
    }

    /// Whether a gap stands between these two.
    pub(super) fn gap(&self, before: char, next: char) -> bool {
        self.spaced && gap(before, next)
    }

    fn widest_char(&self, lines: &[Range<usize>]) -> f32 {
        // Only a line of one character can be wider than its box.
        let alone = lines.iter().filter(|line| line.len() == 1);
        alone.map(|line| self.advance(line.start)).fold(0.0, f32::max)
    }

    fn advance(&self, place: usize) -> f32 {
        let advance = match self.ways.get(place) {
            Some((_, height)) => Some(*height),
            None => self.chars.get(place).map(|(_, glyph)| glyph.advance),
        };
        advance.map_or(0.0, f32::from)
    }
}

fn block_height(lines: usize, size_pt: f32, line_height: f32) -> f32 {
    factor(lines.saturating_sub(1)) * line_height * size_pt + size_pt
}

/// How many full-width characters a box holds at its least size: the limit to tell the sender.
fn box_chars(place: &TextBox) -> usize {
    let size = place.min_size_pt.max(1.0);
    let fit = |room: f32, step: f32| {
        // Counted rather than divided: a page is at most some hundred characters wide and high.
        (1..2000).take_while(|count| factor(*count) * step <= room + TOLERANCE_PT).count()
    };
    let columns = fit(place.w + place.letter_spacing_pt, size + place.letter_spacing_pt);
    let rows = 1 + fit(place.h - size, place.line_height * size);
    if place.h + TOLERANCE_PT < size { 0 } else { columns * rows }
}

/// A sum of thousandths as a number. Sums past what fits are wider than any page.
fn thousand(width: u32) -> f32 {
    let high = u16::try_from(width >> 16).unwrap_or(u16::MAX);
    let low = u16::try_from(width & 0xffff).unwrap_or(u16::MAX);
    f32::from(high) * 65_536.0 + f32::from(low)
}

/// A character that no font of its role can draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingGlyph {
    /// Its place in the text, counted from 1.
    pub place: usize,
    /// The character.
    pub character: char,
}

impl MissingGlyph {
    /// How many of a text are named. Our own bound.
    pub const NAMED: usize = 16;
}

/// Why a text cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextFault {
    DoesNotFit { box_chars: usize, text_chars: usize },
    NoGlyph { missing_chars: usize, missing: Vec<MissingGlyph> },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    /// A box in which `columns` full-width characters of 10 points stand in a line.
    fn column(columns: usize, rows: usize) -> TextBox {
        TextBox {
            x: 0.0,
            y: 0.0,
            w: factor(columns) * 10.0,
            h: factor(rows) * 10.0,
            align: Align::Left,
            valign: Valign::Top,
            size_pt: 10.0,
            min_size_pt: 10.0,
            line_height: 1.0,
            letter_spacing_pt: 0.0,
        }
    }

    fn measured(text: &str) -> Measured {
        Measured::new(testing::fonts(), FontRole::Body, text).unwrap()
    }

    #[test]
    fn a_text_shrinks_until_it_fits_and_is_then_refused() {
        let text = measured("一二三四五六七八");
        let mut place = column(4, 1);
        place.min_size_pt = 5.0;
        assert_eq!(text.set(&place).unwrap().size_pt, 5.0);
        place.min_size_pt = 5.5;
        let refusal = TextFault::DoesNotFit { box_chars: 7, text_chars: 8 };
        assert_eq!(text.set(&place), Err(refusal));
        assert_eq!(text.set(&column(4, 2)).unwrap().lines.len(), 2);
    }

    #[test]
    fn lines_stand_where_the_alignment_puts_them() {
        let text = measured("一二");
        for (align, x, spacing) in [
            (Align::Left, 0.0, 0.0),
            (Align::Center, 20.0, 0.0),
            (Align::Right, 40.0, 0.0),
            (Align::Spread, 0.0, 40.0),
        ] {
            let setting = text.set(&TextBox { align, ..column(6, 1) }).unwrap();
            assert_eq!(
                (setting.lines[0].x, setting.lines[0].spacing_pt),
                (x, spacing),
                "{align:?}"
            );
        }
        for (valign, baseline) in
            [(Valign::Top, 8.8), (Valign::Middle, 18.8), (Valign::Bottom, 28.8)]
        {
            let setting = text.set(&TextBox { valign, ..column(6, 3) }).unwrap();
            assert!((setting.lines[0].baseline - baseline).abs() < 0.001, "{valign:?}");
        }
    }

    #[test]
    fn a_text_past_all_bounds_is_refused_and_never_cut() {
        let found = Measured::new(testing::fonts(), FontRole::Body, &"长".repeat(20_001)).err();
        let refusal = TextFault::DoesNotFit { box_chars: 20_000, text_chars: 20_001 };
        assert_eq!(found, Some(refusal));
    }

    #[test]
    fn characters_without_a_glyph_are_named_by_place() {
        let text = Measured::new(testing::fonts(), FontRole::Body, "甲\u{10FFFD}乙\t");
        let missing = vec![
            MissingGlyph { place: 2, character: '\u{10FFFD}' },
            MissingGlyph { place: 4, character: '\t' },
        ];
        assert_eq!(text.err(), Some(TextFault::NoGlyph { missing_chars: 2, missing }));
    }
}
