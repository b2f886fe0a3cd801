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

use super::certificate_seen::CertificateSeen as Seen;
use super::facts::Trust;
use super::observed::Observed;
use super::registry::{IssuerSeen, Registry};
use super::stamp_seen::StampSeen;
use crate::domain::{Day, LicenseId, LicenseTypeCode, Moment};
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

/// What a document says of its own issue.
#[derive(Clone, Copy)]
pub(super) enum Issue<'s> {
    /// A license.
    License {
        /// The code of the issuing authority.
        authority: &'s str,
        /// The code of its type.
        type_code: &'s LicenseTypeCode,
        /// The day of issue.
        on: Day,
    },
    /// A receipt of a verification.
    Receipt {
        /// The code of the body that runs the library.
        library: &'s str,
    },
}

impl<'s> Issue<'s> {
    /// That of a license.
    pub(super) fn of(id: &'s LicenseId, on: Day) -> Self {
        let key = id.key();
        Self::License { authority: key.authority(), type_code: key.type_code(), on }
    }

    /// Who must have sealed it.
    fn authority(self) -> &'s str {
        match self {
            Self::License { authority, .. } => authority,
            Self::Receipt { library } => library,
        }
    }

    /// Whether that authority may.
    fn issuer(self, registry: &dyn Registry) -> IssuerSeen {
        match self {
            Self::License { authority, type_code, on } => {
                IssuerSeen::of(registry, authority, type_code, on)
            }
            Self::Receipt { library } if registry.is_library(library) => IssuerSeen::Library,
            Self::Receipt { .. } => IssuerSeen::NotLibrary,
        }
    }
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

/// Judges the certificate of a seal for a license; gives the path if one held.
///
/// `found` is the path as [`find_path`] gave it for the proven moment, or for `at` where none is proven.
pub(super) fn judge(
    found: Found,
    sealed: SealedBy<'_>,
    proven: Option<&Proven<'_>>,
    issue: Issue<'_>,
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
    seen.extend([Seen::PathHolds.into(), Seen::UsageFits.into(), period]);
    let revocation = match proven {
        Some(proven) => path.with(proven.evidence).revocation(proven.at),
        None => revocation(&path, sealed, at),
    };
    let authority = issue.authority();
    let named = path.leaf().organization_identifier();
    let of_authority = match named == Some(authority) {
        true if !trust.store.is_trusted_for(path.anchor(), authority) => Seen::BeyondRoot,
        true => Seen::AuthorityAgrees,
        false => Seen::AuthorityDiffers,
    };
    let issuer = issue.issuer(trust.registry);
    let development = match (is_development(&path), trust.development) {
        (false, _) => Seen::NoDevelopment,
        (true, true) => Seen::DevelopmentAccepted,
        (true, false) => Seen::DevelopmentRefused,
    };
    let last = [told(revocation), of_authority, Seen::Issuer(issuer), development];
    seen.extend(last.map(Observed::Certificate));
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
        Ok(path) if in_future => Ok((path, Seen::InFuture { sealed_at }.into())),
        Ok(path) if sealed_at < path.leaf().not_before() => {
            Ok((path, Seen::PeriodBroken { sealed_at }.into()))
        }
        Ok(path) => Ok((path, Seen::PeriodHolds.into())),
        Err(PathError::Expired { since }) => match find_path(leaf, others, trust, sealed_at) {
            Ok(path) => Ok((path, Seen::Ended { since }.into())),
            Err(fault) => Err(refuse(fault, sealed_at)),
        },
        Err(PathError::NotYetValid { .. }) if in_future => {
            Err(vec![Seen::InFuture { sealed_at }.into()])
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
            Ok((path, Seen::PeriodBroken { sealed_at: stated }.into()))
        }
        Ok(path) => Ok((path, Observed::Stamp(StampSeen::InLife { proven }))),
        // The first proof came after the end: when the seal was made is as open as without it.
        Err(PathError::Expired { since }) => match find_path(leaf, others, trust, stated) {
            Ok(path) => Ok((path, Seen::Ended { since }.into())),
            Err(fault) => Err(refuse(fault, stated)),
        },
        Err(PathError::NotYetValid { .. }) => {
            Err(vec![Seen::PathHolds.into(), Observed::Stamp(StampSeen::BeforeLife { proven })])
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

fn told(answer: Revocation) -> Seen {
    match answer {
        Revocation::Good { as_of, next_update: current_until } => {
            Seen::Good { as_of, current_until }
        }
        Revocation::Revoked { since, .. } => Seen::Revoked { since },
        Revocation::Unknown => Seen::RevocationUnknown,
    }
}

/// What to say where no path held.
fn refuse(fault: PathError, sealed_at: Moment) -> Vec<Observed> {
    match fault {
        PathError::Expired { .. } | PathError::NotYetValid { .. } => {
            vec![Seen::PathHolds.into(), Seen::PeriodBroken { sealed_at }.into()]
        }
        PathError::WrongUsage => vec![Seen::UsageWrong.into()],
        // A link that does not verify is what a stranger's issuer of the same name looks like: nobody we
        // trust stands behind it, and more cannot be told.
        PathError::NoAnchor | PathError::BadSignature => {
            vec![Seen::PathUntrusted.into(), Seen::UsageUnknown.into()]
        }
        PathError::Constraint | PathError::Malformed | PathError::Policy => {
            vec![Seen::PathBroken.into()]
        }
        PathError::TooComplex | PathError::UnsupportedAlgorithm => {
            vec![Seen::PathTooHard.into(), Seen::UsageUnknown.into()]
        }
    }
}
