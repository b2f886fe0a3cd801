//! Looking at a sealed PDF that this program did not make.
//!
//! Whether it was altered can be told of anybody's file, and is: every signature must speak for a whole revision and
//! hold, and nothing may have changed later that nothing allows. Who may issue what is known of our own licenses alone,
//! so such a file is never *valid* here; a forged one is told from one that cannot be judged.

use super::examine::Look;
use super::foreign_seen::ForeignSeen;
use super::observed::Observed;
use crate::crypto::Strength;
use crate::pdf::foreign::{ForeignError, ForeignSeal, SubFilter, read_foreign};
use crate::pki::{ForeignCmsError, ForeignSignature, SignedThing};

/// The checks without which a file of others is not known to be as it was signed.
pub(super) const INTEGRITY: &[&str] =
    &["file.kind", "seal.present", "seal.coverage", "seal.signature", "seal.later_changes"];

/// Looks at `file` and writes down what is seen.
pub(super) fn look(file: &[u8], look: &mut Look) {
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
    let checked: Vec<_> = found.seals.iter().filter_map(check).collect();
    let is_bad = |it: &Result<Strength, ForeignCmsError>| {
        matches!(
            it,
            Err(ForeignCmsError::BadSignature
                | ForeignCmsError::BadTimestamp
                | ForeignCmsError::OtherCertificate
                | ForeignCmsError::OtherContent)
        )
    };
    if checked.iter().any(is_bad) {
        say(ForeignSeen::Bad);
    } else if checked.iter().any(Result::is_err) {
        say(ForeignSeen::UnknownForm);
    } else if checked.len() == found.seals.len() {
        say(ForeignSeen::Signed { count: checked.len() });
    }
    let change = found.seals.iter().find_map(|seal| seal.changes.first());
    say(change
        .map_or(ForeignSeen::NothingChanged, |change| ForeignSeen::Changed { what: change.what }));
    if checked.contains(&Ok(Strength::Weak)) {
        say(ForeignSeen::Weak);
    }
    if checked.iter().all(Result::is_ok) && uncovered.is_none() && change.is_none() {
        say(ForeignSeen::NotOurs);
    }
}

/// Whether a signature holds; `None` where it is not known what it speaks for.
fn check(seal: &ForeignSeal<'_>) -> Option<Result<Strength, ForeignCmsError>> {
    let parts = seal.parts.as_ref().ok()?;
    let thing = match seal.sub_filter {
        SubFilter::Detached => SignedThing::Detached,
        SubFilter::Other => return Some(Err(ForeignCmsError::Unsupported)),
        SubFilter::Sha1 => SignedThing::Sha1Inside,
        SubFilter::Timestamp => SignedThing::Timestamp,
    };
    Some(ForeignSignature::check(&seal.cms, thing, parts).map(|signature| signature.strength))
}
