//! What can be wrong with a `face.toml`.
//!
//! A fault names its element by number, its key, and what the key wants; the texts are for the person who writes
//! the template.

use std::fmt;

/// One thing wrong with a `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceFault {
    /// The page, counted from 1, in a file with several.
    pub page: Option<usize>,
    /// The element, counted from 1 in the order of its page; `None` for the page and the file as a whole.
    pub element: Option<usize>,
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub problem: FaceProblem,
}

/// What is wrong with a key of a `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub enum FaceProblem {
    /// The picture cannot be used; the text says why.
    Art(String),
    /// The words do not fit their box.
    DoesNotFit,
    /// A further page holds something that belongs on a page of its own.
    Further,
    /// The value is not what the key wants.
    Form(&'static str),
    /// The key is required and absent.
    Missing,
    /// No font of the role draws these characters of the fixed words.
    NoGlyph(String),
    /// A table goes on from no other, or with other columns, or a table field stands twice.
    NotContinued,
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
        if let Some(number) = self.page {
            write!(f, "page {number}, ")?;
        }
        match self.element {
            Some(number) => write!(f, "element {number}, `{}`: ", self.key)?,
            None => write!(f, "`{}`: ", self.key)?,
        }
        match &self.problem {
            FaceProblem::Art(why) => f.write_str(why),
            FaceProblem::DoesNotFit => f.write_str("the words do not fit the box"),
            FaceProblem::Further => f.write_str(
                "a further page has one continued table, the last of its field, and no seal, QR square or picture",
            ),
            FaceProblem::Form(wanted) => write!(f, "wants {wanted}"),
            FaceProblem::Missing => f.write_str("is required and absent"),
            FaceProblem::NoGlyph(list) => write!(f, "no font of the role draws {list}"),
            FaceProblem::NotContinued => f.write_str(
                "a table field stands once, and then only with `continued = true` and as many columns",
            ),
            FaceProblem::NotOnce { found } => {
                write!(f, "there must be exactly one such element; there are {found}")
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
