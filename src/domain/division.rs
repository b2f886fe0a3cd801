//! Administrative divisions, from the city to the community.
//!
//! A code has twelve digits; shorter national codes are padded with zeros when they are written down. The
//! parent of a division is *stated*, never cut out of the code: counties under a province and development
//! zones have codes whose digits point elsewhere.
//!
//! Sources: GB/T 2260 (first six digits), GB/T 10114 (next three), the statistical rule for the last three.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The code of a division (行政区划代码): twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DivisionCode {
    text: String,
}

impl DivisionCode {
    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for DivisionCode {
    type Err = DivisionError;

    fn from_str(text: &str) -> Result<Self, DivisionError> {
        let fits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self { text: text.to_owned() }) } else { Err(DivisionError::Code) }
    }
}

impl TryFrom<String> for DivisionCode {
    type Error = DivisionError;

    fn try_from(text: String) -> Result<Self, DivisionError> {
        text.parse()
    }
}

impl From<DivisionCode> for String {
    fn from(code: DivisionCode) -> Self {
        code.text
    }
}

/// The four levels on which a city is governed, from the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DivisionLevel {
    /// 市.
    City,
    /// 区县.
    District,
    /// 街道、镇、乡.
    Street,
    /// 社区、村.
    Community,
}

/// One division and the one above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Division {
    /// Its code.
    pub code: DivisionCode,
    /// Its name, in Chinese.
    pub name: String,
    /// Its level.
    pub level: DivisionLevel,
    /// The division above it, or `None` for the city itself.
    pub parent: Option<DivisionCode>,
}

/// The divisions of one city: a tree, checked whole.
#[derive(Clone, Debug, Default)]
pub struct DivisionTree {
    divisions: BTreeMap<DivisionCode, Division>,
}

impl DivisionTree {
    /// Builds the tree; every fault is reported.
    pub fn new(divisions: Vec<Division>) -> Result<Self, Vec<DivisionError>> {
        let mut tree = Self::default();
        let mut faults = Vec::new();
        for division in divisions {
            let code = division.code.clone();
            if tree.divisions.insert(code.clone(), division).is_some() {
                faults.push(DivisionError::Twice { code });
            }
        }
        for division in tree.divisions.values() {
            let code = division.code.clone();
            match division.parent.as_ref().map(|parent| tree.divisions.get(parent)) {
                None if division.level == DivisionLevel::City => {}
                None | Some(None) => faults.push(DivisionError::NoParent { code }),
                // A parent of a wider level: so no path upwards can come back to where it began.
                Some(Some(parent)) if parent.level < division.level => {}
                Some(Some(_)) => faults.push(DivisionError::ParentLevel { code }),
            }
        }
        if faults.is_empty() { Ok(tree) } else { Err(faults) }
    }

    /// The division with this code.
    pub fn find(&self, code: &DivisionCode) -> Option<&Division> {
        self.divisions.get(code)
    }

    /// Whether `inner` is `outer` or lies below it.
    pub fn is_within(&self, inner: &DivisionCode, outer: &DivisionCode) -> bool {
        let mut next = self.find(inner);
        while let Some(division) = next {
            if &division.code == outer {
                return true;
            }
            next = division.parent.as_ref().and_then(|parent| self.find(parent));
        }
        false
    }
}

/// Why a code or a tree of divisions does not hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DivisionError {
    /// The text is not twelve digits.
    Code,
    /// The division below the city names no parent, or one that is not in the list.
    NoParent {
        /// Which division.
        code: DivisionCode,
    },
    /// The parent is not of a wider level.
    ParentLevel {
        /// Which division.
        code: DivisionCode,
    },
    /// The code stands in the list twice.
    Twice {
        /// Which division.
        code: DivisionCode,
    },
}

impl fmt::Display for DivisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => f.write_str("a division code is twelve digits"),
            Self::NoParent { code } => write!(f, "division {code} has no parent in the list"),
            Self::ParentLevel { code } => write!(f, "the parent of division {code} is not wider"),
            Self::Twice { code } => write!(f, "division {code} is listed twice"),
        }
    }
}

impl std::error::Error for DivisionError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn division(code: &str, level: DivisionLevel, parent: Option<&str>) -> Division {
        let parent = parent.map(|parent| parent.parse().unwrap());
        Division { code: code.parse().unwrap(), name: "甲".to_owned(), level, parent }
    }

    #[test]
    fn a_development_zone_lies_where_it_says_and_not_where_its_digits_point() {
        use DivisionLevel::*;
        let tree = DivisionTree::new(vec![
            division("990000000000", City, None),
            division("990100000000", District, Some("990000000000")),
            division("990200000000", District, Some("990000000000")),
            division("990171001000", Street, Some("990200000000")),
        ])
        .unwrap();
        let code = |text: &str| text.parse::<DivisionCode>().unwrap();
        assert!(tree.is_within(&code("990171001000"), &code("990200000000")));
        assert!(tree.is_within(&code("990171001000"), &code("990000000000")));
        assert!(!tree.is_within(&code("990171001000"), &code("990100000000")));
    }

    #[test]
    fn a_tree_that_does_not_hold_together_is_refused_with_all_its_faults() {
        use DivisionLevel::*;
        let faults = DivisionTree::new(vec![
            division("990000000000", City, None),
            division("990100000000", District, Some("990300000000")),
            division("990200000000", District, None),
            division("990201000000", City, Some("990100000000")),
        ])
        .unwrap_err();
        assert_eq!(faults.len(), 3);
        assert_eq!("990100".parse::<DivisionCode>(), Err(DivisionError::Code));
    }
}
