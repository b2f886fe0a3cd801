//! What the European standard would say of one signature: indication and sub-indication.
//!
//! The verdict answers a clerk; this answers an expert, signature by signature, in the words that other validators
//! use. The two agree in one direction: a file whose signature is not [`Indication::TotalPassed`] is never *valid*. A
//! verdict may be stricter, because the standard asks neither who may issue licenses nor what the parts of a file say
//! of one another.
//!
//! Source: ETSI EN 319 102-1 V1.3.1, 5.1.3, tables 5 and 6.

use serde::Serialize;

use super::certificate_seen::CertificateSeen;
use super::observed::Observed;
use super::registry::IssuerSeen;
use super::stamp_seen::{Doubt, Stamp, StampSeen};
use crate::pki::TimestampError;

/// What came of validating one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Indication {
    /// It holds, and everything that is asked of it does.
    #[serde(rename = "TOTAL-PASSED")]
    TotalPassed,
    /// It does not hold, or was proven to be made when it could not be.
    #[serde(rename = "TOTAL-FAILED")]
    TotalFailed,
    /// It cannot be told with what is at hand.
    #[serde(rename = "INDETERMINATE")]
    Indeterminate,
}

/// Why a signature failed, or is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubIndication {
    /// The path breaks a constraint of an issuer, or is malformed.
    CertificateChainGeneralFailure,
    /// The path does not meet what is asked of it.
    ChainConstraintsFailure,
    /// An algorithm or a key is too weak, and nothing proves the signature older than that.
    CryptoConstraintsFailureNoPoe,
    /// It is not made as its standard says.
    FormatFailure,
    /// It was made for other bytes.
    HashFailure,
    /// No path leads to anybody we trust.
    NoCertificateChainFound,
    /// It names no certificate that it encloses.
    NoSigningCertificateFound,
    /// It was made before its certificate was valid.
    NotYetValid,
    /// Its certificate has ended, and nothing proves the signature older.
    OutOfBoundsNoPoe,
    /// A certificate was revoked, and nothing proves the signature older.
    RevokedNoPoe,
    /// Its key did not make it.
    SigCryptoFailure,
    /// The signature does not meet what is asked of it.
    SigConstraintsFailure,
    /// What it speaks for cannot be told.
    SignedDataNotFound,
    /// It states a later time than the moment at which it is proven to have existed.
    TimestampOrderFailure,
    /// Word about revocation is missing, and may be had later.
    TryLater,
}

/// Which signature is spoken of, and what is concluded of it.
pub(super) type Conclusion = (Signature, SubIndication);

/// A signature of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// That of the document itself.
    Seal,
    /// A time-stamp.
    Stamp(Stamp),
}

impl SubIndication {
    /// The indication it belongs to.
    pub fn indication(self) -> Indication {
        match self {
            Self::FormatFailure
            | Self::HashFailure
            | Self::NotYetValid
            | Self::SigCryptoFailure => Indication::TotalFailed,
            _ => Indication::Indeterminate,
        }
    }
}

impl Observed {
    /// What speaks against a signature in this observation.
    pub(super) fn against(&self) -> Option<Conclusion> {
        let sub = match self {
            Self::Certificate(seen) => of_certificate(*seen)?,
            Self::Receipt(seen) => seen.against()?,
            Self::Square(seen) => seen.against()?,
            Self::Stamp(seen) => return of_stamp(seen),
            Self::BytesChanged => SubIndication::HashFailure,
            Self::CoverageBroken | Self::CoverageLengthened { .. } | Self::SealBroken => {
                SubIndication::FormatFailure
            }
            Self::EcertSignatureBad | Self::SealSignatureBad => SubIndication::SigCryptoFailure,
            Self::SealForeign => SubIndication::SignedDataNotFound,
            _ => return None,
        };
        Some((Signature::Seal, sub))
    }
}

/// What speaks against a seal in its certificate.
pub(super) fn of_certificate(seen: CertificateSeen) -> Option<SubIndication> {
    Some(match seen {
        CertificateSeen::AuthorityDiffers => SubIndication::SigConstraintsFailure,
        CertificateSeen::BeyondRoot
        | CertificateSeen::DevelopmentRefused
        | CertificateSeen::UsageWrong => SubIndication::ChainConstraintsFailure,
        CertificateSeen::Ended { .. } => SubIndication::OutOfBoundsNoPoe,
        CertificateSeen::InFuture { .. } | CertificateSeen::PeriodBroken { .. } => {
            SubIndication::SigConstraintsFailure
        }
        CertificateSeen::PathBroken | CertificateSeen::PathTooHard => {
            SubIndication::CertificateChainGeneralFailure
        }
        CertificateSeen::PathUntrusted => SubIndication::NoCertificateChainFound,
        CertificateSeen::RevocationUnknown => SubIndication::TryLater,
        CertificateSeen::Revoked { .. } => SubIndication::RevokedNoPoe,
        CertificateSeen::Issuer(
            IssuerSeen::NotEntitled | IssuerSeen::NotLibrary | IssuerSeen::TypeUnknown,
        ) => {
            SubIndication::SigConstraintsFailure
        }
        CertificateSeen::AuthorityAgrees
        | CertificateSeen::DevelopmentAccepted
        | CertificateSeen::Good { .. }
        | CertificateSeen::Issuer(IssuerSeen::Entitled | IssuerSeen::Library)
        | CertificateSeen::NoDevelopment
        | CertificateSeen::PathHolds
        | CertificateSeen::PeriodHolds
        | CertificateSeen::UsageFits
        // The path says it already.
        | CertificateSeen::UsageUnknown => return None,
    })
}

fn of_stamp(seen: &StampSeen) -> Option<Conclusion> {
    let seal = |sub| Some((Signature::Seal, sub));
    match seen {
        StampSeen::BeforeLife { .. } => seal(SubIndication::NotYetValid),
        StampSeen::BeforeStated { .. } => seal(SubIndication::TimestampOrderFailure),
        StampSeen::Broken { which, why } => {
            let sub = match why {
                Some(TimestampError::BadSignature) => SubIndication::SigCryptoFailure,
                _ => SubIndication::FormatFailure,
            };
            Some((Signature::Stamp(*which), sub))
        }
        StampSeen::Elsewhere { which } => {
            Some((Signature::Stamp(*which), SubIndication::HashFailure))
        }
        StampSeen::Open { which, doubt } => Some((Signature::Stamp(*which), of_doubt(*doubt))),
        StampSeen::Holds { .. } | StampSeen::InLife { .. } | StampSeen::Reached { .. } => None,
    }
}

/// Why a time-stamp is not counted.
pub(super) fn of_doubt(doubt: Doubt) -> SubIndication {
    match doubt {
        Doubt::Development => SubIndication::ChainConstraintsFailure,
        Doubt::Ended { .. } => SubIndication::OutOfBoundsNoPoe,
        Doubt::OtherCertificates | Doubt::OutsideLife => SubIndication::SigConstraintsFailure,
        Doubt::OutOfOrder => SubIndication::TimestampOrderFailure,
        Doubt::PathBroken => SubIndication::CertificateChainGeneralFailure,
        Doubt::RevocationUnknown => SubIndication::TryLater,
        Doubt::Revoked { .. } => SubIndication::RevokedNoPoe,
        Doubt::Untrusted => SubIndication::NoCertificateChainFound,
    }
}
