//! The workshop: which state of the templates is in force.
//!
//! [`Workshop::open`] reads every template and reports every fault of all of them together. Afterwards
//! [`Workshop::refresh`] may be called as often as one likes: a changed state that holds together takes the place
//! of the one before in a single step, while whatever has begun on that one ends on it. A state with a fault
//! changes nothing; the one before stays in force, and the faults are told once.
//!
//! When to look is for the caller to say.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::crypto::Digest;
use crate::domain::Catalogue;

use super::desks::CatalogueDesk;
use super::ports::TemplateSource;
use super::template_state::TemplateState;
pub use super::workbench::{FaceValues, TemplateFault, Workbench};

/// The workbench in force, and where the next one comes from.
pub struct Workshop {
    source: Arc<dyn TemplateSource>,
    bench: RwLock<Arc<Workbench>>,
    watch: Mutex<Watch>,
}

/// What was seen when the templates were last looked at.
#[derive(Default)]
struct Watch {
    /// A changed state, seen once.
    settling: Option<Digest>,
    /// A state that was turned away.
    refused: Option<Digest>,
    /// What is wrong with the templates as they are; empty while they are those in force.
    faults: Vec<TemplateFault>,
}

/// What came of looking at the templates.
#[derive(Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// They have changed and are broken: the state before stays in force.
    Refused(Vec<TemplateFault>),
    /// They were replaced.
    Replaced {
        /// How many types were compiled; the others did not change.
        compiled: usize,
    },
    /// They have just changed. They are taken once they are found the same a second time, so that nobody issues
    /// by a half-copied folder.
    Settling,
    /// Nothing new.
    Unchanged,
}

impl Workshop {
    /// Reads and compiles everything.
    pub fn open(source: Arc<dyn TemplateSource>) -> Result<Self, Vec<TemplateFault>> {
        let bench = Workbench::build(&TemplateState::read(source.as_ref()), None)?;
        Ok(Self { source, bench: RwLock::new(Arc::new(bench)), watch: Mutex::default() })
    }

    /// The state in force. A request takes it once, and uses no other.
    pub fn bench(&self) -> Arc<Workbench> {
        Arc::clone(&self.bench.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The types and authorities in force.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.bench().catalogue()
    }

    /// What is wrong with the templates as they were last seen; empty while they are those in force.
    pub fn faults(&self) -> Vec<TemplateFault> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).faults.clone()
    }

    /// Looks at the templates again.
    pub fn refresh(&self) -> Refreshed {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let state = TemplateState::read(self.source.as_ref());
        let digest = state.digest();
        let before = self.bench();
        if digest == before.digest() {
            *watch = Watch::default();
            return Refreshed::Unchanged;
        }
        if watch.refused == Some(digest) {
            return Refreshed::Unchanged;
        }
        if watch.settling != Some(digest) {
            watch.settling = Some(digest);
            return Refreshed::Settling;
        }
        match Workbench::build(&state, Some(&before)) {
            Ok(bench) => {
                let compiled = bench.compiled_anew(&before);
                *self.bench.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(bench);
                *watch = Watch::default();
                Refreshed::Replaced { compiled }
            }
            Err(faults) => {
                // Not tried again before it changes.
                *watch = Watch { settling: None, refused: Some(digest), faults: faults.clone() };
                Refreshed::Refused(faults)
            }
        }
    }
}

impl CatalogueDesk for Workshop {
    fn catalogue(&self) -> Arc<Catalogue> {
        Self::catalogue(self)
    }

    fn is_current(&self) -> bool {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).faults.is_empty()
    }
}
