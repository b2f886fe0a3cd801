//! The first revision of a file of ours, its objects found by number.
//!
//! [`Revision::open`] takes a file only if it is put together as we put files together: our header, objects that
//! follow one another without a byte between them, one plain cross-reference table that names each of them, one
//! trailer, and the end. Nothing can hide in such a file: what is not an object is not there.
//!
//! Source: ISO 32000-1:2008, 7.5 "File structure".

use super::read_error::Trouble;
use super::syntax::{Dict, Object, Parser, decimal};

/// Most objects of a file. Our largest have some hundreds; this is our own bound.
pub(super) const MAX_OBJECTS: usize = 20_000;
/// How our files begin, up to the first object.
pub(super) const HEADER: &[u8] = b"%PDF-1.7\n%\x80\x80\x80\x80\n\n";

/// A file whose cross-reference table accounts for every byte.
pub(super) struct Revision<'f> {
    file: &'f [u8],
    /// From where to where each object reaches, from number 1.
    objects: Vec<(usize, usize)>,
    pub(super) root: usize,
    /// Where the cross-reference table begins.
    pub(super) table: usize,
    pub(super) trailer: Dict<'f>,
}

impl<'f> Revision<'f> {
    pub(super) fn open(file: &'f [u8]) -> Result<Self, Trouble> {
        let structure = Trouble::Structure;
        if !file.starts_with(HEADER) {
            return Err(structure("the header is not ours"));
        }
        let (before, table) = end(file)?;

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
            parser.is_at_end().then_some((offsets, trailer))
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
        let objects =
            gapless(file, &offsets, table).ok_or(structure("bytes lie outside the objects"))?;
        Ok(Self { file, objects, root, table, trailer })
    }

    /// The object with this number, and a reader that stands behind it.
    ///
    /// It is read up to its own end and no further: objects that ran into one another would be read over and
    /// over.
    pub(super) fn object(&self, number: usize) -> Option<(Object<'f>, Parser<'f>)> {
        let (at, end) = *self.objects.get(number.checked_sub(1)?)?;
        let mut parser = Parser::new(self.file.get(..end)?, at);
        parser.digits()?;
        parser.expect(b" 0 obj\n")?;
        let object = parser.object()?;
        Some((object, parser))
    }

    pub(super) fn dict(&self, number: usize) -> Option<Dict<'f>> {
        match self.object(number)? {
            (Object::Dict(dict), mut rest) => rest.expect(b"\nendobj\n").map(|()| dict),
            _ => None,
        }
    }

    /// The dictionary and the bytes of a stream.
    pub(super) fn stream(&self, number: usize) -> Option<(Dict<'f>, &'f [u8])> {
        let (Object::Dict(dict), mut rest) = self.object(number)? else { return None };
        rest.expect(b"\nstream\n")?;
        let bytes = rest.take(dict.integer("Length")?)?;
        rest.expect(b"\nendstream\nendobj\n")?;
        Some((dict, bytes))
    }

    /// The catalog, from which everything else is reached.
    pub(super) fn catalog(&self) -> Option<Dict<'f>> {
        self.dict(self.root)
    }

    /// The first number that no object has.
    pub(super) fn size(&self) -> usize {
        self.objects.len() + 1
    }

    /// The whole file.
    pub(super) fn bytes(&self) -> &'f [u8] {
        self.file
    }
}

/// What stands before the last `startxref` of a file, and the place that it names.
pub(super) fn end(file: &[u8]) -> Result<(&[u8], usize), Trouble> {
    let structure = Trouble::Structure;
    let body = file.strip_suffix(b"\n%%EOF").ok_or(structure("no end of file at its end"))?;
    let digits = body.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, number) = body.split_at(body.len() - digits);
    let before = before.strip_suffix(b"startxref\n").ok_or(structure("no startxref"))?;
    Ok((before, decimal(number).ok_or(structure("no startxref"))?))
}

/// From where to where each object reaches, if they follow one another from the header to the table, each where
/// the table says.
fn gapless(file: &[u8], offsets: &[usize], table: usize) -> Option<Vec<(usize, usize)>> {
    let mut places: Vec<(usize, usize)> = offsets.iter().copied().zip(1..).collect();
    places.sort_unstable();
    if places.first()?.0 != HEADER.len() {
        return None;
    }
    let mut objects = vec![(0, 0); offsets.len()];
    let ends = places.iter().skip(1).map(|(at, _)| *at).chain([table]);
    for ((at, number), end) in places.iter().zip(ends) {
        let object = file.get(*at..end)?;
        let mut head = Parser::new(object, 0);
        let named = head.digits() == Some(*number) && head.expect(b" 0 obj\n").is_some();
        if !named || !object.ends_with(b"\nendobj\n") {
            return None;
        }
        *objects.get_mut(number.checked_sub(1)?)? = (*at, end);
    }
    Some(objects)
}

#[cfg(test)]
mod tests {
    use super::super::read::read_sealed;
    use super::super::read_error::ReadError;
    use super::*;

    /// A file of `objects`, from number 4 on, with a seal field whose DSS is number 4.
    fn with_objects(objects: &[String]) -> Vec<u8> {
        let mut file = HEADER.to_vec();
        let mut offsets = Vec::new();
        let first = [
            "<</AcroForm<</Fields[2 0 R]>>/Perms<</DocMDP 3 0 R>>/DSS 4 0 R>>",
            "<</FT/Sig/V 3 0 R>>",
            "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached\
             /ByteRange[0 AAAAAAAA BBBBBBBB CCCCCCCC]/Contents<3003020105>>>",
        ];
        for (object, number) in first.into_iter().chain(objects.iter().map(|o| &**o)).zip(1..) {
            offsets.push(file.len());
            file.extend(format!("{number} 0 obj\n{object}\nendobj\n").into_bytes());
        }
        let table = file.len();
        let size = offsets.len() + 1;
        file.extend(format!("xref\n0 {size}\n0000000000 65535 f\r\n").into_bytes());
        for at in offsets {
            file.extend(format!("{at:010} 00000 n\r\n").into_bytes());
        }
        let end = format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF");
        file.extend(end.into_bytes());
        let head = file.windows(12).position(|w| w == b"<3003020105>").unwrap();
        let tail = head + 12;
        for (mark, number) in
            [("AAAAAAAA", head), ("BBBBBBBB", tail), ("CCCCCCCC", file.len() - tail)]
        {
            let at = file.windows(8).position(|w| w == mark.as_bytes()).unwrap();
            file[at..at + 8].copy_from_slice(format!("{number:08}").as_bytes());
        }
        file
    }

    /// Either would be read in a time that grows with the square of its length.
    #[test]
    fn no_object_is_read_over_and_over() {
        let stream =
            |bytes: &str| format!("<</Length {}>>\nstream\n{bytes}\nendstream", bytes.len());
        let honest = with_objects(&["<</Certs[5 0 R]>>".to_owned(), stream("a")]);
        assert_eq!(read_sealed(&honest).unwrap().certs, [b"a"]);
        let twice = with_objects(&["<</Certs[5 0 R 5 0 R]>>".to_owned(), stream("a")]);
        let into_the_next = with_objects(&[
            "<</Certs[5 0 R 6 0 R]>>".to_owned(),
            "<</Length 1/A(".to_owned(),
            format!("{}\nendobj\n)>>\nstream\na\nendstream", stream("b")),
        ]);
        for (trick, file) in [("named twice", twice), ("running on", into_the_next)] {
            let refusal = Trouble::Structure("the DSS cannot be read");
            assert_eq!(read_sealed(&file), Err(ReadError::Foreign(refusal)), "{trick}");
        }
    }
}
