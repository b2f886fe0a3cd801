//! What is true of a license on a day, put together from what the vault knows.
//!
//! Three things decide: what the authority made of the license, whether a later version stands in its place,
//! and the validity period. The room only reasons; [`look_up`] asks the vault.

use crate::domain::{Day, LicenseId, RevocationKind, Standing};

use super::error::Fault;
use super::ports::{ChangedState, StandingChange, Vault, VersionRecord};

/// The standing of one version on `day`.
///
/// A revocation outweighs everything: it ends the license with all its versions. A version that has been
/// replaced stays replaced even if it was suspended. Only then does the validity period speak.
pub fn standing_on(
    record: &VersionRecord,
    newest: &VersionRecord,
    changes: &[StandingChange],
    day: Day,
) -> Standing {
    let effective = || changes.iter().filter(|change| change.since <= day);
    let revoked = effective().find_map(|change| match change.state {
        ChangedState::Revoked(kind) => Some((kind, change.since)),
        _ => None,
    });
    if let Some((kind, since)) = revoked {
        return Standing::Revoked { kind, since };
    }
    if newest.id.version() > record.id.version() && newest.issued_on <= day {
        return Standing::Replaced { by: newest.id.clone(), since: newest.issued_on };
    }
    // The change that took effect last; of two on one day, the one written down later.
    let last = effective().max_by_key(|change| (change.since, change.at));
    if let Some(StandingChange { state: ChangedState::Suspended, since, .. }) = last {
        return Standing::Suspended { since: *since };
    }
    Standing::by_validity(&record.validity, day)
}

/// Whether `change` may follow what has been decided before.
pub fn may_follow(changes: &[StandingChange], change: ChangedState) -> Result<(), StandingRefusal> {
    let revoked: Option<RevocationKind> = changes.iter().find_map(|earlier| match earlier.state {
        ChangedState::Revoked(kind) => Some(kind),
        _ => None,
    });
    if revoked.is_some() {
        return Err(StandingRefusal::AlreadyRevoked);
    }
    let last = changes.iter().max_by_key(|earlier| (earlier.since, earlier.at));
    let suspended = last.is_some_and(|earlier| earlier.state == ChangedState::Suspended);
    match change {
        ChangedState::Reinstated if !suspended => Err(StandingRefusal::NotSuspended),
        ChangedState::Suspended if suspended => Err(StandingRefusal::AlreadySuspended),
        _ => Ok(()),
    }
}

/// Why a change of standing is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingRefusal {
    /// A revocation is final.
    AlreadyRevoked,
    /// It is suspended already.
    AlreadySuspended,
    /// There is no suspension to end.
    NotSuspended,
}

impl StandingRefusal {
    /// A fixed word for programs. Part of the API: never reworded, never reused.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyRevoked => "standing.already_revoked",
            Self::AlreadySuspended => "standing.already_suspended",
            Self::NotSuspended => "standing.not_suspended",
        }
    }
}

/// Record and standing of the version `id` on `day`, or `None` where the vault does not have it.
pub async fn look_up(
    vault: &dyn Vault,
    id: &LicenseId,
    day: Day,
) -> Result<Option<(VersionRecord, Standing)>, Fault> {
    let Some(record) = vault.find(id).await? else {
        return Ok(None);
    };
    let newest = vault.head(id.key()).await?.unwrap_or_else(|| record.clone());
    let changes = vault.standing_changes(id.key()).await?;
    let standing = standing_on(&record, &newest, &changes, day);
    Ok(Some((record, standing)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Digest;
    use crate::domain::{LicenseKey, Moment, Validity, VersionNo};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn record(version: VersionNo, issued_on: &str) -> VersionRecord {
        let code = "11990000MD0000008F001".parse().unwrap();
        let key = LicenseKey::new(code, &"11990000MD0000008F".parse().unwrap(), "2026A").unwrap();
        let issued_on = day(issued_on);
        VersionRecord {
            id: key.version(version),
            edition: 1,
            issued_on,
            validity: Validity::new(issued_on, Some(day("2030-12-31"))).unwrap(),
            content_digest: Digest::of(b""),
            forms: Vec::new(),
            shelved_at: Moment::from_unix_seconds(0),
        }
    }

    fn change(state: ChangedState, since: &str, at: i64) -> StandingChange {
        StandingChange {
            license: record(VersionNo::FIRST, "2026-01-01").id.key().clone(),
            state,
            since: day(since),
            ground: "ground".to_owned(),
            client: "client".to_owned(),
            at: Moment::from_unix_seconds(at),
        }
    }

    #[test]
    fn in_force_on_day_x_has_an_answer_for_every_x() {
        let first = record(VersionNo::FIRST, "2026-01-01");
        let second = record(VersionNo::FIRST.next().unwrap(), "2027-01-01");
        let changes = [
            change(ChangedState::Suspended, "2026-03-01", 1),
            change(ChangedState::Reinstated, "2026-04-01", 2),
            change(ChangedState::Revoked(RevocationKind::Withdrawn), "2028-01-01", 3),
        ];
        for (of, on, expected) in [
            (&first, "2025-12-31", "not_yet_in_force"),
            (&first, "2026-02-28", "in_force"),
            (&first, "2026-03-01", "suspended"),
            (&first, "2026-03-31", "suspended"),
            (&first, "2026-04-01", "in_force"),
            (&first, "2027-01-01", "replaced"),
            (&second, "2027-01-01", "in_force"),
            (&first, "2028-01-01", "revoked"),
            (&second, "2031-01-01", "revoked"),
        ] {
            assert_eq!(standing_on(of, &second, &changes, day(on)).code(), expected, "{on}");
        }
    }

    #[test]
    fn a_revocation_is_final_and_only_a_suspension_ends_in_a_reinstatement() {
        use ChangedState::*;
        let suspended = [change(Suspended, "2026-03-01", 1)];
        let revoked = [change(Revoked(RevocationKind::Annulled), "2026-03-01", 1)];
        assert_eq!(may_follow(&[], Reinstated), Err(StandingRefusal::NotSuspended));
        assert_eq!(may_follow(&suspended, Suspended), Err(StandingRefusal::AlreadySuspended));
        assert_eq!(may_follow(&suspended, Reinstated), Ok(()));
        assert_eq!(may_follow(&revoked, Reinstated), Err(StandingRefusal::AlreadyRevoked));
    }
}
