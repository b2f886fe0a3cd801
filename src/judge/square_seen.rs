//! What can be seen of a printed square, and what is said about it.

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::indication::SubIndication;
use super::words::{ASK_AUTHORITY, REFUSE};
use crate::ecert::statement::StatementError;

/// Something that was seen of a printed square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SquareSeen {
    /// It is the text of a square with a statement.
    Kind,
    /// It is no text of ours.
    Foreign,
    /// The statement has its form.
    Form,
    /// It does not.
    Broken {
        /// Why.
        why: StatementError,
    },
    /// The certificate it names is known.
    CertificateFound,
    /// It is not.
    CertificateUnknown,
    /// Its signature verifies.
    Signed,
    /// It does not.
    SignatureBad,
}

impl SquareSeen {
    /// What is said about it.
    pub(super) fn finding(self) -> Finding {
        use FindingOutcome::{CouldNotBeMade, Failed, Passed};
        let (code, outcome, zh, en, next_step): (_, _, &'static str, &'static str, _) = match self {
            Self::Kind => (
                "file.kind",
                Passed,
                "所交为证照二维码的内容",
                "What was handed in is the text of a printed square",
                None,
            ),
            Self::Foreign => (
                "file.kind",
                CouldNotBeMade,
                "所交文字不是证照二维码的内容",
                "The text is not that of a license's square",
                Some(Text2::fixed(
                    "请扫描证面上的二维码，提交其完整内容",
                    "Scan the square on the face and hand in all of its text",
                )),
            ),
            Self::Form => (
                "statement.structure",
                Passed,
                "二维码声明格式完好",
                "The statement in the square has its form",
                None,
            ),
            Self::Broken { why } => {
                let zh = "二维码内容已损坏、不完整或被改动".to_owned();
                let en = format!("The text of the square is damaged, cut off or changed: {why}");
                return Finding {
                    code: "statement.structure",
                    outcome: Failed,
                    about: About::Integrity,
                    fact: Text2::filled(zh, en),
                    next_step: Some(Text2::fixed(
                        "请重新扫描；若仍如此，不得采信",
                        "Scan it again; if it stays so, do not accept it",
                    )),
                };
            }
            Self::CertificateFound => (
                "statement.certificate",
                Passed,
                "二维码声明所指的签名证书已知",
                "The certificate that the statement names is known",
                None,
            ),
            Self::CertificateUnknown => (
                "statement.certificate",
                CouldNotBeMade,
                "找不到二维码声明所指的签名证书",
                "The certificate that the statement names is not known here",
                Some(ASK_AUTHORITY),
            ),
            Self::Signed => (
                "statement.signature",
                Passed,
                "二维码声明的签名有效",
                "The statement's signature verifies",
                None,
            ),
            Self::SignatureBad => (
                "statement.signature",
                Failed,
                "二维码声明的签名无效：内容系伪造或被改动",
                "The statement's signature does not verify: it is forged or was changed",
                Some(REFUSE),
            ),
        };
        Finding { code, outcome, about: About::Integrity, fact: Text2::fixed(zh, en), next_step }
    }

    /// What speaks against its signature in this.
    pub(super) fn against(self) -> Option<SubIndication> {
        match self {
            Self::Broken { .. } => Some(SubIndication::FormatFailure),
            Self::CertificateUnknown => Some(SubIndication::NoSigningCertificateFound),
            Self::SignatureBad => Some(SubIndication::SigCryptoFailure),
            _ => None,
        }
    }
}
