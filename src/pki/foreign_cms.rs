//! The signatures in PDF files of others: CMS in whatever profile, read and checked.
//!
//! [`ForeignSignature::check`] answers one question: did the key of an enclosed certificate sign exactly these bytes?
//! Whose certificate that is, and whether anybody trusts it, is for `pki::path` to say. What the standard leaves open is
//! read as widely as it can be without a doubt about what was signed; where there is one, the answer is
//! [`ForeignCmsError::Unsupported`], which is "cannot tell".
//!
//! LIMIT: one signer, no attribute certificates.
//!
//! Sources: RFC 5652, RFC 5035; ISO 32000-1:2008, 12.8.3; RFC 3161.

use std::fmt;

use super::ber::to_der;
use super::certificate::Skim;
use super::cms::{CONTENT_TYPE, DATA, MESSAGE_DIGEST, SIGNED_DATA, SIGNING_CERTIFICATE_V2};
use super::cms_timestamp::TIMESTAMP_TOKEN;
use super::der::{DerError, Element, Reader, tag, write_head};
use super::timestamp::TimestampError;
use super::timestamp_token::{SIGNING_CERTIFICATE_V1, TST_INFO, TimestampToken};
use crate::crypto::{
    DocumentHash, ForeignFault, HashAlgorithm, Strength, sha1_for_matching, verify_document,
};

/// Most certificates in one signature; our own bound.
const MAX_CERTIFICATES: usize = 64;
/// Most attributes of a signature; our own bound.
const MAX_ATTRIBUTES: usize = 64;

/// What a signature is laid over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedThing {
    /// These bytes, which are not in it.
    Detached,
    /// Their SHA-1 digest, which is.
    Sha1Inside,
    /// What a time-stamp says of their digest.
    Timestamp,
}

/// A signature of others that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignSignature {
    /// The certificate of the key, in DER, unverified.
    pub leaf: Vec<u8>,
    /// The other certificates it brings, unverified.
    pub others: Vec<Vec<u8>>,
    /// How much it is worth.
    pub strength: Strength,
    /// A time-stamp over it, if there is one that can be read.
    pub timestamp: Option<TimestampToken>,
    /// What it says, if it is a time-stamp itself and of the profile that counts.
    pub token: Option<TimestampToken>,
}

impl ForeignSignature {
    /// Checks `cms`, which may be followed by zeros, against the parts that it is said to speak for.
    pub fn check(cms: &[u8], thing: SignedThing, parts: &[&[u8]]) -> Result<Self, ForeignCmsError> {
        let (message_der, length) = to_der(cms)?;
        let padding = cms.get(length..).unwrap_or_default();
        if padding.iter().any(|byte| *byte != 0) {
            return Err(ForeignCmsError::Unsupported);
        }
        let found = Parts::read(Reader::only(&message_der, tag::SEQUENCE)?)?;
        let hash = DocumentHash::from_algorithm_der(found.digest_algorithm);
        let hash = hash.ok_or(ForeignCmsError::Unsupported)?;
        let content = found.content;
        let digest = match (thing, content) {
            (SignedThing::Detached, None) => hash.digest(parts),
            // Some leave a copy of what was signed inside; then that is what must be here.
            (SignedThing::Detached, Some(inside)) => {
                let digest = hash.digest(&[inside]);
                if digest != hash.digest(parts) && !inside.is_empty() {
                    return Err(ForeignCmsError::OtherContent);
                }
                hash.digest(parts)
            }
            (SignedThing::Sha1Inside, Some(inside)) => {
                if inside != DocumentHash::Sha1.digest(parts) {
                    return Err(ForeignCmsError::OtherContent);
                }
                hash.digest(&[inside])
            }
            (SignedThing::Timestamp, Some(inside)) => {
                if found.content_type != TST_INFO || !stamps(inside, parts)? {
                    return Err(ForeignCmsError::OtherContent);
                }
                hash.digest(&[inside])
            }
            _ => return Err(ForeignCmsError::Unsupported),
        };
        let leaf = found.leaf()?;
        let message = match found.attributes {
            Some(attributes) => {
                let attributes = Attributes::read(attributes)?;
                if attributes.content_type != found.content_type
                    || attributes.message_digest != digest
                {
                    return Err(ForeignCmsError::OtherContent);
                }
                attributes.name(leaf.0)?;
                attributes.as_signed()
            }
            None => match (thing, content) {
                (SignedThing::Detached, None) => parts.concat(),
                (_, Some(inside)) => inside.to_vec(),
                _ => return Err(ForeignCmsError::Unsupported),
            },
        };
        let (algorithm, skim) = (found.signature_algorithm, leaf.1);
        let key = (skim.key_algorithm, skim.public_key);
        let mut strength = verify_document((algorithm, hash), key, &message, found.signature)
            .map_err(|fault| match fault {
                ForeignFault::Bad => ForeignCmsError::BadSignature,
                ForeignFault::Unsupported => ForeignCmsError::Unsupported,
            })?;
        if thing == SignedThing::Sha1Inside {
            strength = Strength::Weak;
        }
        let timestamp = found.timestamp()?;
        let others = found.certificates.iter().filter(|der| **der != leaf.0);
        let others = others.map(|der| der.to_vec()).collect();
        let token = match thing {
            SignedThing::Timestamp => TimestampToken::read(&message_der).ok(),
            _ => None,
        };
        Ok(Self { leaf: leaf.0.to_vec(), others, strength, timestamp, token })
    }
}

/// Whether a `TSTInfo` is for these parts.
fn stamps(info: &[u8], parts: &[&[u8]]) -> Result<bool, ForeignCmsError> {
    let mut fields = Reader::only(info, tag::SEQUENCE)?.reader();
    fields.expect(tag::INTEGER)?;
    fields.expect(tag::OID)?;
    let mut imprint = fields.expect(tag::SEQUENCE)?.reader();
    let hash = DocumentHash::from_algorithm_der(imprint.expect(tag::SEQUENCE)?.raw);
    let hash = hash.ok_or(ForeignCmsError::Unsupported)?;
    Ok(imprint.expect(tag::OCTET_STRING)?.content == hash.digest(parts))
}

/// A message taken apart.
struct Parts<'d> {
    content_type: &'d [u8],
    content: Option<&'d [u8]>,
    certificates: Vec<&'d [u8]>,
    signer: Element<'d>,
    digest_algorithm: &'d [u8],
    attributes: Option<&'d [u8]>,
    signature_algorithm: &'d [u8],
    signature: &'d [u8],
    unsigned: Option<&'d [u8]>,
}

impl<'d> Parts<'d> {
    fn read(message: Element<'d>) -> Result<Self, ForeignCmsError> {
        let mut outer = message.reader();
        if outer.expect(tag::OID)?.raw != SIGNED_DATA {
            return Err(ForeignCmsError::Unsupported);
        }
        let explicit = outer.expect(tag::CONTEXT_0)?;
        outer.finish()?;
        let mut data = Reader::only(explicit.content, tag::SEQUENCE)?.reader();
        data.expect(tag::INTEGER)?;
        data.expect(tag::SET)?;
        let mut info = data.expect(tag::SEQUENCE)?.reader();
        let content_type = info.expect(tag::OID)?.raw;
        let content = match info.optional(tag::CONTEXT_0)? {
            Some(explicit) => Some(Reader::only(explicit.content, tag::OCTET_STRING)?.content),
            None => None,
        };
        info.finish()?;
        let mut certificates = Vec::new();
        if let Some(list) = data.optional(tag::CONTEXT_0)? {
            let mut list = list.reader();
            while !list.is_empty() {
                let certificate = list.element()?;
                if certificates.len() >= MAX_CERTIFICATES {
                    return Err(ForeignCmsError::Unsupported);
                }
                if certificate.tag == tag::SEQUENCE {
                    certificates.push(certificate.raw);
                }
            }
        }
        data.optional(tag::CONTEXT_1)?;
        let signers = data.expect(tag::SET)?;
        data.finish()?;
        // One signature has one signer (12.8.3.3).
        let mut fields = Reader::only(signers.content, tag::SEQUENCE)?.reader();
        fields.expect(tag::INTEGER)?;
        let signer = fields.element()?;
        let digest_algorithm = fields.expect(tag::SEQUENCE)?.raw;
        let attributes = fields.optional(tag::CONTEXT_0)?.map(|set| set.content);
        let signature_algorithm = fields.expect(tag::SEQUENCE)?.raw;
        let signature = fields.expect(tag::OCTET_STRING)?.content;
        let unsigned = fields.optional(tag::CONTEXT_1)?.map(|set| set.content);
        fields.finish()?;
        // Without signed attributes nothing says of what kind the content is, so it can only be data.
        if attributes.is_none() && content_type != DATA {
            return Err(ForeignCmsError::Unsupported);
        }
        Ok(Self {
            content_type,
            content,
            certificates,
            signer,
            digest_algorithm,
            attributes,
            signature_algorithm,
            signature,
            unsigned,
        })
    }

    /// The certificate that the signer names, by issuer and number or by the identifier of its key.
    fn leaf(&self) -> Result<(&'d [u8], Skim<'d>), ForeignCmsError> {
        let known = self.certificates.iter().filter_map(|der| Some((*der, Skim::read(der)?)));
        let mut named: Vec<(&[u8], Skim<'_>)> = match self.signer.tag {
            tag::SEQUENCE => {
                let mut name = self.signer.reader();
                let issuer = name.expect(tag::SEQUENCE)?.raw;
                let serial = name.expect(tag::INTEGER)?.content;
                name.finish()?;
                known.filter(|(_, it)| it.issuer == issuer && it.serial == serial).collect()
            }
            tag::PRIMITIVE_0 => {
                known.filter(|(der, _)| holds_key_identifier(der, self.signer.content)).collect()
            }
            _ => return Err(ForeignCmsError::Unsupported),
        };
        // The same certificate may be enclosed twice; two of one name and number are one too many.
        named.dedup_by_key(|(der, _)| *der);
        match named[..] {
            [leaf] => Ok(leaf),
            [] => Err(ForeignCmsError::SignerMissing),
            _ => Err(ForeignCmsError::Unsupported),
        }
    }

    /// The time-stamp over the signature. One that is damaged was not put there by an honest program; one that was made
    /// for something else, or is of another profile, is none.
    fn timestamp(&self) -> Result<Option<TimestampToken>, ForeignCmsError> {
        let Some(unsigned) = self.unsigned else { return Ok(None) };
        let mut tokens = attributes(unsigned)?;
        tokens.retain(|(kind, _)| *kind == TIMESTAMP_TOKEN);
        let [(_, token)] = tokens[..] else { return Ok(None) };
        match TimestampToken::read(token.raw) {
            Ok(token) => {
                let imprint = token.imprint();
                let hash = DocumentHash::Sound(imprint.algorithm());
                Ok((hash.digest(&[self.signature]) == imprint.bytes()).then_some(token))
            }
            Err(TimestampError::BadSignature) => Err(ForeignCmsError::BadTimestamp),
            Err(_) => Ok(None),
        }
    }
}

/// Whether a certificate says that its key has this identifier. It is looked for where such an extension would stand;
/// the signature itself proves that the key is the right one.
fn holds_key_identifier(der: &[u8], identifier: &[u8]) -> bool {
    /// subjectKeyIdentifier, 2.5.29.14, whole.
    const KEY_IDENTIFIER: &[u8] = &[0x06, 0x03, 0x55, 0x1d, 0x0e];
    let Ok(length) = u8::try_from(identifier.len()) else { return false };
    if length > 0x7d {
        return false;
    }
    let value = [&[0x04, length + 2, 0x04, length], identifier].concat();
    let wanted = [KEY_IDENTIFIER, &value].concat();
    der.windows(wanted.len()).any(|bytes| bytes == wanted)
}

/// The attributes of a set: kind, and first value.
fn attributes(set: &[u8]) -> Result<Vec<(&[u8], Element<'_>)>, ForeignCmsError> {
    let mut reader = Reader::new(set);
    let mut found = Vec::new();
    while !reader.is_empty() {
        if found.len() >= MAX_ATTRIBUTES {
            return Err(ForeignCmsError::Unsupported);
        }
        let mut fields = reader.expect(tag::SEQUENCE)?.reader();
        let kind = fields.expect(tag::OID)?.raw;
        let mut values = fields.expect(tag::SET)?.reader();
        found.push((kind, values.element()?));
    }
    Ok(found)
}

/// The signed attributes that matter.
struct Attributes<'d> {
    raw: &'d [u8],
    content_type: &'d [u8],
    message_digest: &'d [u8],
    ess: Vec<(&'d [u8], Element<'d>)>,
}

impl<'d> Attributes<'d> {
    fn read(raw: &'d [u8]) -> Result<Self, ForeignCmsError> {
        let all = attributes(raw)?;
        let one = |kind: &[u8]| {
            let mut found = all.iter().filter(|(known, _)| *known == kind);
            match (found.next(), found.next()) {
                (Some((_, value)), None) => Ok(*value),
                _ => Err(ForeignCmsError::Unsupported),
            }
        };
        let (content_type, digest) = (one(CONTENT_TYPE)?.raw, one(MESSAGE_DIGEST)?);
        if digest.tag != tag::OCTET_STRING {
            return Err(ForeignCmsError::Unsupported);
        }
        let is_ess = |kind: &[u8]| [SIGNING_CERTIFICATE_V1, SIGNING_CERTIFICATE_V2].contains(&kind);
        let ess = all.iter().filter(|(kind, _)| is_ess(kind)).copied().collect();
        Ok(Self { raw, content_type, message_digest: digest.content, ess })
    }

    /// What the key signed: the attributes as a SET.
    fn as_signed(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.raw.len() + 4);
        write_head(&mut message, tag::SET, self.raw.len());
        message.extend_from_slice(self.raw);
        message
    }

    /// Asserts that whatever names a signing certificate names this one.
    fn name(&self, leaf: &[u8]) -> Result<(), ForeignCmsError> {
        for (kind, value) in &self.ess {
            let mut ids = value.reader().expect(tag::SEQUENCE)?.reader();
            let mut id = ids.expect(tag::SEQUENCE)?.reader();
            let expected = if *kind == SIGNING_CERTIFICATE_V1 {
                sha1_for_matching(leaf).to_vec()
            } else {
                match id.optional(tag::SEQUENCE)? {
                    Some(named) => match DocumentHash::from_algorithm_der(named.raw) {
                        Some(hash) => hash.digest(&[leaf]),
                        None => return Err(ForeignCmsError::Unsupported),
                    },
                    None => HashAlgorithm::Sha256.digest(leaf),
                }
            };
            if id.expect(tag::OCTET_STRING)?.content != expected {
                return Err(ForeignCmsError::OtherCertificate);
            }
        }
        Ok(())
    }
}

/// Why a signature of others does not hold, or cannot be told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignCmsError {
    /// The key did not sign what the message says.
    BadSignature,
    /// The time-stamp over it is damaged.
    BadTimestamp,
    /// It is no DER, or not of the form.
    Malformed,
    /// It names another certificate than the one whose key it claims.
    OtherCertificate,
    /// It was made for other bytes.
    OtherContent,
    /// The certificate of its key is not enclosed.
    SignerMissing,
    /// An algorithm or a form that is not read.
    Unsupported,
}

impl From<DerError> for ForeignCmsError {
    fn from(_: DerError) -> Self {
        Self::Malformed
    }
}

impl fmt::Display for ForeignCmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadSignature => "the key did not sign what the message says",
            Self::BadTimestamp => "the time-stamp over the signature is damaged",
            Self::Malformed => "the signature is not made as laid down",
            Self::OtherCertificate => "the signature names another certificate",
            Self::OtherContent => "the signature was made for other bytes",
            Self::SignerMissing => "the certificate of the signer is not enclosed",
            Self::Unsupported => "the signature has a form or an algorithm that is not read",
        })
    }
}

impl std::error::Error for ForeignCmsError {}

#[cfg(test)]
mod tests {
    use super::super::cms::SealTemplate;
    use super::super::test_chain::TestChain;
    use super::*;
    use crate::crypto::Digest;

    const PARTS: [&[u8]; 2] = [b"what was ", b"signed"];

    fn sealed(chain: &TestChain) -> Vec<u8> {
        let template = SealTemplate::new(&[chain.seal().clone(), chain.ca().clone()]).unwrap();
        template.seal(&chain.signer(), &Digest::of_parts(&PARTS)).unwrap()
    }

    fn check(cms: &[u8]) -> Result<ForeignSignature, ForeignCmsError> {
        ForeignSignature::check(cms, SignedThing::Detached, &PARTS)
    }

    #[test]
    fn a_signature_is_checked_whoever_made_it_and_however_it_is_framed() {
        let chain = TestChain::new();
        let cms = sealed(&chain);
        let found = check(&cms).unwrap();
        assert_eq!((&found.leaf[..], found.strength), (chain.seal().der(), Strength::Sound));
        assert_eq!(found.others, [chain.ca().der().to_vec()]);
        assert_eq!(check(&[&cms[..], &[0; 500]].concat()), Ok(found.clone()));
        // The outer lengths made indefinite.
        let outer = Reader::only(&cms, tag::SEQUENCE).unwrap();
        let ber = [&[0x30, 0x80], outer.content, &[0, 0, 0, 0]].concat();
        assert_eq!(check(&ber), Ok(found));
        assert_eq!(check(&[&cms[..], &[0, 1]].concat()), Err(ForeignCmsError::Unsupported));
        let others: [&[u8]; 2] = [b"what was", b"signed"];
        let other = ForeignSignature::check(&cms, SignedThing::Detached, &others);
        assert_eq!(other, Err(ForeignCmsError::OtherContent));
        for thing in [SignedThing::Sha1Inside, SignedThing::Timestamp] {
            let other = ForeignSignature::check(&cms, thing, &PARTS);
            assert_eq!(other, Err(ForeignCmsError::Unsupported), "{thing:?}");
        }
    }

    /// What is not covered by the signature may change: what stays is the key that signed, and what it signed.
    #[test]
    fn no_changed_byte_makes_another_signature_of_it() {
        let chain = TestChain::new();
        let cms = sealed(&chain);
        let honest = check(&cms).unwrap();
        for place in 0..cms.len() {
            for flip in [0x01, 0x80] {
                let mut changed = cms.clone();
                changed[place] ^= flip;
                if let Ok(found) = check(&changed) {
                    assert_eq!(found.leaf, honest.leaf, "{place}");
                }
            }
            assert!(check(&cms[..place]).is_err());
        }
    }
}
