//! `zhengku keys`: which authority seals with what and until when; retiring a key; what hangs on one.

use serde_json::json;

use crate::crypto::Digest;
use crate::domain::Moment;
use crate::keys::{self, Retired, SealKey};
use crate::service::ports::{KeyBooks, KeyState, NoStepWatch};
use crate::vault::{OpenMode, SqliteVault};

use super::args::{HouseArgs, KeysArgs, KeysCommand};
use super::house;
use super::output::{say, say_json};
use super::{CliError, Outcome, reseal};

pub(super) async fn run(args: &KeysArgs) -> Result<Outcome, CliError> {
    match &args.command {
        KeysCommand::Licenses { key, json, house } => reseal::licenses(key, *json, house).await,
        KeysCommand::List { json, house } => list(*json, house).await,
        KeysCommand::Reseal { key, dry_run, json, house } => {
            reseal::run(key, *dry_run, *json, house).await
        }
        KeysCommand::Retire { key, since, reason, house } => {
            retire(key, since.unwrap_or_else(house::now), reason, house)
        }
    }
}

async fn list(json: bool, house: &HouseArgs) -> Result<Outcome, CliError> {
    let config = house::configure(house)?;
    let ring = house::key_ring(&config)?;
    let now = house::now();
    let uses = if config.data_dir.join("vault.sqlite").exists() {
        let watch = std::sync::Arc::new(NoStepWatch);
        let vault = SqliteVault::open(&config.data_dir, OpenMode::Check, watch, now)
            .await
            .map_err(|error| CliError::new("the vault did not open", error))?;
        let uses = vault.key_uses().await;
        vault.close().await;
        uses.map_err(|fault| CliError::new("the vault", fault))?
    } else {
        Vec::new()
    };
    let mut rows = Vec::new();
    let seal = ring.iter().map(|key| (key, "seals"));
    for (key, purpose) in seal.chain(ring.companions().map(|key| (key, "e-certificates"))) {
        let (id, certificate, days) = (key.id(), key.certificate(), key.days_left(now));
        let used = uses.iter().find(|(known, _)| *known == id).map_or(0, |(_, uses)| *uses);
        let state = state(key, now, used);
        let suite = key.suite().jws_name();
        if json {
            rows.push(json!({
                "authority": key.authority().as_str(),
                "key": id.to_string(),
                "signs": purpose,
                "certificate": certificate.common_name(),
                "algorithm": suite,
                "kept_in": key.kept_in().word(),
                "not_before": certificate.not_before().to_string(),
                "not_after": certificate.not_after().to_string(),
                "days_left": days,
                "uses": used,
                "max_uses": key.rule().max_uses,
                "retired_since": key.rule().retired.as_ref().map(|(since, _)| since.to_string()),
                "state": state,
            }));
        } else {
            let limit = key.rule().max_uses.map_or(String::new(), |most| format!(" of {most}"));
            say(&format!(
                "{}  {suite}  until {}  {days} days  {used}{limit} uses  {}  {purpose}  {state}\n    {id}  {}",
                key.authority(),
                certificate.not_after(),
                key.kept_in().word(),
                certificate.common_name(),
            ));
        }
    }
    if json {
        say_json(&rows);
    }
    Ok(Outcome::Yes)
}

/// What an operator should know first of a key.
fn state(key: &SealKey, now: Moment, used: u64) -> &'static str {
    let days = key.days_left(now);
    if key.rule().is_retired(now) {
        "retired"
    } else if days < 0 {
        "ended"
    } else if key.rule().max_uses.is_some_and(|most| most <= used) {
        "used up"
    } else if now < key.certificate().not_before() {
        "not yet"
    } else if days < KeyState::WARN_DAYS {
        "ends soon"
    } else {
        "in use"
    }
}

fn retire(
    key: &Digest,
    since: Moment,
    reason: &str,
    house: &HouseArgs,
) -> Result<Outcome, CliError> {
    let config = house::configure(house)?;
    match keys::retire(&config.seals_dir, key, since, reason) {
        Ok(Retired::Now) => say(&format!("{key} is retired since {since}")),
        Ok(Retired::Already(since)) => say(&format!("{key} is retired already, since {since}")),
        Err(error) => return Err(CliError::new(config.seals_dir.display(), error)),
    }
    Ok(Outcome::Yes)
}
