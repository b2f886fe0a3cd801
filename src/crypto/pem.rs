//! PEM: binary blocks in text (RFC 7468).
//!
//! One text may hold several blocks, with anything between them. A block is decoded only when asked for, so
//! that a private key that happens to stand in a text is passed over without being read.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Most blocks read from one text; our own bound, above any trust list in use.
const MAX_BLOCKS: usize = 1_000;

/// One block of a PEM text.
#[derive(Clone, Copy)]
pub struct Block<'t> {
    label: &'t str,
    body: &'t str,
}

impl<'t> Block<'t> {
    /// What stands behind `BEGIN`: `CERTIFICATE`, `X509 CRL`, `PRIVATE KEY`.
    pub fn label(&self) -> &'t str {
        self.label
    }

    /// The bytes in the block.
    pub fn decode(&self) -> Result<Vec<u8>, PemError> {
        let compact: Vec<u8> =
            self.body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let compact = super::secret::Secret::new(compact);
        STANDARD.decode(compact.expose()).map_err(|_| PemError::Base64)
    }
}

/// The blocks of `text`, in order.
pub fn blocks(text: &str) -> Result<Vec<Block<'_>>, PemError> {
    const BEGIN: &str = "-----BEGIN ";
    const DASHES: &str = "-----";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        if found.len() == MAX_BLOCKS {
            return Err(PemError::TooManyBlocks { limit: MAX_BLOCKS });
        }
        let (label, after) = after.split_once(DASHES).ok_or(PemError::Begin)?;
        if label.contains(['\n', '\r']) {
            return Err(PemError::Begin);
        }
        let (body, after) = after.split_once(DASHES).ok_or(PemError::End)?;
        let end = after.strip_prefix("END ").and_then(|after| after.strip_prefix(label));
        rest = end.and_then(|after| after.strip_prefix(DASHES)).ok_or(PemError::End)?;
        found.push(Block { label, body });
    }
    Ok(found)
}

/// `bytes` as a PEM block, in lines of 64 characters.
pub fn write(label: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Why a text is not PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemError {
    /// The content of a block is not base64.
    Base64,
    /// A `BEGIN` line is not closed by five dashes.
    Begin,
    /// A block is not closed by the `END` line that belongs to its beginning.
    End,
    /// The text has more blocks than we read.
    TooManyBlocks {
        /// How many we read.
        limit: usize,
    },
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64 => f.write_str("a PEM block holds something that is not base64"),
            Self::Begin => f.write_str("a PEM block's BEGIN line is not closed by five dashes"),
            Self::End => f.write_str("a PEM block is not closed by its own END line"),
            Self::TooManyBlocks { limit } => {
                write!(f, "the text has more than {limit} PEM blocks; split it")
            }
        }
    }
}

impl std::error::Error for PemError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn several_blocks_with_words_between_them_are_read_in_order() {
        let text = format!(
            "subject: one\n{}\r\nsubject: two\n{}",
            write("CERTIFICATE", &[1; 100]),
            write("X509 CRL", b"")
        );
        let blocks = blocks(&text).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!((blocks[0].label(), blocks[0].decode()), ("CERTIFICATE", Ok(vec![1; 100])));
        assert_eq!((blocks[1].label(), blocks[1].decode()), ("X509 CRL", Ok(Vec::new())));
    }

    #[test]
    fn broken_armour_is_named() {
        let rows = [
            ("label not closed", "-----BEGIN X", PemError::Begin),
            ("label over two lines", "-----BEGIN X\nY-----\n-----END X\nY-----", PemError::Begin),
            ("no end", "-----BEGIN X-----\nAAAA\n", PemError::End),
            ("end of another", "-----BEGIN X-----\nAAAA\n-----END Y-----", PemError::End),
        ];
        for (trick, text, refusal) in rows {
            assert_eq!(blocks(text).err(), Some(refusal), "{trick}");
        }
        let text = "-----BEGIN X-----\nA*AA\n-----END X-----";
        assert_eq!(blocks(text).unwrap()[0].decode(), Err(PemError::Base64));
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let text = write("DATA", &bytes);
            prop_assert_eq!(blocks(&text).unwrap()[0].decode(), Ok(bytes));
        }

        #[test]
        fn no_text_panics(text in "(-----BEGIN |-----|END |X|\n|=|A){0,30}") {
            for block in blocks(&text).unwrap_or_default() {
                let _ = block.decode();
            }
        }
    }
}
