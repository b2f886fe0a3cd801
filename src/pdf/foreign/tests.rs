//! What may follow a signature and what may not, each as a file of its own.

use super::object::ForeignError;
use super::signature::{ForeignSeal, SubFilter, Uncovered, read_foreign};
use super::testing::{Builder, OPEN, stream};

const CERTIFIES: [&str; 2] = [
    "/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]",
    "/Reference[<</TransformMethod/DocMDP/TransformParams<</P 2>>>>]",
];

/// The first signature of the file that `later` makes out of one that is signed.
fn after(of_signature: &str, more: &str, later: &[(usize, String)]) -> Vec<&'static str> {
    let mut file = Builder::signed(of_signature, more);
    file.revision(later);
    changes(&file.bytes)
}

fn changes(file: &[u8]) -> Vec<&'static str> {
    let found = read_foreign(file).unwrap();
    let first = &found.seals[0];
    assert_eq!(first.field, "first");
    assert!(first.parts.is_ok() && !first.is_last, "{first:?}");
    let mut what: Vec<_> = first.changes.iter().map(|change| change.what).collect();
    what.dedup();
    what
}

fn one(file: &[u8]) -> Result<ForeignSeal<'_>, ForeignError> {
    read_foreign(file).map(|found| found.seals.into_iter().next().unwrap())
}

#[test]
fn a_signature_speaks_for_all_but_its_own_value() {
    let file = Builder::signed("", "");
    let seal = one(&file.bytes).unwrap();
    assert!(seal.is_last && seal.changes.is_empty());
    assert_eq!((seal.sub_filter, seal.certifies), (SubFilter::Detached, None));
    assert_eq!(seal.cms[..2], [0x30, 0]);
    let parts = seal.parts.unwrap();
    assert_eq!(parts[0].len() + parts[1].len() + 22, file.bytes.len());
    // Blanks behind the end say nothing.
    assert!(one(&[&file.bytes[..], b"\r\n"].concat()).unwrap().is_last);
}

#[test]
fn what_may_follow_is_no_change() {
    let field = |filter: &str, rect: &str| {
        vec![
            (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[10 0 R 5 0 R 6 0 R 8 0 R]/SigFlags 3>>>>".to_owned()),
            (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 6 0 R 8 0 R 10 0 R]>>".to_owned()),
            (10, format!("<</FT/Sig/T(new)/Subtype/Widget/Rect[{rect}]/P 3 0 R/V 11 0 R>>")),
            (11, format!("<<{OPEN}/SubFilter/{filter}>>")),
        ]
    };
    let further = field("ETSI.CAdES.detached", "1 1 9 9");
    assert!(after("", "", &further).is_empty(), "another signature");
    assert_eq!(
        after(CERTIFIES[1], "", &further),
        ["catalog", "page"],
        "but nothing seen under a certification"
    );
    let stamp = field("ETSI.RFC3161", "0 0 0 0");
    assert!(after(CERTIFIES[0], "", &stamp).is_empty(), "a document time-stamp");
    let form = "/Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R 8 0 R]/SigFlags 3>>";
    let dss = vec![
        (1, format!("<<{form}/DSS 10 0 R/Metadata 12 0 R/Version/2.0>>")),
        (10, "<</Certs[11 0 R]/VRI<</AB<</Cert[11 0 R]>>>>>>".to_owned()),
        (11, stream("a certificate")),
        (12, stream("<x/>")),
    ];
    assert!(after(CERTIFIES[0], "", &dss).is_empty(), "validation data");
    let signed = vec![
        (
            5,
            "<</FT/Sig/T(next)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/V 10 0 R/AP<</N 11 0 R>>>>"
                .to_owned(),
        ),
        (10, format!("<<{OPEN}/SubFilter/adbe.pkcs7.detached>>")),
        (11, stream("(signed) Tj")),
    ];
    assert!(after("", "", &signed).is_empty(), "the field that waited");
    let filled = vec![
        (
            8,
            "<</FT/Tx/T(text)/Ff 1/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/AP<</N 9 0 R>>/V(new)>>"
                .to_owned(),
        ),
        (9, stream("(new) Tj")),
    ];
    assert!(after(CERTIFIES[1], "", &filled).is_empty(), "a field, where that is permitted");
    let unused = vec![(20, "<</Nobody(refers to it)>>".to_owned())];
    assert!(after(CERTIFIES[0], "", &unused).is_empty());
}

/// A name, what stands in the signature, what is appended, and what that must be found to change.
type Trick<'t> = (&'t str, &'t str, &'t [(usize, String)], &'t [&'t str]);

#[test]
fn everything_else_is_a_change() {
    let catalog = |rest: &str| {
        let form = "/AcroForm<</Fields[5 0 R 6 0 R 8 0 R]/SigFlags 3>>";
        format!("<</Type/Catalog/Pages 2 0 R{form}{rest}>>")
    };
    let page = |rest: &str| format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R{rest}>>");
    let text = |rest: &str| {
        format!("<</FT/Tx/T(text)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/AP<</N 9 0 R>>{rest}>>")
    };
    let widgets = "/Annots[5 0 R 6 0 R 8 0 R";
    let filled = vec![(8, text("/V(new)"))];
    let signed = vec![
        (5, "<</FT/Sig/T(next)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/V 10 0 R>>".to_owned()),
        (10, format!("<<{OPEN}/SubFilter/adbe.pkcs7.detached>>")),
    ];
    let lock = "/Reference[<</TransformMethod/DocMDP/TransformParams<</P 2>>>>\
                <</TransformMethod/FieldMDP/TransformParams<</Action/Include/Fields[(text)]>>>>]";
    let fields = "/AcroForm<</SigFlags 3/Fields[5 0 R 6 0 R 8 0 R 10 0 R]>>";
    let visible = vec![
        (1, format!("<</Type/Catalog/Pages 2 0 R{fields}>>")),
        (3, page(&format!("{widgets} 10 0 R]"))),
        (10, "<</FT/Sig/T(sneaky)/Subtype/Widget/Rect[0 0 9 9]/AP<</N 11 0 R>>>>".to_owned()),
        (11, stream("(covers all) Tj")),
    ];
    let rows: &[Trick<'_>] = &[
        ("other content", "", &[(4, stream("(forged) Tj"))], &["content"]),
        (
            "other content stream",
            "",
            &[(3, page(&format!("{widgets}]")).replace("4 0 R", "10 0 R")), (10, stream("x"))],
            &["page"],
        ),
        ("content taken away", "", &[(4, " null ".to_owned())], &["content"]),
        (
            "an annotation",
            CERTIFIES[1],
            &[
                (3, page(&format!("{widgets} 10 0 R]"))),
                (10, "<</Subtype/FreeText/Contents(x)>>".to_owned()),
            ],
            &["page"],
        ),
        ("a widget taken away", "", &[(3, page("/Annots[5 0 R 6 0 R]"))], &["page"]),
        (
            "another page",
            "",
            &[(2, "<</Type/Pages/Kids[3 0 R 10 0 R]/Count 2>>".to_owned()), (10, page(""))],
            &["page"],
        ),
        ("layers", "", &[(1, catalog("/OCProperties<<>>"))], &["catalog"]),
        ("an action", "", &[(1, catalog("/OpenAction[3 0 R/Fit]"))], &["catalog"]),
        ("a field filled in", "", &filled, &["annotations", "field"]),
        (
            "under a certification that permits nothing",
            CERTIFIES[0],
            &filled,
            &["annotations", "field"],
        ),
        ("a locked field", lock, &filled, &["annotations", "field"]),
        (
            "a field that is moved",
            CERTIFIES[1],
            &[(8, text("").replace("0 0 9 9", "0 0 99 99"))],
            &["annotations", "field"],
        ),
        ("the looks of a field alone", "", &[(9, stream("(forged) Tj"))], &["appearance"]),
        ("signed where nothing may be", CERTIFIES[0], &signed, &["annotations", "field"]),
        (
            "a signature exchanged",
            "",
            &[(
                6,
                "<</FT/Sig/T(first)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/V 7 0 R/AP<</N 9 0 R>>>>"
                    .to_owned(),
            )],
            &["annotations", "field"],
        ),
        (
            "the looks of a field that waits",
            "",
            &[
                (
                    5,
                    "<</FT/Sig/T(next)/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R/AP<</N 10 0 R>>>>"
                        .to_owned(),
                ),
                (10, stream("(signed) Tj")),
            ],
            &["annotations", "field"],
        ),
        (
            "content of another generation",
            "",
            &[(3, page(&format!("{widgets}]")).replace("4 0 R", "4 1 R"))],
            &["page"],
        ),
        ("an empty field that is seen", "", &visible, &["catalog", "page"]),
    ];
    for (trick, of_signature, later, expected) in rows {
        let mut found = after(of_signature, "", later);
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, *expected, "{trick}");
    }
}

#[test]
fn nothing_that_is_seen_or_acts_comes_along_with_a_signature() {
    let catalog =
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R 8 0 R 10 0 R]/SigFlags 3>>>>";
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 6 0 R 8 0 R 12 0 R]>>";
    let signed = format!("<<{OPEN}/SubFilter/ETSI.CAdES.detached>>");
    let with = |field: &str, place: &str| {
        let rest = [(10, field), (11, &*signed), (12, place)];
        let all = [(1, catalog), (3, page)].into_iter().chain(rest);
        after("", "", &all.map(|(number, text)| (number, text.to_owned())).collect::<Vec<_>>())
    };
    let place = "<</Subtype/Widget/Rect[0 0 99 99]/P 3 0 R>>";
    assert!(with("<</FT/Sig/T(new)/Kids[12 0 R]/V 11 0 R>>", place).is_empty());
    assert_eq!(with("<</FT/Sig/T(new)/Kids[12 0 R]>>", place), ["page"], "without a signature");
    let acts = "<</Subtype/Widget/Rect[0 0 99 99]/AA<</PO<</S/JavaScript/JS(forge)>>>>>>";
    assert_eq!(with("<</FT/Sig/T(new)/Kids[12 0 R]/V 11 0 R>>", acts), ["page"]);
    // Readers that go by it leave out what was sealed.
    let mut file = Builder::signed("", "");
    file.size = 0;
    file.revision(&[(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned())]);
    assert_eq!(changes(&file.bytes), ["trailer"]);
}

#[test]
fn what_is_shown_elsewhere_too_may_not_change() {
    // The looks of the text field are a page's content as well.
    let shared = "/OpenAction<</Shows 9 0 R>>";
    let filled = vec![(9, stream("(new) Tj"))];
    assert!(after(CERTIFIES[1], "", &filled).is_empty());
    assert_eq!(after(CERTIFIES[1], shared, &filled), ["content"]);
    // A list of certificates that is also the content of a page, and was nowhere when it was sealed.
    let list = [(10, "[4 0 R]".to_owned())];
    assert!(after("", "/DSS<</Certs 10 0 R>>", &list).is_empty());
    assert_eq!(after("", "/DSS<</Certs 10 0 R>>/Shows 10 0 R", &list), ["content"]);
}

#[test]
fn who_replaces_an_object_stream_replaces_what_is_in_it() {
    let mut file = Builder::new();
    file.packed_revision(
        20,
        &[
            (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>".to_owned()),
            (2, "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned()),
            (3, "<</Type/Page/Parent 2 0 R/Shows(as sealed)>>".to_owned()),
        ],
    );
    file.revision(&[
        (6, "<</FT/Sig/T(first)/V 7 0 R>>".to_owned()),
        (7, format!("<<{OPEN}/SubFilter/ETSI.CAdES.detached>>")),
    ]);
    let whole = file.bytes.clone();
    assert!(one(&whole).unwrap().changes.is_empty());
    file.packed_revision(30, &[(3, "<</Type/Page/Parent 2 0 R/Shows(as sealed)>>".to_owned())]);
    assert!(changes(&file.bytes).is_empty(), "the same in another place");
    file.packed_revision(20, &[(3, "<</Type/Page/Parent 2 0 R/Shows(forged)>>".to_owned())]);
    assert!(!matches!(read_foreign(&file.bytes), Ok(found) if found.seals[0].changes.is_empty()));
}

#[test]
fn a_range_that_leaves_out_more_speaks_for_nothing() {
    let file = Builder::signed("", "").bytes;
    let at = file.windows(11).position(|at| at == b"/ByteRange[").unwrap() + 10;
    let end = at + file[at..].iter().position(|byte| *byte == b']').unwrap();
    let text = std::str::from_utf8(&file[at + 1..end]).unwrap();
    let numbers: Vec<usize> = text.split(' ').map(|number| number.parse().unwrap()).collect();
    let with = |numbers: [usize; 4]| {
        let mut other = file.clone();
        let text =
            format!("[{} {:010} {:010} {:010}]", numbers[0], numbers[1], numbers[2], numbers[3]);
        other[at..=end].copy_from_slice(text.as_bytes());
        one(&other).unwrap().parts.unwrap_err()
    };
    let [first, head, tail, rest] = numbers[..] else { panic!() };
    assert_eq!(with([first, head - 4, tail, rest]), Uncovered::Gap);
    assert_eq!(with([first, head, tail + 4, rest - 4]), Uncovered::Gap);
    assert_eq!(with([first, head, tail, rest - 9]), Uncovered::Revision);
    assert_eq!(with([first, head, tail, rest + 1]), Uncovered::Range);
    assert_eq!(with([1, head, tail, rest]), Uncovered::Range);
    // A file whose newest revision was built on an earlier one than the signed.
    let mut beside = Builder::new();
    beside.bytes.clone_from(&file);
    beside.revision(&[
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]>>>>".to_owned()),
        (2, "<</Type/Pages/Kids[]/Count 0>>".to_owned()),
        (6, "<</FT/Sig/T(first)/V 7 0 R>>".to_owned()),
    ]);
    assert!(!matches!(read_foreign(&beside.bytes), Ok(found) if found.seals[0].parts.is_ok()));
}

#[test]
fn what_readers_would_repair_is_not_read() {
    let file = Builder::signed("", "").bytes;
    let text = String::from_utf8_lossy(&file).into_owned();
    let swap = |from: &str, to: &str| {
        assert!(text.contains(from) && from.len() == to.len(), "{from}");
        let at = file.windows(from.len()).position(|at| at == from.as_bytes()).unwrap();
        let mut other = file.clone();
        other[at..at + to.len()].copy_from_slice(to.as_bytes());
        one(&other).map(|_| ()).unwrap_err()
    };
    assert_eq!(swap("startxref\n", "startxxxx\n"), ForeignError::Malformed);
    assert_eq!(swap("6 0 obj<<", "9 0 obj<<"), ForeignError::Ambiguous);
    assert_eq!(one(&file[..file.len() - 9]).map(|_| ()), Err(ForeignError::Malformed));
    assert_eq!(one(&[&file[..], b"more"].concat()).map(|_| ()), Err(ForeignError::Malformed));
    assert_eq!(one(b"no PDF").map(|_| ()), Err(ForeignError::NotPdf));
    assert_eq!(one(&[b" ", &file[..]].concat()).map(|_| ()), Err(ForeignError::Malformed));
    let mut encrypted = Builder::new();
    encrypted.revision(&[(1, "<</Type/Catalog>>".to_owned())]);
    assert_eq!(one(&encrypted.bytes).map(|_| ()), Err(ForeignError::Unsigned));
    let mut looping = encrypted.bytes.clone();
    let section = looping.windows(5).position(|at| at == b"xref\n").unwrap();
    let at = looping.windows(7).position(|at| at == b"trailer").unwrap();
    looping.truncate(at);
    looping.extend(
        format!("trailer<</Root 1 0 R/Size 2/Prev {section}>>startxref\n{section}\n%%EOF")
            .as_bytes(),
    );
    assert_eq!(one(&looping).map(|_| ()), Err(ForeignError::Malformed));
}

#[test]
fn no_file_however_mangled_makes_the_reader_panic() {
    let mut file = Builder::signed(CERTIFIES[1], "/DSS<</Certs[9 0 R]>>");
    file.packed_revision(20, &[(8, "<</FT/Tx/T(text)/V(x)>>".to_owned())]);
    let file = file.bytes;
    let mut state = 7_u64;
    let mut random = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        usize::try_from(state >> 33).unwrap() % limit
    };
    for _ in 0..3_000 {
        let mut mangled = file.clone();
        for _ in 0..=random(3) {
            let (at, from) = (random(mangled.len()), random(file.len() - 60));
            let end = (at + random(40)).min(mangled.len());
            mangled.splice(at..end, file[from..from + random(60)].iter().copied());
        }
        let _ = read_foreign(&mangled);
    }
}
