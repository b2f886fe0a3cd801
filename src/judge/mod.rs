//! From bytes to facts to findings to a verdict.
//!
//! [`examine()`] looks at a file and writes down one [`Finding`] for each check: passed, failed, or could not be
//! made. What the vault knows of the license comes in as a [`VaultFact`], and [`Examined::conclude`] keeps
//! integrity, authenticity and standing apart in a [`Verdict`] that leads with one sentence a clerk can act
//! on. A verdict is "valid" only if every check laid down for its form is there and passed, so a check that
//! was left out can never help a file along. The floor is pure: bytes, trust, facts and the moment come in.

mod certificate;
pub mod certificate_seen;
pub mod comparison;
mod copy;
mod ecert;
pub mod examine;
pub mod facts;
pub mod finding;
mod foreign;
pub mod foreign_seen;
mod foreign_trust;
mod headline;
pub mod indication;
mod level;
#[cfg(test)]
mod level_tests;
mod next_step;
pub mod observed;
mod pack_seen;
mod pdf;
#[cfg(test)]
mod pdf_tests;
mod picture;
mod receipt;
mod receipt_seen;
#[cfg(test)]
mod receipt_tests;
pub mod registry;
pub mod report;
pub mod signature;
pub mod source;
mod square;
mod square_seen;
#[cfg(test)]
mod square_tests;
mod stamp_seen;
#[cfg(test)]
mod stamp_tests;
mod stamps;
mod standing;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod texts;
pub mod verdict;
mod words;

pub use comparison::{Compared, ComparedField};
pub use copy::CopySaid;
pub use examine::{Examined, MAX_FILE_BYTES, examine, judge_id};
pub use facts::{Form, PackWord, Signers, Trust, VaultFact, VaultRecord};
pub use finding::{About, Finding, FindingOutcome, Text2};
pub use level::Protection;
pub use picture::{PictureRead, read_picture, shown_on_picture};
pub use receipt::ReceiptSaid;
pub use registry::Registry;
pub use square::{StatementSaid, examine_square, is_square};
pub use verdict::{LicenseFacts, Outcome, Overall, StandingState, Verdict};
pub use words::standing_text;
