//! The sealing keys of a running server: a folder that changes while they are in use.
//!
//! [`LiveRing::refresh`] looks at the folder and reads it anew if a file has come, gone or changed; who has a key in
//! hand keeps it. A folder that does not hold together changes nothing: the ring before stays, and the faults
//! are told.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::key_ring::{KeyRing, KeyRingProblem};
use crate::crypto::{Digest, Secret};
use crate::domain::{AuthorityCode, Moment};
use crate::service::ports::{KeyState, SealingKey, SealingKeys};

/// Longest file of a folder of keys that is looked at, in bytes; our own bound.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A key ring that follows its folder.
pub struct LiveRing {
    folder: PathBuf,
    passphrase: Option<Secret<String>>,
    ring: RwLock<Arc<KeyRing>>,
    /// What the folder looked like when it was read last, well or not.
    seen: Mutex<Digest>,
}

/// What came of looking at the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RingRefreshed {
    /// It was read anew, and so many sealing keys are in the ring.
    Replaced {
        /// How many, companions left out.
        keys: usize,
    },
    /// It does not hold together; what was in the ring stays.
    Refused(Vec<KeyRingProblem>),
    /// Nothing has changed.
    Unchanged,
}

impl LiveRing {
    /// Reads the folder; `passphrase` opens the keys that are encrypted.
    pub fn open(
        folder: &Path,
        passphrase: Option<Secret<String>>,
    ) -> Result<Self, Vec<KeyRingProblem>> {
        let seen = looks(folder);
        let ring = KeyRing::open(folder, passphrase.as_ref())?;
        Ok(Self {
            folder: folder.to_owned(),
            passphrase,
            ring: RwLock::new(Arc::new(ring)),
            seen: Mutex::new(seen),
        })
    }

    /// The ring as it is now.
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the folder, and reads it anew if it has changed and `may_use` has nothing against what is in it.
    pub fn refresh(
        &self,
        may_use: impl FnOnce(&KeyRing) -> Result<(), Vec<KeyRingProblem>>,
    ) -> RingRefreshed {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = looks(&self.folder);
        if looks == *seen {
            return RingRefreshed::Unchanged;
        }
        // A folder that is refused is told once, and looked at again when it has changed again.
        *seen = looks;
        let read = KeyRing::reopen(&self.folder, self.passphrase.as_ref());
        match read.and_then(|ring| may_use(&ring).map(|()| ring)) {
            Ok(ring) => {
                let keys = ring.iter().count();
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
                RingRefreshed::Replaced { keys }
            }
            Err(problems) => RingRefreshed::Refused(problems),
        }
    }
}

impl SealingKeys for LiveRing {
    fn find(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<dyn SealingKey>> {
        self.ring().find(authority, at)
    }

    fn find_companions(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<dyn SealingKey>> {
        self.ring().find_companions(authority, at)
    }

    fn states(&self, at: Moment) -> Vec<KeyState> {
        self.ring().states(at)
    }
}

/// A digest over the names and the bytes of the files of a folder; what cannot be read counts by its name alone.
fn looks(folder: &Path) -> Digest {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|listing| listing.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    names.sort_unstable();
    let mut parts = Vec::new();
    for path in names {
        parts.extend_from_slice(path.to_string_lossy().as_bytes());
        let short = std::fs::metadata(&path).is_ok_and(|file| file.len() <= MAX_FILE_BYTES);
        let bytes = if short { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
        parts.extend_from_slice(Digest::of(Secret::new(bytes).expose()).as_bytes());
    }
    Digest::of(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::test_chain::{AUTHORITY, TestChain};

    #[test]
    fn a_new_key_is_taken_up_and_a_broken_folder_changes_nothing() {
        let (chain, next) = (TestChain::new(), TestChain::new());
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put(&format!("{AUTHORITY}.key.pem"), &chain.key_pem());
        put(&format!("{AUTHORITY}.chain.pem"), &chain.seal_pem());
        let live = LiveRing::open(folder.path(), None).unwrap();
        let look = || live.refresh(|_| Ok(()));
        assert_eq!(look(), RingRefreshed::Unchanged);

        put(&format!("{AUTHORITY}.next.chain.pem"), &next.seal_pem());
        assert!(matches!(look(), RingRefreshed::Refused(problems) if problems.len() == 1));
        assert_eq!(look(), RingRefreshed::Unchanged);
        assert_eq!(live.ring().iter().count(), 1);

        put(&format!("{AUTHORITY}.next.key.pem"), &next.key_pem());
        assert_eq!(look(), RingRefreshed::Replaced { keys: 2 });

        let at = chain.seal().not_before();
        let authority = AUTHORITY.parse().unwrap();
        assert_eq!(live.find(&authority, at).len(), 2);
        let id = chain.seal().digest();
        put("keys.toml", &super::super::rules::retirement(&id, at, "lost"));
        assert_eq!(look(), RingRefreshed::Replaced { keys: 2 });
        let left: Vec<_> = live.find(&authority, at).iter().map(|key| key.id()).collect();
        assert_eq!(left, [next.seal().digest()]);

        put("keys.toml", "key = 1");
        assert!(matches!(look(), RingRefreshed::Refused(_)));
        assert_eq!(live.find(&authority, at).len(), 1);
        put("keys.toml", "");
        let refused = live.refresh(|_| Err(Vec::new()));
        assert_eq!(refused, RingRefreshed::Refused(Vec::new()));
        assert_eq!(
            live.find(&authority, at).len(),
            1,
            "a ring that may not be used is not taken up"
        );
    }
}
