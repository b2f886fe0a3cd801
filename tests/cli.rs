//! The program itself, as a person at a terminal or a script meets it: what it says and its exit codes, 0 yes,
//! 1 no, 2 could not.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

/// 食品经营许可证: its licenses end, which expiry needs.
const FOOD: &str = "11990000MD0000008F002";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zhengku"));
    command.current_dir(root()).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    command
}

/// What a command came to.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    /// Holds the exit code and that nothing panicked.
    #[track_caller]
    fn code(self, expected: i32) -> Self {
        let Self { code, out, err } = &self;
        assert_eq!(*code, expected, "\n--- out\n{out}\n--- err\n{err}");
        assert!(!err.contains("panicked"), "{err}");
        self
    }

    #[track_caller]
    fn says(self, words: &[&str]) -> Self {
        let all = format!("{}\n{}", self.out, self.err);
        for word in words {
            assert!(all.contains(word), "{word:?} is not said in\n{all}");
        }
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

fn run<A: AsRef<std::ffi::OsStr>>(args: &[A]) -> Done {
    let done = program().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = done.status.code().unwrap_or_else(|| panic!("{}", done.status));
    Done { code, out: text(done.stdout), err: text(done.stderr) }
}

/// `run`, with paths and words side by side.
macro_rules! run {
    ($($arg:expr),+ $(,)?) => {
        run(&[$(AsRef::<std::ffi::OsStr>::as_ref(&$arg)),+])
    };
}

fn first_good(type_code: &str) -> Value {
    good(type_code).swap_remove(0)
}

fn good(type_code: &str) -> Vec<Value> {
    let path = root().join(format!("fixtures/submissions/good/{type_code}.jsonl"));
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A vault with one license in it, and both forms of it beside the vault.
struct Stock {
    folder: TempDir,
    id: String,
    pdf: PathBuf,
    ecert: PathBuf,
    valid_to: String,
}

impl Stock {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn stock() -> &'static Stock {
    static STOCK: OnceLock<Stock> = OnceLock::new();
    STOCK.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (data, out) = (folder.path().join("data"), folder.path().join("out"));
        // The one with the latest end, so that it is still in force for some years.
        let ends = |body: &Value| body["valid_to"].as_str().unwrap_or_default().to_owned();
        let body = good(FOOD).into_iter().max_by_key(ends).unwrap();
        let valid_to = ends(&body);
        let file = folder.path().join("submission.json");
        fs::write(&file, body.to_string()).unwrap();
        let done = run!("issue", file, "--data-dir", data, "--out", out, "--json").code(0);
        let id = done.json()["license_id"].as_str().unwrap().to_owned();
        let pdf = out.join(format!("{id}.pdf"));
        let ecert = out.join(format!("{id}.ecert.txt"));
        Stock { folder, id, pdf, ecert, valid_to }
    })
}

#[test]
fn every_command_shows_an_example() {
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = open.pop() {
        let mut args = command.clone();
        args.push("--help".to_owned());
        let help = run(&args).code(0).out;
        assert!(
            command.is_empty() || help.contains("Example: zhengku"),
            "{command:?} shows no example:\n{help}"
        );
        let listed = help.split_once("Commands:\n").map_or("", |(_, after)| after);
        for line in listed.lines().take_while(|line| line.starts_with("  ")) {
            // Longer descriptions go on in deeper lines.
            let name = line.strip_prefix("  ").unwrap();
            if name.starts_with(' ') || name.starts_with("help") {
                continue;
            }
            let name = name.split_whitespace().next().unwrap().to_owned();
            open.push([command.clone(), vec![name]].concat());
        }
        seen += 1;
    }
    assert!(seen >= 15, "{seen} commands were seen");
}

#[test]
fn what_cannot_be_understood_is_code_2_and_says_what_to_type() {
    run!("vanish").code(2).says(&["Usage:"]);
    run!("verify").code(2).says(&["<FILES>"]);
    run!("issue", "/nowhere/submission.json").code(2).says(&["/nowhere/submission.json"]);
    run!("verify", stock().pdf, "--at", "yesterday").code(2).says(&["--at yesterday"]);
    run!("verify", stock().pdf, "--trust", "/nowhere.pem").code(2).says(&["/nowhere.pem"]);
    let empty = tempfile::tempdir().unwrap();
    run!("vault", "check", "--data-dir", empty.path().join("none")).code(2).says(&["is not there"]);
}

#[test]
fn verify_answers_in_its_exit_code() {
    let stock = stock();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let pdf = fs::read(&stock.pdf).unwrap();
    let mut changed = pdf.clone();
    changed[pdf.len() / 2] ^= 1;
    let tampered = write("tampered.pdf", &changed);
    let cut = write("cut.pdf", &pdf[..pdf.len() - 1]);
    let unsigned = folder.path().join("unsigned.pdf");
    run!("catalogue", "preview", format!("templates/types/{FOOD}"), "--out", unsigned).code(0);
    let nothing = write("nothing.pdf", b"");
    let letter = write("letter.txt", "证照".as_bytes());

    let rows: &[(&str, &Path, i32, &str)] = &[
        ("a sealed PDF", &stock.pdf, 0, "valid"),
        ("an e-certificate", &stock.ecert, 0, "valid"),
        ("a byte changed", &tampered, 1, "invalid"),
        ("the last byte missing", &cut, 1, "invalid"),
        ("a PDF without a seal", &unsigned, 1, "unsigned"),
        ("an empty file", &nothing, 2, "indeterminate"),
        ("a letter", &letter, 2, "indeterminate"),
    ];
    for (what, file, code, verdict) in rows {
        let done = run!("verify", file, "--json").code(*code);
        assert_eq!(done.json()["verdict"], *verdict, "{what}");
        let spoken = run!("verify", file).code(*code);
        let headline = done.json()["headline"]["zh"].as_str().unwrap().to_owned();
        spoken.says(&[&headline, "file.kind"]);
    }
    let valid = run!("verify", stock.pdf, "--json").code(0).json();
    for (answer, expected) in
        [("integrity", "passed"), ("authenticity", "passed"), ("standing_state", "not_checked")]
    {
        assert_eq!(valid[answer], expected, "{answer}");
    }
    assert_eq!(valid["license"]["id"], stock.id.as_str());
    run!("verify", folder.path()).code(2).says(&["directory"]);
    run!("verify", folder.path().join("absent.pdf")).code(2).says(&["absent.pdf"]);
}

#[test]
fn several_files_give_a_list_and_one_refusal_refuses_all() {
    let stock = stock();
    let folder = tempfile::tempdir().unwrap();
    let letter = folder.path().join("letter.txt");
    fs::write(&letter, "letter").unwrap();
    let mut bytes = fs::read(&stock.ecert).unwrap();
    bytes.pop();
    let cut = folder.path().join("cut.ecert.txt");
    fs::write(&cut, bytes).unwrap();

    let both = run!("verify", stock.pdf, stock.ecert, "--json").code(0).json();
    assert_eq!(both.as_array().unwrap().len(), 2);
    let open = run!("verify", stock.pdf, letter, "--json").code(2).json();
    assert_eq!([&open[0]["verdict"], &open[1]["verdict"]], ["valid", "indeterminate"]);
    let refused = run!("verify", letter, cut, stock.pdf, "--json").code(1).json();
    let verdicts: Vec<_> = refused.as_array().unwrap().iter().map(|v| &v["verdict"]).collect();
    assert_eq!(verdicts, ["indeterminate", "invalid", "valid"]);
    run!("verify", letter, stock.pdf).code(2).says(&["letter.txt:", &stock.id]);
}

#[test]
fn the_moment_asked_about_decides() {
    let stock = stock();
    let end = format!("{}T16:00:00Z", stock.valid_to);
    let rows = [
        ("before it was sealed, or its license began", "2025-01-01T00:00:00Z", 1, "indeterminate"),
        ("the midnight after its last day", end.as_str(), 1, "valid"),
        ("when its certificate has ended", "2040-01-01T00:00:00Z", 1, "indeterminate"),
    ];
    for (what, at, code, verdict) in rows {
        let done = run!("verify", stock.pdf, "--at", at, "--json");
        assert_eq!((done.code, &done.json()["verdict"]), (code, &json!(verdict)), "{what}");
    }
    let expired = run!("verify", stock.pdf, "--at", end, "--json").json();
    assert_eq!(expired["standing_state"], "expired");
}

/// A root that nobody has heard of.
fn stranger(folder: &Path) -> PathBuf {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let path = folder.join("stranger.pem");
    fs::write(&path, params.self_signed(&key).unwrap().pem()).unwrap();
    path
}

#[test]
fn trust_is_what_is_named_and_nothing_else() {
    let stock = stock();
    let folder = tempfile::tempdir().unwrap();
    let stranger = stranger(folder.path());
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let broken = folder.path().join("broken.pem");
    fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();

    let trust = |path: &Path| run!("verify", stock.pdf, "--json", "--trust", path);
    assert_eq!(trust(Path::new("keys-dev/root.pem")).code(0).json()["authenticity"], "passed");
    assert_eq!(trust(Path::new("keys-dev")).code(0).json()["authenticity"], "passed");
    let told = trust(&stranger).code(2).json();
    assert_eq!(told["verdict"], "indeterminate");
    assert!(told["license"]["authority_name"].is_null(), "nobody stands behind that name");
    trust(&empty).code(2).says(&["no CA certificate to trust was found"]);
    trust(&broken).code(2).says(&["broken.pem"]);
    let both = run!("verify", stock.pdf, "--trust", stranger, "--trust", "keys-dev/root.pem");
    both.code(0);
}

#[test]
fn a_vault_that_is_named_is_asked() {
    let stock = stock();
    let known = run!("verify", stock.pdf, "--data-dir", stock.data(), "--json").code(0).json();
    let copy =
        known["findings"].as_array().unwrap().iter().find(|f| f["code"] == "license.vault_copy");
    assert_eq!(copy.unwrap()["outcome"], "passed");
    assert_eq!(known["standing_state"], "in_force");
    assert!(!known["standing_as_of"].is_null());

    // A vault that knows nothing of the license has no answer, and no answer is not a yes.
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("data");
    let body = folder.path().join("other.json");
    fs::write(&body, first_good("11990000MD0000008F010").to_string()).unwrap();
    run!("issue", body, "--data-dir", other).code(0);
    let done = run!("verify", stock.pdf, "--data-dir", other, "--json");
    assert_eq!(done.json()["standing_state"], "not_in_vault");
    assert_ne!(done.code, 0);
}

/// The toy time-stamp authority and responder are asked over HTTP, as any other would be.
#[test]
fn one_command_protects_what_was_issued_and_later_a_bare_copy_is_judged_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("one.json"));
    fs::write(&file, first_good(FOOD).to_string()).unwrap();
    let issue = |out: &str| {
        let out = folder.path().join(out);
        let issued = run!("issue", file, "--data-dir", data, "--out", out, "--json").code(0).json();
        assert_eq!(issued["level"], "B-B");
        out.join(issued["files"][0].as_str().unwrap())
    };
    let bare = issue("bare");
    for (due, protected) in [(1, 1), (0, 0)] {
        let told = run!("vault", "renew", "--data-dir", data, "--json").code(0).json();
        assert_eq!((&told["due"], &told["protected"]), (&json!(due), &json!(protected)), "{told}");
    }
    run!("vault", "renew", "--data-dir", data, "--within", "9m").code(2).says(&["90d"]);
    run!("vault", "check", "--data-dir", data).code(0).says(&["1 versions, 3 objects"]);
    let whole = issue("protected");
    let (bare_bytes, whole_bytes) = (fs::read(&bare).unwrap(), fs::read(&whole).unwrap());
    assert!(whole_bytes.len() > bare_bytes.len() && whole_bytes.starts_with(&bare_bytes));

    let level = |verdict: Value| verdict["protection"]["level"].clone();
    assert_eq!(level(run!("verify", bare, "--json").code(0).json()), "B-B");
    assert_eq!(level(run!("verify", whole, "--json").code(0).json()), "B-LTA");
    // The sealing certificate ends in 2031, that of the authority in 2036.
    let later = "2033-01-01T00:00:00Z";
    // The license itself has ended by then, which is another question.
    let told = run!("verify", bare, "--at", later, "--json").code(1).json();
    assert_eq!(told["verdict"], "indeterminate");
    let told = run!("verify", whole, "--at", later, "--json").code(1).json();
    assert_eq!(
        (&told["verdict"], &told["protection"]["level"]),
        (&json!("valid"), &json!("B-LTA"))
    );
    // The vault knows the bare file, and has what protects it.
    let told = run!("verify", bare, "--at", later, "--data-dir", data, "--json").code(1).json();
    assert_eq!(
        (&told["verdict"], &told["protection"]["level"]),
        (&json!("valid"), &json!("B-LTA"))
    );
    let codes = told["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]);
    assert!(codes.clone().any(|code| code == "protection.copy"), "{told}");
}

#[test]
fn a_file_is_issued_once_and_refused_with_all_its_faults() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("submission.json");
    fs::write(&file, first_good(FOOD).to_string()).unwrap();
    let first = run!("issue", file, "--data-dir", data, "--json").code(0).json();
    assert_eq!((&first["outcome"], &first["version"]), (&json!("issued"), &json!("001")));
    let again = run!("issue", file, "--data-dir", data, "--json").code(0).json();
    assert_eq!(again["outcome"], "already_issued");
    assert_eq!(again["license_id"], first["license_id"]);

    let other = run!("issue", file, "--data-dir", data, "--json", "--key", "another").code(1);
    assert_eq!(other.json()["faults"][0]["code"], "license.number_taken");
    let mut body = first_good(FOOD);
    body["replaces"] = first["license_id"].clone();
    fs::write(&file, body.to_string()).unwrap();
    let next = run!("issue", file, "--data-dir", data, "--json").code(0).json();
    assert_eq!(next["version"], "002");

    let bad = "fixtures/submissions/bad/89-three-faults.json";
    let refused = run!("issue", bad, "--data-dir", data, "--json").code(1).json();
    assert_eq!(refused["outcome"], "refused");
    assert_eq!(refused["faults"].as_array().unwrap().len(), 3);
    run!("issue", bad, "--data-dir", data).code(1).says(&["face.KZ_LX", "face.KZ_ZS"]);
}

#[test]
fn an_import_tells_the_fate_of_each_row_and_is_simply_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    let rows = good(FOOD);
    let mut late = rows[1].clone();
    late["face"]["KZ_XX"] = json!("x");
    let text = format!("\u{feff}{}\n\n{late}\nno json\n{}\r\n{}", rows[0], rows[2], rows[0]);
    let file = folder.path().join("rows.jsonl");
    fs::write(&file, text).unwrap();
    let import = || run!("import", file, "--data-dir", data, "--out", out);
    let told = || -> Vec<(u64, String)> {
        let text = fs::read_to_string(out.join("rows.result.jsonl")).unwrap();
        let row = |line: &str| {
            let row: Value = serde_json::from_str(line).unwrap();
            (row["line"].as_u64().unwrap(), row["outcome"].as_str().unwrap().to_owned())
        };
        text.lines().map(row).collect()
    };
    let row = |line, outcome: &str| (line, outcome.to_owned());

    import().code(1).says(&["5 rows: 2 issued, 1 issued before, 2 refused, 0 failed"]);
    let mut first = told();
    // The same row twice in one file: whichever comes first makes it.
    assert!(first[0] == row(1, "issued") || first[4] == row(6, "issued"), "{first:?}");
    (first[0], first[4]) = (row(1, "either"), row(6, "either"));
    let (refused, issued) = ("refused", "issued");
    let expected =
        [row(1, "either"), row(3, refused), row(4, refused), row(5, issued), row(6, "either")];
    assert_eq!(first, expected);
    let written = || fs::read_dir(&out).unwrap().count();
    assert_eq!(written(), 2 * 2 + 1, "two licenses in two forms, and the result");

    import().code(1).says(&["0 issued, 3 issued before, 2 refused, 0 failed"]);
    assert_eq!(written(), 2 * 2 + 1);
    let again = told();
    assert!([0, 3, 4].iter().all(|row| again[*row].1 == "already_issued"), "{again:?}");
}

#[test]
fn the_demonstration_run_twice_makes_nothing_twice_and_its_vault_shows_every_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    let demo = || run!("demo", "--exit", "--data-dir", data, "--out", out).code(0);
    let all: usize = fs::read_dir(root().join("fixtures/submissions/good"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap().lines().count())
        .sum();
    assert!(all >= 300);
    demo().says(&[&format!("issued {all} licenses"), "(0 issued before, 0 refused, 0 failed)"]);
    let files = fs::read_dir(&out).unwrap().count();
    demo().says(&["issued 0 licenses", &format!("({all} issued before, 0 refused, 0 failed)")]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), files);

    let check = || run!("vault", "check", "--data-dir", data, "--json");
    let whole = check().code(0).json();
    assert_eq!((&whole["whole"], &whole["versions"]), (&json!(true), &json!(all)));
    assert_eq!(whole["objects"], json!(2 * all));

    let mut shelves: Vec<PathBuf> =
        fs::read_dir(data.join("objects")).unwrap().map(|entry| entry.unwrap().path()).collect();
    shelves.sort();
    // Digests fall where they will: a shelf may be empty.
    let first = shelves.iter().find_map(|shelf| fs::read_dir(shelf).unwrap().next());
    let object = first.unwrap().unwrap().path();
    let name = object.file_name().unwrap().to_str().unwrap();
    let bytes = fs::read(&object).unwrap();
    let found = |code: &str| {
        let report = check().code(1).json();
        assert_eq!(report["whole"], false);
        let faults = report["faults"].as_array().unwrap();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0]["code"], code);
        faults[0]["place"].as_str().unwrap().to_owned()
    };

    let mut flipped = bytes.clone();
    flipped[bytes.len() / 3] ^= 0x10;
    fs::set_permissions(&object, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&object, flipped).unwrap();
    found("vault.object_changed");
    fs::remove_file(&object).unwrap();
    found("vault.object_missing");
    fs::write(&object, &bytes).unwrap();
    check().code(0);
    let foreign = shelves[1].join(name);
    fs::write(&foreign, &bytes).unwrap();
    assert!(found("vault.object_foreign").contains(name));
    fs::remove_file(&foreign).unwrap();
    run!("vault", "check", "--data-dir", data).code(0).says(&["whole"]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from:?} does not stand in {}", file.display());
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// A settings file for development with templates of its own.
fn settings(folder: &Path) -> PathBuf {
    let path = folder.join("zhengku.toml");
    let text = "mode = \"development\"\ntemplates_dir = \"templates\"\ndata_dir = \"data\"\n";
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn one_more_type_is_a_folder_and_no_program() {
    let folder = tempfile::tempdir().unwrap();
    let templates = folder.path().join("templates");
    copy(&root().join("templates"), &templates);
    let code = "11990000MD0000008F099";
    let further = templates.join("types").join(code);
    copy(&templates.join("types").join(FOOD), &further);
    edit(&further.join("type.toml"), FOOD, code);
    edit(&further.join("type.toml"), "name = \"食品经营许可证\"", "name = \"夜市摊位许可证\"");
    let config = settings(folder.path());

    run!("catalogue", "check", further, "--config", config).code(0).says(&["in order"]);
    let preview = folder.path().join("preview.pdf");
    run!("catalogue", "preview", further, "--out", preview, "--config", config).code(0);
    assert!(fs::read(&preview).unwrap().starts_with(b"%PDF-"));

    let mut body = first_good(FOOD);
    body["type"] = json!(code);
    let file = folder.path().join("submission.json");
    fs::write(&file, body.to_string()).unwrap();
    let out = folder.path().join("out");
    let done = run!("issue", file, "--config", config, "--out", out, "--json").code(0).json();
    let id = done["license_id"].as_str().unwrap();
    assert!(id.contains(code));
    let pdf = out.join(format!("{id}.pdf"));
    let verdict = run!("verify", pdf, "--config", config, "--json").code(0).json();
    assert_eq!(verdict["license"]["type_name"], "夜市摊位许可证");
    // A house that does not know the type cannot tell who may issue it.
    let elsewhere = run!("verify", pdf, "--json").code(2).json();
    assert_eq!(elsewhere["verdict"], "indeterminate");
    assert!(elsewhere["license"]["type_name"].is_null());
}

#[test]
fn a_broken_type_is_told_all_its_faults() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken");
    copy(&root().join("templates/types").join(FOOD), &broken);
    let file = broken.join("type.toml");
    edit(&file, "edition = 1", "edition = 0");
    edit(&file, "issuers = [", "colour = \"red\"\nissuers = [\"1\", ");
    edit(&file, "required = true", "required = \"perhaps\"");
    let done = run!("catalogue", "check", broken, "--json").code(1);
    let told = done.json();
    let faults = told[0]["faults"].as_array().unwrap();
    let all = told.to_string();
    for place in ["edition", "colour", "issuers", "required"] {
        assert!(all.contains(place), "{place} is not told in {all}");
    }
    assert!(faults.len() >= 4, "{all}");

    let painted = folder.path().join("painted");
    copy(&root().join("templates/types/11990000MD0000008F012"), &painted);
    edit(&painted.join("art.svg"), "  <g fill", "  <image href=\"seal.png\"/>\n  <g fill");
    fs::write(painted.join("other.svg"), "<svg/>").unwrap();
    let done = run!("catalogue", "check", painted).code(1);
    done.says(&["art.svg: line 3: image is not drawn", "other.svg: no page", "the root is `svg`"]);

    let out = folder.path().join("preview.pdf");
    run!("catalogue", "preview", broken, "--out", out).code(1);
    assert!(!out.exists());

    run!("catalogue", "check", "templates/types").code(0).says(&["in order"]);
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    run!("catalogue", "check", empty).code(2).says(&["holds neither"]);
}

#[test]
fn a_start_that_cannot_draw_names_font_role_and_package_and_makes_no_vault() {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("templates"), &folder.path().join("templates"));
    let fonts = folder.path().join("templates/fonts.toml");
    edit(&fonts, "/usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf", "/nowhere.ttf");
    let config = settings(folder.path());
    let words = ["BabelStone Han", "role body", "/nowhere.ttf", "fonts-babelstone-han"];
    run!("serve", "--config", config, "--listen", "127.0.0.1:0").code(2).says(&words);
    run!("doctor", "--config", config).code(1).says(&words);
    assert!(!folder.path().join("data").exists());
    // Judging needs no font.
    run!("verify", stock().pdf, "--config", config).code(0);
}

#[test]
fn production_refuses_toy_keys_and_toy_anchors() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("zhengku.toml");
    let keys = root().join("keys-dev");
    let write = |seals: &Path, trust: &Path| {
        let text = format!(
            "mode = \"production\"\npublic_url = \"https://example.test\"\ndata_dir = \"data\"\n\
             seals_dir = {seals:?}\ntrust = [{trust:?}]\n"
        );
        fs::write(&config, text).unwrap();
    };
    let none = folder.path().join("seals");
    fs::create_dir(&none).unwrap();
    let stranger = stranger(folder.path());
    for (seals, trust) in [(keys.join("seals"), stranger), (none, keys.join("root.pem"))] {
        write(&seals, &trust);
        let start = run!("serve", "--config", config, "--listen", "127.0.0.1:0");
        start.code(2).says(&["this is not development mode", "DEV"]);
        assert!(!folder.path().join("data").exists(), "nothing is made by a start that failed");
    }
    let verdict = run!("verify", stock().pdf, "--config", config, "--json").code(1).json();
    assert_eq!(verdict["verdict"], "invalid");
}

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_second_process_is_told_that_the_vault_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = program();
    server.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
    let child = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut server = Server(child);
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let listening = lines.map(Result::unwrap).find(|line| line.starts_with("listening on http://"));
    assert!(listening.is_some(), "the server came up");

    let file = folder.path().join("submission.json");
    fs::write(&file, first_good(FOOD).to_string()).unwrap();
    run!("issue", file, "--data-dir", data).code(2).says(&["the data folder is in use"]);
    // To read beside it is allowed.
    run!("vault", "check", "--data-dir", data).code(0).says(&["0 versions"]);
}

#[test]
fn a_reader_that_goes_away_early_is_no_fault() {
    let commands: &[&[&str]] = &[
        &["--help"],
        &["catalogue", "check", "templates/types"],
        &["keys", "list"],
        &["verify", "--json", "keys-dev/root.pem"],
    ];
    for args in commands {
        let mut child =
            program().args(*args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!said.contains("panicked"), "{args:?}: {said}");
        assert!(matches!(done.status.code(), Some(0 | 2)), "{args:?}: {}", done.status);
    }
}

/// A list as a clerk keeps it, and a folder of what came in: each row has its fate, and the worst decides.
#[test]
fn many_are_verified_at_once_and_each_row_has_its_fate() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    let file = folder.path().join("submission.json");
    fs::write(&file, first_good(FOOD).to_string()).unwrap();
    let done = run!("issue", file, "--data-dir", data, "--out", out, "--json").code(0).json();
    let id = done["license_id"].as_str().unwrap();
    let list = folder.path().join("cases.csv");
    let wide: String = id.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    fs::write(&list, format!("\u{feff}序号,标识\r\n1,{wide}\r\n\r\n2,=cmd()\r\n3,{id}\r\n"))
        .unwrap();
    let result = folder.path().join("result.csv");
    run!("verify", "--list", list, "--result", result, "--data-dir", data)
        .code(2)
        .says(&["3 cases: 2 valid, 1 unreadable"]);
    let text = fs::read_to_string(&result).unwrap();
    assert!(text.starts_with('\u{feff}'), "spreadsheets know UTF-8 by it");
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[1].starts_with(&format!("2,{id},judged,license_id,valid,")), "{}", rows[1]);
    assert!(rows[2].starts_with("4,'=cmd(),unreadable,"), "{}", rows[2]);
    // Without the vault nothing is known of a number, and a result must have a kind.
    run!("verify", "--list", list, "--result", result).code(2);
    let other = folder.path().join("result.txt");
    run!("verify", "--list", list, "--result", other, "--data-dir", data).code(2);
    let empty = folder.path().join("empty.csv");
    fs::write(&empty, "标识\n").unwrap();
    run!("verify", "--list", empty, "--result", result, "--data-dir", data)
        .code(2)
        .says(&["case_list.empty"]);

    fs::write(out.join("noise.bin"), b"noise").unwrap();
    let result = folder.path().join("result.jsonl");
    run!("verify", out, "--result", result, "--data-dir", data).code(2);
    let text = fs::read_to_string(&result).unwrap();
    let rows: Vec<Value> = text.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let verdicts: Vec<&str> = rows.iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["valid", "valid", "indeterminate"]);
    assert!(rows.iter().all(|row| row["outcome"] == "judged"));
}

#[test]
fn a_receipt_and_a_pack_come_from_a_vault_that_is_there_and_a_pack_is_all_a_counter_needs() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (nowhere, stock) = (at("nowhere"), stock());
    let pdf = stock.pdf.display().to_string();
    let receipt = at("receipt.json");
    run!("verify", &pdf, "--receipt", &receipt, "--data-dir", &nowhere).code(2).says(&["no vault"]);
    run!("vault", "pack", "--out", &at("x"), "--data-dir", &nowhere).code(2).says(&["no vault"]);
    assert!(!Path::new(&nowhere).exists(), "a vault was made");
    run!("verify", &pdf, "--receipt", &at("receipt.txt")).code(2).says(&[".json or .pdf"]);
    run!("verify", &pdf, "--of", &pdf).code(2).says(&["this file is none"]);

    let vault = at("vault");
    let body = at("one.json");
    fs::write(&body, first_good(FOOD).to_string()).unwrap();
    run!("issue", &body, "--data-dir", &vault, "--out", &at("out")).code(0);
    let issued = fs::read_dir(at("out")).unwrap().map(|entry| entry.unwrap().path());
    let issued = issued.map(|path| path.display().to_string());
    let issued = issued.filter(|path| path.ends_with(".pdf")).last().unwrap();
    run!("verify", &issued, "--receipt", &receipt, "--data-dir", &vault).code(0);
    run!("verify", &receipt, "--of", &issued).code(0).says(&["核验回执真实"]);
    run!("verify", &receipt, "--of", &body).code(1).says(&["receipt.presented"]);

    let pack = at("city.zkpack");
    run!("vault", "pack", "--out", &pack, "--days", "1", "--data-dir", &vault).code(0);
    let known = run!("verify", &issued, "--pack", &pack, "--json").code(0).json();
    assert_eq!(known["standing_state"], "in_force");
    run!("verify", &issued, "--pack", &pack, "--at", "2026-12-31T00:00:00Z")
        .code(2)
        .says(&["STALE", "pack.freshness"]);
    run!("verify", &issued, "--pack", &body).code(2).says(&["no trust pack"]);
    run!("vault", "pack", "--out", &pack, "--days", "91", "--data-dir", &vault).code(2);
}
