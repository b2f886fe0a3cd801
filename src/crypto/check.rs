//! Checking one signature.
//!
//! One answer and no reasons: a key that is no key, a signature that is no signature and a signature over
//! something else are all [`BadSignature`]. Whose the key is, is for `pki` to say.

use std::fmt;

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use super::signature::Signature;
use super::suite::Suite;

/// Checks a signature in the raw spelling (`r` then `s` for ECDSA) over `message`.
///
/// `public_key` are the bits of an X.509 `subjectPublicKey`.
pub fn verify_raw(
    suite: Suite,
    public_key: &[u8],
    message: &[u8],
    raw: &[u8],
) -> Result<(), BadSignature> {
    let algorithm: &'static dyn VerificationAlgorithm = match suite {
        Suite::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED,
        Suite::RsaPkcs1Sha256 => &RSA_PKCS1_2048_8192_SHA256,
    };
    UnparsedPublicKey::new(algorithm, public_key).verify(message, raw).map_err(|_| BadSignature)
}

/// Checks a signature in the spelling of X.509 and CMS over `message`.
///
/// An ECDSA signature that is not in its shortest spelling is bad, even if its numbers are right.
pub fn verify_der(
    suite: Suite,
    public_key: &[u8],
    message: &[u8],
    der: &[u8],
) -> Result<(), BadSignature> {
    let signature = Signature::from_der(suite, der).map_err(|_| BadSignature)?;
    verify_raw(suite, public_key, message, signature.raw())
}

/// The signature does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not verify")
    }
}

impl std::error::Error for BadSignature {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn noise_is_a_bad_signature_and_never_a_panic(
            key in prop::collection::vec(any::<u8>(), 0..300),
            signature in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            for suite in [Suite::EcdsaP256Sha256, Suite::RsaPkcs1Sha256] {
                prop_assert_eq!(verify_raw(suite, &key, b"m", &signature), Err(BadSignature));
                prop_assert_eq!(verify_der(suite, &key, b"m", &signature), Err(BadSignature));
            }
        }
    }
}
