//! Looking at a sealed PDF that this program did not make.
//!
//! Whether it was altered can be told of anybody's file, and is: every signature must speak for a whole revision and
//! hold, and nothing may have changed later that nothing allows. Who stands behind each signature is reported
//! (`judge::foreign_trust`). Who may issue what is known of our own licenses alone, so such a file is never *valid* here;
//! a forged one is told from one that cannot be judged.

use memchr::memmem;

use super::examine::Look;
use super::facts::Trust;
use super::foreign_seen::ForeignSeen;
use super::foreign_trust::{Checked, reports};
use super::indication::Indication;
use super::observed::Observed;
use super::signature::{SignatureKind, SignatureReport};
use crate::crypto::Strength;
use crate::domain::Moment;
use crate::pdf::foreign::{ForeignError, ForeignSeal, SubFilter, read_foreign};
use crate::pdf::{COPY_REASON, CopyClaim, read_sealed};
use crate::pki::{ForeignCmsError, ForeignSignature, SignedThing};

/// The checks without which a file of others is not known to be as it was signed.
pub(super) const INTEGRITY: &[&str] =
    &["file.kind", "seal.present", "seal.coverage", "seal.signature", "seal.later_changes"];

/// Most ranges that are tried; as many as a file of ours may have.
const MAX_REVISIONS: usize = 64;

/// Looks at `file` and writes down what is seen.
pub(super) fn look(file: &[u8], trust: &Trust<'_>, at: Moment, look: &mut Look) {
    let found = match read_foreign(file) {
        Ok(found) => found,
        Err(ForeignError::Encrypted) => return look.seen.push(Observed::Encrypted),
        Err(why) => {
            // That there is a signature was seen by who sent us here.
            look.seen.push(Observed::SealPresent);
            return look.seen.push(Observed::Foreign(ForeignSeen::Unread(why)));
        }
    };
    look.seen.push(Observed::SealPresent);
    let mut say = |seen| look.seen.push(Observed::Foreign(seen));
    let uncovered = found.seals.iter().find_map(|seal| seal.parts.as_ref().err());
    say(uncovered.map_or(ForeignSeen::Covered, |why| ForeignSeen::Uncovered(*why)));
    let checked: Vec<Checked> = found.seals.iter().map(check).collect();
    let results = || checked.iter().flatten();
    let is_bad = |it: &Result<ForeignSignature, ForeignCmsError>| {
        matches!(
            it,
            Err(ForeignCmsError::BadSignature
                | ForeignCmsError::BadTimestamp
                | ForeignCmsError::OtherCertificate
                | ForeignCmsError::OtherContent)
        )
    };
    let all_hold = results().all(Result::is_ok);
    if results().any(is_bad) {
        say(ForeignSeen::Bad);
    } else if !all_hold {
        say(ForeignSeen::UnknownForm);
    } else if checked.iter().all(Option::is_some) {
        say(ForeignSeen::Signed { count: checked.len() });
    }
    let change = found.seals.iter().find_map(|seal| seal.changes.first());
    say(change
        .map_or(ForeignSeen::NothingChanged, |change| ForeignSeen::Changed { what: change.what }));
    if results().flatten().any(|signature| signature.strength == Strength::Weak) {
        say(ForeignSeen::Weak);
    }
    let signatures = reports(&found, &checked, trust, at);
    if all_hold && uncovered.is_none() && change.is_none() {
        say(signers(&signatures));
        say(ForeignSeen::NotOurs);
    }
    look.signatures = signatures;
}

/// What we sealed and protected of a file of ours to which somebody else added time-stamps or validation data, by the
/// rules for files of anybody; `None` where it is no such file, or where anything else was done to it.
pub(super) fn as_we_left_it(file: &[u8]) -> Option<&[u8]> {
    let ours = revisions(file).rev().find_map(|end| {
        let beginning = file.get(..end).filter(|beginning| beginning.len() < file.len())?;
        let sealed = read_sealed(beginning).ok()?;
        // A copy is for one case: nobody has a reason to add anything to it.
        let original =
            sealed.copy == CopyClaim::None && sealed.reason.as_deref() != Some(COPY_REASON);
        original.then_some(beginning)
    })?;
    let found = read_foreign(file).ok()?;
    let untouched = |seal: &ForeignSeal<'_>| {
        seal.parts.is_ok() && seal.changes.is_empty() && seal.keeps_metadata
    };
    let sound = |seal: &ForeignSeal<'_>| matches!(check(seal), Some(Ok(signature)) if signature.strength == Strength::Sound);
    // Something was added in form, and not merely put behind.
    let added = found.newest_section >= ours.len();
    (added && found.seals.iter().all(|seal| untouched(seal) && sound(seal))).then_some(ours)
}

/// Where ranges of signatures end, by the first words of each, in the order of the file.
fn revisions(file: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
    const KEY: &[u8] = b"/ByteRange";
    let ends = memmem::find_iter(file, KEY).take(MAX_REVISIONS).filter_map(|place| {
        let behind = file.get(place + KEY.len()..)?;
        let text = std::str::from_utf8(behind.get(..behind.len().min(80))?).ok()?;
        let (_, numbers) = text.split_once('[')?;
        let (numbers, _) = numbers.split_once(']')?;
        let mut numbers = numbers.split_whitespace().skip(2).map(str::parse::<usize>);
        numbers.next()?.ok()?.checked_add(numbers.next()?.ok()?)
    });
    ends.collect::<Vec<_>>().into_iter()
}

/// Who signed, if somebody we trust stands behind every signature of the document.
fn signers(signatures: &[SignatureReport]) -> ForeignSeen {
    let of_document = || signatures.iter().filter(|one| one.kind == SignatureKind::Seal);
    let open = of_document().find(|one| one.indication != Indication::TotalPassed);
    match open {
        Some(open) => ForeignSeen::SignersOpen(open.sub_indication),
        None if of_document().next().is_none() => ForeignSeen::SignersOpen(None),
        None => ForeignSeen::Signers(of_document().filter_map(|one| one.signer.clone()).collect()),
    }
}

/// Whether a signature holds; `None` where it is not known what it speaks for.
fn check(seal: &ForeignSeal<'_>) -> Checked {
    let parts = seal.parts.as_ref().ok()?;
    let thing = match seal.sub_filter {
        SubFilter::Detached => SignedThing::Detached,
        SubFilter::Other => return Some(Err(ForeignCmsError::Unsupported)),
        SubFilter::Sha1 => SignedThing::Sha1Inside,
        SubFilter::Timestamp => SignedThing::Timestamp,
    };
    Some(ForeignSignature::check(&seal.cms, thing, parts))
}
