//! Desks that answer what a test tells them to, and the router behind which they stand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt;

use crate::crypto::{Digest, SeededRandom};
use crate::domain::{
    AuthorityCode, Catalogue, Column, Day, FaultKind, FieldDefinition, FieldKind, FieldSource,
    FilledFrom, Holder, HolderCode, HolderCodeKind, HolderRule, IssuingAuthority, Level, LicenseId,
    LicenseKey, Moment, NumberRule, RevocationKind, Standing, SubmissionFault, Term, TermEnd,
    TypeDefinition, Validity,
};
use crate::judge::Verdict;
use crate::service::compare::Viewer;
use crate::service::desks::{
    Described, FacePart, HeldLicense, HoldDesk, IssueDesk, Issued, IssuingSystem, LicenseDesk,
    OpenedLicense, VerifyDesk,
};
use crate::service::error::{Fault, Refusal};
use crate::service::ports::{
    ChangedState, Clock, Form, FormRecord, KeyState, Later, SealProtection, SealingKey,
    SealingKeys, VersionRecord,
};
use crate::service::whole::Protected;

use crate::http::{Doors, HttpSettings, Permits};

use super::fake_vault::PingVault;
use super::fake_verdicts::verdicts;

/// A license id that is well formed.
pub const ID: &str = "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R";
/// The token the doors know.
pub const TOKEN: &str = "token-of-a-test";
/// The code of the invented holder.
pub const HOLDER: &str = "11010519491231002X";

/// What the desks answer, and what they were asked.
#[derive(Default)]
pub struct Script {
    /// What the issuing and the license desk refuse next, by a word.
    pub refuse: Mutex<&'static str>,
    /// Which verdict comes next.
    pub verdict: AtomicUsize,
    /// The size of the last file judged.
    pub judged_bytes: AtomicUsize,
    /// Whether the vault answers.
    pub vault_down: Mutex<bool>,
    /// Seconds the clock is ahead.
    pub ahead: AtomicI64,
    /// The last change of standing.
    pub changed: Mutex<Option<(ChangedState, String)>>,
}

impl Script {
    pub(super) fn refusal(&self) -> Result<(), Refusal> {
        match *self.refuse.lock().unwrap() {
            "fault" => Err(Fault::new("vault.commit", "a secret cause").into()),
            "forbidden" => Err(Refusal::Forbidden { missing: "to issue for this authority" }),
            "key_reused" => Err(Refusal::Conflict { code: "request.key_reused", id: None }),
            "head_moved" => {
                Err(Refusal::Conflict { code: "license.head_moved", id: Some(ID.parse().unwrap()) })
            }
            "not_found" => Err(Refusal::NotFound),
            "not_json" => Err(Refusal::Submission(vec![SubmissionFault::new(
                "",
                FaultKind::NotJson { line: 1, column: 1 },
            )])),
            "faults" => Err(Refusal::Submission(vec![
                SubmissionFault::new("valid_to", FaultKind::BadValidity),
                SubmissionFault::new("face.KZ_ZTYT", FaultKind::MissingFaceField),
            ])),
            "panic" => panic!("a desk panics with 11010519491231002X in its words"),
            _ => Ok(()),
        }
    }

    async fn slowly(&self) {
        if *self.refuse.lock().unwrap() == "sleep" {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
    }
}

pub(super) struct Desks(pub(super) Arc<Script>);

impl IssueDesk for Desks {
    fn issue<'a>(
        &'a self,
        _: &'a IssuingSystem,
        key: &'a str,
        _: &'a [u8],
    ) -> Later<'a, Result<Issued, Refusal>> {
        Box::pin(async move {
            self.0.slowly().await;
            self.0.refusal()?;
            Ok(Issued { record: record(ID), repeated: key == "again" })
        })
    }
}

impl VerifyDesk for Desks {
    fn file_for<'a>(&'a self, bytes: &'a [u8], _: &'a Viewer) -> Later<'a, Verdict> {
        Box::pin(async move {
            self.0.slowly().await;
            assert!(bytes != b"panic", "a desk panics");
            self.0.judged_bytes.store(bytes.len(), Ordering::Relaxed);
            let verdicts = verdicts();
            verdicts[self.0.verdict.load(Ordering::Relaxed) % verdicts.len()].clone()
        })
    }

    fn square_for<'a>(&'a self, _: &'a str, _: &'a Viewer) -> Later<'a, Verdict> {
        Box::pin(async { verdicts().remove(0) })
    }

    fn id_for<'a>(&'a self, _: &'a LicenseId, _: &'a Viewer) -> Later<'a, Verdict> {
        Box::pin(async { verdicts().remove(2) })
    }
}

impl HoldDesk for Desks {
    fn list<'a>(&'a self, holder: &'a HolderCode) -> Later<'a, Result<Vec<HeldLicense>, Fault>> {
        let held = if holder.as_str() == HOLDER { held() } else { Vec::new() };
        Box::pin(async move {
            match *self.0.refuse.lock().unwrap() {
                "fault" => Err(Fault::new("vault.read", "a secret cause")),
                _ => Ok(held),
            }
        })
    }

    fn open<'a>(
        &'a self,
        holder: &'a HolderCode,
        id: &'a LicenseId,
    ) -> Later<'a, Result<OpenedLicense, Refusal>> {
        Box::pin(async move {
            self.0.refusal()?;
            let mine = held().into_iter().filter(|_| holder.as_str() == HOLDER);
            let held = mine.into_iter().find(|held| held.record.id == *id);
            let held = held.ok_or(Refusal::NotFound)?;
            let protected = protected(&held.record);
            let holder_names = vec!["安小平".to_owned()];
            Ok(OpenedLicense { held, holder_names, face: face(), protected })
        })
    }

    fn download<'a>(
        &'a self,
        holder: &'a HolderCode,
        _: &'a LicenseId,
        _: Form,
    ) -> Later<'a, Result<Vec<u8>, Refusal>> {
        let mine = holder.as_str() == HOLDER;
        Box::pin(
            async move { if mine { Ok(b"%PDF-1.7".to_vec()) } else { Err(Refusal::NotFound) } },
        )
    }
}

impl LicenseDesk for Desks {
    fn describe<'a>(
        &'a self,
        _: &'a IssuingSystem,
        id: &'a LicenseId,
    ) -> Later<'a, Result<Described, Refusal>> {
        Box::pin(async move {
            self.0.refusal()?;
            Ok(Described {
                record: record(&id.to_string()),
                type_name: "食品经营许可证".to_owned(),
                authority_name: "安平市市场监督管理局".to_owned(),
                standing: Standing::InForce,
                newest: id.clone(),
                protected: protected(&record(&id.to_string())),
            })
        })
    }

    fn download<'a>(
        &'a self,
        _: &'a IssuingSystem,
        _: &'a LicenseId,
        _: Form,
    ) -> Later<'a, Result<Vec<u8>, Refusal>> {
        Box::pin(async move { self.0.refusal().map(|()| b"%PDF-1.7".to_vec()) })
    }

    fn change_standing<'a>(
        &'a self,
        _: &'a IssuingSystem,
        _: &'a LicenseId,
        state: ChangedState,
        since: Day,
        ground: &'a str,
    ) -> Later<'a, Result<Standing, Refusal>> {
        Box::pin(async move {
            self.0.refusal()?;
            *self.0.changed.lock().unwrap() = Some((state, ground.to_owned()));
            Ok(Standing::Suspended { since })
        })
    }
}

struct FakeClock(Arc<Script>);

impl Clock for FakeClock {
    fn now(&self) -> Moment {
        moment("2026-11-22T03:20:29Z").plus_seconds(self.0.ahead.load(Ordering::Relaxed))
    }
}

/// A house whose only key ends in ten days.
struct OneKey;

impl SealingKeys for OneKey {
    fn find(&self, _: &AuthorityCode, _: Moment) -> Vec<Arc<dyn SealingKey>> {
        Vec::new()
    }

    fn states(&self, _: Moment) -> Vec<KeyState> {
        let authority = "11990000MD0000008F".parse().unwrap();
        vec![KeyState { id: Digest::of(b"key"), authority, days_left: 10, retired: false }]
    }
}

/// The whole router, with settings a test may change, and the script of its desks.
pub fn router_with(change: impl FnOnce(&mut HttpSettings)) -> (Router, Arc<Script>) {
    let script = Arc::new(Script::default());
    let mut settings = HttpSettings::at("https://zhengku.example");
    settings.development = true;
    let authority: AuthorityCode = "11990000MD0000008F".parse().unwrap();
    let client = IssuingSystem { name: "test".to_owned(), authorities: vec![authority] };
    settings.clients = HashMap::from([(Digest::of(TOKEN.as_bytes()), client)]);
    settings.invented_holders = vec![
        holder("安小平", HolderCodeKind::CitizenNumber, HOLDER),
        holder("安平市示例餐饮有限公司", HolderCodeKind::CreditCode, "11990000MD0000008F"),
    ];
    change(&mut settings);
    let desks = Arc::new(Desks(Arc::clone(&script)));
    let doors = Doors {
        issue: desks.clone(),
        verify: desks.clone(),
        hold: desks.clone(),
        copies: desks.clone(),
        receipts: desks.clone(),
        packs: desks.clone(),
        last_pack: Arc::default(),
        license: desks,
        catalogue: Arc::new(Arc::new(catalogue())),
        vault: Arc::new(PingVault(Arc::clone(&script))),
        keys: Arc::new(OneKey),
        keeping: Some(Arc::default()),
        clock: Arc::new(FakeClock(Arc::clone(&script))),
        random: Arc::new(SeededRandom::new(1)),
        permits: Permits::of(&settings),
        settings: Arc::new(settings),
    };
    (super::site(doors), script)
}

/// The whole router of a development server.
pub fn router() -> (Router, Arc<Script>) {
    router_with(|_| {})
}

/// Sends a request and reads the whole answer.
pub async fn send(router: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
}

/// Fetches an address.
pub async fn get(router: &Router, address: &str) -> (StatusCode, HeaderMap, String) {
    send(router, Request::get(address).body(Body::empty()).unwrap()).await
}

/// As a keeper leaves it.
fn protected(record: &VersionRecord) -> Protected {
    let seal = SealProtection {
        level: Level::BLTA,
        proven_at: Some(record.shelved_at),
        holds_until: moment("2036-06-01T00:00:00Z"),
    };
    Protected { seal: Some(seal), digest: Digest::of(b"protected pdf"), size_bytes: 191_500 }
}

fn record(id: &str) -> VersionRecord {
    let day = |text: &str| text.parse::<Day>().unwrap();
    VersionRecord {
        id: id.parse().unwrap(),
        edition: 1,
        issued_on: day("2026-06-01"),
        validity: Validity::new(day("2026-06-01"), Some(day("2031-05-31"))).unwrap(),
        content_digest: Digest::of(b"content"),
        forms: vec![
            FormRecord { form: Form::SealedPdf, digest: Digest::of(b"pdf"), size_bytes: 183_204 },
            FormRecord { form: Form::Ecert, digest: Digest::of(b"ecert"), size_bytes: 9_120 },
        ],
        sealed: None,
        shelved_at: moment("2026-06-01T01:02:04Z"),
        sealed_with: None,
    }
}

pub(super) fn held() -> Vec<HeldLicense> {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let line = |id: &str, name: &str, number: &str, standing| HeldLicense {
        record: record(id),
        type_name: name.to_owned(),
        license_number: number.to_owned(),
        authority_name: "安平市市场监督管理局".to_owned(),
        standing,
    };
    let key = ID.parse::<LicenseId>().unwrap().key().clone();
    let other = |serial: &str| {
        let authority = "11990000MD0000008F".parse().unwrap();
        let key = LicenseKey::new(key.type_code().clone(), &authority, serial).unwrap();
        key.version(crate::domain::VersionNo::FIRST).to_string()
    };
    vec![
        line(ID, "食品经营许可证", "JY29900000000018", Standing::InForce),
        line(
            &other("20260002"),
            "道路运输从业人员从业资格证",
            "990105194912310020",
            Standing::Revoked { kind: RevocationKind::Withdrawn, since: day("2026-10-08") },
        ),
        line(
            &other("20260003"),
            "特种作业操作证",
            "T990105194912310020",
            Standing::Expired { last_day: day("2026-10-31") },
        ),
    ]
}

fn face() -> Vec<(String, FacePart)> {
    // A picture of one red point, as PNG.
    let picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
    vec![
        (
            "照片".to_owned(),
            FacePart::Portrait { media_type: "image/png", base64: picture.to_owned() },
        ),
        ("主体业态".to_owned(), FacePart::Text("餐饮服务经营者".to_owned())),
        ("经营场所".to_owned(), FacePart::Text("安平市示例区<b>幸福路</b>8号\n二层".to_owned())),
        (
            "变更记录".to_owned(),
            FacePart::Table {
                columns: vec!["日期".to_owned(), "变更事项".to_owned()],
                rows: vec![vec!["2026-06-01".to_owned(), "经营项目增加冷食类食品制售".to_owned()]],
            },
        ),
    ]
}

fn catalogue() -> Catalogue {
    let authority: AuthorityCode = "11990000MD0000008F".parse().unwrap();
    let field = |code: &str, name: &str, source| FieldDefinition {
        code: code.to_owned(),
        name: name.to_owned(),
        source,
    };
    let submitted = |kind| FieldSource::Submitted { kind, required: true };
    let columns =
        vec![Column { code: "RQ".to_owned(), name: "日期".to_owned(), limit_chars: 10 }];
    let definition = TypeDefinition {
        code: "11990000MD0000008F001".parse().unwrap(),
        name: "食品经营许可证".to_owned(),
        edition: 1,
        in_force_from: "2023-12-01".parse().unwrap(),
        retired_from: None,
        holder: HolderRule::Organization,
        holders_max: 1,
        issuers: vec![authority.clone()],
        number: NumberRule::FoodLicense,
        term: Term { end: TermEnd::FixedEnd, max_years: Some(5) },
        fields: vec![
            field("CZZT", "经营者名称", FieldSource::Filled(FilledFrom::HolderNames)),
            field(
                "KZ_ZTYT",
                "主体业态",
                submitted(FieldKind::Choice { options: vec!["单位食堂".to_owned()] }),
            ),
            field("KZ_BGJL", "变更记录", submitted(FieldKind::Table { columns, max_rows: 5 })),
        ],
    };
    let authority = IssuingAuthority {
        code: authority,
        name: "安平市市场监督管理局".to_owned(),
        division: "990100000000".parse().unwrap(),
        library: false,
    };
    Catalogue::new(vec![definition], vec![authority]).unwrap()
}

fn holder(name: &str, kind: HolderCodeKind, code: &str) -> Holder {
    Holder::new(name.to_owned(), HolderCode::parse(kind, code).unwrap())
}

pub(super) fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}
