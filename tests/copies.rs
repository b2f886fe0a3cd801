//! What is made of a version after it was issued: recalled to be drawn or issued again, and copied for one purpose.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use serde_json::{Value, json};
use zhengku::crypto::Digest;
use zhengku::domain::{
    Catalogue, CopyMaker, HolderCode, HolderCodeKind, LicenseId, RevocationKind, Submission,
    WireValue,
};
use zhengku::ecert::{EcertFacts, SdJwt};
use zhengku::judge::{FindingOutcome, Outcome, Overall, StandingState, Verdict};
use zhengku::pdf::read_sealed;
use zhengku::service::desks::{
    Copied, CopyCaller, CopyDesk, IssueDesk, IssuingSystem, LicenseDesk, VerifyDesk,
};
use zhengku::service::error::Refusal;
use zhengku::service::ports::{ChangedState, Clock, VersionRecord};
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

const BODY: &str =
    r#"{"purpose":"办理企业贷款","recipient":"示例银行云台支行","last_day":"2026-12-31"}"#;

async fn copy(house: &House, key: &str, id: &LicenseId, body: &str) -> Result<Copied, Refusal> {
    let caller = CopyCaller::Authority(&house.client);
    house.copies.copy(caller, key, id, body.as_bytes()).await
}

async fn file(house: &House, copied: &Copied) -> Vec<u8> {
    let record = &copied.record;
    let caller = CopyCaller::Authority(&house.client);
    house.copies.fetch(caller, &record.original, &record.number).await.unwrap()
}

fn conflict(refusal: Refusal) -> (&'static str, Option<LicenseId>) {
    match refusal {
        Refusal::Conflict { code, id } => (code, id),
        other => panic!("{other:?}"),
    }
}

fn outcomes(verdict: &Verdict) -> Vec<(&'static str, FindingOutcome)> {
    let copies = verdict.findings.iter().filter(|finding| finding.code.starts_with("copy."));
    copies.map(|finding| (finding.code, finding.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_is_copied_and_the_copy_is_told_from_the_original_and_ends_on_its_day() {
    use FindingOutcome::{Failed, Passed};
    let house = House::on_disk().await;
    for code in type_codes() {
        let issued = house.ask(&code, &first_good(&code)).await.unwrap();
        let id = &issued.record.id;
        let copied = copy(&house, &code, id, BODY).await.unwrap();
        let bytes = file(&house, &copied).await;
        assert_eq!(Digest::of(&bytes), copied.record.file.digest, "{code}");

        let verdict = house.verify.file(&bytes).await;
        assert_eq!(verdict.overall, Overall::ValidCopy, "{code}: {:?}", verdict.findings);
        assert_eq!((verdict.integrity, verdict.authenticity), (Outcome::Passed, Outcome::Passed));
        assert_eq!(verdict.standing_state, StandingState::InForce, "{code}");
        assert_eq!(verdict.finding("license.vault_copy").unwrap().outcome, Passed, "{code}");
        let copies =
            [("copy.structure", Passed), ("copy.purpose", Passed), ("copy.last_day", Passed)];
        assert_eq!(outcomes(&verdict), copies, "{code}");
        let said = verdict.copy.as_ref().unwrap();
        assert_eq!((&*said.purpose, &*said.recipient), ("办理企业贷款", "示例银行云台支行"));
        assert!(verdict.headline.zh.contains("仅用于办理企业贷款，提供给示例银行云台支行"));
        // Whether this is the recipient and the purpose, no program can tell.
        assert!(!verdict.is_acceptable() && verdict.exit_code() == 2, "{code}");
        assert_eq!(&verdict.license.as_ref().unwrap().id, id);

        // The original is still an original, and the copy carries nothing that could be used as one.
        assert_eq!(house.verdict(&issued).await.overall, Overall::Valid, "{code}");
        let sealed = read_sealed(&bytes).unwrap();
        let attached = sealed.attachment.unwrap();
        assert!(attached.bytes.ends_with(b"~"), "{code}");
        let taken_out = EcertFacts::read(SdJwt::parse(&attached.bytes).unwrap()).unwrap();
        assert!(taken_out.disclosed.is_empty() && taken_out.withheld > 0, "{code}");
        let alone = house.verify.file(&attached.bytes).await;
        assert_eq!((alone.overall, alone.exit_code()), (Overall::Indeterminate, 2), "{code}");

        house.clock.wind("2026-12-31T15:59:59Z");
        assert_eq!(house.verify.file(&bytes).await.standing, Outcome::Passed, "{code}");
        house.clock.wind("2026-12-31T16:00:00Z");
        let ended = house.verify.file(&bytes).await;
        assert_eq!((ended.overall, ended.standing), (Overall::ValidCopy, Outcome::Failed));
        assert_eq!(ended.standing_state, StandingState::InForce, "the license itself: {code}");
        assert_eq!(ended.finding("copy.last_day").unwrap().outcome, Failed, "{code}");
        assert_eq!(ended.exit_code(), 1, "{code}");
        house.clock.wind(support::NOW);
    }
    let check = zhengku::vault::check(house.folder.as_ref().unwrap().path(), &mut |_| {}).await;
    let check = check.unwrap();
    assert!(check.is_whole(), "{:?}", check.faults);
    assert_eq!(check.objects, u64::try_from(3 * type_codes().len()).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_gives_the_same_file_and_another_under_its_key_is_refused() {
    let house = House::in_memory(Plan::default());
    let one = house.ask("one", &good(FOOD)[0]).await.unwrap().record.id;
    let other = house.ask("other", &good(FOOD)[1]).await.unwrap().record.id;
    let first = copy(&house, "key", &one, BODY).await.unwrap();
    assert!(!first.repeated);
    let again = copy(&house, "key", &one, BODY).await.unwrap();
    assert!(again.repeated && again.record == first.record);
    assert_eq!(file(&house, &again).await, file(&house, &first).await);

    let refused = copy(&house, "key", &one, &BODY.replace("贷款", "过户")).await.unwrap_err();
    assert_eq!(conflict(refused), ("request.key_reused", None));
    let refused = copy(&house, "key", &other, BODY).await.unwrap_err();
    assert_eq!(conflict(refused), ("request.key_reused", None));
    let second = copy(&house, "another key", &one, BODY).await.unwrap();
    assert_ne!(second.record.number, first.record.number);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_in_force_is_not_copied_and_the_reason_is_told() {
    let house = House::in_memory(Plan::default());
    let body = first_good(FOOD);
    let first = house.ask("first", &body).await.unwrap().record.id;
    let made_before = copy(&house, "before", &first, BODY).await.unwrap();
    let bytes = file(&house, &made_before).await;
    let today = house.clock.now().day_in_china();
    let stand = |id: LicenseId, state| {
        let (house, since) = (&house, today);
        async move {
            let ground = "第一条";
            let desk = &house.licenses;
            desk.change_standing(&house.client, &id, state, since, ground).await.unwrap();
        }
    };
    let code = |key: &'static str, id: LicenseId| {
        let house = &house;
        async move { conflict(copy(house, key, &id, BODY).await.unwrap_err()) }
    };
    stand(first.clone(), ChangedState::Suspended).await;
    assert_eq!(code("1", first.clone()).await, ("copy.license_suspended", None));
    stand(first.clone(), ChangedState::Reinstated).await;

    let mut next = body.clone();
    next["replaces"] = json!(first.to_string());
    let second = house.ask("second", &next).await.unwrap().record.id;
    assert_eq!(code("2", first.clone()).await, ("copy.license_replaced", Some(second.clone())));
    // What was made before says where its original stands now.
    let verdict = house.verify.file(&bytes).await;
    assert_eq!((verdict.overall, verdict.standing), (Overall::ValidCopy, Outcome::Failed));
    assert_eq!(verdict.standing_state, StandingState::Replaced);

    house.clock.wind("2040-01-01T00:00:00Z");
    let late = BODY.replace("2026", "2040");
    let refused = copy(&house, "3", &second, &late).await.unwrap_err();
    assert_eq!(conflict(refused), ("copy.license_expired", None));
    house.clock.wind(support::NOW);
    stand(second.clone(), ChangedState::Revoked(RevocationKind::Withdrawn)).await;
    assert_eq!(code("4", second).await, ("copy.license_revoked", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_made_and_fetched_by_those_alone_who_may_see_the_license() {
    let house = House::in_memory(Plan::default());
    let id = house.ask("one", &first_good(FOOD)).await.unwrap().record.id;
    let other = house.ask("two", &good(FOOD)[1]).await.unwrap().record.id;
    let theirs = HolderCode::parse(HolderCodeKind::CreditCode, "91990102MA0000015T").unwrap();
    let strangers = HolderCode::parse(HolderCodeKind::CitizenNumber, "990102199004120121").unwrap();
    let desk = &house.copies;
    let by = CopyCaller::Holder;
    let copied = desk.copy(by(&theirs), "key", &id, BODY.as_bytes()).await.unwrap();
    assert_eq!(copied.record.maker, CopyMaker::Holder);
    let number = &copied.record.number;
    assert!(desk.fetch(by(&theirs), &id, number).await.is_ok());

    let stranger = desk.copy(by(&strangers), "key", &id, BODY.as_bytes()).await;
    assert!(matches!(stranger, Err(Refusal::NotFound)));
    assert!(matches!(desk.fetch(by(&strangers), &id, number).await, Err(Refusal::NotFound)));
    let neighbor = IssuingSystem { name: "neighbor".to_owned(), authorities: Vec::new() };
    let neighbor = CopyCaller::Authority(&neighbor);
    assert!(matches!(desk.fetch(neighbor, &id, number).await, Err(Refusal::NotFound)));
    // The number of a copy does not open another license.
    let own = CopyCaller::Authority(&house.client);
    assert!(matches!(desk.fetch(own, &other, number).await, Err(Refusal::NotFound)));
    assert!(desk.fetch(own, &id, number).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_printed_is_refused_with_its_field_and_leaves_nothing_behind() {
    let house = House::in_memory(Plan::default());
    let id = house.ask("one", &first_good(FOOD)).await.unwrap().record.id;
    for (body, faults) in [
        ("{", &[("", "copy.not_json")][..]),
        (&*BODY.replace("企业", "\u{10fffd}"), &[("purpose", "copy.forbidden_character")]),
        (&BODY.replace("企业", "\u{13000}"), &[("purpose", "copy.no_glyph")]),
        (&BODY.replace("2026-12-31", "2026-11-30"), &[("last_day", "copy.last_day_past")]),
        (&BODY.replace("2026-12-31", "2028-12-31"), &[("last_day", "copy.last_day_too_far")]),
    ] {
        let Err(Refusal::Copy(found)) = copy(&house, "key", &id, body).await else {
            panic!("{body}")
        };
        let found: Vec<_> = found.iter().map(|fault| (fault.field, fault.code())).collect();
        assert_eq!(found, faults, "{body}");
    }
    assert_eq!(house.vault.copy_answered(&house.client.name, "key").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_copy_can_change_and_it_never_passes_for_an_original() {
    let house = House::in_memory(Plan::default());
    let id = house.ask("one", &first_good(FOOD)).await.unwrap().record.id;
    let copied = copy(&house, "key", &id, BODY).await.unwrap();
    let bytes = file(&house, &copied).await;
    let count = |needle: &[u8]| bytes.windows(needle.len()).filter(|w| *w == needle).count();
    let swap = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        assert!(count(from.as_bytes()) > 0, "{from}");
        let mut altered = bytes.clone();
        let places: Vec<usize> = (0..bytes.len() - from.len())
            .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
            .collect();
        for at in places {
            altered[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
        altered
    };
    let cut = bytes[..bytes.len() - 1].to_vec();
    let longer = [&bytes[..], b"\n"].concat();
    for (trick, altered) in [
        ("the last day", swap(">2026-12-31<", ">2027-12-31<")),
        ("the purpose", swap("办理企业贷款", "办理房屋过户")),
        ("the marks of a copy", swap("zk:copy", "zk:kopy")),
        ("the id of an original", swap("zk:originalId", "zk:licenseId ")),
        ("the attachment", swap("/AF[", "/AX[")),
        ("the annotation", swap("ZKCopy", "ZKKopy")),
        ("its end", cut),
        ("something behind it", longer),
    ] {
        let verdict = house.verify.file(&altered).await;
        assert_eq!(verdict.overall, Overall::Invalid, "{trick}: {:?}", verdict.headline);
        assert!(verdict.copy.is_none() && verdict.license.is_none(), "{trick}");
    }

    // A copy that no vault of ours has made is genuine by its seal and refused all the same.
    let elsewhere = House::in_memory(Plan { seed: 2, ..Plan::default() });
    let verdict = elsewhere.verify.file(&bytes).await;
    assert_eq!((verdict.overall, verdict.standing_state), {
        (Overall::ValidCopy, StandingState::NotInVault)
    });
}
