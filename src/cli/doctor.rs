//! `zhengku doctor`: look over an installation and say in sentences what is wrong with it.

use crate::config::Mode;
use crate::keys;
use crate::service::ports::KeyState;

use super::args::HouseArgs;
use super::house;
use super::output::say;
use super::{CliError, Outcome};

pub(super) async fn run(args: &HouseArgs) -> Result<Outcome, CliError> {
    let config = house::configure(args)?;
    let mut sound = true;
    let mut tell = |good: bool, sentence: String| {
        sound &= good;
        say(&format!("{} {sentence}", if good { "ok  " } else { "BAD " }));
    };
    tell(
        true,
        match config.mode {
            Mode::Development(_) => {
                "development mode: for trying out, never for real licenses".to_owned()
            }
            Mode::Production => "production mode".to_owned(),
        },
    );
    match house::workshop(&config) {
        Ok(workshop) => {
            let types = workshop.catalogue().newest().count();
            tell(true, format!("{types} license types hold together and their fonts are here"));
        }
        Err(error) => tell(false, error.to_string()),
    }
    let trust = house::trust_store(&config.trust);
    match &trust {
        Ok(store) => tell(true, format!("{} trust anchors", store.anchors().count())),
        Err(error) => tell(false, error.to_string()),
    }
    match house::key_ring(&config) {
        Ok(ring) => {
            let now = house::now();
            for key in ring.iter() {
                let days = key.days_left(now);
                if days < KeyState::WARN_DAYS && !key.rule().is_retired(now) {
                    tell(
                        false,
                        format!(
                            "the sealing certificate of {} ends in {days} days",
                            key.authority()
                        ),
                    );
                }
            }
            tell(true, format!("{} sealing keys", ring.iter().count()));
            if config.mode == Mode::Production
                && let Err(found) = keys::refuse_development(ring.certificates())
            {
                tell(false, found.to_string());
            }
        }
        Err(error) => tell(false, error.to_string()),
    }
    let database = config.data_dir.join("vault.sqlite");
    if database.exists() {
        tell(true, format!("a vault is in {}", config.data_dir.display()));
        let key = config.index_key_file.exists();
        tell(key, format!("the key of its indexes is {}", config.index_key_file.display()));
    } else {
        tell(true, format!("{} is where a vault will be made", config.data_dir.display()));
    }
    Ok(if sound { Outcome::Yes } else { Outcome::No })
}
