//! What is said about everything that can be observed: the one table of findings.
//!
//! Each [`Observed`] is one row: its code, how the check came out, what it bears on, its words in both
//! languages, and what to do about it. Words about a file speak only of the file; no row repeats a value
//! from a face.

use FindingOutcome::{CouldNotBeMade, Failed, Passed};

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::observed::Observed;
use super::words::{ASK_AUTHORITY, FETCH_AGAIN, NOT_TODAY, REFUSE, standing_text};
use crate::domain::Standing;

impl Observed {
    /// What is said about it.
    pub fn finding(&self) -> Finding {
        let (code, outcome, about, zh, en): (_, _, _, &'static str, &'static str) = match self {
            Self::AuthorityAgrees => (
                "seal.authority",
                Passed,
                About::Authenticity,
                "签章证书属于证照标识所载的颁发机构",
                "The sealing certificate belongs to the authority named in the license id",
            ),
            Self::AuthorityDiffers => (
                "seal.authority",
                Failed,
                About::Authenticity,
                "签章证书不属于证照标识所载的颁发机构",
                "The sealing certificate does not belong to the authority named in the license id",
            ),
            Self::CertificateEnded { since } => {
                return filled(
                    ("seal.certificate_period", CouldNotBeMade, About::Authenticity),
                    format!(
                        "签章证书已于 {} 到期，且没有时间戳证明签章早于该时间",
                        since.in_china()
                    ),
                    format!(
                        "The sealing certificate ended at {since} and no time-stamp proves the seal older"
                    ),
                    Some(ASK_AUTHORITY),
                );
            }
            Self::CertificateGood { as_of } => {
                return filled(
                    ("seal.certificate_revocation", Passed, About::Authenticity),
                    format!("签章证书未被吊销（证书状态信息截至 {}）", as_of.in_china()),
                    format!("The sealing certificate is not revoked (by word of {as_of})"),
                    None,
                );
            }
            Self::CertificateRevoked { since } => {
                return filled(
                    ("seal.certificate_revocation", Failed, About::Authenticity),
                    format!("签章证书已于 {} 被吊销", since.in_china()),
                    format!("The sealing certificate was revoked at {since}"),
                    Some(ASK_AUTHORITY),
                );
            }
            Self::RevocationUnknown => (
                "seal.certificate_revocation",
                CouldNotBeMade,
                About::Authenticity,
                "没有有效的吊销列表或在线应答，无法得知签章证书是否被吊销",
                "No current list or OCSP answer is at hand, so whether the sealing certificate is revoked is unknown",
            ),
            Self::PeriodHolds => (
                "seal.certificate_period",
                Passed,
                About::Authenticity,
                "签章时间在签章证书有效期内，证书现仍有效",
                "Sealed within the certificate's validity, which has not ended",
            ),
            Self::PeriodBroken { sealed_at } => {
                return filled(
                    ("seal.certificate_period", Failed, About::Authenticity),
                    format!("文件所载签章时间 {} 不在签章证书有效期内", sealed_at.in_china()),
                    format!(
                        "The stated sealing time {sealed_at} lies outside the certificate's validity"
                    ),
                    Some(REFUSE),
                );
            }
            Self::SealedInFuture { sealed_at } => {
                return filled(
                    ("seal.certificate_period", CouldNotBeMade, About::Authenticity),
                    format!("文件所载签章时间 {} 晚于核验时间", sealed_at.in_china()),
                    format!(
                        "The stated sealing time {sealed_at} lies after the moment of checking"
                    ),
                    Some(Text2::fixed(
                        "请核对核验时间与本机时钟",
                        "Check the moment asked about and the clock",
                    )),
                );
            }
            Self::PathHolds => (
                "seal.certificate_path",
                Passed,
                About::Authenticity,
                "签章证书由受信任的机构签发",
                "The sealing certificate was issued by an authority on the trust list",
            ),
            Self::PathUntrusted => (
                "seal.certificate_path",
                CouldNotBeMade,
                About::Authenticity,
                "签章证书不是由信任列表中的机构签发",
                "No authority on the trust list stands behind the sealing certificate",
            ),
            Self::PathBroken => (
                "seal.certificate_path",
                Failed,
                About::Authenticity,
                "签章证书链有缺陷或违反签发机构的限制",
                "The certificate path is malformed or breaks a constraint of its issuer",
            ),
            Self::PathTooHard => (
                "seal.certificate_path",
                CouldNotBeMade,
                About::Authenticity,
                "签章证书链使用了不支持的算法或过于复杂",
                "The certificate path uses an unsupported algorithm or is too complex",
            ),
            Self::UsageUnknown => (
                "seal.certificate_usage",
                CouldNotBeMade,
                About::Authenticity,
                "证书链未能建立，无法核对证书用途",
                "Without a path the certificate's purpose could not be checked",
            ),
            Self::UsageFits => (
                "seal.certificate_usage",
                Passed,
                About::Authenticity,
                "签章证书的用途为文件签章",
                "The certificate was issued for sealing documents",
            ),
            Self::UsageWrong => (
                "seal.certificate_usage",
                Failed,
                About::Authenticity,
                "签章证书的用途不是文件签章",
                "The certificate was not issued for sealing documents",
            ),
            Self::NoDevelopment => (
                "seal.development",
                Passed,
                About::Authenticity,
                "不是开发用证书",
                "Not a development certificate",
            ),
            Self::DevelopmentAccepted => (
                "seal.development",
                Passed,
                About::Authenticity,
                "开发用证书，仅在开发环境中采信",
                "A development certificate, which counts in development mode only",
            ),
            Self::DevelopmentRefused => (
                "seal.development",
                Failed,
                About::Authenticity,
                "签章使用了开发用证书",
                "The seal was made with a development certificate",
            ),
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
            Self::Stamp(seen) => return seen.finding(),
            Self::Foreign(seen) => return seen.finding(),
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
