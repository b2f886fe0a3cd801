//! Signing a structured e-certificate.
//!
//! The file is `<header>.<payload>.<signature>~<disclosure>~…~`. The header carries the certificate chain, the
//! payload the open part of the content and beside it who issued it when, the content digest and where the
//! standing can be asked. The header depends on the key alone and is made once as a [`SealedHeader`].
//!
//! Sources: RFC 9901 section 4, RFC 7515 section 4.1.6 (`x5c`: standard base64, leaf first).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::crypto::{SignFault, Signer, Suite};
use crate::domain::Moment;

use super::json::write_text;
use super::schema::Content;

/// What comes before a license type code in `vct`.
pub const VCT_PREFIX: &str = "urn:zhengku:license-type:";

/// The media type in the header (`typ`).
pub const TYP: &str = "dc+sd-jwt";

/// The header of every e-certificate made with one key.
#[derive(Clone)]
pub struct SealedHeader {
    suite: Suite,
    /// In base64url, with the full stop behind it.
    encoded: String,
}

impl SealedHeader {
    /// The header for a key of `suite` whose certificates, leaf first and without the root, are `chain_der`.
    pub fn new<C: AsRef<[u8]>>(suite: Suite, chain_der: &[C]) -> Self {
        let mut json = format!("{{\"alg\":\"{}\",\"typ\":\"{TYP}\",\"x5c\":[", suite.jws_name());
        for (index, der) in chain_der.iter().enumerate() {
            json.push_str(if index > 0 { ",\"" } else { "\"" });
            STANDARD.encode_string(der.as_ref(), &mut json);
            json.push('"');
        }
        json.push_str("]}");
        let mut encoded = URL_SAFE_NO_PAD.encode(json);
        encoded.push('.');
        Self { suite, encoded }
    }
}

impl fmt::Debug for SealedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedHeader({})", self.suite)
    }
}

/// The addresses an e-certificate carries.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Who issues, as an `https` address (`iss`).
    pub issuer: &'a str,
    /// Where this library is reached, without a slash at the end.
    pub public_url: &'a str,
}

/// Signs `content` with the key that `header` was made for.
///
/// # Errors
///
/// [`SignFault::Nonsense`] where the signer is of another suite than the header says.
pub fn issue(
    content: &Content,
    header: &SealedHeader,
    signer: &dyn Signer,
    places: &Places<'_>,
    issued_at: Moment,
) -> Result<Vec<u8>, SignFault> {
    if signer.suite() != header.suite {
        return Err(SignFault::Nonsense);
    }
    let payload = payload(content, places, issued_at);
    // Base64 takes four characters for three bytes, and the longest signature, RSA-4096, takes 683.
    let length =
        header.encoded.len() + payload.len() / 3 * 4 + 4 + 684 + content.disclosures().len();
    let mut file = String::with_capacity(length);
    file.push_str(&header.encoded);
    URL_SAFE_NO_PAD.encode_string(&payload, &mut file);
    let signature = signer.sign(file.as_bytes())?;
    if signature.suite() != header.suite {
        return Err(SignFault::Nonsense);
    }
    file.push('.');
    URL_SAFE_NO_PAD.encode_string(signature.raw(), &mut file);
    file.push_str(content.disclosures());
    Ok(file.into_bytes())
}

/// The open part, still without its closing brace, and what is said about the issue beside it.
fn payload(content: &Content, places: &Places<'_>, issued_at: Moment) -> Vec<u8> {
    let open = content.open();
    let mut out = Vec::with_capacity(open.len() + 500);
    out.extend_from_slice(open.strip_suffix(b"}").unwrap_or(open));
    out.extend_from_slice(format!(",\"content_digest\":\"{}\"", content.digest()).as_bytes());
    out.extend_from_slice(format!(",\"iat\":{},\"iss\":", issued_at.unix_seconds()).as_bytes());
    write_text(&mut out, places.issuer);
    out.extend_from_slice(b",\"standing\":{\"uri\":");
    write_text(&mut out, &format!("{}/verify#{}", places.public_url, content.id()));
    out.extend_from_slice(b"},\"vct\":");
    write_text(&mut out, &format!("{VCT_PREFIX}{}", content.type_code()));
    out.push(b'}');
    out
}
