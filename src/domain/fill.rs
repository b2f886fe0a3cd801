//! Filling the face of a license from what was sent and from the license itself.

use super::catalogue::{Column, FieldKind, FieldSource, FilledFrom, TypeDefinition};
use super::face::{FaceData, FaceValue, Portrait, PortraitType};
use super::holder::Holder;
use super::number::{CitizenNumber, CreditCode};
use super::printed::minute_in_chinese;
use super::submission_fault::{FaultKind, SubmissionFault};
use super::text::{Texts, check_keys};
use super::time::Day;
use super::validity::Validity;
use super::wire::{WireObject, WireValue};

/// What the license itself knows; a part that is `None` was wrong and has been reported.
pub(super) struct Filled<'s> {
    pub(super) authority_name: Option<&'s str>,
    pub(super) holders: &'s [Holder],
    pub(super) license_number: Option<&'s str>,
    pub(super) issued_on: Option<Day>,
    pub(super) validity: Option<Validity>,
}

/// Puts every field's value in its place; what is wrong is added to `faults`.
pub(super) fn fill(
    definition: &TypeDefinition,
    sent: &WireObject,
    filled: &Filled<'_>,
    faults: &mut Vec<SubmissionFault>,
) -> FaceData {
    let mut texts = Texts { faults };
    for key in sent.values.keys().filter(|key| definition.field(key).is_none()) {
        let key: String = key.chars().filter(|c| !c.is_control()).take(64).collect();
        texts.fault(format!("face.{key}"), FaultKind::UnknownFaceField);
    }
    for key in sent.twice.iter().filter(|key| definition.field(key).is_some()) {
        texts.fault(format!("face.{key}"), FaultKind::DuplicateKey);
    }
    let mut values = Vec::with_capacity(definition.fields.len());
    for field in &definition.fields {
        let place = format!("face.{}", field.code);
        let value = match &field.source {
            FieldSource::Filled(from) => {
                if sent.values.contains_key(&field.code) {
                    texts.fault(place, FaultKind::FilledFieldSent);
                }
                filled.value(*from)
            }
            FieldSource::Submitted { kind, required } => {
                let value = sent.values.get(&field.code).filter(|value| !is_blank(value));
                match value {
                    Some(value) => read_value(&place, kind, value, &mut texts),
                    None => {
                        if *required {
                            texts.fault(place, FaultKind::MissingFaceField);
                        }
                        None
                    }
                }
            }
        };
        values.extend(value.map(|value| (field.code.clone(), field.as_printed(value))));
    }
    FaceData::new(values)
}

impl Filled<'_> {
    fn value(&self, from: FilledFrom) -> Option<FaceValue> {
        let day = |day: Day| FaceValue::text(&day.to_string());
        let joined = |part: fn(&Holder) -> &str| {
            let parts: Vec<&str> = self.holders.iter().map(part).collect();
            (!parts.is_empty()).then(|| FaceValue::text(&parts.join("、")))
        };
        match from {
            FilledFrom::AuthorityName => self.authority_name.map(FaceValue::text),
            FilledFrom::HolderCodes => joined(|holder| holder.code().as_str()),
            FilledFrom::HolderNames => joined(Holder::name),
            FilledFrom::IssuedOn => self.issued_on.map(day),
            FilledFrom::LicenseNumber => self.license_number.map(FaceValue::text),
            FilledFrom::ValidFrom => self.validity.map(|validity| day(validity.from())),
            FilledFrom::ValidTo => self.validity.map(|validity| match validity.to() {
                Some(last) => day(last),
                None => FaceValue::text("长期"),
            }),
            FilledFrom::Validity => self.validity.map(|validity| {
                let end = validity.to().map_or_else(|| "长期".to_owned(), |last| last.to_string());
                FaceValue::text(&format!("{}/{end}", validity.from()))
            }),
        }
    }
}

fn is_blank(value: &WireValue) -> bool {
    match value {
        WireValue::Null => true,
        WireValue::Text(text) => text.trim().is_empty(),
        WireValue::List(list) => list.is_empty(),
        _ => false,
    }
}

fn read_value(
    place: &str,
    kind: &FieldKind,
    value: &WireValue,
    texts: &mut Texts<'_>,
) -> Option<FaceValue> {
    match kind {
        FieldKind::Portrait { max_bytes, media_types } => {
            read_portrait(place, *max_bytes, media_types, value, texts)
        }
        FieldKind::Table { columns, max_rows } => {
            read_table(place, columns, *max_rows, value, texts)
        }
        FieldKind::Integer { min, max, .. } => read_integer(place, (*min, *max), value, texts),
        _ => {
            let WireValue::Text(text) = value else {
                texts.wrong_kind(place, "a text", value);
                return None;
            };
            read_text(place, kind, text, texts)
        }
    }
}

fn read_text(
    place: &str,
    kind: &FieldKind,
    text: &str,
    texts: &mut Texts<'_>,
) -> Option<FaceValue> {
    match kind {
        FieldKind::Choice { options } => {
            let known = options.iter().any(|option| option == text);
            if !known {
                texts.fault(place, FaultKind::NotAnOption { options: options.len() });
            }
            known.then(|| FaceValue::text(text))
        }
        FieldKind::CitizenNumber => {
            checked(place, text.parse::<CitizenNumber>().map(drop), text, texts)
        }
        FieldKind::CreditCode => checked(place, text.parse::<CreditCode>().map(drop), text, texts),
        FieldKind::Date => texts
            .day(place, text)
            .map(|day| FaceValue::Text { plain: day.to_string(), printed: day.in_chinese() }),
        FieldKind::DateTime => match minute_in_chinese(text) {
            Ok(_) => Some(FaceValue::text(text)),
            Err(why) => {
                texts.fault(place, FaultKind::BadDay { why });
                None
            }
        },
        FieldKind::Decimal { decimals, max_digits, .. } => {
            read_decimal(place, *decimals, *max_digits, text, texts)
        }
        FieldKind::Text { limit_chars, lines } => {
            texts.printable(place, text, *limit_chars, *lines).then(|| FaceValue::text(text))
        }
        FieldKind::Integer { .. } | FieldKind::Portrait { .. } | FieldKind::Table { .. } => None,
    }
}

fn checked(
    place: &str,
    parsed: Result<(), super::number::NumberError>,
    text: &str,
    texts: &mut Texts<'_>,
) -> Option<FaceValue> {
    match parsed {
        Ok(()) => Some(FaceValue::text(text)),
        Err(why) => {
            texts.fault(place, FaultKind::BadNumber { why });
            None
        }
    }
}

fn read_integer(
    place: &str,
    (min, max): (i64, i64),
    value: &WireValue,
    texts: &mut Texts<'_>,
) -> Option<FaceValue> {
    let text = match value {
        WireValue::Number(text) | WireValue::Text(text) => text,
        other => {
            texts.wrong_kind(place, "a whole number", other);
            return None;
        }
    };
    // "+5", "05" and "5.0" are the same number written otherwise: one number is written one way.
    let number = text.parse::<i64>().ok().filter(|number| number.to_string() == *text);
    let Some(number) = number else {
        texts.fault(place, FaultKind::BadNumberFormat { expected: "a whole number".to_owned() });
        return None;
    };
    if !(min..=max).contains(&number) {
        texts.fault(place, FaultKind::OutOfRange { bounds: format!("from {min} to {max}") });
        return None;
    }
    Some(FaceValue::text(text))
}

fn read_decimal(
    place: &str,
    decimals: usize,
    max_digits: usize,
    text: &str,
    texts: &mut Texts<'_>,
) -> Option<FaceValue> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = digits(whole)
        && digits(fraction)
        && !whole.is_empty()
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.len() <= decimals
        && text.contains('.') != fraction.is_empty();
    if !well_formed {
        let expected = format!("digits, at most {decimals} behind a point, without separators");
        texts.fault(place, FaultKind::BadNumberFormat { expected });
        return None;
    }
    if whole.len() > max_digits {
        let bounds = format!("at most {max_digits} digits before the point");
        texts.fault(place, FaultKind::OutOfRange { bounds });
        return None;
    }
    Some(FaceValue::text(text))
}

fn read_portrait(
    place: &str,
    limit_bytes: usize,
    allowed: &[PortraitType],
    value: &WireValue,
    texts: &mut Texts<'_>,
) -> Option<FaceValue> {
    let WireValue::Object(object) = value else {
        texts.wrong_kind(place, "an object with media_type and data", value);
        return None;
    };
    let prefix = format!("{place}.");
    check_keys(object, &["media_type", "data"], &prefix, texts.faults);
    let media_type = texts.required(object, &prefix, "media_type");
    let data = texts.required(object, &prefix, "data");
    let (media_type, data) = (media_type?, data?);
    let known = PortraitType::from_name(media_type).filter(|known| allowed.contains(known));
    let Some(media_type) = known else {
        let names: Vec<&str> = allowed.iter().map(|allowed| allowed.word()).collect();
        let why = format!("send {}, and say so in media_type", names.join(" or "));
        texts.fault(place, FaultKind::BadPortrait { why });
        return None;
    };
    // Four characters of base64 carry three bytes; the exact form is looked at when the picture is drawn.
    let actual_bytes = data.trim_end_matches('=').len() * 3 / 4;
    if actual_bytes > limit_bytes {
        texts.fault(place, FaultKind::PortraitTooLarge { limit_bytes, actual_bytes });
        return None;
    }
    Some(FaceValue::Portrait(Portrait { media_type, base64: data.to_owned() }))
}

fn read_table(
    place: &str,
    columns: &[Column],
    limit_rows: usize,
    value: &WireValue,
    texts: &mut Texts<'_>,
) -> Option<FaceValue> {
    let WireValue::List(list) = value else {
        texts.wrong_kind(place, "a list of rows", value);
        return None;
    };
    if list.len() > limit_rows {
        texts.fault(place, FaultKind::TableTooLong { limit_rows, actual_rows: list.len() });
        return None;
    }
    let mut rows = Vec::with_capacity(list.len());
    for (index, row) in list.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let WireValue::Object(row) = row else {
            texts.wrong_kind(&place, "an object", row);
            continue;
        };
        for key in row.values.keys().filter(|key| columns.iter().all(|column| column.code != **key))
        {
            let key: String = key.chars().filter(|c| !c.is_control()).take(64).collect();
            texts.fault(format!("{place}.{key}"), FaultKind::TableColumn);
        }
        for key in &row.twice {
            texts.fault(format!("{place}.{key}"), FaultKind::DuplicateKey);
        }
        let mut cells = Vec::with_capacity(columns.len());
        for column in columns {
            let cell_place = format!("{place}.{}", column.code);
            match row.values.get(&column.code) {
                Some(WireValue::Text(text)) => {
                    texts.printable(&cell_place, text, column.limit_chars, false);
                    cells.push(text.clone());
                }
                Some(WireValue::Null) | None => texts.fault(cell_place, FaultKind::TableColumn),
                Some(other) => texts.wrong_kind(&cell_place, "a text", other),
            }
        }
        rows.push(cells);
    }
    Some(FaceValue::Rows(rows))
}
