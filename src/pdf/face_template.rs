//! Face templates: where each field of a license type goes, in millimetres.
//!
//! [`FaceFile::parse`] reads the text of a `face.toml` and reports every fault of it at once, each with the
//! number of its element and its key. What a `FaceFile` holds lies on its page, has a size, and has exactly one
//! QR square, one seal and one license id. Whether its fields are those of the type is for the catalogue to say
//! ([`FaceFile::fields`]); whether its words can be drawn, for [`CompiledFace`](super::CompiledFace).
//!
//! The format is described in `docs/templates.md`.

use std::fmt;

use toml::{Table, Value};

use super::font::FontRole;
use super::layout::{Align, Valign};
use super::units::Mm;

/// The look of a license type, read from `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceFile {
    /// The page.
    pub page: Page,
    /// What stands on it, in reading order.
    pub elements: Vec<Element>,
}

impl FaceFile {
    /// Most elements a face may have. Our own bound.
    pub const MAX_ELEMENTS: usize = 400;

    /// Reads the text of a `face.toml`, or gives all its faults.
    pub fn parse(text: &str) -> Result<Self, Vec<FaceFault>> {
        let mut reader = Reader::default();
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                let problem = FaceProblem::NotToml(error.to_string());
                return Err(vec![FaceFault { element: None, key: String::new(), problem }]);
            }
        };
        for key in table.keys().filter(|key| !matches!(key.as_str(), "page" | "element")) {
            reader.fault(key, FaceProblem::UnknownKey);
        }
        let page = match table.get("page") {
            Some(Value::Table(page)) => reader.page(page),
            _ => {
                reader.fault("page", FaceProblem::Missing);
                Page::default()
            }
        };
        let mut elements = Vec::new();
        match table.get("element") {
            Some(Value::Array(list)) if list.len() <= Self::MAX_ELEMENTS => {
                for (number, element) in (1..).zip(list) {
                    reader.element = Some(number);
                    match element {
                        Value::Table(element) => elements.extend(reader.element(element, &page)),
                        _ => reader.fault("element", FaceProblem::Form("a table [[element]]")),
                    }
                }
            }
            Some(Value::Array(list)) => {
                let limit = FaceProblem::TooMany { limit: Self::MAX_ELEMENTS, found: list.len() };
                reader.fault("element", limit);
            }
            _ => reader.fault("element", FaceProblem::Missing),
        }
        reader.element = None;
        type Is = fn(&Element) -> bool;
        let singles: [(&str, Is); 3] = [
            ("qr", |element| matches!(element, Element::Qr { .. })),
            ("seal", |element| matches!(element, Element::Seal { .. })),
            ("license_id", |element| matches!(element, Element::LicenseId(_))),
        ];
        if reader.faults.is_empty() {
            for (kind, is) in singles {
                let found = elements.iter().filter(|element| is(element)).count();
                if found != 1 {
                    reader.fault(kind, FaceProblem::NotOnce { found });
                }
            }
        }
        if reader.faults.is_empty() { Ok(Self { page, elements }) } else { Err(reader.faults) }
    }

    /// The codes of the fields this face shows, in the order of the elements; a code may come twice.
    pub fn fields(&self) -> impl Iterator<Item = (&str, FieldShown)> {
        self.elements.iter().filter_map(|element| match element {
            Element::Field { field, .. } => Some((field.as_str(), FieldShown::Text)),
            Element::Table { field, widths, .. } => {
                Some((field.as_str(), FieldShown::Table { columns: widths.len() }))
            }
            Element::Portrait { field, .. } => Some((field.as_str(), FieldShown::Portrait)),
            _ => None,
        })
    }
}

/// In which way an element shows its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldShown {
    /// As a picture.
    Portrait,
    /// As rows.
    Table {
        /// How many columns have a width.
        columns: usize,
    },
    /// As text.
    Text,
}

/// The page of a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    /// Width.
    pub width: Mm,
    /// Height.
    pub height: Mm,
    /// Color of the whole page; white paper without.
    pub background: Option<Color>,
    /// The border.
    pub frame: Frame,
    /// Color of the border.
    pub frame_color: Color,
    /// Distance of the border from the edge.
    pub frame_inset: Mm,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            width: Mm(210.0),
            height: Mm(297.0),
            background: None,
            frame: Frame::None,
            frame_color: Color([0.69, 0.55, 0.24]),
            frame_inset: Mm(10.0),
        }
    }
}

/// The border of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frame {
    /// A thick and a thin line.
    Double,
    /// One line.
    Line,
    /// No border.
    #[default]
    None,
    /// An interlaced band of fine curves with rosettes in the corners.
    Ornate,
}

/// A color: red, green and blue from 0 to 1, in sRGB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Color(pub [f32; 3]);

impl Color {
    /// Black.
    pub const BLACK: Self = Self([0.0; 3]);

    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| {
            let part = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
            Some((f32::from(part) / 255.0 * 1000.0).round() / 1000.0)
        };
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }
}

/// A rectangle, from the upper left corner of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: Mm,
    /// Upper edge.
    pub y: Mm,
    /// Width.
    pub w: Mm,
    /// Height.
    pub h: Mm,
}

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// The font.
    pub font: FontRole,
    /// Size in points.
    pub size_pt: f32,
    /// The least size tried.
    pub min_size_pt: f32,
    /// Distance of lines as a multiple of the size.
    pub line_height: f32,
    /// Position between the left and the right edge.
    pub align: Align,
    /// Position between the upper and the lower edge.
    pub valign: Valign,
    /// Color of the letters.
    pub color: Color,
    /// Added between letters, in points.
    pub letter_spacing_pt: f32,
}

/// One thing on a face.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// The value of a field.
    Field {
        /// Code of the field.
        field: String,
        /// Where.
        area: Area,
        /// How.
        style: TextStyle,
    },
    /// The license id in small type.
    LicenseId(PlacedText),
    /// A picture, held to its own proportions.
    Portrait {
        /// Code of the field.
        field: String,
        /// Where.
        area: Area,
    },
    /// The QR square, quiet zone included.
    Qr {
        /// Where.
        area: Area,
    },
    /// A rectangle.
    Rect {
        /// Where.
        area: Area,
        /// Color of the line, and its width in points.
        stroke: Option<(Color, f32)>,
        /// Color of the inside.
        fill: Option<Color>,
    },
    /// A straight line.
    Rule {
        /// From and to.
        from: (Mm, Mm),
        /// To.
        to: (Mm, Mm),
        /// Color and width in points.
        stroke: (Color, f32),
    },
    /// The seal, where the signature shows.
    Seal {
        /// Where.
        area: Area,
    },
    /// A table field.
    Table {
        /// Code of the field.
        field: String,
        /// Where.
        area: Area,
        /// How the cells are set.
        style: TextStyle,
        /// Least height of a row.
        row_height: Mm,
        /// Width of each column.
        widths: Vec<Mm>,
        /// Color of the lines.
        line_color: Color,
    },
    /// Fixed words.
    Text {
        /// The words.
        text: String,
        /// Where and how.
        placed: PlacedText,
    },
}

/// Where a text stands and how it is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedText {
    /// Where.
    pub area: Area,
    /// How.
    pub style: TextStyle,
}

/// Collects faults while reading; every method gives a stand-in where it reports one.
#[derive(Default)]
struct Reader {
    element: Option<usize>,
    faults: Vec<FaceFault>,
}

/// Keys of every element with a text.
const TEXT_KEYS: [&str; 6] = ["font", "size_pt", "align", "valign", "color", "letter_spacing_pt"];
/// Keys of every text that comes from a submission.
const VALUE_KEYS: [&str; 2] = ["min_size_pt", "line_height"];
/// Keys of every element with an area.
const AREA_KEYS: [&str; 5] = ["kind", "x", "y", "w", "h"];

impl Reader {
    fn fault(&mut self, key: &str, problem: FaceProblem) {
        self.faults.push(FaceFault { element: self.element, key: key.to_owned(), problem });
    }

    fn page(&mut self, table: &Table) -> Page {
        let known =
            ["width_mm", "height_mm", "background", "frame", "frame_color", "frame_inset_mm"];
        self.known(table, &[&known]);
        let fallback = Page::default();
        let frames = [
            ("none", Frame::None),
            ("line", Frame::Line),
            ("double", Frame::Double),
            ("ornate", Frame::Ornate),
        ];
        Page {
            width: Mm(self.number(table, "width_mm", 30.0, 1200.0, None)),
            height: Mm(self.number(table, "height_mm", 30.0, 1200.0, None)),
            background: self.color(table, "background"),
            frame: self.choice(table, "frame", &frames, Some(Frame::None)),
            frame_color: self.color(table, "frame_color").unwrap_or(fallback.frame_color),
            frame_inset: Mm(self.number(table, "frame_inset_mm", 0.0, 100.0, Some(10.0))),
        }
    }

    fn element(&mut self, table: &Table, page: &Page) -> Option<Element> {
        let kind = match table.get("kind") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(_) => {
                self.fault("kind", FaceProblem::Form("a word in quotation marks"));
                return None;
            }
            None => {
                self.fault("kind", FaceProblem::Missing);
                return None;
            }
        };
        Some(match kind {
            "text" => {
                self.known(table, &[&AREA_KEYS, &TEXT_KEYS, &VALUE_KEYS, &["text"]]);
                let text = self.text(table, "text");
                Element::Text { text, placed: self.placed(table, page) }
            }
            "field" => {
                self.known(table, &[&AREA_KEYS, &TEXT_KEYS, &VALUE_KEYS, &["field"]]);
                let field = self.text(table, "field");
                let PlacedText { area, style } = self.placed(table, page);
                Element::Field { field, area, style }
            }
            "license_id" => {
                self.known(table, &[&AREA_KEYS, &TEXT_KEYS, &VALUE_KEYS]);
                Element::LicenseId(self.placed(table, page))
            }
            "table" => {
                let own = ["field", "row_h", "widths", "line_color"];
                self.known(table, &[&AREA_KEYS, &TEXT_KEYS, &VALUE_KEYS, &own]);
                let field = self.text(table, "field");
                let PlacedText { area, style } = self.placed(table, page);
                let row_height = Mm(self.number(table, "row_h", 1.0, 300.0, None));
                let line_color = self.color(table, "line_color").unwrap_or(Color::BLACK);
                let widths = self.widths(table, area);
                Element::Table { field, area, style, row_height, widths, line_color }
            }
            "portrait" => {
                self.known(table, &[&AREA_KEYS, &["field"]]);
                Element::Portrait { field: self.text(table, "field"), area: self.area(table, page) }
            }
            "rect" => {
                self.known(table, &[&AREA_KEYS, &["stroke", "stroke_pt", "fill"]]);
                let width = self.number(table, "stroke_pt", 0.05, 30.0, Some(0.5));
                Element::Rect {
                    area: self.area(table, page),
                    stroke: self.color(table, "stroke").map(|color| (color, width)),
                    fill: self.color(table, "fill"),
                }
            }
            "rule" => {
                self.known(table, &[&["kind", "x", "y", "x2", "y2", "stroke", "stroke_pt"]]);
                let (right, bottom) = (page.width.0, page.height.0);
                let mut at = |x: &str, y: &str| {
                    let x = self.number(table, x, 0.0, right, None);
                    (Mm(x), Mm(self.number(table, y, 0.0, bottom, None)))
                };
                let (from, to) = (at("x", "y"), at("x2", "y2"));
                let color = self.color(table, "stroke").unwrap_or(Color::BLACK);
                let width = self.number(table, "stroke_pt", 0.05, 30.0, Some(0.5));
                Element::Rule { from, to, stroke: (color, width) }
            }
            "qr" => {
                self.known(table, &[&["kind", "x", "y", "size"]]);
                Element::Qr { area: self.square(table, "size", page) }
            }
            "seal" => {
                self.known(table, &[&["kind", "x", "y", "diameter"]]);
                Element::Seal { area: self.square(table, "diameter", page) }
            }
            _ => {
                let kinds = "text, field, table, portrait, rect, rule, qr, seal or license_id";
                self.fault("kind", FaceProblem::Form(kinds));
                return None;
            }
        })
    }

    fn placed(&mut self, table: &Table, page: &Page) -> PlacedText {
        let area = self.area(table, page);
        let roles = FontRole::ALL.map(|role| (role.word(), role));
        let aligns = [
            ("left", Align::Left),
            ("center", Align::Center),
            ("right", Align::Right),
            ("spread", Align::Spread),
        ];
        let valigns =
            [("top", Valign::Top), ("middle", Valign::Middle), ("bottom", Valign::Bottom)];
        let size_pt = self.number(table, "size_pt", 3.0, 300.0, None);
        let style = TextStyle {
            font: self.choice(table, "font", &roles, None),
            size_pt,
            min_size_pt: self.number(table, "min_size_pt", 3.0, size_pt.max(3.0), Some(size_pt)),
            line_height: self.number(table, "line_height", 1.0, 5.0, Some(1.35)),
            align: self.choice(table, "align", &aligns, Some(Align::Left)),
            valign: self.choice(table, "valign", &valigns, Some(Valign::Top)),
            color: self.color(table, "color").unwrap_or(Color::BLACK),
            letter_spacing_pt: self.number(table, "letter_spacing_pt", 0.0, 200.0, Some(0.0)),
        };
        PlacedText { area, style }
    }

    fn area(&mut self, table: &Table, page: &Page) -> Area {
        let area = Area {
            x: Mm(self.number(table, "x", 0.0, page.width.0, None)),
            y: Mm(self.number(table, "y", 0.0, page.height.0, None)),
            w: Mm(self.number(table, "w", 1.0, page.width.0, None)),
            h: Mm(self.number(table, "h", 1.0, page.height.0, None)),
        };
        self.on_page(area, page, "w", "h");
        area
    }

    fn square(&mut self, table: &Table, key: &str, page: &Page) -> Area {
        let x = Mm(self.number(table, "x", 0.0, page.width.0, None));
        let y = Mm(self.number(table, "y", 0.0, page.height.0, None));
        let size = Mm(self.number(table, key, 10.0, 200.0, None));
        let area = Area { x, y, w: size, h: size };
        self.on_page(area, page, key, key);
        area
    }

    fn on_page(&mut self, area: Area, page: &Page, across: &str, down: &str) {
        // A tenth of a millimetre covers what sums of decimal fractions lose.
        if area.x.0 + area.w.0 > page.width.0 + 0.1 {
            self.fault(across, FaceProblem::OffPage);
        }
        if area.y.0 + area.h.0 > page.height.0 + 0.1 {
            self.fault(down, FaceProblem::OffPage);
        }
    }

    fn widths(&mut self, table: &Table, area: Area) -> Vec<Mm> {
        let Some(Value::Array(list)) = table.get("widths") else {
            self.fault("widths", FaceProblem::Missing);
            return Vec::new();
        };
        let widths: Vec<Mm> = list.iter().filter_map(float).map(Mm).collect();
        let sum: f32 = widths.iter().map(|width| width.0).sum();
        if widths.len() != list.len() || widths.iter().any(|width| width.0 < 1.0) {
            self.fault("widths", FaceProblem::Form("a list of millimetres, each at least 1"));
        } else if widths.is_empty() || widths.len() > 20 {
            self.fault("widths", FaceProblem::Form("1 to 20 columns"));
        } else if sum > area.w.0 + 0.1 {
            self.fault("widths", FaceProblem::Form("columns that together are no wider than w"));
        }
        widths
    }

    fn number(&mut self, table: &Table, key: &str, min: f32, max: f32, or: Option<f32>) -> f32 {
        match (table.get(key), or) {
            (None, Some(or)) => or,
            (None, None) => {
                self.fault(key, FaceProblem::Missing);
                min
            }
            (Some(value), _) => match float(value) {
                Some(number) if (min..=max).contains(&number) => number,
                Some(_) => {
                    self.fault(key, FaceProblem::OutOfRange { min, max });
                    min
                }
                None => {
                    self.fault(key, FaceProblem::Form("a number"));
                    min
                }
            },
        }
    }

    fn text(&mut self, table: &Table, key: &str) -> String {
        match table.get(key) {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            Some(_) => {
                self.fault(key, FaceProblem::Form("a text that is not empty"));
                String::new()
            }
            None => {
                self.fault(key, FaceProblem::Missing);
                String::new()
            }
        }
    }

    fn color(&mut self, table: &Table, key: &str) -> Option<Color> {
        let value = table.get(key)?;
        let color = value.as_str().and_then(Color::parse);
        if color.is_none() {
            self.fault(key, FaceProblem::Form("a color as #rrggbb"));
        }
        color
    }

    fn choice<T: Copy>(
        &mut self,
        table: &Table,
        key: &str,
        all: &[(&'static str, T)],
        or: Option<T>,
    ) -> T {
        let stand_in = or.unwrap_or(all[0].1);
        let Some(value) = table.get(key) else {
            if or.is_none() {
                self.fault(key, FaceProblem::Missing);
            }
            return stand_in;
        };
        match all.iter().find(|(word, _)| value.as_str() == Some(word)) {
            Some((_, choice)) => *choice,
            None => {
                let words = all.iter().map(|(word, _)| *word).collect();
                self.fault(key, FaceProblem::NotOneOf(words));
                stand_in
            }
        }
    }

    fn known(&mut self, table: &Table, known: &[&[&str]]) {
        for key in table.keys() {
            if !known.iter().any(|keys| keys.contains(&key.as_str())) {
                self.fault(key, FaceProblem::UnknownKey);
            }
        }
    }
}

/// A TOML number as the `f32` nearest to it.
fn float(value: &Value) -> Option<f32> {
    // There is no checked conversion from f64; the decimal digits lead to the nearest f32 all the same.
    let number: f32 = match value {
        Value::Float(number) => number.to_string().parse().ok()?,
        Value::Integer(number) => number.to_string().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// One thing wrong with a `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceFault {
    /// The element, counted from 1 in the order of the file; `None` for the page and the file as a whole.
    pub element: Option<usize>,
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub problem: FaceProblem,
}

/// What is wrong with a key of a `face.toml`.
#[derive(Clone, Debug, PartialEq)]
pub enum FaceProblem {
    /// The words do not fit their box.
    DoesNotFit,
    /// The value is not what the key wants.
    Form(&'static str),
    /// The key is required and absent.
    Missing,
    /// No font of the role draws these characters of the fixed words.
    NoGlyph(String),
    /// There must be one element of this kind.
    NotOnce {
        /// How many there are.
        found: usize,
    },
    /// The value is none of these words.
    NotOneOf(Vec<&'static str>),
    /// The text is not TOML; the message says where.
    NotToml(String),
    /// The element reaches past the edge of the page.
    OffPage,
    /// The number is out of its range, both ends of which are allowed.
    OutOfRange {
        /// The least.
        min: f32,
        /// The largest.
        max: f32,
    },
    /// There are more than we take.
    TooMany {
        /// The most.
        limit: usize,
        /// What was found.
        found: usize,
    },
    /// No such key is known here.
    UnknownKey,
}

impl fmt::Display for FaceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element {
            Some(number) => write!(f, "element {number}, `{}`: ", self.key)?,
            None => write!(f, "`{}`: ", self.key)?,
        }
        match &self.problem {
            FaceProblem::DoesNotFit => f.write_str("the words do not fit the box"),
            FaceProblem::Form(wanted) => write!(f, "wants {wanted}"),
            FaceProblem::Missing => f.write_str("is required and absent"),
            FaceProblem::NoGlyph(list) => write!(f, "no font of the role draws {list}"),
            FaceProblem::NotOnce { found } => {
                write!(f, "a face has exactly one such element; there are {found}")
            }
            FaceProblem::NotOneOf(words) => write!(f, "wants one of {}", words.join(", ")),
            FaceProblem::NotToml(message) => write!(f, "the file is not TOML: {message}"),
            FaceProblem::OffPage => f.write_str("reaches past the edge of the page"),
            FaceProblem::OutOfRange { min, max } => write!(f, "must be from {min} to {max}"),
            FaceProblem::TooMany { limit, found } => {
                write!(f, "at most {limit} are allowed; there are {found}")
            }
            FaceProblem::UnknownKey => f.write_str("is no key that is known here"),
        }
    }
}

impl std::error::Error for FaceFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    #[test]
    fn the_sample_face_is_read_in_full() {
        let face = FaceFile::parse(testing::FACE_TOML).unwrap();
        assert_eq!((face.page.width, face.page.frame), (Mm(420.0), Frame::Ornate));
        assert!(face.fields().any(|field| field == ("KZ_JYFW", FieldShown::Text)));
        assert!(face.fields().any(|field| field == ("KZ_BGJL", FieldShown::Table { columns: 3 })));
    }

    #[test]
    fn all_faults_of_a_file_come_at_once_with_element_and_key() {
        use FaceProblem::*;

        let text = r##"
            color = 1
            [page]
            width_mm = 210
            frame = "golden"
            background = "yellow"
            [[element]]
            kind = "field"
            x = 10
            y = 10
            w = 250.0
            h = 5.0
            font = "body"
            size_pt = 12.0
            min_size_pt = 14.0
            colour = "#000000"
            [[element]]
            kind = "star"
            [[element]]
            x = 1
        "##;
        let found = FaceFile::parse(text).unwrap_err();
        let frames = vec!["none", "line", "double", "ornate"];
        let kinds = "text, field, table, portrait, rect, rule, qr, seal or license_id";
        let expected: Vec<(Option<usize>, &str, FaceProblem)> = vec![
            (None, "color", UnknownKey),
            (None, "height_mm", Missing),
            (None, "background", Form("a color as #rrggbb")),
            (None, "frame", NotOneOf(frames)),
            (Some(1), "colour", UnknownKey),
            (Some(1), "field", Missing),
            (Some(1), "w", OutOfRange { min: 1.0, max: 210.0 }),
            (Some(1), "min_size_pt", OutOfRange { min: 3.0, max: 12.0 }),
            (Some(2), "kind", Form(kinds)),
            (Some(3), "kind", Missing),
        ];
        let found: Vec<_> =
            found.into_iter().map(|fault| (fault.element, fault.key, fault.problem)).collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(n, key, problem)| (n, key.to_owned(), problem)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_face_without_its_seal_or_with_two_qr_squares_is_refused() {
        let qr = "[[element]]\nkind = \"qr\"\nx = 1\ny = 1\nsize = 20\n";
        let text = format!("[page]\nwidth_mm = 210\nheight_mm = 297\n{qr}{qr}");
        let found = FaceFile::parse(&text).unwrap_err();
        let keys: Vec<_> = found.iter().map(|fault| (fault.key.as_str(), &fault.problem)).collect();
        let not_once = |found| FaceProblem::NotOnce { found };
        let expected = [("qr", not_once(2)), ("seal", not_once(0)), ("license_id", not_once(0))];
        assert!(keys.iter().zip(&expected).all(|(a, b)| a.0 == b.0 && *a.1 == b.1), "{keys:?}");
    }

    #[test]
    fn a_text_that_is_not_toml_is_refused_with_the_place() {
        let found = FaceFile::parse("[page\n").unwrap_err();
        assert!(matches!(&found[0].problem, FaceProblem::NotToml(text) if text.contains("line 1")));
    }
}
