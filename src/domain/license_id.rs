//! The identifier of an electronic license.
//!
//! The room guarantees that a [`LicenseId`] is whole: six parts, each in form, the check character the
//! standard's own. What a type or an authority *is* stands in `license_type` and `catalogue`.
//!
//! Source: GB/T 36904-2018 as practised; the check character is ISO 7064 MOD 37,36.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::check_char;
use super::license_type::{AuthorityCode, LicenseTypeCode};
use super::version::VersionNo;

/// The identifier of one version of one electronic license (电子证照标识).
///
/// Six parts joined by full stops:
///
/// ```text
/// 1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R
/// └─ root ─────┘ └─ license type ────┘ └─ authority ────┘ └serial┘ └v┘ └ check
/// ```
///
/// Two ids that differ only in the version belong to the same license; see [`Self::key`].
///
/// # Examples
///
/// ```
/// # use zhengku::domain::{LicenseId, LicenseIdError};
/// let id: LicenseId =
///     "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R".parse()?;
/// assert_eq!(id.version().number(), 1);
///
/// // One digit of the serial misread: the check character no longer agrees.
/// let misread = "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260007.001.R";
/// assert_eq!(misread.parse::<LicenseId>(), Err(LicenseIdError::CheckCharacter { expected: '5' }));
/// # Ok::<(), LicenseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LicenseId {
    key: LicenseKey,
    version: VersionNo,
}

/// What all versions of one license share: type, issuing authority and serial.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LicenseKey {
    type_code: LicenseTypeCode,
    authority: String,
    serial: String,
}

impl LicenseKey {
    /// Longest serial we accept. The standard leaves the length open; this is our own bound.
    pub const MAX_SERIAL_LEN: usize = 64;

    /// The key of a license of ours: the authority is a credit code, the serial digits and capitals.
    pub fn new(
        type_code: LicenseTypeCode,
        authority: &AuthorityCode,
        serial: &str,
    ) -> Result<Self, LicenseIdError> {
        check_serial(serial)?;
        Ok(Self { type_code, authority: authority.as_str().to_owned(), serial: serial.to_owned() })
    }

    /// The license type.
    pub fn type_code(&self) -> &LicenseTypeCode {
        &self.type_code
    }

    /// The authority's code as the id writes it; in old ids this is not always a credit code.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The serial (流水号), unique within type and authority.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The id of one version of this license.
    pub fn version(&self, version: VersionNo) -> LicenseId {
        LicenseId { key: self.clone(), version }
    }
}

impl LicenseId {
    /// The object identifier under which all license ids stand.
    pub const ROOT: &str = "1.2.156.3005.2";
    /// No id is longer, in characters: root, parts and full stops with the longest serial.
    pub const MAX_LEN: usize =
        14 + 1 + 21 + 1 + 18 + 1 + LicenseKey::MAX_SERIAL_LEN + 1 + 3 + 1 + 1;

    /// What all versions of this license share.
    pub fn key(&self) -> &LicenseKey {
        &self.key
    }

    /// The version this id names.
    pub fn version(&self) -> VersionNo {
        self.version
    }

    /// The check character (校验位).
    pub fn check_char(&self) -> char {
        check_char::mod_37_36(self.protected())
            .unwrap_or_else(|| unreachable!("every part was held to digits and capitals when made"))
    }

    fn protected(&self) -> impl Iterator<Item = u8> + use<> {
        let LicenseKey { type_code, authority, serial } = &self.key;
        format!("{type_code}{authority}{serial}{}", self.version).into_bytes().into_iter()
    }
}

impl fmt::Display for LicenseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LicenseKey { type_code, authority, serial } = &self.key;
        let (root, check) = (Self::ROOT, self.check_char());
        write!(f, "{root}.{type_code}.{authority}.{serial}.{}.{check}", self.version)
    }
}

impl FromStr for LicenseId {
    type Err = LicenseIdError;

    fn from_str(text: &str) -> Result<Self, LicenseIdError> {
        let rest = text
            .strip_prefix(Self::ROOT)
            .and_then(|rest| rest.strip_prefix('.'))
            .ok_or(LicenseIdError::Root)?;
        let parts: Vec<&str> = rest.split('.').collect();
        let [type_code, authority, serial, version, check] = parts[..] else {
            return Err(LicenseIdError::PartCount { found: parts.len() });
        };
        // The check character is computed before the inner codes are judged: a single misread character
        // anywhere is best explained by it. That needs the alphabet only.
        if !is_plain(type_code) || type_code.len() != LicenseTypeCode::LEN {
            return Err(LicenseIdError::TypeCode);
        }
        // Six digits of a division and other codes of up to 18 characters are in circulation beside the
        // credit code, so only the alphabet and the length are held here.
        if !is_plain(authority) || !(6..=18).contains(&authority.len()) {
            return Err(LicenseIdError::Authority);
        }
        check_serial(serial)?;
        let version: VersionNo = version.parse().map_err(|_| LicenseIdError::Version)?;
        let protected = || [type_code, authority, serial].into_iter().flat_map(str::bytes);
        let protected = || protected().chain(version.to_string().into_bytes());
        let expected = check_char::mod_37_36(protected()).ok_or(LicenseIdError::Serial)?;
        if !check.chars().eq([expected]) {
            let vendor = check_char::vendor_variant(protected());
            return Err(if check.chars().eq(vendor) {
                LicenseIdError::VendorCheckCharacter { expected }
            } else {
                LicenseIdError::CheckCharacter { expected }
            });
        }
        let type_code = type_code.parse().map_err(|_| LicenseIdError::TypeCode)?;
        let key =
            LicenseKey { type_code, authority: authority.to_owned(), serial: serial.to_owned() };
        Ok(Self { key, version })
    }
}

impl TryFrom<String> for LicenseId {
    type Error = LicenseIdError;

    fn try_from(text: String) -> Result<Self, LicenseIdError> {
        text.parse()
    }
}

impl From<LicenseId> for String {
    fn from(id: LicenseId) -> Self {
        id.to_string()
    }
}

/// Why a text is not a license id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LicenseIdError {
    /// The authority part is not 6 to 18 digits and capitals.
    Authority,
    /// The check character agrees with no known rule: a character was misread.
    CheckCharacter {
        /// What the parts before it ask for.
        expected: char,
    },
    /// There are not five parts after the root.
    PartCount {
        /// How many there are.
        found: usize,
    },
    /// The text does not begin with `1.2.156.3005.2.`.
    Root,
    /// The serial is not 1 to 64 digits and capitals.
    Serial,
    /// The type part is not 21 characters with a sound credit code.
    TypeCode,
    /// The check character follows the variant of one known vendor and not the standard.
    VendorCheckCharacter {
        /// What the standard asks for.
        expected: char,
    },
    /// The version is not `001` to `999`.
    Version,
}

impl fmt::Display for LicenseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority => f.write_str("the authority part is not 6 to 18 digits and capitals"),
            Self::CheckCharacter { .. } => {
                f.write_str("the check character does not agree: a character was misread")
            }
            Self::PartCount { found } => write!(f, "{found} parts follow the root where 5 should"),
            Self::Root => f.write_str("a license id begins with 1.2.156.3005.2."),
            Self::Serial => f.write_str("the serial is not 1 to 64 digits and capitals"),
            Self::TypeCode => f.write_str("the type part is not a license type code"),
            Self::VendorCheckCharacter { .. } => f.write_str(
                "the check character follows a known vendor's variant and not the standard",
            ),
            Self::Version => f.write_str("the version is not 001 to 999"),
        }
    }
}

impl std::error::Error for LicenseIdError {}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn check_serial(serial: &str) -> Result<(), LicenseIdError> {
    let fits = (1..=LicenseKey::MAX_SERIAL_LEN).contains(&serial.len()) && is_plain(serial);
    if fits { Ok(()) } else { Err(LicenseIdError::Serial) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_seen_in_the_field_are_read_and_written_back() {
        for id in [
            "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
            "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
            "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
            "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
        ] {
            assert_eq!(id.parse::<LicenseId>().map(|id| id.to_string()).as_deref(), Ok(id));
        }
    }

    #[test]
    fn the_known_vendor_variant_is_named_and_never_accepted() {
        let id = "1.2.156.3005.2.11100000000013661B006.113700000045046442.\
                  209FA4E88F9E4C878F3E9BED2CE7EA49.001.M";
        let refusal = LicenseIdError::VendorCheckCharacter { expected: 'D' };
        assert_eq!(id.parse::<LicenseId>(), Err(refusal));
        assert!(id.replace(".M", ".D").parse::<LicenseId>().is_ok());
    }

    #[test]
    fn each_broken_part_is_named() {
        use LicenseIdError::*;
        let rows: &[(&str, LicenseIdError)] = &[
            ("", Root),
            ("1.2.156.3005.20.X", Root),
            ("1.2.156.3005.2.A.B", PartCount { found: 2 }),
            ("1.2.156.3005.2.1199.11990000MD0000008F.20260001.001.R", TypeCode),
            ("1.2.156.3005.2.11990000MD0000008F001.1199.20260001.001.R", Authority),
            ("1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.2026-1.001.R", Serial),
            ("1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F..001.R", Serial),
            ("1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.000.R", Version),
            ("1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.+01.R", Version),
        ];
        for (text, refusal) in rows {
            assert_eq!(text.parse::<LicenseId>(), Err(*refusal), "{text}");
        }
    }

    #[test]
    fn every_single_misread_character_of_an_id_is_noticed() {
        let id = "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R";
        for place in 15..id.len() {
            for other in ('0'..='9').chain('A'..='Z') {
                let mut misread: Vec<char> = id.chars().collect();
                if misread[place] == other || misread[place] == '.' {
                    continue;
                }
                misread[place] = other;
                let misread: String = misread.into_iter().collect();
                assert!(misread.parse::<LicenseId>().is_err(), "{misread}");
            }
        }
    }
}
