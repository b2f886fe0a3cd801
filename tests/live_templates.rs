//! A new edition, a mended template and a broken one, before a server that does not stop: a real program on a real
//! socket, its templates changed under it while somebody issues without a pause.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use zhengku::service::workshop::{Refreshed, Workbench, Workshop};
use zhengku::vault::TemplateFolder;

/// 食品经营许可证.
const FOOD: &str = "11990000MD0000008F002";
/// The token of the issuing system that every development server has.
const TOKEN: &str = "DEV-issuing-system";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A server over templates of its own, which ends with the test.
struct Server {
    folder: tempfile::TempDir,
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let templates = folder.path().join("templates");
        fs::create_dir_all(templates.join("types")).unwrap();
        for name in ["authorities.toml", "divisions.toml", "fonts.toml"] {
            fs::copy(root().join("templates").join(name), templates.join(name)).unwrap();
        }
        copy(&root().join("templates/types").join(FOOD), &templates.join("types").join(FOOD));
        let config = folder.path().join("zhengku.toml");
        let seals = root().join("keys-dev");
        let text = format!(
            "mode = \"development\"\ntemplates_dir = \"templates\"\ndata_dir = \"data\"\n\
             templates_poll_seconds = 1\nseals_dir = \"{0}/seals\"\ntrust = [\"{0}\"]\n",
            seals.display()
        );
        fs::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_zhengku"))
            .current_dir(root())
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map(Result::unwrap);
        let address =
            lines.find_map(|line| Some(line.strip_prefix("listening on http://")?.to_owned()));
        Self { folder, child, address: address.expect("the server came up") }
    }

    fn types(&self) -> PathBuf {
        self.folder.path().join("templates/types")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// One request on a connection of its own: status and body.
    fn ask(&self, head: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn issue(&self, key: &str, body: &Value) -> (u16, Value) {
        let headers = format!("Content-Type: application/json\r\nIdempotency-Key: {key}\r\n");
        self.ask("POST /api/v1/licenses", &headers, &body.to_string())
    }

    fn edition(&self) -> Value {
        let (status, body) = self.ask(&format!("GET /api/v1/license-types/{FOOD}"), "", "");
        assert_eq!(status, 200);
        body["edition"].clone()
    }

    /// The word of `/health/ready` on the templates; the server is ready whatever it says.
    fn templates(&self) -> String {
        let (status, body) = self.ask("GET /health/ready", "", "");
        assert_eq!(status, 200, "{body}");
        let parts = body["parts"].as_array().unwrap().clone();
        let part = parts.into_iter().find(|part| part["part"] == "templates").unwrap();
        part["status"].as_str().unwrap().to_owned()
    }

    /// Waits until the templates on disk and those in force are `word`, or the edition is `edition`.
    #[track_caller]
    fn wait(&self, what: &str, reached: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(90);
        while !reached() {
            assert!(Instant::now() < until, "{what} did not come\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from:?} does not stand in {}", file.display());
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// The workshop alone: what is in force is one state or the next, never half of one.
#[test]
fn a_state_is_taken_when_it_is_found_twice_and_whoever_began_before_keeps_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let types = folder.path().join("types");
    for name in ["authorities.toml", "divisions.toml", "fonts.toml"] {
        fs::copy(root().join("templates").join(name), folder.path().join(name)).unwrap();
    }
    for code in [FOOD, "11990000MD0000008F005"] {
        copy(&root().join("templates/types").join(code), &types.join(code));
    }
    let workshop = Workshop::open(Arc::new(TemplateFolder::new(folder.path()))).unwrap();
    let name = |bench: &Workbench| {
        let catalogue = bench.catalogue();
        catalogue.newest().find(|known| known.code.as_str() == FOOD).unwrap().name.clone()
    };
    assert_eq!(workshop.refresh(), Refreshed::Unchanged);

    let began = workshop.bench();
    let file = types.join(FOOD).join("type.toml");
    edit(&file, "name = \"食品经营许可证\"", "name = \"食品许可证\"");
    assert_eq!(workshop.refresh(), Refreshed::Settling);
    // Still being written: another state than the one just seen.
    edit(&file, "name = \"食品许可证\"", "name = \"食品证\"");
    assert_eq!(workshop.refresh(), Refreshed::Settling);
    assert_eq!(name(&workshop.bench()), "食品经营许可证");
    assert_eq!(workshop.refresh(), Refreshed::Replaced { compiled: 1 });
    assert_eq!(name(&workshop.bench()), "食品证");
    // A request that began before goes on with what it has.
    assert_eq!(name(&began), "食品经营许可证");

    // What a license may have been made by is not taken away: neither a field nor a folder.
    let sound = fs::read_to_string(&file).unwrap();
    let faults = |expected: &str| {
        assert_eq!(workshop.refresh(), Refreshed::Settling);
        let Refreshed::Refused(faults) = workshop.refresh() else {
            panic!("not refused: {expected}")
        };
        let told = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(told.contains(expected), "{told}");
        // Told once, and remembered for whoever asks.
        assert_eq!(workshop.refresh(), Refreshed::Unchanged);
        assert_eq!(workshop.faults(), faults);
        assert_eq!(name(&workshop.bench()), "食品证");
    };
    let face = types.join(FOOD).join("face.toml");
    let sound_face = fs::read_to_string(&face).unwrap();
    edit(&file, "code = \"KZ_TSJBDH\"", "code = \"KZ_TSDH\"");
    fs::write(&face, sound_face.replace("\"KZ_TSJBDH\"", "\"KZ_TSDH\"")).unwrap();
    faults("has lost its field `KZ_TSJBDH`");
    fs::write(&file, &sound).unwrap();
    fs::write(&face, &sound_face).unwrap();
    assert_eq!(workshop.refresh(), Refreshed::Unchanged);
    assert_eq!(workshop.faults(), []);
    fs::rename(types.join("11990000MD0000008F005"), folder.path().join("away")).unwrap();
    faults("edition 1 is gone");
    fs::rename(folder.path().join("away"), types.join("11990000MD0000008F005")).unwrap();
    copy(&types.join(FOOD), &types.join("again"));
    faults("stands in two folders");
    fs::remove_dir_all(types.join("again")).unwrap();
    // A folder that is there and not yet whole.
    fs::create_dir(types.join("half")).unwrap();
    faults("type.toml");
    fs::remove_dir(types.join("half")).unwrap();
    fs::remove_file(folder.path().join("authorities.toml")).unwrap();
    faults("authorities.toml");
}

/// Ends the busy thread even where the test fails.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_new_edition_comes_into_force_under_a_server_that_goes_on_issuing() {
    let server = Server::start();
    let path = root().join(format!("fixtures/submissions/good/{FOOD}.jsonl"));
    let text = fs::read_to_string(path).unwrap();
    let good: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (status, first) = server.issue("first", &good[0]);
    assert_eq!(status, 201, "{first}");

    // Somebody issues all the while: the same few licenses, each repeated under its key, and a refused body, which
    // is read and drawn each time.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stopped = Stop(&stop);
        let busy = scope.spawn(|| {
            let mut wrong = good[1].clone();
            wrong["face"]["KZ_ZTYT"] = Value::from("无此业态");
            let mut count = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(server.issue("wrong", &wrong).0, 422);
                assert_eq!(server.issue("first", &good[0]).0, 201);
                count += 1;
            }
            count
        });

        // A new edition is a folder of its own.
        let folder = server.types().join("second-edition");
        copy(&server.types().join(FOOD), &folder);
        edit(&folder.join("type.toml"), "edition = 1", "edition = 2");
        edit(&folder.join("type.toml"), "\"2023-12-01\"", "\"2023-12-02\"");
        edit(
            &folder.join("type.toml"),
            "name = \"食品经营许可证\"",
            "name = \"食品经营许可证（二版）\"",
        );
        server.wait("the second edition", || server.edition() == 2);
        assert_eq!(server.templates(), "ok");
        assert!(
            server.log().contains("\"compiled\":1"),
            "only what is new is compiled\n{}",
            server.log()
        );

        let (status, second) = server.issue("second", &good[2]);
        assert_eq!(status, 201, "{second}");
        let describe = |answer: &Value| {
            let id = answer["license_id"].as_str().unwrap();
            let (status, body) = server.ask(&format!("GET /api/v1/licenses/{id}"), "", "");
            assert_eq!(status, 200, "{body}");
            body["license_type"]["name"].as_str().unwrap().to_owned()
        };
        // What was made by the first edition is shown by it.
        assert_eq!(describe(&first), "食品经营许可证");
        assert_eq!(describe(&second), "食品经营许可证（二版）");
        // The judge has heard of it, too.
        let asked = format!("{{\"license_id\": {}}}", second["license_id"]);
        let headers = "Content-Type: application/json\r\n";
        let (status, verdict) = server.ask("POST /api/v1/verifications", headers, &asked);
        assert_eq!(status, 200, "{verdict}");
        assert_eq!(verdict["license"]["type_name"], "食品经营许可证（二版）");

        // A broken edition changes nothing but what health says.
        let face = folder.join("face.toml");
        let sound = fs::read_to_string(&face).unwrap();
        fs::write(&face, sound.replace("kind = \"seal\"", "kind = \"star\"")).unwrap();
        server.wait("the refusal", || server.templates() == "outdated");
        assert!(server.log().contains("types/second-edition face.toml"), "{}", server.log());
        assert_eq!(server.edition(), 2);
        let (status, third) = server.issue("third", &good[3]);
        assert_eq!(status, 201, "{third}");
        fs::write(&face, &sound).unwrap();
        server.wait("the mended state", || server.templates() == "ok");

        // Licenses were made by it, so it cannot be taken away.
        fs::remove_dir_all(&folder).unwrap();
        server.wait("the second refusal", || server.templates() == "outdated");
        assert!(server.log().contains("edition 2 is gone"), "{}", server.log());
        assert_eq!(describe(&second), "食品经营许可证（二版）");
        drop(stopped);
        assert!(busy.join().unwrap() > 5);
    });
}
