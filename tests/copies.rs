//! What is made of a version after it was issued: recalled to be drawn or issued again.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use serde_json::Value;
use zhengku::crypto::Digest;
use zhengku::domain::{Catalogue, Submission, WireValue};
use zhengku::service::desks::IssueDesk;
use zhengku::service::ports::{Clock, VersionRecord};
use zhengku::service::recall::recall;

use support::{House, Plan, first_good, good, type_codes, workshop};

/// A type whose licenses end, and are held by a firm: 食品经营许可证.
const FOOD: &str = "11990000MD0000008F002";

fn read<'c>(body: &[u8], catalogue: &'c Catalogue, house: &House) -> Submission<'c> {
    let sent: WireValue = serde_json::from_slice(body).unwrap();
    Submission::read(&sent, catalogue, house.clock.now().day_in_china()).unwrap()
}

/// Everything a submission says, but for the version it follows.
fn assert_says_the_same(a: &Submission<'_>, b: &Submission<'_>, place: &str) {
    let edition = |s: &Submission<'_>| (s.definition.code.clone(), s.definition.edition);
    assert_eq!(edition(a), edition(b), "{place}");
    assert_eq!(a.authority.code, b.authority.code, "{place}");
    assert!(a.holders == b.holders, "{place}: holders");
    assert_eq!(a.license_number, b.license_number, "{place}");
    assert_eq!((a.issued_on, a.validity), (b.issued_on, b.validity), "{place}");
    assert!(a.face == b.face, "{place}: face");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_issued_is_recalled_as_it_was_sent_for_every_good_submission() {
    let house = House::in_memory(Plan::default());
    let catalogue = workshop().catalogue();
    let mut recalled_count = 0;
    for code in type_codes() {
        for (line, body) in good(&code).into_iter().enumerate() {
            let place = format!("{code} line {}", line + 1);
            let issued = house.ask(&place, &body).await.unwrap();
            let recalled = recall(house.vault.as_ref(), &issued.record, &catalogue).await.unwrap();
            let sent = read(body.to_string().as_bytes(), &catalogue, &house);
            assert!(recalled.face() == &sent.face, "{place}: face");
            let again = recalled.submission(Some(&issued.record.id)).unwrap();
            let again = read(&again, &catalogue, &house);
            assert_says_the_same(&again, &sent, &place);
            assert_eq!(again.replaces.as_ref(), Some(&issued.record.id), "{place}");
            recalled_count += 1;
        }
    }
    assert_eq!(recalled_count, 432);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recalled_can_be_issued_as_the_next_version_and_says_the_same() {
    let house = House::in_memory(Plan::default());
    let catalogue = workshop().catalogue();
    for code in type_codes() {
        let issued = house.ask(&code, &first_good(&code)).await.unwrap();
        let first = recall(house.vault.as_ref(), &issued.record, &catalogue).await.unwrap();
        let body = first.submission(Some(&issued.record.id)).unwrap();
        let next = house.issue.issue(&house.client, &format!("{code} next"), &body).await.unwrap();
        assert_eq!(next.record.id.key(), issued.record.id.key(), "{code}");
        assert_eq!(next.record.id.version().to_string(), "002", "{code}");
        let second = recall(house.vault.as_ref(), &next.record, &catalogue).await.unwrap();
        assert!(second.face() == first.face(), "{code}");
        // Said once more without the version it follows, it is a first version's body.
        let body: Value = serde_json::from_slice(&second.submission(None).unwrap()).unwrap();
        assert!(body.get("replaces").is_none(), "{code}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_e_certificate_that_is_not_the_versions_own_is_not_recalled() {
    let house = House::in_memory(Plan::default());
    let catalogue = workshop().catalogue();
    let bodies = good(FOOD);
    let one = house.ask("one", &bodies[0]).await.unwrap().record;
    let other = house.ask("other", &bodies[1]).await.unwrap().record;
    let cases = [
        ("of another id", VersionRecord { id: other.id.clone(), ..one.clone() }),
        ("of another content", VersionRecord { content_digest: Digest::of(b""), ..one.clone() }),
        ("of another version", VersionRecord { forms: other.forms.clone(), ..one.clone() }),
    ];
    for (trick, record) in cases {
        let refused = recall(house.vault.as_ref(), &record, &catalogue).await.unwrap_err();
        assert_eq!(refused.cause, "the e-certificate of a version is that of another", "{trick}");
    }
    let record = VersionRecord { edition: 99, ..one };
    let refused = recall(house.vault.as_ref(), &record, &catalogue).await.unwrap_err();
    assert_eq!(refused.cause, "the edition a license was made by is gone");
}
