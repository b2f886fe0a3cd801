//! Writing to the terminal.
//!
//! A reader may close the pipe before we are done (`zhengku verify … | head`). That is no fault of ours or of
//! the reader's, so a failed write ends in silence, not in a panic.

use std::io::Write;

/// A line on standard output.
pub(super) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

/// A line on standard error.
pub(super) fn complain(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// A value as indented JSON on standard output.
pub(super) fn say_json<T: serde::Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => say(&text),
        Err(error) => complain(&format!("zhengku: the answer could not be written as JSON: {error}")),
    }
}
