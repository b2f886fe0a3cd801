//! Taking texts out of what was sent.
//!
//! A text for the face must be printable: control characters, bidirectional overrides and characters without
//! width could make a face say one thing to a reader and another to a program, so they are refused.

use super::license_type::{AuthorityCode, LicenseTypeCode};
use super::number::NumberError;
use super::script::Script;
use super::submission_fault::{FaultKind, SubmissionFault};
use super::time::Day;
use super::wire::{WireObject, WireValue};

/// Reads texts and keeps what was wrong with them.
pub(super) struct Texts<'f> {
    pub(super) faults: &'f mut Vec<SubmissionFault>,
}

impl Texts<'_> {
    pub(super) fn fault(&mut self, field: impl Into<String>, kind: FaultKind) {
        self.faults.push(SubmissionFault::new(field, kind));
    }

    pub(super) fn wrong_kind(&mut self, field: &str, expected: &'static str, sent: &WireValue) {
        self.fault(field, FaultKind::WrongKind { expected, found: sent.kind() });
    }

    /// The text under `key`, or `None` where it is absent, null or of another kind (which is a fault).
    pub(super) fn optional<'v>(
        &mut self,
        object: &'v WireObject,
        prefix: &str,
        key: &str,
    ) -> Option<&'v str> {
        match object.values.get(key) {
            None | Some(WireValue::Null) => None,
            Some(WireValue::Text(text)) => Some(text),
            Some(other) => {
                self.wrong_kind(&format!("{prefix}{key}"), "a text", other);
                None
            }
        }
    }

    /// The text under `key`; absent and blank are faults.
    pub(super) fn required<'v>(
        &mut self,
        object: &'v WireObject,
        prefix: &str,
        key: &str,
    ) -> Option<&'v str> {
        let faults = self.faults.len();
        let text = self.optional(object, prefix, key).filter(|text| !text.trim().is_empty());
        if text.is_none() && self.faults.len() == faults {
            self.fault(format!("{prefix}{key}"), FaultKind::MissingField);
        }
        text
    }

    pub(super) fn day(&mut self, field: &str, text: &str) -> Option<Day> {
        text.parse().map_err(|why| self.fault(field, FaultKind::BadDay { why })).ok()
    }

    pub(super) fn bad_code<T: Code>(
        &mut self,
        field: &str,
        parsed: Result<T, NumberError>,
    ) -> Option<T> {
        parsed.map_err(|why| self.fault(field, FaultKind::BadCode { why })).ok()
    }

    /// Whether `text` can be printed in a field of so many characters; every fault is kept.
    pub(super) fn printable(
        &mut self,
        field: &str,
        text: &str,
        limit_chars: usize,
        lines: bool,
    ) -> bool {
        let before = self.faults.len();
        let actual_chars = text.chars().count();
        if actual_chars > limit_chars {
            self.fault(field, FaultKind::FaceFieldTooLong { limit_chars, actual_chars });
        }
        if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            self.fault(field, FaultKind::SurroundingSpace);
        }
        if !lines && text.contains('\n') {
            self.fault(field, FaultKind::LineBreakNotAllowed);
        }
        let scripts = Script::unset(text);
        if !scripts.is_empty() {
            // These come with joiners and blanks of their own, which are not what is wrong with them.
            self.fault(field, FaultKind::ScriptWithoutFont { scripts });
        } else if let Some(found) =
            text.chars().find(|found| *found != '\n' && is_forbidden(*found))
        {
            self.fault(field, FaultKind::ForbiddenCharacter { code_point: u32::from(found) });
        }
        self.faults.len() == before
    }
}

/// Reports keys that nobody knows, and known ones that stand twice.
pub(super) fn check_keys(
    object: &WireObject,
    known: &[&str],
    prefix: &str,
    faults: &mut Vec<SubmissionFault>,
) {
    for key in object.values.keys().filter(|key| !known.contains(&key.as_str())) {
        // A key is the sender's own word and may be anything, so a wild one is cut short.
        let key: String = key.chars().filter(|c| !c.is_control()).take(64).collect();
        faults.push(SubmissionFault::new(format!("{prefix}{key}"), FaultKind::UnknownField));
    }
    for key in object.twice.iter().filter(|key| known.contains(&key.as_str())) {
        faults.push(SubmissionFault::new(format!("{prefix}{key}"), FaultKind::DuplicateKey));
    }
}

/// The codes whose faults are reported as `bad_code`.
pub(super) trait Code {}
impl Code for AuthorityCode {}
impl Code for LicenseTypeCode {}

pub(super) fn is_forbidden(found: char) -> bool {
    found.is_control()
        || is_compatibility_ideograph(found)
        || matches!(
            found,
            // Soft hyphen, joiners and marks without width, bidirectional controls, line and paragraph
            // separators, byte-order mark, interlinear marks, tags.
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}'
            // Variation selectors: the same text would look different from font to font.
                | '\u{fe00}'..='\u{fe0f}'
            // Combining marks stack, and the same letter with and without them compares as two; Kangxi and other
        // radicals and compatibility ideographs look like characters they are not; odd blanks look like one.
                | '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
                | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}' | '\u{2e80}'..='\u{2fdf}'
                | '\u{2f800}'..='\u{2fa1f}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
                | '\u{202f}' | '\u{205f}'
        // Private use and noncharacters mean something else on every machine.
                | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fdd0}'..='\u{fdef}'
        )
        || u32::from(found) & 0xfffe == 0xfffe
}

/// A compatibility ideograph that only repeats another character. Twelve of the block are characters of their
/// own, whatever its name says, and stand in names (Unicode, section 18.1).
fn is_compatibility_ideograph(found: char) -> bool {
    matches!(found, '\u{f900}'..='\u{faff}')
        && !matches!(
            found,
            '\u{fa0e}'
                | '\u{fa0f}'
                | '\u{fa11}'
                | '\u{fa13}'
                | '\u{fa14}'
                | '\u{fa1f}'
                | '\u{fa21}'
                | '\u{fa23}'
                | '\u{fa24}'
                | '\u{fa27}'..='\u{fa29}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_another_text_is_refused_and_rare_names_are_not() {
        for (found, why) in [
            ('\u{301}', "a mark that stacks"),
            ('\u{20dd}', "a ring around the character before"),
            ('\u{2f00}', "a Kangxi radical that looks like 一"),
            ('\u{f900}', "a compatibility ideograph that looks like 豈"),
            ('\u{2f804}', "another, of the supplement"),
            ('\u{a0}', "a blank that is none"),
            ('\u{202e}', "an override of direction"),
            ('\u{200d}', "a joiner without width"),
            ('\u{e000}', "private use"),
        ] {
            assert!(is_forbidden(found), "{why}");
        }
        for found in ['·', '㐂', '𠮷', '\u{fa11}', 'Ａ', '（', '〇', 'é', ' ', '\u{3000}'] {
            assert!(!is_forbidden(found), "{found}");
        }
    }
}
