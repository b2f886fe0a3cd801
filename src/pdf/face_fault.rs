//! What can be wrong with a `face.toml`.
//!
//! A fault names its element by number, its key, and what the key wants; the texts are for the person who writes
//! the template.

use std::fmt;

/// One thing wrong with a `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceFault {
    /// The element, counted from 1 in the order of the file; `None` for the page and the file as a whole.
    pub element: Option<usize>,
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub problem: FaceProblem,
}

/// What is wrong with a key of a `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub enum FaceProblem {
    /// The words do not fit their box.
    DoesNotFit,
    /// The value is not what the key wants.
    Form(&'static str),
    /// The key is required and absent.
    Missing,
    /// No font of the role draws these characters of the fixed words.
    NoGlyph(String),
    /// There must be one element of this kind.
    NotOnce {
        /// How many there are.
        found: usize,
    },
    /// The value is none of these words.
    NotOneOf(Vec<&'static str>),
    /// The text is not TOML; the message says where.
    NotToml(String),
    /// The element reaches past the edge of the page.
    OffPage,
    /// The number is out of its range, both ends of which are allowed.
    OutOfRange {
        /// The least.
        min: f32,
        /// The largest.
        max: f32,
    },
    /// There are more than we take.
    TooMany {
        /// The most.
        limit: usize,
        /// What was found.
        found: usize,
    },
    /// No such key is known here.
    UnknownKey,
}

impl fmt::Display for FaceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element {
            Some(number) => write!(f, "element {number}, `{}`: ", self.key)?,
            None => write!(f, "`{}`: ", self.key)?,
        }
        match &self.problem {
            FaceProblem::DoesNotFit => f.write_str("the words do not fit the box"),
            FaceProblem::Form(wanted) => write!(f, "wants {wanted}"),
            FaceProblem::Missing => f.write_str("is required and absent"),
            FaceProblem::NoGlyph(list) => write!(f, "no font of the role draws {list}"),
            FaceProblem::NotOnce { found } => {
                write!(f, "a face has exactly one such element; there are {found}")
            }
            FaceProblem::NotOneOf(words) => write!(f, "wants one of {}", words.join(", ")),
            FaceProblem::NotToml(message) => write!(f, "the file is not TOML: {message}"),
            FaceProblem::OffPage => f.write_str("reaches past the edge of the page"),
            FaceProblem::OutOfRange { min, max } => write!(f, "must be from {min} to {max}"),
            FaceProblem::TooMany { limit, found } => {
                write!(f, "at most {limit} are allowed; there are {found}")
            }
            FaceProblem::UnknownKey => f.write_str("is no key that is known here"),
        }
    }
}

impl std::error::Error for FaceFault {}
