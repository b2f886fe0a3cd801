//! The sealed PDF: drawing, sealing gap, reading.

mod assemble;
mod byte_range;
mod deflate;
mod draw;
mod draw_fault;
mod face;
mod face_template;
mod font;
mod gap;
mod layout;
mod ornament;
mod paper;
mod portrait;
mod qr;
mod read;
mod seal_mark;
mod subset;
mod syntax;
#[cfg(test)]
mod testing;
mod units;
mod xmp;

pub use byte_range::{Coverage, CoverageError};
pub use draw::{Attachment, Binding, DrawValue, DrawnFace, FaceInput, draw};
pub use draw_fault::{DrawError, DrawFault, DrawFaultKind};
pub use face::CompiledFace;
pub use face_template::{
    Area, Color, Element, FaceFault, FaceFile, FaceProblem, FieldShown, Frame, Page, PlacedText,
    TextStyle,
};
pub use font::{FontBook, FontEntry, FontFault, FontRole, FontsFile, Glyph, LoadedFont};
pub use gap::{GapError, UnsealedPdf};
pub use layout::{Align, MissingGlyph, Valign};
pub use portrait::PortraitFault;
pub use read::{AttachedFile, ReadError, SealedFile, Trouble, read_sealed};
pub use seal_mark::{SealMark, SealMarkFault};
pub use units::Mm;
