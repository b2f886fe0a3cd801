//! Looking at an annotated copy (加注件), and at an original that must not be one.
//!
//! What a copy says of itself stands in three places that must agree: the metadata, bound by a digest of their own to
//! the content of the original; the reason under the seal; and an e-certificate that shows no value. An original has
//! none of the three and shows every value, so a copy whose marks were lost is not an original either, and a file
//! with some marks and not the others is neither.
//!
//! A genuine copy is told apart in the verdict itself ([`Overall::ValidCopy`](super::Overall::ValidCopy)), so that a
//! program that knows only originals does not take it for one. Its standing is that of its original; once its own last
//! day is over it may no longer be relied on, whatever the license is.

use std::fmt;

use serde::Serialize;

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::observed::Observed;
use super::standing::Standings;
use super::verdict::Outcome;
use super::words::{CHECK_STANDING, FETCH_AGAIN, NOT_TODAY, REFUSE, standing_text};
use crate::domain::{CopyMaker, Day, Moment};
use crate::pdf::{COPY_REASON, CopyClaim, CopyFacts, SealedFile};

/// What a sealed PDF names in its metadata: the license, and the digest of its content.
pub(super) struct Named {
    pub(super) id: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) copy: Option<CopyFacts>,
}

/// Reads what `sealed` names, and holds the marks of a copy against one another; `withheld` counts the values that
/// its e-certificate does not show.
pub(super) fn named(sealed: &SealedFile<'_>, withheld: usize, seen: &mut Vec<Observed>) -> Named {
    let by_reason = sealed.reason.as_deref() == Some(COPY_REASON);
    match &sealed.copy {
        CopyClaim::None if !by_reason => {
            if withheld > 0 {
                seen.push(Observed::Copy(CopySeen::Withholding));
            }
            let (id, digest) = (sealed.license_id.clone(), sealed.content_digest_hex.clone());
            Named { id, digest, copy: None }
        }
        CopyClaim::Whole(facts) if by_reason && Some(facts.copy.made_at) == sealed.stated_at => {
            seen.push(Observed::Copy(CopySeen::Whole));
            let id = Some(facts.copy.original.to_string());
            let digest = Some(facts.original_digest.to_string());
            Named { id, digest, copy: Some(CopyFacts::clone(facts)) }
        }
        _ => {
            seen.push(Observed::Copy(CopySeen::Broken));
            Named { id: None, digest: None, copy: None }
        }
    }
}

/// Something that was seen of a copy.
#[derive(Clone, PartialEq, Eq)]
pub enum CopySeen {
    /// The marks of a copy do not hold together.
    Broken,
    /// Its last day is over.
    Ended {
        /// The day.
        last_day: Day,
    },
    /// What it is for.
    For {
        /// The purpose.
        purpose: String,
        /// The recipient.
        recipient: String,
    },
    /// Its last day is not over.
    Holds {
        /// The day.
        last_day: Day,
    },
    /// It says all that a copy says, and the parts agree.
    Whole,
    /// An original whose e-certificate withholds values.
    Withholding,
}

impl CopySeen {
    /// What is said about it.
    pub(super) fn finding(&self) -> Finding {
        use FindingOutcome::{Failed, Passed};
        let (code, outcome, about, zh, en, next_step) = match self {
            Self::Broken => (
                "copy.structure",
                Failed,
                About::Integrity,
                "加注件的标记不完整或互相矛盾".to_owned(),
                "The marks of an annotated copy are not whole or contradict one another".to_owned(),
                Some(FETCH_AGAIN),
            ),
            Self::Ended { last_day } => (
                "copy.last_day",
                Failed,
                About::Standing,
                format!("加注件有效期至 {last_day}，已经截止"),
                format!("The annotated copy could be used until {last_day}, which is over"),
                Some(ANOTHER),
            ),
            Self::For { purpose, recipient } => (
                "copy.purpose",
                Passed,
                About::Standing,
                format!("加注件，仅用于{purpose}，提供给{recipient}"),
                format!("An annotated copy, only for: {purpose}; only for the use of: {recipient}"),
                None,
            ),
            Self::Holds { last_day } => (
                "copy.last_day",
                Passed,
                About::Standing,
                format!("加注件有效期至 {last_day}"),
                format!("The annotated copy may be used until {last_day}"),
                None,
            ),
            Self::Whole => (
                "copy.structure",
                Passed,
                About::Integrity,
                "加注件的标记完整，并与原件内容绑定".to_owned(),
                "The marks of an annotated copy are whole and bound to its original".to_owned(),
                None,
            ),
            Self::Withholding => (
                "copy.structure",
                Failed,
                About::Integrity,
                "所附结构化电子证照未出示全部数据项，不是原件".to_owned(),
                "The attached e-certificate does not show every value: this is no original"
                    .to_owned(),
                Some(FETCH_AGAIN),
            ),
        };
        Finding { code, outcome, about, fact: Text2::filled(zh, en), next_step }
    }
}

impl fmt::Debug for CopySeen {
    /// Names what was seen and shows no words: they may name somebody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken => "Broken",
            Self::Ended { .. } => "Ended",
            Self::For { .. } => "For(…)",
            Self::Holds { .. } => "Holds",
            Self::Whole => "Whole",
            Self::Withholding => "Withholding",
        })
    }
}

const ANOTHER: Text2 = Text2::fixed(
    "不得采信；请持证人重新制作加注件，或出示原件",
    "Do not accept it; ask the holder for a new copy, or for the original",
);

/// What an unaltered copy says (加注信息). Purpose and recipient may name somebody.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CopySaid {
    /// Its number.
    pub number: String,
    /// What it is for.
    pub purpose: String,
    /// Whom it is for.
    pub recipient: String,
    /// The last day on which it may be used.
    pub last_day: Day,
    /// Who had it made: `holder` or `issuing_authority`.
    pub maker: &'static str,
    /// When.
    pub made_at: Moment,
    /// Whether its last day was over at the moment of judging.
    pub ended: bool,
}

impl CopySaid {
    /// What `facts` say on the day of `at`.
    pub(super) fn of(facts: &CopyFacts, at: Moment) -> Self {
        let copy = &facts.copy;
        Self {
            number: copy.number.to_string(),
            purpose: copy.request.purpose().to_owned(),
            recipient: copy.request.recipient().to_owned(),
            last_day: copy.request.last_day(),
            maker: CopyMaker::word(copy.maker),
            made_at: copy.made_at,
            ended: copy.ended_before(at.day_in_china()),
        }
    }

    /// Adds to where the original stands what becomes of the copy by its own words.
    pub(super) fn bear_on(&self, standing: &mut Standings) {
        let (purpose, recipient) = (self.purpose.clone(), self.recipient.clone());
        let last_day = self.last_day;
        standing.seen.push(Observed::Copy(CopySeen::For { purpose, recipient }));
        standing.seen.push(Observed::Copy(match self.ended {
            true => CopySeen::Ended { last_day },
            false => CopySeen::Holds { last_day },
        }));
        if self.ended {
            standing.outcome = Outcome::Failed;
        }
    }

    /// The sentence on a genuine copy, and what to do now.
    pub(super) fn headline(&self, standing: &Standings, authority: Option<&str>) -> (Text2, Text2) {
        if standing.seen.contains(&Observed::VaultOther) {
            let headline = Text2::fixed(
                "不可采信：签章有效，但证照库没有这份加注件",
                "Do not accept: the seal is genuine, but the vault has no such annotated copy",
            );
            return (headline, REFUSE);
        }
        let Self { purpose, recipient, last_day, .. } = self;
        if self.ended {
            let headline = Text2::filled(
                format!("不可采信：加注件有效期至 {last_day}，已经截止"),
                format!("Do not accept: this annotated copy could be used until {last_day}"),
            );
            return (headline, ANOTHER);
        }
        let (zh, en) = match authority {
            Some(name) => (format!("，由{name}签章"), format!(", sealed by {name}")),
            None => (String::new(), String::new()),
        };
        let (original_zh, original_en, next) = match &standing.detail {
            Some(detail) if detail.is_in_force() => (
                "原证照有效".to_owned(),
                "the license is in force".to_owned(),
                Text2::fixed(
                    "核对本次事项和使用方与加注内容一致后方可采信，不得用于其他事项",
                    "Rely on it only for this purpose and this recipient, and for nothing else",
                ),
            ),
            Some(detail) => {
                let Text2 { zh, en } = standing_text(detail);
                (
                    format!("但原证照{zh}，今日不得采信"),
                    format!("but the license is {en}: do not accept it today"),
                    NOT_TODAY,
                )
            }
            None => (
                "未能查询原证照当前状态".to_owned(),
                "where the license stands today was not looked up".to_owned(),
                CHECK_STANDING,
            ),
        };
        let headline = Text2::filled(
            format!(
                "加注件真实{zh}；仅用于{purpose}，提供给{recipient}，有效期至 {last_day}；{original_zh}"
            ),
            format!(
                "A genuine annotated copy{en}; only for: {purpose}; recipient: {recipient}; until {last_day}; {original_en}"
            ),
        );
        (headline, next)
    }
}

impl fmt::Debug for CopySaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CopySaid({}, until {})", self.number, self.last_day)
    }
}
