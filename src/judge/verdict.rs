//! The verdict (核验结论): three answers kept apart, and one sentence a clerk can act on.
//!
//! Integrity and authenticity are about the document and never change; standing is about the license behind
//! it and is true of one moment. Where integrity fails nothing in the file is believed, so
//! [`Verdict::license`] is empty then, and the issuer's name always comes from our registry.

use serde::Serialize;

use crate::crypto::Digest;
use crate::domain::{Day, LicenseId, LicenseTypeCode, Moment, Standing, VersionNo};

use super::finding::{Finding, Text2};

/// What is to be made of a document, or of a license number, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Of the document: integrity and authenticity together.
    pub verdict: Overall,
    /// Whether the bytes are those that were sealed.
    pub integrity: Outcome,
    /// Whether an authority we trust for that type sealed them.
    pub authenticity: Outcome,
    /// Whether the license may be relied on today.
    pub standing: Outcome,
    /// What the license's standing is, or why that is not known.
    pub standing_state: StandingState,
    /// Since when, which kind, by which version.
    pub standing_detail: Option<Standing>,
    /// When the vault was asked.
    pub standing_as_of: Option<Moment>,
    /// One sentence a clerk can act on.
    pub headline: Text2,
    /// What to do next.
    pub next_step: Text2,
    /// Every check.
    pub findings: Vec<Finding>,
    /// What the document says of its license; only where integrity holds.
    pub license: Option<LicenseFacts>,
    /// SHA-256 of the file.
    pub file_digest: Option<Digest>,
    /// What was judged.
    pub form: JudgedForm,
    /// When it was judged.
    pub judged_at: Moment,
}

/// The verdict on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// Something needed to decide is missing.
    Indeterminate,
    /// Altered, or not sealed by whom it should be.
    Invalid,
    /// It carries no seal.
    Unsigned,
    /// As sealed, by an authority we trust.
    Valid,
    /// As sealed, with harmless additions made afterwards.
    ValidWithLaterChanges,
}

/// The answer to one of the three questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No.
    Failed,
    /// Yes.
    Passed,
    /// It could not be found out.
    Unknown,
}

/// The standing of a license, or why it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingState {
    /// The vault could not be reached.
    CannotCheckNow,
    /// The validity period has ended.
    Expired,
    /// It may be relied on.
    InForce,
    /// The vault was not asked.
    NotChecked,
    /// The vault was asked and has no such license.
    NotInVault,
    /// The validity period has not begun.
    NotYetInForce,
    /// A later version stands in its place.
    Replaced,
    /// It has ended for good.
    Revoked,
    /// It is out of force for a time.
    Suspended,
}

/// What was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedForm {
    /// A structured e-certificate.
    Ecert,
    /// A number alone; no file was judged.
    LicenseId,
    /// A sealed PDF.
    SealedPdf,
    /// Something else.
    Unknown,
}

/// The license behind an intact document. No holder and no face value is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LicenseFacts {
    /// Its id.
    pub id: LicenseId,
    /// The code of its type.
    pub type_code: LicenseTypeCode,
    /// The name of its type, from our catalogue.
    pub type_name: Option<String>,
    /// The code of the issuing authority, as the id writes it.
    pub authority_code: String,
    /// Its name, from our registry and never from the document.
    pub authority_name: Option<String>,
    /// The day of issue.
    pub issued_on: Day,
    /// The first day on which it is valid.
    pub valid_from: Day,
    /// The last day on which it is valid, or none where there is no end.
    pub valid_to: Option<Day>,
    /// Which version of the license it is.
    pub version: VersionNo,
    /// The content digest that every form of the version carries.
    pub content_digest: Digest,
    /// When it was sealed.
    pub sealed_at: Option<Moment>,
    /// Whom the sealing certificate names.
    pub certificate_subject: Option<String>,
}
