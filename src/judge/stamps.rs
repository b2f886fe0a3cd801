//! Proof of time: from when on a seal is known to have existed, by the time-stamps in its file.
//!
//! The stamps are read first ([`Stamps::read`]): one that was damaged, or made for other bytes, was not put there by
//! us, so the file was altered. Then they are weighed backwards ([`Stamps::prove`]): the newest is judged now, each
//! earlier one, and last the seal, at the moment that the next later good one proves. A stamp that nobody we trust
//! stands behind, or whose authority's certificate has ended or was revoked by then, is not counted: it is said and
//! changes nothing, so that no stamp can help a file along by being doubtful, nor harm one that stands without it.
//!
//! What the file brings about revocation counts as known from the moment of the first good document time-stamp over
//! it, otherwise from now; see `pki::evidence`.
//!
//! Source: ETSI EN 319 102-1, 5.6.2.4 and 5.6.3 (past validation, proofs of existence).

use std::sync::Arc;

use super::certificate::{CLOCK_SKEW_SECONDS, find_path_for, is_development};
use super::facts::Trust;
use super::observed::Observed;
use super::stamp_seen::{Doubt, Stamp, StampSeen};
use crate::crypto::Digest;
use crate::domain::Moment;
use crate::pdf::SealedFile;
use crate::pki::{
    Certificate, Crl, Evidence, MAX_EVIDENCE, OcspResponse, PathError, Purpose, Revocation,
    SignedData, TimestampToken, VerifiedPath, issuers_of,
};

/// The time-stamps of a file, read, and the validation data beside them.
pub(super) struct Stamps<'f> {
    /// That of the seal first, then those of the document in their order.
    found: Vec<Found>,
    /// Every certificate the file brings, tokens apart.
    pool: Vec<&'f [u8]>,
    crls: Vec<Known<Crl>>,
    ocsps: Vec<Known<OcspResponse>>,
}

struct Found {
    which: Stamp,
    token: TimestampToken,
    /// How much of the validation data is under it.
    under: Under,
}

/// How much of the validation data of a file is meant: of each kind, the first so many.
#[derive(Clone, Copy)]
pub(super) struct Under {
    /// Of the certificates beside the tokens.
    certs: usize,
    crls: usize,
    ocsps: usize,
    /// Of the time-stamps, which enclose certificates as well.
    tokens: usize,
}

impl Under {
    const NOTHING: Self = Self { certs: 0, crls: 0, ocsps: 0, tokens: 0 };
    /// Whatever the file brings.
    pub(super) const ALL: Self =
        Self { certs: usize::MAX, crls: usize::MAX, ocsps: usize::MAX, tokens: usize::MAX };
}

/// A piece of validation data, unless it could not be read, and from when on it is known.
struct Known<T>(Option<T>, Moment);

/// A time-stamp that counts.
pub(super) struct Good {
    pub(super) which: Stamp,
    pub(super) path: Arc<VerifiedPath>,
    /// The moment at which what is under it is known to have existed.
    pub(super) at: Moment,
    pub(super) under: Under,
}

/// What the time-stamps of a file prove.
pub(super) struct Proof {
    /// The moment at which the seal is known to have existed.
    pub(super) at: Moment,
    /// The stamps that count, the newest first; at least one.
    pub(super) good: Vec<Good>,
}

impl<'f> Stamps<'f> {
    /// Reads the stamps of a file; `None` if it has none, and what to say if one is not what was put there.
    ///
    /// `covered` are the digests of what each document time-stamp speaks for.
    pub(super) fn read(
        sealed: &SealedFile<'f>,
        signed: &SignedData<'f>,
        covered: &[Digest],
        at: Moment,
    ) -> Result<Option<Self>, Observed> {
        let mut found = Vec::new();
        if let Some(token) = signed.timestamp() {
            found.push(read_one(Stamp::Seal, token, &signed.digest_to_stamp(), Under::NOTHING)?);
        }
        for (number, (stamp, digest)) in sealed.timestamps.iter().zip(covered).enumerate() {
            let under = Under {
                // Those in the seal come first in the pool.
                certs: signed.others().len() + stamp.certs,
                crls: stamp.crls,
                ocsps: stamp.ocsps,
                tokens: found.len(),
            };
            found.push(read_one(Stamp::Document(number + 1), &stamp.token, digest, under)?);
        }
        if found.is_empty() {
            return Ok(None);
        }
        let crls = sealed.crls.iter().take(MAX_EVIDENCE);
        let ocsps = sealed.ocsps.iter().take(MAX_EVIDENCE);
        let pool = signed.others().iter().chain(&sealed.certs).copied().collect();
        Ok(Some(Self {
            found,
            pool,
            crls: crls.map(|der| Known(Crl::from_der(der).ok(), at)).collect(),
            ocsps: ocsps.map(|der| Known(OcspResponse::from_der(der).ok(), at)).collect(),
        }))
    }

    /// Reads the one stamp over a signature whose `digest` it has to be of; `pool` and `crls` stand beside it.
    pub(super) fn of_signature(
        token: &[u8],
        digest: &Digest,
        pool: &[&'f [u8]],
        crls: &[&[u8]],
        at: Moment,
    ) -> Result<Self, Observed> {
        let found = vec![read_one(Stamp::Seal, token, digest, Under::NOTHING)?];
        let crls = crls.iter().take(MAX_EVIDENCE);
        let crls = crls.map(|der| Known(Crl::from_der(der).ok(), at)).collect();
        Ok(Self { found, pool: pool.to_vec(), crls, ocsps: Vec::new() })
    }

    /// Weighs the stamps backwards from `at`; `None` if none counts.
    pub(super) fn prove(
        &mut self,
        trust: &Trust<'_>,
        at: Moment,
        seen: &mut Vec<Observed>,
    ) -> Option<Proof> {
        let mut control = at;
        let mut good = Vec::new();
        let mut said = Vec::new();
        for found in self.found.iter().rev() {
            let evidence = evidence(&self.crls, &self.ocsps);
            let (which, token) = (found.which, &found.token);
            let stamped_at = token.gen_time();
            match weigh(token, &self.pool, &evidence, trust, control) {
                Ok(path) => {
                    control = control.min(token.proves_before());
                    known_from(&mut self.crls, found.under.crls, control);
                    known_from(&mut self.ocsps, found.under.ocsps, control);
                    let under = found.under;
                    good.push(Good { which, path, at: control, under });
                    said.push(StampSeen::Holds { which, at: stamped_at });
                }
                Err(doubt) => said.push(StampSeen::Open { which, doubt }),
            }
        }
        seen.extend(said.into_iter().rev().map(Observed::Stamp));
        (!good.is_empty()).then_some(Proof { at: control, good })
    }

    /// What the file says about revocation under one time-stamp.
    pub(super) fn evidence_under(&self, under: Under) -> Evidence {
        evidence(first(&self.crls, under.crls), first(&self.ocsps, under.ocsps))
    }

    /// Whether the file brings every certificate of this path but the trusted one, under one time-stamp. The first is
    /// in the message that it signed.
    pub(super) fn carries(&self, path: &VerifiedPath, under: Under) -> bool {
        let tokens = first(&self.found, under.tokens);
        let enclosed = || tokens.iter().flat_map(|found| found.token.certificates());
        let pool = first(&self.pool, under.certs);
        let mut issuers = path.intermediates().iter();
        issuers.all(|one| pool.contains(&one.der()) || enclosed().any(|enclosed| enclosed == one))
    }
}

fn read_one(which: Stamp, token: &[u8], stamped: &Digest, under: Under) -> Result<Found, Observed> {
    let broken = |why| Observed::Stamp(StampSeen::Broken { which, why });
    let token = TimestampToken::read(token).map_err(|why| broken(Some(why)))?;
    if *token.imprint() != *stamped {
        return Err(Observed::Stamp(StampSeen::Elsewhere { which }));
    }
    // What is not covered by its signature is no more than what we put there.
    if !token.is_whole() {
        return Err(broken(None));
    }
    Ok(Found { which, token, under })
}

/// The path of the authority of a stamp, if the stamp counts at `control`.
pub(super) fn weigh(
    token: &TimestampToken,
    pool: &[&[u8]],
    evidence: &Evidence,
    trust: &Trust<'_>,
    control: Moment,
) -> Result<Arc<VerifiedPath>, Doubt> {
    if token.gen_time() > control.plus_seconds(CLOCK_SKEW_SECONDS) {
        return Err(Doubt::OutOfOrder);
    }
    let enclosed = token.certificates().iter().map(Certificate::der);
    let pool: Vec<&[u8]> = enclosed.chain(pool.iter().copied()).collect();
    let others = issuers_of(token.signer(), &pool);
    let purpose = Purpose::TimeStamping;
    let path =
        find_path_for(purpose, token.signer().der(), &others, trust, control).map_err(|fault| {
            match fault {
                PathError::Expired { since } => Doubt::Ended { since },
                PathError::NoAnchor | PathError::BadSignature => Doubt::Untrusted,
                PathError::NotYetValid { .. } => Doubt::OutsideLife,
                _ => Doubt::PathBroken,
            }
        })?;
    let (first, last) = path.window();
    if token.gen_time() < first || token.gen_time() > last {
        return Err(Doubt::OutsideLife);
    }
    if is_development(&path) && !trust.development {
        return Err(Doubt::Development);
    }
    // A certificate of the same name as one of the path, and another: not what was put there, or not for us to tell.
    let of_path = || path.intermediates().iter().chain([path.leaf(), path.anchor()]);
    let twin = |one: &Certificate| {
        of_path().all(|known| known != one)
            && of_path().any(|known| known.subject() == one.subject())
    };
    if token.certificates().iter().any(twin) {
        return Err(Doubt::OtherCertificates);
    }
    match path.with(evidence).revocation(control) {
        Revocation::Good { .. } => Ok(path),
        Revocation::Revoked { since, .. } => Err(Doubt::Revoked { since }),
        Revocation::Unknown => Err(Doubt::RevocationUnknown),
    }
}

fn evidence(crls: &[Known<Crl>], ocsps: &[Known<OcspResponse>]) -> Evidence {
    let mut evidence = Evidence::new();
    for Known(crl, known_at) in crls {
        if let Some(crl) = crl {
            evidence.add_crl(crl.clone(), *known_at);
        }
    }
    for Known(answer, known_at) in ocsps {
        if let Some(answer) = answer {
            evidence.add_ocsp(answer.clone(), *known_at);
        }
    }
    evidence
}

/// The first `count`, or as many as there are.
fn first<T>(pieces: &[T], count: usize) -> &[T] {
    pieces.get(..count).unwrap_or(pieces)
}

/// The first `count` pieces are known from `at` on.
fn known_from<T>(pieces: &mut [Known<T>], count: usize, at: Moment) {
    for Known(_, known_at) in pieces.iter_mut().take(count) {
        *known_at = at.min(*known_at);
    }
}
