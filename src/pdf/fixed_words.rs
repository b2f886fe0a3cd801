//! Words that are the same on every license of a type, and what they are in the structure of the document.
//!
//! Words in the title font are headings: the first of a face is its title (`H1`), later ones name a group of fields
//! (`H2`). A title in several lines, each an element of its own, is one heading. All other words are paragraphs.
//!
//! Source: ISO 32000-1:2008, 14.8.4.3 "Block-level structure elements", 14.9.4 "Replacement text"; ISO 14289-1, 7.4.

use pdf_writer::{Chunk, Name, Ref, TextStr};

use super::face::object;
use super::face_template::TextStyle;
use super::font::FontRole;

/// The fixed words of a face, in the order of reading.
#[derive(Default)]
pub(super) struct FixedWords {
    parts: Vec<Words>,
    /// The size of the heading that further lines may still belong to.
    open: Option<f32>,
    /// Whether the words asked about last are such a further line.
    goes_on: bool,
    titled: bool,
}

/// Words that are read as one.
struct Words {
    id: Ref,
    page: Ref,
    role: &'static [u8],
    marks: Vec<i32>,
    spoken: Option<String>,
}

impl FixedWords {
    /// What the next words are, set in `style`.
    pub(super) fn role(&mut self, style: &TextStyle) -> &'static [u8] {
        let size = (style.font == FontRole::Title).then_some(style.size_pt);
        self.goes_on = size.is_some() && size == self.open;
        self.open = size;
        match self.parts.last() {
            Some(heading) if self.goes_on => heading.role,
            _ if size.is_none() => b"P",
            _ if self.titled => b"H2",
            _ => {
                self.titled = true;
                b"H1"
            }
        }
    }

    /// Adds the words that [`role`](Self::role) was asked about, marked with `mark` on `page`: their element, and
    /// whether it is a new one.
    pub(super) fn add(
        &mut self,
        role: &'static [u8],
        page: Ref,
        mark: i32,
        text: &str,
        next: &mut Ref,
    ) -> (Ref, bool) {
        if self.goes_on
            && let Some(heading) = self.parts.last_mut()
        {
            heading.marks.push(mark);
            return (heading.id, false);
        }
        let id = next.bump();
        self.parts.push(Words { id, page, role, marks: vec![mark], spoken: spoken(text) });
        (id, true)
    }

    /// Something else comes in between: no further line belongs to the heading before it.
    pub(super) fn interrupt(&mut self) {
        self.open = None;
    }

    /// Writes the elements, all of them children of the document.
    pub(super) fn write(&self, chunk: &mut Chunk) {
        for words in &self.parts {
            let mut element = chunk.struct_element(words.id);
            element.pair(Name(b"S"), Name(words.role));
            element.parent(object::DOCUMENT).page(words.page);
            match &words.marks[..] {
                [mark] => {
                    element.pair(Name(b"K"), *mark);
                }
                marks => {
                    element.insert(Name(b"K")).array().items(marks);
                }
            }
            if let Some(spoken) = &words.spoken {
                element.actual_text(TextStr(spoken));
            }
        }
    }
}

/// How `text` is read if it stands one character below the other: as one word, not letter by letter.
fn spoken(text: &str) -> Option<String> {
    let upright = text.contains('\n') && text.lines().all(|line| line.chars().count() == 1);
    upright.then(|| text.lines().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::face_template::Color;
    use crate::pdf::layout::{Align, Valign};

    fn style(font: FontRole, size_pt: f32) -> TextStyle {
        TextStyle {
            font,
            size_pt,
            min_size_pt: size_pt,
            line_height: 1.3,
            align: Align::Left,
            valign: Valign::Top,
            color: Color::BLACK,
            letter_spacing_pt: 0.0,
            spaced: false,
            vertical: false,
        }
    }

    #[test]
    fn a_title_in_two_lines_is_one_heading_and_later_ones_lie_below_it() {
        let mut words = FixedWords::default();
        let mut next = Ref::new(50);
        let (title, label) = (style(FontRole::Title, 30.0), style(FontRole::Label, 10.0));
        let group = style(FontRole::Title, 12.0);
        let mut found = Vec::new();
        for (mark, style, text) in [
            (0, title, "建筑工程"),
            (1, title, "施工许可证"),
            (2, label, "编号"),
            (3, group, "母\n亲"),
        ] {
            let role = words.role(&style);
            let (id, new) = words.add(role, object::PAGE, mark, text, &mut next);
            found.push((role, id.get(), new));
        }
        words.interrupt();
        let role = words.role(&group);
        found.push((role, words.add(role, object::PAGE, 4, "父\n亲", &mut next).0.get(), true));
        let expected: [(&[u8], i32, bool); 5] = [
            (b"H1", 50, true),
            (b"H1", 50, false),
            (b"P", 51, true),
            (b"H2", 52, true),
            (b"H2", 53, true),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn only_words_that_stand_upright_are_read_otherwise_than_they_stand() {
        assert_eq!(spoken("新\n生\n儿").as_deref(), Some("新生儿"));
        for text in ["新生儿", "悬挂或者\n摆放本许可证", ""] {
            assert_eq!(spoken(text), None, "{text}");
        }
    }
}
