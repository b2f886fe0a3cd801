//! The level of protection that a file reaches, as far as it was validated.
//!
//! - **B-T**: a time-stamp that counts proves when the seal existed.
//! - **B-LT**: besides, the file itself brings every certificate, and word about revocation that was good for the
//!   proven moment, of the seal and of the time-stamp that proves it: nobody need be asked.
//! - **B-LTA**: besides, a document time-stamp that counts covers all of that, certificates and word alike, and the
//!   same for every older time-stamp that counts.
//!
//! Data that is there but does not serve reaches nothing.
//!
//! Source: ETSI EN 319 142-1, clause 6 and 6.3, table 1.

use serde::Serialize;

use super::stamp_seen::Stamp;
use super::stamps::{Good, Proof, Stamps, Under};
use crate::domain::{Level, Moment};
use crate::pki::{Revocation, VerifiedPath};

/// How well a genuine document is protected against the passing of time (保护级别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Protection {
    /// The level that was reached and validated.
    pub level: Level,
    /// The moment at which a time-stamp proves that the seal existed; none at B-B.
    pub proven_at: Option<Moment>,
    /// Until when the file can be checked with what is in it.
    pub holds_until: Moment,
}

/// What a document reaches whose seal leads along `path`; `proved` is what its time-stamps prove.
pub(super) fn reached(
    path: &VerifiedPath,
    proved: Option<(&Stamps<'_>, &Proof)>,
    at: Moment,
) -> Protection {
    let (_, seal_ends) = path.window();
    let Some((stamps, proof)) = proved else {
        return Protection { level: Level::BB, proven_at: None, holds_until: seal_ends };
    };
    let newest_ends = proof.good.first().map_or(seal_ends, |newest| newest.path.window().1);
    // What is under a stamp serves the seal and these stamps.
    let serves = |under: Under, stamped: &[Good]| {
        let evidence = stamps.evidence_under(under);
        let good = |path: &VerifiedPath, at: Moment| {
            let told = path.alone(&evidence).revocation(at);
            stamps.carries(path, under) && matches!(told, Revocation::Good { .. })
        };
        good(path, proof.at) && stamped.iter().all(|stamp| good(&stamp.path, stamp.at))
    };
    // The newest comes first and the seal's own stamp last. That one needs word at once; a document time-stamp gets it
    // with the next one.
    let in_seal = proof.good.iter().position(|stamp| stamp.which == Stamp::Seal);
    let (documents, in_seal) = proof.good.split_at(in_seal.unwrap_or(proof.good.len()));
    let covers = |newest: &Good| serves(newest.under, proof.good.get(1..).unwrap_or_default());
    let level = if documents.first().is_some_and(covers) {
        Level::BLTA
    } else if serves(Under::ALL, in_seal) {
        Level::BLT
    } else {
        Level::BT
    };
    // At B-T somebody must still be asked about revocation, and whoever answers may stop when the certificate ends.
    let holds_until = match level {
        Level::BB | Level::BT if at <= seal_ends => seal_ends,
        _ => seal_ends.max(newest_ends),
    };
    Protection { level, proven_at: Some(proof.at), holds_until }
}
