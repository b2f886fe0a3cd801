//! Portraits: JPEG passed through as it is, PNG unpacked.
//!
//! A JPEG is looked through and left to the viewer ([`jpeg`](super::jpeg)). A PNG is decoded within bounds and laid on
//! white where it is transparent. A picture that says it is to be turned is turned. Everything else is refused with its
//! reason.
//!
//! Source: ISO 32000-1:2008, 7.4.8 (`DCTDecode`); W3C, PNG Specification (Third Edition).

use std::borrow::Cow;
use std::fmt;
use std::io::Cursor;

use super::jpeg::{Jpeg, tiff_orientation};

/// Most pixels of a PNG, which is unpacked in memory. Our own bound.
const MAX_PNG_PIXELS: u32 = 4_000_000;

/// How many pixels a picture may have, across and down, once it stands upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelBounds {
    /// The least.
    pub min: [u16; 2],
    /// The most.
    pub max: [u16; 2],
}

impl PixelBounds {
    /// Most pixels on a side. Our own bound: 35 mm at 2 900 dpi.
    pub const MAX_SIDE: u16 = 4000;
}

impl Default for PixelBounds {
    fn default() -> Self {
        Self { min: [1; 2], max: [Self::MAX_SIDE; 2] }
    }
}

/// A picture ready to be put into a PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture<'a> {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) gray: bool,
    /// How it is to be turned, as Exif counts: 1 is upright, 8 the last.
    pub(super) orientation: u8,
    pub(super) samples: Samples<'a>,
}

/// The pixels of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Samples<'a> {
    /// A whole JPEG file.
    Jpeg(Cow<'a, [u8]>),
    /// Rows of 8-bit samples.
    Plain(Vec<u8>),
}

impl<'a> Picture<'a> {
    /// Reads a picture of the given media type.
    pub(super) fn read(
        media_type: &str,
        bytes: &'a [u8],
        bounds: &PixelBounds,
    ) -> Result<Self, PortraitFault> {
        match media_type {
            "image/jpeg" => {
                let Jpeg { width, height, gray, orientation, file } = Jpeg::read(bytes)?;
                let picture =
                    Self { width, height, gray, orientation, samples: Samples::Jpeg(file) };
                picture.hold(bounds)?;
                Ok(picture)
            }
            "image/png" => png(bytes, bounds),
            _ => Err(PortraitFault::MediaType),
        }
    }

    /// Pixels across and down, once it stands upright.
    pub(super) fn upright(&self) -> (u16, u16) {
        upright(self.width, self.height, self.orientation)
    }

    /// Where a picture of this orientation puts the corners of the unit square, in a box of `w` by `h` at `x`, `y`.
    pub(super) fn matrix(&self, [x, y, w, h]: [f32; 4]) -> [f32; 6] {
        match self.orientation {
            2 => [-w, 0.0, 0.0, h, x + w, y],
            3 => [-w, 0.0, 0.0, -h, x + w, y + h],
            4 => [w, 0.0, 0.0, -h, x, y + h],
            5 => [0.0, -h, -w, 0.0, x + w, y + h],
            6 => [0.0, -h, w, 0.0, x, y + h],
            7 => [0.0, h, w, 0.0, x, y],
            8 => [0.0, h, -w, 0.0, x + w, y],
            _ => [w, 0.0, 0.0, h, x, y],
        }
    }

    fn hold(&self, bounds: &PixelBounds) -> Result<(), PortraitFault> {
        let (width, height) = self.upright();
        let PixelBounds { min, max } = *bounds;
        if width < min[0].max(1) || height < min[1].max(1) {
            return Err(PortraitFault::TooFewPixels { min, found: [width, height] });
        }
        if width > max[0] || height > max[1] {
            return Err(PortraitFault::TooManyPixels { max });
        }
        Ok(())
    }
}

fn upright(width: u16, height: u16, orientation: u8) -> (u16, u16) {
    if orientation >= 5 { (height, width) } else { (width, height) }
}

/// What is wrong with a picture, if anything is: for those who only want to know.
pub fn portrait_fault(media_type: &str, bytes: &[u8]) -> Option<PortraitFault> {
    Picture::read(media_type, bytes, &PixelBounds::default()).err()
}

fn png<'a>(bytes: &[u8], bounds: &PixelBounds) -> Result<Picture<'a>, PortraitFault> {
    let broken = |error: png::DecodingError| match error {
        png::DecodingError::IoError(_) => PortraitFault::CutShort,
        _ => PortraitFault::Damaged,
    };
    let limits = png::Limits { bytes: 64 * 1024 * 1024 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let info = reader.info();
    if info.bit_depth == png::BitDepth::Sixteen {
        return Err(PortraitFault::Depth);
    }
    if info.animation_control.is_some() {
        return Err(PortraitFault::Animated);
    }
    let orientation = info.exif_metadata.as_deref().and_then(tiff_orientation).unwrap_or(1);
    let too_many = PortraitFault::TooManyPixels { max: bounds.max };
    let (Ok(width), Ok(height)) = (u16::try_from(info.width), u16::try_from(info.height)) else {
        return Err(too_many);
    };
    if u32::from(width) * u32::from(height) > MAX_PNG_PIXELS {
        return Err(too_many);
    }
    let empty = Samples::Plain(Vec::new());
    let mut picture = Picture { width, height, gray: false, orientation, samples: empty };
    picture.hold(bounds)?;
    let size = reader.output_buffer_size().ok_or(PortraitFault::Damaged)?;
    let mut samples = vec![0; size];
    let frame = reader.next_frame(&mut samples).map_err(broken)?;
    samples.truncate(frame.buffer_size());
    // Whatever stands between the samples and the end is read, too, so that a cut is found.
    reader.finish().map_err(broken)?;
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
        png::ColorType::Indexed => return Err(PortraitFault::Damaged),
    };
    (picture.gray, picture.samples) = (gray, Samples::Plain(samples));
    Ok(picture)
}

/// Why a portrait cannot be put on a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortraitFault {
    /// A PNG that moves.
    Animated,
    /// A JPEG with arithmetic, lossless or hierarchical coding, which PDF does not have.
    Coding,
    /// The file ends before the picture does.
    CutShort,
    /// The bytes are not a picture of the stated media type.
    Damaged,
    /// More than 8 bits a color.
    Depth,
    /// Four colors, for ink: CMYK.
    FourColors,
    /// The media type is neither `image/jpeg` nor `image/png`.
    MediaType,
    /// The picture would be coarse.
    TooFewPixels {
        /// The least, across and down.
        min: [u16; 2],
        /// What it has.
        found: [u16; 2],
    },
    /// The picture has too many pixels.
    TooManyPixels {
        /// The most, across and down.
        max: [u16; 2],
    },
}

impl fmt::Display for PortraitFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Animated => f.write_str("it moves: send a still picture"),
            Self::Coding => f.write_str(
                "its JPEG coding is arithmetic, lossless or hierarchical: save it as ordinary JPEG",
            ),
            Self::CutShort => f.write_str("the file ends before the picture does: send it whole"),
            Self::Damaged => f.write_str("the bytes are not a picture of the stated media type"),
            Self::Depth => f.write_str("it has more than 8 bits a color: save it with 8"),
            Self::FourColors => {
                f.write_str("it has four colors for ink (CMYK): save it as RGB or gray")
            }
            Self::MediaType => f.write_str("send image/jpeg or image/png"),
            Self::TooFewPixels { min, found } => write!(
                f,
                "it has {} x {} pixels; at least {} x {} are needed",
                found[0], found[1], min[0], min[1]
            ),
            Self::TooManyPixels { max } => {
                write!(
                    f,
                    "it has more than {} x {} pixels, or more than 4 000 000 as PNG",
                    max[0], max[1]
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: PixelBounds = PixelBounds { min: [1; 2], max: [4000; 2] };

    fn read<'a>(media_type: &str, file: &'a [u8]) -> Result<Picture<'a>, PortraitFault> {
        Picture::read(media_type, file, &ANY)
    }

    /// One table of Huffman codes with a single code, `0`, for the value nought: a block is then two bits.
    fn tables() -> Vec<u8> {
        let mut all = Vec::new();
        for class in [0x00, 0x10] {
            all.extend([0xff, 0xc4, 0, 20, class, 1]);
            all.extend([0; 15]);
            all.push(0);
        }
        all
    }

    /// A gray JPEG of so many blocks across and one down; every block is two zero bits.
    fn jpeg(frame: u8, bits: u8, components: u8, width: u16, scan: &[u8]) -> Vec<u8> {
        let w = width.to_be_bytes();
        let length = 8 + 3 * components;
        let mut file = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2];
        file.extend(tables());
        file.extend([0xff, frame, 0, length, bits, 0, 8, w[0], w[1], components]);
        for component in 1..=components {
            file.extend([component, 0x11, 0]);
        }
        file.extend([0xff, 0xda, 0, 6 + 2 * components, components]);
        for component in 1..=components {
            file.extend([component, 0]);
        }
        file.extend([0, 63, 0]);
        file.extend(scan);
        file.extend([0xff, 0xd9]);
        file
    }

    #[test]
    fn a_jpeg_passes_through_with_its_size() {
        // Four blocks of two bits are one byte, in each of three colors.
        for (frame, components, scan) in [
            (0xc0, 1, &[0x00][..]),
            (0xc1, 1, &[0x00]),
            (0xc2, 1, &[0x12, 0xff, 0x00]),
            (0xc0, 3, &[0; 3]),
        ] {
            let file = jpeg(frame, 8, components, 32, scan);
            let picture = read("image/jpeg", &file).unwrap();
            assert_eq!((picture.width, picture.height, picture.gray), (32, 8, components == 1));
            assert_eq!(picture.samples, Samples::Jpeg(Cow::Borrowed(&file)));
        }
    }

    #[test]
    fn pictures_we_cannot_show_are_refused_with_the_reason() {
        use PortraitFault::*;

        let whole = [0; 64];
        let rows: &[(&str, Vec<u8>, PortraitFault)] = &[
            ("four colors", jpeg(0xc0, 8, 4, 32, &whole), FourColors),
            ("twelve bits", jpeg(0xc1, 12, 3, 32, &whole), Depth),
            ("arithmetic coding", jpeg(0xc9, 8, 3, 32, &whole), Coding),
            ("lossless coding", jpeg(0xc3, 8, 3, 32, &whole), Coding),
            ("no width", jpeg(0xc0, 8, 1, 0, &[]), TooFewPixels { min: [1; 2], found: [0, 8] }),
            ("too wide", jpeg(0xc0, 8, 1, 4008, &[0; 126]), TooManyPixels { max: [4000; 2] }),
            ("one block too few", jpeg(0xc0, 8, 1, 40, &[0]), CutShort),
            ("a code that is none", jpeg(0xc0, 8, 1, 32, &[0x80, 0, 0]), Damaged),
            (
                "a scan of a color that is none",
                {
                    let mut file = jpeg(0xc0, 8, 1, 32, &[0]);
                    let at = file.len() - 8;
                    assert_eq!(file[at], 1);
                    file[at] = 7;
                    file
                },
                Damaged,
            ),
            (
                "no scan",
                [jpeg(0xc0, 8, 1, 32, &[])[..67].to_vec(), vec![0xff, 0xd9]].concat(),
                CutShort,
            ),
            ("not a picture", b"%PDF-1.7".to_vec(), Damaged),
            ("nothing", Vec::new(), Damaged),
        ];
        for (reason, file, fault) in rows {
            assert_eq!(read("image/jpeg", file), Err(*fault), "{reason}");
        }
        assert_eq!(read("image/gif", b"GIF89a"), Err(MediaType));
        assert_eq!(read("image/png", b"\x89PNG\r\n\x1a\n"), Err(CutShort));
        assert_eq!(read("image/png", b"GIF89a, it says"), Err(Damaged));
    }

    #[test]
    fn every_cut_of_a_picture_is_refused() {
        let whole = jpeg(0xc0, 8, 3, 320, &[0; 30]);
        assert!(read("image/jpeg", &whole).is_ok());
        for end in 0..whole.len() {
            assert!(read("image/jpeg", &whole[..end]).is_err(), "{end}");
        }
        // With an end put on again, only what was in the scans can tell.
        for end in whole.len() - 32..whole.len() - 2 {
            let mended = [&whole[..end], &[0xff, 0xd9]].concat();
            assert_eq!(read("image/jpeg", &mended), Err(PortraitFault::CutShort), "{end}");
        }
        let whole = png_file(png::ColorType::Rgb, png::BitDepth::Eight, &[200; 300], None);
        assert!(read("image/png", &whole).is_ok());
        for end in 0..whole.len() {
            assert!(read("image/png", &whole[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn what_a_jpeg_says_of_its_taking_is_left_out_and_its_orientation_is_kept() {
        let plain = jpeg(0xc0, 8, 1, 32, &[0]);
        let exif = b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let comment = b"\xff\xfe\0\x09at home";
        let file = [&plain[..2], exif, comment, &plain[2..], b"a film behind it"].concat();
        let picture = read("image/jpeg", &file).unwrap();
        assert_eq!((picture.orientation, picture.upright()), (6, (8, 32)));
        assert_eq!(picture.samples, Samples::Jpeg(Cow::Borrowed(&plain)));
        let bounds = PixelBounds { min: [9, 1], ..ANY };
        let found = Picture::read("image/jpeg", &file, &bounds);
        assert_eq!(found, Err(PortraitFault::TooFewPixels { min: [9, 1], found: [8, 32] }));
    }

    #[test]
    fn a_turned_picture_fills_its_box() {
        let file = jpeg(0xc0, 8, 1, 32, &[0]);
        let mut picture = read("image/jpeg", &file).unwrap();
        // Where the upper left corner of the stored picture, (0, 1) in the unit square, comes to stand.
        let corners = [
            (1, 0.0, 20.0),
            (2, 10.0, 20.0),
            (3, 10.0, 0.0),
            (4, 0.0, 0.0),
            (5, 0.0, 20.0),
            (6, 10.0, 20.0),
            (7, 10.0, 0.0),
            (8, 0.0, 0.0),
        ];
        for (orientation, x, y) in corners {
            picture.orientation = orientation;
            let [a, b, c, d, e, f] = picture.matrix([0.0, 0.0, 10.0, 20.0]);
            assert_eq!((c + e, d + f), (x, y), "{orientation}");
            // All four corners are those of the box.
            for (u, v) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
                let place = (a * u + c * v + e, b * u + d * v + f);
                assert!([0.0, 10.0].contains(&place.0) && [0.0, 20.0].contains(&place.1));
            }
        }
    }

    fn png_file(
        color: png::ColorType,
        depth: png::BitDepth,
        data: &[u8],
        animated: Option<u32>,
    ) -> Vec<u8> {
        let mut file = Vec::new();
        let per_pixel = color.samples() * if depth == png::BitDepth::Sixteen { 2 } else { 1 };
        let width = u32::try_from(data.len() / per_pixel).unwrap();
        let mut encoder = png::Encoder::new(&mut file, width, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        if let Some(frames) = animated {
            encoder.set_animated(frames, 0).unwrap();
        }
        let mut writer = encoder.write_header().unwrap();
        for _ in 0..animated.unwrap_or(1) {
            writer.write_image_data(data).unwrap();
        }
        writer.finish().unwrap();
        file
    }

    #[test]
    fn a_transparent_png_is_laid_on_white() {
        use png::{BitDepth, ColorType};

        let data = [10, 20, 30, 255, 10, 20, 30, 0];
        let file = png_file(ColorType::Rgba, BitDepth::Eight, &data, None);
        let picture = read("image/png", &file).unwrap();
        assert_eq!(picture.samples, Samples::Plain(vec![10, 20, 30, 255, 255, 255]));
        let file = png_file(ColorType::GrayscaleAlpha, BitDepth::Eight, &[0, 255, 0, 128], None);
        let picture = read("image/png", &file).unwrap();
        assert!(picture.gray);
        assert_eq!(picture.samples, Samples::Plain(vec![0, 127]));
    }

    #[test]
    fn a_png_of_another_kind_is_refused_by_name() {
        use png::{BitDepth, ColorType};

        let deep = png_file(ColorType::Rgb, BitDepth::Sixteen, &[7; 60], None);
        assert_eq!(read("image/png", &deep), Err(PortraitFault::Depth));
        let moving = png_file(ColorType::Rgb, BitDepth::Eight, &[7; 60], Some(2));
        assert_eq!(read("image/png", &moving), Err(PortraitFault::Animated));
        let file = png_file(ColorType::Rgb, BitDepth::Eight, &[7; 60], None);
        let bounds = PixelBounds { min: [21, 1], ..ANY };
        let fault = PortraitFault::TooFewPixels { min: [21, 1], found: [20, 1] };
        assert_eq!(Picture::read("image/png", &file, &bounds), Err(fault));
        let bounds = PixelBounds { max: [19, 9], ..ANY };
        let fault = PortraitFault::TooManyPixels { max: [19, 9] };
        assert_eq!(Picture::read("image/png", &file, &bounds), Err(fault));
    }
}
