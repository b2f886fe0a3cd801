//! Drawing what makes a license an annotated copy (加注件): the annotation across every page.
//!
//! The words are repeated in slanting lines over the whole of every page, pictures and all, so that no part worth
//! having can be cut out without some of them. They darken what they cross only where it is light, so that a face
//! stays readable beneath. As they say the same thing a hundred times over, they are decoration to whoever has the
//! page read aloud; for them, and for everybody who wants a plain sentence, it stands once in a strip below each
//! page, and is the first thing read there.
//!
//! A face itself is not touched: whatever it has at its foot stays where it is, and the strip is added to the page.
//!
//! Sources: ISO 32000-1:2008, 8.4.5 (graphics state parameters), 11.3.5 (blend modes), 14.8.2.2 (artifacts).

use pdf_writer::types::{ArtifactSubtype, ArtifactType, BlendMode};
use pdf_writer::writers::{ExtGraphicsState, Page, Resources};
use pdf_writer::{Content, Name};

use super::draw_fault::{DrawError, DrawFault};
use super::face_template::{Area, Color, TextStyle};
use super::font::{FontBook, FontRole};
use super::layout::{Align, Line, Measured, Setting, TextFault, Valign};
use super::paper::{Paper, text_box};
use super::structure::{Drawing, Sheet};
use super::units::{Mm, rounded};

/// What is printed on a copy.
#[derive(Clone, Copy, Debug)]
pub struct Annotation<'a> {
    /// What is repeated across every page.
    pub across: &'a str,
    /// The sentence below every page.
    pub foot: &'a str,
}

/// Size of the words across the page, in points; distance of their lines, in millimetres. Our own measures: a
/// square of 40 mm holds parts of three lines, and two thirds of the page stay free of them.
const ACROSS_SIZE_PT: f32 = 9.5;
const LINE_DISTANCE: Mm = Mm(13.0);
/// How far each line is moved along against the one before it, as part of its length: so that the same words do not
/// stand beneath each other.
const SHIFT: f32 = 0.37;
/// Sine and cosine of the slope, 30 degrees.
const SLOPE: (f32, f32) = (0.5, 0.866_025);
/// The color of the words across the page; multiplied with what is beneath.
const ACROSS_COLOR: Color = Color([0.97, 0.72, 0.70]);
/// Room between two repetitions, in widths of a character.
const PAUSE_EMS: f32 = 2.0;
/// The strip below a page, and the sentence in it.
const STRIP: Mm = Mm(14.0);
const STRIP_MARGIN: Mm = Mm(10.0);
const FOOT: TextStyle = TextStyle {
    font: FontRole::Body,
    size_pt: 9.0,
    min_size_pt: 6.0,
    line_height: 1.3,
    align: Align::Left,
    valign: Valign::Middle,
    color: Color([0.55, 0.08, 0.06]),
    letter_spacing_pt: 0.0,
    spaced: false,
    vertical: false,
};
/// What the contents of the pages call the way of painting that darkens only.
const GRAPHICS_STATE: Name<'static> = Name(b"ZKCopy");

/// Puts the annotation on every page of a finished drawing.
pub(super) fn annotate(
    drawing: &mut Drawing<'_>,
    fonts: &FontBook,
    annotation: &Annotation<'_>,
) -> Result<(), DrawError> {
    let refused = |fault: TextFault| {
        DrawError::Faults(vec![DrawFault { field: "annotation".to_owned(), kind: fault.into() }])
    };
    let across = Measured::new(fonts, FOOT.font, annotation.across).map_err(refused)?;
    let foot = Measured::new(fonts, FOOT.font, annotation.foot).map_err(refused)?;
    let mut set = drawing.fonts.take().ok_or(DrawError::Fault("a page is still being drawn"))?;
    for number in 0..drawing.sheets.len() {
        let Some(sheet) = drawing.sheets.get_mut(number) else { continue };
        let width = Mm(sheet.width.0 - 2.0 * STRIP_MARGIN.0);
        let area = Area { x: STRIP_MARGIN, y: sheet.height, w: width, h: STRIP };
        let setting = foot.set(&text_box(area, &FOOT)).map_err(refused)?;
        sheet.strip = STRIP;
        let content = std::mem::replace(&mut sheet.content, Content::new());
        let mut paper = Paper::reopen(set, content, sheet.height, sheet.first_mark());

        paper.begin(b"P");
        paper.text(&foot, &setting, FOOT.color);
        paper.end();
        begin_across(&mut paper, sheet);
        paper.text(&across, &lines(&across, (sheet.width, sheet.height)), ACROSS_COLOR);
        paper.content.restore_state();
        paper.end();

        sheet.content = paper.content;
        set = paper.fonts;
        drawing.preface(b"P", number);
    }
    drawing.fonts = Some(set);
    Ok(())
}

/// Begins decoration whose coordinates lie along the slope, with their origin in the middle of the page.
fn begin_across(paper: &mut Paper, sheet: &Sheet) {
    let mut marked = paper.content.begin_marked_content_with_properties(Name(b"Artifact"));
    let mut artifact = marked.properties().artifact();
    artifact.kind(ArtifactType::Pagination).subtype(ArtifactSubtype::Watermark);
    drop(artifact);
    drop(marked);
    let (sine, cosine) = SLOPE;
    let middle = |length: Mm| rounded(length.to_points() / 2.0);
    let matrix = [cosine, sine, -sine, cosine, middle(sheet.width), middle(sheet.height)];
    let [width, height] = [sheet.width, sheet.height].map(|length| rounded(length.to_points()));
    // Not into the strip: the sentence there is to be read.
    paper.content.save_state().rect(0.0, 0.0, width, height).clip_nonzero().end_path();
    paper.content.set_parameters(GRAPHICS_STATE).transform(matrix);
}

/// The words again and again, as far as the corners of the page in every direction.
fn lines(across: &Measured, (width, height): (Mm, Mm)) -> Setting {
    let (width, height) = (width.to_points(), height.to_points());
    let reach = width.hypot(height) / 2.0;
    let advance: f32 = across.chars.iter().map(|(_, glyph)| f32::from(glyph.advance)).sum();
    let step = (advance / 1000.0 + PAUSE_EMS) * ACROSS_SIZE_PT;
    let mut lines = Vec::new();
    let (mut above, mut shift) = (-reach, 0.0);
    while above <= reach {
        let mut x = -reach - shift;
        while x < reach {
            // Paper counts from the upper edge of the page.
            let (baseline, chars) = (height - above, 0..across.chars.len());
            lines.push(Line { x, baseline, spacing_pt: 0.0, chars });
            x += step;
        }
        above += LINE_DISTANCE.to_points();
        shift = (shift + SHIFT * step) % step;
    }
    Setting { size_pt: ACROSS_SIZE_PT, lines }
}

/// Says in which colors a page is mixed: those of the output intent (ISO 19005-3, 6.2.10).
pub(super) fn blending_space(page: &mut Page<'_>) {
    let mut group = page.group();
    group.transparency().color_space().device_rgb();
}

/// Writes how the words across the page are painted into what the pages name.
pub(super) fn graphics_state(resources: &mut Resources<'_>) {
    let mut states = resources.ext_g_states();
    let mut state = states.insert(GRAPHICS_STATE).start::<ExtGraphicsState<'_>>();
    state.blend_mode(BlendMode::Multiply);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::{CopyClaim, read_sealed, testing};

    #[test]
    fn a_sealed_copy_is_read_back_as_a_copy_and_an_original_is_none() {
        let file = testing::sealed_copy();
        let copy = read_sealed(&file).unwrap();
        assert_eq!(copy.copy, CopyClaim::Whole(Box::new(testing::copy_facts())));
        // What knows nothing of copies finds no license in it.
        assert_eq!(copy.license_id, None);
        assert_eq!(copy.reason.as_deref(), Some(super::super::COPY_REASON));
        assert_eq!(read_sealed(&testing::sealed()).unwrap().copy, CopyClaim::None);
    }

    #[test]
    fn the_words_reach_every_part_of_every_page() {
        for (width, height) in [(210.0, 297.0), (297.0, 210.0), (420.0, 148.0)] {
            let (width, height) = (Mm(width), Mm(height));
            let text = testing::copy_facts().copy.across();
            let across = Measured::new(testing::fonts(), FOOT.font, &text).unwrap();
            let set = lines(&across, (width, height));
            let pause = PAUSE_EMS * ACROSS_SIZE_PT;
            let long: f32 = across.chars.iter().map(|(_, g)| f32::from(g.advance)).sum::<f32>()
                / 1000.0
                * ACROSS_SIZE_PT;
            let (sine, cosine) = SLOPE;
            let (w, h) = (width.to_points(), height.to_points());
            // From every point of a grid over the page the next ink is nearer than a line and a pause.
            let mut x = 0.0;
            while x <= w {
                let mut y = 0.0;
                while y <= h {
                    let (dx, dy) = (x - w / 2.0, y - h / 2.0);
                    let (along, above) = (dx * cosine + dy * sine, dy * cosine - dx * sine);
                    let near = set.lines.iter().any(|line| {
                        let distance = (h - line.baseline - above).abs();
                        let inside = along >= line.x - pause && along <= line.x + long + pause;
                        distance <= LINE_DISTANCE.to_points() && inside
                    });
                    assert!(near, "{width:?} × {height:?}: nothing near {x}, {y}");
                    y += 20.0;
                }
                x += 20.0;
            }
        }
    }
}
