//! Reading the signature inside a seal, strictly.
//!
//! [`SignedData::read`] takes the seal apart and writes it anew from its parts; unless the result is the
//! input, byte for byte, it is refused. Together with [`SignedData::check`], by which the signature covers
//! the attributes and the attributes cover every enclosed certificate, no byte of a seal can be changed
//! without being noticed, even where the change would mean nothing. Of the two ECDSA signatures that verify,
//! only the lower is taken.
//!
//! The signature is checked over the raw attributes with the tag of a SET, never over attributes written
//! anew. Whether anybody we trust stands behind the certificate is for `pki::path` to say.
//!
//! A time-stamp over the signature's value, the one unsigned attribute that is allowed, is handed out as it stands:
//! [`SignedData::timestamp`] is for `pki::timestamp_token` to read.
//!
//! LIMIT: only our own profile is read. A seal with other unsigned attributes, enclosed lists or BER lengths is
//! [`CmsError::OtherProfile`] or [`CmsError::Malformed`], which is "cannot tell", never "valid".
//!
//! Sources: RFC 5652 section 5.4, RFC 5035, RFC 6211.

use std::fmt;

use super::certificate::Skim;
use super::cms::{
    ALGORITHM_PROTECTION, CONTENT_TYPE, DATA, Envelope, MAX_CERTIFICATES, MESSAGE_DIGEST,
    SIGNED_DATA, SIGNING_CERTIFICATE_V2, algorithm_protection, signing_certificate,
};
use super::cms_timestamp::{timestamp_attribute, timestamp_in};
use super::der::{DerError, Element, Reader, tag, write_head};
use crate::crypto::{Digest, Signature, Suite, verify_raw};

/// Longest seal that is read, in bytes; our own bound. Ours take about two thousand.
pub const MAX_SEAL_LEN: usize = 64 * 1024;

/// The parts of a seal, in the form our own profile gives them.
#[derive(Clone, Debug)]
pub struct SignedData<'d> {
    suite: Suite,
    leaf: &'d [u8],
    others: Vec<&'d [u8]>,
    public_key: &'d [u8],
    /// The signed attributes, without the tag they are written under.
    attributes: &'d [u8],
    message_digest: Digest,
    signing_certificate: &'d [u8],
    signature: Signature,
    timestamp: Option<&'d [u8]>,
}

impl<'d> SignedData<'d> {
    /// Takes a seal apart. `der` must be the seal and nothing else: no padding.
    pub fn read(der: &'d [u8]) -> Result<Self, CmsError> {
        if der.len() > MAX_SEAL_LEN {
            return Err(CmsError::TooLong { limit: MAX_SEAL_LEN });
        }
        let mut outer = Reader::only(der, tag::SEQUENCE)?.reader();
        if outer.expect(tag::OID)?.raw != SIGNED_DATA {
            return Err(CmsError::OtherProfile);
        }
        let data = outer.expect(tag::CONTEXT_0)?;
        outer.finish()?;
        let mut data = Reader::only(data.content, tag::SEQUENCE)?.reader();
        data.expect(tag::INTEGER)?;
        data.expect(tag::SET)?;
        data.expect(tag::SEQUENCE)?;
        let certificates = elements(data.expect(tag::CONTEXT_0)?, MAX_CERTIFICATES)?;
        let signers = data.expect(tag::SET)?;
        data.finish()?;
        let mut signer = Reader::only(signers.content, tag::SEQUENCE)?.reader();
        signer.expect(tag::INTEGER)?;
        let mut name = signer.expect(tag::SEQUENCE)?.reader();
        signer.expect(tag::SEQUENCE)?;
        let attributes = signer.expect(tag::CONTEXT_0)?;
        signer.expect(tag::SEQUENCE)?;
        let signature = signer.expect(tag::OCTET_STRING)?.content;
        let timestamp = match signer.optional(tag::CONTEXT_1)? {
            Some(unsigned) => Some(timestamp_in(unsigned.content)?),
            None => None,
        };
        signer.finish()?;
        let issuer = name.expect(tag::SEQUENCE)?.raw;
        let serial = name.expect(tag::INTEGER)?.content;
        name.finish()?;

        let certificates: Vec<&[u8]> = certificates.iter().map(|found| found.raw).collect();
        let mut leaves = certificates.iter().filter_map(|der| {
            let skim = Skim::read(der)?;
            (skim.issuer == issuer && skim.serial == serial).then_some((*der, skim))
        });
        let (leaf, skim) = leaves.next().ok_or(CmsError::SignerMissing)?;
        let others = certificates.iter().filter(|der| **der != leaf).copied().collect();
        let suite = skim.suite.ok_or(CmsError::UnsupportedSuite)?;
        let parsed = Signature::from_der(suite, signature).map_err(|_| CmsError::BadSignature)?;
        let (message_digest, signing_certificate) = read_attributes(suite, attributes.content)?;

        let mut in_order = certificates;
        in_order.sort_unstable();
        let unsigned = timestamp.map(timestamp_attribute).unwrap_or_default();
        let anew = Envelope::new(suite, &skim, &in_order).close_with(
            attributes.content,
            &parsed.der(),
            &unsigned,
        );
        if anew != der || !parsed.is_low() {
            return Err(CmsError::OtherProfile);
        }
        Ok(Self {
            suite,
            leaf,
            others,
            public_key: skim.public_key,
            attributes: attributes.content,
            message_digest,
            signing_certificate,
            signature: parsed,
            timestamp,
        })
    }

    /// The time-stamp over the signature's value, in DER, unread, if there is one.
    pub fn timestamp(&self) -> Option<&'d [u8]> {
        self.timestamp
    }

    /// What a time-stamp of this seal must be for: the digest of the signature's value.
    pub fn digest_to_stamp(&self) -> Digest {
        Digest::of(&self.signature.der())
    }

    /// The seal, with this time-stamp in place of any it has.
    pub(super) fn written_with(&self, unsigned: &[u8]) -> Result<Vec<u8>, CmsError> {
        let skim = Skim::read(self.leaf).ok_or(CmsError::Malformed)?;
        let mut certificates: Vec<&[u8]> =
            [self.leaf].into_iter().chain(self.others.iter().copied()).collect();
        certificates.sort_unstable();
        let envelope = Envelope::new(self.suite, &skim, &certificates);
        Ok(envelope.close_with(self.attributes, &self.signature.der(), unsigned))
    }

    /// The suite of the seal.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The sealing certificate, in DER, unverified.
    pub fn leaf(&self) -> &'d [u8] {
        self.leaf
    }

    /// The further certificates, in DER, in the order of the seal, unverified.
    pub fn others(&self) -> &[&'d [u8]] {
        &self.others
    }

    /// The digest the seal was put on, which means something only once [`Self::check`] has passed.
    pub fn message_digest(&self) -> Digest {
        self.message_digest
    }

    /// Checks that the key of the enclosed certificate signed the attributes, that they name every enclosed
    /// certificate, and that they were made for content with the digest `content`.
    ///
    /// In this order: a seal that was itself damaged says nothing about the content.
    pub fn check(&self, content: &Digest) -> Result<(), CmsError> {
        let mut message = Vec::with_capacity(self.attributes.len() + 4);
        write_head(&mut message, tag::SET, self.attributes.len());
        message.extend_from_slice(self.attributes);
        verify_raw(self.suite, self.public_key, &message, self.signature.raw())
            .map_err(|_| CmsError::BadSignature)?;
        let enclosed = [self.leaf].into_iter().chain(self.others.iter().copied());
        let digests: Vec<Digest> = enclosed.map(Digest::of).collect();
        if signing_certificate(&digests) != self.signing_certificate {
            return Err(CmsError::OtherCertificate);
        }
        if self.message_digest != *content {
            return Err(CmsError::OtherContent);
        }
        Ok(())
    }
}

/// The elements inside `outer`, which may be at most `limit`.
fn elements(outer: Element<'_>, limit: usize) -> Result<Vec<Element<'_>>, CmsError> {
    let mut reader = outer.reader();
    let mut found = Vec::new();
    while !reader.is_empty() {
        if found.len() == limit {
            return Err(CmsError::OtherProfile);
        }
        found.push(reader.expect(tag::SEQUENCE)?);
    }
    Ok(found)
}

/// Holds the attributes against the profile: the four of it, each once, in the order of DER.
fn read_attributes(suite: Suite, attributes: &[u8]) -> Result<(Digest, &[u8]), CmsError> {
    let mut reader = Reader::new(attributes);
    let (mut content_type, mut protection) = (None, None);
    let (mut message_digest, mut certificates) = (None, None);
    let mut before: &[u8] = &[];
    while !reader.is_empty() {
        let attribute = reader.expect(tag::SEQUENCE)?;
        if attribute.raw <= before {
            return Err(CmsError::OtherProfile);
        }
        before = attribute.raw;
        let mut fields = attribute.reader();
        let kind = fields.expect(tag::OID)?.raw;
        let mut values = fields.expect(tag::SET)?.reader();
        fields.finish()?;
        let value = values.element()?;
        values.finish()?;
        let slot = match kind {
            ALGORITHM_PROTECTION => &mut protection,
            CONTENT_TYPE => &mut content_type,
            MESSAGE_DIGEST => &mut message_digest,
            SIGNING_CERTIFICATE_V2 => &mut certificates,
            _ => return Err(CmsError::OtherProfile),
        };
        if slot.replace(value).is_some() {
            return Err(CmsError::OtherProfile);
        }
    }
    let (Some(content_type), Some(protection), Some(digest), Some(certificates)) =
        (content_type, protection, message_digest, certificates)
    else {
        return Err(CmsError::OtherProfile);
    };
    if content_type.raw != DATA || protection.raw != algorithm_protection(suite) {
        return Err(CmsError::OtherProfile);
    }
    if digest.tag != tag::OCTET_STRING {
        return Err(CmsError::OtherProfile);
    }
    let digest = Digest::from_slice(digest.content).map_err(|_| CmsError::OtherProfile)?;
    Ok((digest, certificates.raw))
}

/// Why a seal is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CmsError {
    /// The key of the enclosed certificate did not sign these attributes.
    BadSignature,
    /// The seal is not DER with the outline of a `SignedData`.
    Malformed,
    /// The enclosed certificates are not those the seal was made with.
    OtherCertificate,
    /// The seal was made for other content: the content was changed, or the seal moved here from elsewhere.
    OtherContent,
    /// The seal is not written as our profile writes it: others made it, or a byte outside of what is
    /// signed was changed.
    OtherProfile,
    /// The certificate the seal names as its signer's is not enclosed.
    SignerMissing,
    /// The seal is longer than we read.
    TooLong {
        /// What we read, in bytes.
        limit: usize,
    },
    /// The key of the enclosed certificate belongs to no suite on our list.
    UnsupportedSuite,
}

impl CmsError {
    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSignature => "seal.bad_signature",
            Self::Malformed => "seal.malformed",
            Self::OtherCertificate => "seal.other_certificate",
            Self::OtherContent => "seal.other_content",
            Self::OtherProfile => "seal.other_profile",
            Self::SignerMissing => "seal.signer_missing",
            Self::TooLong { .. } => "seal.too_long",
            Self::UnsupportedSuite => "seal.unsupported_suite",
        }
    }
}

impl From<DerError> for CmsError {
    fn from(_: DerError) -> Self {
        Self::Malformed
    }
}

impl fmt::Display for CmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadSignature => f.write_str("the seal was not made with its certificate's key"),
            Self::Malformed => f.write_str("the seal is not a well-formed CMS SignedData in DER"),
            Self::OtherCertificate => f.write_str("the seal was made with another certificate"),
            Self::OtherContent => f.write_str("the seal was made for other content"),
            Self::OtherProfile => f.write_str("the seal is not written as Zhengku writes seals"),
            Self::SignerMissing => {
                f.write_str("the seal does not enclose its signer's certificate")
            }
            Self::TooLong { limit } => write!(f, "the seal is longer than {limit} bytes"),
            Self::UnsupportedSuite => f.write_str("the seal's algorithms are not on the list"),
        }
    }
}

impl std::error::Error for CmsError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cms::SealTemplate;
    use super::super::test_chain::TestChain;
    use super::*;

    fn sealed(chain: &TestChain, content: &Digest) -> Vec<u8> {
        let template = SealTemplate::new(&[chain.seal().clone(), chain.ca().clone()]).unwrap();
        template.seal(&chain.signer(), content).unwrap()
    }

    fn verify(seal: &[u8], content: &Digest) -> Result<(), CmsError> {
        SignedData::read(seal)?.check(content)
    }

    #[test]
    fn a_seal_speaks_for_its_content_and_brings_its_certificates() {
        let (chain, content) = (TestChain::new(), Digest::of(b"content"));
        let seal = sealed(&chain, &content);
        let read = SignedData::read(&seal).unwrap();
        assert_eq!(read.check(&content), Ok(()));
        assert_eq!(read.message_digest(), content);
        assert_eq!((read.leaf(), read.others()), (chain.seal().der(), &[chain.ca().der()][..]));
        assert_eq!(read.check(&Digest::of(b"other")), Err(CmsError::OtherContent));
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let (chain, content) = (TestChain::new(), Digest::of(b"content"));
        let seal = sealed(&chain, &content);
        for position in 0..seal.len() {
            for flip in [0x01, 0x20, 0x80, 0xff] {
                let mut changed = seal.clone();
                changed[position] ^= flip;
                assert!(verify(&changed, &content).is_err(), "byte {position} by {flip}");
            }
            assert_eq!(verify(&seal[..position], &content), Err(CmsError::Malformed));
        }
        let longer = [&seal[..], b"\0"].concat();
        assert_eq!(verify(&longer, &content), Err(CmsError::Malformed));
    }

    #[test]
    fn certificates_cannot_be_exchanged_added_or_left_out() {
        let (chain, content) = (TestChain::new(), Digest::of(b"content"));
        let seal = sealed(&chain, &content);
        let read = SignedData::read(&seal).unwrap();
        let skim = Skim::read(read.leaf).unwrap();
        let rows: [(&str, Vec<&[u8]>); 3] = [
            ("left out", vec![read.leaf]),
            ("added", vec![read.leaf, read.others[0], chain.root().der()]),
            ("exchanged", vec![read.leaf, chain.root().der()]),
        ];
        for (trick, mut certificates) in rows {
            certificates.sort_unstable();
            let envelope = Envelope::new(read.suite, &skim, &certificates);
            let forged = envelope.close(read.attributes, &read.signature.der());
            assert_eq!(verify(&forged, &content), Err(CmsError::OtherCertificate), "{trick}");
        }
        let mut backwards = vec![read.leaf, read.others[0]];
        backwards.sort_unstable_by(|one, other| other.cmp(one));
        let forged = Envelope::new(read.suite, &skim, &backwards)
            .close(read.attributes, &read.signature.der());
        assert_eq!(verify(&forged, &content), Err(CmsError::OtherProfile), "in another order");
        let other = TestChain::new();
        let only = [other.seal().der()];
        let forged =
            Envelope::new(read.suite, &skim, &only).close(read.attributes, &read.signature.der());
        assert_eq!(verify(&forged, &content), Err(CmsError::SignerMissing), "signer exchanged");
    }

    #[test]
    fn the_other_signature_that_verifies_is_not_taken() {
        let (chain, content) = (TestChain::new(), Digest::of(b"content"));
        let seal = sealed(&chain, &content);
        let read = SignedData::read(&seal).unwrap();
        let skim = Skim::read(read.leaf).unwrap();
        let mut certificates = [read.leaf, read.others[0]];
        certificates.sort_unstable();
        let high = read.signature.clone().raised();
        let forged =
            Envelope::new(read.suite, &skim, &certificates).close(read.attributes, &high.der());
        assert_eq!(verify(&forged, &content), Err(CmsError::OtherProfile));
    }

    proptest! {
        #[test]
        fn noise_is_no_seal_and_never_a_panic(
            noise in prop::collection::vec(any::<u8>(), 0..200),
            at in any::<prop::sample::Index>(),
        ) {
            prop_assert!(SignedData::read(&noise).is_err());
            let chain = CHAIN.with(|chain| sealed(chain, &Digest::of(b"content")));
            let start = at.index(chain.len());
            let mut changed = chain.clone();
            changed.splice(start..(start + noise.len()).min(chain.len()), noise);
            if changed != chain {
                prop_assert!(verify(&changed, &Digest::of(b"content")).is_err());
            }
        }
    }

    thread_local! {
        static CHAIN: TestChain = TestChain::new();
    }
}
