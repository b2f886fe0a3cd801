//! What stands on the face of a license.
//!
//! [`FaceData`] is made by [`Submission::read`](super::Submission::read), so a value here has the kind, the
//! length and the characters its definition asks for; or by [`FaceData::recalled`] from a version that was made
//! of such values. How it is drawn is left to `pdf`.

use std::fmt;

use super::catalogue::{FieldDefinition, TypeDefinition};

/// The values on the face (照面信息), in the order of the type definition; optional fields without a value
/// are left out.
#[derive(Clone, PartialEq, Eq)]
pub struct FaceData {
    values: Vec<(String, FaceValue)>,
}

impl FaceData {
    pub(super) fn new(values: Vec<(String, FaceValue)>) -> Self {
        Self { values }
    }

    /// The face of a version that was sealed before, from the values in it, read as programs read them.
    ///
    /// They were looked at when it was issued and are not looked at again: a rule that has become stricter since
    /// does not take back what was granted under the earlier one.
    pub fn recalled(
        definition: &TypeDefinition,
        mut value: impl FnMut(&FieldDefinition) -> Option<FaceValue>,
    ) -> Self {
        let recalled = definition.fields.iter().filter_map(|field| {
            let value = value(field)?;
            Some((field.code.clone(), field.as_printed(value)))
        });
        Self::new(recalled.collect())
    }

    /// Field code and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FaceValue)> {
        self.values.iter().map(|(code, value)| (code.as_str(), value))
    }

    /// The value of one field.
    pub fn value(&self, code: &str) -> Option<&FaceValue> {
        self.values.iter().find(|(known, _)| known == code).map(|(_, value)| value)
    }
}

impl fmt::Debug for FaceData {
    /// Counts the fields and shows none: face data is personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaceData({} fields)", self.values.len())
    }
}

/// One value on the face.
#[derive(Clone, PartialEq, Eq)]
pub enum FaceValue {
    /// A photograph.
    Portrait(Portrait),
    /// Rows of a table, one cell for each column of the definition.
    Rows(Vec<Vec<String>>),
    /// A text; `plain` for programs (`2026-11-22`), `printed` for the face (`2026年11月22日`).
    Text {
        /// As programs read it.
        plain: String,
        /// As it is printed.
        printed: String,
    },
}

impl FaceValue {
    /// A text that is printed as programs read it.
    pub fn text(text: &str) -> Self {
        Self::Text { plain: text.to_owned(), printed: text.to_owned() }
    }
}

/// A photograph on the face; whether the bytes are a picture is found out when the face is drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct Portrait {
    /// `image/jpeg` or `image/png`.
    pub media_type: PortraitType,
    /// The picture, in base64 as it was sent.
    pub base64: String,
}

/// The picture formats a face may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortraitType {
    /// `image/jpeg`.
    Jpeg,
    /// `image/png`.
    Png,
}

impl PortraitType {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        }
    }

    /// The format with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "image/jpeg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            _ => None,
        }
    }
}
