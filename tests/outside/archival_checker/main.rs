// SPDX-License-Identifier: AGPL-3.0-only
//
//! What the package `pdf-compliance` says of PDF files: one finding a line, on standard output.
//!
//! `pdf-compliance` is under the AGPL, and so is this file, which does nothing but call it. Set-up builds it into
//! `.setup/` as a program of its own; our program is never linked with either, and neither is handed on with it. See
//! docs/decisions/0021-outside-checkers.md.
//!
//!     archival-checker FILE…
//!
//! A line has the file, the standard, the severity, the clause, the message and the place, parted by tabs. A file that
//! cannot be read is such a line too. The program leaves with 0 if it could say something of every file.

use std::process::ExitCode;

use pdf_compliance::{ComplianceReport, PdfALevel};

fn main() -> ExitCode {
    let mut all = true;
    for path in std::env::args().skip(1) {
        let pdf = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| pdf_syntax::Pdf::new(bytes).map_err(|error| format!("{error:?}")));
        match pdf {
            Ok(pdf) => {
                tell(&path, "PDF/A-3a", &pdf_compliance::validate_pdfa(&pdf, PdfALevel::A3a));
                tell(&path, "PDF/UA-1", &pdf_compliance::validate_pdfua(&pdf));
            }
            Err(error) => {
                println!("{path}\tfile\tError\t-\tcannot be read: {error}\t-");
                all = false;
            }
        }
        println!("{path}\tend\t-\t-\t-\t-");
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(path: &str, standard: &str, report: &ComplianceReport) {
    for issue in &report.issues {
        let place = issue.location.as_deref().unwrap_or("-");
        println!(
            "{path}\t{standard}\t{:?}\t{}\t{}\t{place}",
            issue.severity, issue.rule, issue.message
        );
    }
}
