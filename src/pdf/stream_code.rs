//! The streams that are made anew for every document, compressed in microseconds.
//!
//! A general compressor clears a quarter of a megabyte of tables before it looks at the first byte, and our streams
//! have some ten thousand. So they get what fonts get (see [`glyph_code`](super::glyph_code)): a Huffman code that was
//! fitted to their kind once, and no search for repetitions. Content comes out a third longer than from a fast
//! compressor, an e-certificate a seventh longer than from a thorough one: together 2 KB a file.

use std::sync::OnceLock;

use super::glyph_code::GlyphCode;

/// What content streams look like: texts in two fonts, and the square.
const CONTENT: &str = r"/P <<
  /MCID 26
>> BDC
0.063 0.063 0.063 rg
BT
1 0 0 1 249.45 379.19 Tm
/D0 11.5 Tf
(\000F\000\(\000G\000H\000I\000+\000J\000K\000L\000\030\000M\000N\000O\000E\000<\000P\000=\000>\000?\000Q\000E\000R\000S\000\024\000\b) Tj
1 0 0 1 249.45 399.34 Tm
(\0006\0007\0008\0009\000:\000;\000\035\000@\000A\000`\000a\000n\000x\000\200\000\231\000\245\001\003\001c) Tj
ET
EMC
/Figure <<
  /MCID 27
>> BDC
1 1 1 rg
85.04 87.87 96.38 96.38 re
f
0 0 0 rg
q
82.35 0 0 82.35 92.05 94.87 cm
/Qr Do
Q
EMC
/P <<
  /MCID 28
>> BDC
1 0 0 1 85.04 79.1 Tm
/D1 6.5 Tf
(\000A\000B\000C\000D) Tj
ET
EMC
";

/// How often, in a thousand characters of an e-certificate, each occurs: JSON in base64url shows its beginning.
const TOKEN: &[(&str, usize)] = &[
    ("V", 38),
    ("U", 32),
    ("RWld", 29),
    ("ZTNMI", 27),
    ("iF10", 24),
    ("QkSJE", 20),
    ("wapmXD52", 16),
    ("j3nhOGz", 14),
    ("ycbYLBxteC", 12),
    ("uH", 10),
    ("A64sro9v", 7),
    ("qKgf-P", 4),
    ("~87_.", 2),
];

/// A content stream as a zlib stream.
pub(super) fn pack_content(content: &[u8]) -> Vec<u8> {
    static CODE: OnceLock<GlyphCode> = OnceLock::new();
    pack(CODE.get_or_init(|| GlyphCode::new([CONTENT.as_bytes()])), content)
}

/// An e-certificate, or other text in the letters of base64url, as a zlib stream.
pub(super) fn pack_token(token: &[u8]) -> Vec<u8> {
    static CODE: OnceLock<GlyphCode> = OnceLock::new();
    let code = CODE.get_or_init(|| {
        let letters =
            TOKEN.iter().flat_map(|(letters, count)| letters.bytes().map(|b| (b, *count)));
        // Ten thousand: what never occurs then costs those that do next to nothing.
        let sample: Vec<u8> =
            letters.flat_map(|(letter, count)| std::iter::repeat_n(letter, count * 10)).collect();
        GlyphCode::new([&sample[..]])
    });
    pack(code, token)
}

fn pack(code: &GlyphCode, data: &[u8]) -> Vec<u8> {
    code.join(&[], std::iter::once(&code.code(data)))
}

#[cfg(test)]
mod tests {
    use super::super::deflate::inflate;
    use super::*;

    #[test]
    fn whatever_is_packed_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for data in [&b""[..], b"q Q", &all, &[7; 100_000]] {
            for packed in [pack_content(data), pack_token(data)] {
                assert_eq!(inflate(&packed, 100_000).as_deref(), Some(data));
            }
        }
    }

    #[test]
    fn each_kind_is_made_smaller_by_its_own_code() {
        let content =
            "1 0 0 1 85.04 179.1 Tm\n/D1 6.5 Tf\n(\\000A\\000B\\001C) Tj\nET\nEMC\n".repeat(100);
        assert!(pack_content(content.as_bytes()).len() * 4 < content.len() * 3);
        let token = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRjK3NkLWp3dCIsIng1YyI6WyJNSUlD~".repeat(100);
        assert!(pack_token(token.as_bytes()).len() * 4 < token.len() * 3);
    }
}
