//! What stands on the face of a receipt: its lines and its table of checks, out of the verdict it tells of.
//!
//! Everything is taken from the JSON that is signed, so the two cannot say different things. What no font draws, and
//! what is longer than a cell, is replaced by a mark: the attached file has every text whole.

use serde_json::Value;

use crate::domain::{IssuingAuthority, Moment};
use crate::ecert::receipt::Presented;
use crate::pdf::{DrawValue, FontBook, FontRole};

/// Stands for a character that no font draws.
const GETA: char = '〓';
/// Longest text of a cell, in characters, as `templates/receipt/type.toml` has it; and what tells of the rest.
const CELL_CHARS: usize = 190;
/// Most rows of the table of checks, likewise.
const CHECKS: usize = 48;
const CUT: &str = "……（全文见所附回执数据）";
/// Longest sentences of the conclusion, likewise.
const HEADLINE_CHARS: usize = 100;

/// The texts of one receipt.
pub struct ReceiptFace {
    headline: String,
    headline_en: String,
    library: String,
    issued_at: String,
    lines: Vec<Vec<String>>,
    checks: Vec<Vec<String>>,
    license_id: Option<String>,
}

impl ReceiptFace {
    /// Of this verdict, in the words of its JSON.
    pub fn of(
        verdict: &Value,
        presented: &Presented,
        library: &IssuingAuthority,
        at: Moment,
        fonts: &FontBook,
    ) -> Self {
        let fit = |text: &str, limit| drawable(&cut(text, limit), fonts);
        let cell = |text: &str| fit(text, CELL_CHARS);
        let text = |path: &str| verdict.pointer(path).and_then(Value::as_str);
        let mut lines = Vec::new();
        let mut line = |what: &str, said: Option<String>| {
            lines.extend(said.map(|said| vec![what.to_owned(), cell(&said)]));
        };
        let named = |name: &str, code: &str| match (text(name), text(code)) {
            (Some(name), Some(code)) => Some(format!("{name}（{code}）")),
            (None, code) => code.map(str::to_owned),
            (Some(name), None) => Some(name.to_owned()),
        };
        line("核验时间（北京时间）", text("/judged_at").map(in_china));
        line("核验对象", text("/form").map(|word| form(word).to_owned()));
        line("所交内容的杂凑值（SHA-256）", presented.sha256.map(|digest| digest.to_string()));
        line("所交内容的大小", presented.size_bytes.map(|bytes| format!("{bytes} 字节")));
        line("证照类型", named("/license/type_name", "/license/type_code"));
        line("颁发机构", named("/license/authority_name", "/license/authority_code"));
        line("电子证照标识", text("/license/id").map(str::to_owned));
        line("完整性", text("/integrity").map(|word| outcome(word).to_owned()));
        line("真实性", text("/authenticity").map(|word| outcome(word).to_owned()));
        line("证照状态", text("/standing").map(|word| outcome(word).to_owned()));
        line("状态查询时间（北京时间）", text("/standing_as_of").map(in_china));
        for source in verdict["sources"].as_array().into_iter().flatten() {
            if source["source"] == "certificate_status" {
                line("证书状态信息截至（北京时间）", source["as_of"].as_str().map(in_china));
            }
        }
        line("下一步", text("/next_step/zh").map(str::to_owned));
        let check = |finding: &Value| {
            let said = |path: &str| finding.pointer(path).and_then(Value::as_str).unwrap_or("");
            vec![cell(said("/code")), outcome(said("/outcome")).to_owned(), cell(said("/fact/zh"))]
        };
        let findings = verdict["findings"].as_array().map_or(&[][..], Vec::as_slice);
        let mut checks: Vec<Vec<String>> = findings.iter().take(CHECKS).map(check).collect();
        if findings.len() > CHECKS {
            let rest = findings.len() - (CHECKS - 1);
            let told = format!("其余 {rest} 项检查见所附回执数据");
            checks.pop();
            checks.push(vec!["……".to_owned(), String::new(), told]);
        }
        Self {
            headline: fit(text("/headline/zh").unwrap_or(""), HEADLINE_CHARS),
            headline_en: fit(text("/headline/en").unwrap_or(""), 2 * HEADLINE_CHARS),
            library: library.name.clone(),
            issued_at: at.in_china(),
            lines,
            checks,
            license_id: text("/license/id").map(str::to_owned),
        }
    }

    /// The license it is about.
    pub fn license_id(&self) -> Option<&str> {
        self.license_id.as_deref()
    }

    /// Field codes and values.
    pub fn values<'f>(&'f self, number: &'f str) -> Vec<(&'static str, DrawValue<'f>)> {
        vec![
            ("HZBH", DrawValue::Text(number)),
            ("JL", DrawValue::Text(&self.headline)),
            ("JLYW", DrawValue::Text(&self.headline_en)),
            ("SX", DrawValue::Table { columns: &["事项", "内容"], rows: &self.lines }),
            ("CJJG", DrawValue::Text(&self.library)),
            ("CJSJ", DrawValue::Text(&self.issued_at)),
            ("JC", DrawValue::Table { columns: &["检查", "结果", "所见"], rows: &self.checks }),
        ]
    }
}

fn in_china(moment: &str) -> String {
    moment.parse::<Moment>().map_or_else(|_| moment.to_owned(), Moment::in_china)
}

fn form(word: &str) -> &'static str {
    match word {
        "ecert" => "结构化电子证照",
        "license_id" => "电子证照标识",
        "picture" => "图片",
        "qr" => "证照二维码",
        "receipt" => "核验回执",
        "sealed_pdf" => "签章 PDF",
        _ => "其他文件",
    }
}

fn outcome(word: &str) -> &'static str {
    match word {
        "passed" => "通过",
        "failed" => "不通过",
        _ => "未能得知",
    }
}

fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept = limit.saturating_sub(CUT.chars().count());
    format!("{}{CUT}", text.chars().take(kept).collect::<String>())
}

fn drawable(text: &str, fonts: &FontBook) -> String {
    let shown = |c: char| match fonts.glyph(FontRole::Body, c) {
        Some(_) => c,
        None => GETA,
    };
    text.chars().map(shown).collect()
}
