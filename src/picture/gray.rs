//! A picture in shades of gray, at a size at which squares are looked for.

use std::fmt;
use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Most pixels of a picture; our own bound. Telephones take 12 to 50 million.
const MAX_PIXELS: usize = 60_000_000;
/// Longest side, in pixels; our own bound.
const MAX_SIDE: usize = 20_000;
/// Most scans of a progressive JPEG; our own bound. Cameras and programs write some ten.
const MAX_SCANS: usize = 64;

/// Why a picture is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureError {
    /// The bytes are cut short or not what they seem.
    Broken,
    /// It has more pixels than are looked at.
    TooLarge {
        /// How many are, in millions.
        limit_megapixels: usize,
    },
}

impl PictureError {
    const TOO_LARGE: Self = Self::TooLarge { limit_megapixels: MAX_PIXELS / 1_000_000 };
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken => f.write_str("the picture is damaged or of a kind that is not read"),
            Self::TooLarge { limit_megapixels } => {
                write!(f, "the picture has more than {limit_megapixels} million pixels")
            }
        }
    }
}

impl std::error::Error for PictureError {}

/// Shades of gray, row by row, 0 is black.
#[derive(Clone)]
pub(super) struct Gray {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<u8>,
}

impl Gray {
    /// Decodes a picture.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PictureError> {
        if bytes.starts_with(b"\xff\xd8\xff") { Self::of_jpeg(bytes) } else { Self::of_png(bytes) }
    }

    fn of_jpeg(bytes: &[u8]) -> Result<Self, PictureError> {
        let options = DecoderOptions::default()
            .set_use_unsafe(false)
            .set_max_width(MAX_SIDE)
            .set_max_height(MAX_SIDE)
            .jpeg_set_max_scans(MAX_SCANS)
            .jpeg_set_out_colorspace(ColorSpace::Luma);
        let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
        decoder.decode_headers().map_err(|_| PictureError::Broken)?;
        let info = decoder.info().ok_or(PictureError::Broken)?;
        let (width, height) = (usize::from(info.width), usize::from(info.height));
        bounded(width, height)?;
        let pixels = decoder.decode().map_err(|_| PictureError::Broken)?;
        Self::new(width, height, pixels)
    }

    fn of_png(bytes: &[u8]) -> Result<Self, PictureError> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(|_| PictureError::Broken)?;
        let side = |side: u32| usize::try_from(side).map_err(|_| PictureError::TOO_LARGE);
        let (width, height) = (side(reader.info().width)?, side(reader.info().height)?);
        bounded(width, height)?;
        let size = reader.output_buffer_size().ok_or(PictureError::TOO_LARGE)?;
        let mut raw = vec![0; size];
        reader.next_frame(&mut raw).map_err(|_| PictureError::Broken)?;
        let pixels = match reader.output_color_type().0 {
            png::ColorType::Grayscale => raw,
            png::ColorType::GrayscaleAlpha => {
                raw.chunks_exact(2).map(|pixel| on_white(pixel[0], pixel[1])).collect()
            }
            png::ColorType::Rgb => raw.chunks_exact(3).map(shade).collect(),
            png::ColorType::Rgba => {
                raw.chunks_exact(4).map(|pixel| on_white(shade(pixel), pixel[3])).collect()
            }
            png::ColorType::Indexed => return Err(PictureError::Broken),
        };
        Self::new(width, height, pixels)
    }

    fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self, PictureError> {
        if pixels.len() == width * height && width > 0 && height > 0 {
            Ok(Self { width, height, pixels })
        } else {
            Err(PictureError::Broken)
        }
    }

    /// The shade of a pixel; white outside.
    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        if x >= self.width {
            return u8::MAX;
        }
        self.pixels.get(y * self.width + x).copied().unwrap_or(u8::MAX)
    }

    /// The same picture with its longest side of `side` pixels: smaller by the mean of what each pixel stands for, larger
    /// by what lies between.
    pub(super) fn resized(&self, side: usize) -> Self {
        let longest = self.width.max(self.height);
        let by = (longest / side).max(1);
        let base = if by > 1 { self.shrunk(by) } else { self.clone() };
        let longest = base.width.max(base.height);
        let scaled = |of: usize| (of * side / longest).max(1);
        let (width, height) = (scaled(base.width), scaled(base.height));
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                pixels.push(base.between(x * longest * 256 / side, y * longest * 256 / side));
            }
        }
        Self { width, height, pixels }
    }

    /// The shade at a place in 256ths of a pixel.
    fn between(&self, x: usize, y: usize) -> u8 {
        let (column, row) = (x / 256, y / 256);
        let (right, down) = (x % 256, y % 256);
        let at = |x: usize, y: usize| {
            usize::from(self.at(x.min(self.width - 1), y.min(self.height - 1)))
        };
        let upper = at(column, row) * (256 - right) + at(column + 1, row) * right;
        let lower = at(column, row + 1) * (256 - right) + at(column + 1, row + 1) * right;
        u8::try_from((upper * (256 - down) + lower * down) / 65_536).unwrap_or(u8::MAX)
    }

    /// Each pixel the mean of `by` times `by`.
    fn shrunk(&self, by: usize) -> Self {
        let (width, height) = ((self.width / by).max(1), (self.height / by).max(1));
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let rows = (0..by).flat_map(|row| (0..by).map(move |column| (row, column)));
                let shades = rows.map(|(row, column)| self.at(x * by + column, y * by + row));
                let sum: usize = shades.map(usize::from).sum();
                pixels.push(u8::try_from(sum / (by * by)).unwrap_or(u8::MAX));
            }
        }
        Self { width, height, pixels }
    }
}

fn bounded(width: usize, height: usize) -> Result<(), PictureError> {
    let pixels = width.saturating_mul(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(PictureError::TOO_LARGE);
    }
    Ok(())
}

/// The luminance of red, green and blue (ITU-R BT.601).
fn shade(pixel: &[u8]) -> u8 {
    let part = |index: usize| pixel.get(index).copied().map_or(0, u32::from);
    let sum = 299 * part(0) + 587 * part(1) + 114 * part(2);
    u8::try_from(sum / 1_000).unwrap_or(u8::MAX)
}

/// A shade with this much of it covering white paper.
fn on_white(shade: u8, alpha: u8) -> u8 {
    let (shade, alpha) = (u32::from(shade), u32::from(alpha));
    u8::try_from((shade * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}
