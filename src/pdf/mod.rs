//! The sealed PDF: drawing, sealing gap, reading.

mod deflate;
mod face_template;
mod font;
mod layout;
mod subset;
#[cfg(test)]
mod testing;
mod units;

pub use face_template::{
    Area, Color, Element, FaceFault, FaceFile, FaceProblem, FieldShown, Frame, Page, PlacedText,
    TextStyle,
};
pub use font::{FontBook, FontEntry, FontFault, FontRole, FontsFile, Glyph, LoadedFont};
pub use layout::{Align, MissingGlyph, Valign};
pub use units::Mm;
