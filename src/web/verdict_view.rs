//! A verdict, arranged for reading: one sentence, what to do, where the license stands today, the license, the
//! checks in groups, and behind all of them what experts ask for.
//!
//! The room decides no more than what stands where. Where integrity fails nothing but that is shown, because
//! nothing else in the file is to be believed.

use crate::domain::Standing;
use crate::judge::{FindingOutcome, Form, Outcome, StandingState, Text2, Verdict};

use super::lang::Lang;
use super::standing_words::Mark;
use super::verdict_case::{Case, Look};
use super::verdict_checks::{self, GroupView};
use super::verdict_comparison::{self, ComparisonView};
use super::verdict_facts::{self, Line};
use super::verdict_signatures::{self, SignatureView};

/// A verdict, ready to be drawn.
pub struct VerdictView {
    /// How it looks, and the fixed word of its case.
    pub look: Look,
    /// The verdict in a few words.
    pub badge: String,
    /// One sentence a clerk can act on.
    pub headline: String,
    /// What to do next.
    pub next_step: String,
    /// Where the license stands today.
    pub standing: StandingLine,
    /// The checks, in groups.
    pub groups: Vec<GroupView>,
    /// The document beside the vault's data, for those who may see it.
    pub comparison: Option<ComparisonView>,
    /// What is known of the license.
    pub facts: Vec<Line>,
    /// What experts ask for.
    pub technical: Vec<Line>,
    /// Each signature by itself.
    pub signatures: Vec<SignatureView>,
    /// What was judged, when, and where the answer comes from.
    pub record: Vec<Line>,
    /// The version that stands in its place.
    pub replaced_by: Option<String>,
    /// Whether only a number was looked up.
    pub number_only: bool,
    /// Whether a square was found on the picture that was judged, by which the camera knows that it may stop.
    pub has_square: bool,
    /// What a receipt of this is asked for with; none where none is given.
    pub ticket: Option<String>,
}

/// Where the license stands today, and how fresh that is.
pub struct StandingLine {
    /// `ok`, `bar`, `wait`, `none`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// The standing in a word.
    pub words: &'static str,
    /// The same in a sentence.
    pub sentence: String,
    /// When the vault was asked: in RFC 3339, and as people in China read it.
    pub as_of: Option<(String, String)>,
    /// Whether asking again may bring an answer.
    pub ask_again: bool,
}

impl VerdictView {
    /// Arranges a verdict.
    pub fn of(verdict: &Verdict, lang: Lang) -> Self {
        let case = Case::of(verdict);
        let pick = |text: &Text2| lang.pick(&text.zh, &text.en).to_owned();
        let broken = verdict.integrity == Outcome::Failed;
        let replaced_by = match &verdict.standing_detail {
            Some(Standing::Replaced { by, .. }) if !broken => Some(by.to_string()),
            _ => None,
        };
        let mut record = verdict_facts::record(verdict, lang);
        record.extend(verdict_signatures::sources(verdict, lang));
        Self {
            look: case.look(),
            badge: case.badge(verdict, lang),
            headline: pick(&verdict.headline),
            next_step: pick(&verdict.next_step),
            standing: StandingLine::of(verdict, lang),
            groups: verdict_checks::groups(verdict, lang),
            comparison: verdict_comparison::of(verdict, lang),
            facts: verdict_facts::license(verdict, lang),
            technical: verdict_facts::technical(verdict, lang),
            signatures: verdict_signatures::signatures(verdict, lang),
            record,
            replaced_by,
            number_only: verdict.form == Form::LicenseId,
            has_square: verdict.form == Form::Picture
                && verdict
                    .finding("picture.square")
                    .is_some_and(|it| it.outcome == FindingOutcome::Passed),
            ticket: None,
        }
    }
}

impl StandingLine {
    fn of(verdict: &Verdict, lang: Lang) -> Self {
        if verdict.integrity == Outcome::Failed {
            let zh = "没有查询：文件已被改动，其中的标识不可采信。";
            let en = "Not looked up: the file was altered, and the id in it is not to be believed.";
            return Self::unknown(
                "none",
                "dash",
                lang.pick("未查询", "Not looked up"),
                lang.pick(zh, en),
            );
        }
        let sentence = verdict_checks::standing_note(verdict, lang);
        let as_of = verdict.standing_as_of;
        let as_of = as_of.map(|moment| (moment.to_string(), moment.in_china()));
        if let Some(standing) = &verdict.standing_detail {
            let Mark { tone, icon, words } = Mark::of(standing, lang);
            return Self { tone, icon, words, sentence, as_of, ask_again: false };
        }
        let (icon, zh, en) = match verdict.standing_state {
            StandingState::CannotCheckNow => ("offline", "现在查不到", "Cannot be looked up now"),
            StandingState::NotInVault => ("search", "库中没有", "Not in the vault"),
            _ => ("question", "未查询", "Not looked up"),
        };
        let ask_again = verdict.standing_state == StandingState::CannotCheckNow;
        let unknown = Self::unknown("wait", icon, lang.pick(zh, en), &sentence);
        Self { as_of, ask_again, ..unknown }
    }

    fn unknown(
        tone: &'static str,
        icon: &'static str,
        words: &'static str,
        sentence: &str,
    ) -> Self {
        let sentence = sentence.to_owned();
        Self { tone, icon, words, sentence, as_of: None, ask_again: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::fake_verdicts::verdicts;

    #[test]
    fn the_standing_has_its_word_its_sentence_and_its_moment() {
        let all = verdicts();
        let line = |number: usize| StandingLine::of(&all[number], Lang::Zh);
        assert_eq!((line(0).words, line(0).tone), ("有效", "ok"));
        assert_eq!(line(0).as_of.unwrap().1, "2026-11-22 11:20:29");
        assert_eq!(line(1).words, "未查询", "nothing is said of what an altered file names");
        assert!(line(1).as_of.is_none());
        assert_eq!(line(3).words, "已吊销");
        assert!(line(5).ask_again && line(5).as_of.is_none());
        assert!(!line(7).ask_again, "where there is nothing to look up, asking again helps nobody");
    }

    #[test]
    fn the_way_to_a_later_version_is_not_shown_for_an_altered_file() {
        let replaced = verdicts().remove(4);
        assert!(VerdictView::of(&replaced, Lang::Zh).replaced_by.is_some());
        let altered = Verdict { integrity: Outcome::Failed, ..replaced };
        assert!(VerdictView::of(&altered, Lang::Zh).replaced_by.is_none());
    }
}
