//! The words of the trade.
//!
//! Every other floor speaks in these types, and this floor imports nothing but `std` and `serde`. A value of
//! a type below has been checked in full when it was made, so code that holds one never checks again: the
//! check digit of a number, the form of an id, the order of two days are looked at once, at the door.

pub mod annotated_copy;
pub mod catalogue;
pub mod catalogue_file;
pub mod check_char;
pub mod copy_fault;
pub mod division;
pub mod face;
mod fill;
pub mod holder;
pub mod license_id;
pub mod license_type;
pub mod number;
mod printed;
pub mod protection;
mod script;
pub mod standing;
pub mod submission;
pub mod submission_fault;
mod text;
pub mod time;
pub mod validity;
pub mod version;
pub mod wire;
pub mod wire_table;

pub use annotated_copy::{AnnotatedCopy, BadCopyNumber, CopyMaker, CopyNumber, CopyRequest};
pub use catalogue::{
    Catalogue, CatalogueFault, Column, FieldDefinition, FieldKind, FieldSource, FilledFrom,
    HolderRule, IssuingAuthority, NumberRule, Term, TermEnd, TypeDefinition,
};
pub use copy_fault::{CopyFault, CopyFaultKind};
pub use division::{Division, DivisionCode, DivisionLevel, DivisionTree};
pub use face::{FaceData, FaceValue, Portrait, PortraitType};
pub use holder::{Holder, HolderCode, HolderCodeKind};
pub use license_id::{LicenseId, LicenseIdError, LicenseKey};
pub use license_type::{AuthorityCode, LicenseTypeCode};
pub use number::{CitizenNumber, CreditCode, FoodLicenseNumber, NumberError, OrganizationCode};
pub use protection::{Level, LevelError};
pub use script::Script;
pub use standing::{RevocationKind, Standing};
pub use submission::{Submission, Unread};
pub use submission_fault::{FaultKind, SubmissionFault};
pub use time::{Day, Moment, TimeError};
pub use validity::{Validity, ValidityError};
pub use version::{VersionError, VersionNo};
pub use wire::{WireObject, WireValue};
