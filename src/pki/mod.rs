//! Certificates, paths and signed messages: bytes in, facts out.
//!
//! The only floor that sees x509-parser and webpki. It opens no files, reads no clock and fetches nothing:
//! certificates and lists come in as bytes or text, the moment of checking and the trust store as arguments.
//! Whose word counts for which license is not decided here but in `judge`.

pub mod anchors;
pub mod certificate;
pub mod cms;
pub mod cms_read;
pub mod crl;
pub mod der;
pub mod path;
pub mod path_cache;
pub mod revocation;
#[cfg(test)]
pub(crate) mod test_chain;

pub use anchors::{TrustProblem, TrustStore, TrustStoreBuilder};
pub use certificate::{Certificate, CertificateError, KeyUsage};
pub use cms::{CmsBuildError, SealTemplate};
pub use cms_read::{CmsError, SignedData};
pub use crl::{Crl, CrlError, RevocationReason, Revoked};
pub use path::{PathError, VerifiedPath, verify_path};
pub use path_cache::PathCache;
pub use revocation::Revocation;
