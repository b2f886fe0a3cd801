//! Sources read as text: what a room looks at, with comments, strings and tests left out of account.
//!
//! This is no parser of Rust. It knows just enough to follow a `use` tree and not to be misled by words in
//! comments and strings; the test at the bottom shows what it sees through.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub struct Room {
    /// Its path below `src`, with slashes.
    pub name: String,
    /// The folder right below `src` it stands in, or its own name there; empty for `lib.rs` and `main.rs`.
    pub floor: String,
    /// The file as it is.
    pub text: String,
    /// The same with comments, strings and tests blanked out, line by line.
    pub code: String,
}

/// A path that leads to another floor.
pub struct Look {
    pub floor: String,
    /// What is named there first; empty where the floor itself is.
    pub part: String,
    pub line: usize,
}

impl Room {
    pub fn stands_in(&self, place: &str) -> bool {
        let below = self.name.strip_prefix(place);
        below.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
    }

    /// How many `super` lead from this file to the crate.
    fn depth(&self) -> usize {
        let parts = self.name.split('/').count();
        if self.name.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    pub fn looks(&self) -> Vec<Look> {
        let climb = "super::".repeat(self.depth());
        let mut looks = Vec::new();
        for start in ["crate::", "zhengku::", climb.as_str()] {
            for (tree, at) in trees_after(&self.code, start) {
                for (floor, rest) in heads(tree) {
                    let line = line_at(&self.code, at);
                    let mut parts: Vec<String> =
                        heads(rest).into_iter().map(|(part, _)| part).collect();
                    if parts.is_empty() {
                        parts.push(String::new());
                    }
                    looks.extend(parts.into_iter().map(|part| Look {
                        floor: floor.clone(),
                        part,
                        line,
                    }));
                }
            }
        }
        looks
    }

    /// What is named right behind `start`, and on which line.
    pub fn parts_after(&self, start: &str) -> Vec<(String, usize)> {
        let mut parts = Vec::new();
        for (tree, at) in trees_after(&self.code, start) {
            let line = line_at(&self.code, at);
            parts.extend(heads(tree).into_iter().map(|(part, _)| (part, line)));
        }
        parts
    }

    /// The lines on which a path begins with this package.
    pub fn lines_with_path_from<'r>(
        &'r self,
        package: &'r str,
    ) -> impl Iterator<Item = usize> + 'r {
        word_positions(&self.code, package).filter_map(move |at| {
            let before = self.code[..at].trim_end();
            let after = self.code[at + package.len()..].trim_start();
            let used = before.ends_with("use") && after.starts_with([';', ' ']);
            let begins = !before.ends_with("::") && !before.ends_with('.');
            (begins && (after.starts_with("::") || used)).then(|| line_at(&self.code, at))
        })
    }
}

/// Every source file of the crate.
pub fn rooms() -> Vec<Room> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files.sort();
    let mut rooms: Vec<Room> = files.iter().map(|file| read_room(&src, file)).collect();
    assert!(rooms.len() > 10, "the sources are not where they were: {}", src.display());
    let tests: Vec<String> = rooms.iter().flat_map(test_rooms).collect();
    for room in &mut rooms {
        if tests.contains(&room.name) {
            room.code = String::new();
        }
    }
    rooms
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of src") {
        let path = entry.expect("an entry of src").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read_room(src: &Path, file: &Path) -> Room {
    let text = fs::read_to_string(file).expect("a source in UTF-8");
    let name =
        file.strip_prefix(src).expect("a path below src").to_str().expect("UTF-8").to_owned();
    let first = name.split('/').next().unwrap_or_default();
    let floor = match first {
        "lib.rs" | "main.rs" => "",
        other => other.trim_end_matches(".rs"),
    };
    let code = without_tests(&without_words(&text));
    Room { floor: floor.to_owned(), name, text, code }
}

/// The files that a room declares for its tests only (`#[cfg(test)] mod chain;`).
fn test_rooms(room: &Room) -> Vec<String> {
    let code = without_words(&room.text);
    let home = match room.name.rsplit_once('/') {
        Some((folder, "mod.rs")) => folder.to_owned(),
        _ => room.name.trim_end_matches(".rs").to_owned(),
    };
    let mut names = Vec::new();
    for (at, _) in code.match_indices(TEST_MARK) {
        let rest = code[at + TEST_MARK.len()..].trim_start();
        let rest = rest.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        if let Some(name) = rest.strip_prefix("mod ").and_then(|rest| rest.split_once(';')) {
            names.push(format!("{home}/{}.rs", name.0.trim()));
        }
    }
    names
}

const TEST_MARK: &str = "#[cfg(test)]";

/// Blanks out what stands behind `#[cfg(test)]`, up to the end of its block or statement.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(TEST_MARK) {
        kept.push_str(&rest[..at]);
        let mut depth = 0_usize;
        let mut end = rest.len();
        for (index, letter) in rest[at..].char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && matches!(letter, '}' | ';') {
                end = at + index + 1;
                break;
            }
        }
        kept.extend(rest[at..end].chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

/// Blanks out comments, strings and characters; lines stay where they are.
fn without_words(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let long = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if letter == '"' {
            quoted(rest, '"')
        } else if rest.starts_with("r\"") || rest.starts_with("r#") || rest.starts_with("br\"") {
            raw(rest, &code)
        } else if letter == '\'' {
            character(rest)
        } else {
            0
        };
        let (blank, taken) = if long > 0 { (true, long) } else { (false, letter.len_utf8()) };
        let part = &rest[..taken];
        if blank {
            code.extend(part.chars().map(|c| if c == '\n' { c } else { ' ' }));
        } else {
            code.push_str(part);
        }
        rest = &rest[taken..];
    }
    code
}

/// How long the quotation at the beginning of `rest` is.
fn quoted(rest: &str, mark: char) -> usize {
    let mut escaped = false;
    for (index, letter) in rest.char_indices().skip(1) {
        if !escaped && letter == mark {
            return index + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    rest.len()
}

/// How long the raw string at the beginning of `rest` is; 0 where it is the end of a name, or a raw name.
fn raw(rest: &str, before: &str) -> usize {
    let behind_a_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let start = rest.trim_start_matches(['b', 'r']);
    let hashes = start.len() - start.trim_start_matches('#').len();
    if behind_a_name || !start[hashes..].starts_with('"') {
        return 0;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let opening = rest.len() - start.len() + hashes + 1;
    rest[opening..].find(&close).map_or(rest.len(), |end| opening + end + close.len())
}

/// How long the character at the beginning of `rest` is; 0 where it is a lifetime.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => quoted(rest, '\''),
        Some(_) => match letters.next() {
            Some((index, '\'')) => index + 1,
            _ => 0,
        },
        None => 0,
    }
}

/// What follows each `start` that begins a path, with its place.
fn trees_after<'c>(code: &'c str, start: &str) -> Vec<(&'c str, usize)> {
    let begins = |at: &usize| {
        let before = &code[..*at];
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
    };
    code.match_indices(start)
        .map(|(at, _)| at)
        .filter(begins)
        .map(|at| (&code[at + start.len()..], at))
        .collect()
}

/// The names at the head of a path or of a `{…}` group, each with what follows its `::`.
fn heads(tree: &str) -> Vec<(String, &str)> {
    let Some(group) = tree.strip_prefix('{') else {
        let end = tree.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(tree.len());
        let rest = tree[end..].strip_prefix("::").unwrap_or("");
        return if end == 0 { Vec::new() } else { vec![(tree[..end].to_owned(), rest)] };
    };
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut begin = 0;
    for (index, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                found.extend(heads(group[begin..index].trim()));
                begin = index + 1;
                if letter == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

/// Where `word` stands as a whole word.
pub fn word_positions<'c>(code: &'c str, word: &'c str) -> impl Iterator<Item = usize> + 'c {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        !code[..*at].ends_with(inside) && !code[at + word.len()..].starts_with(inside)
    })
}

pub fn line_at(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

#[test]
fn the_reader_of_sources_sees_through_groups_comments_and_strings() {
    let text = r##"//! Header naming crate::cli.
use crate::{domain::{Day, Moment}, http::wire, web};
use super::super::vault::Shelf;
/* crate::cli */ const A: &str = "crate::cli"; const B: char = '"'; const C: &str = r#"crate::"cli"#;
fn f<'a>(x: &'a str) -> crate::pki::Path { std::fs::read(x); ring::digest() }
#[cfg(test)]
mod tests { use crate::cli; fn g() { sha2::f() } }
fn after() { use std::{io, net::TcpStream}; my::ring::x(); }
"##;
    let room = Room {
        name: "judge/room.rs".to_owned(),
        floor: "judge".to_owned(),
        text: text.to_owned(),
        code: without_tests(&without_words(text)),
    };
    let looks: Vec<String> = room
        .looks()
        .iter()
        .map(|look| format!("{}/{}:{}", look.floor, look.part, look.line))
        .collect();
    assert_eq!(
        looks,
        ["domain/Day:2", "domain/Moment:2", "http/wire:2", "web/:2", "pki/Path:5", "vault/Shelf:3"]
    );
    let std: Vec<_> = room.parts_after("std::");
    assert_eq!(std, [("fs".to_owned(), 5), ("io".to_owned(), 8), ("net".to_owned(), 8)]);
    assert_eq!(room.lines_with_path_from("ring").collect::<Vec<_>>(), [5]);
    assert_eq!(room.lines_with_path_from("sha2").count(), 0);
}
