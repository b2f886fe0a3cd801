//! PDF objects as anybody writes them, what may be spent on reading them, and why they are not read.
//!
//! Objects are values of their own, because they may stand in streams that were unpacked.
//!
//! Source: ISO 32000-1:2008, 7.3.

use std::cell::Cell;
use std::fmt;

/// What may be spent on one file.
pub(super) struct Budget {
    values: Cell<usize>,
    unpacked: Cell<usize>,
}

impl Budget {
    /// For a file of so many bytes and everything that is done with it: what it shows is never taken apart, so honest
    /// files need far less. Our own bound: a hostile file of 20 MB takes some 300 MB of memory and less than a second.
    pub(super) fn of(file_bytes: usize) -> Self {
        Self {
            values: Cell::new(400_000 + file_bytes / 16),
            unpacked: Cell::new(64 * 1024 * 1024 + 8 * file_bytes),
        }
    }

    /// Takes this many values.
    pub(super) fn spend(&self, values: usize) -> Result<(), ForeignError> {
        take(&self.values, values)
    }

    /// Takes this many unpacked bytes.
    pub(super) fn unpack(&self, bytes: usize) -> Result<(), ForeignError> {
        take(&self.unpacked, bytes)
    }

    /// How many more bytes may be unpacked.
    pub(super) fn unpackable(&self) -> usize {
        self.unpacked.get()
    }
}

fn take(purse: &Cell<usize>, amount: usize) -> Result<(), ForeignError> {
    let left = purse.get().checked_sub(amount).ok_or(ForeignError::TooMuch)?;
    purse.set(left);
    Ok(())
}

/// The number of an indirect object, and its generation: an object of another generation is another one, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Number {
    pub(super) number: u32,
    pub(super) generation: u32,
}

impl Number {
    /// Of two numbers as a file has them.
    pub(super) fn of(number: usize, generation: usize) -> Result<Self, ForeignError> {
        let small = |number| u32::try_from(number).map_err(|_| ForeignError::Malformed);
        Ok(Self { number: small(number)?, generation: small(generation)? })
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Array(Vec<Value>),
    Bool(bool),
    Dict(Dict),
    Integer(i64),
    Name(Vec<u8>),
    Null,
    /// A number with a fraction, as it is written.
    Real(Vec<u8>),
    Reference(Number),
    Text(Vec<u8>),
}

impl Value {
    pub(super) fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn as_size(&self) -> Option<usize> {
        self.as_integer().and_then(|number| usize::try_from(number).ok())
    }

    pub(super) fn as_reference(&self) -> Option<Number> {
        match self {
            Self::Reference(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn as_name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.as_name() == Some(name.as_bytes())
    }
}

/// A dictionary with unique keys; a key whose value is null is as good as none.
#[derive(Clone, Debug, Default)]
pub(super) struct Dict(pub(super) Vec<(Vec<u8>, Value)>);

impl PartialEq for Dict {
    /// The order of keys means nothing.
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().all(|(key, value)| other.find(key) == Some(value))
    }
}

impl Dict {
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.find(key.as_bytes())
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Value)> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value))
    }

    pub(super) fn is_name(&self, key: &str, name: &str) -> bool {
        self.get(key).is_some_and(|value| value.is_name(name))
    }
}

/// Why a file of others is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignError {
    /// Two readers could see two different documents.
    Ambiguous,
    /// It is encrypted.
    Encrypted,
    /// Something is not as the standard lays it down.
    Malformed,
    /// It does not begin as a PDF does.
    NotPdf,
    /// It takes more than a file of its size may.
    TooMuch,
    /// A filter or a structure that we do not read.
    Unsupported,
    /// There is no signature in it.
    Unsigned,
}

impl ForeignError {
    /// A fixed word for programs to act on.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ambiguous => "pdf.ambiguous",
            Self::Encrypted => "pdf.encrypted",
            Self::Malformed => "pdf.malformed",
            Self::NotPdf => "pdf.not_pdf",
            Self::TooMuch => "pdf.too_much",
            Self::Unsupported => "pdf.unsupported",
            Self::Unsigned => "pdf.unsigned",
        }
    }
}

impl fmt::Display for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ambiguous => "readers could see different documents in it",
            Self::Encrypted => "the file is encrypted",
            Self::Malformed => "the file is not made as the standard lays down",
            Self::NotPdf => "the file is not a PDF",
            Self::TooMuch => "the file takes more work than one of its size may",
            Self::Unsupported => "the file has a structure that is not read",
            Self::Unsigned => "the file has no signature",
        })
    }
}

impl std::error::Error for ForeignError {}
