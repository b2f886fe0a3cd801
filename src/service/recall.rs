//! Recalling what a version says, so that it can be drawn or issued once more.
//!
//! No column of the vault holds a face value, a name or a number: they stand in the e-certificate alone. A
//! [`Recalled`] is read from there and held against the row of the version, so nothing of another version, and
//! nothing of a presentation that withholds a value, ever passes for it. It gives back
//!
//! - the face as it was drawn, under the edition it was made by ([`Recalled::face`]), and
//! - a whole submission ([`Recalled::submission`]) that says the same of the same holders. Whoever sends it has
//!   it read against the catalogue of the day as any other; recalling promises the data, not that the rules
//!   are still the same.
//!
//! Everything in here is personal. Who may have it recalled, and writing down that they did, is left to the desk.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::domain::{
    Catalogue, FaceData, FaceValue, FieldDefinition, FieldSource, LicenseId, Portrait,
    PortraitType, TypeDefinition,
};
use crate::ecert::{EcertFacts, Json};

use super::error::Fault;
use super::hold::content;
use super::ports::{Vault, VersionRecord};

/// Reads again what the version of `record` says.
pub async fn recall<'c>(
    vault: &dyn Vault,
    record: &VersionRecord,
    catalogue: &'c Catalogue,
) -> Result<Recalled<'c>, Fault> {
    let facts = content(vault, record).await?;
    let definition = catalogue
        .edition(record.id.key().type_code(), record.edition)
        .ok_or_else(|| fault("the edition a license was made by is gone"))?;
    Recalled::new(record, definition, facts)
}

/// What a version says, whole.
pub struct Recalled<'c> {
    definition: &'c TypeDefinition,
    facts: EcertFacts,
    face: FaceData,
}

impl<'c> Recalled<'c> {
    /// What `facts` say, if they are those of `record` and withhold nothing.
    fn new(
        record: &VersionRecord,
        definition: &'c TypeDefinition,
        facts: EcertFacts,
    ) -> Result<Self, Fault> {
        let theirs = facts.license_id == record.id
            && facts.edition == record.edition
            && facts.content_digest == record.content_digest;
        if !theirs {
            return Err(fault("the e-certificate of a version is that of another"));
        }
        if facts.withheld != 0 {
            return Err(fault("the e-certificate of a version withholds values"));
        }
        let mut broken = false;
        let face = FaceData::recalled(definition, |field| {
            let said = facts.disclosed.get(&field.code)?;
            let value = face_value(definition, field, said);
            broken |= value.is_none();
            value
        });
        if broken {
            return Err(fault("a value of a version is of another kind than its field"));
        }
        Ok(Self { definition, facts, face })
    }

    /// The edition of the type it was made by.
    pub fn definition(&self) -> &'c TypeDefinition {
        self.definition
    }

    /// The face, as it was drawn.
    pub fn face(&self) -> &FaceData {
        &self.face
    }

    /// What its e-certificate says: days, names, and every value by its code.
    pub fn facts(&self) -> &EcertFacts {
        &self.facts
    }

    /// A submission that says the same again, in JSON as an issuing system sends it; as the version that
    /// follows `replaces`, if that is given.
    pub fn submission(&self, replaces: Option<&LicenseId>) -> Result<Vec<u8>, Fault> {
        let Self { definition, facts, face } = self;
        let said = |name| facts.disclosed.get(name).ok_or_else(|| fault("a version lacks a part"));
        let key = facts.license_id.key();
        let mut face_sent = Map::new();
        for (code, value) in face.iter() {
            // What the license itself fills in is never sent.
            if let Some(FieldSource::Submitted { .. }) = definition.field(code).map(|f| &f.source) {
                face_sent.insert(code.to_owned(), sent(value, definition, code));
            }
        }
        let mut body = json!({
            "type": key.type_code().as_str(),
            "authority": key.authority(),
            "holders": holders(said("holders")?)?,
            "license_number": said("license_number")?
                .as_text()
                .ok_or_else(|| fault("the number of a version is no text"))?,
            "issued_on": facts.issued_on.to_string(),
            "valid_from": facts.validity.from().to_string(),
            "face": face_sent,
        });
        if let Some(last) = facts.validity.to() {
            body["valid_to"] = last.to_string().into();
        }
        if let Some(replaces) = replaces {
            body["replaces"] = replaces.to_string().into();
        }
        serde_json::to_vec(&body).map_err(|error| Fault::new(PLACE, error))
    }
}

impl fmt::Debug for Recalled<'_> {
    /// Names the version and shows nothing of what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recalled({})", self.facts.license_id)
    }
}

const PLACE: &str = "recall";

fn fault(cause: &str) -> Fault {
    Fault::new(PLACE, cause)
}

/// A value of a face, out of its disclosure; `None` where that is of another kind than the field.
fn face_value(
    definition: &TypeDefinition,
    field: &FieldDefinition,
    said: &Json,
) -> Option<FaceValue> {
    match said {
        Json::Text(text) => Some(FaceValue::text(text)),
        Json::Object(portrait) => {
            let member = |name| portrait.get(name).and_then(Json::as_text);
            let media_type = PortraitType::from_name(member("media_type")?)?;
            Some(FaceValue::Portrait(Portrait { media_type, base64: member("data")?.to_owned() }))
        }
        Json::List(rows) => {
            let columns = definition.columns(&field.code);
            let cells = |row: &Json| -> Option<Vec<String>> {
                let row = row.as_object()?;
                let cell = |code: &str| row.get(code).and_then(Json::as_text).map(str::to_owned);
                columns.iter().map(|column| cell(&column.code)).collect()
            };
            Some(FaceValue::Rows(rows.iter().map(cells).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// A value as an issuing system sends it; numbers may be sent as texts.
fn sent(value: &FaceValue, definition: &TypeDefinition, code: &str) -> Value {
    match value {
        FaceValue::Text { plain, .. } => plain.as_str().into(),
        FaceValue::Portrait(portrait) => {
            json!({ "media_type": portrait.media_type.as_str(), "data": portrait.base64 })
        }
        FaceValue::Rows(rows) => {
            let columns = definition.columns(code);
            let row = |row: &Vec<String>| -> Value {
                let cells = columns.iter().zip(row);
                cells.map(|(column, cell)| (column.code.as_str(), cell.as_str())).collect()
            };
            rows.iter().map(row).collect()
        }
    }
}

fn holders(said: &Json) -> Result<Value, Fault> {
    let one = |holder: &Json| -> Option<Value> {
        let holder = holder.as_object()?;
        let member = |name| holder.get(name).and_then(Json::as_text);
        Some(json!({ "kind": member("kind")?, "code": member("code")?, "name": member("name")? }))
    };
    let all: Option<Vec<Value>> = said.as_list().and_then(|list| list.iter().map(one).collect());
    all.map(Value::from).ok_or_else(|| fault("the holders of a version cannot be read"))
}
