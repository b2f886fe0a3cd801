//! Why a request for an annotated copy is turned away.
//!
//! Every fault is something that whoever asks can put right and send again. A message names the field and the
//! fix, never the value: purpose and recipient may name somebody.

use std::fmt;

use super::script::Script;
use super::time::TimeError;

/// One thing that is wrong with a request for an annotated copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyFault {
    /// Where: `purpose`, `recipient`, `last_day`; empty for the whole.
    pub field: &'static str,
    /// What.
    pub kind: CopyFaultKind,
}

impl CopyFault {
    /// A fault in a field.
    pub fn new(field: &'static str, kind: CopyFaultKind) -> Self {
        Self { field, kind }
    }

    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        match self.kind {
            CopyFaultKind::BadDay { .. } => "copy.bad_day",
            CopyFaultKind::DuplicateKey => "copy.duplicate_key",
            CopyFaultKind::ForbiddenCharacter { .. } => "copy.forbidden_character",
            CopyFaultKind::LastDayAfterLicense => "copy.last_day_after_license",
            CopyFaultKind::LastDayPast => "copy.last_day_past",
            CopyFaultKind::LastDayTooFar { .. } => "copy.last_day_too_far",
            CopyFaultKind::MissingField => "copy.missing_field",
            CopyFaultKind::NoGlyph { .. } => "copy.no_glyph",
            CopyFaultKind::NotJson { .. } => "copy.not_json",
            CopyFaultKind::ScriptWithoutFont { .. } => "copy.script_without_font",
            CopyFaultKind::SurroundingSpace => "copy.surrounding_space",
            CopyFaultKind::TooLong { .. } => "copy.too_long",
            CopyFaultKind::UnknownField => "copy.unknown_field",
            CopyFaultKind::WrongKind { .. } => "copy.wrong_kind",
        }
    }
}

/// What can be wrong with a request for an annotated copy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyFaultKind {
    /// The last day is not written as a day, or is not in the calendar.
    BadDay {
        /// Which of the two.
        why: TimeError,
    },
    /// A key stands twice.
    DuplicateKey,
    /// A text holds a character that is not for print, a line break among them.
    ForbiddenCharacter {
        /// Which, as a code point.
        code_point: u32,
    },
    /// The license itself ends before that day.
    LastDayAfterLicense,
    /// The last day is over.
    LastDayPast,
    /// The last day lies further away than we allow.
    LastDayTooFar {
        /// How far it may lie.
        limit_days: i32,
    },
    /// A field is absent or blank.
    MissingField,
    /// No configured font has these characters.
    NoGlyph {
        /// Which, as code points.
        code_points: Vec<u32>,
    },
    /// The body is not JSON.
    NotJson {
        /// Line in the body, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
    },
    /// A text is in a script that cannot be printed.
    ScriptWithoutFont {
        /// Which.
        scripts: Vec<Script>,
    },
    /// A text begins or ends with a blank.
    SurroundingSpace,
    /// A text is longer than can be printed across the pages.
    TooLong {
        /// What is allowed, in characters: 汉 counts as one.
        limit_chars: usize,
        /// What was sent, in characters.
        actual_chars: usize,
    },
    /// There is no such field.
    UnknownField,
    /// The value is of another JSON kind.
    WrongKind {
        /// What it should be.
        expected: &'static str,
    },
}

impl fmt::Display for CopyFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadDay { why } => write!(f, "is not a day: {why}"),
            Self::DuplicateKey => f.write_str("stands twice: send it once"),
            Self::ForbiddenCharacter { code_point } => {
                write!(f, "holds the character U+{code_point:04X}, which is not for print")
            }
            Self::LastDayAfterLicense => {
                f.write_str("lies after the last day of the license itself: ask for an earlier one")
            }
            Self::LastDayPast => f.write_str("is over: ask for today or a later day"),
            Self::LastDayTooFar { limit_days } => {
                write!(f, "lies more than {limit_days} days ahead: ask for an earlier one")
            }
            Self::MissingField => f.write_str("is required and is empty"),
            Self::NoGlyph { code_points } => {
                f.write_str("holds characters that no configured font has:")?;
                code_points.iter().try_for_each(|point| write!(f, " U+{point:04X}"))
            }
            Self::NotJson { line, column } => {
                write!(f, "the body is not JSON: look at line {line}, column {column}")
            }
            Self::ScriptWithoutFont { scripts } => {
                let names: Vec<String> = scripts.iter().map(ToString::to_string).collect();
                write!(f, "is in a script that cannot be printed: {}", names.join(", "))
            }
            Self::SurroundingSpace => f.write_str("begins or ends with a blank: remove it"),
            Self::TooLong { limit_chars, actual_chars } => {
                write!(f, "has {actual_chars} characters; {limit_chars} are allowed")
            }
            Self::UnknownField => {
                f.write_str("holds an element that is not known: purpose, recipient, last_day are")
            }
            Self::WrongKind { expected } => write!(f, "should be {expected}"),
        }
    }
}

impl fmt::Display for CopyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "`{}` {}", self.field, self.kind)
        }
    }
}

impl std::error::Error for CopyFault {}
