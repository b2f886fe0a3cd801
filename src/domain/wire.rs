//! Data as a sender wrote it, before anybody has believed it.
//!
//! A [`WireValue`] keeps what JSON can say, and one thing more: whether a key stood twice in one object. Two
//! readers of such an object may each see another value, so it is never guessed which one was meant.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// One JSON value.
#[derive(Clone, PartialEq)]
pub enum WireValue {
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<WireValue>),
    /// `null`.
    Null,
    /// A number, as it was written if it is whole.
    Number(String),
    /// An object.
    Object(WireObject),
    /// A text.
    Text(String),
}

/// A JSON object.
#[derive(Clone, Default, PartialEq)]
pub struct WireObject {
    /// The values by key; of a key that stood twice, the last.
    pub values: BTreeMap<String, WireValue>,
    /// The keys that stood more than once.
    pub twice: Vec<String>,
}

impl WireValue {
    /// What a message calls this kind of value.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::List(_) => "a list",
            Self::Null => "null",
            Self::Number(_) => "a number",
            Self::Object(_) => "an object",
            Self::Text(_) => "a text",
        }
    }
}

impl fmt::Debug for WireValue {
    /// Shows the kind only: the value may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WireValue({})", self.kind())
    }
}

impl<'de> Deserialize<'de> for WireValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WireVisitor)
    }
}

struct WireVisitor;

impl<'de> Visitor<'de> for WireVisitor {
    type Value = WireValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<WireValue, E> {
        Ok(WireValue::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<WireValue, E> {
        Ok(WireValue::Number(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<WireValue, E> {
        Ok(WireValue::Number(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<WireValue, E> {
        Ok(WireValue::Number(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<WireValue, E> {
        Ok(WireValue::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<WireValue, E> {
        Ok(WireValue::Text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<WireValue, E> {
        Ok(WireValue::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<WireValue, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element()? {
            list.push(value);
        }
        Ok(WireValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<WireValue, A::Error> {
        let mut object = WireObject::default();
        while let Some((key, value)) = access.next_entry::<String, WireValue>()? {
            if object.values.insert(key.clone(), value).is_some() && !object.twice.contains(&key) {
                object.twice.push(key);
            }
        }
        Ok(WireValue::Object(object))
    }
}
