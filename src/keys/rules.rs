//! What is laid down for single keys: `keys.toml` in their folder.
//!
//! ```toml
//! [[key]]
//! id = "3f…"                       # SHA-256 of the certificate, as `zhengku keys list` tells it
//! max_uses = 1000000               # the most signatures it may make in its life
//!
//! [[key]]
//! id = "9a…"
//! retired_since = "2026-11-25T08:00:00Z"
//! reason = "lost with a notebook"
//! ```
//!
//! A retired key seals nothing from that moment on; what it sealed stays what it is. The file says so even where
//! the key itself is no longer in the folder.
//!
//! Several rows may speak of one key, so that it can be retired by appending to the file and nothing an operator has
//! written is touched. Of several retirements the earliest counts. Two limits of one key are a fault: nobody could say
//! which was meant.

use std::collections::BTreeMap;

use crate::domain::wire_table::Table;
use crate::domain::{CatalogueFault, Moment, WireValue};
use crate::service::ports::KeyId;

/// Most signatures that can be laid down; what a column of the vault holds.
const MOST_USES: i64 = 1_000_000_000_000;

/// What is laid down for one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRule {
    /// The most signatures it may make in its life.
    pub max_uses: Option<u64>,
    /// Since when it seals nothing any more, and why.
    pub retired: Option<(Moment, String)>,
}

impl KeyRule {
    /// Whether the key seals nothing at `at`.
    pub fn is_retired(&self, at: Moment) -> bool {
        self.retired.as_ref().is_some_and(|(since, _)| *since <= at)
    }
}

/// The rules of a folder, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRules(BTreeMap<KeyId, KeyRule>);

impl KeyRules {
    /// Reads the text of `keys.toml`; all faults at once, each with its place.
    pub fn read(text: &str) -> Result<Self, Vec<CatalogueFault>> {
        let value: WireValue = toml::from_str(text)
            .map_err(|error| vec![CatalogueFault::new("", error.to_string())])?;
        let WireValue::Object(object) = &value else {
            return Err(vec![CatalogueFault::new("", "the file has no keys")]);
        };
        let mut table = Table::new(object, String::new());
        let rows = table.optional("key", |table, key| {
            table.list(key, |table, place, value| match value {
                WireValue::Object(object) => {
                    let mut inner = Table::new(object, format!("{place}."));
                    let rule = rule(&mut inner);
                    table.take_faults(inner);
                    rule
                }
                other => table.wrong_kind(place, "a table", other),
            })
        });
        let mut rules: BTreeMap<KeyId, KeyRule> = BTreeMap::new();
        for (id, row) in rows.flatten().unwrap_or_default() {
            let rule = rules.entry(id).or_default();
            if rule.max_uses.is_some() && row.max_uses.is_some() {
                table.fault("key", format!("gives {id} two limits: keep one max_uses"));
            }
            rule.max_uses = rule.max_uses.or(row.max_uses);
            let retirements = rule.retired.take().into_iter().chain(row.retired);
            rule.retired = retirements.min_by_key(|(since, _)| *since);
        }
        let faults = table.finish();
        if faults.is_empty() { Ok(Self(rules)) } else { Err(faults) }
    }

    /// Whether anything is laid down for a key.
    pub fn names(&self, key: &KeyId) -> bool {
        self.0.contains_key(key)
    }

    /// What is laid down for a key.
    pub fn of(&self, key: &KeyId) -> KeyRule {
        self.0.get(key).cloned().unwrap_or_default()
    }
}

fn rule(table: &mut Table<'_>) -> Option<(KeyId, KeyRule)> {
    let id = table.parsed::<KeyId>("id");
    let max_uses = table.optional("max_uses", |table, key| table.whole(key, 1, MOST_USES));
    let since = table.optional("retired_since", Table::parsed::<Moment>).flatten();
    let reason = table.optional("reason", Table::text).flatten();
    let retired = match (since, reason) {
        (Some(since), Some(reason)) => Some((since, reason)),
        (Some(_), None) => {
            table.fault("reason", "is required where a key is retired");
            None
        }
        (None, Some(_)) => {
            table.fault("reason", "belongs to retired_since, which is missing");
            None
        }
        (None, None) => None,
    };
    let max_uses = max_uses.flatten().and_then(|uses| u64::try_from(uses).ok());
    Some((id?, KeyRule { max_uses, retired }))
}

/// The lines that retire a key, to be put behind what `keys.toml` holds.
pub fn retirement(key: &KeyId, since: Moment, reason: &str) -> String {
    let reason = toml::Value::String(reason.to_owned());
    format!("\n[[key]]\nid = \"{key}\"\nretired_since = \"{since}\"\nreason = {reason}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Digest;

    #[test]
    fn what_retires_a_key_is_read_back() {
        let (key, other) = (Digest::of(b"key"), Digest::of(b"other"));
        let since = "2026-11-25T08:00:00Z".parse().unwrap();
        let text = format!(
            "[[key]]\nid = \"{other}\"\nmax_uses = 12\n{}",
            retirement(&key, since, "lost with \"a\" notebook\n")
        );
        let rules = KeyRules::read(&text).unwrap();
        let rule = rules.of(&key);
        assert_eq!(rule.retired, Some((since, "lost with \"a\" notebook\n".to_owned())));
        assert!(rule.is_retired(since) && !rule.is_retired(since.plus_seconds(-1)));
        assert_eq!(rules.of(&other), KeyRule { max_uses: Some(12), retired: None });
        assert_eq!(rules.of(&Digest::of(b"")), KeyRule::default());
    }

    #[test]
    fn rows_of_one_key_are_taken_together_and_the_earliest_retirement_counts() {
        let key = Digest::of(b"key");
        let (early, late) =
            ("2026-11-20T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap());
        let limit = format!("[[key]]\nid = \"{key}\"\nmax_uses = 12\n");
        for (first, second) in [((late, "leaves"), (early, "lost")), ((early, "lost"), (late, "x"))]
        {
            let rows = [first, second].map(|(since, why)| retirement(&key, since, why)).concat();
            let rule = KeyRules::read(&format!("{limit}{rows}")).unwrap().of(&key);
            let retired = Some((early, "lost".to_owned()));
            assert_eq!(rule, KeyRule { max_uses: Some(12), retired });
        }
        let twice = KeyRules::read(&limit.repeat(2)).unwrap_err();
        assert!(twice.iter().any(|fault| fault.to_string().contains("two limits")), "{twice:?}");
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let key = Digest::of(b"key");
        let text = format!(
            "[[key]]\nid = \"x\"\n[[key]]\nid = \"{key}\"\nmax_uses = 0\nuses = 1\n[[key]]\nid = \"{key}\"\n\
             retired_since = \"2026-11-25T08:00:00Z\"\n"
        );
        let places: Vec<String> =
            KeyRules::read(&text).unwrap_err().into_iter().map(|fault| fault.place).collect();
        for place in ["key[0].id", "key[1].max_uses", "key[1].uses", "key[2].reason"] {
            assert!(places.iter().any(|known| known == place), "{place}: {places:?}");
        }
        assert!(KeyRules::read("key = 1").is_err());
        assert!(KeyRules::read("[[").is_err());
    }
}
