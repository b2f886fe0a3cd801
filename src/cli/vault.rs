//! `zhengku vault check`: read everything again and prove the vault whole; `vault renew`: protect what is due.

use std::fs;
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;
use tokio::sync::watch;

use crate::service::keeping::Round;
use crate::service::ports::Vault;
use crate::service::trust_pack::{PackDesk, TrustPacks};
use crate::vault::{self, CheckProgress};

use super::args::{HouseArgs, VaultArgs, VaultCommand};
use super::house::{self, House};
use super::output::{complain, say, say_json};
use super::protection;
use super::{CliError, Outcome};

pub(super) async fn run(args: &VaultArgs) -> Result<Outcome, CliError> {
    match &args.command {
        VaultCommand::Check { json, house } => check(*json, house).await,
        VaultCommand::Pack { out, days, house } => pack(out, *days, house).await,
        VaultCommand::Renew { within, json, house } => renew(*within, *json, house).await,
    }
}

async fn pack(out: &Path, days: u16, house: &HouseArgs) -> Result<Outcome, CliError> {
    let house = House::open_existing(house::configure(house)?).await?;
    let made = TrustPacks { issuing: house.issue.clone() }.make(days).await;
    house.close().await;
    let made = made.map_err(|fault| CliError::new("no trust pack was made", fault))?;
    fs::write(out, &made).map_err(|error| CliError::new(out.display(), error))?;
    say(&format!("{}: {} bytes, good for {days} days", out.display(), made.len()));
    Ok(Outcome::Yes)
}

async fn check(json: bool, house: &HouseArgs) -> Result<Outcome, CliError> {
    let config = house::configure(house)?;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let mut progress = |now: CheckProgress| {
        bar.set_length(now.of);
        bar.set_position(now.versions);
    };
    let report = vault::check(&config.data_dir, &mut progress)
        .await
        .map_err(|error| CliError::new("the vault was not checked", error))?;
    bar.finish_and_clear();
    if json {
        let faults: Vec<_> = report
            .faults
            .iter()
            .map(|fault| json!({ "code": fault.code, "place": fault.place }))
            .collect();
        say_json(&json!({
            "whole": report.is_whole(),
            "versions": report.versions,
            "objects": report.objects,
            "bytes": report.bytes,
            "faults": faults,
        }));
    } else {
        for fault in &report.faults {
            complain(&format!("{:<24} {}", fault.code, fault.place));
        }
        let verdict = match report.faults.len() {
            0 => "whole".to_owned(),
            count => format!("{count} faults"),
        };
        say(&format!(
            "{}: {} versions, {} objects, {} bytes re-read: {verdict}",
            config.data_dir.display(),
            report.versions,
            report.objects,
            report.bytes
        ));
    }
    Ok(if report.is_whole() { Outcome::Yes } else { Outcome::No })
}

async fn renew(within: Option<u32>, json: bool, args: &HouseArgs) -> Result<Outcome, CliError> {
    let mut config = house::configure(args)?;
    if let Some(days) = within {
        config.timestamps.renew_within_days = days;
    }
    // A server that holds the vault is named by the error.
    let house = House::open(config).await?;
    let renewed = renew_in(&house, json).await;
    house.close().await;
    renewed
}

async fn renew_in(house: &House, json: bool) -> Result<Outcome, CliError> {
    let served = match protection::dev_pki(house)? {
        Some(services) => Some(protection::serve_dev_pki(services).await?),
        None => None,
    };
    let address = served.as_ref().map(|(address, _)| *address);
    let Some(keeper) = protection::keeper(house, address)? else {
        return Err(CliError::new(
            "nothing is to be kept",
            "name a time-stamp authority under [timestamps], and the level to keep",
        ));
    };
    let count = house.vault.count().await.map_err(|fault| CliError::new("the vault", fault))?;
    let bar = ProgressBar::with_draw_target(Some(count.versions), ProgressDrawTarget::stderr());
    let (told, stop) = watch::channel(false);
    let interrupted = tokio::spawn(async move {
        // Once: what is under way is finished. A second interrupt ends the process, and costs no more than that.
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = told.send(true);
        }
        std::future::pending::<()>().await;
    });
    let mut progress = |place: u64, round: &Round| {
        bar.set_position(place);
        bar.set_message(format!("{} protected", round.raised));
    };
    let round = keeper.run(&stop, &mut progress).await;
    interrupted.abort();
    bar.finish_and_clear();
    if let Some((_, serving)) = served {
        serving.abort();
    }
    let round = round.map_err(|fault| CliError::new("the vault", fault))?;
    tell(&round, count.versions, json);
    let failed = round.cut_short || !round.failed.is_empty();
    Ok(match (failed, round.beyond.is_empty()) {
        (true, _) => Outcome::CouldNot,
        (false, false) => Outcome::No,
        (false, true) => Outcome::Yes,
    })
}

fn tell(round: &Round, versions: u64, json: bool) {
    if json {
        say_json(&json!({
            "versions": versions,
            "due": round.due,
            "protected": round.raised,
            "beyond": round.beyond,
            "failed": round.failed,
            "complete": !round.cut_short && round.failed.is_empty(),
        }));
        return;
    }
    for (code, count) in &round.failed {
        complain(&format!("{code:<32} {count} could not be protected now; run this again"));
    }
    for (code, count) in &round.beyond {
        complain(&format!("{code:<32} {count} can no longer be protected: issue a new version"));
    }
    let rest = if round.cut_short { "; it ended early, run it again" } else { "" };
    say(&format!("{versions} versions, {} were due, {} protected{rest}", round.due, round.raised));
}
