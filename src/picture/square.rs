//! Finding the squares of a picture.
//!
//! A picture is looked at as it is, and then larger and smaller: larger, modules of two pixels are told apart; smaller,
//! noise goes away.
//!
//! The decoder tries every three of the patterns that mark corners, so a picture that is full of them could keep it busy
//! for minutes. It tells of each pattern when it finds it, and is stopped at more than pictures of paper have. One that
//! is full of upright stripes could keep it busy looking for them (`picture::busy`), and is not shown to it.
//!
//! Source: ISO/IEC 18004:2015, clause 12 (reference decode algorithm).

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rxing::common::HybridBinarizer;
use rxing::multi::MultipleBarcodeReader;
use rxing::multi::qrcode::QRCodeMultiReader;
use rxing::qrcode::QRCodeReader;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, Reader};

use super::busy;
use super::gray::{Gray, PictureError};

/// The sizes at which a picture is looked at, one after the other, in quarters of its own.
const QUARTERS: [usize; 5] = [4, 2, 6, 8, 3];
/// The longest side, in pixels, at which it is looked at; a scan of A4 at 300 dots an inch has 3 500.
const LONGEST_SIDE: usize = 4_000;
/// Most squares of one picture that are read; our own bound.
const MAX_SQUARES: usize = 16;
/// Most corner patterns that are weighed; our own bound. Faces with photographs and dense text have up to 27.
const MAX_PATTERNS: usize = 36;
/// Most steps of the decoder's walks for them; our own bound. Faces at 300 dots an inch need up to 54 million.
const MAX_STEPS: u64 = 500_000_000;

/// The texts of the squares in a PNG or a JPEG; none where there are none that can be read.
pub fn squares(bytes: &[u8]) -> Result<Vec<String>, PictureError> {
    let picture = Gray::read(bytes)?;
    let longest = picture.width.max(picture.height).min(LONGEST_SIDE);
    let mut busy_at = usize::MAX;
    let mut looked_at = Vec::new();
    for quarters in QUARTERS {
        let side = (longest * quarters / 4).clamp(1, LONGEST_SIDE);
        // What is too busy is so in larger, too; and of large pictures several sizes are the same.
        if side >= busy_at || looked_at.contains(&side) {
            continue;
        }
        looked_at.push(side);
        match at(&picture.resized(side)) {
            Seen::Squares(found) => return Ok(found),
            Seen::Nothing => {}
            Seen::TooBusy => busy_at = side,
        }
    }
    Ok(Vec::new())
}

/// What is seen of a picture at one size.
enum Seen {
    Nothing,
    Squares(Vec<String>),
    TooBusy,
}

/// What is read at this size.
fn at(picture: &Gray) -> Seen {
    let patterns = Arc::new(AtomicUsize::new(0));
    // Where the decoder meets something that it did not think of, it found nothing.
    let read = catch_unwind(AssertUnwindSafe(|| read(picture, &patterns)));
    match read {
        Ok(Seen::Nothing) | Err(_) if patterns.load(Ordering::Relaxed) > MAX_PATTERNS => {
            Seen::TooBusy
        }
        Ok(seen) => seen,
        Err(_) => Seen::Nothing,
    }
}

fn read(picture: &Gray, patterns: &Arc<AtomicUsize>) -> Seen {
    let (Ok(width), Ok(height)) = (u32::try_from(picture.width), u32::try_from(picture.height))
    else {
        return Seen::Nothing;
    };
    let Ok(pixels) = Luma8LuminanceSource::new(picture.pixels.clone(), width, height) else {
        return Seen::Nothing;
    };
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(pixels));
    let counted = Arc::clone(patterns);
    if busy::steps(bitmap.get_black_matrix()) > MAX_STEPS {
        return Seen::TooBusy;
    }
    let hints = DecodeHints {
        TryHarder: Some(true),
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        NeedResultPointCallback: Some(Arc::new(move |_| {
            if counted.fetch_add(1, Ordering::Relaxed) >= MAX_PATTERNS {
                resume_unwind(Box::new("too many patterns"));
            }
        })),
        ..DecodeHints::default()
    };
    let several = QRCodeMultiReader::default().decode_multiple_with_hints(&mut bitmap, &hints);
    let several = several.unwrap_or_default();
    if !several.is_empty() {
        let texts = several.iter().take(MAX_SQUARES).map(|one| one.getText().to_owned());
        return Seen::Squares(texts.collect());
    }
    // One by itself is looked for more carefully.
    patterns.store(0, Ordering::Relaxed);
    match QRCodeReader.decode_with_hints(&mut bitmap, &hints) {
        Ok(one) => Seen::Squares(vec![one.getText().to_owned()]),
        Err(_) => Seen::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use qrcodegen::{QrCode, QrCodeEcc};

    use super::*;

    /// A page with a square on it, in PNG.
    fn page(text: &str, modules: usize, color: png::ColorType) -> Vec<u8> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let side = (usize::try_from(code.size()).unwrap() + 20) * modules;
        let dark = |x: usize, y: usize| {
            let at = |place: usize| i32::try_from(place / modules).unwrap() - 10;
            code.get_module(at(x), at(y))
        };
        let samples = color.samples();
        let mut pixels = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let shade = if dark(x, y) { 20 } else { 230 };
                pixels.extend((0..samples).map(|sample| if sample == 3 { 255 } else { shade }));
            }
        }
        let mut file = Vec::new();
        let width = u32::try_from(side).unwrap();
        let mut encoder = png::Encoder::new(&mut file, width, width);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        file
    }

    #[test]
    fn a_square_is_read_whatever_the_size_and_the_colors() {
        let text = "https://zhengku.example.gov.cn/verify#1.2.156.3005.2.11990000MD0000008F001";
        for (modules, color) in [
            (2, png::ColorType::Grayscale),
            (3, png::ColorType::Rgb),
            (8, png::ColorType::Rgba),
            (30, png::ColorType::Grayscale),
        ] {
            let found = squares(&page(text, modules, color)).unwrap();
            assert_eq!(found, [text], "{modules}");
        }
    }

    #[test]
    fn what_is_no_picture_is_broken_and_an_empty_one_has_no_square() {
        let page = page("x", 4, png::ColorType::Grayscale);
        assert_eq!(squares(&page[..page.len() / 2]), Err(PictureError::Broken));
        assert_eq!(squares(b"\x89PNG\r\n\x1a\n"), Err(PictureError::Broken));
        assert_eq!(squares(b"\xff\xd8\xff\xe0"), Err(PictureError::Broken));
        let mut white = Vec::new();
        let encoder = png::Encoder::new(&mut white, 300, 200);
        encoder.write_header().unwrap().write_image_data(&[255; 300 * 200]).ok();
        assert!(matches!(squares(&white), Ok(found) if found.is_empty()) || white.is_empty());
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() {
        let mut huge = Vec::new();
        let mut encoder = png::Encoder::new(&mut huge, 19_999, 19_999);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().unwrap();
        writer.write_chunk(png::chunk::IDAT, &[0x78, 0x01]).unwrap();
        drop(writer);
        assert!(matches!(squares(&huge), Err(PictureError::TooLarge { .. })));
    }

    #[test]
    fn a_picture_full_of_corners_is_left_alone_and_soon() {
        // As many as fit: tried three by three they would take hours.
        let side: usize = 1_200;
        let mut pixels = vec![255; side * side];
        for top in (4..side - 20).step_by(20) {
            for left in (4..side - 20).step_by(20) {
                for y in 0..14 {
                    for x in 0..14 {
                        let ring = |at: usize| (at / 2).min(6 - at / 2);
                        let dark = matches!(ring(x).min(ring(y)), 0 | 2 | 3);
                        pixels[(top + y) * side + left + x] = if dark { 0 } else { 255 };
                    }
                }
            }
        }
        let picture = Gray { width: side, height: side, pixels };
        assert!(matches!(at(&picture), Seen::TooBusy));
    }
}
