//! A picture of a license: its square names a license, and nothing on it is proven.
//!
//! Whoever has a picture can have changed it, and a genuine square can stand on a forged print. So a picture is never
//! *valid*: what the vault knows of the license is said, and the clerk is told to compare.

use super::facts::Form;
use super::finding::{About, Finding, FindingOutcome, Text2};
use super::square::is_square;
use super::verdict::{Outcome, Overall, StandingState, Verdict};
use super::words::ASK_AUTHORITY;
use crate::domain::{LicenseId, Moment};
use crate::picture::{PictureError, squares};

/// What a picture leads to.
#[derive(Debug)]
pub enum PictureRead {
    /// The license that its square names, as those of earlier prints do, without a statement.
    Id(LicenseId),
    /// Nothing: what is to be said of it.
    Nothing(Box<Verdict>),
    /// The text of a square with a signed statement.
    Square(String),
}

/// Reads the square of a picture: the first that names a license.
pub fn read_picture(bytes: &[u8], at: Moment) -> PictureRead {
    let found = match squares(bytes) {
        Ok(found) => found,
        Err(why) => return PictureRead::Nothing(Box::new(nothing(&Seen::Unread(why), at))),
    };
    if let Some(text) = found.iter().find(|text| is_square(text)) {
        return PictureRead::Square(text.clone());
    }
    let id = found.iter().find_map(|text| {
        let id = text.rsplit_once('#').map_or(text.as_str(), |(_, id)| id);
        id.trim().parse::<LicenseId>().ok()
    });
    match id {
        Some(id) => PictureRead::Id(id),
        None if found.is_empty() => PictureRead::Nothing(Box::new(nothing(&Seen::NoSquare, at))),
        None => PictureRead::Nothing(Box::new(nothing(&Seen::OtherSquare, at))),
    }
}

/// What is said of a square or of a license id that was read from a picture.
pub fn shown_on_picture(mut verdict: Verdict) -> Verdict {
    let of_square = verdict.form == Form::Qr;
    verdict.form = Form::Picture;
    if of_square {
        // Its signature was checked, and says nothing of what stands beside it.
        verdict.findings.insert(0, Seen::Square.finding());
        verdict.findings.insert(1, Finding { about: About::Protection, ..original() });
        return verdict;
    }
    verdict.overall = Overall::Indeterminate;
    verdict.integrity = Outcome::Unknown;
    verdict.authenticity = Outcome::Unknown;
    // The checks of our own copy say nothing of the paper in front of the camera.
    verdict.findings.retain(|finding| finding.about == About::Standing);
    verdict.findings.splice(0..0, [Seen::Square.finding(), original()]);
    (verdict.protection, verdict.copy) = (None, None);
    verdict.signatures.clear();
    verdict.file_digest = None;
    let Text2 { zh, en } = verdict.headline;
    verdict.headline = Text2::filled(
        format!("图片本身不能证明真伪；{zh}"),
        format!("The picture proves nothing by itself. {en}"),
    );
    if verdict.standing == Outcome::Passed {
        verdict.next_step = Text2::fixed(
            "请将画面与证照库数据逐项核对，或请持证人提交原件",
            "Compare what it shows with the vault's data, field by field, or ask for the original",
        );
    }
    verdict
}

/// What was seen of the squares of a picture.
enum Seen {
    NoSquare,
    OtherSquare,
    Square,
    Unread(PictureError),
}

impl Seen {
    fn finding(&self) -> Finding {
        use FindingOutcome::{CouldNotBeMade, Passed};
        let (code, outcome, fact, next_step) = match self {
            Self::NoSquare => (
                "picture.square",
                CouldNotBeMade,
                Text2::fixed(
                    "图片上没有可读的二维码",
                    "There is no square on the picture that can be read",
                ),
                Some(Text2::fixed(
                    "请正对二维码、在光线充足处重新拍摄，或输入证照标识",
                    "Take it again, straight and in good light, or type the license id",
                )),
            ),
            Self::OtherSquare => (
                "picture.square",
                CouldNotBeMade,
                Text2::fixed(
                    "图片上的二维码不是证照二维码",
                    "The square on the picture is not that of a license",
                ),
                Some(ASK_AUTHORITY),
            ),
            Self::Square => (
                "picture.square",
                Passed,
                Text2::fixed("图片上有证照二维码", "The square on the picture names a license"),
                None,
            ),
            Self::Unread(PictureError::Broken) => (
                "file.kind",
                CouldNotBeMade,
                Text2::fixed(
                    "图片已损坏或格式不支持",
                    "The picture is damaged or of a kind that is not read",
                ),
                Some(Text2::fixed("请提交 PNG 或 JPEG 图片", "Hand in a PNG or a JPEG")),
            ),
            Self::Unread(PictureError::TooLarge { limit_megapixels }) => (
                "file.too_large",
                CouldNotBeMade,
                Text2::filled(
                    format!("图片超过 {limit_megapixels} 百万像素"),
                    format!("The picture has more than {limit_megapixels} million pixels"),
                ),
                Some(Text2::fixed("请缩小图片后再提交", "Make it smaller and hand it in again")),
            ),
        };
        Finding { code, outcome, about: About::Integrity, fact, next_step }
    }
}

fn original() -> Finding {
    Finding {
        code: "picture.original",
        outcome: FindingOutcome::CouldNotBeMade,
        about: About::Integrity,
        fact: Text2::fixed(
            "照片、扫描件和截图不是原件，画面是否被改动无从得知",
            "A photograph, a scan or a screenshot is no original: whether what it shows was changed cannot be told",
        ),
        next_step: Some(Text2::fixed(
            "请与证照库数据逐项核对，或请持证人提交原件",
            "Compare it with the vault's data, field by field, or ask for the original",
        )),
    }
}

fn nothing(seen: &Seen, at: Moment) -> Verdict {
    let finding = seen.finding();
    let Text2 { zh, en } = finding.fact.clone();
    let headline = Text2::filled(format!("无法判断：{zh}"), format!("Cannot tell: {en}"));
    Verdict {
        overall: Overall::Indeterminate,
        integrity: Outcome::Unknown,
        authenticity: Outcome::Unknown,
        standing: Outcome::Unknown,
        standing_state: StandingState::NotChecked,
        standing_detail: None,
        standing_as_of: None,
        headline,
        next_step: finding.next_step.clone().unwrap_or(ASK_AUTHORITY),
        findings: vec![finding],
        license: None,
        file_digest: None,
        protection: None,
        copy: None,
        receipt: None,
        comparison: None,
        signatures: Vec::new(),
        sources: Vec::new(),
        statement: None,
        form: Form::Picture,
        judged_at: at,
    }
}
