//! Sealed PDF of anybody (外来签章文件), taken apart for judging.
//!
//! [`read_foreign`] finds the signatures of a file, what each of them speaks for, and everything that was changed
//! after it and that no rule allows. It trusts nothing that a viewer would have to repair: where two readers could see
//! two documents, there is an error and no answer. Nothing is hashed or judged here.
//!
//! Work is bounded by a budget that every value, object and unpacked byte is taken from.
//!
//! Source: ISO 32000-1:2008, 7.3 to 7.5, 12.7, 12.8; ISO 32000-2:2020, 12.8.4 and 12.8.5.

mod appended;
mod change;
mod document;
mod field;
mod filter;
mod lexer;
mod object;
mod role;
mod signature;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod xref;

pub use change::Change;
pub use object::ForeignError;
pub use signature::{ForeignFile, ForeignSeal, Permission, SubFilter, Uncovered, read_foreign};
pub use store::Store;
