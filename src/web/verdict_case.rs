//! The cases that a clerk tells apart, each with words, an icon and a tone of its own.
//!
//! A verdict has many parts and a clerk one question. This room picks the case that answers it: what was altered
//! comes before who sealed it, that before where the license stands. The word of a case is fixed, and stands in
//! the page for whoever tests or styles it.

use crate::domain::RevocationKind;
use crate::judge::indication::SubIndication;
use crate::judge::{Finding, FindingOutcome, Form, Outcome, Overall, StandingState, Verdict};

use super::lang::Lang;

/// What a verdict comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Changed after it was sealed, or damaged.
    Altered,
    /// Known for a forgery by the vault, which holds another file under this id.
    AnotherInVault,
    /// The standing cannot be looked up now.
    CannotCheckNow,
    /// The sealing certificate has ended, and nothing proves the seal older.
    CertificateEnded,
    /// The sealing certificate was revoked.
    CertificateRevoked,
    /// Whether the sealing certificate was revoked is not known.
    CertificateUnknown,
    /// An annotated copy in order.
    Copy,
    /// An annotated copy whose last day is over.
    CopyEnded,
    /// The validity of the license has ended.
    Expired,
    /// Sealed by others, whose documents are not judged here.
    Foreign,
    /// Genuine and in force.
    InForce,
    /// Genuine, with lawful additions.
    LaterChanges,
    /// Nobody asked where the license stands.
    NotAsked,
    /// Sealed by somebody who may not, or with a certificate that does not fit.
    NotEntitled,
    /// The vault has no such license.
    NotInVault,
    /// The validity of the license has not begun.
    NotYetInForce,
    /// A genuine receipt of a verification.
    Receipt,
    /// A genuine square of a license in force, on a print that nobody has compared with it yet.
    Square,
    /// A later version stands in its place.
    Replaced,
    /// Revoked, in one of three ways.
    Revoked(RevocationKind),
    /// Suspended.
    Suspended,
    /// It cannot be told, for a reason the checks name.
    Undecided,
    /// No seal at all.
    Unsigned,
    /// Sealed by somebody who is not on our trust list.
    Untrusted,
}

/// How a case looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// `ok`, `bar`, `warn`, `bad`, `wait`: never the only thing that tells.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// The fixed word of the case.
    pub word: &'static str,
}

impl Case {
    /// The case of a verdict.
    pub fn of(verdict: &Verdict) -> Self {
        let has = |code: &str, outcome: FindingOutcome| {
            let it = |finding: &&Finding| finding.code == code && finding.outcome == outcome;
            verdict.findings.iter().any(|finding| it(&finding))
        };
        let failed = |code| has(code, FindingOutcome::Failed);
        let open = |code| has(code, FindingOutcome::CouldNotBeMade);
        // Under one code stands more than one reason; the report on the signature tells them apart.
        let because = |sub| verdict.signatures.iter().any(|one| one.sub_indication == Some(sub));
        let too_hard = because(SubIndication::CertificateChainGeneralFailure);
        let odd_time = because(SubIndication::SigConstraintsFailure);
        match (verdict.integrity, verdict.overall) {
            (Outcome::Failed, _) => Self::Altered,
            (_, Overall::Unsigned) => Self::Unsigned,
            (_, Overall::Invalid) if failed("seal.certificate_revocation") => {
                Self::CertificateRevoked
            }
            (_, Overall::Invalid) => Self::NotEntitled,
            (_, Overall::Indeterminate) if open("license.of_this_library") => Self::Foreign,
            (_, Overall::Indeterminate) if open("seal.certificate_path") && !too_hard => {
                Self::Untrusted
            }
            (_, Overall::Indeterminate) if open("seal.certificate_period") && !odd_time => {
                Self::CertificateEnded
            }
            (_, Overall::Indeterminate) if open("seal.certificate_revocation") => {
                Self::CertificateUnknown
            }
            // A number is told by where its license stands, whether it was typed or read off a picture.
            (_, Overall::Indeterminate) if verdict.form == Form::Picture => match verdict.license {
                Some(_) => Self::by_standing(verdict),
                None => Self::Undecided,
            },
            (_, Overall::Indeterminate) if verdict.form != Form::LicenseId => Self::Undecided,
            _ if verdict.form == Form::Receipt => Self::Receipt,
            _ if failed("license.vault_copy") => Self::AnotherInVault,
            _ => Self::by_standing(verdict),
        }
    }

    fn by_standing(verdict: &Verdict) -> Self {
        match verdict.standing_state {
            StandingState::CannotCheckNow => Self::CannotCheckNow,
            StandingState::Expired => Self::Expired,
            StandingState::InForce => match (verdict.overall, verdict.standing) {
                _ if verdict.is_of_print() => Self::Square,
                (Overall::ValidCopy, Outcome::Failed) => Self::CopyEnded,
                (Overall::ValidCopy, _) => Self::Copy,
                (Overall::ValidWithLaterChanges, _) => Self::LaterChanges,
                _ => Self::InForce,
            },
            StandingState::NotChecked => Self::NotAsked,
            StandingState::NotInVault => Self::NotInVault,
            StandingState::NotYetInForce => Self::NotYetInForce,
            StandingState::Replaced => Self::Replaced,
            StandingState::Revoked => match &verdict.standing_detail {
                Some(crate::domain::Standing::Revoked { kind, .. }) => Self::Revoked(*kind),
                _ => Self::Undecided,
            },
            StandingState::Suspended => Self::Suspended,
        }
    }

    /// How it looks.
    pub fn look(self) -> Look {
        let (tone, icon, word) = match self {
            Self::Altered => ("bad", "triangle", "altered"),
            Self::AnotherInVault => ("bad", "cross", "another_in_vault"),
            Self::CannotCheckNow => ("wait", "offline", "cannot_check_now"),
            Self::CertificateEnded => ("wait", "key", "certificate_ended"),
            Self::CertificateRevoked => ("bad", "key", "certificate_revoked"),
            Self::CertificateUnknown => ("wait", "key", "certificate_unknown"),
            Self::Copy => ("warn", "sheets", "copy"),
            Self::CopyEnded => ("bar", "sheets", "copy_ended"),
            Self::Expired => ("bar", "clock", "expired"),
            Self::Foreign => ("wait", "question", "foreign"),
            Self::InForce => ("ok", "tick", "in_force"),
            Self::LaterChanges => ("warn", "dash", "later_changes"),
            Self::NotAsked => ("wait", "question", "not_asked"),
            Self::NotEntitled => ("bad", "cross", "not_entitled"),
            Self::NotInVault => ("wait", "search", "not_in_vault"),
            Self::NotYetInForce => ("wait", "clock", "not_yet_in_force"),
            Self::Receipt => ("warn", "clock", "receipt"),
            Self::Replaced => ("bar", "arrow", "replaced"),
            Self::Square => ("warn", "search", "square"),
            Self::Revoked(_) => ("bar", "bar", "revoked"),
            Self::Suspended => ("bar", "pause", "suspended"),
            Self::Undecided => ("wait", "question", "undecided"),
            Self::Unsigned => ("wait", "dash", "unsigned"),
            Self::Untrusted => ("wait", "question", "untrusted"),
        };
        Look { tone, icon, word }
    }

    /// The case in a few words; what is said of a license alone differs from what is said of a document.
    pub fn badge(self, verdict: &Verdict, lang: Lang) -> String {
        let alone = verdict.form == Form::LicenseId;
        let whole = match self {
            Self::InForce if alone => ("库中有此证照，今日有效", "On record, in force today"),
            Self::Altered => ("已被改动，不可采信", "Altered: not to be believed"),
            Self::AnotherInVault => ("与库存文件不符，不可采信", "Not the file in the vault"),
            Self::CertificateEnded => ("签章证书已过期，无法判定", "Sealing certificate ended"),
            Self::CertificateRevoked => ("签章证书已被吊销", "Sealing certificate revoked"),
            Self::CertificateUnknown => {
                ("签章证书状态未能查明", "Sealing certificate could not be checked")
            }
            Self::Copy => {
                ("加注件为真，仅限所注用途", "A genuine copy, for the stated purpose alone")
            }
            Self::CopyEnded => ("加注件为真，但已过期", "A genuine copy, but it has ended"),
            Self::Foreign => ("他方签章的文件，无法判定", "Sealed by others: cannot be decided"),
            Self::InForce => ("真实，今日有效", "Genuine and in force today"),
            Self::LaterChanges => {
                ("文件为真，签章后有添加内容", "Genuine, with additions after sealing")
            }
            Self::Receipt => {
                ("核验回执为真，说明的是当时", "A genuine receipt: it tells of that day")
            }
            // A square that holds a number alone is signed by nobody.
            Self::Square if verdict.statement.is_none() => {
                ("图片须与证照库核对", "Compare the picture with the vault")
            }
            Self::Square => {
                ("二维码为真，须与证面核对", "A genuine square: compare it with the print")
            }
            Self::NotEntitled => ("签章不可信", "Seal not to be trusted"),
            Self::Undecided => ("无法判定", "Cannot be decided"),
            Self::Unsigned => ("没有电子签章", "Not sealed"),
            Self::Untrusted => ("签章人不在信任列表中", "Sealed by somebody not on our trust list"),
            _ => return self.of_standing(alone, verdict.overall == Overall::ValidCopy, lang),
        };
        lang.pick(whole.0, whole.1).to_owned()
    }

    /// A genuine document, or no document, and where its license stands.
    fn of_standing(self, alone: bool, is_copy: bool, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::CannotCheckNow => ("现在查不到证照状态", "the standing cannot be looked up now"),
            Self::Expired => ("证照已过有效期", "the license has expired"),
            Self::NotInVault => ("证照库中没有此证照", "the vault has no such license"),
            Self::NotYetInForce => ("证照尚未生效", "the license is not yet in force"),
            Self::Replaced => ("证照已被新版本替代", "the license was replaced"),
            Self::Revoked(RevocationKind::Annulled) => ("证照已撤销", "the license was annulled"),
            Self::Revoked(RevocationKind::Deregistered) => {
                ("证照已注销", "the license was deregistered")
            }
            Self::Revoked(RevocationKind::Withdrawn) => ("证照已吊销", "the license was withdrawn"),
            Self::Suspended => ("证照已暂停使用", "the license is suspended"),
            _ => ("未查询证照状态", "the standing was not looked up"),
        };
        match (lang, alone, is_copy) {
            (Lang::Zh, true, _) => zh.to_owned(),
            (Lang::Zh, false, false) => format!("文件为真，但{zh}"),
            (Lang::Zh, false, true) => format!("加注件为真，但{zh}"),
            (Lang::En, true, _) => {
                let (first, rest) = en.split_at(1);
                format!("{}{rest}", first.to_uppercase())
            }
            (Lang::En, false, false) => format!("Genuine, but {en}"),
            (Lang::En, false, true) => format!("A genuine copy, but {en}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Standing;
    use crate::judge::{About, Text2};
    use crate::web::fake_verdicts::verdicts;

    fn valid() -> Verdict {
        verdicts().remove(0)
    }

    fn with(code: &'static str, outcome: FindingOutcome, overall: Overall) -> Verdict {
        let fact = Text2::fixed("事实", "a fact");
        let about = About::Authenticity;
        let mut verdict = valid();
        verdict.overall = overall;
        verdict.findings.retain(|finding| finding.outcome == FindingOutcome::Passed);
        verdict.findings.push(Finding { code, outcome, about, fact, next_step: None });
        verdict
    }

    fn standing(state: StandingState, detail: Option<Standing>) -> Verdict {
        let standing = Outcome::Failed;
        Verdict { standing, standing_state: state, standing_detail: detail, ..valid() }
    }

    /// One verdict of every case the people who wait in front of a counter may bring.
    fn cases() -> Vec<(Verdict, &'static str)> {
        use FindingOutcome::{CouldNotBeMade as Open, Failed};
        use Overall::{Indeterminate, Invalid, Valid};
        let since = "2026-10-08".parse().unwrap();
        let revoked = |kind| Some(Standing::Revoked { kind, since });
        vec![
            (valid(), "in_force"),
            (verdicts().remove(1), "altered"),
            (verdicts().remove(7), "unsigned"),
            (verdicts().remove(8), "copy"),
            (with("seal.certificate_revocation", Failed, Invalid), "certificate_revoked"),
            (with("seal.authority", Failed, Invalid), "not_entitled"),
            (with("seal.certificate_path", Open, Indeterminate), "untrusted"),
            (with("seal.certificate_period", Open, Indeterminate), "certificate_ended"),
            (with("seal.certificate_revocation", Open, Indeterminate), "certificate_unknown"),
            (with("license.of_this_library", Open, Indeterminate), "foreign"),
            (with("license.issuer", Open, Indeterminate), "undecided"),
            (with("license.vault_copy", Failed, Valid), "another_in_vault"),
            (standing(StandingState::NotInVault, None), "not_in_vault"),
            (standing(StandingState::CannotCheckNow, None), "cannot_check_now"),
            (standing(StandingState::NotChecked, None), "not_asked"),
            (standing(StandingState::Suspended, Some(Standing::Suspended { since })), "suspended"),
            (standing(StandingState::Revoked, revoked(RevocationKind::Annulled)), "revoked"),
            (standing(StandingState::Revoked, revoked(RevocationKind::Deregistered)), "revoked"),
            (standing(StandingState::Revoked, revoked(RevocationKind::Withdrawn)), "revoked"),
            (standing(StandingState::Expired, None), "expired"),
            (standing(StandingState::NotYetInForce, None), "not_yet_in_force"),
            (standing(StandingState::Replaced, None), "replaced"),
            (Verdict { standing: Outcome::Failed, ..verdicts().remove(8) }, "copy_ended"),
            (Verdict { form: Form::Receipt, ..valid() }, "receipt"),
        ]
    }

    #[test]
    fn every_case_has_words_of_its_own_in_both_languages_and_few_share_icon_and_tone() {
        let mut words = std::collections::HashSet::new();
        let mut looks = std::collections::HashSet::new();
        for (verdict, word) in cases() {
            let case = Case::of(&verdict);
            let Look { tone, icon, word: found } = case.look();
            assert_eq!(found, word);
            for lang in [Lang::Zh, Lang::En] {
                assert!(words.insert(case.badge(&verdict, lang)), "{word}: words used twice");
            }
            looks.insert((tone, icon));
        }
        assert!(looks.len() >= 16, "{looks:?}");
    }

    #[test]
    fn only_what_is_wrong_with_a_document_is_bad() {
        for (verdict, word) in cases() {
            let bad = Case::of(&verdict).look().tone == "bad";
            let wrong = verdict.overall == Overall::Invalid || word == "another_in_vault";
            assert_eq!(bad, wrong, "{word}");
        }
    }

    #[test]
    fn a_number_is_told_by_where_its_license_stands_unless_the_shelf_is_wrong() {
        let number = verdicts().remove(2);
        assert_eq!(Case::of(&number), Case::InForce);
        assert_eq!(Case::of(&number).badge(&number, Lang::En), "On record, in force today");
        let state = StandingState::Suspended;
        let suspended = Verdict { standing_state: state, ..number.clone() };
        assert_eq!(Case::of(&suspended).badge(&suspended, Lang::En), "The license is suspended");
        let broken = with("seal.authority", FindingOutcome::Failed, Overall::Invalid);
        let broken = Verdict { form: Form::LicenseId, ..broken };
        assert_eq!(Case::of(&broken), Case::NotEntitled);
    }
}
