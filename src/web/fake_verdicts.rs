//! One verdict of every kind the pages tell apart, for tests.

use crate::crypto::Digest;
use crate::domain::{Day, Level, LicenseId, Moment, RevocationKind, Standing};
use crate::judge::indication::Indication;
use crate::judge::signature::{SignatureKind, SignatureReport};
use crate::judge::source::{Source, SourceKind};
use crate::judge::{
    About, CopySaid, Finding, FindingOutcome, Form as JudgedForm, LicenseFacts, Outcome, Overall,
    Protection, StandingState, Text2, Verdict,
};

use super::fake_desks::{ID, moment};

/// One verdict of every kind the pages tell apart: 0 valid, 1 altered, 2 a number in force, and others.
pub fn verdicts() -> Vec<Verdict> {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let valid = valid();
    let altered = Verdict {
        overall: Overall::Invalid,
        integrity: Outcome::Failed,
        authenticity: Outcome::Unknown,
        standing: Outcome::Unknown,
        standing_state: StandingState::NotChecked,
        standing_detail: None,
        standing_as_of: None,
        headline: text(
            "这份文件在签章之后被改动过，不能采信。",
            "This file was altered after it was sealed and must not be relied on.",
        ),
        next_step: text(
            "请不要受理。请持证人从颁发机构或“我的证照”重新下载原件。",
            "Do not accept it. Ask the holder for the original from the authority or from “My licenses”.",
        ),
        findings: vec![finding(
            "seal.bytes",
            FindingOutcome::Failed,
            About::Integrity,
            "签章所保护的字节与文件现在的字节不一致。",
            "The bytes the seal speaks for are not the bytes of the file.",
        )],
        license: None,
        ..valid.clone()
    };
    let number = Verdict {
        headline: text(
            "证照库中有这个标识的证照，今天有效。手中的文件没有经过检查。",
            "The vault holds a license with this id, in force today. No file was looked at.",
        ),
        form: JudgedForm::LicenseId,
        file_digest: None,
        ..valid.clone()
    };
    let standing = |state, standing, zh: &str, en: &str| Verdict {
        standing: Outcome::Failed,
        standing_state: state,
        standing_detail: Some(standing),
        headline: text(zh, en),
        next_step: text("请勿凭此办理。", "Do not decide a case on it."),
        ..valid.clone()
    };
    let revoked = Standing::Revoked { kind: RevocationKind::Withdrawn, since: day("2026-10-08") };
    let replaced = Standing::Replaced { by: ID.parse().unwrap(), since: day("2026-10-08") };
    vec![
        valid.clone(),
        altered,
        number,
        standing(
            StandingState::Revoked,
            revoked,
            "文件是真的，但证照已于 2026-10-08 被吊销，今天不能使用。",
            "The document is genuine, but the license was withdrawn on 2026-10-08 and must not be relied on today.",
        ),
        standing(
            StandingState::Replaced,
            replaced,
            "文件是真的，但已有更新的版本。",
            "The document is genuine, but a later version stands in its place.",
        ),
        Verdict {
            standing: Outcome::Unknown,
            standing_state: StandingState::CannotCheckNow,
            standing_detail: None,
            standing_as_of: None,
            headline: text(
                "文件是真的；现在查不到证照今天的状态。",
                "The document is genuine; its standing today cannot be looked up now.",
            ),
            ..valid.clone()
        },
        Verdict { overall: Overall::ValidWithLaterChanges, ..valid.clone() },
        Verdict {
            overall: Overall::Unsigned,
            integrity: Outcome::Unknown,
            authenticity: Outcome::Unknown,
            standing: Outcome::Unknown,
            standing_state: StandingState::NotChecked,
            standing_detail: None,
            standing_as_of: None,
            license: None,
            headline: text("这份文件没有电子签章。", "This file carries no seal."),
            form: JudgedForm::Unknown,
            ..valid.clone()
        },
        Verdict {
            overall: Overall::ValidCopy,
            headline: text(
                "加注件真实；仅用于办理贷款，提供给示例银行，有效期至 2026-12-31；原证照有效",
                "A genuine annotated copy; only for: 办理贷款; recipient: 示例银行; until 2026-12-31",
            ),
            copy: Some(CopySaid {
                number: "2026ABCDEFGHJKMN".to_owned(),
                purpose: "办理贷款".to_owned(),
                recipient: "示例银行".to_owned(),
                last_day: "2026-12-31".parse().unwrap(),
                maker: "holder",
                made_at: Moment::from_unix_seconds(1_795_000_000),
                ended: false,
            }),
            ..valid
        },
    ]
}

fn valid() -> Verdict {
    let id: LicenseId = ID.parse().unwrap();
    let day = |text: &str| text.parse::<Day>().unwrap();
    Verdict {
        overall: Overall::Valid,
        integrity: Outcome::Passed,
        authenticity: Outcome::Passed,
        standing: Outcome::Passed,
        standing_state: StandingState::InForce,
        standing_detail: Some(Standing::InForce),
        standing_as_of: Some(moment("2026-11-22T03:20:29Z")),
        headline: text("这份证照是真的，今天有效。", "This license is genuine and in force today."),
        next_step: text(
            "请核对下面的信息与申请人是否一致，然后可以受理。",
            "Compare the lines below with the applicant, then accept it.",
        ),
        findings: vec![
            finding(
                "seal.bytes",
                FindingOutcome::Passed,
                About::Integrity,
                "文件的字节与签章时一致。",
                "The bytes are those that were sealed.",
            ),
            finding(
                "seal.authority",
                FindingOutcome::Passed,
                About::Authenticity,
                "签章证书属于标识中的颁发机构。",
                "The sealing certificate belongs to the authority in the id.",
            ),
            finding(
                "seal.certificate_revocation",
                FindingOutcome::CouldNotBeMade,
                About::Authenticity,
                "没有可用的吊销列表。",
                "There was no revocation list to look at.",
            ),
        ],
        license: Some(LicenseFacts {
            type_code: id.key().type_code().clone(),
            type_name: Some("食品经营许可证".to_owned()),
            authority_code: id.key().authority().to_owned(),
            authority_name: Some("安平市市场监督管理局".to_owned()),
            issued_on: day("2026-06-01"),
            valid_from: day("2026-06-01"),
            valid_to: Some(day("2031-05-31")),
            version: id.version(),
            content_digest: Some(Digest::of(b"content")),
            sealed_at: moment("2026-06-01T01:02:03Z"),
            certificate_subject: Some("CN=DEV 安平市市场监督管理局, O=DEV, C=CN".to_owned()),
            id,
        }),
        file_digest: Some(Digest::of(b"file")),
        copy: None,
        statement: None,
        receipt: None,
        comparison: None,
        signatures: vec![SignatureReport {
            kind: SignatureKind::Seal,
            indication: Indication::TotalPassed,
            sub_indication: None,
            claimed_at: Some(moment("2026-01-04T02:00:00Z")),
            proven_at: None,
            signer: Some("示例市民政局".to_owned()),
        }],
        sources: vec![Source {
            source: SourceKind::Vault,
            as_of: moment("2026-06-15T01:00:00Z"),
            current_until: None,
        }],
        protection: Some(Protection {
            level: Level::BT,
            proven_at: Some(moment("2026-06-01T01:02:05Z")),
            holds_until: moment("2031-05-31T00:00:00Z"),
        }),
        form: JudgedForm::SealedPdf,
        judged_at: moment("2026-11-22T03:20:29Z"),
    }
}

fn text(zh: &str, en: &str) -> Text2 {
    Text2::filled(zh.to_owned(), en.to_owned())
}

fn finding(
    code: &'static str,
    outcome: FindingOutcome,
    about: About,
    zh: &str,
    en: &str,
) -> Finding {
    Finding { code, outcome, about, fact: text(zh, en), next_step: None }
}
