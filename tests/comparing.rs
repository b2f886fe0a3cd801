//! Stories of a document beside the vault's data: what is shown, to whom, and that it is written down.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use serde_json::{Value, json};
use zhengku::domain::{HolderCode, HolderCodeKind};
use zhengku::judge::{Compared, ComparedField, Overall, Verdict};
use zhengku::service::compare::Viewer;
use zhengku::service::desks::{Issued, IssuingSystem, VerifyDesk};
use zhengku::service::ports::Form;

use support::{House, Plan, first_good};

/// A type with a table and a holder of each kind: 食品经营许可证.
const FOOD: &str = "11990000MD0000008F002";
/// One whose face has a portrait: 残疾人证.
const DISABLED: &str = "11990000MD0000008F008";

fn rows(verdict: &Verdict) -> &[ComparedField] {
    verdict.comparison.as_deref().expect("a comparison")
}

fn row<'v>(verdict: &'v Verdict, code: &str) -> &'v ComparedField {
    rows(verdict).iter().find(|row| row.code == code).expect(code)
}

fn holder_of(body: &Value, place: usize) -> HolderCode {
    let holder = &body["holders"][place];
    let kind = HolderCodeKind::from_code(holder["kind"].as_str().unwrap()).unwrap();
    HolderCode::parse(kind, holder["code"].as_str().unwrap()).unwrap()
}

async fn issued(house: &House, code: &str) -> (Value, Issued) {
    let body = first_good(code);
    let issued = house.ask(code, &body).await.unwrap();
    (body, issued)
}

#[tokio::test]
async fn a_genuine_document_is_the_same_in_every_field_for_those_who_may_see() {
    let house = House::in_memory(Plan::default());
    for code in [FOOD, DISABLED] {
        let (body, issued) = issued(&house, code).await;
        let file = house.bytes(&issued, Form::SealedPdf).await;
        let viewers = [
            Viewer::ApprovalClerk,
            Viewer::Holder(holder_of(&body, 0)),
            Viewer::IssuingSystem(house.client.clone()),
        ];
        for viewer in viewers {
            let verdict = house.verify.file_for(&file, &viewer).await;
            assert!(verdict.is_acceptable());
            assert!(rows(&verdict).len() > 6, "{viewer:?}");
            let same = |row: &ComparedField| row.outcome == Compared::Same && row.vault.is_some();
            assert!(rows(&verdict).iter().all(same), "{:?}", verdict.comparison);
            let number = row(&verdict, "license_number").document.as_deref();
            assert_eq!(number, body["license_number"].as_str());
            let name = body["holders"][0]["name"].as_str().unwrap();
            assert!(row(&verdict, "holders").vault.as_deref().unwrap().starts_with(name));
        }
    }
}

#[tokio::test]
async fn nobody_else_sees_anything_of_it() {
    let house = House::in_memory(Plan::default());
    let (_, issued) = issued(&house, FOOD).await;
    let stranger =
        HolderCode::parse(HolderCodeKind::from_code("111").unwrap(), "990102199004120121");
    let other = IssuingSystem {
        name: "another bureau".to_owned(),
        authorities: vec!["11990000MD1000077R".parse().unwrap()],
    };
    let file = house.bytes(&issued, Form::SealedPdf).await;
    let strangers =
        [Viewer::Anybody, Viewer::Holder(stranger.unwrap()), Viewer::IssuingSystem(other)];
    for viewer in strangers {
        let verdict = house.verify.file_for(&file, &viewer).await;
        assert!(verdict.is_acceptable() && verdict.comparison.is_none(), "{viewer:?}");
        let verdict = house.verify.id_for(&issued.record.id, &viewer).await;
        assert!(verdict.comparison.is_none(), "{viewer:?}");
    }
    let mut altered = file.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    let verdict = house.verify.file_for(&altered, &Viewer::ApprovalClerk).await;
    assert_eq!(verdict.overall, Overall::Invalid);
    assert!(verdict.comparison.is_none(), "an altered file names no license to compare with");
}

#[tokio::test]
async fn what_is_withheld_is_told_from_what_differs() {
    let house = House::in_memory(Plan::default());
    let (_, issued) = issued(&house, FOOD).await;
    let whole = String::from_utf8(house.bytes(&issued, Form::Ecert).await).unwrap();
    let parts: Vec<&str> = whole.split('~').collect();
    let partial = format!("{}~{}~", parts[0], parts[1]);
    let verdict = house.verify.file_for(partial.as_bytes(), &Viewer::ApprovalClerk).await;
    assert!(verdict.is_acceptable());
    let count = |of: Compared| rows(&verdict).iter().filter(|row| row.outcome == of).count();
    assert_eq!(count(Compared::Different), 0);
    // The days stand in the open part.
    assert_eq!(count(Compared::Same), 3);
    assert!(rows(&verdict).iter().all(|row| row.vault.is_some()));

    // A number has no document: the vault's side is there, for the paper in the clerk's hand.
    let verdict = house.verify.id_for(&issued.record.id, &Viewer::ApprovalClerk).await;
    let open = |row: &ComparedField| row.outcome == Compared::NotShown && row.document.is_none();
    assert!(rows(&verdict).iter().all(open));
    assert!(rows(&verdict).iter().all(|row| row.vault.is_some()));
}

/// Two files under one id: what somebody with the sealing key could make.
#[tokio::test]
async fn another_file_under_the_same_id_differs_where_it_differs() {
    let (house, other) = (House::in_memory(Plan::default()), House::in_memory(Plan::default()));
    let (body, issued) = issued(&house, FOOD).await;
    let mut forged = body.clone();
    let field = forged["face"].as_object().unwrap().iter().find(|(_, value)| value.is_string());
    let field = field.unwrap().0.clone();
    forged["face"][&field] = json!("虚构的另一个值");
    let forged = other.ask("forged", &forged).await.unwrap();
    assert_eq!(forged.record.id, issued.record.id, "the same randomness makes the same id");
    let file = other.bytes(&forged, Form::SealedPdf).await;
    let verdict = house.verify.file_for(&file, &Viewer::ApprovalClerk).await;
    assert!(!verdict.is_acceptable());
    let different = rows(&verdict).iter().filter(|row| row.outcome == Compared::Different);
    let different: Vec<&str> = different.map(|row| row.code.as_str()).collect();
    assert_eq!(different, [field]);
}

#[tokio::test]
async fn every_comparison_is_written_down() {
    let house = House::on_disk().await;
    let (body, issued) = issued(&house, FOOD).await;
    let file = house.bytes(&issued, Form::SealedPdf).await;
    let viewers = [
        Viewer::Anybody,
        Viewer::ApprovalClerk,
        Viewer::Holder(holder_of(&body, 0)),
        Viewer::IssuingSystem(house.client.clone()),
    ];
    for viewer in &viewers {
        house.verify.file_for(&file, viewer).await;
    }
    let database = house.folder.as_ref().unwrap().path().join("vault.sqlite");
    let url = format!("sqlite://{}", database.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let query = "select reader, act from usage_records order by entry";
    let written: Vec<(String, String)> = sqlx::query_as(query).fetch_all(&pool).await.unwrap();
    let expected = ["approval clerk", "holder", "issuing system"]
        .map(|reader| (reader.to_owned(), "compare".to_owned()));
    assert_eq!(written, expected);
}
