//! A signature, in the two spellings the trade asks for.
//!
//! PKCS#11 and JWS want an ECDSA signature raw, as `r` and `s` of 32 bytes each; X.509 and CMS want it as the
//! DER sequence of two integers. A [`Signature`] holds the raw bytes and gives either. The DER reader takes
//! the one shortest spelling only, so that a signature inside a sealed file has no second form.
//!
//! Sources: RFC 7518 section 3.4, RFC 3279 section 2.2.3 (`Ecdsa-Sig-Value`), ITU-T X.690 8.3.

use std::borrow::Cow;
use std::fmt;

use super::suite::Suite;

/// Length of `r` and of `s` on P-256, in bytes.
const HALF: usize = 32;

/// A signature and the suite it was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    suite: Suite,
    raw: Vec<u8>,
}

impl Signature {
    /// A signature in the raw spelling: `r` then `s` for ECDSA, the signature itself for RSA.
    pub fn from_raw(suite: Suite, raw: impl Into<Vec<u8>>) -> Result<Self, SignatureError> {
        let raw = raw.into();
        let fits = match suite {
            Suite::EcdsaP256Sha256 => raw.len() == 2 * HALF,
            // 2048 to 4096 bits.
            Suite::RsaPkcs1Sha256 => (256..=512).contains(&raw.len()),
        };
        if fits { Ok(Self { suite, raw }) } else { Err(SignatureError::Length) }
    }

    /// A signature in the spelling of X.509 and CMS.
    pub fn from_der(suite: Suite, der: &[u8]) -> Result<Self, SignatureError> {
        match suite {
            Suite::RsaPkcs1Sha256 => Self::from_raw(suite, der),
            Suite::EcdsaP256Sha256 => {
                let [0x30, length, integers @ ..] = der else { return Err(SignatureError::Form) };
                // Two integers of P-256 never reach 128 bytes, so the length is always one byte.
                if usize::from(*length) != integers.len() || integers.len() >= 128 {
                    return Err(SignatureError::Form);
                }
                let mut raw = vec![0; 2 * HALF];
                let (r, s) = raw.split_at_mut(HALF);
                let rest = read_integer(integers, r)?;
                let rest = read_integer(rest, s)?;
                if rest.is_empty() { Ok(Self { suite, raw }) } else { Err(SignatureError::Form) }
            }
        }
    }

    /// The suite the signature was made with.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// As PKCS#11 and JWS want it.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// As X.509 and CMS want it.
    pub fn der(&self) -> Cow<'_, [u8]> {
        match self.suite {
            Suite::RsaPkcs1Sha256 => Cow::Borrowed(&self.raw),
            Suite::EcdsaP256Sha256 => {
                let (r, s) = self.raw.split_at(HALF.min(self.raw.len()));
                let mut der = Vec::with_capacity(72);
                der.extend([0x30, 0]);
                write_integer(&mut der, r);
                write_integer(&mut der, s);
                let length = u8::try_from(der.len() - 2).unwrap_or(u8::MAX);
                if let Some(slot) = der.get_mut(1) {
                    *slot = length;
                }
                Cow::Owned(der)
            }
        }
    }
}

/// Reads one non-negative DER integer into `into`, right-aligned, and gives what follows it.
fn read_integer<'d>(der: &'d [u8], into: &mut [u8]) -> Result<&'d [u8], SignatureError> {
    let [0x02, length, rest @ ..] = der else { return Err(SignatureError::Form) };
    let (content, rest) =
        rest.split_at_checked(usize::from(*length)).ok_or(SignatureError::Form)?;
    let magnitude = match content {
        [] => return Err(SignatureError::Form),
        [0, next, ..] if *next < 0x80 => return Err(SignatureError::Form),
        [0, magnitude @ ..] => magnitude,
        [first, ..] if *first >= 0x80 => return Err(SignatureError::Form),
        magnitude => magnitude,
    };
    let start = into.len().checked_sub(magnitude.len()).ok_or(SignatureError::Form)?;
    into.get_mut(start..).ok_or(SignatureError::Form)?.copy_from_slice(magnitude);
    Ok(rest)
}

/// Writes one non-negative integer, big-endian, in its shortest spelling; it is shorter than 127 bytes.
fn write_integer(der: &mut Vec<u8>, big_endian: &[u8]) {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let magnitude = big_endian.get(zeros..).unwrap_or_default();
    let sign = magnitude.first().is_none_or(|first| *first >= 0x80);
    let length = u8::try_from(magnitude.len() + usize::from(sign)).unwrap_or(u8::MAX);
    der.extend([0x02, length]);
    if sign {
        der.push(0);
    }
    der.extend_from_slice(magnitude);
}

/// Why bytes are not a signature of their suite. Whether a signature is *right* is `crypto::check`'s to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// The DER is not the shortest spelling of two non-negative integers of 32 bytes, and nothing more.
    Form,
    /// The suite has no signatures of this length.
    Length,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the signature is not DER in its shortest spelling",
            Self::Length => "the signature has a length that its suite does not have",
        })
    }
}

impl std::error::Error for SignatureError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_with_leading_zeros_and_high_bits_are_spelled_shortest() {
        let mut raw = [0; 64];
        raw[31] = 0x80;
        let signature = Signature::from_raw(Suite::EcdsaP256Sha256, raw).unwrap();
        assert_eq!(&*signature.der(), [0x30, 7, 0x02, 2, 0, 0x80, 0x02, 1, 0]);
        assert_eq!(Signature::from_der(Suite::EcdsaP256Sha256, &signature.der()), Ok(signature));
    }

    #[test]
    fn a_second_spelling_is_refused() {
        let rows: &[(&str, &[u8])] = &[
            ("nothing", &[]),
            ("half a head", &[0x30]),
            ("padded integer", &[0x30, 7, 0x02, 2, 0, 0x01, 0x02, 1, 1]),
            ("negative integer", &[0x30, 6, 0x02, 1, 0x80, 0x02, 1, 1]),
            ("empty integer", &[0x30, 5, 0x02, 0, 0x02, 1, 1]),
            ("byte behind", &[0x30, 6, 0x02, 1, 1, 0x02, 1, 1, 0]),
            ("byte inside", &[0x30, 7, 0x02, 1, 1, 0x02, 1, 1, 0]),
            ("long length", &[0x30, 0x81, 6, 0x02, 1, 1, 0x02, 1, 1]),
            ("length past the end", &[0x30, 6, 0x02, 1, 1, 0x02, 9, 1]),
            ("another tag", &[0x31, 6, 0x02, 1, 1, 0x02, 1, 1]),
        ];
        for (trick, der) in rows {
            assert_eq!(
                Signature::from_der(Suite::EcdsaP256Sha256, der),
                Err(SignatureError::Form),
                "{trick}"
            );
        }
        assert_eq!(
            Signature::from_raw(Suite::EcdsaP256Sha256, [0; 63]),
            Err(SignatureError::Length)
        );
        assert_eq!(
            Signature::from_raw(Suite::RsaPkcs1Sha256, [0; 64]),
            Err(SignatureError::Length)
        );
    }

    proptest! {
        #[test]
        fn both_spellings_hold_the_same_signature(raw in prop::collection::vec(any::<u8>(), 64)) {
            let signature = Signature::from_raw(Suite::EcdsaP256Sha256, raw).unwrap();
            prop_assert!(signature.der().len() <= 72);
            prop_assert_eq!(Signature::from_der(Suite::EcdsaP256Sha256, &signature.der()), Ok(signature));
        }

        #[test]
        fn what_is_read_is_written_the_same(der in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(signature) = Signature::from_der(Suite::EcdsaP256Sha256, &der) {
                prop_assert_eq!(&*signature.der(), &der[..]);
            }
        }
    }
}
