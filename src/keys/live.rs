//! The sealing keys of a running server: a folder that changes while they are in use.
//!
//! [`LiveRing::refresh`] looks at the folder and reads it anew if a file has come, gone or changed; who has a key in
//! hand keeps it. Where the folder does not hold together the keys before stay, and the faults are told.
//!
//! What `keys.toml` lays down is taken up first and by itself: a retirement and a limit count whatever is wrong with
//! the rest of the folder, and before a token is waited for. Only where `keys.toml` itself cannot be read do the rules
//! stay as they were.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::key_ring::{KeyRing, KeyRingProblem, read_rules};
use crate::crypto::{Digest, Secret};
use crate::domain::{AuthorityCode, Moment};
use crate::pki::Certificate;
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
    /// It does not hold together; the keys that were in the ring stay.
    Refused {
        /// Everything that is wrong.
        problems: Vec<KeyRingProblem>,
        /// Whether what `keys.toml` lays down now counts all the same; where it does not, what it laid down before.
        rules_count: bool,
    },
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
        let rules_count = self.take_up_rules();
        // Only here is the ring exchanged, and only by one at a time: `seen` is held.
        let read = self.ring().reopen(&self.folder, self.passphrase.as_ref());
        match read.and_then(|ring| may_use(&ring).map(|()| ring)) {
            Ok(ring) => {
                let keys = ring.iter().count();
                self.put(ring);
                RingRefreshed::Replaced { keys }
            }
            Err(problems) => RingRefreshed::Refused { problems, rules_count },
        }
    }

    /// Puts the keys in use under what `keys.toml` lays down now, unless that cannot be read.
    fn take_up_rules(&self) -> bool {
        // A folder that is gone has no `keys.toml` either, and lifts nothing.
        if !self.folder.is_dir() {
            return false;
        }
        let Ok(rules) = read_rules(&self.folder) else { return false };
        self.put(self.ring().under(&rules));
        true
    }

    fn put(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

impl SealingKeys for LiveRing {
    fn find(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<dyn SealingKey>> {
        self.ring().find(authority, at)
    }

    fn find_companions(&self, authority: &AuthorityCode, at: Moment) -> Vec<Arc<dyn SealingKey>> {
        self.ring().find_companions(authority, at)
    }

    fn chain_of(&self, thumbprint: [u8; 8]) -> Vec<Certificate> {
        self.ring().chain_of(thumbprint)
    }

    fn certificates(&self) -> Vec<Certificate> {
        self.ring().certificates().cloned().collect()
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
    use super::super::rules::retirement;
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
        assert_eq!(refused(look()), (1, true));
        assert_eq!(look(), RingRefreshed::Unchanged);
        assert_eq!(live.ring().iter().count(), 1);

        put(&format!("{AUTHORITY}.next.key.pem"), &next.key_pem());
        assert_eq!(look(), RingRefreshed::Replaced { keys: 2 });

        let at = chain.seal().not_before();
        let authority = AUTHORITY.parse().unwrap();
        assert_eq!(live.find(&authority, at).len(), 2);
        let id = chain.seal().digest();
        put("keys.toml", &retirement(&id, at, "lost"));
        assert_eq!(look(), RingRefreshed::Replaced { keys: 2 });
        let left: Vec<_> = live.find(&authority, at).iter().map(|key| key.id()).collect();
        assert_eq!(left, [next.seal().digest()]);

        put("keys.toml", "key = 1");
        assert_eq!(refused(look()), (1, false));
        assert_eq!(live.find(&authority, at).len(), 1, "the rules before stay");
        put("keys.toml", "");
        let third = TestChain::new();
        put(&format!("{AUTHORITY}.third.chain.pem"), &third.seal_pem());
        put(&format!("{AUTHORITY}.third.key.pem"), &third.key_pem());
        assert_eq!(refused(live.refresh(|_| Err(Vec::new()))), (0, true));
        assert_eq!(live.find(&authority, at).len(), 2, "the rules count all the same");
        assert_eq!(live.ring().iter().count(), 2, "a ring that may not be used is not taken up");
    }

    #[test]
    fn a_retirement_and_a_limit_count_in_a_folder_that_is_refused() {
        let (chain, folder) = (TestChain::new(), tempfile::tempdir().unwrap());
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put(&format!("{AUTHORITY}.key.pem"), &chain.key_pem());
        put(&format!("{AUTHORITY}.chain.pem"), &chain.seal_pem());
        let live = LiveRing::open(folder.path(), None).unwrap();
        let (id, at) = (chain.seal().digest(), chain.seal().not_before());
        let limit = || live.ring().iter().next().unwrap().rule().max_uses;

        put("11990000MD0000008F.key.pem", "half a key");
        put("keys.toml", &format!("[[key]]\nid = \"{id}\"\nmax_uses = 7\n"));
        assert_eq!(refused(live.refresh(|_| Ok(()))), (1, true));
        assert_eq!(limit(), Some(7));
        let kept = Arc::clone(live.ring().iter().next().unwrap());

        put("11990000MD0000008F.key.pem", "another half");
        assert_eq!(refused(live.refresh(|_| Ok(()))), (1, true));
        assert!(Arc::ptr_eq(&kept, live.ring().iter().next().unwrap()), "no rule has changed");

        super::super::retire(folder.path(), &id, at, "lost").unwrap();
        assert_eq!(refused(live.refresh(|_| Ok(()))), (1, true));
        assert!(live.find(&AUTHORITY.parse().unwrap(), at).is_empty());

        put("keys.toml", "[[");
        assert!(!refused(live.refresh(|_| Ok(()))).1);
        std::fs::rename(folder.path(), folder.path().with_extension("away")).unwrap();
        assert!(!refused(live.refresh(|_| Ok(()))).1);
        std::fs::rename(folder.path().with_extension("away"), folder.path()).unwrap();
        assert!(live.find(&AUTHORITY.parse().unwrap(), at).is_empty(), "the rules before stay");
        assert_eq!(limit(), Some(7));
    }

    fn refused(refreshed: RingRefreshed) -> (usize, bool) {
        match refreshed {
            RingRefreshed::Refused { problems, rules_count } => (problems.len(), rules_count),
            other => panic!("{other:?}"),
        }
    }
}
