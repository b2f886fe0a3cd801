//! Looking at a structured e-certificate.
//!
//! The signature is checked before anything in the payload is believed, under the key of the enclosed
//! certificate; whose certificate that is, is a question of its own. The rest is the agreement of the parts:
//! disclosures with the signed digests, the claimed content digest with the computed one, the license id with
//! itself.

use super::certificate::{self, Issue, SealedBy};
use super::examine::{Look, Said, Sealer};
use super::facts::Trust;
use super::observed::Observed;
use crate::domain::Moment;
use crate::ecert::{EcertFacts, SchemaError, SdJwt};
use crate::pki::{Certificate, VerifiedPath};

/// The checks without which the bytes are not known to be those that were signed.
pub(super) const INTEGRITY: &[&str] = &[
    "file.kind",
    "ecert.structure",
    "ecert.signature",
    "ecert.disclosures",
    "content.digest",
    "license.id",
];

/// Looks at `file` and writes down what is seen.
pub(super) fn look(file: &[u8], trust: &Trust<'_>, at: Moment) -> Look {
    let mut look = Look::default();
    look.said = said(file, trust, at, &mut look.seen);
    look
}

fn said(file: &[u8], trust: &Trust<'_>, at: Moment, seen: &mut Vec<Observed>) -> Option<Said> {
    seen.push(Observed::KindEcert);
    let broken = |why: &dyn std::fmt::Display| Observed::EcertBroken { why: why.to_string() };
    let taken_apart = SdJwt::parse(file).and_then(|sd_jwt| Ok((sd_jwt.chain()?, sd_jwt)));
    let (chain, sd_jwt) = match taken_apart {
        Ok(parts) => parts,
        Err(why) => {
            seen.push(broken(&why));
            return None;
        }
    };
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let (leaf, others) = chain.split_first()?;
    let path = certificate::find_path(leaf, others, trust, at);
    let certificate = match &path {
        Ok(path) => Ok(path.leaf().clone()),
        Err(_) => Certificate::from_der(leaf),
    };
    let certificate = match certificate {
        Ok(certificate) => certificate,
        Err(why) => {
            seen.push(broken(&why));
            return None;
        }
    };
    let verified = certificate
        .suite()
        .is_some_and(|suite| sd_jwt.verify_signature(suite, certificate.public_key()).is_ok());
    // The other signature that verifies can be made by anybody: the file would have a second form.
    if !verified || !sd_jwt.has_low_signature() {
        seen.extend([Observed::EcertForm, Observed::EcertSignatureBad]);
        return None;
    }
    let facts = match EcertFacts::read(sd_jwt) {
        Ok(facts) => facts,
        Err(why) => {
            seen.push(Observed::EcertSigned);
            seen.push(refused(&why));
            return None;
        }
    };
    seen.extend([Observed::EcertForm, Observed::EcertSigned]);
    let (shown, withheld) = (facts.disclosed.len(), facts.withheld);
    // Such a file hangs on every annotated copy. Nobody can rely on what shows nothing, least of all as an original.
    seen.push(match shown {
        0 => Observed::NothingShown,
        _ => Observed::DisclosuresHold { shown, withheld },
    });
    if facts.claimed_digest != facts.content_digest {
        seen.push(Observed::ContentDiffers);
        return None;
    }
    seen.extend([Observed::ContentAgrees, Observed::IdHolds]);
    let sealed = SealedBy { leaf, others, crls: &[], ocsps: &[], sealed_at: facts.issued_at };
    let issue = Issue::of(&facts.license_id, facts.issued_on);
    let path = certificate::judge(path, sealed, None, issue, trust, at, seen);
    let (sealed_at, subject) = (facts.issued_at, subject(path.as_deref()));
    let sealer = Sealer { sealed_at, subject, protection: None };
    Some(Said { sealer, copy: None, facts: facts.into() })
}

/// What was wrong with the payload of an e-certificate.
pub(super) fn refused(why: &SchemaError) -> Observed {
    match why {
        SchemaError::Disclosures(_) => Observed::DisclosuresBroken,
        SchemaError::Disagrees { .. } | SchemaError::LicenseId(_) => Observed::IdBroken,
        _ => Observed::EcertBroken { why: why.to_string() },
    }
}

/// The common name of the sealing certificate.
pub(super) fn subject(path: Option<&VerifiedPath>) -> Option<String> {
    path.map(|path| path.leaf().common_name().to_owned())
}
