//! A file of ours as its first revision and all later ones.
//!
//! The first revision is the sealed document. Each later one may add validation data and a document time-stamp
//! and must be, to the byte, what [`render`] makes of the state before it and of that addition. So a later
//! revision cannot hide, replace or reorder anything: whatever differs is an alteration.
//!
//! Work is in proportion to the length of the file: revisions do not overlap, and each is read once and
//! rendered once.
//!
//! Source: ISO 32000-1:2008, 7.5.6 "Incremental updates".

use std::collections::HashSet;

use super::byte_range::Coverage;
use super::gap::{find_last, held, sequence_len};
use super::later_revision::{LISTS, Newest, Stamp, render};
use super::read::moment;
use super::read_error::Trouble;
use super::revision::{self, Revision};
use super::syntax::{Dict, Object, Parser};

/// Most later revisions. One a year for a working life of documents; our own bound.
pub(super) const MAX_LATER: usize = 64;

/// A document time-stamp taken out of a file. It has not been verified.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentTimestamp<'f> {
    /// The token: one DER value, without the padding of the gap.
    pub token: Vec<u8>,
    /// What it speaks for: everything up to the end of its revision but its own gap.
    pub coverage: Coverage<'f>,
    /// Where its revision ends.
    pub end: usize,
    /// How many of the certificates of the file are under it: the first so many.
    pub certs: usize,
    /// How many of the CRLs of the file are under it: the first so many.
    pub crls: usize,
    /// How many of the OCSP responses of the file are under it: the first so many.
    pub ocsps: usize,
}

/// A file whose revisions account for every byte.
pub(super) struct History<'f> {
    file: &'f [u8],
    pub(super) first: Revision<'f>,
    pub(super) newest: Newest<'f>,
    /// Where each revision ends, the first one first.
    pub(super) ends: Vec<usize>,
    /// The validation data of each of the [`LISTS`].
    pub(super) data: [Vec<&'f [u8]>; 3],
    pub(super) timestamps: Vec<DocumentTimestamp<'f>>,
    known: [HashSet<&'f [u8]>; 3],
}

impl<'f> History<'f> {
    pub(super) fn open(file: &'f [u8]) -> Result<Self, Trouble> {
        let ends = ends(file)?;
        let first = ends.first().and_then(|end| file.get(..*end)).unwrap_or_default();
        let first = Revision::open(first)?;
        let catalog = first.catalog().ok_or(Trouble::Structure("the catalog cannot be read"))?;
        let (numbers, data) =
            store(&first, &catalog).ok_or(Trouble::Structure("the DSS cannot be read"))?;
        let newest = Newest::first(&first, catalog, numbers);
        let known = data.each_ref().map(|list| list.iter().copied().collect());
        let mut history =
            Self { file, first, newest, ends: Vec::new(), data, timestamps: Vec::new(), known };
        for end in ends.iter().skip(1) {
            history.step(*end)?;
        }
        history.ends = ends;
        Ok(history)
    }

    /// Reads the revision that ends at `end` and stands on what was read so far.
    fn step(&mut self, end: usize) -> Result<(), Trouble> {
        let other = Trouble::Structure("a later revision is not as we append them");
        let upto = self.file.get(..end).ok_or(other)?;
        let addition = Addition::find(&self.newest, upto).ok_or(other)?;
        for (kind, list) in addition.data.iter().enumerate() {
            for data in list {
                if !is_data(data) || !self.enter(kind, data) {
                    return Err(Trouble::Structure("validation data is repeated or is no data"));
                }
            }
        }
        let stamp = addition.stamp.map(|(stamp, _)| stamp);
        let new = addition.data.each_ref().map(Vec::as_slice);
        let mut written = render(&self.newest, new, stamp).ok_or(other)?;
        if let (Some(gap), Some((_, digits))) = (&written.gap, addition.stamp) {
            let inside = written.bytes.get_mut(gap.start + 1..gap.end - 1);
            let inside = inside.filter(|inside| inside.len() == digits.len()).ok_or(other)?;
            inside.copy_from_slice(digits);
        }
        if upto.get(self.newest.end..) != Some(&written.bytes[..]) {
            return Err(other);
        }
        if let Some(range) = written.range() {
            let coverage = Coverage::read(range, upto).map_err(Trouble::Coverage)?;
            let token = held(coverage.seal_hex()).ok_or(Trouble::Seal)?;
            let [certs, crls, ocsps] = self.data.each_ref().map(Vec::len);
            let stamp = DocumentTimestamp { token, coverage, end, certs, crls, ocsps };
            self.timestamps.push(stamp);
        }
        self.newest = written.next;
        Ok(())
    }

    /// Takes `data` in unless it is there already.
    fn enter(&mut self, kind: usize, data: &'f [u8]) -> bool {
        let (Some(known), Some(list)) = (self.known.get_mut(kind), self.data.get_mut(kind)) else {
            return false;
        };
        list.push(data);
        known.insert(data)
    }

    /// Whether the file holds this data in the list of this number.
    pub(super) fn holds(&self, kind: usize, data: &[u8]) -> bool {
        self.known.get(kind).is_some_and(|known| known.contains(data))
    }
}

/// Whether these bytes may be appended as validation data: one DER sequence, in which nothing looks like the end
/// of an object to a reader that repairs files.
pub(super) fn is_data(bytes: &[u8]) -> bool {
    sequence_len(bytes) == Some(bytes.len())
        && find_last(bytes, b"endobj").is_none()
        && find_last(bytes, b"endstream").is_none()
}

/// Where each revision of `file` ends, the first one first, told from the last table backwards.
fn ends(file: &[u8]) -> Result<Vec<usize>, Trouble> {
    let mut ends = vec![file.len()];
    let mut end = file.len();
    loop {
        let revision = file.get(..end).unwrap_or_default();
        let (before, table) = revision::end(revision)?;
        let mut parser = Parser::new(before, table);
        // Only the first revision has the head of the list of free objects.
        let begins = parser.expect(b"xref\n");
        if begins.is_none() || parser.expect(b"0 ").is_some() {
            ends.reverse();
            return Ok(ends);
        }
        let other = Trouble::Structure("a later cross-reference table is not ours");
        // In front of a revision's first object stands the line break that parts it from the one before.
        end = first_object(&mut parser).and_then(|at| at.checked_sub(1)).ok_or(other)?;
        if end >= table || ends.len() > MAX_LATER {
            return Err(other);
        }
        ends.push(end);
    }
}

/// The smallest offset of a table that reaches to the end of what is read.
fn first_object(parser: &mut Parser<'_>) -> Option<usize> {
    let mut smallest: Option<usize> = None;
    while parser.expect(b"trailer\n").is_none() {
        parser.digits()?;
        parser.expect(b" ")?;
        let count = parser.digits()?;
        parser.expect(b"\n")?;
        for _ in 0..count {
            let at = parser.digits()?;
            parser.expect(b" 00000 n\r\n")?;
            smallest = Some(smallest.map_or(at, |found| found.min(at)));
        }
    }
    let Object::Dict(_) = parser.object()? else { return None };
    parser.expect(b"\n")?;
    parser.is_at_end().then_some(smallest?)
}

/// Numbers and bytes of the validation data in the first revision.
type Store<'f> = ([Vec<usize>; 3], [Vec<&'f [u8]>; 3]);

fn store<'f>(file: &Revision<'f>, catalog: &Dict<'f>) -> Option<Store<'f>> {
    let dict = match catalog.get("DSS") {
        None => Dict::default(),
        Some(Object::Reference(number)) => file.dict(*number)?,
        Some(_) => return None,
    };
    let (mut numbers, mut data) = Store::default();
    for (key, (numbers, data)) in LISTS.into_iter().zip(numbers.iter_mut().zip(&mut data)) {
        let mut met = HashSet::new();
        for object in dict.array(key).unwrap_or_default() {
            let Object::Reference(number) = object else { return None };
            // Each once: a list that names one object over and over would have it read as often.
            if !met.insert(*number) {
                return None;
            }
            let (dict, bytes) = file.stream(*number)?;
            if dict.get("Filter").is_some() {
                return None;
            }
            numbers.push(*number);
            data.push(bytes);
        }
    }
    Some((numbers, data))
}

/// What a later revision adds, as far as it can be found in it.
struct Addition<'f> {
    data: [Vec<&'f [u8]>; 3],
    /// The time-stamp and the digits in its gap.
    stamp: Option<(Stamp, &'f [u8])>,
}

impl<'f> Addition<'f> {
    /// Takes the new objects of the revision that ends with `file`. What they are is held against [`render`].
    fn find(newest: &Newest<'_>, file: &'f [u8]) -> Option<Self> {
        let (before, table) = revision::end(file).ok()?;
        let before = before.get(..table)?;
        let mut at = newest.end + 1;
        let (mut streams, mut dicts) = (Vec::new(), Vec::new());
        for number in newest.size.. {
            let mut parser = Parser::new(before, at);
            if parser.digits() != Some(number) {
                break;
            }
            parser.expect(b" 0 obj\n")?;
            let Object::Dict(dict) = parser.object()? else { return None };
            if dicts.is_empty() && parser.expect(b"\nstream\n").is_some() {
                streams.push(parser.take(dict.integer("Length")?)?);
                parser.expect(b"\nendstream")?;
            } else {
                dicts.push(dict);
            }
            parser.expect(b"\nendobj\n")?;
            at = parser.at();
        }
        let mut data: [Vec<&[u8]>; 3] = Default::default();
        let mut dicts = dicts.into_iter();
        if !streams.is_empty() {
            let store = dicts.next()?;
            let mut rest = &streams[..];
            for (key, (old, new)) in LISTS.into_iter().zip(newest.data.iter().zip(&mut data)) {
                let listed = store.array(key).map_or(0, <[_]>::len);
                let (these, others) = rest.split_at_checked(listed.checked_sub(old.len())?)?;
                new.extend(these);
                rest = others;
            }
        }
        let stamp = match (dicts.next(), dicts.next(), dicts.next()) {
            (None, ..) => None,
            (Some(field), Some(signature), None) => {
                let Object::Hex(digits, _) = signature.get("Contents")? else { return None };
                let at = moment(field.get("M")?)?;
                Some((Stamp { at, gap_len: digits.len() / 2 }, *digits))
            }
            _ => return None,
        };
        Some(Self { data, stamp })
    }
}
