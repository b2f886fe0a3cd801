//! Comparing (比对): what the vault holds beside a document, for those who may see it.
//!
//! The holder who is named in that very version, the issuing system of its authority, and an approval clerk. Every
//! comparison is written down before it is answered, as every reading of a license is. Anybody else gets the verdict
//! alone, and nothing tells them from the answer whether there would have been more.

use std::sync::Arc;

use crate::domain::{Catalogue, HolderCode, LicenseId, Moment};
use crate::judge::ComparedField;
use crate::judge::comparison::{Shown, compare};

use super::desks::IssuingSystem;
use super::error::{Fault, Refusal};
use super::hold::{content, theirs};
use super::issue::Indexes;
use super::licenses::own;
use super::ports::{UsageRecord, Vault};

/// Who asks for a verdict.
#[derive(Clone, Debug)]
pub enum Viewer {
    /// Nobody in particular.
    Anybody,
    /// A clerk who decides cases (用证人员).
    ApprovalClerk,
    /// A signed-in holder.
    Holder(HolderCode),
    /// An issuing system.
    IssuingSystem(IssuingSystem),
}

impl Viewer {
    /// What a usage record calls them; no personal data.
    fn reader(&self) -> String {
        match self {
            Self::Anybody => "anybody".to_owned(),
            Self::ApprovalClerk => "approval clerk".to_owned(),
            Self::Holder(_) => "holder".to_owned(),
            Self::IssuingSystem(client) => client.name.clone(),
        }
    }
}

/// The document beside the vault's data; `None` for whom it is not to be shown, and where there is nothing to compare.
pub(super) async fn beside(
    (vault, indexes, catalogue): (&dyn Vault, Option<&Arc<Indexes>>, &Catalogue),
    (id, document): (&LicenseId, Option<&Shown>),
    viewer: &Viewer,
    at: Moment,
) -> Result<Option<Vec<ComparedField>>, Fault> {
    let allowed = match viewer {
        Viewer::Anybody => return Ok(None),
        Viewer::ApprovalClerk => true,
        Viewer::IssuingSystem(client) => own(client, id).is_ok(),
        Viewer::Holder(holder) => match indexes {
            Some(indexes) => match theirs(vault, indexes, holder, id).await {
                Ok(_) => true,
                Err(Refusal::Fault(fault)) => return Err(fault),
                Err(_) => false,
            },
            None => false,
        },
    };
    let record = match allowed {
        true => vault.find(id).await?,
        false => None,
    };
    let Some(record) = record else { return Ok(None) };
    let Some(definition) = catalogue.edition(id.key().type_code(), record.edition) else {
        return Err(Fault::new("compare", "the edition a license was made by is gone"));
    };
    let held = content(vault, &record).await?;
    let (id, reader, act) = (id.clone(), viewer.reader(), "compare");
    vault.record_usage(UsageRecord { id, reader, act, at }).await?;
    Ok(Some(compare(document, &held, definition)))
}
