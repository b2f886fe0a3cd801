//! Signatures of others that ring has nothing for: ECDSA with a digest or on a curve that it does not pair, RSA-PSS with
//! another salt. RustCrypto verifies them; it is slower, and asked for these alone.
//!
//! Sources: FIPS 186-5, sections 6.4.2 and 5.4; RFC 8017, section 8.1.2.

use ecdsa_traits::PrehashVerifier;
use p256::ecdsa::signature::hazmat as ecdsa_traits;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::{Pss, PublicKey};

use super::foreign::{ForeignFault, HashAlgorithm, KeyKind};

/// Checks an ECDSA signature in DER over `digest`.
pub(super) fn verify_ecdsa(
    curve: KeyKind,
    public_key: &[u8],
    digest: &[u8],
    der: &[u8],
) -> Result<(), ForeignFault> {
    let bad = |_| ForeignFault::Bad;
    match curve {
        KeyKind::P256 => {
            use p256::ecdsa::{DerSignature, VerifyingKey};
            let key = VerifyingKey::from_sec1_bytes(public_key).map_err(bad)?;
            key.verify_prehash(digest, &DerSignature::from_bytes(der).map_err(bad)?).map_err(bad)
        }
        KeyKind::P384 => {
            use p384::ecdsa::{DerSignature, VerifyingKey};
            let key = VerifyingKey::from_sec1_bytes(public_key).map_err(bad)?;
            key.verify_prehash(digest, &DerSignature::from_bytes(der).map_err(bad)?).map_err(bad)
        }
        KeyKind::P521 => {
            use p521::ecdsa::{DerSignature, VerifyingKey};
            let key = VerifyingKey::from_sec1_bytes(public_key).map_err(bad)?;
            key.verify_prehash(digest, &DerSignature::from_bytes(der).map_err(bad)?).map_err(bad)
        }
        KeyKind::Rsa => Err(ForeignFault::Unsupported),
    }
}

/// Checks an RSASSA-PSS signature whose salt has `salt` bytes. `public_key` is an `RSAPublicKey` in DER.
pub(super) fn verify_pss(
    (hash, salt): (HashAlgorithm, u16),
    public_key: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Result<(), ForeignFault> {
    let key = PublicKey::from_pkcs1_der(public_key).map_err(|_| ForeignFault::Bad)?;
    let salt = usize::from(salt);
    let verified = match hash {
        HashAlgorithm::Sha256 => {
            key.verify(Pss::<sha2::Sha256>::new_with_salt(salt), digest, signature)
        }
        HashAlgorithm::Sha384 => {
            key.verify(Pss::<sha2::Sha384>::new_with_salt(salt), digest, signature)
        }
        HashAlgorithm::Sha512 => {
            key.verify(Pss::<sha2::Sha512>::new_with_salt(salt), digest, signature)
        }
    };
    verified.map_err(|_| ForeignFault::Bad)
}
