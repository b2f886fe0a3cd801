//! A whole house for tests: the desks as `cli::house` wires them, over a vault in a folder that goes away with
//! the test or in memory, with a clock that is wound by hand and randomness that follows from a seed.
//!
//! Keys, anchors, templates and fixtures are those of the source. A test that needs other keys or other trust
//! says so in [`Plan`].

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use zhengku::crypto::{BlindIndexKey, Secret, SeededRandom};
use zhengku::domain::{AuthorityCode, LicenseId, Moment};
use zhengku::judge::Verdict;
use zhengku::keys::{KeyRing, SealKey};
use zhengku::pki::{PathCache, TrustStore};
use zhengku::service::copies::Copies;
use zhengku::service::desks::{IssueDesk, Issued, IssuingSystem, VerifyDesk};
use zhengku::service::error::Refusal;
use zhengku::service::hold::Holding;
use zhengku::service::issue::{Indexes, Issuing};
use zhengku::service::licenses::Licenses;
use zhengku::service::ports::{Clock, Form, NoStepWatch, SealingKey, SealingKeys, Vault};
use zhengku::service::sealing::Sealing;
use zhengku::service::stamping::Stamping;
use zhengku::service::turns::Turns;
use zhengku::service::verify::{Judging, Verifying};
use zhengku::service::workshop::Workshop;
use zhengku::vault::{MemoryVault, OpenMode, SqliteVault, TemplateFolder};

/// When tests happen: after the toy keys of the source were made and after every good fixture was issued.
pub const NOW: &str = "2026-12-01T08:00:00Z";

/// How the outside reaches the house.
pub const PUBLIC_URL: &str = "https://zhengku.test";

/// The folder of the source.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// An instant, as text.
pub fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

/// A clock that shows what it was last wound to.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn new(at: &str) -> Self {
        Self(AtomicI64::new(moment(at).unix_seconds()))
    }

    /// Winds it to `at`, forward or back.
    pub fn wind(&self, at: &str) {
        self.0.store(moment(at).unix_seconds(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Moment {
        Moment::from_unix_seconds(self.0.load(Ordering::SeqCst))
    }
}

/// One key that seals for whoever asks: how a seal of the wrong authority, of a stranger or of an ended
/// certificate comes into the world.
pub struct OneKeyForAll(pub Arc<dyn SealingKey>);

impl SealingKeys for OneKeyForAll {
    fn find(&self, _: &AuthorityCode, _: Moment) -> Vec<Arc<dyn SealingKey>> {
        vec![Arc::clone(&self.0)]
    }
}

/// What a house is made of.
pub struct Plan {
    pub keys: Arc<dyn SealingKeys>,
    pub trust: Arc<TrustStore>,
    pub seed: u64,
    pub at: &'static str,
    pub stamping: Option<Stamping>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { keys: key_ring(), trust: trust(), seed: 1, at: NOW, stamping: None }
    }
}

/// Every desk, over one vault.
pub struct House {
    pub issue: Arc<Issuing>,
    pub verify: Arc<Verifying>,
    pub hold: Arc<Holding>,
    pub licenses: Arc<Licenses>,
    pub copies: Arc<Copies>,
    pub vault: Arc<dyn Vault>,
    pub clock: Arc<HandClock>,
    pub client: IssuingSystem,
    /// The vault's folder, where it has one.
    pub folder: Option<tempfile::TempDir>,
}

impl House {
    /// A house whose vault forgets.
    pub fn in_memory(plan: Plan) -> Self {
        Self::over(Arc::new(MemoryVault::new()), None, plan)
    }

    /// A house with the vault that is used in earnest.
    pub async fn on_disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan::default();
        let watch = Arc::new(NoStepWatch);
        let vault =
            SqliteVault::open(folder.path(), OpenMode::ReadWrite, watch, moment(plan.at)).await;
        Self::over(Arc::new(vault.unwrap()), Some(folder), plan)
    }

    fn over(vault: Arc<dyn Vault>, folder: Option<tempfile::TempDir>, plan: Plan) -> Self {
        let workshop = workshop();
        let hand = Arc::new(HandClock::new(plan.at));
        let clock: Arc<dyn Clock> = hand.clone();
        let indexes = Arc::new(Indexes::new(BlindIndexKey::new(&Secret::new([7; 32]))));
        let issue = Arc::new(Issuing {
            workshop: Arc::clone(&workshop),
            sealing: Sealing::new(plan.keys, Arc::clone(&plan.trust)),
            vault: Arc::clone(&vault),
            clock: Arc::clone(&clock),
            random: Arc::new(SeededRandom::new(plan.seed)),
            watch: Arc::new(NoStepWatch),
            indexes: Arc::clone(&indexes),
            public_url: PUBLIC_URL.to_owned(),
            stamping: plan.stamping,
            judging: judging(Arc::clone(&plan.trust)),
            turns: Turns::default(),
        });
        let verify = Arc::new(Verifying {
            judging: judging(plan.trust),
            vault: Some(Arc::clone(&vault)),
            pack: None,
            clock: Arc::clone(&clock),
            indexes: Some(Arc::clone(&indexes)),
        });
        let hold = Arc::new(Holding {
            vault: Arc::clone(&vault),
            workshop: Arc::clone(&workshop),
            indexes,
            clock: Arc::clone(&clock),
        });
        let licenses = Arc::new(Licenses {
            vault: Arc::clone(&vault),
            workshop: Arc::clone(&workshop),
            clock,
            turns: Turns::default(),
        });
        let authorities = workshop.catalogue().authorities().map(|a| a.code.clone()).collect();
        let client = IssuingSystem { name: "issuing system".to_owned(), authorities };
        Self {
            copies: Arc::new(Copies { issuing: Arc::clone(&issue) }),
            issue,
            verify,
            hold,
            licenses,
            vault,
            clock: hand,
            client,
            folder,
        }
    }

    /// Has `body` issued under `key`.
    pub async fn ask(&self, key: &str, body: &Value) -> Result<Issued, Refusal> {
        self.issue.issue(&self.client, key, body.to_string().as_bytes()).await
    }

    /// The bytes of one form of what was issued.
    pub async fn bytes(&self, issued: &Issued, form: Form) -> Vec<u8> {
        let record = issued.record.forms.iter().find(|record| record.form == form).unwrap();
        self.vault.object(record).await.unwrap().unwrap()
    }

    /// The verdict on the sealed PDF of what was issued, as of now.
    pub async fn verdict(&self, issued: &Issued) -> Verdict {
        self.verify.file(&self.bytes(issued, Form::SealedPdf).await).await
    }

    /// The verdict on a license id alone.
    pub async fn verdict_on(&self, id: &LicenseId) -> Verdict {
        self.verify.id(id).await
    }
}

/// Types, faces and fonts of the source, read once for all tests of a suite.
pub fn workshop() -> Arc<Workshop> {
    static WORKSHOP: OnceLock<Arc<Workshop>> = OnceLock::new();
    Arc::clone(WORKSHOP.get_or_init(|| {
        let source = TemplateFolder::new(&root().join("templates"));
        match Workshop::open(Arc::new(source)) {
            Ok(workshop) => Arc::new(workshop),
            Err(faults) => panic!("the templates of the source: {faults:?}"),
        }
    }))
}

/// Whom a house that trusts `trust` believes.
pub fn judging(trust: Arc<TrustStore>) -> Arc<Judging> {
    let catalogue = workshop();
    let paths = PathCache::new(64);
    Arc::new(Judging { trust, paths, signers: None, catalogue, development: true })
}

/// The toy keys of the source.
pub fn key_ring() -> Arc<KeyRing> {
    Arc::new(KeyRing::load(&root().join("keys-dev/seals")).unwrap())
}

/// One of the toy keys that are meant to be refused: `expired` or `revoked`.
pub fn special_key(name: &str) -> Arc<SealKey> {
    let folder = root().join("keys-dev/special");
    let read = |ending: &str| fs::read_to_string(folder.join(format!("{name}.{ending}"))).unwrap();
    let authority = "11990000MD1000018N".parse().unwrap();
    let key = SealKey::from_pem(authority, &read("key.pem"), &read("chain.pem"));
    Arc::new(key.unwrap())
}

/// The toy root and the lists of what was revoked.
pub fn trust() -> Arc<TrustStore> {
    let folder = root().join("keys-dev");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let store = TrustStore::builder()
        .add_file("root.pem", &read("root.pem"))
        .add_folder_file("issuing-ca.pem", &read("issuing-ca.pem"))
        .add_file("crl.pem", &read("crl.pem"))
        .build();
    Arc::new(store.unwrap())
}

/// The codes of the twelve types, in order.
pub fn type_codes() -> Vec<String> {
    let mut codes: Vec<String> = fs::read_dir(good_folder())
        .unwrap()
        .filter_map(|entry| {
            entry
                .unwrap()
                .file_name()
                .into_string()
                .unwrap()
                .split_once('.')
                .map(|(code, _)| code.to_owned())
        })
        .collect();
    codes.sort();
    assert_eq!(codes.len(), 12);
    codes
}

/// Every good submission of a type.
pub fn good(type_code: &str) -> Vec<Value> {
    let text = fs::read_to_string(good_folder().join(format!("{type_code}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The first good submission of a type.
pub fn first_good(type_code: &str) -> Value {
    good(type_code).swap_remove(0)
}

fn good_folder() -> PathBuf {
    root().join(Path::new("fixtures/submissions/good"))
}
