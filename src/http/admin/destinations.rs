//! `/api/v1/admin/destinations`: the platforms, how they are, held back and let go, asked what they have.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::Caller;
use crate::platform::desk::{DestinationState, Pause};
use crate::platform::reconcile::Reconciled;

/// A platform, what waits for it and how it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct DestinationView {
    /// Rows and pause.
    #[serde(flatten)]
    pub state: DestinationState,
    /// Has an address in the configuration.
    pub configured: bool,
    /// After failures in a row it is left alone until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub left_alone_until: Option<Timestamp>,
    /// When it last took something, since the start of the service.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub well_at: Option<Timestamp>,
    /// When it last failed, since the start of the service.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ill_at: Option<Timestamp>,
}

/// Every platform.
#[utoipa::path(get, path = "/api/v1/admin/destinations", tag = "推送", security(("session" = []), ("key" = [])),
    responses((status = 200, body = [DestinationView]), (status = 403, body = ProblemBody)))]
pub async fn list_destinations(State(api): State<ApiState>) -> Result<Json<Vec<DestinationView>>, Problem> {
    let mut states = api.delivery.desk.destinations().await.map_err(|e| Problem::unavailable(&e))?;
    for name in api.delivery.wellbeing.keys() {
        if !states.iter().any(|s| s.name == *name) {
            states.push(DestinationState { name: name.clone(), ..DestinationState::default() });
        }
    }
    states.sort_by(|a, b| a.name.cmp(&b.name));
    let view = |state: DestinationState| {
        let health = api.delivery.wellbeing.get(&state.name).map(|h| h.lock().clone());
        let configured = health.is_some();
        let health = health.unwrap_or_default();
        DestinationView {
            state,
            configured,
            left_alone_until: health.left_alone_until,
            well_at: health.well_at,
            ill_at: health.ill_at,
        }
    };
    Ok(Json(states.into_iter().map(view).collect()))
}

/// Why a platform is held back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseReason {
    /// In words; others read it.
    pub reason: String,
}

/// Holds a platform back: nothing is pushed to it until it is let go; nothing is lost.
#[utoipa::path(post, path = "/api/v1/admin/destinations/{name}/pause", tag = "推送", security(("session" = [])),
    params(("name" = String, Path)), request_body = PauseReason,
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn pause_destination(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    JsonBody(PauseReason { reason }): JsonBody<PauseReason>,
) -> Result<StatusCode, Problem> {
    known(&api, &name).await?;
    let reason: String = reason.trim().chars().take(200).collect();
    if reason.is_empty() {
        return Err(Problem::new(Code::InvalidBody).detail("请写明为什么暂停推送"));
    }
    record(&api, &caller, "destination.pause", &name, json!({ "reason": reason })).await?;
    let pause = Pause { at: api.clock.now(), by: caller.name.clone(), reason };
    api.delivery.desk.pause(&name, &pause).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a platform go again. Twice is as once.
#[utoipa::path(post, path = "/api/v1/admin/destinations/{name}/resume", tag = "推送", security(("session" = [])),
    params(("name" = String, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn resume_destination(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    known(&api, &name).await?;
    record(&api, &caller, "destination.resume", &name, json!({})).await?;
    api.delivery.desk.resume(&name).await.map_err(|e| Problem::unavailable(&e))?;
    api.delivery.bell.ring();
    Ok(StatusCode::NO_CONTENT)
}

/// Asks a platform now what it has of every open ticket. What it has lost is sent again; a state that was not told is taken.
#[utoipa::path(post, path = "/api/v1/admin/destinations/{name}/reconcile", tag = "推送", security(("session" = []), ("key" = [])),
    params(("name" = String, Path)),
    responses((status = 200, body = Reconciled), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 503, body = ProblemBody)))]
pub async fn reconcile_destination(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Reconciled>, Problem> {
    let reconciler = api.delivery.reconcilers.get(&name);
    let reconciler = reconciler.ok_or_else(|| Problem::new(Code::NotFound).detail("没有配置这个平台"))?;
    record(&api, &caller, "destination.reconcile", &name, json!({})).await?;
    let found = reconciler.run(Duration::ZERO, &CancellationToken::new()).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(found))
}

async fn known(api: &Api, name: &str) -> Result<(), Problem> {
    if api.delivery.wellbeing.contains_key(name) {
        return Ok(());
    }
    let states = api.delivery.desk.destinations().await.map_err(|e| Problem::unavailable(&e))?;
    let there = states.iter().any(|s| s.name == name);
    there.then_some(()).ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个平台"))
}

async fn record(api: &Api, caller: &Caller, action: &str, name: &str, detail: serde_json::Value) -> Result<(), Problem> {
    api.audit.record(caller, action, ("destination", name), detail).await.map_err(|e| Problem::unavailable(&e))
}
