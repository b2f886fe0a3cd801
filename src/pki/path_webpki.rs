//! Paths as webpki finds them.
//!
//! It builds and verifies within a budget of its own, and leaves out policies, key usage and the names of directories;
//! those are for `pki::path_rules`.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeId, KeyPurposeIdIter,
    ring as algorithms,
};

use super::anchors::{Anchor, TrustStore};
use super::certificate::Certificate;
use super::path::Purpose;
use super::path_error::PathError;
use crate::domain::Moment;

/// The algorithms a certificate may be signed with.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

impl ExtendedKeyUsageValidator for Purpose {
    /// Asked of issuers too, and those need not name any; the leaf must, see `check_usage`.
    fn validate(&self, iter: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let (mut named, mut fits) = (false, false);
        for id in iter {
            let id = id?;
            named = true;
            fits |= self.accepted().iter().any(|known| KeyPurposeId::new(known) == id);
        }
        if fits || !named { Ok(()) } else { Err(Error::EmptyEkuExtension) }
    }
}

/// The issuers that a path leads through, from the leaf upward, and its anchor.
pub(super) fn find(
    purpose: Purpose,
    leaf: &Certificate,
    others: &[&Certificate],
    store: &TrustStore,
    at: Moment,
) -> Result<(Vec<Certificate>, Certificate), PathError> {
    let in_force = |anchor: &&Anchor| {
        anchor.certificate.not_before() <= at && at <= anchor.certificate.not_after()
    };
    let anchors: Vec<&Anchor> = store.anchor_list().iter().filter(in_force).collect();
    let parsed: Vec<TrustAnchor<'_>> = anchors.iter().map(|anchor| anchor.parsed.clone()).collect();
    let candidates: Vec<CertificateDer<'_>> =
        others.iter().map(|certificate| CertificateDer::from(certificate.der())).collect();
    let leaf_der = CertificateDer::from(leaf.der());
    let end_entity = EndEntityCert::try_from(&leaf_der).map_err(read_error)?;
    // A negative number is a moment before 1970, when no certificate of ours was valid.
    let seconds = u64::try_from(at.unix_seconds()).unwrap_or_default();
    let path = end_entity
        .verify_for_usage(
            ALGORITHMS,
            &parsed,
            &candidates,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            purpose,
            None,
            None,
        )
        .map_err(read_error)?;
    let issuers = path
        .intermediate_certificates()
        .map(|found| others.iter().find(|known| known.der() == &*found.der()))
        .map(|known| known.map(|known| (*known).clone()))
        .collect::<Option<Vec<Certificate>>>()
        // It was given these and no others, so each is found again.
        .ok_or(PathError::Malformed)?;
    let anchor =
        anchors.iter().find(|anchor| anchor.parsed == *path.anchor()).ok_or(PathError::NoAnchor)?;
    Ok((issuers, anchor.certificate.clone()))
}

fn read_error(error: Error) -> PathError {
    let moment = |time: UnixTime| {
        Moment::from_unix_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
    };
    match error {
        Error::CertExpired { not_after, .. } => PathError::Expired { since: moment(not_after) },
        Error::CertNotValidYet { not_before, .. } => {
            PathError::NotYetValid { until: moment(not_before) }
        }
        Error::UnknownIssuer => PathError::NoAnchor,
        Error::InvalidSignatureForPublicKey => PathError::BadSignature,
        Error::CaUsedAsEndEntity
        | Error::EndEntityUsedAsCa
        | Error::EmptyEkuExtension
        | Error::RequiredEkuNotFoundContext(_) => PathError::WrongUsage,
        Error::MaximumNameConstraintComparisonsExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumPathDepthExceeded
        | Error::MaximumSignatureChecksExceeded => PathError::TooComplex,
        Error::NameConstraintViolation
        | Error::PathLenConstraintViolated
        | Error::UnsupportedCriticalExtension
        | Error::CertDistrusted => PathError::Constraint,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            PathError::UnsupportedAlgorithm
        }
        _ => PathError::Malformed,
    }
}
