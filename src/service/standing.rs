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
/// replaced stays replaced even if it was suspended. Only then does the validity period speak. `successor` is
/// the version after this one, if there is one; it takes its place from the day it was issued, or from its own
/// first day where that is later, so that a renewal made in advance leaves no day without a license.
pub fn standing_on(
    record: &VersionRecord,
    successor: Option<&VersionRecord>,
    changes: &[StandingChange],
    day: Day,
) -> Standing {
    let effective = || changes.iter().filter(|change| change.since <= day);
    if let Some((kind, since)) = revocation(effective()) {
        return Standing::Revoked { kind, since };
    }
    if let Some(successor) = successor {
        let since = successor.issued_on.max(successor.validity.from());
        if since <= day {
            return Standing::Replaced { by: successor.id.clone(), since };
        }
    }
    // Of the changes whose day has come, the authority's last word, even if its day is before that of another:
    // whoever decides knows what was decided before.
    if let Some(StandingChange { state: ChangedState::Suspended, since, .. }) =
        effective().next_back()
    {
        return Standing::Suspended { since: *since };
    }
    Standing::by_validity(&record.validity, day)
}

/// The earliest of the revocations among `changes`: one may be brought forward and never put off.
fn revocation<'c>(
    changes: impl Iterator<Item = &'c StandingChange>,
) -> Option<(RevocationKind, Day)> {
    let revocations = changes.filter_map(|change| match change.state {
        ChangedState::Revoked(kind) => Some((kind, change.since)),
        _ => None,
    });
    revocations.min_by_key(|(_, since)| *since)
}

/// Whether `change`, from `since` on, may follow what has been decided before, in the order it was decided in.
///
/// What is decided for a later day may be brought forward: a license that is to end next year can still be
/// ended today.
pub fn may_follow(
    changes: &[StandingChange],
    change: ChangedState,
    since: Day,
) -> Result<(), StandingRefusal> {
    if let Some((_, revoked_since)) = revocation(changes.iter()) {
        let brought_forward = matches!(change, ChangedState::Revoked(_)) && since < revoked_since;
        return if brought_forward { Ok(()) } else { Err(StandingRefusal::AlreadyRevoked) };
    }
    let last = changes.last();
    let suspended = last.filter(|earlier| earlier.state == ChangedState::Suspended);
    match (change, suspended) {
        (ChangedState::Reinstated, None) => Err(StandingRefusal::NotSuspended),
        (ChangedState::Suspended, Some(earlier)) if since >= earlier.since => {
            Err(StandingRefusal::AlreadySuspended)
        }
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
    let standing = standing_of(vault, &record, day).await?;
    Ok(Some((record, standing)))
}

/// The standing on `day` of a version whose record is at hand.
pub async fn standing_of(
    vault: &dyn Vault,
    record: &VersionRecord,
    day: Day,
) -> Result<Standing, Fault> {
    let key = record.id.key();
    let successor = match record.id.version().next() {
        Some(next) => vault.find(&key.version(next)).await?,
        None => None,
    };
    let changes = vault.standing_changes(key).await?;
    Ok(standing_on(record, successor.as_ref(), &changes, day))
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
            sealed: None,
            shelved_at: Moment::from_unix_seconds(0),
            sealed_with: None,
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
        let after = |of: &VersionRecord| (of.id == first.id).then_some(&second);
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
            assert_eq!(standing_on(of, after(of), &changes, day(on)).code(), expected, "{on}");
        }
    }

    #[test]
    fn a_renewal_made_in_advance_takes_over_on_its_own_first_day() {
        let first = record(VersionNo::FIRST, "2026-01-01");
        let mut second = record(VersionNo::FIRST.next().unwrap(), "2026-11-01");
        second.validity = Validity::new(day("2027-01-01"), None).unwrap();
        let standing = |of, after, on| standing_on(of, after, &[], day(on)).code();
        assert_eq!(standing(&first, Some(&second), "2026-12-31"), "in_force");
        assert_eq!(standing(&second, None, "2026-12-31"), "not_yet_in_force");
        assert_eq!(standing(&first, Some(&second), "2027-01-01"), "replaced");
        assert_eq!(standing(&second, None, "2027-01-01"), "in_force");
    }

    #[test]
    fn a_revocation_is_final_and_only_a_suspension_ends_in_a_reinstatement() {
        use ChangedState::*;
        let suspended = [change(Suspended, "2026-03-01", 1)];
        let revoked = [change(Revoked(RevocationKind::Annulled), "2026-03-01", 1)];
        let may =
            |changes: &[StandingChange], change| may_follow(changes, change, day("2026-04-01"));
        assert_eq!(may(&[], Reinstated), Err(StandingRefusal::NotSuspended));
        assert_eq!(may(&suspended, Suspended), Err(StandingRefusal::AlreadySuspended));
        assert_eq!(may(&suspended, Reinstated), Ok(()));
        assert_eq!(may(&revoked, Reinstated), Err(StandingRefusal::AlreadyRevoked));
        let again = Revoked(RevocationKind::Withdrawn);
        assert_eq!(may(&revoked, again), Err(StandingRefusal::AlreadyRevoked));
    }

    /// Each row: what was decided, in that order, and what holds on 15 June.
    #[test]
    fn the_last_word_decides_whatever_day_it_names() {
        use ChangedState::*;
        let only = record(VersionNo::FIRST, "2026-01-01");
        let revoked = Revoked(RevocationKind::Withdrawn);
        type Row<'r> = (&'r str, &'r [(ChangedState, &'r str)], &'r str);
        let rows: &[Row<'_>] = &[
            (
                "suspended from before the end of another suspension",
                &[(Suspended, "2026-03-01"), (Reinstated, "2026-06-01"), (Suspended, "2026-05-01")],
                "suspended",
            ),
            (
                "suspension lifted from before it began",
                &[(Suspended, "2026-03-01"), (Reinstated, "2026-02-01")],
                "in_force",
            ),
            (
                "suspension brought forward",
                &[(Suspended, "2027-01-01"), (Suspended, "2026-06-01")],
                "suspended",
            ),
            (
                "revocation brought forward",
                &[(revoked, "2062-01-01"), (revoked, "2026-06-01")],
                "revoked",
            ),
        ];
        for (case, decided, expected) in rows {
            let mut changes = Vec::new();
            for ((state, since), at) in decided.iter().zip(1..) {
                assert_eq!(may_follow(&changes, *state, day(since)), Ok(()), "{case}");
                changes.push(change(*state, since, at));
            }
            let standing = standing_on(&only, None, &changes, day("2026-06-15"));
            assert_eq!(standing.code(), *expected, "{case}");
        }
        let changes = [change(revoked, "2062-01-01", 1), change(revoked, "2026-06-01", 2)];
        let standing = standing_on(&only, None, &changes, day("2070-01-01"));
        let since = day("2026-06-01");
        assert_eq!(standing, Standing::Revoked { kind: RevocationKind::Withdrawn, since });
    }
}
