//! The report on each signature of a file, one by one (逐个签名的核验结果).
//!
//! Source: ETSI EN 319 102-1, 5.1.3 (what is to be reported).

use serde::Serialize;

use super::facts::Form;
use super::indication::{Indication, Signature, SubIndication};
use super::observed::Observed;
use super::square_seen::SquareSeen;
use super::stamp_seen::{Stamp, StampSeen};
use crate::domain::Moment;

/// What came of one signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignatureReport {
    /// What it is.
    pub kind: SignatureKind,
    /// What came of it, in the words of EN 319 102-1.
    pub indication: Indication,
    /// Why it failed or is open; none where it passed, and where another finding decides before its certificate was
    /// looked at.
    pub sub_indication: Option<SubIndication>,
    /// The time it states.
    pub claimed_at: Option<Moment>,
    /// The moment at which a time-stamp proves that it existed.
    pub proven_at: Option<Moment>,
    /// The common name in its certificate; only where it passed.
    pub signer: Option<String>,
}

/// What a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureKind {
    /// A document time-stamp in a PDF.
    DocumentTimestamp,
    /// That of an e-certificate.
    Ecert,
    /// That of a receipt.
    Receipt,
    /// A seal in a PDF.
    Seal,
    /// The time-stamp inside a seal.
    SealTimestamp,
    /// That of the statement in a printed square.
    Statement,
}

/// What is known of the seal of a file, for its report.
#[derive(Default)]
pub(super) struct Sealed {
    /// Whether every check passed that bears on who sealed it, and what it was laid over.
    pub(super) is_genuine: bool,
    pub(super) claimed_at: Option<Moment>,
    pub(super) signer: Option<String>,
}

/// The reports on the signatures of a file of ours, by what was seen of it.
pub(super) fn reports(form: Form, seen: &[Observed], sealed: Sealed) -> Vec<SignatureReport> {
    let kind = match form {
        Form::Ecert => SignatureKind::Ecert,
        Form::Qr if !seen.contains(&Observed::Square(SquareSeen::Foreign)) => {
            SignatureKind::Statement
        }
        Form::Receipt if !seen.contains(&Observed::SealPresent) => SignatureKind::Receipt,
        Form::Receipt | Form::SealedPdf if seen.contains(&Observed::SealPresent) => {
            SignatureKind::Seal
        }
        _ => return Vec::new(),
    };
    let (indication, sub_indication) = match worst(seen, Signature::Seal) {
        Some(sub) => (sub.indication(), Some(sub)),
        None if sealed.is_genuine => (Indication::TotalPassed, None),
        None => (Indication::Indeterminate, None),
    };
    let proven_at = seen.iter().find_map(|seen| match seen {
        Observed::Stamp(StampSeen::InLife { proven } | StampSeen::BeforeLife { proven }) => {
            Some(*proven)
        }
        _ => None,
    });
    let passed = indication == Indication::TotalPassed;
    let Sealed { claimed_at, signer, .. } = sealed;
    let signer = signer.filter(|_| passed);
    let seal = SignatureReport { kind, indication, sub_indication, claimed_at, proven_at, signer };
    let stamps = seen.iter().filter_map(|seen| match seen {
        Observed::Stamp(seen) => stamp(seen),
        _ => None,
    });
    [seal].into_iter().chain(stamps).collect()
}

/// What speaks most against a signature: a failure before an open question.
fn worst(seen: &[Observed], of: Signature) -> Option<SubIndication> {
    let against = seen.iter().filter_map(Observed::against).filter(|(which, _)| *which == of);
    let mut subs = against.map(|(_, sub)| sub);
    let first = subs.next()?;
    let failed = |sub: &SubIndication| sub.indication() == Indication::TotalFailed;
    if failed(&first) { Some(first) } else { Some(subs.find(failed).unwrap_or(first)) }
}

fn stamp(seen: &StampSeen) -> Option<SignatureReport> {
    let (which, claimed_at, sub_indication) = match seen {
        StampSeen::Holds { which, at } => (*which, Some(*at), None),
        StampSeen::Broken { which, .. }
        | StampSeen::Elsewhere { which }
        | StampSeen::Open { which, .. } => {
            let against = Observed::Stamp(seen.clone()).against();
            (*which, None, against.map(|(_, sub)| sub))
        }
        _ => return None,
    };
    let kind = match which {
        Stamp::Document(_) => SignatureKind::DocumentTimestamp,
        Stamp::Seal => SignatureKind::SealTimestamp,
    };
    let indication = sub_indication.map_or(Indication::TotalPassed, SubIndication::indication);
    let (proven_at, signer) = (None, None);
    Some(SignatureReport { kind, indication, sub_indication, claimed_at, proven_at, signer })
}
