//! Small files of others for tests: written object by object, signed in name only.

/// A file that grows by revisions.
pub(super) struct Builder {
    pub(super) bytes: Vec<u8>,
    last_section: Option<usize>,
    pub(super) size: usize,
}

/// A signature whose range and value are put in when its revision is closed.
pub(super) const OPEN: &str = "/Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 0000000000 0000000000 0000000000]/Contents<00000000000000000000>";

impl Builder {
    pub(super) fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), last_section: None, size: 1 }
    }

    /// A page with some content, and a form with an empty signature field (5), a filled one (6 with 7 in it) and a
    /// text field (8, looking like 9). `of_signature` stands in the signature, `more` in the catalog.
    pub(super) fn signed(of_signature: &str, more: &str) -> Self {
        let mut made = Self::new();
        made.revision(&[
            (1, format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R 8 0 R]/SigFlags 3>>{more}>>")),
            (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned()),
            (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 6 0 R 8 0 R]>>".to_owned()),
            (4, stream("(as it was sealed) Tj")),
            (5, "<</FT/Sig/T(next)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R>>".to_owned()),
            (6, "<</FT/Sig/T(first)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/V 7 0 R>>".to_owned()),
            (7, format!("<<{OPEN}/SubFilter/ETSI.CAdES.detached{of_signature}>>")),
            (8, "<</FT/Tx/T(text)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/AP<</N 9 0 R>>>>".to_owned()),
            (9, stream("(empty) Tj")),
        ]);
        made
    }

    /// Appends objects and a table, and closes the signature that is open among them.
    pub(super) fn revision(&mut self, objects: &[(usize, String)]) {
        let begin = self.bytes.len();
        let places = self.objects(objects);
        let section = self.bytes.len();
        self.bytes.extend(b"xref\n");
        for (number, place) in places {
            self.size = self.size.max(number + 1);
            self.bytes.extend(format!("{number} 1\n{place:010} 00000 n \n").as_bytes());
        }
        let previous = self.last_section.map_or(String::new(), |at| format!("/Prev {at}"));
        let trailer = format!(
            "trailer\n<</Root 1 0 R/Size {}{previous}>>\nstartxref\n{section}\n%%EOF\n",
            self.size
        );
        self.bytes.extend(trailer.as_bytes());
        self.last_section = Some(section);
        self.close(begin);
    }

    /// The same, with the objects in an object stream and a cross-reference stream.
    pub(super) fn packed_revision(&mut self, stream_number: usize, objects: &[(usize, String)]) {
        let (mut head, mut body) = (String::new(), String::new());
        for (number, text) in objects {
            head.push_str(&format!("{number} {} ", body.len()));
            body.push_str(text);
            body.push(' ');
        }
        let dict = format!("/Type/ObjStm/N {}/First {}", objects.len(), head.len());
        let packed = format!(
            "<<{dict}/Length {}>>stream\n{head}{body}\nendstream ",
            head.len() + body.len()
        );
        let places = self.objects(&[(stream_number, packed)]);
        let section = self.bytes.len();
        let mut rows = Vec::new();
        let mut index = String::new();
        let mut row = |number: usize, kind: u8, second: usize, third: usize| {
            index.push_str(&format!("{number} 1 "));
            rows.push(kind);
            rows.extend(u32::try_from(second).unwrap().to_be_bytes());
            rows.push(u8::try_from(third).unwrap());
        };
        for (number, place) in places {
            row(number, 1, place, 0);
        }
        for (at, (number, _)) in objects.iter().enumerate() {
            row(*number, 2, stream_number, at);
        }
        let own = stream_number + 1;
        row(own, 1, section, 0);
        self.size = self.size.max(own + 1);
        let previous = self.last_section.map_or(String::new(), |at| format!("/Prev {at}"));
        let dict = format!(
            "/Type/XRef/Root 1 0 R/Size {}/W[1 4 1]/Index[{index}]{previous}/Length {}",
            self.size,
            rows.len()
        );
        self.bytes.extend(format!("{own} 0 obj<<{dict}>>stream\n").as_bytes());
        self.bytes.extend(rows);
        self.bytes.extend(format!("\nendstream endobj\nstartxref\n{section}\n%%EOF\n").as_bytes());
        self.last_section = Some(section);
    }

    fn objects(&mut self, objects: &[(usize, String)]) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        for (number, text) in objects {
            places.push((*number, self.bytes.len()));
            self.bytes.extend(format!("{number} 0 obj{text}endobj\n").as_bytes());
        }
        places
    }

    /// Writes the range of a signature that stands open behind `begin`.
    fn close(&mut self, begin: usize) {
        let find = |bytes: &[u8], word: &[u8]| {
            bytes.windows(word.len()).skip(begin).position(|at| at == word).map(|at| at + begin)
        };
        let Some(range) = find(&self.bytes, b"[0 0000000000") else { return };
        let gap = find(&self.bytes, b"<00000000000000000000>").unwrap();
        let (tail, end) = (gap + 22, self.bytes.len());
        let numbers = format!("[0 {gap:010} {tail:010} {:010}]", end - tail);
        self.bytes[range..range + numbers.len()].copy_from_slice(numbers.as_bytes());
        self.bytes[gap + 1..gap + 5].copy_from_slice(b"3000");
    }
}

/// A stream with this content.
pub(super) fn stream(content: &str) -> String {
    format!("<</Length {}>>stream\n{content}\nendstream ", content.len())
}
