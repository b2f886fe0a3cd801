//! Stories of licenses through the desks, over the vault that is used in earnest.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use serde_json::{Value, json};
use zhengku::crypto::Digest;
use zhengku::domain::{HolderCode, HolderCodeKind, LicenseId, RevocationKind};
use zhengku::ecert::{EcertFacts, SdJwt};
use zhengku::judge::{Outcome, Overall, StandingState};
use zhengku::pdf::read_sealed;
use zhengku::service::desks::{
    HoldDesk, IssueDesk, Issued, IssuingSystem, LicenseDesk, VerifyDesk,
};
use zhengku::service::error::Refusal;
use zhengku::service::ports::{ChangedState, Form, VaultCount};

use support::{House, OneKeyForAll, Plan, first_good, good, root, special_key, type_codes};

/// A type whose licenses end, and are held by a firm: 食品经营许可证.
const FOOD: &str = "11990000MD0000008F002";
/// A type held by persons: 结婚证.
const MARRIAGE: &str = "11990000MD0000008F010";

fn faults(refusal: Refusal) -> Vec<(String, String)> {
    match refusal {
        Refusal::Submission(faults) => {
            faults.iter().map(|f| (f.code().to_owned(), f.field.clone())).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn conflict(refusal: Refusal) -> (&'static str, Option<LicenseId>) {
    match refusal {
        Refusal::Conflict { code, id } => (code, id),
        other => panic!("{other:?}"),
    }
}

fn pair(code: &str, field: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), field.to_owned())]
}

fn following(body: &Value, head: &Issued) -> Value {
    let mut next = body.clone();
    next["replaces"] = json!(head.record.id.to_string());
    next
}

async fn count(house: &House) -> (u64, u64) {
    let VaultCount { licenses, versions } = house.vault.count().await.unwrap();
    (licenses, versions)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_good_submission_becomes_a_license_that_is_valid_and_stands_as_its_days_say() {
    let house = House::on_disk().await;
    let today = house.issue.clock.now().day_in_china();
    let (mut made, mut in_force) = (0, 0);
    for code in type_codes() {
        for (line, body) in good(&code).into_iter().enumerate() {
            let place = format!("{code} line {}", line + 1);
            let issued = match house.ask(&place, &body).await {
                Ok(issued) => issued,
                Err(refusal) => panic!("{place}: {refusal:?}"),
            };
            let verdict = house.verdict(&issued).await;
            assert_eq!(verdict.overall, Overall::Valid, "{place}: {:?}", verdict.findings);
            let ended = issued.record.validity.ended_before(today);
            let expected = if ended {
                StandingState::Expired
            } else if issued.record.validity.begins_after(today) {
                StandingState::NotYetInForce
            } else {
                in_force += 1;
                StandingState::InForce
            };
            assert_eq!(verdict.standing_state, expected, "{place}");
            let ecert = house.bytes(&issued, Form::Ecert).await;
            let verdict = house.verify.file(&ecert).await;
            assert_eq!(verdict.overall, Overall::Valid, "{place}: {:?}", verdict.findings);
            assert_eq!(verdict.standing_state, expected, "{place}");
            made += 1;
        }
    }
    assert_eq!(count(&house).await, (made, made));
    assert_eq!(in_force, made, "the fixtures are in force until the end of 2028");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_show_only_in_the_workshop_are_refused_exactly_and_leave_nothing_behind() {
    let house = House::on_disk().await;
    let folder = root().join("fixtures/submissions/bad");
    let index = fs::read_to_string(folder.join("index.json")).unwrap();
    let index: Vec<Value> = serde_json::from_str(&index).unwrap();
    let mut met = 0;
    for bad in index {
        let file = bad["file"].as_str().unwrap();
        let expected: BTreeSet<(String, String)> = bad["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| [&f["code"], &f["field"]].map(|text| text.as_str().unwrap().to_owned()).into())
            .collect();
        let body = fs::read(folder.join(file)).unwrap();
        let refusal = house.issue.issue(&house.client, file, &body).await.unwrap_err();
        let found = BTreeSet::from_iter(faults(refusal));
        assert_eq!(found, expected, "{file}");
        met += 1;
    }
    assert!(met >= 30);
    assert_eq!(count(&house).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_makes_one_license_however_often_it_is_sent() {
    let house = House::on_disk().await;
    let body = first_good(FOOD);
    let first = house.ask("key", &body).await.unwrap();
    assert!(!first.repeated);
    let again = house.ask("key", &body).await.unwrap();
    assert!(again.repeated);
    assert_eq!(again.record, first.record);

    let other = house.ask("key", &good(FOOD)[1]).await.unwrap_err();
    assert_eq!(conflict(other), ("request.key_reused", None));

    // A key belongs to the client that chose it.
    let neighbor = IssuingSystem { name: "another".to_owned(), ..house.client.clone() };
    let body = good(FOOD)[1].to_string();
    let theirs = house.issue.issue(&neighbor, "key", body.as_bytes()).await.unwrap();
    assert_ne!(theirs.record.id, first.record.id);
    assert_eq!(count(&house).await, (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_license_number_belongs_to_one_license_of_its_type_and_authority() {
    let house = House::on_disk().await;
    let body = first_good(FOOD);
    let first = house.ask("first", &body).await.unwrap();
    let refusal = house.ask("second", &body).await.unwrap_err();
    assert_eq!(conflict(refusal), ("license.number_taken", Some(first.record.id.clone())));

    // Nor may another license slip into the number by following itself.
    let second = house.ask("third", &good(FOOD)[1]).await.unwrap();
    let refusal = house.ask("fourth", &following(&body, &second)).await.unwrap_err();
    assert_eq!(conflict(refusal), ("license.number_taken", Some(first.record.id)));
    assert_eq!(count(&house).await, (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_license_that_follows_another_takes_its_place_and_versions_go_in_turn() {
    let house = House::on_disk().await;
    let body = first_good(FOOD);
    let first = house.ask("1", &body).await.unwrap();
    let second = house.ask("2", &following(&body, &first)).await.unwrap();
    assert_eq!(second.record.id.key(), first.record.id.key());
    assert_eq!(second.record.id.version().to_string(), "002");

    let verdict = house.verdict(&first).await;
    assert_eq!((verdict.overall, verdict.standing), (Overall::Valid, Outcome::Failed));
    assert_eq!(verdict.standing_state, StandingState::Replaced);
    assert_eq!(house.verdict(&second).await.standing_state, StandingState::InForce);
    assert_eq!(house.verdict_on(&first.record.id).await.standing_state, StandingState::Replaced);

    let out_of_turn = house.ask("3", &following(&body, &first)).await.unwrap_err();
    assert_eq!(faults(out_of_turn), pair("submission.version_out_of_turn", "replaces"));

    // An id nobody has issued, and one of another type: neither is told from the other.
    let marriage = house.ask("4", &first_good(MARRIAGE)).await.unwrap();
    let unknown = House::on_disk().await;
    unknown.issue.issue(&unknown.client, "x", good(FOOD)[1].to_string().as_bytes()).await.unwrap();
    let stranger = unknown.ask("y", &good(FOOD)[2]).await.unwrap();
    for (key, head) in [("5", &marriage), ("6", &stranger)] {
        let refusal = house.ask(key, &following(&body, head)).await.unwrap_err();
        assert_eq!(faults(refusal), pair("submission.replaces_unknown", "replaces"), "{key}");
    }
    assert_eq!(count(&house).await, (2, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_requests_at_once_under_one_key_make_one_license() {
    let house = Arc::new(House::on_disk().await);
    let body = first_good(FOOD);
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (house, body) = (Arc::clone(&house), body.clone());
            tokio::spawn(async move { house.ask("one key", &body).await.unwrap() })
        })
        .collect();
    let mut ids = BTreeSet::new();
    let mut made = 0;
    for task in tasks {
        let issued = task.await.unwrap();
        ids.insert(issued.record.id.to_string());
        made += u32::from(!issued.repeated);
    }
    assert_eq!((ids.len(), made), (1, 1));
    assert_eq!(count(&house).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_thirty_two_that_follow_one_version_at_once_exactly_one_does() {
    let house = Arc::new(House::on_disk().await);
    let body = first_good(FOOD);
    let head = house.ask("head", &body).await.unwrap();
    let next = following(&body, &head);
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let (house, next) = (Arc::clone(&house), next.clone());
            tokio::spawn(async move { house.ask(&format!("follower {number}"), &next).await })
        })
        .collect();
    let mut followers = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(issued) => {
                followers += 1;
                assert_eq!(issued.record.id.version().to_string(), "002");
            }
            Err(Refusal::Conflict { code, .. }) => assert_eq!(code, "license.head_moved"),
            Err(refusal) => {
                assert_eq!(faults(refusal), pair("submission.version_out_of_turn", "replaces"));
            }
        }
    }
    assert_eq!(followers, 1);
    assert_eq!(count(&house).await, (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_standing_shows_in_every_verdict_from_its_day_on() {
    let house = House::on_disk().await;
    let issued = house.ask("key", &first_good(FOOD)).await.unwrap();
    let id = &issued.record.id;
    let day = |text: &str| text.parse().unwrap();
    let change = |state, since: &'static str| {
        house.licenses.change_standing(&house.client, id, state, day(since), "example ground")
    };

    change(ChangedState::Suspended, "2026-12-01").await.unwrap();
    let verdict = house.verdict(&issued).await;
    assert_eq!((verdict.overall, verdict.standing), (Overall::Valid, Outcome::Failed));
    assert_eq!(verdict.standing_state, StandingState::Suspended);
    let refusal = change(ChangedState::Suspended, "2026-12-02").await.unwrap_err();
    assert_eq!(conflict(refusal), ("standing.already_suspended", None));

    house.clock.wind("2026-12-03T08:00:00Z");
    change(ChangedState::Reinstated, "2026-12-03").await.unwrap();
    assert_eq!(house.verdict(&issued).await.standing_state, StandingState::InForce);
    let refusal = change(ChangedState::Reinstated, "2026-12-04").await.unwrap_err();
    assert_eq!(conflict(refusal), ("standing.not_suspended", None));

    // A revocation that begins tomorrow leaves today as it is.
    let revoked = ChangedState::Revoked(RevocationKind::Withdrawn);
    change(revoked, "2026-12-04").await.unwrap();
    assert_eq!(house.verdict(&issued).await.standing_state, StandingState::InForce);
    house.clock.wind("2026-12-03T16:00:00Z");
    let verdict = house.verdict(&issued).await;
    assert_eq!(verdict.standing_state, StandingState::Revoked, "midnight in China");
    assert_eq!(verdict.exit_code(), 1);
    assert_eq!(house.verdict_on(id).await.standing_state, StandingState::Revoked);
    let refusal = change(ChangedState::Reinstated, "2026-12-05").await.unwrap_err();
    assert_eq!(conflict(refusal), ("standing.already_revoked", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_revocations_at_once_exactly_one_is_written_down() {
    let house = Arc::new(House::on_disk().await);
    let id = house.ask("key", &first_good(FOOD)).await.unwrap().record.id;
    let kinds = [RevocationKind::Annulled, RevocationKind::Deregistered, RevocationKind::Withdrawn];
    let tasks: Vec<_> = kinds
        .into_iter()
        .cycle()
        .take(24)
        .map(|kind| {
            let (house, id) = (Arc::clone(&house), id.clone());
            let state = ChangedState::Revoked(kind);
            let since = "2026-12-01".parse().unwrap();
            tokio::spawn(async move {
                house.licenses.change_standing(&house.client, &id, state, since, "ground").await
            })
        })
        .collect();
    for task in tasks {
        if let Err(refusal) = task.await.unwrap() {
            assert_eq!(conflict(refusal), ("standing.already_revoked", None));
        }
    }
    assert_eq!(house.vault.standing_changes(id.key()).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_license_expires_with_its_last_day_in_china() {
    let house = House::on_disk().await;
    let mut body = first_good(FOOD);
    body["issued_on"] = json!("2026-11-20");
    body["valid_from"] = json!("2026-11-20");
    body["valid_to"] = json!("2027-03-31");
    let issued = house.ask("key", &body).await.unwrap();
    for (at, state) in [
        ("2027-03-31T15:59:59Z", StandingState::InForce),
        ("2027-03-31T16:00:00Z", StandingState::Expired),
    ] {
        house.clock.wind(at);
        let verdict = house.verdict(&issued).await;
        assert_eq!((verdict.overall, verdict.standing_state), (Overall::Valid, state), "{at}");
    }
}

#[tokio::test]
async fn a_key_whose_seals_nobody_would_accept_is_not_used() {
    let business = first_good("11990000MD0000008F001");
    for (name, place) in
        [("expired", "sealing.certificate_path"), ("revoked", "sealing.certificate_revoked")]
    {
        let keys = Arc::new(OneKeyForAll(special_key(name)));
        let house = House::in_memory(Plan { keys, ..Plan::default() });
        match house.ask("key", &business).await {
            Err(Refusal::Fault(fault)) => assert_eq!(fault.place, place, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(count(&house).await, (0, 0), "{name}");
    }
}

fn holder(body: &Value, index: usize) -> HolderCode {
    let holder = &body["holders"][index];
    let kind = HolderCodeKind::from_code(holder["kind"].as_str().unwrap()).unwrap();
    HolderCode::parse(kind, holder["code"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_sees_what_is_theirs_and_anything_else_does_not_exist() {
    let house = House::on_disk().await;
    let (ours, theirs) = (good(MARRIAGE)[0].clone(), good(MARRIAGE)[1].clone());
    let issued = house.ask("ours", &ours).await.unwrap();
    let foreign = house.ask("theirs", &theirs).await.unwrap();
    for spouse in 0..2 {
        let me = holder(&ours, spouse);
        let list = house.hold.list(&me).await.unwrap();
        let ids: Vec<_> = list.iter().map(|held| &held.record.id).collect();
        assert_eq!(ids, [&issued.record.id]);
        assert_eq!(list[0].license_number, ours["license_number"]);

        let opened = house.hold.open(&me, &issued.record.id).await.unwrap();
        assert_eq!(opened.holder_names.len(), 2);
        assert!(!opened.face.is_empty());
        let refused = house.hold.open(&me, &foreign.record.id).await.unwrap_err();
        assert!(matches!(refused, Refusal::NotFound), "{refused:?}");
        for form in [Form::SealedPdf, Form::Ecert] {
            let refused = house.hold.download(&me, &foreign.record.id, form).await.unwrap_err();
            assert!(matches!(refused, Refusal::NotFound), "{refused:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_a_license_now_does_not_see_who_held_it_before() {
    let house = House::on_disk().await;
    let before = good(FOOD)[0].clone();
    let held_before = house.ask("before", &before).await.unwrap();
    let mut after = following(&before, &held_before);
    after["holders"] = good(FOOD)[1]["holders"].clone();
    let held_now = house.ask("after", &after).await.unwrap();
    let (they, we) = (holder(&before, 0), holder(&after, 0));
    assert_ne!(they, we);
    assert!(house.hold.open(&we, &held_now.record.id).await.is_ok());
    for (who, id) in [
        (&we, &held_before.record.id),
        (&they, &held_before.record.id),
        (&they, &held_now.record.id),
    ] {
        let refused = house.hold.open(who, id).await.err();
        assert!(matches!(refused, Some(Refusal::NotFound)), "{id}");
        let refused = house.hold.download(who, id, Form::SealedPdf).await.err();
        assert!(matches!(refused, Some(Refusal::NotFound)), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reading_is_written_down_and_the_bytes_are_those_the_record_names() {
    let house = House::on_disk().await;
    let body = first_good(MARRIAGE);
    let issued = house.ask("key", &body).await.unwrap();
    let (me, id) = (holder(&body, 0), &issued.record.id);
    house.hold.list(&me).await.unwrap();
    house.hold.open(&me, id).await.unwrap();
    for record in &issued.record.forms {
        let mine = house.hold.download(&me, id, record.form).await.unwrap();
        assert_eq!(Digest::of(&mine), record.digest);
        assert_eq!(u64::try_from(mine.len()).unwrap(), record.size_bytes);
        let theirs = house.licenses.download(&house.client, id, record.form).await.unwrap();
        assert!(mine == theirs, "holder and issuing system get the same bytes");
    }
    let client = house.client.name.as_str();
    let expected = [
        ("holder", "open"),
        ("holder", "download-pdf"),
        (client, "download-pdf"),
        ("holder", "download-ecert"),
        (client, "download-ecert"),
    ];
    assert_eq!(readings(&house, id).await, expected.map(|(r, a)| (r.to_owned(), a.to_owned())));
}

/// Reader and act of every reading of a version, in order, out of the vault's own file.
async fn readings(house: &House, id: &LicenseId) -> Vec<(String, String)> {
    let file = house.folder.as_ref().unwrap().path().join("vault.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let rows =
        sqlx::query_as("select reader, act from usage_records where license_id = ? order by entry");
    rows.bind(id.to_string()).fetch_all(&pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_another_authority_may_not_issue_and_finds_nothing() {
    let house = House::on_disk().await;
    let body = first_good(FOOD);
    let own = body["authority"].as_str().unwrap();
    let others = house.client.authorities.iter().filter(|code| code.as_str() != own);
    let foreign =
        IssuingSystem { name: "foreign".to_owned(), authorities: others.cloned().collect() };
    assert!(!foreign.authorities.is_empty());
    let refused = house.issue.issue(&foreign, "key", body.to_string().as_bytes()).await;
    assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{refused:?}");
    assert_eq!(count(&house).await, (0, 0));

    let issued = house.ask("key", &body).await.unwrap();
    let id = &issued.record.id;
    let day = "2026-12-01".parse().unwrap();
    let refusals = [
        house.licenses.describe(&foreign, id).await.unwrap_err(),
        house.licenses.download(&foreign, id, Form::SealedPdf).await.unwrap_err(),
        house
            .licenses
            .change_standing(&foreign, id, ChangedState::Suspended, day, "ground")
            .await
            .unwrap_err(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Refusal::NotFound), "{refusal:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pdf_e_certificate_and_vault_carry_one_content_digest_and_one_id() {
    let house = House::on_disk().await;
    for code in type_codes() {
        let issued = house.ask(&code, &first_good(&code)).await.unwrap();
        let pdf = house.bytes(&issued, Form::SealedPdf).await;
        let ecert = house.bytes(&issued, Form::Ecert).await;
        let sealed = read_sealed(&pdf).unwrap();
        let facts = EcertFacts::read(SdJwt::parse(&ecert).unwrap()).unwrap();
        let digest = issued.record.content_digest;
        assert_eq!(sealed.content_digest_hex, Some(digest.to_string()), "{code}");
        assert_eq!((facts.claimed_digest, facts.content_digest), (digest, digest), "{code}");
        assert_eq!(facts.license_id, issued.record.id, "{code}");
        assert_eq!(sealed.license_id, Some(issued.record.id.to_string()), "{code}");
        assert!(sealed.attachment.unwrap().bytes == ecert, "{code}: the attached e-certificate");
        let found = house.vault.find(&issued.record.id).await.unwrap().unwrap();
        assert_eq!(found, issued.record, "{code}");
    }
}
