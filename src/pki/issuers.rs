//! Which of many certificates may lead from one to an anchor, told by their names alone.
//!
//! A file that was protected again and again brings more certificates than path building is to be given, so those
//! that could not be issuers are left out before anything is verified. Nothing is believed here.

use super::certificate::{Certificate, Skim};
use super::path::MAX_INTERMEDIATES;

/// Most certificates that are looked through, for each certificate of a path; our own bound.
const MAX_POOL: usize = 1_024;

/// The certificates of `pool` that are named as issuer by `leaf`, then those named by these, and so on: at most as
/// many as path building takes, each once, self-issued ones left out.
pub fn issuers_of<'p>(leaf: &Certificate, pool: &[&'p [u8]]) -> Vec<&'p [u8]> {
    let skims: Vec<(&'p [u8], Skim<'p>)> = pool
        .iter()
        .take(MAX_POOL)
        .filter_map(|der| Some((*der, Skim::read(der)?)))
        .filter(|(_, skim)| skim.subject != skim.issuer)
        .collect();
    let mut found: Vec<&'p [u8]> = Vec::new();
    let mut wanted: Vec<&[u8]> = vec![leaf.issuer()];
    let mut next = 0;
    while let Some(name) = wanted.get(next).copied() {
        next += 1;
        for (der, skim) in skims.iter().filter(|(_, skim)| skim.subject == name) {
            if found.len() == MAX_INTERMEDIATES {
                return found;
            }
            if *der != leaf.der() && !found.contains(der) {
                found.push(der);
                wanted.push(skim.issuer);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::test_chain::{TestChain, Word};
    use super::*;

    #[test]
    fn only_what_may_lead_upward_is_chosen() {
        let (chain, stranger) = (TestChain::new(), TestChain::new());
        let tsa = chain.mint(&Word::TSA).certificate;
        let pool = [chain.seal().der(), chain.root().der(), b"noise", chain.ca().der()];
        assert_eq!(issuers_of(&tsa, &pool), [chain.ca().der()]);
        let twice = [chain.ca().der(), chain.ca().der(), stranger.ca().der()];
        assert_eq!(issuers_of(&tsa, &twice).len(), 2, "of one name both, each once");
        assert!(issuers_of(chain.root(), &pool).is_empty());
        let crowd: Vec<TestChain> = (0..10).map(|_| TestChain::new()).collect();
        let crowd: Vec<&[u8]> = crowd.iter().map(|chain| chain.ca().der()).collect();
        assert_eq!(issuers_of(&tsa, &crowd).len(), MAX_INTERMEDIATES);
    }
}
