//! The structure of a document: its pages, what their parts are, and in which order they are read.
//!
//! Whoever cannot see the page has it read aloud from here. Every marked part of a content stream belongs to one
//! element; an element may have parts on several pages; the seal field is an element too.
//!
//! A [`Drawing`] is filled page by page: what is marked next is on the page opened last.
//!
//! Source: ISO 32000-1:2008, 14.7 "Logical structure", 14.8 "Tagged PDF"; ISO 14289-1 (PDF/UA-1), 7.

use std::borrow::Cow;

use pdf_writer::writers::{Page, StructElement};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, TextStr};

use super::face::{CompiledPage, object};
use super::paper::{FontSet, Paper};
use super::portrait::Picture;
use super::qr::QrSquare;
use super::units::{Mm, rounded};

/// The values of one license, drawn.
pub(super) struct Drawing<'a> {
    /// The fonts of all pages; there once the last page is finished.
    pub(super) fonts: Option<FontSet>,
    pub(super) pictures: Vec<Picture<'a>>,
    /// The QR square; there once the last page is finished.
    pub(super) square: Option<QrSquare>,
    /// On which page the seal stands, and where.
    pub(super) seal: Option<(usize, Rect)>,
    pub(super) sheets: Vec<Sheet>,
    /// Children of the document in the order of reading.
    pub(super) kids: Vec<Ref>,
    parts: Vec<StructurePart>,
    pub(super) next: Ref,
}

/// One page, drawn.
pub(super) struct Sheet {
    /// The page object.
    pub(super) page: Ref,
    pub(super) width: Mm,
    pub(super) height: Mm,
    /// Height of the strip below the page that an annotation is printed on; 0 where there is none.
    pub(super) strip: Mm,
    /// The content stream that lies beneath, made with the face.
    pub(super) background: Ref,
    /// The number of the content stream that is drawn anew.
    pub(super) values: Ref,
    /// The number of the list that leads from marked parts to elements.
    pub(super) parents: Ref,
    /// What `values` will hold; empty until the page is finished.
    pub(super) content: Content,
    /// For each marked part of the page its element, those of the background first.
    pub(super) marks: Vec<Ref>,
}

impl Sheet {
    /// The place of the page in the parent tree.
    fn key(number: usize) -> i32 {
        i32::try_from(number).unwrap_or(i32::MAX)
    }

    /// The number of the first part that is marked on the page anew.
    pub(super) fn first_mark(&self) -> i32 {
        Self::key(self.marks.len())
    }
}

/// One element of the structure tree.
struct StructurePart {
    id: Ref,
    role: &'static [u8],
    parent: Ref,
    /// The page on which it begins.
    sheet: usize,
    kids: Vec<Kid>,
    alternative: Cow<'static, str>,
    /// Where it stands, if it is a thing on one page and no text.
    bounds: Option<Rect>,
}

/// What an element holds.
enum Kid {
    /// A marked part of a page.
    Mark {
        sheet: usize,
        number: i32,
    },
    Part(Ref),
}

/// Where an element of the structure tree hangs.
#[derive(Clone, Copy)]
pub(super) enum StructureParent {
    Document,
    Group(usize),
}

impl<'a> Drawing<'a> {
    /// A drawing that has no page yet; its objects are numbered from `next`.
    pub(super) fn new(next: Ref) -> Self {
        Self {
            fonts: None,
            pictures: Vec::new(),
            square: None,
            seal: None,
            sheets: Vec::with_capacity(1),
            kids: Vec::with_capacity(64),
            parts: Vec::with_capacity(64),
            next,
        }
    }

    /// Finishes the page in hand, if there is one, and opens the next.
    pub(super) fn turn(&mut self, paper: &mut Paper, page: &CompiledPage) {
        let sheet = page.sheet(&mut self.next);
        let content = paper.turn(sheet.height, sheet.first_mark());
        if let Some(last) = self.sheets.last_mut() {
            last.content = content;
        }
        self.sheets.push(sheet);
    }

    /// Finishes the last page.
    pub(super) fn close(&mut self, paper: Paper) {
        if let Some(last) = self.sheets.last_mut() {
            last.content = paper.content;
        }
        self.fonts = Some(paper.fonts);
    }

    /// Adds an element that holds the marked part `mark` of the page in hand, and gives its number.
    pub(super) fn leaf(
        &mut self,
        role: &'static [u8],
        parent: StructureParent,
        mark: i32,
    ) -> usize {
        let number = self.group(role, parent);
        self.more(number, mark);
        number
    }

    /// Adds the marked part `mark` of the page in hand to an element.
    pub(super) fn more(&mut self, number: usize, mark: i32) {
        let sheet = self.sheet();
        if let (Some(part), Some(page)) = (self.parts.get_mut(number), self.sheets.last_mut()) {
            part.kids.push(Kid::Mark { sheet, number: mark });
            page.marks.push(part.id);
        }
    }

    /// Says what an element shows, and where, to those who cannot see it.
    pub(super) fn describe(
        &mut self,
        number: usize,
        alternative: impl Into<Cow<'static, str>>,
        bounds: Rect,
    ) {
        if let Some(part) = self.parts.get_mut(number) {
            part.alternative = alternative.into();
            part.bounds = Some(bounds);
        }
    }

    /// Says where an element stands that is on one page as a whole.
    pub(super) fn bound(&mut self, number: usize, bounds: Rect) {
        if let Some(part) = self.parts.get_mut(number) {
            part.bounds = Some(bounds);
        }
    }

    /// Adds an element that holds others, and gives the number to hang them on.
    pub(super) fn group(&mut self, role: &'static [u8], parent: StructureParent) -> usize {
        let id = self.next.bump();
        let parent = match parent {
            StructureParent::Group(number) => match self.parts.get_mut(number) {
                Some(group) => {
                    group.kids.push(Kid::Part(id));
                    group.id
                }
                None => object::DOCUMENT,
            },
            StructureParent::Document => {
                self.kids.push(id);
                object::DOCUMENT
            }
        };
        let sheet = self.sheet();
        let (kids, alternative, bounds) = (Vec::new(), Cow::Borrowed(""), None);
        self.parts.push(StructurePart { id, role, parent, sheet, kids, alternative, bounds });
        self.parts.len() - 1
    }

    /// Adds an element for the next marked part of a finished page, to be read before all else that is on it.
    pub(super) fn preface(&mut self, role: &'static [u8], sheet: usize) {
        let Some(number) = self.sheets.get(sheet).map(Sheet::first_mark) else { return };
        let beginning =
            self.kids.iter().position(|kid| self.home(*kid).is_some_and(|h| h >= sheet));
        let beginning = beginning.unwrap_or(self.kids.len());
        let id = self.next.bump();
        self.kids.insert(beginning, id);
        let (parent, kids) = (object::DOCUMENT, vec![Kid::Mark { sheet, number }]);
        let (alternative, bounds) = (Cow::Borrowed(""), None);
        self.parts.push(StructurePart { id, role, parent, sheet, kids, alternative, bounds });
        if let Some(sheet) = self.sheets.get_mut(sheet) {
            sheet.marks.push(id);
        }
    }

    /// The page on which an element begins.
    fn home(&self, element: Ref) -> Option<usize> {
        if element == object::SEAL_PART {
            return self.seal.map(|(sheet, _)| sheet);
        }
        let drawn = self.parts.iter().find(|part| part.id == element).map(|part| part.sheet);
        // What was made with the face is known by its marks.
        drawn.or_else(|| self.sheets.iter().position(|sheet| sheet.marks.contains(&element)))
    }

    /// The number of the page in hand.
    pub(super) fn sheet(&self) -> usize {
        self.sheets.len().saturating_sub(1)
    }

    /// The seal stands in `rect` on the page in hand.
    pub(super) fn seal(&mut self, rect: Rect) {
        self.seal = Some((self.sheet(), rect));
        self.kids.push(object::SEAL_PART);
    }

    /// The page object with this number.
    pub(super) fn page(&self, number: usize) -> Ref {
        self.sheets.get(number).map_or(object::PAGE, |sheet| sheet.page)
    }

    /// The place of the seal in the parent tree: behind all pages.
    pub(super) fn seal_key(&self) -> i32 {
        Sheet::key(self.sheets.len())
    }
}

/// What the content calls the QR square.
pub(super) const SQUARE: &[u8] = b"Qr";

/// What the content calls the picture with this number.
pub(super) fn picture_name(number: usize) -> String {
    format!("I{number}")
}

/// Writes into a page what leads from it to the structure.
pub(super) fn tie(page: &mut Page<'_>, number: usize) {
    page.struct_parents(Sheet::key(number));
    page.tab_order(pdf_writer::types::TabOrder::StructureOrder);
}

/// Writes the structure tree; the seal is described with `seal_words`.
pub(super) fn structure(pdf: &mut Pdf, drawing: &Drawing<'_>, seal_words: &str) {
    let mut root = pdf.indirect(object::STRUCTURE).dict();
    root.pair(Name(b"Type"), Name(b"StructTreeRoot"));
    root.pair(Name(b"K"), object::DOCUMENT);
    let mut tree = root.insert(Name(b"ParentTree")).dict();
    let mut numbers = tree.insert(Name(b"Nums")).array();
    for (number, sheet) in drawing.sheets.iter().enumerate() {
        numbers.item(Sheet::key(number)).item(sheet.parents);
    }
    if drawing.seal.is_some() {
        numbers.item(drawing.seal_key()).item(object::SEAL_PART);
    }
    numbers.finish();
    tree.finish();
    root.pair(Name(b"ParentTreeNextKey"), drawing.seal_key() + 1);
    root.finish();

    let mut document = pdf.indirect(object::DOCUMENT).dict();
    document.pair(Name(b"Type"), Name(b"StructElem")).pair(Name(b"S"), Name(b"Document"));
    document.pair(Name(b"P"), object::STRUCTURE);
    document.insert(Name(b"K")).array().items(&drawing.kids);
    document.finish();

    for part in &drawing.parts {
        element(pdf.struct_element(part.id), part, drawing);
    }
    for sheet in &drawing.sheets {
        pdf.indirect(sheet.parents).array().items(&sheet.marks);
    }

    let Some((sheet, rect)) = drawing.seal else { return };
    let mut seal = pdf.struct_element(object::SEAL_PART);
    seal.pair(Name(b"S"), Name(b"Form"));
    seal.parent(object::DOCUMENT).page(drawing.page(sheet)).alt(TextStr(seal_words));
    let mut child = seal.insert(Name(b"K")).dict();
    child.pair(Name(b"Type"), Name(b"OBJR")).pair(Name(b"Obj"), object::SEAL_FIELD);
    child.finish();
    stand(&mut seal, rect);
}

fn element(mut dict: StructElement<'_>, part: &StructurePart, drawing: &Drawing<'_>) {
    dict.pair(Name(b"S"), Name(part.role));
    // The page on which it begins; marked parts on other pages name theirs.
    dict.parent(part.parent).page(drawing.page(part.sheet));
    if let [Kid::Mark { number, sheet }] = &part.kids[..]
        && *sheet == part.sheet
    {
        dict.pair(Name(b"K"), *number);
    } else {
        let mut kids = dict.insert(Name(b"K")).array();
        for kid in &part.kids {
            match kid {
                Kid::Part(id) => {
                    kids.item(*id);
                }
                Kid::Mark { sheet, number } if *sheet == part.sheet => {
                    kids.item(*number);
                }
                Kid::Mark { sheet, number } => {
                    let mut mark = kids.push().dict();
                    mark.pair(Name(b"Type"), Name(b"MCR"));
                    mark.pair(Name(b"Pg"), drawing.page(*sheet)).pair(Name(b"MCID"), *number);
                }
            }
        }
    }
    if !part.alternative.is_empty() {
        dict.alt(TextStr(&part.alternative));
    }
    if part.role == b"TH" {
        let mut attributes = dict.insert(Name(b"A")).dict();
        attributes.pair(Name(b"O"), Name(b"Table")).pair(Name(b"Scope"), Name(b"Column"));
    } else if let Some(bounds) = part.bounds {
        stand(&mut dict, bounds);
    }
}

/// Says where a thing stands on its page (ISO 32000-1, 14.8.5.4.3).
fn stand(dict: &mut StructElement<'_>, bounds: Rect) {
    let mut attributes = dict.insert(Name(b"A")).dict();
    attributes.pair(Name(b"O"), Name(b"Layout"));
    let sides = [bounds.x1, bounds.y1, bounds.x2, bounds.y2].map(rounded);
    attributes.insert(Name(b"BBox")).array().items(sides);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::assemble::assemble;
    use crate::pdf::face::CompiledFace;
    use crate::pdf::face_template::{Area, Color, Element, FaceFile, TextStyle};
    use crate::pdf::font::FontRole;
    use crate::pdf::layout::{Align, Measured, Valign};
    use crate::pdf::paper::text_box;
    use crate::pdf::revision::Revision;
    use crate::pdf::syntax::Object;
    use crate::pdf::testing;

    /// A paragraph that goes on overleaf, a table row there, and the seal on the second page.
    #[test]
    fn marks_are_counted_by_the_page_and_lead_to_their_elements() {
        let mut file = FaceFile::parse(testing::FACE_TOML).unwrap();
        file.pages[0].elements.retain(|element| !matches!(element, Element::Text { .. }));
        let second = file.pages[0].clone();
        file.pages.push(second);
        let face = CompiledFace::new(file, testing::fonts()).unwrap();
        let mut drawing = Drawing::new(face.next);
        let mut paper = Paper::new(Mm(0.0), 0, 'D');
        drawing.turn(&mut paper, &face.pages[0]);
        let area = Area { x: Mm(20.0), y: Mm(20.0), w: Mm(80.0), h: Mm(10.0) };
        let style = TextStyle {
            font: FontRole::Body,
            size_pt: 10.0,
            min_size_pt: 10.0,
            line_height: 1.0,
            align: Align::Left,
            valign: Valign::Top,
            color: Color::BLACK,
            letter_spacing_pt: 0.0,
            vertical: false,
            spaced: true,
        };
        let write = |paper: &mut Paper, text| {
            let measured = Measured::new(testing::fonts(), style.font, text).unwrap();
            let setting = measured.set(&text_box(area, &style)).unwrap();
            let mark = paper.begin(b"P");
            paper.text(&measured, &setting, style.color);
            paper.end();
            mark
        };
        let first = write(&mut paper, "第一页");
        let paragraph = drawing.leaf(b"P", StructureParent::Document, first);
        drawing.turn(&mut paper, &face.pages[1]);
        let second = write(&mut paper, "第二页");
        drawing.more(paragraph, second);
        let table = drawing.group(b"Table", StructureParent::Document);
        let row = drawing.group(b"TR", StructureParent::Group(table));
        let third = write(&mut paper, "格");
        drawing.leaf(b"TD", StructureParent::Group(row), third);
        assert_eq!([first, second, third], [0, 0, 1]);
        drawing.seal(paper.rect(area));
        let page = drawing.page(1);
        drawing.close(paper);
        let sample = testing::sample();
        let binding = sample.binding(&[]);
        let (bytes, _) =
            assemble(&face, testing::fonts(), testing::LICENSE_ID, &binding, drawing, true)
                .unwrap();

        let file = Revision::open(&bytes).unwrap();
        let root = file.catalog().and_then(|catalog| catalog.reference("StructTreeRoot")).unwrap();
        let root = file.dict(root).unwrap();
        let tree = root.dict("ParentTree").unwrap();
        let Some(
            &[
                Object::Integer(0),
                Object::Reference(front),
                Object::Integer(1),
                Object::Reference(back),
                Object::Integer(2),
                Object::Reference(seal),
            ],
        ) = tree.array("Nums")
        else {
            panic!("{tree:?}")
        };
        assert_eq!(root.integer("ParentTreeNextKey"), Some(3));
        let elements = |number| match file.object(number) {
            Some((Object::Array(list), _)) => list,
            other => panic!("{}", other.is_some()),
        };
        let (front, back) = (elements(front), elements(back));
        assert!(front.len() == 1 && back.len() == 2 && front[0] == back[0]);
        let Object::Reference(paragraph) = front[0] else { panic!("{front:?}") };
        let paragraph = file.dict(paragraph).unwrap();
        let Some([Object::Integer(0), Object::Dict(mark)]) = paragraph.array("K") else {
            panic!("{paragraph:?}")
        };
        let page_number = usize::try_from(page.get()).unwrap();
        assert!(mark.is_name("Type", "MCR") && mark.integer("MCID") == Some(0));
        assert_eq!(mark.reference("Pg"), Some(page_number));
        let form = file.dict(seal).unwrap();
        assert!(form.is_name("S", "Form") && form.reference("Pg") == Some(page_number));
        let page = file.dict(page_number).unwrap();
        assert_eq!(
            (page.integer("StructParents"), page.array("Annots").map(<[_]>::len)),
            (Some(1), Some(1))
        );
    }
}
