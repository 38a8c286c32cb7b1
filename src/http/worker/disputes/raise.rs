//! `POST /api/v1/worker/tickets/{number}/dispute`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{own, problem, reason};
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::worker::acting;
use crate::identity::Caller;
use crate::incident::dispute::{Dispute, NewDispute};

/// Why a ticket is not for the post that has it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseDispute {
    /// In words, 1 to 500 characters; for staff, the resident does not see them.
    pub reason: String,
}

/// Raises a dispute (派单异议): the ticket waits in 退回待审 until another person decides. Doing it again gives the same dispute with
/// 200. 409 `not_disputable` when it was decided before who has this ticket.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/dispute", tag = "派单异议", security(("session" = []), ("key" = [])),
    params(("number" = String, Path)), request_body = RaiseDispute,
    responses((status = 201, body = Dispute), (status = 200, body = Dispute), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn raise_dispute(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(said): JsonBody<RaiseDispute>,
) -> Result<(StatusCode, Json<Dispute>), Problem> {
    let reason = reason(&said.reason)?;
    let ticket = own(&api, &caller, &number).await?;
    let new = NewDispute {
        id: api.ids.uuid(),
        number: ticket.number,
        by: caller.account_id.to_string(),
        by_name: caller.name.clone(),
        reason,
        at: api.clock.now(),
    };
    let (dispute, raised) = api.disputes.raise(&new).await.map_err(problem)?;
    if !raised {
        return Ok((StatusCode::OK, Json(dispute)));
    }
    let detail = json!({ "dispute": dispute.id, "section": dispute.route.section, "post": dispute.route.post });
    let detail = acting::noted(&api, &caller, &dispute.number, detail).await?;
    let traced = api.audit.record(&caller, "ticket.dispute", ("ticket", &dispute.number), detail).await;
    traced.map_err(|e| Problem::unavailable(&e))?;
    Ok((StatusCode::CREATED, Json(dispute)))
}
