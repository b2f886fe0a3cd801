//! What can go wrong at a desk, by audience.
//!
//! [`Refusal`] is the sender's to mend and says how. [`Fault`] is ours: the sender learns only that it is so,
//! the operator reads the rest in the log. The two never share an enum.

use std::fmt;

use crate::domain::{CopyFault, LicenseId, SubmissionFault, VersionNo};

/// Trouble of our own: an unreachable vault, a missing key, an answer that makes no sense.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where it arose, for the operator: a short fixed word such as `vault.commit`.
    pub place: &'static str,
    /// What the failing part said. Never holds face data, holder codes or keys.
    pub cause: String,
}

impl Fault {
    /// A fault at a place, with what the failing part said.
    pub fn new(place: &'static str, cause: impl fmt::Display) -> Self {
        Self { place, cause: cause.to_string() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)
    }
}

impl std::error::Error for Fault {}

/// Why nothing was put on the shelf.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShelveError {
    /// The shelf could not be reached or gave an answer that makes no sense.
    Fault(Fault),
    /// Another writer came first.
    HeadMoved {
        /// What the newest version is now.
        head: Option<VersionNo>,
    },
    /// The idempotency key was used by this client for another body.
    KeyReused,
    /// The license number already belongs to another license of this type and authority.
    NumberTaken {
        /// The newest version of that license.
        by: LicenseId,
    },
    /// The same request was answered meanwhile; its answer stands.
    Repeated {
        /// The version it made.
        id: LicenseId,
    },
}

impl From<Fault> for ShelveError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a desk answers when it does not do what was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// Ours: answered with 503 and no explanation.
    Fault(Fault),
    /// The caller may not do this.
    Forbidden {
        /// Which right is missing, in a few words.
        missing: &'static str,
    },
    /// Another request changed the license first, or holds its number.
    Conflict {
        /// A fixed word: `license.head_moved`, `license.number_taken`, `request.key_reused`.
        code: &'static str,
        /// The version that stands in the way, where the caller may know it.
        id: Option<LicenseId>,
    },
    /// The request for an annotated copy does not hold together: every fault.
    Copy(Vec<CopyFault>),
    /// There is no such thing, or none that this caller may see; the two look alike.
    NotFound,
    /// The submission does not hold together: every fault.
    Submission(Vec<SubmissionFault>),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
