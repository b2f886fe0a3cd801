//! What a time-stamp says (`TSTInfo`): what was stamped, when, under which policy and number.
//!
//! Source: RFC 3161, section 2.4.2.

use super::der::{Element, Reader, tag};
use super::der_time;
use super::timestamp::{Imprint, TimestampError};
use crate::domain::Moment;

/// Longest accuracy that is taken, in seconds; an authority that is less sure proves nothing worth having.
const MAX_ACCURACY_SECONDS: u32 = 3_600;

/// What a time-stamp says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TstInfo {
    /// The content of the policy's object identifier.
    pub(super) policy: Vec<u8>,
    pub(super) imprint: Imprint,
    /// The content of the serial number's integer.
    pub(super) serial: Vec<u8>,
    pub(super) gen_time: Moment,
    /// What the clock may have been off, and what a fraction of a second adds, in whole seconds.
    pub(super) margin_seconds: u32,
    /// The content of the nonce's integer.
    pub(super) nonce: Option<Vec<u8>>,
}

impl TstInfo {
    /// Reads the structure. A critical extension is one that we do not know.
    pub(super) fn read(der: &[u8]) -> Result<Self, TimestampError> {
        let mut fields = Reader::only(der, tag::SEQUENCE)?.reader();
        if fields.expect(tag::INTEGER)?.content != [1] {
            return Err(TimestampError::Garbage);
        }
        let policy = fields.expect(tag::OID)?.content.to_vec();
        let imprint = Imprint::read(&mut fields)?;
        let serial = fields.expect(tag::INTEGER)?.content.to_vec();
        let time = der_time::read(&fields.expect(tag::GENERALIZED_TIME)?)?;
        let accuracy = match fields.optional(tag::SEQUENCE)? {
            Some(accuracy) => read_accuracy(&accuracy)?,
            None => 0,
        };
        if fields.optional(tag::BOOLEAN)?.is_some_and(|flag| !matches!(flag.content, [0 | 0xff])) {
            return Err(TimestampError::Garbage);
        }
        let nonce = fields.optional(tag::INTEGER)?.map(|nonce| nonce.content.to_vec());
        // The authority's own name for itself; the certificate says it better.
        fields.optional(tag::CONTEXT_0)?;
        if let Some(extensions) = fields.optional(tag::CONTEXT_1)? {
            let mut list = extensions.reader();
            while !list.is_empty() {
                let mut extension = list.expect(tag::SEQUENCE)?.reader();
                extension.expect(tag::OID)?;
                if extension.peek() == Some(tag::BOOLEAN) {
                    return Err(TimestampError::Garbage);
                }
            }
        }
        fields.finish()?;
        let margin_seconds = accuracy.saturating_add(u32::from(time.fraction));
        Ok(Self { policy, imprint, serial, gen_time: time.moment, margin_seconds, nonce })
    }
}

/// Seconds, milliseconds and microseconds, in whole seconds, rounded up.
fn read_accuracy(accuracy: &Element<'_>) -> Result<u32, TimestampError> {
    let mut fields = accuracy.reader();
    let seconds = fields.optional(tag::INTEGER)?.map(number).transpose()?.unwrap_or_default();
    let millis = fields.optional(tag::PRIMITIVE_0)?.map(number).transpose()?.unwrap_or_default();
    let micros = fields.optional(tag::PRIMITIVE_1)?.map(number).transpose()?.unwrap_or_default();
    fields.finish()?;
    let rounded = seconds.saturating_add(u32::from(millis > 0 || micros > 0));
    let known = millis < 1_000 && micros < 1_000 && rounded <= MAX_ACCURACY_SECONDS;
    if known { Ok(rounded) } else { Err(TimestampError::Garbage) }
}

/// A number that is not negative, of at most four bytes.
fn number(element: Element<'_>) -> Result<u32, TimestampError> {
    match element.content {
        [first, ..] if *first >= 0x80 => Err(TimestampError::Garbage),
        [] => Err(TimestampError::Garbage),
        bytes if bytes.len() > 4 => Err(TimestampError::Garbage),
        bytes => Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))),
    }
}
