//! Drawing a license: the values of one submission put on the face of its type.
//!
//! [`draw`] gives a PDF that is complete but for its seal. Every value either stands on the page in full or is
//! named in the refusal, with what its box holds or which characters no font draws; all faults come at once and
//! none repeats a value. The same input gives the same bytes.
//!
//! Fetching values, choosing the face and sealing are left to `service`.

use super::annotate::{Annotation, annotate};
use super::assemble;
use super::copy_facts::CopyFacts;
use super::draw_fault::DrawError;
use super::face::CompiledFace;
use super::font::FontBook;
use super::gap::UnsealedPdf;
use super::paint::paint;
use super::plan::{Planned, plan};
use super::qr::QrSquare;
use super::seal_mark::SealMark;
use super::structure::Drawing;
use crate::domain::time::Moment;

/// Finds the place of every value of one license on its face, and draws nothing yet.
pub fn plan_face<'a>(
    face: &'a CompiledFace,
    fonts: &'a FontBook,
    input: &FaceInput<'_, 'a>,
) -> Result<PlannedFace<'a>, DrawError> {
    let pages = plan(face, fonts, input)?;
    Ok(PlannedFace { face, fonts, license_id: input.license_id, pages })
}

/// A face on which every value has found room. What its square says may be known later.
pub struct PlannedFace<'a> {
    face: &'a CompiledFace,
    fonts: &'a FontBook,
    license_id: &'a str,
    pages: Vec<Planned<'a, 'a>>,
}

impl<'a> PlannedFace<'a> {
    /// The face, with a square that says this.
    pub fn paint(self, qr_text: &str) -> Result<DrawnFace<'a>, DrawError> {
        let Self { face, fonts, license_id, pages } = self;
        let square = QrSquare::encode(qr_text)
            .ok_or(DrawError::Fault("the text of the QR square is too long for any square"))?;
        let drawing = paint(face, pages, square);
        Ok(DrawnFace { face, fonts, license_id, drawing })
    }
}

/// Puts the values of one license on its face.
pub fn draw<'a>(
    face: &'a CompiledFace,
    fonts: &'a FontBook,
    input: &FaceInput<'_, 'a>,
) -> Result<DrawnFace<'a>, DrawError> {
    plan_face(face, fonts, input)?.paint(input.qr_text)
}

/// A face on which every value stands in full; not yet a file.
pub struct DrawnFace<'a> {
    face: &'a CompiledFace,
    fonts: &'a FontBook,
    license_id: &'a str,
    drawing: Drawing<'a>,
}

impl DrawnFace<'_> {
    /// The same face as an annotated copy: the annotation across every page and in a strip below it.
    pub fn annotate(mut self, annotation: &Annotation<'_>) -> Result<Self, DrawError> {
        annotate(&mut self.drawing, self.fonts, annotation)?;
        Ok(self)
    }

    /// The whole file, with a gap for its seal.
    pub fn assemble(self, binding: &Binding<'_>) -> Result<UnsealedPdf, DrawError> {
        let (bytes, signature_at) = self.write(binding, true)?;
        UnsealedPdf::new(bytes, signature_at, binding.gap_len)
            .ok_or(DrawError::Fault("the gap for the seal is not where it was left"))
    }

    /// The whole file without a gap: what the page will look like, and nothing that could be sealed.
    pub fn preview(self, binding: &Binding<'_>) -> Result<Vec<u8>, DrawError> {
        self.write(binding, false).map(|(bytes, _)| bytes)
    }

    fn write(self, binding: &Binding<'_>, sealing: bool) -> Result<(Vec<u8>, usize), DrawError> {
        let Self { face, fonts, license_id, drawing } = self;
        assemble::assemble(face, fonts, license_id, binding, drawing, sealing)
            .ok_or(DrawError::Fault("a font is damaged behind its header"))
    }
}

/// What is put on a face.
#[derive(Clone, Copy, Debug)]
pub struct FaceInput<'i, 'v> {
    /// The license id, as printed.
    pub license_id: &'v str,
    /// Field codes and their values; a field that is absent stays empty.
    pub values: &'i [(&'i str, DrawValue<'v>)],
    /// What the QR square says.
    pub qr_text: &'i str,
}

/// What the file around a face says, and what it carries.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// Title of the document: the name of the license type, with the holder's where wanted.
    pub title: &'a str,
    /// The picture of the seal.
    pub seal: &'a SealMark,
    /// The time stated in the file and in the signature dictionary.
    pub sealed_at: Moment,
    /// Who seals: `/Name` of the signature dictionary.
    pub signer_name: &'a str,
    /// Why: `/Reason`.
    pub reason: &'a str,
    /// Where: `/Location`.
    pub location: &'a str,
    /// The digest of the license's content, in hexadecimal; at least 32 digits.
    pub content_digest_hex: &'a str,
    /// The e-certificate, as an associated file.
    pub attachment: Option<Attachment<'a>>,
    /// Certificates for the DSS dictionary, in DER.
    pub certs: &'a [&'a [u8]],
    /// CRLs for the DSS dictionary, in DER.
    pub crls: &'a [&'a [u8]],
    /// Bytes of seal that the gap takes.
    pub gap_len: usize,
    /// What the metadata call it.
    pub kind: DocumentKind<'a>,
}

/// What a document is, by its metadata.
#[derive(Clone, Copy, Debug)]
pub enum DocumentKind<'a> {
    /// An annotated copy, which has its own number.
    Copy(&'a CopyFacts),
    /// A license.
    License,
    /// A receipt of a verification, whose number stands in the place of a license id.
    Receipt,
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub enum DrawValue<'a> {
    /// A picture.
    Portrait {
        /// `image/jpeg` or `image/png`.
        media_type: &'a str,
        /// The whole file.
        bytes: &'a [u8],
    },
    /// A table.
    Table {
        /// Names of the columns, for the head.
        columns: &'a [&'a str],
        /// The cells of each row.
        rows: &'a [Vec<String>],
    },
    /// A text.
    Text(&'a str),
}

/// A file to be attached.
#[derive(Clone, Copy, Debug)]
pub struct Attachment<'a> {
    /// Its name, in ASCII.
    pub file_name: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// What it is, for people.
    pub description: &'a str,
    /// The file.
    pub bytes: &'a [u8],
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::pdf::draw_fault::{DrawFault, DrawFaultKind};
    use crate::pdf::testing;

    fn faults(changed: &[(&str, DrawValue<'_>)]) -> Vec<DrawFault> {
        let sample = testing::sample();
        let mut values = sample.values();
        for (code, value) in &mut values {
            if let Some((_, other)) = changed.iter().find(|(changed, _)| changed == code) {
                *value = *other;
            }
        }
        match draw(testing::face(), testing::fonts(), &sample.face_input(&values)) {
            Err(DrawError::Faults(faults)) => faults,
            other => panic!("drawn: {}", other.is_ok()),
        }
    }

    #[test]
    fn all_faults_of_a_face_come_at_once_and_repeat_no_value() {
        let long = "很长的名称".repeat(100);
        let rows = vec![vec!["一".to_owned()]];
        let found = faults(&[
            ("MC", DrawValue::Text(&long)),
            ("FDDBR", DrawValue::Text("张\u{10FFFD}三")),
            ("ZS", DrawValue::Portrait { media_type: "image/png", bytes: b"" }),
            ("KZ_BGJL", DrawValue::Table { columns: &["日期"], rows: &rows }),
            ("KZ_ZP", DrawValue::Portrait { media_type: "image/jpeg", bytes: b"no" }),
        ]);
        let kinds: Vec<_> = found.iter().map(|f| (f.field.as_str(), f.kind.code())).collect();
        let expected = [
            ("MC", "face.text_does_not_fit"),
            ("FDDBR", "face.no_glyph"),
            ("ZS", "face.wrong_kind"),
            ("KZ_BGJL", "face.column_count"),
            ("KZ_ZP", "face.bad_portrait"),
        ];
        assert_eq!(kinds, expected);
        let text = DrawError::Faults(found).to_string();
        assert!(text.contains("U+10FFFD at 2"), "{text}");
        assert!(!text.contains('张') && !text.contains("很长"), "{text}");
    }

    #[test]
    fn a_table_with_too_many_rows_is_refused() {
        let rows = vec![["日期", "事项", "机关"].map(str::to_owned).to_vec(); 40];
        let columns = ["一", "二", "三"];
        let found = faults(&[("KZ_BGJL", DrawValue::Table { columns: &columns, rows: &rows })]);
        let kind = DrawFaultKind::TableDoesNotFit { rows: 40 };
        assert_eq!(found, [DrawFault { field: "KZ_BGJL".to_owned(), kind }]);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        assert_eq!(testing::sealed(), testing::sealed());
    }

    /// Judged by programs of others; where one is not installed the test says so and fails.
    #[test]
    fn other_programs_read_the_page_as_we_meant_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sample.pdf");
        std::fs::write(&path, testing::sealed()).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let output = Command::new(program)
                .args(arguments)
                .arg(&path)
                .args(if program == "pdftotext" { &["-"][..] } else { &[] })
                .output()
                .unwrap_or_else(|error| panic!("{program}: {error}"));
            assert!(output.status.success(), "{program}: {output:?}");
            assert!(output.stderr.is_empty(), "{program}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(run("qpdf", &["--check"]).contains("No syntax or stream encoding errors"));
        let fonts = run("pdffonts", &[]);
        let lines: Vec<_> = fonts.lines().skip(2).collect();
        assert!(lines.len() == 4, "{fonts}");
        for line in lines {
            assert!(line.contains("yes yes yes"), "{line}");
        }
        let text: String =
            run("pdftotext", &["-raw"]).chars().filter(|c| !c.is_whitespace()).collect();
        let sample = testing::sample();
        let values = sample.values();
        let cells = sample.rows.iter().flatten().map(String::as_str);
        let texts = values.iter().filter_map(|(_, value)| match value {
            DrawValue::Text(text) => Some(*text),
            _ => None,
        });
        for value in texts.chain(cells).chain([testing::LICENSE_ID, "营业执照", "变更事项"])
        {
            let value: String = value.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(text.contains(&value), "{value} not in {text}");
        }
    }

    #[test]
    fn a_preview_has_no_signature() {
        let sample = testing::sample();
        let values = sample.values();
        let page = draw(testing::face(), testing::fonts(), &sample.face_input(&values)).unwrap();
        let bytes = page.preview(&sample.binding(&[])).unwrap();
        assert!(super::super::gap::find(&bytes, b"/ByteRange").is_none());
    }
}
