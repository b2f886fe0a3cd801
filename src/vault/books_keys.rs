//! The books' part of an intention: what each sealing key is about to be used for, counted.
//!
//! One writer enters every intention, so a limit is held exactly: of two requests that would both be the last,
//! one is refused, and nothing of it is written. What counts is the intention, not the signature: after a stop
//! between the two the count is one too high, never one too low.

use std::collections::BTreeMap;

use serde_json::json;

use crate::crypto::Digest;
use crate::domain::LicenseId;
use crate::service::error::Fault;
use crate::service::ports::{Intention, IntentionNo, KeyId, KeyUse};

use super::books::Books;
use super::bounds::{MAX_NAME_CHARS, within};
use super::journal::{self, Act, Line};

/// An intention that has not ended.
#[derive(Debug)]
pub(super) struct OpenIntention {
    pub(super) id: LicenseId,
    pub(super) content_digest: Digest,
    /// The keys that were to be used.
    pub(super) keys: Vec<KeyId>,
}

impl Books<'_> {
    /// Enters an intention.
    pub(super) fn intend(&mut self, intention: &Intention) -> Result<IntentionNo, Fault> {
        within("client", &intention.client, MAX_NAME_CHARS)?;
        let uses = uses_in_order(&intention.uses)?;
        self.count(&uses, &intention.uses)?;
        let rest = journal::intended(intention);
        let seq = self.enter(&Line {
            at: intention.at.unix_seconds(),
            act: Act::Intended.word(),
            subject: &intention.id.to_string(),
            client: &intention.client,
            intention: None,
            details: &journal::intended_uses(&rest, &uses),
        });
        for (key, signatures) in &uses {
            let row = json!([seq, key.to_string(), signatures, rest.to_string()]);
            self.rows.key_uses.push(row);
        }
        let (id, content_digest) = (intention.id.clone(), intention.content_digest);
        let keys = uses.into_iter().map(|(key, _)| key).collect();
        self.opened.insert(seq, OpenIntention { id, content_digest, keys });
        Ok(IntentionNo(seq))
    }

    /// Adds to the counts, or refuses where a key would make more signatures than it may.
    fn count(&mut self, uses: &[(KeyId, u32)], limits: &[KeyUse]) -> Result<(), Fault> {
        for (key, signatures) in uses {
            let so_far = self.uses_before(key) + self.uses.get(key).copied().unwrap_or_default();
            let limit =
                limits.iter().filter(|asked| asked.key == *key).filter_map(|asked| asked.limit);
            if let Some(limit) = limit.min()
                && so_far + u64::from(*signatures) > limit
            {
                let cause = format!("the key {key} has made {so_far} of {limit} signatures");
                return Err(Fault::new("keys.limit_reached", cause));
            }
        }
        for (key, signatures) in uses {
            *self.uses.entry(*key).or_default() += u64::from(*signatures);
        }
        Ok(())
    }
}

/// Uses by key, each key once, in the order of their column.
fn uses_in_order(uses: &[KeyUse]) -> Result<Vec<(KeyId, u32)>, Fault> {
    let by_key: BTreeMap<KeyId, u32> =
        uses.iter().map(|asked| (asked.key, asked.signatures)).collect();
    if by_key.is_empty() || by_key.len() != uses.len() || by_key.values().any(|count| *count == 0) {
        return Err(Fault::new("vault.intention", "an intention names each key it uses, once"));
    }
    Ok(by_key.into_iter().collect())
}
