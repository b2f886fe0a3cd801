//! DER, the little of it that a seal needs.
//!
//! The [`Reader`] walks over untrusted bytes without copying: it takes definite lengths in their shortest
//! spelling and single-byte tags, gives slices, and returns a `Result` everywhere; there is no input on which
//! it panics and no recursion to bound. The writers append to a buffer and cannot fail.
//!
//! BER (indefinite lengths, as `openssl cms -stream` writes) is refused: nothing of ours is written so.
//!
//! Source: ITU-T X.690 (2021), clauses 8 and 10.

use std::fmt;

/// Tags that occur in certificates and seals.
pub mod tag {
    /// `BOOLEAN`
    pub const BOOLEAN: u8 = 0x01;
    /// `INTEGER`
    pub const INTEGER: u8 = 0x02;
    /// `BIT STRING`
    pub const BIT_STRING: u8 = 0x03;
    /// `OCTET STRING`
    pub const OCTET_STRING: u8 = 0x04;
    /// `OBJECT IDENTIFIER`
    pub const OID: u8 = 0x06;
    /// `ENUMERATED`
    pub const ENUMERATED: u8 = 0x0a;
    /// `GeneralizedTime`
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// `SEQUENCE`
    pub const SEQUENCE: u8 = 0x30;
    /// `SET`
    pub const SET: u8 = 0x31;
    /// `[0]`, constructed
    pub const CONTEXT_0: u8 = 0xa0;
    /// `[1]`, constructed
    pub const CONTEXT_1: u8 = 0xa1;
    /// `[2]`, constructed
    pub const CONTEXT_2: u8 = 0xa2;
    /// `[0]`, primitive
    pub const PRIMITIVE_0: u8 = 0x80;
    /// `[1]`, primitive
    pub const PRIMITIVE_1: u8 = 0x81;
    /// `[2]`, primitive
    pub const PRIMITIVE_2: u8 = 0x82;
}

/// One element: tag, length and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'d> {
    /// The tag byte, class and form included.
    pub tag: u8,
    /// The value.
    pub content: &'d [u8],
    /// Tag, length and value as they stand.
    pub raw: &'d [u8],
}

impl<'d> Element<'d> {
    /// A reader over the value of a constructed element.
    pub fn reader(&self) -> Reader<'d> {
        Reader::new(self.content)
    }
}

/// Walks over elements that stand one after another.
#[derive(Clone, Debug)]
pub struct Reader<'d> {
    rest: &'d [u8],
}

impl<'d> Reader<'d> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'d [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The one element that `bytes` consist of.
    pub fn only(bytes: &'d [u8], tag: u8) -> Result<Element<'d>, DerError> {
        let mut reader = Self::new(bytes);
        let element = reader.expect(tag)?;
        reader.finish()?;
        Ok(element)
    }

    /// Whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever its tag.
    pub fn element(&mut self) -> Result<Element<'d>, DerError> {
        let [tag, first, after @ ..] = self.rest else { return Err(DerError::CutShort) };
        if tag & 0x1f == 0x1f {
            return Err(DerError::Tag);
        }
        let (length, value) = read_length(*first, after)?;
        let content = value.get(..length).ok_or(DerError::CutShort)?;
        let head = self.rest.len() - value.len();
        let (raw, rest) = self.rest.split_at_checked(head + length).ok_or(DerError::CutShort)?;
        self.rest = rest;
        Ok(Element { tag: *tag, content, raw })
    }

    /// The next element, which must have this tag.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'d>, DerError> {
        match self.peek() {
            Some(found) if found == tag => self.element(),
            Some(_) => Err(DerError::Tag),
            None => Err(DerError::CutShort),
        }
    }

    /// The next element if it has this tag; nothing is taken otherwise.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'d>>, DerError> {
        if self.peek() == Some(tag) { self.element().map(Some) } else { Ok(None) }
    }

    /// Asserts that nothing is left.
    pub fn finish(self) -> Result<(), DerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError::Trailing) }
    }
}

/// Reads a length whose first byte is `first`; gives it and what follows.
fn read_length(first: u8, after: &[u8]) -> Result<(usize, &[u8]), DerError> {
    if first < 0x80 {
        return Ok((usize::from(first), after));
    }
    let count = usize::from(first & 0x7f);
    // Four bytes count to 4 GiB, more than any file we read.
    if !(1..=4).contains(&count) {
        return Err(DerError::Length);
    }
    let (bytes, rest) = after.split_at_checked(count).ok_or(DerError::CutShort)?;
    let length = bytes
        .iter()
        .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))
        .ok_or(DerError::Length)?;
    let shortest = length >= 0x80 && bytes.first() != Some(&0);
    if shortest { Ok((length, rest)) } else { Err(DerError::Length) }
}

/// How many bytes a tag and the length of a value of `length` bytes take.
pub fn head_len(length: usize) -> usize {
    if length < 0x80 { 2 } else { 2 + significant_bytes(length) }
}

/// Appends a tag and a length.
pub fn write_head(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let count = significant_bytes(length);
            out.push(0x80 | u8::try_from(count).unwrap_or_default());
            out.extend(length.to_be_bytes().iter().skip(size_of::<usize>() - count));
        }
    }
}

/// Appends an element whose value is `parts`, joined.
pub fn write(out: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) {
    write_head(out, tag, parts.iter().map(|part| part.len()).sum());
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// An element whose value is `parts`, joined.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, tag, parts);
    out
}

fn significant_bytes(length: usize) -> usize {
    length.to_be_bytes().iter().skip_while(|byte| **byte == 0).count()
}

/// Why bytes are not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerError {
    /// The bytes end before the element does.
    CutShort,
    /// The length is indefinite, longer than four bytes, or not in its shortest spelling.
    Length,
    /// Another element stands here, or a tag of several bytes.
    Tag,
    /// Something follows the last element.
    Trailing,
}

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CutShort => "the DER ends too early",
            Self::Length => "a DER length is not definite and shortest",
            Self::Tag => "another DER element was expected",
            Self::Trailing => "bytes follow the DER",
        })
    }
}

impl std::error::Error for DerError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_way_to_be_no_der_meets_its_own_refusal() {
        let rows: &[(&str, &[u8], DerError)] = &[
            ("nothing", &[], DerError::CutShort),
            ("a tag alone", &[0x30], DerError::CutShort),
            ("value cut short", &[0x30, 2, 0], DerError::CutShort),
            ("length cut short", &[0x30, 0x82, 1], DerError::CutShort),
            ("indefinite length", &[0x30, 0x80, 0, 0], DerError::Length),
            ("long spelling of a short length", &[0x30, 0x81, 1, 0], DerError::Length),
            ("length with a leading zero", &[0x30, 0x82, 0, 0x80], DerError::Length),
            ("length of five bytes", &[0x30, 0x85, 1, 0, 0, 0, 0], DerError::Length),
            ("length of 4 GiB", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], DerError::CutShort),
            ("tag of several bytes", &[0x1f, 0x81, 0], DerError::Tag),
            ("another tag", &[0x31, 0], DerError::Tag),
            ("bytes behind", &[0x30, 0, 0], DerError::Trailing),
        ];
        for (trick, bytes, refusal) in rows {
            let tag = bytes.first().copied().filter(|tag| *tag == 0x1f).unwrap_or(tag::SEQUENCE);
            assert_eq!(Reader::only(bytes, tag), Err(*refusal), "{trick}");
        }
    }

    #[test]
    fn lengths_are_written_as_they_are_read() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let bytes = element(tag::OCTET_STRING, &[&vec![7; length]]);
            assert_eq!(bytes.len(), head_len(length) + length);
            let read = Reader::only(&bytes, tag::OCTET_STRING).unwrap();
            assert_eq!((read.content.len(), read.raw), (length, &bytes[..]));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(read) = Reader::new(&bytes).element() {
                prop_assert_eq!(&element(read.tag, &[read.content])[..], read.raw);
            }
        }
    }
}
