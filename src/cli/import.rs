//! `zhengku import`: a file of submissions, and the fate of each row.
//!
//! Rows are worked on side by side and told in their order. A row's idempotency key is the digest of its
//! text, so a file can be imported again after a failure, or by mistake, and nothing is made twice.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::crypto::Digest;
use crate::domain::Level;
use crate::service::desks::{IssueDesk, Issued};
use crate::service::error::Refusal;
use crate::service::hold::form_bytes;
use crate::service::ports::{Form, Vault};

use super::args::ImportArgs;
use super::house::{self, House};
use super::output::{complain, say};
use super::{CliError, Outcome};

/// Rows worked on at once: enough to fill the groups of the vault's commits.
const IN_FLIGHT: usize = 64;
/// Longest row, in bytes; the same bound as a submission over HTTP has.
const ROW_LIMIT_BYTES: usize = 2_000_000;

pub(super) async fn run(args: &ImportArgs) -> Result<Outcome, CliError> {
    let config = house::configure(&args.house)?;
    let house = House::open(config).await?;
    let result = result_path(args);
    let started = Instant::now();
    let total = import_file(&house, &args.file, args.out.as_deref(), &result).await?;
    house.close().await;
    say(&format!(
        "{} rows: {} issued, {} issued before, {} refused, {} failed, in {:.1} s",
        total.rows(),
        total.issued,
        total.already_issued,
        total.refused,
        total.failed,
        started.elapsed().as_secs_f64()
    ));
    say(&format!("row by row: {}", result.display()));
    Ok(total.outcome())
}

/// How many rows met which fate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Total {
    pub(super) issued: u64,
    pub(super) already_issued: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
}

impl Total {
    fn rows(self) -> u64 {
        self.issued + self.already_issued + self.refused + self.failed
    }

    pub(super) fn add(&mut self, other: Self) {
        self.issued += other.issued;
        self.already_issued += other.already_issued;
        self.refused += other.refused;
        self.failed += other.failed;
    }

    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self { failed: 1.., .. } => Outcome::CouldNot,
            Self { refused: 1.., .. } => Outcome::No,
            _ => Outcome::Yes,
        }
    }
}

/// One line of the result file.
#[derive(Debug, Serialize)]
struct Row {
    line: u64,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<RowFault>,
}

/// What was wrong with a row, as the API says it.
#[derive(Debug, Serialize)]
pub(super) struct RowFault {
    field: String,
    code: String,
    message: String,
}

impl std::fmt::Display for RowFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// Imports `file`; the fate of each row goes to `result`.
pub(super) async fn import_file(
    house: &House,
    file: &Path,
    out: Option<&Path>,
    result: &Path,
) -> Result<Total, CliError> {
    let unreadable = |error| CliError::new(file.display(), error);
    let input = File::open(file).map_err(unreadable)?;
    let size = input.metadata().map_err(unreadable)?.len();
    for folder in [out, result.parent()].into_iter().flatten() {
        fs::create_dir_all(folder).map_err(|error| CliError::new(folder.display(), error))?;
    }
    let unwritable = |error| CliError::new(result.display(), error);
    let mut rows = BufWriter::new(File::create(result).map_err(unwritable)?);
    let progress = progress(size);
    let mut total = Total::default();
    let mut lines = BufReader::new(input);
    let mut under_way = std::collections::VecDeque::new();
    let mut line_number = 0;
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = lines.read_until(b'\n', &mut text).map_err(unreadable)?;
        let ended = read == 0;
        if !ended {
            line_number += 1;
            progress.inc(u64::try_from(read).unwrap_or_default());
            // A byte-order mark and blank lines are what editors leave behind.
            let row = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text).trim_ascii();
            if row.is_empty() {
                continue;
            }
            under_way.push_back(start(house, line_number, row.to_vec(), out));
        }
        while under_way.len() >= IN_FLIGHT || (ended && !under_way.is_empty()) {
            let Some(task) = under_way.pop_front() else { break };
            let row = task.await.map_err(|error| CliError::new("a row broke off", error))?;
            total.add(row.total());
            serde_json::to_writer(&mut rows, &row).map_err(|error| unwritable(error.into()))?;
            rows.write_all(b"\n").map_err(unwritable)?;
        }
        if ended {
            break;
        }
    }
    rows.flush().map_err(unwritable)?;
    progress.finish_and_clear();
    Ok(total)
}

fn start(house: &House, line: u64, row: Vec<u8>, out: Option<&Path>) -> JoinHandle<Row> {
    let desk = Arc::clone(&house.issue);
    let vault = Arc::clone(&house.vault);
    let client = house.command_line();
    let out = out.map(Path::to_owned);
    tokio::spawn(async move {
        if row.len() > ROW_LIMIT_BYTES {
            let message = format!("the row has more than {ROW_LIMIT_BYTES} bytes");
            return Row::refused(line, "submission.too_large", "", message);
        }
        let key = Digest::of(&row).to_string();
        let mut told = tell(line, desk.issue(&client, &key, &row).await);
        if let (Ok(issued), Some(out)) = (&told.1, out.as_deref()) {
            match write_forms(vault.as_ref(), issued, out).await {
                Ok(files) => told.0.files = files,
                Err(error) => {
                    complain(&format!("line {line}: {error}"));
                    told.0.outcome = "failed";
                }
            }
        }
        told.0
    })
}

fn tell(line: u64, answer: Result<Issued, Refusal>) -> (Row, Result<Issued, ()>) {
    match answer {
        Ok(issued) => {
            let row = Row {
                line,
                outcome: if issued.repeated { "already_issued" } else { "issued" },
                license_id: Some(issued.record.id.to_string()),
                version: Some(issued.record.id.version().to_string()),
                content_digest: Some(issued.record.content_digest.to_string()),
                level: Some(issued.record.sealed.map_or(Level::BB, |sealed| sealed.level)),
                files: Vec::new(),
                faults: Vec::new(),
            };
            (row, Ok(issued))
        }
        Err(refusal) => {
            let (outcome, faults) = describe(&refusal);
            if let Refusal::Fault(fault) = &refusal {
                complain(&format!("line {line}: {fault}"));
            }
            let none = || None;
            let row = Row {
                line,
                outcome,
                license_id: none(),
                version: none(),
                content_digest: none(),
                level: None,
                files: Vec::new(),
                faults,
            };
            (row, Err(()))
        }
    }
}

/// What a refusal is called in a result, and its faults.
pub(super) fn describe(refusal: &Refusal) -> (&'static str, Vec<RowFault>) {
    let one = |field: &str, code: &str, message: &str| {
        vec![RowFault {
            field: field.to_owned(),
            code: code.to_owned(),
            message: message.to_owned(),
        }]
    };
    match refusal {
        Refusal::Submission(faults) => {
            let faults = faults.iter().map(|fault| RowFault {
                field: fault.field.clone(),
                code: fault.code().to_owned(),
                message: fault.to_string(),
            });
            ("refused", faults.collect())
        }
        // Importing makes no copies, so no row meets this.
        Refusal::Copy(faults) => {
            let faults = faults.iter().map(|fault| RowFault {
                field: fault.field.to_owned(),
                code: fault.code().to_owned(),
                message: fault.to_string(),
            });
            ("refused", faults.collect())
        }
        Refusal::Conflict { code, id } => {
            let message = match id {
                Some(id) => format!("{id} stands in the way: to follow it, name it in `replaces`"),
                None => "another request came first: look at the license and send again".to_owned(),
            };
            ("refused", one("license_number", code, &message))
        }
        Refusal::Forbidden { missing } => {
            ("refused", one("authority", "caller.forbidden", &format!("the right {missing}")))
        }
        Refusal::NotFound => ("refused", one("", "license.not_found", "there is no such license")),
        Refusal::Fault(_) => {
            ("failed", one("", "fault", "ours: see the log and send the row again"))
        }
    }
}

impl Row {
    fn refused(line: u64, code: &str, field: &str, message: String) -> Self {
        let fault = RowFault { field: field.to_owned(), code: code.to_owned(), message };
        let (license_id, version, content_digest) = (None, None, None);
        let (files, faults) = (Vec::new(), vec![fault]);
        let level = None;
        Self { line, outcome: "refused", license_id, version, content_digest, level, files, faults }
    }

    fn total(&self) -> Total {
        let mut total = Total::default();
        match self.outcome {
            "issued" => total.issued = 1,
            "already_issued" => total.already_issued = 1,
            "refused" => total.refused = 1,
            _ => total.failed = 1,
        }
        total
    }
}

/// Writes both forms of a version into `out` and gives their names.
pub(super) async fn write_forms(
    vault: &dyn Vault,
    issued: &Issued,
    out: &Path,
) -> Result<Vec<String>, CliError> {
    let mut files = Vec::new();
    for form in &issued.record.forms {
        let bytes =
            form_bytes(vault, &issued.record, form.form).await.map_err(
                |refusal| match refusal {
                    Refusal::Fault(fault) => CliError::new("the vault", fault),
                    _ => CliError::new(&issued.record.id, "a form is missing"),
                },
            )?;
        let name = match form.form {
            Form::SealedPdf | Form::PdfRevision | Form::AnnotatedCopy => {
                format!("{}.pdf", issued.record.id)
            }
            Form::Ecert => format!("{}.ecert.txt", issued.record.id),
        };
        let path = out.join(&name);
        fs::write(&path, bytes).map_err(|error| CliError::new(path.display(), error))?;
        files.push(name);
    }
    Ok(files)
}

fn result_path(args: &ImportArgs) -> PathBuf {
    args.result.clone().unwrap_or_else(|| {
        let name = result_name(&args.file);
        args.out.as_ref().map_or_else(|| PathBuf::from(&name), |out| out.join(&name))
    })
}

/// What the result file of `file` is called.
pub(super) fn result_name(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    format!("{stem}.result.jsonl")
}

fn progress(size: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% {elapsed} (ends in {eta})")
    {
        bar.set_style(style);
    }
    bar
}
