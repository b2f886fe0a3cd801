//! Holding (持证): a holder finds, opens and downloads what is theirs.
//!
//! A license that is not the holder's is answered exactly as one that does not exist. Every opening and every
//! download is written down before it is answered; looking at the list is not, since it shows no face.

use std::sync::Arc;

use crate::domain::{Catalogue, HolderCode, LicenseId};
use crate::ecert::{EcertFacts, Json, SdJwt};

use super::desks::{FacePart, HeldLicense, HoldDesk, OpenedLicense};
use super::error::{Fault, Refusal};
use super::issue::Indexes;
use super::ports::{Clock, Form, Later, UsageRecord, Vault, VersionRecord};
use super::standing::standing_of;
use super::whole::{protected, sealed_pdf};
use super::workshop::Workshop;

/// Serves holders.
pub struct Holding {
    /// The vault.
    pub vault: Arc<dyn Vault>,
    /// The types, for the names of fields.
    pub workshop: Arc<Workshop>,
    /// The blind indexes.
    pub indexes: Arc<Indexes>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl HoldDesk for Holding {
    fn list<'a>(&'a self, holder: &'a HolderCode) -> Later<'a, Result<Vec<HeldLicense>, Fault>> {
        Box::pin(async move {
            let records = self.vault.held_by(&self.indexes.holder(holder)).await?;
            let catalogue = self.workshop.catalogue();
            let mut held = Vec::with_capacity(records.len());
            for record in records {
                let content = content(self.vault.as_ref(), &record).await?;
                held.push(self.held(&catalogue, record, &content).await?);
            }
            Ok(held)
        })
    }

    fn open<'a>(
        &'a self,
        holder: &'a HolderCode,
        id: &'a LicenseId,
    ) -> Later<'a, Result<OpenedLicense, Refusal>> {
        Box::pin(async move {
            let (record, content) = theirs(self.vault.as_ref(), &self.indexes, holder, id).await?;
            let catalogue = self.workshop.catalogue();
            let opened = OpenedLicense {
                protected: protected(self.vault.as_ref(), &record).await?,
                face: face(&catalogue, &record, &content)?,
                holder_names: holder_names(&content),
                held: self.held(&catalogue, record, &content).await?,
            };
            self.write_down(id, "open").await?;
            Ok(opened)
        })
    }

    fn download<'a>(
        &'a self,
        holder: &'a HolderCode,
        id: &'a LicenseId,
        form: Form,
    ) -> Later<'a, Result<Vec<u8>, Refusal>> {
        Box::pin(async move {
            let (record, _) = theirs(self.vault.as_ref(), &self.indexes, holder, id).await?;
            let bytes = form_bytes(self.vault.as_ref(), &record, form).await?;
            self.write_down(id, download_act(form)).await?;
            Ok(bytes)
        })
    }
}

impl Holding {
    async fn write_down(&self, id: &LicenseId, act: &'static str) -> Result<(), Fault> {
        let (id, reader) = (id.clone(), "holder".to_owned());
        self.vault.record_usage(UsageRecord { id, reader, act, at: self.clock.now() }).await
    }

    async fn held(
        &self,
        catalogue: &Catalogue,
        record: VersionRecord,
        content: &EcertFacts,
    ) -> Result<HeldLicense, Fault> {
        let today = self.clock.now().day_in_china();
        let standing = standing_of(self.vault.as_ref(), &record, today).await?;
        let key = record.id.key();
        let type_name = catalogue
            .edition(key.type_code(), record.edition)
            .map_or_else(|| content.type_name.clone(), |definition| definition.name.clone());
        let authority = key.authority().parse().ok();
        let authority = authority.and_then(|code| catalogue.authority(&code));
        let authority_name = authority.map_or_else(String::new, |authority| authority.name.clone());
        let number = content.disclosed.get("license_number").and_then(Json::as_text);
        let license_number = number.unwrap_or_default().to_owned();
        Ok(HeldLicense { record, type_name, license_number, authority_name, standing })
    }
}

/// The face in the order of the type definition, as it is printed.
fn face(
    catalogue: &Catalogue,
    record: &VersionRecord,
    content: &EcertFacts,
) -> Result<Vec<(String, FacePart)>, Fault> {
    let definition = catalogue
        .edition(record.id.key().type_code(), record.edition)
        .ok_or_else(|| Fault::new("hold.face", "the edition a license was made by is gone"))?;
    let part = |code: &str, value: &Json| match value {
        Json::Text(text) => {
            let field = definition.field(code);
            Some(FacePart::Text(field.map_or_else(|| text.clone(), |field| field.printed(text))))
        }
        Json::List(rows) => {
            let columns = definition.columns(code);
            let cell = |row: &Json, code: &str| {
                let cell = row.as_object().and_then(|row| row.get(code)).and_then(Json::as_text);
                cell.unwrap_or_default().to_owned()
            };
            let rows = rows
                .iter()
                .map(|row| columns.iter().map(|column| cell(row, &column.code)).collect());
            let rows = rows.collect();
            let columns = columns.iter().map(|column| column.name.clone()).collect();
            Some(FacePart::Table { columns, rows })
        }
        Json::Object(portrait) => {
            let media_type = match portrait.get("media_type").and_then(Json::as_text) {
                Some("image/jpeg") => "image/jpeg",
                Some("image/png") => "image/png",
                _ => return None,
            };
            let base64 = portrait.get("data").and_then(Json::as_text)?.to_owned();
            Some(FacePart::Portrait { media_type, base64 })
        }
        _ => None,
    };
    let shown = definition.fields.iter().filter_map(|field| {
        let value = content.disclosed.get(&field.code)?;
        Some((field.name.clone(), part(&field.code, value)?))
    });
    Ok(shown.collect())
}

/// The version asked for and what it says, if its license is theirs today and they are named in that very version.
pub(super) async fn theirs(
    vault: &dyn Vault,
    indexes: &Indexes,
    holder: &HolderCode,
    id: &LicenseId,
) -> Result<(VersionRecord, EcertFacts), Refusal> {
    if !vault.holds(&indexes.holder(holder), id.key()).await? {
        return Err(Refusal::NotFound);
    }
    let record = vault.find(id).await?.ok_or(Refusal::NotFound)?;
    // A license may have passed to them: what was said of those who held it before is not theirs to see.
    let content = content(vault, &record).await?;
    if names(&content, holder) { Ok((record, content)) } else { Err(Refusal::NotFound) }
}

/// Whether `content` names this holder.
fn names(content: &EcertFacts, holder: &HolderCode) -> bool {
    let holders = content.disclosed.get("holders").and_then(Json::as_list).unwrap_or_default();
    holders.iter().filter_map(Json::as_object).any(|named| {
        let says = |member: &str| named.get(member).and_then(Json::as_text);
        says("kind") == Some(holder.kind().code()) && says("code") == Some(holder.as_str())
    })
}

fn holder_names(content: &EcertFacts) -> Vec<String> {
    let holders = content.disclosed.get("holders").and_then(Json::as_list).unwrap_or_default();
    let name = |holder: &Json| {
        holder
            .as_object()
            .and_then(|holder| holder.get("name"))
            .and_then(Json::as_text)
            .map(str::to_owned)
    };
    holders.iter().filter_map(name).collect()
}

/// What a version says, read again from its e-certificate: no column of the vault holds it.
pub(super) async fn content(
    vault: &dyn Vault,
    record: &VersionRecord,
) -> Result<EcertFacts, Fault> {
    let bytes = match form_bytes(vault, record, Form::Ecert).await {
        Ok(bytes) => bytes,
        Err(Refusal::Fault(fault)) => return Err(fault),
        Err(_) => return Err(Fault::new("hold.content", "a version has no e-certificate")),
    };
    let sd_jwt = SdJwt::parse(&bytes).map_err(|error| Fault::new("hold.content", error))?;
    EcertFacts::read(sd_jwt).map_err(|error| Fault::new("hold.content", error))
}

/// The bytes of one form of a version; of the sealed PDF, with what was appended to protect it.
pub async fn form_bytes(
    vault: &dyn Vault,
    record: &VersionRecord,
    form: Form,
) -> Result<Vec<u8>, Refusal> {
    if form == Form::SealedPdf {
        return Ok(sealed_pdf(vault, record).await?.0);
    }
    let record = record.forms.iter().find(|known| known.form == form).ok_or(Refusal::NotFound)?;
    let bytes = vault.object(record).await?;
    bytes.ok_or_else(|| Fault::new("hold.object", "an object named by a row is missing").into())
}

/// What a usage record calls a download.
pub(super) fn download_act(form: Form) -> &'static str {
    match form {
        Form::Ecert => "download-ecert",
        Form::AnnotatedCopy => "download-copy",
        Form::SealedPdf | Form::PdfRevision => "download-pdf",
    }
}
