//! What a sealed PDF says about itself: the XMP packet, and the color profile of its page.
//!
//! The packet repeats the Info dictionary, names the license and the digest of its content, and claims PDF/A-3a and
//! PDF/UA-1. What that asks of the file is held clause by clause in `docs/standards/pdf-a-3.md` and `pdf-ua-1.md`.
//!
//! Source: ISO 16684-1 (XMP); ISO 19005-3 (PDF/A-3), 6.6; ISO 14289-1 (PDF/UA-1), 5; ICC.1:2004-10 (profiles).

use std::borrow::Cow;

use crate::domain::time::Moment;

/// The name of the program in every file it writes.
pub(super) const PRODUCER: &str = "Zhengku";
/// Elements of the packet that hold our own facts.
pub(super) const DIGEST_ELEMENT: &str = "zk:contentDigest";
pub(super) const LICENSE_ID_ELEMENT: &str = "zk:licenseId";

/// An element of our own: a fact about the license.
pub(super) struct Property<'a> {
    /// Its name, without the prefix.
    pub(super) name: &'static str,
    /// What it says.
    pub(super) value: Cow<'a, str>,
    /// What it is, for the extension schema.
    pub(super) description: &'static str,
}

impl<'a> Property<'a> {
    fn new(name: &'static str, value: &'a str, description: &'static str) -> Self {
        Self { name, value: value.into(), description }
    }
}

/// What an original says of itself.
pub(super) fn of_original<'a>(license_id: &'a str, digest_hex: &'a str) -> Vec<Property<'a>> {
    vec![
        Property::new(
            "licenseId",
            license_id,
            "Identifier of this version of the license, GB/T 36904-2018",
        ),
        Property::new(
            "contentDigest",
            digest_hex,
            "SHA-256 of the content of the license, in hexadecimal",
        ),
    ]
}

/// What a receipt of a verification says of itself.
pub(super) fn of_receipt<'a>(number: &'a str, digest_hex: &'a str) -> Vec<Property<'a>> {
    vec![
        Property::new("receiptNumber", number, "Number of this receipt of a verification"),
        Property::new(
            "contentDigest",
            digest_hex,
            "SHA-256 of the attached receipt, in hexadecimal",
        ),
    ]
}

/// A schema that PDF/A does not know: the file describes it itself (ISO 19005-3, 6.6.2.3).
fn describe_schema<'a>(
    [words, namespace, prefix]: [&str; 3],
    properties: impl Iterator<Item = [&'a str; 4]>,
    text: &mut String,
) {
    text.push_str("<rdf:li rdf:parseType=\"Resource\">\n");
    write_element(["pdfaSchema:", "schema"], words, text);
    write_element(["pdfaSchema:", "namespaceURI"], namespace, text);
    write_element(["pdfaSchema:", "prefix"], prefix, text);
    text.push_str("<pdfaSchema:property><rdf:Seq>");
    for facts in properties {
        text.push_str("<rdf:li rdf:parseType=\"Resource\">\n");
        for (name, fact) in ["name", "valueType", "category", "description"].iter().zip(facts) {
            write_element(["pdfaProperty:", name], fact, text);
        }
        text.push_str("</rdf:li>");
    }
    text.push_str("</rdf:Seq></pdfaSchema:property></rdf:li>");
}

/// The packet for one file, whose content has the digest `digest_hex`.
pub(super) fn packet(title: &str, own: &[Property<'_>], digest_hex: &str, at: Moment) -> String {
    let mut text = String::with_capacity(5000);
    text.push_str(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" \
         xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\" \
         xmlns:stEvt=\"http://ns.adobe.com/xap/1.0/sType/ResourceEvent#\" \
         xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" \
         xmlns:pdfuaid=\"http://www.aiim.org/pdfua/ns/id/\" \
         xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" \
         xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" \
         xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\" \
         xmlns:zk=\"urn:zhengku:license:1\">\n\
         <dc:format>application/pdf</dc:format>\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">",
    );
    escape(title, &mut text);
    text.push_str("</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>zh-CN</rdf:li></rdf:Bag></dc:language>\n");
    let time = at.to_string();
    let [document, instance] = identifiers(digest_hex, own, at);
    for (element, value) in [
        ("xmp:CreatorTool", PRODUCER),
        ("pdf:Producer", PRODUCER),
        ("xmp:CreateDate", &time),
        ("xmp:ModifyDate", &time),
        ("xmpMM:DocumentID", &document),
        ("xmpMM:InstanceID", &instance),
        ("pdfaid:part", "3"),
        ("pdfaid:conformance", "A"),
        ("pdfuaid:part", "1"),
    ] {
        write_element(["", element], value, &mut text);
    }
    for Property { name, value, .. } in own {
        write_element(["zk:", name], value, &mut text);
    }
    // Where the file comes from, as 6.6.6 recommends.
    text.push_str("<xmpMM:History><rdf:Seq><rdf:li rdf:parseType=\"Resource\">\n");
    for (element, value) in [
        ("action", "created"),
        ("when", &time[..]),
        ("instanceID", &instance),
        ("softwareAgent", PRODUCER),
    ] {
        write_element(["stEvt:", element], value, &mut text);
    }
    text.push_str("</rdf:li></rdf:Seq></xmpMM:History>\n<pdfaExtension:schemas><rdf:Bag>");
    let schema = ["PDF/UA identification schema", "http://www.aiim.org/pdfua/ns/id/", "pdfuaid"];
    let part = ["part", "Integer", "internal", "Part of ISO 14289 to which the file conforms"];
    describe_schema(schema, [part].into_iter(), &mut text);
    let schema = ["Zhengku license", "urn:zhengku:license:1", "zk"];
    let facts = own.iter().map(|own| [own.name, "Text", "external", own.description]);
    describe_schema(schema, facts, &mut text);
    text.push_str(
        "</rdf:Bag></pdfaExtension:schemas>\n\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>",
    );
    text
}

/// What tells the document, and this very file of it, from all others: two UUIDs of our own making (RFC 9562,
/// version 8). The document is known by the digest of its content; the file by that, by the time of sealing and by
/// what it says of itself.
fn identifiers(digest_hex: &str, own: &[Property<'_>], at: Moment) -> [String; 2] {
    let mut digits =
        digest_hex.bytes().filter(u8::is_ascii_hexdigit).chain(std::iter::repeat(b'0'));
    let mut half = || {
        let digits: String = digits.by_ref().take(16).map(char::from).collect();
        u64::from_str_radix(&digits, 16).unwrap_or_default()
    };
    let uuid = |high: u64, low: u64| {
        let high = format!("{:016x}", high & !0xf000 | 0x8000);
        let low = format!("{:016x}", low & !(0b11 << 62) | 0b10 << 62);
        let (time, rest) = high.split_at(8);
        let (middle, version) = rest.split_at(4);
        let (variant, node) = low.split_at(4);
        format!("uuid:{time}-{middle}-{version}-{variant}-{node}")
    };
    let document = uuid(half(), half());
    // FNV-1a: this tells files apart and proves nothing.
    let facts = own.iter().flat_map(|own| own.value.bytes().chain([0]));
    let mark = facts
        .chain(at.unix_seconds().to_be_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    [document, uuid(half(), half() ^ mark)]
}

/// The text of `element`, which must stand once in `packet`, with its escapes undone.
pub(super) fn element<'p>(packet: &'p str, element: &str) -> Option<Cow<'p, str>> {
    let (_, after) = packet.split_once(&format!("<{element}>"))?;
    let (value, rest) = after.split_once(&format!("</{element}>"))?;
    if rest.contains(&format!("<{element}>")) || value.contains('<') {
        return None;
    }
    if !value.contains('&') {
        return Some(value.into());
    }
    // An ampersand last, or what it stands before would be undone twice.
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").into())
}

fn write_element([prefix, name]: [&str; 2], value: &str, text: &mut String) {
    for part in ["<", prefix, name, ">"] {
        text.push_str(part);
    }
    escape(value, text);
    for part in ["</", prefix, name, ">\n"] {
        text.push_str(part);
    }
}

fn escape(value: &str, text: &mut String) {
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
}

/// An sRGB profile (ICC version 4, matrix and curve), 600-odd bytes.
pub(super) fn srgb_profile() -> Vec<u8> {
    let xyz = |values: [u32; 3]| {
        let mut tag = b"XYZ \0\0\0\0".to_vec();
        tag.extend(values.iter().flat_map(|value| value.to_be_bytes()));
        tag
    };
    let words = |text: &str| {
        let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut tag = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS".to_vec();
        tag.extend(u32::try_from(text.len()).unwrap_or_default().to_be_bytes());
        tag.extend([0, 0, 0, 28]);
        tag.extend(text);
        tag
    };
    // IEC 61966-2-1: exponent 2.4, 1/1.055, 0.055/1.055, 1/12.92 and the bend at 0.04045, in 1/65536.
    let mut curve = b"para\0\0\0\0\0\x03\0\0".to_vec();
    for value in [0x0002_6666_u32, 0xf2a7, 0x0d59, 0x13d0, 0x0a5b] {
        curve.extend(value.to_be_bytes());
    }
    // The Bradford adaptation from D65 to D50, and the primaries and white point after it.
    let mut adaptation = b"sf32\0\0\0\0".to_vec();
    for value in [
        0x0001_0c42_u32,
        0x05de,
        0xffff_f325,
        0x0793,
        0xfd90,
        0xffff_fba1,
        0xffff_fda2,
        0x03dc,
        0xc06e,
    ] {
        adaptation.extend(value.to_be_bytes());
    }
    let tags: [(&[u8; 4], Vec<u8>); 10] = [
        (b"desc", words("sRGB")),
        (b"cprt", words("No copyright")),
        (b"wtpt", xyz([0xf6d6, 0x1_0000, 0xd32d])),
        (b"chad", adaptation),
        (b"rXYZ", xyz([0x6fa2, 0x38f5, 0x0390])),
        (b"gXYZ", xyz([0x6299, 0xb785, 0x18da])),
        (b"bXYZ", xyz([0x24a0, 0x0f84, 0xb6cf])),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];
    let mut table = u32::try_from(tags.len()).unwrap_or_default().to_be_bytes().to_vec();
    let mut data: Vec<u8> = Vec::new();
    let start = 128 + 4 + 12 * tags.len();
    for (name, tag) in &tags {
        let offset = u32::try_from(start + data.len()).unwrap_or_default();
        table.extend_from_slice(*name);
        table.extend(offset.to_be_bytes());
        table.extend(u32::try_from(tag.len()).unwrap_or_default().to_be_bytes());
        data.extend(tag);
        while !data.len().is_multiple_of(4) {
            data.push(0);
        }
    }
    let mut head = u32::try_from(start + data.len()).unwrap_or_default().to_be_bytes().to_vec();
    head.extend(b"\0\0\0\0\x04\x20\0\0mntrRGB XYZ ");
    // Made on 2026-01-01; no platform, flags, device or rendering intent.
    head.extend([0x07, 0xea, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    head.extend(b"acsp");
    head.resize(68, 0);
    head.extend([0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    head.resize(128, 0);
    [head, table, data].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_facts_are_read_back_from_the_packet() {
        let at = Moment::from_unix_seconds(1_795_000_000);
        let packet = packet("营业执照 <&>", &of_original("1.2.156&<>", "AB12"), "AB12", at);
        assert_eq!(element(&packet, LICENSE_ID_ELEMENT).as_deref(), Some("1.2.156&<>"));
        assert_eq!(element(&packet, DIGEST_ELEMENT).as_deref(), Some("AB12"));
        assert!(packet.contains("营业执照 &lt;&amp;&gt;</rdf:li>"));
    }

    #[test]
    fn a_file_has_identifiers_of_its_own() {
        let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let at = Moment::from_unix_seconds(1_795_000_000);
        let own = of_original("1.2.156", digest);
        let [document, instance] = identifiers(digest, &own, at);
        assert_eq!(document, "uuid:9f86d081-884c-8d65-9a2f-eaa0c55ad015");
        assert!(instance.starts_with("uuid:a3bf4f1b-2b0b-822c-"), "{instance}");
        let later = Moment::from_unix_seconds(1_795_000_001);
        let copy = of_original("1.2.157", digest);
        for [same, other] in [identifiers(digest, &own, later), identifiers(digest, &copy, at)] {
            assert!(same == document && other != instance);
            // Version 8, and the variant of RFC 9562.
            assert!(other.len() == 41 && &other[19..20] == "8" && "89ab".contains(&other[24..25]));
        }
        let [short, _] = identifiers("AB12", &own, at);
        assert_eq!(short, "uuid:ab120000-0000-8000-8000-000000000000");
    }

    #[test]
    fn an_element_that_comes_twice_or_not_at_all_is_no_fact() {
        assert_eq!(element("<a>1</a><a>2</a>", "a"), None);
        assert_eq!(element("<b>1</b>", "a"), None);
        assert_eq!(element("<a>1<b/></a>", "a"), None);
    }

    #[test]
    fn the_profile_states_its_own_length() {
        let profile = srgb_profile();
        let stated = u32::from_be_bytes(profile[..4].try_into().unwrap());
        assert_eq!(usize::try_from(stated).unwrap(), profile.len());
        assert_eq!(&profile[36..40], b"acsp");
    }
}
