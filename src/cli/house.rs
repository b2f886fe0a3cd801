//! Putting the house together from its settings.
//!
//! The order is the order of trust: settings first, then templates and fonts, then keys and anchors, and the
//! vault last, so that nothing is created on disk by a start that was going to fail. A program that is not in
//! development mode refuses keys and anchors of the development PKI here, before it can use one.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Config, Mode, Trusted};
use crate::crypto::{BlindIndexKey, Random, Secret, SystemRandom};
use crate::domain::{AuthorityCode, Catalogue, Moment};
use crate::keys::{self, KeyRing, LiveRing};
use crate::pki::{Certificate, PathCache, TrustStore};
use crate::service::catalogue::read_registry;
use crate::service::copies::Copies;
use crate::service::desks::IssuingSystem;
use crate::service::hold::Holding;
use crate::service::issue::{Indexes, Issuing};
use crate::service::licenses::Licenses;
use crate::service::ports::{Clock, NoStepWatch, Step, StepWatch, Vault};
use crate::service::receipts::Receipts;
use crate::service::sealing::Sealing;
use crate::service::turns::Turns;
use crate::service::verify::{Judging, Verifying};
use crate::service::workshop::Workshop;
use crate::vault::{OpenMode, SqliteVault, TemplateFolder};

use super::CliError;
use super::args::HouseArgs;
use super::output::complain;
use super::protection;

/// How many verified certificate paths are remembered: far more than a city has sealing certificates.
const PATHS_REMEMBERED: usize = 4_096;

/// Every desk, over one vault.
pub(super) struct House {
    pub(super) config: Config,
    pub(super) issue: Arc<Issuing>,
    pub(super) verify: Arc<Verifying>,
    pub(super) hold: Arc<Holding>,
    pub(super) copies: Arc<Copies>,
    pub(super) receipts: Arc<Receipts>,
    pub(super) licenses: Arc<Licenses>,
    pub(super) workshop: Arc<Workshop>,
    pub(super) keys: Arc<LiveRing>,
    pub(super) vault: Arc<SqliteVault>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

impl House {
    /// Opens everything; the vault is created where there is none.
    pub(super) async fn open(config: Config) -> Result<Self, CliError> {
        let workshop = Arc::new(workshop(&config)?);
        let live = Arc::new(live_ring(&config)?);
        let ring = live.ring();
        let trust = Arc::new(trust_store(&config.trust)?);
        if config.mode == Mode::Production {
            let anchors = trust.anchors().chain(ring.certificates());
            keys::dev::refuse_development(anchors)
                .map_err(|found| CliError::new("this is not development mode", found))?;
        }
        let watch = watch(&config)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let random: Arc<dyn Random> = Arc::new(SystemRandom::new());
        let vault = SqliteVault::open(
            &config.data_dir,
            OpenMode::ReadWrite,
            Arc::clone(&watch),
            clock.now(),
        )
        .await
        .map_err(|error| CliError::new("the vault did not open", error))?;
        let vault = Arc::new(vault);
        let index_key = match read_index_key(&config.index_key_file)? {
            Some(key) => key,
            None => {
                let count = vault.count().await;
                let count = count.map_err(|fault| CliError::new("the vault", fault))?;
                // Under a new key no holder would find a license of this vault, and numbers in use would look
                // free. Only a vault that holds nothing, as after a first start that broke off, can do with one.
                if count.versions > 0 {
                    return Err(CliError::new(
                        config.index_key_file.display(),
                        "is missing, and the vault was filled under it: restore it from the backup",
                    ));
                }
                make_index_key(&config.index_key_file, random.as_ref())?
            }
        };
        let indexes = Arc::new(Indexes::new(index_key));
        let judging = Arc::new(Judging {
            trust: Arc::clone(&trust),
            paths: PathCache::new(PATHS_REMEMBERED),
            signers: Some(live.clone()),
            catalogue: workshop.clone(),
            development: config.mode.is_development(),
        });
        let stamping = protection::stamping(&config.timestamps, &trust, &clock, &random)?;
        let issue = Arc::new(Issuing {
            workshop: Arc::clone(&workshop),
            sealing: Sealing::new(live.clone(), Arc::clone(&trust)),
            vault: vault.clone(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            watch,
            indexes: Arc::clone(&indexes),
            public_url: config.public_url.clone(),
            stamping,
            judging: Arc::clone(&judging),
            turns: Turns::default(),
        });
        let verify = Arc::new(Verifying {
            judging,
            vault: Some(vault.clone()),
            pack: None,
            clock: Arc::clone(&clock),
            indexes: Some(Arc::clone(&indexes)),
        });
        let hold = Arc::new(Holding {
            vault: vault.clone(),
            workshop: Arc::clone(&workshop),
            indexes,
            clock: Arc::clone(&clock),
        });
        let licenses = Arc::new(Licenses {
            vault: vault.clone(),
            workshop: Arc::clone(&workshop),
            clock: Arc::clone(&clock),
            turns: Turns::default(),
        });
        let copies = Arc::new(Copies { issuing: Arc::clone(&issue) });
        let receipts = Arc::new(Receipts { issuing: Arc::clone(&issue) });
        let keys = live;
        Ok(Self {
            config,
            issue,
            verify,
            hold,
            copies,
            receipts,
            licenses,
            workshop,
            keys,
            vault,
            clock,
            random,
        })
    }

    /// Opens everything over a vault that is there; none is created.
    pub(super) async fn open_existing(config: Config) -> Result<Self, CliError> {
        if !SqliteVault::is_in(&config.data_dir) {
            return Err(CliError::new(
                config.data_dir.display(),
                "there is no vault here: name its folder with --data-dir",
            ));
        }
        Self::open(config).await
    }

    /// Lets the vault finish what it has begun.
    pub(super) async fn close(self) {
        self.vault.close().await;
    }

    /// The client that stands for the person at the terminal: whoever can run a command on the vault's folder
    /// owns it.
    pub(super) fn command_line(&self) -> IssuingSystem {
        IssuingSystem { name: "command line".to_owned(), authorities: self.every_authority() }
    }

    /// Every authority of the registry.
    pub(super) fn every_authority(&self) -> Vec<AuthorityCode> {
        let catalogue = self.workshop.catalogue();
        catalogue.authorities().map(|authority| authority.code.clone()).collect()
    }
}

/// The settings a command asks for.
pub(super) fn configure(args: &HouseArgs) -> Result<Config, CliError> {
    let config = match &args.config {
        None => Config::development(&home()?),
        Some(path) => {
            let text =
                fs::read_to_string(path).map_err(|error| CliError::new(path.display(), error))?;
            let base = path.parent().unwrap_or(Path::new("."));
            let home = home().unwrap_or_else(|_| base.to_owned());
            Config::read(&text, base, &home)
                .map_err(|error| CliError::new(path.display(), format!("\n{error}")))?
        }
    };
    Ok(match &args.data_dir {
        Some(data_dir) => config.with_data_dir(data_dir),
        None => config,
    })
}

/// The folder with `templates/types`: this one, or the nearest above the program that has it.
fn home() -> Result<PathBuf, CliError> {
    let here = std::env::current_dir().map_err(|error| CliError::new("this folder", error))?;
    let program = std::env::current_exe().unwrap_or_default();
    let mut candidates = std::iter::once(here.as_path()).chain(program.ancestors().skip(1));
    let found = candidates.find(|folder| folder.join("templates").join("types").is_dir());
    found.map(Path::to_owned).ok_or_else(|| {
        CliError::new(
            "no templates/types here or above the program",
            "run in the checkout, or give --config with templates_dir",
        )
    })
}

/// Types, faces and fonts.
pub(super) fn workshop(config: &Config) -> Result<Workshop, CliError> {
    Workshop::open(Arc::new(TemplateFolder::new(&config.templates_dir)))
        .map_err(|faults| CliError::listing("the templates do not hold together", &faults))
}

/// Types and authorities alone: what judging needs, without the fonts that drawing needs.
pub(super) fn registry(config: &Config) -> Result<Catalogue, CliError> {
    read_registry(&TemplateFolder::new(&config.templates_dir))
        .map_err(|faults| CliError::listing("the templates do not hold together", &faults))
}

/// The sealing keys as they are now.
pub(super) fn key_ring(config: &Config) -> Result<Arc<KeyRing>, CliError> {
    live_ring(config).map(|live| live.ring())
}

/// The sealing keys, and the folder they are followed in.
fn live_ring(config: &Config) -> Result<LiveRing, CliError> {
    let passphrase = match &config.seals_passphrase_file {
        None => None,
        Some(path) => {
            let text = Secret::new(
                fs::read_to_string(path).map_err(|error| CliError::new(path.display(), error))?,
            );
            // The line end behind it is an editor's.
            Some(Secret::new(text.expose().trim_end_matches(['\r', '\n']).to_owned()))
        }
    };
    LiveRing::open(&config.seals_dir, passphrase)
        .map_err(|problems| CliError::listing("the sealing keys do not hold together", &problems))
}

/// Anchors, helping certificates and revocation lists out of files and folders.
///
/// A file that is named vouches for every CA certificate in it; in a folder only self-issued ones are
/// anchors, because a folder also holds what must not be trusted by itself.
pub(super) fn trust_store(trusted: &[Trusted]) -> Result<TrustStore, CliError> {
    trust_store_knowing(trusted, None)
}

/// The same, and the certificates of the house's own keys, by which squares are signed: no key is read for that.
pub(super) fn trust_store_knowing(
    trusted: &[Trusted],
    seals_dir: Option<&Path>,
) -> Result<TrustStore, CliError> {
    let mut builder = TrustStore::builder();
    // Who only verifies may well have no such folder, or may not look into it.
    let chains = seals_dir.and_then(|folder| fs::read_dir(folder).ok());
    let chains = chains.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    for path in chains.filter(|path| path.to_string_lossy().ends_with(".chain.pem")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for certificate in Certificate::all_from_pem(&text).unwrap_or_default() {
            builder = builder.add_helper(certificate);
        }
    }
    for Trusted { path, only_for } in trusted {
        let unreadable = |error| CliError::new(path.display(), error);
        let text = |path: &Path| {
            fs::read_to_string(path).map_err(|error| CliError::new(path.display(), error))
        };
        if !path.is_dir() {
            builder = builder.add_file_for(&path.display().to_string(), &text(path)?, only_for);
            continue;
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            files.push(entry.map_err(unreadable)?.path());
        }
        files.sort();
        let is_pem = |file: &&PathBuf| {
            let extension = file.extension().unwrap_or_default();
            file.is_file() && ["pem", "crt", "cer", "crl"].iter().any(|known| extension == *known)
        };
        for file in files.iter().filter(is_pem) {
            builder = builder.add_folder_file(&file.display().to_string(), &text(file)?);
        }
    }
    builder
        .build()
        .map_err(|problems| CliError::listing("what is to be trusted cannot be read", &problems))
}

/// The key of the blind indexes, or `None` where there is no such file yet.
fn read_index_key(path: &Path) -> Result<Option<BlindIndexKey>, CliError> {
    match fs::read(path) {
        Ok(bytes) => {
            let bytes: [u8; BlindIndexKey::KEY_LEN] = bytes.try_into().map_err(|_| {
                CliError::new(
                    path.display(),
                    "is not a key of 32 bytes; restore it from the backup",
                )
            })?;
            Ok(Some(BlindIndexKey::new(&Secret::new(bytes))))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::new(path.display(), error)),
    }
}

/// Makes the key of the blind indexes for a vault that holds nothing yet.
fn make_index_key(path: &Path, random: &dyn Random) -> Result<BlindIndexKey, CliError> {
    let broken = |error: std::io::Error| CliError::new(path.display(), error);
    let key = BlindIndexKey::draw(random);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(broken)?;
    }
    // Written in full under another name first: half a key would lose every holder's list.
    let half = path.with_extension("key.new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&half).map_err(broken)?;
    file.write_all(key.expose()).map_err(broken)?;
    file.sync_all().map_err(broken)?;
    fs::rename(&half, path).map_err(broken)?;
    Ok(BlindIndexKey::new(&key))
}

fn watch(config: &Config) -> Result<Arc<dyn StepWatch>, CliError> {
    let Some(word) = &config.stand_still_before else { return Ok(Arc::new(NoStepWatch)) };
    let step = Step::ALL.into_iter().find(|step| step.word() == word);
    let step = step.ok_or_else(|| CliError::new("stand_still_before", "is no step of issuing"))?;
    Ok(Arc::new(StandStill(step)))
}

/// The machine's clock.
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        now()
    }
}

/// The present instant.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read for everybody else")]
pub(super) fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = since.map(|since| since.as_secs()).unwrap_or_default();
    Moment::from_unix_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// A drill: the process stands still before a step, so that it can be killed exactly there.
struct StandStill(Step);

impl StepWatch for StandStill {
    fn before(&self, step: Step) {
        if step == self.0 {
            complain(&format!("standing still before {}", step.word()));
            loop {
                std::thread::park();
            }
        }
    }
}

/// A clock that stands at the instant somebody asked about.
pub(super) struct FixedClock(pub(super) Moment);

impl Clock for FixedClock {
    fn now(&self) -> Moment {
        self.0
    }
}
