//! A file as one of its revisions shows it: which object stands behind a number.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::filter::unpack;
use super::lexer::{Lexer, is_blank};
use super::object::{Budget, Dict, ForeignError, Number, Value};
use super::xref::{Entry, Section, sections, stream_place};

/// Most objects in one object stream. Our own bound; writers put a hundred or two into each.
const MAX_IN_STREAM: usize = 100_000;

/// An indirect object.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) value: Value,
    /// Where the bytes of a stream stand.
    pub(super) stream: Option<Range<usize>>,
    /// Where the object begins and ends in the file; none of one in an object stream.
    pub(super) place: Option<Range<usize>>,
}

/// The objects of an unpacked object stream: number, and value.
type Packed = Rc<Vec<(Number, Value)>>;

/// A file up to the end of a revision.
pub(super) struct Document<'f, 'b> {
    pub(super) file: &'f [u8],
    /// Where the sections stand, the newest first.
    pub(super) places: Vec<usize>,
    pub(super) trailer: Dict,
    entries: HashMap<u32, Entry>,
    /// Every object that some section says to stand somewhere.
    listed: HashSet<(Number, usize)>,
    budget: &'b Budget,
    objects: RefCell<HashMap<Number, Rc<Object>>>,
    packed: RefCell<HashMap<Number, Packed>>,
}

impl<'f, 'b> Document<'f, 'b> {
    /// Reads the cross-references of `file`.
    pub(super) fn open(file: &'f [u8], budget: &'b Budget) -> Result<Self, ForeignError> {
        let sections = sections(file, budget)?;
        let newest = sections.first().ok_or(ForeignError::Malformed)?;
        let trailer = newest.trailer.clone();
        if trailer.get("Encrypt").is_some() {
            return Err(ForeignError::Encrypted);
        }
        let places = sections.iter().map(|section| section.at).collect();
        let (mut entries, mut listed) = (HashMap::new(), HashSet::new());
        for Section { entries: of_section, .. } in sections {
            for (number, entry) in of_section {
                if let Entry::At(at, generation) = entry {
                    listed.insert((Number { number, generation }, at));
                }
                entries.entry(number).or_insert(entry);
            }
        }
        let (objects, packed) = Default::default();
        Ok(Self { file, places, trailer, entries, listed, budget, objects, packed })
    }

    /// Whether some section says that this object stands there, or a blank or two before.
    pub(super) fn lists(&self, number: Number, at: usize) -> bool {
        with_blanks_before(self.file, at).any(|at| self.listed.contains(&(number, at)))
    }

    /// Whether a section stands there, or is said to a blank or two before.
    pub(super) fn has_section(&self, at: usize) -> bool {
        with_blanks_before(self.file, at).any(|at| self.places.contains(&at))
    }

    /// Every number that stands for something.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> {
        self.entries.iter().map(|(number, entry)| match entry {
            Entry::At(_, generation) => Number { number: *number, generation: *generation },
            _ => Number { number: *number, generation: 0 },
        })
    }

    /// Every stream that holds objects.
    pub(super) fn object_streams(&self) -> HashSet<Number> {
        let streams = self.entries.values().filter_map(|entry| match entry {
            Entry::In(stream, _) => Some(Number { number: *stream, generation: 0 }),
            _ => None,
        });
        streams.collect()
    }

    /// Where an object stands; two revisions that say the same have the same object.
    ///
    /// That of an object in a stream is the place of the stream, so that whoever replaces the stream replaces it.
    pub(super) fn home(&self, number: Number) -> (Entry, Option<Entry>) {
        let entry = self.entry(number);
        match entry {
            Entry::In(stream, _) => (entry, self.entries.get(&stream).copied()),
            _ => (entry, None),
        }
    }

    fn entry(&self, number: Number) -> Entry {
        match self.entries.get(&number.number) {
            Some(entry @ Entry::At(_, generation)) if *generation == number.generation => *entry,
            Some(entry @ Entry::In(..)) if number.generation == 0 => *entry,
            _ => Entry::Free,
        }
    }

    /// Takes work from what may be spent.
    pub(super) fn spend(&self, values: usize) -> Result<(), ForeignError> {
        self.budget.spend(values)
    }

    /// What may be spent.
    pub(super) fn budget(&self) -> &'b Budget {
        self.budget
    }

    /// The object with this number; null where there is none.
    pub(super) fn object(&self, number: Number) -> Result<Rc<Object>, ForeignError> {
        if let Some(known) = self.objects.borrow().get(&number) {
            return Ok(Rc::clone(known));
        }
        let object = match self.entry(number) {
            Entry::Free => Object { value: Value::Null, stream: None, place: None },
            Entry::At(at, _) => self.at(number, at)?,
            Entry::In(stream, place) => {
                let packed = self.packed(Number { number: stream, generation: 0 })?;
                let (found, value) = packed.get(place).ok_or(ForeignError::Malformed)?;
                if *found != number {
                    return Err(ForeignError::Ambiguous);
                }
                Object { value: value.clone(), stream: None, place: None }
            }
        };
        let object = Rc::new(object);
        self.objects.borrow_mut().insert(number, Rc::clone(&object));
        Ok(object)
    }

    fn at(&self, number: Number, at: usize) -> Result<Object, ForeignError> {
        let mut lexer = Lexer::new(self.file, at, self.budget);
        if lexer.head()? != number {
            return Err(ForeignError::Ambiguous);
        }
        let value = lexer.value()?;
        lexer.skip();
        let before = lexer.at();
        if lexer.is_word("endobj") {
            return Ok(Object { value, stream: None, place: Some(at..before) });
        }
        let length = self.length(number, &value)?;
        let bytes = stream_place(self.file, &mut lexer, length)?;
        let place = Some(at..bytes.end);
        Ok(Object { value, stream: Some(bytes), place })
    }

    /// How long the stream is that begins with `value` and is the object with this number.
    pub(super) fn length(&self, number: Number, value: &Value) -> Result<usize, ForeignError> {
        let Value::Dict(dict) = value else { return Err(ForeignError::Malformed) };
        match dict.get("Length") {
            Some(Value::Reference(length)) if *length != number => {
                // A length is a number of its own and never a stream, so this goes one step deep.
                match self.entry(*length) {
                    Entry::At(place, _) => {
                        let mut lexer = Lexer::new(self.file, place, self.budget);
                        if lexer.head()? != *length {
                            return Err(ForeignError::Ambiguous);
                        }
                        lexer.size()
                    }
                    Entry::In(..) => {
                        self.object(*length)?.value.as_size().ok_or(ForeignError::Malformed)
                    }
                    Entry::Free => Err(ForeignError::Malformed),
                }
            }
            Some(length) => length.as_size().ok_or(ForeignError::Malformed),
            None => Err(ForeignError::Malformed),
        }
    }

    fn packed(&self, stream: Number) -> Result<Packed, ForeignError> {
        if let Some(known) = self.packed.borrow().get(&stream) {
            return Ok(Rc::clone(known));
        }
        // An object stream does not stand in another.
        let Entry::At(at, _) = self.entry(stream) else { return Err(ForeignError::Malformed) };
        let object = self.at(stream, at)?;
        let (Value::Dict(dict), Some(place)) = (&object.value, object.stream) else {
            return Err(ForeignError::Malformed);
        };
        let size = |key| dict.get(key).and_then(Value::as_size).ok_or(ForeignError::Malformed);
        let (count, first) = (size("N")?, size("First")?);
        if !dict.is_name("Type", "ObjStm") || count > MAX_IN_STREAM {
            return Err(ForeignError::Malformed);
        }
        let bytes = unpack(dict, self.file.get(place).unwrap_or_default(), self.budget)?;
        let mut head = Lexer::new(&bytes, 0, self.budget);
        let mut objects = Vec::new();
        for _ in 0..count {
            let number = Number::of(head.size()?, 0)?;
            let at = first.checked_add(head.size()?).ok_or(ForeignError::Malformed)?;
            objects.push((number, Lexer::new(&bytes, at, self.budget).value()?));
        }
        let objects = Rc::new(objects);
        self.packed.borrow_mut().insert(stream, Rc::clone(&objects));
        Ok(objects)
    }

    /// The value itself, or what it refers to. A reference to a reference is followed no further.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, ForeignError> {
        match value {
            Value::Reference(number) => match &self.object(*number)?.value {
                Value::Reference(_) => Err(ForeignError::Malformed),
                value => Ok(value.clone()),
            },
            value => Ok(value.clone()),
        }
    }

    /// What stands under a key, references followed; null where there is nothing.
    pub(super) fn under(&self, dict: &Dict, key: &str) -> Result<Value, ForeignError> {
        dict.get(key).map_or(Ok(Value::Null), |value| self.resolve(value))
    }

    /// The same, which must be a dictionary if it is there at all.
    pub(super) fn dict_under(&self, dict: &Dict, key: &str) -> Result<Option<Dict>, ForeignError> {
        match self.under(dict, key)? {
            Value::Null => Ok(None),
            Value::Dict(dict) => Ok(Some(dict)),
            _ => Err(ForeignError::Malformed),
        }
    }

    /// The catalog and its number.
    pub(super) fn catalog(&self) -> Result<(Number, Dict), ForeignError> {
        let root = self.trailer.get("Root").and_then(Value::as_reference);
        let root = root.ok_or(ForeignError::Malformed)?;
        match &self.object(root)?.value {
            Value::Dict(dict) => Ok((root, dict.clone())),
            _ => Err(ForeignError::Malformed),
        }
    }

    /// The bytes of a stream as they stand in the file.
    pub(super) fn raw(&self, object: &Object) -> Option<&'f [u8]> {
        object.stream.clone().and_then(|place| self.file.get(place))
    }

    /// A reader at an object, for who needs to know where its parts stand.
    pub(super) fn lexer(&self, at: usize) -> Lexer<'_> {
        Lexer::new(self.file, at, self.budget)
    }
}

/// A place, and those from which nothing but a few blanks lead to it.
fn with_blanks_before(file: &[u8], at: usize) -> impl Iterator<Item = usize> {
    let before = file.get(..at).unwrap_or_default().iter().rev().take(4);
    let blanks = before.take_while(|byte| is_blank(**byte)).count();
    (at - blanks..=at).rev()
}
