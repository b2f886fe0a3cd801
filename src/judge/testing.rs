//! Scenes for the tests of this floor: a chain, a file sealed with it, and whom to trust.

use super::indication::Indication;
use super::*;
use crate::crypto::{Digest, SeededRandom};
use crate::domain::{Day, LicenseTypeCode, Standing};
use crate::ecert::testing::{self, Made};
use crate::ecert::{Content, ContentInput};
use crate::pki::Crl;
use crate::pki::PathCache;
use crate::pki::TrustStore;
use crate::pki::test_chain::{TestChain, moment};

pub(crate) const NOW: &str = "2026-01-10T00:00:00Z";

/// A chain, a file sealed with it, and what to trust.
pub(crate) struct Scene {
    pub(crate) chain: TestChain,
    pub(crate) content: Content,
    pub(crate) file: Vec<u8>,
    pub(crate) store: TrustStore,
    pub(crate) development: bool,
    pub(crate) registry: Named,
}

/// A registry in which everybody has one name.
pub(crate) struct Named {
    /// Whether everybody may issue everything; `None` where no type is known.
    pub(crate) may_issue: Option<bool>,
    /// Whether everybody runs a library.
    pub(crate) is_library: bool,
}

impl Registry for Named {
    fn authority_name(&self, _: &str) -> Option<String> {
        Some("示例市民政局".to_owned())
    }

    fn type_name(&self, _: &LicenseTypeCode) -> Option<String> {
        Some("示例许可证".to_owned())
    }

    fn may_issue(&self, _: &str, _: &LicenseTypeCode, _: Day) -> Option<bool> {
        self.may_issue
    }

    fn is_library(&self, _: &str) -> bool {
        self.is_library
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(&Made::new().input())
    }

    pub(crate) fn of(input: &ContentInput<'_>) -> Self {
        let chain = TestChain::new();
        let content = Content::new(input, &SeededRandom::new(3));
        let file = seal(&content, &chain);
        let made = moment("2026-01-04T00:00:00Z");
        let crls = vec![chain.crl(made, &[]), chain.root_crl(made)];
        let store = trusting(&chain, crls);
        Self {
            chain,
            content,
            file,
            store,
            development: true,
            registry: Named { may_issue: Some(true), is_library: true },
        }
    }

    pub(crate) fn verdict(&self, file: &[u8], vault: VaultFact, at: &str) -> Verdict {
        let paths = PathCache::new(4);
        let trust = Trust {
            store: &self.store,
            paths: Some(&paths),
            signers: None,
            registry: &self.registry,
            development: self.development,
        };
        let at = moment(at);
        let warm = examine(file, &trust, at).conclude(vault.clone(), at);
        let cold = examine(file, &Trust { paths: None, ..trust }, at).conclude(vault, at);
        let [warm_json, cold_json] =
            [&warm, &cold].map(|verdict| serde_json::to_string_pretty(verdict).unwrap());
        assert_eq!(warm_json, cold_json, "a cache must not change a verdict");
        if let Some(seal) = warm.signatures.first() {
            let genuine = matches!(warm.overall, Overall::Valid | Overall::ValidCopy);
            assert_eq!(seal.indication == Indication::TotalPassed, genuine, "{warm_json}");
            let forged = seal.indication == Indication::TotalFailed;
            assert!(!forged || warm.overall == Overall::Invalid, "{warm_json}");
        }
        warm
    }

    pub(crate) fn found(&self, standing: Standing) -> VaultFact {
        VaultFact::Found(VaultRecord {
            standing,
            content_digest: self.content.digest(),
            files: vec![Digest::of(&self.file)],
            as_of: moment(NOW),
        })
    }
}

pub(crate) fn seal(content: &Content, chain: &TestChain) -> Vec<u8> {
    testing::issue_content(content, &chain.signer(), &[chain.seal().der(), chain.ca().der()])
}

pub(crate) fn trusting(chain: &TestChain, crls: Vec<Crl>) -> TrustStore {
    let store = TrustStore::builder().add_anchor(chain.root().clone());
    crls.into_iter().fold(store, |store, crl| store.add_crl(crl)).build().unwrap()
}

pub(crate) fn failed(verdict: &Verdict) -> Vec<&'static str> {
    let findings = verdict.findings.iter();
    findings.filter(|f| f.outcome == FindingOutcome::Failed).map(|f| f.code).collect()
}

pub(crate) fn open(verdict: &Verdict) -> Vec<&'static str> {
    let findings = verdict.findings.iter();
    findings.filter(|f| f.outcome == FindingOutcome::CouldNotBeMade).map(|f| f.code).collect()
}
