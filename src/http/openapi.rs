//! The description of the API: OpenAPI 3.1 for programs, a page for people.
//!
//! Both come from the handlers' own annotations, so a route that is not described is not served. The problem
//! answers stand here once, each with an example.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToResponse};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::doors::Doors;
use super::problem::{FaultLine, ProblemDocument};
use super::{
    batch, copies, health, issue, license, license_type, receipts, standing, trust_pack,
    verification,
};

/// The routes of the API, and their description.
pub fn described_routes() -> (Router<Doors>, Description) {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(issue::issue))
        .routes(routes!(license::describe))
        .routes(routes!(license::fetch))
        .routes(routes!(copies::copy))
        .routes(routes!(copies::fetch))
        .routes(routes!(standing::change))
        .routes(routes!(verification::verify))
        .routes(routes!(batch::verify_batch))
        .routes(routes!(receipts::give))
        .routes(routes!(trust_pack::fetch))
        .routes(routes!(license_type::list))
        .routes(routes!(license_type::describe))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .split_for_parts()
}

/// The route that hands out the description; the page of it is one of `web`.
pub fn routes(description: &Description) -> Router<Doors> {
    // The types above hold nothing that JSON cannot write.
    let json = description.to_json().unwrap_or_else(|_| "{}".to_owned());
    Router::new().route("/api/openapi.json", get(async move || answer(&json)))
}

fn answer(json: &str) -> impl IntoResponse + use<> {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")];
    (headers, json.to_owned())
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Zhengku (证库)",
        description = "The electronic license library of a city: issue once, seal, keep every version, verify anywhere. \
            Errors are RFC 9457 problem documents with a stable `code`; days are written as 2026-11-22 and moments \
            in RFC 3339; every answer has an `X-Request-Id`.",
        license(name = "")
    ),
    tags(
        (name = "licenses", description = "For issuing systems (制证系统): have licenses made, fetch them, change their standing"),
        (name = "verifications", description = "For anybody: is this license genuine, and in force today?"),
        (name = "license types", description = "For anybody: what each type of license asks for"),
        (name = "health", description = "For operators")
    ),
    components(schemas(ProblemDocument, FaultLine), responses(
        BadLicenseId, BadRequest, ConflictAnswer, CopyNotAllowed, CopyRefused, Failed, Forbidden, NoSuchLicense, NoSuchType, StandingRefused,
        SubmissionRefused, TooLarge, Unauthorized, Unavailable, UnsupportedMediaType, VerificationRefused
    )),
    modifiers(&Schemes)
)]
struct Api;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, description: &mut Description) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "The token of an issuing system (制证系统); it names the authorities it acts for",
            ))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("issuing_system", SecurityScheme::Http(token));
    }
}

macro_rules! problem_answers {
    ($($(#[doc = $doc:literal])+ $name:ident = $example:tt;)+) => {
        $($(#[doc = $doc])+
        #[derive(ToResponse)]
        #[response(content_type = "application/problem+json", example = json!($example))]
        #[expect(dead_code, reason = "it describes an answer")]
        pub struct $name(ProblemDocument);)+
    };
}

problem_answers! {
    /// The license id is not well formed; `detail` says which part.
    BadLicenseId = {
        "type": "/api/docs#license.bad_id", "title": "This is not a license id", "status": 422,
        "code": "license.bad_id", "detail": "the version is not three digits, 001 to 999"
    };
    /// The version is not in force and is not copied, or the key was used for another copy.
    CopyNotAllowed = {
        "type": "/api/docs#copy.license_suspended", "title": "The license is suspended and is not copied",
        "status": 409, "code": "copy.license_suspended"
    };
    /// The request for a copy does not hold together; `faults` lists everything.
    CopyRefused = {
        "type": "/api/docs#copy.refused", "title": "The request for an annotated copy does not hold together",
        "status": 422, "code": "copy.refused",
        "faults": [{"field": "last_day", "code": "copy.last_day_past", "message": "is over: ask for today or a later day"}]
    };
    /// The request could not be read, or a write has no `Idempotency-Key`.
    BadRequest = {
        "type": "/api/docs#request.bad_key", "title": "A write needs an Idempotency-Key", "status": 400,
        "code": "request.bad_key"
    };
    /// Another request came first, or the key was used for another body.
    ConflictAnswer = {
        "type": "/api/docs#license.head_moved", "title": "Another version was made meanwhile", "status": 409,
        "code": "license.head_moved",
        "license_id": "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R"
    };
    /// Something went wrong on our side.
    Failed = {
        "type": "/api/docs#service.failed", "title": "Something went wrong on our side", "status": 500,
        "code": "service.failed"
    };
    /// The caller lacks a right.
    Forbidden = {
        "type": "/api/docs#caller.forbidden", "title": "The caller may not do this", "status": 403,
        "code": "caller.forbidden", "detail": "the caller lacks the right: to issue for this authority"
    };
    /// There is no such license, or none that this caller may see.
    NoSuchLicense = {
        "type": "/api/docs#license.not_found", "title": "There is no such license", "status": 404,
        "code": "license.not_found"
    };
    /// There is no such license type.
    NoSuchType = {
        "type": "/api/docs#license_type.not_found", "title": "There is no such license type", "status": 404,
        "code": "license_type.not_found"
    };
    /// The change does not hold together; `faults` lists everything that is wrong.
    StandingRefused = {
        "type": "/api/docs#standing.refused", "title": "The change of standing does not hold together",
        "status": 422, "code": "standing.refused",
        "faults": [{"field": "kind", "code": "standing.kind_required",
            "message": "is required with revoked: deregistered, withdrawn or annulled"}]
    };
    /// The submission does not hold together; `faults` lists everything that is wrong.
    SubmissionRefused = {
        "type": "/api/docs#submission.refused", "title": "The submission does not hold together", "status": 422,
        "code": "submission.refused",
        "faults": [
            {"field": "holders[0].code", "code": "submission.bad_number",
                "message": "has a check character that does not agree: compare it with the source"},
            {"field": "face.KZ_ZTYT", "code": "submission.missing_face_field", "message": "is required and is empty"}
        ]
    };
    /// The body is too large; `detail` states the limit.
    TooLarge = {
        "type": "/api/docs#request.too_large", "title": "The body is too large", "status": 413,
        "code": "request.too_large", "detail": "at most 20000000 bytes are taken"
    };
    /// There is no token, or none we know.
    Unauthorized = {
        "type": "/api/docs#caller.unknown", "title": "The caller is not known", "status": 401,
        "code": "caller.unknown"
    };
    /// The service cannot do this now; `Retry-After` says when to send the same request again.
    Unavailable = {
        "type": "/api/docs#service.unavailable", "title": "The service cannot do this now", "status": 503,
        "code": "service.unavailable"
    };
    /// The address does not take this content type; `detail` lists those it takes.
    UnsupportedMediaType = {
        "type": "/api/docs#request.unsupported_media_type", "title": "The address does not take this content type",
        "status": 415, "code": "request.unsupported_media_type", "detail": "send application/json"
    };
    /// There is nothing to verify, or the license id is not well formed.
    VerificationRefused = {
        "type": "/api/docs#verification.refused", "title": "There is nothing to verify", "status": 422,
        "code": "verification.refused", "detail": "send one file or one license id",
        "faults": [{"field": "", "code": "verification.nothing_sent", "message": "send one file or one license id"}]
    };
}
