//! `GET /api/v1/tickets/{number}`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;

use super::{TicketStory, own_ticket, story};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// A ticket of the caller's own conversation.
#[utoipa::path(get, path = "/api/v1/tickets/{number}", tag = "工单", params(("number" = String, Path)), security(("conversation" = [])),
    responses((status = 200, body = TicketStory), (status = 404, body = ProblemBody)))]
pub async fn get_ticket(
    State(api): State<ApiState>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Json<TicketStory>, Problem> {
    let ticket = own_ticket(&api, &headers, &number).await?;
    Ok(Json(story(&api, ticket).await?))
}
