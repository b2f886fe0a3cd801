//! The sealed PDF: drawing, sealing gap, reading.

mod deflate;
mod face_template;
mod font;
mod layout;
mod ornament;
mod portrait;
mod qr;
mod seal_mark;
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
pub use portrait::PortraitFault;
pub use seal_mark::{SealMark, SealMarkFault};
pub use units::Mm;
