//! Whether an authority we trust stands behind a seal, and whether it is the right one.
//!
//! A path must hold at the moment of judging, or, where time-stamps prove that the seal existed earlier
//! (`judge::stamps`), at that earlier moment: what happened to a certificate since then does not matter, but for a
//! stolen key. Where a certificate has ended and nothing proves the seal older, the path is tried at the stated time
//! of sealing, so that "sealed while it was valid, and nobody can prove when" is told apart from "sealed outside its
//! life": the first cannot be told, the second is refused. A stated time proves nothing by itself, so without a
//! time-stamp a revoked certificate is refused whatever time the seal states.
//!
//! Source: RFC 5280 section 6; ETSI EN 319 102-1 sections 5.5 (why a stated time is not proof) and 5.6.

use std::sync::Arc;

use super::facts::Trust;
use super::observed::Observed;
use super::stamp_seen::StampSeen;
use crate::domain::Moment;
use crate::pki::{
    Certificate, Crl, Evidence, MAX_EVIDENCE, OcspResponse, PathError, Purpose, Revocation,
    VerifiedPath, verify_path_for,
};

/// How far the clock of the sealing machine may be ahead of ours, in seconds; our own bound.
pub(super) const CLOCK_SKEW_SECONDS: i64 = 300;

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
    /// OCSP answers the file brought.
    pub(super) ocsps: &'s [&'s [u8]],
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
    find_path_for(Purpose::DocumentSigning, leaf, others, trust, at)
}

/// The path of any certificate for its purpose.
pub(super) fn find_path_for(
    purpose: Purpose,
    leaf: &[u8],
    others: &[&[u8]],
    trust: &Trust<'_>,
    at: Moment,
) -> Result<Arc<VerifiedPath>, PathError> {
    if let Some(cache) = trust.paths {
        return cache.verify_for(purpose, leaf, others, trust.store, at);
    }
    let read = |der: &[u8]| Certificate::from_der(der).map_err(|_| PathError::Malformed);
    let others = others.iter().map(|der| read(der)).collect::<Result<Vec<_>, _>>()?;
    verify_path_for(purpose, &read(leaf)?, &others, trust.store, &[], at).map(Arc::new)
}

/// Whether a certificate of this path was made for development.
pub(super) fn is_development(path: &VerifiedPath) -> bool {
    let all = [path.leaf(), path.anchor()].into_iter().chain(path.intermediates());
    all.into_iter().any(|one| one.common_name().starts_with(DEVELOPMENT_PREFIX))
}

/// The moment at which time-stamps prove that a seal existed, and what the file says about revocation.
pub(super) struct Proven<'p> {
    pub(super) at: Moment,
    pub(super) evidence: &'p Evidence,
}

/// Judges the certificate of a seal for a license of `authority`; gives the path if one held.
///
/// `found` is the path as [`find_path`] gave it for the proven moment, or for `at` where none is proven.
pub(super) fn judge(
    found: Found,
    sealed: SealedBy<'_>,
    proven: Option<&Proven<'_>>,
    authority: &str,
    trust: &Trust<'_>,
    at: Moment,
    seen: &mut Vec<Observed>,
) -> Option<Arc<VerifiedPath>> {
    let (path, period) = match proven {
        Some(proven) => in_proven_time(found, sealed, proven.at, trust),
        None => in_stated_time(found, sealed, trust, at),
    }
    .map_err(|refused| seen.extend(refused))
    .ok()?;
    seen.extend([Observed::PathHolds, Observed::UsageFits, period]);
    seen.push(match proven {
        Some(proven) => told(path.with(proven.evidence).revocation(proven.at)),
        None => told(revocation(&path, sealed, at)),
    });
    let named = path.leaf().organization_identifier();
    seen.push(match named == Some(authority) {
        true => Observed::AuthorityAgrees,
        false => Observed::AuthorityDiffers,
    });
    seen.push(match (is_development(&path), trust.development) {
        (false, _) => Observed::NoDevelopment,
        (true, true) => Observed::DevelopmentAccepted,
        (true, false) => Observed::DevelopmentRefused,
    });
    Some(path)
}

type Found = Result<Arc<VerifiedPath>, PathError>;
type PathAndPeriod = Result<(Arc<VerifiedPath>, Observed), Vec<Observed>>;

/// The path at the moment of judging, where nothing proves the seal older.
fn in_stated_time(
    found: Found,
    sealed: SealedBy<'_>,
    trust: &Trust<'_>,
    at: Moment,
) -> PathAndPeriod {
    let SealedBy { leaf, others, sealed_at, .. } = sealed;
    let in_future = sealed_at > at.plus_seconds(CLOCK_SKEW_SECONDS);
    match found {
        Ok(path) if in_future => Ok((path, Observed::SealedInFuture { sealed_at })),
        Ok(path) if sealed_at < path.leaf().not_before() => {
            Ok((path, Observed::PeriodBroken { sealed_at }))
        }
        Ok(path) => Ok((path, Observed::PeriodHolds)),
        Err(PathError::Expired { since }) => match find_path(leaf, others, trust, sealed_at) {
            Ok(path) => Ok((path, Observed::CertificateEnded { since })),
            Err(fault) => Err(refuse(fault, sealed_at)),
        },
        Err(PathError::NotYetValid { .. }) if in_future => {
            Err(vec![Observed::SealedInFuture { sealed_at }])
        }
        Err(fault) => Err(refuse(fault, sealed_at)),
    }
}

/// The path at the proven moment.
fn in_proven_time(
    found: Found,
    sealed: SealedBy<'_>,
    proven: Moment,
    trust: &Trust<'_>,
) -> PathAndPeriod {
    let SealedBy { leaf, others, sealed_at: stated, .. } = sealed;
    let before_stated = stated > proven.plus_seconds(CLOCK_SKEW_SECONDS);
    match found {
        Ok(path) if before_stated => {
            Ok((path, Observed::Stamp(StampSeen::BeforeStated { stated, proven })))
        }
        Ok(path) if stated < path.leaf().not_before() => {
            Ok((path, Observed::PeriodBroken { sealed_at: stated }))
        }
        Ok(path) => Ok((path, Observed::Stamp(StampSeen::InLife { proven }))),
        // The first proof came after the end: when the seal was made is as open as without it.
        Err(PathError::Expired { since }) => match find_path(leaf, others, trust, stated) {
            Ok(path) => Ok((path, Observed::CertificateEnded { since })),
            Err(fault) => Err(refuse(fault, stated)),
        },
        Err(PathError::NotYetValid { .. }) => {
            Err(vec![Observed::PathHolds, Observed::Stamp(StampSeen::BeforeLife { proven })])
        }
        Err(fault) => Err(refuse(fault, stated)),
    }
}

/// What is known of revocation where nothing proves the seal older.
fn revocation(path: &VerifiedPath, sealed: SealedBy<'_>, at: Moment) -> Revocation {
    let answer = path.revocation(at);
    if answer != Revocation::Unknown || sealed.crls.is_empty() && sealed.ocsps.is_empty() {
        return answer;
    }
    // The file's own word is asked only where ours are silent; its signatures are checked like ours.
    let mut evidence = Evidence::new();
    for crl in sealed.crls.iter().take(MAX_EVIDENCE).filter_map(|der| Crl::from_der(der).ok()) {
        evidence.add_crl(crl, at);
    }
    for answer in
        sealed.ocsps.iter().take(MAX_EVIDENCE).filter_map(|der| OcspResponse::from_der(der).ok())
    {
        evidence.add_ocsp(answer, at);
    }
    path.with(&evidence).revocation(at)
}

fn told(answer: Revocation) -> Observed {
    match answer {
        Revocation::Good { as_of, .. } => Observed::CertificateGood { as_of },
        Revocation::Revoked { since, .. } => Observed::CertificateRevoked { since },
        Revocation::Unknown => Observed::RevocationUnknown,
    }
}

/// What to say where no path held.
fn refuse(fault: PathError, sealed_at: Moment) -> Vec<Observed> {
    match fault {
        PathError::Expired { .. } | PathError::NotYetValid { .. } => {
            vec![Observed::PathHolds, Observed::PeriodBroken { sealed_at }]
        }
        PathError::WrongUsage => vec![Observed::UsageWrong],
        // A link that does not verify is what a stranger's issuer of the same name looks like: nobody we
        // trust stands behind it, and more cannot be told.
        PathError::NoAnchor | PathError::BadSignature => {
            vec![Observed::PathUntrusted, Observed::UsageUnknown]
        }
        PathError::Constraint | PathError::Malformed => vec![Observed::PathBroken],
        PathError::TooComplex | PathError::UnsupportedAlgorithm => {
            vec![Observed::PathTooHard, Observed::UsageUnknown]
        }
    }
}
