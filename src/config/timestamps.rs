//! The settings under `[timestamps]`: who is asked for time-stamps, and how well seals are to be protected.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::domain::wire_table::Table;
use crate::domain::{Level, WireValue};

/// Where the certificates stand that most systems trust for TLS.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Who is asked for time-stamps, and how well seals are to be protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamps {
    /// Addresses of time-stamp authorities, the preferred one first.
    pub tsa: Vec<String>,
    /// How long one may take.
    pub deadline: Duration,
    /// How long one that failed is first left alone.
    pub rest: Duration,
    /// What is tried when a license is issued: B-B or B-T.
    pub at_issue: Level,
    /// What every license is brought to afterwards; B-B for nothing.
    pub keep: Level,
    /// Protection that ends within so many days is renewed.
    pub renew_within_days: u32,
    /// How often the keeper looks for licenses that are due.
    pub look_every: Duration,
    /// Addresses of OCSP responders.
    pub ocsp: Vec<String>,
    /// Addresses of published lists.
    pub crl: Vec<String>,
    /// Whether addresses in our own sealing and time-stamp certificates are visited.
    pub addresses_in_certificates: bool,
    /// The certificates that are trusted where an address is https.
    pub https_roots: PathBuf,
}

impl Timestamps {
    /// Nobody to ask and nothing to keep.
    pub fn none() -> Self {
        Self {
            tsa: Vec::new(),
            deadline: Duration::from_millis(2_000),
            rest: Duration::from_secs(30),
            at_issue: Level::BB,
            keep: Level::BB,
            renew_within_days: 90,
            look_every: Duration::from_secs(60),
            ocsp: Vec::new(),
            crl: Vec::new(),
            addresses_in_certificates: false,
            https_roots: PathBuf::from(SYSTEM_ROOTS),
        }
    }

    /// Whether a way of this kind is among the addresses.
    pub fn any_https(&self) -> bool {
        let mut addresses = self.tsa.iter().chain(&self.ocsp).chain(&self.crl);
        self.addresses_in_certificates || addresses.any(|address| address.starts_with("https://"))
    }

    /// Reads the table `timestamps`, if it is there; what is wrong is reported there.
    pub(super) fn read(table: &mut Table<'_>, base: &Path) -> Option<Self> {
        let read =
            table.optional("timestamps", |table, key| table.table(key, |inner| read(inner, base)));
        read.map(|read| read.unwrap_or_else(Self::none))
    }
}

fn read(table: &mut Table<'_>, base: &Path) -> Option<Timestamps> {
    let default = Timestamps::none();
    let tsa = addresses(table, "tsa");
    let ocsp = addresses(table, "ocsp");
    let crl = addresses(table, "crl");
    let milliseconds = |table: &mut Table<'_>, key, min, max| {
        let read = table.optional(key, |table, key| table.whole(key, min, max));
        read.map(|number| {
            number.and_then(|number| u64::try_from(number).ok()).map(Duration::from_millis)
        })
    };
    let deadline = milliseconds(table, "deadline_ms", 50, 60_000);
    let rest = milliseconds(table, "rest_ms", 0, 600_000);
    let look_every = milliseconds(table, "look_every_ms", 50, 86_400_000);
    let renew_within_days =
        table.optional("renew_within_days", |table, key| table.whole(key, 1, 3_650));
    let at_issue = level(table, "at_issue", &[Level::BB, Level::BT]);
    let keep = level(table, "keep", &[Level::BB, Level::BLT, Level::BLTA]);
    let addresses_in_certificates = table.optional("addresses_in_certificates", Table::flag);
    let https_roots = table.optional("https_roots", Table::text);
    let asks = tsa.as_ref().is_none_or(|tsa| !tsa.is_empty());
    for (key, wanted) in [("at_issue", at_issue), ("keep", keep)] {
        if !asks && wanted.flatten().is_some_and(|level| level > Level::BB) {
            table.fault(key, "needs a time-stamp authority: give its address under tsa");
        }
    }
    let renew_within_days = match renew_within_days? {
        Some(days) => u32::try_from(days).ok()?,
        None => default.renew_within_days,
    };
    Some(Timestamps {
        tsa: tsa?,
        deadline: deadline?.unwrap_or(default.deadline),
        rest: rest?.unwrap_or(default.rest),
        at_issue: at_issue?.unwrap_or(default.at_issue),
        // Who names an authority wants it used.
        keep: keep?.unwrap_or(if asks { Level::BLTA } else { default.keep }),
        renew_within_days,
        look_every: look_every?.unwrap_or(default.look_every),
        ocsp: ocsp?,
        crl: crl?,
        addresses_in_certificates: addresses_in_certificates?.unwrap_or_default(),
        https_roots: https_roots?.map_or(default.https_roots, |text| base.join(text)),
    })
}

fn level(table: &mut Table<'_>, key: &str, levels: &[Level]) -> Option<Option<Level>> {
    let words: Vec<(&str, Level)> = levels.iter().map(|level| (level.word(), *level)).collect();
    table.optional(key, |table, key| table.word(key, &words))
}

/// Addresses, none where the key is missing.
fn addresses(table: &mut Table<'_>, key: &str) -> Option<Vec<String>> {
    let read = table.optional(key, |table, key| {
        table.list(key, |table, place, value| match value {
            WireValue::Text(text) => table.parse_text::<Visited>(place, text),
            other => table.wrong_kind(place, "a text", other),
        })
    })?;
    Some(read.unwrap_or_default().into_iter().map(|Visited(address)| address).collect())
}

/// An address that may be visited. What more it must be is held where it is visited.
struct Visited(String);

impl FromStr for Visited {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let way = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let plain =
            |rest: &&str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic());
        match way.filter(plain) {
            // A password in an address ends up in logs.
            Some(rest) if !rest.contains('@') => Ok(Self(text.to_owned())),
            _ => Err("is an address: http:// or https://, a host without a user name, and a path"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read_text(table: &str) -> Result<Timestamps, String> {
        let text = format!("mode = \"development\"\n{table}");
        Config::read(&text, Path::new("/etc/zhengku"), Path::new("/opt/zhengku"))
            .map(|config| config.timestamps)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn who_names_an_authority_has_its_word_kept_for_good() {
        let read =
            read_text("[timestamps]\ntsa = [\"http://tsa.example/\"]\nat_issue = \"B-T\"").unwrap();
        assert_eq!((read.at_issue, read.keep), (Level::BT, Level::BLTA));
        assert_eq!(read.deadline, Duration::from_secs(2));
        assert!(!read.any_https());
        assert_eq!(read_text(""), Ok(Timestamps::none()));
    }

    #[test]
    fn all_faults_are_told_together() {
        let faults = read_text(
            "[timestamps]\ntsa = [\"ftp://tsa.example\", \"http://name:word@tsa.example/\"]\n\
             deadline_ms = 0\nat_issue = \"B-LTA\"\nkeep = \"B-T\"\nrenew_within_days = 0\ntsas = 1",
        )
        .unwrap_err();
        for key in
            ["tsa[0]", "tsa[1]", "deadline_ms", "at_issue", "keep", "renew_within_days", "tsas"]
        {
            assert!(faults.contains(&format!("timestamps.{key}:")), "{key} in {faults}");
        }
        let faults =
            read_text("[timestamps]\ntsa = []\nat_issue = \"B-T\"\nkeep = \"B-LT\"").unwrap_err();
        for key in ["at_issue: needs", "keep: needs"] {
            assert!(faults.contains(&format!("timestamps.{key}")), "{key} in {faults}");
        }
    }
}
