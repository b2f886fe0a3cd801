//! What a later revision looks like, to the byte.
//!
//! Long after sealing, validation data and document time-stamps are appended. [`render`] writes such a revision
//! from the state of the file before it and from what is added, and it writes it in one way only, so that
//! [`History`](super::history::History) reads a later revision by taking out what was added, rendering it anew
//! and comparing every byte. A later revision has, in this order:
//!
//! 1. new certificates, CRLs and OCSP responses, a plain stream each;
//! 2. where there are some, a new DSS dictionary that lists the old ones and then the new;
//! 3. with a time-stamp, its field (which is also its widget) and its signature dictionary with the gap;
//! 4. with a time-stamp, the page of the seal again, with one annotation more;
//! 5. the catalog again, with the new DSS, one field more, and the extension that names both;
//! 6. a cross-reference table of exactly these objects, and a trailer that names the table before.
//!
//! All other objects have new numbers: nothing but that page and the catalog is ever defined again.
//!
//! The widget has no size and lies outside the page. It therefore needs no appearance (ISO 19005-3, 6.3.3), no
//! place in the structure tree (ISO 14289-1, 7.18.1), and is an invisible signature to every reader.
//!
//! Source: ISO 32000-1:2008, 7.5.6 "Incremental updates", 12.7.4.5, 12.8; ETSI EN 319 142-1, 5.4.2, 5.4.3.

use std::fmt::Write as _;
use std::ops::Range;

use super::revision::{MAX_OBJECTS, Revision};
use super::syntax::{Dict, Object};
use crate::crypto::Digest;
use crate::domain::time::Moment;

/// The lists of a DSS dictionary, in our order.
pub(super) const LISTS: [&str; 3] = ["Certs", "CRLs", "OCSPs"];
/// Stands where the range will stand, and is as long as it can get.
const RANGE: &str = "0 2147483647 2147483647 2147483647";

/// The state of a file that the next revision stands on.
#[derive(Clone, Debug)]
pub(super) struct Newest<'f> {
    /// Length of the file up to here.
    pub(super) end: usize,
    /// Where its last cross-reference table begins.
    pub(super) table: usize,
    /// The first number that no object has.
    pub(super) size: usize,
    root: usize,
    /// The trailer of the first revision.
    trailer: Dict<'f>,
    pub(super) catalog: Dict<'f>,
    /// The page of the seal, with its number.
    pub(super) page: Option<(usize, Dict<'f>)>,
    /// Numbers of the streams in each of the [`LISTS`].
    pub(super) data: [Vec<usize>; 3],
}

impl<'f> Newest<'f> {
    /// The state after the first revision, whose DSS lists `data`.
    pub(super) fn first(file: &Revision<'f>, catalog: Dict<'f>, data: [Vec<usize>; 3]) -> Self {
        let page = || {
            let [Object::Reference(field), ..] = catalog.dict("AcroForm")?.array("Fields")? else {
                return None;
            };
            let number = file.dict(*field)?.reference("P")?;
            Some((number, file.dict(number)?))
        };
        Self {
            end: file.bytes().len(),
            table: file.table,
            size: file.size(),
            root: file.root,
            trailer: file.trailer.clone(),
            page: page(),
            catalog,
            data,
        }
    }
}

/// A document time-stamp to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    /// When, by our own clock. Proves nothing.
    pub(super) at: Moment,
    /// Longest token, in bytes.
    pub(super) gap_len: usize,
}

/// A revision as it is appended, but for the token in its gap.
pub(super) struct Written<'f> {
    /// Begins right behind the end of the file.
    pub(super) bytes: Vec<u8>,
    /// The gap in `bytes`, from `<` to `>`, both included; filled with zeros.
    pub(super) gap: Option<Range<usize>>,
    /// The state after it.
    pub(super) next: Newest<'f>,
}

impl Written<'_> {
    /// The range of the time-stamp: everything but the gap.
    pub(super) fn range(&self) -> Option<[usize; 4]> {
        let gap = self.gap.as_ref()?;
        let base = self.next.end - self.bytes.len();
        Some([0, base + gap.start, base + gap.end, self.bytes.len() - gap.end])
    }
}

/// The revision that adds `new` data to each of the [`LISTS`], and a time-stamp.
///
/// `None` where the file has no room for it: too many objects, or a page or form that is not as we write them.
pub(super) fn render<'f>(
    newest: &Newest<'f>,
    new: [&[&[u8]]; 3],
    stamp: Option<Stamp>,
) -> Option<Written<'f>> {
    let mut next = newest.clone();
    let mut body = Body { base: newest.end, bytes: vec![b'\n'], places: Vec::new() };
    for (list, numbers) in new.into_iter().zip(&mut next.data) {
        for data in list {
            let number = bump(&mut next.size);
            body.begin(number, &format!("<</Length {}>>\nstream\n", data.len()));
            body.bytes.extend(*data);
            body.end("\nendstream");
            numbers.push(number);
        }
    }
    if new.iter().any(|list| !list.is_empty()) {
        let mut store = Dict::default().with("Type", Object::Name(b"DSS"));
        for (key, numbers) in LISTS.into_iter().zip(&next.data) {
            if !numbers.is_empty() {
                let list = numbers.iter().map(|number| Object::Reference(*number));
                store = store.with(key, Object::Array(list.collect()));
            }
        }
        let number = bump(&mut next.size);
        body.dict(number, &store);
        next.catalog = next.catalog.with("DSS", Object::Reference(number));
    }
    let (mut gap, mut range) = (None, 0..0);
    if let Some(stamp) = stamp {
        let form = next.catalog.dict("AcroForm")?.clone();
        let (field, signature) = (bump(&mut next.size), bump(&mut next.size));
        // The seal is a field too, so the number of fields is the number of this time-stamp.
        let ordinal = form.array("Fields")?.len();
        let (page_number, page) = next.page.take()?;
        body.begin(field, &widget(ordinal, signature, page_number, stamp.at));
        body.end("");
        body.begin(signature, "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161");
        body.bytes.extend(b"/ByteRange[");
        range = body.bytes.len()..body.bytes.len() + RANGE.len();
        body.bytes.extend(RANGE.as_bytes());
        body.bytes.extend(b"]/Contents");
        let start = body.bytes.len();
        let end = start.checked_add(stamp.gap_len.checked_mul(2)?)?.checked_add(2)?;
        body.bytes.push(b'<');
        body.bytes.resize(end - 1, b'0');
        gap = Some(start..end);
        body.bytes.push(b'>');
        body.end(">>");
        let page = longer(page, "Annots", field)?;
        body.dict(page_number, &page);
        next.page = Some((page_number, page));
        next.catalog = next.catalog.with("AcroForm", Object::Dict(longer(form, "Fields", field)?));
    }
    if next.size > MAX_OBJECTS {
        return None;
    }
    next.catalog = extended(next.catalog);
    body.dict(next.root, &next.catalog);

    let id = changed_id(&newest.trailer, &body.bytes)?;
    next.table = newest.end + body.bytes.len();
    let number = |number: usize| i64::try_from(number).ok().map(Object::Integer);
    let mut trailer: Dict<'_> = newest.trailer.clone();
    let [part, _] = trailer.array("ID")? else { return None };
    let parts = vec![part.clone(), Object::Hex(id.as_bytes(), 0)];
    trailer = trailer.with("Size", number(next.size)?).with("ID", Object::Array(parts));
    let mut bytes = body.table();
    bytes.extend(b"trailer\n");
    trailer.with("Prev", number(newest.table)?).write(&mut bytes);
    bytes.extend(format!("\nstartxref\n{}\n%%EOF", next.table).into_bytes());
    next.end = newest.end + bytes.len();

    let mut written = Written { bytes, gap, next };
    if let Some([zero, head, tail, len]) = written.range() {
        let numbers = format!("{zero} {head} {tail} {len}");
        let numbers = format!("{numbers:<width$}", width = RANGE.len());
        written.bytes.get_mut(range)?.copy_from_slice(numbers.as_bytes().get(..RANGE.len())?);
    }
    Some(written)
}

/// Takes the next free number.
fn bump(size: &mut usize) -> usize {
    *size += 1;
    *size - 1
}

/// Field and widget of a time-stamp. Its flags are *print* and *locked*.
fn widget(ordinal: usize, signature: usize, page: usize, at: Moment) -> String {
    let at: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
    format!(
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(Timestamp{ordinal})/TU<FEFF65F695F46233>\
         /V {signature} 0 R/F 132/Rect[-1 -1 -1 -1]/P {page} 0 R/M(D:{at}Z)>>"
    )
}

/// `dict`, whose list `key` has one reference more.
fn longer<'f>(dict: Dict<'f>, key: &'static str, number: usize) -> Option<Dict<'f>> {
    let mut list = dict.array(key)?.to_vec();
    list.push(Object::Reference(number));
    Some(dict.with(key, Object::Array(list)))
}

/// `catalog` with the extension of PDF 1.7 that DSS and document time-stamps belong to.
fn extended(catalog: Dict<'_>) -> Dict<'_> {
    let extensions = catalog.dict("Extensions").cloned().unwrap_or_default();
    if extensions.get("ESIC").is_some() {
        return catalog;
    }
    let level = Dict::default().with("BaseVersion", Object::Name(b"1.7"));
    let level = level.with("ExtensionLevel", Object::Integer(1));
    catalog.with("Extensions", Object::Dict(extensions.with("ESIC", Object::Dict(level))))
}

/// The second part of the file identifier, which is to change with each revision, in hexadecimal digits.
fn changed_id(trailer: &Dict<'_>, body: &[u8]) -> Option<String> {
    let mut before = Vec::new();
    Object::Array(trailer.array("ID")?.to_vec()).write(&mut before);
    let mut id = Digest::of_parts(&[&before, body]).to_string().to_ascii_uppercase();
    id.truncate(32);
    Some(id)
}

/// The objects of a revision, one behind the other.
struct Body {
    /// Where the revision begins in its file.
    base: usize,
    bytes: Vec<u8>,
    /// Number and place of each object.
    places: Vec<(usize, usize)>,
}

impl Body {
    fn begin(&mut self, number: usize, text: &str) {
        self.places.push((number, self.base + self.bytes.len()));
        self.bytes.extend(format!("{number} 0 obj\n{text}").into_bytes());
    }

    fn end(&mut self, text: &str) {
        self.bytes.extend(text.as_bytes());
        self.bytes.extend(b"\nendobj\n");
    }

    fn dict(&mut self, number: usize, dict: &Dict<'_>) {
        self.begin(number, "");
        dict.write(&mut self.bytes);
        self.end("");
    }

    /// The objects and their cross-reference table, a section to each run of numbers.
    fn table(mut self) -> Vec<u8> {
        self.places.sort_unstable();
        let mut table = String::from("xref\n");
        for run in self.places.chunk_by(|(one, _), (other, _)| one + 1 == *other) {
            let first = run.first().map_or(0, |(number, _)| *number);
            let _ = writeln!(table, "{first} {}", run.len());
            for (_, at) in run {
                let _ = write!(table, "{at:010} 00000 n\r\n");
            }
        }
        self.bytes.extend(table.into_bytes());
        self.bytes
    }
}
