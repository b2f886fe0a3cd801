//! `/api/v1/licenses/{id}`: a license and its files, for the issuing system of its authority.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::domain::LicenseId;
use crate::service::ports::Form;

use super::caller::Caller;
use super::document::LicenseAnswer;
use super::doors::Doors;
use super::media::{Handing, hand_out};
use super::openapi;
use super::problem::{BAD_LICENSE_ID, NOT_FOUND, Problem};

/// Describe a license
///
/// What the vault knows of one version without opening its face, and where its license stands today.
#[utoipa::path(
    get,
    path = "/api/v1/licenses/{license_id}",
    tag = "licenses",
    operation_id = "describeLicense",
    security(("issuing_system" = [])),
    params(("license_id" = String, Path, description = "The license id (电子证照标识)")),
    responses(
        (status = 200, description = "The license", body = LicenseAnswer),
        (status = 401, response = openapi::Unauthorized),
        (status = 403, response = openapi::Forbidden),
        (status = 404, response = openapi::NoSuchLicense),
        (status = 422, response = openapi::BadLicenseId),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn describe(
    State(doors): State<Doors>,
    Caller(client): Caller,
    Path(id): Path<String>,
) -> Result<Json<LicenseAnswer>, Problem> {
    let described = doors.license.describe(&client, &parse_id(&id)?).await?;
    Ok(Json(LicenseAnswer::of(described, &doors.settings.public_url)))
}

/// Fetch a form of a license
///
/// The bytes as they were sealed; of the PDF, with what was appended since to protect its seal. Every fetch is written down before it is answered.
#[utoipa::path(
    get,
    path = "/api/v1/licenses/{license_id}/files/{form}",
    tag = "licenses",
    operation_id = "fetchLicenseFile",
    security(("issuing_system" = [])),
    params(
        ("license_id" = String, Path, description = "The license id (电子证照标识)"),
        ("form" = String, Path, description = "`pdf` or `ecert`", example = "pdf"),
    ),
    responses(
        (status = 200, description = "The bytes, as an attachment", content(
            (Vec<u8> = "application/pdf"),
            (String = "application/dc+sd-jwt"),
        )),
        (status = 401, response = openapi::Unauthorized),
        (status = 403, response = openapi::Forbidden),
        (status = 404, response = openapi::NoSuchLicense),
        (status = 422, response = openapi::BadLicenseId),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn fetch(
    State(doors): State<Doors>,
    Caller(client): Caller,
    Path((id, form)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, form) = (parse_id(&id)?, parse_form(&form)?);
    let bytes = doors.license.download(&client, &id, form).await?;
    Ok(hand_out(&id, form, bytes, Handing::Attachment))
}

/// Reads a license id, or says which part of it is wrong.
pub fn parse_id(text: &str) -> Result<LicenseId, Problem> {
    text.parse().map_err(|why: crate::domain::LicenseIdError| {
        Problem::new(&BAD_LICENSE_ID).saying(why.to_string())
    })
}

/// Reads the word of a form.
pub fn parse_form(word: &str) -> Result<Form, Problem> {
    Form::from_word(word)
        .filter(|form| *form != Form::PdfRevision && *form != Form::AnnotatedCopy)
        .ok_or_else(|| Problem::new(&NOT_FOUND).saying("the forms of a license are pdf and ecert"))
}
