//! From a file to a verdict, in two steps around the vault.
//!
//! [`examine`] finds out what a file is, has it looked at, and draws integrity and authenticity from the
//! findings. Only then is it known which license to ask the vault about, and [`Examined::license_id`] gives
//! the id only if the file earned it. [`Examined::conclude`] adds the standing and writes the headline.

use memchr::memmem;

use super::comparison::Shown;
use super::copy::CopySaid;
use super::facts::{Form, Trust, VaultFact, VaultRecord};
use super::finding::{About, Finding, FindingOutcome, Text2};
use super::level::Protection;
use super::observed::Observed;
use super::pack_seen::by_pack;
use super::receipt::{self, ReceiptSaid};
use super::signature::{Sealed, SignatureReport};
use super::source::Source;
use super::square::{StatementSaid, carries_content};
use super::stamp_seen::StampSeen;
use super::standing::Standings;
use super::verdict::{LicenseFacts, Outcome, Overall, Verdict, outcome};
use super::{ecert, headline, pdf, signature, source};
use crate::crypto::Digest;
use crate::domain::{CopyNumber, Day, LicenseId, Moment, Validity};
use crate::ecert::jws::looks_like_signed_json;
use crate::ecert::receipt::ReceiptFacts;
use crate::ecert::{EcertFacts, looks_like_ecert};
use crate::pdf::CopyFacts;

/// Largest file that is judged, in bytes; our own bound, said up front on every page that takes files.
pub const MAX_FILE_BYTES: usize = 20_000_000;

/// The checks without which no authority is known to stand behind a document.
const fn authenticity(issuer: &'static str) -> [&'static str; 7] {
    [
        "seal.certificate_path",
        "seal.certificate_usage",
        "seal.certificate_period",
        REVOCATION,
        "seal.authority",
        issuer,
        "seal.development",
    ]
}

/// What was found of revocation.
const REVOCATION: &str = "seal.certificate_revocation";

/// What looking at a file brought.
#[derive(Default)]
pub(super) struct Look {
    pub(super) seen: Vec<Observed>,
    /// What the document says, if every check of its integrity passed.
    pub(super) said: Option<Said>,
    /// What a receipt says and who sealed it, likewise.
    pub(super) receipt: Option<(ReceiptFacts, Sealer)>,
    /// Whether somebody else added what may be added.
    pub(super) is_extended: bool,
    /// The reports on the signatures, where looking at it brought them along.
    pub(super) signatures: Vec<SignatureReport>,
    /// The digest of the file, where looking at it brought it along.
    pub(super) file_digest: Option<Digest>,
}

/// What an unaltered document says.
pub(super) struct Said {
    pub(super) facts: Facts,
    pub(super) sealer: Sealer,
    /// What it says as an annotated copy, if it is one.
    pub(super) copy: Option<CopyFacts>,
}

/// Who sealed a document, and when.
pub(super) struct Sealer {
    /// The stated time.
    pub(super) sealed_at: Moment,
    /// The common name of the sealing certificate, if its path held.
    pub(super) subject: Option<String>,
    /// How well it is protected, if its path held; of a sealed PDF alone.
    pub(super) protection: Option<Protection>,
}

/// What an unaltered document says of its license.
pub(super) struct Facts {
    pub(super) license_id: LicenseId,
    pub(super) issued_on: Day,
    pub(super) validity: Validity,
    /// The content digest; of a printed square it is half of one, and stands in `statement`.
    pub(super) content_digest: Option<Digest>,
    pub(super) shown: Shown,
    pub(super) statement: Option<StatementSaid>,
}

impl From<EcertFacts> for Facts {
    fn from(facts: EcertFacts) -> Self {
        Self {
            shown: Shown::of(&facts),
            license_id: facts.license_id,
            issued_on: facts.issued_on,
            validity: facts.validity,
            content_digest: Some(facts.content_digest),
            statement: None,
        }
    }
}

/// A file that has been looked at; where its license stands has not been asked yet.
#[derive(Clone, Debug)]
pub struct Examined {
    form: Form,
    findings: Vec<Finding>,
    integrity: Outcome,
    authenticity: Outcome,
    license: Option<LicenseFacts>,
    validity: Option<Validity>,
    protection: Option<Protection>,
    copy: Option<CopyFacts>,
    statement: Option<StatementSaid>,
    receipt: Option<ReceiptSaid>,
    file_digest: Option<Digest>,
    is_extended: bool,
    signatures: Vec<SignatureReport>,
    sources: Vec<Source>,
    /// What it shows, if it is unaltered.
    shown: Option<Shown>,
}

/// Looks at a file as it stands at `at`.
pub fn examine(file: &[u8], trust: &Trust<'_>, at: Moment) -> Examined {
    if file.len() > MAX_FILE_BYTES {
        let limit_mb = MAX_FILE_BYTES / 1_000_000;
        let look = Look { seen: vec![Observed::TooLarge { limit_mb }], ..Look::default() };
        return Examined::new(Form::Unknown, look, &[], trust);
    }
    let head = file.get(..file.len().min(1_024)).unwrap_or_default();
    let (form, required, mut look) = if memmem::find(head, b"%PDF-").is_some() {
        pdf::look(file, trust, at)
    } else if looks_like_ecert(file) {
        (Form::Ecert, ecert::INTEGRITY, ecert::look(file, trust, at))
    } else if let Some(look) = signed_json(file, trust, at) {
        (Form::Receipt, receipt::INTEGRITY, look)
    } else {
        let look = Look { seen: vec![Observed::KindUnknown], ..Look::default() };
        (Form::Unknown, &[][..], look)
    };
    look.file_digest.get_or_insert_with(|| Digest::of(file));
    Examined::new(form, look, required, trust)
}

fn signed_json(file: &[u8], trust: &Trust<'_>, at: Moment) -> Option<Look> {
    if !looks_like_signed_json(file) {
        return None;
    }
    receipt::look(file, trust, at)
}

impl Examined {
    pub(super) fn new(form: Form, look: Look, required: &[&str], trust: &Trust<'_>) -> Self {
        let sources = source::of_certificate(&look.seen);
        let mut findings: Vec<Finding> = look.seen.iter().map(Observed::finding).collect();
        let integrity = outcome(&findings, About::Integrity, required);
        let authenticity = match integrity {
            Outcome::Passed => {
                // A receipt any library may issue, and no authority as such.
                let is_receipt = form == Form::Receipt;
                let issuer = if is_receipt { "receipt.issuer" } else { "license.issuer" };
                outcome(&findings, About::Authenticity, &authenticity(issuer))
            }
            Outcome::Failed | Outcome::Unknown => Outcome::Unknown,
        };
        // If integrity fails nothing in the file is to be believed, and nothing of it is kept.
        let said = look.said.filter(|_| integrity == Outcome::Passed);
        let receipt = look.receipt.filter(|_| integrity == Outcome::Passed);
        let genuine = authenticity == Outcome::Passed;
        let of_receipt = receipt.as_ref().map(|(_, sealer)| sealer);
        let sealer = said.as_ref().map(|said| &said.sealer).or(of_receipt);
        let sealed = sealer.map_or_else(Sealed::default, |sealer| Sealed {
            is_genuine: genuine,
            claimed_at: Some(sealer.sealed_at),
            signer: sealer.subject.clone(),
        });
        let mut signatures = look.signatures;
        if signatures.is_empty() {
            signatures = signature::reports(form, &look.seen, sealed);
        }
        let license = said.as_ref().map(|said| license_facts(said, genuine, trust));
        // A level is claimed of a genuine document alone.
        let protection = sealer.and_then(|sealer| sealer.protection).filter(|_| genuine);
        findings.extend(protection.map(|Protection { level, holds_until, .. }| {
            Observed::Stamp(StampSeen::Reached { level, holds_until }).finding()
        }));
        Self {
            form,
            findings,
            integrity,
            authenticity,
            license,
            validity: said.as_ref().map(|said| said.facts.validity),
            protection,
            copy: said.as_ref().and_then(|said| said.copy.clone()),
            file_digest: look.file_digest,
            is_extended: look.is_extended,
            signatures,
            sources,
            statement: said.as_ref().and_then(|said| said.facts.statement.clone()),
            receipt: receipt.map(|(facts, _)| ReceiptSaid::of(facts, genuine, trust)),
            shown: said.map(|said| said.facts.shown),
        }
    }

    /// The license to ask the vault about: only where the file is unaltered and nothing speaks against
    /// whoever sealed it.
    pub fn license_id(&self) -> Option<&LicenseId> {
        let known = self.integrity == Outcome::Passed && self.authenticity != Outcome::Failed;
        self.license.as_ref().filter(|_| known).map(|license| &license.id)
    }

    /// What the document shows, to be compared with what the vault holds; nothing of a file from our own shelf.
    pub fn shown(&self) -> Option<&Shown> {
        self.shown.as_ref().filter(|_| self.form != Form::LicenseId)
    }

    /// The number of the annotated copy it is, under which the vault knows it; under the same conditions.
    pub fn copy_number(&self) -> Option<&CopyNumber> {
        self.license_id()?;
        self.copy.as_ref().map(|facts| &facts.copy.number)
    }

    /// The same, for a file that came from our own shelf because somebody asked for a license id.
    ///
    /// Nobody has shown us a document then, so the headline speaks of the license and says that no file was
    /// checked: the paper in a clerk's hand may be forged all the same.
    pub fn from_shelf(self) -> Self {
        Self { form: Form::LicenseId, ..self }
    }

    /// An unaltered file that does not show by itself any more who stands behind it, by the digest of what was
    /// sealed: its certificate may have ended, or have been revoked since, while another copy of it was protected.
    pub fn open_question(&self) -> Option<(&LicenseId, Digest)> {
        let unaltered = self.integrity == Outcome::Passed && self.form == Form::SealedPdf;
        let open = self.authenticity == Outcome::Unknown || self.is_only_revoked();
        let license = self.license.as_ref().filter(|_| unaltered && open)?;
        Some((&license.id, self.file_digest?))
    }

    /// Whether nothing speaks against whoever sealed it but that a certificate was revoked: when it was sealed is the
    /// whole question then.
    fn is_only_revoked(&self) -> bool {
        let of_authenticity = |finding: &&Finding| finding.about == About::Authenticity;
        let concerned = self.findings.iter().filter(of_authenticity);
        let mut against = concerned.filter(|one| one.outcome == FindingOutcome::Failed);
        against.next().is_some_and(|one| one.code == REVOCATION) && against.next().is_none()
    }

    /// What is to be said of a file with an [open question](Self::open_question), where there is a copy of it that was
    /// protected since it was sealed. Its bytes begin with those that were brought.
    ///
    /// The copy proves when the file existed, and settles what is unknown of it either way. What was refused it can
    /// only clear: a key that was stolen counts backwards for the copy too, and the refusal stays with its reason.
    pub fn or_protected_copy(self, copy: Self) -> Self {
        let cleared = copy.authenticity == Outcome::Passed;
        if self.authenticity != Outcome::Failed || cleared {
            copy.said_of_protected_copy()
        } else {
            self
        }
    }

    fn said_of_protected_copy(mut self) -> Self {
        self.findings.push(Finding {
            code: "protection.copy",
            outcome: FindingOutcome::Passed,
            about: About::Protection,
            fact: Text2::fixed(
                "仅凭所交文件已不能认定，证照库存有同一文件加时间戳保护的版本，据此核验",
                "The file as brought no longer shows enough by itself; the vault has the same file, protected \
                 by time-stamps since, and that was judged",
            ),
            next_step: Some(Text2::fixed(
                "请下载并保存加了保护的文件",
                "Download the protected file and keep that",
            )),
        });
        self
    }

    /// The verdict, with what the vault said.
    pub fn conclude(mut self, vault: VaultFact, at: Moment) -> Verdict {
        let overall = match (self.integrity, self.authenticity) {
            (Outcome::Failed, _) | (_, Outcome::Failed) => Overall::Invalid,
            (Outcome::Passed, Outcome::Passed) if self.is_extended => {
                Overall::ValidWithLaterChanges
            }
            (Outcome::Passed, Outcome::Passed) if self.copy.is_some() => Overall::ValidCopy,
            (Outcome::Passed, Outcome::Passed) => Overall::Valid,
            _ if self.has("seal.present", FindingOutcome::CouldNotBeMade) => Overall::Unsigned,
            _ => Overall::Indeterminate,
        };
        let mut standing = match self.license_id() {
            Some(_) => self.stand(&vault, at),
            None => Standings::unasked(),
        };
        let copy = self.copy.as_ref().map(|facts| CopySaid::of(facts, at));
        if let Some(copy) = &copy {
            copy.bear_on(&mut standing);
        }
        self.findings.extend(standing.seen.iter().map(Observed::finding));
        if self.license_id().is_some() {
            self.sources.extend(source::of_standing(&vault));
        }
        let name = self.license.as_ref().and_then(|license| license.authority_name.as_deref());
        let (headline, next_step) = match (self.form, overall, &copy) {
            (Form::LicenseId, Overall::Valid, _) => headline::of_id(&standing),
            (_, Overall::ValidCopy, Some(copy)) => copy.headline(&standing, name),
            (Form::Qr, Overall::Valid, _) => headline::of_square(&standing, name),
            (Form::Receipt, Overall::Valid, _) => match &self.receipt {
                Some(receipt) => receipt.headline(),
                None => headline::of_document(overall, &self.findings, &standing, name),
            },
            _ => headline::of_document(overall, &self.findings, &standing, name),
        };
        Verdict {
            overall,
            integrity: self.integrity,
            authenticity: self.authenticity,
            standing: standing.outcome,
            standing_state: standing.state,
            standing_detail: standing.detail,
            standing_as_of: standing.as_of,
            headline,
            next_step,
            findings: self.findings,
            license: self.license,
            file_digest: self.file_digest,
            protection: self.protection,
            copy,
            statement: self.statement.filter(|_| self.authenticity == Outcome::Passed),
            receipt: self.receipt,
            comparison: None,
            signatures: self.signatures,
            sources: self.sources,
            form: self.form,
            judged_at: at,
        }
    }

    fn has(&self, code: &str, outcome: FindingOutcome) -> bool {
        self.findings.iter().any(|finding| finding.code == code && finding.outcome == outcome)
    }

    /// Where the license stands, with the document held against the vault's copy.
    fn stand(&self, vault: &VaultFact, at: Moment) -> Standings {
        let sealed_at = self.license.as_ref().map(|license| license.sealed_at);
        let mut standing = match vault {
            VaultFact::Carried(word) => by_pack(word, (sealed_at, self.validity.as_ref()), at),
            _ => Standings::by_vault_or_validity(vault, self.validity.as_ref(), at),
        };
        if let VaultFact::Found(record) = vault {
            let copy = self.held_against(record);
            if copy == Observed::VaultOther {
                standing.outcome = Outcome::Failed;
            }
            standing.seen.insert(0, copy);
        }
        standing
    }

    /// The document against what the vault holds under its id.
    fn held_against(&self, record: &VaultRecord) -> Observed {
        let content = self.license.as_ref().and_then(|license| license.content_digest);
        let same_file = self.file_digest.is_some_and(|digest| record.files.contains(&digest));
        let same_content = content == Some(record.content_digest);
        if same_file {
            Observed::VaultSame
        } else if self.statement.as_ref().is_some_and(|said| carries_content(said, record)) {
            Observed::VaultSameContent
        } else if same_content && self.form == Form::Ecert {
            // A presentation that withholds values, or shows them in another order, is another file by right.
            Observed::VaultSameContent
        } else {
            Observed::VaultOther
        }
    }
}

/// What the vault says of a license id that was typed, without a file.
pub fn judge_id(vault: &VaultFact, at: Moment) -> Verdict {
    let mut standing = Standings::by_vault(vault);
    let (headline, next_step) = headline::of_id(&standing);
    standing.seen.insert(0, Observed::KindId);
    Verdict {
        overall: Overall::Indeterminate,
        integrity: Outcome::Unknown,
        authenticity: Outcome::Unknown,
        standing: standing.outcome,
        standing_state: standing.state,
        standing_detail: standing.detail,
        standing_as_of: standing.as_of,
        headline,
        next_step,
        findings: standing.seen.iter().map(Observed::finding).collect(),
        license: None,
        file_digest: None,
        protection: None,
        copy: None,
        statement: None,
        receipt: None,
        comparison: None,
        signatures: Vec::new(),
        sources: source::of_standing(vault).into_iter().collect(),
        form: Form::LicenseId,
        judged_at: at,
    }
}

fn license_facts(said: &Said, genuine: bool, trust: &Trust<'_>) -> LicenseFacts {
    let facts = &said.facts;
    let key = facts.license_id.key();
    LicenseFacts {
        id: facts.license_id.clone(),
        type_code: key.type_code().clone(),
        type_name: trust.registry.type_name(key.type_code()),
        authority_code: key.authority().to_owned(),
        // Beside a seal we do not trust, our own registry's name would lend it a credit it has not earned.
        authority_name: genuine.then(|| trust.registry.authority_name(key.authority())).flatten(),
        issued_on: facts.issued_on,
        valid_from: facts.validity.from(),
        valid_to: facts.validity.to(),
        version: facts.license_id.version(),
        content_digest: facts.content_digest,
        sealed_at: said.sealer.sealed_at,
        certificate_subject: said.sealer.subject.clone().filter(|_| genuine),
    }
}
