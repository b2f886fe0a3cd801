//! What can be seen of the certificate behind a seal, and what is said about it.

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::observed::Observed;
use super::registry::IssuerSeen;
use super::words::{ASK_AUTHORITY, REFUSE};
use crate::domain::Moment;

/// Something that was seen of who sealed a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateSeen {
    /// The certificate names this license's authority.
    AuthorityAgrees,
    /// It names another authority than the license id, or none.
    AuthorityDiffers,
    /// The root that stands behind it was taken in for other authorities.
    BeyondRoot,
    /// One of the path was made for development, and such certificates count here.
    DevelopmentAccepted,
    /// One was, and such certificates do not count here.
    DevelopmentRefused,
    /// Its validity ended before the moment of judging.
    Ended {
        /// Its last moment.
        since: Moment,
    },
    /// No certificate of the path had been revoked.
    Good {
        /// When the oldest word about it was given.
        as_of: Moment,
        /// Until when that is current.
        current_until: Moment,
    },
    /// The stated time of sealing lies after the moment of judging.
    InFuture {
        /// The stated time.
        sealed_at: Moment,
    },
    /// Whether the authority may issue such licenses.
    Issuer(IssuerSeen),
    /// No certificate of the path was made for development.
    NoDevelopment,
    /// A certificate of the path is malformed or breaks a constraint of its issuer.
    PathBroken,
    /// The certificates lead to somebody we trust.
    PathHolds,
    /// The path uses algorithms or takes work that we do not allow.
    PathTooHard,
    /// Nobody we trust stands behind the certificate.
    PathUntrusted,
    /// The stated time of sealing lies outside the certificate's life.
    PeriodBroken {
        /// The stated time.
        sealed_at: Moment,
    },
    /// Sealed within the certificates' life, which lasts still.
    PeriodHolds,
    /// No current word about the certificates is at hand.
    RevocationUnknown,
    /// A certificate of the path was revoked.
    Revoked {
        /// From when on.
        since: Moment,
    },
    /// The certificate was issued for sealing documents.
    UsageFits,
    /// The path could not be looked at, so neither could this.
    UsageUnknown,
    /// It was not.
    UsageWrong,
}

impl From<CertificateSeen> for Observed {
    fn from(seen: CertificateSeen) -> Self {
        Self::Certificate(seen)
    }
}

impl CertificateSeen {
    /// What is said about it.
    pub(super) fn finding(self) -> Finding {
        use FindingOutcome::{CouldNotBeMade, Failed, Passed};
        let (outcome, zh, en): (_, &'static str, &'static str) = match self {
            Self::Issuer(seen) => return seen.finding(),
            Self::Ended { .. }
            | Self::Good { .. }
            | Self::InFuture { .. }
            | Self::PeriodBroken { .. }
            | Self::Revoked { .. } => return self.dated(),
            Self::AuthorityAgrees => (
                Passed,
                "签章证书属于文件所载的机构",
                "The sealing certificate belongs to the authority that the document names",
            ),
            Self::AuthorityDiffers => (
                Failed,
                "签章证书不属于文件所载的机构",
                "The sealing certificate does not belong to the authority that the document names",
            ),
            Self::BeyondRoot => (
                Failed,
                "签章证书的根证书不是为该颁发机构所信任的",
                "The root behind the sealing certificate is not trusted for this authority",
            ),
            Self::DevelopmentAccepted => (
                Passed,
                "开发用证书，仅在开发环境中采信",
                "A development certificate, which counts in development mode only",
            ),
            Self::DevelopmentRefused => {
                (Failed, "签章使用了开发用证书", "The seal was made with a development certificate")
            }
            Self::NoDevelopment => (Passed, "不是开发用证书", "Not a development certificate"),
            Self::PathBroken => (
                Failed,
                "签章证书链有缺陷或违反签发机构的限制",
                "The certificate path is malformed or breaks a constraint of its issuer",
            ),
            Self::PathHolds => (
                Passed,
                "签章证书由受信任的机构签发",
                "The sealing certificate was issued by an authority on the trust list",
            ),
            Self::PathTooHard => (
                CouldNotBeMade,
                "签章证书链使用了不支持的算法或过于复杂",
                "The certificate path uses an unsupported algorithm or is too complex",
            ),
            Self::PathUntrusted => (
                CouldNotBeMade,
                "签章证书不是由信任列表中的机构签发",
                "No authority on the trust list stands behind the sealing certificate",
            ),
            Self::PeriodHolds => (
                Passed,
                "签章时间在签章证书有效期内，证书现仍有效",
                "Sealed within the certificate's validity, which has not ended",
            ),
            Self::RevocationUnknown => (
                CouldNotBeMade,
                "没有有效的吊销列表或在线应答，无法得知签章证书是否被吊销",
                "No current list or OCSP answer is at hand, so whether the sealing certificate is revoked is unknown",
            ),
            Self::UsageFits => (
                Passed,
                "签章证书的用途为文件签章",
                "The certificate was issued for sealing documents",
            ),
            Self::UsageUnknown => (
                CouldNotBeMade,
                "证书链未能建立，无法核对证书用途",
                "Without a path the certificate's purpose could not be checked",
            ),
            Self::UsageWrong => (
                Failed,
                "签章证书的用途不是文件签章",
                "The certificate was not issued for sealing documents",
            ),
        };
        self.said(outcome, Text2::fixed(zh, en))
    }

    /// What is said where a day belongs to it.
    fn dated(self) -> Finding {
        use FindingOutcome::{CouldNotBeMade, Failed, Passed};
        let (outcome, zh, en) = match self {
            Self::Ended { since } => (
                CouldNotBeMade,
                format!("签章证书已于 {} 到期，且没有时间戳证明签章早于该时间", since.in_china()),
                format!(
                    "The sealing certificate ended at {since} and no time-stamp proves the seal older"
                ),
            ),
            Self::Good { as_of, .. } => (
                Passed,
                format!("签章证书未被吊销（证书状态信息截至 {}）", as_of.in_china()),
                format!("The sealing certificate is not revoked (by word of {as_of})"),
            ),
            Self::InFuture { sealed_at } => (
                CouldNotBeMade,
                format!("文件所载签章时间 {} 晚于核验时间", sealed_at.in_china()),
                format!("The stated sealing time {sealed_at} lies after the moment of checking"),
            ),
            Self::PeriodBroken { sealed_at } => (
                Failed,
                format!("文件所载签章时间 {} 不在签章证书有效期内", sealed_at.in_china()),
                format!(
                    "The stated sealing time {sealed_at} lies outside the certificate's validity"
                ),
            ),
            Self::Revoked { since } => (
                Failed,
                format!("签章证书已于 {} 被吊销", since.in_china()),
                format!("The sealing certificate was revoked at {since}"),
            ),
            _ => return self.finding(),
        };
        self.said(outcome, Text2::filled(zh, en))
    }

    fn said(self, outcome: FindingOutcome, fact: Text2) -> Finding {
        let next_step = self.next_step();
        Finding { code: self.code(), outcome, about: About::Authenticity, fact, next_step }
    }

    fn code(self) -> &'static str {
        match self {
            Self::AuthorityAgrees | Self::AuthorityDiffers | Self::BeyondRoot => "seal.authority",
            Self::DevelopmentAccepted | Self::DevelopmentRefused | Self::NoDevelopment => {
                "seal.development"
            }
            Self::Good { .. } | Self::RevocationUnknown | Self::Revoked { .. } => {
                "seal.certificate_revocation"
            }
            Self::Issuer(_) => "license.issuer",
            Self::PathBroken | Self::PathHolds | Self::PathTooHard | Self::PathUntrusted => {
                "seal.certificate_path"
            }
            Self::Ended { .. }
            | Self::InFuture { .. }
            | Self::PeriodBroken { .. }
            | Self::PeriodHolds => "seal.certificate_period",
            Self::UsageFits | Self::UsageUnknown | Self::UsageWrong => "seal.certificate_usage",
        }
    }

    fn next_step(self) -> Option<Text2> {
        match self {
            Self::AuthorityDiffers
            | Self::BeyondRoot
            | Self::DevelopmentRefused
            | Self::PathBroken
            | Self::PeriodBroken { .. }
            | Self::UsageWrong => Some(REFUSE),
            Self::Ended { .. } | Self::PathTooHard | Self::Revoked { .. } => Some(ASK_AUTHORITY),
            Self::InFuture { .. } => Some(Text2::fixed(
                "请核对核验时间与本机时钟",
                "Check the moment asked about and the clock",
            )),
            Self::PathUntrusted => Some(Text2::fixed(
                "请确认颁发机构的根证书是否应加入信任列表",
                "Find out whether the issuer's root certificate belongs on the trust list",
            )),
            Self::RevocationUnknown => Some(Text2::fixed(
                "请更新证书吊销列表后再核验",
                "Fetch the current revocation lists and check again",
            )),
            _ => None,
        }
    }
}
