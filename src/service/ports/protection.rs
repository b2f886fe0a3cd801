//! What desks and the keeper need to protect sealed files against the passing of time.
//!
//! A protection is an incremental revision appended to a sealed PDF. The vault keeps the appended bytes only, so
//! the file that was issued is a prefix of every later state of it, by construction.

use crate::crypto::Digest;
use crate::domain::{Level, LicenseId, Moment};

use super::super::error::Fault;
use super::FormRecord;

/// How well the seal of a file is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealProtection {
    /// The level reached.
    pub level: Level,
    /// The instant at which a trusted time-stamp proves that the seal existed; `None` at B-B.
    pub proven_at: Option<Moment>,
    /// Until when the file can be checked with this.
    pub holds_until: Moment,
}

/// What the shelf knows of one protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectionRecord {
    /// 1, 2, 3 … within the version: the order in which they are appended.
    pub number: u16,
    /// The level the file reaches with it.
    pub level: Level,
    /// The appended bytes, as an object of their own.
    pub suffix: FormRecord,
    /// SHA-256 of the whole file up to the end of this protection.
    pub whole_digest: Digest,
    /// Size of the whole file up to the end of this protection, in bytes.
    pub whole_bytes: u64,
    /// The instant at which the seal is proven to have existed.
    pub proven_at: Moment,
    /// Until when the file can be checked with this.
    pub holds_until: Moment,
    /// When it was appended.
    pub at: Moment,
}

impl ProtectionRecord {
    /// What it makes of the seal.
    pub fn protection(&self) -> SealProtection {
        let Self { level, proven_at, holds_until, .. } = *self;
        SealProtection { level, proven_at: Some(proven_at), holds_until }
    }
}

/// A protection on its way onto the shelf.
#[derive(Debug)]
pub struct Protecting {
    /// The version whose sealed PDF it is appended to.
    pub id: LicenseId,
    /// What is to be known of it. Its number follows the newest protection that the maker saw; if another has
    /// come in between, nothing is kept.
    pub record: ProtectionRecord,
    /// The appended bytes.
    pub suffix: Vec<u8>,
}

/// Why a protection was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectError {
    /// The vault gave trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Another protection came first: this one was made for a file that is no longer the newest state.
    #[error("protection {newest} was kept in the meantime")]
    Moved {
        /// The number of the newest one.
        newest: u16,
    },
}

/// Which versions want more protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueQuestion {
    /// The level to be kept: a version below it is due.
    pub keep: Level,
    /// A version whose protection ends before this instant is due, whatever its level.
    pub before: Moment,
    /// Where the last answer ended; 0 to begin.
    pub after: u64,
}

/// A part of the answer: a bounded number of versions was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePage {
    /// Those that are due, in order of shelving.
    pub due: Vec<DueVersion>,
    /// Where this answer ends; the next question goes on from there.
    pub end: u64,
    /// Whether there are versions beyond.
    pub more: bool,
}

/// A version that wants more protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueVersion {
    /// Which.
    pub id: LicenseId,
    /// The level it has.
    pub level: Level,
    /// Until when that holds; `None` for one shelved by a release that did not write it down.
    pub holds_until: Option<Moment>,
}
