//! What judging is given: whom to trust, and what the vault says.

use std::fmt;

use serde::Serialize;

use super::registry::Registry;
use crate::crypto::Digest;
use crate::domain::{Moment, Standing};
use crate::pki::{Certificate, PathCache, TrustStore};

/// Whom and what to believe when a file is judged.
#[derive(Clone, Copy)]
pub struct Trust<'t> {
    /// Where trust begins.
    pub store: &'t TrustStore,
    /// Paths that were verified before, where some are kept.
    pub paths: Option<&'t PathCache>,
    /// Further certificates by which a statement may have been signed, where some are known.
    pub signers: Option<&'t dyn Signers>,
    /// Who may issue what, and the names of both.
    pub registry: &'t dyn Registry,
    /// Whether certificates made for development (their names begin with `DEV`) count.
    pub development: bool,
}

impl fmt::Debug for Trust<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust({} anchors)", self.store.anchors().count())
    }
}

/// Certificates that are found by how a statement names them.
pub trait Signers {
    /// The chain, leaf first, whose leaf has a SHA-256 that begins so; empty where none is known.
    fn chain_of(&self, thumbprint: [u8; 8]) -> Vec<Certificate>;
}

/// What kind of thing was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A structured e-certificate.
    Ecert,
    /// A license id alone, without a file.
    LicenseId,
    /// A picture of a license: a photograph, a scan, a screenshot.
    Picture,
    /// The text of a printed square.
    Qr,
    /// A receipt of a verification.
    Receipt,
    /// A sealed PDF.
    SealedPdf,
    /// Something else.
    Unknown,
}

/// What the vault says of the license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultFact {
    /// It could not be reached.
    CannotAskNow,
    /// A trust pack that was carried along speaks for it.
    Carried(PackWord),
    /// It holds this version.
    Found(VaultRecord),
    /// Nobody asked, because no vault is at hand.
    NotAsked,
    /// It has no such version.
    NotInVault {
        /// When it was asked.
        as_of: Moment,
    },
}

/// What a trust pack says of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackWord {
    /// Where it stands at the moment of judging, if the pack names it; else the validity period decides.
    pub standing: Option<Standing>,
    /// The moment of which the pack speaks.
    pub as_of: Moment,
    /// Until when it may be relied on.
    pub fresh_until: Moment,
}

/// What the vault holds of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultRecord {
    /// Where the license stands at the moment of judging.
    pub standing: Standing,
    /// The content digest of the version.
    pub content_digest: Digest,
    /// The digests of all its files.
    pub files: Vec<Digest>,
    /// When the vault was asked.
    pub as_of: Moment,
}
