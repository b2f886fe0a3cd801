//! The JSON of a verdict. Its words and names are those of `judge::verdict`; a test holds the two together.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use crate::domain::Standing;
use crate::judge::{
    About, CopySaid, Finding, FindingOutcome, Form as JudgedForm, LicenseFacts, Outcome, Overall,
    Protection, StandingState, Text2, Verdict,
};

use super::comparison_answer::ComparedAnswer;
use super::document::{standing_or_null_schema, words};
use super::receipt_answer::ReceiptAnswer;
use super::signature_answer::{SignatureAnswer, SourceAnswer};
use super::statement_answer::StatementAnswer;

/// A verdict (核验结论): integrity, authenticity and standing, kept apart.
///
/// `verdict` is about the document. A genuine document of a revoked or expired license is `valid`, with
/// `standing` `failed`: accept a license only where `verdict` is `valid` and `standing` is `passed`. A genuine annotated
/// copy is `valid_copy`: it is good for the purpose, the recipient and the days that `copy` names, and for nothing else.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdict)]
pub struct VerdictAnswer {
    /// Of the document.
    #[schema(schema_with = overall)]
    verdict: Overall,
    /// Whether the bytes are those that were sealed (完整性).
    #[schema(schema_with = outcome)]
    integrity: Outcome,
    /// Whether an authority we trust for that type sealed them (真实性).
    #[schema(schema_with = outcome)]
    authenticity: Outcome,
    /// Whether the license may be relied on today (证照状态).
    #[schema(schema_with = outcome)]
    standing: Outcome,
    /// What the standing is, or why it is not known.
    #[schema(schema_with = standing_state)]
    standing_state: StandingState,
    /// Since when, which kind, by which version.
    #[schema(schema_with = standing_or_null_schema)]
    standing_detail: Option<Standing>,
    /// When the vault was asked.
    #[schema(format = DateTime)]
    standing_as_of: Option<String>,
    /// One sentence a clerk can act on.
    headline: Words,
    /// What to do next.
    next_step: Words,
    /// Every check.
    findings: Vec<FindingAnswer>,
    /// The license, only where integrity holds. Names come from our registry, never from the document.
    license: Option<FactsAnswer>,
    /// SHA-256 of the file; of a sealed PDF, as it was sealed, without what was appended to protect it.
    file_digest: Option<String>,
    /// How well a sealed PDF is protected against the passing of time, as far as that was validated; null for other
    /// forms and where authenticity did not pass.
    protection: Option<ProtectionAnswer>,
    /// What an annotated copy says of itself; null for everything else, and where integrity did not pass.
    copy: Option<CopyAnswer>,
    /// What a printed square says, to be compared with the print; null for everything else, and where authenticity did
    /// not pass.
    statement: Option<StatementAnswer>,
    /// What a receipt says was found; null for everything else, and where integrity did not pass.
    receipt: Option<ReceiptAnswer>,
    /// The document beside the vault's data, field by field; null but for those who may see that (the issuing system of
    /// its authority), and where the vault does not have the license.
    comparison: Option<Vec<ComparedAnswer>>,
    /// What came of each signature, in the words of EN 319 102-1.
    signatures: Vec<SignatureAnswer>,
    /// Where all this comes from, and how fresh it is.
    sources: Vec<SourceAnswer>,
    /// What was judged.
    #[schema(schema_with = judged_form)]
    form: JudgedForm,
    /// When it was judged.
    #[schema(format = DateTime)]
    judged_at: String,
}

impl From<Verdict> for VerdictAnswer {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict: verdict.overall,
            integrity: verdict.integrity,
            authenticity: verdict.authenticity,
            standing: verdict.standing,
            standing_state: verdict.standing_state,
            standing_detail: verdict.standing_detail,
            standing_as_of: verdict.standing_as_of.map(|moment| moment.to_string()),
            headline: verdict.headline.into(),
            next_step: verdict.next_step.into(),
            findings: verdict.findings.into_iter().map(FindingAnswer::from).collect(),
            license: verdict.license.map(FactsAnswer::from),
            file_digest: verdict.file_digest.map(|digest| digest.to_string()),
            protection: verdict.protection.map(ProtectionAnswer::from),
            copy: verdict.copy.map(CopyAnswer::from),
            statement: verdict.statement.map(StatementAnswer::from),
            receipt: verdict.receipt.map(ReceiptAnswer::from),
            comparison: verdict
                .comparison
                .map(|rows| rows.into_iter().map(ComparedAnswer::from).collect()),
            signatures: verdict.signatures.into_iter().map(SignatureAnswer::from).collect(),
            sources: verdict.sources.into_iter().map(SourceAnswer::from).collect(),
            form: verdict.form,
            judged_at: verdict.judged_at.to_string(),
        }
    }
}

/// What an annotated copy (加注件) says of itself. It is good for this purpose and this recipient alone.
#[derive(Serialize, ToSchema)]
#[schema(as = AnnotatedCopySaid)]
pub struct CopyAnswer {
    /// Its number.
    number: String,
    /// What it is for.
    purpose: String,
    /// Whom it is for.
    recipient: String,
    /// The last day on which it may be used.
    #[schema(format = Date)]
    last_day: String,
    /// Who had it made: `holder` or `issuing_authority`.
    maker: &'static str,
    /// When.
    #[schema(format = DateTime)]
    made_at: String,
    /// Whether its last day is over.
    ended: bool,
}

impl From<CopySaid> for CopyAnswer {
    fn from(said: CopySaid) -> Self {
        let CopySaid { number, purpose, recipient, last_day, maker, made_at, ended } = said;
        let (last_day, made_at) = (last_day.to_string(), made_at.to_string());
        Self { number, purpose, recipient, last_day, maker, made_at, ended }
    }
}

/// How well a sealed PDF is protected (保护级别): a level of PAdES (EN 319 142-1).
#[derive(Serialize, ToSchema)]
#[schema(as = Protection)]
pub struct ProtectionAnswer {
    /// `B-B`: the seal alone. `B-T`: a time-stamp proves when it existed. `B-LT`: the file itself brings what is needed
    /// to check it at that moment. `B-LTA`: a document time-stamp protects all of that.
    #[schema(schema_with = level)]
    level: &'static str,
    /// The moment at which the seal is proven to have existed; null at B-B.
    #[schema(format = DateTime)]
    proven_at: Option<String>,
    /// Until when the file can be checked with what is in it.
    #[schema(format = DateTime)]
    holds_until: String,
}

impl From<Protection> for ProtectionAnswer {
    fn from(protection: Protection) -> Self {
        Self {
            level: protection.level.word(),
            proven_at: protection.proven_at.map(|moment| moment.to_string()),
            holds_until: protection.holds_until.to_string(),
        }
    }
}

/// A sentence in both languages.
#[derive(Serialize, ToSchema)]
#[schema(as = Sentence)]
pub struct Words {
    /// Chinese.
    zh: String,
    /// English.
    en: String,
}

impl From<Text2> for Words {
    fn from(text: Text2) -> Self {
        Self { zh: text.zh.into_owned(), en: text.en.into_owned() }
    }
}

/// One check.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingAnswer {
    /// A fixed word, such as `seal.bytes`. Never reworded, never reused.
    code: &'static str,
    /// What came of it. A check that could not be made is neither a pass nor a failure.
    #[schema(schema_with = finding_outcome)]
    outcome: FindingOutcome,
    /// Which of the three questions it helps to answer; `protection` answers none of them and never decides.
    #[schema(schema_with = question)]
    about: About,
    /// What was seen.
    fact: Words,
    /// What to do about it.
    next_step: Option<Words>,
}

impl From<Finding> for FindingAnswer {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code,
            outcome: finding.outcome,
            about: finding.about,
            fact: finding.fact.into(),
            next_step: finding.next_step.map(Words::from),
        }
    }
}

/// The license behind an intact document.
#[derive(Serialize, ToSchema)]
#[schema(as = LicenseFacts)]
pub struct FactsAnswer {
    /// Its id.
    id: String,
    /// The code of its type.
    type_code: String,
    /// The name of its type, from our catalogue.
    type_name: Option<String>,
    /// The code of the issuing authority.
    authority_code: String,
    /// Its name, from our registry.
    authority_name: Option<String>,
    /// The day of issue.
    #[schema(format = Date)]
    issued_on: String,
    /// The first day on which it is valid.
    #[schema(format = Date)]
    valid_from: String,
    /// The last day on which it is valid, or null where there is no end.
    #[schema(format = Date)]
    valid_to: Option<String>,
    /// Which version of the license it is, in three digits.
    version: String,
    /// The content digest that every form of the version carries; null for a printed square, which has half of it.
    content_digest: Option<String>,
    /// When it was sealed.
    #[schema(format = DateTime)]
    sealed_at: String,
    /// Whom the sealing certificate names.
    certificate_subject: Option<String>,
}

impl From<LicenseFacts> for FactsAnswer {
    fn from(facts: LicenseFacts) -> Self {
        Self {
            id: facts.id.to_string(),
            type_code: facts.type_code.to_string(),
            type_name: facts.type_name,
            authority_code: facts.authority_code,
            authority_name: facts.authority_name,
            issued_on: facts.issued_on.to_string(),
            valid_from: facts.valid_from.to_string(),
            valid_to: facts.valid_to.map(|day| day.to_string()),
            version: facts.version.to_string(),
            content_digest: facts.content_digest.map(|digest| digest.to_string()),
            sealed_at: facts.sealed_at.to_string(),
            certificate_subject: facts.certificate_subject,
        }
    }
}

fn overall() -> Object {
    words(&[
        "valid",
        "valid_copy",
        "valid_with_later_changes",
        "invalid",
        "indeterminate",
        "unsigned",
    ])
    .build()
}

fn outcome() -> Object {
    words(&["passed", "failed", "unknown"]).build()
}

fn finding_outcome() -> Object {
    words(&["passed", "failed", "could_not_be_made"]).build()
}

fn question() -> Object {
    words(&["integrity", "authenticity", "standing", "protection"]).build()
}

fn level() -> Object {
    words(&["B-B", "B-T", "B-LT", "B-LTA"]).build()
}

fn judged_form() -> Object {
    words(&["sealed_pdf", "ecert", "license_id", "qr", "picture", "receipt", "unknown"]).build()
}

fn standing_state() -> Object {
    words(&[
        "in_force",
        "expired",
        "not_yet_in_force",
        "replaced",
        "revoked",
        "suspended",
        "not_in_vault",
        "not_checked",
        "cannot_check_now",
    ])
    .build()
}
