//! That a sealed file is what its packet claims: PDF/UA-1, and with it the logical structure of PDF/A-3a.
//!
//! The tree is walked with a reader of its own, beside the content streams it speaks of: the sample of one page, a
//! document of several pages with a table that goes on overleaf, and an annotated copy. Which test holds which checkpoint is said in
//! `docs/standards/pdf-ua-1.md`.
//!
//! Source: ISO 14289-1:2014, 7; Matterhorn Protocol 1.1; ISO 32000-1:2008, 14.6 to 14.9; ISO 19005-3:2012, 6.7.

use std::collections::{BTreeMap, BTreeSet};

use super::archival::{objects, references, unpacked};
use super::revision::Revision;
use super::syntax::{Dict, Object, Parser};
use super::{Art, CompiledFace, DrawValue, FaceFile, FieldShown, draw, testing};

/// What an element holds.
enum Held<'f> {
    Element(Element<'f>),
    /// The page and the number of a marked part.
    Mark(usize, usize),
    /// An annotation.
    Object(usize),
}

/// An element of the structure tree.
struct Element<'f> {
    number: usize,
    dict: Dict<'f>,
    held: Vec<Held<'f>>,
}

impl Element<'_> {
    fn role(&self) -> &str {
        match self.dict.get("S") {
            Some(Object::Name(role)) => std::str::from_utf8(role).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        self.held.iter().filter_map(|held| match held {
            Held::Element(element) => Some(element),
            _ => None,
        })
    }

    /// This element and all below it, in the order of reading.
    fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        found.extend(self.children().flat_map(Self::all));
        found
    }
}

fn read<'f>(file: &Revision<'f>, number: usize, parent: usize) -> Element<'f> {
    let dict = file.dict(number).unwrap();
    assert_eq!(dict.reference("P"), Some(parent), "{number}");
    let page = dict.reference("Pg");
    let kids = match dict.get("K") {
        Some(Object::Array(kids)) => &kids[..],
        Some(kid) => std::slice::from_ref(kid),
        None => panic!("an element that holds nothing: {dict:?}"),
    };
    let mark = |n: &i64| usize::try_from(*n).unwrap();
    let hold = |kid: &Object<'f>| match kid {
        Object::Reference(kid) => Held::Element(read(file, *kid, number)),
        Object::Integer(n) => Held::Mark(page.unwrap(), mark(n)),
        Object::Dict(kid) if kid.is_name("Type", "MCR") => {
            Held::Mark(kid.reference("Pg").unwrap(), kid.integer("MCID").unwrap())
        }
        Object::Dict(kid) if kid.is_name("Type", "OBJR") => {
            Held::Object(kid.reference("Obj").unwrap())
        }
        other => panic!("{other:?}"),
    };
    let held = kids.iter().map(hold).collect();
    Element { number, dict, held }
}

fn document<'f>(file: &Revision<'f>) -> (Dict<'f>, Element<'f>) {
    let number = file.catalog().unwrap().reference("StructTreeRoot").unwrap();
    let root = file.dict(number).unwrap();
    let document = read(file, root.reference("K").unwrap(), number);
    assert_eq!(document.role(), "Document");
    (root, document)
}

/// The pages of a file, by number.
fn pages<'f>(file: &Revision<'f>) -> Vec<(usize, Dict<'f>)> {
    let all = (1..).zip(objects(file)).filter_map(|(number, object)| match object {
        Object::Dict(dict) if dict.is_name("Type", "Page") => Some((number, dict)),
        _ => None,
    });
    all.collect()
}

/// For each key of the parent tree what it leads to.
fn parent_tree(root: &Dict<'_>) -> BTreeMap<usize, usize> {
    let numbers = root.dict("ParentTree").unwrap().array("Nums").unwrap();
    let pairs = numbers.chunks(2).map(|pair| match pair {
        [Object::Integer(key), Object::Reference(number)] => {
            (usize::try_from(*key).unwrap(), *number)
        }
        other => panic!("{other:?}"),
    });
    let found: BTreeMap<_, _> = pairs.collect();
    assert!(found.len() * 2 == numbers.len(), "a key comes twice");
    assert!(root.integer("ParentTreeNextKey").unwrap() > *found.keys().last().unwrap());
    found
}

/// The documents that are walked, each with what it is called in a message.
fn documents() -> [(&'static str, Vec<u8>); 3] {
    [
        ("one page", testing::sealed()),
        ("several pages", several_pages()),
        ("an annotated copy", testing::sealed_copy()),
    ]
}

/// A license of a shipped type with a duplicate and more changes than one page holds.
fn several_pages() -> Vec<u8> {
    const FACE: &str = include_str!("../../templates/types/11990000MD0000008F011/face.toml");
    let file = FaceFile::parse(FACE).unwrap();
    let fields: Vec<_> = file.fields().map(|(code, shown)| (code.to_owned(), shown)).collect();
    let art = Art::read(include_str!("../../templates/types/11990000MD0000008F011/art.svg"));
    let art = [("art.svg".to_owned(), art.unwrap())];
    let face = CompiledFace::with_art(file, &art, testing::fonts()).unwrap();
    let rows: Vec<Vec<String>> =
        (1..40).map(|n| (1..=4).map(|part| format!("第{n}次{part}")).collect()).collect();
    let columns = ["变更日期", "变更事项", "变更内容", "核准机关"];
    let value = |shown: &FieldShown| match shown {
        FieldShown::Table { .. } => DrawValue::Table { columns: &columns, rows: &rows },
        _ => DrawValue::Text("示例"),
    };
    let values: Vec<_> = fields.iter().map(|(code, shown)| (&code[..], value(shown))).collect();
    let sample = testing::sample();
    let drawn = draw(&face, testing::fonts(), &sample.face_input(&values)).unwrap();
    let sealed = drawn.assemble(&sample.binding(&[])).unwrap().seal(testing::CMS).unwrap();
    assert!(pages(&Revision::open(&sealed).unwrap()).len() > 4);
    sealed
}

/// Matterhorn 01: real content is tagged, the rest is an artifact, and neither lies in the other.
#[test]
fn everything_on_a_page_is_an_element_or_an_artifact() {
    for (name, bytes) in documents() {
        let file = Revision::open(&bytes).unwrap();
        let (root, document) = document(&file);
        let mut owners = BTreeMap::new();
        for element in document.all() {
            for held in &element.held {
                if let Held::Mark(page, mark) = held {
                    let before = owners.insert((*page, *mark), element.number);
                    assert_eq!(before, None, "{name}: a part that belongs to two elements");
                }
            }
        }
        let tree = parent_tree(&root);
        let mut painted = BTreeSet::new();
        for (number, page) in pages(&file) {
            let list = file.object(tree[&page.integer("StructParents").unwrap()]).unwrap().0;
            let Object::Array(list) = list else { panic!("{list:?}") };
            for (mark, parent) in references(&list).into_iter().enumerate() {
                assert_eq!(owners.get(&(number, mark)), Some(&parent), "{name}: part {mark}");
            }
            for stream in references(page.array("Contents").unwrap()) {
                let content = unpacked(&file, stream);
                for mark in marks(&content) {
                    assert!(mark < list.len() && painted.insert((number, mark)), "{name}: {mark}");
                }
            }
        }
        assert!(owners.keys().eq(painted.iter()), "{name}: marked and painted are not the same");
    }
}

/// The numbers of the marked parts, of which nothing is painted outside.
fn marks(content: &[u8]) -> Vec<usize> {
    let mut parser = Parser::new(content, 0);
    let (mut found, mut open) = (Vec::new(), false);
    let mut before = None;
    while let Some(object) = parser.object() {
        if let Object::Other(word) = &object {
            let painting: [&[u8]; 7] = [b"Tj", b"S", b"f", b"B", b"Do", b"f*", b"B*"];
            assert!(open || !painting.contains(word), "painted outside of any mark");
            if *word == b"BMC" || *word == b"BDC" {
                assert!(!open, "a mark within a mark");
                open = true;
                match &before {
                    Some(Object::Dict(facts)) if facts.get("MCID").is_some() => {
                        found.push(facts.integer("MCID").unwrap());
                    }
                    Some(Object::Dict(facts)) => assert!(facts.get("Type").is_some()),
                    other => assert!(matches!(other, Some(Object::Name(b"Artifact")))),
                }
            }
            if *word == b"EMC" {
                assert!(std::mem::take(&mut open));
            }
        }
        before = Some(object);
    }
    assert!(!open);
    found
}

/// Matterhorn 02, 09, 14, 15: roles of the standard alone, headings that skip no level, whole tables.
#[test]
fn roles_are_those_of_the_standard_and_nest_as_they_may() {
    let known = ["Document", "H1", "H2", "P", "Figure", "Form", "Table", "TR", "TH", "TD"];
    for (name, bytes) in documents() {
        let file = Revision::open(&bytes).unwrap();
        let (root, document) = document(&file);
        assert!(root.get("RoleMap").is_none() && root.get("ClassMap").is_none());
        let mut level = 0;
        let mut tables = 0;
        for element in document.all() {
            let role = element.role();
            assert!(known.contains(&role), "{name}: {role}");
            if let Some(found) = role.strip_prefix('H') {
                let found: u32 = found.parse().unwrap();
                assert!(found <= level + 1, "{name}: H{found} after H{level}");
                level = found;
            }
            let below: Vec<_> = element.children().map(Element::role).collect();
            let may: &[&str] = match role {
                "Document" => &["H1", "H2", "P", "Figure", "Form", "Table"],
                "Table" => &["TR"],
                "TR" => &["TH", "TD"],
                _ => &[],
            };
            assert!(below.iter().all(|role| may.contains(role)), "{name}: {below:?} in {role}");
            if role == "Table" {
                tables += 1;
                let rows: Vec<Vec<_>> = element
                    .children()
                    .map(|row| row.children().map(Element::role).collect())
                    .collect();
                let (head, body) = rows.split_first().unwrap();
                assert!(!body.is_empty() && head.iter().all(|role| *role == "TH"), "{name}");
                for row in body {
                    assert!(row.len() == head.len() && row.iter().all(|role| *role == "TD"));
                }
            }
            if role == "TH" {
                let attributes = element.dict.dict("A").unwrap();
                assert!(attributes.is_name("O", "Table") && attributes.is_name("Scope", "Column"));
            }
        }
        assert_eq!((level > 0, tables), (true, 1), "{name}");
    }
}

/// Matterhorn 13, 28: what is no text has words instead, and says where it stands; the seal is a form that leads to
/// its widget and back.
#[test]
fn pictures_and_the_seal_have_words_and_a_place() {
    for (name, bytes) in documents() {
        let file = Revision::open(&bytes).unwrap();
        let (root, document) = document(&file);
        let tree = parent_tree(&root);
        let (mut figures, mut forms) = (0, 0);
        for element in document.all() {
            let role = element.role();
            if role != "Figure" && role != "Form" {
                continue;
            }
            assert!(element.dict.text("Alt").is_some_and(|words| words.chars().count() > 3));
            let attributes = element.dict.dict("A").unwrap();
            assert!(attributes.is_name("O", "Layout"));
            assert_eq!(attributes.array("BBox").map(<[_]>::len), Some(4), "{name}: {role}");
            if role == "Figure" {
                figures += 1;
                continue;
            }
            forms += 1;
            let [Held::Object(widget)] = element.held[..] else { panic!("{name}: a form of many") };
            let page = element.dict.reference("Pg").unwrap();
            let page = file.dict(page).unwrap();
            assert!(references(page.array("Annots").unwrap()) == [widget]);
            let widget = file.dict(widget).unwrap();
            assert!(widget.is_name("Subtype", "Widget"));
            assert_eq!(tree[&widget.integer("StructParent").unwrap()], element.number);
            assert!(widget.text("TU").is_some());
            assert_eq!(widget.text("TU"), element.dict.text("Alt"));
            assert_eq!(widget.text("TU"), widget.text("Contents"));
        }
        assert!(figures >= 1 && forms == 1, "{name}: {figures} figures, {forms} forms");
    }
}

/// Matterhorn 06, 07, 11, 28: title, language, tab order; nothing suspect.
#[test]
fn the_document_says_its_title_and_its_language() {
    for (name, bytes) in documents() {
        let file = Revision::open(&bytes).unwrap();
        let catalog = file.catalog().unwrap();
        assert_eq!(catalog.text("Lang").as_deref(), Some("zh-CN"));
        let [mark, viewer] =
            ["MarkInfo", "ViewerPreferences"].map(|key| catalog.dict(key).unwrap());
        assert_eq!(mark.get("Marked"), Some(&Object::Other(b"true")), "{name}");
        assert!(mark.get("Suspects").is_none() && mark.get("UserProperties").is_none());
        assert_eq!(viewer.get("DisplayDocTitle"), Some(&Object::Other(b"true")));
        for (_, page) in pages(&file) {
            assert!(page.is_name("Tabs", "S"), "{name}");
        }
        // Names and numbers are in no language (ISO 14289-1, 7.2; WCAG 3.1.2): there is none to change to.
        let (_, document) = document(&file);
        assert!(document.all().iter().all(|element| element.dict.get("Lang").is_none()));
    }
}
