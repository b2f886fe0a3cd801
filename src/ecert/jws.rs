//! JSON signed by the body that runs the library: a JWS in flattened JSON, after JAdES.
//!
//! A time-stamp over the signature, and the revocation lists of the day, stand beside it in `etsiU`, so that it can be
//! checked when the certificate has long ended. What is signed is told by `cty`; what it says is for others to read.
//!
//! Sources: RFC 7515 section 7.2.2; ETSI TS 119 182-1 (JAdES) clauses 5.1 (`iat`, `x5t#S256`), 5.3.4 (`sigTst`) and
//! 5.3.5 (`rVals`).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::crypto::{BadSignature, Digest, SignFault, Signature, Signer, Suite, verify_raw};
use crate::domain::Moment;

use super::json::Json;

/// Its media type (RFC 7515, section 9.2.2).
pub const MEDIA_TYPE: &str = "application/jose+json";
/// Most certificates in `x5c`, and most pieces of validation data; our own bounds.
const MAX_CHAIN: usize = 6;
const MAX_PIECES: usize = 16;
/// The media type of a JWS in JSON (RFC 7515, section 9.2.2), as `typ` has it.
const TYP: &str = "jose+json";

/// JSON that has been signed; it may still be given a time-stamp.
pub struct SignedJson {
    protected: String,
    payload: String,
    signature: String,
}

impl SignedJson {
    /// Signs `payload`, which is what `content_type` says, with the key whose certificates, leaf first and without the
    /// root, are `chain`.
    ///
    /// # Errors
    ///
    /// [`SignFault::Nonsense`] where there is no certificate.
    pub fn sign(
        content_type: &str,
        payload: &[u8],
        at: Moment,
        chain: &[&[u8]],
        signer: &dyn Signer,
    ) -> Result<Self, SignFault> {
        let leaf = chain.first().ok_or(SignFault::Nonsense)?;
        let x5c: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
        let header = serde_json::json!({
            "alg": signer.suite().jws_name(),
            "cty": content_type,
            "iat": at.unix_seconds(),
            "typ": TYP,
            "x5c": x5c,
            "x5t#S256": Digest::of(leaf).to_base64url(),
        });
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
pub fn looks_like_signed_json(file: &[u8]) -> bool {
    let head = file.trim_ascii_start();
    let head = head.get(..head.len().min(256)).unwrap_or_default();
    let named = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    head.first() == Some(&b'{')
        && [&b"\"payload\""[..], b"\"protected\"", b"\"etsiU\""].into_iter().any(named)
}

/// Signed JSON whose form is right. Whether its signature is, and whose it is, has not been asked yet.
pub struct SealedJson {
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
    /// What is signed.
    pub payload: BTreeMap<String, Json>,
}

impl SealedJson {
    /// Takes `file` apart, which should be signed as `content_type` and have at most `limit` bytes.
    pub fn parse(file: &[u8], content_type: &str, limit: usize) -> Result<Self, JwsError> {
        if file.len() > limit {
            return Err(JwsError::TooLarge { limit });
        }
        let Ok(Json::Object(file)) = Json::read(file) else { return Err(JwsError::NotJson) };
        if let Some(other) = file.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(JwsError::Member(other.chars().take(40).collect()));
        }
        let text = |name| file.get(name).and_then(Json::as_text).ok_or(JwsError::Parts);
        let (protected, payload, spelled) =
            (text("protected")?, text("payload")?, text("signature")?);
        let header = object(protected).ok_or(JwsError::Header)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(JwsError::Header);
        }
        let word = |name: &str| header.get(name).and_then(Json::as_text);
        if word("cty") != Some(content_type) {
            return Err(JwsError::OtherKind);
        }
        let suite = word("alg").and_then(Suite::from_jws_name).ok_or(JwsError::Header)?;
        let signature = URL_SAFE_NO_PAD
            .decode(spelled)
            .ok()
            .and_then(|raw| Signature::from_raw(suite, raw).ok())
            .filter(Signature::is_low)
            .ok_or(JwsError::Signature)?;
        let chain = ders(header.get("x5c"), MAX_CHAIN, Json::as_text).ok_or(JwsError::Chain)?;
        let leaf = chain.first().ok_or(JwsError::Chain)?;
        // Beside `x5c` it can only repeat it, so that no other certificate is meant.
        if word("x5t#S256") != Some(&Digest::of(leaf).to_base64url()) {
            return Err(JwsError::Chain);
        }
        let (token, crls) = beside(file.get("header")).ok_or(JwsError::Beside)?;
        Ok(Self {
            signing_input: format!("{protected}.{payload}"),
            suite,
            signature,
            token,
            digest_to_stamp: Digest::of(spelled.as_bytes()),
            crls,
            payload: object(payload).ok_or(JwsError::Payload)?,
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

/// Why a file is not signed JSON that can be taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwsError {
    /// What stands beside the signature is damaged.
    Beside,
    /// `x5c` is not a list of certificates, or `x5t#S256` is not the first of them.
    Chain,
    /// The protected header is damaged, names no algorithm of ours, or asks for what we do not know.
    Header,
    /// The file has a member that it may not have.
    Member(String),
    /// The file is not a JSON object.
    NotJson,
    /// It is signed JSON of another kind.
    OtherKind,
    /// One of the three parts is missing.
    Parts,
    /// The payload is no JSON object, or lacks something.
    Payload,
    /// The signature is not canonical base64url, has a length its suite does not have, or is the other of two.
    Signature,
    /// It is larger than is read.
    TooLarge {
        /// How much is read, in bytes.
        limit: usize,
    },
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Beside => "what stands beside the signature (`etsiU`) is damaged",
            Self::Chain => "`x5c` or `x5t#S256` is damaged",
            Self::Header => "the protected header is damaged or asks for what is not known here",
            Self::Member(name) => return write!(f, "it may have no member `{name}`"),
            Self::NotJson => "it is not a JSON object",
            Self::OtherKind => "it is signed JSON of another kind (`cty`)",
            Self::Parts => "`protected`, `payload` or `signature` is missing",
            Self::Payload => "the payload is damaged or lacks something",
            Self::Signature => "the signature is damaged",
            Self::TooLarge { limit } => return write!(f, "it is larger than {limit} bytes"),
        })
    }
}

impl std::error::Error for JwsError {}
