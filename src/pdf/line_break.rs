//! Where a line of text may end.
//!
//! Chinese breaks between any two characters, except that no closing punctuation may begin a line and no
//! opening punctuation may end one. Latin words and runs of digits stay whole unless one alone is longer than
//! the line. Between Han and Latin or digits stands a quarter of an em, which is no character of the text and
//! vanishes at the end of a line.
//!
//! Source: W3C, Requirements for Chinese Text Layout (clreq), 3.1.3 "Prohibition rules", 3.2.2 "Mixed text".

use std::ops::Range;

use super::font::Glyph;

/// Characters that stay on one line.
#[derive(Clone)]
pub(super) struct Piece {
    pub(super) chars: Range<usize>,
    /// Width in thousandths of the size, with and without blanks at the end.
    pub(super) width: u32,
    pub(super) inked: u32,
    /// Characters that count for letter spacing.
    pub(super) inked_chars: usize,
    /// Whether a gap stands before it, except at the start of a line.
    pub(super) gap: bool,
    /// A line ends after this piece in any case.
    pub(super) ends_line: bool,
}

/// Closing punctuation, which never begins a line. A dash or an ellipsis of two characters stays in one piece by it.
const CLOSING: &str = "、。，．·：；！？）》」』】〕〉〗〙］｝”’〞…—％‰℃°′″々,.:;!?)]}%~～";
/// Opening punctuation, which never ends a line.
const OPENING: &str = "（《「『【〔〈〖〘［｛“‘〝([{￥¥$＄￡№";

/// The gap between Han and Latin letters or digits, in thousandths of the size.
pub(super) const GAP: u16 = 250;

/// Whether a gap stands between these two.
pub(super) fn gap(before: char, next: char) -> bool {
    is_han(before) && is_western(next) || is_western(before) && is_han(next)
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn is_western(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, 'À'..='ɏ' | 'Α'..='ԯ')
}

/// Groups `chars` into what may not be torn apart.
pub(super) fn pieces(chars: &[(char, Glyph)], breaks: &[usize]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(chars.len());
    let mut breaks = breaks.iter().copied().peekable();
    let mut start = 0;
    for place in 1..=chars.len() {
        let mut ends_line = false;
        while breaks.next_if(|at| *at < place).is_some() {
            // A line feed before the first character, or one more after another: an empty line.
            pieces.push(Piece::new(chars, start..start, true));
        }
        while breaks.next_if(|at| *at == place).is_some() {
            if ends_line {
                pieces.push(Piece::new(chars, place..place, true));
            } else {
                pieces.push(Piece::new(chars, start..place, true));
                start = place;
                ends_line = true;
            }
        }
        let next = chars.get(place).map(|(c, _)| *c);
        let before = chars.get(place - 1).map(|(c, _)| *c);
        if !ends_line && before.zip(next).is_none_or(|(before, next)| may_break(before, next)) {
            pieces.push(Piece::new(chars, start..place, false));
            start = place;
        }
    }
    pieces
}

impl Piece {
    fn new(chars: &[(char, Glyph)], range: Range<usize>, ends_line: bool) -> Self {
        let part = chars.get(range.clone()).unwrap_or_default();
        let width = |part: &[(char, Glyph)]| part.iter().map(|(_, g)| u32::from(g.advance)).sum();
        let blanks = part.iter().rev().take_while(|(c, _)| is_blank(*c)).count();
        let inked = part.get(..part.len() - blanks).unwrap_or_default();
        let before = range.start.checked_sub(1).and_then(|place| chars.get(place));
        Self {
            gap: before.zip(part.first()).is_some_and(|(before, first)| gap(before.0, first.0)),
            width: width(part),
            inked: width(inked),
            inked_chars: inked.len(),
            chars: range,
            ends_line,
        }
    }
}

/// Whether a line may end between these two.
fn may_break(before: char, next: char) -> bool {
    if is_blank(next) || CLOSING.contains(next) || OPENING.contains(before) {
        return false;
    }
    if is_blank(before) {
        return true;
    }
    !(in_word(before) && in_word(next))
}

pub(super) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\u{3000}' | '\u{a0}')
}

/// Characters that hold words and numbers together. The marks among them hold what follows them, too:
/// `12.5`, `2026-11-22`, `a/b`.
fn in_word(character: char) -> bool {
    character.is_ascii_graphic() && !OPENING.contains(character) || matches!(character, 'À'..='ɏ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::font::FontRole;
    use crate::pdf::layout::{Measured, TextFault};
    use crate::pdf::testing;
    use crate::pdf::units::factor;

    /// The lines of `text` in a column of so many full-width characters.
    fn broken(text: &str, columns: usize) -> Vec<String> {
        let measured = Measured::new(testing::fonts(), FontRole::Body, text).unwrap();
        let lines = measured.lines(factor(columns) * 10.0, 10.0, 0.0);
        let chars = |line: Range<usize>| measured.chars[line].iter().map(|(c, _)| *c).collect();
        lines.into_iter().map(chars).collect()
    }

    #[test]
    fn lines_are_broken_by_the_rules_of_chinese() {
        let rows: &[(&str, usize, &[&str], &str)] = &[
            ("一二三四五六", 3, &["一二三", "四五六"], "between any two characters"),
            ("一二三，四五", 3, &["一二", "三，四", "五"], "no comma begins a line"),
            ("一二三。”四五", 3, &["一二", "三。”", "四五"], "nor two closing marks"),
            ("一二（三四）", 3, &["一二", "（三", "四）"], "no bracket ends a line"),
            ("一二三《四》五", 4, &["一二三", "《四》五"], "opening and closing together"),
            ("一、二、三、四", 2, &["一、", "二、", "三、", "四"], "enumeration commas stay"),
            ("证号ABC123号", 4, &["证号", "ABC123", "号"], "words stay whole"),
            ("共12.50万元", 3, &["共", "12.50", "万元"], "numbers stay whole"),
            ("a b", 1, &["a ", "b"], "a blank breaks and hangs over the edge"),
            ("一二\n三", 5, &["一二", "三"], "a line feed breaks"),
            ("一\r\n\n三", 5, &["一", "", "三"], "an empty line stays"),
            ("", 5, &[""], "nothing is one empty line"),
        ];
        for (text, columns, expected, reason) in rows {
            assert_eq!(broken(text, *columns), *expected, "{reason}");
        }
    }

    #[test]
    fn no_line_of_a_long_text_begins_or_ends_with_the_wrong_mark() {
        let text = "一般项目：技术服务、技术开发（含软件）；“食品”销售，《办法》所列。".repeat(12);
        for columns in 4..40 {
            let lines = broken(&text, columns);
            assert_eq!(lines.concat(), text);
            for line in lines {
                let (first, last) = (line.chars().next().unwrap(), line.chars().last().unwrap());
                assert!(!CLOSING.contains(first) && !OPENING.contains(last), "{columns}: {line}");
            }
        }
    }

    #[test]
    fn a_word_longer_than_the_line_is_broken_where_the_line_is_full() {
        let word = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let lines = broken(word, 4);
        assert!(lines.len() > 2);
        assert_eq!(lines.concat(), word);
    }

    fn set(text: &str) -> Measured {
        Measured::new(testing::fonts(), FontRole::Body, text).unwrap()
    }

    #[test]
    fn a_quarter_stands_between_han_and_latin_and_at_no_edge_of_a_line() {
        // Digits of the font are half as wide as Han: 5 points, and the gap 2.5.
        for (text, width) in [
            ("年12月", 20.0 + 10.0 + 5.0),
            ("12月", 10.0 + 10.0 + 2.5),
            ("（12）", 20.0 + 10.0),
            ("年，12", 20.0 + 10.0),
            ("共 12", 10.0 + 10.0 + 3.5),
        ] {
            let text_measured = set(text);
            let found = text_measured.width(&(0..text.chars().count())) / 100.0;
            let blank = text_measured.chars.iter().find(|(c, _)| *c == ' ');
            let blank = blank.map_or(0.0, |(_, glyph)| f32::from(glyph.advance) / 100.0 - 3.5);
            let digits = set("12").width(&(0..2)) / 100.0;
            assert!((found - width - blank - (digits - 10.0)).abs() < 0.01, "{text}: {found}");
        }
        // Two lines of which the second begins with a digit: no gap before it.
        let text = set("年年12");
        let lines = text.lines(20.0, 10.0, 0.0);
        assert_eq!(lines, [0..2, 2..4]);
        assert!((text.width(&lines[1]) - set("12").width(&(0..2))).abs() < 0.01);
    }

    #[test]
    fn letters_that_need_their_neighbours_are_not_set_whatever_fonts_there_are() {
        for text in ["བོད", "ئۇيغۇر", "ᠮᠣᠩ"] {
            let found = Measured::new(testing::fonts(), FontRole::Body, text).err();
            assert!(matches!(found, Some(TextFault::NoGlyph { .. })), "{text}");
        }
    }
}
