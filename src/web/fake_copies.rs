//! The desk of annotated copies that answers what a test tells it to.

use std::sync::atomic::Ordering;

use crate::crypto::Digest;
use crate::domain::{CopyMaker, CopyNumber, CopyRequest, LicenseId, Moment, WireValue};
use crate::judge::Verdict;
use crate::service::desks::{Copied, CopyCaller, CopyDesk};
use crate::service::error::{Fault, Refusal};
use crate::service::ports::{CopyRecord, Form, FormRecord, Later};
use crate::service::receipts::Presented;
use crate::service::receipts::{Judged, Receipt, ReceiptDesk, ReceiptForm};
use crate::service::trust_pack::PackDesk;

use super::fake_desks::{Desks, held};
use super::fake_verdicts::verdicts;

/// The number of every copy that is made.
pub const NUMBER: &str = "2026ABCDEFGHJKMN";

/// The ticket of everything that is shown.
pub const TICKET: &str = "ticket-of-a-test";

impl ReceiptDesk for Desks {
    fn ticket(&self, _: &Verdict, _: Presented) -> Option<String> {
        Some(TICKET.to_owned())
    }

    fn redeem(&self, ticket: &str) -> Option<Judged> {
        let verdict = &verdicts()[0];
        (ticket == TICKET).then(|| Judged::new(verdict, Presented::NOTHING).unwrap())
    }

    fn give<'a>(&'a self, _: &'a Judged, form: ReceiptForm) -> Later<'a, Result<Receipt, Fault>> {
        let bytes = form.word().as_bytes().to_vec();
        Box::pin(async move { Ok(Receipt { number: NUMBER.to_owned(), bytes }) })
    }
}

impl PackDesk for Desks {
    fn make(&self, fresh_days: u16) -> Later<'_, Result<Vec<u8>, Fault>> {
        let made = format!("{fresh_days} {}", self.0.judged_bytes.fetch_add(1, Ordering::SeqCst));
        Box::pin(async move { Ok(made.into_bytes()) })
    }
}

impl CopyDesk for Desks {
    fn check<'a>(
        &'a self,
        _: CopyCaller<'a>,
        _: &'a LicenseId,
        body: &'a [u8],
    ) -> Later<'a, Result<CopyRequest, Refusal>> {
        Box::pin(async move {
            self.0.refusal()?;
            let sent: WireValue = serde_json::from_slice(body).unwrap();
            let today = "2026-11-22".parse().unwrap();
            let validity = held()[0].record.validity;
            CopyRequest::read(&sent, &validity, today).map_err(Refusal::Copy)
        })
    }

    fn copy<'a>(
        &'a self,
        caller: CopyCaller<'a>,
        key: &'a str,
        id: &'a LicenseId,
        body: &'a [u8],
    ) -> Later<'a, Result<Copied, Refusal>> {
        Box::pin(async move {
            let asked = self.check(caller, id, body).await?;
            let record = CopyRecord {
                original: id.clone(),
                number: NUMBER.parse().unwrap(),
                maker: match caller {
                    CopyCaller::Authority(_) => CopyMaker::Authority,
                    CopyCaller::Holder(_) => CopyMaker::Holder,
                },
                last_day: asked.last_day(),
                purpose_index: Digest::of(b""),
                recipient_index: Digest::of(b""),
                file: FormRecord {
                    form: Form::AnnotatedCopy,
                    digest: Digest::of(b"%PDF-1.7"),
                    size_bytes: 8,
                },
                made_at: Moment::from_unix_seconds(1_795_000_000),
            };
            Ok(Copied { record, repeated: key == "again" })
        })
    }

    fn fetch<'a>(
        &'a self,
        _: CopyCaller<'a>,
        _: &'a LicenseId,
        number: &'a CopyNumber,
    ) -> Later<'a, Result<Vec<u8>, Refusal>> {
        let known = number.as_str() == NUMBER;
        Box::pin(
            async move { if known { Ok(b"%PDF-1.7".to_vec()) } else { Err(Refusal::NotFound) } },
        )
    }
}
