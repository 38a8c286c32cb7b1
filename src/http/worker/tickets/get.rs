//! `GET /api/v1/worker/tickets/{number}`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{StaffTicket, in_scope};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::evidence::AddedEvidence;
use crate::incident::progress::{self, TimelineEntry};
use crate::incident::ticket::Status;
use crate::platform::desk::AtPlatform;

/// A ticket's whole story, as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffStory {
    /// The ticket.
    pub ticket: StaffTicket,
    /// Its moves, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// What was added after it was confirmed, oldest first.
    pub added: Vec<AddedEvidence>,
    /// How it stands at each of its platforms, the leading one first.
    pub platforms: Vec<AtPlatform>,
    /// The moves that are legal now.
    pub may_become: Vec<Status>,
}

/// One ticket of the caller's part of the street.
#[utoipa::path(get, path = "/api/v1/worker/tickets/{number}", tag = "工单", security(("session" = []), ("key" = [])),
    params(("number" = String, Path)),
    responses((status = 200, body = StaffStory), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_staff_ticket(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<Json<StaffStory>, Problem> {
    let ticket = in_scope(&api, &caller, &number).await?;
    let moves = api.tickets.timeline(&ticket.number).await.map_err(refusal)?;
    let added = api.conversations.added(&ticket.number).await.map_err(refusal)?;
    let platforms = api.delivery.desk.of_ticket(ticket.id).await.map_err(refusal)?;
    let may_become = Status::ALL.into_iter().filter(|to| ticket.status.may_become(*to)).collect();
    Ok(Json(StaffStory {
        ticket: ticket.into(),
        timeline: progress::timeline(&moves, &api.rules.load().news),
        added,
        platforms,
        may_become,
    }))
}
