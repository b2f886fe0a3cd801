//! BER written as DER: indefinite lengths made definite, texts in pieces joined.
//!
//! Others write the outer parts of a CMS message so; what was signed, and the certificates, stand in them as they are
//! and come out byte for byte. Only what changes the framing is changed, so a message in DER comes out as it went in.
//!
//! Source: ITU-T X.690 (2021), 8.1.3, 8.1.5, 8.7.3.

use super::der::{DerError, write_head};

/// Deepest nesting. Our own bound; a time-stamp in a signature nests some twenty deep.
const MAX_DEPTH: usize = 40;
/// `OCTET STRING` in pieces.
const PIECES: u8 = 0x24;
/// `OCTET STRING`.
const OCTETS: u8 = 0x04;

/// The element at the beginning of `bytes` in DER, and how many bytes it took.
pub(super) fn to_der(bytes: &[u8]) -> Result<(Vec<u8>, usize), DerError> {
    let mut out = Vec::with_capacity(bytes.len().min(64 * 1024));
    let rest = element(bytes, 0, &mut out)?;
    Ok((out, bytes.len() - rest.len()))
}

/// Appends the first element of `bytes`, and gives what follows it.
fn element<'b>(bytes: &'b [u8], depth: usize, out: &mut Vec<u8>) -> Result<&'b [u8], DerError> {
    let [tag, first, after @ ..] = bytes else { return Err(DerError::CutShort) };
    if depth > MAX_DEPTH || tag & 0x1f == 0x1f {
        return Err(DerError::Tag);
    }
    let is_constructed = tag & 0x20 != 0;
    let (content, rest) = match (first, is_constructed) {
        (0x80, true) => (None, after),
        _ => {
            let (length, value) = length(*first, after)?;
            let (content, rest) = value.split_at_checked(length).ok_or(DerError::CutShort)?;
            (Some(content), rest)
        }
    };
    if !is_constructed {
        let content = content.unwrap_or_default();
        write_head(out, *tag, content.len());
        out.extend_from_slice(content);
        return Ok(rest);
    }
    let mut inner = Vec::new();
    let mut left = content.unwrap_or(rest);
    loop {
        match (content, left) {
            (Some(_), []) => break,
            (None, [0, 0, behind @ ..]) => {
                left = behind;
                break;
            }
            _ => left = element(left, depth + 1, &mut inner)?,
        }
    }
    if *tag == PIECES {
        let joined = joined(&inner)?;
        write_head(out, OCTETS, joined.len());
        out.extend(joined);
    } else {
        write_head(out, *tag, inner.len());
        out.extend(inner);
    }
    Ok(if content.is_some() { rest } else { left })
}

/// The contents of pieces that stand one after another, each in DER already.
fn joined(pieces: &[u8]) -> Result<Vec<u8>, DerError> {
    let (mut rest, mut all) = (pieces, Vec::new());
    while let [tag, first, after @ ..] = rest {
        let (length, value) = length(*first, after)?;
        let (content, behind) = value.split_at_checked(length).ok_or(DerError::CutShort)?;
        if *tag != OCTETS {
            return Err(DerError::Tag);
        }
        all.extend_from_slice(content);
        rest = behind;
    }
    if rest.is_empty() { Ok(all) } else { Err(DerError::CutShort) }
}

/// A definite length, in whatever spelling.
fn length(first: u8, after: &[u8]) -> Result<(usize, &[u8]), DerError> {
    if first < 0x80 {
        return Ok((usize::from(first), after));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=8).contains(&count) {
        return Err(DerError::Length);
    }
    let (bytes, rest) = after.split_at_checked(count).ok_or(DerError::CutShort)?;
    let length = bytes
        .iter()
        .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))
        .ok_or(DerError::Length)?;
    Ok((length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indefinite_lengths_become_definite_and_pieces_are_joined() {
        let ber = [
            0x30, 0x80, 0xa0, 0x80, 0x24, 0x80, 0x04, 1, 7, 0x04, 2, 8, 9, 0, 0, 0, 0, 0x02, 1, 5,
            0, 0, 0xee,
        ];
        let der = [0x30, 10, 0xa0, 5, 0x04, 3, 7, 8, 9, 0x02, 1, 5];
        assert_eq!(to_der(&ber), Ok((der.to_vec(), ber.len() - 1)));
        assert_eq!(to_der(&der), Ok((der.to_vec(), der.len())));
        assert_eq!(to_der(&[0x04, 0x81, 1, 7]), Ok((vec![0x04, 1, 7], 4)));
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let deep = [0x30, 0x80].repeat(1_000);
        for broken in
            [&[][..], &[0x30], &[0x30, 0x80], &[0x30, 0x80, 0], &[0x04, 0x80, 0, 0], &deep]
        {
            assert!(to_der(broken).is_err(), "{broken:?}");
        }
        for end in 0..12 {
            let der = [0x30, 10, 0xa0, 5, 0x04, 3, 7, 8, 9, 0x02, 1, 5];
            assert!(to_der(&der[..end]).is_err());
        }
    }
}
