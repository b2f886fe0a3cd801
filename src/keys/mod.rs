//! Where sealing keys live.
//!
//! A [`SealKey`] holds the private key of one authority beside its certificates; the [`KeyRing`] finds it by
//! the authority's code. Keys come from files here (`keys::file`); a PKCS#11 token will be another room.
//! This floor may read files, and it decides nothing: who may seal what is a rule of `service`.

pub mod dev;
pub mod file;
pub mod key_ring;

pub use dev::{DevelopmentFound, refuse_development};
pub use file::{SealKey, SealKeyError};
pub use key_ring::{KeyRing, KeyRingFault, KeyRingProblem};

use std::sync::Arc;

use crate::crypto::Signer;
use crate::domain::AuthorityCode;
use crate::pki::Certificate;
use crate::service::ports::{SealingKey, SealingKeys};

impl SealingKey for SealKey {
    fn signer(&self) -> &dyn Signer {
        SealKey::signer(self)
    }

    fn chain(&self) -> &[Certificate] {
        SealKey::chain(self)
    }
}

impl SealingKeys for KeyRing {
    fn find(&self, authority: &AuthorityCode) -> Option<Arc<dyn SealingKey>> {
        let key = self.get(authority)?;
        let key: Arc<dyn SealingKey> = Arc::<SealKey>::clone(key);
        Some(key)
    }
}
