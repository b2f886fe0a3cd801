//! The rules that every path must meet, however it was found.
//!
//! webpki meets most of them and leaves out policies and the names of directories; a path that it cannot find is
//! searched for by `pki::path_search`. Both are held against all rules here, so that neither search decides alone.
//!
//! Source: RFC 5280, section 6.1.

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer, X509Certificate, X509Extension};

use super::certificate::Certificate;
use super::name_constraints::Constraints;
use super::path_error::PathError;
use super::policy::{self, PolicyQuestion};
use crate::domain::Moment;

/// What the extensions of a certificate say about paths; told when it is read, because it is asked of every path.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathFacts {
    /// Whether nothing critical is unknown, and nothing that decides is malformed or there twice.
    known: Result<(), PathError>,
    /// How many issuers may follow below it.
    path_len: Option<u32>,
    /// Whether it constrains names or policies of what is below.
    says_more: bool,
}

impl PathFacts {
    /// Of a certificate.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let says_more = |extension: &X509Extension<'_>| {
            matches!(
                extension.parsed_extension(),
                ParsedExtension::InhibitAnyPolicy(_)
                    | ParsedExtension::NameConstraints(_)
                    | ParsedExtension::PolicyConstraints(_)
            )
        };
        let basics = certificate.basic_constraints().ok().flatten();
        Self {
            known: known_extensions(certificate),
            path_len: basics.and_then(|basics| basics.value.path_len_constraint),
            says_more: certificate.extensions().iter().any(says_more),
        }
    }
}

/// Asserts everything of section 6.1 but signatures, purposes and revocation. `issuers` come from the leaf upward.
pub(super) fn check(
    leaf: &Certificate,
    issuers: &[Certificate],
    anchor: &Certificate,
    question: &PolicyQuestion,
    at: Moment,
) -> Result<(), PathError> {
    let from_top = || issuers.iter().rev().chain([leaf]);
    let mut room = anchor.path_facts().path_len;
    for certificate in from_top() {
        if at < certificate.not_before() {
            return Err(PathError::NotYetValid { until: certificate.not_before() });
        }
        if at > certificate.not_after() {
            return Err(PathError::Expired { since: certificate.not_after() });
        }
        certificate.path_facts().known?;
        if certificate == leaf {
            break;
        }
        let issues = certificate.key_usage().is_some_and(|usage| usage.key_cert_sign);
        if !certificate.is_ca() || !issues {
            return Err(PathError::WrongUsage);
        }
        if !certificate.is_self_issued() {
            room = match room {
                Some(0) => return Err(PathError::Constraint),
                Some(room) => Some(room - 1),
                None => None,
            };
        }
        room = match (room, certificate.path_facts().path_len) {
            (Some(room), Some(length)) => Some(room.min(length)),
            (room, length) => room.or(length),
        };
    }
    let says_more = from_top().chain([anchor]).any(|one| one.path_facts().says_more);
    // Without a constraint and without a question no name and no policy can be wrong.
    if says_more || *question != PolicyQuestion::default() {
        check_names_and_policies(leaf, issuers, anchor, question)?;
    }
    Ok(())
}

fn check_names_and_policies(
    leaf: &Certificate,
    issuers: &[Certificate],
    anchor: &Certificate,
    question: &PolicyQuestion,
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
    for (certificate, parsed) in from_top().zip(path) {
        if certificate == leaf || !certificate.is_self_issued() {
            constraints.check(parsed)?;
        }
        constraints.add(parsed);
    }
    let path: Vec<(&X509Certificate<'_>, bool)> =
        path.iter().zip(from_top()).map(|(parsed, one)| (parsed, one.is_self_issued())).collect();
    policy::check(&path, question)
}

/// The last byte of 2.5.29.x of the extensions that decide about paths: key usage, alternative names, basic constraints,
/// name constraints, places of lists, policies, mappings, policy constraints, extended key usage, inhibitAnyPolicy.
const DECIDING: [u8; 10] = [15, 17, 19, 30, 31, 32, 33, 36, 37, 54];

/// Asserts that nothing critical is overlooked, and nothing that decides is malformed or there twice.
fn known_extensions(certificate: &X509Certificate<'_>) -> Result<(), PathError> {
    let mut seen = Vec::new();
    for extension in certificate.extensions() {
        let decides = match extension.oid.as_bytes() {
            [0x55, 0x1d, last] => DECIDING.contains(last),
            _ => false,
        };
        if seen.contains(&&extension.oid) {
            return Err(PathError::Malformed);
        }
        seen.push(&extension.oid);
        let unread = matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
        if unread && (decides || extension.critical) {
            return Err(PathError::Malformed);
        }
        if extension.critical && !decides {
            return Err(PathError::Constraint);
        }
    }
    Ok(())
}
