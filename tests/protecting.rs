//! The keeper: what it appends, what it never does, and what is left to be done while others fail.
//!
//! The time-stamp authority is the toy one of the source, asked in the process; how it is asked over HTTP, and what
//! may go wrong there, is for `tests/outside/tsa_drill.py`.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{
    CertificateRevocationListParams, Issuer, KeyIdMethod, KeyPair, RevocationReason,
    RevokedCertParams, SerialNumber,
};
use tokio::sync::watch;
use zhengku::crypto::{Digest, KeySigner, SeededRandom};
use zhengku::domain::{Level, Moment};
use zhengku::judge::{Outcome, Overall};
use zhengku::pdf::read_sealed;
use zhengku::pki::{
    Certificate, Crl, SignedData, TimestampRequest, TimestampToken, TrustStore, read_response,
};
use zhengku::service::desks::{LicenseDesk, VerifyDesk};
use zhengku::service::dev_pki::{DevPki, DevPkiKeys};
use zhengku::service::keeping::{Keeper, Round, Tally};
use zhengku::service::last_authority::LastAuthority;
use zhengku::service::ports::{
    Clock, Evidence, Form, Later, RemoteFault, RemoteFaultKind, RevocationSource, TimestampSource,
    Vault,
};
use zhengku::service::protect::Protect;
use zhengku::service::stamping::Stamping;
use zhengku::service::verify::Verifying;

use support::{HandClock, House, NOW, Plan, first_good, judging, moment, root, trust};

const FOOD: &str = "11990000MD0000008F002";

/// How the world outside behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// No time-stamps are to be had.
    Down,
    /// A time-stamp for something else, which no honest client would hand on.
    Lying,
    /// Nobody says whether a certificate was revoked.
    Silent,
    Well,
}

struct Outside {
    services: DevPki,
    mood: Mutex<Mood>,
    stamped: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl Outside {
    fn of(house: &House) -> Arc<Self> {
        Self::at(house.clock.clone())
    }

    fn at(clock: Arc<dyn Clock>) -> Arc<Self> {
        let folder = root().join("keys-dev/services");
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let chain = |name| Certificate::all_from_pem(&read(name)).unwrap();
        let key = |name| KeySigner::from_pkcs8_pem(&read(name)).unwrap();
        let ocsp = chain("ocsp.chain.pem");
        let keys = DevPkiKeys {
            tsa: (chain("tsa.chain.pem"), key("tsa.key.pem")),
            ocsp: (ocsp[0].clone(), ocsp[1].clone(), key("ocsp.key.pem")),
        };
        let random = Arc::new(SeededRandom::new(9));
        let services = DevPki::new(keys, trust(), clock.clone(), random).unwrap();
        let mood = Mutex::new(Mood::Well);
        Arc::new(Self { services, mood, stamped: AtomicU64::new(0), clock })
    }

    fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn is(&self, mood: Mood) -> bool {
        *self.mood.lock().unwrap() == mood
    }
}

impl TimestampSource for Outside {
    fn stamp<'a>(
        &'a self,
        digest: &'a Digest,
        _: Option<Duration>,
    ) -> Later<'a, Result<TimestampToken, RemoteFault>> {
        Box::pin(async move {
            if self.is(Mood::Down) {
                return Err(RemoteFault::new(RemoteFaultKind::Timeout, "tsa", "down"));
            }
            let digest = if self.is(Mood::Lying) { Digest::of(b"else") } else { *digest };
            let request = TimestampRequest::new(&digest, &[7; 16]).unwrap();
            let answer = self.services.stamp(&request.to_der()).unwrap();
            self.stamped.fetch_add(1, Ordering::SeqCst);
            Ok(read_response(&answer, &request, self.clock.now()).unwrap())
        })
    }

    fn longest_token(&self) -> Option<usize> {
        (self.stamped.load(Ordering::SeqCst) > 0).then_some(4_000)
    }
}

impl RevocationSource for Outside {
    fn evidence<'a>(
        &'a self,
        _: &'a Certificate,
        issuer: &'a Certificate,
        _: Moment,
    ) -> Later<'a, Result<Evidence, RemoteFault>> {
        Box::pin(async move {
            let list = trust().crls().iter().find(|crl| crl.issuer() == issuer.subject()).cloned();
            match list.filter(|_| !self.is(Mood::Silent)) {
                Some(list) => Ok(Evidence::Crl(list.der().to_vec())),
                None => Err(RemoteFault::new(RemoteFaultKind::Refused, "ocsp", "silent")),
            }
        })
    }
}

fn keeper(house: &House, outside: &Arc<Outside>, within_days: i64) -> Arc<Keeper> {
    Arc::new(Keeper {
        protect: Protect {
            vault: house.vault.clone(),
            judging: house.verify.judging.clone(),
            stamps: outside.clone(),
            revocations: outside.clone(),
            clock: house.clock.clone(),
            keep: Level::BLTA,
            last_authority: LastAuthority::default(),
        },
        renew_within_seconds: within_days * 86_400,
        rest: Duration::ZERO,
        tally: Arc::new(Tally::default()),
    })
}

async fn run(keeper: &Arc<Keeper>) -> Round {
    let (_told, stop) = watch::channel(false);
    keeper.run(&stop, &mut |_, _| {}).await.unwrap()
}

#[tokio::test]
async fn a_license_is_brought_to_the_level_and_its_sealed_bytes_stay() {
    let house = House::in_memory(Plan::default());
    let (outside, issued) = (Outside::of(&house), house.ask("1", &first_good(FOOD)).await.unwrap());
    assert_eq!(issued.record.sealed.unwrap().level, Level::BB);
    let sealed = house.bytes(&issued, Form::SealedPdf).await;
    let keeper = keeper(&house, &outside, 90);
    let round = run(&keeper).await;
    assert_eq!((round.due, round.raised, round.for_good), (1, 1, 1), "{round:?}");
    assert_eq!((keeper.tally.raised(), keeper.tally.last_fault()), (1, None));

    let id = &issued.record.id;
    let whole = house.licenses.download(&house.client, id, Form::SealedPdf).await.unwrap();
    assert!(whole.len() > sealed.len() && whole.starts_with(&sealed));
    assert_eq!(house.bytes(&issued, Form::SealedPdf).await, sealed);
    let described = house.licenses.describe(&house.client, id).await.unwrap().protected;
    assert_eq!(
        (described.digest, described.seal.unwrap().level),
        (Digest::of(&whole), Level::BLTA)
    );
    let verdict = house.verify.file(&whole).await;
    assert_eq!((verdict.overall, verdict.protection.unwrap().level), (Overall::Valid, Level::BLTA));
    // Both are the vault's: the digest is of what was sealed.
    assert_eq!(verdict.file_digest, Some(Digest::of(&sealed)));

    // Nothing is due any more, and the authority is not even asked.
    let asked = outside.stamped.load(Ordering::SeqCst);
    assert_eq!(run(&keeper).await, Round { next: 1, ..Round::default() });
    assert_eq!(outside.stamped.load(Ordering::SeqCst), asked);
}

/// Whoever trusts the toy root and has a list besides, on which the certificate of this seal is.
fn revoking(seal: &[u8], reason: RevocationReason) -> Arc<TrustStore> {
    let read = |name: &str| fs::read_to_string(root().join("keys-dev").join(name)).unwrap();
    let key = KeyPair::from_pem(&read("ca/issuing-ca.key.pem")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&read("issuing-ca.pem"), key).unwrap();
    let instant = |text: &str| {
        let days = moment(text).unix_seconds() / 86_400;
        rcgen::date_time_ymd(1970, 1, 1)
            + Duration::from_secs(86_400 * u64::try_from(days).unwrap())
    };
    let certificate =
        read_sealed(seal).map(|file| SignedData::read(&file.cms).unwrap().leaf().to_vec());
    let certificate = Certificate::from_der(&certificate.unwrap()).unwrap();
    let list = CertificateRevocationListParams {
        this_update: instant("2027-01-02T00:00:00Z"),
        next_update: instant("2028-01-02T00:00:00Z"),
        crl_number: SerialNumber::from(2),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from_slice(certificate.serial()),
            revocation_time: instant("2027-01-01T00:00:00Z"),
            reason_code: Some(reason),
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = Crl::from_der(list.signed_by(&issuer).unwrap().der()).unwrap();
    let store = TrustStore::builder()
        .add_file("root.pem", &read("root.pem"))
        .add_folder_file("issuing-ca.pem", &read("issuing-ca.pem"))
        .add_file("crl.pem", &read("crl.pem"))
        .add_crl(list);
    Arc::new(store.build().unwrap())
}

#[tokio::test]
async fn an_original_outlives_its_revoked_certificate_where_the_vault_can_prove_its_time() {
    let house = House::in_memory(Plan::default());
    let (outside, issued) = (Outside::of(&house), house.ask("1", &first_good(FOOD)).await.unwrap());
    let bare = house.bytes(&issued, Form::SealedPdf).await;
    let desk = |reason, vault: Option<&Arc<dyn Vault>>| Verifying {
        judging: judging(revoking(&bare, reason)),
        vault: vault.cloned(),
        pack: None,
        clock: house.clock.clone(),
        indexes: None,
    };
    let unprotected = desk(RevocationReason::Superseded, Some(&house.vault));
    house.clock.wind("2027-01-03T00:00:00Z");
    assert_eq!(unprotected.file(&bare).await.overall, Overall::Invalid, "nothing proves its time");
    house.clock.wind(NOW);
    assert_eq!(run(&keeper(&house, &outside, 90)).await.raised, 1);
    house.clock.wind("2027-01-03T00:00:00Z");

    for reason in [
        RevocationReason::AffiliationChanged,
        RevocationReason::CessationOfOperation,
        RevocationReason::Superseded,
    ] {
        let verdict = desk(reason, Some(&house.vault)).file(&bare).await;
        assert_eq!(verdict.overall, Overall::Valid, "{reason:?}: {:?}", verdict.findings);
        assert!(verdict.finding("protection.copy").is_some());
        assert_eq!(verdict.file_digest, Some(Digest::of(&bare)));
        assert_eq!(desk(reason, None).file(&bare).await.overall, Overall::Invalid, "no vault");
    }
    // A stolen key counts backwards, for the vault's copy as well.
    for reason in [RevocationReason::KeyCompromise, RevocationReason::CaCompromise] {
        let verdict = desk(reason, Some(&house.vault)).file(&bare).await;
        assert_eq!(verdict.overall, Overall::Invalid, "{reason:?}");
        assert!(verdict.finding("protection.copy").is_none());
    }
    // The vault has to have these very bytes, and they have to be unaltered.
    let other = House::in_memory(Plan::default());
    let twin = other.ask("1", &first_good(FOOD)).await.unwrap();
    assert_eq!(twin.record.id, issued.record.id);
    let twin = other.bytes(&twin, Form::SealedPdf).await;
    assert_ne!(twin, bare, "signatures are random");
    let desk = desk(RevocationReason::Superseded, Some(&house.vault));
    assert_eq!(desk.file(&twin).await.overall, Overall::Invalid);
    let mut altered = bare.clone();
    altered[2_000] ^= 1;
    let verdict = desk.file(&altered).await;
    assert_eq!((verdict.overall, verdict.integrity), (Overall::Invalid, Outcome::Failed));
}

/// While the one thread for work is taken, nothing can be judged but on a thread that serves requests.
#[test]
fn no_file_is_judged_on_a_thread_that_serves_requests() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let house = House::in_memory(Plan::default());
        let outside = Outside::of(&house);
        let issued = house.ask("1", &first_good(FOOD)).await.unwrap();
        run(&keeper(&house, &outside, 90)).await;
        let id = &issued.record.id;
        let whole = house.licenses.download(&house.client, id, Form::SealedPdf).await.unwrap();
        let ecert = house.bytes(&issued, Form::Ecert).await;

        let (done, wait) = std::sync::mpsc::channel::<()>();
        let taken = tokio::task::spawn_blocking(move || wait.recv());
        for (what, file) in [("protected", &whole[..]), ("e-certificate", &ecert)] {
            tokio::select! {
                biased;
                verdict = house.verify.file(file) => panic!("{what}: {:?}", verdict.overall),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
        tokio::select! {
            biased;
            verdict = house.verify.id(id) => panic!("{:?}", verdict.overall),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
        done.send(()).unwrap();
        taken.await.unwrap().unwrap();
        assert_eq!(house.verify.file(&whole).await.overall, Overall::Valid);
    });
}

#[tokio::test]
async fn nothing_is_kept_that_the_judge_does_not_find_protected() {
    let house = House::in_memory(Plan::default());
    let (outside, issued) = (Outside::of(&house), house.ask("1", &first_good(FOOD)).await.unwrap());
    outside.be(Mood::Lying);
    let keeper = keeper(&house, &outside, 90);
    let round = run(&keeper).await;
    assert_eq!((round.due, round.raised), (1, 0));
    assert_eq!(round.beyond.keys().collect::<Vec<_>>(), [&"timestamp.document"], "{round:?}");
    assert_eq!(house.vault.protections(&issued.record.id).await.unwrap(), []);
    outside.be(Mood::Well);
    assert_eq!(run(&keeper).await.raised, 1);
}

#[tokio::test]
async fn while_others_fail_everything_stays_due() {
    let house = House::in_memory(Plan::default());
    let outside = Outside::of(&house);
    for key in 0..5 {
        let mut body = support::good(FOOD).swap_remove(key);
        body["issued_on"] = "2026-11-20".into();
        house.ask(&key.to_string(), &body).await.unwrap();
    }
    let keeper = keeper(&house, &outside, 90);
    for (mood, code, cut_short) in
        [(Mood::Down, "remote.timeout", true), (Mood::Silent, "remote.refused", false)]
    {
        outside.be(mood);
        let round = run(&keeper).await;
        assert_eq!((round.raised, round.cut_short, round.next), (0, cut_short, 0), "{mood:?}");
        assert_eq!(round.failed.keys().collect::<Vec<_>>(), [&code], "{mood:?}");
        assert_eq!(keeper.tally.last_fault(), Some(code));
    }
    outside.be(Mood::Well);
    // Told to stop before it begins, it begins nothing and says so.
    let (_told, stop) = watch::channel(true);
    let round = keeper.run(&stop, &mut |_, _| {}).await.unwrap();
    assert_eq!((round.raised, round.cut_short), (0, true));
    let round = run(&keeper).await;
    assert_eq!((round.due, round.raised, round.next), (5, 5, 5), "{round:?}");
    assert_eq!(keeper.tally.last_fault(), None);
}

#[tokio::test]
async fn an_authority_that_ends_soon_is_asked_again_once_an_hour_and_forgotten_at_its_end() {
    let house = House::in_memory(Plan::default());
    let (outside, _) = (Outside::of(&house), house.ask("1", &first_good(FOOD)).await.unwrap());
    // The sealing certificate ends within fifty years, and so does that of the authority.
    let keeper = keeper(&house, &outside, 50 * 365);
    run(&keeper).await;
    let asked = |outside: &Outside| outside.stamped.load(Ordering::SeqCst);
    let first = asked(&outside);
    run(&keeper).await;
    assert_eq!(asked(&outside), first, "what is known serves for a while");
    house.clock.wind("2026-12-01T10:30:00Z");
    run(&keeper).await;
    assert_eq!(asked(&outside), first + 1, "whether its certificate was renewed is asked");
    run(&keeper).await;
    assert_eq!(asked(&outside), first + 1);
    house.clock.wind("2126-01-01T00:00:00Z");
    let wanted = Moment::from_unix_seconds(0);
    assert_eq!(keeper.protect.authority_ends(wanted), None, "its certificate has ended");
}

#[tokio::test]
async fn a_file_is_not_stamped_again_where_nothing_is_gained() {
    let house = House::in_memory(Plan::default());
    let (outside, issued) = (Outside::of(&house), house.ask("1", &first_good(FOOD)).await.unwrap());
    run(&keeper(&house, &outside, 90)).await;
    // Everything ends within fifty years, and the same authority ends when it ends.
    for _ in 0..2 {
        let round = run(&keeper(&house, &outside, 50 * 365)).await;
        assert_eq!((round.raised, round.failed.len(), round.beyond.len()), (0, 0, 0), "{round:?}");
    }
    assert_eq!(house.vault.protections(&issued.record.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_ended_before_it_was_protected_is_beyond_help_and_holds_up_nobody() {
    let house = House::in_memory(Plan::default());
    let outside = Outside::of(&house);
    house.ask("1", &first_good(FOOD)).await.unwrap();
    // The sealing certificate ends in 2031, that of the authority in 2036.
    house.clock.wind("2033-01-01T00:00:00Z");
    let round = run(&keeper(&house, &outside, 90)).await;
    assert_eq!((round.due, round.raised, round.failed.len(), round.next), (1, 0, 0, 1));
    assert_eq!(round.beyond.values().sum::<u64>(), 1, "{round:?}");
}

#[tokio::test]
async fn a_seal_has_its_time_stamp_or_goes_without_and_is_no_larger_for_it() {
    let plain = House::in_memory(Plan::default());
    let issued = plain.ask("1", &first_good(FOOD)).await.unwrap();
    let size = plain.bytes(&issued, Form::SealedPdf).await.len();

    for (mood, level) in [(Mood::Down, Level::BB), (Mood::Well, Level::BT)] {
        let outside = Outside::at(Arc::new(HandClock::new(NOW)));
        outside.be(mood);
        let stamping = Stamping { source: outside.clone(), deadline: Duration::from_secs(5) };
        let house = House::in_memory(Plan { stamping: Some(stamping), ..Plan::default() });
        let issued = house.ask("1", &first_good(FOOD)).await.unwrap();
        let sealed = issued.record.sealed.unwrap();
        assert_eq!((sealed.level, sealed.proven_at.is_some()), (level, level > Level::BB));
        let pdf = house.bytes(&issued, Form::SealedPdf).await;
        // Signatures and what is compressed differ by a few bytes from run to run.
        let larger = pdf.len() > size + 64;
        assert_eq!(larger, mood == Mood::Well, "{} and {size}", pdf.len());
        let verdict = house.verify.file(&pdf).await;
        assert_eq!(verdict.overall, Overall::Valid, "{mood:?}");
        let reached = verdict.protection.unwrap();
        assert!(reached.level >= sealed.level, "{mood:?}");
        assert_eq!(reached.proven_at, sealed.proven_at, "{mood:?}");
        // What is missing is made up.
        outside.be(Mood::Well);
        assert_eq!(run(&keeper(&house, &outside, 90)).await.raised, 1, "{mood:?}");
    }
}

#[tokio::test]
async fn in_the_background_it_works_until_it_is_told_to_stop() {
    let house = House::in_memory(Plan::default());
    let outside = Outside::of(&house);
    let keeper = keeper(&house, &outside, 90);
    let (told, stop) = watch::channel(false);
    let working = tokio::spawn(keeper.clone().keep_on(Duration::from_millis(20), stop));
    let issued = house.ask("1", &first_good(FOOD)).await.unwrap();
    let mut waited = 0;
    while house.vault.protections(&issued.record.id).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        waited += 1;
        assert!(waited < 1_000, "nothing was protected");
    }
    told.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(10), working).await.unwrap().unwrap();
}
