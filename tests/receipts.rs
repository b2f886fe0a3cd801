//! Receipts of verifications: what a page showed becomes a signed file, and nothing else does.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zhengku::ecert::receipt::Presented;
use zhengku::judge::{Form, Outcome, Overall};
use zhengku::service::desks::VerifyDesk;
use zhengku::service::ports::Form as Kept;
use zhengku::service::receipts::{ReceiptDesk, ReceiptForm, Receipts};

use support::{House, OneKeyForAll, Plan, first_good, special_key};

/// 食品经营许可证, held by a firm.
const FOOD: &str = "11990000MD0000008F002";

fn desk(house: &House) -> Receipts {
    Receipts { issuing: Arc::clone(&house.issue) }
}

#[tokio::test]
async fn a_ticket_becomes_a_receipt_of_what_was_shown_and_no_other_text_does() {
    let house = House::in_memory(Plan::default());
    let issued = house.ask("1", &first_good(FOOD)).await.unwrap();
    let file = house.bytes(&issued, Kept::SealedPdf).await;
    let desk = desk(&house);
    let shown = house.verify.file(&file).await;
    let ticket = desk.ticket(&shown, Presented::of(&file)).unwrap();
    let judged = desk.redeem(&ticket).unwrap();
    for form in [ReceiptForm::Json, ReceiptForm::Pdf] {
        let receipt = desk.give(&judged, form).await.unwrap();
        let verdict = house.verify.file(&receipt.bytes).await.held_against(&file);
        assert_eq!(
            (verdict.overall, verdict.form),
            (Overall::Valid, Form::Receipt),
            "{verdict:#?}"
        );
        assert_eq!(verdict.standing, Outcome::Unknown, "a receipt has no standing of its own");
        let said = verdict.receipt.unwrap();
        assert_eq!(said.number, receipt.number);
        assert_eq!(said.license_id.as_ref(), Some(&issued.record.id));
        assert_eq!((said.verdict.as_str(), said.judged_at), ("valid", shown.judged_at));
        assert_eq!(said.headline, shown.headline);
    }

    let (text, mark) = ticket.split_once('.').unwrap();
    let longer = format!("{ticket}0");
    let moved = format!("{}{}.{mark}", &text[1..], &text[..1]);
    for other in ["", ".", text, longer.as_str(), moved.as_str()] {
        assert!(desk.redeem(other).is_none(), "{other}");
    }
    house.clock.wind(&shown.judged_at.plus_seconds(24 * 3_600).to_string());
    assert!(desk.redeem(&ticket).is_some(), "a day later");
    house.clock.wind(&shown.judged_at.plus_seconds(24 * 3_600 + 1).to_string());
    assert!(desk.redeem(&ticket).is_none(), "and no longer");
}

#[tokio::test]
async fn field_values_of_a_license_are_not_in_a_receipt() {
    let house = House::in_memory(Plan::default());
    let body = first_good(FOOD);
    let issued = house.ask("1", &body).await.unwrap();
    let shown = house.verdict(&issued).await;
    let desk = desk(&house);
    let ticket = desk.ticket(&shown, Presented::NOTHING).unwrap();
    let receipt = desk.give(&desk.redeem(&ticket).unwrap(), ReceiptForm::Json).await.unwrap();
    let whole: serde_json::Value = serde_json::from_slice(&receipt.bytes).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(whole["payload"].as_str().unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    let holder = body["holders"][0]["name"].as_str().unwrap();
    assert!(payload.contains(&issued.record.id.to_string()) && !payload.contains(holder));
}

#[tokio::test]
async fn without_a_key_that_is_fit_no_receipt_is_promised_or_given() {
    let keys = Arc::new(OneKeyForAll(special_key("revoked")));
    let good = House::in_memory(Plan::default());
    let issued = good.ask("1", &first_good(FOOD)).await.unwrap();
    let shown = good.verdict(&issued).await;
    let ticket = desk(&good).ticket(&shown, Presented::NOTHING).unwrap();
    let house = House::in_memory(Plan { keys, ..Plan::default() });
    let desk = desk(&house);
    assert!(desk.ticket(&shown, Presented::NOTHING).is_none());
    // One written with the same index key, as by another server of the house.
    let judged = desk.redeem(&ticket).unwrap();
    let fault = desk.give(&judged, ReceiptForm::Json).await.unwrap_err();
    assert_eq!(fault.place, "sealing.certificate_revoked");
}
