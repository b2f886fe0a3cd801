//! What SQLite says, in words an operator can act on.
//!
//! A constraint of the schema is the second line of defense: the books have looked before. If one speaks up
//! all the same, the fault names it, and never the values it was about.

use sqlx::error::ErrorKind;

use crate::crypto::Digest;
use crate::domain::LicenseId;
use crate::service::error::Fault;

/// A statement or commit that failed.
pub(super) fn from_sqlite(place: &'static str, error: &sqlx::Error) -> Fault {
    let Some(refused) = error.as_database_error() else {
        return Fault::new(place, error);
    };
    // Messages of SQLite name tables, columns and constraints and never hold values.
    match refused.kind() {
        ErrorKind::UniqueViolation => {
            let place = match refused.message() {
                text if text.contains("journal.") => "vault.journal_once",
                text if text.contains("licenses.") => "vault.licenses_key_once",
                text if text.contains("protections.") => "vault.protections_once",
                text if text.contains("numbers.") => "vault.numbers_one_license",
                text if text.contains("requests.") => "vault.requests_once",
                text if text.contains("versions.") => "vault.versions_no_overwriting",
                _ => "vault.unique",
            };
            Fault::new(place, refused.message())
        }
        ErrorKind::CheckViolation
        | ErrorKind::ForeignKeyViolation
        | ErrorKind::NotNullViolation => Fault::new("vault.constraint", refused.message()),
        _ => Fault::new(place, refused.message()),
    }
}

/// A column that holds what no writer of ours puts there.
pub(super) fn damaged(what: &str) -> Fault {
    Fault::new("vault.row_damaged", format!("{what}; run `zhengku vault check`"))
}

/// A digest from its column.
pub(super) fn digest_column(bytes: &[u8]) -> Result<Digest, Fault> {
    Digest::from_slice(bytes).map_err(|_| damaged("a column is not a digest"))
}

/// A license id from its column.
pub(super) fn id_column(text: &str) -> Result<LicenseId, Fault> {
    text.parse().map_err(|_| damaged("a column is not a license id"))
}
