//! The JSON of the report on each signature, and of the sources of a verdict.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use crate::judge::indication::{Indication, SubIndication};
use crate::judge::signature::{SignatureKind, SignatureReport};
use crate::judge::source::{Source, SourceKind};

use super::document::{or_null, words};

/// What came of one signature, in the words of EN 319 102-1.
///
/// A license is never `valid` whose seal is not `TOTAL-PASSED`. The verdict may be stricter than this report.
#[derive(Serialize, ToSchema)]
#[schema(as = SignatureReport)]
pub struct SignatureAnswer {
    /// What it is.
    #[schema(schema_with = kind)]
    kind: SignatureKind,
    /// What came of it.
    #[schema(schema_with = indication)]
    indication: Indication,
    /// Why it failed or is open; null where it passed, and where something else decided before its certificate was
    /// looked at.
    #[schema(schema_with = sub_indication)]
    sub_indication: Option<SubIndication>,
    /// The time it states.
    #[schema(format = DateTime)]
    claimed_at: Option<String>,
    /// The moment at which a time-stamp proves that it existed.
    #[schema(format = DateTime)]
    proven_at: Option<String>,
    /// The common name in its certificate; only where it passed.
    signer: Option<String>,
}

impl From<SignatureReport> for SignatureAnswer {
    fn from(report: SignatureReport) -> Self {
        let SignatureReport { kind, indication, sub_indication, claimed_at, proven_at, signer } =
            report;
        let claimed_at = claimed_at.map(|moment| moment.to_string());
        let proven_at = proven_at.map(|moment| moment.to_string());
        Self { kind, indication, sub_indication, claimed_at, proven_at, signer }
    }
}

/// Where an answer comes from, and how fresh it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceAnswer {
    /// `certificate_status`: revocation lists and OCSP answers. `trust_pack`, `vault`: where the license stands.
    #[schema(schema_with = source)]
    source: SourceKind,
    /// The moment of which it speaks.
    #[schema(format = DateTime)]
    as_of: String,
    /// Until when it may be relied on; null where it says nothing of that.
    #[schema(format = DateTime)]
    current_until: Option<String>,
}

impl From<Source> for SourceAnswer {
    fn from(of: Source) -> Self {
        let Source { source, as_of, current_until } = of;
        let current_until = current_until.map(|moment| moment.to_string());
        Self { source, as_of: as_of.to_string(), current_until }
    }
}

fn kind() -> Object {
    words(&["seal", "seal_timestamp", "document_timestamp", "ecert", "statement", "receipt"])
        .build()
}

fn indication() -> Object {
    words(&["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"]).build()
}

fn sub_indication() -> Object {
    or_null(words(&[
        "FORMAT_FAILURE",
        "HASH_FAILURE",
        "SIG_CRYPTO_FAILURE",
        "NOT_YET_VALID",
        "SIG_CONSTRAINTS_FAILURE",
        "CHAIN_CONSTRAINTS_FAILURE",
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "TIMESTAMP_ORDER_FAILURE",
        "NO_SIGNING_CERTIFICATE_FOUND",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "REVOKED_NO_POE",
        "OUT_OF_BOUNDS_NO_POE",
        "TRY_LATER",
        "SIGNED_DATA_NOT_FOUND",
    ]))
}

fn source() -> Object {
    words(&["certificate_status", "trust_pack", "vault"]).build()
}
