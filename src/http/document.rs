//! The JSON of licenses: what is sent to have one made, and what is answered about one.
//!
//! The shapes here are the API. They are made from the records of the desks by `From` and never the other way
//! round: what is sent is read by `domain::submission`, and the two shapes of requests below only describe it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use crate::domain::{Level, LicenseId, Standing};
use crate::service::desks::Described;
use crate::service::ports::{FormRecord, VersionRecord};
use crate::service::whole::Protected;

use super::media;

/// A license that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedLicense)]
pub struct IssuedAnswer {
    /// Its id (电子证照标识).
    #[schema(example = "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R")]
    license_id: String,
    /// Which version of the license it is, in three digits.
    #[schema(example = "001")]
    version: String,
    /// SHA-256 over the canonical content, which every form carries.
    content_digest: String,
    /// The day of issue.
    #[schema(format = Date)]
    issued_on: String,
    /// Where the forms are fetched, PDF first.
    forms: Vec<FormAnswer>,
}

impl IssuedAnswer {
    /// The answer for a record.
    pub fn of(record: &VersionRecord, public_url: &str) -> Self {
        Self {
            license_id: record.id.to_string(),
            version: record.id.version().to_string(),
            content_digest: record.content_digest.to_string(),
            issued_on: record.issued_on.to_string(),
            forms: forms(record, public_url),
        }
    }
}

/// One form of a version.
#[derive(Serialize, ToSchema)]
#[schema(as = Form)]
pub struct FormAnswer {
    /// `pdf` or `ecert`.
    form: &'static str,
    /// The content type it is handed out with.
    media_type: &'static str,
    /// SHA-256 of its bytes as they were sealed. The PDF that is fetched begins with them; see `protection`.
    sha256: String,
    /// How many bytes were sealed.
    size_bytes: u64,
    /// Where it is fetched, by the issuing system.
    #[schema(format = "uri")]
    href: String,
}

/// A license as its issuing authority may see it.
#[derive(Serialize, ToSchema)]
#[schema(as = License)]
pub struct LicenseAnswer {
    /// Its id.
    license_id: String,
    /// Which version of the license it is, in three digits.
    version: String,
    /// The newest version of the same license.
    newest_version: String,
    /// Its type.
    license_type: NamedCode,
    /// The edition of the type it was made by.
    edition: u32,
    /// The issuing authority.
    authority: NamedCode,
    /// The day of issue.
    #[schema(format = Date)]
    issued_on: String,
    /// The first day on which it is valid.
    #[schema(format = Date)]
    valid_from: String,
    /// The last day on which it is valid, or null where there is no end.
    #[schema(format = Date)]
    valid_to: Option<String>,
    /// SHA-256 over the canonical content, which every form carries.
    content_digest: String,
    /// When it was put on the shelf.
    #[schema(format = DateTime)]
    shelved_at: String,
    /// What is true of it today.
    #[schema(schema_with = standing_schema)]
    standing: Standing,
    /// How well the seal of the PDF is protected against the end of its certificates.
    protection: ProtectionAnswer,
    /// Where the forms are fetched, PDF first.
    forms: Vec<FormAnswer>,
}

impl LicenseAnswer {
    /// The answer for a description.
    pub fn of(described: Described, public_url: &str) -> Self {
        let record = &described.record;
        let key = record.id.key();
        Self {
            license_id: record.id.to_string(),
            version: record.id.version().to_string(),
            newest_version: described.newest.to_string(),
            license_type: NamedCode {
                code: key.type_code().to_string(),
                name: described.type_name,
            },
            edition: record.edition,
            authority: NamedCode {
                code: key.authority().to_owned(),
                name: described.authority_name,
            },
            issued_on: record.issued_on.to_string(),
            valid_from: record.validity.from().to_string(),
            valid_to: record.validity.to().map(|day| day.to_string()),
            content_digest: record.content_digest.to_string(),
            shelved_at: record.shelved_at.to_string(),
            protection: ProtectionAnswer::of(&described.protected),
            forms: forms(record, public_url),
            standing: described.standing,
        }
    }
}

/// How well the seal of a PDF is protected (长期保护), as PAdES names it.
#[derive(Serialize, ToSchema)]
#[schema(as = Protection)]
pub struct ProtectionAnswer {
    /// `B-B`: a seal. `B-T`: a time-stamp proves when it was there. `B-LT`: the file brings what is needed to
    /// check it. `B-LTA`: a time-stamp protects all of that, and is renewed before it ends.
    #[schema(schema_with = level_schema)]
    level: &'static str,
    /// The instant at which the seal is proven to have existed; null at B-B.
    #[schema(format = DateTime)]
    proven_at: Option<String>,
    /// Until when the file that is fetched now can be checked; null for a license of a release that did not
    /// write it down.
    #[schema(format = DateTime)]
    holds_until: Option<String>,
    /// SHA-256 of the PDF that is fetched now: the sealed bytes and what protects them.
    sha256: String,
    /// Its size in bytes.
    size_bytes: u64,
}

impl ProtectionAnswer {
    fn of(protected: &Protected) -> Self {
        let seal = protected.seal;
        Self {
            level: seal.map_or(Level::BB, |seal| seal.level).word(),
            proven_at: seal.and_then(|seal| seal.proven_at).map(|at| at.to_string()),
            holds_until: seal.map(|seal| seal.holds_until.to_string()),
            sha256: protected.digest.to_string(),
            size_bytes: protected.size_bytes,
        }
    }
}

fn level_schema() -> utoipa::openapi::schema::Object {
    words(&Level::ALL.map(Level::word)).build()
}

/// A code and what it means.
#[derive(Serialize, ToSchema)]
pub struct NamedCode {
    /// The code.
    pub code: String,
    /// The name, in Chinese.
    pub name: String,
}

/// Where a license stands after a change.
#[derive(Serialize, ToSchema)]
#[schema(as = LicenseStanding)]
pub struct StandingAnswer {
    /// The id the change was asked for; the change holds for all versions.
    pub license_id: String,
    /// What is true of it today. A change that begins later does not show yet.
    #[schema(schema_with = standing_schema)]
    pub standing: Standing,
}

/// A submission (制证数据). `faults` of the answer name its elements as they stand here.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `domain::submission` reads")]
pub struct Submission {
    /// License type code: 21 characters.
    #[schema(example = "11990000MD0000008F002")]
    r#type: String,
    /// The issuing authority's unified social credit code.
    authority: String,
    /// Who holds it; how many are allowed is laid down by the type.
    holders: Vec<SubmittedHolder>,
    /// The license number (证照编号), in the type's form.
    license_number: String,
    /// The day of issue.
    #[schema(format = Date)]
    issued_on: String,
    /// The first day of validity; `issued_on` where absent.
    #[schema(format = Date)]
    valid_from: Option<String>,
    /// The last day of validity; absent or null for no end.
    #[schema(format = Date)]
    valid_to: Option<String>,
    /// The id of the version this one follows.
    replaces: Option<String>,
    /// Field code and value, as the type lays them down. Fields with a source of their own are not sent.
    #[schema(value_type = Object)]
    face: BTreeMap<String, String>,
}

/// A holder (持证主体).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `domain::submission` reads")]
pub struct SubmittedHolder {
    /// Kind of the code, three digits of GB/T 36903: 001 credit code, 111 citizen number, and others.
    #[schema(example = "001")]
    kind: String,
    /// The code.
    code: String,
    /// The name as it is printed.
    name: String,
}

/// A change of standing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `standing` reads")]
pub struct StandingChange {
    /// What the license is from then on: `suspended`, `reinstated` or `revoked`.
    #[schema(example = "revoked")]
    state: String,
    /// Required with `revoked`, and only with it: `deregistered` (注销), `withdrawn` (吊销), `annulled` (撤销).
    #[schema(example = "withdrawn")]
    kind: Option<String>,
    /// The first day on which it is so.
    #[schema(format = Date)]
    since: String,
    /// The legal ground, in the authority's words, without personal data; 1 to 500 characters.
    ground: String,
}

/// The schema of a standing.
pub fn standing_schema() -> utoipa::openapi::schema::Object {
    standing_object().build()
}

/// The same, or null.
pub(super) fn standing_or_null_schema() -> utoipa::openapi::schema::Object {
    or_null(standing_object())
}

fn standing_object() -> ObjectBuilder {
    let states = ["expired", "in_force", "not_yet_in_force", "replaced", "revoked", "suspended"];
    let kinds = ["annulled", "deregistered", "withdrawn"];
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Object))
        .description(Some("The standing (证照状态) of a version on one day"))
        .property("state", words(&states))
        .required("state")
        .property("kind", words(&kinds))
        .property("since", text("The day from which it is so"))
        .property("first_day", text("With `not_yet_in_force`: the first day of validity"))
        .property("last_day", text("With `expired`: the last day of validity"))
        .property("by", text("With `replaced`: the id of the version in its place"))
}

/// The schema of one of a few words.
pub(super) fn words(words: &[&str]) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .enum_values(Some(words.iter().copied()))
}

/// The same schema, or null.
pub(super) fn or_null(schema: ObjectBuilder) -> utoipa::openapi::schema::Object {
    let mut schema = schema.build();
    if let SchemaType::Type(of) = schema.schema_type {
        schema.schema_type = SchemaType::from_iter([of, Type::Null]);
    }
    if let Some(values) = &mut schema.enum_values {
        values.push(serde_json::Value::Null);
    }
    schema
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).description(Some(description))
}

fn forms(record: &VersionRecord, public_url: &str) -> Vec<FormAnswer> {
    record.forms.iter().map(|form| form_answer(&record.id, form, public_url)).collect()
}

fn form_answer(id: &LicenseId, record: &FormRecord, public_url: &str) -> FormAnswer {
    let word = record.form.word();
    FormAnswer {
        form: word,
        media_type: media::of_form(record.form),
        sha256: record.digest.to_string(),
        size_bytes: record.size_bytes,
        href: format!("{public_url}/api/v1/licenses/{id}/files/{word}"),
    }
}
