//! `zhengku serve`: the pages and the API.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::config::{Config, DEVELOPMENT_TOKEN, Mode};
use crate::crypto::Digest;
use crate::domain::{Holder, HolderCode, HolderCodeKind};
use crate::http::{self, Doors, HttpSettings};
use crate::service::desks::IssuingSystem;
use crate::service::trust_pack::TrustPacks;
use crate::service::workshop::{Refreshed, Workshop};
use crate::web;

use super::args::ServeArgs;
use super::house::{self, House};
use super::output::say;
use super::protection;
use super::{CliError, Outcome};

/// How many faults of the templates are logged at once; `catalogue check` tells all.
const FAULTS_LOGGED: usize = 20;
/// How long the keeper may take to finish what is under way.
const FAREWELL: Duration = Duration::from_secs(30);

pub(super) async fn run(args: &ServeArgs) -> Result<Outcome, CliError> {
    let mut config = house::configure(&args.house)?;
    if let Some(listen) = args.listen {
        config = config.with_listen(listen);
    }
    start_log();
    let implied = args.house.config.is_none();
    if implied && !config.listen.ip().is_loopback() {
        return Err(CliError::new(
            format!("{} can be reached from other machines", config.listen),
            "development mode has a sign-in without a password; write a settings file with \
             mode = \"production\", or with mode = \"development\" if you mean it",
        ));
    }
    let house = House::open(config).await?;
    serve(house).await?;
    Ok(Outcome::Yes)
}

/// Serves a house until the process is told to stop.
pub(super) async fn serve(house: House) -> Result<(), CliError> {
    let config = &house.config;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| CliError::new(format!("cannot listen on {}", config.listen), error))?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let settings = settings(&house)?;
    let services = protection::dev_pki(&house)?;
    let keeper = protection::keeper(&house, services.as_ref().map(|_| address))?;
    let site = web::site(Doors {
        issue: house.issue.clone(),
        verify: house.verify.clone(),
        hold: house.hold.clone(),
        copies: house.copies.clone(),
        receipts: house.receipts.clone(),
        packs: Arc::new(TrustPacks { issuing: house.issue.clone() }),
        last_pack: Arc::default(),
        license: house.licenses.clone(),
        catalogue: house.workshop.clone(),
        vault: house.vault.clone(),
        keys: house.keys.clone(),
        keeping: keeper.as_ref().map(|keeper| Arc::clone(&keeper.tally)),
        clock: Arc::clone(&house.clock),
        random: Arc::clone(&house.random),
        permits: http::Permits::of(&settings),
        settings: Arc::new(settings),
    });
    let router = match &services {
        Some(services) => http::dev_pki::with_dev_pki(site, Arc::clone(services)),
        None => site,
    };
    if config.mode.is_development() {
        say("DEVELOPMENT MODE: toy keys, invented holders, a sign-in without a password.");
        say(&format!("issuing systems: Authorization: Bearer {DEVELOPMENT_TOKEN}"));
    }
    say(&format!("listening on http://{address}"));
    let (told_to_rest, rest) = watch::channel(false);
    let look_every = config.timestamps.look_every;
    let keeping = keeper.map(|keeper| tokio::spawn(keeper.keep_on(look_every, rest)));
    let looking = watch_templates(house.workshop.clone(), config.templates_poll_seconds);
    let watching = tokio::spawn(super::key_watch::watch(
        house.keys.clone(),
        config.mode,
        config.seals_poll_seconds,
    ));
    http::serve(listener, router, told_to_stop())
        .await
        .map_err(|error| CliError::new("the server ended", error))?;
    watching.abort();
    if let Some(looking) = looking {
        looking.abort();
    }
    if let Some(keeping) = keeping {
        // What is under way is finished; nothing new is begun.
        let _ = told_to_rest.send(true);
        if tokio::time::timeout(FAREWELL, keeping).await.is_err() {
            tracing::warn!("the keeper was left behind; what it was about stays due");
        }
    }
    house.close().await;
    Ok(())
}

/// Looks at the templates every so many seconds, so that a new edition needs no restart.
fn watch_templates(workshop: Arc<Workshop>, seconds: u64) -> Option<JoinHandle<()>> {
    let mut ticks = (seconds > 0).then(|| tokio::time::interval(Duration::from_secs(seconds)))?;
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(tokio::spawn(async move {
        loop {
            ticks.tick().await;
            let workshop = Arc::clone(&workshop);
            // Reading and compiling are work for a thread set aside, and requests go on meanwhile.
            match tokio::task::spawn_blocking(move || workshop.refresh()).await {
                Ok(Refreshed::Replaced { compiled }) => {
                    tracing::info!(compiled, "the templates were replaced");
                }
                Ok(Refreshed::Refused(faults)) => {
                    for fault in faults.iter().take(FAULTS_LOGGED) {
                        tracing::error!(
                            place = fault.place,
                            cause = fault.message,
                            "a template is broken; what was in force stays in force"
                        );
                    }
                }
                Ok(Refreshed::Settling | Refreshed::Unchanged) => {}
                Err(error) => tracing::error!(%error, "looking at the templates broke off"),
            }
        }
    }))
}

fn settings(house: &House) -> Result<HttpSettings, CliError> {
    let config = &house.config;
    let mut settings = HttpSettings::at(&config.public_url);
    settings.development = config.mode.is_development();
    settings.file_limit_bytes = config.body_limit_bytes;
    settings.requests_at_once = config.concurrency;
    settings.clients = clients(house);
    settings.invented_holders = invented_holders(config)?;
    Ok(settings)
}

fn clients(house: &House) -> HashMap<Digest, IssuingSystem> {
    let listed = house.config.clients.iter().map(|client| {
        let system =
            IssuingSystem { name: client.name.clone(), authorities: client.authorities.clone() };
        (client.token_sha256, system)
    });
    let mut clients: HashMap<Digest, IssuingSystem> = listed.collect();
    if let Mode::Development(_) = house.config.mode {
        let name = "development".to_owned();
        let system = IssuingSystem { name, authorities: house.every_authority() };
        clients.insert(Digest::of(DEVELOPMENT_TOKEN.as_bytes()), system);
    }
    clients
}

#[derive(Deserialize)]
struct InventedHolder {
    name: String,
    kind: String,
    code: String,
}

/// The holders of `fixtures/holders.json`, for the development sign-in.
fn invented_holders(config: &Config) -> Result<Vec<Holder>, CliError> {
    let Some(path) = config.development_holders.as_ref().filter(|path| path.exists()) else {
        return Ok(Vec::new());
    };
    let broken = |error: &dyn std::fmt::Display| CliError::new(path.display(), error);
    let text = fs::read_to_string(path).map_err(|error| broken(&error))?;
    let listed: Vec<InventedHolder> =
        serde_json::from_str(&text).map_err(|error| broken(&error))?;
    let read = listed.into_iter().map(|holder| {
        let kind = HolderCodeKind::from_code(&holder.kind)
            .ok_or_else(|| broken(&"a holder has an unknown kind of code"))?;
        let code = HolderCode::parse(kind, &holder.code).map_err(|error| broken(&error))?;
        Ok(Holder::new(holder.name, code))
    });
    read.collect()
}

/// The log: JSON lines on standard error, as `RUST_LOG` asks, without personal data.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .from_env_lossy();
    let started = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
    // A second start in one process keeps the first log.
    drop(started);
}

/// Ready when the process gets an interrupt or is asked to end.
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    drop(interrupt.await);
}
