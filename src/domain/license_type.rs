//! The codes of license types and of authorities.
//!
//! Source: GB/T 36904-2018 as practised: a type code is the credit code of the body that lays the type down,
//! and three digits of that body's own numbering.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::number::{CreditCode, NumberError};

/// The code of an authority (证照颁发机构代码): its unified social credit code.
pub type AuthorityCode = CreditCode;

/// The code of a license type (证照类型代码): 21 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LicenseTypeCode {
    text: String,
}

impl LicenseTypeCode {
    /// Length in characters: 18 for the defining authority, 3 for its own numbering.
    pub const LEN: usize = 21;

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The code of the body that lays the type down (证照定义机构).
    pub fn defining_authority(&self) -> &str {
        &self.text[..CreditCode::LEN]
    }
}

impl fmt::Display for LicenseTypeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for LicenseTypeCode {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let actual = text.chars().count();
        if actual != Self::LEN {
            return Err(NumberError::Length { expected: Self::LEN, actual });
        }
        if !text.is_ascii() {
            return Err(NumberError::Alphabet);
        }
        let (authority, serial) = text.split_at(CreditCode::LEN);
        authority.parse::<CreditCode>()?;
        if !serial.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::Alphabet);
        }
        Ok(Self { text: text.to_owned() })
    }
}

impl TryFrom<String> for LicenseTypeCode {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl From<LicenseTypeCode> for String {
    fn from(code: LicenseTypeCode) -> Self {
        code.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_code_names_the_body_that_laid_it_down() {
        let code: LicenseTypeCode = "11100000000013338W032".parse().unwrap();
        assert_eq!(code.defining_authority(), "11100000000013338W");
        assert_eq!("11100000000013338W03A".parse::<LicenseTypeCode>(), Err(NumberError::Alphabet));
        assert_eq!(
            "11100000000013338X032".parse::<LicenseTypeCode>(),
            Err(NumberError::CheckCharacter { expected: 'W' })
        );
    }
}
