//! `POST /api/v1/licenses/{id}/standing`: suspend, reinstate or revoke a license.
//!
//! The room reads the shape of the request, all its faults at once. Whether the change may be made of the
//! present standing is the desk's to say.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use serde_json::{Map, Value};
use tracing::Instrument;

use crate::domain::{Day, RevocationKind};
use crate::service::ports::ChangedState;

use super::caller::Caller;
use super::document::{StandingAnswer, StandingChange};
use super::doors::Doors;
use super::idempotency::IdempotencyKey;
use super::license::parse_id;
use super::problem::{FAILED, FaultLine, NOT_JSON, Problem, STANDING_REFUSED};
use super::{body, openapi};

/// Longest ground, in characters; our own bound.
const GROUND_MAX_CHARS: usize = 500;
/// Largest body, in bytes; our own bound, far above what the longest ground needs.
const BODY_MAX_BYTES: usize = 16_384;

/// Change the standing of a license
///
/// Suspends, reinstates or revokes, from a given day on. The standing belongs to the license with all its
/// versions; no sealed byte is touched.
#[utoipa::path(
    post,
    path = "/api/v1/licenses/{license_id}/standing",
    tag = "licenses",
    operation_id = "changeStanding",
    security(("issuing_system" = [])),
    params(
        ("license_id" = String, Path, description = "The id of any version of the license"),
        ("Idempotency-Key" = String, Header, description = "1 to 128 visible ASCII characters, new for each act"),
    ),
    request_body(content = StandingChange, content_type = "application/json", example = json!({
        "state": "revoked", "kind": "withdrawn", "since": "2026-11-22",
        "ground": "《食品安全法》第一百二十二条，行政处罚决定书〔2026〕7号"
    })),
    responses(
        (status = 200, description = "What is true of the license today", body = StandingAnswer, example = json!({
            "license_id": "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R",
            "standing": {"state": "revoked", "kind": "withdrawn", "since": "2026-11-22"}
        })),
        (status = 400, response = openapi::BadRequest),
        (status = 401, response = openapi::Unauthorized),
        (status = 403, response = openapi::Forbidden),
        (status = 404, response = openapi::NoSuchLicense),
        (status = 409, response = openapi::ConflictAnswer),
        (status = 413, response = openapi::TooLarge),
        (status = 415, response = openapi::UnsupportedMediaType),
        (status = 422, response = openapi::StandingRefused),
        (status = 500, response = openapi::Failed),
        (status = 503, response = openapi::Unavailable),
    )
)]
pub async fn change(
    State(doors): State<Doors>,
    Caller(client): Caller,
    _key: IdempotencyKey,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<StandingAnswer>, Problem> {
    let id = parse_id(&id)?;
    body::require_json(&request)?;
    let change = Change::read(&body::read(request, BODY_MAX_BYTES).await?)?;
    let license_id = id.to_string();
    // A task of its own: a caller who hangs up must not stop the work between two steps.
    let desk = Arc::clone(&doors.license);
    let work = async move {
        let Change { state, since, ground } = change;
        desk.change_standing(&client, &id, state, since, &ground).await
    };
    let standing = tokio::spawn(work.in_current_span()).await.map_err(|_| {
        tracing::error!("the desk of standings panicked");
        Problem::new(&FAILED)
    })??;
    Ok(Json(StandingAnswer { license_id, standing }))
}

#[derive(Debug, PartialEq, Eq)]
struct Change {
    state: ChangedState,
    since: Day,
    ground: String,
}

impl Change {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let Ok(Value::Object(sent)) = serde_json::from_slice(body) else {
            return Err(Problem::new(&NOT_JSON));
        };
        let mut faults = Vec::new();
        for key in sent.keys() {
            if !["state", "kind", "since", "ground"].contains(&key.as_str()) {
                // The key itself is not repeated: it may be anything.
                faults.push(FaultLine::new(
                    "",
                    "standing.unknown_field",
                    "an element is not known",
                ));
            }
        }
        let state = read_state(&sent, &mut faults);
        let since = text(&sent, "since").parse::<Day>();
        if let Err(why) = &since {
            faults.push(FaultLine::new("since", "standing.bad_day", why.to_string()));
        }
        let ground = text(&sent, "ground").trim();
        if ground.is_empty() {
            let message = "is required: state the legal ground";
            faults.push(FaultLine::new("ground", "standing.ground_required", message));
        }
        if ground.chars().count() > GROUND_MAX_CHARS {
            let message = format!("has more than {GROUND_MAX_CHARS} characters");
            faults.push(FaultLine::new("ground", "standing.ground_too_long", message));
        }
        if ground.chars().any(char::is_control) {
            let message = "holds a control character: write it in one line";
            faults.push(FaultLine::new("ground", "standing.ground_control_character", message));
        }
        match (state, since, faults.is_empty()) {
            (Some(state), Ok(since), true) => Ok(Self { state, since, ground: ground.to_owned() }),
            _ => Err(Problem::new(&STANDING_REFUSED).with_faults(faults)),
        }
    }
}

fn read_state(sent: &Map<String, Value>, faults: &mut Vec<FaultLine>) -> Option<ChangedState> {
    let state = text(sent, "state");
    let kind = sent.get("kind").filter(|kind| !kind.is_null());
    if state == "revoked" {
        let kind = match text(sent, "kind") {
            "annulled" => RevocationKind::Annulled,
            "deregistered" => RevocationKind::Deregistered,
            "withdrawn" => RevocationKind::Withdrawn,
            _ => {
                let message = "is required with revoked: deregistered, withdrawn or annulled";
                faults.push(FaultLine::new("kind", "standing.kind_required", message));
                return None;
            }
        };
        return Some(ChangedState::Revoked(kind));
    }
    if kind.is_some() {
        let message = "belongs to revoked alone: leave it out";
        faults.push(FaultLine::new("kind", "standing.kind_not_allowed", message));
    }
    match state {
        "reinstated" => Some(ChangedState::Reinstated),
        "suspended" => Some(ChangedState::Suspended),
        _ => {
            let message = "is one of suspended, reinstated, revoked";
            faults.push(FaultLine::new("state", "standing.unknown_state", message));
            None
        }
    }
}

/// The text under a key; empty where there is none, which every caller refuses.
fn text<'a>(sent: &'a Map<String, Value>, key: &str) -> &'a str {
    sent.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_change_is_read() {
        let body =
            r#"{"state":"revoked","kind":"withdrawn","since":"2026-11-22","ground":" 第七条 "}"#;
        let change = Change::read(body.as_bytes()).unwrap();
        assert_eq!(change.state, ChangedState::Revoked(RevocationKind::Withdrawn));
        assert_eq!(
            (change.since.to_string().as_str(), change.ground.as_str()),
            ("2026-11-22", "第七条")
        );
    }

    #[test]
    fn every_fault_of_a_change_is_told() {
        for (body, codes) in [
            (
                r#"{}"#,
                &["standing.unknown_state", "standing.bad_day", "standing.ground_required"][..],
            ),
            (
                r#"{"state":"revoked","since":"2026-11-22","ground":"x"}"#,
                &["standing.kind_required"],
            ),
            (
                r#"{"state":"suspended","kind":"annulled","since":"2026-02-30","ground":"a\u0000b"}"#,
                &[
                    "standing.kind_not_allowed",
                    "standing.bad_day",
                    "standing.ground_control_character",
                ],
            ),
            (
                r#"{"state":"reinstated","since":"2026-11-22","ground":"x","until":"2027-01-01"}"#,
                &["standing.unknown_field"],
            ),
        ] {
            let problem = Change::read(body.as_bytes()).unwrap_err();
            assert_eq!(problem.fault_codes(), codes, "{body}");
        }
        assert_eq!(Change::read(b"[]").unwrap_err().kind(), &NOT_JSON);
    }
}
