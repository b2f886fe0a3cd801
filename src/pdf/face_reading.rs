//! Reading a `face.toml`.
//!
//! Every key is looked at, and every fault is noted beside the number of its element, so that whoever writes a
//! template sees all its faults at once.
//!
//! The format is described in `docs/templates.md`.

use toml::{Table, Value};

use super::face_fault::{FaceFault, FaceProblem};
use super::face_keys::{KeyReader, float};
use super::face_rules;
use super::face_template::{
    Area, Color, Element, FaceFile, FacePage, Frame, Page, PlacedText, TextStyle,
};
use super::font::FontRole;
use super::layout::{Align, Valign};
use super::portrait::PixelBounds;
use super::units::Mm;

/// The smallest QR square: that of the longest statement has 97 modules with its quiet zone, and telephones and
/// scanners of 300 dots an inch read modules of 0.3 mm. Our own bound.
const LEAST_QR_MM: f32 = 29.5;

/// Reads the text of a `face.toml`, or gives all its faults.
pub(super) fn read(text: &str) -> Result<FaceFile, Vec<FaceFault>> {
    let mut reader = KeyReader::default();
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            let problem = FaceProblem::NotToml(error.to_string());
            return Err(vec![FaceFault { page: None, element: None, key: String::new(), problem }]);
        }
    };
    let pages = match table.get("page") {
        Some(Value::Array(list)) => {
            reader.known(&table, &[&["page"]]);
            reader.pages(list)
        }
        Some(Value::Table(page)) => {
            reader.known(&table, &[&["page", "element"]]);
            let page = reader.page(page, &[]);
            vec![reader.elements(&table, page, None)]
        }
        _ => {
            reader.known(&table, &[&["page", "element"]]);
            reader.fault("page", FaceProblem::Missing);
            vec![reader.elements(&table, Page::default(), None)]
        }
    };
    if reader.faults.is_empty() {
        face_rules::hold(&pages, &mut reader);
    }
    if reader.faults.is_empty() { Ok(FaceFile { pages }) } else { Err(reader.faults) }
}

/// Keys of every element with a text.
const TEXT_KEYS: [&str; 8] = [
    "font",
    "size_pt",
    "align",
    "valign",
    "color",
    "letter_spacing_pt",
    "direction",
    "mixed_spacing",
];
/// Keys of every text that comes from a submission.
const VALUE_KEYS: [&str; 2] = ["min_size_pt", "line_height"];
/// Keys of every element with an area.
const AREA_KEYS: [&str; 5] = ["kind", "x", "y", "w", "h"];

/// Keys of every page.
const PAGE_KEYS: [&str; 7] =
    ["width_mm", "height_mm", "background", "frame", "frame_color", "frame_inset_mm", "art"];

impl KeyReader {
    fn pages(&mut self, list: &[Value]) -> Vec<FacePage> {
        if list.is_empty() || list.len() > FaceFile::MAX_PAGES {
            let problem = FaceProblem::TooMany { limit: FaceFile::MAX_PAGES, found: list.len() };
            self.fault("page", problem);
            return Vec::new();
        }
        let mut pages = Vec::with_capacity(list.len());
        for (number, value) in (1..).zip(list) {
            self.page = Some(number);
            match value {
                Value::Table(table) => {
                    let page = self.page(table, &["element", "further_max"]);
                    let further = table.get("further_max").map(|value| match value {
                        Value::Integer(count) => usize::try_from(*count).unwrap_or_default(),
                        _ => 0,
                    });
                    if further.is_some_and(|max| max == 0 || max > FaceFile::MAX_FURTHER) {
                        self.fault("further_max", FaceProblem::Form("a whole number from 1 to 50"));
                    }
                    pages.push(self.elements(table, page, further));
                }
                _ => self.fault("page", FaceProblem::Form("a table [[page]]")),
            }
        }
        self.page = None;
        pages
    }

    /// The elements of a page; `table` is what they stand in.
    fn elements(&mut self, table: &Table, page: Page, further_max: Option<usize>) -> FacePage {
        let mut elements = Vec::new();
        match table.get("element") {
            Some(Value::Array(list)) if list.len() <= FaceFile::MAX_ELEMENTS => {
                for (number, element) in (1..).zip(list) {
                    self.element = Some(number);
                    match element {
                        Value::Table(element) => elements.extend(self.element(element, &page)),
                        _ => self.fault("element", FaceProblem::Form("a table [[element]]")),
                    }
                }
            }
            Some(Value::Array(list)) => {
                let limit = FaceFile::MAX_ELEMENTS;
                self.fault("element", FaceProblem::TooMany { limit, found: list.len() });
            }
            _ => self.fault("element", FaceProblem::Missing),
        }
        self.element = None;
        FacePage { page, elements, further_max }
    }

    fn page(&mut self, table: &Table, more: &[&str]) -> Page {
        self.known(table, &[&PAGE_KEYS, more]);
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
            art: table.contains_key("art").then(|| self.text(table, "art")),
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
                let own = ["field", "row_h", "widths", "line_color", "continued"];
                self.known(table, &[&AREA_KEYS, &TEXT_KEYS, &VALUE_KEYS, &own]);
                let field = self.text(table, "field");
                let PlacedText { area, style } = self.placed(table, page);
                let row_height = Mm(self.number(table, "row_h", 1.0, 300.0, None));
                let line_color = self.color(table, "line_color").unwrap_or(Color::BLACK);
                let widths = self.widths(table, area);
                let continued = match table.get("continued") {
                    None => false,
                    Some(Value::Boolean(continued)) => *continued,
                    Some(_) => {
                        self.fault("continued", FaceProblem::Form("true or false"));
                        false
                    }
                };
                if style.vertical {
                    self.fault("direction", FaceProblem::Form("horizontal, in a table"));
                }
                Element::Table { field, area, style, row_height, widths, line_color, continued }
            }
            "page_number" => {
                self.known(table, &[&AREA_KEYS, &TEXT_KEYS, &VALUE_KEYS, &["text"]]);
                let text = self.text(table, "text");
                if !text.contains("{page}") {
                    self.fault("text", FaceProblem::Form("words with {page} and perhaps {pages}"));
                }
                Element::PageNumber { text, placed: self.placed(table, page) }
            }
            "portrait" => {
                self.known(table, &[&AREA_KEYS, &["field", "min_px", "max_px"]]);
                let (field, area) = (self.text(table, "field"), self.area(table, page));
                let PixelBounds { min, max } = PixelBounds::default();
                let pixels = PixelBounds {
                    min: self.pixels(table, "min_px").unwrap_or(min),
                    max: self.pixels(table, "max_px").unwrap_or(max),
                };
                if pixels.min[0] > pixels.max[0] || pixels.min[1] > pixels.max[1] {
                    self.fault("min_px", FaceProblem::Form("no more pixels than max_px"));
                }
                Element::Portrait { field, area, pixels }
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
                Element::Qr { area: self.square(table, ("size", LEAST_QR_MM), page) }
            }
            "seal" => {
                self.known(table, &[&["kind", "x", "y", "diameter"]]);
                Element::Seal { area: self.square(table, ("diameter", 10.0), page) }
            }
            _ => {
                let kinds =
                    "text, field, table, portrait, rect, rule, qr, seal, license_id or page_number";
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
        let directions = [("horizontal", false), ("vertical", true)];
        let spacings = [("quarter", true), ("none", false)];
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
            vertical: self.choice(table, "direction", &directions, Some(false)),
            spaced: self.choice(table, "mixed_spacing", &spacings, Some(true)),
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

    fn square(&mut self, table: &Table, (key, least): (&str, f32), page: &Page) -> Area {
        let x = Mm(self.number(table, "x", 0.0, page.width.0, None));
        let y = Mm(self.number(table, "y", 0.0, page.height.0, None));
        let size = Mm(self.number(table, key, least, 200.0, None));
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

    fn pixels(&mut self, table: &Table, key: &str) -> Option<[u16; 2]> {
        let value = table.get(key)?;
        let side = |value: &Value| {
            let side = value.as_integer().and_then(|side| u16::try_from(side).ok())?;
            (1..=PixelBounds::MAX_SIDE).contains(&side).then_some(side)
        };
        let pair = match value.as_array().map(Vec::as_slice) {
            Some([across, down]) => side(across).zip(side(down)),
            _ => None,
        };
        if pair.is_none() {
            self.fault(key, FaceProblem::Form("two whole numbers from 1 to 4000, across and down"));
        }
        pair.map(|(across, down)| [across, down])
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let kinds = "text, field, table, portrait, rect, rule, qr, seal, license_id or page_number";
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
    fn a_text_that_is_not_toml_is_refused_with_the_place() {
        let found = FaceFile::parse("[page\n").unwrap_err();
        assert!(matches!(&found[0].problem, FaceProblem::NotToml(text) if text.contains("line 1")));
    }
}
