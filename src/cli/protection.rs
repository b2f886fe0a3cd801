//! Putting together what protects seals: whom to ask, from the settings or from the development PKI.
//!
//! In development mode, where the settings name nobody, the toy time-stamp authority and responder are asked over
//! HTTP on this machine, exactly as others would be.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::{Config, Timestamps};
use crate::crypto::{KeySigner, Random};
use crate::domain::Level;
use crate::http;
use crate::pki::{Certificate, TrustStore};
use crate::remote::{Address, Http, RevocationSettings, Revocations, TsaClient, TsaSettings};
use crate::service::dev_pki::{DevPki, DevPkiKeys};
use crate::service::keeping::Keeper;
use crate::service::last_authority::LastAuthority;
use crate::service::ports::{Clock, RevocationSource, TimestampSource};
use crate::service::protect::Protect;
use crate::service::stamping::Stamping;

use super::CliError;
use super::house::House;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Whom to ask.
#[derive(Clone)]
pub(super) struct Outside {
    pub(super) stamps: Arc<dyn TimestampSource>,
    pub(super) revocations: Arc<dyn RevocationSource>,
}

impl Outside {
    /// Whom these settings name.
    pub(super) fn of(
        settings: &Timestamps,
        trust: &Arc<TrustStore>,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<Self, CliError> {
        let http = if settings.any_https() {
            Http::with_roots(&settings.https_roots)
                .map_err(|error| CliError::new("timestamps.https_roots", error))?
        } else {
            Http::plain()
        };
        let addresses = |key: &str, texts: &[String]| -> Result<Vec<Address>, CliError> {
            let parse = |text: &String| {
                text.parse().map_err(|error| CliError::new(format!("timestamps.{key}"), error))
            };
            texts.iter().map(parse).collect()
        };
        let (deadline, rest) = (settings.deadline, settings.rest);
        let stamps = TsaClient::new(
            TsaSettings { authorities: addresses("tsa", &settings.tsa)?, deadline, rest },
            http.clone(),
            Arc::clone(trust),
            Arc::clone(clock),
            Arc::clone(random),
        );
        let revocations = Revocations::new(
            RevocationSettings {
                ocsp: addresses("ocsp", &settings.ocsp)?,
                crls: addresses("crl", &settings.crl)?,
                addresses_in_certificates: settings.addresses_in_certificates,
                deadline,
                rest,
            },
            http,
            Arc::clone(trust),
            Arc::clone(clock),
            Arc::clone(random),
        );
        Ok(Self { stamps: Arc::new(stamps), revocations: Arc::new(revocations) })
    }
}

/// Puts time-stamps into seals at issue, where the settings ask for that.
pub(super) fn stamping(
    settings: &Timestamps,
    trust: &Arc<TrustStore>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Option<Stamping>, CliError> {
    if settings.at_issue == Level::BB {
        return Ok(None);
    }
    let Outside { stamps: source, .. } = Outside::of(settings, trust, clock, random)?;
    Ok(Some(Stamping { source, deadline: settings.deadline }))
}

/// A keeper over a house, or `None` where nothing is to be kept.
///
/// `development` is where the development PKI is served, if it is.
pub(super) fn keeper(
    house: &House,
    development: Option<SocketAddr>,
) -> Result<Option<Arc<Keeper>>, CliError> {
    let settings = &house.config.timestamps;
    let settings = match development.filter(|_| settings.tsa.is_empty()) {
        Some(address) => by_development_pki(settings, address),
        None => settings.clone(),
    };
    if settings.keep == Level::BB {
        return Ok(None);
    }
    let trust = &house.verify.judging.trust;
    let outside = Outside::of(&settings, trust, &house.clock, &house.random)?;
    Ok(Some(Arc::new(Keeper {
        protect: Protect {
            vault: house.vault.clone(),
            judging: Arc::clone(&house.verify.judging),
            stamps: outside.stamps,
            revocations: outside.revocations,
            clock: Arc::clone(&house.clock),
            keep: settings.keep,
            last_authority: LastAuthority::default(),
        },
        rest: settings.rest,
        renew_within_seconds: i64::from(settings.renew_within_days) * DAY,
        tally: Arc::default(),
    })))
}

fn by_development_pki(settings: &Timestamps, address: SocketAddr) -> Timestamps {
    Timestamps {
        tsa: vec![format!("http://{address}/dev/tsa")],
        ocsp: vec![format!("http://{address}/dev/ocsp")],
        keep: Level::BLTA,
        ..settings.clone()
    }
}

/// The services of the development PKI, where this is development and their keys are there.
pub(super) fn dev_pki(house: &House) -> Result<Option<Arc<DevPki>>, CliError> {
    let folder = services_folder(&house.config);
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else { return Ok(None) };
    let fault = |why: &dyn std::fmt::Display| CliError::new(folder.display(), why);
    let (mut tsa, tsa_key) = service(&folder, "tsa")?;
    let (ocsp, ocsp_key) = service(&folder, "ocsp")?;
    tsa.retain(|certificate| !certificate.is_self_issued());
    let mut ocsp = ocsp.into_iter();
    let (Some(responder), Some(issuer)) = (ocsp.next(), ocsp.next()) else {
        return Err(fault(&"ocsp.chain.pem holds the responder's certificate and its issuer's"));
    };
    let keys = DevPkiKeys { tsa: (tsa, tsa_key), ocsp: (responder, issuer, ocsp_key) };
    let trust = Arc::clone(&house.verify.judging.trust);
    let services = DevPki::new(keys, trust, Arc::clone(&house.clock), Arc::clone(&house.random));
    Ok(Some(Arc::new(services.map_err(|error| fault(&error))?)))
}

fn services_folder(config: &Config) -> Option<std::path::PathBuf> {
    let folder = config.seals_dir.parent().filter(|_| config.mode.is_development())?;
    Some(folder.join("services"))
}

fn service(folder: &Path, name: &str) -> Result<(Vec<Certificate>, KeySigner), CliError> {
    let read = |ending: &str| {
        let path = folder.join(format!("{name}.{ending}.pem"));
        let text = fs::read_to_string(&path);
        text.map_err(|error| CliError::new(path.display(), error))
    };
    let chain = Certificate::all_from_pem(&read("chain")?)
        .map_err(|error| CliError::new(format!("{name}.chain.pem"), error))?;
    let key = KeySigner::from_pkcs8_pem(&read("key")?)
        .map_err(|error| CliError::new(format!("{name}.key.pem"), error))?;
    Ok((chain, key))
}

/// Serves the development PKI on this machine alone, for a command that has no server.
pub(super) async fn serve_dev_pki(
    services: Arc<DevPki>,
) -> Result<(SocketAddr, JoinHandle<()>), CliError> {
    let unbound = |error| CliError::new("the development PKI", error);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    let router = http::dev_pki::dev_pki(services);
    let serving = tokio::spawn(async move {
        // It ends with the command.
        let _ = http::serve(listener, router, std::future::pending()).await;
    });
    Ok((address, serving))
}
