//! `GET /api/v1/worker/tickets/{number}/clocks`.

use axum::extract::{Path, State};
use axum::{Extension, Json};

use super::ticket_of;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::clock_store::ClockStory;

/// The clocks of a ticket, what was done to them, and what was said because of them.
#[utoipa::path(get, path = "/api/v1/worker/tickets/{number}/clocks", tag = "工单", security(("session" = [])),
    params(("number" = String, Path)), responses((status = 200, body = ClockStory), (status = 404, body = ProblemBody)))]
pub async fn get_clocks(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<Json<ClockStory>, Problem> {
    let ticket = ticket_of(&api, &caller, &number).await?;
    Ok(Json(api.clocks.story(&ticket.number, api.clock.now()).await.map_err(refusal)?))
}
