//! A verdict, arranged for reading: the sentence first, then what to do, then the three questions apart, then
//! the checks, then everything.
//!
//! The room decides no more than which mark stands above which words. Where integrity fails nothing but that is
//! shown, because nothing else in the file is to be believed.

use crate::domain::Standing;
use crate::judge::{
    About, CopySaid, Finding, FindingOutcome, Form as JudgedForm, LicenseFacts, Outcome, Overall,
    Protection, StandingState, Verdict,
};

use super::lang::Lang;
use super::standing_words;

/// A verdict, ready to be drawn.
pub struct VerdictView {
    /// `ok`, `bar`, `warn`, `bad`, `wait`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// The verdict in a few words.
    pub badge: &'static str,
    /// One sentence a clerk can act on.
    pub headline: String,
    /// What to do next.
    pub next_step: String,
    /// The three questions, in order.
    pub questions: Vec<QuestionView>,
    /// The checks.
    pub findings: Vec<FindingView>,
    /// What is known of the license, label and value.
    pub facts: Vec<(&'static str, String)>,
    /// What was judged, label and value.
    pub record: Vec<(&'static str, String)>,
    /// The version that stands in its place.
    pub replaced_by: Option<String>,
    /// When the vault was asked: in RFC 3339, and as people in China read it.
    pub as_of: Option<(String, String)>,
    /// Whether only a number was looked up.
    pub number_only: bool,
}

/// One of the three questions, with its answer.
pub struct QuestionView {
    /// The trade's word for it.
    pub name: &'static str,
    /// The question.
    pub question: &'static str,
    /// `ok`, `bad`, `bar`, `wait`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// The answer in a word.
    pub answer: &'static str,
    /// A sentence beside it.
    pub note: String,
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

impl VerdictView {
    /// Arranges a verdict.
    pub fn of(verdict: &Verdict, lang: Lang) -> Self {
        let number_only = verdict.form == JudgedForm::LicenseId;
        let broken = verdict.integrity == Outcome::Failed;
        let (tone, icon, zh, en) = mark(verdict);
        let pick = |text: &crate::judge::Text2| lang.pick(&text.zh, &text.en).to_owned();
        let replaced_by = match &verdict.standing_detail {
            Some(Standing::Replaced { by, .. }) if !broken => Some(by.to_string()),
            _ => None,
        };
        Self {
            tone,
            icon,
            badge: lang.pick(zh, en),
            headline: pick(&verdict.headline),
            next_step: pick(&verdict.next_step),
            questions: questions(verdict, lang),
            findings: verdict
                .findings
                .iter()
                .filter(|finding| !broken || finding.about == About::Integrity)
                .map(|finding| finding_view(finding, lang))
                .collect(),
            facts: match &verdict.license {
                Some(license) if !broken => {
                    let mut all = copy_facts(verdict.copy.as_ref(), lang);
                    all.extend(facts(license, verdict.protection.as_ref(), lang));
                    all
                }
                _ => Vec::new(),
            },
            record: record(verdict, lang),
            replaced_by,
            as_of: verdict
                .standing_as_of
                .filter(|_| !broken)
                .map(|moment| (moment.to_string(), moment.in_china())),
            number_only,
        }
    }
}

/// Tone, icon, and the verdict in a few words of both languages.
fn mark(verdict: &Verdict) -> (&'static str, &'static str, &'static str, &'static str) {
    if verdict.form == JudgedForm::LicenseId {
        return match verdict.standing {
            Outcome::Passed => {
                ("ok", "tick", "库中有此证照，今日有效", "On record, in force today")
            }
            Outcome::Failed => ("bar", "bar", "今日不可使用", "Not to be relied on today"),
            Outcome::Unknown => ("wait", "question", "未能查明", "Not known"),
        };
    }
    match (verdict.overall, verdict.standing) {
        (Overall::Invalid, _) => ("bad", "cross", "无效", "Invalid"),
        (Overall::Unsigned, _) => ("wait", "question", "没有电子签章", "Not sealed"),
        (Overall::Indeterminate, _) => ("wait", "question", "无法判定", "Cannot be decided"),
        (Overall::Valid | Overall::ValidWithLaterChanges, Outcome::Failed) => {
            ("bar", "bar", "文件为真，但今日不可使用", "Genuine, but not to be relied on today")
        }
        (Overall::Valid | Overall::ValidWithLaterChanges, Outcome::Unknown) => {
            ("wait", "question", "文件为真，状态未能查明", "Genuine, standing not known")
        }
        (Overall::ValidCopy, Outcome::Failed) => (
            "bar",
            "bar",
            "加注件为真，但今日不可使用",
            "A genuine copy, but not to be relied on today",
        ),
        (Overall::ValidCopy, Outcome::Unknown) => {
            ("wait", "question", "加注件为真，状态未能查明", "A genuine copy, standing not known")
        }
        (Overall::ValidCopy, Outcome::Passed) => (
            "warn",
            "triangle",
            "加注件为真，仅限所注用途",
            "A genuine copy, for the stated purpose alone",
        ),
        (Overall::ValidWithLaterChanges, Outcome::Passed) => (
            "warn",
            "triangle",
            "文件为真，签章后有添加内容",
            "Genuine, with additions after sealing",
        ),
        (Overall::Valid, Outcome::Passed) => {
            ("ok", "tick", "真实，今日有效", "Genuine and in force today")
        }
    }
}

fn questions(verdict: &Verdict, lang: Lang) -> Vec<QuestionView> {
    let broken = verdict.integrity == Outcome::Failed;
    let number_only = verdict.form == JudgedForm::LicenseId;
    let unread = (
        "没有文件可供检查：这里只查询了标识。",
        "There was no file to look at: only the number was looked up.",
    );
    let disbelieved = (
        "未作判断：文件已被改动，其中任何内容都不可采信。",
        "Not judged: the file was altered, so nothing in it is to be believed.",
    );
    let about = |question: About, outcome: Outcome| {
        let (zh, en) = match (question, outcome) {
            (About::Integrity | About::Authenticity, _) if number_only => unread,
            (About::Authenticity | About::Standing, _) if broken => disbelieved,
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
                "现有材料不足以判断，原因见下方各项检查。",
                "There is not enough to decide; the checks below say why.",
            ),
            (About::Standing, _) => return standing_note(verdict, lang),
            // Protection is no question of its own: it stands among the facts.
            (About::Protection, _) => ("", ""),
        };
        lang.pick(zh, en).to_owned()
    };
    let row = |question,
               name: (&'static str, &'static str),
               asks: (&'static str, &'static str),
               outcome| {
        let (mut tone, mut icon, mut zh, mut en) = match (question, outcome) {
            (_, Outcome::Passed) => ("ok", "tick", "是", "Yes"),
            (About::Standing, Outcome::Failed) => ("bar", "bar", "否", "No"),
            (_, Outcome::Failed) => ("bad", "cross", "否", "No"),
            (_, Outcome::Unknown) => ("wait", "question", "未能查明", "Not known"),
        };
        if broken && question != About::Integrity {
            (tone, icon, zh, en) = ("none", "dash", "未作判断", "Not judged");
        }
        if number_only && question != About::Standing {
            (tone, icon, zh, en) = ("none", "dash", "未检查", "Not looked at");
        }
        QuestionView {
            name: lang.pick(name.0, name.1),
            question: lang.pick(asks.0, asks.1),
            tone,
            icon,
            answer: lang.pick(zh, en),
            note: about(question, outcome),
        }
    };
    vec![
        row(
            About::Integrity,
            ("完整性", "Integrity"),
            ("文件与签章时一致吗？", "Is the file as it was sealed?"),
            verdict.integrity,
        ),
        row(
            About::Authenticity,
            ("真实性", "Authenticity"),
            ("由有权机关签章吗？", "Did an entitled authority seal it?"),
            verdict.authenticity,
        ),
        row(
            About::Standing,
            ("证照状态", "Standing"),
            ("今天可以使用吗？", "May it be relied on today?"),
            verdict.standing,
        ),
    ]
}

fn standing_note(verdict: &Verdict, lang: Lang) -> String {
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

/// What an annotated copy says of itself, before what its license is.
fn copy_facts(copy: Option<&CopySaid>, lang: Lang) -> Vec<(&'static str, String)> {
    let Some(copy) = copy else { return Vec::new() };
    vec![
        (lang.pick("加注件用途", "Copy made for"), copy.purpose.clone()),
        (lang.pick("加注件接收方", "Copy made for the use of"), copy.recipient.clone()),
        (lang.pick("加注件有效期至", "Copy good until"), copy.last_day.to_string()),
        (lang.pick("加注件编号", "Number of the copy"), copy.number.clone()),
    ]
}

fn facts(
    license: &LicenseFacts,
    protection: Option<&Protection>,
    lang: Lang,
) -> Vec<(&'static str, String)> {
    let named = |name: &Option<String>, code: &str| match name {
        Some(name) => format!("{name}（{code}）"),
        None => code.to_owned(),
    };
    let end = license.valid_to.map(|day| day.to_string());
    let end = end.unwrap_or_else(|| lang.pick("长期", "no end").to_owned());
    let mut facts = vec![
        (
            lang.pick("证照类型", "License type"),
            named(&license.type_name, license.type_code.as_str()),
        ),
        (
            lang.pick("颁发机构", "Issuing authority"),
            named(&license.authority_name, &license.authority_code),
        ),
        (lang.pick("颁发日期", "Issued on"), license.issued_on.to_string()),
        (
            lang.pick("有效期", "Valid"),
            format!("{} {} {end}", license.valid_from, lang.pick("至", "to")),
        ),
        (lang.pick("版本", "Version"), license.version.to_string()),
        (lang.pick("电子证照标识", "License id"), license.id.to_string()),
    ];
    let china = license.sealed_at.in_china();
    facts.push((lang.pick("签章时间（北京时间）", "Sealed at (UTC+8)"), china));
    if let Some(Protection { level, proven_at, holds_until }) = protection {
        if let Some(proven_at) = proven_at {
            let label = lang.pick("时间戳证明签章不晚于（北京时间）", "Proven to exist by (UTC+8)");
            facts.push((label, proven_at.in_china()));
        }
        let until = lang.pick("可核验至", "can be checked until");
        let value = format!("{level}{}{until} {}", lang.pick("，", ", "), holds_until.in_china());
        facts.push((lang.pick("保护级别", "Protection"), value));
    }
    if let Some(subject) = &license.certificate_subject {
        facts.push((lang.pick("签章证书主体", "Sealing certificate"), subject.clone()));
    }
    facts.push((lang.pick("内容杂凑值", "Content digest"), license.content_digest.to_string()));
    facts
}

fn record(verdict: &Verdict, lang: Lang) -> Vec<(&'static str, String)> {
    let form = match verdict.form {
        JudgedForm::Ecert => lang.pick("结构化电子证照", "structured e-certificate"),
        JudgedForm::LicenseId => lang.pick("仅电子证照标识", "a license id alone"),
        JudgedForm::SealedPdf => lang.pick("签章 PDF", "sealed PDF"),
        JudgedForm::Unknown => lang.pick("其他文件", "another kind of file"),
    };
    let mut record = vec![
        (lang.pick("核验对象", "What was judged"), form.to_owned()),
        (lang.pick("核验时间（北京时间）", "Judged at (UTC+8)"), verdict.judged_at.in_china()),
    ];
    if let Some(digest) = &verdict.file_digest {
        record.push((
            lang.pick("文件杂凑值（SHA-256）", "File digest (SHA-256)"),
            digest.to_string(),
        ));
    }
    record
}
