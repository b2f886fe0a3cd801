//! What a structured e-certificate says, and the digest that binds all forms of one version.
//!
//! A [`Content`] is made once for each version. Its open part names the license: id, type, version, authority,
//! days. Everything personal (number, holders, each field of the face) is a disclosure: an array of a fresh
//! salt, a name and a value, of which the open part holds only the SHA-256 digest.
//!
//! The **content digest** is the SHA-256 of the open part in canonical JSON (RFC 8785). As the open part
//! holds the digests of all disclosures, the content digest covers every value of the license; as they are
//! salted, it tells nothing of a value that is withheld. So it can be recomputed from a presentation
//! that shows everything, or one field, or none, and the sealed PDF, the e-certificate and the vault can be
//! held against each other by it.
//!
//! Sources: RFC 9901 sections 4.2 and 5.1; RFC 8785. The member names are ours.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::{Digest, Random};
use crate::domain::{
    Column, Day, FaceData, FaceValue, Holder, IssuingAuthority, LicenseId, TypeDefinition, Validity,
};

use super::json::write_text;

/// The members of the open part, in canonical order. `valid_to` is left out where there is no end.
pub(super) const CONTENT_MEMBERS: [&str; 12] = [
    "_sd",
    "_sd_alg",
    "edition",
    "issued_on",
    "issuing_authority",
    "issuing_authority_name",
    "license_id",
    "license_type",
    "license_type_name",
    "valid_from",
    "valid_to",
    "version",
];

/// Length of a salt, in bytes (RFC 9901, section 9.3, recommends 128 bits).
const SALT_LEN: usize = 16;

/// What goes into a version.
#[derive(Clone, Copy, Debug)]
pub struct ContentInput<'a> {
    /// Its id.
    pub id: &'a LicenseId,
    /// The edition of the type it is made by.
    pub definition: &'a TypeDefinition,
    /// Who grants it.
    pub authority: &'a IssuingAuthority,
    /// Who holds it.
    pub holders: &'a [Holder],
    /// The license number (证照编号).
    pub license_number: &'a str,
    /// The day of issue.
    pub issued_on: Day,
    /// How long it is valid.
    pub validity: Validity,
    /// The values on the face.
    pub face: &'a FaceData,
}

/// The content of one version: open part, disclosures, content digest.
///
/// Two contents of the same input differ, because their salts do; so it is made once and handed to every form.
pub struct Content {
    /// The open part in canonical JSON, braces included.
    open: Vec<u8>,
    /// `~`, then every disclosure in base64url with a `~` behind it.
    disclosures: String,
    count: usize,
    digest: Digest,
    id: String,
    type_code: String,
}

impl Content {
    /// Salts and digests `input`.
    pub fn new(input: &ContentInput<'_>, random: &dyn Random) -> Self {
        let mut salts = vec![0; (input.face.iter().count() + 2) * SALT_LEN];
        random.fill(&mut salts);
        let (salts, _) = salts.as_chunks::<SALT_LEN>();
        let mut shelf = Disclosures {
            salts: salts.iter(),
            json: Vec::with_capacity(512),
            encoded: String::with_capacity(4096),
            digests: Vec::with_capacity(salts.len()),
        };
        shelf.encoded.push('~');
        shelf.add("license_number", |out| write_text(out, input.license_number));
        shelf.add("holders", |out| write_holders(out, input.holders));
        for (code, value) in input.face.iter() {
            shelf.add(code, |out| write_value(out, value, input.definition.columns(code)));
        }
        let Disclosures { encoded: disclosures, mut digests, .. } = shelf;
        let count = digests.len();
        // Sorted, so that the order in which the fields stand on the face is not told (RFC 9901, 4.2.4.1).
        digests.sort_unstable();

        let id = input.id.to_string();
        let open = write_open(input, &id, &digests);
        let digest = Digest::of(&open);
        let type_code = input.definition.code.as_str().to_owned();
        Self { open, disclosures, count, digest, id, type_code }
    }

    /// The digest that every form of this version carries.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The id of the version.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The code of its type.
    pub fn type_code(&self) -> &str {
        &self.type_code
    }

    /// How many values can be disclosed.
    pub fn disclosure_count(&self) -> usize {
        self.count
    }

    /// The open part in canonical JSON.
    pub(super) fn open(&self) -> &[u8] {
        &self.open
    }

    /// The disclosures as they stand in the file, each with a `~` before and behind it.
    pub(super) fn disclosures(&self) -> &str {
        &self.disclosures
    }
}

impl fmt::Debug for Content {
    /// Names the license and hides the disclosures, which are personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({}, {} disclosures)", self.id, self.count)
    }
}

/// Disclosures in the making.
struct Disclosures<'s> {
    salts: std::slice::Iter<'s, [u8; SALT_LEN]>,
    json: Vec<u8>,
    encoded: String,
    digests: Vec<String>,
}

impl Disclosures<'_> {
    fn add(&mut self, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
        // As many salts as disclosures were drawn, so that there is always one left.
        let Some(salt) = self.salts.next() else { return };
        self.json.clear();
        self.json.extend_from_slice(b"[\"");
        self.json.extend_from_slice(URL_SAFE_NO_PAD.encode(salt).as_bytes());
        self.json.extend_from_slice(b"\",");
        write_text(&mut self.json, name);
        self.json.push(b',');
        value(&mut self.json);
        self.json.push(b']');
        let start = self.encoded.len();
        URL_SAFE_NO_PAD.encode_string(&self.json, &mut self.encoded);
        let digest = Digest::of(self.encoded.get(start..).unwrap_or_default().as_bytes());
        self.digests.push(digest.to_base64url());
        self.encoded.push('~');
    }
}

/// The open part; members stand in the order of [`CONTENT_MEMBERS`].
fn write_open(input: &ContentInput<'_>, id: &str, digests: &[String]) -> Vec<u8> {
    let mut out = Vec::with_capacity(digests.len() * 46 + 600);
    out.extend_from_slice(b"{\"_sd\":[");
    for (index, digest) in digests.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(&mut out, digest);
    }
    let number = format!("],\"_sd_alg\":\"sha-256\",\"edition\":{}", input.definition.edition);
    out.extend_from_slice(number.as_bytes());
    let mut member = |name: &str, text: &str| {
        out.push(b',');
        write_text(&mut out, name);
        out.push(b':');
        write_text(&mut out, text);
    };
    member("issued_on", &input.issued_on.to_string());
    member("issuing_authority", input.authority.code.as_str());
    member("issuing_authority_name", &input.authority.name);
    member("license_id", id);
    member("license_type", input.definition.code.as_str());
    member("license_type_name", &input.definition.name);
    member("valid_from", &input.validity.from().to_string());
    if let Some(last) = input.validity.to() {
        member("valid_to", &last.to_string());
    }
    member("version", &input.id.version().to_string());
    out.push(b'}');
    out
}

fn write_holders(out: &mut Vec<u8>, holders: &[Holder]) {
    out.push(b'[');
    for (index, holder) in holders.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",{\"code\":" } else { b"{\"code\":" });
        write_text(out, holder.code().as_str());
        out.extend_from_slice(b",\"kind\":");
        write_text(out, holder.code().kind().code());
        out.extend_from_slice(b",\"name\":");
        write_text(out, holder.name());
        out.push(b'}');
    }
    out.push(b']');
}

fn write_value(out: &mut Vec<u8>, value: &FaceValue, columns: &[Column]) {
    match value {
        FaceValue::Text { plain, .. } => write_text(out, plain),
        FaceValue::Portrait(portrait) => {
            out.extend_from_slice(b"{\"data\":");
            write_text(out, &portrait.base64);
            out.extend_from_slice(b",\"media_type\":");
            write_text(out, portrait.media_type.as_str());
            out.push(b'}');
        }
        FaceValue::Rows(rows) => {
            out.push(b'[');
            for (index, row) in rows.iter().enumerate() {
                out.extend_from_slice(if index > 0 { b",{" } else { b"{" });
                for (index, (column, cell)) in columns.iter().zip(row).enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_text(out, &column.code);
                    out.push(b':');
                    write_text(out, cell);
                }
                out.push(b'}');
            }
            out.push(b']');
        }
    }
}
