//! A picture of nobody, to try a face with.

/// Gray, lighter towards the middle of the upper half, so that one sees where a head would be.
const EDGE: u8 = 196;
const MIDDLE: u8 = 232;

/// A PNG of so many pixels, across and down.
pub fn specimen_portrait([width, height]: [u16; 2]) -> Vec<u8> {
    let (w, h) = (i64::from(width.max(1)), i64::from(height.max(1)));
    let mut samples = Vec::new();
    for y in 0..h {
        for x in 0..w {
            // An oval of which the middle lies at two fifths of the height.
            let across = (2 * x + 1 - w) * 100 / w;
            let down = (10 * y + 5 - 4 * h) * 100 / (3 * h) * 3 / 10;
            let inside = across * across * 4 + down * down * 9 < 14_000;
            samples.push(if inside { MIDDLE } else { EDGE });
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width.max(1).into(), height.max(1).into());
    encoder.set_color(png::ColorType::Grayscale);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&samples).and_then(|()| writer.finish()));
    // A picture that cannot be written is no picture, and the face says so.
    if written.is_err() {
        file.clear();
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::portrait::{Picture, PixelBounds};

    #[test]
    fn the_picture_of_nobody_has_the_pixels_asked_for() {
        for pixels in [[1, 1], [295, 413], [120, 80]] {
            let file = specimen_portrait(pixels);
            let picture = Picture::read("image/png", &file, &PixelBounds::default()).unwrap();
            assert_eq!([picture.width, picture.height], pixels);
        }
    }
}
