//! `zhengku demo`: the main job on every fixture, then the pages.
//!
//! A first run issues every good fixture into an empty vault. Run again on the same folder it finds each of
//! them issued before and makes nothing twice, so a demo that was interrupted goes on where it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::judge::Overall;
use crate::service::desks::VerifyDesk;

use super::args::{DemoArgs, HouseArgs};
use super::house::{self, House};
use super::import::{Total, import_file, result_name};
use super::output::say;
use super::{CliError, Outcome, serve};

pub(super) async fn run(args: &DemoArgs) -> Result<Outcome, CliError> {
    let started = Instant::now();
    let data_dir = args.data_dir.clone().unwrap_or_else(|| PathBuf::from("data/demo"));
    let out = args.out.clone().unwrap_or_else(|| data_dir.join("out"));
    let house_args = HouseArgs { config: None, data_dir: Some(data_dir.clone()) };
    let mut config = house::configure(&house_args)?;
    if let Some(listen) = args.listen {
        config = config.with_listen(listen);
    }
    let fixtures = fixtures(&config.templates_dir)?;
    let house = House::open(config).await?;
    say(&format!("ready after {:.1} s", started.elapsed().as_secs_f64()));

    let issuing = Instant::now();
    let mut total = Total::default();
    for file in &fixtures {
        let result = out.join(result_name(file));
        total.add(import_file(&house, file, Some(&out), &result).await?);
    }
    let seconds = issuing.elapsed().as_secs_f64();
    let types = fixtures.len();
    say(&format!(
        "issued {} licenses of {types} types in {seconds:.1} s ({} issued before, {} refused, {} failed)",
        total.issued, total.already_issued, total.refused, total.failed
    ));

    let verified = verify_one(&house, &out).await?;
    say(&format!("the sealed files and a result file for each type: {}", out.display()));
    say(&format!("the vault: {}", data_dir.display()));
    say(&format!("all in {:.1} s", started.elapsed().as_secs_f64()));
    let outcome = match total.outcome() {
        Outcome::Yes if !verified => Outcome::No,
        outcome => outcome,
    };
    if args.exit || outcome != Outcome::Yes {
        house.close().await;
        return Ok(outcome);
    }
    let url = house.config.public_url.clone();
    say("");
    say(&format!("look at {url}/          what this is"));
    say(&format!("        {url}/verify    drop a sealed PDF on it, or type its number"));
    say(&format!("        {url}/my        a holder's licenses (development sign-in)"));
    say(&format!("        {url}/api/docs  the API"));
    say("Ctrl-C ends.");
    serve::serve(house).await?;
    Ok(Outcome::Yes)
}

/// The good submissions, one file a type.
fn fixtures(templates: &Path) -> Result<Vec<PathBuf>, CliError> {
    let home = templates.parent().unwrap_or(Path::new("."));
    let folder = home.join("fixtures").join("submissions").join("good");
    let unreadable = |error| CliError::new(folder.display(), error);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

async fn verify_one(house: &House, out: &Path) -> Result<bool, CliError> {
    let unreadable = |error| CliError::new(out.display(), error);
    let mut sealed = Vec::new();
    for entry in fs::read_dir(out).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "pdf") {
            sealed.push(path);
        }
    }
    sealed.sort();
    let Some(path) = sealed.first() else {
        return Err(CliError::new(out.display(), "holds no sealed PDF to verify"));
    };
    let bytes = fs::read(path).map_err(|error| CliError::new(path.display(), error))?;
    let started = Instant::now();
    let verdict = house.verify.file(&bytes).await;
    let micros = started.elapsed().as_micros();
    say(&format!("verified {} in {micros} µs:", path.display()));
    say(&format!("  {}", verdict.headline.zh));
    say(&format!("  {}", verdict.headline.en));
    Ok(verdict.overall == Overall::Valid)
}
