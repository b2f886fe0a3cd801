//! The extensions of a certificate that matter besides key usage: what it is for, and where to ask about it.
//!
//! Sources: RFC 5280, 4.2.1.12 (extended key usage), 4.2.1.13 (CRL distribution points), 4.2.2.1 (authority
//! information access); RFC 6960, 4.2.2.2.1 (`id-pkix-ocsp-nocheck`).

use x509_parser::error::X509Error;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::X509Certificate;

use super::certificate::{EMAIL_PROTECTION, OCSP_SIGNING, TIME_STAMPING};
use super::crl_scope::{Place, places};

/// `id-pkix-ocsp-nocheck`, 1.3.6.1.5.5.7.48.1.5, as the content of a DER object identifier.
const OCSP_NO_CHECK: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05];
/// `id-ad-ocsp`, 1.3.6.1.5.5.7.48.1.
const ACCESS_OCSP: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
/// cRLDistributionPoints, 2.5.29.31, as the content of a DER object identifier.
const CRL_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
/// Most addresses of one kind that are kept, and the longest one, in bytes; our own bounds.
const MAX_URLS: usize = 4;
const MAX_URL_LEN: usize = 1_024;

/// What the extensions say.
#[derive(Clone, Debug, Default)]
pub(super) struct Extensions {
    /// The purposes of the extended key usage, each as the content of a DER object identifier.
    pub(super) purposes: Vec<Vec<u8>>,
    /// Whether the extended key usage is critical.
    pub(super) purposes_critical: bool,
    /// Whether the certificate need not be asked about.
    pub(super) ocsp_no_check: bool,
    /// Where to ask by OCSP.
    pub(super) ocsp_urls: Vec<String>,
    /// Where lists of revoked certificates are published.
    pub(super) crl_urls: Vec<String>,
    /// The same, with everything that is said of each place.
    pub(super) crl_places: Vec<Place>,
}

impl Extensions {
    /// Reads them; an extended key usage that is there twice or malformed is an error.
    pub(super) fn read(parsed: &X509Certificate<'_>) -> Result<Self, X509Error> {
        let mut found = Self::default();
        if let Some(extension) = parsed.extended_key_usage()? {
            let usage = extension.value;
            found.purposes_critical = extension.critical;
            found.purposes = usage.other.iter().map(|oid| oid.as_bytes().to_vec()).collect();
            // 1.3.6.1.5.5.7.3.x, of which the reader names some, and 2.5.29.37.0.
            let serving = |last: u8| vec![0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last];
            let named = [
                (usage.any, vec![0x55, 0x1d, 0x25, 0x00]),
                (usage.server_auth, serving(1)),
                (usage.client_auth, serving(2)),
                (usage.code_signing, serving(3)),
                (usage.email_protection, EMAIL_PROTECTION.to_vec()),
                (usage.time_stamping, TIME_STAMPING.to_vec()),
                (usage.ocsp_signing, OCSP_SIGNING.to_vec()),
            ];
            found.purposes.extend(named.into_iter().filter(|(is, _)| *is).map(|(_, oid)| oid));
        }
        for extension in parsed.extensions() {
            if extension.oid.as_bytes() == CRL_POINTS {
                found.crl_places = places(extension.value, parsed.issuer().as_raw());
            }
            if extension.oid.as_bytes() == OCSP_NO_CHECK {
                found.ocsp_no_check = true;
            }
            match extension.parsed_extension() {
                ParsedExtension::AuthorityInfoAccess(access) => {
                    let places =
                        access.iter().filter(|d| d.access_method.as_bytes() == ACCESS_OCSP);
                    found.ocsp_urls = urls(places.map(|place| &place.access_location));
                }
                ParsedExtension::CRLDistributionPoints(points) => {
                    let names = points.iter().filter_map(|point| match &point.distribution_point {
                        // Lists for some grounds only, or made by others, do not answer for all.
                        Some(DistributionPointName::FullName(names))
                            if point.reasons.is_none() && point.crl_issuer.is_none() =>
                        {
                            Some(names)
                        }
                        _ => None,
                    });
                    found.crl_urls = urls(names.flatten());
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The HTTP addresses among these names.
fn urls<'n>(names: impl Iterator<Item = &'n GeneralName<'n>>) -> Vec<String> {
    names
        .filter_map(|name| match name {
            GeneralName::URI(url) => Some(*url),
            _ => None,
        })
        .filter(|url| url.len() <= MAX_URL_LEN)
        .filter(|url| url.starts_with("http://") || url.starts_with("https://"))
        .take(MAX_URLS)
        .map(str::to_owned)
        .collect()
}
