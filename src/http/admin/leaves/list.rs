//! `GET /api/v1/admin/leaves`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{LeaveView, view};
use crate::http::auth::refusal;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Leaves.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaveList {
    /// The latest beginning first.
    pub leaves: Vec<LeaveView>,
}

/// All leaves, those of the past too.
#[utoipa::path(get, path = "/api/v1/admin/leaves", tag = "账号", security(("session" = []), ("key" = [])),
    responses((status = 200, body = LeaveList), (status = 403, body = ProblemBody)))]
pub async fn list_leaves(State(api): State<ApiState>) -> Result<Json<LeaveList>, Problem> {
    let accounts = api.accounts.list().await.map_err(|e| refusal(&e))?;
    let leaves = api.accounts.leaves().await.map_err(|e| refusal(&e))?;
    let now = api.clock.now();
    Ok(Json(LeaveList { leaves: leaves.into_iter().map(|l| view(l, &accounts, now)).collect() }))
}
