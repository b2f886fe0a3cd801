//! The rules that every path must meet, however it was found.
//!
//! webpki meets most of them and leaves out policies and the names of directories; a path that it cannot find is
//! searched for by `pki::path_search`. Both are held against all rules here, so that neither search decides alone.
//!
//! Source: RFC 5280, section 6.1.

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate::Certificate;
use super::name_constraints::Constraints;
use super::path_error::PathError;
use super::policy::{self, PolicyQuestion};
use crate::domain::Moment;

/// Asserts everything of section 6.1 but signatures, purposes and revocation. `issuers` come from the leaf upward.
pub(super) fn check(
    leaf: &Certificate,
    issuers: &[Certificate],
    anchor: &Certificate,
    question: &PolicyQuestion,
    at: Moment,
) -> Result<(), PathError> {
    let from_top = || issuers.iter().rev().chain([leaf]);
    let parsed = from_top()
        .chain([anchor])
        .map(|certificate| match X509Certificate::from_der(certificate.der()) {
            Ok((_, parsed)) => Ok(parsed),
            Err(_) => Err(PathError::Malformed),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Some((of_anchor, path)) = parsed.split_last() else { return Err(PathError::Malformed) };
    // Constraints of the anchor hold as those of any issuer.
    let mut constraints = Constraints::default();
    constraints.add(of_anchor);
    let mut room = basics(of_anchor)?.and_then(|basics| basics.1);
    for (index, (certificate, parsed)) in from_top().zip(path).enumerate() {
        let is_last = index + 1 == path.len();
        if at < certificate.not_before() {
            return Err(PathError::NotYetValid { until: certificate.not_before() });
        }
        if at > certificate.not_after() {
            return Err(PathError::Expired { since: certificate.not_after() });
        }
        known_extensions(parsed)?;
        if is_last || !certificate.is_self_issued() {
            constraints.check(parsed)?;
        }
        if is_last {
            break;
        }
        let Some((true, length)) = basics(parsed)? else { return Err(PathError::WrongUsage) };
        if !certificate.is_self_issued() {
            room = match room {
                Some(0) => return Err(PathError::Constraint),
                Some(room) => Some(room - 1),
                None => None,
            };
        }
        room = match (room, length) {
            (Some(room), Some(length)) => Some(room.min(length)),
            (room, length) => room.or(length),
        };
        if !certificate.key_usage().is_some_and(|usage| usage.key_cert_sign) {
            return Err(PathError::WrongUsage);
        }
        constraints.add(parsed);
    }
    let path: Vec<(&X509Certificate<'_>, bool)> =
        path.iter().zip(from_top()).map(|(parsed, one)| (parsed, one.is_self_issued())).collect();
    policy::check(&path, question)
}

/// Whether it issues certificates, and how many issuers may follow; `None` if it says nothing.
fn basics(certificate: &X509Certificate<'_>) -> Result<Option<(bool, Option<u32>)>, PathError> {
    let found = certificate.basic_constraints().map_err(|_| PathError::Malformed)?;
    Ok(found.map(|found| (found.value.ca, found.value.path_len_constraint)))
}

/// Asserts that nothing critical is overlooked, and nothing that decides is malformed or there twice.
fn known_extensions(certificate: &X509Certificate<'_>) -> Result<(), PathError> {
    let mut seen = Vec::new();
    for extension in certificate.extensions() {
        if seen.contains(&&extension.oid) {
            return Err(PathError::Malformed);
        }
        seen.push(&extension.oid);
        let known = match extension.parsed_extension() {
            ParsedExtension::ParseError { .. } => return Err(PathError::Malformed),
            ParsedExtension::BasicConstraints(_)
            | ParsedExtension::CertificatePolicies(_)
            | ParsedExtension::CRLDistributionPoints(_)
            | ParsedExtension::ExtendedKeyUsage(_)
            | ParsedExtension::InhibitAnyPolicy(_)
            | ParsedExtension::KeyUsage(_)
            | ParsedExtension::NameConstraints(_)
            | ParsedExtension::PolicyConstraints(_)
            | ParsedExtension::PolicyMappings(_)
            | ParsedExtension::SubjectAlternativeName(_) => true,
            _ => false,
        };
        if extension.critical && !known {
            return Err(PathError::Constraint);
        }
    }
    Ok(())
}
