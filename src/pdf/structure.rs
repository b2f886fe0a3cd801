//! The structure of a document: what its parts are, and in which order they are read.
//!
//! Whoever cannot see the page has it read aloud from here. Every marked part of the content streams belongs to
//! one element; the seal field is an element too.
//!
//! Source: ISO 32000-1:2008, 14.7 "Logical structure", 14.8 "Tagged PDF".

use pdf_writer::{Finish, Name, Pdf, Rect, Ref, TextStr};

use super::face::{CompiledFace, object};
use super::paper::Paper;
use super::portrait::Picture;

/// The values of one license, drawn.
pub(super) struct Drawing<'a> {
    pub(super) paper: Option<Paper>,
    pub(super) pictures: Vec<Picture<'a>>,
    pub(super) seal_rect: Rect,
    /// Children of the document in the order of reading.
    pub(super) kids: Vec<Ref>,
    pub(super) mark_count: i32,
    pub(super) parts: Vec<StructurePart>,
    /// For each marked part of the values its structure element.
    pub(super) marks: Vec<Ref>,
    pub(super) next: Ref,
}

/// One element of the structure tree.
pub(super) struct StructurePart {
    id: Ref,
    role: &'static [u8],
    parent: Ref,
    mark: Option<i32>,
    kids: Vec<Ref>,
    alternative: &'static str,
}

/// Where an element of the structure tree hangs.
#[derive(Clone, Copy)]
pub(super) enum StructureParent {
    Document,
    Group(usize),
}

impl Drawing<'_> {
    pub(super) fn new(next: Ref) -> Self {
        Self {
            paper: None,
            pictures: Vec::new(),
            seal_rect: Rect::new(0.0, 0.0, 0.0, 0.0),
            kids: Vec::with_capacity(64),
            mark_count: 0,
            parts: Vec::with_capacity(64),
            marks: Vec::with_capacity(64),
            next,
        }
    }

    /// Adds an element that holds the marked part `mark`.
    pub(super) fn leaf(
        &mut self,
        role: &'static [u8],
        parent: StructureParent,
        mark: i32,
        alternative: &'static str,
    ) {
        let number = self.add(role, parent, Some(mark));
        if let Some(part) = self.parts.get_mut(number) {
            part.alternative = alternative;
            self.marks.push(part.id);
        }
    }

    /// Adds an element that holds others, and gives the number to hang them on.
    pub(super) fn group(&mut self, role: &'static [u8], parent: StructureParent) -> usize {
        self.add(role, parent, None)
    }

    fn add(&mut self, role: &'static [u8], parent: StructureParent, mark: Option<i32>) -> usize {
        let id = self.next.bump();
        let parent = match parent {
            StructureParent::Group(number) => match self.parts.get_mut(number) {
                Some(group) => {
                    group.kids.push(id);
                    group.id
                }
                None => object::DOCUMENT,
            },
            StructureParent::Document => {
                self.kids.push(id);
                object::DOCUMENT
            }
        };
        let (kids, alternative) = (Vec::new(), "");
        self.parts.push(StructurePart { id, role, parent, mark, kids, alternative });
        self.parts.len() - 1
    }
}

/// What the content calls the picture with this number.
pub(super) fn picture_name(number: usize) -> String {
    format!("I{number}")
}

/// Writes the structure tree.
pub(super) fn structure(
    pdf: &mut Pdf,
    face: &CompiledFace,
    kids: &[Ref],
    parts: &[StructurePart],
    marks: &[Ref],
) {
    let mut root = pdf.indirect(object::STRUCTURE).dict();
    root.pair(Name(b"Type"), Name(b"StructTreeRoot"));
    root.pair(Name(b"K"), object::DOCUMENT);
    let mut tree = root.insert(Name(b"ParentTree")).dict();
    let mut numbers = tree.insert(Name(b"Nums")).array();
    numbers.item(0).item(object::PARENTS).item(1).item(object::SEAL_PART);
    numbers.finish();
    tree.finish();
    root.pair(Name(b"ParentTreeNextKey"), 2);
    root.finish();

    let mut document = pdf.indirect(object::DOCUMENT).dict();
    document.pair(Name(b"Type"), Name(b"StructElem")).pair(Name(b"S"), Name(b"Document"));
    document.pair(Name(b"P"), object::STRUCTURE);
    document.insert(Name(b"K")).array().items(kids);
    document.finish();

    for part in parts {
        let mut dict = pdf.indirect(part.id).dict();
        dict.pair(Name(b"Type"), Name(b"StructElem")).pair(Name(b"S"), Name(part.role));
        dict.pair(Name(b"P"), part.parent);
        match part.mark {
            Some(mark) => {
                dict.pair(Name(b"Pg"), object::PAGE).pair(Name(b"K"), mark);
            }
            None => {
                dict.insert(Name(b"K")).array().items(&part.kids);
            }
        }
        if !part.alternative.is_empty() {
            dict.pair(Name(b"Alt"), TextStr(part.alternative));
        }
        if part.role == b"TH" {
            let mut attributes = dict.insert(Name(b"A")).dict();
            attributes.pair(Name(b"O"), Name(b"Table")).pair(Name(b"Scope"), Name(b"Column"));
        }
        dict.finish();
    }
    pdf.indirect(object::PARENTS).array().items(&face.marks).items(marks);

    let mut seal = pdf.indirect(object::SEAL_PART).dict();
    seal.pair(Name(b"Type"), Name(b"StructElem")).pair(Name(b"S"), Name(b"Form"));
    seal.pair(Name(b"P"), object::DOCUMENT).pair(Name(b"Pg"), object::PAGE);
    let mut child = seal.insert(Name(b"K")).dict();
    child.pair(Name(b"Type"), Name(b"OBJR")).pair(Name(b"Obj"), object::SEAL_FIELD);
    child.finish();
    seal.finish();
}
