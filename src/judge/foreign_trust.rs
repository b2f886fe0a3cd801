//! Whether anybody we trust stands behind the signatures of a file of others, signature by signature.
//!
//! As with files of ours, what is proven to be old is judged for then: the signatures are weighed backwards, the newest
//! now, and every earlier one at the moment that the next good time-stamp after it proves. What the file brings about
//! revocation counts as known from the first good time-stamp over it, otherwise from now.
//!
//! Source: ETSI EN 319 102-1, 5.5 and 5.6.

use std::sync::Arc;

use super::certificate::{CLOCK_SKEW_SECONDS, find_path_for, is_development};
use super::facts::Trust;
use super::indication::{Indication, SubIndication, of_doubt};
use super::signature::{SignatureKind, SignatureReport};
use super::stamps::weigh;
use crate::crypto::Strength;
use crate::domain::Moment;
use crate::pdf::foreign::{ForeignFile, ForeignSeal, Store, SubFilter};
use crate::pki::{
    Certificate, Crl, Evidence, ForeignCmsError, ForeignSignature, OcspResponse, PathError,
    Purpose, Revocation, TimestampToken, VerifiedPath, issuers_of,
};

/// What came of checking the signature itself; `None` where it is not known what it speaks for.
pub(super) type Checked = Option<Result<ForeignSignature, ForeignCmsError>>;

/// The reports on every signature, in the order of the file. `checked` has what came of each.
pub(super) fn reports(
    file: &ForeignFile<'_>,
    checked: &[Checked],
    trust: &Trust<'_>,
    at: Moment,
) -> Vec<SignatureReport> {
    let mut known = Known::of(&file.store, at);
    let mut control = at;
    let mut proven = None;
    let mut reports = Vec::with_capacity(file.seals.len());
    for (seal, checked) in file.seals.iter().zip(checked).rev() {
        let mut report = match holds(seal, checked) {
            Err(sub) => report(seal, Err(sub)),
            Ok(signature) if seal.sub_filter == SubFilter::Timestamp => {
                let (report, proves) =
                    stamp(seal, signature, (&known, &file.store), trust, control);
                if let Some(proves) = proves {
                    control = proves;
                    proven = Some(proves);
                    // Without a revision behind it, it speaks for the store as it is.
                    known.existed(seal.store.as_ref().unwrap_or(&file.store), proves);
                }
                report
            }
            Ok(signature) => {
                let (at, of_itself) = by_itself(signature, (&known, &file.store), trust, control);
                let proven = of_itself.then_some(at).or(proven);
                let path = path(signature, (&known, &file.store), trust, at, proven.is_some());
                let path = path.and_then(|path| in_order(seal, proven).map(|()| path));
                SignatureReport { proven_at: proven, ..report(seal, path.map_err(Some)) }
            }
        };
        if report.indication != Indication::TotalPassed {
            report.signer = None;
        }
        reports.push(report);
    }
    reports.reverse();
    reports
}

/// The signature, if nothing speaks against it but perhaps who made it.
fn holds<'c>(
    seal: &ForeignSeal<'_>,
    checked: &'c Checked,
) -> Result<&'c ForeignSignature, Option<SubIndication>> {
    let signature = match checked {
        None => return Err(Some(SubIndication::FormatFailure)),
        Some(Ok(signature)) => signature,
        Some(Err(why)) => {
            return Err(match why {
                ForeignCmsError::BadSignature => Some(SubIndication::SigCryptoFailure),
                ForeignCmsError::OtherContent => Some(SubIndication::HashFailure),
                ForeignCmsError::OtherCertificate | ForeignCmsError::SignerMissing => {
                    Some(SubIndication::NoSigningCertificateFound)
                }
                ForeignCmsError::BadTimestamp => Some(SubIndication::FormatFailure),
                _ => None,
            });
        }
    };
    if !seal.changes.is_empty() {
        return Err(Some(SubIndication::FormatFailure));
    }
    match signature.strength {
        Strength::Weak => Err(Some(SubIndication::CryptoConstraintsFailureNoPoe)),
        Strength::Sound => Ok(signature),
    }
}

/// The report on a document time-stamp, and the moment before which it proves everything under it.
fn stamp(
    seal: &ForeignSeal<'_>,
    signature: &ForeignSignature,
    (known, store): (&Known, &Store),
    trust: &Trust<'_>,
    control: Moment,
) -> (SignatureReport, Option<Moment>) {
    let Some(token) = &signature.token else { return (report(seal, Err(None)), None) };
    let pool: Vec<&[u8]> = store.certs.iter().map(Vec::as_slice).collect();
    let claimed_at = Some(token.gen_time());
    match weigh(token, &pool, &known.evidence(), trust, control) {
        Ok(path) => {
            let report = SignatureReport { claimed_at, ..report(seal, Ok(path)) };
            (report, Some(control.min(token.proves_before())))
        }
        Err(doubt) => {
            (SignatureReport { claimed_at, ..report(seal, Err(Some(of_doubt(doubt)))) }, None)
        }
    }
}

/// The moment to judge a signature for, and whether its own time-stamp proves it.
fn by_itself(
    signature: &ForeignSignature,
    (known, store): (&Known, &Store),
    trust: &Trust<'_>,
    control: Moment,
) -> (Moment, bool) {
    let pool: Vec<&[u8]> = store.certs.iter().map(Vec::as_slice).collect();
    let counts =
        |token: &&TimestampToken| weigh(token, &pool, &known.evidence(), trust, control).is_ok();
    match signature.timestamp.as_ref().filter(counts) {
        Some(token) => (control.min(token.proves_before()), true),
        None => (control, false),
    }
}

/// The path of a signer at a moment, if it holds and nobody revoked it.
fn path(
    signature: &ForeignSignature,
    (known, store): (&Known, &Store),
    trust: &Trust<'_>,
    at: Moment,
    is_proven: bool,
) -> Result<Arc<VerifiedPath>, SubIndication> {
    let leaf = Certificate::from_der(&signature.leaf)
        .map_err(|_| SubIndication::CertificateChainGeneralFailure)?;
    let pool: Vec<&[u8]> = signature.others.iter().chain(&store.certs).map(Vec::as_slice).collect();
    let others = issuers_of(&leaf, &pool);
    let found = find_path_for(Purpose::Signature, leaf.der(), &others, trust, at);
    let path = found.map_err(|fault| match fault {
        PathError::Expired { .. } => SubIndication::OutOfBoundsNoPoe,
        PathError::NotYetValid { .. } if is_proven => SubIndication::NotYetValid,
        PathError::NotYetValid { .. } => SubIndication::OutOfBoundsNoPoe,
        PathError::NoAnchor | PathError::BadSignature => SubIndication::NoCertificateChainFound,
        PathError::WrongUsage => SubIndication::ChainConstraintsFailure,
        _ => SubIndication::CertificateChainGeneralFailure,
    })?;
    if is_development(&path) && !trust.development {
        return Err(SubIndication::ChainConstraintsFailure);
    }
    match path.with(&known.evidence()).revocation(at) {
        Revocation::Good { .. } => Ok(path),
        Revocation::Revoked { .. } => Err(SubIndication::RevokedNoPoe),
        Revocation::Unknown => Err(SubIndication::TryLater),
    }
}

/// A signature that is proven to have existed before it was made, by its own word, is none to rely on.
fn in_order(seal: &ForeignSeal<'_>, proven: Option<Moment>) -> Result<(), SubIndication> {
    let (Some(claimed), Some(proven)) = (seal.claimed_at, proven) else { return Ok(()) };
    if claimed > proven.plus_seconds(CLOCK_SKEW_SECONDS) {
        return Err(SubIndication::TimestampOrderFailure);
    }
    Ok(())
}

fn report(
    seal: &ForeignSeal<'_>,
    path: Result<Arc<VerifiedPath>, Option<SubIndication>>,
) -> SignatureReport {
    let kind = match seal.sub_filter {
        SubFilter::Timestamp => SignatureKind::DocumentTimestamp,
        _ => SignatureKind::Seal,
    };
    let (indication, sub_indication, signer) = match path {
        Ok(path) => (Indication::TotalPassed, None, Some(path.leaf().common_name().to_owned())),
        Err(sub) => (sub.map_or(Indication::Indeterminate, SubIndication::indication), sub, None),
    };
    let (claimed_at, proven_at) = (seal.claimed_at, None);
    SignatureReport { kind, indication, sub_indication, claimed_at, proven_at, signer }
}

/// What a file says about revocation, and from when on each piece is known.
struct Known {
    crls: Vec<(Crl, Moment)>,
    ocsps: Vec<(OcspResponse, Vec<u8>, Moment)>,
}

impl Known {
    fn of(store: &Store, at: Moment) -> Self {
        let crls = store.crls.iter().filter_map(|der| Some((Crl::from_der(der).ok()?, at)));
        let ocsps = store.ocsps.iter();
        let ocsps =
            ocsps.filter_map(|der| Some((OcspResponse::from_der(der).ok()?, der.clone(), at)));
        Self { crls: crls.collect(), ocsps: ocsps.collect() }
    }

    fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::new();
        for (crl, at) in &self.crls {
            evidence.add_crl(crl.clone(), *at);
        }
        for (answer, _, at) in &self.ocsps {
            evidence.add_ocsp(answer.clone(), *at);
        }
        evidence
    }

    /// What is in this store existed at `at`.
    fn existed(&mut self, store: &Store, at: Moment) {
        for (crl, known_at) in &mut self.crls {
            if store.crls.iter().any(|der| crate::crypto::Digest::of(der) == crl.digest()) {
                *known_at = at.min(*known_at);
            }
        }
        for (_, der, known_at) in &mut self.ocsps {
            if store.ocsps.contains(der) {
                *known_at = at.min(*known_at);
            }
        }
    }
}
