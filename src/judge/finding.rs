//! One check and how it came out (核验项).

use std::borrow::Cow;

use serde::Serialize;

/// One check: what was looked at, how it came out, what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A fixed word for programs, such as `seal.bytes`. Part of the API: never reworded, never reused.
    pub code: &'static str,
    /// How it came out.
    pub outcome: FindingOutcome,
    /// What it bears on.
    pub about: About,
    /// What was seen; no personal data.
    pub fact: Text2,
    /// What to do about it, where something can be done.
    pub next_step: Option<Text2>,
}

/// How a check came out. "Could not be made" is neither of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingOutcome {
    /// The check could not be made.
    CouldNotBeMade,
    /// It did not hold.
    Failed,
    /// It held.
    Passed,
}

/// What a check bears on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Whether an authority we trust sealed it (真实性).
    Authenticity,
    /// Whether the bytes are those that were sealed (完整性).
    Integrity,
    /// How long all this can still be checked (保护). It never decides about the document.
    Protection,
    /// Where the license stands today (证照状态).
    Standing,
}

/// A text in both languages of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text2 {
    /// Chinese, shown first.
    pub zh: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Text2 {
    /// A text without anything to fill in.
    pub const fn fixed(zh: &'static str, en: &'static str) -> Self {
        Self { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    /// A text with something filled in.
    pub fn filled(zh: String, en: String) -> Self {
        Self { zh: Cow::Owned(zh), en: Cow::Owned(en) }
    }
}
