//! Unpacking the streams that hold the structure of a file: cross-references and objects.
//!
//! Only what such streams have in practice: FlateDecode, with the predictors of PNG, and nothing at all. What a page
//! shows is never unpacked here.
//!
//! Source: ISO 32000-1:2008, 7.4.4.

use super::super::deflate::inflate_front;
use super::object::{Budget, Dict, ForeignError, Value};

/// The unpacked bytes of a stream with this dictionary. `dict` must not have references where they matter.
pub(super) fn unpack(dict: &Dict, raw: &[u8], budget: &Budget) -> Result<Vec<u8>, ForeignError> {
    let filters: Vec<&Value> = match dict.get("Filter") {
        None => Vec::new(),
        Some(Value::Array(filters)) => filters.iter().collect(),
        Some(filter) => vec![filter],
    };
    let parameters = match dict.get("DecodeParms") {
        Some(Value::Array(all)) => all.first(),
        other => other,
    };
    match filters[..] {
        [] => {
            budget.unpack(raw.len())?;
            Ok(raw.to_vec())
        }
        [filter] if filter.is_name("FlateDecode") => {
            let limit = budget.unpackable();
            let (bytes, _) = inflate_front(raw, limit).ok_or(ForeignError::Malformed)?;
            budget.unpack(bytes.len())?;
            match parameters {
                None | Some(Value::Null) => Ok(bytes),
                Some(Value::Dict(parameters)) => predicted(parameters, bytes),
                Some(_) => Err(ForeignError::Unsupported),
            }
        }
        _ => Err(ForeignError::Unsupported),
    }
}

/// Takes the prediction of PNG back.
fn predicted(parameters: &Dict, bytes: Vec<u8>) -> Result<Vec<u8>, ForeignError> {
    let number = |key, otherwise| match parameters.get(key) {
        None => Ok(otherwise),
        Some(value) => value.as_size().ok_or(ForeignError::Malformed),
    };
    if number("Predictor", 1)? == 1 {
        return Ok(bytes);
    }
    let eight = number("BitsPerComponent", 8)? == 8 && number("Colors", 1)? == 1;
    let columns = number("Columns", 1)?;
    if !eight || number("Predictor", 1)? < 10 || !(1..=4_096).contains(&columns) {
        return Err(ForeignError::Unsupported);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut above = vec![0_u8; columns];
    for row in bytes.chunks(columns + 1) {
        let [kind, row @ ..] = row else { break };
        if row.len() != columns {
            return Err(ForeignError::Malformed);
        }
        let mut line = row.to_vec();
        let (mut left, mut corner) = (0_u8, 0_u8);
        for (value, up) in line.iter_mut().zip(&above) {
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => *up,
                3 => u8::try_from(u16::midpoint(left.into(), (*up).into())).unwrap_or_default(),
                4 => paeth(left, *up, corner),
                _ => return Err(ForeignError::Malformed),
            };
            *value = value.wrapping_add(guess);
            (left, corner) = (*value, *up);
        }
        out.extend(&line);
        above = line;
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let guess = a + b - c;
    let (to_left, to_up, to_corner) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}
