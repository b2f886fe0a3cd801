//! The form of an SD-JWT: taken apart strictly, believed in nothing.
//!
//! Base64url is read in its one canonical spelling, so that no byte of a file can change unnoticed: header
//! and payload are under the signature as they are spelled, every disclosure under its digest, and of the two
//! signatures that verify, ours is told from the other ([`SdJwt::has_low_signature`]). Size, number and depth are bounded. A key-binding token behind the last
//! `~` is refused: licenses are not bound to a holder's key.
//!
//! Source: RFC 9901 sections 4 and 7.1, RFC 7515 section 5.2.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::crypto::{BadSignature, Digest, Signature, Suite, verify_raw};

use super::json::Json;

/// Largest file that is read, in bytes; our own bound, room for a portrait of two megabytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Most disclosures in one file; our own bound.
pub const MAX_DISCLOSURES: usize = 1_000;

/// Most certificates in `x5c`; our own bound, as deep as paths are followed.
const MAX_CHAIN: usize = 6;

/// An SD-JWT whose form is right. Whether its signature is, and whose it is, has not been asked yet.
pub struct SdJwt<'f> {
    signing_input: &'f [u8],
    suite: Suite,
    header: BTreeMap<String, Json>,
    payload: BTreeMap<String, Json>,
    signature: Signature,
    disclosures: Vec<Disclosure>,
}

/// One disclosed value.
pub struct Disclosure {
    /// What the payload holds in its place, in base64url.
    pub digest: String,
    /// The claim it is the value of; `None` for an element of a list.
    pub name: Option<String>,
    /// The value.
    pub value: Json,
}

impl<'f> SdJwt<'f> {
    /// Takes `file` apart.
    pub fn parse(file: &'f [u8]) -> Result<Self, ReadError> {
        if file.len() > MAX_BYTES {
            return Err(ReadError::TooLarge { actual_bytes: file.len() });
        }
        let mut encoded = between_tildes(file);
        let jwt = encoded.remove(0);
        match encoded.pop() {
            None => return Err(ReadError::NoTilde),
            Some(b"") => {}
            Some(_) => return Err(ReadError::KeyBinding),
        }
        if encoded.len() > MAX_DISCLOSURES {
            return Err(ReadError::TooManyDisclosures { actual: encoded.len() });
        }

        let mut parts = jwt.split(|byte| *byte == b'.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ReadError::JwtParts);
        };
        let signing_input = jwt.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        let header = read_object(header).ok_or(ReadError::Header)?;
        let payload = read_object(payload).ok_or(ReadError::Payload)?;
        // A member that must be understood and is not would make every other member unsafe to believe.
        if header.contains_key("crit") {
            return Err(ReadError::Critical);
        }
        let suite = header
            .get("alg")
            .and_then(Json::as_text)
            .and_then(Suite::from_jws_name)
            .ok_or(ReadError::Algorithm)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .ok()
            .and_then(|raw| Signature::from_raw(suite, raw).ok())
            .ok_or(ReadError::Signature)?;
        let disclosures = encoded.into_iter().map(read_disclosure).collect::<Result<_, _>>()?;
        Ok(Self { signing_input, suite, header, payload, signature, disclosures })
    }

    /// The suite the header names.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The media type the header names.
    pub fn typ(&self) -> Option<&str> {
        self.header.get("typ").and_then(Json::as_text)
    }

    /// The payload as it was signed, digests and all.
    pub fn payload(&self) -> &BTreeMap<String, Json> {
        &self.payload
    }

    /// The disclosures, in the order of the file.
    pub fn disclosures(&self) -> &[Disclosure] {
        &self.disclosures
    }

    /// Payload and disclosures, for putting the values in their places.
    pub(super) fn into_parts(self) -> (BTreeMap<String, Json>, Vec<Disclosure>) {
        (self.payload, self.disclosures)
    }

    /// The certificates of `x5c` in DER, leaf first; never empty.
    pub fn chain(&self) -> Result<Vec<Vec<u8>>, ReadError> {
        let der = |text: &Json| STANDARD.decode(text.as_text()?).ok();
        self.named_chain()?.iter().map(|text| der(text).ok_or(ReadError::Chain)).collect()
    }

    /// The same as it stands in the header: as many as there may be, in whatever base64.
    pub(super) fn named_chain(&self) -> Result<&[Json], ReadError> {
        let list = self.header.get("x5c").and_then(Json::as_list);
        list.filter(|list| (1..=MAX_CHAIN).contains(&list.len())).ok_or(ReadError::Chain)
    }

    /// Checks the signature under a key of `suite`; a key of another suite than the header names is no key
    /// for it.
    pub fn verify_signature(&self, suite: Suite, public_key: &[u8]) -> Result<(), BadSignature> {
        if suite != self.suite {
            return Err(BadSignature);
        }
        verify_raw(suite, public_key, self.signing_input, self.signature.raw())
    }

    /// Whether the signature is the one of two that this house makes; see [`Signature::is_low`]. Others make
    /// either, so it is not asked of an SD-JWT as such.
    pub fn has_low_signature(&self) -> bool {
        self.signature.is_low()
    }
}

impl fmt::Debug for SdJwt<'_> {
    /// Counts the disclosures and shows none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SdJwt({}, {} disclosures)", self.suite, self.disclosures.len())
    }
}

impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disclosure({})", self.digest)
    }
}

/// The parts of a file between its tildes; at least one.
fn between_tildes(file: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::with_capacity(32);
    let mut start = 0;
    for tilde in memchr::memchr_iter(b'~', file) {
        parts.extend(file.get(start..tilde));
        start = tilde + 1;
    }
    parts.extend(file.get(start..));
    parts
}

fn read_object(encoded: &[u8]) -> Option<BTreeMap<String, Json>> {
    let json = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    match Json::read(&json) {
        Ok(Json::Object(members)) => Some(members),
        _ => None,
    }
}

fn read_disclosure(encoded: &[u8]) -> Result<Disclosure, ReadError> {
    let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| ReadError::Disclosure)?;
    let Ok(Json::List(mut parts)) = Json::read(&json) else { return Err(ReadError::Disclosure) };
    let value = parts.pop().ok_or(ReadError::Disclosure)?;
    let mut parts = parts.into_iter();
    let name = match (parts.next(), parts.next(), parts.next()) {
        (Some(Json::Text(_)), None, None) => None,
        (Some(Json::Text(_)), Some(Json::Text(name)), None) => Some(name),
        _ => return Err(ReadError::Disclosure),
    };
    Ok(Disclosure { digest: Digest::of(encoded).to_base64url(), name, value })
}

/// Why bytes are not an SD-JWT that can be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The header names no algorithm of ours.
    Algorithm,
    /// `x5c` is not a list of one to six certificates in standard base64.
    Chain,
    /// The header has members that must be understood (`crit`), and we understand none.
    Critical,
    /// A disclosure is not an array of salt, name and value in canonical base64url.
    Disclosure,
    /// The header is not a JSON object in canonical base64url.
    Header,
    /// The signed token does not have exactly three parts.
    JwtParts,
    /// Something stands behind the last `~`: a key-binding token, which licenses do not use, or the rest
    /// of a file whose end was cut off.
    KeyBinding,
    /// There is no `~`: a plain JWT, or a file that was cut off.
    NoTilde,
    /// The payload is not a JSON object in canonical base64url.
    Payload,
    /// The signature is not canonical base64url, or has a length its suite does not have.
    Signature,
    /// The file is larger than [`MAX_BYTES`].
    TooLarge {
        /// Its size, in bytes.
        actual_bytes: usize,
    },
    /// There are more disclosures than [`MAX_DISCLOSURES`].
    TooManyDisclosures {
        /// How many there are.
        actual: usize,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => f.write_str("`alg` is not ES256 or RS256"),
            Self::Chain => {
                write!(f, "`x5c` is not a list of 1 to {MAX_CHAIN} certificates in base64")
            }
            Self::Critical => f.write_str("`crit` asks for something this reader does not know"),
            Self::Disclosure => f.write_str("a disclosure is damaged"),
            Self::Header => f.write_str("the header is damaged"),
            Self::JwtParts => f.write_str("the signed token does not have three parts"),
            Self::KeyBinding => f.write_str(
                "something stands behind the last `~`; licenses carry no key-binding token",
            ),
            Self::NoTilde => f.write_str("no `~` follows the signed token"),
            Self::Payload => f.write_str("the payload is damaged"),
            Self::Signature => f.write_str("the signature is damaged"),
            Self::TooLarge { actual_bytes } => {
                write!(f, "{actual_bytes} bytes; at most {MAX_BYTES} are read")
            }
            Self::TooManyDisclosures { actual } => {
                write!(f, "{actual} disclosures; at most {MAX_DISCLOSURES} are read")
            }
        }
    }
}

impl std::error::Error for ReadError {}
