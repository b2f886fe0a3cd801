//! The JSON of what a printed square says.

use serde::Serialize;
use utoipa::ToSchema;

use crate::judge::StatementSaid;

/// What a printed square says (二维码所载). A genuine square can be copied onto a forged print, so somebody has to
/// compare this with the print.
#[derive(Serialize, ToSchema)]
#[schema(as = Statement)]
pub struct StatementAnswer {
    /// The holder's name, or the first of several; what was too long ends in `…`.
    holder: String,
    /// The license number as printed; likewise.
    license_number: String,
    /// The first day of validity.
    #[schema(format = Date)]
    valid_from: String,
    /// The last day of validity, or null where there is no end.
    #[schema(format = Date)]
    valid_to: Option<String>,
    /// The first half of the content digest, in hexadecimal.
    content_digest_prefix: String,
}

impl From<StatementSaid> for StatementAnswer {
    fn from(said: StatementSaid) -> Self {
        let StatementSaid { holder, license_number, valid_from, valid_to, content_digest_prefix } =
            said;
        let (valid_from, valid_to) = (valid_from.to_string(), valid_to.map(|day| day.to_string()));
        Self { holder, license_number, valid_from, valid_to, content_digest_prefix }
    }
}
