//! What the doors may ask: one trait a desk, none of them knowing of HTTP or of pages.
//!
//! A door extracts, asks one desk, and translates. It holds no rule, so whatever may be refused is refused
//! behind these traits, and a license that a caller may not see is [`Refusal::NotFound`], exactly as one that
//! does not exist. The traits are object-safe: a door holds them as `Arc<dyn …>`, and tests put others there.

use std::sync::Arc;

use crate::domain::{
    AuthorityCode, Catalogue, CopyNumber, CopyRequest, Day, HolderCode, LicenseId, Standing,
};
use crate::judge::Verdict;

use super::compare::Viewer;
use super::error::{Fault, Refusal};
use super::ports::{ChangedState, CopyRecord, Form, Later, VersionRecord};
use super::whole::Protected;

/// An authenticated client that may submit and revoke (制证系统).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuingSystem {
    /// Its name in the journal; not a secret.
    pub name: String,
    /// The authorities it acts for. A license of any other authority does not exist for it.
    pub authorities: Vec<AuthorityCode>,
}

/// Knows which types and authorities there are at the moment.
pub trait CatalogueDesk: Send + Sync {
    /// The types and authorities in force; whoever needs them twice for one answer asks once.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// Whether what is in force is what the templates say now; not so where they are broken.
    fn is_current(&self) -> bool;
}

/// A catalogue that never changes.
impl CatalogueDesk for Arc<Catalogue> {
    fn catalogue(&self) -> Arc<Catalogue> {
        Self::clone(self)
    }

    fn is_current(&self) -> bool {
        true
    }
}

/// Has licenses made.
pub trait IssueDesk: Send + Sync {
    /// Issues the license that `body` describes, once for each `key` of a client.
    ///
    /// The same body under the same key is answered as it was the first time; another body under it is
    /// [`Refusal::Conflict`] with the code `request.key_reused`.
    fn issue<'a>(
        &'a self,
        client: &'a IssuingSystem,
        key: &'a str,
        body: &'a [u8],
    ) -> Later<'a, Result<Issued, Refusal>>;
}

/// A license that is on the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// What the shelf knows of it.
    pub record: VersionRecord,
    /// Whether an earlier request under the same key made it.
    pub repeated: bool,
}

/// Judges what anybody brings.
///
/// Both questions always have an answer: where the vault cannot be reached, the verdict says so.
pub trait VerifyDesk: Send + Sync {
    /// Judges a file.
    fn file<'a>(&'a self, bytes: &'a [u8]) -> Later<'a, Verdict> {
        self.file_for(bytes, &Viewer::Anybody)
    }

    /// Looks up the license behind a number. No file is judged by this.
    fn id<'a>(&'a self, id: &'a LicenseId) -> Later<'a, Verdict> {
        self.id_for(id, &Viewer::Anybody)
    }

    /// The same as [`Self::file`], with the document beside the vault's data where the viewer may see that.
    fn file_for<'a>(&'a self, bytes: &'a [u8], viewer: &'a Viewer) -> Later<'a, Verdict>;

    /// Judges the text of a printed square, with the vault's data where the viewer may see that.
    fn square_for<'a>(&'a self, text: &'a str, viewer: &'a Viewer) -> Later<'a, Verdict>;

    /// The same as [`Self::id`], with the vault's data where the viewer may see that.
    fn id_for<'a>(&'a self, id: &'a LicenseId, viewer: &'a Viewer) -> Later<'a, Verdict>;
}

/// Serves a holder (持证主体), who sees what is theirs and nothing else.
pub trait HoldDesk: Send + Sync {
    /// The newest version of every license of this holder.
    fn list<'a>(&'a self, holder: &'a HolderCode) -> Later<'a, Result<Vec<HeldLicense>, Fault>>;

    /// Opens one license; the reading is written down before it is answered.
    fn open<'a>(
        &'a self,
        holder: &'a HolderCode,
        id: &'a LicenseId,
    ) -> Later<'a, Result<OpenedLicense, Refusal>>;

    /// The bytes of one form, as they were sealed and since protected; the reading is written down before it is answered.
    fn download<'a>(
        &'a self,
        holder: &'a HolderCode,
        id: &'a LicenseId,
        form: Form,
    ) -> Later<'a, Result<Vec<u8>, Refusal>>;
}

/// A license in a holder's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLicense {
    /// What the shelf knows of it.
    pub record: VersionRecord,
    /// The name of its type.
    pub type_name: String,
    /// The number printed on it.
    pub license_number: String,
    /// The name of the issuing authority, from the registry.
    pub authority_name: String,
    /// What is true of it today.
    pub standing: Standing,
}

/// A license opened by its holder: what the list says, and what stands on the face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedLicense {
    /// What the list says of it.
    pub held: HeldLicense,
    /// The names of all holders.
    pub holder_names: Vec<String>,
    /// Field name and value, in the order of the type definition.
    pub face: Vec<(String, FacePart)>,
    /// How well its sealed PDF is protected today.
    pub protected: Protected,
}

/// One value on an opened face, ready to be shown.
#[derive(Clone, PartialEq, Eq)]
pub enum FacePart {
    /// A photograph.
    Portrait {
        /// `image/jpeg` or `image/png`.
        media_type: &'static str,
        /// The picture, in base64.
        base64: String,
    },
    /// Rows of cells under named columns.
    Table {
        /// The names of the columns.
        columns: Vec<String>,
        /// The cells, row by row.
        rows: Vec<Vec<String>>,
    },
    /// A text, as it is printed; it may have several lines.
    Text(String),
}

impl std::fmt::Debug for FacePart {
    /// Names the kind and hides the value: it is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Portrait { .. } => "Portrait(…)",
            Self::Table { .. } => "Table(…)",
            Self::Text(_) => "Text(…)",
        })
    }
}

/// Makes annotated copies (加注件) and hands them out.
pub trait CopyDesk: Send + Sync {
    /// Makes the copy that `body` asks for, in JSON: `purpose`, `recipient`, `last_day`; once for each `key` of a
    /// caller. A license that is not in force is not copied: [`Refusal::Conflict`] with the reason.
    fn copy<'a>(
        &'a self,
        caller: CopyCaller<'a>,
        key: &'a str,
        id: &'a LicenseId,
        body: &'a [u8],
    ) -> Later<'a, Result<Copied, Refusal>>;

    /// Whether [`copy`](Self::copy) would make what `body` asks for today; nothing is made and nothing written down.
    fn check<'a>(
        &'a self,
        caller: CopyCaller<'a>,
        id: &'a LicenseId,
        body: &'a [u8],
    ) -> Later<'a, Result<CopyRequest, Refusal>>;

    /// The bytes of a copy, as they were sealed; the reading is written down before it is answered.
    fn fetch<'a>(
        &'a self,
        caller: CopyCaller<'a>,
        id: &'a LicenseId,
        number: &'a CopyNumber,
    ) -> Later<'a, Result<Vec<u8>, Refusal>>;
}

/// Who has copies made: each of the licenses they may see, and of no others.
#[derive(Clone, Copy, Debug)]
pub enum CopyCaller<'a> {
    /// The issuing authority, through its issuing system.
    Authority(&'a IssuingSystem),
    /// A holder.
    Holder(&'a HolderCode),
}

/// A copy that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// What the shelf knows of it.
    pub record: CopyRecord,
    /// Whether an earlier request under the same key made it.
    pub repeated: bool,
}

/// Serves the issuing system of an authority with that authority's licenses.
pub trait LicenseDesk: Send + Sync {
    /// What is known of one version, and where its license stands today.
    fn describe<'a>(
        &'a self,
        client: &'a IssuingSystem,
        id: &'a LicenseId,
    ) -> Later<'a, Result<Described, Refusal>>;

    /// The bytes of one form, as they were sealed and since protected; the reading is written down before it is answered.
    fn download<'a>(
        &'a self,
        client: &'a IssuingSystem,
        id: &'a LicenseId,
        form: Form,
    ) -> Later<'a, Result<Vec<u8>, Refusal>>;

    /// Changes the standing of the license `id` belongs to, from the day `since`, and answers what it is today.
    ///
    /// A change that the present standing does not allow (reinstating what was revoked) is
    /// [`Refusal::Conflict`].
    fn change_standing<'a>(
        &'a self,
        client: &'a IssuingSystem,
        id: &'a LicenseId,
        state: ChangedState,
        since: Day,
        ground: &'a str,
    ) -> Later<'a, Result<Standing, Refusal>>;
}

/// A version as its issuing authority may see it without opening the face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// What the shelf knows of it.
    pub record: VersionRecord,
    /// The name of its type.
    pub type_name: String,
    /// The name of the issuing authority, from the registry.
    pub authority_name: String,
    /// What is true of it today.
    pub standing: Standing,
    /// The newest version of the same license.
    pub newest: LicenseId,
    /// How well its sealed PDF is protected today.
    pub protected: Protected,
}
