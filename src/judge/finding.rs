//! A finding (核验项): one check, and what came of it.
//!
//! Each check passes, fails or could not be made, and the last is never a pass. A finding says what was seen
//! in words for people and carries a fixed code for programs; it holds no personal data, because verdicts are
//! printed, filed and passed on.

use serde::Serialize;

/// A sentence in both languages of the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text2 {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text2 {
    /// The same sentence in Chinese and in English.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// One check of a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A fixed word, such as `seal.bytes`. Part of the API: never reworded, never reused.
    pub code: &'static str,
    /// What came of it.
    pub outcome: FindingOutcome,
    /// Which of the three questions it helps to answer.
    pub about: Question,
    /// What was seen.
    pub fact: Text2,
    /// What to do about it, where there is something to do.
    pub next_step: Option<Text2>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingOutcome {
    /// It could not be made; that is neither a pass nor a failure.
    CouldNotBeMade,
    /// It was made and what it asks for does not hold.
    Failed,
    /// It was made and what it asks for holds.
    Passed,
}

/// The three questions a verdict keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Was it sealed by an authority we trust for that type (真实性)?
    Authenticity,
    /// Are the bytes those that were sealed (完整性)?
    Integrity,
    /// May the license be relied on today (证照状态)?
    Standing,
}
