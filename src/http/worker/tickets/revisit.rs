//! `POST /api/v1/worker/tickets/{number}/revisit`: 回访 by whoever went or rang, beside the stars that residents give themselves.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{StaffTicket, in_scope, post_of};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::store::TicketMove;
use crate::incident::ticket::Status;

/// Longest note, in characters.
const NOTE: usize = 500;

/// What whoever reported said about the result.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revisit {
    /// False opens the ticket again.
    pub solved: bool,
    /// In words; needed when it is not solved. The resident reads it.
    #[serde(default)]
    pub note: Option<String>,
}

/// Notes a revisit of a closed ticket. The same again changes nothing.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/revisit", tag = "工单", security(("session" = []), ("key" = [])),
    params(("number" = String, Path)), request_body = Revisit,
    responses((status = 200, body = StaffTicket), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn revisit_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    JsonBody(said): JsonBody<Revisit>,
) -> Result<Json<StaffTicket>, Problem> {
    let ticket = in_scope(&api, &caller, &number).await?;
    let to = if said.solved { Status::已回访 } else { Status::重新办理 };
    let note = said.note.map(|n| n.trim().chars().take(NOTE).collect::<String>()).filter(|n| !n.is_empty());
    if !said.solved && note.is_none() {
        return Err(Problem::new(Code::InvalidBody).detail("没有解决的，请写明还差什么，工单会重新办理"));
    }
    if ticket.status == to {
        return Ok(Json(ticket.into()));
    }
    if ticket.status != Status::已办结 {
        let detail = format!("“{}”的工单还不能回访，办结以后再回访", ticket.status.word());
        return Err(Problem::new(Code::Conflict).detail(detail));
    }
    let detail = json!({ "solved": said.solved });
    let traced = api.audit.record(&caller, "ticket.revisit", ("ticket", &ticket.number), detail).await;
    traced.map_err(|e| Problem::unavailable(&e))?;
    let by = post_of(&api, &caller, &ticket);
    let step = TicketMove { to, by, note, at: api.clock.now() };
    let moved = api.conversations.move_with(&ticket.number, step, &[]).await.map_err(refusal)?;
    api.delivery.bell.ring();
    Ok(Json(moved.into()))
}
