//! `zhengku copy`: an annotated copy of one license, into a file.

use std::fs;

use serde_json::json;

use crate::crypto::Digest;
use crate::domain::LicenseId;
use crate::service::desks::{CopyCaller, CopyDesk};
use crate::service::error::{Fault, Refusal};

use super::args::CopyArgs;
use super::house::{self, House};
use super::import::describe;
use super::output::{complain, say, say_json};
use super::{CliError, Outcome};

pub(super) async fn run(args: &CopyArgs) -> Result<Outcome, CliError> {
    let id: LicenseId =
        args.license_id.parse().map_err(|error| CliError::new("the license id", error))?;
    let house = House::open(house::configure(&args.house)?).await?;
    let outcome = make(args, &id, &house).await;
    house.close().await;
    outcome
}

async fn make(args: &CopyArgs, id: &LicenseId, house: &House) -> Result<Outcome, CliError> {
    let body = json!({
        "purpose": args.purpose, "recipient": args.recipient, "last_day": args.until
    });
    let body = body.to_string();
    let key = args.key.clone();
    let key = key.unwrap_or_else(|| Digest::of(format!("{id} {body}").as_bytes()).to_string());
    let client = house.command_line();
    let caller = CopyCaller::Authority(&client);
    let copied = match house.copies.copy(caller, &key, id, body.as_bytes()).await {
        Ok(copied) => copied,
        Err(refusal) => return refused(args, &refusal),
    };
    let number = &copied.record.number;
    let bytes = match house.copies.fetch(caller, id, number).await {
        Ok(bytes) => bytes,
        Err(Refusal::Fault(fault)) => return Err(CliError::new("the copy", fault)),
        Err(_) => {
            let gone = Fault::new("copy", "a copy that was made is not found");
            return Err(CliError::new("the copy", gone));
        }
    };
    fs::write(&args.out, bytes).map_err(|error| CliError::new(args.out.display(), error))?;
    if args.json {
        say_json(&json!({
            "outcome": if copied.repeated { "already_made" } else { "made" },
            "number": number.to_string(),
            "license_id": id.to_string(),
            "last_day": copied.record.last_day.to_string(),
            "sha256": copied.record.file.digest.to_string(),
            "file": args.out.display().to_string(),
        }));
    } else {
        let before = if copied.repeated { " (made before)" } else { "" };
        say(&format!("{number}{before}\n  {}", args.out.display()));
    }
    Ok(Outcome::Yes)
}

fn refused(args: &CopyArgs, refusal: &Refusal) -> Result<Outcome, CliError> {
    let faults = match refusal {
        Refusal::Fault(fault) => return Err(CliError::new("not copied", fault)),
        Refusal::Conflict { code, .. } => vec![(*code).to_owned()],
        other => describe(other).1.iter().map(ToString::to_string).collect(),
    };
    if args.json {
        say_json(&json!({ "outcome": "refused", "faults": faults }));
    } else {
        complain("refused:");
        faults.iter().for_each(|fault| complain(&format!("  {fault}")));
    }
    Ok(Outcome::No)
}
