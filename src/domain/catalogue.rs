//! The catalogue (证照目录): which license types there are, and what each asks for.
//!
//! A [`TypeDefinition`] comes out of a `type.toml` file and exists only if the file holds together; every fault
//! of a file is reported, not the first. A [`Catalogue`] holds the definitions by day in force, and the
//! authorities that may issue. How a face looks is left to `pdf::face_template`.
//!
//! Source: the elements of GB/T 36902 and GB/T 36903-2018 as practised; file format in `docs/templates.md`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::division::DivisionCode;
use super::face::PortraitType;
use super::license_type::{AuthorityCode, LicenseTypeCode};
use super::time::Day;

/// One dated definition (edition) of a license type.
#[derive(Clone, Debug)]
pub struct TypeDefinition {
    /// Its code.
    pub code: LicenseTypeCode,
    /// Its name, in Chinese.
    pub name: String,
    /// Counts the definitions of this type, from 1.
    pub edition: u32,
    /// First day of this edition.
    pub in_force_from: Day,
    /// First day on which it no longer serves, if that is known.
    pub retired_from: Option<Day>,
    /// Who may hold such a license.
    pub holder: HolderRule,
    /// How many joint holders there may be.
    pub holders_max: usize,
    /// The authorities that may issue it.
    pub issuers: Vec<AuthorityCode>,
    /// What its license number looks like.
    pub number: NumberRule,
    /// How long it lasts.
    pub term: Term,
    /// Its fields, in order.
    pub fields: Vec<FieldDefinition>,
}

impl TypeDefinition {
    /// The definition of one field.
    pub fn field(&self, code: &str) -> Option<&FieldDefinition> {
        self.fields.iter().find(|field| field.code == code)
    }

    /// The columns of a table field; none for any other.
    pub fn columns(&self, code: &str) -> &[Column] {
        match self.field(code).map(|field| &field.source) {
            Some(FieldSource::Submitted { kind: FieldKind::Table { columns, .. }, .. }) => columns,
            _ => &[],
        }
    }
}

/// Who may hold a license of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderRule {
    /// Persons and organizations.
    Either,
    /// Organizations only.
    Organization,
    /// Natural persons only.
    Person,
}

/// What the license number (证照编号) of a type looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberRule {
    /// A unified social credit code.
    CreditCode,
    /// A food-license number.
    FoodLicense,
    /// A form; see [`matches_form`].
    Form(String),
    /// The code of the first holder.
    HolderCode,
    /// Any text up to this many characters.
    Text {
        /// In characters.
        limit_chars: usize,
    },
}

/// How long licenses of a type last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Whether an end is required, forbidden or open.
    pub end: TermEnd,
    /// The end lies at most so many years after the first day.
    pub max_years: Option<u16>,
}

/// Whether a validity period has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermEnd {
    /// An end is required.
    FixedEnd,
    /// No end may be given.
    NoEnd,
    /// Either is fine.
    Open,
}

/// One field of a face (照面项).
#[derive(Clone, Debug)]
pub struct FieldDefinition {
    /// Pinyin code: capitals, digits, underscore.
    pub code: String,
    /// Name, in Chinese.
    pub name: String,
    /// Where its value comes from.
    pub source: FieldSource,
}

/// Where the value of a field comes from.
#[derive(Clone, Debug)]
pub enum FieldSource {
    /// From the license itself.
    Filled(FilledFrom),
    /// From the face data of the submission.
    Submitted {
        /// What it may be.
        kind: FieldKind,
        /// Whether it must be there.
        required: bool,
    },
}

/// What of the license itself fills a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilledFrom {
    /// The name of the issuing authority.
    AuthorityName,
    /// The holders' codes, joined by 、.
    HolderCodes,
    /// The holders' names, joined by 、.
    HolderNames,
    /// The day of issue.
    IssuedOn,
    /// The license number.
    LicenseNumber,
    /// The first day of validity.
    ValidFrom,
    /// The last day of validity, or 长期.
    ValidTo,
    /// Both days of validity.
    Validity,
}

/// What a submitted value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One of a list.
    Choice {
        /// The list.
        options: Vec<String>,
    },
    /// A citizen number.
    CitizenNumber,
    /// A unified social credit code.
    CreditCode,
    /// A day.
    Date,
    /// A day and a minute, in China.
    DateTime,
    /// A decimal number.
    Decimal {
        /// Most digits behind the point.
        decimals: usize,
        /// Most digits before the point.
        max_digits: usize,
        /// Printed behind the number.
        unit: String,
    },
    /// A whole number.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// Printed behind the number.
        unit: String,
    },
    /// A photograph.
    Portrait {
        /// Largest size of the picture, in bytes.
        max_bytes: usize,
        /// The formats it may have.
        media_types: Vec<PortraitType>,
    },
    /// Rows of cells.
    Table {
        /// The columns.
        columns: Vec<Column>,
        /// Most rows.
        max_rows: usize,
    },
    /// A text.
    Text {
        /// Longest, in characters: 汉 counts as one.
        limit_chars: usize,
        /// Whether line breaks are allowed.
        lines: bool,
    },
}

/// A column of a table field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Pinyin code.
    pub code: String,
    /// Name, printed in the head.
    pub name: String,
    /// Longest cell, in characters.
    pub limit_chars: usize,
}

/// An authority that may issue licenses (证照颁发机构).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuingAuthority {
    /// Its code.
    pub code: AuthorityCode,
    /// Its name, in Chinese.
    pub name: String,
    /// The division it serves.
    pub division: DivisionCode,
    /// Whether it runs an electronic license library (证照库), whose receipts and trust packs count.
    #[serde(default)]
    pub library: bool,
}

/// All definitions by day in force, and all authorities.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    types: BTreeMap<LicenseTypeCode, Vec<TypeDefinition>>,
    authorities: BTreeMap<AuthorityCode, IssuingAuthority>,
}

impl Catalogue {
    /// Puts definitions and authorities together; what does not fit is reported, all of it.
    pub fn new(
        types: Vec<TypeDefinition>,
        authorities: Vec<IssuingAuthority>,
    ) -> Result<Self, Vec<CatalogueFault>> {
        let mut faults = Vec::new();
        let mut catalogue = Self::default();
        for authority in authorities {
            let code = authority.code.clone();
            if catalogue.authorities.insert(code.clone(), authority).is_some() {
                faults.push(CatalogueFault::new("authority", format!("{code} is listed twice")));
            }
        }
        for definition in types {
            for issuer in &definition.issuers {
                if !catalogue.authorities.contains_key(issuer) {
                    let message =
                        format!("issuer {issuer} of type {} is not listed", definition.code);
                    faults.push(CatalogueFault::new("issuers", message));
                }
            }
            catalogue.types.entry(definition.code.clone()).or_default().push(definition);
        }
        for editions in catalogue.types.values_mut() {
            editions.sort_by_key(|edition| edition.in_force_from);
            for pair in editions.windows(2) {
                if pair[0].in_force_from == pair[1].in_force_from {
                    let message = format!("two editions of {} begin on one day", pair[0].code);
                    faults.push(CatalogueFault::new("in_force_from", message));
                }
            }
        }
        if faults.is_empty() { Ok(catalogue) } else { Err(faults) }
    }

    /// The edition of a type that is in force on `day`: the newest that has begun and is not retired.
    pub fn find(&self, code: &LicenseTypeCode, day: Day) -> Option<&TypeDefinition> {
        let editions = self.types.get(code)?;
        let newest = editions.iter().rev().find(|edition| edition.in_force_from <= day)?;
        newest.retired_from.is_none_or(|retired| day < retired).then_some(newest)
    }

    /// The edition of a type that licenses issued on `day` go by, retired or not; the first for those of before.
    pub fn edition_of(&self, code: &LicenseTypeCode, day: Day) -> Option<&TypeDefinition> {
        let editions = self.types.get(code)?;
        let newest = editions.iter().rev().find(|edition| edition.in_force_from <= day);
        newest.or(editions.first())
    }

    /// A stated edition of a type.
    pub fn edition(&self, code: &LicenseTypeCode, edition: u32) -> Option<&TypeDefinition> {
        self.types.get(code)?.iter().find(|known| known.edition == edition)
    }

    /// The newest edition of every type, by code.
    pub fn newest(&self) -> impl Iterator<Item = &TypeDefinition> {
        self.types.values().filter_map(|editions| editions.last())
    }

    /// An authority by its code.
    pub fn authority(&self, code: &AuthorityCode) -> Option<&IssuingAuthority> {
        self.authorities.get(code)
    }

    /// Every authority, by code.
    pub fn authorities(&self) -> impl Iterator<Item = &IssuingAuthority> {
        self.authorities.values()
    }
}

/// One thing that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueFault {
    /// The key in the file, such as `field[3].limit_chars`.
    pub place: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl CatalogueFault {
    /// A fault at a place.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

impl fmt::Display for CatalogueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for CatalogueFault {}

/// Whether a number has a form: `#` stands for a digit, `@` for a capital letter, `?` for one Han character;
/// `|` takes the next character as itself; everything else stands for itself.
pub fn matches_form(form: &str, number: &str) -> bool {
    let mut rest = number.chars();
    let mut form = form.chars();
    while let Some(rule) = form.next() {
        let fits = match (rule, rest.next()) {
            (_, None) => false,
            ('#', Some(found)) => found.is_ascii_digit(),
            ('@', Some(found)) => found.is_ascii_uppercase(),
            ('?', Some(found)) => is_han(found),
            ('|', Some(found)) => form.next() == Some(found),
            (literal, Some(found)) => literal == found,
        };
        if !fits {
            return false;
        }
    }
    rest.next().is_none()
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_tells_digits_letters_and_han_characters_apart() {
        for (form, number, fits) in [
            ("J######-####-######", "J990100-2026-000123", true),
            ("J######-####-######", "J990100-2026-00012", false),
            ("J######-####-######", "J990100-2026-0001234", false),
            ("?交运管许可?字######", "示交运管许可货字990100", true),
            ("@#", "Ａ1", false),
            ("@#", "A１", false),
            ("|##", "#1", true),
            ("|##", "11", false),
        ] {
            assert_eq!(matches_form(form, number), fits, "{form} {number}");
        }
    }
}
