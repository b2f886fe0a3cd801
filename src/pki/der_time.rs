//! Moments in DER.
//!
//! A `GeneralizedTime` is read in UTC, with seconds; a fraction of a second is read and told apart, because the
//! house counts in seconds.
//!
//! Source: ITU-T X.690, 11.7; RFC 3161, section 2.4.2 (fractions are allowed in time-stamps alone).

use super::der::{DerError, Element, element, tag};
use crate::domain::Moment;

/// A moment, and whether a fraction of a second follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReadTime {
    pub(super) moment: Moment,
    pub(super) fraction: bool,
}

/// Reads a `GeneralizedTime`: `20261122032029Z`, or `20261122032029.25Z`.
pub(super) fn read(element: &Element<'_>) -> Result<ReadTime, DerError> {
    let text = Some(element.content)
        .filter(|_| element.tag == tag::GENERALIZED_TIME)
        .and_then(|content| str::from_utf8(content).ok())
        .and_then(|text| text.strip_suffix('Z'))
        .ok_or(DerError::Tag)?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // Trailing zeros would be a second spelling.
    let shortest = |fraction: &str| digits(fraction) && !fraction.ends_with('0');
    if whole.len() != 14 || !digits(whole) || !fraction.is_none_or(shortest) {
        return Err(DerError::Tag);
    }
    let part = |from: usize, to: usize| whole.get(from..to).unwrap_or_default();
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    );
    let moment = text.parse().map_err(|_| DerError::Tag)?;
    Ok(ReadTime { moment, fraction: fraction.is_some() })
}

/// Writes a `GeneralizedTime`.
pub(super) fn write(moment: Moment) -> Vec<u8> {
    let digits: String = moment.to_string().chars().filter(char::is_ascii_digit).collect();
    element(tag::GENERALIZED_TIME, &[digits.as_bytes(), b"Z"])
}

#[cfg(test)]
mod tests {
    use super::super::der::Reader;
    use super::*;

    fn parse(text: &str) -> Result<ReadTime, DerError> {
        let der = element(tag::GENERALIZED_TIME, &[text.as_bytes()]);
        read(&Reader::new(&der).element()?)
    }

    #[test]
    fn one_moment_has_one_spelling() {
        let moment: Moment = "2026-11-22T03:20:29Z".parse().unwrap();
        assert_eq!(parse("20261122032029Z"), Ok(ReadTime { moment, fraction: false }));
        assert_eq!(parse("20261122032029.25Z"), Ok(ReadTime { moment, fraction: true }));
        let der = write(moment);
        assert_eq!(read(&Reader::new(&der).element().unwrap()).unwrap().moment, moment);
        for text in [
            "",
            "Z",
            "20261122032029",
            "202611220320Z",
            "20261122032029.Z",
            "20261122032029.50Z",
            "20261322032029Z",
            "20261122032060Z",
            "20261122032029+0800",
            "2026112203202 Z",
            "-0261122032029Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
