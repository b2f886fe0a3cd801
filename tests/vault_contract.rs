//! The promises of `service::ports::Vault`, held on every implementation, and what the vault over SQLite adds:
//! durability, recovery from a stop at each point, and a check that finds every damage.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use zhengku::crypto::Digest;
use zhengku::domain::{
    AuthorityCode, CopyMaker, Day, Level, LicenseId, LicenseKey, LicenseTypeCode, Moment,
    RevocationKind, Validity, VersionNo,
};
use zhengku::service::error::ShelveError;
use zhengku::service::ports::{
    ChangedState, CopyError, CopyRecord, Copying, DueQuestion, DueVersion, Form, FormRecord,
    Intention, IntentionNo, KeyBooks, KeyId, KeyUse, ProtectError, Protecting, ProtectionRecord,
    RequestKey, SealProtection, SealedWith, Shelving, StandingChange, Step, StepWatch, UsageRecord,
    Vault, VaultCount, VersionRecord,
};
use zhengku::vault::{CheckReport, MemoryVault, OpenError, OpenMode, SqliteVault, check};

/// A shelving of a test, in a few words.
#[derive(Clone, Debug)]
struct Sample {
    serial: String,
    version: u16,
    number: String,
    holders: Vec<&'static str>,
    request: String,
    body: &'static str,
    /// Makes two versions with otherwise the same words differ in their bytes.
    salt: String,
    object_bytes: (usize, usize),
    sealed: Option<SealProtection>,
}

impl Sample {
    /// A first version with a number, a request and bytes of its own.
    fn first(serial: &str) -> Self {
        Self {
            serial: serial.to_owned(),
            version: 1,
            number: format!("number of {serial}"),
            holders: vec!["holder"],
            request: format!("request {serial} 1"),
            body: "body",
            salt: String::new(),
            object_bytes: (3_000, 700),
            sealed: Some(SealProtection {
                level: Level::BB,
                proven_at: None,
                holds_until: in_days(700),
            }),
        }
    }

    /// The version after `self`.
    fn next(&self) -> Self {
        let version = self.version + 1;
        Self { version, request: format!("request {} {version}", self.serial), ..self.clone() }
    }

    fn key(&self) -> LicenseKey {
        key(&self.serial)
    }

    fn id(&self) -> LicenseId {
        self.key().version(self.version.try_into().unwrap())
    }

    fn object(&self, form: Form) -> Vec<u8> {
        let len = match form {
            Form::SealedPdf => self.object_bytes.0,
            Form::Ecert => self.object_bytes.1,
            Form::AnnotatedCopy | Form::PdfRevision => unreachable!("not a form of a version"),
        };
        let start = format!("{} of {} {}", form.word(), self.id(), self.salt);
        start.bytes().cycle().take(len).collect()
    }

    /// Each serial has a sealing key of its own, and all of them one companion.
    fn keys(&self) -> SealedWith {
        SealedWith { seal: seal_key(&self.serial), ecert: Digest::of(b"companion") }
    }

    fn record(&self) -> VersionRecord {
        let forms = [Form::SealedPdf, Form::Ecert].map(|form| {
            let bytes = self.object(form);
            let size_bytes = u64::try_from(bytes.len()).unwrap();
            FormRecord { form, digest: Digest::of(&bytes), size_bytes }
        });
        VersionRecord {
            id: self.id(),
            edition: 2,
            issued_on: day("2026-11-22"),
            validity: Validity::new(day("2026-11-22"), Some(day("2031-11-21"))).unwrap(),
            content_digest: Digest::of(format!("content of {}", self.id()).as_bytes()),
            forms: forms.to_vec(),
            sealed: self.sealed,
            shelved_at: moment(),
            sealed_with: Some(self.keys()),
        }
    }

    /// The protection of this version with this number, and its bytes.
    fn protecting(&self, number: u16, level: Level, salt: &str) -> Protecting {
        let suffix = |number| format!("protection {number} of {}{salt}", self.id()).into_bytes();
        let earlier = (1..=number).map(suffix);
        let whole: Vec<u8> =
            [self.object(Form::SealedPdf)].into_iter().chain(earlier).flatten().collect();
        let suffix = suffix(number);
        let size_bytes = u64::try_from(suffix.len()).unwrap();
        let record = ProtectionRecord {
            number,
            level,
            suffix: FormRecord { form: Form::PdfRevision, digest: Digest::of(&suffix), size_bytes },
            whole_digest: Digest::of(&whole),
            whole_bytes: u64::try_from(whole.len()).unwrap(),
            proven_at: in_days(1),
            holds_until: in_days(1_000 * i64::from(number)),
            at: in_days(2),
        };
        Protecting { id: self.id(), record, suffix }
    }

    /// A copy of this version for a request with this key, and its bytes.
    fn copying(&self, key: &str, body: &str, number: &str) -> Copying {
        let bytes = format!("copy {number} of {}", self.id()).into_bytes();
        let file = FormRecord {
            form: Form::AnnotatedCopy,
            digest: Digest::of(&bytes),
            size_bytes: u64::try_from(bytes.len()).unwrap(),
        };
        let record = CopyRecord {
            original: self.id(),
            number: number.parse().unwrap(),
            maker: CopyMaker::Holder,
            last_day: day("2026-12-31"),
            purpose_index: index("purpose"),
            recipient_index: index("recipient"),
            file,
            made_at: in_days(1),
        };
        let request =
            RequestKey { client: "holder".to_owned(), key: key.to_owned(), body: index(body) };
        // The intention is made when it is carried out.
        let intention = IntentionNo(0);
        Copying { record, bytes, request, intention, intended: index(number) }
    }

    /// Intends and shelves.
    async fn shelve(&self, vault: &dyn Vault) -> Result<(), ShelveError> {
        carry_out(vault, self.prepare()).await
    }

    /// Everything of a shelving but its intention.
    fn prepare(&self) -> Shelving {
        let record = self.record();
        let objects = record.forms.iter().map(|form| (form.form, self.object(form.form))).collect();
        let expected_head = self.version.checked_sub(1).and_then(|head| head.try_into().ok());
        Shelving {
            record,
            objects,
            expected_head,
            number_index: index(&self.number),
            holder_indexes: self.holders.iter().map(|holder| index(holder)).collect(),
            request: RequestKey {
                client: "client".to_owned(),
                key: self.request.clone(),
                body: Digest::of(self.body.as_bytes()),
            },
            intention: IntentionNo(0),
        }
    }
}

/// Intends a copy and keeps it.
async fn keep(vault: &dyn Vault, copying: Copying) -> Result<(), CopyError> {
    let intention = Intention {
        id: copying.record.original.clone(),
        content_digest: copying.intended,
        client: copying.request.client.clone(),
        at: copying.record.made_at,
        uses: uses(Sample::first("1").keys()),
    };
    let intention = vault.intend(intention).await.unwrap();
    vault.keep_copy(Copying { intention, ..copying }).await
}

async fn carry_out(vault: &dyn Vault, shelving: Shelving) -> Result<(), ShelveError> {
    let intention = Intention {
        id: shelving.record.id.clone(),
        content_digest: shelving.record.content_digest,
        client: shelving.request.client.clone(),
        at: moment(),
        uses: shelving.record.sealed_with.map(uses).unwrap(),
    };
    let intention = vault.intend(intention).await?;
    vault.shelve(Shelving { intention, ..shelving }).await
}

fn seal_key(serial: &str) -> KeyId {
    Digest::of(format!("sealing key of {serial}").as_bytes())
}

/// One signature by each of these keys, without a limit.
fn uses(keys: SealedWith) -> Vec<KeyUse> {
    [keys.seal, keys.ecert].map(|key| KeyUse { key, signatures: 1, limit: None }).to_vec()
}

fn key(serial: &str) -> LicenseKey {
    let authority: AuthorityCode = "11990000MD0000008F".parse().unwrap();
    LicenseKey::new(type_code(), &authority, serial).unwrap()
}

fn type_code() -> LicenseTypeCode {
    "11990000MD0000008F001".parse().unwrap()
}

fn index(text: &str) -> Digest {
    Digest::of_parts(&[b"blind index ", text.as_bytes()])
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn moment() -> Moment {
    "2026-11-22T08:00:00+08:00".parse().unwrap()
}

fn in_days(days: i64) -> Moment {
    moment().plus_seconds(86_400 * days)
}

fn change(serial: &str, state: ChangedState) -> StandingChange {
    StandingChange {
        license: key(serial),
        state,
        since: day("2026-12-01"),
        ground: "《行政许可法》第七十条".to_owned(),
        client: "client".to_owned(),
        at: moment(),
    }
}

/// Lets every step pass.
struct Unwatched;

impl StepWatch for Unwatched {
    fn before(&self, _: Step) {}
}

async fn open(data_dir: &Path) -> SqliteVault {
    SqliteVault::open(data_dir, OpenMode::ReadWrite, Arc::new(Unwatched), moment()).await.unwrap()
}

async fn checked(data_dir: &Path) -> CheckReport {
    check(data_dir, &mut |_| {}).await.unwrap()
}

/// What the vault promises of licenses, and what of keys.
trait BothPorts: Vault + KeyBooks {}

impl<V: Vault + KeyBooks> BothPorts for V {}

/// Each of these runs on every implementation.
macro_rules! on_every_vault {
    ($($promise:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise(std::sync::Arc::new(super::MemoryVault::new())).await;
            })*
        }

        mod over_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let folder = tempfile::tempdir().unwrap();
                let vault = std::sync::Arc::new(super::open(folder.path()).await);
                super::$promise(vault.clone()).await;
                let beside_a_server = super::checked(folder.path()).await;
                assert_eq!(beside_a_server.faults, []);
                vault.close().await;
                assert_eq!(super::checked(folder.path()).await, beside_a_server);
            })*
        }
    };
}

on_every_vault!(
    a_shelved_version_is_found_whole,
    of_32_writers_that_saw_the_same_head_one_wins,
    a_request_makes_one_version,
    a_number_belongs_to_one_license,
    a_refused_member_of_a_group_spoils_no_other,
    changes_of_standing_are_kept_in_order,
    what_changed_since_it_was_issued_is_named_in_order,
    a_holder_is_shown_the_newest_versions_only,
    an_intention_is_carried_out_once_and_as_intended,
    readings_are_written_down,
    protections_are_appended_in_turn,
    what_is_due_follows_from_the_rows,
    a_key_is_counted_before_it_is_used_and_never_beyond_its_limit,
    the_versions_of_a_key_are_found_in_order_and_page_by_page,
    a_copy_is_kept_once_for_each_request,
);

async fn a_copy_is_kept_once_for_each_request(vault: Arc<dyn Vault>) {
    const ONE: &str = "2026AAAAAAAAAAAA";
    let sample = Sample::first("1");
    let copy = |key: &str, body: &str, number: &str| sample.copying(key, body, number);
    let early = keep(&*vault, copy("a", "body", ONE)).await.unwrap_err();
    assert!(matches!(early, CopyError::Fault(fault) if fault.place == "vault.copy"));
    sample.shelve(&*vault).await.unwrap();
    assert_eq!(vault.copy_answered("holder", "a").await.unwrap(), None);

    let attempts = (0..8).map(|attempt| {
        let vault = Arc::clone(&vault);
        let copying = copy("a", "body", &format!("2026AAAAAAAAAAA{attempt}"));
        tokio::spawn(async move { keep(&*vault, copying).await })
    });
    let attempts: Vec<_> = attempts.collect();
    let mut kept = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(()) => kept += 1,
            Err(CopyError::Repeated { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(kept, 1);
    let (body, number) = vault.copy_answered("holder", "a").await.unwrap().unwrap();
    assert_eq!(body, index("body"));
    let made = copy("a", "body", number.as_str());
    assert_eq!(vault.find_copy(&number).await.unwrap(), Some(made.record.clone()));
    assert_eq!(vault.object(&made.record.file).await.unwrap(), Some(made.bytes));

    let other = keep(&*vault, copy("a", "another body", "2026BBBBBBBBBBBB")).await;
    assert!(matches!(other, Err(CopyError::KeyReused)));
    keep(&*vault, copy("b", "another body", "2026CCCCCCCCCCCC")).await.unwrap();
    assert_eq!(vault.find_copy(&"2026BBBBBBBBBBBB".parse().unwrap()).await.unwrap(), None);

    // An intention of another copy, or one carried out already, is none.
    let open = vault.keep_copy(copy("c", "body", "2026DDDDDDDDDDDD")).await;
    assert!(matches!(open, Err(CopyError::Fault(fault)) if fault.place == "vault.intention"));
    let mut empty = copy("d", "body", "2026EEEEEEEEEEEE");
    empty.record.file.form = Form::SealedPdf;
    let empty = keep(&*vault, empty).await;
    assert!(matches!(empty, Err(CopyError::Fault(fault)) if fault.place == "vault.copy"));
}

async fn a_shelved_version_is_found_whole(vault: Arc<dyn Vault>) {
    vault.ping().await.unwrap();
    let sample = Sample::first("1");
    assert_eq!(vault.head(&sample.key()).await.unwrap(), None);
    assert_eq!(vault.find(&sample.id()).await.unwrap(), None);
    sample.shelve(&*vault).await.unwrap();
    let record = sample.record();
    assert_eq!(vault.find(&sample.id()).await.unwrap().as_ref(), Some(&record));
    for form in &record.forms {
        assert_eq!(vault.object(form).await.unwrap(), Some(sample.object(form.form)));
    }
    let elsewhere = FormRecord { digest: Digest::of(b"never sealed"), ..record.forms[0] };
    assert_eq!(vault.object(&elsewhere).await.unwrap(), None);

    let second = sample.next();
    second.shelve(&*vault).await.unwrap();
    assert_eq!(vault.head(&sample.key()).await.unwrap(), Some(second.record()));
    assert_eq!(vault.find(&sample.id()).await.unwrap(), Some(record));
    assert_eq!(vault.find(&second.next().id()).await.unwrap(), None);
    assert_eq!(vault.count().await.unwrap(), VaultCount { licenses: 1, versions: 2 });
}

async fn of_32_writers_that_saw_the_same_head_one_wins(vault: Arc<dyn Vault>) {
    Sample::first("1").shelve(&*vault).await.unwrap();
    let writers: Vec<_> = (0..32)
        .map(|writer| {
            let vault = Arc::clone(&vault);
            let mut sample = Sample::first("1").next();
            sample.request = format!("writer {writer}");
            // Half of them carry the same bytes: a loser must not take the winner's away.
            sample.salt = (writer % 16).to_string();
            tokio::spawn(async move { (sample.shelve(&*vault).await, sample) })
        })
        .collect();
    let (mut won, mut lost) = (Vec::new(), 0);
    for writer in writers {
        match writer.await.unwrap() {
            (Ok(()), sample) => won.push(sample),
            (Err(ShelveError::HeadMoved { head }), _) => {
                assert_eq!(head.map(VersionNo::number), Some(2));
                lost += 1;
            }
            (other, _) => panic!("{other:?}"),
        }
    }
    assert_eq!((won.len(), lost), (1, 31));
    for form in &won[0].record().forms {
        assert!(vault.object(form).await.unwrap().is_some());
    }
    assert_eq!(vault.count().await.unwrap(), VaultCount { licenses: 1, versions: 2 });
    won[0].next().shelve(&*vault).await.unwrap();
}

async fn a_request_makes_one_version(vault: Arc<dyn Vault>) {
    let sample = Sample::first("1");
    sample.shelve(&*vault).await.unwrap();
    let made = vault.answered("client", &sample.request).await.unwrap();
    assert_eq!(made, Some((Digest::of(b"body"), sample.id())));
    assert_eq!(vault.answered("another client", &sample.request).await.unwrap(), None);

    // Its repetition is told of the version, though the head has moved by it.
    match sample.shelve(&*vault).await {
        Err(ShelveError::Repeated { id }) => assert_eq!(id, sample.id()),
        other => panic!("{other:?}"),
    }
    let other_body = Sample { body: "another body", ..sample.clone() };
    assert!(matches!(other_body.shelve(&*vault).await, Err(ShelveError::KeyReused)));
    assert_eq!(vault.count().await.unwrap(), VaultCount { licenses: 1, versions: 1 });
    for form in &sample.record().forms {
        assert!(vault.object(form).await.unwrap().is_some());
    }
}

async fn a_number_belongs_to_one_license(vault: Arc<dyn Vault>) {
    let owner = Sample::first("1");
    owner.shelve(&*vault).await.unwrap();
    owner.next().shelve(&*vault).await.unwrap();
    let number = index(&owner.number);
    let by_number = vault.by_number(&type_code(), owner.key().authority(), &number).await;
    assert_eq!(by_number.unwrap(), Some(owner.next().id()));
    let elsewhere = vault.by_number(&type_code(), "110000", &number).await;
    assert_eq!(elsewhere.unwrap(), None);

    let other = Sample { number: owner.number.clone(), ..Sample::first("2") };
    match other.shelve(&*vault).await {
        Err(ShelveError::NumberTaken { by }) => assert_eq!(by, owner.next().id()),
        other => panic!("{other:?}"),
    }
    assert_eq!(vault.head(&other.key()).await.unwrap(), None);
    for form in &other.record().forms {
        assert_eq!(vault.object(form).await.unwrap(), None, "nothing of the loser's is kept");
    }
    Sample::first("2").shelve(&*vault).await.unwrap();
}

async fn a_refused_member_of_a_group_spoils_no_other(vault: Arc<dyn Vault>) {
    Sample::first("0").shelve(&*vault).await.unwrap();
    let acts: Vec<_> = (0..48)
        .map(|act| {
            let vault = Arc::clone(&vault);
            let mut sample = Sample::first(&act.to_string());
            match act % 6 {
                // Out of turn: the head is not what its maker saw.
                1 => sample.version = 5,
                // The number of the license that was there before.
                2 => sample.number = "number of 0".to_owned(),
                // The request of the license that was there before.
                3 => sample.request = "request 0 1".to_owned(),
                // A key no column holds.
                4 if act % 4 == 0 => sample.request = "k".repeat(256),
                4 => sample.request = format!("request\0{act}"),
                _ => {}
            }
            tokio::spawn(async move { (act, sample.shelve(&*vault).await) })
        })
        .collect();
    for act in acts {
        match act.await.unwrap() {
            (0, Err(ShelveError::Repeated { .. })) => {}
            (act, Err(ShelveError::HeadMoved { head: None })) if act % 6 == 1 => {}
            (act, Err(ShelveError::NumberTaken { .. })) if act % 6 == 2 => {}
            (act, Err(ShelveError::Repeated { .. })) if act % 6 == 3 => {}
            (act, Err(ShelveError::Fault(_))) if act % 6 == 4 => {}
            (act, Ok(())) if [0, 5].contains(&(act % 6)) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn changes_of_standing_are_kept_in_order(vault: Arc<dyn Vault>) {
    Sample::first("1").shelve(&*vault).await.unwrap();
    let changes = [
        change("1", ChangedState::Suspended),
        change("1", ChangedState::Reinstated),
        change("1", ChangedState::Revoked(RevocationKind::Withdrawn)),
    ];
    for change in &changes {
        vault.change_standing(change.clone()).await.unwrap();
    }
    assert_eq!(vault.standing_changes(&key("1")).await.unwrap(), changes);
    assert_eq!(vault.standing_changes(&key("2")).await.unwrap(), []);
    let unknown = vault.change_standing(change("2", ChangedState::Suspended)).await;
    assert_eq!(unknown.unwrap_err().place, "vault.change_standing");
}

async fn what_changed_since_it_was_issued_is_named_in_order(vault: Arc<dyn Vault>) {
    assert_eq!(vault.changed(0, 10).await.unwrap(), []);
    let first = |serial: &str| Sample::first(serial);
    for serial in ["1", "2", "3"] {
        first(serial).shelve(&*vault).await.unwrap();
    }
    assert_eq!(vault.changed(0, 10).await.unwrap(), [], "issued, and nothing since");
    vault.change_standing(change("3", ChangedState::Suspended)).await.unwrap();
    let second = first("1").next();
    second.shelve(&*vault).await.unwrap();
    let newest = |serial: &str, version: VersionNo| key(serial).version(version);
    let expected = [newest("1", VersionNo::FIRST.next().unwrap()), newest("3", VersionNo::FIRST)];
    let all = vault.changed(0, 10).await.unwrap();
    assert_eq!(all.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(), expected);
    // Page by page it is the same.
    let [(place, one)] = &vault.changed(0, 1).await.unwrap()[..] else {
        panic!("one was asked for")
    };
    assert_eq!(
        (*one == expected[0], vault.changed(*place, 10).await.unwrap()),
        (true, all[1..].to_vec())
    );
    assert_eq!(vault.changed(all[1].0, 10).await.unwrap(), []);
    assert_eq!(vault.changed(u64::MAX, 10).await.unwrap(), []);
}

async fn a_holder_is_shown_the_newest_versions_only(vault: Arc<dyn Vault>) {
    let first = Sample { holders: vec!["seller", "spouse", "spouse"], ..Sample::first("1") };
    first.shelve(&*vault).await.unwrap();
    let other = Sample { holders: vec!["seller"], ..Sample::first("2") };
    other.shelve(&*vault).await.unwrap();
    assert_eq!(vault.held_by(&index("spouse")).await.unwrap(), [first.record()]);
    assert_eq!(vault.held_by(&index("seller")).await.unwrap(), [first.record(), other.record()]);
    // A later version names another holder: the earlier one holds it no more.
    let sold = Sample { holders: vec!["buyer"], ..first.next() };
    sold.shelve(&*vault).await.unwrap();
    assert_eq!(vault.held_by(&index("seller")).await.unwrap(), [other.record()]);
    assert_eq!(vault.held_by(&index("buyer")).await.unwrap(), [sold.record()]);
    assert!(vault.holds(&index("buyer"), &sold.key()).await.unwrap());
    assert!(!vault.holds(&index("seller"), &sold.key()).await.unwrap());
    assert!(!vault.holds(&index("buyer"), &other.key()).await.unwrap());
}

async fn an_intention_is_carried_out_once_and_as_intended(vault: Arc<dyn Vault>) {
    let record = Sample::first("1").record();
    let intention = Intention {
        id: record.id.clone(),
        content_digest: Digest::of(b"other content"),
        client: "client".to_owned(),
        at: moment(),
        uses: uses(Sample::first("1").keys()),
    };
    let intention = vault.intend(intention).await.unwrap();
    let refused = vault.shelve(Shelving { intention, ..Sample::first("1").prepare() }).await;
    match refused {
        Err(ShelveError::Fault(fault)) => assert_eq!(fault.place, "vault.intention"),
        other => panic!("{other:?}"),
    }
}

async fn a_key_is_counted_before_it_is_used_and_never_beyond_its_limit(vault: Arc<dyn BothPorts>) {
    assert_eq!(vault.key_uses().await.unwrap(), []);
    let (limited, other) = (seal_key("limited"), seal_key("other"));
    let limit = Some(5);
    let intend = |uses: Vec<KeyUse>| {
        let vault = Arc::clone(&vault);
        async move {
            let id = Sample::first("1").id();
            let (content_digest, client) = (Digest::of(b"content"), "client".to_owned());
            vault.intend(Intention { id, content_digest, client, at: moment(), uses }).await
        }
    };
    let twice = KeyUse { key: limited, signatures: 2, limit };
    let once = KeyUse { key: other, signatures: 1, limit: None };
    // Of 8 that come at once two fit, whichever they are.
    let asked: Vec<_> = (0..8).map(|_| tokio::spawn(intend(vec![twice, once]))).collect();
    let mut written = 0;
    for answer in asked {
        match answer.await.unwrap() {
            Ok(_) => written += 1,
            Err(fault) => assert_eq!(fault.place, "keys.limit_reached"),
        }
    }
    assert_eq!(written, 2);
    let mut counts = vec![(limited, 4), (other, 2)];
    counts.sort_unstable();
    assert_eq!(vault.key_uses().await.unwrap(), counts);
    // The one that is left is had by who asks for one.
    intend(vec![KeyUse { signatures: 1, ..twice }]).await.unwrap();
    assert_eq!(
        intend(vec![KeyUse { signatures: 1, ..twice }]).await.unwrap_err().place,
        "keys.limit_reached"
    );
    for nonsense in [vec![], vec![once, once], vec![KeyUse { signatures: 0, ..once }]] {
        assert_eq!(intend(nonsense).await.unwrap_err().place, "vault.intention");
    }
    // A version sealed with a key that its intention did not name is not shelved.
    let intention = intend(vec![once]).await.unwrap();
    let refused = vault.shelve(Shelving { intention, ..Sample::first("1").prepare() }).await;
    assert!(matches!(refused, Err(ShelveError::Fault(fault)) if fault.place == "vault.intention"));
}

async fn the_versions_of_a_key_are_found_in_order_and_page_by_page(vault: Arc<dyn BothPorts>) {
    let first = Sample::first("1");
    let samples = [first.clone(), Sample::first("2"), first.next(), Sample::first("3")];
    for sample in &samples {
        sample.shelve(&*vault).await.unwrap();
    }
    let records = |places: &[u64]| -> Vec<(u64, VersionRecord)> {
        let record = |place: &u64| samples[usize::try_from(*place).unwrap() - 1].record();
        places.iter().map(|place| (*place, record(place))).collect()
    };
    let seal = vault.sealed_with(&seal_key("1"), 0, 10).await.unwrap();
    assert_eq!(seal, records(&[1, 3]));
    let companion = Digest::of(b"companion");
    assert_eq!(vault.sealed_with(&companion, 0, 3).await.unwrap(), records(&[1, 2, 3]));
    assert_eq!(vault.sealed_with(&companion, 3, 3).await.unwrap(), records(&[4]));
    assert_eq!(vault.sealed_with(&companion, 4, 3).await.unwrap(), []);
    assert_eq!(vault.sealed_with(&seal_key("4"), 0, 10).await.unwrap(), []);
}

async fn readings_are_written_down(vault: Arc<dyn Vault>) {
    let sample = Sample::first("1");
    sample.shelve(&*vault).await.unwrap();
    for act in ["open", "download-pdf"] {
        let reader = "holder".to_owned();
        let usage = UsageRecord { id: sample.id(), reader, act, at: moment() };
        vault.record_usage(usage).await.unwrap();
    }
}

async fn protections_are_appended_in_turn(vault: Arc<dyn Vault>) {
    let sealed =
        SealProtection { level: Level::BT, proven_at: Some(in_days(0)), holds_until: in_days(700) };
    let sample = Sample { sealed: Some(sealed), ..Sample::first("1") };
    let first = sample.protecting(1, Level::BLT, "");
    let before_it_is_shelved = vault.protect(sample.protecting(1, Level::BLT, "")).await;
    assert!(
        matches!(before_it_is_shelved, Err(ProtectError::Fault(fault)) if fault.place == "vault.protect")
    );
    sample.shelve(&*vault).await.unwrap();
    assert_eq!(vault.find(&sample.id()).await.unwrap(), Some(sample.record()));
    assert_eq!(vault.protections(&sample.id()).await.unwrap(), []);

    // Of many that were made for the same state of the file, one is kept.
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (vault, protecting) = (Arc::clone(&vault), sample.protecting(1, Level::BLT, ""));
            tokio::spawn(async move { vault.protect(protecting).await })
        })
        .collect();
    let mut kept = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(()) => kept += 1,
            Err(ProtectError::Moved { newest: 1 }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(kept, 1);
    let early = vault.protect(sample.protecting(3, Level::BLTA, "")).await;
    assert!(matches!(early, Err(ProtectError::Moved { newest: 1 })));
    let empty = sample.protecting(2, Level::BLTA, "");
    let suffix = FormRecord { size_bytes: 0, digest: Digest::of(b""), ..empty.record.suffix };
    let record = ProtectionRecord { suffix, ..empty.record };
    let empty = vault.protect(Protecting { record, suffix: Vec::new(), ..empty }).await;
    assert!(matches!(empty, Err(ProtectError::Fault(fault)) if fault.place == "vault.protect"));

    let second = sample.protecting(2, Level::BLTA, "");
    vault.protect(sample.protecting(2, Level::BLTA, "")).await.unwrap();
    let kept = vault.protections(&sample.id()).await.unwrap();
    assert_eq!(kept, [first.record, second.record]);
    for protecting in [&first, &second] {
        let bytes = vault.object(&protecting.record.suffix).await.unwrap();
        assert_eq!(bytes.as_ref(), Some(&protecting.suffix));
    }
    // What was sealed is what it was.
    assert_eq!(vault.find(&sample.id()).await.unwrap(), Some(sample.record()));
}

async fn what_is_due_follows_from_the_rows(vault: Arc<dyn Vault>) {
    let samples: Vec<Sample> = (0..5).map(|serial| Sample::first(&serial.to_string())).collect();
    let of_an_earlier_release = Sample { sealed: None, ..samples[4].clone() };
    for sample in samples[..4].iter().chain([&of_an_earlier_release]) {
        sample.shelve(&*vault).await.unwrap();
    }
    vault.protect(samples[1].protecting(1, Level::BLT, "")).await.unwrap();
    vault.protect(samples[2].protecting(1, Level::BLTA, "")).await.unwrap();
    vault.protect(samples[3].protecting(1, Level::BLT, "")).await.unwrap();
    vault.protect(samples[3].protecting(2, Level::BLTA, "")).await.unwrap();
    let rows = [
        (Level::BB, in_days(0), vec![]),
        (Level::BB, in_days(701), vec![(0, Level::BB, Some(700))]),
        (Level::BT, in_days(0), vec![(0, Level::BB, Some(700)), (4, Level::BB, None)]),
        (
            Level::BLTA,
            in_days(0),
            vec![(0, Level::BB, Some(700)), (1, Level::BLT, Some(1_000)), (4, Level::BB, None)],
        ),
        (
            Level::BLT,
            in_days(1_001),
            vec![
                (0, Level::BB, Some(700)),
                (1, Level::BLT, Some(1_000)),
                (2, Level::BLTA, Some(1_000)),
                (4, Level::BB, None),
            ],
        ),
    ];
    for (keep, before, expected) in rows {
        let (mut due, mut after) = (Vec::new(), 0);
        loop {
            let page = vault.due(&DueQuestion { keep, before, after }).await.unwrap();
            due.extend(page.due);
            after = page.end;
            if !page.more {
                break;
            }
        }
        let expected =
            expected.into_iter().map(|(sample, level, days): (usize, _, Option<i64>)| {
                let holds_until = days.map(in_days);
                DueVersion { id: samples[sample].id(), level, holds_until }
            });
        assert_eq!(due, expected.collect::<Vec<_>>(), "{keep} {before}");
        // Asked again from where it ended, only what has come since is looked at.
        let page = vault.due(&DueQuestion { keep, before, after }).await.unwrap();
        assert_eq!((page.due, page.end, page.more), (vec![], after, false));
    }
}

#[tokio::test]
async fn what_was_shelved_is_there_after_a_restart_and_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let sample = Sample::first("1");
    sample.shelve(&vault).await.unwrap();
    vault.change_standing(change("1", ChangedState::Suspended)).await.unwrap();
    vault.close().await;
    assert_eq!(vault.intend_fault().await, "vault.writer");

    let vault = open(folder.path()).await;
    assert_eq!(vault.head(&sample.key()).await.unwrap(), Some(sample.record()));
    assert_eq!(vault.standing_changes(&sample.key()).await.unwrap().len(), 1);
    sample.next().shelve(&vault).await.unwrap();
    assert_eq!(vault.count().await.unwrap(), VaultCount { licenses: 1, versions: 2 });
    vault.close().await;
    let report = checked(folder.path()).await;
    assert_eq!((report.versions, report.objects, report.bytes), (2, 4, 7_400));
    assert_eq!(report.faults, []);
}

/// Asks a closed vault for something.
trait IntendFault {
    async fn intend_fault(&self) -> &'static str;
}

impl IntendFault for SqliteVault {
    async fn intend_fault(&self) -> &'static str {
        let sample = Sample::first("9");
        let intention = Intention {
            id: sample.id(),
            content_digest: Digest::of(b""),
            client: "client".to_owned(),
            at: moment(),
            uses: uses(sample.keys()),
        };
        self.intend(intention).await.unwrap_err().place
    }
}

#[tokio::test]
async fn a_folder_is_opened_only_where_that_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let missing = check(&data_dir, &mut |_| {}).await;
    assert!(matches!(missing, Err(OpenError::Missing { .. })));
    assert!(!data_dir.exists(), "a check makes nothing");

    let vault = open(&data_dir).await;
    assert_eq!(fs::metadata(&data_dir).unwrap().permissions().mode() & 0o777, 0o700);
    let again = SqliteVault::open(&data_dir, OpenMode::ReadWrite, Arc::new(Unwatched), moment());
    match again.await {
        Err(OpenError::Locked { holder }) => {
            assert!(holder.starts_with(&format!("process {} since", std::process::id())));
        }
        other => panic!("{other:?}"),
    }
    Sample::first("1").shelve(&vault).await.unwrap();
    let reader =
        SqliteVault::open(&data_dir, OpenMode::Check, Arc::new(Unwatched), moment()).await.unwrap();
    assert_eq!(reader.count().await.unwrap().versions, 1);
    assert_eq!(reader.intend_fault().await, "vault.writer");
    reader.close().await;
    vault.close().await;

    // A database that is gone beside objects that are there is not a first day.
    fs::remove_file(data_dir.join("vault.sqlite")).unwrap();
    let gone = SqliteVault::open(&data_dir, OpenMode::ReadWrite, Arc::new(Unwatched), moment());
    assert_eq!(gone.await.unwrap_err().code(), "vault.not_empty");
    // Nor is one that was cut to nothing, which SQLite itself would take for new.
    fs::write(data_dir.join("vault.sqlite"), b"").unwrap();
    let emptied = SqliteVault::open(&data_dir, OpenMode::ReadWrite, Arc::new(Unwatched), moment());
    assert_eq!(emptied.await.unwrap_err().code(), "vault.not_empty");

    let begun = folder.path().join("begun");
    fs::create_dir(&begun).unwrap();
    fs::write(begun.join("vault.sqlite"), b"").unwrap();
    open(&begun).await.close().await;
}

/// Copies the data folder at each step inside a shelving, as a stop at that point would leave it.
struct Snapshots {
    data_dir: PathBuf,
    to: PathBuf,
    taken: Mutex<Vec<(Step, PathBuf)>>,
}

impl StepWatch for Snapshots {
    fn before(&self, step: Step) {
        let mut taken = self.taken.lock().unwrap();
        let to = self.to.join(taken.len().to_string());
        copy_folder(&self.data_dir, &to);
        taken.push((step, to));
    }
}

/// Empty folders are left out: of the 256 shelves nearly all are.
fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Every file with its bytes, but SQLite's index of its log, which holds nothing of its own.
fn contents(data_dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = files_under(data_dir).into_iter();
    let files = files.filter(|file| !file.ends_with("vault.sqlite-shm"));
    files.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_under(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_at_either_point_of_a_shelving_leaves_nothing_or_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, to) = (folder.path().join("data"), folder.path().join("snapshots"));
    let watch =
        Arc::new(Snapshots { data_dir: data_dir.clone(), to, taken: Mutex::new(Vec::new()) });
    let vault = SqliteVault::open(&data_dir, OpenMode::ReadWrite, watch.clone(), moment());
    let vault = vault.await.unwrap();
    let (first, second) = (Sample::first("1"), Sample::first("1").next());
    first.shelve(&vault).await.unwrap();
    second.shelve(&vault).await.unwrap();
    vault.close().await;

    let taken = watch.taken.lock().unwrap().clone();
    let rows = [
        (Step::ShelveObjectsWritten, None),
        (Step::ShelveCommitted, Some(&first)),
        (Step::ShelveObjectsWritten, Some(&first)),
        (Step::ShelveCommitted, Some(&second)),
    ];
    assert_eq!(taken.len(), rows.len());
    for ((step, head), (at, data_dir)) in rows.into_iter().zip(taken) {
        assert_eq!(step, at);
        let before = contents(&data_dir);
        assert_eq!(checked(&data_dir).await.faults, [], "before recovery, {at:?}");
        assert!(before == contents(&data_dir), "a check recovers nothing");
        let vault = open(&data_dir).await;
        let found = vault.head(&first.key()).await.unwrap();
        assert_eq!(found, head.map(Sample::record), "{at:?}");
        for form in found.iter().flat_map(|record| &record.forms) {
            assert!(vault.object(form).await.unwrap().is_some(), "{at:?}");
        }
        assert!(files_under(&data_dir.join("staging")).is_empty(), "{at:?}");
        // The same request again gives the same license.
        let again = if head.is_some_and(|head| head.version == 2) { &second } else { &first };
        match (again.shelve(&vault).await, head) {
            (Ok(()), None) => {}
            (Err(ShelveError::Repeated { id }), Some(_)) => assert_eq!(id, again.id()),
            other => panic!("{at:?}: {other:?}"),
        }
        vault.close().await;
        assert_eq!(checked(&data_dir).await.faults, [], "{at:?}");
    }
}

/// A small vault at rest, for damaging copies of it.
async fn small_vault(data_dir: &Path) {
    let vault = open(data_dir).await;
    let first = Sample { object_bytes: (200, 120), ..Sample::first("1") };
    first.shelve(&vault).await.unwrap();
    first.next().shelve(&vault).await.unwrap();
    let other = Sample { serial: "2".to_owned(), number: "n".to_owned(), ..first.clone() };
    Sample { request: "other".to_owned(), ..other }.shelve(&vault).await.unwrap();
    vault.change_standing(change("1", ChangedState::Suspended)).await.unwrap();
    vault.protect(first.protecting(1, Level::BLT, "")).await.unwrap();
    vault.protect(first.protecting(2, Level::BLTA, "")).await.unwrap();
    keep(&vault, first.copying("a", "body", "2026AAAAAAAAAAAA")).await.unwrap();
    let reader = "holder".to_owned();
    let usage = UsageRecord { id: first.id(), reader, act: "open", at: moment() };
    vault.record_usage(usage).await.unwrap();
    vault.close().await;
}

#[tokio::test]
async fn a_check_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    small_vault(folder.path()).await;
    let before = contents(folder.path());
    let mut progress = Vec::new();
    let report = check(folder.path(), &mut |step| progress.push(step.versions)).await.unwrap();
    assert_eq!(report.faults, []);
    assert_eq!((report.versions, progress), (3, vec![0, 3]));
    assert!(before == contents(folder.path()));
}

#[tokio::test]
async fn a_flipped_byte_of_any_object_is_found() {
    let folder = tempfile::tempdir().unwrap();
    small_vault(folder.path()).await;
    for object in files_under(&folder.path().join("objects")) {
        let sound = fs::read(&object).unwrap();
        fs::set_permissions(&object, fs::Permissions::from_mode(0o644)).unwrap();
        for (trick, damaged) in [
            ("first byte", flipped(&sound, 0)),
            ("last byte", flipped(&sound, sound.len() - 1)),
            ("cut short", sound[..sound.len() - 1].to_vec()),
            ("lengthened", [&sound[..], b"\n"].concat()),
            ("emptied", Vec::new()),
        ] {
            fs::write(&object, damaged).unwrap();
            let report = checked(folder.path()).await;
            let codes: Vec<&str> = report.faults.iter().map(|fault| fault.code).collect();
            assert_eq!(codes, ["vault.object_changed"], "{trick}");
            let name = object.file_name().unwrap().to_str().unwrap();
            assert!(report.faults[0].place.ends_with(name), "{trick}");
        }
        fs::write(&object, &sound).unwrap();
    }
    assert_eq!(checked(folder.path()).await.faults, []);
}

fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 1;
    bytes
}

#[tokio::test]
async fn a_missing_object_and_a_foreign_one_are_found() {
    let folder = tempfile::tempdir().unwrap();
    small_vault(folder.path()).await;
    let objects = folder.path().join("objects");
    let object = files_under(&objects).remove(0);
    let away = folder.path().join("away");
    fs::rename(&object, &away).unwrap();
    let codes = codes(folder.path()).await;
    assert_eq!(codes, ["vault.object_missing"]);
    fs::rename(&away, &object).unwrap();

    let digest = Digest::of(b"foreign").to_string();
    let shelf = objects.join(&digest[..2]);
    for place in [
        shelf.join(format!("{digest}.pdf")),
        shelf.join("readme"),
        objects.join("readme"),
        // A sound object on the wrong shelf, and in a form it was not sealed in.
        objects
            .join(if object.starts_with(objects.join("00")) { "01" } else { "00" })
            .join(object.file_name().unwrap()),
        object.with_extension("ofd"),
    ] {
        fs::write(&place, b"foreign").unwrap();
        assert_eq!(self::codes(folder.path()).await, ["vault.object_foreign"], "{place:?}");
        fs::remove_file(&place).unwrap();
    }
    fs::create_dir_all(objects.join("0")).unwrap();
    fs::write(objects.join("0/hidden"), b"").unwrap();
    assert_eq!(self::codes(folder.path()).await, ["vault.object_foreign"]);
}

async fn codes(data_dir: &Path) -> Vec<&'static str> {
    let report = checked(data_dir).await;
    let mut codes: Vec<&str> = report.faults.iter().map(|fault| fault.code).collect();
    codes.dedup();
    codes
}

/// Changes rows as someone would who can write to the file: triggers and constraints out of the way.
async fn tamper(data_dir: &Path, statements: &'static str) {
    use sqlx::ConnectOptions;
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(data_dir.join("vault.sqlite"))
        .foreign_keys(false)
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql("pragma synchronous = off; pragma ignore_check_constraints = on")
        .execute(&mut connection)
        .await
        .unwrap();
    let triggers: Vec<(String,)> =
        sqlx::query_as("select name from sqlite_master where type = 'trigger'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    for (trigger,) in triggers {
        let drop = sqlx::AssertSqlSafe(format!("drop trigger {trigger}"));
        sqlx::query(drop).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

#[tokio::test]
async fn every_altered_added_or_removed_row_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound");
    small_vault(&sound).await;
    let altered: &[&str] = &["vault.row_damaged"];
    let broken: &[&str] = &["vault.journal_broken"];
    let rows: &[(&'static str, &[&str])] = &[
        ("update versions set content_digest = zeroblob(32) where id = 1", altered),
        ("update versions set valid_to = null where id = 2", altered),
        ("update versions set issued_on = '2020-01-01' where id = 2", altered),
        ("update versions set edition = 3 where id = 3", altered),
        ("update versions set shelved_at = shelved_at + 1 where id = 3", altered),
        ("update versions set number_index = zeroblob(32) where id = 1", altered),
        ("update versions set valid_from = 'nonsense', valid_to = null where id = 1", altered),
        (
            "update forms set digest = zeroblob(32) where version = 1 and form = 'pdf'",
            &["vault.row_damaged", "vault.object_missing", "vault.object_foreign"],
        ),
        (
            "update forms set size_bytes = 7 where version = 1 and form = 'pdf'",
            &["vault.row_damaged", "vault.object_changed"],
        ),
        (
            "delete from forms where version = 1 and form = 'ecert'",
            &["vault.row_damaged", "vault.object_foreign"],
        ),
        ("update holders set holder_index = zeroblob(32) where version = 1", altered),
        ("delete from holders where version = 1", altered),
        ("insert into holders (version, holder_index) values (1, zeroblob(32))", altered),
        ("update sealed_with set seal_key = zeroblob(32) where version = 1", altered),
        ("update sealed_with set ecert_key = zeroblob(32) where version = 3", altered),
        ("delete from sealed_with where version = 2", altered),
        ("update key_uses set signatures = 2 where entry = 2", altered),
        (
            "update key_uses set key_id = zeroblob(32) where entry = 2 and key_id = (select min(key_id) from key_uses where entry = 2)",
            altered,
        ),
        (
            "insert into key_uses (entry, key_id, signatures, rest) values (3, zeroblob(32), 1, zeroblob(32))",
            altered,
        ),
        ("update key_uses set rest = zeroblob(32) where entry = 2", altered),
        ("delete from key_uses where entry = 2", altered),
        ("delete from key_uses where entry = 4", &["vault.row_damaged", "vault.row_missing"]),
        ("update requests set body = zeroblob(32) where version = 1", altered),
        ("update requests set key = 'k' where version = 1", altered),
        ("delete from requests where version = 3", altered),
        ("update requests set version = 77 where version = 3", altered),
        ("delete from numbers where license = 1", altered),
        (
            "insert into numbers (type_code, authority, number_index, license) select type_code, authority, zeroblob(32), id from licenses where id = 1",
            altered,
        ),
        ("update licenses set serial = '3' where id = 2", altered),
        ("update standing_changes set since = '2027-01-01'", altered),
        ("update standing_changes set state = 'reinstated'", altered),
        ("update standing_changes set ground = ''", altered),
        ("update standing_changes set license = 2", altered),
        ("delete from standing_changes", &["vault.row_missing"]),
        ("update usage_records set reader = 'nobody'", altered),
        ("delete from usage_records", &["vault.row_missing"]),
        (
            "delete from versions where id = 2; delete from sealed_with where version = 2; delete from forms where version = 2; delete from holders where version = 2; delete from requests where version = 2",
            &["vault.row_missing", "vault.object_foreign"],
        ),
        (
            "delete from versions where id = 1; delete from sealed_with where version = 1; delete from forms where version = 1; delete from holders where version = 1; delete from requests where version = 1",
            &[
                "vault.row_damaged",
                "vault.row_missing",
                "vault.version_gap",
                "vault.object_foreign",
            ],
        ),
        (
            "delete from versions where id = 1",
            &["vault.row_damaged", "vault.row_missing", "vault.version_gap"],
        ),
        (
            "update journal set at = at + 1 where seq = 2",
            &["vault.journal_broken", "vault.row_damaged"],
        ),
        (
            "update journal set client = 'nobody' where act = 'used'",
            &["vault.journal_broken", "vault.row_damaged"],
        ),
        ("update journal set details = zeroblob(32) where act = 'opened'", broken),
        ("delete from journal where act = 'opened'", broken),
        (
            "delete from journal where act = 'intended'",
            &["vault.row_damaged", "vault.journal_broken"],
        ),
        ("delete from journal where act = 'used'", altered),
        ("update versions set sealed_until = sealed_until + 1 where id = 1", altered),
        ("update versions set sealed_level = 'B-T', sealed_proven_at = 1 where id = 1", altered),
        ("update versions set sealed_level = null, sealed_until = null where id = 1", altered),
        ("update protections set level = 'B-LTA' where number = 1", altered),
        ("update protections set holds_until = holds_until + 1 where number = 2", altered),
        ("update protections set proven_at = proven_at - 1 where number = 2", altered),
        (
            "update protections set whole_digest = zeroblob(32) where number = 2",
            &["vault.row_damaged", "vault.protection_foreign"],
        ),
        (
            "update protections set version = 2 where number = 2",
            &["vault.row_damaged", "vault.protection_gap", "vault.protection_foreign"],
        ),
        (
            "delete from protections where number = 2",
            &["vault.row_missing", "vault.object_foreign"],
        ),
        (
            "delete from protections where number = 1",
            &[
                "vault.row_missing",
                "vault.object_foreign",
                "vault.protection_gap",
                "vault.protection_foreign",
            ],
        ),
        ("update annotated_copies set last_day = '2027-12-31'", altered),
        ("update annotated_copies set number = '2026BBBBBBBBBBBB'", altered),
        ("update annotated_copies set recipient_index = zeroblob(32)", altered),
        ("update annotated_copies set client = 'nobody'", altered),
        ("update annotated_copies set body = zeroblob(32)", altered),
        ("update annotated_copies set version = 2", altered),
        ("delete from annotated_copies", &["vault.row_missing", "vault.object_foreign"]),
        ("drop table requests", &["vault.database_damaged"]),
    ];
    let mut wrong: Vec<(&str, Vec<&str>)> = Vec::new();
    for (place, (statements, codes)) in rows.iter().enumerate() {
        let data_dir = folder.path().join(place.to_string());
        copy_folder(&sound, &data_dir);
        tamper(&data_dir, statements).await;
        let (mut found, mut expected) = (self::codes(&data_dir).await, codes.to_vec());
        found.sort_unstable();
        found.dedup();
        expected.sort_unstable();
        if found != expected {
            wrong.push((statements, found));
        }
    }
    assert_eq!(wrong, []);
}

#[tokio::test]
async fn a_damaged_database_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound");
    small_vault(&sound).await;
    let bytes = fs::read(sound.join("vault.sqlite")).unwrap();
    let rows = [
        ("emptied", Vec::new()),
        ("cut in half", bytes[..bytes.len() / 2].to_vec()),
        ("cut by a page", bytes[..bytes.len() - 4096].to_vec()),
        ("header only", bytes[..100].to_vec()),
        ("no database at all", vec![b'x'; 10_000]),
    ];
    for (place, (trick, damaged)) in rows.into_iter().enumerate() {
        let data_dir = folder.path().join(place.to_string());
        copy_folder(&sound, &data_dir);
        fs::write(data_dir.join("vault.sqlite"), damaged).unwrap();
        let found = codes(&data_dir).await;
        assert!(found.contains(&"vault.database_damaged"), "{trick}: {found:?}");
    }
}

/// The books look before they write, so a constraint speaks up only against a row that someone else has put in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_a_constraint_refuses_spoils_no_other_of_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Arc::new(open(folder.path()).await);
    let first = Sample::first("1");
    first.shelve(&*vault).await.unwrap();
    let strange = "insert into licenses (id, type_code, authority, serial)
        values (2, '11990000MD0000008F001', '110000', '77')";
    tamper(folder.path(), strange).await;
    // Whoever needs the id that was taken is refused; versions of a license that is there need none.
    let acts: Vec<_> = (0..12)
        .map(|act| {
            let vault = Arc::clone(&vault);
            let sample = if act == 5 { first.next() } else { Sample::first(&format!("9{act}")) };
            tokio::spawn(async move { (act, sample.shelve(&*vault).await, sample) })
        })
        .collect();
    for act in acts {
        match act.await.unwrap() {
            (5, Ok(()), _) => {}
            (_, Err(ShelveError::Fault(fault)), sample) => {
                assert_eq!(fault.place, "vault.licenses_key_once");
                for form in &sample.record().forms {
                    assert_eq!(vault.object(form).await.unwrap(), None);
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(vault.head(&first.key()).await.unwrap(), Some(first.next().record()));
    vault.close().await;
    assert_eq!(codes(folder.path()).await, ["vault.version_gap"]);
}

#[tokio::test]
async fn the_tables_refuse_to_forget() {
    let folder = tempfile::tempdir().unwrap();
    small_vault(folder.path()).await;
    use sqlx::ConnectOptions;
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("vault.sqlite"))
        .foreign_keys(false)
        .connect()
        .await
        .unwrap();
    for table in [
        "annotated_copies",
        "forms",
        "holders",
        "journal",
        "key_uses",
        "licenses",
        "numbers",
        "protections",
        "requests",
        "sealed_with",
        "standing_changes",
        "usage_records",
        "versions",
    ] {
        let column: (String,) = sqlx::query_as("select name from pragma_table_info(?1)")
            .bind(table)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        for statement in
            [format!("delete from {table}"), format!("update {table} set {0} = {0}", column.0)]
        {
            let refused = sqlx::query(sqlx::AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
                .unwrap_err();
            let text = refused.to_string();
            assert!(text.contains(&format!("{table} is append-only")), "{text}");
        }
    }
}

/// SHA-256 over parts, each with its length, as the journal takes it.
fn digest_of(parts: &[&[u8]]) -> Digest {
    let part = |part: &&[u8]| {
        let len = u64::try_from(part.len()).unwrap().to_be_bytes();
        [&len[..], part].concat()
    };
    Digest::of(&parts.iter().flat_map(part).collect::<Vec<u8>>())
}

/// What the first release wrote for the intention of a version, and for the version.
fn details_of_the_first_release(sample: &Sample, intention: i64) -> (Digest, Digest) {
    let record = sample.record();
    let (id, at) = (record.id.to_string(), record.shelved_at.unix_seconds().to_be_bytes());
    let content = record.content_digest.as_bytes();
    let intended = digest_of(&[b"zhengku intended 1", id.as_bytes(), content, b"client", &at]);
    let days = [record.issued_on, record.validity.from(), record.validity.to().unwrap()];
    let days = days.map(|day| day.to_string());
    let (edition, number) = (record.edition.to_be_bytes(), index(&sample.number));
    let mut parts: Vec<&[u8]> = vec![b"zhengku shelved 1", id.as_bytes(), &edition];
    parts.extend(days.iter().map(|day| day.as_bytes()));
    parts.extend([&content[..], &at]);
    let sizes: Vec<[u8; 8]> =
        record.forms.iter().map(|form| form.size_bytes.to_be_bytes()).collect();
    for (form, size) in record.forms.iter().zip(&sizes) {
        parts.extend([form.form.word().as_bytes(), form.digest.as_bytes(), size]);
    }
    parts.extend([&b"number"[..], number.as_bytes()]);
    let holders: Vec<Digest> = sample.holders.iter().map(|holder| index(holder)).collect();
    for holder in &holders {
        parts.extend([&b"holder"[..], holder.as_bytes()]);
    }
    let (body, intention) = (Digest::of(sample.body.as_bytes()), intention.to_be_bytes());
    let request = sample.request.as_bytes();
    parts.extend([&b"request"[..], b"client", request, body.as_bytes(), &intention]);
    (intended, digest_of(&parts))
}

/// Copies the journal as the first release, which wrote down no keys, would have written it.
async fn copy_journal_without_keys(connection: &mut sqlx::SqliteConnection, samples: &[Sample]) {
    type Entry = (i64, i64, String, String, String, Option<i64>, Vec<u8>);
    const ENTRIES: &str = "select seq, at, act, subject, client, intention, details \
        from later.journal order by seq";
    let entries: Vec<Entry> = sqlx::query_as(ENTRIES).fetch_all(&mut *connection).await.unwrap();
    let mut prev = Digest::from_bytes([0; Digest::LEN]);
    for (seq, at, act, subject, client, intention, details) in entries {
        let sample = samples.iter().find(|sample| sample.id().to_string() == subject);
        let details = match (act.as_str(), sample) {
            ("intended", Some(sample)) => details_of_the_first_release(sample, seq).0,
            ("shelved", Some(sample)) => details_of_the_first_release(sample, intention.unwrap()).1,
            _ => Digest::from_slice(&details).unwrap(),
        };
        let ended = intention.map(i64::to_be_bytes);
        let hash = digest_of(&[
            b"zhengku journal entry 1",
            prev.as_bytes(),
            &seq.to_be_bytes(),
            &at.to_be_bytes(),
            act.as_bytes(),
            subject.as_bytes(),
            client.as_bytes(),
            ended.as_ref().map_or(&[], |bytes| &bytes[..]),
            details.as_bytes(),
        ]);
        sqlx::query("insert into main.journal values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
            .bind(seq)
            .bind(at)
            .bind(act)
            .bind(subject)
            .bind(client)
            .bind(intention)
            .bind(&details.as_bytes()[..])
            .bind(&prev.as_bytes()[..])
            .bind(&hash.as_bytes()[..])
            .execute(&mut *connection)
            .await
            .unwrap();
        prev = hash;
    }
}

/// The tables of the release before, with the rows that it left.
async fn vault_of_the_first_release(data_dir: &Path) {
    use sqlx::ConnectOptions;
    use sqlx::migrate::{Migration, MigrationType, Migrator};
    let vault = open(data_dir).await;
    let first = Sample { sealed: None, ..Sample::first("1") };
    first.shelve(&vault).await.unwrap();
    first.next().shelve(&vault).await.unwrap();
    vault.change_standing(change("1", ChangedState::Suspended)).await.unwrap();
    vault.close().await;

    let file = data_dir.join("vault.sqlite");
    let rows = data_dir.join("rows.sqlite");
    fs::rename(&file, &rows).unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut connection = options.foreign_keys(false).connect().await.unwrap();
    let text =
        sqlx::SqlSafeStr::into_sql_str(include_str!("../src/vault/migrations/0001_vault.sql"));
    let migration = Migration::new(1, "vault".into(), MigrationType::Simple, text, false);
    let migrator = Migrator::with_migrations(vec![migration]);
    migrator.run_direct(None, &mut connection, false).await.unwrap();
    let attach = format!("attach '{}' as later", rows.display());
    sqlx::query(sqlx::AssertSqlSafe(attach)).execute(&mut connection).await.unwrap();
    copy_journal_without_keys(&mut connection, &[first.clone(), first.next()]).await;
    for table in
        ["licenses", "versions", "forms", "holders", "numbers", "requests", "standing_changes"]
    {
        let columns: Vec<(String,)> =
            sqlx::query_as("select name from pragma_table_info(?1, 'main')")
                .bind(table)
                .fetch_all(&mut connection)
                .await
                .unwrap();
        let columns: Vec<String> = columns.into_iter().map(|(name,)| name).collect();
        let columns = columns.join(", ");
        let copy =
            format!("insert into main.{table} ({columns}) select {columns} from later.{table}");
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
    fs::remove_file(rows).unwrap();
}

#[tokio::test]
async fn a_vault_of_the_first_release_is_taken_over_whole() {
    let folder = tempfile::tempdir().unwrap();
    vault_of_the_first_release(folder.path()).await;
    let vault = open(folder.path()).await;
    let first = Sample { sealed: None, ..Sample::first("1") };
    let known = VersionRecord { sealed_with: None, ..first.record() };
    assert_eq!(vault.find(&first.id()).await.unwrap(), Some(known.clone()));
    // Of what the first release sealed nobody wrote down the key: it is named for every key, to be looked at.
    let of_any = vault.sealed_with(&seal_key("2"), 0, 1).await.unwrap();
    assert_eq!(of_any, [(1, known)]);
    // The writer that migrated knows the new acts at once.
    vault.protect(first.protecting(1, Level::BLTA, "")).await.unwrap();
    Sample::first("2").shelve(&vault).await.unwrap();
    let places: Vec<u64> = vault
        .sealed_with(&seal_key("2"), 1, 9)
        .await
        .unwrap()
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    assert_eq!(places, [2, 3]);
    vault.close().await;
    assert_eq!(checked(folder.path()).await.faults, []);

    // The constraint, its indexes, triggers and references are what they would be in a new vault.
    let new = folder.path().join("new");
    open(&new).await.close().await;
    assert_eq!(schema(folder.path()).await, schema(&new).await);
    let unknown = "insert into journal (seq, at, act, subject, client, details, prev_hash, hash)
        values (1, 1, 'forgotten', '', '', zeroblob(32), zeroblob(32), zeroblob(32))";
    for act in ["copied", "forgotten", "key_retired", "protected"] {
        let known = ["copied", "protected"].contains(&act);
        use sqlx::ConnectOptions;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(new.join("vault.sqlite"));
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql("begin; delete from journal where 1 = 0")
            .execute(&mut connection)
            .await
            .unwrap();
        let statement = unknown.replace("forgotten", act).replace("(1, 1,", "(900, 1,");
        let written = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await;
        match written {
            Err(refused) if !known => {
                assert!(refused.to_string().contains("journal_act_known"), "{act}: {refused}");
            }
            written => assert!(written.is_ok() && known, "{act}: {written:?}"),
        }
        sqlx::raw_sql("rollback").execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    }
}

async fn schema(data_dir: &Path) -> Vec<(String, String, Option<String>)> {
    use sqlx::ConnectOptions;
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(data_dir.join("vault.sqlite"))
        .connect()
        .await
        .unwrap();
    let schema = sqlx::query_as("select type, name, sql from sqlite_schema order by type, name")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    schema
}
