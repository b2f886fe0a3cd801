//! Portraits: JPEG passed through as it is, PNG unpacked.
//!
//! Of a JPEG only the header is read, by a reader of our own that looks at no more than the segments before
//! the first scan; its samples are left to the viewer. A PNG is decoded within bounds and laid on white where
//! it is transparent. Everything else is refused with its reason.
//!
//! Source: ITU-T T.81, annex B (JPEG); ISO 32000-1:2008, 7.4.8 (`DCTDecode`).

use std::io::Cursor;

/// Most pixels on a side. Our own bound: 35 mm at 2 900 dpi.
const MAX_SIDE: u16 = 4000;
/// Most pixels of a PNG, which is unpacked in memory. Our own bound.
const MAX_PNG_PIXELS: u32 = 4_000_000;

/// A picture ready to be put into a PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture<'a> {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) gray: bool,
    pub(super) samples: Samples<'a>,
}

/// The pixels of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Samples<'a> {
    /// A whole JPEG file.
    Jpeg(&'a [u8]),
    /// Rows of 8-bit samples.
    Plain(Vec<u8>),
}

impl<'a> Picture<'a> {
    /// Reads a picture of the given media type.
    pub(super) fn read(media_type: &str, bytes: &'a [u8]) -> Result<Self, PortraitFault> {
        match media_type {
            "image/jpeg" => jpeg(bytes),
            "image/png" => png(bytes),
            _ => Err(PortraitFault::MediaType),
        }
    }
}

fn jpeg(bytes: &[u8]) -> Result<Picture<'_>, PortraitFault> {
    let damaged = PortraitFault::Damaged;
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8]).ok_or(damaged)?;
    if !bytes.ends_with(&[0xff, 0xd9]) {
        return Err(damaged);
    }
    loop {
        let [0xff, marker, after @ ..] = rest else { return Err(damaged) };
        let length = match after {
            // A fill byte may stand before a marker.
            _ if *marker == 0xff => {
                rest = rest.get(1..).ok_or(damaged)?;
                continue;
            }
            [high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return Err(damaged),
        };
        let body = after.get(2..length).ok_or(damaged)?;
        match marker {
            // Baseline, extended sequential and progressive, all with Huffman coding.
            0xc0..=0xc2 => {
                let [bits, h1, h2, w1, w2, components, ..] = body else { return Err(damaged) };
                let height = u16::from_be_bytes([*h1, *h2]);
                let width = u16::from_be_bytes([*w1, *w2]);
                if *bits != 8 || !matches!(components, 1 | 3) {
                    return Err(PortraitFault::Colors);
                }
                sides(u32::from(width), u32::from(height))?;
                let gray = *components == 1;
                return Ok(Picture { width, height, gray, samples: Samples::Jpeg(bytes) });
            }
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Err(PortraitFault::Colors),
            // Start of scan or end of image before any frame.
            0xda | 0xd9 | 0x00 => return Err(damaged),
            _ => {}
        }
        rest = after.get(length..).ok_or(damaged)?;
    }
}

fn png(bytes: &[u8]) -> Result<Picture<'_>, PortraitFault> {
    let limits = png::Limits { bytes: 64 * 1024 * 1024 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| PortraitFault::Damaged)?;
    let info = reader.info();
    let (width, height) = sides(info.width, info.height)?;
    if u32::from(width) * u32::from(height) > MAX_PNG_PIXELS {
        return Err(PortraitFault::Size { limit_side: MAX_SIDE });
    }
    let size = reader.output_buffer_size().ok_or(PortraitFault::Damaged)?;
    let mut samples = vec![0; size];
    let frame = reader.next_frame(&mut samples).map_err(|_| PortraitFault::Damaged)?;
    samples.truncate(frame.buffer_size());
    let on_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
    };
    let (gray, samples) = match frame.color_type {
        png::ColorType::Grayscale => (true, samples),
        png::ColorType::Rgb => (false, samples),
        png::ColorType::GrayscaleAlpha => {
            let pixels = samples.chunks_exact(2);
            (true, pixels.map(|pixel| on_white(pixel[0], pixel[1])).collect())
        }
        png::ColorType::Rgba => {
            let pixels = samples.chunks_exact(4);
            (false, pixels.flat_map(|p| [0, 1, 2].map(|n| on_white(p[n], p[3]))).collect())
        }
        png::ColorType::Indexed => return Err(PortraitFault::Colors),
    };
    Ok(Picture { width, height, gray, samples: Samples::Plain(samples) })
}

fn sides(width: u32, height: u32) -> Result<(u16, u16), PortraitFault> {
    let side = |length| match u16::try_from(length) {
        Ok(length @ 1..=MAX_SIDE) => Ok(length),
        _ => Err(PortraitFault::Size { limit_side: MAX_SIDE }),
    };
    Ok((side(width)?, side(height)?))
}

/// Why a portrait cannot be put on a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortraitFault {
    /// The colors are not 8-bit gray or RGB, or the coding is one that PDF does not have.
    Colors,
    /// The bytes are not a picture of the stated media type.
    Damaged,
    /// The media type is neither `image/jpeg` nor `image/png`.
    MediaType,
    /// The picture has no pixels or too many.
    Size {
        /// Most pixels on a side.
        limit_side: u16,
    },
}

impl std::fmt::Display for PortraitFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Colors => f.write_str("send an ordinary 8-bit gray or RGB picture"),
            Self::Damaged => f.write_str("the bytes are not a picture of the stated media type"),
            Self::MediaType => f.write_str("send image/jpeg or image/png"),
            Self::Size { limit_side } => {
                write!(f, "a picture has 1 to {limit_side} pixels on a side")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG as far as its header goes.
    fn jpeg_header(frame: u8, bits: u8, components: u8, width: u16) -> Vec<u8> {
        let w = width.to_be_bytes();
        let mut file = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, frame, 0, 11, bits, 0, 20];
        file.extend([w[0], w[1], components, 0, 0, 0, 0xff, 0xda, 0xff, 0xd9]);
        file
    }

    #[test]
    fn a_jpeg_passes_through_with_its_size() {
        let file = jpeg_header(0xc2, 8, 3, 30);
        let picture = Picture::read("image/jpeg", &file).unwrap();
        assert_eq!((picture.width, picture.height, picture.gray), (30, 20, false));
        assert_eq!(picture.samples, Samples::Jpeg(&file));
    }

    #[test]
    fn pictures_we_cannot_show_are_refused_with_the_reason() {
        use PortraitFault::*;

        let rows: &[(&str, Vec<u8>, PortraitFault)] = &[
            ("four colors", jpeg_header(0xc0, 8, 4, 30), Colors),
            ("twelve bits", jpeg_header(0xc1, 12, 3, 30), Colors),
            ("arithmetic coding", jpeg_header(0xc9, 8, 3, 30), Colors),
            ("no width", jpeg_header(0xc0, 8, 3, 0), Size { limit_side: 4000 }),
            ("too wide", jpeg_header(0xc0, 8, 3, 4001), Size { limit_side: 4000 }),
            ("not a picture", b"%PDF-1.7".to_vec(), Damaged),
            ("nothing", Vec::new(), Damaged),
        ];
        for (reason, file, fault) in rows {
            assert_eq!(Picture::read("image/jpeg", file), Err(*fault), "{reason}");
        }
        assert_eq!(Picture::read("image/gif", b"GIF89a"), Err(MediaType));
        assert_eq!(Picture::read("image/png", b"\x89PNG\r\n\x1a\n"), Err(Damaged));
    }

    #[test]
    fn every_cut_of_a_header_is_refused() {
        let file = jpeg_header(0xc0, 8, 3, 30);
        for end in 0..file.len() {
            assert!(Picture::read("image/jpeg", &file[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_transparent_png_is_laid_on_white() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[10, 20, 30, 255, 10, 20, 30, 0]).unwrap();
        writer.finish().unwrap();
        let picture = Picture::read("image/png", &file).unwrap();
        assert_eq!(picture.samples, Samples::Plain(vec![10, 20, 30, 255, 255, 255]));
    }
}
