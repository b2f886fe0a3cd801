//! `/metrics`: figures for whoever watches the server, in the text format of OpenMetrics.
//!
//! Counts and days only: no license, holder, client or address is in any of them, and authorities are named by
//! their public codes. Whoever may reach the port may read them; a proxy in front should keep the route to itself.
//!
//! Source: OpenMetrics 1.0.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::doors::Doors;
use super::problem::Problem;

/// What the answer calls itself.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A gauge for each authority and key.
type KeyGauge = Family<[(&'static str, String); 2], Gauge>;

/// The figures, as of now.
pub async fn metrics(State(doors): State<Doors>) -> Result<Response, Problem> {
    let count = doors.vault.count().await?;
    let mut registry = Registry::default();
    let gauge = |value: u64| -> Gauge {
        let gauge = Gauge::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        gauge
    };
    registry.register("zhengku_licenses", "Licenses in the vault", gauge(count.licenses));
    registry.register("zhengku_versions", "Versions of them", gauge(count.versions));
    let days = KeyGauge::default();
    for state in doors.keys.states(doors.clock.now()).into_iter().filter(|state| !state.retired) {
        let labels = [("authority", state.authority.to_string()), ("key", state.id.to_string())];
        days.get_or_create(&labels).set(state.days_left);
    }
    registry.register(
        "zhengku_sealing_certificate_days_left",
        "Whole days until the certificate of a sealing key ends, retired keys left out",
        days,
    );
    let current = gauge(u64::from(doors.catalogue.is_current()));
    registry.register(
        "zhengku_templates_current",
        "1 if the templates on disk are in force",
        current,
    );
    if let Some(tally) = &doors.keeping {
        let counter = |value: u64| -> Counter {
            let counter = Counter::default();
            counter.inc_by(value);
            counter
        };
        let raised = counter(tally.raised());
        registry.register("zhengku_protections", "Protections appended since the start", raised);
        let failed = counter(tally.failed());
        let help = "Attempts to protect a license that failed since the start";
        registry.register("zhengku_protection_failures", help, failed);
        let help = "Versions that the last round found due and could not protect";
        registry.register("zhengku_protections_waiting", help, gauge(tally.waiting()));
    }
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = encode(&mut text, &registry);
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
