//! Why a license could not be drawn.
//!
//! What the sender can put right names the field and the limit, or the code points that no font draws, and never
//! repeats a value. Trouble of our own is kept apart from it.

use std::fmt;

use super::layout::{MissingGlyph, TextFault};
use super::portrait::PortraitFault;

/// Why a license was not drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawError {
    /// What the sender can put right: every value that cannot be put on the face.
    Faults(Vec<DrawFault>),
    /// Trouble of our own.
    Fault(&'static str),
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faults(faults) => faults.iter().try_for_each(|fault| writeln!(f, "{fault}")),
            Self::Fault(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for DrawError {}

/// A value that cannot be put on the face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawFault {
    /// Code of the field.
    pub field: String,
    /// What is wrong with its value.
    pub kind: DrawFaultKind,
}

/// Why a value cannot be put on the face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawFaultKind {
    /// The portrait is not one we can show.
    BadPortrait(PortraitFault),
    /// A row of the table has another number of cells than the face has columns.
    ColumnCount {
        /// Columns of the face.
        columns: usize,
    },
    /// No font of the house draws some characters.
    NoGlyph {
        /// How many.
        missing_chars: usize,
        /// The first of them, by place and code point.
        missing: Vec<MissingGlyph>,
    },
    /// The rows do not fit their boxes, and the pages that may follow, at the least size allowed.
    TableDoesNotFit {
        /// How many there are.
        rows: usize,
    },
    /// The text does not fit its box at the least size allowed.
    TextDoesNotFit {
        /// About how many full-width characters the box holds.
        box_chars: usize,
        /// How many characters the text has.
        text_chars: usize,
    },
    /// A picture was sent for a text, or the like.
    WrongKind,
}

impl DrawFaultKind {
    /// A fixed word for programs to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadPortrait(_) => "face.bad_portrait",
            Self::ColumnCount { .. } => "face.column_count",
            Self::NoGlyph { .. } => "face.no_glyph",
            Self::TableDoesNotFit { .. } => "face.table_does_not_fit",
            Self::TextDoesNotFit { .. } => "face.text_does_not_fit",
            Self::WrongKind => "face.wrong_kind",
        }
    }
}

impl From<TextFault> for DrawFaultKind {
    fn from(fault: TextFault) -> Self {
        match fault {
            TextFault::DoesNotFit { box_chars, text_chars } => {
                Self::TextDoesNotFit { box_chars, text_chars }
            }
            TextFault::NoGlyph { missing_chars, missing } => {
                Self::NoGlyph { missing_chars, missing }
            }
        }
    }
}

impl fmt::Display for DrawFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match &self.kind {
            DrawFaultKind::BadPortrait(fault) => write!(f, "`{field}`: {fault}"),
            DrawFaultKind::ColumnCount { columns } => {
                write!(f, "`{field}`: every row needs {columns} cells")
            }
            DrawFaultKind::NoGlyph { missing_chars, missing } => {
                write!(f, "`{field}`: no font draws {missing_chars} of its characters:")?;
                missing.iter().try_for_each(|glyph| {
                    write!(f, " U+{:04X} at {}", u32::from(glyph.character), glyph.place)
                })
            }
            DrawFaultKind::TableDoesNotFit { rows } => {
                write!(f, "`{field}`: {rows} rows do not fit their place on the face")
            }
            DrawFaultKind::TextDoesNotFit { box_chars, text_chars } => {
                write!(f, "`{field}` has {text_chars} characters; its box holds about {box_chars}")
            }
            DrawFaultKind::WrongKind => {
                write!(f, "`{field}`: the face has a place for another kind of value")
            }
        }
    }
}

impl std::error::Error for DrawFault {}
