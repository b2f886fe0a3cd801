//! Reading PDF objects as anybody writes them, strictly.
//!
//! What is not laid down in the standard is an error, and so is a key that stands twice in a dictionary: which of the
//! two counts differs from viewer to viewer.
//!
//! Source: ISO 32000-1:2008, 7.2 and 7.3.

use std::collections::HashSet;
use std::ops::Range;

use super::object::{Budget, Dict, ForeignError, Number, Value};

/// Deepest nesting of one object. Our own bound.
const MAX_DEPTH: usize = 48;
/// How many bytes cost as much as a value. Our own bound.
const BYTES_A_VALUE: usize = 256;
/// Longest name that is read, in bytes; ISO 32000-1, annex C names 127.
const MAX_NAME: usize = 512;

/// Reads values from a place in some bytes.
pub(super) struct Lexer<'b> {
    bytes: &'b [u8],
    at: usize,
    budget: &'b Budget,
    /// Where the values of the keys of the outermost dictionary stand.
    spans: Vec<(Vec<u8>, Range<usize>)>,
}

impl<'b> Lexer<'b> {
    pub(super) fn new(bytes: &'b [u8], at: usize, budget: &'b Budget) -> Self {
        Self { bytes, at, budget, spans: Vec::new() }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Where the value of a key of the outermost dictionary stands, without blanks around it.
    pub(super) fn span(&self, key: &str) -> Option<Range<usize>> {
        self.spans.iter().find(|(known, _)| known == key.as_bytes()).map(|(_, span)| span.clone())
    }

    /// Steps over blanks and comments.
    pub(super) fn skip(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'%' => {
                    while self.peek().is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                        self.at += 1;
                    }
                }
                byte if is_blank(*byte) => self.at += 1,
                _ => return,
            }
        }
    }

    /// Steps over a word, which ends here.
    pub(super) fn word(&mut self, word: &str) -> Result<(), ForeignError> {
        self.skip();
        if self.regular() == word.as_bytes() { Ok(()) } else { Err(ForeignError::Malformed) }
    }

    /// Whether the next word is this one; if so it is stepped over.
    pub(super) fn is_word(&mut self, word: &str) -> bool {
        let back = self.at;
        let found = self.word(word).is_ok();
        if !found {
            self.at = back;
        }
        found
    }

    /// A whole number without sign.
    pub(super) fn size(&mut self) -> Result<usize, ForeignError> {
        self.skip();
        let word = self.regular();
        digits(word).and_then(|number| usize::try_from(number).ok()).ok_or(ForeignError::Malformed)
    }

    /// Steps over a word of a table of cross-references.
    pub(super) fn entry(&mut self) -> Result<(), ForeignError> {
        self.skip();
        if self.regular().is_empty() { Err(ForeignError::Malformed) } else { Ok(()) }
    }

    /// `12 0 obj`, whose numbers are given.
    pub(super) fn head(&mut self) -> Result<Number, ForeignError> {
        let number = Number::of(self.size()?, self.size()?)?;
        self.word("obj")?;
        Ok(number)
    }

    /// The next value.
    pub(super) fn value(&mut self) -> Result<Value, ForeignError> {
        self.nested(0)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn nested(&mut self, depth: usize) -> Result<Value, ForeignError> {
        let before = self.at;
        let value = self.unpaid(depth)?;
        // Long texts and comments cost as well: objects may be said to stand one in another.
        self.budget.spend(1 + (self.at - before) / BYTES_A_VALUE)?;
        Ok(value)
    }

    fn unpaid(&mut self, depth: usize) -> Result<Value, ForeignError> {
        if depth > MAX_DEPTH {
            return Err(ForeignError::TooMuch);
        }
        self.skip();
        match self.bytes.get(self.at..).unwrap_or_default() {
            [b'/', ..] => self.name().map(Value::Name),
            [b'<', b'<', ..] => self.dict(depth).map(Value::Dict),
            [b'<', ..] => self.hex().map(Value::Text),
            [b'(', ..] => self.literal().map(Value::Text),
            [b'[', ..] => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.skip();
                    if self.peek() == Some(b']') {
                        self.at += 1;
                        return Ok(Value::Array(items));
                    }
                    items.push(self.nested(depth + 1)?);
                }
            }
            _ => self.number_or_word(),
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Dict, ForeignError> {
        self.at += 2;
        let mut entries: Vec<(Vec<u8>, Value)> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            self.skip();
            if self.bytes.get(self.at..).unwrap_or_default().starts_with(b">>") {
                self.at += 2;
                return Ok(Dict(entries));
            }
            let key = self.name()?;
            if !seen.insert(key.clone()) {
                return Err(ForeignError::Ambiguous);
            }
            self.skip();
            let start = self.at;
            let value = self.nested(depth + 1)?;
            if depth == 0 {
                self.spans.push((key.clone(), start..self.at));
            }
            if value != Value::Null {
                entries.push((key, value));
            }
        }
    }

    fn number_or_word(&mut self) -> Result<Value, ForeignError> {
        let word = self.regular();
        match word {
            b"true" => return Ok(Value::Bool(true)),
            b"false" => return Ok(Value::Bool(false)),
            b"null" => return Ok(Value::Null),
            _ => {}
        }
        if let Some(number) = digits(word) {
            // `12 0 R` is a reference; anything else leaves the number alone.
            let back = self.at;
            if let Ok(generation) = self.size()
                && self.is_word("R")
            {
                let number = usize::try_from(number).map_err(|_| ForeignError::Malformed)?;
                return Number::of(number, generation).map(Value::Reference);
            }
            self.at = back;
            return Ok(Value::Integer(number));
        }
        let unsigned = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
        if let Some(number) = digits(unsigned) {
            return Ok(Value::Integer(if word.starts_with(b"-") { -number } else { number }));
        }
        let points = unsigned.iter().filter(|byte| **byte == b'.').count();
        let is_number = points == 1
            && unsigned.len() > 1
            && unsigned.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        if is_number { Ok(Value::Real(word.to_vec())) } else { Err(ForeignError::Malformed) }
    }

    fn name(&mut self) -> Result<Vec<u8>, ForeignError> {
        if self.peek() != Some(b'/') {
            return Err(ForeignError::Malformed);
        }
        self.at += 1;
        let word = self.regular();
        if word.len() > MAX_NAME {
            return Err(ForeignError::TooMuch);
        }
        let mut name = Vec::with_capacity(word.len());
        let mut bytes = word.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'#' => {
                    let pair = (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit));
                    let (Some(high), Some(low)) = pair else { return Err(ForeignError::Malformed) };
                    name.push(high << 4 | low);
                }
                byte => name.push(*byte),
            }
        }
        Ok(name)
    }

    /// What comes before the next blank or delimiter; it may be nothing.
    fn regular(&mut self) -> &'b [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_end = |byte: &u8| is_blank(*byte) || is_delimiter(*byte);
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn hex(&mut self) -> Result<Vec<u8>, ForeignError> {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'>').ok_or(ForeignError::Malformed)?;
        self.at += length + 2;
        let digits = rest.get(..length).unwrap_or_default();
        let digits = digits.iter().filter(|byte| !is_blank(**byte));
        let digits: Option<Vec<u8>> = digits.map(hex_digit).collect();
        let digits = digits.ok_or(ForeignError::Malformed)?;
        // An odd last digit is followed by a zero.
        let pair = |pair: &[u8]| pair.first().unwrap_or(&0) << 4 | pair.get(1).unwrap_or(&0);
        Ok(digits.chunks(2).map(pair).collect())
    }

    fn literal(&mut self) -> Result<Vec<u8>, ForeignError> {
        self.at += 1;
        let (mut depth, mut text) = (1_usize, Vec::new());
        loop {
            let byte = self.peek().ok_or(ForeignError::Malformed)?;
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(text);
                    }
                }
                b'\\' => {
                    self.escape(&mut text)?;
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), ForeignError> {
        let byte = self.peek().ok_or(ForeignError::Malformed)?;
        self.at += 1;
        text.push(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(next @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(next - b'0');
                    self.at += 1;
                }
                u8::try_from(code & 0xff).unwrap_or_default()
            }
            // A line that is broken in the file only.
            b'\n' => return Ok(()),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
                return Ok(());
            }
            other => other,
        });
        Ok(())
    }
}

/// Whether this is a blank.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn digits(word: &[u8]) -> Option<i64> {
    if word.is_empty() || word.len() > 18 {
        return None;
    }
    word.iter().try_fold(0_i64, |number, byte| match byte {
        b'0'..=b'9' => Some(number * 10 + i64::from(byte - b'0')),
        _ => None,
    })
}

fn hex_digit(byte: &u8) -> Option<u8> {
    char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Value, ForeignError> {
        let budget = Budget::of(text.len());
        Lexer::new(text, 0, &budget).value()
    }

    #[test]
    fn objects_are_read_as_the_standard_writes_them() {
        let text = b"<</A [1 -2 +3 .5 -1.5 3 0 R 4 0 5]%c\n/B#20 (a\\)(b)\\101\\\n)/C<4 1 4>/D<</E/F>>/G true/H null>>";
        let text: Vec<u8> =
            String::from_utf8_lossy(text).replace("\\n", "\n").replace("\\\\", "\\").into();
        let Ok(Value::Dict(dict)) = read(&text) else { panic!("{:?}", read(&text)) };
        let numbers = dict.get("A").unwrap().as_array().unwrap();
        assert_eq!(numbers.len(), 9);
        assert_eq!(numbers[5], Value::Reference(Number { number: 3, generation: 0 }));
        assert_eq!((&numbers[1], &numbers[3]), (&Value::Integer(-2), &Value::Real(b".5".to_vec())));
        assert_eq!(dict.get("B ").unwrap().as_text(), Some(&b"a)(b)A"[..]));
        assert_eq!(dict.get("C").unwrap().as_text(), Some(&b"A@"[..]));
        assert!(dict.get("D").unwrap().as_dict().unwrap().is_name("E", "F"));
        assert_eq!(dict.get("H"), None, "null is as good as none");
    }

    #[test]
    fn what_readers_would_see_in_two_ways_is_not_read() {
        assert_eq!(read(b"<</A 1/A 2>>"), Err(ForeignError::Ambiguous));
        assert_eq!(read("[".repeat(200).as_bytes()), Err(ForeignError::TooMuch));
        for text in
            ["<</A 1", "(a", "<4z>", "[1", "tru", "1.2.3", "--1", "/a#1", ">>", "<<1 2>>", ""]
        {
            assert_eq!(read(text.as_bytes()), Err(ForeignError::Malformed), "{text}");
        }
    }

    #[test]
    fn the_place_of_a_value_is_known() {
        let text = b"12 0 obj <</A 1 /Contents <3082> /B 2>>";
        let budget = Budget::of(text.len());
        let mut lexer = Lexer::new(text, 0, &budget);
        assert_eq!(lexer.head(), Ok(Number { number: 12, generation: 0 }));
        lexer.value().unwrap();
        assert_eq!(lexer.span("Contents").map(|span| &text[span]), Some(&b"<3082>"[..]));
    }
}
