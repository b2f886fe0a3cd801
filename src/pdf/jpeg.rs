//! JPEG files, looked through from end to end and not decoded.
//!
//! Every segment is walked, and of a sequential picture every block of its scans is counted by reading its Huffman
//! codes, so that a picture that was cut short is found out although no sample is computed. A progressive picture is
//! walked by its markers only. What a PDF needs is kept; what else the file carries (where and with what it was taken,
//! a smaller picture of itself, comments) is left out, but for the orientation, which is said.
//!
//! Source: ITU-T T.81, annexes B, F.2 and G; Exif 2.32 (CIPA DC-008), 4.6.

use std::borrow::Cow;
use std::ops::Range;

use super::jpeg_scan::{Frame, HuffmanTable, Scan};
use super::portrait::PortraitFault;

/// A JPEG file that a PDF can carry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Jpeg<'a> {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) gray: bool,
    /// How it is to be turned, as Exif counts: 1 is upright, 8 the last.
    pub(super) orientation: u8,
    pub(super) file: Cow<'a, [u8]>,
}

/// Most segments before a picture is given up. Our own bound.
const MAX_SEGMENTS: usize = 2_000;
/// Most scans of a picture. Our own bound: a progressive picture has about ten.
const MAX_SCANS: usize = 100;

impl<'a> Jpeg<'a> {
    /// Looks through a file.
    pub(super) fn read(file: &'a [u8]) -> Result<Self, PortraitFault> {
        let mut walk = Walk { file, at: 0, kept: Vec::with_capacity(16), dropped: false };
        if file.get(..2) != Some(&[0xff, 0xd8]) {
            return Err(PortraitFault::Damaged);
        }
        walk.keep(0..2);
        walk.at = 2;
        let mut tables: [[Option<HuffmanTable>; 4]; 2] = Default::default();
        let (mut frame, mut orientation) = (None::<Frame>, 1);
        let (mut restart, mut scans) = (0, 0);
        for _ in 0..MAX_SEGMENTS {
            let (marker, start) = walk.marker()?;
            if marker == 0xd9 {
                walk.keep(start..walk.at);
                // What stands behind the end is no part of the picture.
                walk.dropped |= walk.at < file.len();
                let frame = frame.ok_or(PortraitFault::Damaged)?;
                if !frame.complete() {
                    return Err(PortraitFault::CutShort);
                }
                let gray = frame.components.len() == 1;
                let (width, height) = (frame.width, frame.height);
                return Ok(Self { width, height, gray, orientation, file: walk.kept() });
            }
            let body = walk.body()?;
            let whole = start..walk.at;
            match marker {
                // Baseline, extended sequential and progressive, all with Huffman coding.
                0xc0..=0xc2 if frame.is_none() => {
                    frame = Some(Frame::read(body, marker == 0xc2)?);
                    walk.keep(whole);
                }
                0xc4 => {
                    HuffmanTable::read_all(body, &mut tables).ok_or(PortraitFault::Damaged)?;
                    walk.keep(whole);
                }
                0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    return Err(PortraitFault::Coding);
                }
                0xdd => {
                    let [high, low] = body else { return Err(PortraitFault::Damaged) };
                    restart = usize::from(u16::from_be_bytes([*high, *low]));
                    walk.keep(whole);
                }
                0xda => {
                    let frame = frame.as_mut().ok_or(PortraitFault::Damaged)?;
                    scans += 1;
                    if scans > MAX_SCANS {
                        return Err(PortraitFault::Damaged);
                    }
                    let data = file.get(walk.at..).unwrap_or_default();
                    let scan = Scan::begin(frame, body)?;
                    let length = if frame.progressive {
                        coded(data).ok_or(PortraitFault::CutShort)?
                    } else {
                        scan.walk(data, &tables, restart)?
                    };
                    scan.end(frame);
                    walk.at += length;
                    walk.keep(start..walk.at);
                }
                0xe1 => {
                    orientation = exif(body).unwrap_or(orientation);
                    walk.dropped = true;
                }
                // JFIF, and how the colors are coded.
                0xe0 | 0xee | 0xdb => walk.keep(whole),
                0xe2..=0xed | 0xef | 0xfe => walk.dropped = true,
                _ => return Err(PortraitFault::Damaged),
            }
        }
        Err(PortraitFault::Damaged)
    }
}

/// Where in a file one is, and what of it is kept.
struct Walk<'a> {
    file: &'a [u8],
    at: usize,
    kept: Vec<Range<usize>>,
    dropped: bool,
}

impl<'a> Walk<'a> {
    /// The next marker, and where it begins.
    fn marker(&mut self) -> Result<(u8, usize), PortraitFault> {
        let start = self.at;
        if self.file.get(self.at) != Some(&0xff) {
            let ended = self.at >= self.file.len();
            return Err(if ended { PortraitFault::CutShort } else { PortraitFault::Damaged });
        }
        // Fill bytes may stand before a marker.
        while self.file.get(self.at) == Some(&0xff) {
            self.at += 1;
        }
        let marker = *self.file.get(self.at).ok_or(PortraitFault::CutShort)?;
        self.at += 1;
        Ok((marker, start))
    }

    /// What stands in the segment behind a marker.
    fn body(&mut self) -> Result<&'a [u8], PortraitFault> {
        let rest = self.file.get(self.at..).unwrap_or_default();
        let [high, low, ..] = rest else { return Err(PortraitFault::CutShort) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length < 2 {
            return Err(PortraitFault::Damaged);
        }
        let body = rest.get(2..length).ok_or(PortraitFault::CutShort)?;
        self.at += length;
        Ok(body)
    }

    fn keep(&mut self, range: Range<usize>) {
        match self.kept.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.kept.push(range),
        }
    }

    fn kept(&self) -> Cow<'a, [u8]> {
        if !self.dropped {
            return Cow::Borrowed(self.file);
        }
        let parts = self.kept.iter().filter_map(|range| self.file.get(range.clone()));
        Cow::Owned(parts.collect::<Vec<_>>().concat())
    }
}

/// How many bytes of coded data there are before the next marker; restart markers belong to the data.
fn coded(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += data.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        match data.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            _ => return Some(at),
        }
    }
}

/// The orientation in an Exif segment, if it says one.
pub(super) fn exif(body: &[u8]) -> Option<u8> {
    tiff_orientation(body.strip_prefix(b"Exif\0\0")?)
}

/// The orientation in the TIFF structure of Exif data.
pub(super) fn tiff_orientation(tiff: &[u8]) -> Option<u8> {
    const ORIENTATION: u16 = 0x0112;
    const SHORT: u16 = 3;
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = [*tiff.get(at)?, *tiff.get(at + 1)?];
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let halves = (short(at)?, short(at + 2)?);
        let (high, low) = if little { (halves.1, halves.0) } else { halves };
        usize::try_from(u32::from(high) << 16 | u32::from(low)).ok()
    };
    let directory = long(4)?;
    for entry in 0..usize::from(short(directory)?) {
        let at = directory.checked_add(2 + entry * 12)?;
        if short(at)? == ORIENTATION && short(at + 2)? == SHORT {
            let value = u8::try_from(short(at + 8)?).ok()?;
            return (1..=8).contains(&value).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An Exif segment that says one orientation, with a byte order of its own.
    fn exif_segment(orientation: u8, little: bool) -> Vec<u8> {
        let mut body = b"Exif\0\0".to_vec();
        body.extend(if little { *b"II*\0" } else { *b"MM\0*" });
        let number = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u16| {
            if little { [number(value), [0, 0]].concat() } else { [[0, 0], number(value)].concat() }
        };
        body.extend(long(8));
        body.extend(number(1));
        for part in [number(0x0112), number(3)] {
            body.extend(part);
        }
        body.extend(long(1));
        body.extend(number(u16::from(orientation)));
        body.extend([0, 0, 0, 0, 0, 0]);
        body
    }

    #[test]
    fn the_orientation_is_read_in_both_byte_orders_and_nothing_else_is() {
        for little in [true, false] {
            for orientation in 1..=8 {
                assert_eq!(exif(&exif_segment(orientation, little)), Some(orientation));
            }
            for wrong in [0, 9] {
                assert_eq!(exif(&exif_segment(wrong, little)), None);
            }
        }
        let whole = exif_segment(6, true);
        for cut in 0..whole.len() - 6 {
            assert_eq!(exif(&whole[..cut]), None, "{cut}");
        }
        // A directory that lies beyond the end, and one with more entries than there are.
        assert_eq!(tiff_orientation(b"II*\0\xff\xff\xff\xff"), None);
        assert_eq!(tiff_orientation(b"II*\0\x08\0\0\0\xff\xff"), None);
    }
}
