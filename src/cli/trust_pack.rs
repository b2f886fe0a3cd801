//! `zhengku verify --pack`: whom to trust and where licenses stand, out of a trust pack.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;

use crate::config::Config;
use crate::domain::Moment;
use crate::judge::Registry;
use crate::keys::dev::refuse_development;
use crate::pki::TrustStore;
use crate::service::trust_pack::OpenPack;

use super::CliError;
use super::args::VerifyArgs;
use super::house;
use super::output::say;

/// Opens the pack. Without a checkout or settings at hand, `config` is none and the library must be named.
pub(super) fn open(
    args: &VerifyArgs,
    path: &Path,
    config: Option<&Config>,
    (trust, at): (&TrustStore, Moment),
) -> Result<OpenPack, CliError> {
    if !config.is_some_and(|config| config.mode.is_development()) {
        refuse_development(trust.anchors())
            .map_err(|found| CliError::new("this is not development mode", found))?;
    }
    let registry = match (&args.library, config) {
        (None, Some(config)) => Some(house::registry(config)?),
        (None, None) => {
            let what = "is needed where no registry is at hand: the code of the body that runs the library";
            return Err(CliError::new("--library", what));
        }
        (Some(_), _) => None,
    };
    let is_library = |code: &str| match (&args.library, &registry) {
        (Some(named), _) => named == code,
        (None, Some(registry)) => registry.is_library(code),
        (None, None) => false,
    };
    let file = fs::read(path).map_err(|error| CliError::new(path.display(), error))?;
    OpenPack::open(&file, trust, is_library, at)
        .map_err(|error| CliError::new(path.display(), error))
}

/// Says how old a pack is, in red where it is stale.
pub(super) fn tell_age(pack: &OpenPack, at: Moment) {
    let hours = (at.unix_seconds() - pack.made_at.unix_seconds()) / 3_600;
    let (made, until) = (pack.made_at.in_china(), pack.fresh_until.in_china());
    let stale = at > pack.fresh_until;
    let (zh, en) = if stale { ("已过期", "STALE") } else { ("可用", "fresh") };
    let age = match hours {
        0..48 => format!("{hours} h"),
        _ => format!("{} d", hours / 24),
    };
    let line = format!("信任包 trust pack: {made} ({age}) → {until}  {zh} {en}");
    let red = stale && std::io::stdout().is_terminal();
    say(&if red { format!("\u{1b}[1;31m{line}\u{1b}[0m") } else { line });
}
