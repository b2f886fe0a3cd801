//! From bytes to facts to findings to a verdict.

pub mod finding;
pub mod verdict;

pub use finding::{Finding, FindingOutcome, Question, Text2};
pub use verdict::{JudgedForm, LicenseFacts, Outcome, Overall, StandingState, Verdict};
