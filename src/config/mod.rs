//! Settings: typed, read once, all faults reported together.
//!
//! A settings file is TOML; without one the program runs in development mode on its own folder. Everything
//! that decides how far the program trusts its surroundings hangs on [`Mode`], and the only way to a
//! [`Development`] is a configuration that says so: toy keys and the development sign-in ask for that value.

mod timestamps;
mod trusted;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::crypto::Digest;
use crate::domain::wire_table::Table;
use crate::domain::{AuthorityCode, CatalogueFault, WireValue};

pub use timestamps::Timestamps;
pub use trusted::Trusted;

/// The settings of one running program.
#[derive(Clone, Debug)]
pub struct Config {
    /// Development or production.
    pub mode: Mode,
    /// Where the program listens.
    pub listen: SocketAddr,
    /// How the outside reaches it, without a slash at the end; printed into QR codes.
    pub public_url: String,
    /// The vault's folder.
    pub data_dir: PathBuf,
    /// The folder with `types/`, `authorities.toml`, `divisions.toml` and `fonts.toml`.
    pub templates_dir: PathBuf,
    /// The folder with the sealing keys.
    pub seals_dir: PathBuf,
    /// The file with the passphrase of those that are encrypted.
    pub seals_passphrase_file: Option<PathBuf>,
    /// A running server looks at the folder so often, in seconds; 0 for never.
    pub seals_poll_seconds: u64,
    /// Whom to trust, and for what.
    pub trust: Vec<Trusted>,
    /// The file with the key of the blind indexes; made at the first start.
    pub index_key_file: PathBuf,
    /// The systems that may submit.
    pub clients: Vec<Client>,
    /// Invented holders offered by the development sign-in.
    pub development_holders: Option<PathBuf>,
    /// Largest file or body taken in, in bytes.
    pub body_limit_bytes: usize,
    /// Requests worked on at once.
    pub concurrency: usize,
    /// How often the templates are looked at for a new state, in seconds; never for 0.
    pub templates_poll_seconds: u64,
    /// Who is asked for time-stamps, and how well seals are to be protected.
    pub timestamps: Timestamps,
    /// A drill: the step of issuing before which the process stands still. Development only.
    pub stand_still_before: Option<String>,
}

/// Development or production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// With toy keys, the development sign-in and invented holders.
    Development(Development),
    /// With none of them.
    Production,
}

impl Mode {
    /// Whether this is development.
    pub fn is_development(self) -> bool {
        matches!(self, Self::Development(_))
    }
}

/// The permission to use what must never be used in production. Only this room makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Development(());

/// A system that may submit license data, known by a bearer token.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name, in journal and log.
    pub name: String,
    /// SHA-256 of its token; the token itself is not kept.
    pub token_sha256: Digest,
    /// The authorities it submits for.
    pub authorities: Vec<AuthorityCode>,
}

/// The token of the issuing system that exists in development mode only.
pub const DEVELOPMENT_TOKEN: &str = "DEV-issuing-system";

const DEFAULT_SEALS_POLL_SECONDS: u64 = 10;
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_BODY_LIMIT_BYTES: i64 = 20_000_000;
const DEFAULT_CONCURRENCY: i64 = 256;
const DEFAULT_TEMPLATES_POLL_SECONDS: i64 = 5;

impl Config {
    /// The settings of a development program whose files lie in `home`.
    pub fn development(home: &Path) -> Self {
        Self {
            mode: Mode::Development(Development(())),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: format!("http://{DEFAULT_LISTEN}"),
            data_dir: PathBuf::from("data"),
            templates_dir: home.join("templates"),
            seals_dir: home.join("keys-dev").join("seals"),
            seals_passphrase_file: None,
            seals_poll_seconds: DEFAULT_SEALS_POLL_SECONDS,
            trust: vec![Trusted::from(home.join("keys-dev"))],
            index_key_file: PathBuf::from("data").join("index.key"),
            clients: Vec::new(),
            development_holders: Some(home.join("fixtures").join("holders.json")),
            body_limit_bytes: 20_000_000,
            concurrency: 256,
            templates_poll_seconds: 5,
            timestamps: Timestamps::none(),
            stand_still_before: None,
        }
    }

    /// Moves the vault to another folder, and the index key with it where it lies inside.
    pub fn with_data_dir(mut self, data_dir: &Path) -> Self {
        if let Ok(inside) = self.index_key_file.strip_prefix(&self.data_dir) {
            self.index_key_file = data_dir.join(inside);
        }
        self.data_dir = data_dir.to_owned();
        self
    }

    /// Listens elsewhere; an address nobody chose for the public follows.
    pub fn with_listen(mut self, listen: SocketAddr) -> Self {
        if self.public_url == format!("http://{}", self.listen) {
            self.public_url = format!("http://{listen}");
        }
        self.listen = listen;
        self
    }

    /// Reads a settings file; paths in it are relative to `base`, its own folder, and what it leaves out is
    /// looked for in `home`.
    pub fn read(text: &str, base: &Path, home: &Path) -> Result<Self, ConfigError> {
        let value: WireValue = toml::from_str(text)
            .map_err(|error| ConfigError(vec![CatalogueFault::new("", error.to_string())]))?;
        let WireValue::Object(object) = &value else {
            return Err(ConfigError(vec![CatalogueFault::new("", "the file has no keys")]));
        };
        let mut table = Table::new(object, String::new());
        let config = read(&mut table, base, home);
        let faults = table.finish();
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(ConfigError(faults)),
        }
    }
}

fn read(table: &mut Table<'_>, base: &Path, home: &Path) -> Option<Config> {
    let development = table.word("mode", &[("development", true), ("production", false)]);
    let mode = development.map(|development| {
        if development { Mode::Development(Development(())) } else { Mode::Production }
    });
    let default = Config::development(home);
    let listen = table.optional("listen", Table::parsed);
    let public_url = table.optional("public_url", Table::text).flatten();
    if let Some(url) = &public_url
        && (!(url.starts_with("https://") || url.starts_with("http://")) || url.ends_with('/'))
    {
        table.fault("public_url", "begins with https:// and does not end in a slash");
    }
    let path = |table: &mut Table<'_>, key: &str, other: PathBuf| {
        table.optional(key, Table::text).flatten().map_or(other, |text| base.join(text))
    };
    let data_dir = path(table, "data_dir", base.join(&default.data_dir));
    let templates_dir = path(table, "templates_dir", default.templates_dir.clone());
    let index_key_file = path(table, "index_key_file", data_dir.join("index.key"));
    // In production nothing that keys or trust hang on is assumed: it is said.
    let production = development == Some(false);
    let seals_dir = if production || table.has("seals_dir") {
        table.text("seals_dir").map(|text| base.join(text))
    } else {
        Some(default.seals_dir.clone())
    };
    let seals_passphrase_file =
        table.optional("seals_passphrase_file", Table::text).flatten().map(|text| base.join(text));
    let seals_poll_seconds = table
        .optional("seals_poll_seconds", |table, key| table.whole(key, 0, 86_400))
        .flatten()
        .and_then(|seconds| u64::try_from(seconds).ok())
        .unwrap_or(DEFAULT_SEALS_POLL_SECONDS);
    let trust = if production || table.has("trust") {
        table.list("trust", |table, place, value| Trusted::read(table, place, value, base))
    } else {
        Some(default.trust.clone())
    };
    if production && public_url.is_none() {
        table.fault("public_url", "is required in production: it is printed into every QR code");
    }
    let clients = table.optional("client", |table, key| {
        table.list(key, |table, place, value| match value {
            WireValue::Object(object) => {
                let mut inner = Table::new(object, format!("{place}."));
                let client = client(&mut inner);
                table.take_faults(inner);
                client
            }
            other => table.wrong_kind(place, "a table", other),
        })
    });
    let body_limit_bytes = table
        .optional("body_limit_bytes", |table, key| table.whole(key, 10_000, 200_000_000))
        .flatten()
        .unwrap_or(DEFAULT_BODY_LIMIT_BYTES);
    let concurrency = table
        .optional("concurrency", |table, key| table.whole(key, 1, 100_000))
        .flatten()
        .unwrap_or(DEFAULT_CONCURRENCY);
    let templates_poll_seconds = table
        .optional("templates_poll_seconds", |table, key| table.whole(key, 0, 86_400))
        .flatten()
        .unwrap_or(DEFAULT_TEMPLATES_POLL_SECONDS);
    let timestamps = Timestamps::read(table, base);
    let stand_still_before = table.optional("stand_still_before", Table::text).flatten();
    if production && stand_still_before.is_some() {
        table.fault("stand_still_before", "is a drill for development and has no place here");
    }
    let development_holders = if production {
        None
    } else {
        let holders = table.optional("development_holders", Table::text).flatten();
        holders.map(|text| base.join(text)).or(default.development_holders)
    };
    // A key that is there and wrong has been reported; what it would have been no longer matters.
    let listen = listen?.unwrap_or(default.listen);
    Some(Config {
        mode: mode?,
        listen,
        public_url: public_url.unwrap_or_else(|| format!("http://{listen}")),
        data_dir,
        templates_dir,
        seals_dir: seals_dir?,
        seals_passphrase_file,
        seals_poll_seconds,
        trust: trust?,
        index_key_file,
        clients: clients?.unwrap_or_default(),
        development_holders,
        body_limit_bytes: usize::try_from(body_limit_bytes).ok()?,
        concurrency: usize::try_from(concurrency).ok()?,
        templates_poll_seconds: u64::try_from(templates_poll_seconds).ok()?,
        timestamps: timestamps?,
        stand_still_before,
    })
}

fn client(table: &mut Table<'_>) -> Option<Client> {
    let name = table.text("name");
    let token_sha256 = table.parsed::<Digest>("token_sha256");
    if token_sha256 == Some(Digest::of(DEVELOPMENT_TOKEN.as_bytes())) {
        table.fault("token_sha256", "is the development token, which everybody knows");
    }
    let authorities = table.list("authorities", |table, place, value| match value {
        WireValue::Text(text) => table.parse_text(place, text),
        other => table.wrong_kind(place, "a text", other),
    });
    Some(Client { name: name?, token_sha256: token_sha256?, authorities: authorities? })
}

/// Everything that is wrong with a settings file.
#[derive(Debug)]
pub struct ConfigError(Vec<CatalogueFault>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Config, String> {
        Config::read(text, Path::new("/etc/zhengku"), Path::new("/opt/zhengku"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn production_assumes_nothing_that_trust_hangs_on() {
        let faults = read_text("mode = \"production\"").unwrap_err();
        for key in ["seals_dir: is missing", "trust: is missing", "public_url: is required"] {
            assert!(faults.contains(key), "{faults}");
        }
    }

    #[test]
    fn all_faults_are_told_together() {
        let faults = read_text(
            "mode = \"test\"\nlisten = \"here\"\nbody_limit_bytes = 1\ncolor = \"red\"\n\
             [[client]]\nname = \"\"\ntoken_sha256 = \"12\"\nauthorities = [\"1\"]",
        )
        .unwrap_err();
        for key in [
            "listen:",
            "body_limit_bytes:",
            "color:",
            "client[0].name:",
            "client[0].authorities[0]:",
        ] {
            assert!(faults.contains(key), "{key} in {faults}");
        }
        assert!(faults.contains("mode: is one of development, production"), "{faults}");
    }

    #[test]
    fn nobody_gets_in_with_the_development_token_in_a_settings_file() {
        let digest = Digest::of(DEVELOPMENT_TOKEN.as_bytes());
        let text = format!(
            "mode = \"development\"\n[[client]]\nname = \"a\"\ntoken_sha256 = \"{digest}\"\n\
             authorities = []"
        );
        assert!(read_text(&text).unwrap_err().contains("everybody knows"));
    }

    #[test]
    fn paths_are_relative_to_the_file_they_stand_in() {
        let config = read_text("mode = \"development\"\ndata_dir = \"vault\"").unwrap();
        assert_eq!(config.data_dir, Path::new("/etc/zhengku/vault"));
        assert_eq!(config.index_key_file, Path::new("/etc/zhengku/vault/index.key"));
        assert_eq!(config.templates_dir, Path::new("/opt/zhengku/templates"));
    }
}
