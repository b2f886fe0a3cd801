//! Background art: a small subset of SVG, turned once into the operators of PDF.
//!
//! Read are `svg`, `g`, `path`, `rect`, `circle`, `ellipse`, `line`, `polyline` and `polygon` with presentation
//! attributes, plain colors and transforms. Whatever else stands in a file is refused with its name and line, and
//! never passed over: a picture that is drawn differently from what its maker sees would be worse than none. So
//! nothing is fetched, run or repeated, and the work is bounded by the length of the file.
//!
//! Source: W3C, Scalable Vector Graphics (SVG) 2, chapters 7 to 11 and 13; ISO 32000-1:2008, 8.5.

use std::fmt;

use pdf_writer::Content;
use roxmltree::{Document, Node, ParsingOptions};
use svgtypes::{Transform, ViewBox};

use super::art_look::Look;
use super::art_shape::{Brush, Matrix, Shape};

/// Longest file, in bytes. Our own bound.
const MAX_BYTES: usize = 500_000;
/// Most elements of a file, and how deep they may lie. Our own bounds.
const MAX_NODES: u32 = 20_000;
const MAX_DEPTH: usize = 24;
/// Most path segments of a file. Our own bound; a rich page of lines has a tenth.
const MAX_SEGMENTS: usize = 60_000;
/// Most faults that are told.
const MAX_FAULTS: usize = 50;

/// A picture, read and found in order; its coordinates go from 0 to `width` and, downwards, from 0 to `height`.
#[derive(Debug, PartialEq)]
pub struct Art {
    pub(super) width: f64,
    pub(super) height: f64,
    shapes: Vec<(Shape, Matrix, Look)>,
}

impl Art {
    /// Reads the text of an SVG file, or gives all its faults.
    pub fn read(text: &str) -> Result<Self, Vec<ArtFault>> {
        let whole = |problem| Err(vec![ArtFault { line: 1, problem }]);
        if text.len() > MAX_BYTES {
            return whole(ArtProblem::TooMuch("the file is longer than 500 000 bytes"));
        }
        let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = match Document::parse_with_options(text, options) {
            Ok(document) => document,
            Err(error) => {
                let line = usize::try_from(error.pos().row).unwrap_or(1);
                return Err(vec![ArtFault {
                    line,
                    problem: ArtProblem::NotXml(error.to_string()),
                }]);
            }
        };
        let mut reader =
            Reader { lines: Lines::of(text), segments: 0, faults: Vec::new(), shapes: Vec::new() };
        let root = document.root_element();
        let view = reader.root(root);
        let (width, height) = match view {
            Some(view) => {
                let shift = Matrix([1.0, 0.0, 0.0, 1.0, -view.x, -view.y]);
                let look = reader.look(root, &Look::default());
                reader.children(root, shift, &look, 1);
                (view.w, view.h)
            }
            None => (0.0, 0.0),
        };
        if reader.faults.is_empty() {
            Ok(Self { width, height, shapes: reader.shapes })
        } else {
            reader.faults.truncate(MAX_FAULTS);
            Err(reader.faults)
        }
    }

    /// The operators that draw it over a page of this size, in points.
    pub fn draw(&self, width_pt: f64, height_pt: f64) -> Vec<u8> {
        // Downwards becomes upwards.
        let page =
            Matrix([width_pt / self.width, 0.0, 0.0, -height_pt / self.height, 0.0, height_pt]);
        let mut content = Content::new();
        let mut brush = Brush::new(&mut content);
        for (shape, matrix, look) in &self.shapes {
            brush.draw(shape, page.after(*matrix), look);
        }
        content.finish().into_vec()
    }
}

/// Where the lines of a file begin, so that a fault can name its own.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect(),
        )
    }

    fn line(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }
}

struct Reader {
    lines: Lines,
    segments: usize,
    faults: Vec<ArtFault>,
    shapes: Vec<(Shape, Matrix, Look)>,
}

const SVG: &str = "http://www.w3.org/2000/svg";

impl Reader {
    fn fault(&mut self, at: Node<'_, '_>, problem: ArtProblem) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(ArtFault { line: self.lines.line(at.range().start), problem });
        }
    }

    fn root(&mut self, root: Node<'_, '_>) -> Option<ViewBox> {
        if root.tag_name().name() != "svg" || root.tag_name().namespace() != Some(SVG) {
            let name = root.tag_name().name().to_owned();
            self.fault(root, ArtProblem::NotSvg(name));
            return None;
        }
        self.known(root, &["viewBox", "width", "height", "version"]);
        let view = root.attribute("viewBox").and_then(|text| text.parse::<ViewBox>().ok());
        let view = view.filter(|view| {
            [view.x, view.y, view.w, view.h].iter().all(|side| side.abs() <= 100_000.0)
                && view.w >= 1.0
                && view.h >= 1.0
        });
        if view.is_none() {
            self.fault(
                root,
                ArtProblem::Value {
                    attribute: "viewBox",
                    wanted: "four numbers, of which the last two are the size",
                },
            );
        }
        view
    }

    /// Reports attributes that are not among those of the element.
    fn known(&mut self, node: Node<'_, '_>, own: &[&str]) {
        for attribute in node.attributes() {
            let name = attribute.name();
            let foreign = attribute.namespace().is_some();
            if foreign
                || !(own.contains(&name)
                    || Look::ATTRIBUTES.contains(&name)
                    || ["id", "transform"].contains(&name))
            {
                self.fault(node, ArtProblem::Attribute(name.to_owned()));
            }
        }
    }

    fn children(&mut self, parent: Node<'_, '_>, matrix: Matrix, look: &Look, depth: usize) {
        for node in parent.children() {
            if node.is_text() {
                if !node.text().unwrap_or_default().trim().is_empty() {
                    self.fault(node, ArtProblem::Element("text between elements".to_owned()));
                }
                continue;
            }
            if node.is_pi() {
                self.fault(node, ArtProblem::Element("a processing instruction".to_owned()));
            }
            if !node.is_element() {
                continue;
            }
            let name = node.tag_name();
            if name.namespace() != Some(SVG) {
                self.fault(node, ArtProblem::Element(name.name().to_owned()));
                continue;
            }
            match name.name() {
                "g" => {
                    self.known(node, &[]);
                    if depth == MAX_DEPTH {
                        self.fault(node, ArtProblem::TooMuch("groups lie more than 24 deep"));
                        continue;
                    }
                    let matrix = self.turned(node, matrix);
                    let look = self.look(node, look);
                    self.children(node, matrix, &look, depth + 1);
                }
                // What they say is for people who read the file.
                "title" | "desc" => {}
                kind => {
                    let Some(own) = Shape::attributes(kind) else {
                        self.fault(node, ArtProblem::Element(kind.to_owned()));
                        continue;
                    };
                    self.known(node, own);
                    self.shape(node, kind, matrix, look);
                }
            }
        }
    }

    fn shape(&mut self, node: Node<'_, '_>, kind: &str, matrix: Matrix, look: &Look) {
        if node.children().any(|child| child.is_element()) {
            self.fault(node, ArtProblem::Element("an element inside a shape".to_owned()));
        }
        let matrix = self.turned(node, matrix);
        let look = self.look(node, look);
        let shape = match Shape::read(kind, |name| node.attribute(name)) {
            Ok(shape) => shape,
            Err(attribute) => {
                let wanted = "what SVG lays down for it, and nothing beyond a million";
                self.fault(node, ArtProblem::Value { attribute, wanted });
                return;
            }
        };
        self.segments += shape.segments();
        if self.segments > MAX_SEGMENTS {
            self.segments = 0;
            self.fault(node, ArtProblem::TooMuch("there are more than 60 000 segments"));
        }
        // A line has no inside.
        let look = if kind == "line" { Look { fill: None, ..look } } else { look };
        if look.stroke.is_some() && !matrix.keeps_angles() {
            self.fault(node, ArtProblem::Stretched);
        }
        if look.fill.is_some() || look.stroke.is_some() {
            self.shapes.push((shape, matrix, look));
        }
    }

    fn turned(&mut self, node: Node<'_, '_>, matrix: Matrix) -> Matrix {
        let Some(text) = node.attribute("transform") else { return matrix };
        match text.parse::<Transform>() {
            Ok(Transform { a, b, c, d, e, f })
                if [a, b, c, d, e, f].iter().all(|part| part.abs() <= 1_000_000.0) =>
            {
                matrix.after(Matrix([a, b, c, d, e, f]))
            }
            _ => {
                let wanted = "matrix, translate, scale, rotate, skewX or skewY";
                self.fault(node, ArtProblem::Value { attribute: "transform", wanted });
                matrix
            }
        }
    }

    fn look(&mut self, node: Node<'_, '_>, inherited: &Look) -> Look {
        let mut look = inherited.clone();
        for attribute in node.attributes() {
            if let Err((attribute, wanted)) = look.take(attribute.name(), attribute.value().trim())
            {
                self.fault(node, ArtProblem::Value { attribute, wanted });
            }
        }
        look
    }
}

/// One thing in an SVG file that cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtFault {
    /// The line it begins in, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: ArtProblem,
}

/// What is wrong with an SVG file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtProblem {
    /// An attribute that is not read.
    Attribute(String),
    /// An element that is not read.
    Element(String),
    /// The root is something else.
    NotSvg(String),
    /// The text is not well-formed.
    NotXml(String),
    /// A line under a transform that would make it thicker one way than the other.
    Stretched,
    /// More than is taken.
    TooMuch(&'static str),
    /// An attribute has no value that is read.
    Value {
        /// Which.
        attribute: &'static str,
        /// What it wants.
        wanted: &'static str,
    },
}

impl fmt::Display for ArtFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            ArtProblem::Attribute(name) => write!(
                f,
                "the attribute `{name}` is not read: use fill, stroke and transform, and save as plain SVG"
            ),
            ArtProblem::Element(name) => write!(
                f,
                "{name} is not drawn: g, path, rect, circle, ellipse, line, polyline and polygon are"
            ),
            ArtProblem::NotSvg(name) => write!(f, "the root is `{name}` and no svg of {SVG}"),
            ArtProblem::NotXml(why) => write!(f, "the file is not XML: {why}"),
            ArtProblem::Stretched => {
                f.write_str("a line cannot be drawn under a transform that stretches it one way")
            }
            ArtProblem::TooMuch(what) => f.write_str(what),
            ArtProblem::Value { attribute, wanted } => write!(f, "`{attribute}` wants {wanted}"),
        }
    }
}

impl std::error::Error for ArtFault {}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!("<svg xmlns=\"{SVG}\" viewBox=\"0 0 100 200\">\n{inside}\n</svg>")
    }

    fn drawn(inside: &str) -> String {
        let art = Art::read(&svg(inside)).unwrap();
        String::from_utf8(art.draw(100.0, 200.0))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn shapes_become_operators_upside_down() {
        let rows = [
            (
                "<rect x='10' y='20' width='30' height='40' fill='#ff0000'/>",
                "1 0 0 rg 10 180 m 40 180 l 40 140 l 10 140 l h f",
            ),
            (
                "<line x1='0' y1='0' x2='100' y2='200' stroke='black' stroke-width='2'/>",
                "0 0 0 RG 2 w 4 M 0 200 m 100 0 l S",
            ),
            (
                "<path d='M0 0h10v10z' fill='none' stroke='#000'/>",
                "0 0 0 RG 4 M 0 200 m 10 200 l 10 190 l h S",
            ),
            (
                "<g transform='translate(10 10) scale(2)'><polyline points='0,0 5,5' stroke='#00f' fill='none'/></g>",
                "0 0 1 RG 2 w 4 M 10 190 m 20 180 l S",
            ),
            (
                "<polygon points='0 0 1 0 1 1' fill-rule='evenodd'/>",
                "0 0 0 rg 0 200 m 1 200 l 1 199 l h f*",
            ),
            ("<g fill='none'><rect width='1' height='1'/></g>", ""),
        ];
        for (inside, expected) in rows {
            assert_eq!(drawn(inside), expected, "{inside}");
        }
        let circle = drawn("<circle cx='50' cy='50' r='10'/>");
        assert!(
            circle.starts_with("0 0 0 rg 60 150 m 60 144.5 ") && circle.ends_with("h f"),
            "{circle}"
        );
    }

    #[test]
    fn what_is_not_drawn_is_refused_with_name_and_line() {
        let rows = [
            ("<text>字</text>", "text"),
            ("<image href='a.png'/>", "image"),
            ("<use href='#a'/>", "use"),
            ("<script>1</script>", "script"),
            ("<linearGradient/>", "linearGradient"),
            ("<style>*{}</style>", "style"),
            ("<rect width='1' height='1' style='fill:red'/>", "style"),
            ("<rect width='1' height='1' opacity='.5'/>", "opacity"),
            ("<rect width='1' height='1' onclick='x'/>", "onclick"),
            ("<rect width='1' height='1' fill='url(#a)'/>", "fill"),
            ("<rect width='1' height='1' fill='rgba(0,0,0,.5)'/>", "fill"),
            ("<rect width='x' height='1'/>", "width"),
            ("<rect width='-1' height='1'/>", "width"),
            ("<path d='M0 0 Q'/>", "d"),
            ("<path d='M0 0 L1e9 0'/>", "d"),
            ("<circle r='1' transform='spin(3)'/>", "transform"),
            ("<circle r='1' stroke='red' transform='scale(1 2)'/>", "stretches"),
            ("words", "text between"),
            ("<x:g xmlns:x='urn:x'/>", "g is not drawn"),
        ];
        for (inside, name) in rows {
            let faults = Art::read(&svg(inside)).unwrap_err();
            assert_eq!(faults.len(), 1, "{inside}: {faults:?}");
            assert!(
                faults[0].line >= 1 && faults[0].to_string().contains(name),
                "{inside}: {faults:?}"
            );
        }
        let faults = Art::read(&svg("<g>\n<text/>\n</g>\n<image/>")).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn bombs_are_duds() {
        let entities = format!("<!DOCTYPE svg [<!ENTITY a \"aaaa\">]>{}", svg("<g id='&a;'/>"));
        assert!(matches!(Art::read(&entities).unwrap_err()[0].problem, ArtProblem::NotXml(_)));
        let deep = "<g>".repeat(5_000) + &"</g>".repeat(5_000);
        assert!(Art::read(&svg(&deep)).is_err());
        let many = "<g/>".repeat(30_000);
        assert!(Art::read(&svg(&many)).is_err());
        let long = format!("<path d='M0 0{}'/>", "h1".repeat(100_000));
        assert!(matches!(Art::read(&svg(&long)).unwrap_err()[0].problem, ArtProblem::TooMuch(_)));
        assert!(matches!(
            Art::read(&" ".repeat(500_001)).unwrap_err()[0].problem,
            ArtProblem::TooMuch(_)
        ));
    }
}
