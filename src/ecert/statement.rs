//! The signed statement of a printed square (二维码声明): who holds which license until when, in a few hundred bytes.
//!
//! It is a COSE_Sign1 whose payload is a CWT claims set. The certificate is not enclosed but named by the first eight
//! bytes of its SHA-256 (`x5t`), so the statement stays small enough to be printed. In an address it is written in
//! decimal digits, 17 for each 7 bytes, which a QR code packs tighter than any other alphabet that an address takes.
//!
//! There is one encoding of each statement: what is read is encoded again and must come out the same, so an unknown
//! header, another order or a longer number is refused without a rule of its own.
//!
//! Sources: RFC 9052 sections 4.2 and 4.4, RFC 8392 section 3, RFC 9360 section 2, RFC 8949 section 4.2.1.

use std::fmt::{self, Write};

use minicbor::data::Tag;
use minicbor::{Decoder, Encoder};

use crate::crypto::{BadSignature, Digest, SignFault, Signature, Signer, Suite, verify_raw};
use crate::domain::{Day, LicenseId, Moment, Validity};

/// Longest statement that is read, in bytes; our own bound. The largest square holds twice as much.
pub const MAX_BYTES: usize = 1_000;
/// Longest holder's name, in bytes; what is longer is cut and ends in `…`. Our own bound, so that the square stays small.
const HOLDER_MAX_BYTES: usize = 96;
/// Longest license number, in bytes; likewise.
const NUMBER_MAX_BYTES: usize = 64;

/// The tag of a COSE_Sign1 (RFC 9052, table 1).
const SIGN1: u64 = 18;
/// ECDSA over SHA-256 (RFC 9053, table 1).
const ES256: i64 = -7;
/// SHA-256 cut to 64 bits (RFC 9054, table 1).
const SHA_256_64: i64 = -15;
/// Header parameters: algorithm (RFC 9052, table 3) and certificate thumbprint (RFC 9360, table 1).
const ALG: i64 = 1;
const X5T: i64 = 34;
/// Claims of RFC 8392, section 4.
const SUB: i64 = 2;
const EXP: i64 = 4;
const NBF: i64 = 5;
const IAT: i64 = 6;
const CTI: i64 = 7;
/// Claims of our own, from the range for private use (RFC 8392, section 9.1).
const HOLDER: i64 = -65_537;
const NUMBER: i64 = -65_538;
const ISSUED_ON: i64 = -65_539;

/// What a statement says.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// The version it is of.
    pub license_id: LicenseId,
    /// The day of issue.
    pub issued_on: Day,
    /// How long the license is valid.
    pub validity: Validity,
    /// The first half of the content digest.
    pub content: [u8; 16],
    /// The holder's name, or the first of several. Personal.
    pub holder: String,
    /// The license number as printed. Personal.
    pub license_number: String,
    /// When it was signed, by the signer's own word.
    pub signed_at: Moment,
}

impl fmt::Debug for Statement {
    /// Shows nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({})", self.license_id)
    }
}

impl Statement {
    /// Signs it with the key of this certificate (DER); gives the digits for the address.
    ///
    /// # Errors
    ///
    /// [`SignFault::Nonsense`] where the key is not for ES256.
    pub fn sign(&self, certificate: &[u8], signer: &dyn Signer) -> Result<String, SignFault> {
        if signer.suite() != Suite::EcdsaP256Sha256 {
            return Err(SignFault::Nonsense);
        }
        let encoded = || {
            let protected = protected(thumbprint(certificate))?;
            let payload = self.payload()?;
            let input = signing_input(&protected, &payload)?;
            Some((protected, payload, input))
        };
        let (protected, payload, input) = encoded().ok_or(SignFault::Nonsense)?;
        let signature = signer.sign(&input)?;
        let whole = whole(&protected, &payload, signature.raw()).ok_or(SignFault::Nonsense)?;
        Ok(to_digits(&whole))
    }

    /// The claims set, with its keys in the order of RFC 8949, section 4.2.1.
    fn payload(&self) -> Option<Vec<u8>> {
        let id = self.license_id.to_string();
        let id = id.strip_prefix(LicenseId::ROOT)?.strip_prefix('.')?;
        let (from, end) = (self.validity.from(), self.validity.to());
        let issued_apart = self.issued_on != from;
        let count = 6 + u64::from(end.is_some()) + u64::from(issued_apart);
        write(|cbor| {
            cbor.map(count)?.i64(SUB)?.str(id)?;
            if let Some(last) = end {
                cbor.i64(EXP)?.i64(last.plus_days(1).start_in_china().unix_seconds())?;
            }
            cbor.i64(NBF)?.i64(from.start_in_china().unix_seconds())?;
            cbor.i64(IAT)?.i64(self.signed_at.unix_seconds())?;
            cbor.i64(CTI)?.bytes(&self.content)?;
            cbor.i64(HOLDER)?.str(&carried_holder(&self.holder))?;
            cbor.i64(NUMBER)?.str(&carried_number(&self.license_number))?;
            if issued_apart {
                let day = self.issued_on.start_in_china().unix_seconds();
                cbor.i64(ISSUED_ON)?.i64(day)?;
            }
            Ok(())
        })
    }

    fn from_payload(payload: &[u8]) -> Option<Self> {
        let mut cbor = Decoder::new(payload);
        let (mut id, mut content) = (None, None);
        let (mut exp, mut nbf, mut iat, mut issued) = (None, None, None, None);
        let (mut holder, mut number) = (None, None);
        for _ in 0..cbor.map().ok()?? {
            match cbor.i64().ok()? {
                SUB => id = Some(cbor.str().ok()?),
                EXP => exp = Some(cbor.i64().ok()?),
                NBF => nbf = Some(cbor.i64().ok()?),
                IAT => iat = Some(cbor.i64().ok()?),
                CTI => content = <[u8; 16]>::try_from(cbor.bytes().ok()?).ok(),
                HOLDER => holder = Some(cbor.str().ok()?),
                NUMBER => number = Some(cbor.str().ok()?),
                ISSUED_ON => issued = Some(cbor.i64().ok()?),
                _ => return None,
            }
        }
        let moment = Moment::from_unix_seconds;
        let from = moment(nbf?).day_in_china();
        let to = exp.map(|end| moment(end).plus_seconds(-1).day_in_china());
        Some(Self {
            license_id: format!("{}.{}", LicenseId::ROOT, id?).parse().ok()?,
            issued_on: issued.map_or(from, |day| moment(day).day_in_china()),
            validity: Validity::new(from, to).ok()?,
            content: content?,
            holder: holder?.to_owned(),
            license_number: number?.to_owned(),
            signed_at: moment(iat?),
        })
    }
}

/// A statement whose form is right. Whether its signature is, and whose it is, has not been asked yet.
#[derive(Clone, Debug)]
pub struct SealedStatement {
    /// The first eight bytes of the SHA-256 of the certificate it names.
    pub thumbprint: [u8; 8],
    statement: Statement,
    input: Vec<u8>,
    signature: Signature,
}

impl SealedStatement {
    /// Reads the digits of an address.
    pub fn read(digits: &str) -> Result<Self, StatementError> {
        let bytes = from_digits(digits)?;
        Self::from_bytes(&bytes).ok_or(StatementError::Encoding)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut cbor = Decoder::new(bytes);
        if cbor.tag().ok()? != Tag::new(SIGN1) || cbor.array().ok()? != Some(4) {
            return None;
        }
        let header = cbor.bytes().ok()?;
        if cbor.map().ok()? != Some(0) {
            return None;
        }
        let (payload, raw) = (cbor.bytes().ok()?, cbor.bytes().ok()?);
        let thumbprint = <[u8; 8]>::try_from(header.get(header.len().checked_sub(8)?..)?).ok()?;
        let statement = Statement::from_payload(payload)?;
        let (protected, again) = (protected(thumbprint)?, statement.payload()?);
        let signature = Signature::from_raw(Suite::EcdsaP256Sha256, raw).ok()?;
        (whole(&protected, &again, raw)? == bytes).then_some(())?;
        let input = signing_input(&protected, &again)?;
        Some(Self { thumbprint, statement, input, signature })
    }

    /// What it says, if the key of `suite` signed it. Of the two signatures that verify only the lower is taken.
    pub fn verify(&self, suite: Suite, public_key: &[u8]) -> Result<&Statement, BadSignature> {
        if suite != Suite::EcdsaP256Sha256 || !self.signature.is_low() {
            return Err(BadSignature);
        }
        verify_raw(suite, public_key, &self.input, self.signature.raw())?;
        Ok(&self.statement)
    }
}

/// Why a text is no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementError {
    /// It is not digits, or digits that no bytes are written as.
    Digits,
    /// The bytes are not the one encoding of a statement.
    Encoding,
    /// It is longer than [`MAX_BYTES`].
    TooLong,
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits => f.write_str("the digits were changed or cut off"),
            Self::Encoding => f.write_str("the bytes are not the one encoding of a statement"),
            Self::TooLong => write!(f, "at most {MAX_BYTES} bytes are read"),
        }
    }
}

impl std::error::Error for StatementError {}

/// The text behind the `#` of a square's address, or the whole text where there is no `#`, without blanks.
pub fn fragment(text: &str) -> String {
    let text = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// By which a statement names a certificate.
pub fn thumbprint(certificate: &[u8]) -> [u8; 8] {
    let digest = Digest::of(certificate);
    let mut first = [0; 8];
    first.iter_mut().zip(digest.as_bytes()).for_each(|(to, byte)| *to = *byte);
    first
}

type Cbor<'o> = Encoder<&'o mut Vec<u8>>;
type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

/// Writing to a vector cannot fail, but its type does not say so.
fn write(with: impl FnOnce(&mut Cbor<'_>) -> Written) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(400);
    with(&mut Encoder::new(&mut out)).ok()?;
    Some(out)
}

fn protected(thumbprint: [u8; 8]) -> Option<Vec<u8>> {
    write(|cbor| {
        cbor.map(2)?.i64(ALG)?.i64(ES256)?;
        cbor.i64(X5T)?.array(2)?.i64(SHA_256_64)?.bytes(&thumbprint)?;
        Ok(())
    })
}

/// What is signed (RFC 9052, section 4.4).
fn signing_input(protected: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    write(|cbor| {
        cbor.array(4)?.str("Signature1")?.bytes(protected)?.bytes(&[])?.bytes(payload)?;
        Ok(())
    })
}

fn whole(protected: &[u8], payload: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    write(|cbor| {
        cbor.tag(Tag::new(SIGN1))?.array(4)?.bytes(protected)?.map(0)?;
        cbor.bytes(payload)?.bytes(signature)?;
        Ok(())
    })
}

/// A holder's name as a statement carries it: what is too long is cut and ends in `…`.
pub fn carried_holder(name: &str) -> String {
    cut(name, HOLDER_MAX_BYTES)
}

/// A license number as a statement carries it.
pub fn carried_number(number: &str) -> String {
    cut(number, NUMBER_MAX_BYTES)
}

/// A text of at most `limit` bytes; what is longer ends in `…`.
fn cut(text: &str, limit: usize) -> String {
    const MORE: char = '…';
    if text.len() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(MORE.len_utf8());
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().chars().chain([MORE]).collect()
}

/// Digits for so many bytes.
const WIDTHS: [usize; 8] = [0, 3, 5, 8, 10, 13, 15, 17];

fn to_digits(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len().div_ceil(7) * 17);
    for chunk in bytes.chunks(7) {
        let number = chunk.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let width = WIDTHS.get(chunk.len()).copied().unwrap_or(17);
        // Writing to a String cannot fail.
        let _ = write!(digits, "{number:0width$}");
    }
    digits
}

fn from_digits(digits: &str) -> Result<Vec<u8>, StatementError> {
    if digits.len() > MAX_BYTES.div_ceil(7) * 17 {
        return Err(StatementError::TooLong);
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(StatementError::Digits);
    }
    let mut bytes = Vec::with_capacity(digits.len() / 17 * 7 + 7);
    for chunk in digits.as_bytes().chunks(17) {
        let number =
            chunk.iter().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
        let length = WIDTHS.iter().position(|width| *width == chunk.len());
        let (unused, used) = length
            .and_then(|length| number.to_be_bytes().split_at_checked(8 - length).map(own))
            .ok_or(StatementError::Digits)?;
        if unused.iter().any(|byte| *byte != 0) {
            return Err(StatementError::Digits);
        }
        bytes.extend(used);
    }
    if bytes.len() > MAX_BYTES { Err(StatementError::TooLong) } else { Ok(bytes) }
}

fn own((unused, used): (&[u8], &[u8])) -> (Vec<u8>, Vec<u8>) {
    (unused.to_owned(), used.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Made, moment};
    use super::*;
    use crate::pki::test_chain::TestChain;

    fn statement(from: &str, to: Option<&str>) -> Statement {
        let validity = Validity::new(from.parse().unwrap(), to.map(|day| day.parse().unwrap()));
        Statement {
            license_id: Made::new().id,
            issued_on: "2026-01-05".parse().unwrap(),
            validity: validity.unwrap(),
            content: *b"0123456789abcdef",
            holder: "示例公司".to_owned(),
            license_number: "示字〔2026〕1号".to_owned(),
            signed_at: moment(),
        }
    }

    fn read(chain: &TestChain, digits: &str) -> Option<Statement> {
        let sealed = SealedStatement::read(digits).ok()?;
        let key = chain.seal().public_key();
        sealed.verify(Suite::EcdsaP256Sha256, key).ok().cloned()
    }

    #[test]
    fn what_is_signed_is_read_again_and_names_its_certificate() {
        let chain = TestChain::new();
        for said in [
            statement("2026-01-05", Some("2030-12-31")),
            statement("2026-01-05", None),
            statement("2026-02-01", Some("2026-02-01")),
        ] {
            let digits = said.sign(chain.seal().der(), &chain.signer()).unwrap();
            assert!(digits.len() < 700, "{}", digits.len());
            assert!(
                SealedStatement::read(&digits).unwrap().thumbprint
                    == thumbprint(chain.seal().der())
            );
            assert!(read(&chain, &digits) == Some(said));
        }
    }

    #[test]
    fn every_changed_byte_and_every_other_length_is_refused() {
        let chain = TestChain::new();
        let said = statement("2026-01-05", Some("2030-12-31"));
        let digits = said.sign(chain.seal().der(), &chain.signer()).unwrap();
        let bytes = from_digits(&digits).unwrap();
        for place in 0..bytes.len() {
            for change in 1..=255 {
                let mut changed = bytes.clone();
                changed[place] ^= change;
                // The thumbprint is under the signature as well.
                assert!(read(&chain, &to_digits(&changed)).is_none(), "{place}");
            }
            assert!(SealedStatement::from_bytes(&bytes[..place]).is_none(), "{place}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(SealedStatement::from_bytes(&longer).is_none());
    }

    #[test]
    fn the_other_signature_that_verifies_is_refused() {
        let chain = TestChain::new();
        let said = statement("2026-01-05", Some("2030-12-31"));
        let digits = said.sign(chain.seal().der(), &chain.signer()).unwrap();
        let mut bytes = from_digits(&digits).unwrap();
        let start = bytes.len() - 64;
        let low = Signature::from_raw(Suite::EcdsaP256Sha256, &bytes[start..]).unwrap();
        bytes[start..].copy_from_slice(low.raised().raw());
        assert!(SealedStatement::from_bytes(&bytes).is_some());
        assert!(read(&chain, &to_digits(&bytes)).is_none());
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character_and_says_so() {
        let chain = TestChain::new();
        let said = Statement {
            holder: "很长的名称".repeat(20),
            license_number: "9".repeat(65),
            ..statement("2026-01-05", None)
        };
        let digits = said.sign(chain.seal().der(), &chain.signer()).unwrap();
        let short = read(&chain, &digits).unwrap();
        assert!(short.holder.ends_with('…') && short.holder.len() <= HOLDER_MAX_BYTES);
        assert_eq!(short.license_number, format!("{}…", "9".repeat(61)));
    }

    #[test]
    fn an_address_gives_what_stands_behind_its_mark() {
        assert_eq!(fragment(" https://z.test/verify#12\n34 "), "1234");
        assert_eq!(fragment("12 34"), "1234");
    }

    proptest::proptest! {
        #[test]
        fn digits_give_their_bytes_and_no_other_digits_do(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..60),
            noise in "[0-9]{0,60}",
        ) {
            proptest::prop_assert_eq!(from_digits(&to_digits(&bytes)), Ok(bytes));
            if let Ok(read) = from_digits(&noise) {
                proptest::prop_assert_eq!(to_digits(&read), noise);
            }
        }
    }
}
