//! The algorithms in which others give their word: time-stamp authorities, OCSP responders, their issuers.
//!
//! Our own seals are made and read under [`Suite`](super::Suite) and nothing else. What others sign for us is
//! checked under a second list, closed as well: ECDSA on P-256 and P-384, RSA PKCS#1 v1.5 and RSA-PSS, each over
//! SHA-256 or longer. What is not on it is not verified, and says so apart from a signature that is wrong.
//!
//! SHA-1 stands on the list of *signatures* for moments before 2014 alone, so that old OCSP answers can be read at
//! their own time; everywhere else it only tells which certificate is meant ([`sha1_for_matching`]).
//!
//! Sources: RFC 5754, RFC 4055, RFC 5758; NIST SP 800-131A Rev. 2, table 8 (SHA-1 for signatures ended with 2013).

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use sha2::Digest as _;

use super::others::{verify_ecdsa, verify_pss};
use crate::domain::Moment;

/// The end of 2013 in UTC, in Unix seconds: from then on nothing signed over SHA-1 is taken.
const SHA1_ENDED: i64 = 1_388_534_400;

/// A digest algorithm of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The algorithm as a DER `AlgorithmIdentifier`, whole: parameters absent (RFC 5754, section 2).
    pub fn algorithm_der(self) -> &'static [u8] {
        match self {
            Self::Sha256 => {
                &[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]
            }
            Self::Sha384 => {
                &[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02]
            }
            Self::Sha512 => {
                &[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03]
            }
        }
    }

    /// The algorithm with this `AlgorithmIdentifier`, parameters absent or NULL, if it is on the list.
    pub fn from_algorithm_der(der: &[u8]) -> Option<Self> {
        let absent = |of: Self| of.algorithm_der();
        Self::ALL.into_iter().find(|of| {
            let [_, _, oid @ ..] = absent(*of) else { return false };
            let null = [&[0x30, 0x0d], oid, &[0x05, 0x00]].concat();
            der == absent(*of) || der == null
        })
    }

    /// The digest of `bytes`.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
            Self::Sha384 => sha2::Sha384::digest(bytes).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(bytes).to_vec(),
        }
    }

    /// The length of its digests, in bytes.
    pub fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// The SHA-1 digest by which an OCSP answer or an older ESS attribute says which certificate it means. It is never
/// proof of anything.
pub fn sha1_for_matching(bytes: &[u8]) -> [u8; 20] {
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let mut out = [0; 20];
    out.copy_from_slice(digest.as_ref());
    out
}

/// A signature algorithm of others, without the curve, which the key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ForeignAlgorithm {
    /// ECDSA over this digest.
    Ecdsa(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5 over this digest.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5 over SHA-1: for moments before 2014 alone.
    RsaPkcs1Sha1,
    /// RSASSA-PSS with this digest in both places and a salt of its length.
    RsaPss(HashAlgorithm),
    /// The same with a salt of another length, in bytes.
    RsaPssSalted(HashAlgorithm, u16),
}

/// 1.2.840.113549.1.1, the arc of PKCS#1, without a head.
const PKCS1: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// ecdsa-with-SHA2, 1.2.840.10045.4.3, without a head.
const ECDSA_SHA2: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];

impl ForeignAlgorithm {
    /// The algorithm of a certificate, a list or an OCSP answer, by its DER `AlgorithmIdentifier`.
    pub fn from_algorithm_der(der: &[u8]) -> Option<Self> {
        let hashes = HashAlgorithm::ALL.into_iter();
        if let [0x30, 0x0a, 0x06, 0x08, oid @ .., last] = der
            && *oid == ECDSA_SHA2
        {
            return hashes.zip(2..).find(|(_, code)| code == last).map(|(of, _)| Self::Ecdsa(of));
        }
        if let Some(last) = pkcs1_arc(der) {
            return match last {
                0x05 => Some(Self::RsaPkcs1Sha1),
                _ => hashes
                    .zip(0x0b..)
                    .find(|(_, code)| *code == last)
                    .map(|(of, _)| Self::RsaPkcs1(of)),
            };
        }
        hashes.into_iter().find_map(|of| {
            let salt = pss_salt(der)?;
            let same = usize::from(salt) == of.digest_len();
            let named = if same { Self::RsaPss(of) } else { Self::RsaPssSalted(of, salt) };
            (der == pss(of, salt)).then_some(named)
        })
    }

    /// The algorithm of a CMS signature, whose digest stands apart: there `rsaEncryption` names no digest, and one
    /// that is named must be the same.
    pub fn from_cms(der: &[u8], digest: HashAlgorithm) -> Option<Self> {
        if pkcs1_arc(der) == Some(0x01) {
            return Some(Self::RsaPkcs1(digest));
        }
        Self::from_algorithm_der(der).filter(|named| match named {
            Self::Ecdsa(of) | Self::RsaPkcs1(of) | Self::RsaPss(of) | Self::RsaPssSalted(of, _) => {
                *of == digest
            }
            Self::RsaPkcs1Sha1 => false,
        })
    }

    /// The same, where the digest is SHA-1.
    pub fn sha1_from_cms(der: &[u8]) -> Option<Self> {
        matches!(pkcs1_arc(der), Some(0x01 | 0x05)).then_some(Self::RsaPkcs1Sha1)
    }

    /// Whether signatures of this algorithm were to be relied on at `at`.
    pub fn is_sound_at(self, at: Moment) -> bool {
        !matches!(self, Self::RsaPkcs1Sha1) || at.unix_seconds() < SHA1_ENDED
    }
}

/// The last arc of an algorithm of PKCS#1 whose parameters are NULL, or absent, as some responders write them
/// (RFC 4055, section 5: both must be understood).
fn pkcs1_arc(der: &[u8]) -> Option<u8> {
    let ([0x30, 0x0d, 0x06, 0x09, oid @ .., last, 0x05, 0x00]
    | [0x30, 0x0b, 0x06, 0x09, oid @ .., last]) = der
    else {
        return None;
    };
    (*oid == PKCS1).then_some(*last)
}

/// The length of the salt that stands at the end of the parameters of RSASSA-PSS.
fn pss_salt(der: &[u8]) -> Option<u16> {
    match der {
        [.., 0xa2, 0x03, 0x02, 0x01, salt @ 0..=0x7f] => Some(u16::from(*salt)),
        [.., 0xa2, 0x04, 0x02, 0x02, high, low] => {
            let salt = u16::from_be_bytes([*high, *low]);
            // In its shortest spelling, and positive.
            (0x80..0x8000).contains(&salt).then_some(salt)
        }
        _ => None,
    }
}

/// RSASSA-PSS as X.509 spells it: every parameter written, both digests with NULL (RFC 4055, section 3.1).
fn pss(hash: HashAlgorithm, salt: u16) -> Vec<u8> {
    let [_, _, oid @ ..] = hash.algorithm_der() else { return Vec::new() };
    let named = [&[0x30, 0x0d], oid, &[0x05, 0x00]].concat();
    let mgf1 = [&[0x06, 0x09][..], &PKCS1, &[0x08]].concat();
    let salt = match salt.to_be_bytes() {
        [0, low @ 0..=0x7f] => vec![0xa2, 0x03, 0x02, 0x01, low],
        [high, low] => vec![0xa2, 0x04, 0x02, 0x02, high, low],
    };
    let more = u8::from(salt.len() == 6);
    [
        &[0x30, 0x41 + more, 0x06, 0x09][..],
        &PKCS1,
        &[0x0a, 0x30, 0x34 + more, 0xa0, 0x0f],
        &named,
        &[0xa1, 0x1c, 0x30, 0x1a],
        &mgf1,
        &named,
        &salt,
    ]
    .concat()
}

/// What kind of key a `SubjectPublicKeyInfo` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A point on P-256.
    P256,
    /// A point on P-384.
    P384,
    /// A point on P-521.
    P521,
    /// An RSA modulus and exponent.
    Rsa,
}

impl KeyKind {
    /// The kind of a key, by the DER `AlgorithmIdentifier` of its `SubjectPublicKeyInfo`.
    pub fn from_algorithm_der(der: &[u8]) -> Option<Self> {
        /// id-ecPublicKey with the curve secp384r1, 1.3.132.0.34.
        const P384: &[u8] = &[
            0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
            0x81, 0x04, 0x00, 0x22,
        ];
        /// The same with secp521r1, 1.3.132.0.35.
        const P521: &[u8] = &[
            0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
            0x81, 0x04, 0x00, 0x23,
        ];
        match super::Suite::of_key_algorithm(der) {
            Some(super::Suite::EcdsaP256Sha256) => Some(Self::P256),
            Some(super::Suite::RsaPkcs1Sha256) => Some(Self::Rsa),
            None if der == P384 => Some(Self::P384),
            None => (der == P521).then_some(Self::P521),
        }
    }
}

/// Checks a signature of others, in the spelling of X.509 and CMS, over `message`.
///
/// `public_key` are the bits of an X.509 `subjectPublicKey`.
pub fn verify_foreign(
    algorithm: ForeignAlgorithm,
    key: KeyKind,
    public_key: &[u8],
    message: &[u8],
    der: &[u8],
) -> Result<(), ForeignFault> {
    use ForeignAlgorithm::{Ecdsa, RsaPkcs1, RsaPkcs1Sha1, RsaPss, RsaPssSalted};
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    let with: &'static dyn VerificationAlgorithm = match (key, algorithm) {
        (KeyKind::P256, Ecdsa(Sha256)) => &signature::ECDSA_P256_SHA256_ASN1,
        (KeyKind::P256, Ecdsa(Sha384)) => &signature::ECDSA_P256_SHA384_ASN1,
        (KeyKind::P384, Ecdsa(Sha256)) => &signature::ECDSA_P384_SHA256_ASN1,
        (KeyKind::P384, Ecdsa(Sha384)) => &signature::ECDSA_P384_SHA384_ASN1,
        (KeyKind::Rsa, RsaPkcs1(Sha256)) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (KeyKind::Rsa, RsaPkcs1(Sha384)) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (KeyKind::Rsa, RsaPkcs1(Sha512)) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (KeyKind::Rsa, RsaPkcs1Sha1) => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (KeyKind::Rsa, RsaPss(Sha256)) => &signature::RSA_PSS_2048_8192_SHA256,
        (KeyKind::Rsa, RsaPss(Sha384)) => &signature::RSA_PSS_2048_8192_SHA384,
        (KeyKind::Rsa, RsaPss(Sha512)) => &signature::RSA_PSS_2048_8192_SHA512,
        (KeyKind::P256 | KeyKind::P384 | KeyKind::P521, Ecdsa(hash)) => {
            return verify_ecdsa(key, public_key, &hash.digest(message), der);
        }
        (KeyKind::Rsa, RsaPssSalted(hash, salt)) => {
            return verify_pss((hash, salt), public_key, &hash.digest(message), der);
        }
        (KeyKind::P256 | KeyKind::P384 | KeyKind::P521, _) | (KeyKind::Rsa, Ecdsa(_)) => {
            return Err(ForeignFault::Unsupported);
        }
    };
    UnparsedPublicKey::new(with, public_key).verify(message, der).map_err(|_| ForeignFault::Bad)
}

/// Why a signature of others was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignFault {
    /// The signature does not verify.
    Bad,
    /// The key and the algorithm do not go together, or not on our list.
    Unsupported,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_is_found_by_its_identifier_and_nothing_else_is() {
        let hex = |text: &str| -> Vec<u8> {
            let pairs = text.as_bytes().chunks(2);
            pairs.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
        };
        let rows = [
            ("300a06082a8648ce3d040302", Some(ForeignAlgorithm::Ecdsa(HashAlgorithm::Sha256))),
            ("300a06082a8648ce3d040303", Some(ForeignAlgorithm::Ecdsa(HashAlgorithm::Sha384))),
            (
                "300d06092a864886f70d01010c0500",
                Some(ForeignAlgorithm::RsaPkcs1(HashAlgorithm::Sha384)),
            ),
            ("300d06092a864886f70d0101050500", Some(ForeignAlgorithm::RsaPkcs1Sha1)),
            ("300b06092a864886f70d010105", Some(ForeignAlgorithm::RsaPkcs1Sha1)),
            ("300d06092a864886f70d0101040500", None),
            ("300d06092a864886f70d01010505", None),
            ("300a06082a8648ce3d040301", None),
            (
                "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d\
                 010108300d06096086480165030402010500a203020120",
                Some(ForeignAlgorithm::RsaPss(HashAlgorithm::Sha256)),
            ),
        ];
        for (der, algorithm) in rows {
            let der = hex(&der.replace(' ', ""));
            assert_eq!(ForeignAlgorithm::from_algorithm_der(&der), algorithm, "{der:02x?}");
        }
        let rsa = hex("300d06092a864886f70d0101010500");
        let cms = ForeignAlgorithm::from_cms(&rsa, HashAlgorithm::Sha512);
        assert_eq!(cms, Some(ForeignAlgorithm::RsaPkcs1(HashAlgorithm::Sha512)));
        let other = hex("300a06082a8648ce3d040302");
        assert_eq!(ForeignAlgorithm::from_cms(&other, HashAlgorithm::Sha384), None);
        for of in HashAlgorithm::ALL {
            assert_eq!(of.digest(b"abc").len(), of.digest_len());
            assert_eq!(HashAlgorithm::from_algorithm_der(of.algorithm_der()), Some(of));
        }
    }

    #[test]
    fn sha1_names_certificates_and_signs_nothing_after_2013() {
        assert_eq!(sha1_for_matching(b"abc")[..4], [0xa9, 0x99, 0x3e, 0x36]);
        let sound = |at: &str| ForeignAlgorithm::RsaPkcs1Sha1.is_sound_at(at.parse().unwrap());
        assert!(sound("2013-12-31T23:59:59Z") && !sound("2014-01-01T00:00:00Z"));
    }

    #[test]
    fn a_key_of_another_kind_is_unsupported_and_noise_is_bad() {
        let ecdsa = ForeignAlgorithm::Ecdsa(HashAlgorithm::Sha256);
        let mixed = verify_foreign(ecdsa, KeyKind::Rsa, b"", b"", b"");
        assert_eq!(mixed, Err(ForeignFault::Unsupported));
        for key in [&[][..], &[4; 65], &[0x30, 3, 2, 1, 1]] {
            assert_eq!(
                verify_foreign(ecdsa, KeyKind::P256, key, b"m", &[0x30, 0]),
                Err(ForeignFault::Bad)
            );
        }
    }
}
