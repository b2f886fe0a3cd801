//! Where sealing keys live.
//!
//! A [`SealKey`] holds the private key of one authority beside its certificates; the [`KeyRing`] finds it by
//! the authority's code. Keys come from files here (`keys::file`); a PKCS#11 token will be another room.
//! This floor may read files, and it decides nothing: who may seal what is a rule of `service`.

pub mod dev;
pub mod file;
pub mod key_ring;

pub use dev::{DevelopmentFound, refuse_development};
pub use file::{SealKey, SealKeyError};
pub use key_ring::{KeyRing, KeyRingFault, KeyRingProblem};
