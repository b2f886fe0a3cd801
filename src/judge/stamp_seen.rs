//! What can be seen of time-stamps, and what is said about it.
//!
//! A stamp that does not hold is told apart by what it means: damaged or made for other bytes, the file was altered;
//! doubtful, it is not counted and nothing more. What bears on the second is said under [`About::Protection`], which
//! never decides whether a document is genuine.

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::words::{ASK_AUTHORITY, FETCH_AGAIN, REFUSE};
use crate::domain::{Level, Moment};
use crate::pki::TimestampError;

/// Which time-stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// That inside the seal, over its signature.
    Seal,
    /// The document time-stamp of this number, from 1.
    Document(usize),
}

impl Stamp {
    fn code(self) -> &'static str {
        match self {
            Self::Seal => "timestamp.seal",
            Self::Document(_) => "timestamp.document",
        }
    }

    fn name(self) -> (String, String) {
        match self {
            Self::Seal => ("签章时间戳".to_owned(), "The time-stamp of the seal".to_owned()),
            Self::Document(number) => {
                (format!("第 {number} 个文档时间戳"), format!("Document time-stamp {number}"))
            }
        }
    }
}

/// Something that was seen of the time-stamps of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampSeen {
    /// It counts.
    Holds {
        /// Which.
        which: Stamp,
        /// When it was made.
        at: Moment,
    },
    /// It was damaged or changed.
    Broken {
        /// Which.
        which: Stamp,
        /// What is wrong with it; `None` for what its signature does not cover.
        why: Option<TimestampError>,
    },
    /// It was made for other bytes.
    Elsewhere {
        /// Which.
        which: Stamp,
    },
    /// It is not counted.
    Open {
        /// Which.
        which: Stamp,
        /// Why.
        doubt: Doubt,
    },
    /// The seal existed within the life of its certificates.
    InLife {
        /// The moment that is proven.
        proven: Moment,
    },
    /// The seal existed before the life of its certificates.
    BeforeLife {
        /// The moment that is proven.
        proven: Moment,
    },
    /// The seal existed before the time it states.
    BeforeStated {
        /// The stated time of sealing.
        stated: Moment,
        /// The proven one.
        proven: Moment,
    },
    /// The level that was reached.
    Reached {
        /// Which.
        level: Level,
        /// Until when that holds.
        holds_until: Moment,
    },
}

/// Why a time-stamp is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It was made with a development certificate, and such do not count here.
    Development,
    /// Its authority's certificate has ended, and no later time-stamp was made before.
    Ended {
        /// Its last moment.
        since: Moment,
    },
    /// It encloses other certificates than those that lead to whom we trust.
    OtherCertificates,
    /// It states a later time than the moment by which it must have existed.
    OutOfOrder,
    /// It was made outside the life of its authority's certificates.
    OutsideLife,
    /// Its authority's path is malformed, too complex, or not for time-stamps.
    PathBroken,
    /// No current word about its authority's certificates is at hand.
    RevocationUnknown,
    /// A certificate of its authority was revoked.
    Revoked {
        /// From when on.
        since: Moment,
    },
    /// Nobody we trust stands behind its authority.
    Untrusted,
}

impl Doubt {
    fn words(self) -> (String, String) {
        let fixed = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        match self {
            Self::Development => {
                fixed("使用了开发用证书", "was made with a development certificate")
            }
            Self::Ended { since } => (
                format!("时间戳机构证书已于 {} 到期，此前没有更新的时间戳", since.in_china()),
                format!(
                    "its authority's certificate ended at {since} and no newer one was made before"
                ),
            ),
            Self::OtherCertificates => {
                fixed("所附证书与信任链不符", "encloses other certificates than those of its path")
            }
            Self::OutOfOrder => fixed(
                "所载时间晚于它必须已经存在的时间",
                "states a later time than that by which it must have existed",
            ),
            Self::OutsideLife => fixed(
                "所载时间不在时间戳机构证书有效期内",
                "was made outside the validity of its authority's certificates",
            ),
            Self::PathBroken => fixed(
                "时间戳机构证书链有缺陷或用途不符",
                "has an authority whose certificate path is malformed or not for time-stamps",
            ),
            Self::RevocationUnknown => fixed(
                "无法得知时间戳机构证书是否被吊销",
                "has an authority whose certificates may have been revoked: no current word is at hand",
            ),
            Self::Revoked { since } => (
                format!("时间戳机构证书已于 {} 被吊销", since.in_china()),
                format!("has an authority whose certificate was revoked at {since}"),
            ),
            Self::Untrusted => {
                fixed("时间戳机构不在信任列表中", "has an authority that is not on the trust list")
            }
        }
    }

    fn next_step(self) -> Text2 {
        match self {
            Self::Untrusted => Text2::fixed(
                "请确认时间戳机构的根证书是否应加入信任列表",
                "Find out whether the time-stamp authority's root certificate belongs on the trust list",
            ),
            Self::RevocationUnknown => Text2::fixed(
                "请更新时间戳机构的证书吊销列表后再核验",
                "Fetch the current revocation lists of the time-stamp authority and check again",
            ),
            Self::Ended { .. } => Text2::fixed(
                "请持证人从证照库下载保护已更新的文件",
                "Have the file with renewed protection downloaded from the vault",
            ),
            _ => ASK_AUTHORITY,
        }
    }
}

impl StampSeen {
    /// What is said about it.
    pub(super) fn finding(&self) -> Finding {
        let (code, outcome, about, zh, en, next_step) = match self {
            Self::Holds { which, at } => {
                let (zh, en) = which.name();
                (
                    which.code(),
                    FindingOutcome::Passed,
                    About::Protection,
                    format!("{zh}有效（{}）", at.in_china()),
                    format!("{en} holds ({at})"),
                    None,
                )
            }
            Self::Broken { which, why } => {
                let (zh, en) = which.name();
                let why = match why {
                    Some(why) => format!("{en} is damaged or was changed: {why}"),
                    None => format!("{en} was changed outside of what its signature covers"),
                };
                (
                    which.code(),
                    FindingOutcome::Failed,
                    About::Integrity,
                    format!("{zh}已损坏或被改动"),
                    why,
                    Some(FETCH_AGAIN),
                )
            }
            Self::Elsewhere { which } => {
                let (zh, en) = which.name();
                (
                    which.code(),
                    FindingOutcome::Failed,
                    About::Integrity,
                    format!("{zh}不是为此文件所作"),
                    format!("{en} was made for something else"),
                    Some(FETCH_AGAIN),
                )
            }
            Self::Open { which, doubt } => {
                let (zh, en) = which.name();
                let (why_zh, why_en) = doubt.words();
                (
                    which.code(),
                    FindingOutcome::CouldNotBeMade,
                    About::Protection,
                    format!("{zh}不予采信：{why_zh}"),
                    format!("{en} is not counted: it {why_en}"),
                    Some(doubt.next_step()),
                )
            }
            Self::InLife { proven } => (
                "seal.certificate_period",
                FindingOutcome::Passed,
                About::Authenticity,
                format!("时间戳证明签章不晚于 {}，其时签章证书有效", proven.in_china()),
                format!(
                    "A time-stamp proves that the seal existed at {proven}, when its certificate was valid"
                ),
                None,
            ),
            Self::BeforeLife { proven } => (
                "seal.certificate_period",
                FindingOutcome::Failed,
                About::Authenticity,
                format!("时间戳证明签章在 {} 已经存在，早于签章证书有效期", proven.in_china()),
                format!(
                    "A time-stamp proves that the seal existed at {proven}, before its certificate was valid"
                ),
                Some(REFUSE),
            ),
            Self::BeforeStated { stated, proven } => (
                "timestamp.order",
                FindingOutcome::Failed,
                About::Authenticity,
                format!(
                    "时间戳证明签章在 {} 已经存在，早于文件所载签章时间 {}",
                    proven.in_china(),
                    stated.in_china()
                ),
                format!(
                    "A time-stamp proves that the seal existed at {proven}, before the time {stated} that it states"
                ),
                Some(REFUSE),
            ),
            Self::Reached { level, holds_until } => (
                "protection.level",
                FindingOutcome::Passed,
                About::Protection,
                format!("保护级别 {level}，可核验至 {}", holds_until.in_china()),
                format!("Protection {level}, can be checked until {holds_until}"),
                None,
            ),
        };
        Finding { code, outcome, about, fact: Text2::filled(zh, en), next_step }
    }
}
