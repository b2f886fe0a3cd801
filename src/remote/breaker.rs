//! Leaving somebody alone who has failed, for longer each time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest rest. Our own bound: a service that is well again is found out within ten minutes.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// Whether somebody may be asked.
#[derive(Debug)]
pub(super) struct Breaker {
    first_rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    /// A breaker whose first rest is this long; each further failure doubles it.
    pub(super) fn new(first_rest: Duration) -> Self {
        Self { first_rest, state: Mutex::default() }
    }

    /// Whether to ask now. After a rest one is let through to try, and the others still wait for what it finds.
    pub(super) fn may_ask(&self, now: Instant) -> bool {
        let mut state = self.state();
        match state.rests_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.rests_until = Some(now + self.rest(state.failures));
                true
            }
        }
    }

    /// Whether it is not known to be unwell: asking changes nothing.
    pub(super) fn is_well(&self, now: Instant) -> bool {
        self.state().rests_until.is_none_or(|until| now >= until)
    }

    /// It answered.
    pub(super) fn succeeded(&self) {
        *self.state() = State::default();
    }

    /// It did not.
    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.rests_until = Some(now + self.rest(state.failures));
    }

    fn rest(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
        self.first_rest.saturating_mul(doubled).min(LONGEST_REST)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_is_left_alone_for_longer_each_time_and_one_tries() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let breaker = Breaker::new(10 * second);
        assert!(breaker.may_ask(start) && breaker.may_ask(start));
        breaker.failed(start);
        assert!(!breaker.may_ask(start + 9 * second));
        assert!(breaker.may_ask(start + 10 * second), "one tries");
        assert!(!breaker.may_ask(start + 10 * second), "and one only");
        breaker.failed(start + 11 * second);
        assert!(!breaker.may_ask(start + 30 * second));
        assert!(breaker.may_ask(start + 31 * second));
        breaker.succeeded();
        assert!(breaker.may_ask(start + 31 * second) && breaker.may_ask(start + 31 * second));
        for _ in 0..100 {
            breaker.failed(start);
        }
        assert!(!breaker.may_ask(start + LONGEST_REST - second));
        assert!(breaker.may_ask(start + LONGEST_REST));
    }
}
