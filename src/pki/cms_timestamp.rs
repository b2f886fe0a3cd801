//! The time-stamp inside a seal: what makes a B-B seal B-T.
//!
//! The seal is made first; then [`signature_to_stamp`] says what to have stamped, and [`with_signature_timestamp`]
//! puts the token in as the one unsigned attribute our profile knows. Nothing that is signed changes, so a seal is
//! never lost over a time-stamp that does not come.
//!
//! Sources: RFC 3161, appendix A (`id-aa-timeStampToken`); ETSI EN 319 122-1, 5.3 (signature-time-stamp).

use super::cms_read::{CmsError, MAX_SEAL_LEN, SignedData};
use super::der::{Reader, element, tag};
use crate::crypto::Digest;

/// id-aa-timeStampToken, 1.2.840.113549.1.9.16.2.14, whole.
pub(super) const TIMESTAMP_TOKEN: &[u8] =
    &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e];
/// How much the heads of the five structures around the attribute may grow, in bytes.
const GROWTH: usize = 10;

/// What to have stamped for this seal: the digest of its signature's value.
pub fn signature_to_stamp(seal: &[u8]) -> Result<Digest, CmsError> {
    Ok(SignedData::read(seal)?.digest_to_stamp())
}

/// The seal with this token in it. Whether the token is for this seal is for who got it to check.
pub fn with_signature_timestamp(seal: &[u8], token: &[u8]) -> Result<Vec<u8>, CmsError> {
    Reader::only(token, tag::SEQUENCE)?;
    let stamped = SignedData::read(seal)?.written_with(&timestamp_attribute(token))?;
    if stamped.len() > MAX_SEAL_LEN {
        return Err(CmsError::TooLong { limit: MAX_SEAL_LEN });
    }
    Ok(stamped)
}

/// The room in a gap that a token of this length takes besides the seal, in bytes.
pub fn timestamp_room(token_len: usize) -> usize {
    timestamp_attribute(&vec![0; token_len]).len() + GROWTH
}

/// The unsigned attributes that hold this token.
pub(super) fn timestamp_attribute(token: &[u8]) -> Vec<u8> {
    let attribute = element(tag::SEQUENCE, &[TIMESTAMP_TOKEN, &element(tag::SET, &[token])]);
    element(tag::CONTEXT_1, &[&attribute])
}

/// The token in these unsigned attributes, which must hold one and nothing else.
pub(super) fn timestamp_in(unsigned: &[u8]) -> Result<&[u8], CmsError> {
    let mut attribute = Reader::only(unsigned, tag::SEQUENCE)?.reader();
    if attribute.expect(tag::OID)?.raw != TIMESTAMP_TOKEN {
        return Err(CmsError::OtherProfile);
    }
    let values = attribute.expect(tag::SET)?;
    attribute.finish()?;
    Ok(Reader::only(values.content, tag::SEQUENCE)?.raw)
}

#[cfg(test)]
mod tests {
    use super::super::cms::SealTemplate;
    use super::super::test_chain::TestChain;
    use super::*;

    #[test]
    fn a_seal_takes_a_time_stamp_and_stays_the_seal_it_was() {
        let (chain, content) = (TestChain::new(), Digest::of(b"content"));
        let template = SealTemplate::new(&[chain.seal().clone(), chain.ca().clone()]).unwrap();
        let seal = template.seal(&chain.signer(), &content).unwrap();
        let token = element(tag::SEQUENCE, &[&[7; 4_000]]);
        let stamped = with_signature_timestamp(&seal, &token).unwrap();
        assert!(stamped.len() <= template.max_len() + timestamp_room(token.len()));
        let read = SignedData::read(&stamped).unwrap();
        assert_eq!((read.check(&content), read.timestamp()), (Ok(()), Some(&token[..])));
        assert_eq!(Ok(read.digest_to_stamp()), signature_to_stamp(&seal));
        assert_eq!(SignedData::read(&seal).unwrap().timestamp(), None);
        let other = element(tag::SEQUENCE, &[b"other"]);
        let again = with_signature_timestamp(&stamped, &other).unwrap();
        assert_eq!(again, with_signature_timestamp(&seal, &other).unwrap(), "in its place");
    }

    #[test]
    fn another_unsigned_attribute_or_a_second_one_is_not_ours() {
        let chain = TestChain::new();
        let template = SealTemplate::new(&[chain.seal().clone()]).unwrap();
        let seal = template.seal(&chain.signer(), &Digest::of(b"content")).unwrap();
        let read = SignedData::read(&seal).unwrap();
        let token = element(tag::SEQUENCE, &[b"token"]);
        let one = |oid: &[u8], values: &[u8]| {
            element(tag::SEQUENCE, &[oid, &element(tag::SET, &[values])])
        };
        let honest = one(TIMESTAMP_TOKEN, &token);
        let mut other = TIMESTAMP_TOKEN.to_vec();
        other[12] = 0x0f;
        let rows = [
            ("another kind", one(&other, &token), CmsError::OtherProfile),
            ("twice", [&honest[..], &honest].concat(), CmsError::Malformed),
            ("two tokens", one(TIMESTAMP_TOKEN, &token.repeat(2)), CmsError::Malformed),
            ("none", Vec::new(), CmsError::Malformed),
            ("no token", one(TIMESTAMP_TOKEN, &[]), CmsError::Malformed),
        ];
        for (trick, attributes, refusal) in rows {
            let forged = read.written_with(&element(tag::CONTEXT_1, &[&attributes])).unwrap();
            assert_eq!(SignedData::read(&forged).err(), Some(refusal), "{trick}");
        }
        let fault = with_signature_timestamp(&seal, b"token").unwrap_err();
        assert_eq!(fault, CmsError::Malformed);
        let long = element(tag::SEQUENCE, &[&vec![0; MAX_SEAL_LEN]]);
        let fault = with_signature_timestamp(&seal, &long).unwrap_err();
        assert_eq!(fault, CmsError::TooLong { limit: MAX_SEAL_LEN });
    }
}
