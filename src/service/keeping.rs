//! Keeping (保护值守): works off what is due, in the background of a server or at an operator's command.
//!
//! What is due follows from the rows of the vault and from nothing else, so a restart forgets nothing and an
//! interrupted run is simply run again. While time-stamp authorities are down nothing is lost and nothing
//! hammers them: the round ends, and the next begins where this one could not go on.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::domain::{Level, LicenseId, Moment};

use super::error::Fault;
use super::ports::{DueQuestion, DueVersion};
use super::protect::{Brought, Protect, ProtectFault};

/// Files worked on at once. Our own bound: most of the time is spent waiting for others.
const AT_ONCE: usize = 4;
/// How often everything is looked through, and not only what was shelved since. Our own bound.
const WHOLE_ROUND: Duration = Duration::from_secs(3_600);
/// How long a file that could not be protected is left alone at most. Our own bound.
const LONGEST_REST: Duration = Duration::from_secs(6 * 3_600);
/// Most files that are remembered as resting; beyond it they are tried again each round. Our own bound.
const MAX_RESTING: usize = 4_096;

/// Works off what is due.
pub struct Keeper {
    /// Brings one file to the level.
    pub protect: Protect,
    /// Protection that ends within so many seconds is renewed.
    pub renew_within_seconds: i64,
    /// How long a file that could not be protected is first left alone.
    pub rest: Duration,
    /// What it has done.
    pub tally: Arc<Tally>,
}

/// What a keeper has done since it began; for health answers and metrics.
#[derive(Debug, Default)]
pub struct Tally {
    raised: AtomicU64,
    failed: AtomicU64,
    due: AtomicU64,
    last_fault: Mutex<Option<&'static str>>,
}

impl Tally {
    /// How many protections were appended.
    pub fn raised(&self) -> u64 {
        self.raised.load(Ordering::Relaxed)
    }

    /// How many attempts failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// How many versions were due in the last round and are not protected yet.
    pub fn waiting(&self) -> u64 {
        self.due.load(Ordering::Relaxed)
    }

    /// The word of the newest failure, if nothing has succeeded since.
    pub fn last_fault(&self) -> Option<&'static str> {
        *self.last_fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, outcome: &Result<Brought, ProtectFault>) {
        let fault = match outcome {
            Ok(Brought::Raised { .. }) => {
                self.raised.fetch_add(1, Ordering::Relaxed);
                None
            }
            Ok(Brought::Elsewhere) => return,
            Err(fault) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                Some(fault.code())
            }
        };
        *self.last_fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

/// What one round came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Versions that were due.
    pub due: u64,
    /// Protections that were appended.
    pub raised: u64,
    /// Those of them that are B-LTA now.
    pub for_good: u64,
    /// Files of which nothing can be proven any more, by code.
    pub beyond: BTreeMap<&'static str, u64>,
    /// Files that could not be protected now, by code.
    pub failed: BTreeMap<&'static str, u64>,
    /// Where the next round begins: behind the last version, or where this one could not go on.
    pub next: u64,
    /// Whether it ended early: no time-stamps are to be had, or somebody asked it to stop.
    pub cut_short: bool,
}

/// What a round leaves for the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    Nothing,
    /// Files that rest or failed.
    Some,
    /// Everything from here on: no time-stamps are to be had, so whoever is tried next would fail too; or somebody
    /// asked to stop.
    TheRest,
}

/// What a round tells on its way: the place in the order of shelving it has come to.
pub type Progress<'p> = &'p mut (dyn FnMut(u64, &Round) + Send);

/// Files that failed, and when they are tried again.
#[derive(Default)]
struct Resting(HashMap<LicenseId, (u32, Instant)>);

impl Resting {
    fn rests(&self, id: &LicenseId, now: Instant) -> bool {
        self.0.get(id).is_some_and(|(_, until)| now < *until)
    }

    fn failed(&mut self, id: &LicenseId, now: Instant, first_rest: Duration) {
        if self.0.len() >= MAX_RESTING && !self.0.contains_key(id) {
            return;
        }
        let (times, until) = self.0.entry(id.clone()).or_insert((0, now));
        let rest = first_rest.saturating_mul(2_u32.saturating_pow((*times).min(16)));
        *until = now + rest.min(LONGEST_REST);
        *times += 1;
    }
}

impl Keeper {
    /// Works in the background until told to stop; what is under way then is finished.
    pub async fn keep_on(self: Arc<Self>, look_every: Duration, mut stop: watch::Receiver<bool>) {
        let mut resting = Resting::default();
        let (mut after, mut whole_since) = (0, Instant::now());
        loop {
            tokio::select! {
                () = tokio::time::sleep(look_every) => {}
                // The sender is gone only with the server.
                _ = stop.changed() => {}
            }
            if *stop.borrow() {
                return;
            }
            if whole_since.elapsed() >= WHOLE_ROUND {
                (after, whole_since) = (0, Instant::now());
            }
            match self.round(after, &mut resting, &stop, &mut |_, _| {}).await {
                Ok(round) => {
                    after = round.next;
                    let failed: u64 = round.failed.values().sum();
                    let beyond: u64 = round.beyond.values().sum();
                    if round.raised + failed + beyond > 0 {
                        let (due, raised) = (round.due, round.raised);
                        tracing::info!(
                            due,
                            raised,
                            failed,
                            beyond,
                            "protections were looked after"
                        );
                    }
                }
                Err(fault) => {
                    tracing::error!(
                        place = fault.place,
                        cause = fault.cause,
                        "nothing was protected"
                    );
                }
            }
        }
    }

    /// Looks through everything once, for an operator.
    pub async fn run(
        self: &Arc<Self>,
        stop: &watch::Receiver<bool>,
        progress: Progress<'_>,
    ) -> Result<Round, Fault> {
        self.round(0, &mut Resting::default(), stop, progress).await
    }

    async fn round(
        self: &Arc<Self>,
        after: u64,
        resting: &mut Resting,
        stop: &watch::Receiver<bool>,
        progress: Progress<'_>,
    ) -> Result<Round, Fault> {
        let (mut round, mut place, mut again_from) = (Round::default(), after, None);
        let keep = self.protect.keep;
        loop {
            let question = DueQuestion { keep, before: self.renews_before(), after: place };
            let page = self.protect.vault.due(&question).await?;
            progress(place, &round);
            // Who stamps must be known first: what lasts as long as their certificate is not due.
            if !page.due.is_empty() && self.protect.authority_ends(self.wanted()).is_none() {
                match self.protect.learn_authority().await {
                    Ok(_) => continue,
                    Err(fault) => {
                        tracing::warn!(code = fault.code(), %fault, "no time-stamps are to be had");
                        *round.failed.entry(fault.code()).or_default() += 1;
                        self.tally.note(&Err(fault));
                        round.cut_short = true;
                        again_from.get_or_insert(place);
                        break;
                    }
                }
            }
            round.due += u64::try_from(page.due.len()).unwrap_or(u64::MAX);
            let left = self.work_off(page.due, resting, stop, &mut round, (place, progress)).await;
            if left != Left::Nothing {
                again_from.get_or_insert(place);
            }
            place = page.end;
            round.cut_short = left == Left::TheRest;
            if round.cut_short || !page.more {
                break;
            }
        }
        self.tally.due.store(round.due.saturating_sub(round.raised), Ordering::Relaxed);
        round.next = again_from.unwrap_or(place);
        progress(place, &round);
        Ok(round)
    }

    async fn work_off(
        self: &Arc<Self>,
        due: Vec<DueVersion>,
        resting: &mut Resting,
        stop: &watch::Receiver<bool>,
        round: &mut Round,
        (place, progress): (u64, Progress<'_>),
    ) -> Left {
        let (now, count) = (Instant::now(), due.len());
        let due: Vec<DueVersion> =
            due.into_iter().filter(|due| !resting.rests(&due.id, now)).collect();
        let mut left = if due.len() < count { Left::Some } else { Left::Nothing };
        let (mut due, mut at_work) = (due.into_iter(), JoinSet::new());
        loop {
            while left != Left::TheRest && at_work.len() < AT_ONCE {
                let Some(DueVersion { id, .. }) = due.next() else { break };
                if *stop.borrow() {
                    left = Left::TheRest;
                    break;
                }
                let keeper = Arc::clone(self);
                at_work.spawn(async move {
                    let outcome = keeper.protect.bring(&id).await;
                    (id, outcome)
                });
            }
            // A task that panicked has told of it already.
            let Some(done) = at_work.join_next().await else { break };
            let Ok((id, outcome)) = done else { continue };
            self.tally.note(&outcome);
            left = left.max(self.count(&id, outcome, round, resting));
            progress(place, round);
        }
        left
    }

    /// Counts an outcome.
    fn count(
        &self,
        id: &LicenseId,
        outcome: Result<Brought, ProtectFault>,
        round: &mut Round,
        resting: &mut Resting,
    ) -> Left {
        let fault = match outcome {
            Ok(Brought::Raised { level, .. }) => {
                round.raised += 1;
                round.for_good += u64::from(level == Level::BLTA);
                resting.0.remove(id);
                return Left::Nothing;
            }
            Ok(Brought::Elsewhere) => return Left::Nothing,
            Err(fault) => fault,
        };
        let code = fault.code();
        // A license id names nobody.
        tracing::warn!(code, %id, %fault, "a license was not protected");
        match fault {
            ProtectFault::Beyond { .. } => {
                *round.beyond.entry(code).or_default() += 1;
                Left::Nothing
            }
            ProtectFault::Timestamp(_) => {
                *round.failed.entry(code).or_default() += 1;
                Left::TheRest
            }
            _ => {
                *round.failed.entry(code).or_default() += 1;
                resting.failed(id, Instant::now(), self.rest);
                Left::Some
            }
        }
    }

    /// The instant before which protection that ends is to be renewed.
    fn wanted(&self) -> Moment {
        self.protect.clock.now().plus_seconds(self.renew_within_seconds)
    }

    /// The same, but no later than a new time-stamp would hold.
    fn renews_before(&self) -> Moment {
        let wanted = self.wanted();
        match self.protect.authority_ends(wanted) {
            Some(ends) if ends < wanted => {
                tracing::warn!(%ends, "no time-stamp lasts longer than the certificate of its authority");
                ends
            }
            _ => wanted,
        }
    }
}
