//! The JSON of what a receipt says.

use serde::Serialize;
use utoipa::ToSchema;

use crate::judge::ReceiptSaid;

use super::verdict_answer::Words;

/// What a receipt of a verification (核验回执) says was found. It tells of its moment, and nothing of what came later.
#[derive(Serialize, ToSchema)]
#[schema(as = ReceiptSaid)]
pub struct ReceiptAnswer {
    /// Its number.
    number: String,
    /// The code of the body that runs the library.
    library: String,
    /// Its name, from our registry; null where authenticity did not pass.
    library_name: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    issued_at: String,
    /// SHA-256 of the file, or of the text of the square, that was judged; null where a license id was asked for.
    presented: Option<String>,
    /// The verdict that was given, in its word.
    verdict: String,
    /// What the standing was said to be, in its word.
    standing_state: String,
    /// When the vault was asked.
    #[schema(format = DateTime)]
    standing_as_of: Option<String>,
    /// The moment that was judged for.
    #[schema(format = DateTime)]
    judged_at: String,
    /// The license.
    license_id: Option<String>,
    /// The sentence that was given.
    headline: Words,
}

impl From<ReceiptSaid> for ReceiptAnswer {
    fn from(said: ReceiptSaid) -> Self {
        Self {
            number: said.number,
            library: said.library,
            library_name: said.library_name,
            issued_at: said.issued_at.to_string(),
            presented: said.presented.map(|digest| digest.to_string()),
            verdict: said.verdict,
            standing_state: said.standing_state,
            standing_as_of: said.standing_as_of.map(|moment| moment.to_string()),
            judged_at: said.judged_at.to_string(),
            license_id: said.license_id.map(|id| id.to_string()),
            headline: said.headline.into(),
        }
    }
}
