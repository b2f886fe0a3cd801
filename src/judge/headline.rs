//! The one sentence a verdict leads with, and what to do now.
//!
//! The sentence says first whether the document may be believed, with the first check that decided it, and
//! then where the license stands. A genuine document of a license that is not in force is never praised
//! without the warning in the same sentence.

use super::finding::{About, Finding, FindingOutcome, Text2};
use super::observed::Observed;
use super::standing::Standings;
use super::verdict::{Overall, StandingState};
use super::words::{self, standing_text};
use crate::domain::Standing;

/// For a document; `authority` is its name in our registry, where the seal earned it.
pub(super) fn of_document(
    overall: Overall,
    findings: &[Finding],
    standing: &Standings,
    authority: Option<&str>,
) -> (Text2, Text2) {
    let reason = |outcome| reason(findings, outcome);
    match overall {
        Overall::Valid | Overall::ValidCopy => genuine(standing, authority),
        Overall::ValidWithLaterChanges => {
            let (headline, next) = genuine(standing, authority);
            let headline = Text2::filled(
                format!("{}（签章之后有他人追加的时间戳或验证数据）", headline.zh),
                format!(
                    "{} (somebody else added time-stamps or validation data since)",
                    headline.en
                ),
            );
            let acceptable = standing.detail.as_ref().is_some_and(Standing::is_in_force);
            (headline, if acceptable { words::TAKE_ORIGINAL } else { next })
        }
        Overall::Invalid => {
            let failed = reason(FindingOutcome::Failed);
            (prefixed("不可采信", "Do not accept", failed), step(failed, &words::REFUSE))
        }
        Overall::Unsigned => {
            let absent = reason(FindingOutcome::CouldNotBeMade);
            let headline = Text2::fixed(
                "不是电子证照原件：文件没有电子签章",
                "Not an original: the file has no seal",
            );
            (headline, step(absent, &words::FETCH_AGAIN))
        }
        Overall::Indeterminate => {
            let open = reason(FindingOutcome::CouldNotBeMade);
            let (zh, en) = ("无法判断真伪", "Cannot tell whether it is genuine");
            let mut headline = prefixed(zh, en, open);
            if let Some(standing) = standing.detail.as_ref().filter(|s| !s.is_in_force()) {
                let Text2 { zh, en } = standing_text(standing);
                headline = Text2::filled(
                    format!("{}；且证照{zh}，今日不得采信", headline.zh),
                    format!("{}; besides, the license is {en}", headline.en),
                );
            }
            (headline, step(open, &words::ASK_AUTHORITY))
        }
    }
}

/// For a license id without a document.
pub(super) fn of_id(standing: &Standings) -> (Text2, Text2) {
    match (&standing.detail, standing.state) {
        (Some(detail), _) => {
            let Text2 { zh, en } = standing_text(detail);
            let next = match detail.is_in_force() {
                true => Text2::fixed(
                    "如需确认手中的文件，请提交文件核验",
                    "To be sure of the file in hand, have the file checked",
                ),
                false => words::NOT_TODAY,
            };
            let refuse = if detail.is_in_force() { "" } else { "，今日不得采信" };
            let headline = Text2::filled(
                format!("证照库记载：证照{zh}{refuse}（未核验文件）"),
                format!("By the vault, the license is {en} (no file was checked)"),
            );
            (headline, next)
        }
        (None, StandingState::NotInVault) => (
            Text2::fixed("证照库中没有此证照", "The vault has no such license"),
            words::ASK_AUTHORITY,
        ),
        (None, _) => (
            Text2::fixed("暂时无法查询证照状态", "The standing cannot be looked up just now"),
            words::CHECK_STANDING,
        ),
    }
}

/// For a genuine square. What it is printed on is another question, and only a person can answer it.
pub(super) fn of_square(standing: &Standings, authority: Option<&str>) -> (Text2, Text2) {
    let (zh, en) = match authority {
        Some(name) => (format!("由{name}签名"), format!(", signed by {name}")),
        None => ("签名有效".to_owned(), String::new()),
    };
    let first = (
        format!("二维码真实（{zh}），但可能被翻印；须核对姓名、编号和有效期与证面一致"),
        format!(
            "The square is genuine{en}, but it may be copied: name, number and validity must be those of the print"
        ),
    );
    let (headline, next) = led_by(first, IN_FORCE, standing);
    let compare = Text2::fixed(
        "请将下列持证主体、证照编号和有效期与证面逐项核对，一致方可采信",
        "Compare holder, number and validity below with the print; rely on it only if they agree",
    );
    let in_force = standing.detail.as_ref().is_none_or(Standing::is_in_force);
    let differs = standing.seen.contains(&Observed::VaultOther);
    (headline, if in_force && !differs { compare } else { next })
}

fn genuine(standing: &Standings, authority: Option<&str>) -> (Text2, Text2) {
    let first = match authority {
        Some(name) => (format!("文件真实，由{name}签章"), format!("Genuine, sealed by {name}")),
        None => ("文件真实".to_owned(), "Genuine".to_owned()),
    };
    led_by(first, RELY, standing)
}

/// What is said of a license in force, behind a document to be relied on, and behind one to be compared first.
const RELY: (&str, &str) = ("证照有效，可以采信", "in force, may be relied on");
const IN_FORCE: (&str, &str) = ("证照今日有效", "the license is in force");

/// What is said first, and then where the license stands.
fn led_by(
    (zh, en): (String, String),
    in_force: (&str, &str),
    standing: &Standings,
) -> (Text2, Text2) {
    if standing.seen.contains(&Observed::VaultOther) {
        let headline = Text2::fixed(
            "不可采信：签章有效，但证照库中此标识对应的是另一份文件",
            "Do not accept: the seal is genuine, but the vault holds another file under this id",
        );
        return (headline, words::REFUSE);
    }
    let (say_zh, say_en, next): (String, String, Text2) = match &standing.detail {
        Some(detail) if detail.is_in_force() => (
            in_force.0.to_owned(),
            in_force.1.to_owned(),
            Text2::fixed(
                "核对持证人身份后即可采信",
                "Make sure who the holder is, then rely on it",
            ),
        ),
        Some(detail) => {
            let Text2 { zh, en } = standing_text(detail);
            let next = match detail {
                Standing::Replaced { .. } => Text2::fixed(
                    "今日不得采信；请持证人提供新版本",
                    "Do not accept it today; ask the holder for the newer version",
                ),
                _ => words::NOT_TODAY,
            };
            (
                format!("但证照{zh}，今日不得采信"),
                format!("but the license is {en}: do not accept it today"),
                next,
            )
        }
        None => match standing.state {
            StandingState::NotInVault => (
                "但证照库中没有此证照".to_owned(),
                "but the vault has no such license".to_owned(),
                words::ASK_AUTHORITY,
            ),
            StandingState::CannotCheckNow => (
                "但暂时无法查询证照当前状态".to_owned(),
                "but its standing cannot be looked up just now".to_owned(),
                words::CHECK_STANDING,
            ),
            _ => (
                "未查询证照当前状态".to_owned(),
                "its standing today was not looked up".to_owned(),
                words::CHECK_STANDING,
            ),
        },
    };
    (Text2::filled(format!("{zh}；{say_zh}"), format!("{en}; {say_en}")), next)
}

/// The first finding that came out so, of those that decide about the document.
fn reason(findings: &[Finding], outcome: FindingOutcome) -> Option<&Finding> {
    let of = |about: About| {
        findings.iter().find(|finding| finding.outcome == outcome && finding.about == about)
    };
    of(About::Integrity).or_else(|| of(About::Authenticity))
}

fn prefixed(zh: &str, en: &str, finding: Option<&Finding>) -> Text2 {
    match finding {
        Some(finding) => Text2::filled(
            format!("{zh}：{}", finding.fact.zh),
            format!("{en}: {}", finding.fact.en),
        ),
        None => Text2::filled(zh.to_owned(), en.to_owned()),
    }
}

fn step(finding: Option<&Finding>, otherwise: &Text2) -> Text2 {
    finding.and_then(|finding| finding.next_step.clone()).unwrap_or_else(|| otherwise.clone())
}
