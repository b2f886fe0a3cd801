//! The list of what is not in force (状态清单): where licenses stand, small enough to be carried along.
//!
//! It names only versions whose standing somebody changed or that were replaced, and what is known to change in the
//! days it is made for; that a period has ended everybody sees from the license. Versions are named by salted digests,
//! so that the list tells nothing to who does not hold the license id: ids have random serials. Columns of one kind
//! stand together, which compresses well.
//!
//! Layout, numbers big-endian: `ZSL1`, salt (16 bytes), count (4); then for all entries, sorted by digest and day, the
//! digests (12 each: SHA-256 of salt and license id, cut), the first days (4, as the number 20261125), the states (1)
//! and the replacing versions (2, or 0).

use crate::crypto::Digest;
use crate::domain::{Day, LicenseId, RevocationKind, Standing, VersionNo};

const MAGIC: &[u8; 4] = b"ZSL1";
const SALT_LEN: usize = 16;
const NAME_LEN: usize = 12;
const ENTRY_LEN: usize = NAME_LEN + 4 + 1 + 2;
/// Most entries that are read; our own bound, some 190 MB.
const MAX_ENTRIES: usize = 10_000_000;

type Name = [u8; NAME_LEN];

/// One word about one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    name: Name,
    since: u32,
    state: u8,
    by: u16,
}

/// Such a list.
#[derive(Clone, PartialEq, Eq)]
pub struct StandingList {
    salt: [u8; SALT_LEN],
    entries: Vec<Entry>,
}

impl StandingList {
    /// An empty one, under a salt that was drawn for it.
    pub fn new(salt: [u8; SALT_LEN]) -> Self {
        Self { salt, entries: Vec::new() }
    }

    /// Says of a version that it stands so. What the validity period alone says is left out.
    pub fn add(&mut self, id: &LicenseId, standing: &Standing) {
        let (state, since, by) = match standing {
            Standing::Expired { .. } | Standing::NotYetInForce { .. } | Standing::InForce => return,
            Standing::Suspended { since } => (1, since, 0),
            Standing::Revoked { kind, since } => match kind {
                RevocationKind::Annulled => (2, since, 0),
                RevocationKind::Deregistered => (3, since, 0),
                RevocationKind::Withdrawn => (4, since, 0),
            },
            Standing::Replaced { by, since } => (5, since, by.version().number()),
        };
        self.push(id, *since, state, by);
    }

    /// Says of a version that it is back in force from a day on.
    pub fn add_reinstated(&mut self, id: &LicenseId, since: Day) {
        self.push(id, since, 0, 0);
    }

    fn push(&mut self, id: &LicenseId, since: Day, state: u8, by: u16) {
        let (year, month, day) = since.numbers();
        let since = u32::from(year) * 10_000 + u32::from(month) * 100 + u32::from(day);
        let name = name(&self.salt, id);
        self.entries.push(Entry { name, since, state, by });
    }

    /// Its bytes.
    pub fn to_bytes(mut self) -> Vec<u8> {
        self.entries.sort_unstable();
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut out = Vec::with_capacity(24 + ENTRY_LEN * self.entries.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&count.to_be_bytes());
        self.entries.iter().for_each(|entry| out.extend_from_slice(&entry.name));
        self.entries.iter().for_each(|entry| out.extend_from_slice(&entry.since.to_be_bytes()));
        out.extend(self.entries.iter().map(|entry| entry.state));
        self.entries.iter().for_each(|entry| out.extend_from_slice(&entry.by.to_be_bytes()));
        out
    }

    /// Reads its bytes; `None` where they are not such a list, or not in order.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (salt, rest) = rest.split_first_chunk::<SALT_LEN>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
        if count > MAX_ENTRIES || rest.len() != count * ENTRY_LEN {
            return None;
        }
        let (names, rest) = rest.split_at_checked(count * NAME_LEN)?;
        let (days, rest) = rest.split_at_checked(count * 4)?;
        let (states, versions) = rest.split_at_checked(count)?;
        let names = names.chunks_exact(NAME_LEN).zip(days.chunks_exact(4));
        let words = states.iter().zip(versions.chunks_exact(2));
        let entries: Option<Vec<Entry>> = names
            .zip(words)
            .map(|((name, since), (state, by))| {
                Some(Entry {
                    name: name.try_into().ok()?,
                    since: u32::from_be_bytes(since.try_into().ok()?),
                    state: *state,
                    by: u16::from_be_bytes(by.try_into().ok()?),
                })
            })
            .collect();
        let list = Self { salt: *salt, entries: entries? };
        let in_order = list.entries.is_sorted();
        let known = list.entries.iter().all(|entry| entry.state <= 5 && day(entry.since).is_some());
        (in_order && known).then_some(list)
    }

    /// What it says of a version on `today`; `None` where it says nothing, so that the validity period decides.
    pub fn find(&self, id: &LicenseId, today: Day) -> Option<Standing> {
        let name = name(&self.salt, id);
        let from = self.entries.partition_point(|entry| entry.name < name);
        let of_it = self.entries.get(from..)?.iter().take_while(|entry| entry.name == name);
        let begun = of_it.filter_map(|entry| Some((entry, day(entry.since)?)));
        let (entry, since) = begun.filter(|(_, since)| *since <= today).last()?;
        let revoked = |kind| Standing::Revoked { kind, since };
        Some(match entry.state {
            0 => return None,
            1 => Standing::Suspended { since },
            2 => revoked(RevocationKind::Annulled),
            3 => revoked(RevocationKind::Deregistered),
            4 => revoked(RevocationKind::Withdrawn),
            _ => Standing::Replaced { by: id.key().version(version(entry.by)), since },
        })
    }
}

impl std::fmt::Debug for StandingList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StandingList({} entries)", self.entries.len())
    }
}

fn name(salt: &[u8; SALT_LEN], id: &LicenseId) -> Name {
    let mut name = [0; NAME_LEN];
    let mut salted = salt.to_vec();
    salted.extend_from_slice(id.to_string().as_bytes());
    name.iter_mut().zip(Digest::of(&salted).as_bytes()).for_each(|(to, byte)| *to = *byte);
    name
}

fn day(number: u32) -> Option<Day> {
    let year = u16::try_from(number / 10_000).ok()?;
    let month = u8::try_from(number / 100 % 100).ok()?;
    Day::new(year, month, u8::try_from(number % 100).ok()?).ok()
}

/// The version of this number, or the last there can be.
fn version(number: u16) -> VersionNo {
    let all = std::iter::successors(Some(VersionNo::FIRST), |one| one.next());
    all.take_while(|one| one.number() <= number).last().unwrap_or(VersionNo::FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> LicenseId {
        let key = crate::domain::LicenseKey::new(
            "11990000MD0000008F002".parse().unwrap(),
            &"11990000MD1000077R".parse().unwrap(),
            &format!("2026{number:012}"),
        );
        key.unwrap().version(VersionNo::FIRST)
    }

    fn list() -> StandingList {
        let since = "2026-11-01".parse().unwrap();
        let mut list = StandingList::new([7; SALT_LEN]);
        let second = id(4).key().version(VersionNo::FIRST.next().unwrap());
        list.add(&id(1), &Standing::Suspended { since });
        list.add_reinstated(&id(1), "2026-11-20".parse().unwrap());
        list.add(&id(2), &Standing::Revoked { kind: RevocationKind::Withdrawn, since });
        list.add(&id(3), &Standing::InForce);
        list.add(&id(4), &Standing::Replaced { by: second, since });
        list
    }

    #[test]
    fn each_version_stands_as_it_was_said_from_its_day_on() {
        let bytes = list().to_bytes();
        assert_eq!(bytes.len(), 24 + 4 * ENTRY_LEN);
        let read = StandingList::read(&bytes).unwrap();
        let on = |number, day: &str| {
            read.find(&id(number), day.parse().unwrap()).map(|it| it.code().to_owned())
        };
        assert_eq!(on(1, "2026-10-31"), None);
        assert_eq!(on(1, "2026-11-01").as_deref(), Some("suspended"));
        assert_eq!(on(1, "2026-11-20"), None);
        assert_eq!(on(2, "2026-12-01").as_deref(), Some("revoked"));
        assert_eq!(on(3, "2026-12-01"), None);
        match read.find(&id(4), "2026-12-01".parse().unwrap()) {
            Some(Standing::Replaced { by, .. }) => assert_eq!(by.version().number(), 2),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_whole_or_not_in_order_is_no_list() {
        let bytes = list().to_bytes();
        for length in 0..bytes.len() {
            assert!(StandingList::read(&bytes[..length]).is_none(), "{length} bytes");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        let mut swapped = bytes.clone();
        swapped[24..24 + 4 * NAME_LEN].rotate_left(NAME_LEN);
        let mut no_state = bytes.clone();
        no_state[24 + 4 * (NAME_LEN + 4)] = 9;
        for broken in [&longer, &swapped, &no_state] {
            assert!(StandingList::read(broken).is_none());
        }
        assert!(
            StandingList::read(&StandingList::new([1; SALT_LEN]).to_bytes())
                .unwrap()
                .entries
                .is_empty()
        );
    }
}
