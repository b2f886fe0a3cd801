//! Sealing keys as the desks and the vault see them: how one is known, what its use is, where it comes from.

use std::sync::Arc;

use crate::crypto::{Digest, Signer};
use crate::domain::{AuthorityCode, Moment};
use crate::pki::Certificate;
use crate::service::error::Fault;

use super::{Later, VersionRecord};

/// How a sealing key is known: SHA-256 of its certificate in DER.
pub type KeyId = Digest;

/// The keys of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedWith {
    /// The key of the sealed PDF.
    pub seal: KeyId,
    /// The key of the e-certificate: the same, or its companion.
    pub ecert: KeyId,
}

/// A key about to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Which.
    pub key: KeyId,
    /// How many signatures it will make.
    pub signatures: u32,
    /// The most it may make in its life, where that is laid down.
    pub limit: Option<u64>,
}

/// A key an authority seals with, and the certificates that vouch for it.
pub trait SealingKey: Send + Sync {
    /// Uses the private key.
    fn signer(&self) -> &dyn Signer;

    /// The sealing certificate first, then those above it, without the anchor.
    fn chain(&self) -> &[Certificate];

    /// How it is known.
    fn id(&self) -> KeyId {
        self.chain().first().map_or_else(|| Digest::of(&[]), Certificate::digest)
    }

    /// The most signatures it may make in its life, where that is laid down.
    fn max_uses(&self) -> Option<u64> {
        None
    }

    /// Whether a signature may keep its thread waiting, as one from a device does.
    fn may_wait(&self) -> bool {
        false
    }
}

/// Where sealing keys live.
pub trait SealingKeys: Send + Sync {
    /// The keys of an authority that are meant to seal at `at`, the newest first; empty where it has none here.
    fn find(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<dyn SealingKey>>;

    /// The keys that sign an authority's e-certificates in place of its sealing keys, the newest first; empty
    /// where those sign them themselves.
    fn find_companions(&self, _authority: &AuthorityCode, _at: Moment) -> Vec<Arc<dyn SealingKey>> {
        Vec::new()
    }

    /// The certificates of the key whose certificate has a SHA-256 that begins so, leaf first; empty where it has
    /// none here.
    fn chain_of(&self, _thumbprint: [u8; 8]) -> Vec<Certificate> {
        Vec::new()
    }

    /// The certificates of every key here, those above them included.
    fn certificates(&self) -> Vec<Certificate> {
        Vec::new()
    }

    /// How every key here is doing at `at`, in the order of their authorities.
    fn states(&self, _at: Moment) -> Vec<KeyState> {
        Vec::new()
    }
}

/// How a key is doing; for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Which.
    pub id: KeyId,
    /// Whose.
    pub authority: AuthorityCode,
    /// Whole days until its certificate ends; negative once it has.
    pub days_left: i64,
    /// Whether it is retired, so that its end concerns nobody.
    pub retired: bool,
}

impl KeyState {
    /// From so many days before its end a certificate is pointed out: time enough to have another made.
    pub const WARN_DAYS: i64 = 60;

    /// Whether an operator should be told of its end.
    pub fn ends_soon(&self) -> bool {
        !self.retired && self.days_left < Self::WARN_DAYS
    }
}

/// What the vault knows of sealing keys: how often each was used, and what hangs on it.
///
/// The counts grow with [`Vault::intend`](super::Vault::intend), and what hangs on a key with
/// [`Vault::shelve`](super::Vault::shelve).
pub trait KeyBooks: Send + Sync {
    /// How many signatures each key was to make, by every intention so far; keys without one are left out.
    fn key_uses(&self) -> Later<'_, Result<Vec<(KeyId, u64)>, Fault>>;

    /// Versions sealed with this key in either form, and those of which it is not written down, in the order
    /// they were shelved: at most `limit` of those behind place `after`, each with its own place. Places begin
    /// at 1.
    fn sealed_with(
        &self,
        key: &KeyId,
        after: u64,
        limit: u32,
    ) -> Later<'_, Result<Vec<(u64, VersionRecord)>, Fault>>;
}
