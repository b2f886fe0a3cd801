//! Reading our own sealed PDF, strictly.
//!
//! [`read_sealed`] knows one kind of file: the one that [`draw`](super::draw()) writes and
//! [`UnsealedPdf::seal`](super::UnsealedPdf::seal) finishes, with any later revisions that
//! [`extend_with_validation`](super::extend_with_validation) and
//! [`extend_with_timestamp`](super::extend_with_timestamp) appended. It takes that apart without guessing: no byte
//! outside an object, one seal over everything in the first revision but its own gap, in the gap one DER value in
//! capital digits followed by nothing but zeros, and nothing later but validation data and time-stamps. What it
//! gives back has not been hashed or judged yet: that is for `pki` and `judge`.
//!
//! Whatever is sent in, the reader does not panic, does work in proportion to the length of the file, and
//! unpacks no stream past a bound. A file that is not of our making is refused with [`ReadError::Foreign`],
//! which says nothing about whether it is genuine.
//!
//! Source: ISO 32000-1:2008, 7.5 "File structure", 12.8.

use std::borrow::Cow;

use super::byte_range::Coverage;
use super::copy_facts::CopyClaim;
use super::deflate::inflate;
use super::gap::{find, find_last, held};
use super::history::{DocumentTimestamp, History};
use super::read_error::{ReadError, Trouble};
use super::revision::Revision;
use super::syntax::{Object, Parser, decimal};
use super::xmp;
use crate::domain::time::{Day, Moment};

/// Longest attachment that is unpacked, in bytes. Our own bound.
const MAX_ATTACHMENT_BYTES: usize = 8 * 1024 * 1024;
/// What our signature dictionaries say of the program that made them.
const OUR_MARK: &[u8] = b"/Prop_Build<</App<</Name/Zhengku>>>>";

/// A sealed file taken apart. Nothing in it has been verified yet.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedFile<'f> {
    /// What the seal speaks for: all of the first revision but its own gap.
    pub coverage: Coverage<'f>,
    /// The seal: one DER value, without the padding of the gap.
    pub cms: Vec<u8>,
    /// The time that the signature dictionary states.
    pub stated_at: Option<Moment>,
    /// The signer that the signature dictionary names.
    pub signer_name: Option<String>,
    /// The reason that the signature dictionary states.
    pub reason: Option<String>,
    /// The license id in the metadata.
    pub license_id: Option<String>,
    /// The digest of the content in the metadata.
    pub content_digest_hex: Option<String>,
    /// What the metadata say of an annotated copy.
    pub copy: CopyClaim,
    /// The associated file.
    pub attachment: Option<AttachedFile<'f>>,
    /// Certificates of the DSS dictionary in its newest state, in DER. The lists only grow, so what was there earlier
    /// comes first.
    pub certs: Vec<&'f [u8]>,
    /// CRLs of the DSS dictionary, in DER.
    pub crls: Vec<&'f [u8]>,
    /// OCSP responses of the DSS dictionary, in DER.
    pub ocsps: Vec<&'f [u8]>,
    /// The document time-stamps, in the order in which they were appended.
    pub timestamps: Vec<DocumentTimestamp<'f>>,
    /// Where each revision ends: first the sealed one, last the file.
    pub revisions: Vec<usize>,
}

/// A file attached to a sealed PDF.
#[derive(Clone, Debug, PartialEq)]
pub struct AttachedFile<'f> {
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Cow<'f, [u8]>,
}

/// Takes one of our own sealed files apart.
pub fn read_sealed(file: &[u8]) -> Result<SealedFile<'_>, ReadError> {
    take_apart(file).map(|(_, sealed)| sealed)
}

/// The revisions of one of our own sealed files, and what they say.
pub(super) fn take_apart(file: &[u8]) -> Result<(History<'_>, SealedFile<'_>), ReadError> {
    let trouble = match History::open(file).and_then(|history| {
        let sealed = sealed(&history)?;
        Ok((history, sealed))
    }) {
        Ok(found) => return Ok(found),
        Err(trouble) => trouble,
    };
    // Only now is the file searched through, to say as well as possible what it is.
    let contains = |needle: &[u8]| find_last(file, needle).is_some();
    let beginning = file.get(..file.len().min(1024)).unwrap_or_default();
    if find(beginning, b"%PDF-").is_none() {
        return Err(ReadError::NotPdf);
    }
    if contains(OUR_MARK) {
        return Err(ReadError::Altered(better_said(file).unwrap_or(trouble)));
    }
    if contains(b"/ByteRange") {
        return Err(ReadError::Foreign(trouble));
    }
    let end = file.get(file.len().saturating_sub(1024)..).unwrap_or_default();
    if find(end, b"%%EOF").is_none() {
        return Err(ReadError::Incomplete);
    }
    Err(ReadError::Unsigned)
}

/// What the range of a file of ours says when the file as a whole could not be read: lengthened, cut short.
fn better_said(file: &[u8]) -> Option<Trouble> {
    let key = b"/ByteRange";
    let place = find_last(file, key)? + key.len();
    let Some(Object::Array(numbers)) = Parser::new(file, place).object() else { return None };
    Coverage::read(range(&numbers)?, file).err().map(Trouble::Coverage)
}

fn range(numbers: &[Object<'_>]) -> Option<[usize; 4]> {
    let number = |object: &Object<'_>| match object {
        Object::Integer(number) => usize::try_from(*number).ok(),
        _ => None,
    };
    let numbers: Option<Vec<usize>> = numbers.iter().map(number).collect();
    numbers?.try_into().ok()
}

fn sealed<'f>(history: &History<'f>) -> Result<SealedFile<'f>, Trouble> {
    let file = &history.first;
    let structure = Trouble::Structure;
    let catalog = file.catalog().ok_or(structure("the catalog cannot be read"))?;
    let field = catalog
        .dict("AcroForm")
        .and_then(|form| form.array("Fields"))
        .and_then(|fields| match fields {
            [Object::Reference(field)] => file.dict(*field),
            _ => None,
        })
        .filter(|field| field.is_name("FT", "Sig"))
        .ok_or(structure("not exactly one seal field"))?;
    let number = field.reference("V").ok_or(structure("the seal field is empty"))?;
    let certified = catalog.dict("Perms").and_then(|perms| perms.reference("DocMDP"));
    if certified != Some(number) {
        return Err(structure("the seal does not certify the document"));
    }
    let signature = file.dict(number).ok_or(structure("the seal cannot be read"))?;
    let known = signature.is_name("Type", "Sig")
        && signature.is_name("Filter", "Adobe.PPKLite")
        && signature.is_name("SubFilter", "ETSI.CAdES.detached");
    if !known {
        return Err(structure("the seal is of another kind"));
    }
    let numbers = signature.array("ByteRange").and_then(range);
    let numbers = numbers.ok_or(structure("the seal names no range"))?;
    let coverage = Coverage::read(numbers, file.bytes()).map_err(Trouble::Coverage)?;
    // The gap must be the value of /Contents and not some other place of the file.
    match signature.get("Contents") {
        Some(Object::Hex(digits, start))
            if *start == numbers[1] && digits.len() == coverage.seal_hex().len() => {}
        _ => return Err(structure("the range leaves out something else than the seal")),
    }
    let cms = held(coverage.seal_hex()).ok_or(Trouble::Seal)?;

    let metadata = catalog.reference("Metadata").and_then(|number| file.stream(number));
    let packet = metadata.filter(|(dict, _)| dict.get("Filter").is_none());
    let packet = packet.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok());
    let fact = |element| packet.and_then(|p| xmp::element(p, element)).map(Cow::into_owned);
    let attachment = match catalog.array("AF") {
        None => None,
        Some([Object::Reference(number)]) => {
            Some(attachment(file, *number).ok_or(structure("the attachment cannot be unpacked"))?)
        }
        Some(_) => return Err(structure("more than one attachment")),
    };
    let [certs, crls, ocsps] = history.data.clone();
    Ok(SealedFile {
        coverage,
        cms,
        stated_at: signature.get("M").and_then(moment),
        signer_name: signature.text("Name"),
        reason: signature.text("Reason"),
        license_id: fact(xmp::LICENSE_ID_ELEMENT),
        content_digest_hex: fact(xmp::DIGEST_ELEMENT),
        copy: packet.map_or(CopyClaim::None, CopyClaim::read),
        attachment,
        certs,
        crls,
        ocsps,
        timestamps: history.timestamps.clone(),
        revisions: history.ends.clone(),
    })
}

fn attachment<'f>(file: &Revision<'f>, number: usize) -> Option<AttachedFile<'f>> {
    let spec = file.dict(number)?;
    let (dict, bytes) = file.stream(spec.dict("EF")?.reference("F")?)?;
    let bytes = match dict.get("Filter") {
        None if bytes.len() <= MAX_ATTACHMENT_BYTES => Cow::Borrowed(bytes),
        Some(Object::Name(b"FlateDecode")) => Cow::Owned(inflate(bytes, MAX_ATTACHMENT_BYTES)?),
        _ => return None,
    };
    let Object::Name(media_type) = dict.get("Subtype")? else { return None };
    let media_type = std::str::from_utf8(media_type).ok()?;
    let media_type = media_type.replace("#2F", "/").replace("#2B", "+");
    Some(AttachedFile { file_name: spec.text("UF")?, media_type, bytes })
}

/// A PDF date in UTC, as we write it: `D:20261122080000Z`.
pub(super) fn moment(object: &Object<'_>) -> Option<Moment> {
    let Object::Literal(text) = object else { return None };
    let digits = text.strip_prefix(b"D:")?.strip_suffix(b"Z")?;
    if digits.len() != 14 {
        return None;
    }
    let part = |start: usize, end: usize| decimal(digits.get(start..end)?);
    let small = |start: usize| u8::try_from(part(start, start + 2)?).ok();
    let day = Day::new(u16::try_from(part(0, 4)?).ok()?, small(4)?, small(6)?).ok()?;
    let (hour, minute, second) = (small(8)?, small(10)?, small(12)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    format!("{day}T{hour:02}:{minute:02}:{second:02}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::byte_range::CoverageError;
    use crate::pdf::{draw, testing};

    #[test]
    fn a_sealed_file_is_read_back_in_full() {
        let file = testing::sealed();
        let sealed = read_sealed(&file).unwrap();
        let sample = testing::sample();
        assert_eq!(sealed.cms, testing::CMS);
        assert_eq!(sealed.license_id.as_deref(), Some(testing::LICENSE_ID));
        assert_eq!(sealed.content_digest_hex.as_deref(), Some(testing::DIGEST));
        assert_eq!(sealed.signer_name.as_deref(), Some("云泽市市场监督管理局"));
        assert_eq!(sealed.reason.as_deref(), Some("电子证照签发"));
        assert_eq!(sealed.stated_at, Some(Moment::from_unix_seconds(1_795_000_000)));
        assert_eq!(sealed.crls, [&sample.crl[..]]);
        let attached = sealed.attachment.unwrap();
        assert_eq!(attached.file_name, "license.sd-jwt");
        assert_eq!(attached.media_type, "application/dc+sd-jwt");
        assert_eq!(attached.bytes, sample.attachment);
        assert_eq!(
            sealed.coverage.sealed().iter().map(|part| part.len()).sum::<usize>(),
            file.len() - 2 * 4096 - 2
        );
    }

    /// A change inside the sealed parts is found by the hash; everywhere else, here.
    #[test]
    fn no_single_byte_can_change_without_being_noticed() {
        let file = testing::sealed();
        let honest = read_sealed(&file).unwrap();
        let honest = (honest.cms, honest.coverage.sealed().map(<[u8]>::to_vec));
        let gap = file.windows(11).position(|w| w == b"/Contents<3").unwrap() + 9;
        let mut altered = file.clone();
        // Both ends of the gap, and every 61st byte of the rest.
        let edges = (gap - 300..gap + 40).chain(gap + 8180..gap + 8300);
        let places = (0..file.len()).step_by(61).chain(edges);
        for place in places.filter(|place| *place < file.len()) {
            for flip in [0x01, 0x20, 0xff] {
                altered[place] ^= flip;
                if let Ok(sealed) = read_sealed(&altered) {
                    let parts = sealed.coverage.sealed().map(<[u8]>::to_vec);
                    assert_ne!((sealed.cms, parts), honest, "{place} {flip:#x}");
                }
                altered[place] ^= flip;
            }
        }
    }

    #[test]
    fn every_change_to_the_padding_of_the_gap_is_refused() {
        let file = testing::sealed();
        let start = file.windows(11).position(|w| w == b"/Contents<3").unwrap() + 10;
        let mut altered = file.clone();
        let padding = start + 2 * testing::CMS.len()..start + 2 * 4096;
        for place in padding.clone().step_by(37).chain(padding.end - 5..padding.end) {
            for digit in [b'1', b'F', b' ', b'>', 0] {
                altered[place] = digit;
                assert!(matches!(read_sealed(&altered), Err(ReadError::Altered(_))), "{place}");
            }
            altered[place] = b'0';
        }
        altered[start + 8..start + 14].make_ascii_lowercase();
        let refusal = Trouble::Coverage(CoverageError::GapHoldsMore);
        assert_eq!(read_sealed(&altered), Err(ReadError::Altered(refusal)));
    }

    #[test]
    fn every_cut_and_every_addition_is_refused() {
        let file = testing::sealed();
        for end in (0..file.len()).step_by(97).chain(file.len() - 300..file.len()) {
            assert!(read_sealed(&file[..end]).is_err(), "{end}");
        }
        let trailing = |n| {
            ReadError::Altered(Trouble::Coverage(CoverageError::Trailing { unsealed_bytes: n }))
        };
        for (addition, length) in [(&b"\n"[..], 1), (b"\n%%EOF", 6), (b"%", 1)] {
            let longer = [&file[..], addition].concat();
            assert_eq!(read_sealed(&longer), Err(trailing(length)));
        }
    }

    #[test]
    fn no_file_however_mangled_makes_the_reader_panic() {
        let file = testing::sealed();
        let mut state = 7_u64;
        let mut random = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            usize::try_from(state >> 33).unwrap() % limit
        };
        for _ in 0..400 {
            let mut mangled = file.clone();
            for _ in 0..=random(3) {
                let (at, from) = (random(mangled.len()), random(file.len() - 400));
                let end = (at + random(300)).min(mangled.len());
                mangled.splice(at..end, file[from..from + random(300)].iter().copied());
            }
            if mangled != file && mangled.len() == file.len() {
                continue;
            }
            assert!(read_sealed(&mangled).is_err() || mangled == file);
        }
    }

    #[test]
    fn an_attachment_that_unpacks_past_the_bound_is_refused() {
        let mut sample = testing::sample();
        sample.attachment = vec![b'V'; MAX_ATTACHMENT_BYTES + 1];
        let values = sample.values();
        let drawn = draw(testing::face(), testing::fonts(), &sample.face_input(&values)).unwrap();
        let unsealed = drawn.assemble(&sample.binding(&[])).unwrap();
        let file = unsealed.seal(testing::CMS).unwrap();
        assert!(file.len() < MAX_ATTACHMENT_BYTES * 3 / 4);
        let refusal = Trouble::Structure("the attachment cannot be unpacked");
        assert_eq!(read_sealed(&file), Err(ReadError::Altered(refusal)));
    }

    #[test]
    fn files_of_other_kinds_are_told_apart() {
        let sample = testing::sample();
        let values = sample.values();
        let input = sample.face_input(&values);
        let drawn = draw(testing::face(), testing::fonts(), &input).unwrap();
        let unsigned = drawn.preview(&sample.binding(&[])).unwrap();
        let foreign = b"%PDF-1.4\n1 0 obj\n<</Type/Sig/ByteRange[0 1 2 3]>>\nendobj\n%%EOF";
        let rows: &[(&str, &[u8], &str)] = &[
            ("a page without a seal", &unsigned, "pdf.unsigned"),
            ("a PDF of others", b"%PDF-1.4\n1 0 obj\nnull\nendobj\n%%EOF\n", "pdf.unsigned"),
            ("a signed PDF of others", foreign, "pdf.foreign"),
            ("the beginning of a PDF", b"%PDF-1.7\n1 0 obj", "pdf.incomplete"),
            ("a picture", b"\x89PNG\r\n\x1a\n", "pdf.not_pdf"),
            ("nothing", b"", "pdf.not_pdf"),
        ];
        for (kind, file, code) in rows {
            assert_eq!(read_sealed(file).map_err(|error| error.code()), Err(*code), "{kind}");
        }
    }
}
