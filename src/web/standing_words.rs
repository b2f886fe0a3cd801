//! The standing of a license in words: a short one for a mark, a sentence for a page.

use crate::domain::{RevocationKind, Standing};

use super::lang::Lang;

/// A mark: its words, and the tone that colors them.
#[derive(Clone, Debug)]
pub struct Mark {
    /// `ok`, `bar`, `wait`: never the only thing that tells.
    pub tone: &'static str,
    /// The icon's name.
    pub icon: &'static str,
    /// The words.
    pub words: &'static str,
}

impl Mark {
    /// The mark of a standing.
    pub fn of(standing: &Standing, lang: Lang) -> Self {
        let (tone, icon, zh, en) = match standing {
            Standing::Expired { .. } => ("bar", "bar", "已过有效期", "Expired"),
            Standing::InForce => ("ok", "tick", "有效", "In force"),
            Standing::NotYetInForce { .. } => ("wait", "clock", "尚未生效", "Not yet in force"),
            Standing::Replaced { .. } => ("wait", "clock", "已被新版本替代", "Replaced"),
            Standing::Revoked { kind, .. } => {
                let (zh, en) = kind_words(*kind);
                ("bar", "bar", zh, en)
            }
            Standing::Suspended { .. } => ("bar", "bar", "暂停使用", "Suspended"),
        };
        Self { tone, icon, words: lang.pick(zh, en) }
    }
}

/// What a standing means, in one sentence.
pub fn sentence(standing: &Standing, lang: Lang) -> String {
    match (standing, lang) {
        (Standing::Expired { last_day }, Lang::Zh) => {
            format!("有效期截至 {last_day}，已经届满。")
        }
        (Standing::Expired { last_day }, Lang::En) => {
            format!("It was valid up to and including {last_day}.")
        }
        (Standing::InForce, Lang::Zh) => "今天处于有效状态。".to_owned(),
        (Standing::InForce, Lang::En) => "It is in force today.".to_owned(),
        (Standing::NotYetInForce { first_day }, Lang::Zh) => {
            format!("自 {first_day} 起才生效。")
        }
        (Standing::NotYetInForce { first_day }, Lang::En) => {
            format!("It will be valid from {first_day}.")
        }
        (Standing::Replaced { since, .. }, Lang::Zh) => {
            format!("自 {since} 起由新版本替代。")
        }
        (Standing::Replaced { since, .. }, Lang::En) => {
            format!("A later version has stood in its place since {since}.")
        }
        (Standing::Revoked { kind, since }, Lang::Zh) => {
            let why = match kind {
                RevocationKind::Annulled => "（本不应颁发）",
                RevocationKind::Deregistered => "（依法办理注销）",
                RevocationKind::Withdrawn => "（作为行政处罚）",
            };
            format!("自 {since} 起{}{why}。", kind_words(*kind).0)
        }
        (Standing::Revoked { kind, since }, Lang::En) => {
            let why = match kind {
                RevocationKind::Annulled => "it should never have been granted",
                RevocationKind::Deregistered => "closed on a lawful ground",
                RevocationKind::Withdrawn => "taken away as a penalty",
            };
            format!("{} from {since}: {why}.", kind_words(*kind).1)
        }
        (Standing::Suspended { since }, Lang::Zh) => {
            format!("自 {since} 起暂停使用，恢复前不得使用。")
        }
        (Standing::Suspended { since }, Lang::En) => {
            format!("Out of force from {since} until it is reinstated.")
        }
    }
}

fn kind_words(kind: RevocationKind) -> (&'static str, &'static str) {
    match kind {
        RevocationKind::Annulled => ("已撤销", "Annulled"),
        RevocationKind::Deregistered => ("已注销", "Deregistered"),
        RevocationKind::Withdrawn => ("已吊销", "Withdrawn"),
    }
}
