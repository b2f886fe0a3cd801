//! What is said about everything that can be observed: the one table of findings.
//!
//! Each [`Observed`] is one row: its code, how the check came out, what it bears on, its words in both
//! languages, and what to do about it. Words about a file speak only of the file; no row repeats a value
//! from a face.

use FindingOutcome::{CouldNotBeMade, Failed, Passed};

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::observed::Observed;
use super::words::{FETCH_AGAIN, NOT_TODAY, standing_text};
use crate::domain::Standing;

impl Observed {
    /// What is said about it.
    pub fn finding(&self) -> Finding {
        let (code, outcome, about, zh, en): (_, _, _, &'static str, &'static str) = match self {
            Self::ContentAgrees => (
                "content.digest",
                Passed,
                About::Integrity,
                "各处所载内容杂凑值一致",
                "All content digests agree",
            ),
            Self::ContentDiffers => (
                "content.digest",
                Failed,
                About::Integrity,
                "文件各部分所载内容杂凑值不一致",
                "The content digests in the parts of the file do not agree",
            ),
            Self::DisclosuresHold { shown, withheld } => {
                return filled(
                    ("ecert.disclosures", Passed, About::Integrity),
                    format!("出示 {shown} 项，未出示 {withheld} 项，均与签名相符"),
                    format!("Values shown: {shown}, withheld: {withheld}; all as they were signed"),
                    None,
                );
            }
            Self::NothingShown => (
                "ecert.disclosures",
                CouldNotBeMade,
                About::Integrity,
                "没有出示任何数据项，无从采信",
                "No value is shown, so there is nothing to rely on",
            ),
            Self::DisclosuresBroken => (
                "ecert.disclosures",
                Failed,
                About::Integrity,
                "有数据项被改动或并非签发时所有",
                "A disclosed value was changed or was never signed",
            ),
            Self::EcertForm => (
                "ecert.structure",
                Passed,
                About::Integrity,
                "结构化电子证照格式完好",
                "The structured e-certificate has its form",
            ),
            Self::EcertBroken { why } => {
                return filled(
                    ("ecert.structure", Failed, About::Integrity),
                    "结构化电子证照已损坏或不完整".to_owned(),
                    format!("The structured e-certificate is damaged: {why}"),
                    Some(FETCH_AGAIN),
                );
            }
            Self::EcertMissing => (
                "ecert.structure",
                Failed,
                About::Integrity,
                "PDF 中没有结构化电子证照",
                "No structured e-certificate is attached to the PDF",
            ),
            Self::EcertSigned => {
                ("ecert.signature", Passed, About::Integrity, "签名有效", "The signature verifies")
            }
            Self::EcertSignatureBad => (
                "ecert.signature",
                Failed,
                About::Integrity,
                "签名无效：数据在签名后被改动",
                "The signature does not verify: the data was changed after signing",
            ),
            Self::Encrypted => (
                "file.encrypted",
                CouldNotBeMade,
                About::Integrity,
                "文件已加密，无法核验",
                "The file is encrypted and cannot be checked",
            ),
            Self::KindEcert => (
                "file.kind",
                Passed,
                About::Integrity,
                "文件是结构化电子证照",
                "The file is a structured e-certificate",
            ),
            Self::KindId => (
                "file.kind",
                CouldNotBeMade,
                About::Integrity,
                "只提供了证照标识，没有文件可供核验",
                "Only a license id was given; there is no file to check",
            ),
            Self::KindPdf => {
                ("file.kind", Passed, About::Integrity, "文件是 PDF", "The file is a PDF")
            }
            Self::KindUnknown => (
                "file.kind",
                CouldNotBeMade,
                About::Integrity,
                "文件既不是 PDF，也不是结构化电子证照",
                "The file is neither a PDF nor a structured e-certificate",
            ),
            Self::TooLarge { limit_mb } => {
                return filled(
                    ("file.too_large", CouldNotBeMade, About::Integrity),
                    format!("文件超过 {limit_mb} MB，不予核验"),
                    format!("The file is larger than {limit_mb} MB and is not checked"),
                    None,
                );
            }
            Self::IdHolds => (
                "license.id",
                Passed,
                About::Integrity,
                "证照标识完整，校验位正确",
                "The license id is whole and its check character agrees",
            ),
            Self::IdBroken => (
                "license.id",
                Failed,
                About::Integrity,
                "证照标识不完整、校验位不符或前后不一致",
                "The license id is not whole, or differs between the parts of the file",
            ),
            Self::CoverageWhole => (
                "seal.coverage",
                Passed,
                About::Integrity,
                "签章覆盖整个文件",
                "The seal covers the whole file",
            ),
            Self::CoverageProtected => (
                "seal.coverage",
                Passed,
                About::Integrity,
                "签章覆盖全部内容，其后只追加了验证数据和时间戳",
                "The seal covers all content; only validation data and time-stamps were added since",
            ),
            Self::CoverageExtended => (
                "seal.coverage",
                Passed,
                About::Integrity,
                "签章覆盖全部内容；其后有他人追加的时间戳或验证数据，未予采信",
                "The seal covers all content; somebody else added time-stamps or validation data since, which are not counted",
            ),
            Self::CoverageLengthened { bytes } => {
                return filled(
                    ("seal.coverage", Failed, About::Integrity),
                    format!("签章之后文件被追加了 {bytes} 字节"),
                    format!("{bytes} bytes were added to the file after it was sealed"),
                    Some(FETCH_AGAIN),
                );
            }
            Self::CoverageBroken => (
                "seal.coverage",
                Failed,
                About::Integrity,
                "签章没有覆盖整个文件：文件被截断或被改动",
                "The seal does not cover the whole file: it was cut or changed",
            ),
            Self::BytesAgree => (
                "seal.bytes",
                Passed,
                About::Integrity,
                "文件与签章时逐字节一致",
                "The bytes are those that were sealed",
            ),
            Self::BytesChanged => (
                "seal.bytes",
                Failed,
                About::Integrity,
                "文件在签章后被改动",
                "The file was changed after it was sealed",
            ),
            Self::SealPresent => {
                ("seal.present", Passed, About::Integrity, "文件有电子签章", "The file is sealed")
            }
            Self::SealAbsent => (
                "seal.present",
                CouldNotBeMade,
                About::Integrity,
                "文件没有电子签章",
                "The file has no seal",
            ),
            Self::SealForm => (
                "seal.structure",
                Passed,
                About::Integrity,
                "签章结构符合规范",
                "The seal is made as laid down",
            ),
            Self::SealBroken => (
                "seal.structure",
                Failed,
                About::Integrity,
                "文件或签章已损坏或被改动",
                "The file or its seal is damaged or was changed",
            ),
            Self::SealForeign => (
                "seal.structure",
                CouldNotBeMade,
                About::Integrity,
                "文件结构不是本系统所制，无法判断签章覆盖了什么",
                "The file is not built as ours are, so what is sealed in it cannot be told",
            ),
            Self::SealSigned => (
                "seal.signature",
                Passed,
                About::Integrity,
                "签章的数字签名有效",
                "The seal's signature verifies",
            ),
            Self::SealSignatureBad => (
                "seal.signature",
                Failed,
                About::Integrity,
                "签章的数字签名无效",
                "The seal's signature does not verify",
            ),
            Self::Copy(seen) => return seen.finding(),
            Self::Pack(seen) => return seen.finding(),
            Self::Receipt(seen) => return seen.finding(),
            Self::Square(seen) => return seen.finding(),
            Self::Stamp(seen) => return seen.finding(),
            Self::Foreign(seen) => return seen.finding(),
            Self::Certificate(seen) => return seen.finding(),
            Self::VaultSame => (
                "license.vault_copy",
                Passed,
                About::Standing,
                "与证照库存件逐字节一致",
                "Byte for byte the file in the vault",
            ),
            Self::VaultSameContent => (
                "license.vault_copy",
                Passed,
                About::Standing,
                "内容与证照库存件一致",
                "The same content as in the vault",
            ),
            Self::VaultOther => (
                "license.vault_copy",
                Failed,
                About::Standing,
                "证照库中此标识对应的是另一份文件",
                "The vault holds another file under this id",
            ),
            Self::VaultMissing => (
                "license.vault_copy",
                CouldNotBeMade,
                About::Standing,
                "证照库中没有此证照",
                "The vault has no such license",
            ),
            Self::Stands { standing, from_document } => return stands(standing, *from_document),
            Self::StandingNotChecked => (
                "license.standing",
                CouldNotBeMade,
                About::Standing,
                "未向证照库查询证照状态",
                "The vault was not asked where the license stands",
            ),
            Self::StandingUnknownNow => (
                "license.standing",
                CouldNotBeMade,
                About::Standing,
                "暂时无法向证照库查询证照状态",
                "The vault cannot be asked just now",
            ),
        };
        Finding { code, outcome, about, fact: Text2::fixed(zh, en), next_step: self.next_step() }
    }
}

fn stands(standing: &Standing, from_document: bool) -> Finding {
    let outcome = if standing.is_in_force() { Passed } else { Failed };
    let Text2 { zh, en } = standing_text(standing);
    let (zh, en) = if from_document {
        (
            format!("按文件所载有效期，证照{zh}"),
            format!("By its sealed validity, the license is {en}"),
        )
    } else {
        (format!("证照{zh}"), format!("The license is {en}"))
    };
    let next_step = (outcome == Failed).then_some(NOT_TODAY);
    filled(("license.standing", outcome, About::Standing), zh, en, next_step)
}

fn filled(
    (code, outcome, about): (&'static str, FindingOutcome, About),
    zh: String,
    en: String,
    next_step: Option<Text2>,
) -> Finding {
    Finding { code, outcome, about, fact: Text2::filled(zh, en), next_step }
}
