//! The conclusion (核验结论): integrity, authenticity and standing, kept apart.
//!
//! [`Verdict::overall`] is of the document; where the license stands is a separate answer, so a genuine
//! document of a revoked license is `valid` with a standing that failed, and the headline says not to accept
//! it. The three outcomes are drawn from findings and pass only if every check laid down for
//! the form is there and passed.

use serde::Serialize;

use super::comparison::ComparedField;
use super::copy::CopySaid;
use super::facts::Form;
use super::finding::{About, Finding, FindingOutcome, Text2};
use super::level::Protection;
use super::receipt::ReceiptSaid;
use super::signature::SignatureReport;
use super::source::Source;
use super::square::StatementSaid;
use crate::crypto::Digest;
use crate::domain::{Day, LicenseId, LicenseTypeCode, Moment, Standing, VersionNo};

/// What is to be said of a file, or of a license id.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The verdict on the document.
    #[serde(rename = "verdict")]
    pub overall: Overall,
    /// Whether the bytes are those that were sealed.
    pub integrity: Outcome,
    /// Whether an authority we trust sealed them.
    pub authenticity: Outcome,
    /// Whether the license is in force.
    pub standing: Outcome,
    /// Where the license stands, or why that is not known.
    pub standing_state: StandingState,
    /// Where it stands, with its days.
    pub standing_detail: Option<Standing>,
    /// When the vault was asked.
    pub standing_as_of: Option<Moment>,
    /// One sentence a clerk can act on.
    pub headline: Text2,
    /// What to do now.
    pub next_step: Text2,
    /// Every check, in the order in which it was made.
    pub findings: Vec<Finding>,
    /// What the document says; only where integrity passed.
    pub license: Option<LicenseFacts>,
    /// SHA-256 of the file; of a sealed PDF of ours, as it was sealed, without later revisions.
    pub file_digest: Option<Digest>,
    /// How well a sealed PDF is protected against the passing of time; only where authenticity passed.
    pub protection: Option<Protection>,
    /// What it says as an annotated copy, if it is one; only where integrity passed.
    pub copy: Option<CopySaid>,
    /// What a printed square says, to be compared with the print; only where authenticity passed.
    pub statement: Option<StatementSaid>,
    /// What a receipt says was found; null for everything else, and where integrity did not pass.
    pub receipt: Option<ReceiptSaid>,
    /// The document beside the vault's data; only for those who may see that, and where the vault has the license.
    pub comparison: Option<Vec<ComparedField>>,
    /// What came of each signature, in the words of EN 319 102-1.
    pub signatures: Vec<SignatureReport>,
    /// Where all this comes from, and how fresh it is.
    pub sources: Vec<Source>,
    /// What was handed in.
    pub form: Form,
    /// The moment it was judged for.
    pub judged_at: Moment,
}

impl Verdict {
    /// Whether the document is a genuine original and the license known to be in force. An annotated copy is for
    /// whoever it names, so a reader must look at its words: it is never acceptable as such.
    ///
    /// Nor is a printed square, which may have been copied onto another print.
    pub fn is_acceptable(&self) -> bool {
        !self.is_of_print() && self.overall == Overall::Valid && self.standing == Outcome::Passed
    }

    /// The answer as the exit code of a command: 0 valid, 1 not to be accepted, 2 cannot be told by the program alone.
    ///
    /// A valid document whose standing nobody asked about is 0, because the question was about the file; where
    /// the vault was asked and had no answer, it is 2. So it is for an annotated copy that stands: it is good for one
    /// recipient and one purpose, and whether this is the case somebody has to read. So it is for a file to which somebody else
    /// added something, and for a printed square, which somebody has to compare with the print.
    pub fn exit_code(&self) -> u8 {
        match (self.overall, self.standing, self.standing_state) {
            (Overall::Invalid | Overall::Unsigned, _, _) => 1,
            (_, Outcome::Failed, _) => 1,
            (Overall::Valid, _, _) if self.is_of_print() => 2,
            (Overall::Valid, Outcome::Passed, _) => 0,
            (Overall::Valid, Outcome::Unknown, StandingState::NotChecked) => 0,
            (Overall::Indeterminate, Outcome::Passed, _) if self.form == Form::LicenseId => 0,
            (_, _, _) => 2,
        }
    }

    /// Whether no more than a printed square was judged.
    pub fn is_of_print(&self) -> bool {
        matches!(self.form, Form::Qr | Form::Picture)
    }

    /// The finding with this code.
    pub fn finding(&self, code: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }
}

/// The verdict on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// It cannot be told.
    Indeterminate,
    /// Altered, damaged, or not sealed by whom it should be.
    Invalid,
    /// There is no seal at all.
    Unsigned,
    /// Unaltered, and sealed by the authority it names.
    Valid,
    /// An annotated copy, unaltered, and sealed by the authority it names: for the one purpose and recipient it
    /// states, and never an original.
    ValidCopy,
    /// As [`Self::Valid`], and somebody else added time-stamps or validation data since. By the rules nothing that is
    /// seen can have changed, but the original is in the vault, and that is the one to rely on.
    ValidWithLaterChanges,
}

/// How one of the three questions came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No.
    Failed,
    /// Yes.
    Passed,
    /// It cannot be told.
    Unknown,
}

/// Where the license stands, or why that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingState {
    /// The vault could not be reached.
    CannotCheckNow,
    /// Its validity has ended.
    Expired,
    /// It may be relied on today.
    InForce,
    /// Nobody asked.
    NotChecked,
    /// The vault has no such license.
    NotInVault,
    /// Its validity has not begun.
    NotYetInForce,
    /// A later version stands in its place.
    Replaced,
    /// It has ended for good.
    Revoked,
    /// It is out of force for a time.
    Suspended,
}

impl From<&Standing> for StandingState {
    fn from(standing: &Standing) -> Self {
        match standing {
            Standing::Expired { .. } => Self::Expired,
            Standing::InForce => Self::InForce,
            Standing::NotYetInForce { .. } => Self::NotYetInForce,
            Standing::Replaced { .. } => Self::Replaced,
            Standing::Revoked { .. } => Self::Revoked,
            Standing::Suspended { .. } => Self::Suspended,
        }
    }
}

/// What an unaltered document says of its license. No face value is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LicenseFacts {
    /// The version.
    pub id: LicenseId,
    /// The code of its type.
    pub type_code: LicenseTypeCode,
    /// The name of the type in our catalogue.
    pub type_name: Option<String>,
    /// The code of the issuing authority.
    pub authority_code: String,
    /// The authority's name in our registry; only where authenticity passed, never from the document.
    pub authority_name: Option<String>,
    /// The day of issue.
    pub issued_on: Day,
    /// The first day of validity.
    pub valid_from: Day,
    /// The last day of validity; `None` where there is no end.
    pub valid_to: Option<Day>,
    /// The version number, with its three digits.
    #[serde(serialize_with = "as_text")]
    pub version: VersionNo,
    /// The digest that all forms of the version carry; a printed square has only half of it.
    pub content_digest: Option<Digest>,
    /// The stated time of sealing.
    pub sealed_at: Moment,
    /// The common name in the sealing certificate; only where authenticity passed.
    pub certificate_subject: Option<String>,
}

fn as_text<S: serde::Serializer>(version: &VersionNo, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(version)
}

/// Draws one of the three outcomes: passed only if every code of `required` has a finding and all findings
/// about it passed.
pub(super) fn outcome(findings: &[Finding], about: About, required: &[&str]) -> Outcome {
    let concerned = || findings.iter().filter(|finding| finding.about == about);
    if concerned().any(|finding| finding.outcome == FindingOutcome::Failed) {
        return Outcome::Failed;
    }
    let made = |code: &&str| concerned().any(|finding| finding.code == *code);
    let all = concerned().all(|finding| finding.outcome == FindingOutcome::Passed);
    if all && !required.is_empty() && required.iter().all(made) {
        Outcome::Passed
    } else {
        Outcome::Unknown
    }
}
