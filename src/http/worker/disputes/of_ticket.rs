//! `GET /api/v1/worker/tickets/{number}/disputes`.

use axum::extract::{Path, State};
use axum::{Extension, Json};

use super::own;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::dispute::Dispute;

/// The disputes of a ticket, oldest first.
#[utoipa::path(get, path = "/api/v1/worker/tickets/{number}/disputes", tag = "派单异议", security(("session" = []), ("key" = [])),
    params(("number" = String, Path)),
    responses((status = 200, body = [Dispute]), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_disputes_of_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<Json<Vec<Dispute>>, Problem> {
    let ticket = own(&api, &caller, &number).await?;
    Ok(Json(api.disputes.of_ticket(&ticket.number).await.map_err(refusal)?))
}
