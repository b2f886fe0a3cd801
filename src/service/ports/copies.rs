//! What desks need to keep annotated copies and to find them again.
//!
//! The vault holds no word of what a copy is for or whom it is for: only keyed digests of them, by which a copy can
//! be found by somebody who knows the words and the key.

use crate::crypto::Digest;
use crate::domain::{CopyMaker, CopyNumber, Day, LicenseId, Moment};

use super::super::error::Fault;
use super::{FormRecord, IntentionNo, RequestKey};

/// What the shelf knows of one annotated copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyRecord {
    /// The version it is drawn from.
    pub original: LicenseId,
    /// Its number.
    pub number: CopyNumber,
    /// Who had it made.
    pub maker: CopyMaker,
    /// The last day on which it may be used.
    pub last_day: Day,
    /// Blind index of the purpose.
    pub purpose_index: Digest,
    /// Blind index of the recipient.
    pub recipient_index: Digest,
    /// The sealed file.
    pub file: FormRecord,
    /// When it was made.
    pub made_at: Moment,
}

/// Everything that is kept of a copy in one commit.
#[derive(Debug)]
pub struct Copying {
    /// The copy.
    pub record: CopyRecord,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The request it answers. Its body is a keyed digest: what was asked for is short and could be guessed.
    pub request: RequestKey,
    /// The intention it carries out.
    pub intention: IntentionNo,
    /// The content digest that the intention named.
    pub intended: Digest,
}

/// Why a copy was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The vault gave trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The idempotency key was used by this client for another copy.
    #[error("the key was used for another copy")]
    KeyReused,
    /// The same request was answered meanwhile; its answer stands.
    #[error("the request was answered by copy {number}")]
    Repeated {
        /// The copy it made.
        number: CopyNumber,
    },
}
