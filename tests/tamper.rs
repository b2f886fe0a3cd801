//! No altered document is ever valid: every byte and every cut of one sealed PDF and one e-certificate of each
//! type, then the tricks, each with the finding it must meet.
//!
//! The sweeps go through the judge as everybody else does, path cache and all, and the vault says of every file
//! that its license is in force, so that nothing but the file itself speaks against it. `make tamper` runs this
//! suite alone and prints what was tried in how many seconds.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use serde_json::Value;
use zhengku::crypto::{Digest, KeySigner, SeededRandom, Signature, Signer, Suite};
use zhengku::domain::{Level, LicenseKey, Moment, Standing, Submission, VersionNo};
use zhengku::ecert::{self, Content, ContentInput, Places, SealedHeader};
use zhengku::judge::{FindingOutcome, Overall, VaultFact, VaultRecord, Verdict};
use zhengku::pdf::{
    Attachment, Binding, DocumentKind, ValidationData, extend_with_timestamp, read_sealed,
};
use zhengku::pki::{
    Certificate, Crl, SealTemplate, TimestampIssuer, TimestampRequest, TrustStore, der,
    read_response, signature_to_stamp, timestamp_room, with_signature_timestamp,
};
use zhengku::service::desks::VerifyDesk;
use zhengku::service::ports::{Form, SealingKey};
use zhengku::service::verify::Judging;
use zhengku::service::workshop::FaceValues;

use support::{
    House, NOW, Plan, first_good, good, judging, key_ring, moment, root, special_key, trust,
    type_codes, workshop,
};

/// 营业执照, whose authority also has the expired and the revoked toy key.
const BUSINESS: &str = "11990000MD0000008F001";
/// Room for a time-stamp of the toy authority, in bytes.
const TOKEN_ROOM: usize = 2_000;
/// Threads of one sweep; the machines we test on have two cores.
const THREADS: usize = 2;

/// Both forms of one license, and what the vault says of it.
struct Pair {
    type_code: String,
    pdf: Vec<u8>,
    ecert: Vec<u8>,
    in_force: VaultFact,
}

fn block_on<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(task)
}

/// The license of one submission, issued in a house of its own.
fn issue(plan: Plan, body: &Value) -> Pair {
    let house = House::in_memory(plan);
    block_on(async {
        let issued = house.ask("key", body).await.unwrap();
        let pdf = house.bytes(&issued, Form::SealedPdf).await;
        let ecert = house.bytes(&issued, Form::Ecert).await;
        let in_force = VaultFact::Found(VaultRecord {
            standing: Standing::InForce,
            content_digest: issued.record.content_digest,
            files: vec![Digest::of(&pdf), Digest::of(&ecert)],
            as_of: moment(NOW),
        });
        Pair { type_code: body["type"].as_str().unwrap().to_owned(), pdf, ecert, in_force }
    })
}

/// One license of each type.
fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        type_codes().iter().map(|code| issue(Plan::default(), &first_good(code))).collect()
    })
}

/// A second license of the type of `pairs()[0]`.
fn neighbor() -> Pair {
    issue(Plan { seed: 2, ..Plan::default() }, &good(BUSINESS)[2])
}

fn judge(judging: &Judging, file: &[u8], vault: &VaultFact, at: &str) -> Verdict {
    judging.examine(file, moment(at)).conclude(vault.clone(), moment(at))
}

/// Whether a verdict would let anybody accept the file.
fn accepts(verdict: &Verdict) -> bool {
    matches!(verdict.overall, Overall::Valid | Overall::ValidWithLaterChanges)
        || verdict.exit_code() == 0
        || verdict.is_acceptable()
}

/// A change to one place of a file.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The byte at the place becomes this.
    Becomes(u8),
    /// The file ends before the place.
    Cut,
    /// These bits of the byte are turned over.
    Turned(u8),
}

/// Tries `change` at every place of `places` and gives those where the file is accepted or the judge panics.
fn sweep(file: &[u8], vault: &VaultFact, places: Range<usize>, change: Change) -> Vec<String> {
    let judging = judging(trust());
    let step = places.len().div_ceil(THREADS).max(1);
    let starts: Vec<usize> = places.clone().step_by(step).collect();
    std::thread::scope(|scope| {
        let work = |start: usize| {
            let (judging, places) = (&judging, start..places.end.min(start + step));
            scope.spawn(move || {
                let mut copy = file.to_vec();
                let mut wrong = Vec::new();
                for place in places {
                    let changed = match change {
                        Change::Becomes(byte) => byte,
                        Change::Cut => file[place],
                        Change::Turned(bits) => file[place] ^ bits,
                    };
                    if !matches!(change, Change::Cut) && changed == file[place] {
                        continue;
                    }
                    copy[place] = changed;
                    let end = if matches!(change, Change::Cut) { place } else { file.len() };
                    let verdict =
                        catch_unwind(AssertUnwindSafe(|| judge(judging, &copy[..end], vault, NOW)));
                    match verdict {
                        Err(_) => wrong.push(format!("{change:?} at {place}: the judge panicked")),
                        Ok(verdict) if accepts(&verdict) => {
                            wrong.push(format!("{change:?} at {place}: {:?}", verdict.overall));
                        }
                        Ok(verdict) => {
                            let integrity = verdict.integrity;
                            assert_ne!(integrity, zhengku::judge::Outcome::Passed, "at {place}");
                            assert!(verdict.license.is_none(), "at {place}: facts are believed");
                        }
                    }
                    copy[place] = file[place];
                }
                wrong
            })
        };
        let threads: Vec<_> = starts.into_iter().map(work).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// Where the hexadecimal digits of the seal and its padding stand.
fn gap(pdf: &[u8]) -> Range<usize> {
    let start = find(pdf, b"/Contents<30") + b"/Contents<".len();
    start..start + pdf[start..].iter().position(|byte| *byte == b'>').unwrap()
}

fn find(file: &[u8], needle: &[u8]) -> usize {
    let place = file.windows(needle.len()).rposition(|window| window == needle);
    place.unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(needle)))
}

fn told(what: &str, tried: usize, started: Instant, wrong: &[String]) {
    println!("{what}: {tried} tried in {:.1} s", started.elapsed().as_secs_f64());
    assert!(wrong.is_empty(), "{what}:\n{}", wrong[..wrong.len().min(20)].join("\n"));
}

#[test]
fn no_sealed_pdf_with_one_changed_byte_is_valid() {
    let started = Instant::now();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for pair in pairs() {
        assert_eq!(
            judge(&judging(trust()), &pair.pdf, &pair.in_force, NOW).exit_code(),
            0,
            "{}",
            pair.type_code
        );
        let all = 0..pair.pdf.len();
        tried += all.len();
        wrong.extend(sweep(&pair.pdf, &pair.in_force, all, Change::Turned(0x01)));
    }
    told("sealed PDFs, every byte", tried, started, &wrong);
}

#[test]
fn neither_letter_case_nor_padding_of_the_seal_can_be_changed() {
    let started = Instant::now();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for pair in pairs() {
        let gap = gap(&pair.pdf);
        for change in [Change::Turned(0x20), Change::Becomes(b'F'), Change::Becomes(b' ')] {
            tried += gap.len();
            wrong.extend(sweep(&pair.pdf, &pair.in_force, gap.clone(), change));
        }
    }
    told("sealed PDFs, every digit of the gap", tried, started, &wrong);
}

#[test]
fn no_sealed_pdf_that_was_cut_is_valid() {
    let started = Instant::now();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for pair in pairs() {
        tried += pair.pdf.len();
        wrong.extend(sweep(&pair.pdf, &pair.in_force, 0..pair.pdf.len(), Change::Cut));
    }
    told("sealed PDFs, every cut", tried, started, &wrong);
}

#[test]
fn no_e_certificate_with_one_changed_byte_is_valid() {
    let started = Instant::now();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for pair in pairs() {
        let verdict = judge(&judging(trust()), &pair.ecert, &pair.in_force, NOW);
        assert_eq!(verdict.exit_code(), 0, "{}", pair.type_code);
        for bits in [0x01, 0x20] {
            tried += pair.ecert.len();
            let all = 0..pair.ecert.len();
            wrong.extend(sweep(&pair.ecert, &pair.in_force, all, Change::Turned(bits)));
        }
    }
    told("e-certificates, every byte", tried, started, &wrong);
}

/// A cut right behind a `~` leaves out whole disclosures: that is a presentation of less, and lawful, unless it
/// shows nothing at all. Every other cut is not valid.
#[test]
fn an_e_certificate_can_only_be_cut_between_its_values() {
    let started = Instant::now();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    let judging = judging(trust());
    for pair in pairs() {
        let mut start = 0;
        for end in 1..=pair.ecert.len() {
            if pair.ecert[end - 1] == b'~' {
                // Between two tildes, the places that follow the first one out.
                tried += end - start;
                wrong.extend(sweep(&pair.ecert, &pair.in_force, start..end, Change::Cut));
                start = end + 1;
                let verdict = judge(&judging, &pair.ecert[..end], &pair.in_force, NOW);
                let shows_nothing = !pair.ecert[..end - 1].contains(&b'~');
                let expected = if shows_nothing { Overall::Indeterminate } else { Overall::Valid };
                assert_eq!(verdict.overall, expected, "{} at {end}", pair.type_code);
                if shows_nothing {
                    continue;
                }
                let withheld = &verdict.finding("ecert.disclosures").unwrap().fact.en;
                assert_eq!(
                    withheld.contains("withheld: 0;"),
                    end == pair.ecert.len(),
                    "{withheld}"
                );
            }
        }
    }
    told("e-certificates, every cut", tried, started, &wrong);
}

/// A trick, the file it makes, and the code of the finding that must refuse it.
type Trick = (&'static str, Vec<u8>, &'static str);

/// Holds each trick against the finding it must meet: it is not valid, and exactly this check failed.
fn meet(vault: &VaultFact, tricks: Vec<Trick>) {
    let judging = judging(trust());
    let mut wrong = Vec::new();
    for (trick, file, code) in tricks {
        let verdict = judge(&judging, &file, vault, NOW);
        let failed = with(&verdict, FindingOutcome::Failed);
        if verdict.overall != Overall::Invalid || failed != [code] {
            wrong.push(format!("{trick}: {:?}, {failed:?} and not {code}", verdict.overall));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn with(verdict: &Verdict, outcome: FindingOutcome) -> Vec<&'static str> {
    let findings = verdict.findings.iter().filter(|finding| finding.outcome == outcome);
    findings.map(|finding| finding.code).collect()
}

/// `file` with `bytes` in place of what stood in `range`.
fn put(file: &[u8], range: Range<usize>, bytes: &[u8]) -> Vec<u8> {
    [&file[..range.start], bytes, &file[range.end..]].concat()
}

/// The four numbers of the range, and the place they stand in with their padding.
fn byte_range(pdf: &[u8]) -> ([usize; 4], Range<usize>) {
    let start = find(pdf, b"/ByteRange[") + b"/ByteRange[".len();
    let end = start + pdf[start..].iter().position(|byte| *byte == b']').unwrap();
    let text = std::str::from_utf8(&pdf[start..end]).unwrap();
    let numbers: Vec<usize> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
    (numbers.try_into().unwrap(), start..end)
}

fn with_range(pdf: &[u8], numbers: [usize; 4]) -> Vec<u8> {
    let (_, place) = byte_range(pdf);
    let text = numbers.map(|number| number.to_string()).join(" ");
    let text = format!("{text:<width$}", width = place.len());
    put(pdf, place, text.as_bytes())
}

#[test]
fn each_trick_with_the_range_of_a_seal_meets_its_finding() {
    let pair = &pairs()[0];
    let pdf = &pair.pdf;
    let ([zero, head, tail, len], _) = byte_range(pdf);
    let honest = with_range(pdf, [zero, head, tail, len]);
    assert!(honest == *pdf, "the honest range is written as we wrote it");
    let range = |numbers| with_range(pdf, numbers);
    let page = b"\n9999 0 obj\n<</Type/Page>>\nendobj\n";
    let appended = [pdf, &page[..]].concat();
    let id = find(pdf, b"/ID[<") + 4;
    let id_end = id + pdf[id..].iter().position(|byte| *byte == b'>').unwrap() + 1;
    let revision = format!(
        "\nxref\n0 0\ntrailer\n<</Size 1/Prev {}/Root 1 0 R>>\nstartxref\n{}\n%%EOF",
        head,
        pdf.len()
    );
    meet(
        &pair.in_force,
        vec![
            ("the head is left out", range([1, head - 1, tail, len]), "seal.coverage"),
            ("a byte before the gap is left out", range([0, head - 1, tail, len]), "seal.coverage"),
            ("a byte behind it is", range([0, head, tail + 1, len - 1]), "seal.coverage"),
            ("the last byte is", range([0, head, tail, len - 1]), "seal.coverage"),
            ("the range ends behind the file", range([0, head, tail, len + 1]), "seal.coverage"),
            ("the parts overlap", range([0, tail, head, pdf.len() - head]), "seal.coverage"),
            ("no gap at all", range([0, tail, tail, len]), "seal.coverage"),
            (
                "a length that wraps around",
                range([0, head, tail, usize::MAX / 2]),
                "seal.structure",
            ),
            (
                "the gap is said to be another string of digits",
                range([0, id, id_end, pdf.len() - id_end]),
                "seal.structure",
            ),
            ("a page appended", appended.clone(), "seal.coverage"),
            (
                "a page appended and the range made longer",
                with_range(&appended, [0, head, tail, len + page.len()]),
                "seal.structure",
            ),
            ("a revision appended", [pdf, revision.as_bytes()].concat(), "seal.coverage"),
            ("a line feed appended", [pdf, &b"\n"[..]].concat(), "seal.coverage"),
            ("a byte put before it", [&b"\n"[..], pdf].concat(), "seal.coverage"),
            ("the file twice", [&pdf[..], pdf].concat(), "seal.coverage"),
            ("two licenses joined", [&pdf[..], &neighbor().pdf].concat(), "seal.coverage"),
            ("cut in half", pdf[..pdf.len() / 2].to_vec(), "seal.coverage"),
        ],
    );
}

#[test]
fn each_trick_with_the_parts_of_a_sealed_pdf_meets_its_finding() {
    let (pair, other) = (&pairs()[0], neighbor());
    let pdf = &pair.pdf;
    let gap = gap(pdf);
    let seal = read_sealed(pdf).unwrap().cms;
    let digits = |der: &[u8]| {
        let mut text: String = der.iter().map(|byte| format!("{byte:02X}")).collect();
        text.extend(std::iter::repeat_n('0', gap.len() - text.len()));
        text
    };
    let reseal = |der: &[u8]| put(pdf, gap.clone(), digits(der).as_bytes());
    let foreign = read_sealed(&other.pdf).unwrap().cms;
    let twin = twin_seal(&seal);
    assert!(holds_together(&twin) && twin != seal, "only its signature is another");
    let small = String::from_utf8(pdf[gap.clone()].to_vec()).unwrap().to_lowercase();
    let id = find(pdf, b"1.2.156.3005.2.");
    let attached = |pdf: &[u8]| -> Range<usize> {
        let start = find(pdf, b"/Type/EmbeddedFile");
        let start = start + find_first(&pdf[start..], b"stream\n") + 7;
        start..start + find_first(&pdf[start..], b"\nendstream")
    };
    let theirs = &other.pdf[attached(&other.pdf)];
    meet(
        &pair.in_force,
        vec![
            ("the seal of another license", reseal(&foreign), "seal.bytes"),
            ("the twin of its signature", reseal(&twin), "seal.structure"),
            ("no seal in the gap", put(pdf, gap.clone(), digits(&[]).as_bytes()), "seal.structure"),
            ("half a seal", reseal(&seal[..seal.len() / 2]), "seal.structure"),
            ("a byte behind the seal", reseal(&[&seal[..], &[1]].concat()), "seal.structure"),
            ("small letters", put(pdf, gap.clone(), small.as_bytes()), "seal.coverage"),
            ("another digit of the id", put(pdf, id + 60..id + 61, b"?"), "seal.bytes"),
            ("the attachment of another license", put(pdf, attached(pdf), theirs), "seal.coverage"),
        ],
    );
}

fn find_first(file: &[u8], needle: &[u8]) -> usize {
    file.windows(needle.len()).position(|window| window == needle).unwrap()
}

/// The same CMS message with the other signature that verifies under the same key.
fn twin_seal(seal: &[u8]) -> Vec<u8> {
    // The signature is the last element; 0x30 and its length come 70 to 74 bytes before the end.
    let start = (seal.len() - 74..seal.len() - 6)
        .find(|at| Signature::from_der(Suite::EcdsaP256Sha256, &seal[*at..]).is_ok())
        .unwrap();
    let signature = Signature::from_der(Suite::EcdsaP256Sha256, &seal[start..]).unwrap();
    let twin = Signature::from_raw(Suite::EcdsaP256Sha256, twin(signature.raw())).unwrap();
    let longer = twin.der().len() - (seal.len() - start);
    let mut message = [&seal[..start], &twin.der()].concat();
    // Every enclosing length grows with it: the octet string by its one byte, the others by their two.
    message[start - 1] += u8::try_from(longer).unwrap();
    let mut at = 0;
    while at < start - 2 {
        let [tag, form, high, low] = message[at..at + 4].try_into().unwrap();
        let length = usize::from(u16::from_be_bytes([high, low]));
        if form == 0x82 && at + 4 + length + longer == message.len() {
            let bytes = u16::try_from(length + longer).unwrap().to_be_bytes();
            message[at + 2..at + 4].copy_from_slice(&bytes);
            at += 4;
        } else if tag & 0x20 != 0 && form == 0x82 && at + 4 + length < start {
            at += 4 + length;
        } else {
            at += match form {
                0x82 => 4 + length,
                0x81 => 3 + usize::from(high),
                _ => 2 + usize::from(form),
            };
        }
    }
    message
}

/// Whether every length in a DER value agrees with what it encloses.
fn holds_together(bytes: &[u8]) -> bool {
    let mut reader = der::Reader::new(bytes);
    while !reader.is_empty() {
        match reader.element() {
            Ok(element) if element.tag & 0x20 == 0 || holds_together(element.content) => {}
            _ => return false,
        }
    }
    true
}

/// `r` and the order of P-256 less `s`: verifies wherever `r` and `s` do.
fn twin(raw: &[u8]) -> Vec<u8> {
    const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let mut twin = raw.to_vec();
    let mut borrow = 0;
    for index in (0..32).rev() {
        let digit = i16::from_str_radix(&ORDER[2 * index..2 * index + 2], 16).unwrap();
        let difference = digit - i16::from(raw[32 + index]) - borrow;
        borrow = i16::from(difference < 0);
        twin[32 + index] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    twin
}

#[test]
fn each_trick_with_an_e_certificate_meets_its_finding() {
    let (pair, other) = (&pairs()[0], neighbor());
    let text = std::str::from_utf8(&pair.ecert).unwrap();
    let (jwt, shown) = text.split_once('~').unwrap();
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, payload, signature] = parts.try_into().unwrap();
    let theirs = std::str::from_utf8(&other.ecert).unwrap();
    let (their_jwt, their_values) = theirs.split_once('~').unwrap();
    let their_payload = their_jwt.split('.').nth(1).unwrap();
    let their_value = their_values.split('~').next().unwrap();
    let value = shown.split('~').next().unwrap();

    let headers = pairs().iter().map(|pair| {
        let text = std::str::from_utf8(&pair.ecert).unwrap();
        text.split('.').next().unwrap()
    });
    // Of the same suite, so that only the signature can tell.
    let foreign_header = headers.filter(|other| *other != header).find(|other| {
        URL_SAFE_NO_PAD.decode(other).unwrap().windows(5).any(|window| window == b"ES256")
    });
    let foreign_header = foreign_header.unwrap();
    let recoded = |part: &str, from: &str, to: &str| {
        let json = String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert!(json.contains(from), "{json}");
        URL_SAFE_NO_PAD.encode(json.replacen(from, to, 1))
    };
    let alg = |to: &str| recoded(header, "\"alg\":\"ES256\"", to);
    let put = |header: &str, payload: &str, signature: &str, shown: &str| {
        format!("{header}.{payload}.{signature}~{shown}").into_bytes()
    };
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let twin = URL_SAFE_NO_PAD.encode(twin(&raw));
    let salted = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let invented = salted("[\"c2FsdHNhbHRzYWx0c2FsdA\",\"license_number\",\"1\"]");
    let longer = recoded(payload, "\"edition\":", "\"edition\":1");
    meet(
        &pair.in_force,
        vec![
            (
                "a value of another license added",
                format!("{text}{their_value}~").into_bytes(),
                "ecert.disclosures",
            ),
            (
                "a value of another license in place of its own",
                put(header, payload, signature, &shown.replacen(value, their_value, 1)),
                "ecert.disclosures",
            ),
            ("an invented value", format!("{text}{invented}~").into_bytes(), "ecert.disclosures"),
            ("a value shown twice", format!("{text}{value}~").into_bytes(), "ecert.disclosures"),
            (
                "all values of another license",
                put(header, payload, signature, their_values),
                "ecert.disclosures",
            ),
            (
                "the payload of another license",
                put(header, their_payload, signature, shown),
                "ecert.signature",
            ),
            ("a changed payload", put(header, &longer, signature, shown), "ecert.signature"),
            (
                "the header of another authority",
                put(foreign_header, payload, signature, shown),
                "ecert.signature",
            ),
            (
                "algorithm none, and no signature",
                put(&alg("\"alg\":\"none\""), payload, "", shown),
                "ecert.structure",
            ),
            (
                "algorithm HS256, keyed with the certificate",
                put(&alg("\"alg\":\"HS256\""), payload, signature, shown),
                "ecert.structure",
            ),
            (
                "algorithm RS256 with a signature of that length",
                put(&alg("\"alg\":\"RS256\""), payload, &URL_SAFE_NO_PAD.encode([1; 256]), shown),
                "ecert.signature",
            ),
            (
                "an extension that must be understood",
                put(&alg("\"alg\":\"ES256\",\"crit\":[\"b64\"]"), payload, signature, shown),
                "ecert.structure",
            ),
            (
                "two algorithms in one header",
                put(&alg("\"alg\":\"none\",\"alg\":\"ES256\""), payload, signature, shown),
                "ecert.structure",
            ),
            ("the twin of its signature", put(header, payload, &twin, shown), "ecert.signature"),
            ("no last tilde", pair.ecert[..pair.ecert.len() - 1].to_vec(), "ecert.structure"),
            ("no tilde at all", jwt.as_bytes().to_vec(), "ecert.structure"),
            (
                "a key-binding token behind it",
                format!("{text}{jwt}").into_bytes(),
                "ecert.structure",
            ),
            ("a line feed behind it", [&pair.ecert[..], b"\n"].concat(), "ecert.structure"),
            ("an empty value", format!("{text}~").into_bytes(), "ecert.structure"),
            ("two licenses joined", [&pair.ecert[..], &other.ecert].concat(), "ecert.structure"),
            (
                "padded base64",
                put(&format!("{header}="), payload, signature, shown),
                "ecert.structure",
            ),
        ],
    );
}

#[test]
fn a_presentation_that_withholds_values_is_valid_and_counts_them() {
    let pair = &pairs()[0];
    let text = std::str::from_utf8(&pair.ecert).unwrap();
    let parts: Vec<&str> = text.split('~').collect();
    let all = parts.len() - 2;
    let judging = judging(trust());
    // Nothing shown is nothing to rely on: it hangs on every annotated copy, and taken out it is no original.
    let nothing = judge(&judging, format!("{}~", parts[0]).as_bytes(), &pair.in_force, NOW);
    assert_eq!((nothing.overall, nothing.exit_code()), (Overall::Indeterminate, 2));
    let why = nothing.finding("ecert.disclosures").unwrap();
    assert_eq!(why.outcome, FindingOutcome::CouldNotBeMade);
    assert!(nothing.license.is_none());
    for shown in [vec![1], vec![2, 3]] {
        let values: String = shown.iter().map(|index| format!("{}~", parts[*index])).collect();
        let file = format!("{}~{values}", parts[0]);
        let verdict = judge(&judging, file.as_bytes(), &pair.in_force, NOW);
        assert_eq!(verdict.exit_code(), 0, "{shown:?}");
        let fact = &verdict.finding("ecert.disclosures").unwrap().fact.en;
        let (shown, withheld) = (shown.len(), all - shown.len());
        let counted = format!("shown: {shown}, withheld: {withheld};");
        assert!(fact.contains(&counted), "{fact}");
    }
    // All values in another order: every one is signed, and it is the same license.
    let mut turned: Vec<&str> = parts[1..=all].to_vec();
    turned.reverse();
    let file = format!("{}~{}~", parts[0], turned.join("~"));
    let verdict = judge(&judging, file.as_bytes(), &pair.in_force, NOW);
    assert_eq!(verdict.exit_code(), 0, "{:?}", with(&verdict, FindingOutcome::Failed));
    // A PDF has no such right: one that the authority has sealed anew is not the one on the shelf.
    let own = read_sealed(&pair.pdf).unwrap();
    let (id, digest) = (own.license_id.unwrap(), own.content_digest_hex.unwrap());
    let anew = seal_by_hand(&id, &digest, Some(&pair.ecert));
    let verdict = judge(&judging, &anew, &pair.in_force, NOW);
    assert_eq!(verdict.overall, Overall::Valid);
    assert_eq!(with(&verdict, FindingOutcome::Failed), ["license.vault_copy"]);
    assert_eq!(verdict.exit_code(), 1);
}

/// A key and chain that nobody has looked at, as a forger has them.
struct Forged {
    signer: KeySigner,
    chain: Vec<Certificate>,
}

impl SealingKey for Forged {
    fn signer(&self) -> &dyn Signer {
        &self.signer
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }
}

/// What a forged sealing certificate says of itself.
struct Claim {
    /// Extended key usages.
    purposes: Vec<ExtendedKeyUsagePurpose>,
    /// The code in organizationIdentifier.
    authority: Option<&'static str>,
}

impl Default for Claim {
    /// What an honest one says.
    fn default() -> Self {
        Self {
            purposes: vec![ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])],
            authority: Some("11990000MD1000018N"),
        }
    }
}

fn forge(claim: Claim, issuer: &Issuer<'_, KeyPair>, above: &[Certificate]) -> Arc<dyn SealingKey> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "示例市市场监督管理局");
    params.distinguished_name.push(DnType::CommonName, "DEV 示例市市场监督管理局 电子印章");
    if let Some(code) = claim.authority {
        params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 97]), code);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = claim.purposes;
    params.use_authority_key_identifier_extension = true;
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2031, 1, 1);
    let leaf = params.signed_by(&key, issuer).unwrap();
    let leaf = Certificate::from_der(leaf.der()).unwrap();
    let chain = [&[leaf], above].concat();
    Arc::new(Forged { signer: KeySigner::from_pkcs8_der(key.serialized_der()).unwrap(), chain })
}

/// An authority somebody has made up, with these names.
fn self_made(names: DistinguishedName) -> (Certificate, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = names;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2045, 1, 1);
    let certificate = Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap();
    (certificate, Issuer::new(params, key))
}

/// The toy CA of the source, key and all.
fn toy_ca() -> (Certificate, Issuer<'static, KeyPair>) {
    let read = |name: &str| std::fs::read_to_string(root().join("keys-dev").join(name)).unwrap();
    let pem = read("issuing-ca.pem");
    let key = KeyPair::from_pem(&read("ca/issuing-ca.key.pem")).unwrap();
    let certificate = Certificate::all_from_pem(&pem).unwrap().swap_remove(0);
    (certificate, Issuer::from_ca_cert_pem(&pem, key).unwrap())
}

/// The names of the toy CA, which anybody can copy.
fn toy_names() -> DistinguishedName {
    let mut names = DistinguishedName::new();
    let country = rcgen::DnValue::PrintableString("CN".try_into().unwrap());
    names.push(DnType::CountryName, country);
    names.push(DnType::OrganizationName, "示例市电子证照开发环境");
    names.push(DnType::CommonName, "DEV 示例市电子证照 签发证书");
    names
}

/// Documents whose bytes are in order and whose seal is not: each with the verdict, and the finding that says
/// why, as failed (the verdict is invalid) or as not to be told (indeterminate).
#[test]
fn a_seal_is_authentic_only_by_the_right_key_at_the_right_time() {
    use ExtendedKeyUsagePurpose::{EmailProtection, ServerAuth};
    use FindingOutcome::{CouldNotBeMade, Failed};

    let body = first_good(BUSINESS);
    let ring = key_ring();
    let other = ring.iter().find(|key| key.authority().as_str() == "11990000MD1000026H").unwrap();
    let own = body["authority"].as_str().unwrap().parse().unwrap();
    let own: Arc<dyn SealingKey> = ring.get(&own).unwrap().clone();
    let expired: Arc<dyn SealingKey> = special_key("expired");
    let (ca, ca_issuer) = toy_ca();
    let above = [ca.clone()];
    let ended = expired.chain()[0].not_after();
    assert!(ended > moment("2025-09-01T08:00:00Z") && ended < moment(NOW));
    let (stranger, stranger_issuer) = self_made({
        let mut names = DistinguishedName::new();
        names.push(DnType::CommonName, "DEV self-made");
        names
    });
    let (double, double_issuer) = self_made(toy_names());
    assert_eq!(double.subject(), ca.subject(), "the double has the names of the toy CA");
    let wrong_purpose = |purpose| Claim { purposes: vec![purpose], ..Claim::default() };
    let nobody = Arc::new(TrustStore::empty());
    let honest = forge(Claim::default(), &ca_issuer, &above);
    let usage = "seal.certificate_usage";
    let (path, period) = ("seal.certificate_path", "seal.certificate_period");
    let early = "2025-09-01T08:00:00Z";
    let future = "2026-12-01T09:00:00Z";

    type Row = (
        &'static str,
        Arc<dyn SealingKey>,
        Arc<TrustStore>,
        &'static str,
        Option<(&'static str, FindingOutcome)>,
    );
    let rows: Vec<Row> = vec![
        ("its own key", own.clone(), trust(), NOW, None),
        ("a new key of its own from the same CA", honest, trust(), NOW, None),
        ("another authority's key", other.clone(), trust(), NOW, Some(("seal.authority", Failed))),
        (
            "a certificate that names no authority",
            forge(Claim { authority: None, ..Claim::default() }, &ca_issuer, &above),
            trust(),
            NOW,
            Some(("seal.authority", Failed)),
        ),
        (
            "a revoked certificate",
            special_key("revoked"),
            trust(),
            NOW,
            Some(("seal.certificate_revocation", Failed)),
        ),
        ("an ended certificate", expired.clone(), trust(), NOW, Some((period, Failed))),
        (
            "a certificate that has ended since, and no proof of when",
            expired,
            trust(),
            early,
            Some((period, CouldNotBeMade)),
        ),
        (
            "its own key, sealed in an hour",
            own.clone(),
            trust(),
            future,
            Some((period, CouldNotBeMade)),
        ),
        (
            "a certificate for web servers",
            forge(wrong_purpose(ServerAuth), &ca_issuer, &above),
            trust(),
            NOW,
            Some((usage, Failed)),
        ),
        (
            "a certificate for mail alone",
            forge(wrong_purpose(EmailProtection), &ca_issuer, &above),
            trust(),
            NOW,
            Some((usage, Failed)),
        ),
        (
            "a self-made CA",
            forge(Claim::default(), &stranger_issuer, &[stranger]),
            trust(),
            NOW,
            Some((path, CouldNotBeMade)),
        ),
        (
            "a self-made CA with the names of the real one",
            forge(Claim::default(), &double_issuer, &[double]),
            trust(),
            NOW,
            Some((path, CouldNotBeMade)),
        ),
        (
            "the real CA put above a leaf it never signed",
            forge(Claim::default(), &double_issuer, &above),
            trust(),
            NOW,
            Some((path, CouldNotBeMade)),
        ),
        ("its own key, and nobody is trusted", own, nobody, NOW, Some((path, CouldNotBeMade))),
    ];
    let mut wrong = Vec::new();
    for (what, key, judged_by, sealed_at, expected) in rows {
        let pair = forged(key.as_ref(), sealed_at);
        let judging = judging(judged_by);
        for (form, file) in [("PDF", &pair.pdf), ("e-certificate", &pair.ecert)] {
            let verdict = judge(&judging, file, &pair.in_force, NOW);
            let (failed, open) = (with(&verdict, Failed), with(&verdict, CouldNotBeMade));
            let overall = match expected {
                None => Overall::Valid,
                Some((_, Failed)) => Overall::Invalid,
                Some(_) => Overall::Indeterminate,
            };
            let met = match expected {
                None => failed.is_empty() && open.is_empty(),
                Some((code, Failed)) => failed == [code],
                Some((code, _)) => failed.is_empty() && open.first() == Some(&code),
            };
            let intact = verdict.integrity == zhengku::judge::Outcome::Passed;
            if verdict.overall != overall || !met || !intact {
                let overall = verdict.overall;
                wrong
                    .push(format!("{what}, {form}: {overall:?}, failed {failed:?}, open {open:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn toy_keys_count_for_nothing_where_development_is_not_accepted() {
    let pair = &pairs()[0];
    let catalogue = workshop();
    let paths = zhengku::pki::PathCache::new(4);
    let judging = Judging { trust: trust(), paths, signers: None, catalogue, development: false };
    for file in [&pair.pdf, &pair.ecert] {
        let verdict = judge(&judging, file, &pair.in_force, NOW);
        assert_eq!(verdict.overall, Overall::Invalid);
        assert_eq!(with(&verdict, FindingOutcome::Failed), ["seal.development"]);
    }
}

/// The authority itself seals parts that do not belong together: every byte is under a good seal, and the
/// contents contradict each other.
#[test]
fn a_good_seal_over_contradicting_parts_is_refused() {
    let (pair, other) = (&pairs()[0], neighbor());
    let own = read_sealed(&pair.pdf).unwrap();
    let (own_id, own_digest) = (own.license_id.unwrap(), own.content_digest_hex.unwrap());
    let theirs = read_sealed(&other.pdf).unwrap();
    let mut meanings = BTreeMap::new();
    for (trick, id, digest, ecert) in [
        ("nothing", &own_id, &own_digest, Some(&pair.ecert)),
        ("another license inside", &own_id, &own_digest, Some(&other.ecert)),
        ("another digest", &own_id, &theirs.content_digest_hex.unwrap(), Some(&pair.ecert)),
        ("another id", &theirs.license_id.unwrap(), &own_digest, Some(&pair.ecert)),
        ("no e-certificate inside", &own_id, &own_digest, None),
    ] {
        let file = seal_by_hand(id, digest, ecert.map(Vec::as_slice));
        let verdict = judge(&judging(trust()), &file, &VaultFact::NotAsked, NOW);
        meanings.insert(trick, (verdict.overall, with(&verdict, FindingOutcome::Failed)));
    }
    let expected = BTreeMap::from([
        ("nothing", (Overall::Valid, vec![])),
        ("another license inside", (Overall::Invalid, vec!["content.digest", "license.id"])),
        ("another digest", (Overall::Invalid, vec!["content.digest"])),
        ("another id", (Overall::Invalid, vec!["license.id"])),
        ("no e-certificate inside", (Overall::Invalid, vec!["ecert.structure"])),
    ]);
    assert_eq!(meanings, expected);
}

/// A PDF of the first business license, sealed by its authority; the caller says what goes in.
fn seal_by_hand(id: &str, digest: &str, ecert: Option<&[u8]>) -> Vec<u8> {
    with_business(|submission| {
        let ring = key_ring();
        let key = ring.get(&submission.authority.code).unwrap();
        sealed(submission, key.as_ref(), (id, digest), ecert, moment(NOW), &|seal| seal)
    })
}

/// Both forms of a license made with any key at all, past the desk, which would refuse to use it.
fn forged(key: &dyn SealingKey, at: &str) -> Pair {
    forged_with(key, at, &|seal| seal)
}

/// The same; what is put into the gap is made of the seal.
fn forged_with(key: &dyn SealingKey, at: &str, stamp: &dyn Fn(Vec<u8>) -> Vec<u8>) -> Pair {
    with_business(|submission| {
        let code = submission.definition.code.clone();
        let id = LicenseKey::new(code, &submission.authority.code, "2026FORGED").unwrap();
        let id = id.version(VersionNo::FIRST);
        let input = ContentInput {
            id: &id,
            definition: submission.definition,
            authority: submission.authority,
            holders: &submission.holders,
            license_number: &submission.license_number,
            issued_on: submission.issued_on,
            validity: submission.validity,
            face: &submission.face,
        };
        let content = Content::new(&input, &SeededRandom::new(9));
        let chain: Vec<&[u8]> = key.chain().iter().map(Certificate::der).collect();
        let header = SealedHeader::new(key.signer().suite(), &chain);
        let url = support::PUBLIC_URL;
        let places = Places { issuer: url, public_url: url };
        let ecert = ecert::issue(&content, &header, key.signer(), &places, moment(at)).unwrap();
        let digest = content.digest().to_string();
        let (bound, ecert_in) = ((&*id.to_string(), &*digest), Some(&*ecert));
        let pdf = sealed(submission, key, bound, ecert_in, moment(at), stamp);
        let in_force = VaultFact::Found(VaultRecord {
            standing: Standing::InForce,
            content_digest: content.digest(),
            files: vec![Digest::of(&pdf), Digest::of(&ecert)],
            as_of: moment(NOW),
        });
        Pair { type_code: BUSINESS.to_owned(), pdf, ecert, in_force }
    })
}

/// Does something with the first good submission of a business license.
fn with_business<T>(work: impl FnOnce(&Submission<'_>) -> T) -> T {
    let catalogue = workshop().catalogue();
    let sent = serde_json::from_value(first_good(BUSINESS)).unwrap();
    let today = moment(NOW).day_in_china();
    work(&Submission::read(&sent, &catalogue, today).unwrap())
}

/// A PDF drawn and sealed as `service::issue` does it.
fn sealed(
    submission: &Submission<'_>,
    key: &dyn SealingKey,
    (id, digest): (&str, &str),
    ecert: Option<&[u8]>,
    sealed_at: Moment,
    stamp: &dyn Fn(Vec<u8>) -> Vec<u8>,
) -> Vec<u8> {
    let workshop = workshop().bench();
    let values = FaceValues::of(submission.definition, &submission.face).unwrap();
    let drawn = workshop.draw(&values, id, support::PUBLIC_URL).unwrap();
    let cms = SealTemplate::new(key.chain()).unwrap();
    let unsealed = drawn.assemble(&Binding {
        title: "示例",
        seal: &workshop.seal(submission.authority).unwrap(),
        sealed_at,
        signer_name: &submission.authority.name,
        reason: "签发电子证照",
        location: "示例市",
        content_digest_hex: digest,
        attachment: ecert.map(|bytes| Attachment {
            file_name: "license.ecert.txt",
            media_type: "application/dc+sd-jwt",
            description: "e-certificate",
            bytes,
        }),
        certs: &[],
        crls: &[],
        gap_len: cms.max_len() + timestamp_room(TOKEN_ROOM),
        kind: DocumentKind::License,
    });
    let unsealed = unsealed.unwrap();
    let under_seal = Digest::of_parts(&unsealed.sealed_parts());
    unsealed.seal(&stamp(cms.seal(key.signer(), &under_seal).unwrap())).unwrap()
}

/// A time-stamp authority of the toy CA that gives one time-stamp for this digest, at this moment.
fn toy_token(digest: &Digest, at: &str) -> Vec<u8> {
    static AUTHORITY: OnceLock<(Vec<Certificate>, Vec<u8>)> = OnceLock::new();
    let (chain, key) = AUTHORITY.get_or_init(|| {
        let (ca, issuer) = toy_ca();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "DEV 时间戳");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // 2.5.29.37, critical: time-stamping and nothing else.
        let purpose = vec![0x30, 0x0a, 0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 8];
        let mut purpose = CustomExtension::from_oid_content(&[2, 5, 29, 37], purpose);
        purpose.set_criticality(true);
        params.custom_extensions.push(purpose);
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2031, 1, 1);
        let leaf = params.signed_by(&key, &issuer).unwrap();
        let chain = vec![Certificate::from_der(leaf.der()).unwrap(), ca];
        (chain, key.serialized_der().to_vec())
    });
    let issuer = TimestampIssuer::new(chain.clone()).unwrap();
    let request = TimestampRequest::new(digest, &[1; 8]).unwrap();
    let key = KeySigner::from_pkcs8_der(key).unwrap();
    let answer = issuer.answer(&key, &request.to_der(), &[9; 16], moment(at)).unwrap();
    read_response(&answer, &request, moment(at)).unwrap().der().to_vec()
}

/// The first business license with a time-stamp in its seal, lists, and a document time-stamp over all of it.
fn archived() -> Pair {
    let ring = key_ring();
    let key = ring.get(&"11990000MD1000018N".parse().unwrap()).unwrap();
    let mut pair = forged_with(key.as_ref(), NOW, &|seal| {
        let token = toy_token(&signature_to_stamp(&seal).unwrap(), NOW);
        with_signature_timestamp(&seal, &token).unwrap()
    });
    let store = trust();
    let lists: Vec<&[u8]> = store.crls().iter().map(Crl::der).collect();
    let data = ValidationData { crls: &lists, ..ValidationData::default() };
    let open = extend_with_timestamp(&pair.pdf, &data, TOKEN_ROOM, moment(NOW)).unwrap();
    let token = toy_token(&open.to_stamp(), NOW);
    pair.pdf.extend(open.stamp(&token).unwrap());
    pair
}

/// Every byte of a seal with its time-stamp and of everything behind the sealed revision, and every cut there. A
/// byte of an issuer's certificate inside a token is nobody's word: the token is then not counted, the level falls,
/// and the verdict says so. Everything else is an alteration.
#[test]
fn no_changed_byte_of_a_protected_file_leaves_its_verdict_as_it_was() {
    let started = Instant::now();
    let Pair { pdf, in_force, .. } = archived();
    let judging = judging(trust());
    let whole = judge(&judging, &pdf, &in_force, NOW);
    assert!(whole.is_acceptable(), "{:?}", whole.findings);
    assert_eq!(whole.protection.map(|protection| protection.level), Some(Level::BLTA));
    let sealed = read_sealed(&pdf).unwrap().revisions[0];
    let seal = gap(&pdf[..sealed]);
    let places: Vec<usize> = seal.chain(sealed..pdf.len()).collect();
    let fell = |verdict: &Verdict| {
        let level = verdict.protection.map(|protection| protection.level);
        let open = with(verdict, FindingOutcome::CouldNotBeMade);
        level < Some(Level::BLTA) && open.iter().any(|code| code.starts_with("timestamp."))
    };
    let sweep = |places: &[usize]| {
        let (mut wrong, mut fallen) = (Vec::new(), 0);
        let mut copy = pdf.clone();
        for place in places {
            copy[*place] ^= 0x01;
            let verdict = judge(&judging, &copy, &in_force, NOW);
            if accepts(&verdict) {
                fallen += 1;
                if !fell(&verdict) {
                    wrong.push(format!("{place}: {:?}", verdict.overall));
                }
            }
            copy[*place] = pdf[*place];
            // A cut at the end of the sealed revision leaves the seal alone, and is lawful.
            if *place > sealed && accepts(&judge(&judging, &pdf[..*place], &in_force, NOW)) {
                wrong.push(format!("cut at {place}"));
            }
        }
        (wrong, fallen)
    };
    let (mut wrong, mut fallen) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        let parts = places.chunks(places.len().div_ceil(THREADS));
        let threads: Vec<_> = parts.map(|part| scope.spawn(|| sweep(part))).collect();
        for thread in threads {
            let (more, some) = thread.join().unwrap();
            wrong.extend(more);
            fallen += some;
        }
    });
    assert!(fallen < places.len() / 5, "{fallen} of {} are an issuer's certificate", places.len());
    told("protected files, every byte and every cut", 2 * places.len(), started, &wrong);
}

#[test]
fn what_a_house_has_issued_its_own_desk_calls_valid() {
    let house = House::in_memory(Plan::default());
    block_on(async {
        let issued = house.ask("key", &first_good(BUSINESS)).await.unwrap();
        for form in [Form::SealedPdf, Form::Ecert] {
            let verdict = house.verify.file(&house.bytes(&issued, form).await).await;
            assert!(verdict.is_acceptable(), "{form:?}: {:?}", verdict.findings);
        }
    });
}
