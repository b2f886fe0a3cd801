//! Certificates, paths and signed messages: bytes in, facts out.
//!
//! The only floor that sees x509-parser and webpki. It opens no files, reads no clock and fetches nothing:
//! certificates and lists come in as bytes or text, the moment of checking and the trust store as arguments.
//! Whose word counts for which license is not decided here but in `judge`.

pub mod anchors;
mod ber;
pub mod certificate;
pub mod cms;
pub mod cms_read;
pub mod cms_timestamp;
pub mod crl;
pub mod crl_error;
mod crl_scope;
pub mod der;
mod der_time;
pub mod evidence;
mod extensions;
pub mod foreign_cms;
pub mod issuers;
mod list_signers;
mod list_words;
mod memo;
mod name_constraints;
pub mod ocsp;
pub mod ocsp_issue;
pub mod ocsp_response;
#[cfg(test)]
mod ocsp_tests;
pub mod path;
pub mod path_cache;
pub mod path_error;
mod path_rules;
#[cfg(test)]
mod path_rules_tests;
mod path_search;
mod path_webpki;
pub mod policy;
pub mod revocation;
mod signed;
#[cfg(test)]
pub(crate) mod test_chain;
pub mod timestamp;
mod timestamp_info;
pub mod timestamp_issue;
#[cfg(test)]
mod timestamp_tests;
pub mod timestamp_token;

pub use anchors::{TrustProblem, TrustStore, TrustStoreBuilder};
pub use certificate::{Certificate, CertificateError, KeyUsage};
pub use cms::{CmsBuildError, SealTemplate};
pub use cms_read::{CmsError, SignedData};
pub use cms_timestamp::{signature_to_stamp, timestamp_room, with_signature_timestamp};
pub use crl::{Crl, RevocationReason, Revoked};
pub use crl_error::CrlError;
pub use evidence::{Evidence, MAX_EVIDENCE};
pub use foreign_cms::{ForeignCmsError, ForeignSignature, SignedThing};
pub use issuers::issuers_of;
pub use ocsp::{OcspError, OcspRequest, read_ocsp_response};
pub use ocsp_issue::OcspIssuer;
pub use ocsp_response::{OcspAnswer, OcspResponse, OcspStatus};
pub use path::{Purpose, VerifiedPath, verify_path, verify_path_for, verify_path_under};
pub use path_cache::PathCache;
pub use path_error::PathError;
pub use policy::PolicyQuestion;
pub use revocation::Revocation;
pub use timestamp::{Imprint, TimestampError, TimestampRequest, read_response};
pub use timestamp_issue::TimestampIssuer;
pub use timestamp_token::TimestampToken;
