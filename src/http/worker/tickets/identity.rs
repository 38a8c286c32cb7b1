//! `POST /api/v1/worker/tickets/{number}/identity`: who reported. Asked for with a reason, and written down before it is shown.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{guarded, in_scope};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::http::worker::acting;
use crate::identity::{Caller, Permission};

/// Why somebody must know who reported.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityReason {
    /// In words; it is kept with the reading.
    pub reason: String,
}

/// Who reported.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReporterIdentity {
    /// Name as self-given.
    pub name: Option<String>,
    /// Digits of the phone.
    pub phone: Option<String>,
    /// The door.
    pub room: Option<String>,
    /// Own words.
    pub original_words: String,
}

/// Shows who reported a ticket. An anonymous report and a confidential one are shown to the centre only.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/identity", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), request_body = IdentityReason,
    responses((status = 200, body = ReporterIdentity), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn read_identity(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(IdentityReason { reason }): JsonBody<IdentityReason>,
) -> Result<Json<ReporterIdentity>, Problem> {
    let ticket = in_scope(&api, &caller, &number).await?;
    let reason: String = reason.trim().chars().take(200).collect();
    if reason.chars().count() < 2 {
        return Err(Problem::new(Code::InvalidBody).detail("请写明为什么需要查看反映人"));
    }
    let guarded = guarded(&ticket);
    if guarded && !caller.may(Permission::ConfidentialRead) {
        return Err(Problem::new(Code::Forbidden).detail("这张工单的反映人要求保密，只有指挥中心可以查看"));
    }
    let detail = acting::noted(&api, &caller, &ticket.number, json!({ "reason": reason, "guarded": guarded })).await?;
    // Written down first: nobody learns it unseen.
    api.audit.record(&caller, "identity.read", ("ticket", &ticket.number), detail).await.map_err(|e| Problem::unavailable(&e))?;
    let identity = api.tickets.identity(&ticket.number).await.map_err(refusal)?;
    let identity = identity.ok_or_else(|| Problem::new(Code::NotFound).detail("没有这个工单"))?;
    Ok(Json(ReporterIdentity {
        name: identity.name,
        phone: identity.phone,
        room: identity.room,
        original_words: identity.original_words,
    }))
}
