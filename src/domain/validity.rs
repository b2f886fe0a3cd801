//! How long a license is valid.

use std::fmt;

use serde::Serialize;

use super::time::Day;

/// First and last day on which a license is valid (有效期), both included; it may have no end (长期).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Validity {
    from: Day,
    to: Option<Day>,
}

impl Validity {
    /// The period from `from` to `to`, both included, or without an end.
    pub fn new(from: Day, to: Option<Day>) -> Result<Self, ValidityError> {
        match to {
            Some(to) if to < from => Err(ValidityError { from, to }),
            _ => Ok(Self { from, to }),
        }
    }

    /// The first day.
    pub fn from(&self) -> Day {
        self.from
    }

    /// The last day, or `None` where there is no end.
    pub fn to(&self) -> Option<Day> {
        self.to
    }

    /// Whether `day` lies before the first day.
    pub fn begins_after(&self, day: Day) -> bool {
        day < self.from
    }

    /// Whether `day` lies after the last day.
    pub fn ended_before(&self, day: Day) -> bool {
        self.to.is_some_and(|to| to < day)
    }

    /// As licenses print it: `2026年11月22日至2031年11月21日`, or `…至长期`.
    pub fn in_chinese(&self) -> String {
        match self.to {
            Some(to) => format!("{}至{}", self.from.in_chinese(), to.in_chinese()),
            None => format!("{}至长期", self.from.in_chinese()),
        }
    }
}

/// The last day comes before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidityError {
    /// The first day that was sent.
    pub from: Day,
    /// The last day that was sent.
    pub to: Day,
}

impl fmt::Display for ValidityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ends on {}, before it begins on {}", self.to, self.from)
    }
}

impl std::error::Error for ValidityError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn both_ends_are_included() {
        let period = Validity::new(day("2026-01-01"), Some(day("2026-12-31"))).unwrap();
        assert!(!period.begins_after(day("2026-01-01")) && !period.ended_before(day("2026-12-31")));
        assert!(period.begins_after(day("2025-12-31")) && period.ended_before(day("2027-01-01")));
    }

    #[test]
    fn a_period_without_an_end_never_ends() {
        let period = Validity::new(day("2026-01-01"), None).unwrap();
        assert!(!period.ended_before(day("9999-12-31")));
        assert_eq!(period.in_chinese(), "2026年01月01日至长期");
    }

    #[test]
    fn an_end_before_the_beginning_is_refused() {
        let (from, to) = (day("2026-01-02"), day("2026-01-01"));
        assert_eq!(Validity::new(from, Some(to)), Err(ValidityError { from, to }));
        assert!(Validity::new(from, Some(from)).is_ok());
    }
}
