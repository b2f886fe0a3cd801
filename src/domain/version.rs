//! Version numbers of a license: 001 to 999, never skipped, never used twice.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of one sealed issue of a license (版本号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct VersionNo(u16);

impl VersionNo {
    /// The first version of every license.
    pub const FIRST: Self = Self(1);
    /// The last number that three digits can write.
    pub const LAST: Self = Self(999);

    /// The number after this one, or `None` after 999.
    pub fn next(self) -> Option<Self> {
        (self < Self::LAST).then_some(Self(self.0 + 1))
    }

    /// The number, 1 to 999.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for VersionNo {
    /// Always three digits: `001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl FromStr for VersionNo {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        // `u16::from_str` would let "+01" through, so the digits are looked at first.
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VersionError);
        }
        text.parse::<u16>().map_err(|_| VersionError)?.try_into()
    }
}

impl TryFrom<u16> for VersionNo {
    type Error = VersionError;

    fn try_from(number: u16) -> Result<Self, VersionError> {
        if (1..=999).contains(&number) { Ok(Self(number)) } else { Err(VersionError) }
    }
}

impl From<VersionNo> for u16 {
    fn from(version: VersionNo) -> Self {
        version.0
    }
}

/// The text is not a version number: three digits, `001` to `999`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionError;

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version is three digits, 001 to 999")
    }
}

impl std::error::Error for VersionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_digits_from_001_are_a_version() {
        assert_eq!("001".parse(), Ok(VersionNo::FIRST));
        for text in ["000", "1", "+01", "1000", "00１", ""] {
            assert_eq!(text.parse::<VersionNo>(), Err(VersionError), "{text}");
        }
    }

    #[test]
    fn versions_follow_one_another_until_three_digits_end() {
        assert_eq!(VersionNo::FIRST.next().map(VersionNo::number), Some(2));
        assert_eq!(VersionNo::LAST.next(), None);
    }
}
