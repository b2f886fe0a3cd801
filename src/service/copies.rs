//! Annotated copies (加注件): a license in force, drawn once more for one purpose, one recipient, until one day.
//!
//! A copy is a sealed file of its own. The face is recalled from the e-certificate and drawn under the edition it was
//! made by, the annotation goes across every page, and the issuing authority's key seals it with a reason that no
//! original has. It carries the e-certificate of its original **without any disclosure**: enough to tell which
//! version it is of, and nothing that could be taken out and used as an original for another purpose.
//!
//! Only a version in force today is copied. A request that is sent again gets the copy that the first one made, and
//! the same file. What was asked for is written down as keyed digests alone.
//!
//! A crash leaves an intention without a copy, or the whole, as with issuing: the intention is durable before the
//! key is used, and the file before the row that names it.

use std::sync::Arc;

use crate::crypto::Digest;
use crate::domain::{
    AnnotatedCopy, Catalogue, CopyFault, CopyFaultKind, CopyMaker, CopyNumber, CopyRequest,
    IssuingAuthority, LicenseId, Moment, Standing, WireValue,
};
use crate::pdf::{Annotation, Attachment, Binding, COPY_REASON, CopyFacts, DocumentKind, FontRole};

use super::desks::{Copied, CopyCaller, CopyDesk};
use super::error::{Fault, Refusal};
use super::hold::{form_bytes, theirs};
use super::issue::Issuing;
use super::licenses::own;
use super::ports::{
    CopyError, CopyRecord, Copying, Form, FormRecord, Intention, Later, RequestKey, UsageRecord,
    VersionRecord,
};
use super::recall::{Recalled, recall};
use super::sealing::{PreparedKey, in_its_time, seal_fault, serial};
use super::standing::standing_of;
use super::workshop::{FaceValues, Workbench};

/// Makes annotated copies, with the keys, the vault and the workshop that licenses are issued with.
pub struct Copies {
    /// The desk that issues.
    pub issuing: Arc<Issuing>,
}

impl CopyDesk for Copies {
    fn copy<'a>(
        &'a self,
        caller: CopyCaller<'a>,
        key: &'a str,
        id: &'a LicenseId,
        body: &'a [u8],
    ) -> Later<'a, Result<Copied, Refusal>> {
        Box::pin(self.copy_once(caller, key, id, body))
    }

    fn check<'a>(
        &'a self,
        caller: CopyCaller<'a>,
        id: &'a LicenseId,
        body: &'a [u8],
    ) -> Later<'a, Result<CopyRequest, Refusal>> {
        Box::pin(async move {
            let record = self.may_copy(caller, id).await?;
            let bench = self.issuing.workshop.bench();
            self.asked(&bench, &record, body, self.issuing.clock.now()).await
        })
    }

    fn fetch<'a>(
        &'a self,
        caller: CopyCaller<'a>,
        id: &'a LicenseId,
        number: &'a CopyNumber,
    ) -> Later<'a, Result<Vec<u8>, Refusal>> {
        Box::pin(async move {
            self.may_copy(caller, id).await?;
            let vault = &self.issuing.vault;
            let copy = vault.find_copy(number).await?.filter(|copy| copy.original == *id);
            let copy = copy.ok_or(Refusal::NotFound)?;
            let bytes = vault.object(&copy.file).await?;
            let bytes = bytes.ok_or_else(|| {
                Fault::new("copies.object", "an object named by a row is missing")
            })?;
            self.write_down(caller, id, "download-copy").await?;
            Ok(bytes)
        })
    }
}

impl Copies {
    async fn copy_once(
        &self,
        caller: CopyCaller<'_>,
        idempotency_key: &str,
        id: &LicenseId,
        body: &[u8],
    ) -> Result<Copied, Refusal> {
        let Issuing { workshop, vault, clock, indexes, .. } = self.issuing.as_ref();
        let record = self.may_copy(caller, id).await?;
        let request = self.request(caller, idempotency_key, id, body);
        let _turn = self.issuing.turns.take(&request.client, &request.key).await;
        if let Some((known, number)) = vault.copy_answered(&request.client, &request.key).await? {
            return if known == request.body {
                self.repeat(&number).await
            } else {
                Err(Refusal::Conflict { code: "request.key_reused", id: None })
            };
        }
        let now = clock.now();
        let bench = workshop.bench();
        let asked = self.asked(&bench, &record, body, now).await?;
        let catalogue = bench.catalogue();
        let recalled = recall(vault.as_ref(), &record, &catalogue).await?;
        let authority = issuer(&catalogue, id)?;
        let key = self.issuing.sealing.find(&authority.code, now)?;
        let (year, ..) = now.day_in_china().numbers();
        let number = serial(year, self.issuing.random.as_ref());
        let number: CopyNumber =
            number.parse().map_err(|error| Fault::new("copies.number", error))?;
        let maker = match caller {
            CopyCaller::Authority(_) => CopyMaker::Authority,
            CopyCaller::Holder(_) => CopyMaker::Holder,
        };
        let copy =
            AnnotatedCopy { original: id.clone(), number, request: asked, maker, made_at: now };
        let facts = CopyFacts { copy, original_digest: record.content_digest };

        // The reading and the intention are written down before the key is used. If we stop here there is an
        // intention without a copy, which the next opening of the vault ends.
        self.write_down(caller, id, "copy").await?;
        let intended = indexes.copy("content", &facts.digest().to_string());
        let client = request.client.clone();
        let uses = vec![key.to_use(1)];
        let intention =
            Intention { id: id.clone(), content_digest: intended, client, at: now, uses };
        let intention = vault.intend(intention).await?;
        let original = form_bytes(vault.as_ref(), &record, Form::Ecert).await?;
        let bytes = in_its_time(key.key.may_wait(), || {
            self.seal(&bench, (authority, &key), &recalled, &facts, &original)
        })?;

        let file = FormRecord {
            form: Form::AnnotatedCopy,
            digest: Digest::of(&bytes),
            size_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        };
        let asked = &facts.copy.request;
        let record = CopyRecord {
            original: id.clone(),
            number: facts.copy.number.clone(),
            maker,
            last_day: asked.last_day(),
            purpose_index: indexes.copy("purpose", asked.purpose()),
            recipient_index: indexes.copy("recipient", asked.recipient()),
            file,
            made_at: now,
        };
        let kept = Copying { record: record.clone(), bytes, request, intention, intended };
        // If it fails the sealed bytes are dropped here, unseen.
        match vault.keep_copy(kept).await {
            Ok(()) => Ok(Copied { record, repeated: false }),
            Err(CopyError::Fault(fault)) => Err(fault.into()),
            Err(CopyError::KeyReused) => {
                Err(Refusal::Conflict { code: "request.key_reused", id: None })
            }
            Err(CopyError::Repeated { number }) => self.repeat(&number).await,
        }
    }

    /// What is asked for, if the version is in force today and all of it can be printed.
    async fn asked(
        &self,
        bench: &Workbench,
        record: &VersionRecord,
        body: &[u8],
        now: Moment,
    ) -> Result<CopyRequest, Refusal> {
        let today = now.day_in_china();
        in_force(standing_of(self.issuing.vault.as_ref(), record, today).await?)?;
        let sent: WireValue = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
        let asked = CopyRequest::read(&sent, &record.validity, today).map_err(Refusal::Copy)?;
        drawable(bench, &asked)?;
        Ok(asked)
    }

    /// The version, if the caller may have copies of it; one they may not see looks like none.
    async fn may_copy(
        &self,
        caller: CopyCaller<'_>,
        id: &LicenseId,
    ) -> Result<VersionRecord, Refusal> {
        let Issuing { vault, indexes, .. } = self.issuing.as_ref();
        match caller {
            CopyCaller::Authority(client) => {
                own(client, id)?;
                vault.find(id).await?.ok_or(Refusal::NotFound)
            }
            CopyCaller::Holder(holder) => {
                let (record, _) = theirs(vault.as_ref(), indexes, holder, id).await?;
                Ok(record)
            }
        }
    }

    /// The request as it is kept: nothing in it tells who the holder is or what was asked for.
    fn request(
        &self,
        caller: CopyCaller<'_>,
        key: &str,
        id: &LicenseId,
        body: &[u8],
    ) -> RequestKey {
        let indexes = &self.issuing.indexes;
        let sent = format!("{id} {}", Digest::of(body));
        let body = indexes.copy("request", &sent);
        match caller {
            CopyCaller::Authority(client) => {
                RequestKey { client: client.name.clone(), key: key.to_owned(), body }
            }
            // A key is the holder's own: another holder who sends the same one does not meet theirs.
            CopyCaller::Holder(holder) => {
                let whose = format!("{} {} {key}", holder.kind().code(), holder.as_str());
                let key = indexes.copy("holder_key", &whose).to_string();
                RequestKey { client: HOLDER.to_owned(), key, body }
            }
        }
    }

    async fn repeat(&self, number: &CopyNumber) -> Result<Copied, Refusal> {
        let record = self.issuing.vault.find_copy(number).await?;
        let record =
            record.ok_or_else(|| Fault::new("copies.repeat", "an answered request has no copy"))?;
        Ok(Copied { record, repeated: true })
    }

    async fn write_down(
        &self,
        caller: CopyCaller<'_>,
        id: &LicenseId,
        act: &'static str,
    ) -> Result<(), Fault> {
        let reader = match caller {
            CopyCaller::Authority(client) => client.name.clone(),
            CopyCaller::Holder(_) => HOLDER.to_owned(),
        };
        let at = self.issuing.clock.now();
        self.issuing.vault.record_usage(UsageRecord { id: id.clone(), reader, act, at }).await
    }

    /// Draws the face again with the annotation, and seals it.
    fn seal(
        &self,
        bench: &Workbench,
        (authority, key): (&IssuingAuthority, &PreparedKey),
        recalled: &Recalled<'_>,
        facts: &CopyFacts,
        original: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let copy = &facts.copy;
        let values = FaceValues::of(recalled.definition(), recalled.face()).map_err(no_longer)?;
        let id = copy.original.to_string();
        let drawn = bench.draw(&values, &id, &self.issuing.public_url).map_err(no_longer)?;
        let (across, foot) = (copy.across(), copy.in_chinese());
        let drawn = drawn
            .annotate(&Annotation { across: &across, foot: &foot })
            .map_err(|error| Fault::new("copies.annotate", error))?;
        let bare = without_disclosures(original)
            .ok_or_else(|| Fault::new("copies.ecert", "an e-certificate has no end"))?;
        let seal = bench.seal(authority)?;
        let crls = key.crl_ders();
        let binding = Binding {
            title: &format!("加注件：{}", recalled.definition().name),
            seal: &seal,
            sealed_at: copy.made_at,
            signer_name: &authority.name,
            reason: COPY_REASON,
            location: authority.division.as_str(),
            content_digest_hex: &facts.digest().to_string(),
            attachment: Some(Attachment {
                file_name: "original.ecert.txt",
                media_type: "application/dc+sd-jwt",
                description: "原件的结构化电子证照（未出示任何数据项） The original's e-certificate, no value shown",
                bytes: bare,
            }),
            certs: &[],
            crls: &crls,
            gap_len: key.cms.max_len(),
            kind: DocumentKind::Copy(facts),
        };
        let unsealed =
            drawn.assemble(&binding).map_err(|error| Fault::new("copies.assemble", error))?;
        let digest = Digest::of_parts(&unsealed.sealed_parts());
        let cms = key.cms.seal(key.key.signer(), &digest);
        let cms = cms.map_err(|error| seal_fault("copies.seal", error))?;
        Ok(unsealed.seal(&cms).map_err(|error| Fault::new("copies.gap", error))?)
    }
}

/// How the books call a holder, whoever it is.
const HOLDER: &str = "holder";

fn issuer<'c>(catalogue: &'c Catalogue, id: &LicenseId) -> Result<&'c IssuingAuthority, Fault> {
    let authority = id.key().authority().parse().ok();
    authority
        .and_then(|code| catalogue.authority(&code))
        .ok_or_else(|| Fault::new("copies.authority", "the authority of a license is not listed"))
}

/// The signed part of an e-certificate alone: a lawful presentation that shows no value.
fn without_disclosures(ecert: &[u8]) -> Option<&[u8]> {
    let end = ecert.iter().position(|byte| *byte == b'~')?;
    ecert.get(..=end)
}

/// What was drawn once and cannot be drawn again is ours to mend, not the caller's.
fn no_longer(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Fault(fault) => Refusal::Fault(fault),
        _ => Fault::new("copies.draw", "a face that was drawn once cannot be drawn again").into(),
    }
}

/// Refuses what is not in force today, with the reason.
fn in_force(standing: Standing) -> Result<(), Refusal> {
    let (code, id) = match standing {
        Standing::InForce => return Ok(()),
        Standing::Expired { .. } => ("copy.license_expired", None),
        Standing::NotYetInForce { .. } => ("copy.license_not_yet_in_force", None),
        Standing::Replaced { by, .. } => ("copy.license_replaced", Some(by)),
        Standing::Revoked { .. } => ("copy.license_revoked", None),
        Standing::Suspended { .. } => ("copy.license_suspended", None),
    };
    Err(Refusal::Conflict { code, id })
}

/// Refuses characters that no font draws.
fn drawable(bench: &Workbench, asked: &CopyRequest) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    for (field, text) in [("purpose", asked.purpose()), ("recipient", asked.recipient())] {
        let missing = text.chars().filter(|c| bench.fonts().glyph(FontRole::Body, *c).is_none());
        let code_points: Vec<u32> = missing.map(u32::from).collect();
        if !code_points.is_empty() {
            faults.push(CopyFault::new(field, CopyFaultKind::NoGlyph { code_points }));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Copy(faults)) }
}

fn not_json(error: &serde_json::Error) -> Refusal {
    let kind = CopyFaultKind::NotJson { line: error.line(), column: error.column() };
    Refusal::Copy(vec![CopyFault::new("", kind)])
}
