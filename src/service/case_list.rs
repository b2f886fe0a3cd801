//! A list of cases (办件清单): license ids as people keep them, one a row.
//!
//! Spreadsheets write a byte-order mark or GBK, quote cells, leave blanks and empty rows, and turn digits into full-width
//! ones; all of that is read. The cell of a row that is a license id, or the text of a square, is what is asked about;
//! where there is none, the first cell is kept so that the row can be told to be unreadable.

use std::fmt;

use encoding_rs::GBK;

use crate::domain::{LicenseId, LicenseIdError};
use crate::judge::is_square;

/// Most cases in one list; our own bound, said wherever lists are taken.
pub const MAX_CASES: usize = 5_000;
/// Shortest text that may be that of a square, in characters; our own bound.
const MIN_SQUARE_LEN: usize = 100;
/// Longest list, in bytes; our own bound.
pub const MAX_LIST_BYTES: usize = 10_000_000;

/// One row of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Its line in the file, from 1.
    pub line: u64,
    /// What it says, cleaned.
    pub input: String,
    /// What is asked.
    pub asked: Result<CaseAsked, LicenseIdError>,
}

/// What a row asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseAsked {
    /// A license by its number.
    Id(Box<LicenseId>),
    /// The text of a square.
    Square(String),
}

/// Why a list is not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum CaseListError {
    /// There is no row in it.
    Empty,
    /// It is not text of rows and cells.
    Malformed {
        /// The line from which on it is not.
        line: u64,
    },
    /// It is longer than is taken.
    TooLong,
    /// It has more cases than are taken.
    TooMany,
}

impl CaseListError {
    /// A fixed word for programs to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "case_list.empty",
            Self::Malformed { .. } => "case_list.malformed",
            Self::TooLong => "case_list.too_long",
            Self::TooMany => "case_list.too_many",
        }
    }
}

impl fmt::Display for CaseListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the list has no case: write one license id a row"),
            Self::Malformed { line } => {
                write!(f, "line {line} is not text of cells; save the list as CSV or as plain text")
            }
            Self::TooLong => write!(f, "the list is longer than {MAX_LIST_BYTES} bytes: split it"),
            Self::TooMany => write!(f, "the list has more than {MAX_CASES} cases: split it"),
        }
    }
}

impl std::error::Error for CaseListError {}

/// Reads a list: CSV, or plain text with one case a line.
pub fn read_case_list(bytes: &[u8]) -> Result<Vec<CaseRow>, CaseListError> {
    if bytes.len() > MAX_LIST_BYTES {
        return Err(CaseListError::TooLong);
    }
    let text = decoded(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (place, record) in reader.records().enumerate() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            CaseListError::Malformed { line }
        })?;
        let line = line_of(text, record.position().map_or(0, csv::Position::byte));
        let cells: Vec<String> =
            record.iter().map(cleaned).filter(|cell| !cell.is_empty()).collect();
        // Where no cell is a number, the longest was meant to be one.
        let Some(longest) = cells.iter().max_by_key(|cell| cell.len()) else { continue };
        let known = cells.iter().find_map(|cell| Some((cell.clone(), ask(cell).ok()?)));
        let row = match known {
            Some((input, asked)) => CaseRow { line, input, asked: Ok(asked) },
            // A header has words and no number.
            None if place == 0 && !longest.bytes().any(|byte| byte.is_ascii_digit()) => continue,
            None => CaseRow { line, input: longest.clone(), asked: ask(longest) },
        };
        if rows.len() == MAX_CASES {
            return Err(CaseListError::TooMany);
        }
        rows.push(row);
    }
    if rows.is_empty() { Err(CaseListError::Empty) } else { Ok(rows) }
}

/// A list as text: UTF-8, or GBK as Chinese spreadsheets write it without a byte-order mark.
pub fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => GBK.decode(bytes).0.into_owned(),
    }
}

/// The line, from 1, of the row that begins at this byte or behind the empty ones there.
fn line_of(text: &str, byte: u64) -> u64 {
    let place = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let (before, behind) = text.as_bytes().split_at(place);
    let empty = behind.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let lines = before.iter().chain(empty).filter(|byte| **byte == b'\n').count();
    u64::try_from(lines).unwrap_or(u64::MAX).saturating_add(1)
}

/// The same for texts that a program has in a list already; the place in it, from 1, is the line.
pub fn case_rows(texts: &[&str]) -> Result<Vec<CaseRow>, CaseListError> {
    let row = |(place, text): (usize, &&str)| {
        let (input, line) = (cleaned(text), u64::try_from(place + 1).unwrap_or(u64::MAX));
        CaseRow { line, asked: ask(&input), input }
    };
    match texts.len() {
        0 => Err(CaseListError::Empty),
        1..=MAX_CASES => Ok(texts.iter().enumerate().map(row).collect()),
        _ => Err(CaseListError::TooMany),
    }
}

fn ask(cell: &str) -> Result<CaseAsked, LicenseIdError> {
    // A number in a column beside is none of those digits.
    if cell.len() > MIN_SQUARE_LEN && is_square(cell) {
        return Ok(CaseAsked::Square(cell.to_owned()));
    }
    let id = cell.rsplit_once('#').map_or(cell, |(_, id)| id);
    id.parse::<LicenseId>().map(|id| CaseAsked::Id(Box::new(id)))
}

/// A cell without what spreadsheets put into it: full-width forms, blanks of every kind, marks that are not seen.
fn cleaned(cell: &str) -> String {
    let narrow = |character: char| match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        '。' => '.',
        other => other,
    };
    let unseen = |character: &char| {
        character.is_whitespace()
            || matches!(character, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\'' | '\u{2060}')
    };
    cell.chars().filter(|character| !unseen(character)).map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str =
        "1.2.156.3005.2.11990000MD0000008F002.11990000MD1000018N.20264Z4J4RK06XG0.001.S";

    fn id() -> LicenseId {
        let key = crate::domain::LicenseKey::new(
            "11990000MD0000008F002".parse().unwrap(),
            &"11990000MD1000018N".parse().unwrap(),
            "20264Z4J4RK06XG0",
        );
        key.unwrap().version(crate::domain::VersionNo::FIRST)
    }

    #[test]
    fn lists_are_read_as_spreadsheets_write_them() {
        let id = id();
        let text = id.to_string();
        let wide: String =
            text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        let rows = [
            format!("{text}\n"),
            format!("\u{feff}{text}\r\n\r\n"),
            format!("序号,电子证照标识,备注\n1,\"{text}\",急\n"),
            format!("  {text}  ,\n,,\n"),
            wide,
            format!("https://zhengku.example/verify#{text}"),
            format!("'{text}"),
        ];
        for list in rows {
            let read = read_case_list(list.as_bytes()).unwrap();
            assert_eq!(read.len(), 1, "{list}");
            assert_eq!(read[0].asked, Ok(CaseAsked::Id(Box::new(id.clone()))), "{list}");
        }
        let (gbk, _, _) = GBK.encode("标识,名称\n");
        let list = [&gbk[..], text.as_bytes(), b",\xb5\xda\n"].concat();
        let read = read_case_list(&list).unwrap();
        assert_eq!((read.len(), read[0].line), (1, 2));
    }

    #[test]
    fn a_row_that_is_no_number_stays_with_its_line_and_its_reason() {
        let list = format!("{}\n\nnot a number 7\n{ID}\n", id());
        let read = read_case_list(list.as_bytes()).unwrap();
        assert_eq!(read.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4]);
        assert!(read[0].asked.is_ok() && read[1].asked.is_err());
        assert_eq!(read[1].input, "notanumber7");
        assert!(
            matches!(read[2].asked, Err(LicenseIdError::CheckCharacter { .. })),
            "{:?}",
            read[2]
        );
        // A first row with a number in it is no header, however wrong.
        assert_eq!(read_case_list(b"1.2.156.x\n").unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert_eq!(read_case_list(b"\n , \n"), Err(CaseListError::Empty));
        let long = "1\n".repeat(MAX_CASES + 1);
        assert_eq!(read_case_list(long.as_bytes()), Err(CaseListError::TooMany));
        assert_eq!(read_case_list(&vec![b' '; MAX_LIST_BYTES + 1]), Err(CaseListError::TooLong));
    }
}
