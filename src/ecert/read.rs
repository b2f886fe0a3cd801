//! What a structured e-certificate says about its license, as facts and without opinion.
//!
//! [`EcertFacts`] exist only if every member of the open part is there and in form, and agrees with the
//! license id; if every disclosure belongs to a signed digest; and they carry both content digests, the one
//! that is claimed and the one computed from the open part. Facts about the license are read from the open
//! part alone, never from a disclosure. Whether the signature is right is asked of [`SdJwt`], and whose it is
//! of `pki`; `judge` puts the three together.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::crypto::Digest;
use crate::domain::{Day, LicenseId, LicenseIdError, Moment, Validity};

use super::disclose::{DiscloseError, resolve};
use super::envelope::{TYP, VCT_PREFIX};
use super::json::{Json, write_text};
use super::schema::CONTENT_MEMBERS;
use super::sd_jwt::{ReadError, SdJwt};

/// What an e-certificate says.
#[derive(Clone)]
pub struct EcertFacts {
    /// The version it is of.
    pub license_id: LicenseId,
    /// The name of the type, in the document's words.
    pub type_name: String,
    /// The edition of the type it was made by.
    pub edition: u32,
    /// The name of the issuing authority, in the document's words: never shown as true by itself.
    pub authority_name: String,
    /// The day of issue.
    pub issued_on: Day,
    /// How long it is valid.
    pub validity: Validity,
    /// The content digest the payload claims.
    pub claimed_digest: Digest,
    /// The content digest computed from the open part.
    pub content_digest: Digest,
    /// When the issuer says it signed (`iat`).
    pub issued_at: Moment,
    /// Who the issuer says it is (`iss`).
    pub issuer: String,
    /// Every disclosed value by name: `license_number`, `holders`, and the fields of the face. Personal.
    pub disclosed: BTreeMap<String, Json>,
    /// How many values were left out.
    pub withheld: usize,
}

impl EcertFacts {
    /// Reads what `sd_jwt` says.
    pub fn read(sd_jwt: SdJwt<'_>) -> Result<Self, SchemaError> {
        if sd_jwt.typ() != Some(TYP) {
            return Err(SchemaError::MediaType);
        }
        // Taken apart by whoever looks for the path to the signer.
        sd_jwt.named_chain().map_err(SchemaError::Chain)?;
        let (payload, disclosures) = sd_jwt.into_parts();
        let members = Members(&payload);

        let license_id: LicenseId =
            members.text("license_id")?.parse().map_err(SchemaError::LicenseId)?;
        let key = license_id.key();
        members.agree("license_type", key.type_code().as_str())?;
        members.agree("issuing_authority", key.authority())?;
        members.agree("version", &license_id.version().to_string())?;
        members.agree("vct", &format!("{VCT_PREFIX}{}", key.type_code()))?;
        let valid_to = match payload.contains_key("valid_to") {
            true => Some(members.parse("valid_to")?),
            false => None,
        };
        let validity = Validity::new(members.parse("valid_from")?, valid_to)
            .map_err(|_| SchemaError::Member { name: "valid_to" })?;
        let edition = u32::try_from(members.count("edition")?)
            .map_err(|_| SchemaError::Member { name: "edition" })?;
        let issued_at = i64::try_from(members.count("iat")?)
            .map(Moment::from_unix_seconds)
            .map_err(|_| SchemaError::Member { name: "iat" })?;
        let type_name = members.text("license_type_name")?.to_owned();
        let authority_name = members.text("issuing_authority_name")?.to_owned();
        let issued_on = members.parse("issued_on")?;
        let claimed_digest = members.parse("content_digest")?;
        let issuer = members.text("iss")?.to_owned();
        let content_digest = content_digest(&payload);

        let signed = payload.get("_sd").and_then(Json::as_list).map_or(0, <[Json]>::len);
        // What a disclosure puts beside the open part is a value of the license; what is there was signed open.
        let open: Vec<String> = payload.keys().cloned().collect();
        let mut disclosed = resolve(payload, disclosures).map_err(SchemaError::Disclosures)?;
        for name in open {
            disclosed.remove(&name);
        }
        let withheld = signed.saturating_sub(disclosed.len());
        Ok(Self {
            license_id,
            type_name,
            edition,
            authority_name,
            issued_on,
            validity,
            claimed_digest,
            content_digest,
            issued_at,
            issuer,
            disclosed,
            withheld,
        })
    }
}

impl fmt::Debug for EcertFacts {
    /// Names the license and counts the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, withheld) = (self.disclosed.len(), self.withheld);
        write!(f, "EcertFacts({}, {shown} shown, {withheld} withheld)", self.license_id)
    }
}

/// Whether bytes look like an SD-JWT, whole or damaged: they begin as every JOSE header does, or hold
/// nothing but the characters of one.
pub fn looks_like_ecert(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"eyJ") {
        return true;
    }
    let fits =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let head = bytes.get(..bytes.len().min(256)).unwrap_or_default();
    head.len() == 256 && head.iter().all(fits) && memchr::memchr(b'~', bytes).is_some()
}

/// The open part of a payload, written canonically and digested.
fn content_digest(payload: &BTreeMap<String, Json>) -> Digest {
    let mut out = Vec::with_capacity(2_048);
    out.push(b'{');
    for name in CONTENT_MEMBERS {
        if let Some(value) = payload.get(name) {
            if out.len() > 1 {
                out.push(b',');
            }
            write_text(&mut out, name);
            out.push(b':');
            value.canonical(&mut out);
        }
    }
    out.push(b'}');
    Digest::of(&out)
}

struct Members<'p>(&'p BTreeMap<String, Json>);

impl<'p> Members<'p> {
    fn text(&self, name: &'static str) -> Result<&'p str, SchemaError> {
        self.0.get(name).and_then(Json::as_text).ok_or(SchemaError::Member { name })
    }

    fn count(&self, name: &'static str) -> Result<u64, SchemaError> {
        self.0.get(name).and_then(Json::as_count).ok_or(SchemaError::Member { name })
    }

    fn parse<T: FromStr>(&self, name: &'static str) -> Result<T, SchemaError> {
        self.text(name)?.parse().map_err(|_| SchemaError::Member { name })
    }

    fn agree(&self, name: &'static str, by_id: &str) -> Result<(), SchemaError> {
        if self.text(name)? == by_id { Ok(()) } else { Err(SchemaError::Disagrees { name }) }
    }
}

/// Why an SD-JWT is not a structured e-certificate of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaError {
    /// `x5c` is no list of certificates.
    Chain(ReadError),
    /// A member says something else than the license id.
    Disagrees {
        /// The member.
        name: &'static str,
    },
    /// A disclosure does not belong to what was signed.
    Disclosures(DiscloseError),
    /// The license id is not whole.
    LicenseId(LicenseIdError),
    /// `typ` is not `dc+sd-jwt`: some other kind of token.
    MediaType,
    /// A member is missing or not in form.
    Member {
        /// The member.
        name: &'static str,
    },
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(why) => why.fmt(f),
            Self::Disagrees { name } => write!(f, "`{name}` does not agree with the license id"),
            Self::Disclosures(why) => why.fmt(f),
            Self::LicenseId(why) => write!(f, "`license_id`: {why}"),
            Self::MediaType => write!(f, "`typ` is not {TYP}"),
            Self::Member { name } => write!(f, "`{name}` is missing or not in form"),
        }
    }
}

impl std::error::Error for SchemaError {}

#[cfg(test)]
mod tests {
    use super::super::schema::Content;
    use super::*;
    use crate::crypto::{BadSignature, KeySigner, Signer, Suite};
    use crate::ecert::testing;

    fn issued() -> (Vec<u8>, Content, KeySigner) {
        let key = rcgen::KeyPair::generate().unwrap();
        let signer = KeySigner::from_pkcs8_pem(&key.serialize_pem()).unwrap();
        let (file, content) = testing::issued(&signer, &[b"leaf", b"issuing CA"], 7);
        (file, content, signer)
    }

    fn judged(file: &[u8], signer: &KeySigner) -> Option<EcertFacts> {
        let sd_jwt = SdJwt::parse(file).ok()?;
        sd_jwt.verify_signature(signer.suite(), signer.public_key()).ok()?;
        let facts = EcertFacts::read(sd_jwt).ok()?;
        (facts.claimed_digest == facts.content_digest).then_some(facts)
    }

    #[test]
    fn what_was_issued_is_read_again() {
        let (file, content, signer) = issued();
        let facts = judged(&file, &signer).unwrap();
        assert_eq!(facts.license_id.to_string(), content.id());
        assert_eq!(facts.content_digest, content.digest());
        assert_eq!(facts.withheld, 0);
        assert_eq!(facts.disclosed.len(), content.disclosure_count());
        assert_eq!(facts.disclosed.get("KZ_NAME").and_then(Json::as_text), Some("示例·\"甲\"\n二"));
        let rows = facts.disclosed.get("KZ_ROWS").and_then(Json::as_list).unwrap();
        let cell = rows[1].as_object().unwrap().get("B").and_then(Json::as_text);
        assert_eq!(cell, Some("四"));
        assert!(looks_like_ecert(&file));
    }

    #[test]
    fn any_choice_of_disclosures_keeps_the_content_digest() {
        let (file, content, signer) = issued();
        let text = String::from_utf8(file).unwrap();
        let parts: Vec<&str> = text.trim_end_matches('~').split('~').collect();
        for shown in [1, parts.len() - 1] {
            for skip in [1, 2, parts.len() - shown] {
                let chosen: Vec<&str> = parts.iter().skip(skip).take(shown).copied().collect();
                let file = format!("{}~{}~", parts[0], chosen.join("~"));
                let facts = judged(file.as_bytes(), &signer).unwrap();
                assert_eq!(facts.content_digest, content.digest());
                assert_eq!(facts.disclosed.len() + facts.withheld, content.disclosure_count());
            }
        }
        let none = judged(format!("{}~", parts[0]).as_bytes(), &signer).unwrap();
        assert_eq!(none.content_digest, content.digest());
        assert!(none.disclosed.is_empty());
    }

    #[test]
    fn no_byte_changes_unnoticed() {
        let (file, _, signer) = issued();
        let mut altered = file.clone();
        for index in 0..file.len() {
            for change in [file[index] ^ 1, file[index] ^ 0x20, b'~', b'.', b'A', b'=', 0] {
                if change != file[index] {
                    altered[index] = change;
                    assert!(judged(&altered, &signer).is_none(), "byte {index} to {change}");
                }
            }
            altered[index] = file[index];
        }
    }

    #[test]
    fn a_file_cut_off_is_refused_unless_it_is_a_whole_presentation_of_less() {
        let (file, content, signer) = issued();
        let mut presentations = 0;
        for end in 0..file.len() {
            match judged(&file[..end], &signer) {
                None => assert_ne!(file[..end].last(), Some(&b'~'), "cut at {end}"),
                Some(facts) => {
                    presentations += 1;
                    assert!(file[..end].ends_with(b"~"), "cut at {end}");
                    assert!(facts.withheld > 0);
                }
            }
        }
        assert_eq!(presentations, content.disclosure_count());
        for (trick, tail) in [("another ~", "~"), ("new line", "\n"), ("a token", "eyJh.eyJh.AA")] {
            let longer = [&file, tail.as_bytes()].concat();
            assert!(judged(&longer, &signer).is_none(), "{trick}");
        }
    }

    /// Each row is an SD-JWT made by the issuer itself, and what is wrong with it.
    #[test]
    fn each_way_not_to_be_an_e_certificate_meets_its_own_refusal() {
        use SchemaError::*;
        let (file, content, signer) = issued();
        let text = String::from_utf8(file).unwrap();
        let (jwt, disclosures) = text.split_once('~').unwrap();
        let mut parts = jwt.split('.').map(testing::decoded);
        let (header, payload) = (parts.next().unwrap(), parts.next().unwrap());
        let first = disclosures.split('~').next().unwrap();
        let digest = Digest::of(first.as_bytes()).to_base64url();
        let other_id = content.id().replace(".001.", ".002.");
        let rows = [
            ("another token", "dc+sd-jwt", "example+sd-jwt", MediaType),
            ("no version", "\"version\"", "\"revision\"", Member { name: "version" }),
            (
                "another version",
                "\"version\":\"001\"",
                "\"version\":\"002\"",
                Disagrees { name: "version" },
            ),
            (
                "last day first",
                "\"valid_to\":\"20",
                "\"valid_to\":\"19",
                Member { name: "valid_to" },
            ),
            ("another vct", "urn:zhengku", "urn:zhengka", Disagrees { name: "vct" }),
            ("digest struck out", &*digest, "AAAA", Disclosures(DiscloseError::Unreferenced)),
            ("weaker digests", "sha-256", "sha-1", Disclosures(DiscloseError::DigestAlgorithm)),
        ];
        for (trick, from, to, refusal) in rows {
            let (header, payload) = (header.replace(from, to), payload.replace(from, to));
            let file = testing::signed(&signer, &header, &payload, disclosures);
            let sd_jwt = SdJwt::parse(&file).unwrap();
            assert_eq!(EcertFacts::read(sd_jwt).err(), Some(refusal), "{trick}");
        }
        let payload = payload.replace(content.id(), &other_id);
        let file = testing::signed(&signer, &header, &payload, disclosures);
        let refused = EcertFacts::read(SdJwt::parse(&file).unwrap()).err();
        assert!(matches!(refused, Some(LicenseId(LicenseIdError::CheckCharacter { .. }))));
    }

    #[test]
    fn each_form_that_is_no_sd_jwt_meets_its_own_refusal() {
        let (file, _, signer) = issued();
        let text = String::from_utf8(file).unwrap();
        let (jwt, disclosures) = text.split_once('~').unwrap();
        let signed = |header: &str| testing::signed(&signer, header, "{}", "");
        let rows = [
            ("plain JWT", jwt.as_bytes().to_vec(), ReadError::NoTilde),
            ("two parts", b"eyJ9.eyJ9~".to_vec(), ReadError::JwtParts),
            ("no algorithm", signed("{\"alg\":\"none\"}"), ReadError::Algorithm),
            ("shared key", signed("{\"alg\":\"HS256\"}"), ReadError::Algorithm),
            ("crit", signed("{\"alg\":\"ES256\",\"crit\":[\"x\"]}"), ReadError::Critical),
            ("key twice", signed("{\"alg\":\"ES256\",\"alg\":\"ES256\"}"), ReadError::Header),
            ("padding", format!("{jwt}=~{disclosures}").into_bytes(), ReadError::Signature),
            ("no array", format!("{jwt}~e30~").into_bytes(), ReadError::Disclosure),
            ("too many", format!("{jwt}~{}", "a~".repeat(1_001)).into_bytes(), {
                ReadError::TooManyDisclosures { actual: 1_001 }
            }),
        ];
        for (trick, file, refusal) in rows {
            assert_eq!(SdJwt::parse(&file).err(), Some(refusal), "{trick}");
        }
    }

    #[test]
    fn a_key_of_another_suite_or_another_key_does_not_verify() {
        let (file, ..) = issued();
        let sd_jwt = SdJwt::parse(&file).unwrap();
        let other = issued().2;
        assert_eq!(
            sd_jwt.verify_signature(Suite::RsaPkcs1Sha256, other.public_key()),
            Err(BadSignature)
        );
        assert_eq!(sd_jwt.verify_signature(other.suite(), other.public_key()), Err(BadSignature));
    }

    proptest::proptest! {
        #[test]
        fn noise_is_refused_and_never_a_panic(noise in "[eyJ0-9A-Za-z_~.=-]{0,200}") {
            if let Ok(sd_jwt) = SdJwt::parse(noise.as_bytes()) {
                drop(EcertFacts::read(sd_jwt));
            }
        }

        #[test]
        fn strange_payloads_are_refused_and_never_a_panic(
            payload in "(\\{|\\}|\\[|\\]|\"_sd\":|\"\\.\\.\\.\":|\"a\"|,|1){0,30}",
        ) {
            if let Ok(Json::Object(members)) = Json::read(payload.as_bytes()) {
                drop(resolve(members, Vec::new()));
            }
        }
    }
}
