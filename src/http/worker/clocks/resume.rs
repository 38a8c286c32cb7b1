//! `POST /api/v1/worker/tickets/{number}/resume`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::json;

use super::{actor, refused, ticket_of, trace};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::incident::ticket::Deadlines;

/// Lets a paused clock go on with exactly what was left. One that runs is left alone.
#[utoipa::path(post, path = "/api/v1/worker/tickets/{number}/resume", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), responses((status = 200, body = Deadlines),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn resume_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<Json<Deadlines>, Problem> {
    let ticket = ticket_of(&api, &caller, &number).await?;
    trace(&api, &caller, "ticket.resume", &ticket.number, json!({})).await?;
    Ok(Json(api.clocks.resume(&ticket.number, &actor(&caller), api.clock.now()).await.map_err(refused)?.clock))
}
