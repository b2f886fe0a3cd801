//! The document beside the vault's data, field by field, for those who may see it.
//!
//! A difference is told by a word and a mark in its own row, and counted above the table. Where there is no document
//! that could be read, the vault's side stands alone, to be compared with the paper.

use crate::judge::comparison::{Compared, ComparedField};
use crate::judge::{Outcome, Verdict};

use super::lang::Lang;

/// The table.
pub struct ComparisonView {
    /// `ok`, `bad`, `none`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// What came of it, in one sentence.
    pub summary: String,
    /// Whether the document has a side of its own.
    pub has_document: bool,
    /// The rows, in the order of the face.
    pub rows: Vec<RowView>,
}

/// One field.
pub struct RowView {
    /// What the type calls it.
    pub label: String,
    /// What the document says; empty where it does not show it.
    pub document: String,
    /// What the vault holds; empty where it has no such field.
    pub vault: String,
    /// `ok`, `bad`, `none`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// How the two compare, in a word.
    pub outcome: &'static str,
}

/// The comparison of a verdict, where there is one and the file is to be believed.
pub fn of(verdict: &Verdict, lang: Lang) -> Option<ComparisonView> {
    let fields = verdict.comparison.as_ref()?;
    if verdict.integrity == Outcome::Failed || fields.is_empty() {
        return None;
    }
    let count = |outcome| fields.iter().filter(|field| field.outcome == outcome).count();
    let (different, withheld) = (count(Compared::Different), count(Compared::NotShown));
    let has_document = fields.iter().any(|field| field.document.is_some());
    let (tone, icon, summary) = match (has_document, different) {
        (false, _) => {
            let zh = "没有可读取的文件：以下是证照库的数据，请与手中的纸面逐项对照。";
            let en = "There is no document to read. These are the vault's data: compare each with the paper in hand.";
            ("none", "dash", lang.pick(zh, en).to_owned())
        }
        (true, 0) => ("ok", "tick", alike(withheld, lang)),
        (true, _) => {
            let all = fields.len();
            let zh = format!("{all} 项中有 {different} 项与证照库不同。");
            let en = format!("{different} of {all} differ from the vault.");
            ("bad", "cross", lang.pick(&zh, &en).to_owned())
        }
    };
    let rows = fields.iter().map(|field| RowView::of(field, lang)).collect();
    Some(ComparisonView { tone, icon, summary, has_document, rows })
}

fn alike(withheld: usize, lang: Lang) -> String {
    match (withheld, lang) {
        (0, Lang::En) => "Nothing differs from the vault.".to_owned(),
        (0, Lang::Zh) => "与证照库逐项一致。".to_owned(),
        (_, Lang::En) => format!("Nothing shown differs from the vault; {withheld} not shown."),
        (_, Lang::Zh) => format!("出示的各项与证照库一致；另有 {withheld} 项未出示。"),
    }
}

impl RowView {
    fn of(field: &ComparedField, lang: Lang) -> Self {
        let (tone, icon, zh, en) = match field.outcome {
            Compared::Different => ("bad", "cross", "不同", "Different"),
            Compared::NotShown => ("none", "dash", "未出示", "Not shown"),
            Compared::Same => ("ok", "tick", "一致", "Same"),
        };
        Self {
            label: field.label.clone(),
            document: field.document.clone().unwrap_or_default(),
            vault: field.vault.clone().unwrap_or_default(),
            tone,
            icon,
            outcome: lang.pick(zh, en),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::fake_verdicts::verdicts;

    fn field(document: Option<&str>, vault: Option<&str>, outcome: Compared) -> ComparedField {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let (code, label) = ("holders".to_owned(), "持证主体".to_owned());
        ComparedField { code, label, document: own(document), vault: own(vault), outcome }
    }

    fn compared(fields: Vec<ComparedField>) -> Verdict {
        Verdict { comparison: Some(fields), ..verdicts().remove(0) }
    }

    #[test]
    fn a_difference_is_counted_and_marked_in_words() {
        let same = field(Some("甲"), Some("甲"), Compared::Same);
        let other = field(Some("甲"), Some("乙"), Compared::Different);
        let view = of(&compared(vec![same.clone(), other]), Lang::Zh).unwrap();
        assert_eq!((view.tone, view.summary.as_str()), ("bad", "2 项中有 1 项与证照库不同。"));
        assert_eq!((view.rows[1].outcome, view.rows[1].icon), ("不同", "cross"));
        let view = of(&compared(vec![same]), Lang::En).unwrap();
        assert_eq!((view.tone, view.rows[0].outcome), ("ok", "Same"));
    }

    #[test]
    fn without_a_document_the_vault_stands_alone() {
        let vault = field(None, Some("甲"), Compared::NotShown);
        let view = of(&compared(vec![vault]), Lang::En).unwrap();
        assert!(!view.has_document && view.summary.contains("compare each with the paper"));
    }

    #[test]
    fn nothing_is_compared_for_others_and_for_an_altered_file() {
        assert!(of(&verdicts()[0], Lang::Zh).is_none());
        let row = field(Some("甲"), Some("甲"), Compared::Same);
        let altered = Verdict { integrity: Outcome::Failed, ..compared(vec![row]) };
        assert!(of(&altered, Lang::Zh).is_none());
    }
}
