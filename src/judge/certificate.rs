//! Whether an authority we trust stands behind a seal, and whether it is the right one.
//!
//! A path must hold at the moment of judging. Where a certificate has ended since, the path is tried at the
//! stated time of sealing, so that "sealed while it was valid, and nobody can prove when" is told apart from
//! "sealed outside its life": the first cannot be told, the second is refused. A stated time proves nothing by
//! itself, so a revoked certificate is refused whatever time the seal states.
//!
//! LIMIT: time-stamps are not read yet; with one, an ended certificate would not leave the question open.
//!
//! Source: RFC 5280 section 6; ETSI EN 319 102-1 section 5.5 (why a stated time is not proof).

use std::sync::Arc;

use super::facts::Trust;
use super::observed::Observed;
use crate::domain::Moment;
use crate::pki::{Certificate, Crl, PathError, Revocation, VerifiedPath, verify_path};

/// How far the clock of the sealing machine may be ahead of ours, in seconds; our own bound.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// How the names of development certificates begin.
const DEVELOPMENT_PREFIX: &str = "DEV";

/// What a seal says about who made it and when.
#[derive(Clone, Copy)]
pub(super) struct SealedBy<'s> {
    /// The sealing certificate, in DER.
    pub(super) leaf: &'s [u8],
    /// The further certificates the file brought.
    pub(super) others: &'s [&'s [u8]],
    /// Lists of revoked certificates the file brought.
    pub(super) crls: &'s [&'s [u8]],
    /// The stated time of sealing.
    pub(super) sealed_at: Moment,
}

/// The path of a sealing certificate at `at`, from the cache if there is one.
pub(super) fn find_path(
    leaf: &[u8],
    others: &[&[u8]],
    trust: &Trust<'_>,
    at: Moment,
) -> Result<Arc<VerifiedPath>, PathError> {
    match trust.paths {
        Some(cache) => cache.verify(leaf, others, trust.store, at),
        None => find_path_with(leaf, others, &[], trust, at).map(Arc::new),
    }
}

fn find_path_with(
    leaf: &[u8],
    others: &[&[u8]],
    crls: &[Crl],
    trust: &Trust<'_>,
    at: Moment,
) -> Result<VerifiedPath, PathError> {
    let read = |der: &[u8]| Certificate::from_der(der).map_err(|_| PathError::Malformed);
    let others = others.iter().map(|der| read(der)).collect::<Result<Vec<_>, _>>()?;
    verify_path(&read(leaf)?, &others, trust.store, crls, at)
}

/// Judges the certificate of a seal for a license of `authority`; gives the path if one held.
///
/// `found` is the path as [`find_path`] gave it for `at`.
pub(super) fn judge(
    found: Result<Arc<VerifiedPath>, PathError>,
    sealed: SealedBy<'_>,
    authority: &str,
    trust: &Trust<'_>,
    at: Moment,
    seen: &mut Vec<Observed>,
) -> Option<Arc<VerifiedPath>> {
    let sealed_at = sealed.sealed_at;
    let in_future = sealed_at > at.plus_seconds(CLOCK_SKEW_SECONDS);
    let (path, period) = match found {
        Ok(path) if in_future => (path, Observed::SealedInFuture { sealed_at }),
        Ok(path) if sealed_at < path.leaf().not_before() => {
            (path, Observed::PeriodBroken { sealed_at })
        }
        Ok(path) => (path, Observed::PeriodHolds),
        Err(PathError::Expired { since }) => {
            match find_path(sealed.leaf, sealed.others, trust, sealed_at) {
                Ok(path) => (path, Observed::CertificateEnded { since }),
                Err(fault) => {
                    refuse(fault, sealed_at, seen);
                    return None;
                }
            }
        }
        Err(PathError::NotYetValid { .. }) if in_future => {
            seen.push(Observed::SealedInFuture { sealed_at });
            return None;
        }
        Err(fault) => {
            refuse(fault, sealed_at, seen);
            return None;
        }
    };
    seen.extend([Observed::PathHolds, Observed::UsageFits, period]);
    seen.push(revocation(&path, sealed, trust, at));
    let named = path.leaf().organization_identifier();
    seen.push(match named == Some(authority) {
        true => Observed::AuthorityAgrees,
        false => Observed::AuthorityDiffers,
    });
    let development = [path.leaf(), path.anchor()]
        .into_iter()
        .chain(path.intermediates())
        .any(|certificate| certificate.common_name().starts_with(DEVELOPMENT_PREFIX));
    seen.push(match (development, trust.development) {
        (false, _) => Observed::NoDevelopment,
        (true, true) => Observed::DevelopmentAccepted,
        (true, false) => Observed::DevelopmentRefused,
    });
    Some(path)
}

fn revocation(
    path: &VerifiedPath,
    sealed: SealedBy<'_>,
    trust: &Trust<'_>,
    at: Moment,
) -> Observed {
    let mut answer = path.revocation(at);
    if answer == Revocation::Unknown && !sealed.crls.is_empty() {
        // The file's own lists are asked only where ours are silent; their signatures are checked like ours.
        let crls: Vec<Crl> = sealed.crls.iter().filter_map(|der| Crl::from_der(der).ok()).collect();
        let moment = at.min(path.window().1);
        if let Ok(path) = find_path_with(sealed.leaf, sealed.others, &crls, trust, moment) {
            answer = path.revocation(at);
        }
    }
    match answer {
        Revocation::Good { as_of, .. } => Observed::CertificateGood { as_of },
        Revocation::Revoked { since, .. } => Observed::CertificateRevoked { since },
        Revocation::Unknown => Observed::RevocationUnknown,
    }
}

/// What to say where no path held.
fn refuse(fault: PathError, sealed_at: Moment, seen: &mut Vec<Observed>) {
    match fault {
        PathError::Expired { .. } | PathError::NotYetValid { .. } => {
            seen.extend([Observed::PathHolds, Observed::PeriodBroken { sealed_at }]);
        }
        PathError::WrongUsage => seen.push(Observed::UsageWrong),
        // A link that does not verify is what a stranger's issuer of the same name looks like: nobody we
        // trust stands behind it, and more cannot be told.
        PathError::NoAnchor | PathError::BadSignature => {
            seen.extend([Observed::PathUntrusted, Observed::UsageUnknown]);
        }
        PathError::Constraint | PathError::Malformed => seen.push(Observed::PathBroken),
        PathError::TooComplex | PathError::UnsupportedAlgorithm => {
            seen.extend([Observed::PathTooHard, Observed::UsageUnknown]);
        }
    }
}
