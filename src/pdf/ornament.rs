//! The border of a page, from a single line to interlaced curves.
//!
//! The ornate border is a band of sine curves shifted against one another, a rosette in each corner and a large
//! pale one behind the text. Nothing is drawn by hand: every curve is computed, and each repeats one small
//! figure, so a page carries a few kilobytes however rich it looks.

use std::f32::consts::TAU;

use pdf_writer::{Content, Name};

use super::face_template::{Color, Frame, Page};
use super::units::{factor, rounded};

/// A figure that the border repeats, to be kept as a form of its own.
pub(super) struct Figure {
    /// What the content of the page calls it.
    pub(super) name: String,
    /// Half the side of the square around its origin that it fits into, in points.
    pub(super) reach: f32,
    pub(super) content: Vec<u8>,
}

/// Draws the background of `page`.
pub(super) fn background(page: &Page, content: &mut Content) {
    let (w, h) = (page.width.to_points(), page.height.to_points());
    if let Some(Color([r, g, b])) = page.background {
        content.set_fill_rgb(r, g, b).rect(0.0, 0.0, rounded(w), rounded(h)).fill_nonzero();
    }
}

/// Draws the border of `page` and gives the figures used, named with `tag`.
pub(super) fn draw(page: &Page, content: &mut Content, tag: usize) -> Vec<Figure> {
    let (w, h) = (page.width.to_points(), page.height.to_points());
    let Color([r, g, b]) = page.frame_color;
    content.set_stroke_rgb(r, g, b);
    let inset = page.frame_inset.to_points();
    match page.frame {
        Frame::None => Vec::new(),
        Frame::Line => {
            outline(content, w, h, inset, 1.0);
            Vec::new()
        }
        Frame::Double => {
            outline(content, w, h, inset, 2.2);
            outline(content, w, h, inset + 4.0, 0.6);
            Vec::new()
        }
        Frame::Ornate => ornate(page, content, tag, w, h, inset),
    }
}

fn outline(content: &mut Content, w: f32, h: f32, inset: f32, width: f32) {
    let (across, down) = (w - 2.0 * inset, h - 2.0 * inset);
    content.set_line_width(width);
    content.rect(rounded(inset), rounded(inset), rounded(across), rounded(down)).stroke();
}

fn ornate(
    page: &Page,
    content: &mut Content,
    tag: usize,
    w: f32,
    h: f32,
    inset: f32,
) -> Vec<Figure> {
    let name = |letter: &str| format!("F{tag}{letter}");
    let [band_name, side_name, corner_name, middle_name] = ["t", "s", "c", "m"].map(name);
    let band = (w.min(h) * 0.036).clamp(14.0, 34.0);
    let corner = band * 2.1;
    let color = page.frame_color.0;
    let pale = color.map(|part| 1.0 - (1.0 - part) * 0.2);
    let soft = color.map(|part| 1.0 - (1.0 - part) * 0.75);

    // The pale rosette behind the text.
    let middle = w.min(h) * 0.33;
    let petals = 36;
    content.set_stroke_rgb(pale[0], pale[1], pale[2]).set_line_width(0.35);
    wheel(content, &middle_name, petals, w / 2.0, h * 0.47);

    // Two lines outside, one inside, and the band between them.
    content.set_stroke_rgb(color[0], color[1], color[2]);
    outline(content, w, h, inset, 1.8);
    outline(content, w, h, inset + 3.2, 0.5);
    let band_edge = inset + 5.6;
    outline(content, w, h, band_edge + band, 0.5);
    outline(content, w, h, band_edge + band + 2.4, 1.1);

    let (across, columns) = step(w - 2.0 * (band_edge + corner), band * 1.5);
    let (down, rows) = step(h - 2.0 * (band_edge + corner), band * 1.5);
    content.set_stroke_rgb(soft[0], soft[1], soft[2]).set_line_width(0.42);
    let center = band_edge + band / 2.0;
    let start = band_edge + corner;
    for (number, _) in (0..columns).enumerate() {
        let x = start + factor(number) * across;
        place(content, &band_name, [1.0, 0.0, 0.0, 1.0, x, center]);
        place(content, &band_name, [1.0, 0.0, 0.0, 1.0, x, h - center]);
    }
    for (number, _) in (0..rows).enumerate() {
        let y = start + factor(number) * down;
        place(content, &side_name, [0.0, 1.0, -1.0, 0.0, center, y]);
        place(content, &side_name, [0.0, 1.0, -1.0, 0.0, w - center, y]);
    }
    // Rosettes in the corners, each in a square of its own.
    let half = corner / 2.0;
    for x in [band_edge + half, w - band_edge - half] {
        for y in [band_edge + half, h - band_edge - half] {
            let background = page.background.unwrap_or(Color([1.0; 3])).0;
            content.set_fill_rgb(background[0], background[1], background[2]);
            content.set_stroke_rgb(color[0], color[1], color[2]).set_line_width(0.5);
            let square = [x - half, y - half, corner, corner].map(rounded);
            content.rect(square[0], square[1], square[2], square[3]).fill_nonzero_and_stroke();
            content.set_line_width(1.1);
            let square = [x - half + 2.4, y - half + 2.4, corner - 4.8, corner - 4.8].map(rounded);
            content.rect(square[0], square[1], square[2], square[3]).stroke();
            content.set_stroke_rgb(soft[0], soft[1], soft[2]).set_line_width(0.4);
            wheel(content, &corner_name, 12, x, y);
        }
    }
    vec![
        Figure { name: band_name, reach: across + band, content: tile(across, band) },
        Figure { name: side_name, reach: down + band, content: tile(down, band) },
        Figure { name: corner_name, reach: corner, content: petal(12.0, half - 4.4, &CORNER) },
        Figure { name: middle_name, reach: middle * 1.1, content: petal(36.0, middle, &MIDDLE) },
    ]
}

/// The step nearest to `wanted` that divides `length`, and how often it goes in.
fn step(length: f32, wanted: f32) -> (f32, usize) {
    let count = (1..400).take_while(|count| factor(*count) * wanted <= length).count().max(1);
    (length / factor(count), count)
}

fn place(content: &mut Content, figure: &str, matrix: [f32; 6]) {
    let matrix =
        [matrix[0], matrix[1], matrix[2], matrix[3], rounded(matrix[4]), rounded(matrix[5])];
    content.save_state().transform(matrix).x_object(Name(figure.as_bytes())).restore_state();
}

/// Places `figure` `count` times around a point.
fn wheel(content: &mut Content, figure: &str, count: usize, x: f32, y: f32) {
    content.save_state().transform([1.0, 0.0, 0.0, 1.0, rounded(x), rounded(y)]);
    let angle = TAU / factor(count);
    let exact = |part: f32| (part * 100_000.0).round() / 100_000.0;
    let turn = [angle.cos(), angle.sin(), -angle.sin(), angle.cos(), 0.0, 0.0].map(exact);
    for _ in 0..count {
        content.x_object(Name(figure.as_bytes())).transform(turn);
    }
    content.restore_state();
}

/// One period of the band: sine curves in two widths, each shifted against the next.
fn tile(length: f32, band: f32) -> Vec<u8> {
    let mut content = Content::new();
    let curves = [(0.45, 1.0, 6), (0.24, 2.0, 3), (0.34, 1.0, 2)];
    for (reach, waves, count) in curves {
        for number in 0..count {
            let phase = TAU * factor(number) / factor(count);
            let height = move |x: f32| {
                let angle = TAU * waves * x / length + phase;
                let slope = -angle.sin() * TAU * waves / length;
                (reach * band * angle.cos(), reach * band * slope)
            };
            let pieces = if waves > 1.5 { 12 } else { 8 };
            let width = length / factor(pieces);
            for piece in 0..=pieces {
                let x = factor(piece) * width;
                let (y, slope) = height(x);
                if piece == 0 {
                    content.move_to(rounded(x), rounded(y));
                } else {
                    let before = x - width;
                    let (y0, slope0) = height(before);
                    let third = width / 3.0;
                    curve(
                        &mut content,
                        [before + third, y0 + slope0 * third, x - third, y - slope * third, x, y],
                    );
                }
            }
        }
    }
    content.stroke();
    content.finish().into_vec()
}

/// One curve of a rosette: mean radius and swing as parts of the whole, waves per petal, and shift of the wave.
type Lobe = (f32, f32, f32, f32);

const CORNER: [Lobe; 7] = [
    (0.62, 0.36, 1.0, 0.0),
    (0.62, 0.36, 1.0, 0.25),
    (0.62, 0.36, 1.0, 0.5),
    (0.62, 0.36, 1.0, 0.75),
    (0.30, 0.14, 1.0, 0.0),
    (0.30, 0.14, 1.0, 0.5),
    (0.99, 0.00, 1.0, 0.0),
];

const MIDDLE: [Lobe; 14] = [
    (0.80, 0.18, 1.0, 0.0),
    (0.80, 0.18, 1.0, 0.2),
    (0.80, 0.18, 1.0, 0.4),
    (0.80, 0.18, 1.0, 0.6),
    (0.80, 0.18, 1.0, 0.8),
    (0.56, 0.12, 1.0, 0.0),
    (0.56, 0.12, 1.0, 0.33),
    (0.56, 0.12, 1.0, 0.67),
    (0.36, 0.10, 1.0, 0.0),
    (0.36, 0.10, 1.0, 0.33),
    (0.36, 0.10, 1.0, 0.67),
    (0.20, 0.06, 1.0, 0.0),
    (0.20, 0.06, 1.0, 0.5),
    (0.99, 0.00, 1.0, 0.0),
];

/// One petal of a rosette of `count` petals.
fn petal(count: f32, radius: f32, lobes: &[Lobe]) -> Vec<u8> {
    let mut content = Content::new();
    let angle = TAU / count;
    for (mean, swing, waves, shift) in lobes.iter().copied() {
        let at = move |turn: f32| {
            let wave = TAU * (waves * turn / angle + shift);
            let r = radius * (mean + swing * wave.cos());
            let dr = -radius * swing * wave.sin() * TAU * waves / angle;
            let (sin, cos) = turn.sin_cos();
            ([r * cos, r * sin], [dr * cos - r * sin, dr * sin + r * cos])
        };
        let pieces = if swing > 0.0 { 8 } else { 1 };
        let width = angle / factor(pieces);
        for piece in 0..=pieces {
            let turn = factor(piece) * width;
            let (end, slope) = at(turn);
            if piece == 0 {
                content.move_to(rounded(end[0]), rounded(end[1]));
            } else {
                let (start, slope0) = at(turn - width);
                let third = width / 3.0;
                let first = [start[0] + slope0[0] * third, start[1] + slope0[1] * third];
                let second = [end[0] - slope[0] * third, end[1] - slope[1] * third];
                let points = [first[0], first[1], second[0], second[1], end[0], end[1]];
                curve(&mut content, points);
            }
        }
    }
    content.stroke();
    content.finish().into_vec()
}

fn curve(content: &mut Content, points: [f32; 6]) {
    let [x1, y1, x2, y2, x3, y3] = points.map(rounded);
    content.cubic_to(x1, y1, x2, y2, x3, y3);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_richest_border_stays_small() {
        let page = Page { frame: Frame::Ornate, ..Page::default() };
        let mut content = Content::new();
        let figures = draw(&page, &mut content, 1);
        let bytes = figures.iter().map(|figure| figure.content.len()).sum::<usize>();
        assert!(bytes + content.finish().into_vec().len() < 40_000);
    }

    #[test]
    fn tiles_fill_the_side_exactly() {
        let (step, count) = step(100.0, 30.0);
        assert_eq!((step * 3.0, count), (100.0, 3));
    }
}
