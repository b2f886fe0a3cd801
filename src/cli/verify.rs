//! `zhengku verify`: judge files without asking any server.
//!
//! Exit codes: 0 if every file is valid and nothing known speaks against relying on its license; 1 if one is
//! not; 2 if none is refused and one cannot be told.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use crate::config::Trusted;
use crate::domain::{Catalogue, Moment};
use crate::judge::{Form, Verdict, report};
use crate::pki::PathCache;
use crate::service::compare::Viewer;
use crate::service::desks::VerifyDesk;
use crate::service::ports::{NoStepWatch, Vault};
use crate::service::verify::{Judging, Verifying};
use crate::vault::{OpenMode, SqliteVault};

use super::args::VerifyArgs;
use super::house::{self, FixedClock};
use super::output::{complain, say, say_json};
use super::{CliError, Outcome, receipt, trust_pack, verify_batch};

/// Largest file judged, in bytes; as over HTTP.
const FILE_LIMIT_BYTES: u64 = 20_000_000;

pub(super) async fn run(args: &VerifyArgs) -> Result<Outcome, CliError> {
    if let Some(out) = &args.receipt {
        return receipt::run(args, out).await;
    }
    let at = match &args.at {
        None => house::now(),
        Some(text) => {
            text.parse::<Moment>().map_err(|error| CliError::new(format!("--at {text}"), error))?
        }
    };
    let config = match house::configure(&args.house) {
        // A pack and an anchor are all a counter needs.
        Err(_) if args.pack.is_some() && !args.trust.is_empty() && args.house.config.is_none() => {
            None
        }
        config => Some(config?),
    };
    let named: Vec<Trusted> = args.trust.iter().cloned().map(Trusted::from).collect();
    let trusted = match &config {
        Some(config) if named.is_empty() => &config.trust,
        _ => &named,
    };
    let seals_dir = config.as_ref().map(|config| config.seals_dir.as_path());
    let mut trust = Arc::new(house::trust_store_knowing(trusted, seals_dir)?);
    if trust.anchors().next().is_none() {
        complain("zhengku: no trust anchor was found, so no seal can be authentic: see --trust");
    }
    // The vault is asked only where it was named: judging a file must not create or lock one.
    let vault: Option<Arc<dyn Vault>> = match &args.house.data_dir {
        None => None,
        Some(data_dir) => {
            let vault =
                SqliteVault::open(data_dir, OpenMode::Check, Arc::new(NoStepWatch), house::now())
                    .await
                    .map_err(|error| CliError::new("the vault did not open", error))?;
            Some(Arc::new(vault))
        }
    };
    let pack = match &args.pack {
        None => None,
        Some(path) => Some(trust_pack::open(args, path, config.as_ref(), (&trust, at))?),
    };
    let registry = match (&pack, &config) {
        (Some(pack), _) => pack.registry.clone(),
        (None, Some(config)) => house::registry(config)?,
        (None, None) => Catalogue::default(),
    };
    if let Some(pack) = &pack {
        trust = Arc::new(pack.trust.clone());
        if !args.json && args.result.is_none() {
            trust_pack::tell_age(pack, at);
        }
    }
    let desk = Verifying {
        judging: Arc::new(Judging {
            trust,
            paths: PathCache::new(256),
            signers: None,
            catalogue: Arc::new(Arc::new(registry)),
            development: config.is_some_and(|config| config.mode.is_development()),
        }),
        vault,
        pack: pack.map(Arc::new),
        clock: Arc::new(FixedClock(at)),
        indexes: None,
    };
    if let Some(result) = &args.result {
        if let Some(list) = &args.list {
            if args.house.data_dir.is_none() {
                let what = "needs --data-dir: what a number stands for is known to the vault only";
                return Err(CliError::new("--list", what));
            }
            return verify_batch::list(&desk, list, result).await;
        }
        return match args.files.as_slice() {
            [folder] if folder.is_dir() => verify_batch::folder(&desk, folder, result).await,
            _ => Err(CliError::new("--result", "goes with --list, or with one folder")),
        };
    }
    let mut verdicts = Vec::with_capacity(args.files.len() + args.qr.len());
    for text in &args.qr {
        let verdict = desk.square_for(&square_text(text)?, &Viewer::Anybody).await;
        if !args.json {
            say(report::lines(&verdict).trim_end());
        }
        verdicts.push(verdict);
    }
    for path in &args.files {
        let mut verdict = desk.file(&read(path)?).await;
        if let Some(of) = &args.of {
            if verdict.form != Form::Receipt {
                let what = "goes with a receipt, and this file is none";
                return Err(CliError::new(format!("--of beside {}", path.display()), what));
            }
            verdict = verdict.held_against(&read(of)?);
        }
        if !args.json {
            if args.files.len() > 1 {
                say(&format!("{}:", path.display()));
            }
            say(report::lines(&verdict).trim_end());
        }
        verdicts.push(verdict);
    }
    if args.json {
        match verdicts.as_slice() {
            [only] => say_json(only),
            several => say_json(&several),
        }
    }
    Ok(worst(&verdicts))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |error| CliError::new(path.display(), error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    // One byte more than is judged, so that the judge can tell a file that is too large.
    file.take(FILE_LIMIT_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// The text of a square as it was given, or a line of standard input.
pub(super) fn square_text(given: &str) -> Result<String, CliError> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut line = String::new();
    let read = BufReader::new(std::io::stdin().take(FILE_LIMIT_BYTES)).read_line(&mut line);
    read.map_err(|error| CliError::new("standard input", error))?;
    Ok(line)
}

/// The exit code of one verdict.
pub(super) fn outcome(verdict: &Verdict) -> Outcome {
    worst(std::slice::from_ref(verdict))
}

/// The exit code of several verdicts: one refusal refuses all.
fn worst(verdicts: &[Verdict]) -> Outcome {
    let codes = || verdicts.iter().map(Verdict::exit_code);
    if codes().any(|code| code == 1) {
        Outcome::No
    } else if codes().any(|code| code != 0) {
        Outcome::CouldNot
    } else {
        Outcome::Yes
    }
}
