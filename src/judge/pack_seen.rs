//! Where a license stands by a trust pack, and what is said of the pack.
//!
//! A pack speaks of its moment. What it names as ended is ended; that a license is in force is concluded from its silence
//! only while it is fresh, and only of licenses that were there when it was made.

use super::facts::PackWord;
use super::finding::{About, Finding, FindingOutcome, Text2};
use super::observed::Observed;
use super::standing::Standings;
use super::verdict::StandingState;
use crate::domain::{Moment, Standing, Validity};

/// Something that was seen of a trust pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackSeen {
    /// It may be relied on.
    Fresh {
        /// The moment of which it speaks.
        as_of: Moment,
        /// Until when.
        until: Moment,
    },
    /// It may not any more.
    Stale {
        /// The moment of which it speaks.
        as_of: Moment,
        /// Until when it could be.
        until: Moment,
    },
    /// It was made before the license, or after the moment that is asked about.
    Elsewhen {
        /// The moment of which it speaks.
        as_of: Moment,
    },
}

impl PackSeen {
    /// What is said about it.
    pub(super) fn finding(self) -> Finding {
        let fetch = Text2::fixed(
            "请联网更新信任包，或联网查询证照状态",
            "Fetch a new trust pack, or look the standing up online",
        );
        let (outcome, zh, en, next_step) = match self {
            Self::Fresh { as_of, until } => (
                FindingOutcome::Passed,
                format!("信任包制作于 {}，可用至 {}", as_of.in_china(), until.in_china()),
                format!("The trust pack is of {as_of} and may be relied on until {until}"),
                None,
            ),
            Self::Stale { as_of, until } => (
                FindingOutcome::CouldNotBeMade,
                format!("信任包已过期：制作于 {}，可用至 {}", as_of.in_china(), until.in_china()),
                format!("The trust pack is stale: of {as_of}, good until {until}"),
                Some(fetch),
            ),
            Self::Elsewhen { as_of } => (
                FindingOutcome::CouldNotBeMade,
                format!("信任包制作于 {}，不能说明此证照在所问之时的状态", as_of.in_china()),
                format!("The trust pack is of {as_of} and does not speak of this license then"),
                Some(fetch),
            ),
        };
        let (code, about) = ("pack.freshness", About::Standing);
        Finding { code, outcome, about, fact: Text2::filled(zh, en), next_step }
    }
}

/// Where a license stands by a pack; `sealed_at` and `validity` are those of its document.
pub(super) fn by_pack(
    word: &PackWord,
    (sealed_at, validity): (Option<Moment>, Option<&Validity>),
    at: Moment,
) -> Standings {
    let PackWord { standing, as_of, fresh_until: until } = word.clone();
    let in_time = as_of <= at && sealed_at.is_none_or(|sealed| sealed <= as_of);
    let seen = match (in_time, at <= until) {
        (false, _) => PackSeen::Elsewhen { as_of },
        (true, false) => PackSeen::Stale { as_of, until },
        (true, true) => PackSeen::Fresh { as_of, until },
    };
    let by_validity = validity.map(|validity| Standing::by_validity(validity, at.day_in_china()));
    let ended = |standing: &Standing| !standing.is_in_force();
    let mut known = match (standing.filter(|_| as_of <= at), by_validity, seen) {
        (Some(named), _, _) => Standings::of(&named, false),
        (None, Some(period), _) if ended(&period) => Standings::of(&period, true),
        (None, Some(period), PackSeen::Fresh { .. }) => Standings::of(&period, false),
        _ => Standings::unknown(StandingState::CannotCheckNow, Observed::StandingUnknownNow),
    };
    known.as_of = Some(as_of);
    known.seen.insert(0, Observed::Pack(seen));
    known
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOW, Scene, open};
    use super::super::{Outcome, Overall, StandingState, VaultFact, Verdict};
    use super::*;

    fn verdict(standing: Option<Standing>, as_of: &str, at: &str) -> Verdict {
        let scene = Scene::new();
        let word = PackWord {
            standing,
            as_of: as_of.parse().unwrap(),
            fresh_until: "2026-01-12T00:00:00Z".parse().unwrap(),
        };
        scene.verdict(&scene.file, VaultFact::Carried(word), at)
    }

    #[test]
    fn a_fresh_pack_says_where_a_license_stands_and_of_when_it_is() {
        let made = "2026-01-09T00:00:00Z";
        let in_force = verdict(None, made, NOW);
        assert_eq!((in_force.overall, in_force.standing), (Overall::Valid, Outcome::Passed));
        assert_eq!(in_force.standing_as_of, made.parse().ok());
        assert_eq!(in_force.exit_code(), 0);
        let since = "2026-01-08".parse().unwrap();
        let ended = verdict(Some(Standing::Suspended { since }), made, NOW);
        assert_eq!(ended.standing_state, StandingState::Suspended);
        assert_eq!(ended.exit_code(), 1);
    }

    #[test]
    fn a_stale_pack_and_one_of_another_time_know_only_what_has_ended() {
        let since = "2026-01-08".parse().unwrap();
        for (as_of, at) in [
            ("2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z"),
            ("2020-01-01T00:00:00Z", NOW),
            ("2026-01-11T00:00:00Z", NOW),
        ] {
            let silent = verdict(None, as_of, at);
            assert_eq!(
                (silent.standing, silent.exit_code()),
                (Outcome::Unknown, 2),
                "{as_of} {at}"
            );
            assert!(open(&silent).contains(&"pack.freshness"));
        }
        let stale = verdict(
            Some(Standing::Suspended { since }),
            "2026-01-09T00:00:00Z",
            "2026-01-13T00:00:00Z",
        );
        assert_eq!(
            stale.standing,
            Outcome::Failed,
            "what was suspended is not in force for want of news"
        );
        let before = verdict(Some(Standing::Suspended { since }), "2026-01-11T00:00:00Z", NOW);
        assert_eq!(before.standing, Outcome::Unknown, "of an earlier moment it does not speak");
    }
}
