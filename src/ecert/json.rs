//! JSON out of files that nobody has believed yet, and the one canonical way to write it.
//!
//! A [`Json`] has no key twice in one object (two readers could each believe another value) and is never
//! nested deeper than [`MAX_DEPTH`]. [`Json::canonical`] writes it as RFC 8785 does, for what this house
//! emits: keys in ASCII order, no white space, shortest escapes; numbers are whole.
//!
//! Sources: RFC 8259, RFC 8785 sections 3.2.2 and 3.2.3.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// Deepest nesting of lists and objects that is read; our own bound, well above what licenses need.
pub const MAX_DEPTH: usize = 24;

/// One JSON value.
#[derive(Clone, PartialEq)]
pub enum Json {
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Json>),
    /// `null`.
    Null,
    /// A number.
    Number(serde_json::Number),
    /// An object, by key.
    Object(BTreeMap<String, Json>),
    /// A text.
    Text(String),
}

impl Json {
    /// Reads the one value that `bytes` hold.
    pub fn read(bytes: &[u8]) -> Result<Self, JsonError> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Nested { depth: 0 }.deserialize(&mut reader).map_err(|_| JsonError)?;
        reader.end().map_err(|_| JsonError)?;
        Ok(value)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members, if it is an object.
    pub fn as_object(&self) -> Option<&BTreeMap<String, Json>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    pub fn as_list(&self) -> Option<&[Json]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The whole number from 0 on, if it is one.
    pub fn as_count(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// Writes it canonically behind what is in `out`.
    pub fn canonical(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Null => out.extend_from_slice(b"null"),
            Self::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Self::Text(text) => write_text(out, text),
            Self::List(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.canonical(out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_text(out, key);
                    out.push(b':');
                    value.canonical(out);
                }
                out.push(b'}');
            }
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => to.serialize_bool(*value),
            Self::List(elements) => to.collect_seq(elements),
            Self::Null => to.serialize_unit(),
            Self::Number(number) => number.serialize(to),
            Self::Object(members) => to.collect_map(members),
            Self::Text(text) => to.serialize_str(text),
        }
    }
}

impl fmt::Debug for Json {
    /// Shows the kind only: the value may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool(_) => "Json(bool)",
            Self::List(_) => "Json(list)",
            Self::Null => "Json(null)",
            Self::Number(_) => "Json(number)",
            Self::Object(_) => "Json(object)",
            Self::Text(_) => "Json(text)",
        })
    }
}

/// Writes a text with its quotation marks and the shortest escapes (RFC 8785, section 3.2.2.2).
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(plain) =
        rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))
    {
        let (before, from) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((special, behind)) = from.split_first() else { break };
        match special {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// A value that stands `depth` levels below the outermost one.
struct Nested {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Nested {
    fn below<E: Error>(&self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH { Err(E::custom("nested too deeply")) } else { Ok(Self { depth }) }
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        let number = serde_json::Number::from_f64(value);
        number.map(Json::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(self.below()?)? {
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(key) = access.next_key::<String>()? {
            let value = access.next_value_seed(self.below()?)?;
            if members.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Json::Object(members))
    }
}

/// The bytes are not one JSON value, hold a key twice in one object, or are nested too deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError;

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not JSON with every key once, at most {MAX_DEPTH} levels deep")
    }
}

impl std::error::Error for JsonError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        let rows: &[(&str, &[u8])] = &[
            ("a key twice", br#"{"a":1,"a":2}"#),
            ("a key twice, once escaped", br#"{"a":1,"\u0061":2}"#),
            ("a key twice further in", br#"[{"b":{"a":1,"a":1}}]"#),
            ("something behind", b"{} {}"),
            ("nothing", b""),
            ("too deep", deep.as_bytes()),
            ("not UTF-8", b"\"\xff\""),
        ];
        for (trick, bytes) in rows {
            assert_eq!(Json::read(bytes), Err(JsonError), "{trick}");
        }
    }

    #[test]
    fn canonical_json_sorts_keys_and_escapes_only_what_it_must() {
        let sent = "{ \"b\" : [1, null, true], \"a\" : \"汉\\u0041\\u0001\\n\\\"\\\\/\" }";
        let mut out = Vec::new();
        Json::read(sent.as_bytes()).unwrap().canonical(&mut out);
        let expected = "{\"a\":\"汉A\\u0001\\n\\\"\\\\/\",\"b\":[1,null,true]}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        // What is passed on as data says the same.
        let json = Json::read(sent.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), expected);
    }
}
