//! The annotated copy (加注件): a license drawn once more for one purpose, one recipient, until one day.
//!
//! A [`CopyRequest`] is the proof that what was asked for can be printed across the pages: both texts are there,
//! have a bearable length and only characters for print, and the last day lies neither in the past nor further
//! away than we allow. An [`AnnotatedCopy`] is such a request carried out: it names its original, by whom and
//! when it was made, and its own number. Whether the original may be copied at all, on that day and by whoever
//! asks, is left to `service`.
//!
//! Sources: the metadata JZJZZSJ, JZJZZZ, JZJZZSY and JZJYXQJZSJ of GB/T 36903-2018; 国办函〔2016〕108号 for the
//! wording.

use std::fmt;
use std::str::FromStr;

use super::copy_fault::{CopyFault, CopyFaultKind};
use super::license_id::LicenseId;
use super::script::Script;
use super::text::is_forbidden;
use super::time::{Day, Moment};
use super::validity::Validity;
use super::wire::WireValue;

/// What a copy is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct CopyRequest {
    purpose: String,
    recipient: String,
    last_day: Day,
}

impl CopyRequest {
    /// Longest purpose and longest recipient, in characters; our own bound: both are repeated across every page.
    pub const LIMIT_CHARS: usize = 50;
    /// The last day lies at most so many days after the day on which the copy is made; our own bound. Who needs
    /// it for longer has another one made, of the license as it stands then.
    pub const LIMIT_DAYS: i32 = 366;

    /// Reads what was sent: all faults at once. `validity` is that of the original, `today` the day in China.
    pub fn read(sent: &WireValue, validity: &Validity, today: Day) -> Result<Self, Vec<CopyFault>> {
        let WireValue::Object(object) = sent else {
            let kind = CopyFaultKind::WrongKind { expected: "an object" };
            return Err(vec![CopyFault::new("", kind)]);
        };
        const KEYS: [&str; 3] = ["purpose", "recipient", "last_day"];
        let mut faults = Vec::new();
        if object.values.keys().any(|key| !KEYS.contains(&key.as_str())) {
            // The key itself is not repeated: it may be anything.
            faults.push(CopyFault::new("", CopyFaultKind::UnknownField));
        }
        let [purpose, recipient, last_day] = KEYS.map(|field| {
            if object.twice.iter().any(|twice| twice == field) {
                faults.push(CopyFault::new(field, CopyFaultKind::DuplicateKey));
            }
            match object.values.get(field) {
                Some(WireValue::Text(text)) => text.as_str(),
                None | Some(WireValue::Null) => "",
                Some(_) => {
                    let kind = CopyFaultKind::WrongKind { expected: "a text" };
                    faults.push(CopyFault::new(field, kind));
                    // Already told, so nothing more is said of it.
                    "-"
                }
            }
        });
        let request = Self::of(purpose, recipient, last_day, validity, today);
        let request = request.map_err(|more| {
            let told = faults.iter().map(|fault| fault.field).collect::<Vec<_>>();
            faults.extend(more.into_iter().filter(|fault| !told.contains(&fault.field)));
        });
        match request {
            Ok(request) if faults.is_empty() => Ok(request),
            _ => Err(faults),
        }
    }

    /// The same, from the fields of a form.
    pub fn of(
        purpose: &str,
        recipient: &str,
        last_day: &str,
        validity: &Validity,
        today: Day,
    ) -> Result<Self, Vec<CopyFault>> {
        let mut faults = Vec::new();
        for (field, text) in [("purpose", purpose), ("recipient", recipient)] {
            faults.extend(text_faults(text).into_iter().map(|kind| CopyFault::new(field, kind)));
        }
        let last_day = read_last_day(last_day, validity, today)
            .map_err(|kind| faults.push(CopyFault::new("last_day", kind)));
        match last_day {
            Ok(last_day) if faults.is_empty() => {
                Ok(Self { purpose: purpose.to_owned(), recipient: recipient.to_owned(), last_day })
            }
            _ => Err(faults),
        }
    }

    /// What the copy is for (加注件制作事由).
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// Whom it is for (使用方). Personal: it may name somebody.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The last day on which it may be used (加注件有效期截止), included.
    pub fn last_day(&self) -> Day {
        self.last_day
    }
}

impl fmt::Debug for CopyRequest {
    /// Shows the day only: the texts may name somebody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CopyRequest(until {})", self.last_day)
    }
}

/// Everything that keeps `text` from being printed.
fn text_faults(text: &str) -> Vec<CopyFaultKind> {
    if text.trim().is_empty() {
        return vec![CopyFaultKind::MissingField];
    }
    let mut faults = Vec::new();
    let actual_chars = text.chars().count();
    if actual_chars > CopyRequest::LIMIT_CHARS {
        let limit_chars = CopyRequest::LIMIT_CHARS;
        faults.push(CopyFaultKind::TooLong { limit_chars, actual_chars });
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        faults.push(CopyFaultKind::SurroundingSpace);
    }
    let scripts = Script::unset(text);
    if !scripts.is_empty() {
        faults.push(CopyFaultKind::ScriptWithoutFont { scripts });
    } else if let Some(found) = text.chars().find(|found| is_forbidden(*found)) {
        faults.push(CopyFaultKind::ForbiddenCharacter { code_point: u32::from(found) });
    }
    faults
}

fn read_last_day(text: &str, validity: &Validity, today: Day) -> Result<Day, CopyFaultKind> {
    if text.trim().is_empty() {
        return Err(CopyFaultKind::MissingField);
    }
    let day: Day = text.parse().map_err(|why| CopyFaultKind::BadDay { why })?;
    if day < today {
        return Err(CopyFaultKind::LastDayPast);
    }
    if validity.ended_before(day) {
        return Err(CopyFaultKind::LastDayAfterLicense);
    }
    if day > today.plus_days(CopyRequest::LIMIT_DAYS) {
        return Err(CopyFaultKind::LastDayTooFar { limit_days: CopyRequest::LIMIT_DAYS });
    }
    Ok(day)
}

/// A copy that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct AnnotatedCopy {
    /// The version it is drawn from.
    pub original: LicenseId,
    /// Its own number.
    pub number: CopyNumber,
    /// What it is for, whom it is for, and until when.
    pub request: CopyRequest,
    /// Who had it made.
    pub maker: CopyMaker,
    /// When.
    pub made_at: Moment,
}

impl AnnotatedCopy {
    /// A copy from what stands in a file; `None` where that could not have been asked for.
    ///
    /// The days of the original are not held against it: they were when the copy was made.
    pub fn recalled(
        original: LicenseId,
        number: CopyNumber,
        (purpose, recipient, last_day): (&str, &str, Day),
        maker: CopyMaker,
        made_at: Moment,
    ) -> Option<Self> {
        let made_on = made_at.day_in_china();
        let endless = Validity::new(made_on, None).ok()?;
        let last_day = last_day.to_string();
        let request = CopyRequest::of(purpose, recipient, &last_day, &endless, made_on).ok()?;
        Some(Self { original, number, request, maker, made_at })
    }

    /// Whether it may no longer be used on `day`.
    pub fn ended_before(&self, day: Day) -> bool {
        self.request.last_day < day
    }

    /// The sentence at the foot of every page.
    pub fn in_chinese(&self) -> String {
        format!(
            "本加注件仅用于{}，提供给{}，有效期至{}。原件标识：{}，加注件编号：{}",
            self.request.purpose,
            self.request.recipient,
            self.request.last_day.in_chinese(),
            self.original,
            self.number,
        )
    }

    /// What is repeated across every page.
    pub fn across(&self) -> String {
        format!(
            "【加注件】仅用于{}，提供给{}，有效期至{}，编号{}",
            self.request.purpose,
            self.request.recipient,
            self.request.last_day.in_chinese(),
            self.number,
        )
    }
}

impl fmt::Debug for AnnotatedCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnnotatedCopy({} of {})", self.number, self.original)
    }
}

/// Who had a copy made (加注件制作者), without naming anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyMaker {
    /// The issuing authority, through its issuing system.
    Authority,
    /// A holder of the license.
    Holder,
}

impl CopyMaker {
    /// A fixed word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Authority => "issuing_authority",
            Self::Holder => "holder",
        }
    }

    /// The maker with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "issuing_authority" => Some(Self::Authority),
            "holder" => Some(Self::Holder),
            _ => None,
        }
    }
}

/// The number of a copy (加注件编号): the year, and 12 characters that nobody can guess.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CopyNumber(String);

impl CopyNumber {
    /// Its length, in characters.
    pub const LEN: usize = 16;

    /// As it is printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CopyNumber {
    type Err = BadCopyNumber;

    fn from_str(text: &str) -> Result<Self, BadCopyNumber> {
        let (year, letters) = text.split_at_checked(4).ok_or(BadCopyNumber)?;
        let fits = |byte: u8| {
            byte.is_ascii_digit()
                || (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'L' | b'O' | b'U'))
        };
        let whole = text.len() == Self::LEN
            && year.bytes().all(|byte| byte.is_ascii_digit())
            && letters.bytes().all(fits);
        if whole { Ok(Self(text.to_owned())) } else { Err(BadCopyNumber) }
    }
}

impl fmt::Display for CopyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is not the number of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCopyNumber;

impl fmt::Display for BadCopyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a copy number is a year and 12 digits or capitals without I, L, O and U")
    }
}

impl std::error::Error for BadCopyNumber {}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2026-11-25";

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn asked(purpose: &str, recipient: &str, last_day: &str) -> Result<CopyRequest, Vec<String>> {
        let validity = Validity::new(day("2020-01-01"), Some(day("2027-06-30"))).unwrap();
        CopyRequest::of(purpose, recipient, last_day, &validity, day(TODAY)).map_err(|faults| {
            faults.iter().map(|fault| format!("{} {}", fault.field, fault.code())).collect()
        })
    }

    #[test]
    fn what_can_be_printed_until_a_day_that_may_be_asked_for_is_a_request() {
        let longest = "汉".repeat(CopyRequest::LIMIT_CHARS);
        for last_day in [TODAY, "2027-06-30"] {
            let request = asked(&longest, "示例银行云台支行", last_day).unwrap();
            assert_eq!(request.last_day(), day(last_day));
        }
        let endless = Validity::new(day("2020-01-01"), None).unwrap();
        let last = |text| CopyRequest::of("一", "二", text, &endless, day(TODAY)).is_ok();
        assert!(last("2027-11-26") && !last("2027-11-27"));
    }

    #[test]
    fn every_fault_of_a_request_is_told_at_once() {
        let long = "汉".repeat(CopyRequest::LIMIT_CHARS + 1);
        for (purpose, recipient, last_day, faults) in [
            (
                "",
                " ",
                "",
                &[
                    "purpose copy.missing_field",
                    "recipient copy.missing_field",
                    "last_day copy.missing_field",
                ][..],
            ),
            (
                &long,
                "甲\n乙",
                "2026-11-24",
                &[
                    "purpose copy.too_long",
                    "recipient copy.forbidden_character",
                    "last_day copy.last_day_past",
                ],
            ),
            (
                " 甲",
                "乙\u{202e}",
                "2027-07-01",
                &[
                    "purpose copy.surrounding_space",
                    "recipient copy.forbidden_character",
                    "last_day copy.last_day_after_license",
                ],
            ),
            (
                "ཀ",
                "乙",
                "2026-02-30",
                &["purpose copy.script_without_font", "last_day copy.bad_day"],
            ),
        ] {
            assert_eq!(asked(purpose, recipient, last_day).unwrap_err(), faults);
        }
    }

    #[test]
    fn a_body_with_more_or_other_than_it_should_have_is_refused_and_no_message_repeats_it() {
        let validity = Validity::new(day("2020-01-01"), None).unwrap();
        let read = |body: &str| {
            let sent: WireValue = serde_json::from_str(body).unwrap();
            CopyRequest::read(&sent, &validity, day(TODAY)).map_err(|faults| {
                assert!(faults.iter().all(|fault| !fault.to_string().contains("王小明")));
                faults.iter().map(|fault| fault.code()).collect::<Vec<_>>()
            })
        };
        let good = r#"{"purpose":"办理贷款","recipient":"王小明","last_day":"2026-12-31"}"#;
        assert_eq!(read(good).unwrap().recipient(), "王小明");
        for (body, codes) in [
            (r#"[]"#, &["copy.wrong_kind"][..]),
            (r#"{"purpose":3,"recipient":"王小明","last_day":"2026-12-31"}"#, &["copy.wrong_kind"]),
            (r#"{"purpose":"甲","recipient":"王小明","last_day":20261231}"#, &["copy.wrong_kind"]),
            (
                r#"{"purpose":"甲","purpose":"乙","recipient":"王小明","last_day":"2026-12-31"}"#,
                &["copy.duplicate_key"],
            ),
            (
                r#"{"purpose":"甲","recipient":"王小明","last_day":"2026-12-31","王小明":1}"#,
                &["copy.unknown_field"],
            ),
            (r#"{}"#, &["copy.missing_field"; 3]),
        ] {
            assert_eq!(read(body).unwrap_err(), codes, "{body}");
        }
    }

    #[test]
    fn a_copy_says_what_it_is_for_and_ends_after_its_last_day() {
        let original: LicenseId =
            "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R"
                .parse()
                .unwrap();
        let copy = AnnotatedCopy {
            original,
            number: "2026ABCDEFGHJKMN".parse().unwrap(),
            request: asked("办理贷款", "示例银行", "2026-12-31").unwrap(),
            maker: CopyMaker::Holder,
            made_at: "2026-11-25T02:00:00Z".parse().unwrap(),
        };
        assert!(!copy.ended_before(day("2026-12-31")) && copy.ended_before(day("2027-01-01")));
        let foot = copy.in_chinese();
        assert!(
            foot.starts_with("本加注件仅用于办理贷款，提供给示例银行，有效期至2026年12月31日"),
            "{foot}"
        );
        let again = AnnotatedCopy::recalled(
            copy.original.clone(),
            copy.number.clone(),
            ("办理贷款", "示例银行", day("2026-12-31")),
            CopyMaker::from_word(copy.maker.word()).unwrap(),
            copy.made_at,
        );
        assert_eq!(again, Some(copy));
    }

    #[test]
    fn a_copy_number_is_read_in_one_spelling_only() {
        for text in
            ["", "2026ABCDEFGHJKM", "2026ABCDEFGHJKMI", "2026abcdefghjkmn", "202６ABCDEFGHJKMN"]
        {
            assert_eq!(text.parse::<CopyNumber>(), Err(BadCopyNumber), "{text}");
        }
    }
}
