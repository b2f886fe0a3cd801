//! Looking at a sealed PDF.
//!
//! The seal is checked over every byte but its own gap, and only then is anything in the file believed. What
//! the license is, is read from the attached e-certificate, and the metadata must say the same id and the same
//! content digest. The e-certificate's own signature is not checked here: each of its bytes is under the
//! seal, which is the stronger statement; who takes it out of the file has it checked as a file of its own.
//!
//! Time-stamps say from when on the seal is known to have existed (`judge::stamps`), and that is the moment its
//! certificate is judged for; without any it is the moment of judging.
//!
//! The digest by which the vault knows the file, that of all bytes of the sealed revision, is computed together with
//! the digest under the seal, as both begin with the same bytes. Later revisions hold nothing but validation data
//! and time-stamps, and the vault keeps the file as it was sealed.

use super::certificate::{self, Issue, Proven, SealedBy};
use super::copy;
use super::ecert;
use super::examine::{Look, Said, Sealer};
use super::facts::{Form, Trust};
use super::foreign;
use super::level;
use super::observed::Observed;
use super::receipt;
use super::receipt_seen::ReceiptSeen;
use super::stamps::{Stamps, Under};
use crate::crypto::{Digest, Hasher};
use crate::domain::Moment;
use crate::ecert::receipt::{FILE_NAME, ReceiptFacts, read as read_receipt};
use crate::ecert::{EcertFacts, SdJwt};
use crate::pdf::{Coverage, CoverageError, ReadError, SealedFile, Trouble, read_sealed};
use crate::pki::{CmsError, SignedData};

/// Codes of checks.
type Required = &'static [&'static str];

/// The checks without which the bytes are not known to be those that were sealed.
const INTEGRITY: Required = &[
    "file.kind",
    "seal.present",
    "seal.coverage",
    "seal.structure",
    "seal.signature",
    "seal.bytes",
    "ecert.structure",
    "ecert.disclosures",
    "content.digest",
    "license.id",
];

/// The same, of a receipt: what it says is attached, and under the seal with all the rest.
const OF_RECEIPT: Required = &[
    "file.kind",
    "seal.present",
    "seal.coverage",
    "seal.structure",
    "seal.signature",
    "seal.bytes",
    "receipt.structure",
    "receipt.moment",
];

/// What a file is, which checks it cannot do without, and what was seen of it.
type Looked = (Form, Required, Look);

/// Looks at `file` and writes down what is seen.
pub(super) fn look(file: &[u8], trust: &Trust<'_>, at: Moment) -> Looked {
    let mut look = Look { seen: vec![Observed::KindPdf], ..Look::default() };
    match read_sealed(file) {
        Ok(sealed) => {
            look.seen.push(Observed::SealPresent);
            look.seen.push(match sealed.revisions.len() {
                0 | 1 => Observed::CoverageWhole,
                _ => Observed::CoverageProtected,
            });
            let digests = Digests::of(&sealed);
            look.file_digest = Some(digests.as_sealed);
            let attached = sealed.attachment.as_ref();
            if attached.is_some_and(|attached| attached.file_name == FILE_NAME) {
                look.receipt = receipt_in(&sealed, &digests, trust, at, &mut look.seen);
                return (Form::Receipt, OF_RECEIPT, look);
            }
            look.said = said(&sealed, &digests, trust, at, &mut look.seen);
        }
        Err(ReadError::Foreign(_)) => {
            foreign::look(file, trust, at, &mut look);
            return (Form::SealedPdf, foreign::INTEGRITY, look);
        }
        Err(why) => match foreign::as_we_left_it(file) {
            Some(ours) => return extended(self::look(ours, trust, at)),
            None => look.seen.extend(unreadable(why, file)),
        },
    }
    (Form::SealedPdf, INTEGRITY, look)
}

/// The same, of a file to which others added what may be added.
fn extended((form, required, mut look): Looked) -> Looked {
    for seen in &mut look.seen {
        if matches!(seen, Observed::CoverageWhole | Observed::CoverageProtected) {
            *seen = Observed::CoverageExtended;
        }
    }
    look.is_extended = true;
    (form, required, look)
}

/// What a license says that is sealed in a PDF.
fn said(
    sealed: &SealedFile<'_>,
    digests: &Digests,
    trust: &Trust<'_>,
    at: Moment,
    seen: &mut Vec<Observed>,
) -> Option<Said> {
    let unaltered = Unaltered::find(sealed, digests, at, seen)?;
    let facts = attached(sealed, seen)?;
    let named = copy::named(sealed, facts.withheld, seen);
    let digest = Some(facts.content_digest.to_string());
    let agree = facts.claimed_digest == facts.content_digest && digest == named.digest;
    seen.push(if agree { Observed::ContentAgrees } else { Observed::ContentDiffers });
    let same_id = named.id == Some(facts.license_id.to_string());
    seen.push(if same_id { Observed::IdHolds } else { Observed::IdBroken });
    let issue = Issue::of(&facts.license_id, facts.issued_on);
    let sealer = unaltered.sealer(issue, trust, at, seen)?;
    Some(Said { sealer, copy: named.copy, facts: facts.into() })
}

/// What a receipt says that is sealed in a PDF.
fn receipt_in(
    sealed: &SealedFile<'_>,
    digests: &Digests,
    trust: &Trust<'_>,
    at: Moment,
    seen: &mut Vec<Observed>,
) -> Option<(ReceiptFacts, Sealer)> {
    let unaltered = Unaltered::find(sealed, digests, at, seen)?;
    let (_, facts) = receipt::formed(read_receipt(&sealed.attachment.as_ref()?.bytes), seen)?;
    seen.push(Observed::Receipt(ReceiptSeen::Speaks { judged_at: facts.judged_at }));
    let issue = Issue::Receipt { library: &facts.library };
    let sealer = unaltered.sealer(issue, trust, at, seen)?;
    Some((facts, sealer))
}

/// A file whose every byte is what was sealed.
struct Unaltered<'s, 'f> {
    sealed: &'s SealedFile<'f>,
    signed: SignedData<'s>,
    stamps: Option<Stamps<'s>>,
}

impl<'s, 'f> Unaltered<'s, 'f> {
    fn find(
        sealed: &'s SealedFile<'f>,
        digests: &Digests,
        at: Moment,
        seen: &mut Vec<Observed>,
    ) -> Option<Self> {
        let signed = match SignedData::read(&sealed.cms) {
            Ok(signed) => signed,
            Err(why) => {
                seen.push(match why {
                    CmsError::BadSignature => Observed::SealSignatureBad,
                    CmsError::UnsupportedSuite => Observed::SealForeign,
                    _ => Observed::SealBroken,
                });
                return None;
            }
        };
        match signed.check(&digests.under_seal) {
            Ok(()) => {
                seen.extend([Observed::SealForm, Observed::SealSigned, Observed::BytesAgree]);
            }
            Err(CmsError::OtherContent) => {
                seen.extend([Observed::SealForm, Observed::SealSigned, Observed::BytesChanged]);
                return None;
            }
            Err(CmsError::BadSignature) => {
                seen.extend([Observed::SealForm, Observed::SealSignatureBad]);
                return None;
            }
            Err(_) => {
                seen.push(Observed::SealBroken);
                return None;
            }
        }
        match Stamps::read(sealed, &signed, &digests.under_stamps, at) {
            Ok(stamps) => Some(Self { sealed, signed, stamps }),
            Err(altered) => {
                seen.push(altered);
                None
            }
        }
    }

    /// Who sealed it.
    fn sealer(
        self,
        issue: Issue<'_>,
        trust: &Trust<'_>,
        at: Moment,
        seen: &mut Vec<Observed>,
    ) -> Option<Sealer> {
        let Self { sealed, signed, mut stamps } = self;
        let Some(sealed_at) = sealed.stated_at else {
            seen.push(Observed::SealBroken);
            return None;
        };

        let proof = stamps.as_mut().and_then(|stamps| stamps.prove(trust, at, seen));
        let proved = stamps.as_ref().zip(proof.as_ref());
        let evidence = proved.map(|(stamps, _)| stamps.evidence_under(Under::ALL));
        let proven = proof.as_ref().zip(evidence.as_ref());
        let proven = proven.map(|(proof, evidence)| Proven { at: proof.at, evidence });

        let (crls, ocsps) = (&sealed.crls[..], &sealed.ocsps[..]);
        let by = SealedBy { leaf: signed.leaf(), others: signed.others(), crls, ocsps, sealed_at };
        let judged_for = proof.as_ref().map_or(at, |proof| proof.at);
        let found = certificate::find_path(by.leaf, by.others, trust, judged_for);
        let path = certificate::judge(found, by, proven.as_ref(), issue, trust, at, seen);
        let protection = path.as_ref().map(|path| level::reached(path, proved, at));
        let subject = ecert::subject(path.as_deref());
        Some(Sealer { sealed_at, subject, protection })
    }
}

/// What the attached e-certificate says.
fn attached(sealed: &SealedFile<'_>, seen: &mut Vec<Observed>) -> Option<EcertFacts> {
    let Some(attachment) = &sealed.attachment else {
        seen.push(Observed::EcertMissing);
        return None;
    };
    let sd_jwt = match SdJwt::parse(&attachment.bytes) {
        Ok(sd_jwt) => sd_jwt,
        Err(why) => {
            seen.push(Observed::EcertBroken { why: why.to_string() });
            return None;
        }
    };
    match EcertFacts::read(sd_jwt) {
        Ok(facts) => {
            let (shown, withheld) = (facts.disclosed.len(), facts.withheld);
            seen.extend([Observed::EcertForm, Observed::DisclosuresHold { shown, withheld }]);
            Some(facts)
        }
        Err(why) => {
            seen.push(ecert::refused(&why));
            None
        }
    }
}

/// The digests of a file, computed in one pass: all begin with the same bytes.
struct Digests {
    under_seal: Digest,
    /// Of the whole sealed revision.
    as_sealed: Digest,
    /// Of what each document time-stamp speaks for.
    under_stamps: Vec<Digest>,
}

impl Digests {
    fn of(sealed: &SealedFile<'_>) -> Self {
        let mut all = Hasher::new();
        let under_seal = step(&mut all, 0, &sealed.coverage);
        let as_sealed = all.clone().finish();
        let mut done = sealed.revisions.first().copied().unwrap_or_default();
        let under_stamps = sealed.timestamps.iter().map(|stamp| {
            let digest = step(&mut all, done, &stamp.coverage);
            done = stamp.end;
            digest
        });
        Self { under_seal, as_sealed, under_stamps: under_stamps.collect() }
    }
}

/// The digest of what this signature speaks for. `all` has taken in the first `done` bytes, and takes in all up to
/// the end of the signature's revision.
fn step(all: &mut Hasher, done: usize, coverage: &Coverage<'_>) -> Digest {
    let [head, tail] = coverage.sealed();
    all.update(head.get(done..).unwrap_or_default());
    let mut covered = all.clone();
    covered.update(tail);
    for part in [b"<", coverage.seal_hex(), b">", tail] {
        all.update(part);
    }
    covered.finish()
}

/// What to say of a file that could not be taken apart.
fn unreadable(why: ReadError, file: &[u8]) -> Vec<Observed> {
    let mut names = file.split(|byte| *byte == b'/').skip(1);
    let mut encrypted = || names.any(|name| name.starts_with(b"Encrypt"));
    match why {
        ReadError::Altered(trouble) => vec![Observed::SealPresent, broken(trouble)],
        ReadError::Unsigned if encrypted() => vec![Observed::Encrypted],
        ReadError::Foreign(_) => vec![Observed::SealPresent, Observed::SealForeign],
        ReadError::Incomplete => vec![Observed::CoverageBroken],
        ReadError::NotPdf => vec![Observed::SealForeign],
        ReadError::Unsigned => vec![Observed::SealAbsent],
    }
}

/// What is wrong with a file of ours.
fn broken(trouble: Trouble) -> Observed {
    match trouble {
        Trouble::Coverage(CoverageError::Trailing { unsealed_bytes: bytes }) => {
            Observed::CoverageLengthened { bytes }
        }
        Trouble::Coverage(_) => Observed::CoverageBroken,
        Trouble::Seal | Trouble::Structure(_) => Observed::SealBroken,
    }
}
