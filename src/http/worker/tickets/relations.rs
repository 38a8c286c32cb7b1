//! `GET /api/v1/worker/tickets/{number}/relations`: what was merged into a ticket, and what may be about the same thing.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{StaffTicket, in_scope};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::duplicates::alike::alike;
use crate::incident::duplicates::open::Candidate;
use crate::incident::store::TicketQuery;
use crate::incident::ticket::Status;

/// Open tickets that are looked at.
const LOOKED_AT: u32 = 300;
/// Candidates that are shown.
const SHOWN: usize = 10;

/// What belongs to a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relations {
    /// Tickets that went into it and are in it still, oldest first.
    pub merged: Vec<StaffTicket>,
    /// Open tickets of the caller's part of the street that may be about the same thing, the most likely first. None once the
    /// ticket cannot be merged any more.
    pub alike: Vec<Candidate>,
}

/// What was merged into a ticket, and which others may be about the same thing. Nothing is merged by itself.
#[utoipa::path(get, path = "/api/v1/worker/tickets/{number}/relations", tag = "工单", security(("session" = []), ("key" = [])),
    params(("number" = String, Path)),
    responses((status = 200, body = Relations), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_relations(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<Json<Relations>, Problem> {
    let ticket = in_scope(&api, &caller, &number).await?;
    let covered = |place: &crate::incident::ticket::Place| {
        caller.scope.covers(place.community.as_deref().unwrap_or_default(), place.grid_code.as_deref().unwrap_or_default())
    };
    let mut merged = api.tickets.merged_into(&ticket.number).await.map_err(refusal)?;
    merged.retain(|t| covered(&t.place));
    let alike = if ticket.status.may_become(Status::合并) {
        let query = TicketQuery {
            statuses: Status::ALL.into_iter().filter(|s| s.may_take_in()).collect(),
            grids: ticket.place.grid_code.clone().map(|grid| vec![grid]),
            category: ticket.category.code.get(..2).map(str::to_owned),
            limit: LOOKED_AT,
            ..TicketQuery::default()
        };
        let mut others = api.tickets.search(&query).await.map_err(refusal)?;
        others.retain(|t| covered(&t.place));
        alike(&ticket, &others, &api.rules.load(), SHOWN)
    } else {
        Vec::new()
    };
    Ok(Json(Relations { merged: merged.into_iter().map(StaffTicket::from).collect(), alike }))
}
