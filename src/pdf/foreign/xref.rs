//! Cross-references: where each object of a file stands, by section.
//!
//! Each revision of a file adds a section, as a table, a stream, or a table with a stream beside it (hybrid). The chain
//! of sections is followed from the newest back; a chain that comes back to itself, or to a later place than it came
//! from without being the first of a linearized file, is not read.
//!
//! Source: ISO 32000-1:2008, 7.5.4 to 7.5.8.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::filter::unpack;
use super::lexer::Lexer;
use super::object::{Budget, Dict, ForeignError, Number, Value};

/// Most sections of a file. Our own bound: sixty-four revisions of two steps each, and room.
const MAX_SECTIONS: usize = 512;

/// Where an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    /// At this place of the file, in this generation.
    At(usize, u32),
    /// Nowhere.
    Free,
    /// In the object stream with this number, at this place in its order; of generation 0, as the stream is.
    In(u32, usize),
}

/// A section.
pub(super) struct Section {
    /// Where it stands.
    pub(super) at: usize,
    pub(super) entries: HashMap<u32, Entry>,
    pub(super) trailer: Dict,
}

/// The sections of a file, the newest first.
pub(super) fn sections(file: &[u8], budget: &Budget) -> Result<Vec<Section>, ForeignError> {
    let mut next = Some(start(file, budget)?);
    let (mut sections, mut seen) = (Vec::<Section>::new(), HashSet::new());
    let mut differing = Vec::new();
    while let Some(at) = next {
        if !seen.insert(at) || sections.len() >= MAX_SECTIONS {
            return Err(ForeignError::Malformed);
        }
        let mut section = section(file, at, budget)?;
        if let Some(beside) = section.trailer.get("XRefStm") {
            let at = beside.as_size().ok_or(ForeignError::Malformed)?;
            let hidden = stream(file, at, budget)?;
            for (number, entry) in hidden.entries {
                // Of what the table does not say, or says to be nowhere, the stream knows more.
                let known = section.entries.entry(number).or_insert(entry);
                if *known == Entry::Free {
                    *known = entry;
                } else if *known != entry && entry != Entry::Free {
                    differing.push((sections.len(), at));
                }
            }
        }
        next = match section.trailer.get("Prev") {
            None => None,
            Some(previous) => Some(previous.as_size().ok_or(ForeignError::Malformed)?),
        };
        sections.push(section);
    }
    // Where table and stream say different things, readers differ in whom they follow. Some programs keep the key of an
    // earlier revision in their own; then whoever follows the stream sees that revision and nothing new.
    let beside = |section: &Section| section.trailer.get("XRefStm").and_then(Value::as_size);
    differing.dedup();
    let known_before = |(place, at): &(usize, usize)| {
        sections.iter().skip(place + 1).any(|section| beside(section) == Some(*at))
    };
    if differing.iter().all(known_before) { Ok(sections) } else { Err(ForeignError::Ambiguous) }
}

/// The place that the last `startxref` names. Nothing but blanks may follow the mark of the end.
fn start(file: &[u8], budget: &Budget) -> Result<usize, ForeignError> {
    let end = file.iter().rposition(|byte| !super::lexer::is_blank(*byte)).map_or(0, |at| at + 1);
    let file = file.get(..end).unwrap_or_default();
    let body = file.strip_suffix(b"%%EOF").ok_or(ForeignError::Malformed)?;
    let tail = body.len().saturating_sub(128);
    let word = b"startxref";
    let at = body.get(tail..).unwrap_or_default();
    let at = at.windows(word.len()).rposition(|bytes| bytes == word);
    let mut lexer = Lexer::new(body, tail + at.ok_or(ForeignError::Malformed)?, budget);
    lexer.word("startxref")?;
    let place = lexer.size()?;
    lexer.skip();
    if lexer.at() == body.len() { Ok(place) } else { Err(ForeignError::Malformed) }
}

fn section(file: &[u8], at: usize, budget: &Budget) -> Result<Section, ForeignError> {
    let mut lexer = Lexer::new(file, at, budget);
    if !lexer.is_word("xref") {
        return stream(file, at, budget);
    }
    let mut entries = HashMap::new();
    while !lexer.is_word("trailer") {
        let (first, count) = (lexer.size()?, lexer.size()?);
        budget.spend(count)?;
        for number in first..first.checked_add(count).ok_or(ForeignError::Malformed)? {
            let (place, generation) = (lexer.size()?, lexer.size()?);
            let in_use = lexer.is_word("n");
            if !in_use {
                lexer.word("f")?;
            }
            let Number { number, generation } = Number::of(number, generation)?;
            let entry = if in_use { Entry::At(place, generation) } else { Entry::Free };
            if entries.insert(number, entry).is_some() {
                return Err(ForeignError::Ambiguous);
            }
        }
    }
    let Value::Dict(trailer) = lexer.value()? else { return Err(ForeignError::Malformed) };
    Ok(Section { at, entries, trailer })
}

/// A section that is a stream.
fn stream(file: &[u8], at: usize, budget: &Budget) -> Result<Section, ForeignError> {
    let mut lexer = Lexer::new(file, at, budget);
    lexer.head()?;
    let Value::Dict(trailer) = lexer.value()? else { return Err(ForeignError::Malformed) };
    let length = trailer.get("Length").and_then(Value::as_size).ok_or(ForeignError::Malformed)?;
    let raw = stream_place(file, &mut lexer, length)?;
    let raw = file.get(raw).unwrap_or_default();
    if !trailer.is_name("Type", "XRef") {
        return Err(ForeignError::Malformed);
    }
    let bytes = unpack(&trailer, raw, budget)?;
    let sizes = |key: &str| -> Option<Vec<usize>> {
        trailer.get(key)?.as_array()?.iter().map(Value::as_size).collect()
    };
    let widths: [usize; 3] = sizes("W")
        .and_then(|widths| widths.try_into().ok())
        .filter(|widths: &[usize; 3]| widths.iter().all(|width| *width <= 8))
        .ok_or(ForeignError::Malformed)?;
    let size = trailer.get("Size").and_then(Value::as_size).ok_or(ForeignError::Malformed)?;
    let index = match trailer.get("Index") {
        None => vec![0, size],
        Some(_) => sizes("Index").ok_or(ForeignError::Malformed)?,
    };
    let width: usize = widths.iter().sum();
    let mut rows = bytes.chunks(width.max(1));
    let mut entries = HashMap::new();
    for range in index.chunks(2) {
        let [first, count] = range else { return Err(ForeignError::Malformed) };
        budget.spend(*count)?;
        for number in *first..first.checked_add(*count).ok_or(ForeignError::Malformed)? {
            let row =
                rows.next().filter(|row| row.len() == width).ok_or(ForeignError::Malformed)?;
            let Number { number, .. } = Number::of(number, 0)?;
            if entries.insert(number, row_entry(row, widths)?).is_some() {
                return Err(ForeignError::Ambiguous);
            }
        }
    }
    Ok(Section { at, entries, trailer })
}

fn row_entry(row: &[u8], widths: [usize; 3]) -> Result<Entry, ForeignError> {
    let (kind, rest) = row.split_at_checked(widths[0]).ok_or(ForeignError::Malformed)?;
    let (second, third) = rest.split_at_checked(widths[1]).ok_or(ForeignError::Malformed)?;
    let number = |bytes: &[u8]| {
        let sum = bytes
            .iter()
            .try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)));
        sum.ok_or(ForeignError::Malformed)
    };
    // A missing first column means 1.
    match if kind.is_empty() { 1 } else { number(kind)? } {
        0 => Ok(Entry::Free),
        1 => Ok(Entry::At(number(second)?, Number::of(0, number(third)?)?.generation)),
        2 => Ok(Entry::In(Number::of(number(second)?, 0)?.number, number(third)?)),
        // To be taken for null (table 18), which viewers do in several ways.
        _ => Err(ForeignError::Unsupported),
    }
}

/// Where the bytes of a stream of `length` stand whose dictionary `lexer` has just read; they must end where they say.
pub(super) fn stream_place(
    file: &[u8],
    lexer: &mut Lexer<'_>,
    length: usize,
) -> Result<Range<usize>, ForeignError> {
    lexer.word("stream")?;
    let start = match file.get(lexer.at()..).unwrap_or_default() {
        [b'\r', b'\n', ..] => lexer.at() + 2,
        [b'\n' | b'\r', ..] => lexer.at() + 1,
        _ => return Err(ForeignError::Malformed),
    };
    let end = start.checked_add(length).ok_or(ForeignError::Malformed)?;
    let after = file.get(end..).ok_or(ForeignError::Malformed)?;
    // A line end belongs here; some writers leave two.
    let blanks = after.iter().take(4).take_while(|byte| super::lexer::is_blank(**byte)).count();
    let after = after.get(blanks..).unwrap_or_default();
    if after.starts_with(b"endstream") { Ok(start..end) } else { Err(ForeignError::Ambiguous) }
}
