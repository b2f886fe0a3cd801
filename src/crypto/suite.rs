//! The algorithm suites (算法套件): digest and signature algorithm together.
//!
//! The list is closed. A suite is written into every seal and nothing is negotiated: what is not on the list
//! is not verified. SM2 with SM3 (GB/T 32918, GB/T 32905) will be the next variant; every `match` over the
//! list then says where it is still missing.
//!
//! Sources: RFC 7518 section 3.1 (names for JWS), RFC 5758 section 3.2 and RFC 4055 section 5 (identifiers),
//! RFC 5754 section 2 (SHA-256 without parameters).

use std::fmt;

/// A digest algorithm and a signature algorithm that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Suite {
    /// ECDSA on the curve P-256 over SHA-256: what seals use unless their authority's key is RSA.
    EcdsaP256Sha256,
    /// RSASSA-PKCS1-v1_5 over SHA-256, with keys of 2048 to 4096 bits.
    RsaPkcs1Sha256,
}

impl Suite {
    /// The name in a JWS header (`alg`).
    pub fn jws_name(self) -> &'static str {
        match self {
            Self::EcdsaP256Sha256 => "ES256",
            Self::RsaPkcs1Sha256 => "RS256",
        }
    }

    /// The suite with this name in a JWS header, if it is on the list.
    pub fn from_jws_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::EcdsaP256Sha256),
            "RS256" => Some(Self::RsaPkcs1Sha256),
            _ => None,
        }
    }

    /// The signature algorithm as a DER `AlgorithmIdentifier`, whole.
    pub fn signature_algorithm_der(self) -> &'static [u8] {
        match self {
            // ecdsa-with-SHA256 1.2.840.10045.4.3.2, parameters absent (RFC 5758, section 3.2).
            Self::EcdsaP256Sha256 => {
                &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
            }
            // sha256WithRSAEncryption 1.2.840.113549.1.1.11, parameters NULL (RFC 4055, section 5).
            Self::RsaPkcs1Sha256 => &[
                0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05,
                0x00,
            ],
        }
    }

    /// The digest algorithm as a DER `AlgorithmIdentifier`, whole: SHA-256, parameters absent.
    pub fn digest_algorithm_der(self) -> &'static [u8] {
        match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1Sha256 => {
                &[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]
            }
        }
    }

    /// The suite of a key, by the DER `AlgorithmIdentifier` of its `SubjectPublicKeyInfo`.
    pub fn of_key_algorithm(algorithm_der: &[u8]) -> Option<Self> {
        /// id-ecPublicKey 1.2.840.10045.2.1 with the curve prime256v1 1.2.840.10045.3.1.7.
        const P256: &[u8] = &[
            0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
            0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
        ];
        /// rsaEncryption 1.2.840.113549.1.1.1 with NULL.
        const RSA: &[u8] = &[
            0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
            0x00,
        ];
        match algorithm_der {
            P256 => Some(Self::EcdsaP256Sha256),
            RSA => Some(Self::RsaPkcs1Sha256),
            _ => None,
        }
    }

    /// The longest DER signature of this suite, in bytes, under a key whose public bits are `public_key`.
    ///
    /// ECDSA: two integers of 33 bytes with their heads, and the head of the sequence, 72. RSA: as long as
    /// the modulus, which cannot be longer than the public key that holds it.
    pub fn max_signature_der_len(self, public_key: &[u8]) -> usize {
        match self {
            Self::EcdsaP256Sha256 => 72,
            Self::RsaPkcs1Sha256 => public_key.len(),
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256Sha256 => "ECDSA P-256 with SHA-256",
            Self::RsaPkcs1Sha256 => "RSA PKCS#1 v1.5 with SHA-256",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_found_again_by_its_name_and_nothing_else_is() {
        for suite in [Suite::EcdsaP256Sha256, Suite::RsaPkcs1Sha256] {
            assert_eq!(Suite::from_jws_name(suite.jws_name()), Some(suite));
        }
        for name in ["none", "HS256", "es256", "", "PS256"] {
            assert_eq!(Suite::from_jws_name(name), None, "{name}");
        }
    }
}
