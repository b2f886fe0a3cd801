//! The desks: one use of the system each, behind ports.
//!
//! A desk takes what a door has extracted, applies the rules of the trade and reaches the world only through
//! the traits in [`ports`]. The nine steps of issuing stand in [`issue`].

pub mod case_list;
pub mod case_result;
pub mod catalogue;
pub mod compare;
pub mod copies;
pub mod desks;
pub mod dev_pki;
pub mod error;
pub mod hold;
pub mod issue;
pub mod keeping;
pub mod last_authority;
mod library;
pub mod licenses;
pub mod ports;
pub mod protect;
pub mod recall;
pub mod receipt_face;
pub mod receipts;
pub mod reseal;
pub mod sealing;
pub mod specimen;
mod square;
pub mod stamping;
pub mod standing;
pub mod template_state;
pub mod trust_pack;
pub mod turns;
pub mod verify;
pub mod verify_cases;
pub mod whole;
pub mod workbench;
pub mod workshop;
