//! Which time-stamp authority stamped last: as far as can be known, the one that will stamp next.
//!
//! Until when its certificate lasts decides what is worth renewing. That it has been renewed meanwhile shows in a new
//! time-stamp only, so what is known serves for a while and is then learned anew.

use std::sync::{Mutex, PoisonError};

use crate::domain::Moment;
use crate::pki::VerifiedPath;

/// How long what is known serves where the certificate ends too soon, in seconds. Our own bound.
const LEARN_EVERY_SECONDS: i64 = 3_600;

/// The path of the time-stamp authority that answered last, and when it did.
#[derive(Default)]
pub struct LastAuthority(Mutex<Option<(VerifiedPath, Moment)>>);

impl LastAuthority {
    /// The path, unless its certificate has ended by `now`.
    pub(super) fn path(&self, now: Moment) -> Option<VerifiedPath> {
        self.known(now).map(|(path, _)| path)
    }

    /// When it ends; `None` where that should be learned, because nothing is known, or because it ends before
    /// `wanted` and was learned a while ago.
    pub(super) fn ends(&self, wanted: Moment, now: Moment) -> Option<Moment> {
        let (path, learned_at) = self.known(now)?;
        let ends = path.window().1;
        (wanted <= ends || now < learned_at.plus_seconds(LEARN_EVERY_SECONDS)).then_some(ends)
    }

    /// It has just stamped.
    pub(super) fn set(&self, path: &VerifiedPath, now: Moment) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((path.clone(), now));
    }

    fn known(&self, now: Moment) -> Option<(VerifiedPath, Moment)> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.filter(|(path, _)| now < path.window().1)
    }
}
