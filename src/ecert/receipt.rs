//! The receipt of a verification (核验回执) as a signed JSON file.
//!
//! What was found is signed whole (`jws`): the verdict as a program gets it, what was handed in by its digest, who says
//! so and when. No value of a face is in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::crypto::{Digest, SignFault, Signer};
use crate::domain::{CopyNumber, LicenseId, Moment};

use super::json::Json;
use super::jws::{JwsError, SealedJson, SignedJson};

/// Largest receipt that is read, in bytes; our own bound, room for long revocation lists.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What it is called where it is attached to a sealed PDF.
pub const FILE_NAME: &str = "receipt.json";
/// What the payload is, as `cty` has it.
const CONTENT_TYPE: &str = "zhengku-receipt+json";

/// What is to be said in a receipt.
#[derive(Serialize)]
pub struct ReceiptBody<'r, V: Serialize> {
    /// Its number: a year and 12 characters that nobody can guess.
    pub receipt: &'r str,
    /// The code of the body that runs the library.
    pub library: &'r str,
    /// Its name.
    pub library_name: &'r str,
    /// When the receipt is made.
    pub issued_at: Moment,
    /// What was handed in.
    pub presented: Presented,
    /// The verdict, as it was given.
    pub verdict: &'r V,
}

/// What was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    /// SHA-256 of the file, or of the text of a square; none where a license id was asked for.
    pub sha256: Option<Digest>,
    /// How many bytes that were.
    pub size_bytes: Option<u64>,
}

impl Presented {
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { sha256: Some(Digest::of(bytes)), size_bytes: u64::try_from(bytes.len()).ok() }
    }

    /// No bytes at all: a license id was asked for.
    pub const NOTHING: Self = Self { sha256: None, size_bytes: None };
}

/// Signs `body` with the key whose certificates, leaf first and without the root, are `chain`.
///
/// # Errors
///
/// [`SignFault::Nonsense`] where there is no certificate, or the verdict is no JSON.
pub fn sign<V: Serialize>(
    body: &ReceiptBody<'_, V>,
    chain: &[&[u8]],
    signer: &dyn Signer,
) -> Result<SignedJson, SignFault> {
    let payload = serde_json::to_vec(body).map_err(|_| SignFault::Nonsense)?;
    SignedJson::sign(CONTENT_TYPE, &payload, body.issued_at, chain, signer)
}

/// Takes a receipt apart: the signed file, and what it says. Nothing of that is to be believed yet.
pub fn read(file: &[u8]) -> Result<(SealedJson, ReceiptFacts), JwsError> {
    let sealed = SealedJson::parse(file, CONTENT_TYPE, MAX_BYTES)?;
    let facts = ReceiptFacts::read(&sealed.payload).ok_or(JwsError::Payload)?;
    Ok((sealed, facts))
}

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptFacts {
    /// Its number.
    pub number: CopyNumber,
    /// The code of the body that runs the library.
    pub library: String,
    /// When it was made.
    pub issued_at: Moment,
    /// SHA-256 of what was handed in.
    pub presented: Option<Digest>,
    /// The verdict that was given, in its word.
    pub verdict: String,
    /// What the standing was said to be, in its word.
    pub standing_state: String,
    /// When the vault was asked.
    pub standing_as_of: Option<Moment>,
    /// The moment that was judged for.
    pub judged_at: Moment,
    /// The license.
    pub license_id: Option<LicenseId>,
    /// The sentence that was given, in Chinese and in English.
    pub headline: (String, String),
}

impl ReceiptFacts {
    fn read(payload: &BTreeMap<String, Json>) -> Option<Self> {
        let text = |name: &str| payload.get(name)?.as_text();
        let verdict = payload.get("verdict")?.as_object()?;
        let word = |name: &str| verdict.get(name)?.as_text();
        let headline = verdict.get("headline")?.as_object()?;
        let sentence = |language: &str| headline.get(language)?.as_text().map(str::to_owned);
        let presented = optional(payload.get("presented")?.as_object()?.get("sha256")?)?;
        let license_id = match verdict.get("license")? {
            Json::Null => None,
            license => Some(license.as_object()?.get("id")?.as_text()?.parse().ok()?),
        };
        Some(Self {
            number: text("receipt")?.parse().ok()?,
            library: text("library")?.to_owned(),
            issued_at: text("issued_at")?.parse().ok()?,
            presented,
            verdict: word("verdict")?.to_owned(),
            standing_state: word("standing_state")?.to_owned(),
            standing_as_of: optional(verdict.get("standing_as_of")?)?,
            judged_at: word("judged_at")?.parse().ok()?,
            license_id,
            headline: (sentence("zh")?, sentence("en")?),
        })
    }
}

/// A value that may be null; none where it is neither that nor well formed.
fn optional<T: std::str::FromStr>(value: &Json) -> Option<Option<T>> {
    match value {
        Json::Null => Some(None),
        value => value.as_text()?.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::jws::looks_like_signed_json;
    use super::super::testing::receipt_file;
    use super::*;
    use crate::crypto::Suite;

    /// The file with one of its texts changed after decoding, and spelled again.
    fn with(change: impl Fn(&mut serde_json::Map<String, serde_json::Value>)) -> Vec<u8> {
        let mut file = serde_json::from_slice(&receipt_file(None, &[])).unwrap();
        change(&mut file);
        serde_json::to_vec(&file).unwrap()
    }

    fn refused(file: &[u8]) -> JwsError {
        read(file).err().unwrap()
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let file = receipt_file(Some(b"token"), &[b"one", b"two"]);
        assert!(looks_like_signed_json(&file));
        let (read, facts) = super::read(&file).unwrap();
        assert_eq!(read.token.as_deref(), Some(&b"token"[..]));
        assert_eq!(read.crls, [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(facts.number.as_str(), "2026AAAABBBBCCCC");
        assert_eq!(facts.presented, Some(Digest::of(b"a file")));
        assert_eq!((facts.verdict.as_str(), facts.standing_state.as_str()), ("valid", "in_force"));
        assert_eq!(facts.license_id, None);
        let leaf = crate::pki::Certificate::from_der(&read.chain[0]).unwrap();
        read.verify(leaf.suite().unwrap(), leaf.public_key()).unwrap();
        assert!(read.verify(Suite::RsaPkcs1Sha256, leaf.public_key()).is_err());
    }

    #[test]
    fn what_is_not_laid_down_is_refused() {
        let header = |change: fn(&mut serde_json::Value)| {
            with(|file| {
                let text = file["protected"].as_str().unwrap();
                let mut header =
                    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
                change(&mut header);
                file["protected"] = URL_SAFE_NO_PAD.encode(header.to_string()).into();
            })
        };
        assert_eq!(refused(b"[]"), JwsError::NotJson);
        assert_eq!(refused(&vec![b' '; MAX_BYTES + 1]), JwsError::TooLarge { limit: MAX_BYTES });
        let more = with(|file| drop(file.insert("payload2".into(), "e30".into())));
        assert_eq!(refused(&more), JwsError::Member("payload2".to_owned()));
        assert_eq!(refused(&with(|file| drop(file.remove("signature")))), JwsError::Parts);
        assert_eq!(refused(&header(|it| it["cty"] = "other".into())), JwsError::OtherKind);
        assert_eq!(refused(&header(|it| it["alg"] = "none".into())), JwsError::Header);
        assert_eq!(refused(&header(|it| it["crit"] = vec!["b64"].into())), JwsError::Header);
        assert_eq!(refused(&header(|it| it["x5c"] = vec!["AAAA"].into())), JwsError::Chain);
        let no = |file: &mut serde_json::Map<String, _>| file["payload"] = "e30".into();
        assert_eq!(refused(&with(no)), JwsError::Payload);
        let beside = |file: &mut serde_json::Map<String, serde_json::Value>| {
            file.insert("header".into(), serde_json::json!({"etsiU": ["!"]}));
        };
        assert_eq!(refused(&with(beside)), JwsError::Beside);
        let padded = with(|file| {
            let text = format!("{}=", file["signature"].as_str().unwrap());
            file["signature"] = text.into();
        });
        assert_eq!(refused(&padded), JwsError::Signature);
    }
}
