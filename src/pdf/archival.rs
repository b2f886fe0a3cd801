//! That a sealed file is what its packet claims: PDF/A-3a, as far as we can check it ourselves.
//!
//! One test to a group of clauses, each over a walk through every object of a sealed sample: page with border,
//! four fonts, table, picture, QR square, seal, attachment. This is no validator: those of others judge sealed files
//! of every type beside it (`tests/outside/judge_archival.py`). The logical structure is walked in `accessible.rs`.
//!
//! Source: ISO 19005-3:2012 (PDF/A-3), 6.1 to 6.8; ISO 19005-2:2011 where it refers there; ICC.1:2004-10, 7.2.

use std::collections::BTreeSet;

use ttf_parser::GlyphId;

use super::cff::Cff;
use super::deflate::inflate;
use super::read::{moment, read_sealed};
use super::revision::Revision;
use super::syntax::{Dict, Object, Parser};
use super::{testing, xmp};

/// More than any stream of the sample unpacks to.
const LIMIT: usize = 4 * 1024 * 1024;

/// Every object of a file, by number from 1.
pub(super) fn objects<'f>(file: &Revision<'f>) -> Vec<Object<'f>> {
    let objects: Vec<_> = (1..).map_while(|n| Some(file.object(n)?.0)).collect();
    assert_eq!(trailer(file.bytes()).integer("Size"), Some(objects.len() + 1));
    objects
}

fn trailer(file: &[u8]) -> Dict<'_> {
    let place = super::gap::find_last(file, b"trailer\n").unwrap() + 8;
    match Parser::new(file, place).object() {
        Some(Object::Dict(trailer)) => trailer,
        other => panic!("{other:?}"),
    }
}

/// Shows `see` every dictionary, however deep.
fn walk<'o, 'f>(object: &'o Object<'f>, see: &mut dyn FnMut(&'o Dict<'f>)) {
    match object {
        Object::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Object::Dict(dict) => {
            see(dict);
            for key in dict.keys() {
                walk(dict.get(std::str::from_utf8(key).unwrap()).unwrap(), see);
            }
        }
        _ => {}
    }
}

fn dicts<'o, 'f>(objects: &'o [Object<'f>]) -> Vec<&'o Dict<'f>> {
    let mut found = Vec::new();
    objects.iter().for_each(|object| walk(object, &mut |dict| found.push(dict)));
    found
}

pub(super) fn unpacked(file: &Revision<'_>, number: usize) -> Vec<u8> {
    let (dict, bytes) = file.stream(number).unwrap();
    if dict.is_name("Filter", "FlateDecode") {
        inflate(bytes, LIMIT).unwrap()
    } else {
        bytes.into()
    }
}

pub(super) fn references(list: &[Object<'_>]) -> Vec<usize> {
    let number = |object: &Object<'_>| match object {
        Object::Reference(number) => *number,
        other => panic!("{other:?}"),
    };
    list.iter().map(number).collect()
}

#[test]
fn the_file_is_marked_binary_has_an_id_and_is_not_encrypted() {
    let file = testing::sealed();
    assert_eq!(&file[..10], b"%PDF-1.7\n%");
    assert!(file[10..14].iter().all(|byte| *byte >= 0x80));
    assert!(file.ends_with(b"%%EOF"));
    let trailer = trailer(&file);
    assert!(trailer.get("Encrypt").is_none());
    match trailer.array("ID") {
        Some([Object::Hex(first, _), Object::Hex(second, _)]) => {
            assert!(first.len() == 32 && first == second);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_acts_nothing_shines_through_and_nothing_lies_elsewhere() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let objects = objects(&file);
    // Actions and scripts; transparency, of which there being none no blending space is needed; pictures that
    // differ on paper; forms that viewers would draw anew; content in other files.
    let forbidden = [
        "JavaScript",
        "JS",
        "OpenAction",
        "AA",
        "A",
        "URI",
        "Launch",
        "SMask",
        "Group",
        "ExtGState",
        "BM",
        "Alternates",
        "OPI",
        "Ref",
        "PS",
        "Interpolate",
        "XFA",
        "NeedAppearances",
        "OCProperties",
        "FFilter",
        "FDecodeParms",
        "Requirements",
        "AlternatePresentations",
        "PresSteps",
        "Encrypt",
        "TR",
        "TR2",
        "HTP",
    ];
    for dict in dicts(&objects) {
        let is_element = dict.is_name("Type", "StructElem");
        for key in forbidden {
            // In a structure element, /A holds attributes and is no action.
            assert!(dict.get(key).is_none() || is_element && key == "A", "{key} in {dict:?}");
        }
        assert!(dict.keys().all(|key| key.len() <= 127));
        assert!(!dict.is_name("S", "Launch") && !dict.is_name("S", "JavaScript"));
    }
    let mut streams = 0;
    for number in 1..=objects.len() {
        let Some((dict, _)) = file.stream(number) else { continue };
        streams += 1;
        assert!(dict.get("F").is_none(), "{number}");
        let filter = dict.get("Filter");
        let known = [None, Some(&Object::Name(b"FlateDecode")), Some(&Object::Name(b"DCTDecode"))];
        assert!(known.contains(&filter), "{filter:?}");
    }
    assert!(streams > 15, "{streams}");
}

#[test]
fn one_output_intent_gives_the_colors_their_meaning() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let catalog = file.catalog().unwrap();
    let Some([Object::Dict(intent)]) = catalog.array("OutputIntents") else {
        panic!("{catalog:?}")
    };
    assert!(intent.is_name("S", "GTS_PDFA1"));
    assert_eq!(intent.text("OutputConditionIdentifier").as_deref(), Some("sRGB IEC61966-2.1"));
    let number = intent.reference("DestOutputProfile").unwrap();
    assert_eq!(file.stream(number).unwrap().0.integer("N"), Some(3));
    let profile = unpacked(&file, number);
    let word = |at: usize| u32::from_be_bytes(profile[at..at + 4].try_into().unwrap());
    let place = |at: usize| usize::try_from(word(at)).unwrap();
    assert_eq!(place(0), profile.len());
    assert_eq!((profile[8], &profile[12..24]), (4, &b"mntrRGB XYZ "[..]));
    assert_eq!(&profile[36..40], b"acsp");
    let mut tags = BTreeSet::new();
    let mut primaries = [0; 3];
    for entry in 0..place(128) {
        let at = 132 + 12 * entry;
        let (start, length) = (place(at + 4), place(at + 8));
        assert!(start % 4 == 0 && start + length <= profile.len());
        let name = &profile[at..at + 4];
        tags.insert(name);
        if name.ends_with(b"XYZ") {
            (0..3).for_each(|part| primaries[part] += word(start + 8 + 4 * part));
        }
    }
    for name in ["desc", "cprt", "wtpt", "chad", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"] {
        assert!(tags.contains(name.as_bytes()), "{name}");
    }
    // Full red, green and blue together are the white of D50 (ICC.1, 7.2.16), to 1/4096: the usual
    // rounding of the primaries leaves blue a little over.
    for (sum, white) in primaries.into_iter().zip([0xf6d6_u32, 0x1_0000, 0xd32d]) {
        assert!(sum.abs_diff(white) <= 16, "{sum:#x} {white:#x}");
    }
}

#[test]
fn only_colors_of_the_intent_are_used() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let objects = objects(&file);
    let page = objects.iter().find_map(|object| match object {
        Object::Dict(dict) if dict.is_name("Type", "Page") => Some(dict),
        _ => None,
    });
    let mut contents = references(page.unwrap().array("Contents").unwrap());
    for number in 1..=objects.len() {
        let Some((dict, _)) = file.stream(number) else { continue };
        if dict.is_name("Subtype", "Image") {
            let rgb = dict.is_name("ColorSpace", "DeviceRGB");
            // A stencil mask has no colors: it is painted in that of the page, and is not smoothed (6.2.8).
            let stencil = dict.get("ImageMask").is_some() && dict.get("ColorSpace").is_none();
            assert!(rgb || stencil || dict.is_name("ColorSpace", "DeviceGray"), "{dict:?}");
            assert!(dict.get("Interpolate").is_none(), "{dict:?}");
        }
        if dict.is_name("Subtype", "Form") {
            contents.push(number);
        }
    }
    assert!(contents.len() > 4);
    // All we write; not among them: `k` and `K` (inks), `gs`, `sh`, `ri`, `BI`, `cs`.
    let allowed = [
        "q", "Q", "cm", "w", "re", "m", "l", "c", "h", "S", "f", "B", "BT", "ET", "Tf", "Tc", "Tm",
        "Tj", "TJ", "rg", "RG", "Do", "BMC", "BDC", "EMC",
    ];
    for number in contents {
        let content = unpacked(&file, number);
        let mut parser = Parser::new(&content, 0);
        let mut depth = 0;
        while let Some(object) = parser.object() {
            let Object::Other(word) = object else { continue };
            if word[0].is_ascii_digit() || b"-.".contains(&word[0]) {
                continue;
            }
            let operator = std::str::from_utf8(word).unwrap();
            assert!(allowed.contains(&operator), "{operator} in {number}");
            depth += i32::from(operator == "q") - i32::from(operator == "Q");
            assert!((0..=28).contains(&depth), "{number}");
        }
        let rest = content[parser.at()..].iter().all(u8::is_ascii_whitespace);
        assert!(rest && depth == 0, "{number} is not read to its end");
    }
}

#[test]
fn every_font_is_embedded_and_every_code_of_it_has_its_character() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let objects = objects(&file);
    let mut fonts = 0;
    for font in dicts(&objects).into_iter().filter(|dict| dict.is_name("Type", "Font")) {
        if font.is_name("Subtype", "CIDFontType0") || font.is_name("Subtype", "CIDFontType2") {
            continue;
        }
        fonts += 1;
        assert!(font.is_name("Subtype", "Type0") && font.is_name("Encoding", "Identity-H"));
        let [part] = references(font.array("DescendantFonts").unwrap())[..] else {
            panic!("{font:?}")
        };
        let part = file.dict(part).unwrap();
        let mut widths: Vec<u32> = Vec::new();
        let descriptor = file.dict(part.reference("FontDescriptor").unwrap()).unwrap();
        assert_eq!(descriptor.get("FontName"), part.get("BaseFont"));
        if part.is_name("Subtype", "CIDFontType2") {
            assert!(part.is_name("CIDToGIDMap", "Identity"));
            let program = unpacked(&file, descriptor.reference("FontFile2").unwrap());
            let program = ttf_parser::Face::parse(&program, 0).unwrap();
            widths.extend((0..program.number_of_glyphs()).map(|glyph| {
                let width = u32::from(program.glyph_hor_advance(GlyphId(glyph)).unwrap());
                let units = u32::from(program.units_per_em());
                (width * 1000 + units / 2) / units
            }));
        } else {
            let program = descriptor.reference("FontFile3").unwrap();
            assert!(file.stream(program).unwrap().0.is_name("Subtype", "CIDFontType0C"));
            let program = unpacked(&file, program);
            let stated = Cff::read(&program).unwrap().stated_widths();
            widths.extend(stated.into_iter().map(|width| width.unwrap_or(1000)));
        }
        let mut stated = vec![1000; widths.len()];
        assert_eq!(part.integer("DW"), Some(1000));
        for run in part.array("W").unwrap_or_default().chunks(2) {
            let [Object::Integer(first), Object::Array(run)] = run else { panic!("{run:?}") };
            for (code, width) in (usize::try_from(*first).unwrap()..).zip(run) {
                let Object::Integer(width) = width else { panic!("{width:?}") };
                stated[code] = u32::try_from(*width).unwrap();
            }
        }
        // What is drawn for code 0 is never shown.
        assert_eq!(stated[1..], widths[1..]);
        let map = String::from_utf8(unpacked(&file, font.reference("ToUnicode").unwrap())).unwrap();
        let mut mapped = BTreeSet::new();
        for list in map.lines().filter(|line| line.starts_with('<')) {
            let (range, list) = list.split_once('[').unwrap();
            let characters: Vec<&str> = list.trim_end_matches(']').split_inclusive('>').collect();
            for character in &characters {
                assert!(!["<0000>", "<FEFF>", "<FFFE>"].contains(character), "{list}");
            }
            let first = usize::from_str_radix(&range[1..5], 16).unwrap();
            mapped.extend((first..).take(characters.len()));
        }
        let all = 1..widths.len();
        assert!(mapped.into_iter().eq(all), "a code without a character");
    }
    assert_eq!(fonts, 4);
}

/// 6.2.11.4: that widths agree is held above; that a code leads to its own glyph needs saying for CFF alone.
#[test]
fn every_code_of_a_cff_font_is_the_number_of_its_glyph() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let mut glyphs = 0;
    for descriptor in dicts(&objects(&file)) {
        let Some(program) = descriptor.reference("FontFile3") else { continue };
        let program = unpacked(&file, program);
        let table = ttf_parser::cff::Table::parse(&program).unwrap();
        for gid in 1..table.number_of_glyphs() {
            let cid = table.glyph_cid(GlyphId(gid));
            assert_eq!(cid, Some(gid), "a code that leads to another glyph");
            glyphs += 1;
        }
    }
    assert!(glyphs > 150, "{glyphs}");
}

/// 6.1.13: numbers, strings, names and counts keep within what every reader takes.
#[test]
fn nothing_is_larger_than_a_reader_must_take() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let objects = objects(&file);
    assert!(objects.len() < 8_388_607);
    fn hold(object: &Object<'_>) {
        match object {
            Object::Array(items) => items.iter().for_each(hold),
            Object::Dict(dict) => {
                assert!(dict.keys().all(|key| key.len() <= 127));
                dict.keys().for_each(|key| hold(dict.get(str::from_utf8(key).unwrap()).unwrap()));
            }
            Object::Hex(digits, _) => assert!(digits.len() <= 2 * 32_767),
            Object::Integer(number) => assert!(i32::try_from(*number).is_ok(), "{number}"),
            Object::Literal(text) => assert!(text.len() <= 32_767),
            Object::Name(name) => assert!(name.len() <= 127),
            Object::Other(word) => assert!(word.len() <= 127),
            Object::Reference(number) => assert!(*number < 8_388_607),
        }
    }
    objects.iter().for_each(hold);
    for page in dicts(&objects).into_iter().filter(|dict| dict.is_name("Type", "Page")) {
        let sides = page.array("MediaBox").unwrap().iter().map(|side| match side {
            Object::Integer(side) => i32::try_from(*side).unwrap().into(),
            Object::Other(side) => str::from_utf8(side).unwrap().parse::<f64>().unwrap(),
            other => panic!("{other:?}"),
        });
        let [left, bottom, right, top] = sides.collect::<Vec<_>>()[..] else { panic!("{page:?}") };
        for side in [right - left, top - bottom] {
            assert!((3.0..=14_400.0).contains(&side), "{side}");
        }
    }
}

#[test]
fn the_packet_claims_part_3_and_agrees_with_the_info_dictionary() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let (dict, packet) =
        file.stream(file.catalog().unwrap().reference("Metadata").unwrap()).unwrap();
    assert!(dict.is_name("Type", "Metadata") && dict.is_name("Subtype", "XML"));
    assert!(dict.get("Filter").is_none());
    let packet = std::str::from_utf8(packet).unwrap();
    let head = packet.split_once("?>").unwrap().0;
    assert!(head.starts_with("<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\""));
    assert!(!head.contains("bytes=") && !head.contains("encoding="));
    let fact = |name| xmp::element(packet, name).map(|fact| fact.into_owned());
    assert_eq!(fact("pdfaid:part").as_deref(), Some("3"));
    assert_eq!(fact("pdfaid:conformance").as_deref(), Some("A"));
    assert_eq!(fact("pdfuaid:part").as_deref(), Some("1"));

    let info = file.dict(trailer(&bytes).reference("Info").unwrap()).unwrap();
    assert!(packet.contains(&format!("{}</rdf:li>", info.text("Title").unwrap())));
    assert_eq!(info.text("Creator"), fact("xmp:CreatorTool"));
    assert_eq!(info.text("Producer"), fact("pdf:Producer"));
    let date = |key| info.get(key).and_then(moment).map(|moment| moment.to_string());
    assert!(date("CreationDate").is_some());
    assert_eq!(date("CreationDate"), fact("xmp:CreateDate"));
    assert_eq!(date("ModDate"), fact("xmp:ModifyDate"));
    // What is not of a schema known to all is declared (6.6.2.3).
    for element in [xmp::LICENSE_ID_ELEMENT, xmp::DIGEST_ELEMENT, "pdfuaid:part"] {
        let (prefix, name) = element.split_once(':').unwrap();
        assert!(packet.contains(&format!("<pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>")));
        assert!(packet.contains(&format!("<pdfaProperty:name>{name}</pdfaProperty:name>")));
        assert!(fact(element).is_some());
    }
    // Where the file comes from (6.6.6).
    assert_eq!(fact("stEvt:action").as_deref(), Some("created"));
    assert_eq!(fact("stEvt:when"), fact("xmp:CreateDate"));
    assert_eq!(fact("stEvt:softwareAgent"), fact("xmp:CreatorTool"));
    assert_eq!(fact("stEvt:instanceID"), fact("xmpMM:InstanceID"));
    assert!(fact("xmpMM:DocumentID").unwrap().starts_with("uuid:"));
}

#[test]
fn the_attachment_says_what_it_is_and_when_it_was_made() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let catalog = file.catalog().unwrap();
    let [number] = references(catalog.array("AF").unwrap())[..] else { panic!("{catalog:?}") };
    let named = catalog.dict("Names").and_then(|names| names.dict("EmbeddedFiles")).unwrap();
    assert!(named.array("Names").unwrap().contains(&Object::Reference(number)));
    let spec = file.dict(number).unwrap();
    assert!(spec.is_name("Type", "Filespec") && spec.is_name("AFRelationship", "Data"));
    assert_eq!(spec.text("F"), spec.text("UF"));
    assert!(spec.text("UF").is_some() && spec.text("Desc").is_some());
    let number = spec.dict("EF").and_then(|forms| forms.reference("F")).unwrap();
    assert_eq!(spec.dict("EF").and_then(|forms| forms.reference("UF")), Some(number));
    let (dict, _) = file.stream(number).unwrap();
    assert!(dict.is_name("Type", "EmbeddedFile"));
    assert!(dict.is_name("Subtype", "application#2Fdc+sd-jwt"), "{dict:?}");
    let params = dict.dict("Params").unwrap();
    assert_eq!(params.integer("Size"), Some(unpacked(&file, number).len()));
    assert_eq!(params.get("ModDate").and_then(moment), read_sealed(&bytes).unwrap().stated_at);
}

#[test]
fn the_seal_field_is_printed_and_looks_one_way_only() {
    let bytes = testing::sealed();
    let file = Revision::open(&bytes).unwrap();
    let form = file.catalog().unwrap();
    let [field] = references(form.dict("AcroForm").unwrap().array("Fields").unwrap())[..] else {
        panic!("{form:?}")
    };
    let field = file.dict(field).unwrap();
    assert!(field.is_name("Subtype", "Widget") && field.is_name("FT", "Sig"));
    let flags = field.integer("F").unwrap();
    // Print is set; invisible, hidden, no view and toggle no view are not (6.3.2).
    assert_eq!(flags & (4 | 1 | 2 | 32 | 256), 4);
    let looks: Vec<_> = field.dict("AP").unwrap().keys().collect();
    assert_eq!(looks, [b"N"]);
}
