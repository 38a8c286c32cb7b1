//! `GET /api/v1/worker/tickets`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::StaffTicket;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::store::TicketQuery;
use crate::incident::ticket::Status;

/// What is looked for; all that is given must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TicketFilter {
    /// States, several with commas; `open` = all that are not ended. All when absent.
    #[serde(default)]
    pub status: Option<String>,
    /// Beginning of the category's code.
    #[serde(default)]
    pub category: Option<String>,
    /// Code of a grid.
    #[serde(default)]
    pub grid: Option<String>,
    /// Only what is beyond a deadline now.
    #[serde(default)]
    pub overdue: bool,
    /// Older than this number: `next_before` of the page before.
    #[serde(default)]
    pub before: Option<String>,
    /// At most 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketPage {
    /// Newest first, of the caller's part of the street.
    pub tickets: Vec<StaffTicket>,
    /// `before` of the next page; none on the last one.
    pub next_before: Option<String>,
}

/// Tickets of the caller's part of the street.
#[utoipa::path(get, path = "/api/v1/worker/tickets", tag = "工单", security(("session" = []), ("key" = [])), params(TicketFilter),
    responses((status = 200, body = TicketPage), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn list_tickets(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    filter: Result<Query<TicketFilter>, QueryRejection>,
) -> Result<Json<TicketPage>, Problem> {
    let Query(filter) = filter.map_err(|e| Problem::new(Code::InvalidParameter).detail(e.body_text()))?;
    let limit = filter.limit.unwrap_or(50).clamp(1, 200);
    let query = TicketQuery {
        statuses: statuses(filter.status.as_deref().unwrap_or_default())?,
        grids: grids(&api, &caller, filter.grid.as_deref()),
        category: filter.category,
        overdue_at: filter.overdue.then(|| api.clock.now()),
        before: filter.before,
        limit,
    };
    let tickets = api.tickets.search(&query).await.map_err(refusal)?;
    let full = u32::try_from(tickets.len()).is_ok_and(|n| n == limit);
    let next_before = tickets.last().filter(|_| full).map(|t| t.number.clone());
    Ok(Json(TicketPage { tickets: tickets.into_iter().map(StaffTicket::from).collect(), next_before }))
}

fn statuses(words: &str) -> Result<Vec<Status>, Problem> {
    let words = words.trim();
    if words == "open" {
        return Ok(Status::ALL.into_iter().filter(|s| !s.is_final()).collect());
    }
    let read =
        |w: &str| Status::from_word(w).ok_or_else(|| Problem::new(Code::InvalidParameter).detail(format!("没有“{w}”这种状态")));
    words.split(',').map(str::trim).filter(|w| !w.is_empty()).map(read).collect()
}

/// The grids that the caller may see, narrowed to the one asked for; `None` = the whole street.
fn grids(api: &Api, caller: &Caller, wanted: Option<&str>) -> Option<Vec<String>> {
    let wanted = wanted.map(str::trim).filter(|w| !w.is_empty());
    if wanted.is_none() && caller.scope.is_everything() {
        return None;
    }
    let rules = api.rules.load();
    let all = rules.places.gazetteer().grids();
    let seen = all.iter().filter(|g| caller.scope.covers(&g.community, &g.grid_code));
    Some(seen.filter(|g| wanted.is_none_or(|w| g.grid_code == w)).map(|g| g.grid_code.clone()).collect())
}
