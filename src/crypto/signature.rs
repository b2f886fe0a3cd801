//! A signature, in the two spellings the trade asks for.
//!
//! PKCS#11 and JWS want an ECDSA signature raw, as `r` and `s` of 32 bytes each; X.509 and CMS want it as the
//! DER sequence of two integers. A [`Signature`] holds the raw bytes and gives either. The DER reader takes
//! the one shortest spelling only.
//!
//! Of an ECDSA signature there are always two that verify, with `s` and with the group order less `s`, and
//! anybody can turn one into the other. Ours have the lower ([`Signature::lowered`]), and what is read from a
//! sealed file must have it ([`Signature::is_low`]), so that a file has no second form that verifies.
//!
//! Sources: RFC 7518 section 3.4, RFC 3279 section 2.2.3 (`Ecdsa-Sig-Value`), ITU-T X.690 8.3; SEC 2 version 2,
//! 2.4.2 (the order of P-256).

use std::borrow::Cow;
use std::fmt;

use super::suite::Suite;

/// Length of `r` and of `s` on P-256, in bytes.
const HALF: usize = 32;

/// The order of the group of P-256, big-endian.
const ORDER: [u8; HALF] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// Half of it, rounded down: the highest `s` that is low.
const HALF_ORDER: [u8; HALF] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

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

    /// Whether it is the lower of the two signatures that verify; RSA has only one.
    pub fn is_low(&self) -> bool {
        match self.suite {
            Suite::RsaPkcs1Sha256 => true,
            // Big-endian numbers of one length compare as their bytes do.
            Suite::EcdsaP256Sha256 => self.raw.get(HALF..).is_some_and(|s| *s <= HALF_ORDER[..]),
        }
    }

    /// The lower of the two signatures that verify. Every `Signer` gives this one.
    pub fn lowered(mut self) -> Self {
        if !self.is_low()
            && let Some(s) = self.raw.get_mut(HALF..)
        {
            let lower = complement(s);
            s.copy_from_slice(&lower);
        }
        self
    }

    /// The other of the two signatures that verify, which nobody should take.
    #[cfg(test)]
    pub(crate) fn raised(mut self) -> Self {
        let higher = complement(&self.raw[HALF..]);
        self.raw[HALF..].copy_from_slice(&higher);
        self
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

/// The order less `s`, which is not greater; big-endian.
fn complement(s: &[u8]) -> [u8; HALF] {
    let mut lower = ORDER;
    let mut borrow = false;
    for (digit, less) in lower.iter_mut().zip(s).rev() {
        let (difference, under) = digit.overflowing_sub(*less);
        let (difference, under_again) = difference.overflowing_sub(u8::from(borrow));
        borrow = under || under_again;
        *digit = difference;
    }
    lower
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
