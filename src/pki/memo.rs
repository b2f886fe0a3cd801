//! Signatures that were checked before, remembered beside what they stand under.
//!
//! A file that was protected for decades is weighed step by step, and each step asks the same lists and answers
//! again. Whether a key made a signature does not change, so it is found out once for each signer.

use std::sync::{Mutex, PoisonError};

use super::certificate::Certificate;
use crate::crypto::Digest;

/// Most signers that are remembered for one signature; our own bound, one or two are usual.
const MAX_SIGNERS: usize = 8;

/// What came of checking one signature under each certificate.
#[derive(Debug)]
pub(super) struct Memo<T>(Mutex<Vec<(Digest, T)>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Copy> Memo<T> {
    /// What came of it, by `check` if nobody asked before.
    pub(super) fn of(&self, signer: &Certificate, check: impl FnOnce() -> T) -> T {
        let digest = signer.digest();
        // A panic elsewhere cannot leave half an entry.
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, told)) = known().iter().find(|(signer, _)| *signer == digest) {
            return *told;
        }
        let told = check();
        let mut known = known();
        if known.len() < MAX_SIGNERS {
            known.push((digest, told));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_chain::TestChain;
    use super::*;

    #[test]
    fn a_signature_is_checked_once_for_each_signer() {
        let (chain, memo) = (TestChain::new(), Memo::default());
        assert!(memo.of(chain.ca(), || true));
        assert!(memo.of(chain.ca(), || panic!("asked before")));
        assert!(!memo.of(chain.root(), || false), "another signer");
    }
}
