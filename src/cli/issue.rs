//! `zhengku issue`: one license from one file.

use std::fs;

use serde_json::json;

use crate::crypto::Digest;
use crate::domain::Level;
use crate::service::desks::IssueDesk;
use crate::service::error::Refusal;

use super::args::IssueArgs;
use super::house::{self, House};
use super::import::{describe, write_forms};
use super::output::{complain, say, say_json};
use super::{CliError, Outcome};

pub(super) async fn run(args: &IssueArgs) -> Result<Outcome, CliError> {
    let body = fs::read(&args.file).map_err(|error| CliError::new(args.file.display(), error))?;
    let house = House::open(house::configure(&args.house)?).await?;
    let key = args.key.clone().unwrap_or_else(|| Digest::of(&body).to_string());
    let answer = house.issue.issue(&house.command_line(), &key, &body).await;
    let outcome = match answer {
        Ok(issued) => {
            let files = match &args.out {
                Some(out) => {
                    fs::create_dir_all(out).map_err(|error| CliError::new(out.display(), error))?;
                    write_forms(house.vault.as_ref(), &issued, out).await?
                }
                None => Vec::new(),
            };
            let record = &issued.record;
            if args.json {
                say_json(&json!({
                    "outcome": if issued.repeated { "already_issued" } else { "issued" },
                    "license_id": record.id.to_string(),
                    "version": record.id.version().to_string(),
                    "content_digest": record.content_digest.to_string(),
                    "level": record.sealed.map_or(Level::BB, |sealed| sealed.level),
                    "files": files,
                }));
            } else {
                let before = if issued.repeated { " (issued before)" } else { "" };
                say(&format!("{}{before}", record.id));
                files.iter().for_each(|file| say(&format!("  {file}")));
            }
            Outcome::Yes
        }
        Err(Refusal::Fault(fault)) => return Err(CliError::new("not issued", fault)),
        Err(refusal) => {
            let (outcome, faults) = describe(&refusal);
            if args.json {
                say_json(&json!({ "outcome": outcome, "faults": faults }));
            } else {
                complain("refused:");
                for fault in &faults {
                    complain(&format!("  {fault}"));
                }
            }
            Outcome::No
        }
    };
    house.close().await;
    Ok(outcome)
}
