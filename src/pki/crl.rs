//! Lists of revoked certificates (证书吊销列表). Of certificates, not of licenses.
//!
//! A [`Crl`] has been read but not believed: [`Crl::is_signed_by`] says whether an issuer stands behind it.
//! A list that speaks for part of an issuer's certificates (`pki::crl_scope`), or only amends another list, says nothing
//! of the rest: "not on the list" would not mean "not revoked" there.
//!
//! Whether a certificate was revoked depends on the moment asked about: see `pki::revocation`.
//!
//! Source: RFC 5280, section 5.

use std::fmt;
use std::sync::Arc;

use x509_parser::prelude::{
    CertificateRevocationList, FromDer, ParsedExtension, SubjectPublicKeyInfo,
};

use super::certificate::Certificate;
use super::crl_error::CrlError;
use super::crl_scope::{Grounds, Scope};
use super::der::{DerError, Reader, tag};
use super::memo::Memo;
use super::name_constraints::prepared_name;
use crate::crypto::Digest;
use crate::domain::Moment;

/// Longest list that is read, in bytes; our own bound, about 200 000 entries.
pub const MAX_CRL_LEN: usize = 8 * 1024 * 1024;

/// The algorithms a list may be signed with, each as a whole DER `AlgorithmIdentifier`: ECDSA and RSA with
/// SHA-256, SHA-384 and SHA-512. The library that checks the signature would take SHA-1 as well.
const ALGORITHMS: [&[u8]; 5] = [
    &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
    &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00],
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c, 0x05, 0x00],
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d, 0x05, 0x00],
];

/// issuingDistributionPoint, 2.5.29.28, as the content of a DER object identifier.
const ISSUING_POINT: &[u8] = &[0x55, 0x1d, 0x1c];
/// deltaCRLIndicator, 2.5.29.27, as the content of a DER object identifier.
const DELTA_INDICATOR: &[u8] = &[0x55, 0x1d, 0x1b];
/// certificateIssuer, 2.5.29.29, as the content of a DER object identifier.
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 0x1d];
/// The tag of a directory name among `GeneralNames`.
const DIRECTORY_NAME: u8 = 0xa4;
/// The code by which a list that amends another takes an entry off.
const REMOVE_FROM_CRL: u8 = 8;

/// A list of revoked certificates, as read.
#[derive(Clone)]
pub struct Crl(Arc<List>);

struct List {
    der: Vec<u8>,
    digest: Digest,
    issuer: Vec<u8>,
    this_update: Moment,
    next_update: Moment,
    /// What it is about.
    scope: Scope,
    /// Of a list that amends another: the number of that one.
    amends: Option<Vec<u8>>,
    /// Its own number.
    number: Option<Vec<u8>>,
    /// Sorted by serial number.
    entries: Vec<(Vec<u8>, Entry)>,
    signed_by: Memo<bool>,
}

/// An entry, as it stands in the list.
#[derive(Clone, Debug)]
struct Entry {
    /// The ground and the day; none where a list that amends another takes an entry off.
    revoked: Option<Revoked>,
    /// The issuer of the certificate, in an indirect list, as names are compared.
    of_issuer: Option<Vec<u8>>,
}

/// What a list says of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The entry, if it has one.
    pub(super) entry: Option<Revoked>,
    /// The grounds on which silence means "not revoked".
    pub(super) grounds: Grounds,
}

/// One entry: since when, and on what ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// From when on the issuer disowns the certificate.
    pub since: Moment,
    /// The ground given.
    pub reason: RevocationReason,
}

/// The grounds of RFC 5280, section 5.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationReason {
    /// No ground is given.
    Unspecified,
    /// The private key is, or may be, in other hands.
    KeyCompromise,
    /// The issuer's private key is, or may be, in other hands.
    CaCompromise,
    /// The subject's name or other particulars changed.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// It is no longer needed.
    CessationOfOperation,
    /// Suspended for a time.
    CertificateHold,
    /// A privilege it carried was withdrawn.
    PrivilegeWithdrawn,
    /// The key of the attribute authority is, or may be, in other hands.
    AaCompromise,
}

impl RevocationReason {
    /// Whether the key may have been in other hands *before* the date given, so that nothing signed with it
    /// at any time can be relied on without other proof of its time.
    pub fn counts_backwards(self) -> bool {
        matches!(self, Self::KeyCompromise | Self::CaCompromise | Self::AaCompromise)
    }
}

impl RevocationReason {
    /// Its number in RFC 5280, section 5.3.1.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }
}

impl Crl {
    /// Reads one list and nothing behind it.
    pub fn from_der(der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > MAX_CRL_LEN {
            return Err(CrlError::TooLong { limit: MAX_CRL_LEN });
        }
        check_outline(der)?;
        let (rest, parsed) =
            CertificateRevocationList::from_der(der).map_err(|_| CrlError::Malformed)?;
        let list = &parsed.tbs_cert_list;
        if !rest.is_empty() {
            return Err(CrlError::Malformed);
        }
        let (mut scope, mut amends, mut number) = (Scope::WHOLE, None, None);
        for extension in list.extensions() {
            match extension.parsed_extension() {
                _ if extension.oid.as_bytes() == ISSUING_POINT => {
                    scope = Scope::read(extension.value, list.issuer.as_raw())
                        .map_err(|_| CrlError::Malformed)?;
                }
                ParsedExtension::CRLNumber(_) => number = Some(integer(extension.value)?),
                _ if extension.oid.as_bytes() == DELTA_INDICATOR => {
                    amends = Some(integer(extension.value)?);
                }
                // Whatever must not be overlooked is critical.
                _ if extension.critical => return Err(CrlError::Unsupported),
                _ => {}
            }
        }
        let moment =
            |time: x509_parser::time::ASN1Time| Moment::from_unix_seconds(time.timestamp());
        let mut entries = Vec::with_capacity(list.revoked_certificates.len());
        // In an indirect list an issuer is named once, for all entries up to the next (5.3.3).
        let mut of_issuer: Option<Vec<u8>> = None;
        for entry in &list.revoked_certificates {
            let mut reason = 0;
            for extension in entry.extensions() {
                match extension.parsed_extension() {
                    ParsedExtension::ReasonCode(code) => reason = code.0,
                    _ if extension.oid.as_bytes() == CERTIFICATE_ISSUER && scope.is_indirect => {
                        of_issuer = Some(directory_name(extension.value)?);
                    }
                    _ if extension.critical => return Err(CrlError::Unsupported),
                    _ => {}
                }
            }
            let taken_off = reason == REMOVE_FROM_CRL && amends.is_some();
            let revoked = match taken_off {
                true => None,
                false => Some(Revoked {
                    since: moment(entry.revocation_date),
                    reason: read_reason(reason).ok_or(CrlError::Unsupported)?,
                }),
            };
            let of_issuer = of_issuer.clone();
            entries.push((entry.raw_serial().to_vec(), Entry { revoked, of_issuer }));
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(Self(Arc::new(List {
            digest: Digest::of(der),
            issuer: list.issuer.as_raw().to_vec(),
            this_update: moment(list.this_update),
            next_update: list.next_update.map(moment).ok_or(CrlError::NoNextUpdate)?,
            scope,
            amends,
            number,
            entries,
            signed_by: Memo::default(),
            der: der.to_vec(),
        })))
    }

    /// The whole list.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The digest of the whole list.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The issuer's name as a whole DER element.
    pub fn issuer(&self) -> &[u8] {
        &self.0.issuer
    }

    /// When it was made.
    pub fn this_update(&self) -> Moment {
        self.0.this_update
    }

    /// When the next one is due.
    pub fn next_update(&self) -> Moment {
        self.0.next_update
    }

    /// Whether `issuer` is named as its issuer, may sign lists, and did sign this one.
    pub fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let may_sign = issuer.key_usage().is_none_or(|usage| usage.crl_sign);
        let named = issuer.subject() == self.issuer()
            || prepared_name(issuer.subject()) == prepared_name(self.issuer());
        if !named || !may_sign {
            return false;
        }
        self.0.signed_by.of(issuer, || {
            let key = SubjectPublicKeyInfo::from_der(issuer.public_key_info());
            let list = CertificateRevocationList::from_der(self.der());
            match (key, list) {
                (Ok((_, key)), Ok((_, list))) => list.verify_signature(&key).is_ok(),
                _ => false,
            }
        })
    }

    /// The entry for a certificate of the list's own issuer with this serial number, if there is one.
    pub fn entry(&self, serial: &[u8]) -> Option<Revoked> {
        self.entries_of(serial).find(|entry| entry.of_issuer.is_none())?.revoked
    }

    /// What it says of a certificate; `None` if it is not about that one. `others` are further lists of the same
    /// issuer: one that only amends speaks where that which it amends is among them.
    pub(super) fn word(&self, subject: &Certificate, others: &[&Self]) -> Option<Word> {
        let grounds = self.0.scope.covers(self.issuer(), subject);
        if grounds == Grounds::NONE {
            return None;
        }
        let of = prepared_name(subject.issuer());
        let own = of == prepared_name(self.issuer());
        let entry = self.entries_of(subject.serial()).find(|entry| match &entry.of_issuer {
            Some(issuer) => *issuer == of,
            None => own,
        });
        let revoked = entry.and_then(|entry| entry.revoked);
        match &self.0.amends {
            None => Some(Word { entry: revoked, grounds }),
            // Silence of a list that only amends another says nothing.
            Some(base) => {
                let amended = |one: &&&Self| {
                    let number = one.0.number.as_ref();
                    one.0.amends.is_none() && number.is_some_and(|number| at_least(number, base))
                };
                entry?;
                others.iter().find(amended)?;
                Some(Word { entry: revoked, grounds })
            }
        }
    }

    /// Whether others than its issuer's certificates may be on it.
    pub(super) fn is_indirect(&self) -> bool {
        self.0.scope.is_indirect
    }

    /// Whether it is about this certificate at all.
    pub(super) fn speaks_of(&self, subject: &Certificate) -> bool {
        self.0.scope.covers(self.issuer(), subject) != Grounds::NONE
    }

    /// Whether it only amends another list.
    pub(super) fn is_delta(&self) -> bool {
        self.0.amends.is_some()
    }

    fn entries_of(&self, serial: &[u8]) -> impl Iterator<Item = &Entry> {
        let entries = &self.0.entries;
        let first = entries.partition_point(|entry| entry.0.as_slice() < serial);
        let same = entries.iter().skip(first).take_while(move |entry| entry.0 == serial);
        same.map(|entry| &entry.1)
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.0.digest == other.0.digest
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl(of {}, {} entries)", self.0.this_update, self.0.entries.len())
    }
}

/// The content of a DER integer.
fn integer(der: &[u8]) -> Result<Vec<u8>, CrlError> {
    let integer = Reader::only(der, tag::INTEGER).map_err(|_| CrlError::Malformed)?;
    Ok(integer.content.to_vec())
}

/// Whether one positive integer is as large as another, or larger.
fn at_least(one: &[u8], other: &[u8]) -> bool {
    (one.len(), one) >= (other.len(), other)
}

/// The directory name in `GeneralNames`, as names are compared.
fn directory_name(der: &[u8]) -> Result<Vec<u8>, CrlError> {
    let read = || -> Result<Vec<u8>, DerError> {
        let mut names = Reader::only(der, tag::SEQUENCE)?.reader();
        let name = names.expect(DIRECTORY_NAME)?;
        names.finish()?;
        Ok(prepared_name(name.content))
    };
    read().map_err(|_| CrlError::Unsupported)
}

/// Asserts that the bytes are a signed structure in DER, under an algorithm on our list that is named the
/// same inside and outside, with a signature that uses all its bits.
fn check_outline(der: &[u8]) -> Result<(), CrlError> {
    let outline = || -> Result<_, DerError> {
        let mut parts = Reader::only(der, tag::SEQUENCE)?.reader();
        let mut list = parts.expect(tag::SEQUENCE)?.reader();
        if list.peek() == Some(tag::INTEGER) {
            list.element()?;
        }
        let inside = list.expect(tag::SEQUENCE)?.raw;
        let outside = parts.expect(tag::SEQUENCE)?.raw;
        let signature = parts.expect(tag::BIT_STRING)?.content;
        parts.finish()?;
        Ok((inside, outside, signature))
    };
    let (inside, outside, signature) = outline().map_err(|_| CrlError::Malformed)?;
    if inside != outside || signature.first() != Some(&0) {
        return Err(CrlError::Malformed);
    }
    if ALGORITHMS.contains(&outside) { Ok(()) } else { Err(CrlError::Algorithm) }
}

pub(super) fn read_reason(code: u8) -> Option<RevocationReason> {
    Some(match code {
        0 => RevocationReason::Unspecified,
        1 => RevocationReason::KeyCompromise,
        2 => RevocationReason::CaCompromise,
        3 => RevocationReason::AffiliationChanged,
        4 => RevocationReason::Superseded,
        5 => RevocationReason::CessationOfOperation,
        6 => RevocationReason::CertificateHold,
        9 => RevocationReason::PrivilegeWithdrawn,
        10 => RevocationReason::AaCompromise,
        // 8 (removeFromCRL) belongs to delta lists, 7 to nobody.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::test_chain::{TestChain, moment};
    use super::*;

    #[test]
    fn an_entry_gives_the_date_and_the_ground() {
        let chain = TestChain::new();
        let since = moment("2026-05-01T00:00:00Z");
        let crl = chain.crl(moment("2026-06-01T00:00:00Z"), &[(chain.seal(), since)]);
        let entry = crl.entry(chain.seal().serial()).unwrap();
        assert_eq!(entry, Revoked { since, reason: RevocationReason::Superseded });
        assert_eq!(crl.entry(chain.ca().serial()), None);
    }

    #[test]
    fn only_the_issuer_named_stands_behind_a_list() {
        let chain = TestChain::new();
        let crl = chain.crl(moment("2026-06-01T00:00:00Z"), &[]);
        assert!(crl.is_signed_by(chain.ca()));
        assert!(!crl.is_signed_by(chain.root()), "another name");
        assert!(!crl.is_signed_by(TestChain::new().ca()), "the same name with another key");
    }

    #[test]
    fn a_damaged_list_is_refused_or_not_signed_and_never_a_panic() {
        let chain = TestChain::new();
        let since = moment("2026-05-01T00:00:00Z");
        let crl = chain.crl(moment("2026-06-01T00:00:00Z"), &[(chain.seal(), since)]);
        let der = crl.der().to_vec();
        for position in 0..der.len() {
            let mut damaged = der.clone();
            damaged[position] ^= 0x01;
            if let Ok(other) = Crl::from_der(&damaged) {
                assert!(!other.is_signed_by(chain.ca()), "byte {position}");
            }
            assert!(Crl::from_der(&der[..position]).is_err());
        }
    }
}
