//! Looking at a receipt of a verification (核验回执): a file by itself, or inside of a sealed PDF.
//!
//! A receipt says what a library found at one moment. It is judged like an e-certificate, with two differences: who
//! signed must run a library by our registry, and a time-stamp over the signature proves when it existed, so that it
//! can be checked when its certificate has ended. Where the license stands today is not asked: a receipt is about
//! then.

use serde::Serialize;

use super::certificate::{self, Issue, Proven, SealedBy};
use super::ecert::subject;
use super::examine::{Look, Sealer};
use super::facts::Trust;
use super::finding::Text2;
use super::observed::Observed;
use super::receipt_seen::ReceiptSeen;
use super::stamps::{Stamps, Under};
use super::verdict::{Outcome, Overall, Verdict};
use crate::crypto::Digest;
use crate::domain::{LicenseId, Moment};
use crate::ecert::jws::{JwsError, SealedJson};
use crate::ecert::receipt::{self, ReceiptFacts};
use crate::pki::Certificate;

/// The checks without which the bytes of a receipt are not known to be those that were signed.
pub(super) const INTEGRITY: &[&str] =
    &["file.kind", "receipt.structure", "receipt.signature", "receipt.moment"];

/// What came of taking a receipt apart.
type Read = Result<(SealedJson, ReceiptFacts), JwsError>;

/// What a receipt says was found (回执所载).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptSaid {
    /// Its number.
    pub number: String,
    /// The code of the body that runs the library.
    pub library: String,
    /// Its name in our registry; only where authenticity passed, never from the receipt.
    pub library_name: Option<String>,
    /// When it was made.
    pub issued_at: Moment,
    /// SHA-256 of what was handed in; none where a license id was asked for.
    pub presented: Option<Digest>,
    /// The verdict that was given, in its word.
    pub verdict: String,
    /// What the standing was said to be, in its word.
    pub standing_state: String,
    /// When the vault was asked.
    pub standing_as_of: Option<Moment>,
    /// The moment that was judged for.
    pub judged_at: Moment,
    /// The license.
    pub license_id: Option<LicenseId>,
    /// The sentence that was given.
    pub headline: Text2,
}

impl ReceiptSaid {
    pub(super) fn of(facts: ReceiptFacts, genuine: bool, trust: &Trust<'_>) -> Self {
        let library_name = trust.registry.authority_name(&facts.library).filter(|_| genuine);
        let (zh, en) = facts.headline;
        Self {
            number: facts.number.to_string(),
            library: facts.library,
            library_name,
            issued_at: facts.issued_at,
            presented: facts.presented,
            verdict: facts.verdict,
            standing_state: facts.standing_state,
            standing_as_of: facts.standing_as_of,
            judged_at: facts.judged_at,
            license_id: facts.license_id,
            headline: Text2::filled(zh, en),
        }
    }

    /// The sentence for a genuine receipt, and what to do.
    pub(super) fn headline(&self) -> (Text2, Text2) {
        let (zh, en) = match &self.library_name {
            Some(name) => (format!("由{name}出具"), format!(", issued by {name}")),
            None => ("签名有效".to_owned(), String::new()),
        };
        let day = self.judged_at.day_in_china();
        let headline = Text2::filled(
            format!("核验回执真实（{zh}）。{day} 的结论：{}", self.headline.zh),
            format!("A genuine receipt{en}. What was found on {day}: {}", self.headline.en),
        );
        let next = Text2::fixed(
            "回执只说明当时的结论；今日是否可以采信，请重新核验证照",
            "It tells what was found then; to rely on the license today, have it verified again",
        );
        (headline, next)
    }
}

/// Looks at a receipt by itself; `None` for signed JSON that is none, as a trust pack is.
///
/// Of a file with something behind the JSON, as a trust pack has, the first line tells what it is.
pub(super) fn look(file: &[u8], trust: &Trust<'_>, at: Moment) -> Option<Look> {
    let mut read = receipt::read(file);
    if matches!(read, Err(JwsError::NotJson | JwsError::TooLarge { .. }))
        && let Some(line) = file.split(|byte| *byte == b'\n').next()
        && line.len() < file.len()
        && let Err(JwsError::OtherKind) = receipt::read(line)
    {
        read = Err(JwsError::OtherKind);
    }
    if let Err(JwsError::OtherKind) = read {
        return None;
    }
    let mut look = Look { seen: vec![Observed::Receipt(ReceiptSeen::Kind)], ..Look::default() };
    look.receipt = said(read, trust, at, &mut look.seen);
    Some(look)
}

fn said(
    read: Read,
    trust: &Trust<'_>,
    at: Moment,
    seen: &mut Vec<Observed>,
) -> Option<(ReceiptFacts, Sealer)> {
    let (sealed, facts) = formed(read, seen)?;
    let chain: Vec<&[u8]> = sealed.chain.iter().map(Vec::as_slice).collect();
    let (leaf, others) = chain.split_first()?;
    let certificate = match Certificate::from_der(leaf) {
        Ok(certificate) => certificate,
        Err(why) => {
            seen.push(Observed::Receipt(ReceiptSeen::Broken { why: why.to_string() }));
            return None;
        }
    };
    let suite = certificate.suite();
    if suite.is_none_or(|suite| sealed.verify(suite, certificate.public_key()).is_err()) {
        seen.push(Observed::Receipt(ReceiptSeen::SignatureBad));
        return None;
    }
    seen.push(Observed::Receipt(ReceiptSeen::Signed));
    let crls: Vec<&[u8]> = sealed.crls.iter().map(Vec::as_slice).collect();
    let token = sealed.token.as_deref();
    let stamps = token
        .map(|token| Stamps::of_signature(token, &sealed.digest_to_stamp, others, &crls, at))
        .transpose();
    let mut stamps = match stamps {
        Ok(stamps) => stamps,
        Err(altered) => {
            seen.push(altered);
            return None;
        }
    };
    seen.push(Observed::Receipt(ReceiptSeen::Speaks { judged_at: facts.judged_at }));

    let proof = stamps.as_mut().and_then(|stamps| stamps.prove(trust, at, seen));
    let evidence = stamps.as_ref().map(|stamps| stamps.evidence_under(Under::ALL));
    let proven = proof.as_ref().zip(evidence.as_ref());
    let proven = proven.map(|(proof, evidence)| Proven { at: proof.at, evidence });
    let by = SealedBy { leaf, others, crls: &crls, ocsps: &[], sealed_at: facts.issued_at };
    let judged_for = proof.as_ref().map_or(at, |proof| proof.at);
    let found = certificate::find_path(leaf, others, trust, judged_for);
    let issue = Issue::Receipt { library: &facts.library };
    let path = certificate::judge(found, by, proven.as_ref(), issue, trust, at, seen);
    let subject = subject(path.as_deref());
    let sealer = Sealer { sealed_at: facts.issued_at, subject, protection: None };
    Some((facts, sealer))
}

/// Says whether a receipt could be taken apart, and what is wrong where not.
pub(super) fn formed(read: Read, seen: &mut Vec<Observed>) -> Option<(SealedJson, ReceiptFacts)> {
    match read {
        Ok(sealed) => {
            seen.push(Observed::Receipt(ReceiptSeen::Form));
            Some(sealed)
        }
        Err(why) => {
            seen.push(Observed::Receipt(ReceiptSeen::Broken { why: why.to_string() }));
            None
        }
    }
}

impl Verdict {
    /// The verdict on a receipt, with the file beside it that it should be of.
    #[must_use]
    pub fn held_against(mut self, file: &[u8]) -> Self {
        let Some(receipt) = &self.receipt else { return self };
        if receipt.presented == Some(Digest::of(file)) {
            self.findings.push(ReceiptSeen::OfThisFile.finding());
            return self;
        }
        let finding = ReceiptSeen::OfAnotherFile.finding();
        self.headline = finding.fact.clone();
        self.next_step = finding.next_step.clone().unwrap_or(self.next_step);
        self.findings.push(finding);
        self.overall = Overall::Invalid;
        self.integrity = Outcome::Failed;
        self
    }
}
