//! The outside (外部服务): time-stamp authorities, OCSP responders, lists of revoked certificates.
//!
//! The only floor that makes outgoing HTTP requests. It visits addresses of the settings, and those in our own
//! sealing and time-stamp certificates where the settings say so; never an address that a submitted document
//! brings, which would let strangers send our server anywhere. Redirections are not followed. Every request is
//! bounded in time and every answer in length; whoever fails is left alone for a while, so that a dead
//! authority does not cost every license its deadline.
//!
//! Answers are checked here in full, by `pki`. What is done with them is decided in `service`.

pub mod address;
mod breaker;
pub mod http;
mod revocation;
mod tsa;

pub use address::{Address, AddressError};
pub use http::{Http, HttpLimits};
pub use revocation::{RevocationSettings, Revocations};
pub use tsa::{TsaClient, TsaSettings};
