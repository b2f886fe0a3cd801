//! Verdicts written down as lines for a terminal.
//!
//! For programs a verdict is its own JSON, member for member. The lines lead with the headline, Chinese first,
//! and then say every check, so that a clerk reads one line and an expert all.

use std::fmt::Write;

use super::finding::FindingOutcome;
use super::verdict::Verdict;

/// One verdict as lines for people.
pub fn lines(verdict: &Verdict) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", verdict.headline.zh);
    let _ = writeln!(out, "{}", verdict.headline.en);
    let _ = writeln!(out, "→ {} / {}", verdict.next_step.zh, verdict.next_step.en);
    if let Some(license) = &verdict.license {
        let _ = writeln!(out, "  {}", license.id);
    }
    if let Some(said) = &verdict.statement {
        let end = said.valid_to.map_or_else(|| "长期 no end".to_owned(), |day| day.to_string());
        let _ = writeln!(out, "  持证主体 holder: {}", said.holder);
        let _ = writeln!(out, "  证照编号 number: {}", said.license_number);
        let _ = writeln!(out, "  有效期 valid: {} – {end}", said.valid_from);
    }
    for finding in &verdict.findings {
        let mark = match finding.outcome {
            FindingOutcome::CouldNotBeMade => '?',
            FindingOutcome::Failed => '✗',
            FindingOutcome::Passed => '✓',
        };
        let (code, fact) = (finding.code, &finding.fact);
        let _ = writeln!(out, "  {mark} {code}: {} / {}", fact.zh, fact.en);
    }
    out
}
