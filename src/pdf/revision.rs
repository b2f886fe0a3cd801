//! A file of ours in one revision, its objects found by number.
//!
//! [`Revision::open`] takes a file only if it is put together as we put files together: our header, objects that
//! follow one another without a byte between them, one plain cross-reference table that names each of them, one
//! trailer, and the end. Nothing can hide in such a file: what is not an object is not there.
//!
//! Source: ISO 32000-1:2008, 7.5 "File structure".

use super::read_error::Trouble;
use super::syntax::{Dict, Object, Parser, decimal};

/// Most objects of a file. Our largest have some hundreds; this is our own bound.
const MAX_OBJECTS: usize = 20_000;
/// How our files begin, up to the first object.
pub(super) const HEADER: &[u8] = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n";

/// A file whose cross-reference table accounts for every byte.
pub(super) struct Revision<'f> {
    file: &'f [u8],
    /// Where each object begins, from number 1.
    offsets: Vec<usize>,
    root: usize,
}

impl<'f> Revision<'f> {
    pub(super) fn open(file: &'f [u8]) -> Result<Self, Trouble> {
        let structure = Trouble::Structure;
        if !file.starts_with(HEADER) {
            return Err(structure("the header is not ours"));
        }
        let body = file.strip_suffix(b"\n%%EOF").ok_or(structure("no end of file at its end"))?;
        let digits = body.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (before, number) = body.split_at(body.len() - digits);
        let before = before.strip_suffix(b"startxref\n").ok_or(structure("no startxref"))?;
        let table = decimal(number).ok_or(structure("no startxref"))?;

        let mut parser = Parser::new(before, table);
        let read = |parser: &mut Parser<'f>| {
            parser.expect(b"xref\n0 ")?;
            let count = parser.digits().filter(|count| (2..=MAX_OBJECTS).contains(count))?;
            parser.expect(b"\n0000000000 65535 f\r\n")?;
            let mut offsets = Vec::with_capacity(count);
            for _ in 1..count {
                offsets.push(parser.digits()?);
                parser.expect(b" 00000 n\r\n")?;
            }
            parser.expect(b"trailer\n")?;
            let Object::Dict(trailer) = parser.object()? else { return None };
            parser.expect(b"\n")?;
            (parser.at() == before.len()).then_some((offsets, trailer))
        };
        let (offsets, trailer) =
            read(&mut parser).ok_or(structure("the cross-reference table is not ours"))?;
        let known: [&[u8]; 4] = [b"Size", b"Root", b"Info", b"ID"];
        if trailer.keys().any(|key| !known.contains(&key)) {
            return Err(structure("the trailer names another revision"));
        }
        let size = trailer.integer("Size");
        let root = trailer.reference("Root").ok_or(structure("the trailer names no catalog"))?;
        if size != Some(offsets.len() + 1) {
            return Err(structure("the trailer counts other objects"));
        }
        let reader = Self { file, offsets, root };
        if !reader.is_gapless(table) {
            return Err(structure("bytes lie outside the objects"));
        }
        Ok(reader)
    }

    /// Whether the objects follow one another from the header to the table, each where the table says.
    fn is_gapless(&self, table: usize) -> bool {
        let mut places: Vec<(usize, usize)> = self.offsets.iter().copied().zip(1..).collect();
        places.sort_unstable();
        let ends = places.iter().skip(1).map(|(at, _)| *at).chain([table]);
        let begins_first = places.first().is_some_and(|(at, _)| *at == HEADER.len());
        begins_first
            && places.iter().zip(ends).all(|((at, number), end)| {
                let Some(object) = self.file.get(*at..end) else { return false };
                let mut head = Parser::new(object, 0);
                head.digits() == Some(*number)
                    && head.expect(b" 0 obj\n").is_some()
                    && object.ends_with(b"\nendobj\n")
            })
    }

    /// The object with this number, and where the reader stands behind it.
    pub(super) fn object(&self, number: usize) -> Option<(Object<'f>, usize)> {
        let at = *self.offsets.get(number.checked_sub(1)?)?;
        let mut parser = Parser::new(self.file, at);
        parser.digits()?;
        parser.expect(b" 0 obj\n")?;
        let object = parser.object()?;
        Some((object, parser.at()))
    }

    pub(super) fn dict(&self, number: usize) -> Option<Dict<'f>> {
        match self.object(number)? {
            (Object::Dict(dict), end) => {
                Parser::new(self.file, end).expect(b"\nendobj\n").map(|()| dict)
            }
            _ => None,
        }
    }

    /// The dictionary and the bytes of a stream.
    pub(super) fn stream(&self, number: usize) -> Option<(Dict<'f>, &'f [u8])> {
        let (Object::Dict(dict), end) = self.object(number)? else { return None };
        let mut parser = Parser::new(self.file, end);
        parser.expect(b"\nstream\n")?;
        let start = parser.at();
        let end = start.checked_add(dict.integer("Length")?)?;
        let bytes = self.file.get(start..end)?;
        Parser::new(self.file, end).expect(b"\nendstream\nendobj\n")?;
        Some((dict, bytes))
    }

    /// The catalog, from which everything else is reached.
    pub(super) fn catalog(&self) -> Option<Dict<'f>> {
        self.dict(self.root)
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &'f [u8] {
        self.file
    }
}
