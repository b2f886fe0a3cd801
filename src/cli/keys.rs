//! `zhengku keys list`: which authority seals with what, and until when.

use serde_json::json;

use crate::domain::Moment;
use crate::keys::SealKey;

use super::args::{KeysArgs, KeysCommand};
use super::house;
use super::output::{say, say_json};
use super::{CliError, Outcome};

/// From so many days before its end a certificate is pointed out.
pub(super) const WARN_DAYS: i64 = 60;

/// Whole days until the sealing certificate of `key` ends; negative once it has.
pub(super) fn days_left(key: &SealKey, now: Moment) -> i64 {
    (key.certificate().not_after().unix_seconds() - now.unix_seconds()) / 86_400
}

pub(super) fn run(args: &KeysArgs) -> Result<Outcome, CliError> {
    let KeysCommand::List { json, house } = &args.command;
    let config = house::configure(house)?;
    let ring = house::key_ring(&config)?;
    let now = house::now();
    let mut rows = Vec::new();
    for key in ring.iter() {
        let certificate = key.certificate();
        let days = days_left(key, now);
        let note = match days {
            ..0 => "ended",
            0..WARN_DAYS => "ends soon",
            _ => "",
        };
        rows.push(json!({
            "authority": key.authority().as_str(),
            "certificate": certificate.common_name(),
            "algorithm": key.suite().jws_name(),
            "not_before": certificate.not_before().to_string(),
            "not_after": certificate.not_after().to_string(),
            "days_left": days,
            "note": note,
        }));
        if !json {
            let suite = key.suite().jws_name();
            let end = certificate.not_after();
            let name = certificate.common_name();
            say(&format!("{}  {suite}  until {end}  {name}  {note}", key.authority()));
        }
    }
    if *json {
        say_json(&rows);
    }
    Ok(Outcome::Yes)
}
