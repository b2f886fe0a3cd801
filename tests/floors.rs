//! The borders of the house: who may look at whom, and which packages stay behind which door.
//!
//! The sources are read as text. Comments, strings and tests inside the sources do not count: a comment may speak
//! of anything, and a test may use what its room may not. The tables at the top are the plan of the house; to widen
//! one is a decision, with a page in `docs/decisions/`.

#[path = "floors/source.rs"]
mod source;

use std::collections::BTreeSet;

use source::{line_at, rooms, word_positions};

/// Each floor with the floors it may look at. Only what stands further up in this list may be named, so the list is
/// also the order of the house from the ground up.
const FLOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("crypto", &["domain"]),
    ("pki", &["domain", "crypto"]),
    ("pdf", &["domain", "crypto"]),
    ("ecert", &["domain", "crypto"]),
    ("picture", &[]),
    ("judge", &["domain", "crypto", "pki", "pdf", "ecert", "picture"]),
    ("config", &["domain", "crypto"]),
    ("service", &["domain", "crypto", "pki", "pdf", "ecert", "picture", "judge"]),
    ("vault", &["domain", "crypto", "service"]),
    ("keys", &["domain", "crypto", "pki", "config", "service"]),
    ("remote", &["domain", "crypto", "pki", "service"]),
    ("http", &["domain", "crypto", "judge", "service"]),
    // The pages are one more resource behind the same door: they share its problems, limits and parsing.
    ("web", &["domain", "crypto", "judge", "service", "http"]),
    (
        "cli",
        &[
            "domain", "crypto", "pki", "pdf", "ecert", "judge", "config", "service", "vault",
            "keys", "remote", "http", "web",
        ],
    ),
];

/// Where a floor sees only a part of another: the floor, the other, the part.
const NARROW: &[(&str, &str, &[&str])] = &[
    ("vault", "service", &["ports", "error"]),
    ("keys", "service", &["ports", "error"]),
    ("remote", "service", &["ports", "error"]),
    ("http", "crypto", &["Digest", "Random"]),
    ("web", "crypto", &["Digest", "Random"]),
];

/// The floors without a world: no files, sockets, environment, clock or waiting.
const PURE: &[&str] = &["domain", "crypto", "pki", "pdf", "ecert", "picture", "judge"];

/// What the floors without a world do not name.
const WORLDLY_STD: &[&str] = &["fs", "net", "env", "process", "thread"];
const WORLDLY_WORDS: &[&str] = &["SystemTime", "Instant", "tokio", "async", "await"];

/// Each package behind a door, with the places that may name it: a floor, or a room of one.
const DOORS: &[(&str, &[&str])] = &[
    ("ring", &["crypto"]),
    ("sha2", &["crypto"]),
    ("p256", &["crypto"]),
    ("p384", &["crypto"]),
    ("p521", &["crypto"]),
    ("rsa", &["crypto"]),
    ("pkcs8", &["crypto"]),
    ("cryptoki", &["keys/pkcs11"]),
    ("prometheus_client", &["http"]),
    ("x509_parser", &["pki"]),
    ("webpki", &["pki"]),
    ("rustls_pki_types", &["pki"]),
    ("pdf_writer", &["pdf"]),
    ("qrcodegen", &["pdf", "picture"]),
    ("rxing", &["picture"]),
    ("zune_jpeg", &["picture"]),
    ("ttf_parser", &["pdf"]),
    ("roxmltree", &["pdf"]),
    ("svgtypes", &["pdf"]),
    ("csv", &["service/case_list", "service/case_result", "cli"]),
    ("encoding_rs", &["service/case_list"]),
    ("sqlx", &["vault"]),
    ("hyper", &["remote"]),
    ("hyper_util", &["remote"]),
    ("http_body_util", &["remote"]),
    ("tokio_rustls", &["remote"]),
    ("axum", &["http", "web"]),
    ("tower", &["http", "web"]),
    ("tower_http", &["http", "web"]),
    ("utoipa", &["http", "web"]),
    ("utoipa_axum", &["http", "web"]),
    ("askama", &["web"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("rcgen", &["cli/dev_keys"]),
];

/// Names that say nothing about what is in a room.
const NAMELESS_ROOMS: &[&str] =
    &["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs", "types.rs"];

/// The longest a room may be, in lines, tests included; our own bound.
const LIMIT_LINES: usize = 450;

#[test]
fn every_floor_looks_down_only() {
    let mut faults = Vec::new();
    for room in rooms() {
        for look in room.looks() {
            let known = FLOORS.iter().any(|(floor, _)| *floor == look.floor);
            if !known || look.floor == room.floor || room.floor.is_empty() {
                continue;
            }
            let allowed = FLOORS
                .iter()
                .any(|(floor, below)| *floor == room.floor && below.contains(&look.floor.as_str()));
            let narrow =
                NARROW.iter().find(|(from, to, _)| *from == room.floor && *to == look.floor);
            if !allowed {
                faults.push(format!("{}:{} looks at {}", room.name, look.line, look.floor));
            } else if let Some((_, _, parts)) = narrow
                && !parts.contains(&look.part.as_str())
            {
                let (part, parts) = (&look.part, parts.join(", "));
                faults.push(format!(
                    "{}:{} looks at {}::{part}, where only {parts} may be seen",
                    room.name, look.line, look.floor
                ));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn the_plan_names_every_floor_and_leads_down() {
    let mut above: Vec<&str> = Vec::new();
    for (floor, below) in FLOORS {
        for other in *below {
            assert!(above.contains(other), "{floor} may look at {other}, which stands no lower");
        }
        above.push(floor);
    }
    let built: BTreeSet<String> =
        rooms().into_iter().map(|room| room.floor).filter(|floor| !floor.is_empty()).collect();
    for floor in built {
        assert!(above.contains(&floor.as_str()), "the plan does not say where `{floor}` stands");
    }
}

#[test]
fn packages_stay_behind_their_doors() {
    let mut faults = Vec::new();
    for room in rooms() {
        for (package, places) in DOORS {
            let inside = places.iter().any(|place| room.stands_in(place));
            for line in room.lines_with_path_from(package).filter(|_| !inside) {
                faults.push(format!("{}:{line} names {package}: {}", room.name, places.join(", ")));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn below_the_desks_there_is_no_world() {
    let mut faults = Vec::new();
    for room in rooms().iter().filter(|room| PURE.contains(&room.floor.as_str())) {
        for (part, line) in room.parts_after("std::") {
            if WORLDLY_STD.contains(&part.as_str()) {
                faults.push(format!("{}:{line} names std::{part}", room.name));
            }
        }
        for word in WORLDLY_WORDS {
            for at in word_positions(&room.code, word) {
                faults.push(format!("{}:{} says {word}", room.name, line_at(&room.code, at)));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn rooms_have_a_subject_a_header_and_a_bearable_length() {
    let mut faults = Vec::new();
    for room in rooms() {
        if !room.text.starts_with("//! ") {
            faults.push(format!("{} does not begin by saying what it is", room.name));
        }
        let lines = room.text.lines().count();
        if lines > LIMIT_LINES {
            faults.push(format!("{} has {lines} lines, {LIMIT_LINES} at most", room.name));
        }
        if NAMELESS_ROOMS.iter().any(|name| room.name.ends_with(&format!("/{name}"))) {
            faults.push(format!("{}: its name does not say what is in it", room.name));
        }
    }
    assert_none(&faults);
}

#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}
