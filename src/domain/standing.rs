//! Where a license stands: what is true of it today, apart from what was sealed.
//!
//! Standing belongs to the license and changes without touching a sealed byte. The room knows the states and
//! what each must say; who may bring a license into one, and when, is left to `service`.
//!
//! Source: the practice of national license data (STANDARDS 1.8), reduced to what decides a case.

use serde::Serialize;

use super::license_id::LicenseId;
use super::time::Day;
use super::validity::Validity;

/// The standing (证照状态) of one version of a license on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// Its validity period has ended.
    Expired {
        /// The last day on which it was valid.
        last_day: Day,
    },
    /// It may be relied on today.
    InForce,
    /// Its validity period has not begun.
    NotYetInForce {
        /// The first day on which it will be valid.
        first_day: Day,
    },
    /// A later version stands in its place.
    Replaced {
        /// The version that replaced it.
        by: LicenseId,
        /// The day from which the later version stands.
        since: Day,
    },
    /// It has ended for good.
    Revoked {
        /// Which of the three kinds, which differ in law.
        kind: RevocationKind,
        /// The day from which it has no force.
        since: Day,
    },
    /// It is out of force for a time.
    Suspended {
        /// The day from which it has no force.
        since: Day,
    },
}

impl Standing {
    /// What the validity period alone says on `day`.
    pub fn by_validity(validity: &Validity, day: Day) -> Self {
        match validity.to() {
            Some(last_day) if validity.ended_before(day) => Self::Expired { last_day },
            _ if validity.begins_after(day) => Self::NotYetInForce { first_day: validity.from() },
            _ => Self::InForce,
        }
    }

    /// Whether the license may be relied on.
    pub fn is_in_force(&self) -> bool {
        matches!(self, Self::InForce)
    }

    /// A fixed word for programs. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::InForce => "in_force",
            Self::NotYetInForce { .. } => "not_yet_in_force",
            Self::Replaced { .. } => "replaced",
            Self::Revoked { .. } => "revoked",
            Self::Suspended { .. } => "suspended",
        }
    }
}

/// The three ways in which a license ends for good (废止).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationKind {
    /// It should never have been granted (撤销).
    Annulled,
    /// It was closed on a lawful ground: ended, given up, holder gone (注销).
    Deregistered,
    /// It was taken away as a penalty (吊销).
    Withdrawn,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_validity_period_alone_decides_between_three_states() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let validity = Validity::new(day("2026-03-01"), Some(day("2026-03-31"))).unwrap();
        let state = |text| Standing::by_validity(&validity, day(text)).code();
        assert_eq!(
            [state("2026-02-28"), state("2026-03-01"), state("2026-03-31"), state("2026-04-01")],
            ["not_yet_in_force", "in_force", "in_force", "expired"]
        );
    }
}
