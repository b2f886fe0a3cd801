//! Days and instants, which never meet by accident.
//!
//! A license is granted on a [`Day`] and ends on one; a seal is made at a [`Moment`]. The two convert only
//! where a zone is named, and the only zone of the trade is China Standard Time, UTC+8 without summer time.
//! The room reads no clock: a `Moment` is handed in by whoever may read one (`service::ports::Clock`).
//!
//! Source: the proleptic Gregorian calendar, ISO 8601; text forms of moments, RFC 3339.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const SECONDS_PER_DAY: i64 = 86_400;
/// China Standard Time, ahead of UTC, in seconds.
const CHINA_OFFSET_SECONDS: i64 = 8 * 3_600;

/// A calendar day, from 0001-01-01 to 9999-12-31, without a zone.
///
/// Written `2026-11-22`. Two days compare in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    /// Days since 1970-01-01.
    days: i32,
}

impl Day {
    /// The day with these calendar numbers, if there is one.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, TimeError> {
        let fits = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        if !fits {
            return Err(TimeError::NoSuchDay);
        }
        // Days from civil: years are counted from March, so that the leap day is the last of its year.
        let (year, month, day) = (i32::from(year), i32::from(month), i32::from(day));
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let era = shifted_year.div_euclid(400);
        let year_of_era = shifted_year.rem_euclid(400);
        let month_from_march = (month + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Ok(Self { days: era * 146_097 + day_of_era - 719_468 })
    }

    /// Year, month (1 to 12) and day of the month (from 1).
    pub fn numbers(self) -> (u16, u8, u8) {
        let shifted = self.days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        let small = |number: i32| u16::try_from(number).unwrap_or_default();
        let tiny = |number: i32| u8::try_from(number).unwrap_or_default();
        (small(year), tiny(month), tiny(day))
    }

    /// The day `count` days later, or earlier where `count` is negative; the calendar's ends hold it.
    pub fn plus_days(self, count: i32) -> Self {
        let last = Self::new(9999, 12, 31).map_or(self.days, |day| day.days);
        let first = Self::new(1, 1, 1).map_or(self.days, |day| day.days);
        Self { days: self.days.saturating_add(count).clamp(first, last) }
    }

    /// The same day `count` years later; 29 February becomes 28 February where the year has none.
    pub fn plus_years(self, count: u16) -> Self {
        let (year, month, day) = self.numbers();
        let year = year.saturating_add(count).min(9999);
        Self::new(year, month, day.min(days_in_month(year, month))).unwrap_or(self)
    }

    /// Midnight at the start of this day in China.
    pub fn start_in_china(self) -> Moment {
        Moment { seconds: i64::from(self.days) * SECONDS_PER_DAY - CHINA_OFFSET_SECONDS }
    }

    /// As Chinese licenses print it: `2026年11月22日`.
    pub fn in_chinese(self) -> String {
        let (year, month, day) = self.numbers();
        format!("{year}年{month:02}月{day:02}日")
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.numbers();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(TimeError::Form);
        }
        let month = u8::try_from(digits(&bytes[5..7])?).map_err(|_| TimeError::Form)?;
        let day = u8::try_from(digits(&bytes[8..10])?).map_err(|_| TimeError::Form)?;
        let year = u16::try_from(digits(&bytes[..4])?).map_err(|_| TimeError::Form)?;
        Self::new(year, month, day)
    }
}

impl TryFrom<String> for Day {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

/// An instant, to the second, in UTC.
///
/// Written `2026-11-22T03:20:29Z` (RFC 3339); other offsets are understood when read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    seconds: i64,
}

impl Moment {
    /// The instant this many seconds after 1970-01-01T00:00:00Z, held to the years 1 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        const FIRST: i64 = -62_135_596_800;
        const LAST: i64 = 253_402_300_799;
        Self { seconds: seconds.clamp(FIRST, LAST) }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// The instant `seconds` later, or earlier where negative.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix_seconds(self.seconds.saturating_add(seconds))
    }

    /// What the calendar shows in China at this instant.
    pub fn day_in_china(self) -> Day {
        self.plus_seconds(CHINA_OFFSET_SECONDS).day_in_utc()
    }

    /// What the calendar shows in UTC at this instant.
    pub fn day_in_utc(self) -> Day {
        Day { days: i32::try_from(self.seconds.div_euclid(SECONDS_PER_DAY)).unwrap_or_default() }
    }

    /// Hour, minute and second in UTC.
    pub fn time_in_utc(self) -> (u8, u8, u8) {
        let second_of_day = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let tiny = |number: i64| u8::try_from(number).unwrap_or_default();
        (tiny(second_of_day / 3_600), tiny(second_of_day / 60 % 60), tiny(second_of_day % 60))
    }

    /// As people in China read it: `2026-11-22 11:20:29`.
    pub fn in_china(self) -> String {
        let local = self.plus_seconds(CHINA_OFFSET_SECONDS);
        let (hour, minute, second) = local.time_in_utc();
        format!("{} {hour:02}:{minute:02}:{second:02}", local.day_in_utc())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.time_in_utc();
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", self.day_in_utc())
    }
}

impl FromStr for Moment {
    type Err = TimeError;

    /// Reads RFC 3339; a fraction of a second is read and dropped.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bytes = text.as_bytes();
        if !text.is_ascii() || bytes.len() < 20 || !matches!(bytes[10], b'T' | b't') {
            return Err(TimeError::Form);
        }
        let day: Day = text[..10].parse()?;
        if bytes[13] != b':' || bytes[16] != b':' {
            return Err(TimeError::Form);
        }
        let (hour, minute) = (digits(&bytes[11..13])?, digits(&bytes[14..16])?);
        let second = digits(&bytes[17..19])?;
        if hour > 23 || minute > 59 || second > 59 {
            return Err(TimeError::Form);
        }
        let mut rest = &bytes[19..];
        if let [b'.', fraction @ ..] = rest {
            let end = fraction.iter().position(|b| !b.is_ascii_digit()).ok_or(TimeError::Form)?;
            if end == 0 {
                return Err(TimeError::Form);
            }
            rest = &fraction[end..];
        }
        let offset = match rest {
            b"Z" | b"z" => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
                if hours > 23 || minutes > 59 {
                    return Err(TimeError::Form);
                }
                let seconds = i64::from(hours) * 3_600 + i64::from(minutes) * 60;
                if *sign == b'+' { seconds } else { -seconds }
            }
            _ => return Err(TimeError::Form),
        };
        let of_day = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
        let seconds = i64::from(day.days) * SECONDS_PER_DAY + of_day - offset;
        Ok(Self::from_unix_seconds(seconds))
    }
}

impl TryFrom<String> for Moment {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

/// Why a text is not a day or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The text does not have the form of a day (`2026-11-22`) or of a moment (RFC 3339).
    Form,
    /// The form is right and the calendar has no such day.
    NoSuchDay,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "write a day as 2026-11-22 and a moment as 2026-11-22T08:00:00+08:00",
            Self::NoSuchDay => "the calendar has no such day",
        })
    }
}

impl std::error::Error for TimeError {}

fn days_in_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn digits(bytes: &[u8]) -> Result<u32, TimeError> {
    bytes.iter().try_fold(0, |sum: u32, byte| match byte {
        b'0'..=b'9' => Ok(sum * 10 + u32::from(byte - b'0')),
        _ => Err(TimeError::Form),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_calendar_is_written_and_read_back() {
        let mut day = Day::new(1, 1, 1).unwrap();
        let last = Day::new(9999, 12, 31).unwrap();
        while day < last {
            assert_eq!(day.to_string().parse(), Ok(day));
            day = day.plus_days(13);
        }
        assert_eq!(last.plus_days(1), last);
    }

    #[test]
    fn days_that_the_calendar_does_not_have_are_refused() {
        for (text, refusal) in [
            ("2026-02-29", TimeError::NoSuchDay),
            ("1900-02-29", TimeError::NoSuchDay),
            ("2026-13-01", TimeError::NoSuchDay),
            ("2026-00-10", TimeError::NoSuchDay),
            ("0000-01-01", TimeError::NoSuchDay),
            ("2026-1-01", TimeError::Form),
            ("20260101", TimeError::Form),
            ("2026-01-01 ", TimeError::Form),
            ("２０２６-01-01", TimeError::Form),
        ] {
            assert_eq!(text.parse::<Day>(), Err(refusal), "{text}");
        }
        assert_eq!("2000-02-29".parse::<Day>().unwrap().numbers(), (2000, 2, 29));
    }

    #[test]
    fn a_moment_late_in_the_utc_evening_is_the_next_day_in_china() {
        let moment: Moment = "2026-11-21T16:00:00Z".parse().unwrap();
        assert_eq!(moment.day_in_china().to_string(), "2026-11-22");
        assert_eq!(moment.plus_seconds(-1).day_in_china().to_string(), "2026-11-21");
        assert_eq!(moment.day_in_china().start_in_china(), moment);
    }

    #[test]
    fn offsets_and_fractions_are_understood_and_nonsense_is_refused() {
        let moment: Moment = "2026-11-22T08:00:00.123+08:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-22T00:00:00Z");
        for text in [
            "2026-11-22T08:00:00",
            "2026-11-22T24:00:00Z",
            "2026-11-22 08:00:00Z",
            "2026-11-22T08:00:00.Z",
            "2026-11-22T08:00:00+0800",
            "2026-11-22T08:00:00Zjunk",
            "二〇二六年",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(TimeError::Form), "{text}");
        }
    }

    #[test]
    fn a_term_of_years_from_a_leap_day_ends_in_february() {
        let leap: Day = "2024-02-29".parse().unwrap();
        assert_eq!(leap.plus_years(1).to_string(), "2025-02-28");
        assert_eq!(leap.plus_years(4).to_string(), "2028-02-29");
    }
}
