//! The algorithms in which others seal documents: what is verified, and what is only recognized.
//!
//! Beside the sound list of [`foreign`](super::foreign) this one knows what was sound once: SHA-1, and RSA keys of 1 024
//! bits and more. Such a signature is checked, so that a file that was changed is told from one that was not, and comes
//! back as [`Strength::Weak`]: nobody is to rely on it.
//!
//! Sources: NIST SP 800-131A Rev. 2; ETSI TS 119 312.

use ring::digest;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::foreign::{ForeignAlgorithm, ForeignFault, HashAlgorithm, KeyKind, verify_foreign};

/// sha1, 1.3.14.3.2.26, parameters absent; and with NULL.
const SHA1: [&[u8]; 2] = [
    &[0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a],
    &[0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00],
];
/// Ed25519, 1.3.101.112, as a whole `AlgorithmIdentifier`.
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
/// Fewest bits of an RSA modulus that count as sound, and that are checked at all.
const RSA_BITS: (usize, usize) = (2_048, 1_024);

/// A digest of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentHash {
    /// SHA-1, which proves little by itself.
    Sha1,
    /// One of the sound ones.
    Sound(HashAlgorithm),
}

impl DocumentHash {
    /// The algorithm with this DER `AlgorithmIdentifier`.
    pub fn from_algorithm_der(der: &[u8]) -> Option<Self> {
        if SHA1.contains(&der) {
            return Some(Self::Sha1);
        }
        HashAlgorithm::from_algorithm_der(der).map(Self::Sound)
    }

    /// The digest of these parts, one after the other.
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = digest::Context::new(match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sound(HashAlgorithm::Sha256) => &digest::SHA256,
            Self::Sound(HashAlgorithm::Sha384) => &digest::SHA384,
            Self::Sound(HashAlgorithm::Sha512) => &digest::SHA512,
        });
        for part in parts {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }
}

/// How much a signature that verifies is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// As much as any.
    Sound,
    /// The digest or the key is too weak to rely on.
    Weak,
}

/// Checks the signature of a document over `message`.
///
/// `algorithm` is the DER `AlgorithmIdentifier` of the signature, `key` that of the public key, `public_key` the bits of
/// its `subjectPublicKey`.
pub fn verify_document(
    (algorithm, hash): (&[u8], DocumentHash),
    (key, public_key): (&[u8], &[u8]),
    message: &[u8],
    signature: &[u8],
) -> Result<Strength, ForeignFault> {
    if algorithm == ED25519 {
        let verified = UnparsedPublicKey::new(&signature::ED25519, public_key);
        if key != ED25519 {
            return Err(ForeignFault::Unsupported);
        }
        return verified
            .verify(message, signature)
            .map(|()| Strength::Sound)
            .map_err(|_| ForeignFault::Bad);
    }
    let kind = KeyKind::from_algorithm_der(key).ok_or(ForeignFault::Unsupported)?;
    // ECDSA has no parameters; some write that down as NULL.
    let bare = match algorithm {
        [0x30, 0x0c, 0x06, 0x08, oid @ .., 0x05, 0x00] => {
            Some([&[0x30, 0x0a, 0x06, 0x08], oid].concat())
        }
        _ => None,
    };
    let algorithm = bare.as_deref().unwrap_or(algorithm);
    let named = match hash {
        DocumentHash::Sound(hash) => ForeignAlgorithm::from_cms(algorithm, hash),
        DocumentHash::Sha1 => ForeignAlgorithm::sha1_from_cms(algorithm),
    };
    let named = named.ok_or(ForeignFault::Unsupported)?;
    let is_short = kind == KeyKind::Rsa && modulus_bits(public_key) < Some(RSA_BITS.0);
    if !is_short && named != ForeignAlgorithm::RsaPkcs1Sha1 {
        return verify_foreign(named, kind, public_key, message, signature)
            .map(|()| Strength::Sound);
    }
    if kind != KeyKind::Rsa || modulus_bits(public_key) < Some(RSA_BITS.1) {
        return Err(ForeignFault::Unsupported);
    }
    let with: &'static dyn VerificationAlgorithm = match named {
        ForeignAlgorithm::RsaPkcs1Sha1 => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        ForeignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256) => {
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        ForeignAlgorithm::RsaPkcs1(HashAlgorithm::Sha512) => {
            &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        _ => return Err(ForeignFault::Unsupported),
    };
    UnparsedPublicKey::new(with, public_key)
        .verify(message, signature)
        .map(|()| Strength::Weak)
        .map_err(|_| ForeignFault::Bad)
}

/// How many bits the modulus of an `RSAPublicKey` has.
fn modulus_bits(public_key: &[u8]) -> Option<usize> {
    // SEQUENCE, INTEGER: lengths in their short or long spelling.
    let rest = content(public_key, 0x30)?;
    let number = content(rest, 0x02)?;
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..)?;
    let first = number.first()?;
    let unused = usize::try_from(first.leading_zeros()).ok()?;
    Some(number.len() * 8 - unused)
}

/// The content of the element at the beginning of `der`, as far as it is there.
fn content(der: &[u8], tag: u8) -> Option<&[u8]> {
    let [found, length, rest @ ..] = der else { return None };
    if *found != tag {
        return None;
    }
    if *length < 0x80 {
        return rest.get(..usize::from(*length));
    }
    let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
    let length = bytes
        .iter()
        .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?;
    rest.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_same_however_the_bytes_come() {
        let sha1 = DocumentHash::from_algorithm_der(SHA1[1]).unwrap();
        assert_eq!(sha1, DocumentHash::Sha1);
        assert_eq!(sha1.digest(&[b"a", b"bc"])[..4], [0xa9, 0x99, 0x3e, 0x36]);
        let sound = DocumentHash::Sound(HashAlgorithm::Sha384);
        assert_eq!(sound.digest(&[b"ab", b"c"]), HashAlgorithm::Sha384.digest(b"abc"));
        assert_eq!(DocumentHash::from_algorithm_der(b"0"), None);
    }

    #[test]
    fn the_length_of_a_modulus_is_counted_in_bits() {
        assert_eq!(modulus_bits(&[0x30, 5, 0x02, 3, 0, 0x80, 1]), Some(16));
        assert_eq!(modulus_bits(&[0x30, 4, 0x02, 2, 0x01, 0]), Some(9));
        for broken in [&[][..], &[0x30], &[0x30, 1], &[0x30, 0x84, 1], &[0x02, 1, 1]] {
            assert_eq!(modulus_bits(broken), None);
        }
    }

    #[test]
    fn keys_and_algorithms_that_do_not_go_together_are_unsupported() {
        let hash = DocumentHash::Sound(HashAlgorithm::Sha256);
        let mixed = verify_document((ED25519, hash), (SHA1[0], b""), b"", b"");
        assert_eq!(mixed, Err(ForeignFault::Unsupported));
        assert_eq!(
            verify_document((ED25519, hash), (ED25519, &[0; 32]), b"m", &[0; 64]),
            Err(ForeignFault::Bad)
        );
    }
}
