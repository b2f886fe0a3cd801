//! The checks of a verdict in four groups: integrity, authenticity, standing, protection.
//!
//! What failed comes first and lies open, then what could not be told, then what passed, folded. Where integrity
//! failed nothing else is shown, because nothing else in the file is to be believed.

use crate::judge::{About, Finding, FindingOutcome, Form, Outcome, StandingState, Verdict};

use super::lang::Lang;
use super::standing_words;

/// The checks that answer one question.
pub struct GroupView {
    /// Its fixed word.
    pub word: &'static str,
    /// The trade's word for it.
    pub name: &'static str,
    /// The question.
    pub question: &'static str,
    /// `ok`, `bad`, `bar`, `wait`, `none`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// The answer in a word.
    pub answer: String,
    /// A sentence beside it.
    pub note: String,
    /// Whether it lies open.
    pub open: bool,
    /// What was looked at.
    pub findings: Vec<FindingView>,
}

/// One check.
pub struct FindingView {
    /// Its fixed word.
    pub code: &'static str,
    /// `ok`, `bad`, `wait`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// The outcome in a word.
    pub outcome: &'static str,
    /// What was seen.
    pub fact: String,
    /// What to do about it; empty where there is nothing to do.
    pub next_step: String,
}

/// The groups of a verdict, in the order in which they are read.
pub fn groups(verdict: &Verdict, lang: Lang) -> Vec<GroupView> {
    let mut groups = vec![
        group(verdict, About::Integrity, verdict.integrity, lang),
        group(verdict, About::Authenticity, verdict.authenticity, lang),
        group(verdict, About::Standing, verdict.standing, lang),
    ];
    groups.extend(protection(verdict, lang));
    groups.sort_by_key(|group| rank(group.tone));
    groups
}

/// Failed, open, passed, not looked at.
fn rank(tone: &str) -> u8 {
    match tone {
        "bad" | "bar" => 0,
        "wait" => 1,
        "ok" => 2,
        _ => 3,
    }
}

fn group(verdict: &Verdict, about: About, outcome: Outcome, lang: Lang) -> GroupView {
    let broken = verdict.integrity == Outcome::Failed;
    let number_only = verdict.form == Form::LicenseId;
    let (word, name, question) = title(about);
    let (mut tone, mut icon, mut answer) = match (about, outcome) {
        (_, Outcome::Passed) => ("ok", "tick", ("是", "Yes")),
        (About::Standing, Outcome::Failed) => ("bar", "bar", ("否", "No")),
        (_, Outcome::Failed) => ("bad", "cross", ("否", "No")),
        (_, Outcome::Unknown) => ("wait", "question", ("未能查明", "Not known")),
    };
    if broken && about != About::Integrity {
        (tone, icon, answer) = ("none", "dash", ("未作判断", "Not judged"));
    }
    if number_only && about != About::Standing {
        (tone, icon, answer) = ("none", "dash", ("未检查", "Not looked at"));
    }
    GroupView {
        word,
        name: lang.pick(name.0, name.1),
        question: lang.pick(question.0, question.1),
        tone,
        icon,
        answer: lang.pick(answer.0, answer.1).to_owned(),
        note: note(verdict, about, outcome, lang),
        open: matches!(tone, "bad" | "bar" | "wait"),
        findings: findings(verdict, about, lang),
    }
}

/// What was done against the passing of time: it never decides, so it is never worse than open.
fn protection(verdict: &Verdict, lang: Lang) -> Option<GroupView> {
    let findings = findings(verdict, About::Protection, lang);
    if findings.is_empty() {
        return None;
    }
    let (word, name, question) = title(About::Protection);
    let level = verdict.protection.as_ref();
    let (tone, icon) = if level.is_some() { ("ok", "tick") } else { ("none", "dash") };
    let note = match level {
        Some(protection) => {
            let until = protection.holds_until.in_china();
            match lang {
                Lang::En => format!("The file by itself can be checked until {until}."),
                Lang::Zh => format!("仅凭文件可核验至 {until}。"),
            }
        }
        None => lang
            .pick("没有认定保护级别；这不影响结论。", "No level is claimed, which decides nothing.")
            .to_owned(),
    };
    Some(GroupView {
        word,
        name: lang.pick(name.0, name.1),
        question: lang.pick(question.0, question.1),
        tone,
        icon,
        answer: level.map_or("–".to_owned(), |protection| protection.level.to_string()),
        note,
        open: false,
        findings,
    })
}

/// The fixed word, the trade's word, the question.
fn title(
    about: About,
) -> (&'static str, (&'static str, &'static str), (&'static str, &'static str)) {
    match about {
        About::Authenticity => (
            "authenticity",
            ("真实性", "Authenticity"),
            ("由有权机关签章吗？", "Did an entitled authority seal it?"),
        ),
        About::Integrity => (
            "integrity",
            ("完整性", "Integrity"),
            ("文件与签章时一致吗？", "Is the file as it was sealed?"),
        ),
        About::Protection => (
            "protection",
            ("长期保护", "Protection"),
            ("还能核验多久？", "How long can it be checked?"),
        ),
        About::Standing => (
            "standing",
            ("证照状态", "Standing"),
            ("今天可以使用吗？", "May it be relied on today?"),
        ),
    }
}

fn note(verdict: &Verdict, about: About, outcome: Outcome, lang: Lang) -> String {
    let broken = verdict.integrity == Outcome::Failed;
    let number_only = verdict.form == Form::LicenseId;
    let (zh, en) = match (about, outcome) {
        (About::Integrity | About::Authenticity, _) if number_only => (
            "没有文件可供检查：这里只查询了标识。下列检查针对证照库自己所存的文件。",
            "There was no file to look at: only the number was looked up. What is listed was checked of the vault's own file.",
        ),
        (About::Authenticity | About::Standing, _) if broken => (
            "未作判断：文件已被改动，其中任何内容都不可采信。",
            "Not judged: the file was altered, so nothing in it is to be believed.",
        ),
        (About::Integrity, Outcome::Passed) => {
            ("文件与签章时一致。", "The file is as it was sealed.")
        }
        (About::Integrity, Outcome::Failed) => {
            ("文件在签章后被改动。", "The file was altered after it was sealed.")
        }
        (About::Authenticity, Outcome::Passed) => {
            ("由本库登记的颁发机构签章。", "Sealed by an issuing authority of our registry.")
        }
        (About::Authenticity, Outcome::Failed) => (
            "不是由有权机关以有效证书签章。",
            "Not sealed by an entitled authority with a good certificate.",
        ),
        (About::Integrity | About::Authenticity, Outcome::Unknown) => (
            "现有材料不足以判断，原因见以下各项检查。",
            "There is not enough to decide; the checks below say why.",
        ),
        (About::Standing, _) => return standing_note(verdict, lang),
        // It has a note of its own.
        (About::Protection, _) => ("", ""),
    };
    lang.pick(zh, en).to_owned()
}

/// Where the license stands, in a sentence; also where that is not known.
pub fn standing_note(verdict: &Verdict, lang: Lang) -> String {
    if let Some(standing) = &verdict.standing_detail {
        return standing_words::sentence(standing, lang);
    }
    let (zh, en) = match verdict.standing_state {
        StandingState::CannotCheckNow => (
            "现在无法连接证照库。这不代表证照无效，请稍后重新核验。",
            "The vault cannot be reached now. That does not make the license invalid: verify again later.",
        ),
        StandingState::NotInVault => ("证照库中没有此证照。", "The vault has no such license."),
        StandingState::NotChecked => ("没有查询证照库。", "The vault was not asked."),
        StandingState::InForce => ("今天处于有效状态。", "It is in force today."),
        StandingState::Expired => ("已过有效期。", "It has expired."),
        StandingState::NotYetInForce => ("尚未生效。", "It is not yet in force."),
        StandingState::Replaced => ("已被新版本替代。", "A later version stands in its place."),
        StandingState::Revoked => ("已被废止。", "It was revoked."),
        StandingState::Suspended => ("已暂停使用。", "It is suspended."),
    };
    lang.pick(zh, en).to_owned()
}

/// What was looked at for one question, failures first.
fn findings(verdict: &Verdict, about: About, lang: Lang) -> Vec<FindingView> {
    let broken = verdict.integrity == Outcome::Failed;
    let shown = verdict.findings.iter().filter(|finding| finding.about == about);
    let shown = shown.filter(|_| !broken || about == About::Integrity);
    let mut findings: Vec<_> = shown.map(|finding| finding_view(finding, lang)).collect();
    findings.sort_by_key(|finding| rank(finding.tone));
    findings
}

fn finding_view(finding: &Finding, lang: Lang) -> FindingView {
    let (tone, icon, zh, en) = match finding.outcome {
        FindingOutcome::CouldNotBeMade => ("wait", "question", "未能检查", "Could not be made"),
        FindingOutcome::Failed => ("bad", "cross", "未通过", "Failed"),
        FindingOutcome::Passed => ("ok", "tick", "通过", "Passed"),
    };
    let next_step = finding.next_step.as_ref();
    FindingView {
        code: finding.code,
        tone,
        icon,
        outcome: lang.pick(zh, en),
        fact: lang.pick(&finding.fact.zh, &finding.fact.en).to_owned(),
        next_step: next_step
            .map(|text| lang.pick(&text.zh, &text.en).to_owned())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::fake_verdicts::verdicts;

    fn words(verdict: &Verdict) -> Vec<(&'static str, bool)> {
        groups(verdict, Lang::Zh).iter().map(|group| (group.word, group.open)).collect()
    }

    #[test]
    fn what_failed_comes_first_and_lies_open_and_what_passed_is_folded() {
        let all = verdicts();
        assert_eq!(
            words(&all[0]),
            [("integrity", false), ("authenticity", false), ("standing", false)]
        );
        assert_eq!(
            words(&all[3]),
            [("standing", true), ("integrity", false), ("authenticity", false)]
        );
        assert_eq!(words(&all[5])[0], ("standing", true));
    }

    #[test]
    fn of_an_altered_file_only_its_integrity_is_shown() {
        let altered = groups(&verdicts()[1], Lang::En);
        assert_eq!((altered[0].word, altered[0].tone), ("integrity", "bad"));
        for group in &altered[1..] {
            assert!(group.findings.is_empty() && group.tone == "none", "{}", group.word);
            assert_eq!(group.answer, "Not judged");
        }
    }

    #[test]
    fn the_checks_of_a_group_begin_with_what_failed() {
        let mut verdict = verdicts().remove(0);
        verdict.findings[1].outcome = FindingOutcome::Failed;
        verdict.findings.swap(1, 2);
        let groups = groups(&verdict, Lang::En);
        let authenticity = groups.iter().find(|group| group.word == "authenticity").unwrap();
        let tones: Vec<_> = authenticity.findings.iter().map(|finding| finding.tone).collect();
        assert_eq!(tones, ["bad", "wait"]);
    }

    #[test]
    fn protection_is_a_group_where_something_was_found_and_never_fails() {
        let mut verdict = verdicts().remove(0);
        assert!(groups(&verdict, Lang::Zh).iter().all(|group| group.word != "protection"));
        verdict.findings[2].about = About::Protection;
        verdict.findings[2].outcome = FindingOutcome::Failed;
        let all = groups(&verdict, Lang::Zh);
        let protection = all.iter().find(|group| group.word == "protection").unwrap();
        assert_eq!((protection.tone, protection.answer.as_str()), ("ok", "B-T"));
        assert!(protection.note.contains("2031-05-31"), "{}", protection.note);
    }
}
