//! Why no path to anybody we trust was found.

use std::fmt;

use crate::domain::Moment;

/// Why no path to anybody we trust was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// A certificate is not signed by the one that is named as its issuer.
    BadSignature,
    /// A constraint of an issuer is not kept, or a critical extension is not known to us.
    Constraint,
    /// The path leads to somebody we trust, and a certificate in it had expired.
    Expired {
        /// The last moment of its validity.
        since: Moment,
    },
    /// A certificate is not well formed.
    Malformed,
    /// Nobody we trust, at that moment, stands behind the certificate.
    NoAnchor,
    /// The path leads to somebody we trust, and a certificate in it was not valid yet.
    NotYetValid {
        /// The first moment of its validity.
        until: Moment,
    },
    /// The policies of the path are not those that it demands, or that were asked for.
    Policy,
    /// Looking for a path took more work than we allow, or the file brings too many certificates.
    TooComplex,
    /// A certificate is signed with an algorithm that is not on our list.
    UnsupportedAlgorithm,
    /// A certificate is used for what it was not issued for: the leaf must have the purpose asked for (documentSigning
    /// or timeStamping) and a key for signatures, its issuers a key for certificates.
    WrongUsage,
}

impl PathError {
    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "path.bad_signature",
            Self::Constraint => "path.constraint",
            Self::Expired { .. } => "path.expired",
            Self::Malformed => "path.malformed",
            Self::NoAnchor => "path.no_anchor",
            Self::NotYetValid { .. } => "path.not_yet_valid",
            Self::Policy => "path.policy",
            Self::TooComplex => "path.too_complex",
            Self::UnsupportedAlgorithm => "path.unsupported_algorithm",
            Self::WrongUsage => "path.wrong_usage",
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature => f.write_str("a certificate is not signed by its issuer"),
            Self::Constraint => {
                f.write_str("an issuer's constraint is not kept or a critical extension is unknown")
            }
            Self::Expired { since } => write!(f, "a certificate of the path expired at {since}"),
            Self::Malformed => f.write_str("a certificate of the path is not well formed"),
            Self::NoAnchor => f.write_str("no trusted authority stands behind the certificate"),
            Self::NotYetValid { until } => {
                write!(f, "a certificate of the path is valid only from {until}")
            }
            Self::Policy => f.write_str("the certificate policies of the path do not hold"),
            Self::TooComplex => f.write_str("the path takes more work than is allowed"),
            Self::UnsupportedAlgorithm => {
                f.write_str("a certificate is signed with an algorithm that is not on the list")
            }
            Self::WrongUsage => f.write_str("a certificate was not issued for this use"),
        }
    }
}

impl std::error::Error for PathError {}
