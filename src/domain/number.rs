//! Numbers that carry their own check digit.
//!
//! Each type exists only if the whole number holds together: length, alphabet, inner codes and check
//! character. An error says which part is wrong and never repeats the number, which is personal data.
//!
//! Sources: GB 32100-2015 (unified social credit code), GB 11714-1997 (organization code), GB 11643-1999
//! (citizen number), the numbering rule of food-business licenses with GB/T 17710-2008 MOD 11,10.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::check_char;
use super::time::Day;

macro_rules! text_number {
    ($name:ident) => {
        impl $name {
            /// The number as written.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl fmt::Debug for $name {
            /// Names the type and hides the number.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NumberError;

            fn try_from(text: String) -> Result<Self, NumberError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.text
            }
        }
    };
}

/// A unified social credit code (统一社会信用代码): 18 characters of GB 32100-2015.
///
/// One character for the registering department, one for the class, six for the division, nine for the
/// organization code with its own check character, and the check character over all of them.
///
/// # Examples
///
/// ```
/// # use zhengku::domain::CreditCode;
/// let code: CreditCode = "11990000MD0000008F".parse()?;
/// assert_eq!(code.division(), "990000");
/// # Ok::<(), zhengku::domain::NumberError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode {
    text: String,
}

impl CreditCode {
    /// Length in characters.
    pub const LEN: usize = 18;

    /// The six-digit division of the registering department.
    pub fn division(&self) -> &str {
        &self.text[2..8]
    }
}

text_number!(CreditCode);

impl FromStr for CreditCode {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (protected, last) = split_last(text, Self::LEN)?;
        if !protected[2..8].bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::Division);
        }
        let expected =
            check_char::credit_code(protected.as_bytes()).ok_or(NumberError::Alphabet)?;
        agree(expected, last)?;
        // Checked last: where one character was misread, the outer check is the better thing to name.
        protected[8..17].parse::<OrganizationCode>()?;
        Ok(Self { text: text.to_owned() })
    }
}

/// An organization code (组织机构代码): 8 characters and a check character of GB 11714-1997, without hyphen.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrganizationCode {
    text: String,
}

text_number!(OrganizationCode);

impl FromStr for OrganizationCode {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (protected, last) = split_last(text, 9)?;
        let expected =
            check_char::organization_code(protected.as_bytes()).ok_or(NumberError::Alphabet)?;
        agree(expected, last)?;
        Ok(Self { text: text.to_owned() })
    }
}

/// A citizen number (公民身份号码): 18 characters of GB 11643-1999.
///
/// Six digits of division, eight of the day of birth, three of sequence (odd for men), a check character.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CitizenNumber {
    text: String,
}

impl CitizenNumber {
    /// The day of birth it carries.
    pub fn born_on(&self) -> Day {
        birthday(&self.text)
            .unwrap_or_else(|_| unreachable!("looked at when the number was parsed"))
    }

    /// Whether the sequence is odd, which is given to men.
    pub fn is_male(&self) -> bool {
        self.text.as_bytes()[16] % 2 == 1
    }

    /// The number with the day of birth covered: `990000********0014`.
    pub fn masked(&self) -> String {
        format!("{}********{}", &self.text[..6], &self.text[14..])
    }
}

text_number!(CitizenNumber);

impl FromStr for CitizenNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (protected, last) = split_last(text, 18)?;
        let expected =
            check_char::citizen_number(protected.as_bytes()).ok_or(NumberError::Alphabet)?;
        birthday(text)?;
        agree(expected, last)?;
        Ok(Self { text: text.to_owned() })
    }
}

/// The number of a food-business license (食品经营许可证编号): `JY` and 14 digits.
///
/// One digit for the kind of business (1 sale, 2 catering, 3 canteen), six of division, six of sequence, and
/// a check digit over the 13 before it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FoodLicenseNumber {
    text: String,
}

text_number!(FoodLicenseNumber);

impl FromStr for FoodLicenseNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (protected, last) = split_last(text, 16)?;
        let digits = protected.strip_prefix("JY").ok_or(NumberError::Prefix { expected: "JY" })?;
        let expected = check_char::mod_11_10(digits.bytes()).ok_or(NumberError::Alphabet)?;
        if !matches!(digits.as_bytes()[0], b'1'..=b'3') {
            return Err(NumberError::Alphabet);
        }
        agree(expected, last)?;
        Ok(Self { text: text.to_owned() })
    }
}

/// Why a text is not the number it was sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberError {
    /// A character stands where the scheme does not allow it: a letter among digits, a lower-case letter,
    /// a full-width digit.
    Alphabet,
    /// The eight digits of the birthday are not a day of the calendar.
    Birthday,
    /// The check character does not agree: most often one character was misread or two were swapped.
    CheckCharacter {
        /// What the characters before it ask for.
        expected: char,
    },
    /// The six characters of the division are not digits.
    Division,
    /// The number has another length.
    Length {
        /// What the scheme lays down, in characters.
        expected: usize,
        /// What was sent, in characters.
        actual: usize,
    },
    /// The number does not begin as its scheme asks.
    Prefix {
        /// How it should begin.
        expected: &'static str,
    },
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alphabet => f.write_str("has a character that its scheme does not allow"),
            Self::Birthday => f.write_str("carries a birthday that is not in the calendar"),
            Self::CheckCharacter { .. } => {
                f.write_str("has a check character that does not agree: compare it with the source")
            }
            Self::Division => f.write_str("has a division that is not six digits"),
            Self::Length { expected, actual } => {
                write!(f, "has {actual} characters where {expected} are laid down")
            }
            Self::Prefix { expected } => write!(f, "does not begin with {expected}"),
        }
    }
}

impl std::error::Error for NumberError {}

fn split_last(text: &str, expected: usize) -> Result<(&str, char), NumberError> {
    let actual = text.chars().count();
    if actual != expected {
        return Err(NumberError::Length { expected, actual });
    }
    if !text.is_ascii() {
        return Err(NumberError::Alphabet);
    }
    let (protected, last) = text.split_at(expected - 1);
    Ok((protected, last.chars().next().ok_or(NumberError::Alphabet)?))
}

fn agree(expected: char, sent: char) -> Result<(), NumberError> {
    if expected == sent { Ok(()) } else { Err(NumberError::CheckCharacter { expected }) }
}

fn birthday(text: &str) -> Result<Day, NumberError> {
    format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14])
        .parse()
        .map_err(|_| NumberError::Birthday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_real_authorities_are_read() {
        for code in
            ["11100000000013338W", "11430000006122244L", "11220000013544541J", "11330105002500287C"]
        {
            assert!(code.parse::<CreditCode>().is_ok(), "{code}");
        }
        assert!("MB0327169".parse::<OrganizationCode>().is_ok());
    }

    #[test]
    fn each_way_to_be_wrong_meets_its_own_refusal() {
        use NumberError::*;
        let rows: &[(&str, NumberError)] = &[
            ("11990000MD0000008", Length { expected: 18, actual: 17 }),
            ("11990000MD0000008G", CheckCharacter { expected: 'F' }),
            ("1199O000MD0000008F", Division),
            ("11990000MI0000008F", Alphabet),
            ("11990000md0000008f", Alphabet),
        ];
        for (text, refusal) in rows {
            assert_eq!(text.parse::<CreditCode>(), Err(*refusal), "{text}");
        }
        assert_eq!("11010519491331002X".parse::<CitizenNumber>(), Err(Birthday));
        assert_eq!(
            "110105194912310020".parse::<CitizenNumber>(),
            Err(CheckCharacter { expected: 'X' })
        );
        assert_eq!("SC19900000000011".parse::<FoodLicenseNumber>(), Err(Prefix { expected: "JY" }));
    }

    #[test]
    fn a_citizen_number_tells_birthday_and_sex_and_prints_masked() {
        let number: CitizenNumber = "11010519491231002X".parse().unwrap();
        assert_eq!(number.born_on().to_string(), "1949-12-31");
        assert!(!number.is_male());
        assert_eq!(number.masked(), "110105********002X");
        assert_eq!(format!("{number:?}"), "CitizenNumber(…)");
    }

    #[test]
    fn a_food_license_number_is_protected_by_its_last_digit() {
        let digits = "1990000000001";
        let check = check_char::mod_11_10(digits.bytes()).unwrap();
        let number = format!("JY{digits}{check}");
        assert!(number.parse::<FoodLicenseNumber>().is_ok());
        let other = if check == '0' { '1' } else { '0' };
        assert_eq!(
            format!("JY{digits}{other}").parse::<FoodLicenseNumber>(),
            Err(NumberError::CheckCharacter { expected: check })
        );
    }
}
