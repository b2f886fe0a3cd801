//! A vault for tests of the doors: they ask it for nothing but a ping.

use std::sync::Arc;

use crate::crypto::Digest;
use crate::domain::{CopyNumber, LicenseId, LicenseKey};
use crate::service::error::{Fault, ShelveError};
use crate::service::ports::{
    CopyError, CopyRecord, Copying, DuePage, DueQuestion, FormRecord, Intention, IntentionNo,
    Later, ProtectError, Protecting, ProtectionRecord, Shelving, StandingChange, UsageRecord,
    Vault, VaultCount, VersionRecord,
};

use super::fake_desks::Script;

/// Answers a ping as the script says.
pub struct PingVault(pub Arc<Script>);

impl PingVault {
    fn unused<T: Send + 'static>() -> Later<'static, Result<T, Fault>> {
        Box::pin(async { Err(Fault::new("vault", "the doors ask for nothing but a ping")) })
    }
}

impl Vault for PingVault {
    fn head(&self, _: &LicenseKey) -> Later<'_, Result<Option<VersionRecord>, Fault>> {
        Self::unused()
    }
    fn find(&self, _: &LicenseId) -> Later<'_, Result<Option<VersionRecord>, Fault>> {
        Self::unused()
    }
    fn object(&self, _: &FormRecord) -> Later<'_, Result<Option<Vec<u8>>, Fault>> {
        Self::unused()
    }
    fn answered(&self, _: &str, _: &str) -> Later<'_, Result<Option<(Digest, LicenseId)>, Fault>> {
        Self::unused()
    }
    fn by_number(
        &self,
        _: &crate::domain::LicenseTypeCode,
        _: &str,
        _: &Digest,
    ) -> Later<'_, Result<Option<LicenseId>, Fault>> {
        Self::unused()
    }
    fn held_by(&self, _: &Digest) -> Later<'_, Result<Vec<VersionRecord>, Fault>> {
        Self::unused()
    }
    fn holds(&self, _: &Digest, _: &LicenseKey) -> Later<'_, Result<bool, Fault>> {
        Self::unused()
    }
    fn copy_answered(
        &self,
        _: &str,
        _: &str,
    ) -> Later<'_, Result<Option<(Digest, CopyNumber)>, Fault>> {
        Self::unused()
    }
    fn find_copy(&self, _: &CopyNumber) -> Later<'_, Result<Option<CopyRecord>, Fault>> {
        Self::unused()
    }
    fn keep_copy(&self, _: Copying) -> Later<'_, Result<(), CopyError>> {
        Box::pin(async { Err(Fault::new("vault", "the doors keep no copies").into()) })
    }
    fn protect(&self, _: Protecting) -> Later<'_, Result<(), ProtectError>> {
        Box::pin(async { Err(Fault::new("vault", "the doors protect nothing").into()) })
    }
    fn protections(&self, _: &LicenseId) -> Later<'_, Result<Vec<ProtectionRecord>, Fault>> {
        Self::unused()
    }
    fn due(&self, _: &DueQuestion) -> Later<'_, Result<DuePage, Fault>> {
        Self::unused()
    }
    fn intend(&self, _: Intention) -> Later<'_, Result<IntentionNo, Fault>> {
        Self::unused()
    }
    fn shelve(&self, _: Shelving) -> Later<'_, Result<(), ShelveError>> {
        Box::pin(async { Err(Fault::new("vault", "unused").into()) })
    }
    fn change_standing(&self, _: StandingChange) -> Later<'_, Result<(), Fault>> {
        Self::unused()
    }
    fn standing_changes(&self, _: &LicenseKey) -> Later<'_, Result<Vec<StandingChange>, Fault>> {
        Self::unused()
    }
    fn changed(&self, _: u64, _: u32) -> Later<'_, Result<Vec<(u64, LicenseId)>, Fault>> {
        Self::unused()
    }

    fn record_usage(&self, _: UsageRecord) -> Later<'_, Result<(), Fault>> {
        Self::unused()
    }
    fn count(&self) -> Later<'_, Result<VaultCount, Fault>> {
        Self::unused()
    }
    fn ping(&self) -> Later<'_, Result<(), Fault>> {
        let down = *self.0.vault_down.lock().unwrap();
        Box::pin(async move { if down { Err(Fault::new("vault.ping", "gone")) } else { Ok(()) } })
    }
}
