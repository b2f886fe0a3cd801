//! One at a time for each key.
//!
//! Two requests with one idempotency key must not be worked on side by side: the second would do all the work
//! of the first only to be told that it came too late. They take turns, and the second finds the first one's
//! answer. This is a courtesy inside one process; what *holds* the rule is the vault's own constraint.
//!
//! Changes of standing take turns by license, and there no constraint stands behind: one process writes a vault.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// Turns by client and key, or by the authority and serial of a license.
#[derive(Debug, Default)]
pub struct Turns {
    waiting: Mutex<HashMap<TurnKey, Arc<tokio::sync::Mutex<()>>>>,
}

type TurnKey = (String, String);

/// The turn; it ends when this is dropped.
#[derive(Debug)]
pub struct Turn<'t> {
    turns: &'t Turns,
    key: TurnKey,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else holds the turn of this key.
    pub async fn take(&self, client: &str, key: &str) -> Turn<'_> {
        let key = (client.to_owned(), key.to_owned());
        let lock = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(waiting.entry(key.clone()).or_default())
        };
        Turn { turns: self, key, guard: Some(lock.lock_owned().await) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut waiting = self.turns.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's own reference is the last one: nobody waits, so the key need not be remembered.
        if waiting.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            waiting.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn one_key_has_one_turn_at_a_time_and_nothing_stays_behind() {
        let turns = Arc::new(Turns::default());
        let inside = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (turns, inside) = (Arc::clone(&turns), Arc::clone(&inside));
                tokio::spawn(async move {
                    let _turn = turns.take("client", "key").await;
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(turns.waiting.lock().unwrap().is_empty());
    }
}
