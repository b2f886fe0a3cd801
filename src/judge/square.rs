//! Looking at the text of a printed square.
//!
//! The statement in it names its certificate and does not bring it, so the certificate is looked for among those that
//! judging knows. From there on the checks are those of an e-certificate. A genuine square says nothing of the paper
//! it is printed on: what it says of holder, number and validity goes with the verdict, to be compared.

use std::fmt;

use serde::Serialize;

use super::certificate::{self, Issue, SealedBy};
use super::comparison::Shown;
use super::ecert::subject;
use super::examine::{Examined, Facts, Look, Said, Sealer};
use super::facts::{Form, Trust, VaultRecord};
use super::observed::Observed;
use super::square_seen::SquareSeen;
use crate::domain::{Day, Moment};
use crate::ecert::statement::{MAX_BYTES, SealedStatement, Statement, fragment, thumbprint};
use crate::pki::Certificate;

/// The checks without which the digits are not known to be those that were signed.
const INTEGRITY: &[&str] = &[
    "file.kind",
    "statement.structure",
    "statement.certificate",
    "statement.signature",
    "license.id",
];

/// What a printed square says (二维码所载), to be compared with the print. Personal.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct StatementSaid {
    /// The holder's name, or the first of several; what was too long ends in `…`.
    pub holder: String,
    /// The license number as printed; likewise.
    pub license_number: String,
    /// The first day of validity.
    pub valid_from: Day,
    /// The last day of validity; none where there is no end.
    pub valid_to: Option<Day>,
    /// The first half of the content digest, in hexadecimal.
    pub content_digest_prefix: String,
}

impl fmt::Debug for StatementSaid {
    /// Shows nothing personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatementSaid({})", self.content_digest_prefix)
    }
}

impl From<&Statement> for StatementSaid {
    fn from(said: &Statement) -> Self {
        Self {
            holder: said.holder.clone(),
            license_number: said.license_number.clone(),
            valid_from: said.validity.from(),
            valid_to: said.validity.to(),
            content_digest_prefix: said.content.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// Looks at the text of a square, a whole address or what stands behind its `#`, as it stands at `at`.
pub fn examine_square(text: &str, trust: &Trust<'_>, at: Moment) -> Examined {
    let mut look = Look::default();
    look.said = said(&fragment(text), trust, at, &mut look.seen);
    Examined::new(Form::Qr, look, INTEGRITY, trust)
}

/// Whether a text is that of a square with a statement, by its looks: it may be damaged still.
pub fn is_square(text: &str) -> bool {
    // The digits of a statement are some 600; an address and blanks in between make it no longer than this.
    if text.len() > 4 * MAX_BYTES {
        return false;
    }
    let fragment = fragment(text);
    !fragment.is_empty() && fragment.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the vault's record is of the content that a square names.
pub(super) fn carries_content(said: &StatementSaid, record: &VaultRecord) -> bool {
    let known = record.content_digest.to_string();
    known.get(..32).is_some_and(|first| first == said.content_digest_prefix)
}

fn said(fragment: &str, trust: &Trust<'_>, at: Moment, seen: &mut Vec<Observed>) -> Option<Said> {
    if fragment.is_empty() || !fragment.bytes().all(|byte| byte.is_ascii_digit()) {
        seen.push(Observed::Square(SquareSeen::Foreign));
        return None;
    }
    seen.push(Observed::Square(SquareSeen::Kind));
    let sealed = match SealedStatement::read(fragment) {
        Ok(sealed) => sealed,
        Err(why) => {
            seen.push(Observed::Square(SquareSeen::Broken { why }));
            return None;
        }
    };
    seen.push(Observed::Square(SquareSeen::Form));
    let chain = chain_of(sealed.thumbprint, trust);
    let Some((leaf, others)) = chain.split_first() else {
        seen.push(Observed::Square(SquareSeen::CertificateUnknown));
        return None;
    };
    seen.push(Observed::Square(SquareSeen::CertificateFound));
    let signed = leaf.suite().and_then(|suite| sealed.verify(suite, leaf.public_key()).ok());
    let Some(statement) = signed else {
        seen.push(Observed::Square(SquareSeen::SignatureBad));
        return None;
    };
    seen.extend([Observed::Square(SquareSeen::Signed), Observed::IdHolds]);
    let others: Vec<&[u8]> = others.iter().map(Certificate::der).collect();
    let (leaf, sealed_at) = (leaf.der(), statement.signed_at);
    let path = certificate::find_path(leaf, &others, trust, at);
    let by = SealedBy { leaf, others: &others, crls: &[], ocsps: &[], sealed_at };
    let issue = Issue::of(&statement.license_id, statement.issued_on);
    let path = certificate::judge(path, by, None, issue, trust, at, seen);
    let facts = Facts {
        license_id: statement.license_id.clone(),
        issued_on: statement.issued_on,
        validity: statement.validity,
        content_digest: None,
        shown: Shown::of_statement(statement),
        statement: Some(StatementSaid::from(statement)),
    };
    let subject = subject(path.as_deref());
    let sealer = Sealer { sealed_at, subject, protection: None };
    Some(Said { facts, sealer, copy: None })
}

/// The certificate of this thumbprint, leaf first with those above it that are known.
fn chain_of(wanted: [u8; 8], trust: &Trust<'_>) -> Vec<Certificate> {
    let known = trust.store.certificates().find(|one| thumbprint(one.der()) == wanted);
    match (known, trust.signers) {
        (Some(leaf), _) => vec![leaf.clone()],
        (None, Some(signers)) => signers.chain_of(wanted),
        (None, None) => Vec::new(),
    }
}
