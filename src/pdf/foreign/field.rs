//! The fields of a form, with what they inherit.
//!
//! Source: ISO 32000-1:2008, 12.7.3 and 12.7.4.5.

use std::collections::HashSet;

use super::document::Document;
use super::object::{Dict, ForeignError, Number, Value};

/// Most fields of a form. Our own bound.
const MAX_FIELDS: usize = 20_000;
/// Longest full name, in bytes. Our own bound.
const MAX_NAME: usize = 4_096;
/// Deepest nesting of fields. Our own bound.
const MAX_DEPTH: usize = 32;

/// A field, or one of the places where it is shown.
pub(super) struct Field {
    pub(super) number: Number,
    /// The field it is a kid of.
    pub(super) parent: Option<Number>,
    /// Its full name: the partial names from the root, with points between them.
    pub(super) name: String,
    /// Of which kind it is, by itself or by a parent.
    pub(super) kind: Option<Vec<u8>>,
    pub(super) dict: Dict,
}

impl Field {
    pub(super) fn is_signature(&self) -> bool {
        self.kind.as_deref() == Some(b"Sig")
    }
}

/// Every field of a document that is an object of its own, parents before their kids.
pub(super) fn fields(document: &Document<'_, '_>) -> Result<Vec<Field>, ForeignError> {
    let (_, catalog) = document.catalog()?;
    let Some(form) = document.dict_under(&catalog, "AcroForm")? else { return Ok(Vec::new()) };
    let mut found = Found { document, seen: HashSet::new(), fields: Vec::new() };
    found.walk(&document.under(&form, "Fields")?, (None, "", None), 0)?;
    Ok(found.fields)
}

struct Found<'d> {
    document: &'d Document<'d, 'd>,
    seen: HashSet<Number>,
    fields: Vec<Field>,
}

impl Found<'_> {
    fn walk(
        &mut self,
        list: &Value,
        (parent, above, kind): (Option<Number>, &str, Option<&[u8]>),
        depth: usize,
    ) -> Result<(), ForeignError> {
        let items = match list {
            Value::Null => return Ok(()),
            list => list.as_array().ok_or(ForeignError::Malformed)?,
        };
        for item in items {
            // A field stands by itself; what stands in the list could not be told from what comes in its place.
            let number = item.as_reference().ok_or(ForeignError::Unsupported)?;
            if !self.seen.insert(number) {
                continue;
            }
            if depth > MAX_DEPTH || self.fields.len() >= MAX_FIELDS {
                return Err(ForeignError::TooMuch);
            }
            let object = self.document.object(number)?;
            let dict = match &object.value {
                Value::Dict(dict) => dict.clone(),
                // A field that is gone.
                Value::Null => continue,
                _ => return Err(ForeignError::Malformed),
            };
            let own = self.document.under(&dict, "FT")?;
            let kind = own.as_name().or(kind).map(<[u8]>::to_vec);
            let name = match self.document.under(&dict, "T")? {
                Value::Text(own) => join(above, &own),
                _ => above.to_owned(),
            };
            if name.len() > MAX_NAME {
                return Err(ForeignError::TooMuch);
            }
            let kids = self.document.under(&dict, "Kids")?;
            self.fields.push(Field {
                number,
                parent,
                name: name.clone(),
                kind: kind.clone(),
                dict,
            });
            self.walk(&kids, (Some(number), &name, kind.as_deref()), depth + 1)?;
        }
        Ok(())
    }
}

fn join(above: &str, own: &[u8]) -> String {
    let own = text(own);
    if above.is_empty() { own } else { format!("{above}.{own}") }
}

/// A text string: UTF-16 with its mark, UTF-8 with its, and otherwise taken byte by byte, which tells names apart.
pub(super) fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, units @ ..] => {
            let units = units.chunks(2).map(|pair| {
                u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or_default()])
            });
            char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
        }
        [0xef, 0xbb, 0xbf, text @ ..] => String::from_utf8_lossy(text).into_owned(),
        bytes => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
