//! The sealed PDF: drawing, sealing gap, reading.

#[cfg(test)]
mod accessible;
mod annotate;
#[cfg(test)]
mod archival;
mod art;
mod art_look;
mod art_shape;
mod assemble;
mod byte_range;
mod cff;
mod charstring;
mod copy_facts;
mod deflate;
mod draw;
mod draw_fault;
mod extend;
mod face;
mod face_fault;
mod face_keys;
mod face_reading;
mod face_rules;
mod face_template;
mod fixed_words;
mod font;
pub mod foreign;
mod gap;
mod glyph_code;
mod history;
mod jpeg;
mod jpeg_scan;
mod later_revision;
mod layout;
mod line_break;
mod ornament;
mod paint;
mod paper;
mod pen;
mod plan;
mod portrait;
mod qr;
mod read;
mod read_error;
mod revision;
mod seal_mark;
mod specimen;
mod stream_code;
mod structure;
mod subset;
mod syntax;
mod table;
#[cfg(test)]
mod testing;
mod units;
mod vertical;
mod xmp;

pub use annotate::Annotation;
pub use art::{Art, ArtFault, ArtProblem};
pub use byte_range::{Coverage, CoverageError};
pub use copy_facts::{COPY_REASON, CopyClaim, CopyFacts};
pub use deflate::{deflate, inflate};
pub use draw::{
    Attachment, Binding, DocumentKind, DrawValue, DrawnFace, FaceInput, PlannedFace, draw,
    plan_face,
};
pub use draw_fault::{DrawError, DrawFault, DrawFaultKind};
pub use extend::{
    ExtendError, UnstampedRevision, ValidationData, extend_with_timestamp, extend_with_validation,
};
pub use face::CompiledFace;
pub use face_fault::{FaceFault, FaceProblem};
pub use face_template::{
    Area, Color, Element, FaceFile, FacePage, FieldShown, Frame, Page, PlacedText, TextStyle,
};
pub use font::{FontBook, FontEntry, FontFault, FontRole, FontsFile, Glyph, LoadedFont};
pub use gap::{GapError, UnsealedPdf};
pub use history::DocumentTimestamp;
pub use layout::{Align, MissingGlyph, Valign};
pub use portrait::{PixelBounds, PortraitFault, portrait_fault};
pub use read::{AttachedFile, SealedFile, read_sealed};
pub use read_error::{ReadError, Trouble};
pub use seal_mark::{SealMark, SealMarkFault};
pub use specimen::specimen_portrait;
pub use units::Mm;
