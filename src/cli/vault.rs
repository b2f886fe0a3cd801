//! `zhengku vault check`: read everything again and prove the vault whole.

use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::json;

use crate::vault::{self, CheckProgress};

use super::args::{VaultArgs, VaultCommand};
use super::house;
use super::output::{complain, say, say_json};
use super::{CliError, Outcome};

pub(super) async fn run(args: &VaultArgs) -> Result<Outcome, CliError> {
    let VaultCommand::Check { json, house } = &args.command;
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
    if *json {
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
