//! `zhengku verify --list` and `zhengku verify FOLDER`: many at once, and a file of results.
//!
//! Each row of the list, and each file of the folder, becomes a row of the result, in its order; one that cannot be read
//! has its reason there, and the rest goes on. Judging 5 000 cases takes seconds and changes nothing, so one that was
//! interrupted is simply run again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::service::case_list::{MAX_CASES, read_case_list};
use crate::service::case_result::CaseResult;
use crate::service::desks::VerifyDesk;
use crate::service::verify_cases::Cases;

use super::output::say;
use super::verify::read;
use super::{CliError, Outcome};

/// Judges every case of a list.
pub(super) async fn list(
    desk: &dyn VerifyDesk,
    list: &Path,
    result: &Path,
) -> Result<Outcome, CliError> {
    let mut out = Results::create(result)?;
    let bytes = fs::read(list).map_err(|error| CliError::new(list.display(), error))?;
    let cases = read_case_list(&bytes)
        .map_err(|error| CliError::new(list.display(), format!("{error} ({})", error.code())))?;
    let bar = progress(cases.len());
    let mut judge = Cases::at(desk);
    for case in cases {
        out.write(&judge.judge(case).await)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    out.finish()
}

/// Judges every file of a folder.
pub(super) async fn folder(
    desk: &dyn VerifyDesk,
    folder: &Path,
    result: &Path,
) -> Result<Outcome, CliError> {
    let unreadable = |error| CliError::new(folder.display(), error);
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    if files.len() > MAX_CASES {
        let what = format!("has {} files, and {MAX_CASES} are judged at a time", files.len());
        return Err(CliError::new(folder.display(), what));
    }
    files.sort();
    let mut out = Results::create(result)?;
    let bar = progress(files.len());
    for path in files {
        let input = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let row = match read(&path) {
            Ok(bytes) => CaseResult::judged(None, input, &desk.file(&bytes).await),
            Err(error) => CaseResult::unreadable(None, input, &error),
        };
        out.write(&row)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    out.finish()
}

fn progress(total: usize) -> ProgressBar {
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_bar} {per_sec} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// The file of results, by its ending CSV or JSON Lines.
struct Results {
    path: PathBuf,
    to: Form,
    counts: HashMap<(&'static str, String), u64>,
    worst: u8,
}

enum Form {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    JsonLines(BufWriter<File>),
}

impl Results {
    fn create(path: &Path) -> Result<Self, CliError> {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if extension != "csv" && extension != "jsonl" {
            return Err(CliError::new(path.display(), "ends in neither .csv nor .jsonl"));
        }
        let failed = |error| CliError::new(path.display(), error);
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        let to = if extension == "csv" {
            // By this mark spreadsheets know UTF-8.
            file.write_all("\u{feff}".as_bytes()).map_err(failed)?;
            Form::Csv(Box::new(csv::Writer::from_writer(file)))
        } else {
            Form::JsonLines(file)
        };
        Ok(Self { path: path.to_owned(), to, counts: HashMap::new(), worst: 0 })
    }

    fn write(&mut self, row: &CaseResult) -> Result<(), CliError> {
        *self.counts.entry((row.outcome, row.verdict.clone())).or_default() += 1;
        self.worst = match (self.worst, row.exit_code) {
            (1, _) | (_, 1) => 1,
            (worst, code) => worst.max(code),
        };
        let failed = |error: &dyn std::fmt::Display| CliError::new(self.path.display(), error);
        match &mut self.to {
            Form::Csv(writer) => {
                writer.serialize(row.for_spreadsheet()).map_err(|error| failed(&error))
            }
            Form::JsonLines(writer) => {
                let line = serde_json::to_string(row).map_err(|error| failed(&error))?;
                writeln!(writer, "{line}").map_err(|error| failed(&error))
            }
        }
    }

    fn finish(mut self) -> Result<Outcome, CliError> {
        let flushed = match &mut self.to {
            Form::Csv(writer) => writer.flush(),
            Form::JsonLines(writer) => writer.flush(),
        };
        flushed.map_err(|error| CliError::new(self.path.display(), error))?;
        let mut counts: Vec<_> = self.counts.into_iter().collect();
        counts.sort();
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        let each = counts.iter().map(|((outcome, verdict), count)| {
            format!("{count} {}", if verdict.is_empty() { outcome } else { verdict.as_str() })
        });
        say(&format!("{total} cases: {}", each.collect::<Vec<_>>().join(", ")));
        say(&format!("row by row: {}", self.path.display()));
        Ok(match self.worst {
            0 => Outcome::Yes,
            1 => Outcome::No,
            _ => Outcome::CouldNot,
        })
    }
}
