//! Retiring a key: lines put behind what `keys.toml` holds.
//!
//! It is done when a key may be in the wrong hands, at a moment when anything may be broken or away. So the key is
//! recognized by the certificates and the rules in the folder alone: no private key is opened and no token is asked,
//! and a file that cannot be read keeps only its own key from being recognized.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use super::key_ring::{CHAIN_SUFFIX, RULES, read_rules};
use super::rules::{KeyRules, retirement};
use crate::crypto::{Digest, pem};
use crate::domain::Moment;
use crate::service::ports::KeyId;

/// What came of retiring a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retired {
    /// It is retired since the moment that was asked for.
    Now,
    /// It was retired since this moment already, which is no later.
    Already(Moment),
}

/// Lays down in the `keys.toml` of this folder that a key seals nothing since a moment; an earlier one than the file
/// holds takes its place, a later one changes nothing.
///
/// On `Ok` the file is there for good. On an error it is as it was, whatever failed.
pub fn retire(
    folder: &Path,
    key: &KeyId,
    since: Moment,
    reason: &str,
) -> Result<Retired, RetireError> {
    let rules = read_rules(folder).map_err(|problem| RetireError::Rules(problem.to_string()))?;
    if let Some((known, _)) = rules.of(key).retired
        && known <= since
    {
        return Ok(Retired::Already(known));
    }
    if !rules.names(key) {
        let (ids, unread) = certified(folder).map_err(|error| broken(folder, &error))?;
        if !ids.contains(key) {
            return Err(RetireError::Unknown { unread });
        }
    }
    let path = folder.join(RULES);
    let before = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| broken(&path, &error))?,
    };
    let text = format!("{before}{}", retirement(key, since, reason));
    // The file may write its rows in a form behind which none can be put.
    let counts = |rules: KeyRules| rules.of(key).retired.is_some_and(|(from, _)| from == since);
    if !KeyRules::read(&text).is_ok_and(counts) {
        return Err(RetireError::Form);
    }
    replace(&path, &text).map_err(|error| broken(&path, &error))?;
    Ok(Retired::Now)
}

/// The ids of the keys whose certificates lie in the folder, and the names of files that give none.
fn certified(folder: &Path) -> io::Result<(Vec<KeyId>, Vec<String>)> {
    let (mut ids, mut unread) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if name.ends_with(CHAIN_SUFFIX) {
            match first_certificate(&folder.join(&name)) {
                Some(id) => ids.push(id),
                None => unread.push(name),
            }
        }
    }
    unread.sort_unstable();
    Ok((ids, unread))
}

/// The digest of the first certificate of a file, whatever else is wrong with it.
fn first_certificate(path: &Path) -> Option<KeyId> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = fs::read_to_string(path).ok()?;
    let first = text.get(..text.find(END)?.checked_add(END.len())?)?;
    let blocks = pem::blocks(first).ok()?;
    let certificate = blocks.iter().find(|block| block.label() == "CERTIFICATE")?;
    Some(Digest::of(&certificate.decode().ok()?))
}

/// Puts a text in the place of a file. A reader finds the old one or the new one whole, also after a loss of power.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // Half a file would stop the next start, so it is written under another name.
    let half = path.with_extension("toml.new");
    let mut file = fs::File::create(&half)?;
    if let Ok(before) = fs::metadata(path) {
        // Whoever could read the file must still be able to: the server may be another user than the operator.
        file.set_permissions(before.permissions())?;
        let after = file.metadata()?;
        if (before.uid(), before.gid()) != (after.uid(), after.gid()) {
            chown(&half, Some(before.uid()), Some(before.gid()))?;
        }
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    // The new name must be durable too: a retirement that a loss of power undoes is none.
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn broken(path: &Path, error: &io::Error) -> RetireError {
    RetireError::Io { path: path.to_owned(), kind: error.kind() }
}

/// Why a key was not retired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetireError {
    /// No row can be put behind the text of `keys.toml`.
    #[error(
        "no row can be put behind what keys.toml holds: write retired_since and reason by hand"
    )]
    Form,
    /// A file or folder could not be read or written.
    #[error("{}: {kind}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The `keys.toml` that is there does not hold together.
    #[error("{0}: mend it first, no server takes up a file like this")]
    Rules(String),
    /// No certificate in the folder and no row of `keys.toml` is that of the key.
    #[error(
        "no such key is in the folder{}",
        if unread.is_empty() { String::new() } else { format!("; not readable: {}", unread.join(", ")) }
    )]
    Unknown {
        /// The files with certificates that could not be read.
        unread: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::pki::test_chain::{AUTHORITY, TestChain};

    const LOST: &str = "2026-11-20T00:00:00Z";

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_is_retired_where_no_key_can_be_opened() {
        let (chain, folder) = (TestChain::new(), tempfile::tempdir().unwrap());
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put(&format!("{AUTHORITY}.chain.pem"), "-----BEGIN CERTIFICATE-----");
        let half = format!("{}-----BEGIN CERTIFICATE-----\nhalf", chain.seal_pem());
        put(&format!("{AUTHORITY}.2027.chain.pem"), &half);
        put(&format!("{AUTHORITY}.2027.token.toml"), "module = 1");
        put("11990000MD0000008F.key.pem", "half a key");
        let key = chain.seal().digest();
        assert_eq!(retire(folder.path(), &key, at(LOST), "lost"), Ok(Retired::Now));
        let rule = read_rules(folder.path()).unwrap().of(&key);
        assert_eq!(rule.retired, Some((at(LOST), "lost".to_owned())));

        let unread = vec![format!("{AUTHORITY}.chain.pem")];
        let other = Digest::of(b"other");
        assert_eq!(
            retire(folder.path(), &other, at(LOST), "lost"),
            Err(RetireError::Unknown { unread })
        );
    }

    #[test]
    fn the_earliest_retirement_counts_and_what_the_file_holds_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (key, path) = (Digest::of(b"key"), folder.path().join(RULES));
        let begin = format!("# ours\n[[key]]\nid = \"{key}\" # of the card\nmax_uses = 12\n");
        std::fs::write(&path, &begin).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let rows = [
            ("2027-06-01T00:00:00Z", Retired::Now),
            (LOST, Retired::Now),
            (LOST, Retired::Already(at(LOST))),
            ("2026-12-01T00:00:00Z", Retired::Already(at(LOST))),
        ];
        for (since, outcome) in rows {
            assert_eq!(retire(folder.path(), &key, at(since), "lost"), Ok(outcome), "{since}");
        }
        let rule = read_rules(folder.path()).unwrap().of(&key);
        assert_eq!(rule.retired.map(|(since, _)| since), Some(at(LOST)));
        assert_eq!(rule.max_uses, Some(12));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with(&begin));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_file_no_row_can_be_put_behind_stays_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (key, path) = (Digest::of(b"key"), folder.path().join(RULES));
        let row = format!("key = [{{ id = \"{key}\", max_uses = 2 }}]\n");
        for (text, form) in [(row.as_str(), true), ("[[key]]\nid = 1\n", false)] {
            std::fs::write(&path, text).unwrap();
            let refused = retire(folder.path(), &key, at(LOST), "lost").unwrap_err();
            assert_eq!(refused == RetireError::Form, form, "{refused:?}");
            assert_eq!(matches!(refused, RetireError::Rules(_)), !form, "{refused:?}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
