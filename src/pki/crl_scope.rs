//! For which certificates a list speaks, and on which grounds.
//!
//! Large authorities cut their lists up: by the place where a part is published, by kinds of certificates, by grounds.
//! "Not on the list" means "not revoked" only for those that the part is about, and only on the grounds it has.
//!
//! Source: RFC 5280, 4.2.1.13, 5.2.5 and 6.3.3 (b).

use super::certificate::Certificate;
use super::der::{DerError, Reader, element, tag};
use super::name_constraints::prepared_name;

/// The tags of the forms of `GeneralName` that are compared, and of fields.
const DIRECTORY_NAME: u8 = 0xa4;
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const PRIMITIVE_3: u8 = 0x83;
const PRIMITIVE_4: u8 = 0x84;
const PRIMITIVE_5: u8 = 0x85;

/// Most places in one certificate or list that are kept; our own bound.
const MAX_PLACES: usize = 16;

/// The grounds of a list, a bit each as in `ReasonFlags`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grounds(u16);

impl Grounds {
    /// Every ground there is: the bits 1 to 8.
    pub(super) const ALL: Self = Self(0x1fe);
    pub(super) const NONE: Self = Self(0);

    /// Those of `ReasonFlags`, the content of a bit string: a byte that counts unused bits, and then the bits from the
    /// left.
    fn read(content: &[u8]) -> Result<Self, DerError> {
        let [0..=7, bits @ ..] = content else { return Err(DerError::Tag) };
        let bit = |index: usize| {
            bits.get(index / 8).is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0)
        };
        let grounds =
            (0_usize..9).filter(|index| bit(*index)).fold(0_u16, |all, index| all | 1 << index);
        Ok(Self(grounds & Self::ALL.0))
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A name as it is compared with another.
type Name = Vec<u8>;

/// Where lists about a certificate are published (`CRLDistributionPoints`).
#[derive(Clone, Debug)]
pub(super) struct Place {
    names: Vec<Name>,
    grounds: Grounds,
    /// Whoever makes those lists, where that is not the issuer.
    issuers: Vec<Name>,
}

/// What a list is about (`IssuingDistributionPoint`).
#[derive(Clone, Debug)]
pub(super) struct Scope {
    names: Option<Vec<Name>>,
    users_only: bool,
    issuers_only: bool,
    attributes_only: bool,
    grounds: Grounds,
    pub(super) is_indirect: bool,
}

impl Scope {
    /// That of a list without such an extension.
    pub(super) const WHOLE: Self = Self {
        names: None,
        users_only: false,
        issuers_only: false,
        attributes_only: false,
        grounds: Grounds::ALL,
        is_indirect: false,
    };

    /// That of an `IssuingDistributionPoint` in DER, in a list of `issuer`.
    ///
    /// Read here and not by the library, which passes over names relative to the issuer without a word.
    pub(super) fn read(der: &[u8], issuer: &[u8]) -> Result<Self, DerError> {
        let mut fields = Reader::only(der, tag::SEQUENCE)?.reader();
        let names = match fields.optional(tag::CONTEXT_0)? {
            Some(point) => Some(names(point.content, issuer)?),
            None => None,
        };
        let mut flag = |tag| match fields.optional(tag)? {
            None => Ok(false),
            Some(flag) => match flag.content {
                [0xff] => Ok(true),
                [0] => Ok(false),
                _ => Err(DerError::Tag),
            },
        };
        let (users_only, issuers_only) = (flag(tag::PRIMITIVE_1)?, flag(tag::PRIMITIVE_2)?);
        let grounds = match fields.optional(PRIMITIVE_3)? {
            Some(flags) => Grounds::read(flags.content)?,
            None => Grounds::ALL,
        };
        let mut flag =
            |tag| fields.optional(tag).map(|flag| flag.is_some_and(|flag| flag.content == [0xff]));
        let (is_indirect, attributes_only) = (flag(PRIMITIVE_4)?, flag(PRIMITIVE_5)?);
        fields.finish()?;
        Ok(Self { names, users_only, issuers_only, attributes_only, grounds, is_indirect })
    }

    /// The grounds on which a list of `issuer` with this scope speaks of `subject`.
    pub(super) fn covers(&self, issuer: &[u8], subject: &Certificate) -> Grounds {
        let kind = self.attributes_only
            || self.users_only && subject.is_ca()
            || self.issuers_only && !subject.is_ca();
        if kind {
            return Grounds::NONE;
        }
        let (own, made_by) = (prepared_name(subject.issuer()), prepared_name(issuer));
        let is_own = own == made_by;
        let places = subject.crl_places();
        if places.is_empty() {
            // As if the issuer's own name were the place (6.3.3, last paragraph).
            let named = self.names.as_ref().is_none_or(|names| names.contains(&directory(&own)));
            return if is_own && named { self.grounds } else { Grounds::NONE };
        }
        let fits = |place: &&Place| {
            let by_whom = match place.issuers.is_empty() {
                true => is_own,
                false => self.is_indirect && place.issuers.contains(&directory(&made_by)),
            };
            let where_ = self.names.as_ref().is_none_or(|names| {
                let known = if place.names.is_empty() { &place.issuers } else { &place.names };
                known.iter().any(|name| names.contains(name))
            });
            by_whom && where_
        };
        let grounds = places.iter().filter(fits).map(|place| place.grounds.and(self.grounds));
        grounds.fold(Grounds::NONE, Grounds::or)
    }
}

/// The places that a certificate of `issuer` names, by its `CRLDistributionPoints` in DER. One that cannot be read names
/// a place at which nothing is.
pub(super) fn places(der: &[u8], issuer: &[u8]) -> Vec<Place> {
    let nowhere = Place { names: Vec::new(), grounds: Grounds::NONE, issuers: Vec::new() };
    read_places(der, issuer).unwrap_or_else(|_| vec![nowhere])
}

fn read_places(der: &[u8], issuer: &[u8]) -> Result<Vec<Place>, DerError> {
    let mut points = Reader::only(der, tag::SEQUENCE)?.reader();
    let mut found = Vec::new();
    while !points.is_empty() && found.len() < MAX_PLACES {
        let mut fields = points.expect(tag::SEQUENCE)?.reader();
        let point = fields.optional(tag::CONTEXT_0)?;
        let grounds = match fields.optional(tag::PRIMITIVE_1)? {
            Some(flags) => Grounds::read(flags.content)?,
            None => Grounds::ALL,
        };
        let made_by = fields.optional(tag::CONTEXT_2)?;
        fields.finish()?;
        let issuers = made_by.map_or(Ok(Vec::new()), |made_by| general_names(made_by.content))?;
        // A name relative to the list's issuer is relative to whoever makes it.
        let maker = match made_by {
            Some(made_by) => first_directory_name(made_by.content)?,
            None => Some(issuer),
        };
        let names = match (point, maker) {
            (Some(point), Some(maker)) => names(point.content, maker)?,
            (Some(_), None) => return Err(DerError::Tag),
            (None, _) => Vec::new(),
        };
        found.push(Place { names, grounds, issuers });
    }
    Ok(found)
}

/// The names of a `DistributionPointName`.
fn names(choice: &[u8], issuer: &[u8]) -> Result<Vec<Name>, DerError> {
    let mut choice = Reader::new(choice);
    let name = choice.element()?;
    choice.finish()?;
    match name.tag {
        tag::CONTEXT_0 => general_names(name.content),
        tag::CONTEXT_1 => {
            let above = Reader::only(issuer, tag::SEQUENCE)?.content;
            let part = element(tag::SET, &[name.content]);
            Ok(vec![directory(&prepared_name(&element(tag::SEQUENCE, &[above, &part])))])
        }
        _ => Err(DerError::Tag),
    }
}

/// The names of `GeneralNames` that can be compared.
fn general_names(content: &[u8]) -> Result<Vec<Name>, DerError> {
    let mut names = Reader::new(content);
    let mut found = Vec::new();
    while !names.is_empty() && found.len() < MAX_PLACES {
        let name = names.element()?;
        match name.tag {
            DIRECTORY_NAME => found.push(directory(&prepared_name(name.content))),
            kind @ (DNS_NAME | URI) => found.push([&[kind], name.content].concat()),
            _ => {}
        }
    }
    Ok(found)
}

fn first_directory_name(content: &[u8]) -> Result<Option<&[u8]>, DerError> {
    let mut names = Reader::new(content);
    while !names.is_empty() {
        let name = names.element()?;
        if name.tag == DIRECTORY_NAME {
            return Ok(Some(name.content));
        }
    }
    Ok(None)
}

fn directory(prepared: &[u8]) -> Name {
    [&[DIRECTORY_NAME], prepared].concat()
}
