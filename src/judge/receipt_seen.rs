//! What can be seen of a receipt of a verification, and what is said about it.

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::indication::SubIndication;
use super::words::REFUSE;
use crate::domain::Moment;

/// Something that was seen of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptSeen {
    /// It is a receipt.
    Kind,
    /// It has its form.
    Form,
    /// It does not.
    Broken {
        /// Why, in English, for whoever mends it.
        why: String,
    },
    /// Its signature verifies.
    Signed,
    /// It does not.
    SignatureBad,
    /// What it says was found, and when.
    Speaks {
        /// The moment that was judged for.
        judged_at: Moment,
    },
    /// The file beside it is the one it speaks of.
    OfThisFile,
    /// It is another one.
    OfAnotherFile,
}

impl ReceiptSeen {
    /// What is said about it.
    pub(super) fn finding(&self) -> Finding {
        use FindingOutcome::{Failed, Passed};
        let (code, outcome, zh, en, next_step): (_, _, &'static str, &'static str, _) = match self {
            Self::Kind => (
                "file.kind",
                Passed,
                "所交文件为核验回执",
                "The file is a receipt of a verification",
                None,
            ),
            Self::Form => {
                ("receipt.structure", Passed, "回执格式完好", "The receipt has its form", None)
            }
            Self::Broken { why } => {
                return Finding {
                    code: "receipt.structure",
                    outcome: Failed,
                    about: About::Integrity,
                    fact: Text2::filled(
                        "回执已损坏或被改动".to_owned(),
                        format!("The receipt is damaged or was changed: {why}"),
                    ),
                    next_step: Some(REFUSE),
                };
            }
            Self::Signed => (
                "receipt.signature",
                Passed,
                "回执签名有效",
                "The receipt's signature verifies",
                None,
            ),
            Self::SignatureBad => (
                "receipt.signature",
                Failed,
                "回执签名无效：系伪造或被改动",
                "The receipt's signature does not verify: it is forged or was changed",
                Some(REFUSE),
            ),
            Self::Speaks { judged_at } => {
                return Finding {
                    code: "receipt.moment",
                    outcome: Passed,
                    about: About::Integrity,
                    fact: Text2::filled(
                        format!("回执记载的是 {judged_at} 的核验结论，不说明此后的状态"),
                        format!(
                            "It tells what was found at {judged_at}, and nothing of what came later"
                        ),
                    ),
                    next_step: None,
                };
            }
            Self::OfThisFile => (
                "receipt.presented",
                Passed,
                "回执所核验的正是此文件",
                "The receipt is of this very file",
                None,
            ),
            Self::OfAnotherFile => (
                "receipt.presented",
                Failed,
                "回执所核验的不是此文件",
                "The receipt is of another file",
                Some(Text2::fixed(
                    "请找出当时所交的文件，或重新核验此文件",
                    "Find the file that was handed in then, or have this one verified",
                )),
            ),
        };
        Finding { code, outcome, about: About::Integrity, fact: Text2::fixed(zh, en), next_step }
    }

    /// What speaks against its signature in this.
    pub(super) fn against(&self) -> Option<SubIndication> {
        match self {
            Self::Broken { .. } => Some(SubIndication::FormatFailure),
            Self::SignatureBad => Some(SubIndication::SigCryptoFailure),
            _ => None,
        }
    }
}
