//! Zhengku (证库): the electronic license library of a city.
//!
//! Issue once, seal, keep every version, verify anywhere, reuse many times. The floors of the house and who
//! may look at whom stand in `docs/architecture.md`; `tests/floors.rs` holds them.

pub mod cli;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod ecert;
pub mod http;
pub mod judge;
pub mod keys;
pub mod pdf;
pub mod picture;
pub mod pki;
pub mod remote;
pub mod service;
pub mod vault;
pub mod web;
