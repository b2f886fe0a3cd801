//! Issuing (签发): the nine steps from license data to a sealed license on the shelf.
//!
//! The steps are numbered in the comments as `docs/issuing-cycle.md` numbers them. A crash between any two
//! leaves either nothing that anyone can see, or the whole: nothing is visible before the one commit of step
//! 8, and everything that the commit names is durable before it. A request that is sent again gets the
//! license that the first one made.

use std::sync::Arc;

use crate::crypto::{BlindIndexKey, Digest, Random};
use crate::domain::{
    FaultKind, HolderCode, Level, LicenseId, LicenseKey, Moment, Submission, SubmissionFault,
    Unread, VersionNo, WireValue,
};
use crate::ecert::{self, Content, ContentInput, Places};
use crate::judge::{FindingOutcome, VaultFact};
use crate::pdf::{Attachment, Binding, DocumentKind, DrawError, PlannedFace, UnsealedPdf};

use super::desks::{IssueDesk, Issued, IssuingSystem};
use super::error::{Fault, Refusal, ShelveError};
use super::ports::{
    ChangedState, Clock, Form, FormRecord, Intention, Later, RequestKey, SealProtection, Shelving,
    Step, StepWatch, Vault, VersionRecord,
};
use super::sealing::{LicenseKeys, Sealing, in_its_time, seal_fault, serial, sign_fault};
use super::square;
use super::stamping::Stamping;
use super::turns::Turns;
use super::verify::Judging;
use super::workbench::qr_text;
use super::workshop::{FaceValues, Workbench, Workshop};

/// Has licenses made.
pub struct Issuing {
    /// The types, their compiled faces and the fonts.
    pub workshop: Arc<Workshop>,
    /// The keys.
    pub sealing: Sealing,
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for serials and salts.
    pub random: Arc<dyn Random>,
    /// Sees the steps go by.
    pub watch: Arc<dyn StepWatch>,
    /// The key of the blind indexes.
    pub indexes: Arc<Indexes>,
    /// How the outside reaches this library, without a slash at the end.
    pub public_url: String,
    /// Puts a time-stamp into each seal, where that is asked for.
    pub stamping: Option<Stamping>,
    /// Says what a seal with a time-stamp has reached, as it would of anybody's file.
    pub judging: Arc<Judging>,
    /// Requests with one key take turns.
    pub turns: Turns,
}

/// The blind indexes under which holders and license numbers are found without being written down.
pub struct Indexes {
    key: BlindIndexKey,
}

impl Indexes {
    /// Indexes under this key.
    pub fn new(key: BlindIndexKey) -> Self {
        Self { key }
    }

    /// The index of a holder.
    pub fn holder(&self, code: &HolderCode) -> Digest {
        let kind = format!("holder.{}", code.kind().code());
        Digest::from_bytes(self.key.index(&kind, code.as_str()))
    }

    /// A keyed digest of something said about an annotated copy: purposes and recipients are short and would be
    /// guessed from an open one.
    pub fn copy(&self, what: &str, text: &str) -> Digest {
        Digest::from_bytes(self.key.index(&format!("copy.{what}"), text))
    }

    /// What proves that a text was written here, as `what`.
    pub fn mark(&self, what: &str, text: &str) -> Digest {
        Digest::from_bytes(self.key.index(&format!("mark.{what}"), text))
    }

    /// The index of a license number.
    pub fn number(&self, number: &str) -> Digest {
        Digest::from_bytes(self.key.index("license_number", number))
    }
}

/// A face that has been drawn, measured and found in order, with the content every form will carry, not yet
/// sealed.
///
/// Only [`Issuing::prepare`] makes one and only [`Issuing::seal`] takes one, by value: what is sealed is what
/// was checked, and it is sealed at most once.
struct Prepared<'s> {
    bench: &'s Workbench,
    submission: &'s Submission<'s>,
    id: LicenseId,
    planned: PlannedFace<'s>,
    content: Content,
    keys: LicenseKeys,
    now: Moment,
}

/// The record of a version and the bytes of each of its forms.
type SealedForms = (VersionRecord, Vec<(Form, Vec<u8>)>);

impl IssueDesk for Issuing {
    fn issue<'a>(
        &'a self,
        client: &'a IssuingSystem,
        key: &'a str,
        body: &'a [u8],
    ) -> Later<'a, Result<Issued, Refusal>> {
        Box::pin(self.issue_once(client, key, body))
    }
}

impl Issuing {
    async fn issue_once(
        &self,
        client: &IssuingSystem,
        key: &str,
        body: &[u8],
    ) -> Result<Issued, Refusal> {
        // 1. Receive.
        self.watch.before(Step::Receive);
        let request =
            RequestKey { client: client.name.clone(), key: key.to_owned(), body: Digest::of(body) };
        let _turn = self.turns.take(&request.client, &request.key).await;
        if let Some((known_body, id)) = self.vault.answered(&request.client, &request.key).await? {
            return if known_body == request.body {
                self.repeat(&id).await
            } else {
                Err(Refusal::Conflict { code: "request.key_reused", id: None })
            };
        }

        // 2. Parse: all faults at once.
        self.watch.before(Step::Parse);
        let now = self.clock.now();
        let sent: WireValue = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
        // One state of the templates for the whole request, whatever becomes of them meanwhile.
        let bench = self.workshop.bench();
        let catalogue = bench.catalogue();
        let submission = Submission::read_with_face(&sent, &catalogue, now.day_in_china())
            .map_err(|unread| refuse_unread(&bench, unread))?;
        if !client.authorities.contains(&submission.authority.code) {
            return Err(Refusal::Forbidden { missing: "to submit for this authority" });
        }

        // 3. Number.
        self.watch.before(Step::Number);
        let (id, expected_head) = self.number(&submission).await?;

        // 4 and 5. Draw and bind.
        let values = FaceValues::of(submission.definition, &submission.face)?;
        let id_text = id.to_string();
        let prepared = self.prepare(&bench, &submission, &values, (id.clone(), &id_text), now)?;
        let content_digest = prepared.content.digest();
        let number_index = self.indexes.number(&submission.license_number);
        let holders = submission.holders.iter();
        let holder_indexes = holders.map(|holder| self.indexes.holder(holder.code())).collect();

        // 6. Record. The intention is written down before a key is used, not after. Should we die between
        // this step and the next, the journal holds an entry for a seal that may not exist, and an operator
        // can look into it. The other way round there could be a valid seal in the world that no book of
        // ours knows of, and a license nobody has heard of cannot be revoked.
        self.watch.before(Step::Record);
        let uses = prepared.keys.to_use();
        let intention = Intention {
            id: id.clone(),
            content_digest,
            client: client.name.clone(),
            at: now,
            uses,
        };
        let intention = self.vault.intend(intention).await?;

        // 7. Seal every form.
        self.watch.before(Step::Seal);
        let room = Stamping::room_of(self.stamping.as_ref()).await;
        let waits = prepared.keys.may_wait();
        let mut sealed = in_its_time(waits, || self.seal(prepared, room))?;
        let mut stamped_at = None;
        if let Some(stamping) = self.stamping.as_ref().filter(|_| room > 0) {
            (sealed.cms, stamped_at) = stamping.stamp(sealed.cms, sealed.gap_len).await;
        }
        let (mut record, objects) = sealed.finish()?;
        if let (Some(at), Some(bare)) = (stamped_at, record.sealed) {
            record.sealed = Some(self.reached(&objects, bare, at));
        }

        // 8. Shelve, in one commit. If it fails the sealed bytes are dropped here, unseen.
        self.watch.before(Step::Shelve);
        let shelving = Shelving {
            record: record.clone(),
            objects,
            expected_head,
            number_index,
            holder_indexes,
            request,
            intention,
        };
        match self.vault.shelve(shelving).await {
            Ok(()) => {}
            Err(ShelveError::Repeated { id }) => return self.repeat(&id).await,
            Err(error) => return Err(refuse(error)),
        }

        // 9. Answer.
        self.watch.before(Step::Answer);
        Ok(Issued { record, repeated: false })
    }

    /// What a seal with a time-stamp of `at` has reached: B-T, unless our own judge finds that it does not hold; `bare`
    /// without.
    ///
    /// Lists that were under the seal may already make it B-LT to a verifier. But they are older than the seal, and the
    /// keeper is to collect newer word all the same; so until when it holds stays as it is, too.
    fn reached(
        &self,
        objects: &[(Form, Vec<u8>)],
        bare: SealProtection,
        at: Moment,
    ) -> SealProtection {
        let pdf = objects.iter().find(|(form, _)| *form == Form::SealedPdf);
        let pdf = pdf.map_or(&[][..], |(_, pdf)| pdf);
        let now = self.clock.now();
        let verdict = self.judging.examine(pdf, now).conclude(VaultFact::NotAsked, now);
        match verdict.findings.iter().find(|it| it.outcome == FindingOutcome::Failed) {
            Some(failed) => {
                tracing::error!(code = failed.code, "the time-stamp in a seal does not hold");
                bare
            }
            None => SealProtection { level: Level::BT, proven_at: Some(at), ..bare },
        }
    }

    async fn repeat(&self, id: &LicenseId) -> Result<Issued, Refusal> {
        let record = self.vault.find(id).await?;
        let record = record
            .ok_or_else(|| Fault::new("issue.repeat", "an answered request has no version"))?;
        Ok(Issued { record, repeated: true })
    }

    /// The id of the version to be made, and the head it follows.
    async fn number(
        &self,
        submission: &Submission<'_>,
    ) -> Result<(LicenseId, Option<VersionNo>), Refusal> {
        let type_code = &submission.definition.code;
        let authority = &submission.authority.code;
        let number_index = self.indexes.number(&submission.license_number);
        let holder = self.vault.by_number(type_code, authority.as_str(), &number_index).await?;
        let Some(replaces) = &submission.replaces else {
            if let Some(id) = holder {
                return Err(Refusal::Conflict { code: "license.number_taken", id: Some(id) });
            }
            let (year, ..) = submission.issued_on.numbers();
            let serial = serial(year, self.random.as_ref());
            let key = LicenseKey::new(type_code.clone(), authority, &serial)
                .map_err(|error| Fault::new("issue.number", error))?;
            return Ok((key.version(VersionNo::FIRST), None));
        };
        let fault = |kind| Refusal::Submission(vec![SubmissionFault::new("replaces", kind)]);
        let head = self.vault.head(replaces.key()).await?;
        // A license of another type or authority is as good as none: whose it is, is not told.
        let head = head
            .filter(|head| head.id.key().type_code() == type_code)
            .filter(|head| head.id.key().authority() == authority.as_str())
            .ok_or_else(|| fault(FaultKind::ReplacesUnknown))?;
        if head.id != *replaces {
            return Err(fault(FaultKind::VersionOutOfTurn));
        }
        let changes = self.vault.standing_changes(replaces.key()).await?;
        if changes.iter().any(|change| matches!(change.state, ChangedState::Revoked(_))) {
            // A revocation ends the license with all its versions: what comes after it is another license.
            return Err(Refusal::Conflict { code: "license.revoked", id: Some(head.id) });
        }
        if let Some(id) = holder.filter(|id| id.key() != replaces.key()) {
            return Err(Refusal::Conflict { code: "license.number_taken", id: Some(id) });
        }
        let next = head.id.version().next().ok_or_else(|| fault(FaultKind::VersionOutOfTurn))?;
        Ok((replaces.key().version(next), Some(head.id.version())))
    }

    fn prepare<'s>(
        &self,
        bench: &'s Workbench,
        submission: &'s Submission<'s>,
        values: &'s FaceValues<'s>,
        (id, id_text): (LicenseId, &'s str),
        now: Moment,
    ) -> Result<Prepared<'s>, Refusal> {
        let keys = self.sealing.for_license(&submission.authority.code, now)?;
        // 4. Draw: what does not fit is a refusal, not a shrunken blur.
        self.watch.before(Step::Draw);
        let planned = bench.plan(values, id_text)?;
        // 5. Bind: one content digest, which every form will carry.
        self.watch.before(Step::Bind);
        let input = ContentInput {
            id: &id,
            definition: submission.definition,
            authority: submission.authority,
            holders: &submission.holders,
            license_number: &submission.license_number,
            issued_on: submission.issued_on,
            validity: submission.validity,
            face: &submission.face,
        };
        let content = Content::new(&input, self.random.as_ref());
        Ok(Prepared { bench, submission, id, planned, content, keys, now })
    }

    /// Uses the sealing key on `prepared`: once for the e-certificate, once for the statement in the square, once for
    /// the PDF that carries both.
    ///
    /// `room` is left in the gap besides the seal, in bytes.
    fn seal(&self, prepared: Prepared<'_>, room: usize) -> Result<Sealed, Fault> {
        let Prepared { bench, submission, id, planned, content, keys, now } = prepared;
        let key = &keys.seal;
        let places = Places { issuer: &self.public_url, public_url: &self.public_url };
        let (signer, header) = keys.ecert();
        let ecert = ecert::issue(&content, header, signer, &places, now)
            .map_err(|fault| sign_fault("seal.ecert", fault))?;

        let content_digest = content.digest();
        let square = square::fragment(&id, submission, content_digest, &keys, now)?;
        let drawn = planned
            .paint(&qr_text(&self.public_url, &square))
            .map_err(|error| Fault::new("seal.square", error))?;
        let seal = bench.seal(submission.authority)?;
        let gap_len = key.cms.max_len() + room;
        let crls = key.crl_ders();
        let mut unsealed = drawn
            .assemble(&Binding {
                title: &submission.definition.name,
                seal: &seal,
                sealed_at: now,
                signer_name: &submission.authority.name,
                reason: "签发电子证照",
                location: submission.authority.division.as_str(),
                content_digest_hex: &content_digest.to_string(),
                attachment: Some(Attachment {
                    file_name: "license.ecert.txt",
                    media_type: "application/dc+sd-jwt",
                    description: "结构化电子证照 Structured e-certificate",
                    bytes: &ecert,
                }),
                // The seal itself carries its chain.
                certs: &[],
                crls: &crls,
                gap_len,
                kind: DocumentKind::License,
            })
            .map_err(|error: DrawError| Fault::new("seal.assemble", error))?;
        let digest = unsealed.digest();
        let cms = key
            .cms
            .seal(key.key.signer(), &digest)
            .map_err(|error| seal_fault("seal.pdf", error))?;
        let record = VersionRecord {
            id,
            edition: submission.definition.edition,
            issued_on: submission.issued_on,
            validity: submission.validity,
            content_digest,
            forms: Vec::new(),
            sealed: Some(SealProtection {
                level: Level::BB,
                proven_at: None,
                holds_until: key.ends(),
            }),
            shelved_at: now,
            sealed_with: Some(keys.sealed_with()),
        };
        Ok(Sealed { record, unsealed, gap_len, cms, ecert })
    }
}

/// Both seals are made; that of the PDF is not in its gap yet.
struct Sealed {
    /// Without its forms.
    record: VersionRecord,
    unsealed: UnsealedPdf,
    gap_len: usize,
    cms: Vec<u8>,
    ecert: Vec<u8>,
}

impl Sealed {
    fn finish(self) -> Result<SealedForms, Fault> {
        let Self { mut record, unsealed, cms, ecert, .. } = self;
        let (pdf, digest) =
            unsealed.seal_and_digest(&cms).map_err(|error| Fault::new("seal.gap", error))?;
        let record_of = |form, digest, bytes: &[u8]| FormRecord {
            form,
            digest,
            size_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        };
        record.forms = vec![
            record_of(Form::SealedPdf, digest, &pdf),
            record_of(Form::Ecert, Digest::of(&ecert), &ecert),
        ];
        let objects = vec![(Form::SealedPdf, pdf), (Form::Ecert, ecert)];
        Ok((record, objects))
    }
}

/// All faults at once: what could be read of the face is drawn, too, so that a sender who mends what is
/// wrong with the data does not then hear for the first time of a box that is too small.
fn refuse_unread(bench: &Workbench, unread: Unread<'_>) -> Refusal {
    let Unread { mut faults, face } = unread;
    if let Some((definition, face)) = face {
        faults.extend(bench.faults_of(definition, &face));
        faults.sort_by(|a, b| (&a.field, a.code()).cmp(&(&b.field, b.code())));
    }
    Refusal::Submission(faults)
}

fn not_json(error: &serde_json::Error) -> Refusal {
    let kind = FaultKind::NotJson { line: error.line(), column: error.column() };
    Refusal::Submission(vec![SubmissionFault::new("", kind)])
}

fn refuse(error: ShelveError) -> Refusal {
    match error {
        ShelveError::Fault(fault) => Refusal::Fault(fault),
        ShelveError::HeadMoved { .. } => Refusal::Conflict { code: "license.head_moved", id: None },
        ShelveError::KeyReused => Refusal::Conflict { code: "request.key_reused", id: None },
        ShelveError::NumberTaken { by } => {
            Refusal::Conflict { code: "license.number_taken", id: Some(by) }
        }
        ShelveError::Repeated { .. } => {
            Refusal::Fault(Fault::new("issue.shelve", "a repetition is answered before this"))
        }
    }
}
