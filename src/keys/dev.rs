//! Keeping toy keys out of production.
//!
//! The private keys under `keys-dev/` are published with the source, so a seal made with them proves nothing.
//! The common name of every certificate there begins with `DEV`, and a server that is not in development
//! mode asks [`refuse_development`] about everything it would seal with or trust before it starts.

use std::fmt;

use crate::pki::Certificate;

/// What the common name of every development certificate begins with.
pub const DEVELOPMENT_PREFIX: &str = "DEV";

/// Whether this is a development certificate.
pub fn is_development(certificate: &Certificate) -> bool {
    certificate.common_name().starts_with(DEVELOPMENT_PREFIX)
}

/// Refuses if there is a development certificate among these: of a `KeyRing`, or of a `TrustStore`.
pub fn refuse_development<'c>(
    certificates: impl IntoIterator<Item = &'c Certificate>,
) -> Result<(), DevelopmentFound> {
    let mut names: Vec<String> = certificates
        .into_iter()
        .filter(|certificate| is_development(certificate))
        .map(|certificate| certificate.common_name().to_owned())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { Ok(()) } else { Err(DevelopmentFound { names }) }
}

/// Development certificates were found where production was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevelopmentFound {
    /// Their common names, each once.
    pub names: Vec<String>,
}

impl fmt::Display for DevelopmentFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "development certificates prove nothing outside development mode: {}",
            self.names.join(", ")
        )
    }
}

impl std::error::Error for DevelopmentFound {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::test_chain::TestChain;

    #[test]
    fn production_refuses_toy_keys_and_toy_roots_by_name() {
        let chain = TestChain::new();
        let found = refuse_development([chain.seal(), chain.root(), chain.root()]).unwrap_err();
        assert_eq!(found.names, ["DEV Root", "DEV 示例市民政局 电子印章"]);
        let store = chain.store();
        assert!(refuse_development(store.certificates()).is_err());
        assert_eq!(refuse_development([]), Ok(()));
    }
}
