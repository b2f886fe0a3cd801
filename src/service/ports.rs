//! What the desks need from the world, and what they may rely on.
//!
//! The promises are the interface; the methods are only how one asks. Each promise has a test that runs on
//! every implementation (`tests/vault_contract.rs`).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::crypto::Digest;
use crate::domain::{
    CopyNumber, Day, LicenseId, LicenseKey, LicenseTypeCode, Moment, RevocationKind, Validity,
    VersionNo,
};

use super::error::{Fault, ShelveError};

mod copies;
mod protection;
mod remote;
mod sealing;

pub use copies::{CopyError, CopyRecord, Copying};
pub use protection::{
    DuePage, DueQuestion, DueVersion, ProtectError, Protecting, ProtectionRecord, SealProtection,
};
pub use remote::{Evidence, RemoteFault, RemoteFaultKind, RevocationSource, TimestampSource};
pub use sealing::{KeyBooks, KeyId, KeyState, KeyUse, SealedWith, SealingKey, SealingKeys};

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Tells the time. Desks ask it; nothing below them does.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Moment;
}

/// Watches the nine steps of issuing go by; drills stop the process at one of them.
pub trait StepWatch: Send + Sync {
    /// The step has been reached and not yet been taken.
    fn before(&self, step: Step);
}

/// Lets every step go by.
#[derive(Clone, Copy, Debug)]
pub struct NoStepWatch;

impl StepWatch for NoStepWatch {
    fn before(&self, _step: Step) {}
}

/// The steps of issuing, as `docs/issuing-cycle.md` numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 1: the submission has come in.
    Receive,
    /// 2: read it against the type in force.
    Parse,
    /// 3: give it an id and a version.
    Number,
    /// 4: draw the face.
    Draw,
    /// 5: compute the content digest.
    Bind,
    /// 6: write the intention into the journal.
    Record,
    /// 7: use the sealing key.
    Seal,
    /// 8: put everything on the shelf in one commit.
    Shelve,
    /// 8, inside: the objects are written and the row that names them is not.
    ShelveObjectsWritten,
    /// 8, inside: the row is committed and the objects are not yet in their final place.
    ShelveCommitted,
    /// 9: answer.
    Answer,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 11] = [
        Self::Receive,
        Self::Parse,
        Self::Number,
        Self::Draw,
        Self::Bind,
        Self::Record,
        Self::Seal,
        Self::Shelve,
        Self::ShelveObjectsWritten,
        Self::ShelveCommitted,
        Self::Answer,
    ];

    /// A fixed word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Parse => "parse",
            Self::Number => "number",
            Self::Draw => "draw",
            Self::Bind => "bind",
            Self::Record => "record",
            Self::Seal => "seal",
            Self::Shelve => "shelve",
            Self::ShelveObjectsWritten => "shelve-objects-written",
            Self::ShelveCommitted => "shelve-committed",
            Self::Answer => "answer",
        }
    }
}

/// The forms a version exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A sealed annotated copy. Not a form of a version: one is made for each purpose and recipient.
    AnnotatedCopy,
    /// The structured e-certificate (结构化电子证照), an SD-JWT VC.
    Ecert,
    /// The sealed PDF.
    SealedPdf,
    /// What was appended to a sealed PDF to protect it. Not a form of its own: it is kept as an object and
    /// served only behind the sealed bytes it was made for.
    PdfRevision,
}

impl Form {
    /// A fixed word for it, in columns and addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::AnnotatedCopy => "copy",
            Self::Ecert => "ecert",
            Self::SealedPdf => "pdf",
            Self::PdfRevision => "pdf-rev",
        }
    }

    /// The form with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "copy" => Some(Self::AnnotatedCopy),
            "ecert" => Some(Self::Ecert),
            "pdf" => Some(Self::SealedPdf),
            "pdf-rev" => Some(Self::PdfRevision),
            _ => None,
        }
    }
}

/// One form of one version, by the digest of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormRecord {
    /// Which form.
    pub form: Form,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// How many bytes.
    pub size_bytes: u64,
}

/// What the shelf knows of one version. No face value and no holder code is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRecord {
    /// Its id.
    pub id: LicenseId,
    /// The edition of the type it was made by.
    pub edition: u32,
    /// The day of issue.
    pub issued_on: Day,
    /// How long it is valid.
    pub validity: Validity,
    /// The content digest that every form carries.
    pub content_digest: Digest,
    /// The forms, PDF first.
    pub forms: Vec<FormRecord>,
    /// How well the sealed PDF was protected as it was made; `None` for versions of releases that did not write
    /// it down, which count as B-B.
    pub sealed: Option<SealProtection>,
    /// When it was put on the shelf.
    pub shelved_at: Moment,
    /// The keys it was sealed with; `None` where a release before 0.2 shelved it and did not write them down.
    pub sealed_with: Option<SealedWith>,
}

/// A request that must not be carried out twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// The authenticated client.
    pub client: String,
    /// The idempotency key it chose, unique among its own.
    pub key: String,
    /// SHA-256 of the body it sent.
    pub body: Digest,
}

/// What is written down before a sealing key is used.
#[derive(Clone, Debug)]
pub struct Intention {
    /// The version about to be made.
    pub id: LicenseId,
    /// Its content digest.
    pub content_digest: Digest,
    /// Who asked.
    pub client: String,
    /// When.
    pub at: Moment,
    /// Every key about to be used, each once.
    pub uses: Vec<KeyUse>,
}

/// The number of an intention in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntentionNo(pub i64);

/// Everything that goes onto the shelf in one commit.
#[derive(Debug)]
pub struct Shelving {
    /// The version.
    pub record: VersionRecord,
    /// The bytes of each form named in `record`.
    pub objects: Vec<(Form, Vec<u8>)>,
    /// The newest version the maker saw; nothing is shelved if it has moved.
    pub expected_head: Option<VersionNo>,
    /// Blind index of the license number, unique within type and authority among different licenses.
    pub number_index: Digest,
    /// Blind indexes of the holders' codes.
    pub holder_indexes: Vec<Digest>,
    /// The request it answers.
    pub request: RequestKey,
    /// The intention it carries out.
    pub intention: IntentionNo,
}

/// A change of standing by the issuing authority, effective from a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingChange {
    /// The license; standing belongs to all its versions.
    pub license: LicenseKey,
    /// What it is from then on.
    pub state: ChangedState,
    /// The first day on which it is so.
    pub since: Day,
    /// The legal ground, in the authority's words; no personal data.
    pub ground: String,
    /// The authenticated client that asked.
    pub client: String,
    /// When it was written down.
    pub at: Moment,
}

/// What an authority can make of a standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedState {
    /// Back in force after a suspension.
    Reinstated,
    /// Ended for good.
    Revoked(RevocationKind),
    /// Out of force for a time.
    Suspended,
}

/// One reading of a license, which its holder may learn of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// What was read.
    pub id: LicenseId,
    /// Who read it: `holder`, or the name of a client.
    pub reader: String,
    /// What was done: `open`, `download-pdf`, `download-ecert`, `reuse`.
    pub act: &'static str,
    /// When.
    pub at: Moment,
}

/// The vault (证照库): every sealed version of every license, its standing, the journal of acts.
///
/// An implementation promises:
///
/// 1. **Durable.** Once [`shelve`](Self::shelve) has returned `Ok`, the version survives a loss of power.
/// 2. **Whole.** A version is visible with all its forms, or not at all.
/// 3. **Append-only.** There is no method to alter or delete. Standing is kept apart, because a revocation must
///    not touch what was sealed.
/// 4. **In turn.** Of two writers that saw the same head, one succeeds and the other gets
///    [`ShelveError::HeadMoved`]; nothing of the loser's is kept.
/// 5. **Once.** One request key of one client makes one version: a repetition gets [`ShelveError::Repeated`], and
///    another body under the same key [`ShelveError::KeyReused`].
/// 6. **Appended in turn.** Of two protections made for the same state of a file, one is kept and the other gets
///    [`ProtectError::Moved`]; the sealed bytes stay what they are.
///
/// The vault is *not* trusted for authenticity: whoever can write to it can withhold a version but not forge
/// one, since every reader checks the seal again.
pub trait Vault: Send + Sync {
    /// The newest version of a license, or `None` for one never issued.
    fn head(&self, license: &LicenseKey) -> Later<'_, Result<Option<VersionRecord>, Fault>>;

    /// The version with exactly this id, whatever its standing.
    fn find(&self, id: &LicenseId) -> Later<'_, Result<Option<VersionRecord>, Fault>>;

    /// The bytes of one form, checked against their digest; `None` where the object is not there.
    fn object(&self, form: &FormRecord) -> Later<'_, Result<Option<Vec<u8>>, Fault>>;

    /// What a request key has made, with the digest of the body it came with.
    fn answered(
        &self,
        client: &str,
        key: &str,
    ) -> Later<'_, Result<Option<(Digest, LicenseId)>, Fault>>;

    /// The newest version of the license of this type and authority that has this number.
    fn by_number(
        &self,
        type_code: &LicenseTypeCode,
        authority: &str,
        number_index: &Digest,
    ) -> Later<'_, Result<Option<LicenseId>, Fault>>;

    /// The newest version of every license a holder holds, by id.
    fn held_by(&self, holder_index: &Digest) -> Later<'_, Result<Vec<VersionRecord>, Fault>>;

    /// Whether this holder holds this license.
    fn holds(&self, holder_index: &Digest, license: &LicenseKey) -> Later<'_, Result<bool, Fault>>;

    /// Writes an intention into the journal and adds its signatures to the counts of its keys; durable on
    /// return.
    ///
    /// # Errors
    ///
    /// A fault at `keys.limit_reached` where a key would make more signatures than it may; nothing is written
    /// then.
    fn intend(&self, intention: Intention) -> Later<'_, Result<IntentionNo, Fault>>;

    /// Puts a version on the shelf: objects, row, indexes, request, journal entry, in one commit.
    fn shelve(&self, shelving: Shelving) -> Later<'_, Result<(), ShelveError>>;

    /// Writes a change of standing; durable on return.
    fn change_standing(&self, change: StandingChange) -> Later<'_, Result<(), Fault>>;

    /// All changes of a license's standing, oldest first.
    fn standing_changes(
        &self,
        license: &LicenseKey,
    ) -> Later<'_, Result<Vec<StandingChange>, Fault>>;

    /// Licenses of which something was said since they were issued, a change of standing or a later version: at most
    /// `limit` of those behind place `after`, in order, each with its own place and its newest version. Places begin at 1.
    fn changed(&self, after: u64, limit: u32) -> Later<'_, Result<Vec<(u64, LicenseId)>, Fault>>;

    /// Writes down a reading; durable on return.
    fn record_usage(&self, usage: UsageRecord) -> Later<'_, Result<(), Fault>>;

    /// What a request for an annotated copy has made, with the keyed digest of the body it came with.
    fn copy_answered(
        &self,
        client: &str,
        key: &str,
    ) -> Later<'_, Result<Option<(Digest, CopyNumber)>, Fault>>;

    /// The annotated copy with this number.
    fn find_copy(&self, number: &CopyNumber) -> Later<'_, Result<Option<CopyRecord>, Fault>>;

    /// Keeps an annotated copy: object, row, journal entry, in one commit; once for each request.
    fn keep_copy(&self, copying: Copying) -> Later<'_, Result<(), CopyError>>;

    /// Appends a protection to the sealed PDF of a version: object, row, journal entry, in one commit.
    fn protect(&self, protecting: Protecting) -> Later<'_, Result<(), ProtectError>>;

    /// The protections of a version, in order.
    fn protections(&self, id: &LicenseId) -> Later<'_, Result<Vec<ProtectionRecord>, Fault>>;

    /// Which versions want more protection, a bounded part at a time.
    fn due(&self, question: &DueQuestion) -> Later<'_, Result<DuePage, Fault>>;

    /// How many licenses and versions there are.
    fn count(&self) -> Later<'_, Result<VaultCount, Fault>>;

    /// Whether the vault answers at all; for readiness.
    fn ping(&self) -> Later<'_, Result<(), Fault>>;
}

/// How much is in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultCount {
    /// Licenses.
    pub licenses: u64,
    /// Versions of them.
    pub versions: u64,
}

/// Where license types and their faces come from.
pub trait TemplateSource: Send + Sync {
    /// The files of every type.
    fn types(&self) -> Result<Vec<TypeFiles>, Fault>;

    /// The text of `authorities.toml`, `divisions.toml` or `fonts.toml`.
    fn text(&self, name: &str) -> Result<String, Fault>;

    /// The bytes of a font file, or `None` where it is not there. Asked twice, it is read once.
    fn font(&self, path: &str) -> Option<Arc<[u8]>>;
}

/// The files of one license type.
#[derive(Clone, Debug)]
pub struct TypeFiles {
    /// The name of its folder.
    pub name: String,
    /// The text of `type.toml`.
    pub type_text: String,
    /// The text of `face.toml`.
    pub face_text: String,
    /// Every `.svg` file beside them, by name, with its text.
    pub art: Vec<(String, String)>,
}

impl TypeFiles {
    /// The digest of all files of the type.
    pub fn digest(&self) -> Digest {
        let art = self.art.iter().flat_map(|(name, text)| [name, text]);
        let texts: Vec<&String> =
            [&self.type_text, &self.face_text].into_iter().chain(art).collect();
        let digests: Vec<Digest> = texts.iter().map(|text| Digest::of(text.as_bytes())).collect();
        let parts: Vec<&[u8]> = digests.iter().map(|digest| &digest.as_bytes()[..]).collect();
        Digest::of_parts(&parts)
    }
}
