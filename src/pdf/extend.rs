//! Making a sealed file last: validation data and document time-stamps, appended.
//!
//! Nothing that was sealed is changed. Each call reads the file as strictly as [`read_sealed`](super::read_sealed())
//! does and gives only the bytes to be appended, so the sealed document stays a prefix of every later state of
//! its file. Whether validation data is good and a token true is for `pki` and `judge`; here bytes are put in
//! their places.
//!
//! Source: ETSI EN 319 142-1, 5.4.2 "Document security store", 5.4.3 "Document time-stamp".

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use super::gap::{GapError, fill};
use super::history::{History, MAX_LATER, is_data};
use super::later_revision::{Stamp, Written, render};
use super::read::take_apart;
use super::read_error::ReadError;
use crate::crypto::{Digest, Hasher};
use crate::domain::time::Moment;

/// What goes into the document security store (DSS) of a file, each in DER.
#[derive(Clone, Copy, Debug, Default)]
pub struct ValidationData<'a> {
    /// X.509 certificates.
    pub certs: &'a [&'a [u8]],
    /// Certificate revocation lists.
    pub crls: &'a [&'a [u8]],
    /// OCSP responses.
    pub ocsps: &'a [&'a [u8]],
}

/// The bytes to append so that `file` holds `data`. What it holds already is kept and not repeated.
pub fn extend_with_validation(
    file: &[u8],
    data: &ValidationData<'_>,
) -> Result<Vec<u8>, ExtendError> {
    let history = open(file)?;
    let written = write(&history, data, None)?;
    match written {
        Written { next, .. } if next.size == history.newest.size => Err(ExtendError::NothingNew),
        Written { bytes, .. } => Ok(bytes),
    }
}

/// A revision that adds `data`, where the file does not hold it already, and a document time-stamp over all of
/// it, to be put in.
///
/// `gap_len` is the length of the longest token there may be, in bytes; `at` is now.
pub fn extend_with_timestamp(
    file: &[u8],
    data: &ValidationData<'_>,
    gap_len: usize,
    at: Moment,
) -> Result<UnstampedRevision, ExtendError> {
    let Written { bytes, gap, .. } = write(&open(file)?, data, Some(Stamp { at, gap_len }))?;
    let gap = gap.ok_or(ExtendError::NoRoom)?;
    let mut covered = Hasher::new();
    covered.update(file);
    covered.update(bytes.get(..gap.start).unwrap_or_default());
    covered.update(bytes.get(gap.end..).unwrap_or_default());
    Ok(UnstampedRevision { bytes, gap, to_stamp: covered.finish() })
}

/// A revision that is complete but for its time-stamp.
#[derive(Debug)]
pub struct UnstampedRevision {
    bytes: Vec<u8>,
    gap: Range<usize>,
    to_stamp: Digest,
}

impl UnstampedRevision {
    /// The digest that the time-stamp is asked for: of the file and this revision, without the gap.
    pub fn to_stamp(&self) -> Digest {
        self.to_stamp
    }

    /// Puts the token in, in DER, and gives the bytes to append.
    pub fn stamp(mut self, token: &[u8]) -> Result<Vec<u8>, GapError> {
        fill(&mut self.bytes, &self.gap, token)?;
        Ok(self.bytes)
    }
}

fn open(file: &[u8]) -> Result<History<'_>, ExtendError> {
    let (history, _) = take_apart(file).map_err(ExtendError::NotOurs)?;
    if history.ends.len() > MAX_LATER {
        return Err(ExtendError::NoRoom);
    }
    Ok(history)
}

fn write<'f>(
    history: &History<'f>,
    data: &ValidationData<'_>,
    stamp: Option<Stamp>,
) -> Result<Written<'f>, ExtendError> {
    let mut new: [Vec<&[u8]>; 3] = Default::default();
    for (kind, (list, new)) in [data.certs, data.crls, data.ocsps].iter().zip(&mut new).enumerate()
    {
        let mut met = HashSet::new();
        for bytes in list.iter().copied() {
            if !is_data(bytes) {
                return Err(ExtendError::NotData);
            }
            if !history.holds(kind, bytes) && met.insert(bytes) {
                new.push(bytes);
            }
        }
    }
    let new = new.each_ref().map(Vec::as_slice);
    render(&history.newest, new, stamp).ok_or(ExtendError::NoRoom)
}

/// Why nothing can be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendError {
    /// The file has as many revisions or objects as we read.
    NoRoom,
    /// A certificate, CRL or OCSP response that is not one DER value of at most 16 MiB.
    NotData,
    /// The file holds all of it already.
    NothingNew,
    /// The file is not one that we read.
    NotOurs(ReadError),
}

impl ExtendError {
    /// A fixed word for programs to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRoom => "pdf.no_room",
            Self::NotData => "pdf.not_validation_data",
            Self::NothingNew => "pdf.nothing_new",
            Self::NotOurs(error) => error.code(),
        }
    }
}

impl fmt::Display for ExtendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom => write!(
                f,
                "the file has as many later revisions ({MAX_LATER}) or objects as a file may have"
            ),
            Self::NotData => f.write_str(
                "a certificate, CRL or OCSP response is not one DER value of at most 16 MiB",
            ),
            Self::NothingNew => f.write_str("the file holds all of this validation data already"),
            Self::NotOurs(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExtendError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::syntax::Object;
    use crate::pdf::testing::{self, CERT, CRL, OCSP, TOKEN, now, stamped, validated};
    use crate::pdf::{SealedFile, read_sealed};

    #[test]
    fn what_was_appended_is_read_back_and_the_sealed_file_is_a_prefix() {
        let sealed = testing::sealed();
        let lasting = validated(&stamped(&stamped(&sealed)));
        assert!(lasting.starts_with(&sealed));
        let read = read_sealed(&lasting).unwrap();
        let first = read_sealed(&sealed).unwrap();
        assert_eq!(read.coverage, first.coverage);
        assert_eq!(read.license_id, first.license_id);
        assert_eq!(read.crls, [first.crls[0], CRL]);
        assert_eq!(read.certs, [CERT]);
        assert_eq!(read.ocsps, [OCSP]);
        assert_eq!(read.revisions.len(), 4);
        assert_eq!((read.revisions[0], read.revisions[3]), (sealed.len(), lasting.len()));
        let [one, two] = &read.timestamps[..] else { panic!("{:?}", read.timestamps.len()) };
        assert_eq!((one.token.as_slice(), two.token.as_slice()), (TOKEN, TOKEN));
        assert_eq!([one.end, two.end], read.revisions[1..3]);
        assert_eq!([one.certs, one.crls, one.ocsps], [0, 1, 0]);
        let covered = one.coverage.sealed().map(<[u8]>::len).iter().sum::<usize>();
        assert_eq!(covered, one.end - one.coverage.seal_hex().len() - 2);
    }

    #[test]
    fn the_digest_to_stamp_is_that_of_the_finished_file_without_the_gap() {
        let file = testing::sealed();
        let unstamped = extend_with_timestamp(&file, &only(&[CERT]), 64, now()).unwrap();
        let digest = unstamped.to_stamp();
        let file = [file, unstamped.stamp(TOKEN).unwrap()].concat();
        let SealedFile { timestamps, .. } = read_sealed(&file).unwrap();
        assert_eq!(Digest::of_parts(&timestamps[0].coverage.sealed()), digest);
        assert_eq!(timestamps[0].certs, 1);
    }

    /// What PDF/A-3 6.3 and PDF/UA-1 7.18 ask of an annotation without appearance and tag.
    #[test]
    fn a_time_stamp_is_an_invisible_widget_on_the_page_of_the_seal() {
        let sealed = testing::sealed();
        let file = stamped(&stamped(&sealed));
        let History { first, newest, .. } = History::open(&file).unwrap();
        let text = String::from_utf8_lossy(&file[sealed.len()..]).into_owned();
        for number in [first.size(), first.size() + 2] {
            let start = text.find(&format!("\n{number} 0 obj\n")).unwrap();
            let field = &text[start..start + text[start..].find("\nendobj").unwrap()];
            let page = first.dict(9).unwrap().reference("P").unwrap();
            let on_page = format!("/F 132/Rect[-1 -1 -1 -1]/P {page} 0 R");
            assert!(
                field.contains("/Subtype/Widget/FT/Sig") && field.contains(&on_page),
                "{field}"
            );
            assert!(!field.contains("/AP") && !field.contains("/StructParent"), "{field}");
        }
        let page = newest.page.unwrap().1;
        assert!(page.is_name("Tabs", "S"));
        let numbers = [9, first.size(), first.size() + 2].map(Object::Reference);
        assert_eq!(page.array("Annots"), Some(&numbers[..]));
        let [_, _, width, height] = page.array("MediaBox").unwrap() else { panic!("{page:?}") };
        assert!(width != &Object::Integer(0) && height != &Object::Integer(0));
        let form = newest.catalog.dict("AcroForm").unwrap();
        assert_eq!(form.array("Fields"), Some(&numbers[..]));
        assert_eq!(form.integer("SigFlags"), Some(3));
    }

    #[test]
    fn a_token_longer_than_its_gap_is_refused_with_both_lengths() {
        let data = ValidationData::default();
        let unstamped = || extend_with_timestamp(&testing::sealed(), &data, 7, now()).unwrap();
        assert_eq!(unstamped().stamp(&[0; 8]), Err(GapError { reserved: 7, needed: 8 }));
        assert!(unstamped().stamp(TOKEN).is_ok());
    }

    fn only<'a>(certs: &'a [&'a [u8]]) -> ValidationData<'a> {
        ValidationData { certs, ..ValidationData::default() }
    }

    #[test]
    fn data_is_kept_once_and_must_be_der() {
        let file = testing::sealed();
        let once = extend_with_validation(&file, &only(&[CERT, CERT])).unwrap();
        let file = [file, once].concat();
        assert_eq!(read_sealed(&file).unwrap().certs, [CERT]);
        let again = extend_with_validation(&file, &only(&[CERT]));
        assert_eq!(again, Err(ExtendError::NothingNew));
        let none = extend_with_validation(&file, &ValidationData::default());
        assert_eq!(none, Err(ExtendError::NothingNew));
        for (bad, trick) in [
            (&b""[..], "nothing"),
            (b"\x30\x01", "cut"),
            (b"\x30\x01\x00\x00", "something behind it"),
            (b"\x30\x80\x00\x00", "an indefinite length"),
            (b"\x30\x06endobj", "the end of an object inside"),
            (b"\x30\x09endstream", "the end of a stream inside"),
        ] {
            let refused = extend_with_validation(&file, &only(&[bad]));
            assert_eq!(refused, Err(ExtendError::NotData), "{trick}");
        }
    }

    #[test]
    fn a_file_that_is_not_ours_or_was_changed_is_not_extended() {
        let longer = [&testing::sealed()[..], b"\n"].concat();
        for file in [&b"%PDF-1.4 %%EOF"[..], &longer] {
            let refused = extend_with_validation(file, &ValidationData::default());
            assert!(matches!(refused, Err(ExtendError::NotOurs(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_file_is_extended_as_often_as_it_is_read_and_no_more() {
        let mut file = testing::sealed();
        for _ in 0..MAX_LATER {
            file = stamped(&file);
        }
        assert_eq!(read_sealed(&file).unwrap().timestamps.len(), MAX_LATER);
        let refused = extend_with_timestamp(&file, &ValidationData::default(), 8, now());
        assert!(matches!(refused, Err(ExtendError::NoRoom)), "{refused:?}");
    }
}
