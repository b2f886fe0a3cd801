//! What can be seen of a sealed PDF of others, and what is said about it.

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::indication::SubIndication;
use super::words::{ASK_AUTHORITY, REFUSE};
use crate::pdf::foreign::{ForeignError, Uncovered};

/// Something seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForeignSeen {
    /// A signature was made for other bytes, or its key did not make it.
    Bad,
    /// Something was changed after a signature that nothing allows.
    Changed {
        /// What: a fixed word of `pdf::foreign`.
        what: &'static str,
    },
    /// Every signature speaks for a whole revision.
    Covered,
    /// Nothing was changed later but what is allowed.
    NothingChanged,
    /// Who may issue it is not in our registry: it is no license of this library.
    NotOurs,
    /// Every signature holds.
    Signed {
        /// How many there are.
        count: usize,
    },
    /// Somebody we trust stands behind every signature: the common names in their certificates.
    Signers(Vec<String>),
    /// That cannot be told, or not yet, of a signature; and why.
    SignersOpen(Option<SubIndication>),
    /// A signature does not speak for what it should.
    Uncovered(Uncovered),
    /// A signature is of a form or an algorithm that is not read.
    UnknownForm,
    /// The file is not read.
    Unread(ForeignError),
    /// A signature holds, by an algorithm or a key that is too weak to rely on.
    Weak,
}

impl ForeignSeen {
    /// What is said about it.
    pub(super) fn finding(&self) -> Finding {
        use FindingOutcome::{CouldNotBeMade, Failed, Passed};
        let integrity = About::Integrity;
        let (code, outcome, about, zh, en, next_step) = match self {
            Self::Bad => (
                "seal.signature",
                Failed,
                integrity,
                "签名与文件内容不符，文件已被改动".to_owned(),
                "A signature does not belong to the file as it is: it was altered".to_owned(),
                Some(REFUSE),
            ),
            Self::Changed { what } => (
                "seal.later_changes",
                Failed,
                integrity,
                format!("签名之后改动了不允许改动的内容（{}）", chinese(what)),
                format!("What may not change was changed after signing ({what})"),
                Some(REFUSE),
            ),
            Self::Covered => (
                "seal.coverage",
                Passed,
                integrity,
                "每个签名都覆盖其签署时的整个文件".to_owned(),
                "Every signature covers the whole file as it was signed".to_owned(),
                None,
            ),
            Self::NothingChanged => (
                "seal.later_changes",
                Passed,
                integrity,
                "签名之后没有不允许的改动".to_owned(),
                "Nothing was changed after signing but what may be".to_owned(),
                None,
            ),
            Self::NotOurs => (
                "license.of_this_library",
                CouldNotBeMade,
                About::Authenticity,
                "不是本证照库的证照，签名人是否有权颁发须另行核实".to_owned(),
                "No license of this library: whether the signer may issue it must be asked elsewhere"
                    .to_owned(),
                Some(ASK_AUTHORITY),
            ),
            Self::Signed { count } => (
                "seal.signature",
                Passed,
                integrity,
                format!("{count} 个签名均与文件内容相符"),
                format!("Signatures that belong to the file: {count}, all of them"),
                None,
            ),
            Self::Signers(names) => (
                "seal.signers",
                Passed,
                About::Authenticity,
                format!("签名人证书由受信任的机构签发：{}", names.join("、")),
                format!("Somebody on the trust list stands behind every signature: {}", names.join(", ")),
                None,
            ),
            Self::SignersOpen(why) => {
                let (zh, en, next_step) = open(*why);
                ("seal.signers", CouldNotBeMade, About::Authenticity, zh.to_owned(), en.to_owned(), Some(next_step))
            }
            Self::Uncovered(why) => {
                let (zh, en) = match why {
                    Uncovered::Gap => ("签名值之外另有未签名的内容", "leaves out more than its own value"),
                    Uncovered::Range => ("签名范围不是从文件开头起的两段", "has no range of two parts from the first byte on"),
                    Uncovered::Revision => ("签名范围的末尾不是文件某一版本的末尾", "does not end where a revision of the file ends"),
                };
                (
                    "seal.coverage",
                    Failed,
                    integrity,
                    format!("签名没有覆盖整个文件：{zh}"),
                    format!("A signature does not cover the whole file: it {en}"),
                    Some(REFUSE),
                )
            }
            Self::UnknownForm => (
                "seal.signature",
                CouldNotBeMade,
                integrity,
                "签名的格式或算法不在可核验之列".to_owned(),
                "A signature has a form or an algorithm that is not read".to_owned(),
                Some(ASK_AUTHORITY),
            ),
            Self::Unread(why) => (
                "seal.structure",
                CouldNotBeMade,
                integrity,
                format!("文件结构无法可靠读取，不能判断签名覆盖了什么（{}）", why.code()),
                format!("What is signed in the file cannot be told: {why} ({})", why.code()),
                Some(ASK_AUTHORITY),
            ),
            Self::Weak => (
                "seal.algorithm",
                Failed,
                About::Authenticity,
                "签名所用的算法或密钥长度已不安全".to_owned(),
                "A signature was made with an algorithm or a key that is too weak to rely on".to_owned(),
                Some(ASK_AUTHORITY),
            ),
        };
        Finding { code, outcome, about, fact: Text2::filled(zh, en), next_step }
    }
}

/// Why it cannot be told who stands behind a signature, and what to do.
fn open(why: Option<SubIndication>) -> (&'static str, &'static str, Text2) {
    const LISTS: Text2 = Text2::fixed(
        "请更新证书吊销列表后再核验",
        "Fetch the current revocation lists and check again",
    );
    match why {
        Some(SubIndication::NoCertificateChainFound) => (
            "签名人证书不是由信任列表中的机构签发",
            "Nobody on the trust list stands behind a signature",
            ASK_AUTHORITY,
        ),
        Some(SubIndication::OutOfBoundsNoPoe) => (
            "签名人证书不在有效期内，且没有时间戳证明签名更早",
            "The certificate of a signer is outside its validity and no time-stamp proves the signature older",
            ASK_AUTHORITY,
        ),
        Some(SubIndication::RevokedNoPoe) => (
            "签名人证书已被吊销，且没有时间戳证明签名更早",
            "The certificate of a signer was revoked and no time-stamp proves the signature older",
            ASK_AUTHORITY,
        ),
        Some(SubIndication::TryLater) => (
            "无法得知签名人证书是否被吊销",
            "Whether the certificate of a signer is revoked is not known",
            LISTS,
        ),
        Some(SubIndication::ChainConstraintsFailure) => (
            "签名人证书的用途不是签署文件，或是开发用证书",
            "The certificate of a signer is not for signing documents, or is one for development",
            ASK_AUTHORITY,
        ),
        _ => ("签名人证书无法认定", "Who stands behind a signature cannot be told", ASK_AUTHORITY),
    }
}

fn chinese(what: &str) -> &'static str {
    match what {
        "annotations" => "批注",
        "appearance" => "签名或表单外观",
        "catalog" => "文件目录",
        "field" => "表单域",
        "form" => "表单",
        "metadata" => "元数据",
        "page" => "页面",
        "trailer" => "文件尾",
        "unlisted" => "交叉引用之外的内容",
        "validation data" => "验证数据",
        _ => "页面内容",
    }
}
