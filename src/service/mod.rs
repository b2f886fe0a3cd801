//! The desks: one use of the system each, behind ports.
//!
//! A desk takes what a door has extracted, applies the rules of the trade and reaches the world only through
//! the traits in [`ports`]. The nine steps of issuing stand in `issue`.

pub mod desks;
pub mod error;
pub mod ports;
