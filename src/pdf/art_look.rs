//! How a shape of background art is painted: fill and line, from its presentation attributes.
//!
//! Only plain colors: what shows through, and what is painted with anything but a color, is refused, because it would
//! be drawn differently from viewer to viewer or not be archival.
//!
//! Source: W3C, SVG 2, chapter 13 "Painting".

use svgtypes::{Color as SvgColor, Paint};

use super::face_template::Color;

/// How a shape is painted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) fill: Option<Color>,
    pub(super) even_odd: bool,
    pub(super) stroke: Option<Color>,
    pub(super) width: f64,
    pub(super) cap: i32,
    pub(super) join: i32,
    pub(super) miter: f64,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            fill: Some(Color::BLACK),
            even_odd: false,
            stroke: None,
            width: 1.0,
            cap: 0,
            join: 0,
            miter: 4.0,
        }
    }
}

impl Look {
    /// The attributes that say how a shape is painted.
    pub(super) const ATTRIBUTES: [&str; 7] = [
        "fill",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
    ];

    /// Takes the value of an attribute; the error is the attribute and what it wants. Others are left alone.
    pub(super) fn take(
        &mut self,
        attribute: &str,
        value: &str,
    ) -> Result<(), (&'static str, &'static str)> {
        let number =
            || value.parse::<f64>().ok().filter(|number| (0.0..=10_000.0).contains(number));
        let (name, wanted, read) = match attribute {
            "fill" => {
                ("fill", "none or a plain color", color(value).map(|color| self.fill = color))
            }
            "stroke" => {
                ("stroke", "none or a plain color", color(value).map(|color| self.stroke = color))
            }
            "stroke-width" => {
                ("stroke-width", "a number", number().map(|width| self.width = width))
            }
            "stroke-miterlimit" => (
                "stroke-miterlimit",
                "a number from 1",
                number().filter(|limit| *limit >= 1.0).map(|limit| self.miter = limit),
            ),
            "fill-rule" => {
                let rule = word(value, &[("nonzero", false), ("evenodd", true)]);
                ("fill-rule", "nonzero or evenodd", rule.map(|rule| self.even_odd = rule))
            }
            "stroke-linecap" => {
                let cap = word(value, &[("butt", 0), ("round", 1), ("square", 2)]);
                ("stroke-linecap", "butt, round or square", cap.map(|cap| self.cap = cap))
            }
            "stroke-linejoin" => {
                let join = word(value, &[("miter", 0), ("round", 1), ("bevel", 2)]);
                ("stroke-linejoin", "miter, round or bevel", join.map(|join| self.join = join))
            }
            _ => return Ok(()),
        };
        read.ok_or((name, wanted))
    }
}

/// A color, or none; `None` where it is neither.
fn color(text: &str) -> Option<Option<Color>> {
    match Paint::from_str(text) {
        Ok(Paint::None) => Some(None),
        Ok(Paint::Color(SvgColor { red, green, blue, alpha: 255 })) => {
            let part = |value: u8| (f32::from(value) / 255.0 * 1000.0).round() / 1000.0;
            Some(Some(Color([part(red), part(green), part(blue)])))
        }
        _ => None,
    }
}

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}
