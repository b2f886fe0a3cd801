//! What we promise about speed, as ratios to the raw primitive measured in the same run.
//!
//! Figures are per second of processor time of the whole process, user and system, because wall time on a
//! shared machine says more about its other users. Every promise stands beside the primitive it is held
//! against. Run with `cargo bench`; figures of the project's own machine stand in `docs/performance.md`.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]
#![expect(
    clippy::as_conversions,
    reason = "counts become ratios; what a float cannot hold is lost"
)]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zhengku::crypto::{BlindIndexKey, Digest, KeySigner, Secret, SeededRandom, Signer, verify_raw};
use zhengku::domain::{AuthorityCode, LicenseKey, Moment, Validity, VersionNo};
use zhengku::ecert::Statement;
use zhengku::judge::{Overall, VaultFact};
use zhengku::keys::KeyRing;
use zhengku::pki::{PathCache, TrustStore};
use zhengku::service::desks::{IssueDesk, IssuingSystem};
use zhengku::service::issue::{Indexes, Issuing};
use zhengku::service::ports::{Clock, Form, NoStepWatch, Vault};
use zhengku::service::sealing::Sealing;
use zhengku::service::turns::Turns;
use zhengku::service::verify::Judging;
use zhengku::service::workshop::Workshop;
use zhengku::vault::{MemoryVault, OpenMode, SqliteVault, TemplateFolder};

/// How long each measurement goes on, in processor time.
const LONG_ENOUGH: Duration = Duration::from_millis(1_500);
/// Requests under way at once where many are.
const IN_FLIGHT: usize = 32;
/// Licenses of the run whose memory is measured.
const MANY: usize = 10_000;
/// Licenses issued for each number of workers.
const CORES_ROUND: usize = 2_000;

fn main() {
    let house = House::open();
    println!("processor time of the whole process; higher is better, 1.0 is the raw primitive\n");
    let raw = Raw::measure();
    raw.print();

    let p256 = house.body("11990000MD0000008F001", 12);
    let rsa = house.body("11990000MD0000008F010", 12);
    let chosen = Chosen::by_arguments();
    // First, while nothing else has taken memory.
    if chosen.has("durable") {
        durably(&house, &raw, &p256);
    }
    if chosen.has("memory") {
        in_memory(&house, &raw, &p256, &rsa);
    }
    if chosen.has("cores") {
        cores(&house, &p256);
    }
    if chosen.has("sizes") {
        sizes(&house);
    }
    if chosen.has("verify") {
        verifying(&house, &raw, &p256);
    }
}

/// Which measurements were asked for: those named behind `cargo bench --bench throughput --`, or all.
struct Chosen(Vec<String>);

impl Chosen {
    fn by_arguments() -> Self {
        Self(std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect())
    }

    fn has(&self, section: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|word| word == section)
    }
}

fn in_memory(house: &House, raw: &Raw, p256: &Body, rsa: &Body) {
    let made = issue_in_memory(house, p256);
    report("issue in memory, P-256", made, raw.sign, 0.05, "raw sign");
    let made = issue_in_memory(house, rsa);
    report("issue in memory, RSA-2048", made, raw.rsa_sign, 0.6, "raw RSA sign");
    for (key, body) in [("P-256", p256), ("RSA-2048", rsa)] {
        let (pdf, ecert) = house.one(body);
        println!("  {key}: sealed PDF {} bytes, e-certificate {} bytes", pdf.len(), ecert.len());
    }
}

fn durably(house: &House, raw: &Raw, p256: &Body) {
    let durable = issue_durably(house, p256);
    let Durable { per_second, bytes, wall, peak } = durable;
    report("issue durably, SQLite and objects", per_second, raw.sign, 0.035, "raw sign");
    let floor = 1.0 / (1.0 / raw.sign + bytes * raw.sha_per_byte + bytes * raw.write_per_byte);
    report("  score", per_second, floor, 0.25, "floor for these bytes");
    println!(
        "  {bytes:.0} bytes a license, {wall:.0} licenses a second of wall time, {IN_FLIGHT} in flight"
    );
    let (before, after) = peak;
    println!(
        "  peak memory {after} MB for {MANY} licenses in one run (promise 300 MB); {before} MB before the first"
    );
}

fn verifying(house: &House, raw: &Raw, p256: &Body) {
    let (pdf, ecert) = house.one(p256);
    let size = pdf.len() as f64;
    let cached = verify(house, &pdf, true);
    let floor = 1.0 / (1.0 / raw.verify + size * raw.sha_per_byte);
    report("verify a sealed PDF, chain cached", cached, floor, 0.8, "floor");
    let cold = verify(house, &pdf, false);
    let floor = 1.0 / (3.0 / raw.verify + size * raw.sha_per_byte);
    report("verify a sealed PDF, chain cold", cold, floor, 0.75, "floor");
    let cached = verify(house, &ecert, true);
    report("verify an e-certificate, chain cached", cached, raw.verify, 0.6, "raw verify");
    let (square, judging, at) = (house.square(), house.judging(), now());
    let cached = per_second(|| {
        let verdict = judging.examine_square(&square, at).conclude(VaultFact::NotAsked, at);
        assert_eq!(verdict.overall, Overall::Valid);
    });
    report("verify a QR square, chain cached", cached, raw.verify, 0.7, "raw verify");
}

/// Wall time with one worker and with as many as there are cores. On a busy machine the gain is smaller than the
/// program's own.
fn cores(house: &House, body: &Body) {
    let all = std::thread::available_parallelism().unwrap().get();
    let mut alone = 0.0;
    for workers in [1, all] {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(workers).build().unwrap();
        let desk = Arc::new(house.desk(Arc::new(MemoryVault::new())));
        let started = Instant::now();
        runtime.block_on(issue_many(&desk, house, body, CORES_ROUND));
        let wall = CORES_ROUND as f64 / started.elapsed().as_secs_f64();
        if workers == 1 {
            alone = wall;
        }
        println!(
            "issue in memory on {workers} worker(s)         {wall:>9.0} licenses a second of wall time, {:.2} of one",
            wall / alone
        );
    }
}

/// Issues so many, as many at once as in the other measurements, and gives the bytes of all.
async fn issue_many(desk: &Arc<Issuing>, house: &House, body: &Body, count: usize) -> f64 {
    let permits = Arc::new(tokio::sync::Semaphore::new(IN_FLIGHT));
    let mut tasks = std::collections::VecDeque::new();
    let mut bytes = 0.0;
    for _ in 0..count {
        if tasks.len() >= IN_FLIGHT * 2 {
            let task: tokio::task::JoinHandle<f64> = tasks.pop_front().unwrap();
            bytes += task.await.unwrap();
        }
        let (key, text) = body.next();
        let (desk, client, permits) = (Arc::clone(desk), house.client(), Arc::clone(&permits));
        tasks.push_back(tokio::spawn(async move {
            let _permit = permits.acquire_owned().await.unwrap();
            let issued = desk.issue(&client, &key, text.as_bytes()).await.unwrap();
            issued.record.forms.iter().map(|form| form.size_bytes as f64).sum::<f64>()
        }));
    }
    for task in tasks {
        bytes += task.await.unwrap();
    }
    bytes
}

/// The sizes of the sealed PDF of every good submission.
fn sizes(house: &House) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let folder = root().join("fixtures/submissions/good");
    let (mut one_page, mut several) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let lines = fs::read_to_string(&path).unwrap();
        let vault = Arc::new(MemoryVault::new());
        let desk = house.desk(vault.clone());
        for (number, line) in lines.lines().enumerate() {
            let pdf = runtime.block_on(async {
                let key = format!("sizes-{number}");
                let issued = desk.issue(&house.client(), &key, line.as_bytes()).await.unwrap();
                let form = issued.record.forms.iter().find(|form| form.form == Form::SealedPdf);
                vault.object(form.unwrap()).await.unwrap().unwrap()
            });
            let pages = pdf.windows(12).filter(|window| window == b"/Type/Page/P").count();
            let place = path.file_stem().unwrap().to_string_lossy().into_owned();
            let list = if pages == 1 { &mut one_page } else { &mut several };
            list.push((pdf.len(), format!("{place}, line {}", number + 1)));
        }
    }
    for (what, list) in [("of one page", &mut one_page), ("of several pages", &mut several)] {
        list.sort();
        if let Some((largest, place)) = list.last() {
            let median = list[list.len() / 2].0;
            println!(
                "sealed PDF {what}: {} fixtures, median {median} bytes, largest {largest} ({place})",
                list.len()
            );
        }
    }
    let over = one_page.iter().filter(|(size, _)| *size > 100_000).count();
    println!("  {over} of one page above 100 000 bytes (promise: none)");
}

fn report(what: &str, per_second: f64, against: f64, promise: f64, primitive: &str) {
    let ratio = per_second / against;
    println!("{what:<40} {per_second:>9.0}/s  {ratio:>7.4} of {primitive} (promise {promise})");
}

/// The raw primitives, per second of processor time or in seconds per byte.
struct Raw {
    sign: f64,
    verify: f64,
    rsa_sign: f64,
    sha_per_byte: f64,
    write_per_byte: f64,
}

impl Raw {
    fn measure() -> Self {
        let seals = root().join("keys-dev").join("seals");
        let key = |code: &str| {
            let path = seals.join(format!("{code}.key.pem"));
            KeySigner::from_pkcs8_pem(&fs::read_to_string(path).unwrap()).unwrap()
        };
        let p256 = key("11990000MD1000018N");
        let message = [7; 300];
        let signature = p256.sign(&message).unwrap();
        let sign = per_second(|| drop(p256.sign(&message).unwrap()));
        let verify = per_second(|| {
            verify_raw(p256.suite(), p256.public_key(), &message, signature.raw()).unwrap();
        });
        let rsa = key("11990000MD1000077R");
        let rsa_sign = per_second(|| drop(rsa.sign(&message).unwrap()));
        let block = vec![7; 80_000];
        let sha = per_second(|| {
            std::hint::black_box(Digest::of(&block));
        });
        let write = write_per_second(&block);
        Self {
            sign,
            verify,
            rsa_sign,
            sha_per_byte: 1.0 / (sha * block.len() as f64),
            write_per_byte: 1.0 / (write * block.len() as f64),
        }
    }

    fn print(&self) {
        println!("raw P-256 sign      {:>9.0}/s", self.sign);
        println!("raw P-256 verify    {:>9.0}/s", self.verify);
        println!("raw RSA-2048 sign   {:>9.0}/s", self.rsa_sign);
        println!("SHA-256             {:>9.0} MB/s", 1e-6 / self.sha_per_byte);
        println!(
            "append, fdatasync a 64 documents {:>6.0} MB/s of processor time\n",
            1e-6 / self.write_per_byte
        );
    }
}

/// Documents appended to one file, with a durable write after every 64.
fn write_per_second(document: &[u8]) -> f64 {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let mut file = File::create(folder.path().join("append")).unwrap();
    let before = processor_time();
    let mut written = 0.0;
    while processor_time() - before < Duration::from_millis(600) {
        for _ in 0..64 {
            file.write_all(document).unwrap();
            written += 1.0;
        }
        file.sync_data().unwrap();
    }
    written / (processor_time() - before).as_secs_f64()
}

fn per_second(mut work: impl FnMut()) -> f64 {
    // Warm: caches filled, memory mapped.
    (0..20).for_each(|_| work());
    let (before, mut done) = (processor_time(), 0.0);
    loop {
        (0..50).for_each(|_| work());
        done += 50.0;
        let spent = processor_time() - before;
        if spent >= LONG_ENOUGH {
            return done / spent.as_secs_f64();
        }
    }
}

/// User and system time of this process, all threads, in steps of a hundredth of a second.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program stands in brackets and may hold blanks; the fields behind it do not.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 =
        [11, 12].iter().map(|place: &usize| fields[*place].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn issue_in_memory(house: &House, body: &Body) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let desk = house.desk(Arc::new(MemoryVault::new()));
    let client = house.client();
    per_second(|| {
        let (key, text) = body.next();
        runtime.block_on(desk.issue(&client, &key, text.as_bytes())).unwrap();
    })
}

/// What issuing into a vault on disk came to.
struct Durable {
    /// Licenses a second of processor time.
    per_second: f64,
    /// Bytes of one.
    bytes: f64,
    /// Licenses a second of wall time.
    wall: f64,
    /// The most memory the process had before and while issuing, in MB.
    peak: (u64, u64),
}

fn issue_durably(house: &House, body: &Body) -> Durable {
    let folder = tempfile::tempdir_in(root().join("target")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let data = folder.path().join("data");
        let vault = SqliteVault::open(&data, OpenMode::ReadWrite, Arc::new(NoStepWatch), now());
        let vault = Arc::new(vault.await.unwrap());
        let desk = Arc::new(house.desk(vault.clone()));
        // From here on the kernel notes the peak anew.
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let resting = peak_megabytes();
        let (before, started) = (processor_time(), Instant::now());
        let bytes = issue_many(&desk, house, body, MANY).await;
        let spent = (processor_time() - before).as_secs_f64();
        let wall = MANY as f64 / started.elapsed().as_secs_f64();
        let peak = (resting, peak_megabytes());
        vault.close().await;
        Durable { per_second: MANY as f64 / spent, bytes: bytes / MANY as f64, wall, peak }
    })
}

/// The most memory this process has had in hand (`VmHWM`).
fn peak_megabytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn verify(house: &House, file: &[u8], cached: bool) -> f64 {
    let mut judging = house.judging();
    let at = now();
    per_second(|| {
        if !cached {
            judging.paths = PathCache::new(16);
        }
        let verdict = judging.examine(file, at).conclude(VaultFact::NotAsked, at);
        assert_eq!(verdict.overall, Overall::Valid);
    })
}

/// Submissions that differ in their license number, so that each is a license of its own.
struct Body {
    text: String,
    number: String,
    counter: AtomicU64,
}

impl Body {
    /// The next submission and its idempotency key.
    fn next(&self) -> (String, String) {
        let count = self.counter.fetch_add(1, Ordering::Relaxed);
        let number = if self.number.starts_with('J') {
            format!("J990100-2026-{:06}", count % 1_000_000)
        } else {
            credit_code(count)
        };
        (format!("bench-{count}"), self.text.replace(&self.number, &number))
    }
}

/// A unified social credit code of the region 990000 with this number in it.
fn credit_code(count: u64) -> String {
    use zhengku::domain::check_char;
    let body = format!("MA{:06}", count % 1_000_000);
    let inner = check_char::organization_code(body.as_bytes()).unwrap();
    let head = format!("91{:06}{body}{inner}", 990_000 + count / 1_000_000);
    let last = check_char::credit_code(head.as_bytes()).unwrap();
    format!("{head}{last}")
}

struct House {
    workshop: Arc<Workshop>,
    keys: Arc<KeyRing>,
    trust: Arc<TrustStore>,
}

impl House {
    fn open() -> Self {
        let workshop = Workshop::open(Arc::new(TemplateFolder::new(&root().join("templates"))));
        let workshop = Arc::new(workshop.unwrap_or_else(|faults| panic!("{faults:?}")));
        let keys = KeyRing::load(&root().join("keys-dev").join("seals"));
        let keys = Arc::new(keys.unwrap_or_else(|faults| panic!("{faults:?}")));
        let mut builder = TrustStore::builder();
        for name in ["root.pem", "crl.pem"] {
            let text = fs::read_to_string(root().join("keys-dev").join(name)).unwrap();
            builder = builder.add_file(name, &text);
        }
        let trust = builder.build().unwrap_or_else(|faults| panic!("{faults:?}"));
        Self { workshop, keys, trust: Arc::new(trust) }
    }

    /// The text of a square as licenses of the P-256 type have it.
    fn square(&self) -> String {
        let authority: AuthorityCode = "11990000MD1000018N".parse().unwrap();
        let key = self.keys.get(&authority).unwrap();
        let code = "11990000MD0000008F002".parse().unwrap();
        let license = LicenseKey::new(code, &authority, "20260123456789AB").unwrap();
        let issued_on = "2026-01-05".parse().unwrap();
        let statement = Statement {
            license_id: license.version(VersionNo::FIRST),
            issued_on,
            validity: Validity::new(issued_on, Some("2030-12-31".parse().unwrap())).unwrap(),
            content: [7; 16],
            holder: "示例市滨江区春和餐饮有限公司".to_owned(),
            license_number: "JY29901010000017".to_owned(),
            signed_at: now(),
        };
        statement.sign(key.certificate().der(), key.signer()).unwrap()
    }

    fn client(&self) -> IssuingSystem {
        let catalogue = self.workshop.catalogue();
        let authorities: Vec<AuthorityCode> =
            catalogue.authorities().map(|authority| authority.code.clone()).collect();
        IssuingSystem { name: "bench".to_owned(), authorities }
    }

    fn desk(&self, vault: Arc<dyn Vault>) -> Issuing {
        Issuing {
            workshop: Arc::clone(&self.workshop),
            sealing: Sealing::new(self.keys.clone(), Arc::clone(&self.trust)),
            vault,
            clock: Arc::new(Noon),
            random: Arc::new(SeededRandom::new(7)),
            watch: Arc::new(NoStepWatch),
            indexes: Arc::new(Indexes::new(BlindIndexKey::new(&Secret::new([7; 32])))),
            public_url: "https://zhengku.example".to_owned(),
            stamping: None,
            judging: Arc::new(self.judging()),
            turns: Turns::default(),
        }
    }

    fn judging(&self) -> Judging {
        Judging {
            trust: Arc::clone(&self.trust),
            paths: PathCache::new(16),
            signers: Some(self.keys.clone()),
            catalogue: self.workshop.clone(),
            development: true,
        }
    }

    /// A line of the good fixtures of a type.
    fn body(&self, type_code: &str, line: usize) -> Body {
        let path = format!("fixtures/submissions/good/{type_code}.jsonl");
        let text = fs::read_to_string(root().join(path)).unwrap();
        let text = text.lines().nth(line).unwrap().to_owned();
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        let number = parsed["license_number"].as_str().unwrap().to_owned();
        Body { text, number, counter: AtomicU64::new(1) }
    }

    /// One sealed PDF and its e-certificate.
    fn one(&self, body: &Body) -> (Vec<u8>, Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let vault = Arc::new(MemoryVault::new());
        let desk = self.desk(vault.clone());
        let (key, text) = body.next();
        runtime.block_on(async {
            let issued = desk.issue(&self.client(), &key, text.as_bytes()).await.unwrap();
            let mut bytes = Vec::new();
            for form in &issued.record.forms {
                bytes.push((form.form, vault.object(form).await.unwrap().unwrap()));
            }
            let take = |wanted| bytes.iter().find(|(form, _)| *form == wanted).unwrap().1.clone();
            (take(Form::SealedPdf), take(Form::Ecert))
        })
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn now() -> Moment {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Moment {
        now()
    }
}
