//! The shapes of background art: read from their attributes, placed by a matrix, written as path operators.
//!
//! Coordinates are bounded when they are read and after every transform, so that no number in a content stream is
//! beyond what PDF readers take.
//!
//! Source: W3C, SVG 2, chapters 9 "Paths" and 10 "Basic shapes"; ISO 32000-1:2008, 8.5.2, annex C "Limits".

use pdf_writer::Content;
use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use svgtypes::{PointsParser, SimplePathSegment, SimplifyingPathParser};

use super::art_look::Look;
use super::face_template::Color;

/// Largest coordinate as it is read, in the unit of the file. Our own bound.
const MAX_COORDINATE: f64 = 1_000_000.0;
/// Largest coordinate in a content stream, in points: the largest page PDF knows (ISO 32000-1, annex C).
const MAX_POINT: f64 = 14_400.0;
/// How far the handles of a curve lie from its ends, as a part of the radius, for a quarter of a circle.
const QUARTER: f64 = 0.552_284_749_8;

/// A path of lines and curves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape(Vec<SimplePathSegment>);

impl Shape {
    /// The attributes that an element of this name has of its own, if it is a shape.
    pub(super) fn attributes(kind: &str) -> Option<&'static [&'static str]> {
        Some(match kind {
            "circle" => &["cx", "cy", "r"],
            "ellipse" => &["cx", "cy", "rx", "ry"],
            "line" => &["x1", "y1", "x2", "y2"],
            "path" => &["d"],
            "polygon" | "polyline" => &["points"],
            "rect" => &["x", "y", "width", "height", "rx", "ry"],
            _ => return None,
        })
    }

    /// Reads an element; the error is the attribute that has no value.
    pub(super) fn read<'a>(
        kind: &str,
        attribute: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, &'static str> {
        let number = |name: &'static str| match attribute(name) {
            None => Ok(0.0),
            Some(text) => match text.trim().parse::<f64>() {
                Ok(number) if number.abs() <= MAX_COORDINATE => Ok(number),
                _ => Err(name),
            },
        };
        let size =
            |name: &'static str| number(name).and_then(|n| if n < 0.0 { Err(name) } else { Ok(n) });
        Ok(match kind {
            "circle" => {
                let r = size("r")?;
                Self::ellipse(number("cx")?, number("cy")?, r, r)
            }
            "ellipse" => Self::ellipse(number("cx")?, number("cy")?, size("rx")?, size("ry")?),
            "line" => Self(vec![
                SimplePathSegment::MoveTo { x: number("x1")?, y: number("y1")? },
                SimplePathSegment::LineTo { x: number("x2")?, y: number("y2")? },
            ]),
            "polygon" | "polyline" => {
                let text = attribute("points").unwrap_or_default();
                let points: Vec<(f64, f64)> = PointsParser::from(text).collect();
                let numbers =
                    text.split([' ', ',', '\n', '\t', '\r']).filter(|part| !part.is_empty());
                let beyond = points.iter().any(|(x, y)| x.abs().max(y.abs()) > MAX_COORDINATE);
                // The parser stops in silence at what it cannot read.
                if points.len() * 2 != numbers.count() || points.is_empty() || beyond {
                    return Err("points");
                }
                let mut segments = Vec::with_capacity(points.len() + 1);
                for (place, (x, y)) in points.into_iter().enumerate() {
                    segments.push(if place == 0 {
                        SimplePathSegment::MoveTo { x, y }
                    } else {
                        SimplePathSegment::LineTo { x, y }
                    });
                }
                if kind == "polygon" {
                    segments.push(SimplePathSegment::ClosePath);
                }
                Self(segments)
            }
            "rect" => {
                let (x, y, w, h) = (number("x")?, number("y")?, size("width")?, size("height")?);
                let rx = if attribute("rx").is_some() { size("rx")? } else { size("ry")? };
                let ry = if attribute("ry").is_some() { size("ry")? } else { rx };
                Self::rect(x, y, w, h, rx.min(w / 2.0), ry.min(h / 2.0))
            }
            _ => {
                let text = attribute("d").unwrap_or_default();
                let segments: Result<Vec<_>, _> = SimplifyingPathParser::from(text).collect();
                let shape = Self(segments.map_err(|_| "d")?);
                let within = shape.0.iter().all(|segment| {
                    points(segment).iter().flatten().all(|part| part.abs() <= MAX_COORDINATE)
                });
                if !within {
                    return Err("d");
                }
                shape
            }
        })
    }

    pub(super) fn segments(&self) -> usize {
        self.0.len()
    }

    fn ellipse(cx: f64, cy: f64, rx: f64, ry: f64) -> Self {
        Self::rect(cx - rx, cy - ry, 2.0 * rx, 2.0 * ry, rx, ry)
    }

    /// A rectangle with corners that are quarters of an ellipse.
    fn rect(x: f64, y: f64, w: f64, h: f64, rx: f64, ry: f64) -> Self {
        use SimplePathSegment::{ClosePath, CurveTo, LineTo, MoveTo};

        let (right, bottom) = (x + w, y + h);
        if rx <= 0.0 || ry <= 0.0 {
            return Self(vec![
                MoveTo { x, y },
                LineTo { x: right, y },
                LineTo { x: right, y: bottom },
                LineTo { x, y: bottom },
                ClosePath,
            ]);
        }
        let (kx, ky) = (rx * (1.0 - QUARTER), ry * (1.0 - QUARTER));
        let curve = |x1, y1, x2, y2, x, y| CurveTo { x1, y1, x2, y2, x, y };
        let (top, left) = (y, x);
        let mut segments = vec![MoveTo { x: right, y: top + ry }];
        let sides = [
            (
                LineTo { x: right, y: bottom - ry },
                curve(right, bottom - ky, right - kx, bottom, right - rx, bottom),
            ),
            (
                LineTo { x: left + rx, y: bottom },
                curve(left + kx, bottom, left, bottom - ky, left, bottom - ry),
            ),
            (
                LineTo { x: left, y: top + ry },
                curve(left, top + ky, left + kx, top, left + rx, top),
            ),
            (
                LineTo { x: right - rx, y: top },
                curve(right - kx, top, right, top + ky, right, top + ry),
            ),
        ];
        // Of an ellipse the straight sides have no length.
        let lengths = [h - 2.0 * ry, w - 2.0 * rx, h - 2.0 * ry, w - 2.0 * rx];
        for ((side, corner), length) in sides.into_iter().zip(lengths) {
            if length > 0.0 {
                segments.push(side);
            }
            segments.push(corner);
        }
        segments.push(ClosePath);
        Self(segments)
    }
}

/// The points of a segment, the end last.
fn points(segment: &SimplePathSegment) -> Vec<[f64; 2]> {
    match *segment {
        SimplePathSegment::MoveTo { x, y } | SimplePathSegment::LineTo { x, y } => vec![[x, y]],
        SimplePathSegment::CurveTo { x1, y1, x2, y2, x, y } => vec![[x1, y1], [x2, y2], [x, y]],
        SimplePathSegment::Quadratic { x1, y1, x, y } => vec![[x1, y1], [x, y]],
        SimplePathSegment::ClosePath => Vec::new(),
    }
}

/// A transform: x' = a·x + c·y + e, y' = b·x + d·y + f.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix(pub(super) [f64; 6]);

impl Matrix {
    /// First `inner`, then this.
    pub(super) fn after(self, inner: Self) -> Self {
        let Self([a, b, c, d, e, f]) = self;
        let Self([a1, b1, c1, d1, e1, f1]) = inner;
        Self([
            a * a1 + c * b1,
            b * a1 + d * b1,
            a * c1 + c * d1,
            b * c1 + d * d1,
            a * e1 + c * f1 + e,
            b * e1 + d * f1 + f,
        ])
    }

    fn of(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let Self([a, b, c, d, e, f]) = self;
        [a * x + c * y + e, b * x + d * y + f]
    }

    /// By how much lengths grow.
    fn growth(self) -> f64 {
        let Self([a, b, c, d, ..]) = self;
        (a * d - b * c).abs().sqrt()
    }

    /// Whether a circle stays one, so that a line is as thick one way as the other.
    pub(super) fn keeps_angles(self) -> bool {
        let Self([a, b, c, d, ..]) = self;
        let (across, down) = (a.hypot(b), c.hypot(d));
        let slant = (a * c + b * d).abs();
        (across - down).abs() <= 0.01 * across.max(down) && slant <= 0.01 * across * down
    }
}

/// Writes shapes, and of their looks only what changes.
pub(super) struct Brush<'c> {
    content: &'c mut Content,
    fill: Option<Color>,
    stroke: Option<Color>,
    width: f32,
    cap: i32,
    join: i32,
    miter: f32,
}

impl<'c> Brush<'c> {
    /// A brush with the looks that a content stream begins with.
    pub(super) fn new(content: &'c mut Content) -> Self {
        Self { content, fill: None, stroke: None, width: 1.0, cap: 0, join: 0, miter: 10.0 }
    }

    pub(super) fn draw(&mut self, shape: &Shape, matrix: Matrix, look: &Look) {
        self.take(look, matrix.growth());
        let mut at = [0.0, 0.0];
        for segment in &shape.0 {
            let points: Vec<[f64; 2]> =
                points(segment).into_iter().map(|point| matrix.of(point)).collect();
            match (segment, &points[..]) {
                (SimplePathSegment::MoveTo { .. }, [end]) => {
                    let [x, y] = end.map(narrow);
                    self.content.move_to(x, y);
                }
                (SimplePathSegment::LineTo { .. }, [end]) => {
                    let [x, y] = end.map(narrow);
                    self.content.line_to(x, y);
                }
                (SimplePathSegment::CurveTo { .. }, [first, second, end]) => {
                    self.curve(*first, *second, *end);
                }
                (SimplePathSegment::Quadratic { .. }, [handle, end]) => {
                    let toward = |from: [f64; 2]| {
                        let part = |n: usize| from[n] + (handle[n] - from[n]) * 2.0 / 3.0;
                        [part(0), part(1)]
                    };
                    self.curve(toward(at), toward(*end), *end);
                }
                _ => {
                    self.content.close_path();
                }
            }
            if let Some(end) = points.last() {
                at = *end;
            }
        }
        match (look.fill, look.stroke, look.even_odd) {
            (Some(_), Some(_), false) => self.content.fill_nonzero_and_stroke(),
            (Some(_), Some(_), true) => self.content.fill_even_odd_and_stroke(),
            (Some(_), None, false) => self.content.fill_nonzero(),
            (Some(_), None, true) => self.content.fill_even_odd(),
            (None, ..) => self.content.stroke(),
        };
    }

    fn curve(&mut self, first: [f64; 2], second: [f64; 2], end: [f64; 2]) {
        let [[x1, y1], [x2, y2], [x3, y3]] = [first, second, end].map(|point| point.map(narrow));
        self.content.cubic_to(x1, y1, x2, y2, x3, y3);
    }

    fn take(&mut self, look: &Look, growth: f64) {
        if let Some(color) = look.fill.filter(|color| self.fill != Some(*color)) {
            let Color([r, g, b]) = color;
            self.content.set_fill_rgb(r, g, b);
            self.fill = Some(color);
        }
        let Some(color) = look.stroke else { return };
        if self.stroke != Some(color) {
            let Color([r, g, b]) = color;
            self.content.set_stroke_rgb(r, g, b);
            self.stroke = Some(color);
        }
        let width = fine(look.width * growth);
        if self.width != width {
            self.content.set_line_width(width);
            self.width = width;
        }
        if self.cap != look.cap {
            self.content.set_line_cap(match look.cap {
                0 => LineCapStyle::ButtCap,
                1 => LineCapStyle::RoundCap,
                _ => LineCapStyle::ProjectingSquareCap,
            });
            self.cap = look.cap;
        }
        if self.join != look.join {
            self.content.set_line_join(match look.join {
                0 => LineJoinStyle::MiterJoin,
                1 => LineJoinStyle::RoundJoin,
                _ => LineJoinStyle::BevelJoin,
            });
            self.join = look.join;
        }
        let miter = fine(look.miter);
        // The limit of PDF readers is 10 where nothing is said, which only a sharp corner of a miter join can show.
        if look.join == 0 && self.miter != miter {
            self.content.set_miter_limit(miter);
            self.miter = miter;
        }
    }
}

/// A coordinate as it is written: within the largest page, to 1/10 point, 35 µm on paper, which is a sixth of the
/// thinnest line that prints.
fn narrow(value: f64) -> f32 {
    decimal(value, 1)
}

/// A width as it is written, to 1/100 point.
fn fine(value: f64) -> f32 {
    decimal(value, 2)
}

fn decimal(value: f64, places: usize) -> f32 {
    // There is no checked conversion from f64; the decimal digits lead to the nearest f32 all the same.
    let within = if value.is_nan() { 0.0 } else { value.clamp(-MAX_POINT, MAX_POINT) };
    format!("{within:.places$}").parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_applied_after_another() {
        let moved = Matrix([1.0, 0.0, 0.0, 1.0, 10.0, 0.0]);
        let doubled = Matrix([2.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
        assert_eq!(doubled.after(moved).of([1.0, 1.0]), [22.0, 2.0]);
        assert_eq!(moved.after(doubled).of([1.0, 1.0]), [12.0, 2.0]);
        assert!(doubled.keeps_angles() && doubled.growth() == 2.0);
        assert!(!Matrix([1.0, 0.0, 0.0, 2.0, 0.0, 0.0]).keeps_angles());
        assert!(!Matrix([1.0, 0.0, 1.0, 1.0, 0.0, 0.0]).keeps_angles());
    }

    #[test]
    fn no_number_leaves_the_largest_page() {
        for (value, written) in
            [(1e12, 14_400.0), (-1e12, -14_400.0), (0.004, 0.0), (f64::NAN, 0.0)]
        {
            assert_eq!(narrow(value), written);
        }
    }
}
