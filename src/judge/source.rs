//! Where an answer comes from, and how fresh it is (信息来源与时效).

use serde::Serialize;

use super::certificate_seen::CertificateSeen;
use super::facts::{PackWord, VaultFact};
use super::observed::Observed;
use crate::domain::Moment;

/// A source of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Which.
    pub source: SourceKind,
    /// The moment of which it speaks.
    pub as_of: Moment,
    /// Until when it may be relied on; none where it says nothing of that.
    pub current_until: Option<Moment>,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Revocation lists and OCSP answers about the sealing certificate.
    CertificateStatus,
    /// A trust pack that was carried along.
    TrustPack,
    /// The vault.
    Vault,
}

/// The sources of what was seen of a certificate.
pub(super) fn of_certificate(seen: &[Observed]) -> Vec<Source> {
    let sources = seen.iter().filter_map(|seen| match seen {
        Observed::Certificate(CertificateSeen::Good { as_of, current_until }) => Some(Source {
            source: SourceKind::CertificateStatus,
            as_of: *as_of,
            current_until: Some(*current_until),
        }),
        _ => None,
    });
    sources.collect()
}

/// The source of a standing, if anybody was asked and answered.
pub(super) fn of_standing(fact: &VaultFact) -> Option<Source> {
    if let VaultFact::Carried(PackWord { as_of, fresh_until, .. }) = fact {
        let current_until = Some(*fresh_until);
        return Some(Source { source: SourceKind::TrustPack, as_of: *as_of, current_until });
    }
    let (VaultFact::NotInVault { as_of } | VaultFact::Found(super::VaultRecord { as_of, .. })) =
        fact
    else {
        return None;
    };
    Some(Source { source: SourceKind::Vault, as_of: *as_of, current_until: None })
}
