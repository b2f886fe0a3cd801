//! Giving receipts of verifications (核验回执): what was found, signed by the body that runs the library.
//!
//! A receipt says exactly what somebody saw, so the verdict is taken as it was given and not made again. Where a page
//! showed it, the page carries it along as a ticket: the verdict itself, with a mark under a key of the house, so
//! that nothing has to be kept here and nobody can have another verdict signed. Field values of a license are never
//! in a receipt.
//!
//! Receipts are not kept and no book counts them, so a key whose uses are limited gives none.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::crypto::{Digest, same_bytes};
use crate::domain::{IssuingAuthority, Moment};
use crate::ecert::jws::MEDIA_TYPE;
pub use crate::ecert::receipt::Presented;
use crate::ecert::receipt::{self, FILE_NAME, ReceiptBody};
use crate::judge::Verdict;
use crate::pdf::{Attachment, Binding, DocumentKind, FaceInput};

use super::error::Fault;
use super::issue::Issuing;
use super::ports::Later;
use super::receipt_face::ReceiptFace;
use super::sealing::{PreparedKey, in_its_time, seal_fault, serial, sign_fault};
use super::stamping::Stamping;
use super::workbench::Workbench;

/// Under which word tickets are marked.
const TICKET: &str = "receipt";
/// Longest ticket that is looked at, in bytes; our own bound, far above any verdict.
const MAX_TICKET_BYTES: usize = 400_000;
/// How long what a page showed can be made into a receipt, in seconds.
const TICKET_LIFE_SECONDS: i64 = 24 * 3_600;

/// A verdict as it was given, and what it was given on.
#[derive(Serialize, Deserialize)]
pub struct Judged {
    verdict: Value,
    presented: Presented,
    judged_at: Moment,
}

impl Judged {
    /// What is to stand in a receipt: all of the verdict but field values, which are not a receipt's to tell.
    pub fn new(verdict: &Verdict, presented: Presented) -> Result<Self, Fault> {
        let without = Verdict { comparison: None, statement: None, ..verdict.clone() };
        let value = serde_json::to_value(without);
        let value = value.map_err(|error| Fault::new("receipts.verdict", error))?;
        Ok(Self { verdict: value, presented, judged_at: verdict.judged_at })
    }
}

/// In which form a receipt is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptForm {
    /// The signed JSON file.
    Json,
    /// A sealed PDF with that file attached.
    Pdf,
}

impl ReceiptForm {
    /// The form of this word, `json` or `pdf`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "json" => Some(Self::Json),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }

    /// Its word, which is also how its files end.
    pub fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pdf => "pdf",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => MEDIA_TYPE,
            Self::Pdf => "application/pdf",
        }
    }
}

/// A receipt that was given.
#[derive(Debug)]
pub struct Receipt {
    /// Its number.
    pub number: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Gives receipts.
pub trait ReceiptDesk: Send + Sync {
    /// The ticket for what a page shows; none where no receipts are given here.
    fn ticket(&self, verdict: &Verdict, presented: Presented) -> Option<String>;

    /// What a ticket is for; none where it was not written here, or is too old.
    fn redeem(&self, ticket: &str) -> Option<Judged>;

    /// Makes a receipt.
    fn give<'a>(
        &'a self,
        judged: &'a Judged,
        form: ReceiptForm,
    ) -> Later<'a, Result<Receipt, Fault>>;
}

/// Gives receipts with the sealing key of the body that runs the library.
pub struct Receipts {
    /// Where keys, faces, time-stamps and clock come from.
    pub issuing: Arc<Issuing>,
}

impl ReceiptDesk for Receipts {
    fn ticket(&self, verdict: &Verdict, presented: Presented) -> Option<String> {
        let bench = self.issuing.workshop.bench();
        self.issuing.library(&bench, self.issuing.clock.now()).ok()?;
        let judged = serde_json::to_vec(&Judged::new(verdict, presented).ok()?).ok()?;
        let said = URL_SAFE_NO_PAD.encode(judged);
        let mark = self.issuing.indexes.mark(TICKET, &said);
        Some(format!("{said}.{mark}"))
    }

    fn redeem(&self, ticket: &str) -> Option<Judged> {
        let (said, mark) = ticket.split_once('.').filter(|_| ticket.len() <= MAX_TICKET_BYTES)?;
        let expected = self.issuing.indexes.mark(TICKET, said).to_string();
        if !same_bytes(mark.as_bytes(), expected.as_bytes()) {
            return None;
        }
        let judged: Judged = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()?;
        let ends = judged.judged_at.plus_seconds(TICKET_LIFE_SECONDS);
        (self.issuing.clock.now() <= ends).then_some(judged)
    }

    fn give<'a>(
        &'a self,
        judged: &'a Judged,
        form: ReceiptForm,
    ) -> Later<'a, Result<Receipt, Fault>> {
        Box::pin(self.make(judged, form))
    }
}

impl Receipts {
    async fn make(&self, judged: &Judged, form: ReceiptForm) -> Result<Receipt, Fault> {
        let bench = self.issuing.workshop.bench();
        let now = self.issuing.clock.now();
        let (library, key) = self.issuing.library(&bench, now)?;
        let (year, ..) = now.day_in_china().numbers();
        let number = serial(year, self.issuing.random.as_ref());
        let file = self.sign(judged, (&library, &key), &number, now).await?;
        let bytes = match form {
            ReceiptForm::Json => file,
            ReceiptForm::Pdf => {
                self.seal(&bench, judged, (&library, &key), &number, &file, now).await?
            }
        };
        Ok(Receipt { number, bytes })
    }

    async fn sign(
        &self,
        judged: &Judged,
        (library, key): (&IssuingAuthority, &PreparedKey),
        number: &str,
        now: Moment,
    ) -> Result<Vec<u8>, Fault> {
        let body = ReceiptBody {
            receipt: number,
            library: library.code.as_str(),
            library_name: &library.name,
            issued_at: now,
            presented: judged.presented,
            verdict: &judged.verdict,
        };
        let chain = key.chain_ders();
        let signed =
            in_its_time(key.key.may_wait(), || receipt::sign(&body, &chain, key.key.signer()));
        let signed = signed.map_err(|fault| sign_fault("receipts.sign", fault))?;
        let token = match &self.issuing.stamping {
            Some(stamping) => stamping.over(&signed.digest_to_stamp()).await,
            None => None,
        };
        let crls = key.crl_ders();
        Ok(signed.into_file(token.as_deref(), &crls))
    }

    async fn seal(
        &self,
        bench: &Workbench,
        judged: &Judged,
        (library, key): (&IssuingAuthority, &PreparedKey),
        number: &str,
        file: &[u8],
        now: Moment,
    ) -> Result<Vec<u8>, Fault> {
        let face = ReceiptFace::of(&judged.verdict, &judged.presented, library, now, bench.fonts());
        let qr_text = match face.license_id() {
            Some(id) => format!("{}/verify#{id}", self.issuing.public_url),
            None => format!("{}/verify", self.issuing.public_url),
        };
        let values = face.values(number);
        let input = FaceInput { license_id: number, values: &values, qr_text: &qr_text };
        let drawn = bench.draw_receipt(&input)?;
        let seal = bench.seal(library)?;
        let room = Stamping::room_of(self.issuing.stamping.as_ref()).await;
        let crls = key.crl_ders();
        let gap_len = key.cms.max_len() + room;
        let binding = Binding {
            title: "电子证照核验回执",
            seal: &seal,
            sealed_at: now,
            signer_name: &library.name,
            reason: "出具核验回执",
            location: library.division.as_str(),
            content_digest_hex: &Digest::of(file).to_string(),
            attachment: Some(Attachment {
                file_name: FILE_NAME,
                media_type: MEDIA_TYPE,
                description: "经签名的核验回执数据 The signed receipt for programs",
                bytes: file,
            }),
            certs: &[],
            crls: &crls,
            gap_len,
            kind: DocumentKind::Receipt,
        };
        let unsealed =
            drawn.assemble(&binding).map_err(|error| Fault::new("receipts.assemble", error))?;
        let digest = Digest::of_parts(&unsealed.sealed_parts());
        let cms = in_its_time(key.key.may_wait(), || key.cms.seal(key.key.signer(), &digest));
        let mut cms = cms.map_err(|error| seal_fault("receipts.seal", error))?;
        if let Some(stamping) = self.issuing.stamping.as_ref().filter(|_| room > 0) {
            (cms, _) = stamping.stamp(cms, gap_len).await;
        }
        unsealed.seal(&cms).map_err(|error| Fault::new("receipts.gap", error))
    }
}
