//! Which names the certificates below an issuer may have.
//!
//! A constraint of a form that is not known here refuses every certificate that has a name of that form, and those
//! without one are let pass, as the standard says.
//!
//! Source: RFC 5280, 4.2.1.10 and 6.1.3 (b), (c); 7.1 (comparison of names).

use x509_parser::extensions::{GeneralName, NameConstraints, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::x509::RelativeDistinguishedName;

use super::path_error::PathError;

/// Most comparisons for one path; our own bound.
const MAX_COMPARISONS: usize = 10_000;

/// The constraints of the issuers above a certificate, the nearest last.
#[derive(Default)]
pub(super) struct Constraints<'c> {
    all: Vec<&'c NameConstraints<'c>>,
    compared: usize,
}

impl<'c> Constraints<'c> {
    /// Adds what `issuer` says.
    pub(super) fn add(&mut self, issuer: &'c X509Certificate<'c>) {
        for extension in issuer.extensions() {
            if let ParsedExtension::NameConstraints(constraints) = extension.parsed_extension() {
                self.all.push(constraints);
            }
        }
    }

    /// Asserts that every name of `subject` is within them.
    pub(super) fn check(&mut self, subject: &X509Certificate<'_>) -> Result<(), PathError> {
        if self.all.is_empty() {
            return Ok(());
        }
        let mut names = Vec::new();
        for extension in subject.extensions() {
            if let ParsedExtension::SubjectAlternativeName(alternative) =
                extension.parsed_extension()
            {
                names.extend(&alternative.general_names);
            }
        }
        // Addresses stood in the subject before there was a place for them.
        let has_address = names.iter().any(|name| matches!(name, GeneralName::RFC822Name(_)));
        let mut addresses = Vec::new();
        if !has_address {
            for attribute in subject.subject().iter_email() {
                addresses.push(attribute.as_str().map_err(|_| PathError::Constraint)?);
            }
        }
        let directory = subject.subject().iter().next().is_some();
        let directory = directory.then(|| GeneralName::DirectoryName(subject.subject().clone()));
        let addresses: Vec<GeneralName<'_>> =
            addresses.into_iter().map(GeneralName::RFC822Name).collect();
        for name in names.into_iter().chain(&directory).chain(&addresses) {
            self.allow(name)?;
        }
        Ok(())
    }

    fn allow(&mut self, name: &GeneralName<'_>) -> Result<(), PathError> {
        for constraints in &self.all {
            let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
            let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
            self.compared += excluded.len() + permitted.len();
            if self.compared > MAX_COMPARISONS {
                return Err(PathError::TooComplex);
            }
            for tree in excluded {
                if is_within(name, &tree.base).unwrap_or(same_form(name, &tree.base)) {
                    return Err(PathError::Constraint);
                }
            }
            let mut of_form =
                permitted.iter().filter(|tree| same_form(name, &tree.base)).peekable();
            if of_form.peek().is_some()
                && !of_form.any(|tree| is_within(name, &tree.base) == Some(true))
            {
                return Err(PathError::Constraint);
            }
        }
        Ok(())
    }
}

fn same_form(one: &GeneralName<'_>, other: &GeneralName<'_>) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Whether a name is within a constraint; `None` for forms that are not compared here.
fn is_within(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Option<bool> {
    Some(match (name, base) {
        (GeneralName::DirectoryName(name), GeneralName::DirectoryName(base)) => {
            begins_with(name, base)
        }
        (GeneralName::RFC822Name(name), GeneralName::RFC822Name(base)) => {
            address_within(name, base)
        }
        (GeneralName::DNSName(name), GeneralName::DNSName(base)) => host_within(name, base, true),
        (GeneralName::URI(name), GeneralName::URI(base)) => uri_within(name, base),
        (GeneralName::IPAddress(name), GeneralName::IPAddress(base)) => ip_within(name, base),
        _ if same_form(name, base) => return None,
        _ => false,
    })
}

/// Whether the first parts of `name` are those of `base`.
fn begins_with(name: &X509Name<'_>, base: &X509Name<'_>) -> bool {
    prepared_parts(name.iter()).starts_with(&prepared_parts(base.iter()))
}

/// A name, whole in DER, as it is compared: equal for two that the standard calls equal. What is no name is itself.
pub(super) fn prepared_name(der: &[u8]) -> Vec<u8> {
    match X509Name::from_der(der) {
        Ok(([], name)) => prepared_parts(name.iter()),
        _ => der.to_vec(),
    }
}

/// The parts of a name as they are compared, each with its length before it, so that no part runs into the next.
fn prepared_parts<'n, 'd: 'n>(
    parts: impl Iterator<Item = &'n RelativeDistinguishedName<'d>>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let put = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(bytes);
    };
    for part in parts {
        let mut all: Vec<Vec<u8>> = part
            .iter()
            .map(|one| {
                let mut attribute = Vec::new();
                put(&mut attribute, one.attr_type().as_bytes());
                put(&mut attribute, &prepared(one));
                attribute
            })
            .collect();
        all.sort();
        put(&mut out, &all.concat());
    }
    out
}

/// A value as it is compared: texts without regard to case and to repeated blanks.
fn prepared(attribute: &x509_parser::x509::AttributeTypeAndValue<'_>) -> Vec<u8> {
    match attribute.as_str() {
        Ok(text) => {
            let lower = |word: &str| match word.is_ascii() {
                true => word.to_ascii_lowercase(),
                false => word.to_lowercase(),
            };
            let words: Vec<String> = text.split_whitespace().map(lower).collect();
            words.join(" ").into_bytes()
        }
        Err(_) => attribute.as_slice().to_vec(),
    }
}

/// A mailbox within one mailbox, a host, or with a point before it the hosts of a domain.
fn address_within(name: &str, base: &str) -> bool {
    let Some((local, host)) = name.rsplit_once('@') else { return false };
    match base.rsplit_once('@') {
        Some((of_local, of_host)) => local == of_local && host.eq_ignore_ascii_case(of_host),
        None => host_within(host, base, false),
    }
}

/// A host within a constraint. `with_below`: a constraint without a point before it has the hosts below it, too.
fn host_within(host: &str, base: &str, with_below: bool) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    if base.is_empty() {
        return true;
    }
    match base.strip_prefix('.') {
        Some(_) => host.len() > base.len() && host.ends_with(&base),
        None if host == base => true,
        None => with_below && host.strip_suffix(&base).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// The host of a URI within a constraint; a URI without a host is within none.
fn uri_within(uri: &str, base: &str) -> bool {
    let Some((_, rest)) = uri.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    // An address in numbers has no domain.
    let in_numbers = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_name = !host.starts_with('[') && !in_numbers;
    is_name && host_within(host, base, false)
}

/// An address within a network: address and mask, each as long as the name.
fn ip_within(name: &[u8], base: &[u8]) -> bool {
    if base.len() != 2 * name.len() {
        return false;
    }
    let (network, mask) = base.split_at(name.len());
    name.iter().zip(network).zip(mask).all(|((name, network), mask)| name & mask == network & mask)
}
