//! Writing the values of a license onto its page.
//!
//! By now every value has been found to fit: nothing here can fail. Each part is marked in the content stream and
//! noted in the structure of the document, in the order of reading.

use pdf_writer::{Name, Ref};

use super::face::CompiledFace;
use super::face_template::{Area, Color};
use super::font::FontBook;
use super::layout::{Measured, Setting};
use super::paper::Paper;
use super::portrait::Picture;
use super::qr::QrSquare;
use super::structure::{Drawing, Sheet, StructureParent, picture_name};
use super::table::Table;
use super::units::rounded;

/// An element whose value has been found to fit.
pub(super) enum Ready<'a> {
    Fixed(Ref),
    Picture(Picture<'a>, Area),
    Qr(QrSquare, Area),
    Seal(Area),
    Table(Table),
    Text(Measured, Setting, Color),
}

/// Writes the content stream of the values and notes the structure of the page.
pub(super) fn paint<'a>(
    face: &CompiledFace,
    fonts: &FontBook,
    ready: Vec<Ready<'a>>,
) -> Drawing<'a> {
    let mut drawing = Drawing::new(face.next, face.sheet());
    let first = drawing.sheets.last().map_or(0, Sheet::first_mark);
    let mut paper = Paper::new(face.page.height, first, 'D');
    for element in ready {
        match element {
            Ready::Fixed(id) => drawing.kids.push(id),
            Ready::Seal(area) => drawing.seal(paper.rect(area)),
            Ready::Text(measured, setting, color) => {
                let mark = paper.begin(b"P");
                paper.text(fonts, &measured, &setting, color);
                paper.end();
                drawing.leaf(b"P", StructureParent::Document, mark);
            }
            Ready::Qr(square, area) => {
                let mark = paper.begin(b"Figure");
                qr(&mut paper, &square, area);
                paper.end();
                let figure = drawing.leaf(b"Figure", StructureParent::Document, mark);
                drawing.describe(figure, "核验二维码", paper.rect(area));
            }
            Ready::Picture(picture, area) => {
                let mark = paper.begin(b"Figure");
                portrait(&mut paper, &picture, area, drawing.pictures.len());
                paper.end();
                let figure = drawing.leaf(b"Figure", StructureParent::Document, mark);
                drawing.describe(figure, "持证主体照片", paper.rect(area));
                drawing.pictures.push(picture);
            }
            Ready::Table(table) => table.paint(&mut paper, fonts, &mut drawing),
        }
    }
    drawing.close(paper);
    drawing
}

fn qr(paper: &mut Paper, square: &QrSquare, area: Area) {
    let place = paper.rect(area);
    let side = area.w.to_points() / f32::from(square.modules);
    paper.fill(area, Color([1.0; 3]));
    paper.fill_color(Color::BLACK);
    let content = &mut paper.content;
    content.save_state();
    let exact = |part: f32| (part * 100_000.0).round() / 100_000.0;
    content.transform([exact(side), 0.0, 0.0, exact(-side), place.x1, place.y2]);
    for rect in &square.dark {
        let [x, y, w, h] = rect.map(f32::from);
        content.rect(x, y, w, h);
    }
    content.fill_nonzero().restore_state();
}

fn portrait(paper: &mut Paper, picture: &Picture<'_>, area: Area, number: usize) {
    let place = paper.rect(area);
    let (w, h) = (place.x2 - place.x1, place.y2 - place.y1);
    let scale = (w / f32::from(picture.width)).min(h / f32::from(picture.height));
    let (across, down) = (f32::from(picture.width) * scale, f32::from(picture.height) * scale);
    let (x, y) = (place.x1 + (w - across) / 2.0, place.y1 + (h - down) / 2.0);
    let matrix = [across, 0.0, 0.0, down, x, y].map(rounded);
    let name = picture_name(number);
    let content = &mut paper.content;
    content.save_state().transform(matrix);
    content.x_object(Name(name.as_bytes())).restore_state();
}
