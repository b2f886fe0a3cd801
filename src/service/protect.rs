//! Protecting (长期保护): brings a sealed PDF to the level that is to be kept, and keeps it there.
//!
//! For the seal and for the newest time-stamp it collects what says that their certificates were not revoked, adds
//! that to the file, and has the whole stamped. What comes out is judged as anybody else's file would be, and is
//! shelved only if the judge finds the level reached: nothing is promised that a verifier would not see.
//!
//! A step that fails leaves the file as it was. Nothing is written down before the one commit that appends the
//! revision, so a stop in the middle costs a time-stamp and nothing else.
//!
//! Sources: EN 319 142-1, clause 6 (levels); EN 319 102-1, clause 5.6 (what outlives a certificate).

use std::collections::HashSet;
use std::sync::Arc;

use crate::crypto::Digest;
use crate::domain::{Level, LicenseId, Moment};
use crate::judge::{FindingOutcome, Overall, Protection, VaultFact};
use crate::pdf::{
    ExtendError, SealedFile, ValidationData, extend_with_timestamp, extend_with_validation,
    read_sealed,
};
use crate::pki::certificate::TIME_STAMPING;
use crate::pki::{
    Certificate, CertificateError, OcspResponse, PathError, Purpose, SignedData, TimestampToken,
    TrustStore, VerifiedPath, verify_path_for,
};

use super::error::Fault;
use super::last_authority::LastAuthority;
use super::ports::{
    Clock, Evidence, Form, FormRecord, ProtectError, Protecting, ProtectionRecord, RemoteFault,
    RevocationSource, TimestampSource, Vault, VersionRecord,
};
use super::verify::Judging;
use super::whole::sealed_pdf;

/// The room for a token of which nothing is known yet, in bytes. Tokens with a chain take two to six thousand.
const FIRST_ROOM: usize = 8 * 1024;

/// How old word on a time-stamp authority may be, in seconds. Our own bound: one question serves many files.
const LATELY_SECONDS: i64 = 600;

/// Brings sealed PDFs to a level.
pub struct Protect {
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// Judges what comes out.
    pub judging: Arc<Judging>,
    /// Where time-stamps come from.
    pub stamps: Arc<dyn TimestampSource>,
    /// Where word on revoked certificates comes from.
    pub revocations: Arc<dyn RevocationSource>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The level to be kept.
    pub keep: Level,
    /// The path of the authority that stamped last: what is to be said of its certificates goes under the
    /// time-stamp already, and not only behind it.
    pub last_authority: LastAuthority,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// Somebody else has appended a protection meanwhile.
    Elsewhere,
    /// A protection was appended.
    Raised {
        /// The level reached.
        level: Level,
        /// Until when it holds.
        holds_until: Moment,
    },
}

/// Why a file was not protected; it stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtectFault {
    /// Nothing can be proven of this file any more: a certificate ended or was revoked before anything was.
    #[error("{code}: {detail}")]
    Beyond {
        /// A fixed word: that of the finding or of the path.
        code: &'static str,
        /// For operators.
        detail: String,
    },
    /// Trouble of our own.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The file is at its level, and would not hold longer with what is to be had.
    #[error("protect.no_gain: the authority's certificate ends no later than what the file has")]
    NoGain,
    /// With all that was collected the judge does not find the level reached.
    #[error("protect.not_reached: {0} would not be reached")]
    NotReached(Level),
    /// Nobody said whether a certificate was revoked.
    #[error(transparent)]
    Revocation(RemoteFault),
    /// Nobody gave a time-stamp.
    #[error(transparent)]
    Timestamp(RemoteFault),
}

impl ProtectFault {
    /// A fixed word for programs to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Beyond { code, .. } => code,
            Self::Fault(fault) => fault.place,
            Self::NoGain => "protect.no_gain",
            Self::NotReached(_) => "protect.not_reached",
            Self::Revocation(fault) | Self::Timestamp(fault) => fault.code(),
        }
    }
}

/// What goes into a file's document security store.
#[derive(Default)]
struct Collected {
    certs: Vec<Vec<u8>>,
    crls: Vec<Vec<u8>>,
    ocsps: Vec<Vec<u8>>,
    /// The certificates something was collected about.
    about: HashSet<Digest>,
}

impl Collected {
    fn with<T>(&self, add: impl FnOnce(&ValidationData<'_>) -> T) -> T {
        let slices = |list: &'_ [Vec<u8>]| -> Vec<Vec<u8>> { list.to_vec() };
        let (certs, crls, ocsps) = (slices(&self.certs), slices(&self.crls), slices(&self.ocsps));
        let certs: Vec<&[u8]> = certs.iter().map(Vec::as_slice).collect();
        let crls: Vec<&[u8]> = crls.iter().map(Vec::as_slice).collect();
        let ocsps: Vec<&[u8]> = ocsps.iter().map(Vec::as_slice).collect();
        add(&ValidationData { certs: &certs, crls: &crls, ocsps: &ocsps })
    }
}

impl Protect {
    /// Appends what this version's sealed PDF needs.
    pub async fn bring(&self, id: &LicenseId) -> Result<Brought, ProtectFault> {
        let record = self.vault.find(id).await?;
        let record =
            record.ok_or_else(|| Fault::new("protect.find", "there is no such version"))?;
        let (whole, kept) = sealed_pdf(self.vault.as_ref(), &record).await?;
        let number = kept.last().map_or(0, |newest| newest.number) + 1;
        let (suffix, stamp_ends) = self.suffix(&whole, &record).await?;

        let now = self.clock.now();
        let whole = [&whole[..], &suffix].concat();
        let protection = self.judge(&whole, now)?;
        if protection.level < self.keep {
            return Err(ProtectFault::NotReached(self.keep));
        }
        // A seal whose certificate has not ended yet would hold without its time-stamp, too. But then the next one would
        // prove less: the chain of proofs is kept unbroken.
        let holds_until = protection.holds_until.min(stamp_ends);
        let before = kept.last().map(ProtectionRecord::protection).or(record.sealed);
        let renewal = before.filter(|before| before.level >= self.keep);
        // Otherwise the file would be due again at once, and grow for ever.
        if renewal.is_some_and(|before| holds_until <= before.holds_until) {
            return Err(ProtectFault::NoGain);
        }
        let proven_at = protection.proven_at.ok_or(ProtectFault::NotReached(self.keep))?;
        let size = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let level = protection.level;
        let record = ProtectionRecord {
            number,
            level,
            suffix: FormRecord {
                form: Form::PdfRevision,
                digest: Digest::of(&suffix),
                size_bytes: size(&suffix),
            },
            whole_digest: Digest::of(&whole),
            whole_bytes: size(&whole),
            proven_at,
            holds_until,
            at: now,
        };
        // If the process stops before this is durable, the version stays due and all of it is done again.
        match self.vault.protect(Protecting { id: id.clone(), record, suffix }).await {
            Ok(()) => Ok(Brought::Raised { level, holds_until }),
            Err(ProtectError::Moved { .. }) => Ok(Brought::Elsewhere),
            Err(ProtectError::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Until when a time-stamp made now will hold, as far as can be known; `None` where that should be learned:
    /// before the first one, and again from time to time where it is not long enough. An authority that has had its
    /// certificate renewed would otherwise never be noticed, for nothing would be due for as long.
    pub fn authority_ends(&self, wanted: Moment) -> Option<Moment> {
        self.last_authority.ends(wanted, self.clock.now())
    }

    /// Finds out who stamps: a time-stamp is asked for that goes nowhere, which also shows how much room its tokens
    /// take.
    pub async fn learn_authority(&self) -> Result<VerifiedPath, ProtectFault> {
        let probe = Digest::of(b"");
        let token = self.stamps.stamp(&probe, None).await.map_err(ProtectFault::Timestamp)?;
        let path = stamp_path(&token, &self.judging.trust)
            .map_err(|error| Fault::new("protect.timestamp_path", error))?;
        let now = self.clock.now();
        if path.window().1 <= now {
            return Err(
                Fault::new("protect.timestamp_path", "the authority's certificate ends").into()
            );
        }
        self.last_authority.set(&path, now);
        Ok(path)
    }

    /// The bytes to append to `whole`, and when the authority of its newest time-stamp ends.
    async fn suffix(
        &self,
        whole: &[u8],
        record: &VersionRecord,
    ) -> Result<(Vec<u8>, Moment), ProtectFault> {
        let now = self.clock.now();
        let file = read_sealed(whole).map_err(|error| Fault::new("protect.read", error))?;
        let paths = Paths::of(&file, &self.judging.trust, now)?;
        let mut collected = Collected::default();
        if paths.seal_wants_evidence {
            self.collect(&paths.seal, record.shelved_at, &mut collected).await?;
        }
        for path in &paths.stamps {
            self.collect(path, lately(now), &mut collected).await?;
        }
        // A file that has a proof of time needs no second one for B-LT.
        if self.keep == Level::BLT
            && let Some(stamp) = paths.stamps.first()
            && paths.seal_wants_evidence
        {
            let ends = stamp.window().1;
            match collected.with(|data| extend_with_validation(whole, data)) {
                Err(ExtendError::NothingNew) => {}
                extended => return Ok((extended.map_err(unextended)?, ends)),
            }
        }
        // As far as can be known: who stamped last.
        let authority = match self.last_authority.path(now) {
            Some(known) => known,
            None => self.learn_authority().await?,
        };
        // Without it the file is stamped all the same, and the word on the authority comes behind.
        let _ = self.collect(&authority, lately(now), &mut collected).await;
        self.stamp(whole, collected, now).await
    }

    /// A revision with what was collected and a time-stamp over all, and behind it what was not collected yet on
    /// the authority that stamped.
    async fn stamp(
        &self,
        whole: &[u8],
        collected: Collected,
        now: Moment,
    ) -> Result<(Vec<u8>, Moment), ProtectFault> {
        let (mut suffix, token) = self.stamped(whole, &collected, now).await?;
        let path = stamp_path(&token, &self.judging.trust)
            .map_err(|error| Fault::new("protect.timestamp_path", error))?;
        self.last_authority.set(&path, self.clock.now());
        let mut behind = Collected { about: collected.about, ..Collected::default() };
        match self.collect(&path, lately(now), &mut behind).await {
            Ok(()) => {
                let stamped = [whole, &suffix].concat();
                match behind.with(|data| extend_with_validation(&stamped, data)) {
                    Ok(more) => suffix.extend(more),
                    // Without room for more the time-stamp is as good: it is the last that the file can take.
                    Err(ExtendError::NothingNew | ExtendError::NoRoom) => {}
                    Err(error) => return Err(unextended(error)),
                }
            }
            // The time-stamp is good; the next renewal collects what is missing before this one ends.
            Err(fault) => {
                tracing::warn!(
                    code = fault.code(),
                    "nothing was collected on a time-stamp authority"
                );
            }
        }
        Ok((suffix, path.window().1))
    }

    async fn stamped(
        &self,
        whole: &[u8],
        collected: &Collected,
        now: Moment,
    ) -> Result<(Vec<u8>, TimestampToken), ProtectFault> {
        let mut room = self.stamps.longest_token().unwrap_or(FIRST_ROOM);
        loop {
            let open = collected
                .with(|data| extend_with_timestamp(whole, data, room, now))
                .map_err(unextended)?;
            let digest = open.to_stamp();
            let token = self.stamps.stamp(&digest, None).await.map_err(ProtectFault::Timestamp)?;
            let len = token.der().len();
            match open.stamp(token.der()) {
                Ok(suffix) => return Ok((suffix, token)),
                // Another authority than before, with longer tokens: once more, with room for it.
                Err(_) if len > room => room += len,
                Err(error) => return Err(Fault::new("protect.gap", error).into()),
            }
        }
    }

    /// Collects what is said of each certificate of a path but its anchor.
    async fn collect(
        &self,
        path: &VerifiedPath,
        since: Moment,
        collected: &mut Collected,
    ) -> Result<(), ProtectFault> {
        let certificates = || [path.leaf()].into_iter().chain(path.intermediates());
        let issuers = path.intermediates().iter().chain([path.anchor()]);
        for (subject, issuer) in certificates().zip(issuers) {
            if !collected.about.insert(subject.digest()) {
                continue;
            }
            match self.revocations.evidence(subject, issuer, since).await {
                Ok(Evidence::Crl(der)) => collected.crls.push(der),
                Ok(Evidence::Ocsp(der)) => {
                    // Readers take a responder's certificate for proven where it stands by itself.
                    if let Ok(answer) = OcspResponse::from_der(&der) {
                        let enclosed = answer.certificates().iter();
                        collected.certs.extend(enclosed.map(|one| one.der().to_vec()));
                    }
                    collected.ocsps.push(der);
                }
                Err(fault) => {
                    collected.about.remove(&subject.digest());
                    return Err(ProtectFault::Revocation(fault));
                }
            }
        }
        // The leaf is enclosed in the message it signed; its issuers need not be. The anchor goes along for readers
        // that look for whoever signed a list among what the file brings, and trust it by their own list. So does
        // the leaf of a time-stamp: readers take the certificates in a seal for proven, not those in its time-stamp.
        let issuers = path.intermediates().iter().chain([path.anchor()]);
        let stamps = path.leaf().has_purpose(TIME_STAMPING).then(|| path.leaf());
        let all = issuers.chain(stamps);
        collected.certs.extend(all.map(|certificate| certificate.der().to_vec()));
        Ok(())
    }

    /// What the judge finds, as it would with anybody's file.
    fn judge(&self, whole: &[u8], now: Moment) -> Result<Protection, ProtectFault> {
        let verdict = self.judging.examine(whole, now).conclude(VaultFact::NotAsked, now);
        match (verdict.overall, verdict.protection) {
            (Overall::Valid, Some(protection)) => Ok(protection),
            (Overall::Valid, None) => Err(ProtectFault::NotReached(self.keep)),
            _ => {
                let failed = verdict
                    .findings
                    .iter()
                    .find(|finding| finding.outcome == FindingOutcome::Failed);
                let code = failed.map_or("protect.not_valid", |finding| finding.code);
                Err(ProtectFault::Beyond { code, detail: verdict.headline.en.into_owned() })
            }
        }
    }
}

/// The paths of those who gave their word in a file.
struct Paths {
    seal: VerifiedPath,
    /// Whether the file has nothing yet that says, later than the seal, that its certificate was not revoked.
    seal_wants_evidence: bool,
    /// Of the time-stamps about which more should be collected: that in the seal while the seal is, and the
    /// newest.
    stamps: Vec<VerifiedPath>,
}

impl Paths {
    fn of(file: &SealedFile<'_>, trust: &TrustStore, now: Moment) -> Result<Self, ProtectFault> {
        let signed =
            SignedData::read(&file.cms).map_err(|error| Fault::new("protect.seal", error))?;
        let in_seal = signed.timestamp().map(TimestampToken::read).transpose();
        let in_seal = in_seal.map_err(|error| Fault::new("protect.token", error))?;
        let newest = file.timestamps.last().map(|stamp| TimestampToken::read(&stamp.token));
        let newest = newest.transpose().map_err(|error| Fault::new("protect.token", error))?;
        // The seal's certificate counts at the first proof that the seal was there, if there is one.
        let first = file.timestamps.first().map(|stamp| TimestampToken::read(&stamp.token));
        let first = first.transpose().map_err(|error| Fault::new("protect.token", error))?;
        let proven = in_seal.as_ref().or(first.as_ref()).map(TimestampToken::gen_time);
        let broken = |error: CertificateError| Fault::new("protect.seal", error);
        let leaf = Certificate::from_der(signed.leaf()).map_err(broken)?;
        let others: Result<Vec<Certificate>, _> =
            signed.others().iter().map(|der| Certificate::from_der(der)).collect();
        let others = others.map_err(broken)?;
        let seal = verify_path_for(
            Purpose::DocumentSigning,
            &leaf,
            &others,
            trust,
            &[],
            proven.unwrap_or(now),
        );
        let seal = seal.map_err(|error| ProtectFault::Beyond {
            code: error.code(),
            detail: error.to_string(),
        })?;
        let seal_wants_evidence = file.revisions.len() == 1;
        let stamps = in_seal.iter().filter(|_| seal_wants_evidence).chain(newest.as_ref());
        let stamps = stamps.map(|token| stamp_path(token, trust)).collect::<Result<_, _>>();
        let stamps = stamps.map_err(|error| Fault::new("protect.timestamp_path", error))?;
        Ok(Self { seal, seal_wants_evidence, stamps })
    }
}

fn stamp_path(token: &TimestampToken, trust: &TrustStore) -> Result<VerifiedPath, PathError> {
    let (signer, others) = (token.signer(), token.certificates());
    verify_path_for(Purpose::TimeStamping, signer, others, trust, &[], token.gen_time())
}

/// Since when word on a time-stamp authority counts as present.
fn lately(now: Moment) -> Moment {
    now.plus_seconds(-LATELY_SECONDS)
}

fn unextended(error: ExtendError) -> ProtectFault {
    match error {
        // It will not have any the next time either.
        ExtendError::NoRoom => {
            ProtectFault::Beyond { code: error.code(), detail: error.to_string() }
        }
        error => Fault::new("protect.extend", error.code()).into(),
    }
}
