//! `POST /api/v1/verifications`: judge a file, or look up a license id. Open to anybody.
//!
//! Once the question is well put the answer is 200 with a verdict, whatever the verdict is: a program must never
//! have to tell an invalid license from a failed call by the status.

use axum::Json;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use crate::domain::{LicenseId, LicenseIdError};
use crate::judge::{self, Verdict};
use crate::service::compare::Viewer;
use crate::service::receipts::Presented;

use super::caller::Caller;
use super::doors::Doors;
use super::media::content_type;
use super::problem::{
    BAD_FORM, BUSY, FaultLine, NOT_JSON, Problem, UNSUPPORTED_MEDIA_TYPE, VERIFICATION_REFUSED,
};
use super::verdict_answer::VerdictAnswer;
use super::{body, openapi};

/// What a raw file may be sent as. The content is judged by what it is, not by what it is called.
const FILE_TYPES: [&str; 8] = [
    "application/pdf",
    "image/jpeg",
    "image/png",
    "application/octet-stream",
    "application/dc+sd-jwt",
    "application/sd-jwt",
    "application/jose+json",
    "text/plain",
];

/// Largest JSON question, in bytes: a license id has at most 126 characters, the text of a square some 1,000.
const QUESTION_MAX_BYTES: usize = 4_096;

/// Verify a file or a license id
///
/// Send the file itself, or a form with the field `file`, or JSON with a `license_id`. With an id alone no file
/// is judged: the answer says what the vault knows of the license today. Files are not kept. No token is needed; with
/// that of the issuing system of its authority, the answer has the document beside the vault's data.
#[utoipa::path(
    post,
    path = "/api/v1/verifications",
    tag = "verifications",
    operation_id = "verify",
    security((), ("issuing_system" = [])),
    request_body(content(
        (JsonQuestion = "application/json", example = json!({"license_id": "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R"})),
        (FileQuestion = "multipart/form-data"),
        (Vec<u8> = "application/pdf"),
        (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/png"),
        (Vec<u8> = "application/octet-stream"),
        (String = "application/dc+sd-jwt"),
        (String = "application/sd-jwt"),
        (String = "application/jose+json"),
        (String = "text/plain"),
    )),
    responses(
        (status = 200, description = "The verdict, whatever it is", body = VerdictAnswer),
        (status = 400, response = openapi::BadRequest),
        (status = 401, response = openapi::Unauthorized),
        (status = 413, response = openapi::TooLarge),
        (status = 415, response = openapi::UnsupportedMediaType),
        (status = 422, response = openapi::VerificationRefused),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn verify(
    State(doors): State<Doors>,
    caller: Option<Caller>,
    request: Request,
) -> Result<Json<VerdictAnswer>, Problem> {
    let viewer = caller.map_or(Viewer::Anybody, |Caller(client)| Viewer::IssuingSystem(client));
    let asked = read(&doors, request).await?;
    Ok(Json(answer(&doors, asked, &viewer).await.into()))
}

/// A license id to look up, or the text of a printed square to judge: one of the two.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `read` takes apart")]
pub struct JsonQuestion {
    /// The license id (电子证照标识).
    license_id: Option<String>,
    /// The text of a printed square (二维码内容): its whole address, or what stands behind the `#`.
    qr: Option<String>,
}

/// A form with the file to judge.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `read` takes apart")]
pub struct FileQuestion {
    /// The file; or leave it out and send `license_id`.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The license id or the text of a printed square, where no file is sent.
    license_id: Option<String>,
}

/// What is to be verified.
pub enum Asked {
    /// A file, with the permit that bounds how many are in memory.
    File(Vec<u8>, OwnedSemaphorePermit),
    /// The license behind a number.
    Id(LicenseId),
    /// The text of a printed square.
    Square(String),
}

impl Asked {
    /// What a receipt says was handed in.
    pub fn presented(&self) -> Presented {
        match self {
            Self::File(bytes, _) => Presented::of(bytes),
            Self::Id(_) => Presented::NOTHING,
            Self::Square(text) => Presented::of(text.trim().as_bytes()),
        }
    }
}

/// Asks the desk.
pub async fn answer(doors: &Doors, asked: Asked, viewer: &Viewer) -> Verdict {
    match asked {
        Asked::File(bytes, _permit) => doors.verify.file_for(&bytes, viewer).await,
        Asked::Id(id) => doors.verify.id_for(&id, viewer).await,
        Asked::Square(text) => doors.verify.square_for(&text, viewer).await,
    }
}

/// Reads what is to be verified, in any of the ways it may be sent.
pub async fn read(doors: &Doors, request: Request) -> Result<Asked, NotAsked> {
    let limit = doors.settings.file_limit_bytes;
    match content_type(request.headers()).as_str() {
        "application/json" => read_json(&body::read(request, QUESTION_MAX_BYTES).await?),
        "multipart/form-data" => {
            // The form around the file takes some bytes of its own.
            body::refuse_announced(&request, limit.saturating_add(QUESTION_MAX_BYTES))?;
            let permit = file_permit(doors).await?;
            read_form(request, limit, permit).await
        }
        known if FILE_TYPES.contains(&known) => {
            body::refuse_announced(&request, limit)?;
            let permit = file_permit(doors).await?;
            let bytes = body::read(request, limit).await?;
            match std::str::from_utf8(&bytes) {
                Ok(text) if known == "text/plain" && judge::is_square(text) => {
                    Ok(Asked::Square(text.to_owned()))
                }
                _ => file(bytes.into(), permit),
            }
        }
        _ => {
            let types = FILE_TYPES.join(", ");
            let detail = format!("send application/json, multipart/form-data, {types}");
            Err(Problem::new(&UNSUPPORTED_MEDIA_TYPE).saying(detail).into())
        }
    }
}

/// Reads what people paste, with blanks and line breaks in it: a license id, or the text of a square, whose address
/// ends in a statement or, on older prints, in a license id.
pub fn parse_pasted(text: &str) -> Result<Asked, NotAsked> {
    if judge::is_square(text) {
        return Ok(Asked::Square(text.to_owned()));
    }
    let text = text.rsplit_once('#').map_or(text, |(_, id)| id);
    let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    text.parse().map(Asked::Id).map_err(NotAsked::BadId)
}

/// Why a question is none.
#[derive(Debug)]
pub enum NotAsked {
    /// The license id is not well formed.
    BadId(LicenseIdError),
    /// The file has no bytes.
    EmptyFile,
    /// There is neither a file nor a license id, or more than that.
    Nothing,
    /// The request could not be read.
    Unread(Problem),
}

impl From<Problem> for NotAsked {
    fn from(problem: Problem) -> Self {
        Self::Unread(problem)
    }
}

impl From<NotAsked> for Problem {
    fn from(not_asked: NotAsked) -> Self {
        let (field, code, message) = match not_asked {
            NotAsked::BadId(why) => ("license_id", "verification.bad_license_id", why.to_string()),
            NotAsked::EmptyFile => {
                ("file", "verification.empty_file", "the file is empty".to_owned())
            }
            NotAsked::Nothing => {
                let message = "send one file, one `license_id` or one `qr`, and nothing else";
                ("", "verification.nothing_sent", message.to_owned())
            }
            NotAsked::Unread(problem) => return problem,
        };
        let fault = FaultLine::new(field, code, message.clone());
        Self::new(&VERIFICATION_REFUSED).saying(message).with_faults(vec![fault])
    }
}

fn read_json(body: &[u8]) -> Result<Asked, NotAsked> {
    let Ok(Value::Object(sent)) = serde_json::from_slice(body) else {
        return Err(Problem::new(&NOT_JSON).into());
    };
    match sent.get("license_id") {
        Some(Value::String(id)) if sent.len() == 1 => return parse_pasted(id),
        Some(_) => return Err(NotAsked::Nothing),
        None => {}
    }
    match sent.get("qr") {
        // Whatever was scanned gets a verdict: that it is no square of ours is one.
        Some(Value::String(text)) if sent.len() == 1 && !text.trim().is_empty() => {
            Ok(parse_pasted(text).unwrap_or_else(|_| Asked::Square(text.clone())))
        }
        _ => Err(NotAsked::Nothing),
    }
}

async fn read_form(
    mut request: Request,
    limit: usize,
    permit: OwnedSemaphorePermit,
) -> Result<Asked, NotAsked> {
    DefaultBodyLimit::max(limit.saturating_add(QUESTION_MAX_BYTES)).apply(&mut request);
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| Problem::new(&BAD_FORM))?;
    let (mut bytes, mut id) = (Vec::new(), String::new());
    while let Some(field) = form.next_field().await.map_err(|why| form_problem(&why, limit))? {
        match field.name() {
            Some("file") if bytes.is_empty() => {
                bytes = field.bytes().await.map_err(|why| form_problem(&why, limit))?.into();
            }
            Some("license_id") if id.is_empty() => {
                let sent = field.bytes().await.map_err(|why| form_problem(&why, limit))?;
                id = String::from_utf8_lossy(&sent).into_owned();
            }
            _ => {}
        }
    }
    // A form of a browser always has both fields; an empty file is one that was not chosen.
    match (bytes.is_empty(), id.trim().is_empty()) {
        (false, _) if bytes.len() > limit => Err(body::too_large(limit).into()),
        (false, _) => file(bytes, permit),
        (true, false) => parse_pasted(&id),
        (true, true) => Err(NotAsked::Nothing),
    }
}

fn file(bytes: Vec<u8>, permit: OwnedSemaphorePermit) -> Result<Asked, NotAsked> {
    if bytes.is_empty() {
        return Err(NotAsked::EmptyFile);
    }
    Ok(Asked::File(bytes, permit))
}

/// A place for one file in memory; waits for it.
pub async fn file_permit(doors: &Doors) -> Result<OwnedSemaphorePermit, Problem> {
    let files = doors.permits.files.clone();
    files.acquire_owned().await.map_err(|_| Problem::new(&BUSY))
}

fn form_problem(why: &MultipartError, limit: usize) -> Problem {
    if why.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return body::too_large(limit);
    }
    Problem::new(&BAD_FORM)
}
