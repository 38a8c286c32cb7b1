//! `POST /api/v1/tickets/{number}/withdraw`: the resident takes a report back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{TicketStory, own_ticket, story};
use crate::http::body::JsonBody;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::incident::store::{StoreError, TicketMove};
use crate::incident::ticket::Status;

/// Why it is taken back.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Withdrawal {
    /// Own words.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Takes a ticket back. Twice is as once; what is done already cannot be taken back.
#[utoipa::path(post, path = "/api/v1/tickets/{number}/withdraw", tag = "工单", request_body = Withdrawal,
    params(("number" = String, Path)), security(("conversation" = [])),
    responses((status = 200, body = TicketStory), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn withdraw_ticket(
    State(api): State<ApiState>,
    Path(number): Path<String>,
    headers: HeaderMap,
    JsonBody(withdrawal): JsonBody<Withdrawal>,
) -> Result<Json<TicketStory>, Problem> {
    let ticket = own_ticket(&api, &headers, &number).await?;
    if ticket.status == Status::撤销 {
        return Ok(Json(story(&api, ticket).await?));
    }
    let note = withdrawal.reason.map(|r| r.trim().chars().take(200).collect::<String>()).filter(|r| !r.is_empty());
    let step = TicketMove { to: Status::撤销, by: "居民".to_owned(), note, at: api.clock.now() };
    let moved = api.tickets.move_to(&ticket.number, step).await.map_err(|error| match error {
        StoreError::IllegalMove { from, .. } => Problem::new(Code::Conflict)
            .detail(format!("工单已是“{}”，不能再撤回；有话要说可以直接告诉我，或者打12345", from.word())),
        other => super::refusal(other),
    })?;
    api.delivery.bell.ring();
    Ok(Json(story(&api, moved).await?))
}
