//! `zhengku keys licenses` and `keys reseal`: what hangs on a key, and having it sealed anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;
use tokio::task::{JoinError, JoinSet};

use crate::crypto::Digest;
use crate::domain::LicenseId;
use crate::service::error::Refusal;
use crate::service::ports::Vault;
use crate::service::reseal::{HangingState, Resealing};

use super::args::HouseArgs;
use super::house::{self, House};
use super::output::{complain, say, say_json};
use super::{CliError, Outcome};

/// Licenses sealed anew at once: enough to share commits, few enough to bound memory and what a stop cuts short. Our
/// own bound.
const AT_ONCE: usize = 8;

pub(super) async fn licenses(
    key: &Digest,
    json: bool,
    args: &HouseArgs,
) -> Result<Outcome, CliError> {
    let house = House::open(house::configure(args)?).await?;
    let listed = list(&desk(&house), key, json).await;
    house.close().await;
    listed
}

async fn list(desk: &Resealing, key: &Digest, json: bool) -> Result<Outcome, CliError> {
    let (mut after, mut rows) = (0, Vec::new());
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    loop {
        let (page, next) = desk.hanging(key, after).await.map_err(unread)?;
        for hanging in page {
            *counts.entry(hanging.state.word()).or_default() += 1;
            if json {
                rows.push(json!({ "id": hanging.id.to_string(), "state": hanging.state.word() }));
            } else {
                say(&format!("{}  {}", hanging.id, hanging.state.word()));
            }
        }
        match next {
            Some(next) => after = next,
            None => break,
        }
    }
    if json {
        say_json(&json!({ "key": key.to_string(), "counts": counts, "versions": rows }));
    } else {
        say(&told(&counts));
    }
    Ok(Outcome::Yes)
}

/// How many versions are in which state, in words.
fn told(counts: &BTreeMap<&str, u64>) -> String {
    let count = |state: HangingState| counts.get(state.word()).copied().unwrap_or_default();
    format!(
        "{} to be sealed anew, {} replaced, {} revoked or expired",
        count(HangingState::Due),
        count(HangingState::Replaced),
        count(HangingState::Ended)
    )
}

pub(super) async fn run(
    key: &Digest,
    dry_run: bool,
    json: bool,
    args: &HouseArgs,
) -> Result<Outcome, CliError> {
    let house = House::open(house::configure(args)?).await?;
    let ring = house.keys.ring();
    let mut keys = ring.iter().chain(ring.companions());
    let now = house::now();
    let in_use = keys.any(|known| known.id() == *key && !known.rule().is_retired(now));
    let done = if in_use && !dry_run {
        let advice = "still seals: `zhengku keys retire` it first, or take it out of the folder";
        Err(CliError::new(key, advice))
    } else {
        reseal(&house, key, dry_run, json).await
    };
    house.close().await;
    done
}

async fn reseal(house: &House, key: &Digest, dry: bool, json: bool) -> Result<Outcome, CliError> {
    let desk = Arc::new(desk(house));
    let client = Arc::new(house.command_line());
    let count = house.vault.count().await.map_err(unread)?;
    let bar = ProgressBar::with_draw_target(Some(count.versions), ProgressDrawTarget::stderr());
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut after, mut made, mut failed) = (0, 0_u64, Vec::new());
    // What is sealed anew stands behind all that was there before, under another key: the walk ends.
    loop {
        let (page, next) = desk.hanging(key, after).await.map_err(unread)?;
        let mut work = JoinSet::new();
        for hanging in page {
            *counts.entry(hanging.state.word()).or_default() += 1;
            if dry || hanging.state != HangingState::Due {
                continue;
            }
            if work.len() == AT_ONCE
                && let Some(done) = work.join_next().await
            {
                tally(done, &mut made, &mut failed)?;
            }
            let (desk, client, key) = (Arc::clone(&desk), Arc::clone(&client), *key);
            work.spawn(async move {
                let id = hanging.id;
                desk.reseal(&client, &key, &id).await.map(|_| ()).map_err(|refusal| (id, refusal))
            });
        }
        while let Some(done) = work.join_next().await {
            tally(done, &mut made, &mut failed)?;
        }
        match next {
            Some(next) => after = next,
            None => break,
        }
        bar.set_position(after.min(count.versions));
        bar.set_message(format!("{made} sealed anew"));
    }
    bar.finish_and_clear();
    if json {
        let failed: Vec<_> =
            failed.iter().map(|(id, codes)| json!({ "id": id, "codes": codes })).collect();
        say_json(&json!({
            "key": key.to_string(), "dry_run": dry, "counts": counts, "sealed_anew": made, "failed": failed,
        }));
    } else {
        for (id, codes) in &failed {
            complain(&format!("{id}  {}", codes.join(", ")));
        }
        let did = if dry { String::new() } else { format!("{made} sealed anew; ") };
        say(&format!("{did}found {}; {} failed", told(&counts), failed.len()));
    }
    Ok(if failed.is_empty() { Outcome::Yes } else { Outcome::No })
}

/// Counts what came of one license.
fn tally(
    done: Result<Result<(), (LicenseId, Refusal)>, JoinError>,
    made: &mut u64,
    failed: &mut Vec<(String, Vec<String>)>,
) -> Result<(), CliError> {
    match done {
        Ok(Ok(())) => *made += 1,
        Ok(Err((id, refusal))) => failed.push(why(&id, &refusal)),
        Err(error) => return Err(CliError::new("sealing anew broke off", error)),
    }
    Ok(())
}

/// Why a license was not sealed anew: fixed words, and no value of it.
fn why(id: &LicenseId, refusal: &Refusal) -> (String, Vec<String>) {
    let codes = match refusal {
        Refusal::Conflict { code, .. } => vec![(*code).to_owned()],
        Refusal::Fault(fault) => vec![fault.place.to_owned()],
        Refusal::Submission(faults) => {
            faults.iter().map(|fault| format!("{} {}", fault.field, fault.code())).collect()
        }
        Refusal::Forbidden { .. } => vec!["request.forbidden".to_owned()],
        _ => vec!["license.not_found".to_owned()],
    };
    (id.to_string(), codes)
}

fn desk(house: &House) -> Resealing {
    Resealing {
        vault: house.vault.clone(),
        books: house.vault.clone(),
        issue: house.issue.clone(),
        workshop: house.workshop.clone(),
        clock: Arc::clone(&house.clock),
    }
}

fn unread(fault: crate::service::error::Fault) -> CliError {
    CliError::new("the vault", fault)
}
