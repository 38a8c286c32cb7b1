//! `POST /api/v1/admin/leaves`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{LeaveView, view};
use crate::http::auth::refusal;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::identity::duties::NewLeave;

/// A leave to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateLeave {
    /// Who is away.
    pub account_id: Uuid,
    /// Who acts; must have the rights that the other's work needs.
    pub stand_in: Uuid,
    /// From; absent: from now on.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Until.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// For colleagues, at most 100 characters.
    #[serde(default)]
    pub note: String,
}

/// Enters a leave: meanwhile the stand-in sees and moves what lies in the other's part of the street too.
#[utoipa::path(post, path = "/api/v1/admin/leaves", tag = "账号", security(("session" = [])), request_body = CreateLeave,
    responses((status = 201, body = LeaveView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn create_leave(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<CreateLeave>,
) -> Result<(StatusCode, Json<LeaveView>), Problem> {
    let CreateLeave { account_id, stand_in, from, until, note } = wish;
    let now = api.clock.now();
    let new = NewLeave { account_id, stand_in, starts_at: from.unwrap_or(now), ends_at: until, note };
    let leave = api.accounts.add_leave(&caller, new).await.map_err(|e| refusal(&e))?;
    let accounts = api.accounts.list().await.map_err(|e| refusal(&e))?;
    Ok((StatusCode::CREATED, Json(view(leave, &accounts, now))))
}
