//! Who may issue what, by our own registry (证照目录与颁发机构).
//!
//! Names and rights are taken from here and never from a document. A seal by a trusted authority that may not issue
//! licenses of this type is a good seal by the wrong authority: the license is not authentic.

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::words::{ASK_AUTHORITY, REFUSE};
use crate::domain::{AuthorityCode, Catalogue, Day, LicenseTypeCode};

/// What judging asks of the registry.
pub trait Registry: Sync {
    /// The name of an authority.
    fn authority_name(&self, authority: &str) -> Option<String>;

    /// The name of a license type.
    fn type_name(&self, code: &LicenseTypeCode) -> Option<String>;

    /// Whether this authority might issue licenses of this type on that day; `None` where the type is not known.
    fn may_issue(&self, authority: &str, code: &LicenseTypeCode, day: Day) -> Option<bool>;

    /// Whether this authority runs an electronic license library.
    fn is_library(&self, authority: &str) -> bool;
}

impl Registry for Catalogue {
    fn authority_name(&self, authority: &str) -> Option<String> {
        let code: AuthorityCode = authority.parse().ok()?;
        self.authority(&code).map(|known| known.name.clone())
    }

    fn type_name(&self, code: &LicenseTypeCode) -> Option<String> {
        let newest = self.newest().find(|definition| definition.code == *code)?;
        Some(newest.name.clone())
    }

    fn may_issue(&self, authority: &str, code: &LicenseTypeCode, day: Day) -> Option<bool> {
        let edition = self.edition_of(code, day)?;
        Some(edition.issuers.iter().any(|issuer| issuer.as_str() == authority))
    }

    fn is_library(&self, authority: &str) -> bool {
        let code = authority.parse::<AuthorityCode>().ok();
        code.and_then(|code| self.authority(&code)).is_some_and(|known| known.library)
    }
}

/// What is seen of who sealed a license of this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerSeen {
    /// The authority may issue licenses of this type.
    Entitled,
    /// It may not.
    NotEntitled,
    /// No such type is known, so it cannot be told.
    TypeUnknown,
    /// The authority runs a library, so its receipts count.
    Library,
    /// It does not.
    NotLibrary,
}

impl IssuerSeen {
    /// By the registry.
    pub(super) fn of(
        registry: &dyn Registry,
        authority: &str,
        code: &LicenseTypeCode,
        day: Day,
    ) -> Self {
        match registry.may_issue(authority, code, day) {
            Some(true) => Self::Entitled,
            Some(false) => Self::NotEntitled,
            None => Self::TypeUnknown,
        }
    }

    /// What is said about it.
    pub(super) fn finding(self) -> Finding {
        use FindingOutcome::{CouldNotBeMade, Failed, Passed};
        let code = match self {
            Self::Entitled | Self::NotEntitled | Self::TypeUnknown => "license.issuer",
            Self::Library | Self::NotLibrary => "receipt.issuer",
        };
        let (outcome, zh, en, next_step) = match self {
            Self::Library => (
                Passed,
                "出具机构是登记在册的证照库运行机构",
                "Who issued it runs a license library by our registry",
                None,
            ),
            Self::NotLibrary => (
                Failed,
                "出具机构不是登记在册的证照库运行机构，其回执不作数",
                "Who issued it runs no license library by our registry, so its receipts do not count",
                Some(REFUSE),
            ),
            Self::Entitled => (
                Passed,
                "该机构有权颁发此类证照",
                "The authority may issue licenses of this type",
                None,
            ),
            Self::NotEntitled => (
                Failed,
                "该机构无权颁发此类证照",
                "The authority may not issue licenses of this type",
                Some(REFUSE),
            ),
            Self::TypeUnknown => (
                CouldNotBeMade,
                "证照目录中没有此类证照，无法得知谁有权颁发",
                "The catalogue has no such license type, so who may issue it is unknown",
                Some(ASK_AUTHORITY),
            ),
        };
        Finding { code, outcome, about: About::Authenticity, fact: Text2::fixed(zh, en), next_step }
    }
}
