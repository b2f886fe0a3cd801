//! Following the sealing keys while the server runs: a folder that changes or is refused, and certificates that come to
//! their end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::config::Mode;
use crate::keys::{self, KeyRing, KeyRingFault, KeyRingProblem, LiveRing, RingRefreshed};
use crate::service::ports::SealingKeys;

use super::house;

/// Certificates that end soon are told of at the start and then so often.
const TELL_EVERY_SECONDS: i64 = 86_400;
/// How often the clock is looked at where the folder is not.
const IDLE: Duration = Duration::from_secs(3_600);

/// Looks at the folder every so many seconds, 0 for never, and warns of certificates once a day; does not end by
/// itself.
pub(super) async fn watch(keys: Arc<LiveRing>, mode: Mode, seconds: u64) {
    let every = if seconds > 0 { Duration::from_secs(seconds) } else { IDLE };
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told_at = i64::MIN;
    let mut refused = None;
    loop {
        ticks.tick().await;
        let mut changed = false;
        if seconds > 0 {
            let keys = Arc::clone(&keys);
            // Reading keys is work for a thread set aside, a token may even keep it waiting.
            // LIMIT: one whose library never answers keeps it for good, and what changes later is not seen.
            let looked =
                tokio::task::spawn_blocking(move || keys.refresh(|ring| may_use(ring, mode)));
            match looked.await {
                Ok(RingRefreshed::Replaced { keys }) => {
                    tracing::info!(keys, "the sealing keys were read anew");
                    (changed, refused) = (true, None);
                }
                Ok(RingRefreshed::Refused { problems, rules_count }) => {
                    (changed, refused) = (true, Some((problems, rules_count)));
                }
                Ok(RingRefreshed::Unchanged) => {}
                Err(error) => tracing::error!(%error, "looking at the sealing keys broke off"),
            }
        }
        let now = house::now().unix_seconds();
        if changed || now.saturating_sub(told_at) >= TELL_EVERY_SECONDS {
            told_at = now;
            warn(&keys);
            if let Some((problems, rules_count)) = &refused {
                complain(problems, *rules_count);
            }
        }
    }
}

/// Tells of a folder that was refused, when it is and then as often as of certificates that end.
fn complain(problems: &[KeyRingProblem], rules_count: bool) {
    for problem in problems {
        tracing::error!(
            %problem,
            "the sealing keys do not hold together; those in use stay in use"
        );
    }
    if !rules_count {
        tracing::error!(
            "keys.toml does not count: limits and retirements stay as they were before it was broken"
        );
    }
}

/// What a start refuses is refused while running, too.
fn may_use(ring: &KeyRing, mode: Mode) -> Result<(), Vec<KeyRingProblem>> {
    if mode.is_development() {
        return Ok(());
    }
    keys::refuse_development(ring.certificates()).map_err(|found| {
        let fault = KeyRingFault::Development(found);
        vec![KeyRingProblem { file: "the folder".to_owned(), fault }]
    })
}

fn warn(keys: &LiveRing) {
    for state in keys.states(house::now()).into_iter().filter(|state| state.ends_soon()) {
        let (authority, key) = (state.authority.as_str(), state.id.to_string());
        let days_left = state.days_left;
        tracing::warn!(authority, key, days_left, "a sealing certificate ends soon, or has ended");
    }
}
