//! Finding the squares of a picture.
//!
//! A photograph is looked at small first: that is quick, and noise goes away. What is too fine for that is looked at
//! larger, up to a bound.
//!
//! Source: ISO/IEC 18004:2015, clause 12 (reference decode algorithm).

use std::panic::{AssertUnwindSafe, catch_unwind};

use rqrr::PreparedImage;

use super::gray::{Gray, PictureError};

/// The longest sides, in pixels, at which a picture is looked at, one after the other.
const SIDES: [usize; 7] = [1_000, 1_300, 1_700, 2_200, 2_900, 3_800, 5_000];
/// Most squares of one picture that are read; our own bound.
const MAX_SQUARES: usize = 16;

/// The texts of the squares in a PNG or a JPEG; none where there are none that can be read.
pub fn squares(bytes: &[u8]) -> Result<Vec<String>, PictureError> {
    let picture = Gray::read(bytes)?;
    let longest = picture.width.max(picture.height);
    // Twice as large nothing is on it that was not there, but modules of two pixels are told apart.
    for side in SIDES.into_iter().filter(|side| *side <= 2 * longest) {
        let found = at(&picture.resized(side));
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(at(&picture.resized(longest.min(SIDES[SIDES.len() - 1]))))
}

/// The texts of the squares that are read at this size.
fn at(picture: &Gray) -> Vec<String> {
    // Where the decoder meets something that it did not think of, it found nothing.
    let read = AssertUnwindSafe(|| {
        let mut prepared =
            PreparedImage::prepare_from_greyscale(picture.width, picture.height, |x, y| {
                picture.at(x, y)
            });
        let grids = prepared.detect_grids();
        let texts = grids.iter().take(MAX_SQUARES).filter_map(|grid| grid.decode().ok());
        texts.map(|(_, text)| text).collect::<Vec<String>>()
    });
    catch_unwind(read).unwrap_or_default()
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
}
