//! Writing the values of a license onto its page.
//!
//! By now every value has been found to fit: nothing here can fail. Each part is marked in the content stream and
//! noted in the structure of the document, in the order of reading.

use pdf_writer::{Name, Ref};

use super::face::CompiledFace;
use super::face_template::{Area, Color, PlacedText};
use super::layout::{Measured, Setting};
use super::paper::Paper;
use super::plan::Planned;
use super::portrait::Picture;
use super::qr::{QUIET, QrSquare};
use super::structure::{Drawing, SQUARE, StructureParent, picture_name};
use super::table::Table;
use super::units::{Mm, rounded};

/// An element whose value has been found to fit.
pub(super) enum Ready<'a> {
    Fixed(Ref),
    /// The number of the page, not yet set.
    Number(String, PlacedText),
    Picture(Picture<'a>, Area),
    Qr(Area),
    /// A text that is repeated from page to page.
    Running(Measured, Setting, Color),
    Seal(Area),
    Table(Table),
    Text(Measured, Setting, Color),
}

/// Writes the content streams of the values and notes the structure of the document.
pub(super) fn paint<'a>(
    face: &CompiledFace,
    pages: Vec<Planned<'_, 'a>>,
    square: QrSquare,
) -> Drawing<'a> {
    let mut drawing = Drawing::new(face.next);
    let mut paper = Paper::new(Mm(0.0), 0, 'D');
    // The structure of each table that has begun, by its field.
    let mut tables: Vec<(String, usize)> = Vec::new();
    for page in pages {
        drawing.turn(&mut paper, page.page);
        for element in page.ready {
            put(element, &square, &mut paper, &mut drawing, &mut tables);
        }
    }
    drawing.close(paper);
    drawing.square = Some(square);
    drawing
}

fn put<'a>(
    element: Ready<'a>,
    square: &QrSquare,
    paper: &mut Paper,
    drawing: &mut Drawing<'a>,
    tables: &mut Vec<(String, usize)>,
) {
    match element {
        Ready::Fixed(id) => drawing.kids.push(id),
        // Numbers were set when the pages had been counted.
        Ready::Number(..) => {}
        Ready::Running(measured, setting, color) => {
            paper.begin_running();
            paper.text(&measured, &setting, color);
            paper.end();
        }
        Ready::Seal(area) => drawing.seal(paper.rect(area)),
        Ready::Text(measured, setting, color) => {
            let mark = paper.begin(b"P");
            paper.text(&measured, &setting, color);
            paper.end();
            drawing.leaf(b"P", StructureParent::Document, mark);
        }
        Ready::Qr(area) => {
            let mark = paper.begin(b"Figure");
            qr(paper, square, area);
            paper.end();
            let figure = drawing.leaf(b"Figure", StructureParent::Document, mark);
            drawing.describe(figure, "核验二维码", paper.rect(area));
        }
        Ready::Picture(picture, area) => {
            let mark = paper.begin(b"Figure");
            portrait(paper, &picture, area, drawing.pictures.len());
            paper.end();
            let figure = drawing.leaf(b"Figure", StructureParent::Document, mark);
            drawing.describe(figure, "持证主体照片", paper.rect(area));
            drawing.pictures.push(picture);
        }
        Ready::Table(table) => table.paint(paper, drawing, tables),
    }
}

fn qr(paper: &mut Paper, square: &QrSquare, area: Area) {
    let place = paper.rect(area);
    let module = area.w.to_points() / f32::from(square.side + 2 * QUIET);
    paper.fill(area, Color([1.0; 3]));
    paper.fill_color(Color::BLACK);
    let (quiet, side) = (f32::from(QUIET) * module, f32::from(square.side) * module);
    let matrix = [side, 0.0, 0.0, side, place.x1 + quiet, place.y1 + quiet].map(rounded);
    paper.content.save_state().transform(matrix);
    paper.content.x_object(Name(SQUARE)).restore_state();
}

fn portrait(paper: &mut Paper, picture: &Picture<'_>, area: Area, number: usize) {
    let place = paper.rect(area);
    let (w, h) = (place.x2 - place.x1, place.y2 - place.y1);
    let (width, height) = picture.upright();
    let scale = (w / f32::from(width)).min(h / f32::from(height));
    let (across, down) = (f32::from(width) * scale, f32::from(height) * scale);
    let (x, y) = (place.x1 + (w - across) / 2.0, place.y1 + (h - down) / 2.0);
    let matrix = picture.matrix([x, y, across, down]).map(rounded);
    let name = picture_name(number);
    let content = &mut paper.content;
    content.save_state().transform(matrix);
    content.x_object(Name(name.as_bytes())).restore_state();
}
