//! Each signature of a file by itself, and the sources of the answer, for experts.
//!
//! Indications keep the words of EN 319 102-1 in both languages, because other validators give the same ones.

use serde::Serialize;

use crate::judge::indication::Indication;
use crate::judge::signature::{SignatureKind, SignatureReport};
use crate::judge::source::{Source, SourceKind};
use crate::judge::{Outcome, Verdict};

use super::lang::Lang;
use super::verdict_facts::Line;

/// One signature.
pub struct SignatureView {
    /// What it is.
    pub kind: &'static str,
    /// `ok`, `bad`, `wait`.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// What came of it, in the words of the standard.
    pub indication: String,
    /// Its times and its signer.
    pub lines: Vec<Line>,
}

/// The signatures of a file, in the order in which they were made.
pub fn signatures(verdict: &Verdict, lang: Lang) -> Vec<SignatureView> {
    let broken = verdict.integrity == Outcome::Failed;
    verdict.signatures.iter().map(|report| SignatureView::of(report, broken, lang)).collect()
}

/// Where the answer comes from, and how fresh each source is.
pub fn sources(verdict: &Verdict, lang: Lang) -> Vec<Line> {
    verdict.sources.iter().map(|source| source_line(source, lang)).collect()
}

impl SignatureView {
    fn of(report: &SignatureReport, broken: bool, lang: Lang) -> Self {
        let kind = match report.kind {
            SignatureKind::DocumentTimestamp => lang.pick("文件时间戳", "Document time-stamp"),
            SignatureKind::Ecert => lang.pick("电子证照数据签名", "Signature of the e-certificate"),
            SignatureKind::Receipt => lang.pick("回执签名", "Signature of the receipt"),
            SignatureKind::Seal => lang.pick("电子签章", "Seal"),
            SignatureKind::SealTimestamp => lang.pick("签章时间戳", "Time-stamp of the seal"),
            SignatureKind::Statement => lang.pick("二维码声明", "Statement of the square"),
        };
        let (tone, icon) = match report.indication {
            Indication::Indeterminate => ("wait", "question"),
            Indication::TotalFailed => ("bad", "cross"),
            Indication::TotalPassed => ("ok", "tick"),
        };
        let mut indication = word(&report.indication);
        if let Some(sub) = &report.sub_indication {
            indication = format!("{indication} · {}", word(sub));
        }
        let mut lines = Vec::new();
        // Of a file that was altered nothing is told as if it were so.
        if !broken {
            let china = |label, moment: &crate::domain::Moment| (label, moment.in_china());
            let claimed = lang.pick("自述时间（北京时间）", "Stated time (UTC+8)");
            lines.extend(report.claimed_at.iter().map(|moment| china(claimed, moment)));
            let proven = lang.pick("证明存在时间（北京时间）", "Proven to exist at (UTC+8)");
            lines.extend(report.proven_at.iter().map(|moment| china(proven, moment)));
            let signer = lang.pick("签名证书主体", "Signer");
            lines.extend(report.signer.iter().map(|name| (signer, name.clone())));
        }
        Self { kind, tone, icon, indication, lines }
    }
}

fn source_line(source: &Source, lang: Lang) -> Line {
    let label = match source.source {
        SourceKind::CertificateStatus => lang.pick("证书状态信息截至", "Certificate status as of"),
        SourceKind::TrustPack => lang.pick("信任包制作于", "Trust pack as of"),
        SourceKind::Vault => lang.pick("证照库查询于", "Vault asked at"),
    };
    let as_of = source.as_of.in_china();
    let value = match (&source.current_until, lang) {
        (Some(until), Lang::En) => format!("{as_of}, current until {}", until.in_china()),
        (Some(until), Lang::Zh) => format!("{as_of}，有效至 {}", until.in_china()),
        (None, _) => as_of,
    };
    (label, value)
}

/// The word under which it stands in the API.
fn word(of: &impl Serialize) -> String {
    let word = serde_json::to_value(of).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::indication::SubIndication;
    use crate::web::fake_verdicts::verdicts;

    #[test]
    fn a_signature_keeps_the_words_of_the_standard() {
        let mut verdict = verdicts().remove(0);
        let view = signatures(&verdict, Lang::Zh);
        assert_eq!((view[0].indication.as_str(), view[0].tone), ("TOTAL-PASSED", "ok"));
        verdict.signatures[0].indication = Indication::Indeterminate;
        verdict.signatures[0].sub_indication = Some(SubIndication::RevokedNoPoe);
        assert_eq!(signatures(&verdict, Lang::En)[0].indication, "INDETERMINATE · REVOKED_NO_POE");
    }

    #[test]
    fn of_an_altered_file_no_signer_and_no_time_is_told() {
        let verdict = verdicts().remove(0);
        assert!(!signatures(&verdict, Lang::Zh)[0].lines.is_empty());
        let altered = Verdict { integrity: Outcome::Failed, ..verdict };
        assert!(signatures(&altered, Lang::Zh)[0].lines.is_empty());
    }

    #[test]
    fn each_source_says_how_fresh_it_is() {
        for (label, value) in sources(&verdicts()[0], Lang::En) {
            assert!(!label.is_empty() && value.starts_with("20"), "{label} {value}");
        }
        assert!(!verdicts()[0].sources.is_empty());
    }
}
