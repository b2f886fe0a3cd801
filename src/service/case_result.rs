//! What came of one case of a list or a folder: the verdict in the words of one row.

use crate::judge::{FindingOutcome, Verdict};

/// One row of results. Words are those of the API; what does not apply is empty.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct CaseResult {
    /// The line of the list; none for files.
    pub line: Option<u64>,
    /// What was asked about.
    pub input: String,
    /// `judged`, or `unreadable` with the reason in `error`.
    pub outcome: &'static str,
    /// What was judged.
    pub form: String,
    /// Of the document.
    pub verdict: String,
    /// Whether the bytes are those that were sealed.
    pub integrity: String,
    /// Whether an authority we trust for that type sealed them.
    pub authenticity: String,
    /// Whether the license may be relied on today.
    pub standing: String,
    /// What the standing is, or why it is not known.
    pub standing_state: String,
    /// When the vault was asked.
    pub standing_as_of: String,
    /// The sentence for a clerk, in Chinese.
    pub headline_zh: String,
    /// The same in English.
    pub headline_en: String,
    /// The first check that failed, or could not be made.
    pub finding: String,
    /// The license, where it is known.
    pub license_id: String,
    /// When it was judged.
    pub judged_at: String,
    /// Why it could not be read.
    pub error: String,
    /// The exit code that the verdict alone would have: 0, 1 or 2.
    #[serde(skip)]
    pub exit_code: u8,
}

/// Rows as CSV, as spreadsheets read it; `None` where that cannot be written.
pub fn to_csv(rows: &[CaseResult]) -> Option<Vec<u8>> {
    // By this mark spreadsheets know UTF-8.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    for row in rows {
        writer.serialize(row.for_spreadsheet()).ok()?;
    }
    writer.into_inner().ok()
}

impl CaseResult {
    /// The same, with no cell that a spreadsheet takes for a formula.
    #[must_use]
    pub fn for_spreadsheet(&self) -> Self {
        Self { input: defused(&self.input), error: defused(&self.error), ..self.clone() }
    }

    /// Of a case that could not be read.
    pub fn unreadable(line: Option<u64>, input: String, error: &dyn std::fmt::Display) -> Self {
        let error = error.to_string();
        Self { line, input, outcome: "unreadable", error, exit_code: 2, ..Self::default() }
    }

    /// Of a case that was judged.
    pub fn judged(line: Option<u64>, input: String, verdict: &Verdict) -> Self {
        // Each of these is a text in JSON.
        let word = |value: serde_json::Result<serde_json::Value>| match value {
            Ok(serde_json::Value::String(word)) => word,
            _ => String::new(),
        };
        let worst = [FindingOutcome::Failed, FindingOutcome::CouldNotBeMade]
            .iter()
            .find_map(|of| verdict.findings.iter().find(|finding| finding.outcome == *of));
        let license = verdict.license.as_ref();
        Self {
            line,
            input,
            outcome: "judged",
            form: word(serde_json::to_value(verdict.form)),
            verdict: word(serde_json::to_value(verdict.overall)),
            integrity: word(serde_json::to_value(verdict.integrity)),
            authenticity: word(serde_json::to_value(verdict.authenticity)),
            standing: word(serde_json::to_value(verdict.standing)),
            standing_state: word(serde_json::to_value(verdict.standing_state)),
            standing_as_of: verdict.standing_as_of.map(|at| at.to_string()).unwrap_or_default(),
            headline_zh: verdict.headline.zh.to_string(),
            headline_en: verdict.headline.en.to_string(),
            finding: worst.map(|finding| finding.code.to_owned()).unwrap_or_default(),
            license_id: license.map(|license| license.id.to_string()).unwrap_or_default(),
            judged_at: verdict.judged_at.to_string(),
            error: String::new(),
            exit_code: verdict.exit_code(),
        }
    }
}

/// A cell that no spreadsheet takes for a formula.
fn defused(cell: &str) -> String {
    match cell.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}
