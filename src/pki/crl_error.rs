//! Why bytes are not a list of revoked certificates that can be used.

use std::fmt;

/// Why bytes are not a list we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlError {
    /// The list is signed with an algorithm that is not on our list.
    Algorithm,
    /// The bytes are not one X.509 CRL in DER, whole.
    Malformed,
    /// The list does not say when the next one is due, so nobody can tell whether it is current.
    NoNextUpdate,
    /// The list is longer than we read.
    TooLong {
        /// What we read, in bytes.
        limit: usize,
    },
    /// The list says something critical that we do not know.
    Unsupported,
}

impl fmt::Display for CrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => {
                f.write_str("the CRL is signed with an algorithm that is not on the list")
            }
            Self::Malformed => f.write_str("not a well-formed X.509 CRL"),
            Self::NoNextUpdate => f.write_str("the CRL has no nextUpdate; ask its issuer for one"),
            Self::TooLong { limit } => write!(f, "the CRL is longer than {limit} bytes"),
            Self::Unsupported => f.write_str("the CRL has a critical extension we do not know"),
        }
    }
}

impl std::error::Error for CrlError {}
