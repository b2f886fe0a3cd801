//! Whether everything that was appended is known to the cross-references.
//!
//! A reader that goes by the cross-references never sees an object they do not list. One that repairs files does: it
//! looks for objects by itself and takes the last of each number. So bytes that are neither a listed object nor a
//! section are a change, whatever they say.
//!
//! Source: ISO 32000-1:2008, 7.5.6.

use super::document::Document;
use super::object::ForeignError;
use super::xref::stream_place;

/// Whether there is something behind `end` that no section lists.
pub(super) fn has_unlisted(document: &Document<'_, '_>, end: usize) -> Result<bool, ForeignError> {
    let mut lexer = document.lexer(end);
    loop {
        // The marks of ends are comments, too.
        lexer.skip();
        let at = lexer.at();
        if at >= document.file.len() {
            return Ok(false);
        }
        if lexer.is_word("startxref") {
            lexer.size()?;
            continue;
        }
        if lexer.is_word("xref") {
            if !document.has_section(at) {
                return Ok(true);
            }
            while !lexer.is_word("trailer") {
                lexer.entry()?;
            }
            lexer.value()?;
            continue;
        }
        let Ok(number) = lexer.head() else { return Ok(true) };
        if !document.lists(number, at) && !document.has_section(at) {
            return Ok(true);
        }
        let value = lexer.value()?;
        if !lexer.is_word("endobj") {
            let length = document.length(number, &value)?;
            let bytes = stream_place(document.file, &mut lexer, length)?;
            lexer = document.lexer(bytes.end);
            lexer.word("endstream")?;
            lexer.word("endobj")?;
        }
    }
}
