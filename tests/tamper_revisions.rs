//! No later revision but ours is ever taken: every byte and every cut of what was appended to a sealed PDF, then
//! the tricks of revisions, each put together with a cross-reference table, a range and an identifier that are
//! right, so that the trick itself must be noticed.
//!
//! The tokens in here are DER and nothing more: whether a time-stamp is true is asked elsewhere, and none of these
//! files may come that far.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::ops::Range;
use std::sync::OnceLock;

use zhengku::crypto::Digest;
use zhengku::domain::{Level, Moment};
use zhengku::judge::{FindingOutcome, Outcome, Overall, VaultFact};
use zhengku::pdf::{
    ReadError, ValidationData, extend_with_timestamp, extend_with_validation, read_sealed,
};
use zhengku::service::ports::Form;

use support::{House, NOW, Plan, good, judging, moment, trust};

const BUSINESS: &str = "11990000MD0000008F001";
const TOKEN: &[u8] = b"\x30\x05\x02\x03\x12\x34\x56";
const CERT: &[u8] = b"\x30\x03\x02\x01\x01";
const CRL: &[u8] = b"\x30\x03\x02\x01\x02";
const OCSP: &[u8] = b"\x30\x03\x02\x01\x03";
/// What stands for the range while the identifier is computed.
const RANGE: &str = "0 2147483647 2147483647 2147483647";

fn issue(line: usize) -> Vec<u8> {
    let house = House::in_memory(Plan::default());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let issued = house.ask("key", &good(BUSINESS)[line]).await.unwrap();
        house.bytes(&issued, Form::SealedPdf).await
    })
}

/// A sealed PDF, and that of another license.
fn sealed() -> &'static [Vec<u8>; 2] {
    static FILES: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    FILES.get_or_init(|| [issue(0), issue(2)])
}

fn stamped(file: &[u8], data: &ValidationData<'_>) -> Vec<u8> {
    let at = Moment::from_unix_seconds(1_796_000_000);
    let revision = extend_with_timestamp(file, data, 40, at).unwrap();
    [file, &revision.stamp(TOKEN).unwrap()].concat()
}

fn validated(file: &[u8], data: &ValidationData<'_>) -> Vec<u8> {
    [file, &extend_with_validation(file, data).unwrap()].concat()
}

/// A file that was made to last: validation data, data and a time-stamp, a second time-stamp, more data.
fn lasting(file: &[u8]) -> Vec<u8> {
    let data = |certs, crls, ocsps| ValidationData { certs, crls, ocsps };
    let file = validated(file, &data(&[CERT], &[], &[OCSP]));
    let file = stamped(&file, &data(&[], &[CRL], &[]));
    let file = stamped(&file, &ValidationData::default());
    validated(&file, &data(&[CRL], &[], &[]))
}

/// Where each revision ends.
fn ends(file: &[u8]) -> Vec<usize> {
    read_sealed(file).unwrap().revisions
}

/// Where the tokens stand, in digits.
fn tokens(file: &[u8]) -> Vec<Range<usize>> {
    let digits: String = TOKEN.iter().map(|byte| format!("{byte:02X}")).collect();
    let found = file.windows(digits.len()).enumerate();
    let found = found.filter(|(_, window)| *window == digits.as_bytes());
    found.map(|(at, _)| at..at + digits.len()).collect()
}

#[test]
fn no_byte_of_a_later_revision_can_change_but_those_of_a_token() {
    let honest = lasting(&sealed()[0]);
    let start = ends(&honest)[0];
    let tokens = tokens(&honest);
    assert_eq!(tokens.len(), 2);
    let mut file = honest.clone();
    for place in start..file.len() {
        for flip in [0x01, 0x20, 0xff] {
            file[place] ^= flip;
            match read_sealed(&file) {
                Err(ReadError::Altered(_)) => {}
                // The token may be another; that it is not the right one is found by its signature.
                Ok(read) if tokens.iter().any(|token| token.contains(&place)) => {
                    assert!(read.timestamps.iter().any(|stamp| stamp.token != TOKEN), "{place}");
                }
                other => panic!("{place} {flip:#x}: {:?}", other.map(|read| read.revisions)),
            }
            file[place] ^= flip;
        }
    }
}

/// The sealed part is judged by the seal; a change there is never taken for a change of a later revision.
#[test]
fn no_byte_of_the_sealed_revision_can_change_behind_later_ones() {
    let honest = lasting(&sealed()[0]);
    let end = ends(&honest)[0];
    let judging = judging(trust());
    let mut file = honest.clone();
    for place in (0..end).step_by(41) {
        file[place] ^= 0x01;
        let verdict =
            judging.examine(&file, moment(NOW)).conclude(VaultFact::NotAsked, moment(NOW));
        assert_ne!(verdict.integrity, Outcome::Passed, "{place}");
        file[place] ^= 0x01;
    }
}

/// Every earlier state of a file is one that it had; nothing in between is.
#[test]
fn a_file_can_only_be_cut_between_its_revisions() {
    let file = lasting(&sealed()[0]);
    let ends = ends(&file);
    for end in ends[0]..file.len() {
        match read_sealed(&file[..end]) {
            Ok(read) => {
                let count = ends.iter().position(|known| *known == end).unwrap();
                assert_eq!(read.revisions, ends[..=count], "{end}");
            }
            Err(error) => {
                assert!(!ends.contains(&end), "{end}");
                assert_eq!(error.code(), "pdf.altered", "{end}");
            }
        }
    }
}

/// A later revision taken apart, to be put together with a trick in it.
#[derive(Clone)]
struct Revision {
    /// The file before it.
    before: Vec<u8>,
    /// Number and text of each object, in order.
    objects: Vec<(usize, Vec<u8>)>,
    /// Entries of the trailer behind those that are ours.
    trailer: &'static str,
    prev: usize,
    size: usize,
    /// What the time-stamp says of the range in place of the truth.
    range: fn([usize; 4]) -> [usize; 4],
}

impl Revision {
    /// The last revision of `file`.
    fn last_of(file: &[u8]) -> Self {
        let ends = ends(file);
        let before = file[..ends[ends.len() - 2]].to_vec();
        let table = number_behind(file, b"startxref\n");
        let mut body = &file[before.len() + 1..table];
        let mut objects = Vec::new();
        while !body.is_empty() {
            let head = find(body, b" 0 obj\n");
            let end = find(body, b"\nendobj\n");
            let number = std::str::from_utf8(&body[..head]).unwrap().parse().unwrap();
            objects.push((number, body[head + 7..end].to_vec()));
            body = &body[end + 8..];
        }
        let (prev, size) = (number_behind(file, b"/Prev "), number_behind(file, b"/Size "));
        Self { before, objects, trailer: "", prev, size, range: |honest| honest }
    }

    /// The text of the object that holds `mark`.
    fn object(&mut self, mark: &str) -> &mut Vec<u8> {
        let holds = |(_, text): &&mut (usize, Vec<u8>)| {
            text.windows(mark.len()).any(|window| window == mark.as_bytes())
        };
        &mut self.objects.iter_mut().find(holds).unwrap().1
    }

    /// The same with `old` in the object of `mark` replaced.
    fn with(mut self, mark: &str, old: &str, new: &str) -> Self {
        let text = self.object(mark);
        let at = find(text, old.as_bytes());
        text.splice(at..at + old.len(), new.bytes());
        self
    }

    /// The same with one object more, which counts if its number is the next.
    fn and(mut self, number: usize, text: &[u8]) -> Self {
        self.size = self.size.max(number + 1);
        self.objects.push((number, text.to_vec()));
        self
    }

    /// The file with this revision at its end, as our writer would have put it together.
    fn file(&self) -> Vec<u8> {
        let base = self.before.len();
        let mut body = b"\n".to_vec();
        let mut places = Vec::new();
        for (number, text) in &self.objects {
            places.push((*number, base + body.len()));
            body.extend(format!("{number} 0 obj\n").bytes().chain(text.iter().copied()));
            body.extend(b"\nendobj\n");
        }
        let gap = body.windows(11).position(|window| window == b"/Contents<3").map(|at| {
            let start = at + 9;
            start..start + find(&body[start..], b">") + 1
        });
        let mut digits = Vec::new();
        if let Some(gap) = &gap {
            let range = range_of(&body);
            body.splice(range, RANGE.bytes());
            let inside = gap.start + 1..gap.end - 1;
            digits = body[inside.clone()].to_vec();
            body[inside].fill(b'0');
        }
        let first = &self.before[..ends(&self.before)[0]];
        let at = rfind(first, b"trailer\n<<") + 10;
        let entries = &first[at..at + rfind(&first[at..], b">>\nstartxref")];
        let entries = std::str::from_utf8(entries).unwrap();
        let id = &entries[entries.find("/ID").unwrap() + 3..][..70];
        assert!(id.starts_with("[<") && id.ends_with(">]"), "{id}");
        let (part, _) = id[2..].split_at(32);
        let mut changed = Digest::of_parts(&[id.as_bytes(), &body]).to_string().to_uppercase();
        changed.truncate(32);
        let table = base + body.len();

        places.sort_unstable();
        body.extend(b"xref\n");
        for run in places.chunk_by(|one, other| one.0 + 1 == other.0) {
            body.extend(format!("{} {}\n", run[0].0, run.len()).bytes());
            run.iter().for_each(|(_, at)| body.extend(format!("{at:010} 00000 n\r\n").bytes()));
        }
        let root = number_behind(first, b"/Root ");
        let info = number_behind(first, b"/Info ");
        let Self { size, prev, trailer, .. } = self;
        body.extend(
            format!(
                "trailer\n<</Size {size}/Root {root} 0 R/Info {info} 0 R/ID[<{part}><{changed}>]\
                 /Prev {prev}{trailer}>>\nstartxref\n{table}\n%%EOF"
            )
            .bytes(),
        );
        if let Some(gap) = gap {
            let honest = [0, base + gap.start, base + gap.end, body.len() - gap.end];
            let text = (self.range)(honest).map(|number| number.to_string()).join(" ");
            let place = range_of(&body);
            body.splice(place, format!("{text:<width$}", width = RANGE.len()).bytes());
            body[gap.start + 1..gap.end - 1].copy_from_slice(&digits);
        }
        [&self.before[..], &body].concat()
    }
}

fn range_of(body: &[u8]) -> Range<usize> {
    let start = find(body, b"/ByteRange[") + 11;
    start..start + find(&body[start..], b"]")
}

fn find(file: &[u8], needle: &[u8]) -> usize {
    let place = file.windows(needle.len()).position(|window| window == needle);
    place.unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(needle)))
}

fn rfind(file: &[u8], needle: &[u8]) -> usize {
    let place = file.windows(needle.len()).rposition(|window| window == needle);
    place.unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(needle)))
}

/// The number behind the last `needle`.
fn number_behind(file: &[u8], needle: &[u8]) -> usize {
    let at = rfind(file, needle) + needle.len();
    let digits = file[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&file[at..at + digits]).unwrap().parse().unwrap()
}

/// Each trick makes a file that is invalid, with exactly one check failed: that of the whole or that of its form.
fn meet(tricks: Vec<(&str, Vec<u8>)>) {
    let judging = judging(trust());
    let mut wrong = Vec::new();
    for (trick, file) in tricks {
        if !matches!(read_sealed(&file), Err(ReadError::Altered(_))) {
            wrong.push(format!("{trick}: {:?}", read_sealed(&file).map(|read| read.revisions)));
            continue;
        }
        let verdict =
            judging.examine(&file, moment(NOW)).conclude(VaultFact::NotAsked, moment(NOW));
        let findings = verdict.findings.iter();
        let failed = findings.filter(|finding| finding.outcome == FindingOutcome::Failed);
        let failed: Vec<&str> = failed.map(|finding| finding.code).collect();
        let noticed = failed == ["seal.structure"] || failed == ["seal.coverage"];
        if verdict.overall != Overall::Invalid || !noticed {
            wrong.push(format!("{trick}: {:?}, {failed:?}", verdict.overall));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each is genuine still, and said to have been added to by somebody else.
fn tolerate(additions: Vec<(&str, Vec<u8>)>) {
    let judging = judging(trust());
    for (addition, file) in additions {
        assert!(matches!(read_sealed(&file), Err(ReadError::Altered(_))), "{addition}");
        let verdict =
            judging.examine(&file, moment(NOW)).conclude(VaultFact::NotAsked, moment(NOW));
        assert_eq!(verdict.overall, Overall::ValidWithLaterChanges, "{addition}");
        assert_eq!(verdict.exit_code(), 2, "{addition}");
        assert!(!verdict.is_acceptable(), "{addition}");
        assert_eq!(verdict.protection.unwrap().level, Level::BB, "{addition}: not counted");
    }
}

#[test]
fn the_tool_of_the_tricks_writes_what_our_writer_writes() {
    let file = lasting(&sealed()[0]);
    for end in ends(&file).into_iter().skip(1) {
        assert!(Revision::last_of(&file[..end]).file() == file[..end], "{end}");
    }
}

#[test]
fn each_trick_with_a_revision_of_validation_data_is_noticed() {
    let sealed = &sealed()[0];
    let crls = ValidationData { crls: &[CRL], ..ValidationData::default() };
    let file = validated(sealed, &crls);
    let honest = Revision::last_of(&file);
    let next = honest.size;
    let store = format!("{} 0 R", next - 1);
    let stream = |data: &[u8]| {
        let head = format!("<</Length {}>>\nstream\n", data.len());
        [head.as_bytes(), data, b"\nendstream"].concat()
    };
    let (catalog, dss) = ("/Type/Catalog", "/Type/DSS");
    let with = |mark, old: &str, new: &str| honest.clone().with(mark, old, new).file();
    let and = |number, text: &[u8]| honest.clone().and(number, text).file();
    let mut reordered = honest.clone();
    reordered.objects.swap(0, 1);
    let mut twice = honest.clone();
    twice.objects.insert(0, twice.objects[0].clone());
    let mut shorter = honest.clone();
    let text = shorter.object(dss);
    let list = find(text, b"/CRLs[") + 6;
    let one = find(&text[list..], b" R") + 2;
    text.drain(list..=list + one);
    let mut repeated = honest.clone();
    let known = read_sealed(sealed).unwrap().crls[0].to_vec();
    repeated.objects[0].1 = stream(&known);
    let mut empty = honest.clone();
    empty.objects.clear();
    let mut only_catalog = honest.clone();
    only_catalog.objects.drain(..2);
    let mut no_catalog = honest.clone();
    no_catalog.objects.pop();
    let looped = Revision { prev: file.len() - 40, ..honest.clone() };
    let back = Revision { prev: honest.prev - 1, ..honest.clone() };
    let counted = Revision { size: next + 1, ..honest.clone() };
    let hybrid = Revision { trailer: "/XRefStm 17", ..honest.clone() };
    let encrypted = Revision { trailer: "/Encrypt 4 0 R", ..honest.clone() };
    meet(vec![
        ("the content of the page is another", and(12, &stream(b"0 0 1 rg 0 0 900 900 re f"))),
        ("the page has other content", and(3, b"<</Type/Page/Parent 2 0 R/Contents 90 0 R>>")),
        ("the seal field is another", and(9, b"<</FT/Sig/T(Seal)>>")),
        ("the signature is another", and(10, b"<</Type/Sig>>")),
        ("the metadata is another", and(5, &stream(b"<x/>"))),
        ("the catalog twice", and(1, b"<</Type/Catalog/Pages 2 0 R>>")),
        ("the new list twice", twice.file()),
        ("the catalog alone", only_catalog.file()),
        ("an action on opening", with(catalog, ">>", "/X 1>>")),
        ("other pages", with(catalog, "/Pages 2 0 R", "/Pages 3 0 R")),
        ("certified by nothing", with(catalog, "/DocMDP 10 0 R", "/DocMDP 11 0 R")),
        ("another language", with(catalog, "/Lang", "/Lung")),
        ("a field that is not there", with(catalog, "/Fields[9 0 R", "/Fields[9 0 R 90 0 R")),
        ("a DSS of another number", with(catalog, &format!("/DSS {store}"), "/DSS 16 0 R")),
        ("an unknown key in the DSS", with(dss, dss, "/Type/DSS/X 1")),
        ("a table that names itself as the one before", looped.file()),
        ("a table before that is none", back.file()),
        ("a hybrid reference", hybrid.file()),
        ("encryption", encrypted.file()),
    ]);
    // What shows nothing and acts in nothing may be added by anybody, and is never taken for ours.
    tolerate(vec![
        ("an object that nothing names", and(next, b"<</Type/Annot>>")),
        ("the objects in another order", reordered.file()),
        ("the old list dropped", shorter.file()),
        ("data that the file holds already", repeated.file()),
        ("data that is no DER", {
            let mut other = honest.clone();
            other.objects[0].1 = stream(b"BT (Valid) Tj ET");
            other.file()
        }),
        ("data with an object inside", {
            let mut other = honest.clone();
            other.objects[0].1 = stream(b"\x30\x11\x04\x0f\nendobj 3 0 obj");
            other.file()
        }),
        ("no object at all", empty.file()),
        ("no catalog", no_catalog.file()),
        ("white space in the catalog", with(catalog, "/Pages", " /Pages")),
        ("a VRI", with(dss, dss, "/Type/DSS/VRI<<>>")),
        ("a packed stream", {
            honest.clone().with("stream", "<</Length", "<</Filter/FlateDecode/Length").file()
        }),
        ("a wrong count", counted.file()),
        ("a comment behind it", [&file[..], b"\n%%EOF"].concat()),
        ("a line break more in front of it", {
            [sealed, &b"\n"[..], &file[sealed.len()..]].concat()
        }),
    ]);
}

#[test]
fn each_trick_with_a_time_stamp_is_noticed() {
    let sealed = &sealed()[0];
    let file = stamped(sealed, &ValidationData::default());
    let honest = Revision::last_of(&file);
    let next = honest.size;
    let (page, field, stamp) = ("/Type/Page/", "/Type/Annot", "/Type/DocTimeStamp");
    let with = |mark, old: &str, new: &str| honest.clone().with(mark, old, new).file();
    let ranged = |range| Revision { range, ..honest.clone() }.file();
    let annotation = b"<</Type/Annot/Subtype/FreeText/Rect[0 0 900 900]/Contents(Valid)>>";
    let list = format!(" {} 0 R]", next - 2);
    let longer = format!(" {} 0 R {next} 0 R]", next - 2);
    let annotated = honest.clone().with(page, &list, &longer).and(next, annotation);
    let approval = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal2)/F 132/Rect[-1 -1 -1 -1]>>";
    let second = honest.clone().with(page, &list, &longer);
    let second = second.with("/Type/Catalog", &list, &longer).and(next, approval);
    let mut page_kept = honest.clone();
    page_kept.objects.remove(2);
    meet(vec![
        ("it covers less at the end", ranged(|[z, h, t, l]| [z, h, t, l - 1])),
        ("it covers less at the beginning", ranged(|[_, h, t, l]| [1, h - 1, t, l])),
        ("it covers the sealed revision alone", ranged(|[z, h, t, _]| [z, h, t, 0])),
        ("it covers more than there is", ranged(|[z, h, t, l]| [z, h, t, l + 1])),
        ("its gap is wider", ranged(|[z, h, t, l]| [z, h - 9, t, l])),
        ("other content on the page", with(page, "/Contents[", "/Contents[16 0 R ")),
        ("another size of the page", with(page, "/MediaBox[0 0", "/MediaBox[0 9")),
        ("an action on the page", with(page, "/Annots", "/AA<<>>/Annots")),
        ("the seal taken from the page", with(page, "/Annots[9 0 R ", "/Annots[")),
        ("an annotation more", annotated.file()),
        ("a second field that is no time-stamp", second.file()),
        ("the page not written again", page_kept.file()),
        ("a widget that can be seen", with(field, "[-1 -1 -1 -1]", "[0 0 900 900]")),
        ("a widget with an appearance", with(field, "/F 132", "/AP<</N 11 0 R>>/F 132")),
        ("a field of another name", with(field, "Timestamp1", "Timestamp2")),
        ("a field of another kind", with(field, "/FT/Sig", "/FT/Btn")),
        ("the value of another field", with(field, "/V ", "/V 10 0 R/X ")),
        ("a signature in place of a time-stamp", with(stamp, stamp, "/Type/Sig")),
        ("a time-stamp of another form", with(stamp, "ETSI.RFC3161", "adbe.x509.rsa_sha1")),
        ("a reference of its own", with(stamp, "/Filter", "/Reference[]/Filter")),
        ("no token", {
            let (digits, zeros) = (file_digits(TOKEN), "0".repeat(2 * TOKEN.len()));
            let at = rfind(&file, digits.as_bytes());
            [&file[..at], zeros.as_bytes(), &file[at + digits.len()..]].concat()
        }),
        ("a byte behind the token", {
            let at = rfind(&file, file_digits(TOKEN).as_bytes()) + 2 * TOKEN.len();
            [&file[..at], b"01", &file[at + 2..]].concat()
        }),
    ]);
}

fn file_digits(der: &[u8]) -> String {
    der.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn later_revisions_belong_to_one_file_in_one_order() {
    let [sealed, other] = sealed();
    let file = lasting(sealed);
    let theirs = lasting(other);
    let ends = ends(&file);
    let part = |number: usize| &file[ends[number]..ends[number + 1]];
    let theirs = &theirs[read_sealed(&theirs).unwrap().revisions[0]..];
    let joined = |parts: &[&[u8]]| [&[&sealed[..]], parts].concat().concat();
    assert!(joined(&[part(0), part(1), part(2), part(3)]) == file);
    meet(vec![
        ("those of another license", joined(&[theirs])),
        ("one of another license behind ours", joined(&[part(0), theirs])),
        ("the first one left out", joined(&[part(1), part(2), part(3)])),
        ("one in the middle left out", joined(&[part(0), part(2), part(3)])),
        ("another order", joined(&[part(0), part(2), part(1), part(3)])),
        ("one twice", joined(&[part(0), part(0)])),
        ("all twice", joined(&[&file[ends[0]..], &file[ends[0]..]])),
        ("another license behind it", [&file[..], other].concat()),
    ]);
}
