//! Where a license stands, as far as that is known when a file is judged.
//!
//! The vault's word comes first. Where it said nothing, the sealed validity still tells that a license has
//! expired or has not begun; that it is in force is never concluded from the document alone.

use super::facts::VaultFact;
use super::observed::Observed;
use super::verdict::{Outcome, StandingState};
use crate::domain::{Moment, Standing, Validity};

/// Where the license stands, as far as that is known.
pub(super) struct Standings {
    pub(super) outcome: Outcome,
    pub(super) state: StandingState,
    pub(super) detail: Option<Standing>,
    pub(super) as_of: Option<Moment>,
    pub(super) seen: Vec<Observed>,
}

impl Standings {
    /// By a standing that is known, from the vault or from the document itself.
    pub(super) fn of(standing: &Standing, from_document: bool) -> Self {
        Self {
            outcome: if standing.is_in_force() { Outcome::Passed } else { Outcome::Failed },
            state: StandingState::from(standing),
            detail: Some(standing.clone()),
            as_of: None,
            seen: vec![Observed::Stands { standing: standing.clone(), from_document }],
        }
    }

    pub(super) fn unknown(state: StandingState, seen: Observed) -> Self {
        Self { outcome: Outcome::Unknown, state, detail: None, as_of: None, seen: vec![seen] }
    }

    /// For a document whose license nobody has any business asking about: nothing is said of its standing.
    pub(super) fn unasked() -> Self {
        Self { seen: Vec::new(), ..Self::not_checked() }
    }

    /// By what the vault said.
    pub(super) fn by_vault(vault: &VaultFact) -> Self {
        match vault {
            VaultFact::CannotAskNow | VaultFact::Carried(_) => {
                Self::unknown(StandingState::CannotCheckNow, Observed::StandingUnknownNow)
            }
            VaultFact::Found(record) => {
                Self { as_of: Some(record.as_of), ..Self::of(&record.standing, false) }
            }
            VaultFact::NotAsked => Self::not_checked(),
            VaultFact::NotInVault { as_of } => Self {
                as_of: Some(*as_of),
                ..Self::unknown(StandingState::NotInVault, Observed::VaultMissing)
            },
        }
    }

    /// By what the vault said, and where it said nothing of a standing by the sealed validity: that a period
    /// has ended is known without asking anybody.
    pub(super) fn by_vault_or_validity(
        vault: &VaultFact,
        validity: Option<&Validity>,
        at: Moment,
    ) -> Self {
        let mut asked = Self::by_vault(vault);
        let by_validity = validity
            .filter(|_| asked.detail.is_none())
            .map(|validity| Standing::by_validity(validity, at.day_in_china()))
            .filter(|by_validity| !by_validity.is_in_force());
        let Some(by_validity) = by_validity else { return asked };
        let mut known = Self::of(&by_validity, true);
        known.as_of = asked.as_of;
        asked.seen.retain(|seen| *seen != Observed::StandingNotChecked);
        asked.seen.append(&mut known.seen);
        Self { seen: asked.seen, ..known }
    }

    fn not_checked() -> Self {
        Self::unknown(StandingState::NotChecked, Observed::StandingNotChecked)
    }
}
