//! How a value is printed on the face.
//!
//! Programs read `2026-11-22`; a face says 2026年11月22日. The rule stands here once, for the face that is drawn
//! and for the pages that show it again.

use super::catalogue::{FieldDefinition, FieldKind, FieldSource, FilledFrom};
use super::face::FaceValue;
use super::time::{Day, TimeError};

impl FieldDefinition {
    /// What is printed for a value of this field; a value that is not of its kind is printed as it is.
    pub fn printed(&self, plain: &str) -> String {
        let day = |text: &str| text.parse().map_or_else(|_| text.to_owned(), Day::in_chinese);
        match &self.source {
            FieldSource::Filled(
                FilledFrom::IssuedOn | FilledFrom::ValidFrom | FilledFrom::ValidTo,
            )
            | FieldSource::Submitted { kind: FieldKind::Date, .. } => day(plain),
            FieldSource::Filled(FilledFrom::Validity) => match plain.split_once('/') {
                Some((first, last)) => format!("{}至{}", day(first), day(last)),
                None => plain.to_owned(),
            },
            FieldSource::Submitted { kind: FieldKind::DateTime, .. } => {
                minute_in_chinese(plain).unwrap_or_else(|_| plain.to_owned())
            }
            FieldSource::Submitted {
                kind: FieldKind::Decimal { unit, .. } | FieldKind::Integer { unit, .. },
                ..
            } => format!("{plain}{unit}"),
            _ => plain.to_owned(),
        }
    }

    /// `value` with what is printed for it; only texts are printed otherwise than programs read them.
    pub(super) fn as_printed(&self, value: FaceValue) -> FaceValue {
        match value {
            FaceValue::Text { plain, .. } => {
                FaceValue::Text { printed: self.printed(&plain), plain }
            }
            other => other,
        }
    }
}

/// `2026-11-22 08:05`, printed as `2026年11月22日08时05分`.
pub(super) fn minute_in_chinese(text: &str) -> Result<String, TimeError> {
    let (day, minute) = text.split_once(' ').ok_or(TimeError::Form)?;
    let day: Day = day.parse()?;
    let [h1, h2, b':', m1, m2] = minute.as_bytes() else {
        return Err(TimeError::Form);
    };
    let digits = [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit());
    if !digits || [*h1, *h2] > *b"23" || [*m1, *m2] > *b"59" {
        return Err(TimeError::Form);
    }
    Ok(format!("{}{}时{}分", day.in_chinese(), &minute[..2], &minute[3..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(source: FieldSource) -> FieldDefinition {
        FieldDefinition { code: "A".to_owned(), name: "甲".to_owned(), source }
    }

    #[test]
    fn days_and_periods_are_printed_in_chinese_and_units_behind_numbers() {
        let submitted = |kind| field(FieldSource::Submitted { kind, required: false });
        let unit = "万元".to_owned();
        let decimal = FieldKind::Decimal { decimals: 2, max_digits: 9, unit };
        let filled = |from| field(FieldSource::Filled(from));
        for (field, plain, printed) in [
            (submitted(FieldKind::Date), "2026-11-22", "2026年11月22日"),
            (submitted(FieldKind::DateTime), "2026-11-22 08:05", "2026年11月22日08时05分"),
            (submitted(decimal), "74740", "74740万元"),
            (filled(FilledFrom::ValidTo), "长期", "长期"),
            (filled(FilledFrom::ValidTo), "2026-11-22", "2026年11月22日"),
            (filled(FilledFrom::Validity), "2026-11-22/长期", "2026年11月22日至长期"),
            (filled(FilledFrom::HolderNames), "甲/乙", "甲/乙"),
        ] {
            assert_eq!(field.printed(plain), printed);
        }
    }

    #[test]
    fn a_minute_that_no_clock_shows_is_refused() {
        for text in ["2026-11-22 24:00", "2026-11-22 08:60", "2026-11-22T08:05", "2026-11-22 8:05"]
        {
            assert_eq!(minute_in_chinese(text), Err(TimeError::Form), "{text}");
        }
        assert_eq!(minute_in_chinese("2026-02-30 08:00"), Err(TimeError::NoSuchDay));
    }
}
