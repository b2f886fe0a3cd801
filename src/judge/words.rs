//! What is said in more than one place: the steps a clerk can take, and what a standing is called.
//!
//! Findings (`texts`), headlines and the pages speak of the same thing in the same words, because the words
//! stand here once.

use super::finding::Text2;
use crate::domain::{Day, LicenseId, RevocationKind, Standing};

pub(super) const ASK_AUTHORITY: Text2 =
    Text2::fixed("请向颁发机构核实", "Ask the issuing authority");
pub(super) const REFUSE: Text2 =
    Text2::fixed("不要采信，并向颁发机构报告", "Do not accept it, and report it to the authority");
pub(super) const FETCH_AGAIN: Text2 = Text2::fixed(
    "不要采信；请持证人从证照库重新下载原件",
    "Do not accept it; ask the holder to download the original again",
);
pub(super) const TAKE_ORIGINAL: Text2 =
    Text2::fixed("请以证照库中的原件为准", "Rely on the original in the vault");
pub(super) const CHECK_STANDING: Text2 = Text2::fixed(
    "采信前请在证照库查询证照当前状态",
    "Before relying on it, look up its standing in the vault",
);

pub(super) const NOT_TODAY: Text2 = Text2::fixed(
    "今日不得采信；请持证人提供现行有效的证照",
    "Do not accept it today; ask the holder for a license that is in force",
);

/// What a standing is called, and since when.
pub fn standing_text(standing: &Standing) -> Text2 {
    let since = |zh: &str, en: &str, day: &Day| {
        Text2::filled(format!("自 {day} 起{zh}"), format!("{en} since {day}"))
    };
    match standing {
        Standing::InForce => Text2::fixed("有效", "in force"),
        Standing::Expired { last_day } => Text2::filled(
            format!("已过有效期（有效期至 {last_day}）"),
            format!("expired (valid until {last_day})"),
        ),
        Standing::NotYetInForce { first_day } => Text2::filled(
            format!("尚未生效（自 {first_day} 起有效）"),
            format!("not yet in force (valid from {first_day})"),
        ),
        Standing::Replaced { by, since } => replaced(by, since),
        Standing::Revoked { kind, since: day } => match kind {
            RevocationKind::Annulled => since("被撤销", "annulled", day),
            RevocationKind::Deregistered => since("已注销", "deregistered", day),
            RevocationKind::Withdrawn => since("被吊销", "withdrawn", day),
        },
        Standing::Suspended { since: day } => since("被暂扣", "suspended", day),
    }
}

fn replaced(by: &LicenseId, since: &Day) -> Text2 {
    let version = by.version();
    Text2::filled(
        format!("自 {since} 起被新版本 {version} 取代"),
        format!("replaced by version {version} since {since}"),
    )
}
