//! Paths that were verified before.
//!
//! A city's seals come from a handful of certificates, and a path takes two signature checks and more. The
//! cache keeps verified paths by the digests of the very bytes they were verified from and of the trust
//! store, so a hit proves as much as a check would have; only successes are kept, and a path answers only for
//! moments inside its window. It is bounded, and drops the oldest entry first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::anchors::TrustStore;
use super::certificate::Certificate;
use super::path::{Purpose, VerifiedPath, verify_path_for};
use super::path_error::PathError;
use crate::crypto::{Digest, Hasher};
use crate::domain::Moment;

/// Verified paths, shared by all who verify.
#[derive(Debug)]
pub struct PathCache {
    capacity: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    paths: HashMap<Digest, Arc<VerifiedPath>>,
    order: VecDeque<Digest>,
}

impl PathCache {
    /// A cache of at most `capacity` paths; each takes some ten kilobytes.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), kept: Mutex::default() }
    }

    /// The verified path of the sealing certificate `leaf`, from the cache if it stood there.
    ///
    /// `others` are the further certificates the file brought, in the order of the file. The lists of
    /// revoked certificates are the store's.
    pub fn verify(
        &self,
        leaf: &[u8],
        others: &[&[u8]],
        store: &TrustStore,
        at: Moment,
    ) -> Result<Arc<VerifiedPath>, PathError> {
        self.verify_for(Purpose::DocumentSigning, leaf, others, store, at)
    }

    /// The same for a certificate with any purpose.
    pub fn verify_for(
        &self,
        purpose: Purpose,
        leaf: &[u8],
        others: &[&[u8]],
        store: &TrustStore,
        at: Moment,
    ) -> Result<Arc<VerifiedPath>, PathError> {
        let Some(store_digest) = store.digest() else { return Err(PathError::NoAnchor) };
        let mut key = Hasher::new();
        key.update(store_digest.as_bytes());
        key.update(&[u8::from(purpose == Purpose::TimeStamping)]);
        // DER tells its own length, so certificates joined end to end cannot be cut elsewhere.
        key.update(leaf);
        others.iter().for_each(|other| key.update(other));
        let key = key.finish();
        if let Some(path) = self.find(&key) {
            let (first, last) = path.window();
            if first <= at && at <= last {
                return Ok(path);
            }
        }
        let read = |der: &[u8]| match store.known(der) {
            Some(known) => Ok(known.clone()),
            None => Certificate::from_der(der).map_err(|_| PathError::Malformed),
        };
        let others = others.iter().map(|der| read(der)).collect::<Result<Vec<_>, _>>()?;
        let path = Arc::new(verify_path_for(purpose, &read(leaf)?, &others, store, &[], at)?);
        self.keep(key, Arc::clone(&path));
        Ok(path)
    }

    fn find(&self, key: &Digest) -> Option<Arc<VerifiedPath>> {
        // A panic elsewhere cannot leave the map half changed in a way that matters: entries are whole.
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.paths.get(key).map(Arc::clone)
    }

    fn keep(&self, key: Digest, path: Arc<VerifiedPath>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.paths.insert(key, path).is_some() {
            return;
        }
        kept.order.push_back(key);
        if kept.order.len() > self.capacity
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.paths.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_chain::{TestChain, moment};
    use super::*;

    #[test]
    fn a_path_is_verified_once_for_the_same_bytes_and_the_same_trust() {
        let (chain, stranger) = (TestChain::new(), TestChain::new());
        let (cache, at) = (PathCache::new(8), moment("2026-06-15T00:00:00Z"));
        let store = chain.store();
        let verify = |chain: &TestChain, store: &TrustStore, at| {
            cache.verify(chain.seal().der(), &[chain.ca().der()], store, at)
        };
        let first = verify(&chain, &store, at).unwrap();
        let again = verify(&chain, &store, at.plus_seconds(86_400)).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let late = moment("2035-01-01T00:00:00Z");
        assert!(matches!(verify(&chain, &store, late), Err(PathError::Expired { .. })));
        assert!(verify(&chain, &stranger.store(), at).is_err(), "another store");
        assert!(verify(&stranger, &store, at).is_err());
        assert_eq!(
            cache.verify(chain.seal().der(), &[], &store, at).unwrap_err(),
            PathError::NoAnchor,
            "without the certificate between"
        );
    }

    #[test]
    fn the_oldest_path_goes_when_the_cache_is_full() {
        let (cache, at) = (PathCache::new(1), moment("2026-06-15T00:00:00Z"));
        let chains = [TestChain::new(), TestChain::new()];
        for chain in &chains {
            cache.verify(chain.seal().der(), &[chain.ca().der()], &chain.store(), at).unwrap();
        }
        assert_eq!(cache.kept.lock().unwrap().paths.len(), 1);
    }
}
