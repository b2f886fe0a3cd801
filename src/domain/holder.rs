//! Who holds a license.
//!
//! Source: GB/T 36903-2018, annex A (kinds of holder codes).

use std::fmt;

use super::number::{CitizenNumber, CreditCode, NumberError};

/// A person or an organization that a license is granted to (持证主体).
#[derive(Clone, PartialEq, Eq)]
pub struct Holder {
    name: String,
    code: HolderCode,
}

impl Holder {
    /// A holder with the name that is printed on the face; the name was looked at by `submission`.
    pub fn new(name: String, code: HolderCode) -> Self {
        Self { name, code }
    }

    /// The name as printed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The code and its kind.
    pub fn code(&self) -> &HolderCode {
        &self.code
    }
}

impl fmt::Debug for Holder {
    /// Shows the kind only: name and code are personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holder({})", self.code.kind.code())
    }
}

/// The code that names a holder (持证主体代码), with its kind; numbers that carry a check digit have been checked.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HolderCode {
    kind: HolderCodeKind,
    text: String,
}

impl HolderCode {
    /// Longest code of the kinds without a scheme of their own; our own bound.
    pub const MAX_LEN: usize = 30;

    /// Reads a code of the given kind.
    pub fn parse(kind: HolderCodeKind, text: &str) -> Result<Self, NumberError> {
        match kind {
            HolderCodeKind::CreditCode => drop(text.parse::<CreditCode>()?),
            HolderCodeKind::CitizenNumber => drop(text.parse::<CitizenNumber>()?),
            _ => {
                let actual = text.chars().count();
                if !(1..=Self::MAX_LEN).contains(&actual) {
                    return Err(NumberError::Length { expected: Self::MAX_LEN, actual });
                }
                if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                    return Err(NumberError::Alphabet);
                }
            }
        }
        Ok(Self { kind, text: text.to_owned() })
    }

    /// Which scheme the code belongs to.
    pub fn kind(&self) -> HolderCodeKind {
        self.kind
    }

    /// The code as written. Personal: never into a log, an error or a clear column.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The code with its middle covered, fit to be shown to somebody else.
    pub fn masked(&self) -> String {
        if let Ok(number) = self.text.parse::<CitizenNumber>() {
            return number.masked();
        }
        if self.kind == HolderCodeKind::CreditCode {
            // The codes of organizations are public.
            return self.text.clone();
        }
        let shown = self.text.len() / 4;
        let covered = self.text.len() - 2 * shown;
        let (head, tail) = (&self.text[..shown], &self.text[shown + covered..]);
        format!("{head}{}{tail}", "*".repeat(covered))
    }
}

impl fmt::Debug for HolderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HolderCode({}, …)", self.kind.code())
    }
}

macro_rules! holder_code_kinds {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $person:literal;)+) => {
        /// The kind of a holder code (持证主体代码类型).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum HolderCodeKind {
            $($(#[$doc])* $variant,)+
        }

        impl HolderCodeKind {
            /// The three digits of the standard.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The kind with these three digits.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// Whether a natural person is meant.
            pub fn is_person(self) -> bool {
                match self { $(Self::$variant => $person,)+ }
            }
        }
    };
}

// In the standard's order.
holder_code_kinds! {
    /// 统一社会信用代码.
    CreditCode = "001", false;
    /// 其他法人或其他组织有效证件代码.
    OtherOrganization = "099", false;
    /// 公民身份号码.
    CitizenNumber = "111", true;
    /// 中国人民解放军军官证.
    ArmyOfficer = "114", true;
    /// 中国人民武装警察部队警官证.
    PoliceOfficer = "115", true;
    /// 解放军士兵证.
    ArmySoldier = "118", true;
    /// 武警士兵证.
    PoliceSoldier = "119", true;
    /// 解放军文职人员证.
    ArmyCivilian = "120", true;
    /// 武警部队文职人员证.
    PoliceCivilian = "122", true;
    /// 外交护照.
    DiplomaticPassport = "411", true;
    /// 公务护照.
    ServicePassport = "412", true;
    /// 公务普通护照.
    PublicAffairsPassport = "413", true;
    /// 普通护照.
    Passport = "414", true;
    /// 台湾居民来往大陆通行证.
    TaiwanPermit = "511", true;
    /// 港澳居民来往内地通行证.
    HongKongMacaoPermit = "516", true;
    /// 其他自然人有效证件代码.
    OtherPerson = "999", true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_schemes_with_a_check_digit_are_checked_by_it() {
        use HolderCodeKind::*;
        assert!(HolderCode::parse(CitizenNumber, "11010519491231002X").is_ok());
        assert_eq!(
            HolderCode::parse(CitizenNumber, "110105194912310021"),
            Err(NumberError::CheckCharacter { expected: 'X' })
        );
        assert!(HolderCode::parse(Passport, "E12345678").is_ok());
        assert_eq!(HolderCode::parse(Passport, "E 1234"), Err(NumberError::Alphabet));
    }

    #[test]
    fn a_personal_code_is_masked_when_shown() {
        let code = HolderCode::parse(HolderCodeKind::Passport, "E12345678").unwrap();
        assert_eq!(code.masked(), "E1*****78");
        assert_eq!(format!("{code:?}"), "HolderCode(414, …)");
    }

    #[test]
    fn every_kind_is_found_again_by_its_digits() {
        for code in ["001", "099", "111", "114", "414", "511", "516", "999"] {
            assert_eq!(HolderCodeKind::from_code(code).map(HolderCodeKind::code), Some(code));
        }
        assert_eq!(HolderCodeKind::from_code("1"), None);
    }
}
