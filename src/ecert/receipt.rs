//! The receipt of a verification (核验回执) as a signed JSON file.
//!
//! What was found is signed whole: the verdict as a program gets it, what was handed in by its digest, who says so and
//! when. It is a JWS in flattened JSON; a time-stamp over the signature, and the revocation lists of the day, stand
//! beside it in `etsiU`, so that it can be checked when the certificate has long ended. No value of a face is in it.
//!
//! Sources: RFC 7515 section 7.2.2; ETSI TS 119 182-1 (JAdES) clauses 5.1 (`iat`, `x5t#S256`), 5.3.4 (`sigTst`) and
//! 5.3.5 (`rVals`).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::crypto::{BadSignature, Digest, SignFault, Signature, Signer, Suite, verify_raw};
use crate::domain::{CopyNumber, LicenseId, Moment};

use super::json::Json;

/// Largest receipt that is read, in bytes; our own bound, room for long revocation lists.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What it is called where it is attached to a sealed PDF.
pub const FILE_NAME: &str = "receipt.json";
/// Its media type (RFC 7515, section 9.2.2).
pub const MEDIA_TYPE: &str = "application/jose+json";
/// Most certificates in `x5c`, and most pieces of validation data; our own bounds.
const MAX_CHAIN: usize = 6;
const MAX_PIECES: usize = 16;
/// The media type of a JWS in JSON (RFC 7515, section 9.2.2), as `typ` has it.
const TYP: &str = "jose+json";
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

/// A receipt that has been signed; it may still be given a time-stamp.
pub struct SignedReceipt {
    protected: String,
    payload: String,
    signature: String,
}

impl SignedReceipt {
    /// Signs `body` with the key whose certificates, leaf first and without the root, are `chain`.
    ///
    /// # Errors
    ///
    /// [`SignFault::Nonsense`] where there is no certificate, or the verdict is no JSON.
    pub fn sign<V: Serialize>(
        body: &ReceiptBody<'_, V>,
        chain: &[&[u8]],
        signer: &dyn Signer,
    ) -> Result<Self, SignFault> {
        let leaf = chain.first().ok_or(SignFault::Nonsense)?;
        let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
        let header = serde_json::json!({
            "alg": signer.suite().jws_name(),
            "cty": CONTENT_TYPE,
            "iat": body.issued_at.unix_seconds(),
            "typ": TYP,
            "x5c": x5c,
            "x5t#S256": Digest::of(leaf).to_base64url(),
        });
        let payload = serde_json::to_vec(body).map_err(|_| SignFault::Nonsense)?;
        let protected = URL_SAFE_NO_PAD.encode(header.to_string());
        let payload = URL_SAFE_NO_PAD.encode(payload);
        let signature = signer.sign(format!("{protected}.{payload}").as_bytes())?;
        let signature = URL_SAFE_NO_PAD.encode(signature.raw());
        Ok(Self { protected, payload, signature })
    }

    /// What a time-stamp is to be over: the signature as it is spelled (JAdES, clause 5.3.4.1).
    pub fn digest_to_stamp(&self) -> Digest {
        Digest::of(self.signature.as_bytes())
    }

    /// The file, with a time-stamp token and revocation lists in DER.
    pub fn into_file(self, token: Option<&[u8]>, crls: &[&[u8]]) -> Vec<u8> {
        let Self { protected, payload, signature } = self;
        let values = |all: &[&[u8]]| -> Vec<serde_json::Value> {
            all.iter().map(|der| serde_json::json!({ "val": STANDARD.encode(der) })).collect()
        };
        let stamp =
            token.map(|token| serde_json::json!({ "sigTst": { "tstTokens": values(&[token]) } }));
        let lists =
            (!crls.is_empty()).then(|| serde_json::json!({ "rVals": { "crlVals": values(crls) } }));
        let beside: Vec<String> = stamp
            .into_iter()
            .chain(lists)
            .map(|piece| URL_SAFE_NO_PAD.encode(piece.to_string()))
            .collect();
        // Base64url needs no escapes, and what the file is stands at its beginning.
        let mut file = format!(
            "{{\"payload\":\"{payload}\",\"protected\":\"{protected}\",\"signature\":\"{signature}\""
        );
        if !beside.is_empty() {
            file.push_str(&format!(",\"header\":{}", serde_json::json!({ "etsiU": beside })));
        }
        file.push('}');
        file.into_bytes()
    }
}

/// Whether a file is a JWS in JSON, by its looks: it may be damaged still.
pub fn looks_like_receipt(file: &[u8]) -> bool {
    let head = file.trim_ascii_start();
    let head = head.get(..head.len().min(256)).unwrap_or_default();
    let named = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    head.first() == Some(&b'{')
        && [&b"\"payload\""[..], b"\"protected\"", b"\"etsiU\""].into_iter().any(named)
}

/// A receipt whose form is right. Whether its signature is, and whose it is, has not been asked yet.
pub struct SealedReceipt {
    signing_input: String,
    suite: Suite,
    signature: Signature,
    /// The certificates it brings, in DER, leaf first; never empty.
    pub chain: Vec<Vec<u8>>,
    /// The time-stamp over its signature, in DER.
    pub token: Option<Vec<u8>>,
    /// The digest that the time-stamp has to be over.
    pub digest_to_stamp: Digest,
    /// The revocation lists beside it, in DER.
    pub crls: Vec<Vec<u8>>,
    /// What it says.
    pub facts: ReceiptFacts,
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

impl SealedReceipt {
    /// Takes `file` apart.
    pub fn parse(file: &[u8]) -> Result<Self, ReceiptError> {
        if file.len() > MAX_BYTES {
            return Err(ReceiptError::TooLarge);
        }
        let Ok(Json::Object(file)) = Json::read(file) else { return Err(ReceiptError::NotJson) };
        if let Some(other) = file.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(ReceiptError::Member(other.chars().take(40).collect()));
        }
        let text = |name| file.get(name).and_then(Json::as_text).ok_or(ReceiptError::Parts);
        let (protected, payload, spelled) =
            (text("protected")?, text("payload")?, text("signature")?);
        let header = object(protected).ok_or(ReceiptError::Header)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(ReceiptError::Header);
        }
        let word = |name: &str| header.get(name).and_then(Json::as_text);
        if word("cty") != Some(CONTENT_TYPE) {
            return Err(ReceiptError::OtherKind);
        }
        let suite = word("alg").and_then(Suite::from_jws_name).ok_or(ReceiptError::Header)?;
        let signature = URL_SAFE_NO_PAD
            .decode(spelled)
            .ok()
            .and_then(|raw| Signature::from_raw(suite, raw).ok())
            .filter(Signature::is_low)
            .ok_or(ReceiptError::Signature)?;
        let chain = ders(header.get("x5c"), MAX_CHAIN, Json::as_text).ok_or(ReceiptError::Chain)?;
        let leaf = chain.first().ok_or(ReceiptError::Chain)?;
        // Beside `x5c` it can only repeat it, so that no other certificate is meant.
        if word("x5t#S256") != Some(&Digest::of(leaf).to_base64url()) {
            return Err(ReceiptError::Chain);
        }
        let (token, crls) = beside(file.get("header")).ok_or(ReceiptError::Beside)?;
        let payload_members = object(payload).ok_or(ReceiptError::Payload)?;
        let facts = ReceiptFacts::read(&payload_members).ok_or(ReceiptError::Payload)?;
        Ok(Self {
            signing_input: format!("{protected}.{payload}"),
            suite,
            signature,
            token,
            digest_to_stamp: Digest::of(spelled.as_bytes()),
            crls,
            facts,
            chain,
        })
    }

    /// Checks the signature under a key of `suite`; a key of another suite than the header names is no key for it.
    pub fn verify(&self, suite: Suite, public_key: &[u8]) -> Result<(), BadSignature> {
        if suite != self.suite {
            return Err(BadSignature);
        }
        verify_raw(suite, public_key, self.signing_input.as_bytes(), self.signature.raw())
    }
}

/// The members of the file.
const MEMBERS: [&str; 4] = ["header", "payload", "protected", "signature"];

fn object(encoded: &str) -> Option<BTreeMap<String, Json>> {
    match Json::read(&URL_SAFE_NO_PAD.decode(encoded).ok()?) {
        Ok(Json::Object(members)) => Some(members),
        _ => None,
    }
}

/// A list of DER in standard base64, one to `limit` of them, each found in its element by `text`.
fn ders(
    list: Option<&Json>,
    limit: usize,
    text: fn(&Json) -> Option<&str>,
) -> Option<Vec<Vec<u8>>> {
    let list = list?.as_list()?;
    if list.is_empty() || list.len() > limit {
        return None;
    }
    list.iter().map(|one| STANDARD.decode(text(one)?).ok()).collect()
}

/// A time-stamp token and revocation lists, in DER.
type Beside = (Option<Vec<u8>>, Vec<Vec<u8>>);

/// The time-stamp and the lists beside a signature. What else may stand there is passed over.
fn beside(header: Option<&Json>) -> Option<Beside> {
    let (mut token, mut crls) = (None, Vec::new());
    let Some(header) = header else { return Some((token, crls)) };
    let pieces = header.as_object()?.get("etsiU")?.as_list()?;
    if pieces.len() > MAX_PIECES {
        return None;
    }
    for piece in pieces {
        let piece = object(piece.as_text()?)?;
        if let Some(stamp) = piece.get("sigTst") {
            let tokens = stamp.as_object()?.get("tstTokens");
            token = token.or(ders(tokens, 1, val_text)?.pop());
        }
        if let Some(values) = piece.get("rVals") {
            crls.extend(ders(values.as_object()?.get("crlVals"), MAX_PIECES, val_text)?);
        }
    }
    Some((token, crls))
}

/// The text of a `val`.
fn val_text(one: &Json) -> Option<&str> {
    one.as_object()?.get("val")?.as_text()
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

/// Why a file is not a receipt that can be taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// What stands beside the signature is damaged.
    Beside,
    /// `x5c` is not a list of certificates, or `x5t#S256` is not the first of them.
    Chain,
    /// The protected header is damaged, names no algorithm of ours, or asks for what we do not know.
    Header,
    /// The file has a member that a receipt does not have.
    Member(String),
    /// The file is not a JSON object.
    NotJson,
    /// It is signed JSON of another kind.
    OtherKind,
    /// One of the three parts is missing.
    Parts,
    /// The payload is not what a receipt says.
    Payload,
    /// The signature is not canonical base64url, has a length its suite does not have, or is the other of two.
    Signature,
    /// It is larger than [`MAX_BYTES`].
    TooLarge,
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Beside => "what stands beside the signature (`etsiU`) is damaged",
            Self::Chain => "`x5c` or `x5t#S256` is damaged",
            Self::Header => "the protected header is damaged or asks for what is not known here",
            Self::Member(name) => return write!(f, "a receipt has no member `{name}`"),
            Self::NotJson => "it is not a JSON object",
            Self::OtherKind => "it is signed JSON, but no receipt (`cty`)",
            Self::Parts => "`protected`, `payload` or `signature` is missing",
            Self::Payload => "the payload is damaged or lacks something",
            Self::Signature => "the signature is damaged",
            Self::TooLarge => return write!(f, "it is larger than {MAX_BYTES} bytes"),
        })
    }
}

impl std::error::Error for ReceiptError {}

#[cfg(test)]
mod tests {
    use super::super::testing::receipt_file;
    use super::*;

    /// The file with one of its texts changed after decoding, and spelled again.
    fn with(change: impl Fn(&mut serde_json::Map<String, serde_json::Value>)) -> Vec<u8> {
        let mut file = serde_json::from_slice(&receipt_file(None, &[])).unwrap();
        change(&mut file);
        serde_json::to_vec(&file).unwrap()
    }

    fn refused(file: &[u8]) -> ReceiptError {
        SealedReceipt::parse(file).err().unwrap()
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let file = receipt_file(Some(b"token"), &[b"one", b"two"]);
        assert!(looks_like_receipt(&file));
        let read = SealedReceipt::parse(&file).unwrap();
        assert_eq!(read.token.as_deref(), Some(&b"token"[..]));
        assert_eq!(read.crls, [b"one".to_vec(), b"two".to_vec()]);
        let facts = &read.facts;
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
        assert_eq!(refused(b"[]"), ReceiptError::NotJson);
        assert_eq!(refused(&vec![b' '; MAX_BYTES + 1]), ReceiptError::TooLarge);
        let more = with(|file| drop(file.insert("payload2".into(), "e30".into())));
        assert_eq!(refused(&more), ReceiptError::Member("payload2".to_owned()));
        assert_eq!(refused(&with(|file| drop(file.remove("signature")))), ReceiptError::Parts);
        assert_eq!(refused(&header(|it| it["cty"] = "other".into())), ReceiptError::OtherKind);
        assert_eq!(refused(&header(|it| it["alg"] = "none".into())), ReceiptError::Header);
        assert_eq!(refused(&header(|it| it["crit"] = vec!["b64"].into())), ReceiptError::Header);
        assert_eq!(refused(&header(|it| it["x5c"] = vec!["AAAA"].into())), ReceiptError::Chain);
        let no = |file: &mut serde_json::Map<String, _>| file["payload"] = "e30".into();
        assert_eq!(refused(&with(no)), ReceiptError::Payload);
        let beside = |file: &mut serde_json::Map<String, serde_json::Value>| {
            file.insert("header".into(), serde_json::json!({"etsiU": ["!"]}));
        };
        assert_eq!(refused(&with(beside)), ReceiptError::Beside);
        let padded = with(|file| {
            let text = format!("{}=", file["signature"].as_str().unwrap());
            file["signature"] = text.into();
        });
        assert_eq!(refused(&padded), ReceiptError::Signature);
    }
}
