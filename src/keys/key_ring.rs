//! The sealing keys of a house, by authority.
//!
//! A folder holds two files for each authority, named by its code: `<code>.key.pem` with the private key and
//! `<code>.chain.pem` with the certificates. The ring is complete or it is not made: every fault of the
//! folder is reported at once, because an authority whose key is silently missing finds out at its counter.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::file::{SealKey, SealKeyError};
use crate::crypto::Secret;
use crate::domain::{AuthorityCode, NumberError};
use crate::pki::Certificate;

const KEY_SUFFIX: &str = ".key.pem";
const CHAIN_SUFFIX: &str = ".chain.pem";

/// Sealing keys by the code of their authority.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: BTreeMap<AuthorityCode, Arc<SealKey>>,
}

impl KeyRing {
    /// A ring of these keys; of two keys of one authority the later stays.
    pub fn new(keys: impl IntoIterator<Item = SealKey>) -> Self {
        let by_code = |key: SealKey| (key.authority().clone(), Arc::new(key));
        Self { keys: keys.into_iter().map(by_code).collect() }
    }

    /// Reads all keys of a folder; files with other endings are passed over.
    pub fn load(folder: &Path) -> Result<Self, Vec<KeyRingProblem>> {
        let listing = std::fs::read_dir(folder).map_err(|error| {
            vec![KeyRingProblem { file: folder.display().to_string(), fault: error.into() }]
        })?;
        let mut names: Vec<String> = listing
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(KEY_SUFFIX) || name.ends_with(CHAIN_SUFFIX))
            .collect();
        names.sort_unstable();
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        for name in &names {
            let read = match name.strip_suffix(KEY_SUFFIX) {
                Some(code) => read_key(folder, code).map(|key| keys.push(key)),
                // A certificate without its key is a key that was lost on the way.
                None => {
                    match name.strip_suffix(CHAIN_SUFFIX).map(|code| format!("{code}{KEY_SUFFIX}"))
                    {
                        Some(key) if !names.contains(&key) => Err(KeyRingFault::NoKeyFile),
                        _ => Ok(()),
                    }
                }
            };
            if let Err(fault) = read {
                problems.push(KeyRingProblem { file: name.clone(), fault });
            }
        }
        if problems.is_empty() { Ok(Self::new(keys)) } else { Err(problems) }
    }

    /// The key of this authority.
    pub fn get(&self, authority: &AuthorityCode) -> Option<&Arc<SealKey>> {
        self.keys.get(authority)
    }

    /// All keys, in the order of their authorities' codes.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SealKey>> {
        self.keys.values()
    }

    /// Every certificate of every key.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.keys.values().flat_map(|key| key.chain())
    }
}

fn read_key(folder: &Path, code: &str) -> Result<SealKey, KeyRingFault> {
    let authority: AuthorityCode = code.parse().map_err(KeyRingFault::Name)?;
    let key = Secret::new(std::fs::read_to_string(folder.join(format!("{code}{KEY_SUFFIX}")))?);
    let chain = match std::fs::read_to_string(folder.join(format!("{code}{CHAIN_SUFFIX}"))) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(KeyRingFault::NoChainFile);
        }
        chain => chain?,
    };
    SealKey::from_pem(authority, key.expose(), &chain).map_err(KeyRingFault::Key)
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        let faults: Vec<KeyRingFault> =
            KeyRing::load(folder.path()).unwrap_err().iter().map(|problem| problem.fault).collect();
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
