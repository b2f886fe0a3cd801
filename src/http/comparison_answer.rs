//! The JSON of a document beside the vault's data.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use crate::judge::{Compared, ComparedField};

use super::document::words;

/// One field of the document beside the vault's (逐项比对).
#[derive(Serialize, ToSchema)]
#[schema(as = ComparedField)]
pub struct ComparedAnswer {
    /// `license_number`, `holders`, `issued_on`, `validity`, or the code of a face field.
    code: String,
    /// What the type calls it.
    label: String,
    /// What the document says, as it is printed; null where it is not shown.
    document: Option<String>,
    /// What the vault holds, as it is printed; null where it has no such field.
    vault: Option<String>,
    /// How the two compare; `not_shown` where the document withholds it, or no document was handed in.
    #[schema(schema_with = compared)]
    outcome: Compared,
}

impl From<ComparedField> for ComparedAnswer {
    fn from(field: ComparedField) -> Self {
        let ComparedField { code, label, document, vault, outcome } = field;
        Self { code, label, document, vault, outcome }
    }
}

fn compared() -> Object {
    words(&["same", "different", "not_shown"]).build()
}
