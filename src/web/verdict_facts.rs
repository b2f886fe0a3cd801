//! What is known of a license, and of how it was judged, as labels and values.
//!
//! Names of types and authorities come from our registry, never from a document.

use crate::judge::{CopySaid, Form, LicenseFacts, Outcome, Protection, ReceiptSaid, Verdict};

use super::lang::Lang;

/// Label and value.
pub type Line = (&'static str, String);

/// What a clerk compares with the license in hand; empty where integrity failed.
pub fn license(verdict: &Verdict, lang: Lang) -> Vec<Line> {
    if let Some(receipt) = verdict.receipt.as_ref().filter(|_| verdict.integrity != Outcome::Failed)
    {
        return receipt_lines(receipt, lang);
    }
    let Some(license) = believed(verdict) else { return Vec::new() };
    let mut lines = verdict.copy.as_ref().map(|copy| copy_lines(copy, lang)).unwrap_or_default();
    // What has to be compared with the print comes first.
    if let Some(said) = &verdict.statement {
        let holder = lang.pick("持证主体（二维码所载）", "Holder, by the square");
        let number = lang.pick("证照编号（二维码所载）", "License number, by the square");
        lines.push((holder, said.holder.clone()));
        lines.push((number, said.license_number.clone()));
    }
    lines.extend(license_lines(license, lang));
    lines
}

/// What experts ask for: digests, times, the certificate; empty where integrity failed.
pub fn technical(verdict: &Verdict, lang: Lang) -> Vec<Line> {
    let Some(license) = believed(verdict) else { return Vec::new() };
    let sealed_at = license.sealed_at.in_china();
    let mut lines = vec![(lang.pick("签章时间（北京时间）", "Sealed at (UTC+8)"), sealed_at)];
    if let Some(Protection { level, proven_at, holds_until }) = &verdict.protection {
        if let Some(proven_at) = proven_at {
            let label = lang.pick("时间戳证明签章不晚于（北京时间）", "Proven to exist by (UTC+8)");
            lines.push((label, proven_at.in_china()));
        }
        let until = lang.pick("可核验至", "can be checked until");
        let value = format!("{level}{}{until} {}", lang.pick("，", ", "), holds_until.in_china());
        lines.push((lang.pick("保护级别", "Protection"), value));
    }
    if let Some(subject) = &license.certificate_subject {
        lines.push((lang.pick("签章证书主体", "Sealing certificate"), subject.clone()));
    }
    if let Some(digest) = license.content_digest {
        lines.push((lang.pick("内容杂凑值", "Content digest"), digest.to_string()));
    }
    lines
}

/// What was judged, and when.
pub fn record(verdict: &Verdict, lang: Lang) -> Vec<Line> {
    let form = match verdict.form {
        Form::Ecert => lang.pick("结构化电子证照", "structured e-certificate"),
        Form::LicenseId => lang.pick("仅电子证照标识", "a license id alone"),
        Form::Picture => lang.pick("图片", "picture"),
        Form::Qr => lang.pick("证照二维码", "printed square"),
        Form::Receipt => lang.pick("核验回执", "receipt of a verification"),
        Form::SealedPdf => lang.pick("签章 PDF", "sealed PDF"),
        Form::Unknown => lang.pick("其他文件", "another kind of file"),
    };
    let mut lines = vec![
        (lang.pick("核验对象", "What was judged"), form.to_owned()),
        (lang.pick("核验时间（北京时间）", "Judged at (UTC+8)"), verdict.judged_at.in_china()),
    ];
    if let Some(digest) = &verdict.file_digest {
        let label = lang.pick("文件杂凑值（SHA-256）", "File digest (SHA-256)");
        lines.push((label, digest.to_string()));
    }
    lines
}

fn believed(verdict: &Verdict) -> Option<&LicenseFacts> {
    verdict.license.as_ref().filter(|_| verdict.integrity != Outcome::Failed)
}

/// What an annotated copy says of itself, before what its license is.
fn copy_lines(copy: &CopySaid, lang: Lang) -> Vec<Line> {
    vec![
        (lang.pick("加注件用途", "Copy made for"), copy.purpose.clone()),
        (lang.pick("加注件接收方", "Copy made for the use of"), copy.recipient.clone()),
        (lang.pick("加注件有效期至", "Copy good until"), copy.last_day.to_string()),
        (lang.pick("加注件编号", "Number of the copy"), copy.number.clone()),
    ]
}

/// What a receipt says was found.
fn receipt_lines(said: &ReceiptSaid, lang: Lang) -> Vec<Line> {
    let library = match &said.library_name {
        Some(name) => format!("{name}（{}）", said.library),
        None => said.library.clone(),
    };
    let found = lang.pick(&said.headline.zh, &said.headline.en).to_owned();
    let mut lines = vec![
        (lang.pick("回执编号", "Number of the receipt"), said.number.clone()),
        (lang.pick("出具机构", "Issued by"), library),
        (lang.pick("核验时间（北京时间）", "Judged at (UTC+8)"), said.judged_at.in_china()),
        (lang.pick("当时的结论", "What was found"), found),
    ];
    if let Some(id) = &said.license_id {
        lines.push((lang.pick("电子证照标识", "License id"), id.to_string()));
    }
    if let Some(digest) = said.presented {
        let label =
            lang.pick("所核验文件的杂凑值（SHA-256）", "Digest of what was judged (SHA-256)");
        lines.push((label, digest.to_string()));
    }
    lines
}

fn license_lines(license: &LicenseFacts, lang: Lang) -> Vec<Line> {
    let named = |name: &Option<String>, code: &str| match name {
        Some(name) => format!("{name}（{code}）"),
        None => code.to_owned(),
    };
    let end = license.valid_to.map(|day| day.to_string());
    let end = end.unwrap_or_else(|| lang.pick("长期", "no end").to_owned());
    let to = lang.pick("至", "to");
    vec![
        (
            lang.pick("证照类型", "License type"),
            named(&license.type_name, license.type_code.as_str()),
        ),
        (
            lang.pick("颁发机构", "Issuing authority"),
            named(&license.authority_name, &license.authority_code),
        ),
        (lang.pick("颁发日期", "Issued on"), license.issued_on.to_string()),
        (lang.pick("有效期", "Valid"), format!("{} {to} {end}", license.valid_from)),
        (lang.pick("版本", "Version"), license.version.to_string()),
        (lang.pick("电子证照标识", "License id"), license.id.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::fake_verdicts::verdicts;

    #[test]
    fn nothing_of_an_altered_file_is_shown_even_if_it_were_there() {
        let believed = verdicts().remove(0);
        assert!(!license(&believed, Lang::Zh).is_empty());
        let altered = Verdict { integrity: Outcome::Failed, ..believed };
        assert!(license(&altered, Lang::Zh).is_empty() && technical(&altered, Lang::Zh).is_empty());
        assert!(record(&altered, Lang::Zh).len() > 1);
    }

    #[test]
    fn a_copy_is_told_first_for_whom_it_was_made() {
        let lines = license(&verdicts()[8], Lang::En);
        assert_eq!(lines[0], ("Copy made for", "办理贷款".to_owned()));
        assert!(lines.iter().any(|(label, _)| *label == "License id"));
    }
}
