//! Reading PDF objects, and writing them again.
//!
//! Only what a strict reader of our own files needs: objects are read in place, nothing is copied, nesting and
//! number of values are bounded, and anything unusual is `None`. An object is written again in one way only.
//!
//! Source: ISO 32000-1:2008, 7.3 "Objects".

/// Deepest nesting we read. Our files nest five deep; this is our own bound.
const MAX_DEPTH: usize = 12;
/// Most values in one object. A structure tree of 400 elements has about as many. Our own bound.
const MAX_VALUES: usize = 20_000;

/// A PDF object, in the bytes of its file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object<'f> {
    Array(Vec<Object<'f>>),
    Dict(Dict<'f>),
    /// The digits between `<` and `>`, and where the `<` stands.
    Hex(&'f [u8], usize),
    Integer(i64),
    /// The bytes between the parentheses, escapes and all.
    Literal(&'f [u8]),
    Name(&'f [u8]),
    /// A keyword or a number with a fraction, none of which the reader needs.
    Other(&'f [u8]),
    Reference(usize),
}

impl Object<'_> {
    /// Writes the object behind `out`, with a blank only where two words would run together.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Array(items) => {
                out.push(b'[');
                items.iter().for_each(|item| item.write(out));
                out.push(b']');
            }
            Self::Dict(dict) => dict.write(out),
            Self::Hex(digits, _) => out.extend([b"<", *digits, b">"].concat()),
            Self::Integer(number) => word(out, number.to_string().as_bytes()),
            Self::Literal(raw) => out.extend([b"(", *raw, b")"].concat()),
            Self::Name(name) => out.extend([b"/", *name].concat()),
            Self::Other(text) => word(out, text),
            Self::Reference(number) => word(out, format!("{number} 0 R").as_bytes()),
        }
    }
}

/// Writes `text`, parted from a word before it.
fn word(out: &mut Vec<u8>, text: &[u8]) {
    if out.last().is_some_and(|last| !is_blank(*last) && !is_delimiter(*last)) {
        out.push(b' ');
    }
    out.extend(text);
}

/// A dictionary with unique keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dict<'f>(Vec<(&'f [u8], Object<'f>)>);

impl<'f> Dict<'f> {
    pub(super) fn get(&self, key: &str) -> Option<&Object<'f>> {
        self.0.iter().find(|(known, _)| *known == key.as_bytes()).map(|(_, value)| value)
    }

    /// The same dictionary with `value` under `key`: in the place of the old value, or at the end.
    pub(super) fn with(mut self, key: &'static str, value: Object<'f>) -> Self {
        match self.0.iter_mut().find(|(known, _)| *known == key.as_bytes()) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.as_bytes(), value)),
        }
        self
    }

    /// Writes the dictionary behind `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(b"<<");
        for (key, value) in &self.0 {
            out.extend([b"/", *key].concat());
            value.write(out);
        }
        out.extend(b">>");
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'f [u8]> {
        self.0.iter().map(|(key, _)| *key)
    }

    pub(super) fn reference(&self, key: &str) -> Option<usize> {
        match self.get(key)? {
            Object::Reference(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn dict(&self, key: &str) -> Option<&Dict<'f>> {
        match self.get(key)? {
            Object::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    pub(super) fn array(&self, key: &str) -> Option<&[Object<'f>]> {
        match self.get(key)? {
            Object::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn integer(&self, key: &str) -> Option<usize> {
        match self.get(key)? {
            Object::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) fn is_name(&self, key: &str, name: &str) -> bool {
        matches!(self.get(key), Some(Object::Name(found)) if *found == name.as_bytes())
    }

    /// The text of a text string, or `None` where there is none.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match self.get(key)? {
            Object::Literal(raw) => unescape(raw),
            Object::Hex(digits, _) => {
                let bytes = decode_hex(digits)?;
                let units = bytes.strip_prefix(&[0xfe, 0xff])?.chunks(2);
                let units: Option<Vec<u16>> =
                    units.map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?))).collect();
                String::from_utf16(&units?).ok()
            }
            _ => None,
        }
    }
}

/// Reads objects from a place in a file.
pub(super) struct Parser<'f> {
    bytes: &'f [u8],
    at: usize,
    values: usize,
}

impl<'f> Parser<'f> {
    pub(super) fn new(bytes: &'f [u8], at: usize) -> Self {
        Self { bytes, at, values: 0 }
    }

    /// Where the reader stands.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether nothing is left to read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Steps over exactly these bytes.
    pub(super) fn expect(&mut self, wanted: &[u8]) -> Option<()> {
        let end = self.at.checked_add(wanted.len())?;
        (self.bytes.get(self.at..end)? == wanted).then(|| self.at = end)
    }

    /// Takes this many bytes as they are.
    pub(super) fn take(&mut self, length: usize) -> Option<&'f [u8]> {
        let end = self.at.checked_add(length)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// Reads a number without sign.
    pub(super) fn digits(&mut self) -> Option<usize> {
        let rest = self.bytes.get(self.at..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = decimal(rest.get(..count)?)?;
        self.at += count;
        Some(number)
    }

    pub(super) fn object(&mut self) -> Option<Object<'f>> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Option<Object<'f>> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return None;
        }
        self.skip_blanks();
        match self.bytes.get(self.at..)? {
            [b'/', ..] => self.name().map(Object::Name),
            [b'<', b'<', ..] => {
                self.at += 2;
                let mut entries: Vec<(&[u8], Object<'_>)> = Vec::new();
                loop {
                    self.skip_blanks();
                    if self.bytes.get(self.at..)?.starts_with(b">>") {
                        self.at += 2;
                        return Some(Object::Dict(Dict(entries)));
                    }
                    let key = self.name()?;
                    if entries.len() > 200 || entries.iter().any(|(known, _)| *known == key) {
                        return None;
                    }
                    entries.push((key, self.nested(depth + 1)?));
                }
            }
            [b'<', ..] => {
                let start = self.at;
                let rest = self.bytes.get(start + 1..)?;
                let length = memchr::memchr(b'>', rest)?;
                self.at = start + length + 2;
                Some(Object::Hex(rest.get(..length)?, start))
            }
            [b'(', ..] => self.literal(),
            [b'[', ..] => {
                self.at += 1;
                let mut items = Vec::new();
                loop {
                    self.skip_blanks();
                    if self.bytes.get(self.at) == Some(&b']') {
                        self.at += 1;
                        return Some(Object::Array(items));
                    }
                    items.push(self.nested(depth + 1)?);
                }
            }
            _ => self.number_or_word(),
        }
    }

    fn number_or_word(&mut self) -> Option<Object<'f>> {
        let word = self.regular()?;
        let Some(number) = decimal(word) else {
            let negative = word.strip_prefix(b"-").and_then(decimal);
            return Some(match negative.and_then(|n| i64::try_from(n).ok()) {
                Some(number) => Object::Integer(-number),
                None => Object::Other(word),
            });
        };
        // `12 0 R` is a reference; anything else leaves the number alone.
        let back = self.at;
        if self.expect(b" 0 R").is_some() {
            let next = self.bytes.get(self.at);
            if next.is_none_or(|byte| is_blank(*byte) || is_delimiter(*byte)) {
                return Some(Object::Reference(number));
            }
        }
        self.at = back;
        Some(Object::Integer(i64::try_from(number).ok()?))
    }

    fn name(&mut self) -> Option<&'f [u8]> {
        self.expect(b"/")?;
        self.regular()
    }

    /// One or more bytes that are neither blank nor delimiter.
    fn regular(&mut self) -> Option<&'f [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let is_end = |byte: &u8| is_blank(*byte) || is_delimiter(*byte);
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).filter(|word| !word.is_empty())
    }

    fn literal(&mut self) -> Option<Object<'f>> {
        let rest = self.bytes.get(self.at + 1..)?;
        let mut depth = 1;
        let mut escaped = false;
        for (place, byte) in rest.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at += place + 2;
                return Some(Object::Literal(rest.get(..place)?));
            }
        }
        None
    }

    fn skip_blanks(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| is_blank(*byte)) {
            self.at += 1;
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// A number of at most 15 digits.
pub(super) fn decimal(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    digits.iter().try_fold(0_usize, |number, byte| match byte {
        b'0'..=b'9' => Some(number * 10 + usize::from(byte - b'0')),
        _ => None,
    })
}

/// Whether all of them are hexadecimal digits with capital letters.
pub(super) fn are_hex(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

/// Bytes from pairs of capital hexadecimal digits.
pub(super) fn decode_hex(digits: &[u8]) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'F' => byte - b'A' + 10,
        _ => 0,
    };
    // Two passes without a way out in the middle, which are done many bytes at a time.
    let are_digits = are_hex(digits);
    are_digits
        .then(|| digits.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect())
}

/// The ASCII text of a literal string.
fn unescape(raw: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(byte) = bytes.next() {
        let byte =
            if *byte == b'\\' { bytes.next().filter(|b| b"\\()".contains(b))? } else { byte };
        if !(b' '..=b'~').contains(byte) {
            return None;
        }
        text.push(char::from(*byte));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Object<'_>> {
        Parser::new(text.as_bytes(), 0).object()
    }

    #[test]
    fn objects_are_read_as_the_standard_writes_them() {
        let object = parse("<</A[1 -2 3 0 R 4 0 5 1.5]/B(a\\)(b))/C<FEFF4E00>/D<</E/F>>/G true>>");
        let Some(Object::Dict(dict)) = object else { panic!("{object:?}") };
        let numbers = [
            Object::Integer(1),
            Object::Integer(-2),
            Object::Reference(3),
            Object::Integer(4),
            Object::Integer(0),
            Object::Integer(5),
            Object::Other(b"1.5"),
        ];
        assert_eq!(dict.array("A"), Some(&numbers[..]));
        assert_eq!(dict.text("B").as_deref(), Some("a)(b)"));
        assert_eq!(dict.text("C").as_deref(), Some("一"));
        assert!(dict.dict("D").is_some_and(|inner| inner.is_name("E", "F")));
    }

    #[test]
    fn an_object_is_written_as_it_was_read() {
        let text = "<</A[1 -2 3 0 R 4 0 5 1.5/N]/B(a\\)(b))/C<FEFF4E00>/D<</E/F>>/G true/H 7 0 R>>";
        let mut out = Vec::new();
        parse(text).unwrap().write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text);

        let Some(Object::Dict(dict)) = parse("<</A 1/B 2>>") else { panic!("no dictionary") };
        let mut out = Vec::new();
        dict.with("A", Object::Name(b"X")).with("C", Object::Reference(3)).write(&mut out);
        assert_eq!(out, b"<</A/X/B 2/C 3 0 R>>");
    }

    #[test]
    fn what_is_cut_doubled_or_too_deep_is_not_read() {
        let deep = "[".repeat(200);
        for text in ["<</A 1", "<</A 1/A 2>>", "(a", "<41", "[1", "/", "", ">>", "<<1 2>>", &deep] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn small_letters_are_no_hexadecimal_digits_of_ours() {
        assert_eq!(decode_hex(b"0AFF"), Some(vec![0x0a, 0xff]));
        assert_eq!(decode_hex(b"0aff"), None);
        assert_eq!(decode_hex(b"0AF"), None);
    }
}
