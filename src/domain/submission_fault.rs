//! Why a submission is turned away.
//!
//! Every fault is something the issuing system can put right and send again. Trouble of our own is a `Fault`
//! of `service` and never appears here. A message names the field and the fix, never the value: the value may
//! be personal.

use std::fmt;

use super::license_id::LicenseIdError;
use super::number::NumberError;
use super::script::Script;
use super::time::TimeError;

/// One thing that is wrong with a submission (制证数据).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionFault {
    /// Where: `valid_to`, `holders[0].code`, `face.KZ_JYFW`, `face.KZ_BGJL[2].RQ`; empty for the whole.
    pub field: String,
    /// What.
    pub kind: FaultKind,
}

impl SubmissionFault {
    /// A fault in a field.
    pub fn new(field: impl Into<String>, kind: FaultKind) -> Self {
        Self { field: field.into(), kind }
    }

    /// A fixed word for programs to act on. Part of the API: never reworded, never reused.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for SubmissionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}", self.kind)
        } else {
            write!(f, "`{}` {}", self.field, self.kind)
        }
    }
}

impl std::error::Error for SubmissionFault {}

macro_rules! fault_kinds {
    ($($(#[$doc:meta])* $variant:ident $({ $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? })? = $code:literal;)+) => {
        /// What can be wrong with a submission.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum FaultKind {
            $($(#[$doc])* $variant $({ $($(#[$field_doc])* $field: $type),+ })?,)+
        }

        impl FaultKind {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => concat!("submission.", $code),)+ }
            }
        }
    };
}

fault_kinds! {
    /// The authority is not among those that may issue this type.
    AuthorityMayNotIssue = "authority_may_not_issue";
    /// A type or authority code is not well formed.
    BadCode {
        /// What its scheme says.
        why: NumberError,
    } = "bad_code";
    /// A day is not written as one, or is not in the calendar.
    BadDay {
        /// Which of the two.
        why: TimeError,
    } = "bad_day";
    /// The version to be replaced is not named by a license id.
    BadLicenseId {
        /// Which part is wrong.
        why: LicenseIdError,
    } = "bad_license_id";
    /// A number with a check digit does not hold together.
    BadNumber {
        /// What its scheme says.
        why: NumberError,
    } = "bad_number";
    /// A number is not written as laid down.
    BadNumberFormat {
        /// How it should be written.
        expected: String,
    } = "bad_number_format";
    /// A photograph cannot be read, or is not what it says it is.
    BadPortrait {
        /// What was found, in a few words.
        why: String,
    } = "bad_portrait";
    /// The last day comes before the first.
    BadValidity = "bad_validity";
    /// A key stands twice in one object.
    DuplicateKey = "duplicate_key";
    /// The type's licenses have no end.
    EndNotAllowed = "end_not_allowed";
    /// The type's licenses have an end.
    EndRequired = "end_required";
    /// A text is longer than its field allows.
    FaceFieldTooLong {
        /// What the field allows, in characters: 汉 counts as one.
        limit_chars: usize,
        /// What was sent, in characters.
        actual_chars: usize,
    } = "face_field_too_long";
    /// The field is filled from the license itself.
    FilledFieldSent = "filled_field_sent";
    /// A text holds a character that is not for print.
    ForbiddenCharacter {
        /// Which, as a code point.
        code_point: u32,
    } = "forbidden_character";
    /// The type is for another kind of holder.
    HolderKindNotAllowed = "holder_kind_not_allowed";
    /// The day of issue lies in the future.
    IssuedInFuture = "issued_in_future";
    /// The license number does not have the form the type asks for.
    LicenseNumberForm {
        /// The form, as the type definition writes it.
        form: String,
    } = "license_number_form";
    /// A text in one line holds a line break.
    LineBreakNotAllowed = "line_break_not_allowed";
    /// A required face field is absent or blank.
    MissingFaceField = "missing_face_field";
    /// A required element is absent or blank.
    MissingField = "missing_field";
    /// No configured font has these characters.
    NoGlyph {
        /// Which, as code points.
        code_points: Vec<u32>,
    } = "no_glyph";
    /// The value is none of the options.
    NotAnOption {
        /// How many options there are; the type definition lists them.
        options: usize,
    } = "not_an_option";
    /// The body is not JSON.
    NotJson {
        /// Line in the body, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
    } = "not_json";
    /// A number lies outside its bounds.
    OutOfRange {
        /// The bounds, in words.
        bounds: String,
    } = "out_of_range";
    /// A photograph is larger than its field allows.
    PortraitTooLarge {
        /// What the field allows.
        limit_bytes: usize,
        /// What was sent.
        actual_bytes: usize,
    } = "portrait_too_large";
    /// No such license is in the vault.
    ReplacesUnknown = "replaces_unknown";
    /// A text is in a script that no configured font draws, or that is not set yet whatever fonts there are.
    ScriptWithoutFont {
        /// Which.
        scripts: Vec<Script>,
    } = "script_without_font";
    /// A text begins or ends with a blank.
    SurroundingSpace = "surrounding_space";
    /// A row has a column the table does not have, or lacks one it has.
    TableColumn = "table_column";
    /// The rows of a table do not fit its box at the smallest size the template allows.
    TableDoesNotFit {
        /// How many there are.
        rows: usize,
    } = "table_does_not_fit";
    /// A table has more rows than its field allows.
    TableTooLong {
        /// What the field allows.
        limit_rows: usize,
        /// What was sent.
        actual_rows: usize,
    } = "table_too_long";
    /// The validity period is longer than the type allows.
    TermTooLong {
        /// What the type allows.
        limit_years: u16,
    } = "term_too_long";
    /// A text does not fit its box at the smallest size the template allows.
    TextDoesNotFit {
        /// About how many characters would.
        fitting_chars: usize,
    } = "text_does_not_fit";
    /// There are more joint holders than the type allows.
    TooManyHolders {
        /// What the type allows.
        limit: usize,
    } = "too_many_holders";
    /// The authority is not in the registry.
    UnknownAuthority = "unknown_authority";
    /// The type has no such face field.
    UnknownFaceField = "unknown_face_field";
    /// There is no such element.
    UnknownField = "unknown_field";
    /// There is no such kind of holder code.
    UnknownHolderKind = "unknown_holder_kind";
    /// No edition of the type was in force on the day of issue.
    UnknownLicenseType = "unknown_license_type";
    /// The version to be replaced is not the newest one.
    VersionOutOfTurn = "version_out_of_turn";
    /// The value is of another JSON kind.
    WrongKind {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    } = "wrong_kind";
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuthorityMayNotIssue => {
                f.write_str("names an authority that may not issue this type")
            }
            Self::BadCode { why } | Self::BadNumber { why } => write!(f, "{why}"),
            Self::BadDay { why } => write!(f, "is not a day: {why}"),
            Self::BadLicenseId { why } => write!(f, "is not a license id: {why}"),
            Self::BadNumberFormat { expected } => write!(f, "should be written as {expected}"),
            Self::BadPortrait { why } => write!(f, "is not a usable photograph: {why}"),
            Self::BadValidity => f.write_str("comes before the first day of validity"),
            Self::DuplicateKey => f.write_str("stands twice: send it once"),
            Self::EndNotAllowed => {
                f.write_str("is set, and licenses of this type have no end: leave it out")
            }
            Self::EndRequired => f.write_str("is required: licenses of this type have an end"),
            Self::FaceFieldTooLong { limit_chars, actual_chars } => {
                write!(f, "has {actual_chars} characters; {limit_chars} are allowed")
            }
            Self::FilledFieldSent => f.write_str("is filled from the license itself: leave it out"),
            Self::ForbiddenCharacter { code_point } => {
                write!(f, "holds the character U+{code_point:04X}, which is not for print")
            }
            Self::HolderKindNotAllowed => {
                f.write_str("names a kind of holder this type is not for")
            }
            Self::IssuedInFuture => f.write_str("lies in the future"),
            Self::LicenseNumberForm { form } => write!(
                f,
                "does not have the form {form} (# a digit, @ a capital, ? one Han character)"
            ),
            Self::LineBreakNotAllowed => {
                f.write_str("holds a line break, and the field has one line")
            }
            Self::MissingFaceField | Self::MissingField => f.write_str("is required and is empty"),
            Self::NoGlyph { code_points } => {
                f.write_str("holds characters that no configured font has:")?;
                code_points.iter().try_for_each(|point| write!(f, " U+{point:04X}"))
            }
            Self::NotAnOption { options } => {
                write!(f, "is none of the {options} options of the type definition")
            }
            Self::NotJson { line, column } => {
                write!(f, "the body is not JSON: look at line {line}, column {column}")
            }
            Self::OutOfRange { bounds } => write!(f, "is out of range: {bounds}"),
            Self::PortraitTooLarge { limit_bytes, actual_bytes } => {
                write!(f, "has {actual_bytes} bytes; {limit_bytes} are allowed")
            }
            Self::ReplacesUnknown => f.write_str("names a license that is not in the vault"),
            Self::ScriptWithoutFont { scripts } => {
                f.write_str("holds text in a script that cannot be put on a face here:")?;
                for (number, script) in scripts.iter().enumerate() {
                    write!(f, "{} {script}", if number > 0 { "," } else { "" })?;
                }
                f.write_str("; send the name in Chinese or Latin letters")
            }
            Self::SurroundingSpace => f.write_str("begins or ends with a blank: remove it"),
            Self::TableColumn => f.write_str("does not agree with the columns of the table"),
            Self::TableDoesNotFit { rows } => write!(
                f,
                "has {rows} rows, which do not fit their place on the face at the smallest size"
            ),
            Self::TableTooLong { limit_rows, actual_rows } => {
                write!(f, "has {actual_rows} rows; {limit_rows} are allowed")
            }
            Self::TermTooLong { limit_years } => {
                write!(f, "lies more than {limit_years} years after the first day")
            }
            Self::TextDoesNotFit { fitting_chars } => write!(
                f,
                "does not fit its box on the face at the smallest size; about {fitting_chars} \
                 characters would"
            ),
            Self::TooManyHolders { limit } => write!(f, "names more than {limit} holders"),
            Self::UnknownAuthority => f.write_str("is not in the registry of authorities"),
            Self::UnknownFaceField => f.write_str("is no field of this type"),
            Self::UnknownField => f.write_str("is not known: check its spelling"),
            Self::UnknownHolderKind => f.write_str("is no kind of holder code of GB/T 36903"),
            Self::UnknownLicenseType => {
                f.write_str("names no license type in force on the day of issue")
            }
            Self::VersionOutOfTurn => f.write_str("is not the newest version of its license"),
            Self::WrongKind { expected, found } => write!(f, "should be {expected} and is {found}"),
        }
    }
}
