//! What a sealed PDF says about itself: the XMP packet, and the color profile of its page.
//!
//! The packet repeats the Info dictionary, names the license and the digest of its content, and claims PDF/A-3u.
//! The last is held clause by clause by the tests in `archival.rs`, not by a validator of others; see
//! `docs/known-limits.md`.
//!
//! Source: ISO 16684-1 (XMP); ISO 19005-3 (PDF/A-3), 6.6; ICC.1:2004-10 (profiles).

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

/// What an original says of itself.
pub(super) fn of_original<'a>(license_id: &'a str, digest_hex: &'a str) -> Vec<Property<'a>> {
    let property =
        |name, value: &'a str, description| Property { name, value: value.into(), description };
    vec![
        property(
            "licenseId",
            license_id,
            "Identifier of this version of the license, GB/T 36904-2018",
        ),
        property(
            "contentDigest",
            digest_hex,
            "SHA-256 of the content of the license, in hexadecimal",
        ),
    ]
}

/// The packet for one file.
pub(super) fn packet(title: &str, own: &[Property<'_>], at: Moment) -> String {
    let mut text = String::with_capacity(3200);
    text.push_str(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" \
         xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" \
         xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" \
         xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" \
         xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\" \
         xmlns:zk=\"urn:zhengku:license:1\">\n\
         <dc:format>application/pdf</dc:format>\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">",
    );
    escape(title, &mut text);
    text.push_str("</rdf:li></rdf:Alt></dc:title><dc:language><rdf:Bag><rdf:li>zh-CN</rdf:li></rdf:Bag></dc:language>\n");
    let at = at.to_string();
    for (element, value) in [
        ("xmp:CreatorTool", PRODUCER),
        ("pdf:Producer", PRODUCER),
        ("xmp:CreateDate", &at),
        ("xmp:ModifyDate", &at),
        ("pdfaid:part", "3"),
        ("pdfaid:conformance", "U"),
    ] {
        write_element(["", element], value, &mut text);
    }
    for Property { name, value, .. } in own {
        write_element(["zk:", name], value, &mut text);
    }
    text.push_str(
        "<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\">\
         <pdfaSchema:schema>Zhengku license</pdfaSchema:schema>\
         <pdfaSchema:namespaceURI>urn:zhengku:license:1</pdfaSchema:namespaceURI>\
         <pdfaSchema:prefix>zk</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>",
    );
    for Property { name, description, .. } in own {
        for part in [
            "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>",
            name,
            "</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>\
             <pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>",
            description,
            "</pdfaProperty:description></rdf:li>",
        ] {
            text.push_str(part);
        }
    }
    text.push_str(
        "</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>\n\
         </rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>",
    );
    text
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
        let packet = packet("营业执照 <&>", &of_original("1.2.156&<>", "AB12"), at);
        assert_eq!(element(&packet, LICENSE_ID_ELEMENT).as_deref(), Some("1.2.156&<>"));
        assert_eq!(element(&packet, DIGEST_ELEMENT).as_deref(), Some("AB12"));
        assert!(packet.contains("营业执照 &lt;&amp;&gt;</rdf:li>"));
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
