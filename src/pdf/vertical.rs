//! Text in columns (竖排): from top to bottom, and the columns from right to left.
//!
//! A column is set like a line, with the heights of its characters in place of their widths. Han characters and
//! punctuation stand upright, the punctuation in the form the font has for columns (`vert`); a single digit or two
//! stand upright side by side (纵中横); longer runs of Latin letters and digits lie on their side, and so do the few
//! marks for which a font has no form of its own.
//!
//! Upright characters are written with a font in vertical mode, so that a program that extracts text knows the
//! direction.
//!
//! Source: W3C, Requirements for Chinese Text Layout (clreq), 2.2 "Vertical writing mode"; OpenType 1.9, feature
//! `vert`; ISO 32000-1:2008, 9.7.4.3 "Glyph metrics in CIDFonts".

use std::collections::HashMap;

use ttf_parser::gsub::{SingleSubstitution, SubstitutionSubtable};
use ttf_parser::{Face, GlyphId, Tag};

use super::font::{FontBook, Glyph};
use super::layout::ASCENT;

/// Height of an upright character, in thousandths of the size.
const EM: u16 = 1000;
/// How far right of the baseline the middle of a letter on its side is to stand, as a part of the size.
const MIDDLE: f32 = ASCENT - 0.5;

/// Marks that have another form, or another place, in a column.
const MARKS: &str =
    "、。，．：；！？（）《》〈〉「」『』【】〔〕〖〗〘〙［］｛｝—…～〜“”‘’－ー＿｜";
/// Marks that must lie on their side where the font has no form for them; the others may stand as they are.
const TURNED: &str = "（）《》〈〉「」『』【】〔〕〖〗〘〙［］｛｝—…～〜“”‘’－ー＿｜";

/// How a character stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// One of two digits side by side, or a single one.
    Beside,
    /// On its side, head to the right.
    Turned,
    Upright,
}

/// Gives measured characters their forms for a column, and says how each stands and how much of the column it takes,
/// in thousandths of the size.
pub(super) fn columns(fonts: &FontBook, chars: &mut [(char, Glyph)]) -> Vec<(Way, u16)> {
    let mut ways = Vec::with_capacity(chars.len());
    let mut place = 0;
    while place < chars.len() {
        let rest = chars.get(place..).unwrap_or_default();
        let run = rest.iter().take_while(|(c, _)| is_narrow(*c)).count();
        let digits = rest.iter().take(run).all(|(c, _)| c.is_ascii_digit());
        let way = if run > 0 && run <= 2 && digits { Way::Beside } else { Way::Turned };
        if run > 0 {
            for (_, glyph) in rest.iter().take(run) {
                // Digits side by side share the height of one character.
                let shared = EM / u16::try_from(run).unwrap_or(1);
                ways.push((way, if way == Way::Beside { shared } else { glyph.advance }));
            }
            place += run;
            continue;
        }
        let Some((character, glyph)) = chars.get_mut(place) else { break };
        let form = fonts.face(*glyph).columns.get(&glyph.id);
        ways.push(match form {
            Some(form) => {
                (glyph.id, glyph.advance) = *form;
                (Way::Upright, EM)
            }
            None if TURNED.contains(*character) => (Way::Turned, glyph.advance),
            None => (Way::Upright, EM),
        });
        place += 1;
    }
    ways
}

/// Letters and digits that are narrower than a Han character.
fn is_narrow(character: char) -> bool {
    character.is_ascii_graphic() || matches!(character, 'À'..='ɏ' | 'Α'..='ԯ')
}

/// Where the first of `ways` is written: text matrix for a run that begins `down` points below the top of the page
/// (in the coordinates of PDF) and whose column has its middle at `middle`.
pub(super) fn matrix(way: Way, middle: f32, down: f32, size_pt: f32, width_pt: f32) -> [f32; 6] {
    match way {
        Way::Beside => [1.0, 0.0, 0.0, 1.0, middle - width_pt / 2.0, down - ASCENT * size_pt],
        Way::Turned => [0.0, -1.0, 1.0, 0.0, middle - MIDDLE * size_pt, down],
        Way::Upright => [1.0, 0.0, 0.0, 1.0, middle, down],
    }
}

/// Glyph and width, in thousandths, of the forms that a font has for marks in columns, by the glyph of the usual form.
pub(super) fn forms(face: &Face<'_>) -> HashMap<u16, (u16, u16)> {
    let mut forms = HashMap::new();
    let Some(table) = face.tables().gsub else { return forms };
    for feature in table.features {
        if feature.tag != Tag::from_bytes(b"vert") {
            continue;
        }
        let lookups = feature.lookup_indices.into_iter().filter_map(|at| table.lookups.get(at));
        for lookup in lookups {
            for subtable in lookup.subtables.into_iter::<SubstitutionSubtable<'_>>() {
                let SubstitutionSubtable::Single(single) = subtable else { continue };
                for glyph in MARKS.chars().filter_map(|mark| face.glyph_index(mark)) {
                    let Some(form) = substitute(single, glyph) else { continue };
                    let advance = u32::from(face.glyph_hor_advance(GlyphId(form)).unwrap_or(0));
                    let units = u32::from(face.units_per_em().max(1));
                    if let Ok(advance) = u16::try_from((advance * 1000 + units / 2) / units) {
                        forms.entry(glyph.0).or_insert((form, advance));
                    }
                }
            }
        }
    }
    forms
}

fn substitute(table: SingleSubstitution<'_>, glyph: GlyphId) -> Option<u16> {
    let place = table.coverage().get(glyph)?;
    match table {
        SingleSubstitution::Format1 { delta, .. } => Some(glyph.0.wrapping_add_signed(delta)),
        SingleSubstitution::Format2 { substitutes, .. } => {
            substitutes.get(place).map(|form| form.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::font::FontRole;
    use crate::pdf::layout::Measured;
    use crate::pdf::testing;

    #[test]
    fn marks_take_their_form_for_columns_and_long_runs_lie_down() {
        let fonts = testing::fonts();
        let text = "年，（12—2026A）";
        let measured = Measured::new(fonts, FontRole::Body, text).unwrap();
        let mut chars = measured.chars.clone();
        let (ways, heights): (Vec<Way>, Vec<u16>) = columns(fonts, &mut chars).into_iter().unzip();
        use Way::*;
        let expected = [
            Upright, Upright, Upright, Beside, Beside, Turned, Turned, Turned, Turned, Turned,
            Turned, Upright,
        ];
        assert_eq!(ways, expected);
        let changed: String = measured
            .chars
            .iter()
            .zip(&chars)
            .filter(|(before, after)| before.1.id != after.1.id)
            .map(|(before, _)| before.0)
            .collect();
        assert_eq!(changed, "，（）");
        assert_eq!(heights[..5], [1000, 1000, 1000, 500, 500]);
    }

    /// Judged by a program of others, which must be told the direction to find words at all.
    #[test]
    fn columns_are_found_from_right_to_left_with_their_marks() {
        use crate::pdf::{CompiledFace, DrawValue, FaceFile, draw};

        let text = testing::FACE_TOML.replacen(
            "kind = \"field\"\nfield = \"KZ_JYFW\"",
            "kind = \"field\"\ndirection = \"vertical\"\nfield = \"KZ_JYFW\"",
            1,
        );
        assert!(text.contains("vertical"));
        let face = CompiledFace::new(FaceFile::parse(&text).unwrap(), testing::fonts()).unwrap();
        let scope = "甲乙丙丁，戊己庚辛（壬癸）子丑寅卯辰巳午未申酉戌亥".repeat(3);
        let sample = testing::sample();
        let values = [("KZ_JYFW", DrawValue::Text(&scope))];
        let drawn = draw(&face, testing::fonts(), &sample.face_input(&values)).unwrap();
        let file = drawn.preview(&sample.binding(&[])).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("columns.pdf");
        std::fs::write(&path, file).unwrap();
        let output = std::process::Command::new("pdftotext").arg(&path).arg("-").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(text.contains(&scope), "{text}");
    }

    #[test]
    fn every_font_of_the_house_has_forms_for_columns() {
        for number in 0..4 {
            let face = testing::fonts().numbered(number);
            let Some(comma) = face.parsed().and_then(|face| face.glyph_index('，')) else {
                continue;
            };
            assert!(face.columns.contains_key(&comma.0), "{}", face.name);
        }
    }
}
