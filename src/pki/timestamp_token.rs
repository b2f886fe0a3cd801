//! A time-stamp token: a CMS `SignedData` over what the time-stamp says, read and checked.
//!
//! [`TimestampToken::read`] is the only way to one, so holding one is the proof that: its one signer's certificate is
//! enclosed and was issued for time-stamping alone, an ESS attribute names that very certificate, the signed
//! attributes carry the digest of what is said, and the key of that certificate signed them. The signer is found by
//! issuer and serial number, never by its place among the enclosed certificates, so certificates that were slipped
//! in change nothing; whether anybody we trust issued the signer's is for `pki::path` to say.
//!
//! The profile is that of others (`crypto::foreign`): RSA, RSA-PSS and ECDSA with SHA-256 and longer, in DER. What is
//! not covered by the signature can be left away by [`TimestampToken::tidied`], which is what goes into our files.
//!
//! LIMIT: the signer must be named by issuer and serial number (version 1), not by a key identifier.
//!
//! Sources: RFC 3161, section 2.4.2; RFC 5652; RFC 2634 section 5.4 and RFC 5035 (ESS).

use std::fmt;

use super::certificate::{Certificate, TIME_STAMPING};
use super::cms::{CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA, SIGNING_CERTIFICATE_V2};
use super::der::{Element, Reader, element, tag, write_head};
use super::signed::is_issued_by;
use super::timestamp::{Imprint, MAX_TIMESTAMP_LEN, TimestampError};
use super::timestamp_info::TstInfo;
use crate::crypto::{
    ForeignAlgorithm, ForeignFault, HashAlgorithm, sha1_for_matching, verify_foreign,
};
use crate::domain::Moment;

/// Most certificates in one token; our own bound.
const MAX_CERTIFICATES: usize = 8;
/// Most signed attributes; our own bound.
const MAX_ATTRIBUTES: usize = 16;

/// id-ct-TSTInfo, 1.2.840.113549.1.9.16.1.4, whole.
pub(super) const TST_INFO: &[u8] =
    &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// signing-certificate with SHA-1, 1.2.840.113549.1.9.16.2.12, whole.
pub(super) const SIGNING_CERTIFICATE_V1: &[u8] =
    &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c];

/// A time-stamp token whose own parts were checked.
#[derive(Clone)]
pub struct TimestampToken {
    der: Vec<u8>,
    info: TstInfo,
    certificates: Vec<Certificate>,
    signer: Certificate,
    tidy: bool,
}

impl TimestampToken {
    /// Reads and checks a token. `der` must be the token and nothing else: no padding.
    pub fn read(der: &[u8]) -> Result<Self, TimestampError> {
        if der.len() > MAX_TIMESTAMP_LEN {
            return Err(TimestampError::TooLong { limit: MAX_TIMESTAMP_LEN });
        }
        let parts = Parts::read(der)?;
        let enclosed = parts.certificates()?;
        let named = |certificate: &&Certificate| {
            certificate.issuer() == parts.issuer && certificate.serial() == parts.serial
        };
        // Where a forger enclosed another certificate of the same name and number, ESS tells them apart.
        let candidates: Vec<&Certificate> = enclosed.iter().filter(named).collect();
        let hash = HashAlgorithm::from_algorithm_der(parts.digest_algorithm)
            .ok_or(TimestampError::UnsupportedAlgorithm)?;
        let attributes = Attributes::read(parts.attributes)?;
        let mut refusal = TimestampError::SignerMissing;
        let mut signer = None;
        for candidate in candidates {
            match attributes.names(candidate) {
                Ok(()) => signer = Some(candidate.clone()),
                Err(why) => refusal = why,
            }
        }
        let signer = signer.ok_or(refusal)?;
        if attributes.content_type != TST_INFO
            || attributes.message_digest != hash.digest(parts.content)
        {
            return Err(TimestampError::BadSignature);
        }
        let algorithm = ForeignAlgorithm::from_cms(parts.signature_algorithm, hash)
            .ok_or(TimestampError::UnsupportedAlgorithm)?;
        let key = signer.key_kind().ok_or(TimestampError::UnsupportedAlgorithm)?;
        let mut message = Vec::with_capacity(parts.attributes.len() + 4);
        write_head(&mut message, tag::SET, parts.attributes.len());
        message.extend_from_slice(parts.attributes);
        verify_foreign(algorithm, key, signer.public_key(), &message, parts.signature).map_err(
            |fault| match fault {
                ForeignFault::Bad => TimestampError::BadSignature,
                ForeignFault::Unsupported => TimestampError::UnsupportedAlgorithm,
            },
        )?;
        if !signer.has_only_purpose(TIME_STAMPING) {
            return Err(TimestampError::Purpose);
        }
        let info = TstInfo::read(parts.content)?;
        Ok(Self { der: der.to_vec(), info, certificates: enclosed, signer, tidy: parts.tidy })
    }

    /// The whole token.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// When the authority's clock says it was made.
    pub fn gen_time(&self) -> Moment {
        self.info.gen_time
    }

    /// The moment before which it proves that what was stamped existed: its time, and what the authority allows its
    /// clock to be off.
    pub fn proves_before(&self) -> Moment {
        self.info.gen_time.plus_seconds(i64::from(self.info.margin_seconds))
    }

    /// Its serial number: the content of a DER integer.
    pub fn serial(&self) -> &[u8] {
        &self.info.serial
    }

    /// The policy it was made under: the content of a DER object identifier.
    pub fn policy(&self) -> &[u8] {
        &self.info.policy
    }

    /// What was stamped; compare it with a [`Digest`](crate::crypto::Digest).
    pub fn imprint(&self) -> &Imprint {
        &self.info.imprint
    }

    /// The nonce, as the content of a DER integer.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.info.nonce.as_deref()
    }

    /// The enclosed certificates, the signer's among them, in the order of the token, unverified.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate of the authority's key.
    pub fn signer(&self) -> &Certificate {
        &self.signer
    }

    /// Whether nothing is in it, besides enclosed certificates, that its signature does not cover.
    pub fn is_tidy(&self) -> bool {
        self.tidy
    }

    /// Whether it is as [`Self::tidied`] leaves it: besides what its signature covers there are only certificates that
    /// lead upward from the signer's, each of which issued one that was reached before.
    ///
    /// Nothing of the chain is trusted yet, so no more signatures are checked than a token may have certificates.
    pub fn is_whole(&self) -> bool {
        let issued = |subject: &Certificate, issuer: &Certificate| {
            is_issued_by(subject, issuer, self.info.gen_time).is_ok()
        };
        self.tidy && leads_upward(&self.signer, &self.certificates, issued)
    }

    /// The same token, enclosing exactly the signer's certificate and these, and nothing else that is unsigned.
    ///
    /// What a signature does not cover can be changed by anybody, so no more of it than is needed goes into a file.
    pub fn tidied(&self, issuers: &[Certificate]) -> Result<Self, TimestampError> {
        let parts = Parts::read(&self.der)?;
        let mut certificates: Vec<&[u8]> =
            issuers.iter().chain([&self.signer]).map(Certificate::der).collect();
        certificates.sort_unstable();
        certificates.dedup();
        let certificates = element(tag::CONTEXT_0, &certificates);
        let attributes = element(tag::CONTEXT_0, &[parts.attributes]);
        let signature = element(tag::OCTET_STRING, &[parts.signature]);
        let signer = element(
            tag::SEQUENCE,
            &[
                &[tag::INTEGER, 1, 1],
                parts.signer_id,
                parts.digest_algorithm,
                &attributes,
                parts.signature_algorithm,
                &signature,
            ],
        );
        let signers = element(tag::SET, &[&signer]);
        let data = element(tag::SEQUENCE, &[parts.head, &certificates, &signers]);
        Self::read(&element(tag::SEQUENCE, &[SIGNED_DATA, &element(tag::CONTEXT_0, &[&data])]))
    }
}

impl PartialEq for TimestampToken {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for TimestampToken {}

impl fmt::Debug for TimestampToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimestampToken(of {})", self.info.gen_time)
    }
}

/// Whether every one of these certificates is reached from `signer` by the names of issuers, each step with a
/// signature that `issued` finds right. It is asked about at most [`MAX_CERTIFICATES`] steps; a chain needs one for
/// each issuer, and whoever needs more brings certificates of one name that did not issue anything.
fn leads_upward(
    signer: &Certificate,
    enclosed: &[Certificate],
    mut issued: impl FnMut(&Certificate, &Certificate) -> bool,
) -> bool {
    let mut left: Vec<&Certificate> = enclosed.iter().filter(|one| *one != signer).collect();
    let mut reached = vec![signer];
    let (mut next, mut checks) = (0, 0);
    while let Some(subject) = reached.get(next).copied() {
        next += 1;
        for issuer in std::mem::take(&mut left) {
            let named = subject.issuer() == issuer.subject();
            if named && checks == MAX_CERTIFICATES {
                return false;
            }
            checks += usize::from(named);
            if named && issued(subject, issuer) { &mut reached } else { &mut left }.push(issuer);
        }
    }
    left.is_empty()
}

/// A token taken apart.
struct Parts<'d> {
    /// From the version to what is signed.
    head: &'d [u8],
    /// What is signed: a `TSTInfo`.
    content: &'d [u8],
    enclosed: Element<'d>,
    signer_id: &'d [u8],
    issuer: &'d [u8],
    serial: &'d [u8],
    digest_algorithm: &'d [u8],
    attributes: &'d [u8],
    signature_algorithm: &'d [u8],
    signature: &'d [u8],
    tidy: bool,
}

impl<'d> Parts<'d> {
    fn read(der: &'d [u8]) -> Result<Self, TimestampError> {
        let mut outer = Reader::only(der, tag::SEQUENCE)?.reader();
        if outer.expect(tag::OID)?.raw != SIGNED_DATA {
            return Err(TimestampError::Garbage);
        }
        let explicit = outer.expect(tag::CONTEXT_0)?;
        outer.finish()?;
        let data = Reader::only(explicit.content, tag::SEQUENCE)?;
        let mut fields = data.reader();
        let version = fields.expect(tag::INTEGER)?;
        let digests = fields.expect(tag::SET)?;
        let content_info = fields.expect(tag::SEQUENCE)?;
        let head_len = version.raw.len() + digests.raw.len() + content_info.raw.len();
        let head = data.content.get(..head_len).unwrap_or_default();
        let mut info = content_info.reader();
        if version.content != [3] || info.expect(tag::OID)?.raw != TST_INFO {
            return Err(TimestampError::Garbage);
        }
        let content = Reader::only(info.expect(tag::CONTEXT_0)?.content, tag::OCTET_STRING)?;
        info.finish()?;
        let enclosed = fields.optional(tag::CONTEXT_0)?.ok_or(TimestampError::SignerMissing)?;
        let lists = fields.optional(tag::CONTEXT_1)?;
        let signers = fields.expect(tag::SET)?;
        fields.finish()?;

        // RFC 3161: the signature of the authority and no other.
        let mut signer = Reader::only(signers.content, tag::SEQUENCE)?.reader();
        if signer.expect(tag::INTEGER)?.content != [1] {
            return Err(TimestampError::Garbage);
        }
        let signer_id = signer.expect(tag::SEQUENCE)?;
        let digest_algorithm = signer.expect(tag::SEQUENCE)?.raw;
        let attributes = signer.expect(tag::CONTEXT_0)?.content;
        let signature_algorithm = signer.expect(tag::SEQUENCE)?.raw;
        let signature = signer.expect(tag::OCTET_STRING)?.content;
        let unsigned = signer.optional(tag::CONTEXT_1)?;
        signer.finish()?;
        let digest = Reader::only(digests.content, tag::SEQUENCE)?.raw;
        let same = HashAlgorithm::from_algorithm_der(digest)
            == HashAlgorithm::from_algorithm_der(digest_algorithm);
        if !same {
            return Err(TimestampError::Garbage);
        }
        let mut name = signer_id.reader();
        let issuer = name.expect(tag::SEQUENCE)?.raw;
        let serial = name.expect(tag::INTEGER)?.content;
        name.finish()?;
        Ok(Self {
            head,
            content: content.content,
            enclosed,
            signer_id: signer_id.raw,
            issuer,
            serial,
            digest_algorithm,
            attributes,
            signature_algorithm,
            signature,
            tidy: lists.is_none() && unsigned.is_none(),
        })
    }

    fn certificates(&self) -> Result<Vec<Certificate>, TimestampError> {
        let mut reader = self.enclosed.reader();
        let mut found = Vec::new();
        while !reader.is_empty() {
            if found.len() == MAX_CERTIFICATES {
                return Err(TimestampError::Garbage);
            }
            let der = reader.expect(tag::SEQUENCE)?.raw;
            found.push(Certificate::from_der(der).map_err(|_| TimestampError::Garbage)?);
        }
        Ok(found)
    }
}

/// The signed attributes that matter; others are allowed, as they are signed.
struct Attributes<'d> {
    content_type: &'d [u8],
    message_digest: &'d [u8],
    ess_v1: Option<Element<'d>>,
    ess_v2: Option<Element<'d>>,
}

impl<'d> Attributes<'d> {
    fn read(attributes: &'d [u8]) -> Result<Self, TimestampError> {
        let mut reader = Reader::new(attributes);
        let [mut content_type, mut digest, mut ess_v1, mut ess_v2] = [None; 4];
        for _ in 0..MAX_ATTRIBUTES {
            if reader.is_empty() {
                break;
            }
            let mut fields = reader.expect(tag::SEQUENCE)?.reader();
            let kind = fields.expect(tag::OID)?.raw;
            let mut values = fields.expect(tag::SET)?.reader();
            fields.finish()?;
            let slot = match kind {
                CONTENT_TYPE => &mut content_type,
                MESSAGE_DIGEST => &mut digest,
                SIGNING_CERTIFICATE_V1 => &mut ess_v1,
                SIGNING_CERTIFICATE_V2 => &mut ess_v2,
                _ => continue,
            };
            let value = values.element()?;
            values.finish()?;
            if slot.replace(value).is_some() {
                return Err(TimestampError::Garbage);
            }
        }
        reader.finish()?;
        let (Some(content_type), Some(digest)) = (content_type, digest) else {
            return Err(TimestampError::Garbage);
        };
        if digest.tag != tag::OCTET_STRING {
            return Err(TimestampError::Garbage);
        }
        Ok(Self { content_type: content_type.raw, message_digest: digest.content, ess_v1, ess_v2 })
    }

    /// Asserts that every ESS attribute names this certificate first, and that there is one.
    fn names(&self, signer: &Certificate) -> Result<(), TimestampError> {
        if self.ess_v1.is_none() && self.ess_v2.is_none() {
            return Err(TimestampError::NoSigningCertificate);
        }
        let v1 = self.ess_v1.map(|ess| {
            let mut id = first_id(&ess)?;
            let hash = id.expect(tag::OCTET_STRING)?.content;
            Ok(hash == sha1_for_matching(signer.der()) && names_issuer(&mut id, signer)?)
        });
        let v2 = self.ess_v2.map(|ess| {
            let mut id = first_id(&ess)?;
            let algorithm = match id.optional(tag::SEQUENCE)? {
                Some(named) => HashAlgorithm::from_algorithm_der(named.raw)
                    .ok_or(TimestampError::UnsupportedAlgorithm)?,
                None => HashAlgorithm::Sha256,
            };
            let hash = id.expect(tag::OCTET_STRING)?.content;
            Ok(hash == algorithm.digest(signer.der()) && names_issuer(&mut id, signer)?)
        });
        let agree = |answer: Option<Result<bool, TimestampError>>| answer.unwrap_or(Ok(true));
        if agree(v1)? && agree(v2)? { Ok(()) } else { Err(TimestampError::OtherSigningCertificate) }
    }
}

/// The first `ESSCertID` or `ESSCertIDv2` of the attribute: the signer's.
fn first_id<'d>(ess: &Element<'d>) -> Result<Reader<'d>, TimestampError> {
    if ess.tag != tag::SEQUENCE {
        return Err(TimestampError::Garbage);
    }
    let mut ids = ess.reader().expect(tag::SEQUENCE)?.reader();
    Ok(ids.expect(tag::SEQUENCE)?.reader())
}

/// Whether the issuer and serial number of an `ESSCertID`, where it has them, are this certificate's.
fn names_issuer(id: &mut Reader<'_>, signer: &Certificate) -> Result<bool, TimestampError> {
    let Some(named) = id.optional(tag::SEQUENCE)? else { return Ok(true) };
    let mut fields = named.reader();
    let mut names = fields.expect(tag::SEQUENCE)?.reader();
    let serial = fields.expect(tag::INTEGER)?.content;
    fields.finish()?;
    // directoryName [4] EXPLICIT Name.
    let issuer = names.expect(0xa4)?.content;
    names.finish()?;
    Ok(issuer == signer.issuer() && serial == signer.serial())
}

#[cfg(test)]
mod tests {
    use super::super::test_chain::{TestChain, Word};
    use super::*;

    #[test]
    fn however_many_certificates_of_one_name_there_are_few_signatures_are_checked() {
        let chain = TestChain::new();
        let signer = chain.mint(&Word::TSA).certificate;
        // All of these are named as the issuer of the signer, and each root as the issuer of these.
        let crowd: Vec<TestChain> = (0..2 * MAX_CERTIFICATES).map(|_| TestChain::new()).collect();
        let crowd: Vec<Certificate> =
            crowd.iter().flat_map(|chain| [chain.ca(), chain.root()]).cloned().collect();
        for (what, answer) in [("none issued anything", false), ("all did", true)] {
            let mut checks = 0;
            let whole = leads_upward(&signer, &crowd, |_, _| {
                checks += 1;
                answer
            });
            assert_eq!((whole, checks), (false, MAX_CERTIFICATES), "{what}");
        }
        let honest = [chain.root().clone(), signer.clone(), chain.ca().clone()];
        let mut checks = 0;
        assert!(leads_upward(&signer, &honest, |subject, issuer| {
            checks += 1;
            is_issued_by(subject, issuer, subject.not_before()).is_ok()
        }));
        assert_eq!(checks, 2);
    }
}
