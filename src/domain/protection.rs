//! How well a seal is protected against the passing of time (保护级别): the four levels of PAdES.
//!
//! A seal is checked against certificates, and certificates end. What has been added to a file by then decides
//! whether anybody can still check it. The room knows the levels and their order; what each needs in a file is
//! left to `pdf` and `pki`, whether a file has it to `judge`.
//!
//! Source: EN 319 142-1, clause 6.1.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A baseline level of PAdES; a later one includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// A seal, and nothing that outlives its certificate.
    #[serde(rename = "B-B")]
    BB,
    /// A trusted time-stamp proves that the seal existed at an instant.
    #[serde(rename = "B-T")]
    BT,
    /// The file also carries what is needed to check the seal at that instant without asking anybody.
    #[serde(rename = "B-LT")]
    BLT,
    /// A document time-stamp protects all of that, and the next one will protect this one.
    #[serde(rename = "B-LTA")]
    BLTA,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 4] = [Self::BB, Self::BT, Self::BLT, Self::BLTA];

    /// A fixed word for it, as the standard writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::BB => "B-B",
            Self::BT => "B-T",
            Self::BLT => "B-LT",
            Self::BLTA => "B-LTA",
        }
    }

    /// The level with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        Self::from_word(text).ok_or(LevelError)
    }
}

/// The text is not one of the four levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelError;

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level is B-B, B-T, B-LT or B-LTA")
    }
}

impl std::error::Error for LevelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_read_back_from_its_word_and_from_no_other() {
        for level in Level::ALL {
            assert_eq!(level.word().parse(), Ok(level));
            assert_eq!(serde_json::to_string(&level).ok(), Some(format!("\"{level}\"")));
        }
        for text in ["", "b-b", "B-LTV", "B-B ", "BT"] {
            assert_eq!(text.parse::<Level>(), Err(LevelError), "{text}");
        }
    }

    #[test]
    fn a_later_level_is_greater() {
        assert!(Level::ALL.is_sorted());
        assert!(Level::BT < Level::BLT);
    }
}
