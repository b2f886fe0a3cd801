//! Whom to trust, and for which authorities (数字证书交叉互认).
//!
//! ```toml
//! trust = [
//!     "root.pem",
//!     { file = "next-city/root.pem", authorities = ["11990100*", "1299020045000000X1"] },
//! ]
//! ```
//!
//! A root that stands behind another city's authorities is limited to them: without a limit it could issue a
//! certificate in the name of ours, and nothing would tell.

use std::path::{Path, PathBuf};

use crate::domain::WireValue;
use crate::domain::wire_table::Table;

/// Shortest beginning of a code that is a limit at all: kind of body, and province. Our own bound.
const MIN_BEGINNING: usize = 4;
/// Characters of an authority's code.
const CODE_LEN: usize = 18;

/// A file or folder with trust anchors and CRLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// A PEM file, or a folder of them.
    pub path: PathBuf,
    /// The authorities its anchors may stand behind: codes, or beginnings of codes with `*` behind them. Empty: all.
    pub only_for: Vec<String>,
}

impl From<PathBuf> for Trusted {
    fn from(path: PathBuf) -> Self {
        Self { path, only_for: Vec::new() }
    }
}

impl Trusted {
    /// Reads one entry of `trust`: a path, or a table with `file` and `authorities`.
    pub(super) fn read<'t>(
        table: &mut Table<'t>,
        place: &str,
        value: &'t WireValue,
        base: &Path,
    ) -> Option<Self> {
        match value {
            WireValue::Text(text) => Some(Self::from(base.join(text))),
            WireValue::Object(object) => {
                let mut inner = Table::new(object, format!("{place}."));
                let trusted = Self::of_table(&mut inner, base);
                table.take_faults(inner);
                trusted
            }
            other => table.wrong_kind(place, "a text or a table", other),
        }
    }

    fn of_table(table: &mut Table<'_>, base: &Path) -> Option<Self> {
        let file = table.text("file");
        let only_for = table.list("authorities", |table, place, value| match value {
            WireValue::Text(text) if is_limit(text) => Some(text.clone()),
            WireValue::Text(_) => {
                let what =
                    "is a code of 18 characters, or at least the first 4 of one with * behind";
                table.fault(place, what);
                None
            }
            other => table.wrong_kind(place, "a text", other),
        })?;
        if only_for.is_empty() {
            table.fault("authorities", "names nobody: list whom these anchors may stand behind");
        }
        Some(Self { path: base.join(file?), only_for })
    }
}

fn is_limit(text: &str) -> bool {
    let (code, lengths) = match text.strip_suffix('*') {
        Some(beginning) => (beginning, MIN_BEGINNING..=CODE_LEN - 1),
        None => (text, CODE_LEN..=CODE_LEN),
    };
    lengths.contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(trust: &str) -> Result<Vec<Trusted>, String> {
        let text = format!("mode = \"development\"\ntrust = [{trust}]");
        let config = Config::read(&text, Path::new("/etc/zhengku"), Path::new("/opt/zhengku"));
        config.map(|config| config.trust).map_err(|error| error.to_string())
    }

    #[test]
    fn a_root_may_be_limited_to_some_authorities() {
        let two =
            r#""root.pem", { file = "b/root.pem", authorities = ["1199*", "11990000MD1000077R"] }"#;
        let only_for = vec!["1199*".to_owned(), "11990000MD1000077R".to_owned()];
        let path = PathBuf::from("/etc/zhengku/b/root.pem");
        let expected =
            [Trusted::from(PathBuf::from("/etc/zhengku/root.pem")), Trusted { path, only_for }];
        assert_eq!(read(two).unwrap(), expected);
        let rows = [
            (r#"{ file = "b.pem" }"#, "trust[0].authorities: is missing"),
            (r#"{ file = "b.pem", authorities = [] }"#, "trust[0].authorities: names nobody"),
            (r#"{ file = "b.pem", authorities = ["*"] }"#, "is a code of 18 characters"),
            (r#"{ file = "b.pem", authorities = ["119900"] }"#, "is a code of 18 characters"),
            (r#"{ authorities = ["1199*"] }"#, "trust[0].file: is missing"),
            ("7", "a text or a table"),
        ];
        for (trust, complaint) in rows {
            let said = read(trust).unwrap_err();
            assert!(said.contains(complaint), "{trust}: {said}");
        }
    }
}
