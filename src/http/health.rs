//! `/health`: whether the process lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::doors::Doors;

/// The process lives
///
/// Answers as long as the process can answer anything.
#[utoipa::path(get, path = "/health/live", tag = "health", operation_id = "live",
    responses((status = 200, description = "It lives", body = Health, example = json!({"status": "live", "parts": []}))))]
pub async fn live() -> Json<Health> {
    Json(Health { status: "live", parts: Vec::new() })
}

/// The server can work
///
/// Asks the parts the server depends on.
#[utoipa::path(get, path = "/health/ready", tag = "health", operation_id = "ready",
    responses(
        (status = 200, description = "Every part that is needed answers", body = Health, example = json!({"status": "ready", "parts": [{"part": "vault", "status": "ok"}, {"part": "templates", "status": "ok"}, {"part": "keys", "status": "ok"}]})),
        (status = 503, description = "A part does not answer", body = Health, example = json!({"status": "not_ready", "parts": [{"part": "vault", "status": "unreachable"}, {"part": "templates", "status": "ok"}, {"part": "keys", "status": "ok"}]})),
    ))]
pub async fn ready(State(doors): State<Doors>) -> (StatusCode, Json<Health>) {
    let asked = tokio::time::timeout(std::time::Duration::from_secs(5), doors.vault.ping()).await;
    let vault = match asked {
        Ok(Ok(())) => "ok",
        Ok(Err(fault)) => {
            tracing::warn!(place = fault.place, cause = fault.cause, "the vault does not answer");
            "unreachable"
        }
        Err(_) => {
            tracing::warn!("the vault did not answer within five seconds");
            "unreachable"
        }
    };
    // Broken templates stop nothing: what was in force before still is.
    let templates = if doors.catalogue.is_current() { "ok" } else { "outdated" };
    let (code, status) = match vault {
        "ok" => (StatusCode::OK, "ready"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "not_ready"),
    };
    // A certificate that ends stops nothing yet: it is for an operator to have another made in time.
    let states = doors.keys.states(doors.clock.now());
    let keys =
        match states.iter().filter(|state| state.ends_soon()).map(|state| state.days_left).min() {
            Some(..0) => "ended",
            Some(_) => "ends_soon",
            None => "ok",
        };
    let mut parts = vec![("vault", vault), ("templates", templates), ("keys", keys)];
    // Licenses are issued all the same; what is late is made up for.
    parts.extend(
        doors
            .keeping
            .as_ref()
            .map(|tally| ("protection", if tally.last_fault().is_some() { "late" } else { "ok" })),
    );
    let parts = parts.into_iter().map(|(part, status)| Part { part, status }).collect();
    (code, Json(Health { status, parts }))
}

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `live`, `ready` or `not_ready`.
    status: &'static str,
    /// The parts asked.
    parts: Vec<Part>,
}

/// How a part is.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = HealthPart)]
pub struct Part {
    /// Which.
    part: &'static str,
    /// `ok`, `unreachable`; `outdated`: the templates on disk are broken, and those before them are in force;
    /// `ends_soon`, `ended`: a sealing certificate ends within 60 days, or has ended; `late`: the newest attempt to
    /// protect a license failed.
    status: &'static str,
}
