//! Reading a table of keys, such as a `type.toml` or the settings, with all its faults.
//!
//! A reader that stops at the first fault makes people mend a file as often as it has faults. A [`Table`] gives
//! `None` for a key that is missing or wrong, remembers why, and goes on; keys that nobody asked for are faults
//! too, since most of them are misspellings.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use super::catalogue::CatalogueFault;
use super::wire::{WireObject, WireValue};

/// One table of a file, and what was found wrong in it.
pub struct Table<'v> {
    object: &'v WireObject,
    prefix: String,
    asked: BTreeSet<String>,
    faults: Vec<CatalogueFault>,
}

impl<'v> Table<'v> {
    /// A table whose keys are reported behind `prefix`, which is empty or ends in a full stop.
    pub fn new(object: &'v WireObject, prefix: String) -> Self {
        Self { object, prefix, asked: BTreeSet::new(), faults: Vec::new() }
    }

    /// Everything that was found wrong, unknown keys included.
    pub fn finish(mut self) -> Vec<CatalogueFault> {
        for key in self.object.values.keys() {
            if !self.asked.contains(key) {
                let place = format!("{}{key}", self.prefix);
                self.faults.push(CatalogueFault::new(place, "this key is not known here"));
            }
        }
        self.faults
    }

    /// Takes over what was found wrong in a table inside this one.
    pub fn take_faults(&mut self, inner: Table<'v>) {
        self.faults.extend(inner.finish());
    }

    /// Reports a fault of a key.
    pub fn fault(&mut self, key: &str, message: impl Into<String>) {
        self.faults.push(CatalogueFault::new(format!("{}{key}", self.prefix), message));
    }

    /// Reports a value of another kind; always `None`, for the caller to pass on.
    pub fn wrong_kind<T>(&mut self, place: &str, expected: &str, found: &WireValue) -> Option<T> {
        let message = format!("should be {expected} and is {}", found.kind());
        self.faults.push(CatalogueFault::new(place, message));
        None
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.object.values.contains_key(key)
    }

    /// The value under a key, of whatever kind.
    pub fn value(&mut self, key: &str) -> Option<&'v WireValue> {
        self.asked.insert(key.to_owned());
        let value = self.object.values.get(key);
        if value.is_none() {
            self.fault(key, "is missing");
        }
        value
    }

    /// `None` where the key is there and wrong, `Some(None)` where it is not there.
    pub fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self, &str) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.has(key) { read(self, key).map(Some) } else { Some(None) }
    }

    /// A text that is not blank.
    pub fn text(&mut self, key: &str) -> Option<String> {
        match self.value(key)? {
            WireValue::Text(text) if text.trim().is_empty() => {
                self.fault(key, "is empty");
                None
            }
            WireValue::Text(text) => Some(text.clone()),
            other => {
                let place = format!("{}{key}", self.prefix);
                self.wrong_kind(&place, "a text", other)
            }
        }
    }

    /// A text that parses.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        let text = self.text(key)?;
        let place = format!("{}{key}", self.prefix);
        self.parse_text(&place, &text)
    }

    /// Parses a text that stands at `place`.
    pub fn parse_text<T: FromStr<Err: Display>>(&mut self, place: &str, text: &str) -> Option<T> {
        text.parse()
            .map_err(|error: T::Err| {
                self.faults.push(CatalogueFault::new(place, error.to_string()))
            })
            .ok()
    }

    /// One of a list of words.
    pub fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(key, format!("is one of {}", known.join(", ")));
        }
        found
    }

    /// True or false.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        match self.value(key)? {
            WireValue::Bool(flag) => Some(*flag),
            other => {
                let place = format!("{}{key}", self.prefix);
                self.wrong_kind(&place, "true or false", other)
            }
        }
    }

    /// A whole number from `min` to `max`, both included.
    pub fn whole(&mut self, key: &str, min: i64, max: i64) -> Option<i64> {
        let value = self.value(key)?;
        let number = match value {
            WireValue::Number(text) => text.parse::<i64>().ok(),
            _ => None,
        };
        let fits = number.filter(|number| (min..=max).contains(number));
        if fits.is_none() {
            self.fault(key, format!("is a whole number from {min} to {max}"));
        }
        fits
    }

    /// A whole number from 1 to `max`.
    pub fn size(&mut self, key: &str, max: usize) -> Option<usize> {
        self.whole(key, 1, i64::try_from(max).unwrap_or(i64::MAX))
            .and_then(|number| usize::try_from(number).ok())
    }

    /// A list, each entry read by `read`, which gets the entry's place.
    pub fn list<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&mut Self, &str, &'v WireValue) -> Option<T>,
    ) -> Option<Vec<T>> {
        let place = format!("{}{key}", self.prefix);
        match self.value(key)? {
            WireValue::List(values) => {
                let read_one = |(index, value)| read(self, &format!("{place}[{index}]"), value);
                // Read all before judging, so that a fault in one entry does not hide those after it.
                let all: Vec<Option<T>> = values.iter().enumerate().map(read_one).collect();
                all.into_iter().collect()
            }
            other => self.wrong_kind(&place, "a list", other),
        }
    }

    /// A table inside this one.
    pub fn table<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Table<'v>) -> Option<T>,
    ) -> Option<T> {
        let place = format!("{}{key}", self.prefix);
        match self.value(key)? {
            WireValue::Object(object) => {
                let mut inner = Table::new(object, format!("{place}."));
                let found = read(&mut inner);
                self.take_faults(inner);
                found
            }
            other => self.wrong_kind(&place, "a table", other),
        }
    }
}
