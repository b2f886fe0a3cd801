//! Face templates: where each field of a license type goes, in millimetres.
//!
//! [`FaceFile::parse`] reads the text of a `face.toml` and reports every fault of it at once, each with the
//! number of its element and its key. What a `FaceFile` holds lies on its page, has a size, and has exactly one
//! QR square and one seal, and on each page one license id. Whether its fields are those of the type is for the catalogue to say
//! ([`FaceFile::fields`]); whether its words can be drawn, for [`CompiledFace`](super::CompiledFace).
//!
//! The format is described in `docs/templates.md`.

use super::face_fault::FaceFault;
use super::face_reading;
use super::font::FontRole;
use super::layout::{Align, Valign};
use super::portrait::PixelBounds;
use super::units::Mm;

/// The look of a license type, read from `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceFile {
    /// Its pages, in order; at least one.
    pub pages: Vec<FacePage>,
}

/// One page of a face, and what stands on it.
#[derive(Clone, Debug, PartialEq)]
pub struct FacePage {
    /// The page.
    pub page: Page,
    /// What stands on it, in reading order.
    pub elements: Vec<Element>,
    /// Made only where rows are left over that no box before it holds, at most so often; `None` for a page that every
    /// license has.
    pub further_max: Option<usize>,
}

impl FacePage {
    /// The table field whose rows go on here, if there is one.
    pub(super) fn continued(&self) -> Option<&str> {
        self.elements.iter().find_map(|element| match element {
            Element::Table { field, continued: true, .. } => Some(field.as_str()),
            _ => None,
        })
    }
}

impl FaceFile {
    /// Most elements a face may have, all pages together. Our own bound.
    pub const MAX_ELEMENTS: usize = 400;
    /// Most pages that every license of a type has. Our own bound.
    pub const MAX_PAGES: usize = 20;
    /// Most further pages for the rows of one table. Our own bound.
    pub const MAX_FURTHER: usize = 50;

    /// Reads the text of a `face.toml`, or gives all its faults.
    pub fn parse(text: &str) -> Result<Self, Vec<FaceFault>> {
        face_reading::read(text)
    }

    /// The codes of the fields this face shows, in the order of the elements; a code may come twice.
    pub fn fields(&self) -> impl Iterator<Item = (&str, FieldShown)> {
        self.pages.iter().flat_map(|page| &page.elements).filter_map(|element| match element {
            Element::Field { field, .. } => Some((field.as_str(), FieldShown::Text)),
            Element::Table { field, widths, .. } => {
                Some((field.as_str(), FieldShown::Table { columns: widths.len() }))
            }
            Element::Portrait { field, .. } => Some((field.as_str(), FieldShown::Portrait)),
            _ => None,
        })
    }
}

/// In which way an element shows its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldShown {
    /// As a picture.
    Portrait,
    /// As rows.
    Table {
        /// How many columns have a width.
        columns: usize,
    },
    /// As text.
    Text,
}

/// Size and decoration of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Width.
    pub width: Mm,
    /// Height.
    pub height: Mm,
    /// Color of the whole page; white paper without.
    pub background: Option<Color>,
    /// The border.
    pub frame: Frame,
    /// Color of the border.
    pub frame_color: Color,
    /// Distance of the border from the edge.
    pub frame_inset: Mm,
    /// The name of the picture that lies beneath everything else, over the whole page.
    pub art: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            width: Mm(210.0),
            height: Mm(297.0),
            background: None,
            frame: Frame::None,
            frame_color: Color([0.69, 0.55, 0.24]),
            frame_inset: Mm(10.0),
            art: None,
        }
    }
}

/// The border of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frame {
    /// A thick and a thin line.
    Double,
    /// One line.
    Line,
    /// No border.
    #[default]
    None,
    /// An interlaced band of fine curves with rosettes in the corners.
    Ornate,
}

/// A color: red, green and blue from 0 to 1, in sRGB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color(pub [f32; 3]);

impl Color {
    /// Black.
    pub const BLACK: Self = Self([0.0; 3]);
}

/// A rectangle, from the upper left corner of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: Mm,
    /// Upper edge.
    pub y: Mm,
    /// Width.
    pub w: Mm,
    /// Height.
    pub h: Mm,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// The font.
    pub font: FontRole,
    /// Size in points.
    pub size_pt: f32,
    /// The least size tried.
    pub min_size_pt: f32,
    /// Distance of lines as a multiple of the size.
    pub line_height: f32,
    /// Position between the left and the right edge.
    pub align: Align,
    /// Position between the upper and the lower edge.
    pub valign: Valign,
    /// Color of the letters.
    pub color: Color,
    /// Added between letters, in points.
    pub letter_spacing_pt: f32,
    /// In columns from right to left instead of lines.
    pub vertical: bool,
    /// Whether Han and Latin letters or digits stand a quarter of an em apart.
    pub spaced: bool,
}

/// One thing on a face.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// The value of a field.
    Field {
        /// Code of the field.
        field: String,
        /// Where.
        area: Area,
        /// How.
        style: TextStyle,
    },
    /// The license id in small type.
    LicenseId(PlacedText),
    /// The number of the page.
    PageNumber {
        /// The words, with `{page}` and `{pages}` for the numbers.
        text: String,
        /// Where and how.
        placed: PlacedText,
    },
    /// A picture, held to its own proportions.
    Portrait {
        /// Code of the field.
        field: String,
        /// Where.
        area: Area,
        /// How many pixels it may have.
        pixels: PixelBounds,
    },
    /// The QR square, quiet zone included.
    Qr {
        /// Where.
        area: Area,
    },
    /// A rectangle.
    Rect {
        /// Where.
        area: Area,
        /// Color of the line, and its width in points.
        stroke: Option<(Color, f32)>,
        /// Color of the inside.
        fill: Option<Color>,
    },
    /// A straight line.
    Rule {
        /// From and to.
        from: (Mm, Mm),
        /// To.
        to: (Mm, Mm),
        /// Color and width in points.
        stroke: (Color, f32),
    },
    /// The seal, where the signature shows.
    Seal {
        /// Where.
        area: Area,
    },
    /// A table field.
    Table {
        /// Code of the field.
        field: String,
        /// Where.
        area: Area,
        /// How the cells are set.
        style: TextStyle,
        /// Least height of a row.
        row_height: Mm,
        /// Width of each column.
        widths: Vec<Mm>,
        /// Color of the lines.
        line_color: Color,
        /// Whether it holds the rows that the box before it does not.
        continued: bool,
    },
    /// Fixed words.
    Text {
        /// The words.
        text: String,
        /// Where and how.
        placed: PlacedText,
    },
}

/// Where a text stands and how it is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedText {
    /// Where.
    pub area: Area,
    /// How.
    pub style: TextStyle,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    #[test]
    fn the_sample_face_is_read_in_full() {
        let face = FaceFile::parse(testing::FACE_TOML).unwrap();
        let page = &face.pages[0].page;
        assert_eq!((page.width, page.frame), (Mm(420.0), Frame::Ornate));
        assert!(face.fields().any(|field| field == ("KZ_JYFW", FieldShown::Text)));
        assert!(face.fields().any(|field| field == ("KZ_BGJL", FieldShown::Table { columns: 3 })));
    }
}
