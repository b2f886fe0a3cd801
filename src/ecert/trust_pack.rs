//! The trust pack (离线信任包): all that is needed to verify without network, signed by the body that runs the library.
//!
//! Anchors and their limits, certificates by which squares are signed, revocation lists, the registry of authorities and
//! types, and where licenses stand (`standing_list`), compressed. The file is one line of signed JSON (`jws`) and behind
//! it the list, which the JSON names by its digest.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::crypto::{Digest, SignFault, Signer};
use crate::domain::Moment;

use super::json::Json;
use super::jws::{JwsError, SealedJson, SignedJson};

/// Largest signed line that is read, in bytes; our own bound, room for long revocation lists.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// What the payload is, as `cty` has it.
const CONTENT_TYPE: &str = "zhengku-trust-pack+json";

/// What a pack says, apart from the list.
#[derive(Serialize)]
pub struct PackBody<'p> {
    /// The code of the body that runs the library.
    pub library: &'p str,
    /// When it was made: of this moment it speaks.
    pub made_at: Moment,
    /// Until when where a license stands may be taken from it.
    pub fresh_until: Moment,
    /// How many versions of licenses the vault held.
    pub versions: u64,
    /// Where trust begins.
    pub anchors: Vec<PackAnchor>,
    /// Further certificates, in base64: of CAs, and those by which squares are signed.
    pub certificates: Vec<String>,
    /// Revocation lists, in base64.
    pub crls: Vec<String>,
    /// The text of `authorities.toml`.
    pub authorities: &'p str,
    /// The text of every `type.toml`.
    pub types: Vec<&'p str>,
    /// SHA-256 of the list behind the line.
    pub standing_list: Digest,
}

/// An anchor and its limits.
#[derive(Serialize)]
pub struct PackAnchor {
    /// The certificate, in base64.
    pub certificate: String,
    /// The authorities it may stand behind; empty: all.
    pub only_for: Vec<String>,
}

/// Signs a pack and puts the list, compressed, behind it.
pub fn sign(
    body: &PackBody<'_>,
    list: &[u8],
    (chain, crls): (&[&[u8]], &[&[u8]]),
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignFault> {
    let payload = serde_json::to_vec(body).map_err(|_| SignFault::Nonsense)?;
    let signed = SignedJson::sign(CONTENT_TYPE, &payload, body.made_at, chain, signer)?;
    let mut file = signed.into_file(None, crls);
    file.push(b'\n');
    file.extend_from_slice(list);
    Ok(file)
}

/// What a pack says. Nothing of it is to be believed before its signature and its signer are.
#[derive(Debug)]
pub struct PackFacts {
    /// See [`PackBody`].
    pub library: String,
    /// See there.
    pub made_at: Moment,
    /// See there.
    pub fresh_until: Moment,
    /// Certificates in DER, with their limits.
    pub anchors: Vec<(Vec<u8>, Vec<String>)>,
    /// Certificates in DER.
    pub certificates: Vec<Vec<u8>>,
    /// Lists in DER.
    pub crls: Vec<Vec<u8>>,
    /// See there.
    pub authorities: String,
    /// See there.
    pub types: Vec<String>,
    /// See there.
    pub standing_list: Digest,
}

/// Takes a pack apart: the signed line, what it says, and the compressed list behind it.
pub fn read(file: &[u8]) -> Result<(SealedJson, PackFacts, &[u8]), JwsError> {
    let end = file.iter().position(|byte| *byte == b'\n').ok_or(JwsError::Parts)?;
    let (line, list) = file.split_at(end);
    let sealed = SealedJson::parse(line, CONTENT_TYPE, MAX_LINE_BYTES)?;
    let facts = PackFacts::read(&sealed.payload).ok_or(JwsError::Payload)?;
    Ok((sealed, facts, list.get(1..).unwrap_or_default()))
}

impl PackFacts {
    fn read(payload: &BTreeMap<String, Json>) -> Option<Self> {
        let text = |name: &str| payload.get(name)?.as_text();
        let list = |name: &str| payload.get(name)?.as_list();
        let anchors = list("anchors")?.iter().map(|anchor| {
            let anchor = anchor.as_object()?;
            let only_for = anchor.get("only_for")?.as_list()?.iter();
            let only_for = only_for.map(|one| one.as_text().map(str::to_owned));
            Some((der(anchor.get("certificate")?)?, only_for.collect::<Option<Vec<_>>>()?))
        });
        Some(Self {
            library: text("library")?.to_owned(),
            made_at: text("made_at")?.parse().ok()?,
            fresh_until: text("fresh_until")?.parse().ok()?,
            anchors: anchors.collect::<Option<_>>()?,
            certificates: list("certificates")?.iter().map(der).collect::<Option<_>>()?,
            crls: list("crls")?.iter().map(der).collect::<Option<_>>()?,
            authorities: text("authorities")?.to_owned(),
            types: list("types")?
                .iter()
                .map(|one| one.as_text().map(str::to_owned))
                .collect::<Option<_>>()?,
            standing_list: text("standing_list")?.parse().ok()?,
        })
    }
}

fn der(text: &Json) -> Option<Vec<u8>> {
    STANDARD.decode(text.as_text()?).ok()
}
