//! What an issuing system does with licenses it has issued: look, fetch, change their standing.
//!
//! A license of another authority is answered exactly as one that does not exist.

use std::sync::Arc;

use crate::domain::{Day, LicenseId, Standing};

use super::desks::{Described, IssuingSystem, LicenseDesk};
use super::error::{Fault, Refusal};
use super::hold::{download_act, form_bytes};
use super::ports::{ChangedState, Clock, Form, Later, StandingChange, UsageRecord, Vault};
use super::standing::{look_up, may_follow};
use super::turns::Turns;
use super::whole::protected;
use super::workshop::Workshop;

/// Serves issuing systems.
pub struct Licenses {
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// The types and authorities, for their names.
    pub workshop: Arc<Workshop>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Changes of one license take turns: each is held against all that were decided before it.
    pub turns: Turns,
}

impl LicenseDesk for Licenses {
    fn describe<'a>(
        &'a self,
        client: &'a IssuingSystem,
        id: &'a LicenseId,
    ) -> Later<'a, Result<Described, Refusal>> {
        Box::pin(async move {
            let today = self.clock.now().day_in_china();
            own(client, id)?;
            let found = look_up(self.vault.as_ref(), id, today).await?;
            let (record, standing) = found.ok_or(Refusal::NotFound)?;
            let newest = self.vault.head(id.key()).await?;
            let newest = newest.map_or_else(|| record.id.clone(), |newest| newest.id);
            let catalogue = self.workshop.catalogue();
            let definition = catalogue.edition(id.key().type_code(), record.edition);
            let type_name =
                definition.map_or_else(String::new, |definition| definition.name.clone());
            let authority = id.key().authority().parse().ok();
            let authority = authority.and_then(|code| catalogue.authority(&code));
            let authority_name =
                authority.map_or_else(String::new, |authority| authority.name.clone());
            let protected = protected(self.vault.as_ref(), &record).await?;
            Ok(Described { record, type_name, authority_name, standing, newest, protected })
        })
    }

    fn download<'a>(
        &'a self,
        client: &'a IssuingSystem,
        id: &'a LicenseId,
        form: Form,
    ) -> Later<'a, Result<Vec<u8>, Refusal>> {
        Box::pin(async move {
            own(client, id)?;
            let record = self.vault.find(id).await?.ok_or(Refusal::NotFound)?;
            let bytes = form_bytes(self.vault.as_ref(), &record, form).await?;
            let (id, reader, act) = (id.clone(), client.name.clone(), download_act(form));
            self.vault.record_usage(UsageRecord { id, reader, act, at: self.clock.now() }).await?;
            Ok(bytes)
        })
    }

    fn change_standing<'a>(
        &'a self,
        client: &'a IssuingSystem,
        id: &'a LicenseId,
        state: ChangedState,
        since: Day,
        ground: &'a str,
    ) -> Later<'a, Result<Standing, Refusal>> {
        Box::pin(async move {
            own(client, id)?;
            if self.vault.find(id).await?.is_none() {
                return Err(Refusal::NotFound);
            }
            let _turn = self.turns.take(id.key().authority(), id.key().serial()).await;
            let changes = self.vault.standing_changes(id.key()).await?;
            let now = self.clock.now();
            // Asked for again, because the answer was lost on the way: it stands already.
            let stands =
                changes.last().is_some_and(|last| last.state == state && last.since == since);
            if !stands {
                may_follow(&changes, state, since)
                    .map_err(|refusal| Refusal::Conflict { code: refusal.code(), id: None })?;
                let change = StandingChange {
                    license: id.key().clone(),
                    state,
                    since,
                    ground: ground.to_owned(),
                    client: client.name.clone(),
                    at: now,
                };
                self.vault.change_standing(change).await?;
            }
            let found = look_up(self.vault.as_ref(), id, now.day_in_china()).await?;
            let (_, standing) =
                found.ok_or_else(|| Fault::new("licenses.standing", "a known version is gone"))?;
            Ok(standing)
        })
    }
}

pub(super) fn own(client: &IssuingSystem, id: &LicenseId) -> Result<(), Refusal> {
    let own = client.authorities.iter().any(|code| code.as_str() == id.key().authority());
    if own { Ok(()) } else { Err(Refusal::NotFound) }
}
