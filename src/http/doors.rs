//! What the doors are built with: the desks behind them, and their settings.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::crypto::{Digest, Random};
use crate::domain::Holder;
use crate::service::desks::{
    CatalogueDesk, CopyDesk, HoldDesk, IssueDesk, IssuingSystem, LicenseDesk, VerifyDesk,
};
use crate::service::keeping::Tally;
use crate::service::ports::{Clock, SealingKeys, Vault};
use crate::service::receipts::ReceiptDesk;
use crate::service::trust_pack::PackDesk;

use super::trust_pack::LastPack;

/// Everything a door may ask.
#[derive(Clone)]
pub struct Doors {
    /// Has licenses made.
    pub issue: Arc<dyn IssueDesk>,
    /// Judges files and numbers.
    pub verify: Arc<dyn VerifyDesk>,
    /// Serves holders.
    pub hold: Arc<dyn HoldDesk>,
    /// Gives receipts of verifications.
    pub receipts: Arc<dyn ReceiptDesk>,
    /// Makes trust packs.
    pub packs: Arc<dyn PackDesk>,
    /// The one that was made last.
    pub last_pack: Arc<LastPack>,
    /// Makes annotated copies.
    pub copies: Arc<dyn CopyDesk>,
    /// Serves issuing systems with what they issued.
    pub license: Arc<dyn LicenseDesk>,
    /// Which types and authorities there are.
    pub catalogue: Arc<dyn CatalogueDesk>,
    /// Asked for readiness, and for nothing else.
    pub vault: Arc<dyn Vault>,
    /// Asked how the sealing keys are doing, and for nothing else.
    pub keys: Arc<dyn SealingKeys>,
    /// What the keeper of protections has done, where there is one.
    pub keeping: Option<Arc<Tally>>,
    /// Tells when a session ends.
    pub clock: Arc<dyn Clock>,
    /// Makes session ids and request ids.
    pub random: Arc<dyn Random>,
    /// How the doors are set up.
    pub settings: Arc<HttpSettings>,
    /// Permits for requests at work and for files in memory.
    pub permits: Permits,
}

/// How the doors are set up.
pub struct HttpSettings {
    /// Whether this is a development server: sign-in by choice, banners on every page.
    pub development: bool,
    /// The address people use, without a slash at the end: `https://zhengku.example`.
    pub public_url: String,
    /// Largest submission, in bytes.
    pub submission_limit_bytes: usize,
    /// Largest file to be judged, in bytes.
    pub file_limit_bytes: usize,
    /// Issuing systems by the SHA-256 of their token; tokens themselves are not kept.
    pub clients: HashMap<Digest, IssuingSystem>,
    /// How long a request may take, reading its body included.
    pub timeout: Duration,
    /// How many requests may be at work at once; the next is told to come back.
    pub requests_at_once: usize,
    /// How many files may be in memory at once; the next waits.
    pub files_at_once: usize,
    /// How long a session lasts after its last use, in seconds.
    pub session_seconds: i64,
    /// Invented holders to choose from at the sign-in of a development server.
    pub invented_holders: Vec<Holder>,
}

impl HttpSettings {
    /// The settings of a server at `public_url`, with the limits the documentation states and no client.
    pub fn at(public_url: &str) -> Self {
        Self {
            development: false,
            public_url: public_url.trim_end_matches('/').to_owned(),
            submission_limit_bytes: 2_000_000,
            file_limit_bytes: 20_000_000,
            clients: HashMap::new(),
            timeout: Duration::from_secs(60),
            requests_at_once: 512,
            files_at_once: 16,
            session_seconds: 30 * 60,
            invented_holders: Vec::new(),
        }
    }

    /// Whether people reach the server over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl fmt::Debug for HttpSettings {
    /// Counts clients and invented holders and names none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("development", &self.development)
            .field("public_url", &self.public_url)
            .field("clients", &self.clients.len())
            .finish_non_exhaustive()
    }
}

/// How much may be under way at once.
#[derive(Clone)]
pub struct Permits {
    /// One for each request at work.
    pub(super) requests: Arc<Semaphore>,
    /// One for each file in memory.
    pub(super) files: Arc<Semaphore>,
}

impl Permits {
    /// As many permits as the settings say.
    pub fn of(settings: &HttpSettings) -> Self {
        Self {
            requests: Arc::new(Semaphore::new(settings.requests_at_once)),
            files: Arc::new(Semaphore::new(settings.files_at_once)),
        }
    }
}
