//! The body that runs this library, for what it signs in its own name: receipts and trust packs.

use std::sync::Arc;

use crate::domain::{IssuingAuthority, Moment};

use super::error::Fault;
use super::issue::Issuing;
use super::sealing::PreparedKey;
use super::workbench::Workbench;

impl Issuing {
    /// The body that runs this library, and its key: the first one listed that has a key here fit to seal.
    pub(super) fn library(
        &self,
        bench: &Workbench,
        now: Moment,
    ) -> Result<(IssuingAuthority, Arc<PreparedKey>), Fault> {
        let catalogue = bench.catalogue();
        let mut why = Fault::new("library.none", "no authority has `library = true`");
        for library in catalogue.authorities().filter(|one| one.library) {
            match self.sealing.find(&library.code, now) {
                Ok(key) if key.key.max_uses().is_some() => {
                    why = Fault::new(
                        "library.limited",
                        "what a library signs is not counted, and the uses of its key are limited",
                    );
                }
                Ok(key) => return Ok((library.clone(), key)),
                Err(fault) => why = fault,
            }
        }
        Err(why)
    }
}
