//! The signatures of a file, and what each speaks for.
//!
//! A signature is taken at its word only where its range leaves out its own value and nothing else, and ends where a
//! revision ends that the rest of the file was built on. What came later is told by [`changes`].
//!
//! Source: ISO 32000-1:2008, 12.8.1 and 12.8.2.

use super::appended::has_unlisted;
use super::change::{Change, changes};
use super::document::Document;
use super::field::{Field, fields, text};
use super::lexer::is_blank;
use super::object::{Budget, Dict, ForeignError, Number, Value};
use super::store::{Store, store};
use crate::domain::Moment;

/// Most signatures of one file that are looked at. Our own bound.
const MAX_SEALS: usize = 32;
/// Longest value of a signature, in bytes. Our own bound.
const MAX_CMS: usize = 2 * 1024 * 1024;

/// A file with signatures, taken apart. Nothing in it has been verified yet.
#[derive(Debug)]
pub struct ForeignFile<'f> {
    /// Its signatures and document time-stamps, in the order in which their ranges end.
    pub seals: Vec<ForeignSeal<'f>>,
    /// Where its newest cross-references stand.
    pub newest_section: usize,
    /// The validation data that it brings.
    pub store: Store,
}

/// One signature.
#[derive(Debug)]
pub struct ForeignSeal<'f> {
    /// The full name of its field.
    pub field: String,
    /// How it is made.
    pub sub_filter: SubFilter,
    /// The two parts of the file it speaks for; or why it speaks for nothing.
    pub parts: Result<[&'f [u8]; 2], Uncovered>,
    /// Its value, with the padding behind it.
    pub cms: Vec<u8>,
    /// What it permits later, if it certifies the document.
    pub certifies: Option<Permission>,
    /// Whether nothing but blanks comes after what it speaks for.
    pub is_last: bool,
    /// What was changed later and may not be.
    pub changes: Vec<Change>,
    /// Whether what the file says of itself is what it said then.
    pub keeps_metadata: bool,
    /// When it was made, as it states.
    pub claimed_at: Option<Moment>,
    /// Of a time-stamp with revisions behind it: the validation data that it speaks for.
    pub store: Option<Store>,
}

/// Why a range does not speak for a revision of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncovered {
    /// What it leaves out is not exactly the value of the signature.
    Gap,
    /// It is no range of two parts from the first byte on.
    Range,
    /// It does not end where a revision ends on which the rest of the file was built.
    Revision,
}

impl Uncovered {
    /// A fixed word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Range => "range",
            Self::Revision => "revision",
        }
    }
}

/// How a signature is made (`/SubFilter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubFilter {
    /// `ETSI.CAdES.detached` and `adbe.pkcs7.detached`: CMS over the range.
    Detached,
    /// Anything else.
    Other,
    /// `adbe.pkcs7.sha1`: CMS around the SHA-1 digest of the range.
    Sha1,
    /// `ETSI.RFC3161`: a document time-stamp.
    Timestamp,
}

/// What may follow a certification (`/P`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// 1: nothing but validation data and time-stamps.
    Nothing,
    /// Nothing was said: further signatures as well.
    Signing,
    /// 2: filling in fields as well.
    Forms,
    /// 3: annotations as well. Those are not told from content here, and stay forbidden.
    Annotations,
}

/// Which fields a signature locks.
#[derive(Clone, Debug)]
pub(super) enum Lock {
    All,
    Except(Vec<String>),
    Only(Vec<String>),
}

impl Lock {
    /// Whether the field with this name, or one above it, is locked.
    pub(super) fn covers(&self, name: &str) -> bool {
        let named = |names: &[String]| {
            names.iter().any(|of| {
                name.strip_prefix(of.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        match self {
            Self::All => true,
            Self::Except(names) => !named(names),
            Self::Only(names) => named(names),
        }
    }
}

/// Takes a file with signatures apart.
pub fn read_foreign(file: &[u8]) -> Result<ForeignFile<'_>, ForeignError> {
    if !file.starts_with(b"%PDF-") {
        let begins = file.get(..file.len().min(1024)).unwrap_or_default();
        let later = begins.windows(5).any(|bytes| bytes == b"%PDF-");
        return Err(if later { ForeignError::Malformed } else { ForeignError::NotPdf });
    }
    let budget = Budget::of(file.len());
    let document = Document::open(file, &budget)?;
    let mut seen: Vec<Number> = Vec::new();
    let mut seals = Vec::new();
    for field in fields(&document)?.into_iter().filter(Field::is_signature) {
        let value = match field.dict.get("V") {
            None => continue,
            // What stands in its field has no place of its own.
            Some(value) => value.as_reference().ok_or(ForeignError::Unsupported)?,
        };
        if seen.contains(&value) || document.object(value)?.value == Value::Null {
            continue;
        }
        seen.push(value);
        if seals.len() >= MAX_SEALS {
            return Err(ForeignError::TooMuch);
        }
        seals.push(seal(&document, &field, value, &budget)?);
    }
    if seals.is_empty() {
        return Err(ForeignError::Unsigned);
    }
    seals.sort_by_key(|(end, _)| *end);
    let store = store(&document)?;
    let newest_section = document.places.first().copied().unwrap_or_default();
    let seals = seals.into_iter().map(|(_, seal)| seal).collect();
    Ok(ForeignFile { seals, newest_section, store })
}

fn seal<'f>(
    document: &Document<'f, '_>,
    field: &Field,
    number: Number,
    budget: &Budget,
) -> Result<(usize, ForeignSeal<'f>), ForeignError> {
    let object = document.object(number)?;
    let (Value::Dict(dict), Some(place)) = (&object.value, object.place.clone()) else {
        return Err(ForeignError::Unsupported);
    };
    let sub_filter = match dict.get("SubFilter").and_then(Value::as_name) {
        Some(b"ETSI.CAdES.detached" | b"adbe.pkcs7.detached") => SubFilter::Detached,
        Some(b"ETSI.RFC3161") => SubFilter::Timestamp,
        Some(b"adbe.pkcs7.sha1") => SubFilter::Sha1,
        _ => SubFilter::Other,
    };
    let cms = dict.get("Contents").and_then(Value::as_text).unwrap_or_default();
    if cms.len() > MAX_CMS {
        return Err(ForeignError::TooMuch);
    }
    let mut lexer = document.lexer(place.start);
    lexer.head()?;
    lexer.value()?;
    let gap = lexer.span("Contents");
    let (certifies, _) = permissions(document, dict)?;
    let mut made = ForeignSeal {
        field: field.name.clone(),
        sub_filter,
        parts: Err(Uncovered::Range),
        cms: cms.to_vec(),
        certifies,
        is_last: false,
        changes: Vec::new(),
        keeps_metadata: true,
        claimed_at: dict.get("M").and_then(Value::as_text).and_then(stated_moment),
        store: None,
    };
    let Some([0, head, tail, rest]) = range(dict) else { return Ok((0, made)) };
    let file = document.file;
    let end = tail.saturating_add(rest);
    let (Some(first), Some(second)) = (file.get(..head), file.get(tail..end)) else {
        return Ok((0, made));
    };
    // The gap is the value in its own brackets, and the dictionary around it is sealed.
    let is_hex = file.get(head) == Some(&b'<');
    if gap != Some(head..tail) || !is_hex || place.end > end {
        made.parts = Err(Uncovered::Gap);
        return Ok((end, made));
    }
    let after = file.get(end..).unwrap_or_default();
    made.is_last = after.iter().all(|byte| is_blank(*byte));
    if made.is_last {
        made.parts = Ok([first, second]);
        return Ok((end, made));
    }
    let sealed = file.get(..end).unwrap_or_default();
    let Ok(sealed) = Document::open(sealed, budget) else {
        made.parts = Err(Uncovered::Revision);
        return Ok((end, made));
    };
    let built_on = sealed.places.first().is_some_and(|newest| document.places.contains(newest));
    if !built_on || sealed.home(number) != document.home(number) {
        made.parts = Err(Uncovered::Revision);
        return Ok((end, made));
    }
    made.parts = Ok([first, second]);
    if sub_filter == SubFilter::Timestamp {
        made.store = Some(store(&sealed)?);
    }
    made.keeps_metadata = says_the_same(&sealed, document)?;
    let (permission, locks) = in_force(&sealed)?;
    made.changes = changes(&sealed, document, permission, &locks)?;
    if has_unlisted(document, end)? {
        made.changes.push(Change { object: None, what: "unlisted" });
    }
    Ok((end, made))
}

/// Whether two revisions have the same metadata and the same information dictionary.
fn says_the_same(old: &Document<'_, '_>, new: &Document<'_, '_>) -> Result<bool, ForeignError> {
    let same = |then: Option<&Value>, now: Option<&Value>| {
        let number = then.and_then(Value::as_reference);
        then == now && number.is_none_or(|number| old.home(number) == new.home(number))
    };
    let ((_, then), (_, now)) = (old.catalog()?, new.catalog()?);
    let info = same(old.trailer.get("Info"), new.trailer.get("Info"));
    Ok(info && same(then.get("Metadata"), now.get("Metadata")))
}

/// A date of PDF (7.9.4): `D:20261122160000+08'00'`, whatever is left out at its end.
fn stated_moment(text: &[u8]) -> Option<Moment> {
    let text = std::str::from_utf8(text.strip_prefix(b"D:")?).ok()?;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = text.split_at(digits);
    if digits.len() < 4 || digits.len() > 14 || digits.len() % 2 == 1 {
        return None;
    }
    let whole = format!("{digits}{}", "00000101000000".get(digits.len()..)?);
    let part = |from: usize, to: usize| whole.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let utc = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse::<Moment>().ok()?;
    let mut signs = zone.chars();
    let sign = match signs.next() {
        None | Some('Z') => return Some(utc),
        Some('+') => -1,
        Some('-') => 1,
        Some(_) => return None,
    };
    let mut offset = signs.as_str().trim_end_matches('\'').split('\'');
    let mut next = || offset.next().map_or(Some(0), |part| part.parse::<i64>().ok());
    let (hours, minutes) = (next()?, next()?);
    let fits = (0..=23).contains(&hours) && (0..=59).contains(&minutes);
    fits.then(|| utc.plus_seconds(sign * (hours * 3_600 + minutes * 60)))
}

fn range(dict: &Dict) -> Option<[usize; 4]> {
    let numbers = dict.get("ByteRange")?.as_array()?.iter().map(Value::as_size);
    numbers.collect::<Option<Vec<usize>>>()?.try_into().ok()
}

/// What the signatures of a revision permit together.
fn in_force(document: &Document<'_, '_>) -> Result<(Permission, Vec<Lock>), ForeignError> {
    // Viewers let people fill in fields after a signature that does not certify; whoever meant that can say so.
    let (mut permission, mut locks) = (None, Vec::new());
    let and = |known: Option<Permission>, of: Option<Permission>| match (known, of) {
        (Some(known), Some(of)) => Some(known.min(of)),
        (known, of) => known.or(of),
    };
    for field in fields(document)?.iter().filter(|field| field.is_signature()) {
        let Some(signature) = document.dict_under(&field.dict, "V")? else { continue };
        let (certifies, of_signature) = permissions(document, &signature)?;
        permission = and(permission, certifies);
        locks.extend(of_signature);
        if let Some(lock) = document.dict_under(&field.dict, "Lock")? {
            permission = and(permission, level(document, &lock)?);
            locks.extend(locked(document, &lock)?);
        }
    }
    Ok((permission.unwrap_or(Permission::Signing), locks))
}

/// What one signature says of what may follow: as a certification, and of fields.
fn permissions(
    document: &Document<'_, '_>,
    signature: &Dict,
) -> Result<(Option<Permission>, Vec<Lock>), ForeignError> {
    let (mut certifies, mut locks) = (None, Vec::new());
    let references = document.under(signature, "Reference")?;
    for reference in references.as_array().unwrap_or_default() {
        let Value::Dict(reference) = document.resolve(reference)? else {
            return Err(ForeignError::Malformed);
        };
        let parameters = document.dict_under(&reference, "TransformParams")?.unwrap_or_default();
        match document.under(&reference, "TransformMethod")?.as_name() {
            Some(b"DocMDP") => {
                let of = level(document, &parameters)?.unwrap_or(Permission::Forms);
                certifies = Some(certifies.map_or(of, |known: Permission| known.min(of)));
            }
            Some(b"FieldMDP") => locks.extend(locked(document, &parameters)?),
            _ => {}
        }
    }
    Ok((certifies, locks))
}

fn level(document: &Document<'_, '_>, dict: &Dict) -> Result<Option<Permission>, ForeignError> {
    Ok(match document.under(dict, "P")? {
        Value::Null => None,
        Value::Integer(2) => Some(Permission::Forms),
        Value::Integer(3) => Some(Permission::Annotations),
        // What nobody knows permits nothing.
        _ => Some(Permission::Nothing),
    })
}

fn locked(document: &Document<'_, '_>, dict: &Dict) -> Result<Option<Lock>, ForeignError> {
    let names = document.under(dict, "Fields")?;
    let names = names.as_array().unwrap_or_default().iter();
    let names: Vec<String> = names.filter_map(Value::as_text).map(text).collect();
    Ok(match document.under(dict, "Action")?.as_name() {
        Some(b"Include") => Some(Lock::Only(names)),
        Some(b"Exclude") => Some(Lock::Except(names)),
        None => None,
        Some(_) => Some(Lock::All),
    })
}
