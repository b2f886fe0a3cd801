//! Where sealing keys live.
//!
//! A [`SealKey`] holds the private key of one authority beside its certificates; the [`KeyRing`] finds it by
//! the authority's code. Keys come from files (`keys::file`) and from PKCS#11 tokens (`keys::pkcs11`);
//! [`LiveRing`] follows a folder that changes.
//! This floor may read files, and it decides nothing: who may seal what is a rule of `service`.

pub mod dev;
pub mod file;
pub mod key_ring;
pub mod live;
pub mod pkcs11;
pub mod retire;
pub mod rules;

pub use dev::{DevelopmentFound, refuse_development};
pub use file::{KeptIn, SealKey, SealKeyError};
pub use key_ring::{KeyRing, KeyRingFault, KeyRingProblem};
pub use live::{LiveRing, RingRefreshed};
pub use pkcs11::{TokenFault, TokenKey};
pub use retire::{RetireError, Retired, retire};
pub use rules::{KeyRule, KeyRules};

use std::sync::Arc;

use crate::crypto::Signer;
use crate::domain::{AuthorityCode, Moment};
use crate::pki::Certificate;
use crate::service::ports::{KeyId, KeyState, SealingKey, SealingKeys};

impl SealingKey for SealKey {
    fn signer(&self) -> &dyn Signer {
        SealKey::signer(self)
    }

    fn chain(&self) -> &[Certificate] {
        SealKey::chain(self)
    }

    fn id(&self) -> KeyId {
        SealKey::id(self)
    }

    fn max_uses(&self) -> Option<u64> {
        self.rule().max_uses
    }

    fn may_wait(&self) -> bool {
        self.kept_in() == KeptIn::Token
    }
}

impl SealingKeys for KeyRing {
    fn find(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<dyn SealingKey>> {
        self.sealing_at(authority, at).into_iter().map(as_port).collect()
    }

    fn find_companions(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<dyn SealingKey>> {
        self.companions_at(authority, at).into_iter().map(as_port).collect()
    }

    fn chain_of(&self, wanted: [u8; 8]) -> Vec<Certificate> {
        let named = |key: &&Arc<SealKey>| key.id().as_bytes().starts_with(&wanted);
        let found = self.iter().chain(self.companions()).find(named);
        found.map_or_else(Vec::new, |key| key.chain().to_owned())
    }

    fn certificates(&self) -> Vec<Certificate> {
        Self::certificates(self).cloned().collect()
    }

    fn states(&self, at: Moment) -> Vec<KeyState> {
        let state = |key: &Arc<SealKey>| KeyState {
            id: key.id(),
            authority: key.authority().clone(),
            days_left: key.days_left(at),
            retired: key.rule().is_retired(at),
        };
        self.iter().chain(self.companions()).map(state).collect()
    }
}

fn as_port(key: Arc<SealKey>) -> Arc<dyn SealingKey> {
    key
}
