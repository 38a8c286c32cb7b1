//! `/api/v1/auth/sessions`: at which devices one is signed in, and ending that.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::refusal;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Caller, Via};

/// One device.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Stable id.
    pub id: Uuid,
    /// True for the session that asks.
    pub current: bool,
    /// Kind of device.
    pub device: String,
    /// Network it began from, shortened.
    pub net: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen_at: Timestamp,
    /// It ends when it is not used until then.
    #[schema(value_type = String, format = DateTime)]
    pub idle_until: Timestamp,
    /// It ends then in any case.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
}

/// The devices.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// Newest first.
    pub sessions: Vec<SessionView>,
}

/// How many ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// Sessions.
    pub ended: u64,
}

/// The devices at which one is signed in.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "登录", security(("session" = [])),
    responses((status = 200, body = SessionList), (status = 401, body = ProblemBody)))]
pub async fn list_sessions(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<SessionList>, Problem> {
    let sessions = api.accounts.sessions(caller.account_id).await.map_err(|e| refusal(&e))?;
    let sessions = sessions.into_iter().map(|s| SessionView {
        id: s.id,
        current: caller.via == Via::Session(s.id),
        device: s.device,
        net: s.net,
        created_at: s.created_at,
        last_seen_at: s.last_seen_at,
        idle_until: s.idle_until,
        ends_at: s.ends_at,
    });
    Ok(Json(SessionList { sessions: sessions.collect() }))
}

/// Signs out everywhere but here.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", tag = "登录", security(("session" = [])),
    responses((status = 200, body = Ended), (status = 401, body = ProblemBody)))]
pub async fn end_other_sessions(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Ended>, Problem> {
    let ended = api.accounts.end_other_sessions(&caller).await.map_err(|e| refusal(&e))?;
    Ok(Json(Ended { ended }))
}

/// Signs out at one device.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "登录", security(("session" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 204), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn end_session(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    api.accounts.end_session(&caller, callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
