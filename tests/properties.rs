//! Whatever bytes come in, no reader panics, and what was written is read back.
//!
//! Each reader of untrusted bytes gets two kinds of input: bytes out of nowhere, and good ones with some places
//! changed, cut out, doubled or moved, which get further in. `PROPTEST_CASES` sets how many of each are tried;
//! `fuzz/` has the same readers as targets of a fuzzer that watches where its inputs get to.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test, as it should")]

#[expect(dead_code, reason = "each suite uses its own part of the house")]
mod support;

use std::fmt::Display;
use std::fs;
use std::str::FromStr;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use zhengku::config::Config;
use zhengku::crypto::{Digest, Signature, Suite, pem};
use zhengku::domain::{
    AuthorityCode, CitizenNumber, CreditCode, Day, DivisionCode, FoodLicenseNumber, HolderCode,
    HolderCodeKind, LicenseId, LicenseKey, LicenseTypeCode, Moment, OrganizationCode, Standing,
    Submission, VersionNo, WireValue, catalogue_file,
};
use zhengku::ecert::standing_list::StandingList;
use zhengku::ecert::{
    EcertFacts, Json, SdJwt, SealedStatement, looks_like_ecert, receipt, trust_pack,
};
use zhengku::http::verification::{Asked, parse_pasted};
use zhengku::judge::VaultFact;
use zhengku::pdf::foreign::read_foreign;
use zhengku::pdf::{
    Art, FaceFile, FontsFile, ValidationData, extend_with_timestamp, extend_with_validation,
    portrait_fault, read_sealed,
};
use zhengku::picture::squares;
use zhengku::pki::{Certificate, Crl, ForeignSignature, SignedData, SignedThing, der};
use zhengku::service::ports::Form;

use support::{House, NOW, Plan, first_good, good, judging, moment, root, trust, type_codes};

/// Good inputs of every reader, made or read once.
struct Seeds {
    pdf: Vec<u8>,
    /// Two revisions to be appended to it: a time-stamp, then validation data.
    later: Vec<u8>,
    ecert: Vec<u8>,
    cms: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    crls: Vec<Vec<u8>>,
    id: String,
    /// A square of a few modules, in PNG.
    picture: Vec<u8>,
}

/// A small picture with a square on it.
fn picture() -> Vec<u8> {
    let code = qrcodegen::QrCode::encode_text("x#1", qrcodegen::QrCodeEcc::Low).unwrap();
    let side = u32::try_from(code.size()).unwrap() + 8;
    let shade = |x: u32, y: u32| {
        let at = |place: u32| i32::try_from(place).unwrap() - 4;
        if code.get_module(at(x), at(y)) { 0 } else { 255 }
    };
    let pixels: Vec<u8> = (0..side * side).map(|index| shade(index % side, index / side)).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

fn seeds() -> &'static Seeds {
    static SEEDS: OnceLock<Seeds> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let house = House::in_memory(Plan::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (pdf, ecert, id) = runtime.block_on(async {
            let issued = house.ask("key", &first_good("11990000MD0000008F004")).await.unwrap();
            let pdf = house.bytes(&issued, Form::SealedPdf).await;
            (pdf, house.bytes(&issued, Form::Ecert).await, issued.record.id.to_string())
        });
        let cms = read_sealed(&pdf).unwrap().cms;
        let blocks = |name: &str| -> Vec<Vec<u8>> {
            let text = fs::read_to_string(root().join("keys-dev").join(name)).unwrap();
            pem::blocks(&text).unwrap().iter().map(|block| block.decode().unwrap()).collect()
        };
        let mut certificates = blocks("root.pem");
        certificates.extend(blocks("seals/11990000MD1000077R.chain.pem"));
        let later = later(&pdf);
        Seeds {
            pdf,
            later,
            ecert,
            cms,
            certificates,
            crls: blocks("crl.pem"),
            id,
            picture: picture(),
        }
    })
}

/// DER that stands for a token. Whether a time-stamp is true is asked elsewhere.
const TOKEN: &[u8] = b"\x30\x05\x02\x03\x12\x34\x56";

fn later(pdf: &[u8]) -> Vec<u8> {
    let data = ValidationData { crls: &[TOKEN], ..ValidationData::default() };
    let stamp = extend_with_timestamp(pdf, &ValidationData::default(), 16, moment(NOW)).unwrap();
    let stamp = stamp.stamp(TOKEN).unwrap();
    let more = extend_with_validation(&[pdf, &stamp].concat(), &data).unwrap();
    [stamp, more].concat()
}

/// One damage to a run of bytes.
#[derive(Clone, Debug)]
enum Damage {
    Becomes(Index, u8),
    Cut(Index),
    Doubled(Index, Index),
    Inserted(Index, Vec<u8>),
    Removed(Index, usize),
    Turned(Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    // Weighted towards small damages, which keep an input deep inside its reader.
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Becomes(at, byte)),
        4 => (place(), 0u8..8).prop_map(|(at, bit)| Damage::Turned(at, 1 << bit)),
        2 => (place(), 1usize..9).prop_map(|(at, count)| Damage::Removed(at, count)),
        2 => (place(), vec(any::<u8>(), 1..9)).prop_map(|(at, new)| Damage::Inserted(at, new)),
        1 => (place(), place()).prop_map(|(from, to)| Damage::Doubled(from, to)),
        1 => place().prop_map(Damage::Cut),
    ]
}

fn damaged(seed: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let at = |index: &Index| index.index(bytes.len());
        match damage {
            Damage::Becomes(index, byte) => {
                let at = at(index);
                bytes[at] = *byte;
            }
            Damage::Turned(index, bits) => {
                let at = at(index);
                bytes[at] ^= bits;
            }
            Damage::Removed(index, count) => {
                let at = at(index);
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Damage::Inserted(index, new) => {
                let at = at(index);
                bytes.splice(at..at, new.iter().copied());
            }
            Damage::Doubled(from, to) => {
                let (from, to) = (at(from), at(to));
                let piece = bytes[from..(from + 64).min(bytes.len())].to_vec();
                bytes.splice(to..to, piece);
            }
            Damage::Cut(index) => bytes.truncate(at(index)),
        }
    }
    bytes
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    vec(damage(), 1..5)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..400)
}

fn settings() -> ProptestConfig {
    // A failing case is printed in full; a file of earlier ones would be made beside the tests.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Everything that is ever read out of a file that somebody brings.
fn read_file(file: &[u8]) {
    let judging = judging(trust());
    let verdict = judging.examine(file, moment(NOW)).conclude(VaultFact::NotAsked, moment(NOW));
    assert!(!verdict.headline.zh.is_empty() && !verdict.headline.en.is_empty());
    let _ = looks_like_ecert(file);
}

/// Reads a text and holds that what is understood is written and read again as the same.
fn comes_back<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let again = value.to_string().parse::<T>();
        assert_eq!(again.ok().as_ref(), Some(&value), "{text:?}");
    }
}

fn read_word(text: &str) {
    comes_back::<LicenseId>(text);
    comes_back::<LicenseTypeCode>(text);
    comes_back::<VersionNo>(text);
    comes_back::<Day>(text);
    comes_back::<Moment>(text);
    comes_back::<Digest>(text);
    comes_back::<DivisionCode>(text);
    comes_back::<AuthorityCode>(text);
    comes_back::<CreditCode>(text);
    comes_back::<OrganizationCode>(text);
    comes_back::<FoodLicenseNumber>(text);
    // A citizen number is never printed in full.
    if let Ok(number) = text.parse::<CitizenNumber>() {
        assert_eq!(number.as_str(), text);
        assert!(number.masked().contains('*'));
    }
    for kind in ["001", "111", "099", "414", "999"] {
        let kind = HolderCodeKind::from_code(kind).unwrap();
        if let Ok(code) = HolderCode::parse(kind, text) {
            assert_eq!(code.as_str(), text);
            let _ = code.masked();
        }
    }
    if let Ok(Asked::Id(id)) = parse_pasted(text) {
        assert!(text.contains(&id.to_string()));
    }
}

/// Walks over DER as deep as it goes.
fn walk(mut reader: der::Reader<'_>, depth: usize) {
    while let Ok(element) = reader.element() {
        assert!(element.raw.ends_with(element.content));
        assert_eq!(der::element(element.tag, &[element.content]), element.raw);
        if depth < 16 {
            walk(element.reader(), depth + 1);
        }
    }
}

fn read_der(bytes: &[u8]) {
    walk(der::Reader::new(bytes), 0);
    if let Ok(certificate) = Certificate::from_der(bytes) {
        assert_eq!(certificate.der(), bytes);
    }
    if let Ok(list) = Crl::from_der(bytes) {
        assert_eq!(list.der(), bytes);
    }
    if let Ok(signed) = SignedData::read(bytes) {
        let _ = signed.check(&Digest::of(b"content"));
    }
    for suite in [Suite::EcdsaP256Sha256, Suite::RsaPkcs1Sha256] {
        if let Ok(signature) = Signature::from_der(suite, bytes) {
            assert_eq!(&*signature.der(), bytes);
        }
    }
}

fn read_ecert(bytes: &[u8]) {
    if let Ok(sd_jwt) = SdJwt::parse(bytes) {
        let _ = sd_jwt.chain();
        let _ = EcertFacts::read(sd_jwt);
    }
}

fn read_json(bytes: &[u8]) {
    if let Ok(json) = Json::read(bytes) {
        let mut canonical = Vec::new();
        json.canonical(&mut canonical);
        let again = Json::read(&canonical).unwrap();
        let mut twice = Vec::new();
        again.canonical(&mut twice);
        // Only whole numbers have a canonical form in this house.
        if is_whole(&json) {
            assert_eq!(canonical, twice, "what is canonical stays as it is");
        }
    }
}

fn is_whole(json: &Json) -> bool {
    match json {
        Json::Number(number) => !number.is_f64(),
        Json::List(list) => list.iter().all(is_whole),
        Json::Object(object) => object.values().all(is_whole),
        _ => true,
    }
}

fn read_submission(sent: &WireValue) {
    static CATALOGUE: OnceLock<std::sync::Arc<zhengku::domain::Catalogue>> = OnceLock::new();
    let catalogue = CATALOGUE.get_or_init(|| support::workshop().catalogue());
    match Submission::read(sent, catalogue, moment(NOW).day_in_china()) {
        Ok(submission) => assert!(!submission.holders.is_empty()),
        Err(faults) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(fault.code().starts_with("submission."), "{fault}");
            }
        }
    }
}

fn wire(value: &Value) -> WireValue {
    serde_json::from_value(value.clone()).unwrap()
}

/// Any JSON, with the words of submissions among its keys and values.
fn any_json() -> impl Strategy<Value = Value> {
    let word = proptest::sample::select(vec![
        "type",
        "authority",
        "holders",
        "kind",
        "code",
        "name",
        "license_number",
        "issued_on",
        "valid_from",
        "valid_to",
        "replaces",
        "face",
        "001",
        "2026-01-01",
        "KZ_JYFW",
        "",
    ]);
    let text = prop_oneof![word.clone().prop_map(str::to_owned), "\\PC{0,12}", any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((text.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Puts `new` in the place of the value that is `index`th among all values of `json`.
fn replace(json: &mut Value, index: &mut usize, new: &Value) -> bool {
    if *index == 0 {
        *json = new.clone();
        return true;
    }
    *index -= 1;
    match json {
        Value::Array(list) => list.iter_mut().any(|value| replace(value, index, new)),
        Value::Object(object) => object.values_mut().any(|value| replace(value, index, new)),
        _ => false,
    }
}

fn size(json: &Value) -> usize {
    1 + match json {
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(object) => object.values().map(size).sum(),
        _ => 0,
    }
}

fn read_templates(text: &str) {
    let _ = FaceFile::parse(text);
    let _ = FontsFile::parse(text);
    let _ = Config::read(text, &root(), &root());
    let file: Result<WireValue, _> = toml::from_str(text);
    if let Ok(file) = file {
        let _ = catalogue_file::read(&file);
    }
}

/// Reads background art and draws what was read: within the page, and no more than the text gives reason for.
fn read_art(text: &str) {
    if let Ok(art) = Art::read(text) {
        let drawn = art.draw(595.28, 841.89);
        assert!(drawn.len() <= 200 * (text.len() + 1));
        let words = std::str::from_utf8(&drawn).unwrap().split_ascii_whitespace();
        for number in words.filter_map(|word| word.parse::<f64>().ok()) {
            assert!(number.abs() <= 10_000_000.0, "{number}");
        }
    }
}

/// Every picture of the fixtures, with its media type.
fn portraits() -> &'static [(String, Vec<u8>)] {
    static PORTRAITS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    PORTRAITS.get_or_init(|| {
        let mut found = Vec::new();
        for submission in good("11990000MD0000008F012") {
            for field in ["KZ_ZP", "KZ_JZ"] {
                let Some(data) = submission["face"][field]["data"].as_str() else { continue };
                let media_type = submission["face"][field]["media_type"].as_str().unwrap();
                let picture = (media_type.to_owned(), STANDARD.decode(data).unwrap());
                if !found.contains(&picture) {
                    found.push(picture);
                }
            }
        }
        assert!(found.len() >= 6);
        found
    })
}

fn template(name: &str) -> String {
    let code = "11990000MD0000008F004";
    fs::read_to_string(root().join(format!("templates/types/{code}/{name}"))).unwrap()
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn no_bytes_make_a_reader_of_files_panic(bytes in bytes()) {
        read_file(&bytes);
        read_file(&[b"%PDF-1.7\n%\x80\x80\x80\x80\n\n", &bytes[..]].concat());
        read_file(&[b"eyJ", &bytes[..]].concat());
        read_ecert(&bytes);
        read_der(&bytes);
        read_json(&bytes);
    }

    #[test]
    fn no_damaged_sealed_pdf_makes_the_reader_panic(damages in damages()) {
        let file = damaged(&seeds().pdf, &damages);
        let _ = read_sealed(&file);
        let _ = read_foreign(&file);
        read_file(&file);
    }

    #[test]
    fn no_damaged_picture_makes_the_reader_panic(damages in damages()) {
        let _ = squares(&damaged(&seeds().picture, &damages));
    }

    #[test]
    fn no_damaged_file_of_others_makes_the_reader_panic(damages in damages()) {
        // One of ours without what it is known by, and so anybody's.
        let mut file = seeds().pdf.clone();
        let mark = file.windows(8).rposition(|bytes| bytes == b"/Zhengku").unwrap();
        file[mark + 1] = b'X';
        let file = damaged(&file, &damages);
        let _ = read_foreign(&file);
        read_file(&file);
    }

    #[test]
    fn no_damaged_later_revision_makes_the_reader_panic(damages in damages()) {
        let (sealed, later) = (&seeds().pdf, &seeds().later);
        let file = [sealed, &damaged(later, &damages)[..]].concat();
        if let Ok(read) = read_sealed(&file) {
            // Whole revisions may have been cut off, and a token may be another one.
            let tokens = read.timestamps.iter().map(|stamp| stamp.token.as_slice());
            let same = later.starts_with(&file[sealed.len()..]);
            assert!(same || tokens.clone().any(|token| token != TOKEN), "{:?}", read.revisions);
            assert_eq!(read.revisions.last(), Some(&file.len()));
        }
        read_file(&file);
    }

    #[test]
    fn no_damaged_e_certificate_makes_the_reader_panic(damages in damages()) {
        let file = damaged(&seeds().ecert, &damages);
        read_ecert(&file);
        read_file(&file);
    }

    #[test]
    fn no_damaged_payload_makes_the_reader_of_e_certificates_panic(damages in damages()) {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        // Damaged below the base64, where it would otherwise end.
        let text = std::str::from_utf8(&seeds().ecert).unwrap();
        let parts: Vec<&str> = text.split(['.', '~']).filter(|part| !part.is_empty()).collect();
        for (target, part) in parts.iter().enumerate().take(6) {
            let mut changed = text.to_owned();
            if target != 2 {
                let json = URL_SAFE_NO_PAD.decode(part).unwrap();
                let new = URL_SAFE_NO_PAD.encode(damaged(&json, &damages));
                changed = text.replacen(part, &new, 1);
            }
            read_ecert(changed.as_bytes());
        }
    }

    #[test]
    fn no_damaged_certificate_list_or_seal_makes_a_reader_panic(damages in damages()) {
        let seeds = seeds();
        for seed in seeds.certificates.iter().chain(&seeds.crls).chain([&seeds.cms]) {
            let damaged = damaged(seed, &damages);
            read_der(&damaged);
            let _ = ForeignSignature::check(&damaged, SignedThing::Detached, &[b"what was signed"]);
        }
    }

    #[test]
    fn der_that_was_written_is_read_back(tag in 1u8..31, parts in vec(bytes(), 0..4)) {
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let written = der::element(tag, &slices);
        let read = der::Reader::only(&written, tag).unwrap();
        prop_assert_eq!(read.content, parts.concat());
        prop_assert_eq!(read.raw, &written[..]);
    }

    #[test]
    fn nothing_makes_the_readers_of_what_a_library_signs_panic(bytes in bytes(), digits in "[0-9]{0,800}", damages in damages()) {
        let _ = SealedStatement::read(&digits);
        prop_assert!(StandingList::read(&bytes).is_none_or(|list| list.to_bytes() == bytes));
        let mut list = StandingList::new([3; 16]);
        let since = "2026-11-01".parse().unwrap();
        list.add(&seeds().id.parse().unwrap(), &Standing::Suspended { since });
        let list = list.to_bytes();
        let _ = StandingList::read(&damaged(&list, &damages));
        let signed = br#"{"payload":"e30","protected":"eyJjdHkiOiJ4In0","signature":"AAAA","header":{"etsiU":["e30"]}}"#;
        for file in [&bytes[..], &damaged(signed, &damages)] {
            let _ = receipt::read(file);
            let _ = trust_pack::read(file);
        }
    }

    #[test]
    fn no_text_makes_a_reader_of_words_panic(text in any::<String>(), printable in "[0-9A-Z.:+TZ#-]{0,40}") {
        read_word(&text);
        read_word(&printable);
    }

    #[test]
    fn no_damaged_word_makes_its_reader_panic(damages in damages(), which in 0usize..9) {
        let words = [
            seeds().id.as_str(), "11990000MD0000008F004", "11990000MD1000018N", "2026-02-28",
            "2026-11-22T11:20:29+08:00", "110101199003077758", "JY11101010000017", "001",
            "110101000000",
        ];
        read_word(words[which]);
        read_word(&String::from_utf8_lossy(&damaged(words[which].as_bytes(), &damages)));
    }

    #[test]
    fn an_id_that_was_composed_is_read_back(serial in "[0-9A-Z]{1,64}", version in 1u16..=999) {
        let code: LicenseTypeCode = "11990000MD0000008F004".parse().unwrap();
        let authority: AuthorityCode = "11990000MD1000018N".parse().unwrap();
        let key = LicenseKey::new(code, &authority, &serial).unwrap();
        let id = key.version(version.try_into().unwrap());
        prop_assert_eq!(id.to_string().parse::<LicenseId>(), Ok(id.clone()));
        prop_assert!(id.to_string().len() <= LicenseId::MAX_LEN);
        let pasted = format!(" https://zhengku.test/verify#{id}\n");
        let looked_up = matches!(parse_pasted(&pasted), Ok(Asked::Id(read)) if read == id);
        prop_assert!(looked_up, "{pasted}");
        // One changed character is told by the check character.
        let text = id.to_string();
        let at = text.len() - 3;
        let other = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
        let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        prop_assert!(changed.parse::<LicenseId>().is_err(), "{}", changed);
    }

    #[test]
    fn days_and_moments_are_read_back(seconds in any::<i64>(), days in any::<i32>()) {
        let moment = Moment::from_unix_seconds(seconds);
        prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        let day = moment.day_in_china().plus_days(days);
        prop_assert_eq!(day.to_string().parse(), Ok(day));
        prop_assert_eq!(day.plus_years(1).to_string().parse(), Ok(day.plus_years(1)));
    }

    #[test]
    fn no_json_makes_the_reader_of_submissions_panic(sent in any_json()) {
        read_submission(&wire(&sent));
        read_json(sent.to_string().as_bytes());
    }

    #[test]
    fn no_damaged_submission_makes_its_reader_panic(
        code in 0usize..10, line in any::<Index>(), place in any::<Index>(), new in any_json(),
        damages in damages(),
    ) {
        let all = good(&type_codes()[code]);
        let mut sent = all[line.index(all.len())].clone();
        read_submission(&wire(&sent));
        let mut index = place.index(size(&sent));
        replace(&mut sent, &mut index, &new);
        read_submission(&wire(&sent));
        let bytes = damaged(all[0].to_string().as_bytes(), &damages);
        if let Ok(sent) = serde_json::from_slice::<WireValue>(&bytes) {
            read_submission(&sent);
        }
    }

    #[test]
    fn no_text_makes_a_reader_of_templates_panic(text in any::<String>(), damages in damages()) {
        read_templates(&text);
        for name in ["type.toml", "face.toml"] {
            let bytes = damaged(template(name).as_bytes(), &damages);
            read_templates(&String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn no_text_makes_the_reader_of_art_panic(
        text in any::<String>(),
        damages in damages(),
        path in "[MmLlHhVvCcSsQqTtAaZz0-9 ,.eE+-]{0,60}",
        transform in "(rotate|scale|skewX|matrix|translate)\\([0-9 ,.eE+-]{0,30}\\)",
    ) {
        read_art(&text);
        let shape = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><g transform=\"{transform}\">\
             <path d=\"{path}\" stroke=\"red\"/><polygon points=\"{path}\"/></g></svg>"
        );
        read_art(&shape);
        let type_code = "11990000MD0000008F012";
        let file = root().join(format!("templates/types/{type_code}/art.svg"));
        read_art(&String::from_utf8_lossy(&damaged(&fs::read(file).unwrap(), &damages)));
    }

    #[test]
    fn no_bytes_make_the_reader_of_portraits_panic(
        bytes in bytes(),
        damages in damages(),
        which in any::<Index>(),
    ) {
        let pictures = portraits();
        let (media_type, picture) = &pictures[which.index(pictures.len())];
        let _ = portrait_fault(media_type, &bytes);
        let _ = portrait_fault(media_type, &damaged(picture, &damages));
        prop_assert_eq!(portrait_fault(media_type, picture), None);
    }

    #[test]
    fn pem_that_was_written_is_read_back(bytes in bytes(), text in any::<String>()) {
        let written = pem::write("CERTIFICATE", &bytes);
        let blocks = pem::blocks(&written).unwrap();
        prop_assert_eq!(blocks[0].decode().unwrap(), bytes);
        let _ = Certificate::all_from_pem(&text);
        let _ = Certificate::all_from_pem(&written.replace("CERTIFICATE", &text));
    }
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    for depth in [100, 10_000, 1_000_000] {
        for open in ["[", "{\"a\":"] {
            let deep = open.repeat(depth);
            assert!(Json::read(deep.as_bytes()).is_err());
            assert!(serde_json::from_str::<WireValue>(&deep).is_err());
        }
    }
    // DER is walked without recursion by its reader; certificates and seals bound their own.
    let mut nested = Vec::new();
    for _ in 0..5_000 {
        nested = der::element(0x30, &[&nested]);
    }
    read_der(&nested);
    assert!(SignedData::read(&nested).is_err());
    let toml = format!("a = {}", "[".repeat(100_000));
    assert!(toml::from_str::<WireValue>(&toml).is_err());
    let deep = json!({ "face": { "KZ_JYFW": [[[[[[[["1"]]]]]]]] } });
    read_submission(&wire(&deep));
}
