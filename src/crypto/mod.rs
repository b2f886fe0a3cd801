//! The only floor that sees cryptography.
//!
//! Everything above speaks of a [`Digest`], a [`Suite`], a [`Signer`] and a [`Signature`]; which library
//! computes them is known here and nowhere else. Nothing below this floor but `std`: it opens no files and
//! reads no clock, and the one thing it takes from the machine, randomness, comes through [`Random`].

pub mod check;
pub mod digest;
pub mod document;
pub mod foreign;
pub mod mac;
mod others;
pub mod pem;
pub mod random;
pub mod secret;
pub mod sign;
pub mod signature;
pub mod suite;

pub use check::{BadSignature, verify_der, verify_raw};
pub use digest::{Digest, DigestError, Hasher};
pub use document::{DocumentHash, Strength, verify_document};
pub use foreign::{
    ForeignAlgorithm, ForeignFault, HashAlgorithm, KeyKind, sha1_for_matching, verify_foreign,
};
pub use mac::{BlindIndexKey, same_bytes};
pub use random::{Random, SeededRandom, SystemRandom};
pub use secret::Secret;
pub use sign::{KeyError, KeySigner, SignFault, Signer};
pub use signature::{Signature, SignatureError};
pub use suite::Suite;
