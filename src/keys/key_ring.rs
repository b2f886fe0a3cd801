//! The sealing keys of a house, by authority.
//!
//! A folder holds two files for each key, named by the code of its authority: `<code>.key.pem` with the private
//! key and `<code>.chain.pem` with the certificates. Further keys of one authority bear a label behind the code,
//! as in `<code>.2027.key.pem`; of all whose certificates have begun and not ended the one that began last seals,
//! so that a new key takes over by itself and the old one is still there. A name that ends in `data`, as in
//! `<code>.data.key.pem`, is a companion, which signs the authority's e-certificates in place of its sealing keys.
//!
//! In place of a key file a `<name>.token.toml` may name a key in a PKCS#11 token (see `keys::pkcs11`). `keys.toml`
//! lays down what single keys may do (see `keys::rules`).
//!
//! The ring is complete or it is not made: every fault of the folder is reported at once, because an authority
//! whose key is silently missing finds out at its counter.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::dev::DevelopmentFound;
use super::file::{KeptIn, SealKey, SealKeyError};
use super::pkcs11::{TokenFault, TokenKey};
use super::rules::KeyRules;
use crate::crypto::Secret;
use crate::domain::{AuthorityCode, Moment, NumberError};
use crate::pki::Certificate;

const KEY_SUFFIX: &str = ".key.pem";
pub(super) const CHAIN_SUFFIX: &str = ".chain.pem";
const TOKEN_SUFFIX: &str = ".token.toml";
/// The file with the rules.
pub const RULES: &str = "keys.toml";
/// The last part of a companion's name.
const COMPANION: &str = "data";

/// Sealing keys by the code of their authority, each authority's newest first.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: BTreeMap<AuthorityCode, Vec<Arc<SealKey>>>,
    companions: BTreeMap<AuthorityCode, Vec<Arc<SealKey>>>,
}

impl KeyRing {
    /// A ring of these keys and companions.
    pub fn new(
        keys: impl IntoIterator<Item = SealKey>,
        companions: impl IntoIterator<Item = SealKey>,
    ) -> Self {
        Self { keys: by_authority(keys), companions: by_authority(companions) }
    }

    /// Reads all keys of a folder, none of them encrypted; files with other endings are passed over.
    pub fn load(folder: &Path) -> Result<Self, Vec<KeyRingProblem>> {
        Self::open(folder, None)
    }

    /// Reads all keys of a folder; `passphrase` opens those that are encrypted. Their tokens must be there.
    pub fn open(
        folder: &Path,
        passphrase: Option<&Secret<String>>,
    ) -> Result<Self, Vec<KeyRingProblem>> {
        Self::read(folder, passphrase, &Self::default())
    }

    /// As [`open`](Self::open) while this ring is in use: a token of it that is away just now must not keep what
    /// else has changed from being taken up. One that has not proven its key yet must be there.
    pub(super) fn reopen(
        &self,
        folder: &Path,
        passphrase: Option<&Secret<String>>,
    ) -> Result<Self, Vec<KeyRingProblem>> {
        Self::read(folder, passphrase, self)
    }

    /// The same keys under these rules; those whose rule stays are the very same.
    pub(super) fn under(&self, rules: &KeyRules) -> Self {
        let key = |key: &Arc<SealKey>| {
            let rule = rules.of(&key.id());
            if *key.rule() == rule {
                Arc::clone(key)
            } else {
                Arc::new(SealKey::clone(key).under(rule))
            }
        };
        let all = |keys: &BTreeMap<AuthorityCode, Vec<Arc<SealKey>>>| {
            keys.iter().map(|(code, keys)| (code.clone(), keys.iter().map(key).collect())).collect()
        };
        Self { keys: all(&self.keys), companions: all(&self.companions) }
    }

    fn read(
        folder: &Path,
        passphrase: Option<&Secret<String>>,
        in_use: &Self,
    ) -> Result<Self, Vec<KeyRingProblem>> {
        let listing = std::fs::read_dir(folder).map_err(|error| {
            vec![KeyRingProblem { file: folder.display().to_string(), fault: error.into() }]
        })?;
        let mut names: Vec<String> = listing
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                [KEY_SUFFIX, CHAIN_SUFFIX, TOKEN_SUFFIX].iter().any(|suffix| name.ends_with(suffix))
            })
            .collect();
        names.sort_unstable();
        let (mut keys, mut companions, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        let rules = read_rules(folder).map_err(|fault| vec![fault])?;
        for name in &names {
            let stem = name.strip_suffix(KEY_SUFFIX).or(name.strip_suffix(TOKEN_SUFFIX));
            let read = match stem {
                Some(stem) => {
                    let token = name.ends_with(TOKEN_SUFFIX).then_some(in_use);
                    read_key(folder, stem, token, passphrase).map(|(key, companion)| {
                        let rule = rules.of(&key.id());
                        let key = key.under(rule);
                        if companion { companions.push(key) } else { keys.push(key) }
                    })
                }
                // A certificate without its key is a key that was lost on the way.
                None => {
                    let stem = name.strip_suffix(CHAIN_SUFFIX).unwrap_or_default();
                    let held = [KEY_SUFFIX, TOKEN_SUFFIX]
                        .iter()
                        .any(|suffix| names.contains(&format!("{stem}{suffix}")));
                    if held { Ok(()) } else { Err(KeyRingFault::NoKeyFile) }
                }
            };
            if let Err(fault) = read {
                problems.push(KeyRingProblem { file: name.clone(), fault });
            }
        }
        if problems.is_empty() { Ok(Self::new(keys, companions)) } else { Err(problems) }
    }

    /// The newest sealing key of this authority, whether or not its time has come.
    pub fn get(&self, authority: &AuthorityCode) -> Option<&Arc<SealKey>> {
        self.keys.get(authority)?.first()
    }

    /// All sealing keys, in the order of their authorities' codes, each authority's newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SealKey>> {
        self.keys.values().flatten()
    }

    /// All companions, in the same order.
    pub fn companions(&self) -> impl Iterator<Item = &Arc<SealKey>> {
        self.companions.values().flatten()
    }

    /// Every certificate of every key.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.iter().chain(self.companions()).flat_map(|key| key.chain())
    }

    /// The sealing keys of an authority that are meant to seal at `at`, the newest first.
    pub(super) fn sealing_at(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<SealKey>> {
        meant_for(self.keys.get(authority), at)
    }

    /// The companions of an authority that are meant to sign at `at`, the newest first.
    pub(super) fn companions_at(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<SealKey>> {
        meant_for(self.companions.get(authority), at)
    }
}

fn by_authority(
    keys: impl IntoIterator<Item = SealKey>,
) -> BTreeMap<AuthorityCode, Vec<Arc<SealKey>>> {
    let mut by_authority: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for key in keys {
        by_authority.entry(key.authority().clone()).or_default().push(Arc::new(key));
    }
    for keys in by_authority.values_mut() {
        keys.sort_by_key(|key| Reverse(key.certificate().not_before()));
    }
    by_authority
}

/// Those whose time it is; where it is nobody's, all of them, so that a fault can say what is wrong with the
/// newest. A retired key is never among them.
fn meant_for(keys: Option<&Vec<Arc<SealKey>>>, at: Moment) -> Vec<Arc<SealKey>> {
    let keys: Vec<_> =
        keys.into_iter().flatten().filter(|key| !key.rule().is_retired(at)).collect();
    let in_time = |key: &&&Arc<SealKey>| {
        let certificate = key.certificate();
        certificate.not_before() <= at && at <= certificate.not_after()
    };
    let meant: Vec<_> = keys.iter().filter(in_time).map(|key| Arc::clone(key)).collect();
    if meant.is_empty() { keys.into_iter().cloned().collect() } else { meant }
}

/// A key and whether it is a companion, by the name of its files without their endings; `token` is there where a
/// token has it, and holds the keys whose token may be away.
fn read_key(
    folder: &Path,
    stem: &str,
    token: Option<&KeyRing>,
    passphrase: Option<&Secret<String>>,
) -> Result<(SealKey, bool), KeyRingFault> {
    let mut parts = stem.split('.');
    let authority: AuthorityCode =
        parts.next().unwrap_or_default().parse().map_err(KeyRingFault::Name)?;
    let companion = parts.next_back() == Some(COMPANION);
    let chain = match std::fs::read_to_string(folder.join(format!("{stem}{CHAIN_SUFFIX}"))) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(KeyRingFault::NoChainFile);
        }
        chain => chain?,
    };
    let key = if let Some(in_use) = token {
        let file = folder.join(format!("{stem}{TOKEN_SUFFIX}"));
        let chain = Certificate::all_from_pem(&chain)
            .map_err(|error| KeyRingFault::Key(SealKeyError::Certificate(error)))?;
        let leaf = chain.first().ok_or(KeyRingFault::Key(SealKeyError::NoCertificate))?;
        let known = in_use.iter().chain(in_use.companions());
        let may_be_away = known.map(|key| key.id()).any(|id| id == leaf.digest());
        let signer = TokenKey::open(&std::fs::read_to_string(&file)?, &file, leaf, may_be_away)
            .map_err(KeyRingFault::Token)?;
        SealKey::new(authority, Box::new(signer), chain).map(|key| key.kept(KeptIn::Token))
    } else {
        let path = folder.join(format!("{stem}{KEY_SUFFIX}"));
        let key = Secret::new(std::fs::read_to_string(path)?);
        SealKey::open_pem(authority, key.expose(), &chain, passphrase)
    };
    Ok((key.map_err(KeyRingFault::Key)?, companion))
}

/// The rules of a folder; none where there is no `keys.toml`.
pub(super) fn read_rules(folder: &Path) -> Result<KeyRules, KeyRingProblem> {
    let problem = |fault| KeyRingProblem { file: RULES.to_owned(), fault };
    match std::fs::read_to_string(folder.join(RULES)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(KeyRules::default()),
        Err(error) => Err(problem(error.into())),
        Ok(text) => KeyRules::read(&text).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            problem(KeyRingFault::Rules(faults.join("; ")))
        }),
    }
}

/// Something wrong in a folder of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRingProblem {
    /// The name of the file, or the path of the folder.
    pub file: String,
    /// What is wrong with it.
    pub fault: KeyRingFault,
}

/// What is wrong with a file in a folder of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRingFault {
    /// The files do not make a sealing key.
    Key(SealKeyError),
    /// The name before the ending is not the code of an authority.
    Name(NumberError),
    /// There is a key and no file with its certificates.
    NoChainFile,
    /// There are certificates and no file with their key.
    NoKeyFile,
    /// Keys made for development, outside development.
    Development(DevelopmentFound),
    /// The rules do not hold together.
    Rules(String),
    /// The key in a token cannot be used.
    Token(TokenFault),
    /// The file or folder could not be read.
    Unreadable(std::io::ErrorKind),
}

impl From<std::io::Error> for KeyRingFault {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.kind())
    }
}

impl fmt::Display for KeyRingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        match &self.fault {
            KeyRingFault::Key(error) => error.fmt(f),
            KeyRingFault::Name(error) => write!(f, "the authority code in the name {error}"),
            KeyRingFault::NoChainFile => f.write_str("the <code>.chain.pem beside it is missing"),
            KeyRingFault::NoKeyFile => f.write_str("the <code>.key.pem beside it is missing"),
            KeyRingFault::Development(found) => found.fmt(f),
            KeyRingFault::Rules(faults) => f.write_str(faults),
            KeyRingFault::Token(fault) => fault.fmt(f),
            KeyRingFault::Unreadable(kind) => write!(f, "cannot be read: {kind}"),
        }
    }
}

impl std::error::Error for KeyRingProblem {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::test_chain::{AUTHORITY, TestChain};

    #[test]
    fn a_folder_gives_a_key_for_each_authority() {
        let (chain, folder) = (TestChain::new(), tempfile::tempdir().unwrap());
        let write = |name: String, text: String| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write(format!("{AUTHORITY}.key.pem"), chain.key_pem());
        write(format!("{AUTHORITY}.chain.pem"), chain.seal_pem());
        write("README.md".to_owned(), "words".to_owned());
        let ring = KeyRing::load(folder.path()).unwrap();
        let key = ring.get(&AUTHORITY.parse().unwrap()).unwrap();
        assert_eq!(key.certificate(), chain.seal());
        assert_eq!(ring.iter().count(), 1);
        assert!(ring.get(&"11990000MD0000008F".parse().unwrap()).is_none());
    }

    #[test]
    fn a_token_may_be_away_where_its_key_is_in_use() {
        let (chain, folder) = (TestChain::new(), tempfile::tempdir().unwrap());
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write("11990000MD1000077R.key.pem", &chain.key_pem());
        write("11990000MD1000077R.chain.pem", &chain.seal_pem());
        let in_use = KeyRing::load(folder.path()).unwrap();
        std::fs::remove_file(folder.path().join("11990000MD1000077R.key.pem")).unwrap();
        let token = "module = \"none.so\"\ntoken = \"t\"\nkey = \"k\"\npin_file = \"pin\"\n";
        write("11990000MD1000077R.token.toml", token);
        let ring = in_use.reopen(folder.path(), None).unwrap();
        assert_eq!(ring.iter().map(|key| key.kept_in()).collect::<Vec<_>>(), [KeptIn::Token]);

        let new = TestChain::new();
        write("11990000MD1000077R.2027.chain.pem", &new.seal_pem());
        write("11990000MD1000077R.2027.token.toml", token);
        let problems = in_use.reopen(folder.path(), None).unwrap_err();
        assert_eq!(problems.len(), 1, "one that has not proven its key must not take over");
        assert_eq!(problems[0].fault, KeyRingFault::Token(TokenFault::Module));
        assert_eq!(
            KeyRing::load(folder.path()).unwrap_err().len(),
            2,
            "at the start all must be there"
        );
    }

    #[test]
    fn every_fault_of_a_folder_is_reported_at_once() {
        let (chain, folder) = (TestChain::new(), tempfile::tempdir().unwrap());
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write("11990000MD0000008F.key.pem", &chain.key_pem());
        write("11990000MD1000018N.chain.pem", &chain.seal_pem());
        write("11990000MD1000026H.key.pem", &chain.key_pem());
        write("11990000MD1000026H.chain.pem", &chain.seal_pem());
        write("bureau.key.pem", &chain.key_pem());
        let faults: Vec<KeyRingFault> = KeyRing::load(folder.path())
            .unwrap_err()
            .into_iter()
            .map(|problem| problem.fault)
            .collect();
        assert_eq!(
            faults,
            [
                KeyRingFault::NoChainFile,
                KeyRingFault::NoKeyFile,
                KeyRingFault::Key(SealKeyError::OtherAuthority),
                KeyRingFault::Name(NumberError::Length { expected: 18, actual: 6 }),
            ]
        );
        let nowhere = KeyRing::load(&folder.path().join("nowhere")).unwrap_err();
        assert_eq!(nowhere[0].fault, KeyRingFault::Unreadable(std::io::ErrorKind::NotFound));
    }
}
