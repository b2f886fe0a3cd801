//! A face template prepared for drawing thousands of pages.
//!
//! Whatever is the same on every page of a type is made once: fixed words are set, their fonts cut down and
//! compressed, the border drawn, the color profile written. A page then copies these bytes and adds its values.
//! Fixed parts lie beneath the values, whatever their order in the file; the order of reading is that of the
//! file.

use pdf_writer::{Chunk, Content, Filter, Finish, Name, Rect, Ref, Settings};

use super::deflate::Deflater;
use super::face_fault::{FaceFault, FaceProblem};
use super::face_template::{Element, FaceFile, Page};
use super::font::{FontBook, FontRole};
use super::layout::{Measured, TextFault};
use super::ornament;
use super::paper::{Paper, text_box};
use super::structure::Sheet;
use super::xmp::srgb_profile;

/// Numbers of the objects that every file has.
pub(super) mod object {
    use pdf_writer::Ref;

    pub(in crate::pdf) const CATALOG: Ref = Ref::new(1);
    pub(in crate::pdf) const PAGES: Ref = Ref::new(2);
    pub(in crate::pdf) const PAGE: Ref = Ref::new(3);
    pub(in crate::pdf) const INFO: Ref = Ref::new(4);
    pub(in crate::pdf) const METADATA: Ref = Ref::new(5);
    pub(in crate::pdf) const STRUCTURE: Ref = Ref::new(6);
    pub(in crate::pdf) const DOCUMENT: Ref = Ref::new(7);
    pub(in crate::pdf) const PARENTS: Ref = Ref::new(8);
    pub(in crate::pdf) const SEAL_FIELD: Ref = Ref::new(9);
    pub(in crate::pdf) const SIGNATURE: Ref = Ref::new(10);
    pub(in crate::pdf) const SEAL_PICTURE: Ref = Ref::new(11);
    pub(in crate::pdf) const VALUES: Ref = Ref::new(12);
    pub(in crate::pdf) const SEAL_PART: Ref = Ref::new(13);
    pub(in crate::pdf) const BACKGROUND: Ref = Ref::new(14);
    pub(in crate::pdf) const PROFILE: Ref = Ref::new(15);
    pub(in crate::pdf) const RESOURCES: Ref = Ref::new(16);
    pub(in crate::pdf) const FIRST_FREE: Ref = Ref::new(17);
}

/// A face ready to be drawn.
pub struct CompiledFace {
    pub(super) page: Page,
    /// The objects that are the same in every file.
    pub(super) fixed: Chunk,
    pub(super) fonts: Vec<(String, Ref)>,
    pub(super) figures: Vec<(&'static str, Ref)>,
    /// All elements that have a place in the order of reading.
    pub(super) parts: Vec<Part>,
    /// For each marked part of the background its structure element.
    pub(super) marks: Vec<Ref>,
    pub(super) next: Ref,
}

/// An element in the order of reading.
pub(super) enum Part {
    /// Fixed words; their structure element.
    Fixed(Ref),
    /// What each file draws anew.
    Value(Element),
}

impl CompiledFace {
    /// Prepares `file`, or gives every fixed text that cannot be drawn.
    pub fn new(file: FaceFile, fonts: &FontBook) -> Result<Self, Vec<FaceFault>> {
        let FaceFile { page, elements } = file;
        let mut faults = Vec::new();
        let mut paper = Paper::new(page.height, 0, 'S');
        let mut fixed = Chunk::with_settings(Settings { pretty: false });
        let mut next = object::FIRST_FREE;
        let mut parts = Vec::new();
        let mut marks = Vec::new();

        paper.begin_artifact();
        paper.content.save_state();
        let figures = ornament::draw(&page, &mut paper.content);
        paper.content.restore_state();
        paper.end();
        for (number, element) in (1..).zip(elements) {
            match element {
                Element::Rect { area, stroke, fill } => {
                    paper.begin_artifact();
                    if let Some(color) = fill {
                        paper.fill(area, color);
                    }
                    if let Some(stroke) = stroke {
                        paper.stroke(area, stroke);
                    }
                    paper.end();
                }
                Element::Rule { from, to, stroke } => {
                    paper.begin_artifact();
                    paper.line(from, to, stroke);
                    paper.end();
                }
                Element::Text { text, placed } => {
                    let set = Measured::styled(fonts, &placed.style, &text).and_then(|measured| {
                        let setting = measured.set(&text_box(placed.area, &placed.style))?;
                        Ok((measured, setting))
                    });
                    let (measured, setting) = match set {
                        Ok(set) => set,
                        Err(fault) => {
                            let key = "text".to_owned();
                            let problem = problem(fault);
                            faults.push(FaceFault { element: Some(number), key, problem });
                            continue;
                        }
                    };
                    let title = placed.style.font == FontRole::Title;
                    let role: &[u8] = if title { b"H1" } else { b"P" };
                    let mark = paper.begin(role);
                    paper.text(fonts, &measured, &setting, placed.style.color);
                    paper.end();
                    let id = next.bump();
                    let mut part = fixed.struct_element(id);
                    part.pair(Name(b"S"), Name(role));
                    part.parent(object::DOCUMENT).page(object::PAGE).pair(Name(b"K"), mark);
                    part.finish();
                    marks.push(id);
                    parts.push(Part::Fixed(id));
                }
                value => parts.push(Part::Value(value)),
            }
        }

        let mut deflater = Deflater::best();
        let damaged = || FaceFault {
            element: None,
            key: "font".to_owned(),
            problem: FaceProblem::Form("fonts with whole outlines; reinstall the font packages"),
        };
        let embedded = match paper.fonts.embed(fonts, &mut fixed, &mut next, &mut deflater) {
            Some(embedded) => embedded,
            None => {
                faults.push(damaged());
                Vec::new()
            }
        };
        let mut figure_refs = Vec::new();
        for figure in figures {
            let id = next.bump();
            let packed = deflater.compress(&figure.content);
            let mut form = fixed.form_xobject(id, &packed);
            form.filter(Filter::FlateDecode);
            let reach = figure.reach.ceil();
            form.bbox(Rect::new(-reach, -reach, reach, reach));
            form.resources();
            form.finish();
            figure_refs.push((figure.name, id));
        }
        let content = deflater.compress(paper.content.finish().as_slice());
        fixed.stream(object::BACKGROUND, &content).filter(Filter::FlateDecode);
        let profile = deflater.compress(&srgb_profile());
        let mut stream = fixed.stream(object::PROFILE, &profile);
        stream.filter(Filter::FlateDecode).pair(Name(b"N"), 3);
        stream.finish();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { page, fixed, fonts: embedded, figures: figure_refs, parts, marks, next })
    }

    /// The first page, with nothing on it but what is fixed.
    pub(super) fn sheet(&self) -> Sheet {
        let Page { width, height, .. } = self.page;
        Sheet {
            page: object::PAGE,
            width,
            height,
            background: object::BACKGROUND,
            values: object::VALUES,
            parents: object::PARENTS,
            content: Content::new(),
            marks: self.marks.clone(),
        }
    }
}

impl std::fmt::Debug for CompiledFace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (page, fixed_bytes) = (self.page, self.fixed.len());
        f.debug_struct("CompiledFace").field("page", &page).field("fixed", &fixed_bytes).finish()
    }
}

fn problem(fault: TextFault) -> FaceProblem {
    match fault {
        TextFault::DoesNotFit { .. } => FaceProblem::DoesNotFit,
        TextFault::NoGlyph { missing, .. } => {
            let codes = missing.iter().map(|m| format!("U+{:04X}", u32::from(m.character)));
            FaceProblem::NoGlyph(codes.collect::<Vec<_>>().join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    #[test]
    fn fixed_words_that_do_not_fit_or_cannot_be_drawn_are_all_named() {
        let mut file = FaceFile::parse(testing::FACE_TOML).unwrap();
        let mut words = ["很长".repeat(50), "标\u{10FFFD}".to_owned()].into_iter();
        for element in &mut file.elements {
            if let Element::Text { text, .. } = element
                && let Some(other) = words.next()
            {
                *text = other;
            }
        }
        let faults = CompiledFace::new(file, testing::fonts()).unwrap_err();
        let problems: Vec<_> = faults.iter().map(|f| (f.element, &f.problem)).collect();
        let missing = FaceProblem::NoGlyph("U+10FFFD".to_owned());
        assert_eq!(problems, [(Some(1), &FaceProblem::DoesNotFit), (Some(2), &missing)]);
    }
}
