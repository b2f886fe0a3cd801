//! Why a file is not one of our sealed files.
//!
//! A file that bears our marks and has been changed is told apart from one that is simply not ours: of the first
//! we say that it is not to be trusted, of the second nothing.

use std::fmt;

use super::byte_range::CoverageError;

/// Why a file is not one of our sealed files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The file bears our marks and is not as we write files: it has been changed.
    Altered(Trouble),
    /// The file is signed and not of our making; we cannot say more about it.
    Foreign(Trouble),
    /// The file begins as a PDF and has no end.
    Incomplete,
    /// The file is no PDF.
    NotPdf,
    /// The file is a PDF without a signature.
    Unsigned,
}

impl ReadError {
    /// A fixed word for programs to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Altered(_) => "pdf.altered",
            Self::Foreign(_) => "pdf.foreign",
            Self::Incomplete => "pdf.incomplete",
            Self::NotPdf => "pdf.not_pdf",
            Self::Unsigned => "pdf.unsigned",
        }
    }
}

/// What is not as we write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The range does not speak for the whole file.
    Coverage(CoverageError),
    /// The gap does not hold one DER value followed by zeros.
    Seal,
    /// The file is put together in another way.
    Structure(&'static str),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coverage(error) => error.fmt(f),
            Self::Seal => f.write_str("the gap does not hold one seal followed by zeros"),
            Self::Structure(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered(trouble) => write!(f, "the file was changed after sealing: {trouble}"),
            Self::Foreign(trouble) => write!(f, "a signed file of others: {trouble}"),
            Self::Incomplete => f.write_str("the file has no end; it was cut short"),
            Self::NotPdf => f.write_str("the file is no PDF"),
            Self::Unsigned => f.write_str("the file is a PDF without a signature"),
        }
    }
}

impl std::error::Error for ReadError {}
