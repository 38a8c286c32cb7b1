//! `GET /api/v1/worker/board`: open tickets by what is to be done next, the longest overdue first.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::StaffTicket;
use super::list::Narrowed;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::store::{StatusCount, TicketOrder, TicketQuery};
use crate::incident::ticket::{Status, Urgency};

/// What is to be done next, and the states in which it is.
const LANES: [(&str, &[Status]); 5] = [
    ("待受理", &[Status::已提交, Status::已送达平台]),
    ("待交办", &[Status::已受理, Status::重新办理]),
    ("处置中", &[Status::已交办, Status::处置中, Status::延期]),
    ("退回待审", &[Status::退回待审]),
    ("待回访", &[Status::已办结]),
];

/// What the board is narrowed by; all that is given must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct BoardFilter {
    /// Beginning of the category's code.
    #[serde(default)]
    pub category: Option<String>,
    /// Code of a grid.
    #[serde(default)]
    pub grid: Option<String>,
    /// Name of a community.
    #[serde(default)]
    pub community: Option<String>,
    /// A section (板块): whoever has it now.
    #[serde(default)]
    pub section: Option<String>,
    /// How soon.
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// Words in number, title, matter, place, category or route, apart by spaces.
    #[serde(default)]
    pub q: Option<String>,
    /// Only what is beyond a deadline now.
    #[serde(default)]
    pub overdue: bool,
    /// Tickets of each lane, at most 100; 30 when absent.
    #[serde(default)]
    pub per: Option<u32>,
}

/// A lane of the board.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lane {
    /// What is to be done next.
    pub name: &'static str,
    /// The states in it, with their counts; states without a ticket are not among them.
    pub states: Vec<StatusCount>,
    /// How many are in it.
    pub total: u64,
    /// Of them beyond the deadline that counts.
    pub overdue: u64,
    /// The first of them, what is due next first.
    pub tickets: Vec<StaffTicket>,
}

/// The board.
#[derive(Debug, Serialize, ToSchema)]
pub struct Board {
    /// The service's clock: what runs is shown by it, whatever the reader's says.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// From left to right.
    pub lanes: Vec<Lane>,
}

/// Open tickets of the caller's part of the street, by what is to be done next.
#[utoipa::path(get, path = "/api/v1/worker/board", tag = "工单", security(("session" = []), ("key" = [])), params(BoardFilter),
    responses((status = 200, body = Board), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn get_board(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    filter: Result<Query<BoardFilter>, QueryRejection>,
) -> Result<Json<Board>, Problem> {
    let Query(filter) = filter.map_err(|e| Problem::new(Code::InvalidParameter).detail(e.body_text()))?;
    let now = api.clock.now();
    let BoardFilter { category, grid, community, section, urgency, q, overdue, per } = filter;
    let narrowed = Narrowed { grid, community, category, section, urgency, words: q, overdue }.query(&api, &caller, now);
    let open = LANES.iter().flat_map(|(_, states)| states.iter().copied()).collect();
    let counts = api.tickets.count(&TicketQuery { statuses: open, ..narrowed.clone() }, now).await.map_err(refusal)?;
    let mut lanes = Vec::with_capacity(LANES.len());
    for (name, states) in LANES {
        let counted: Vec<StatusCount> = counts.iter().filter(|c| states.contains(&c.status)).copied().collect();
        let total = counted.iter().map(|c| c.tickets).sum();
        let tickets = if total == 0 {
            Vec::new()
        } else {
            let limit = per.unwrap_or(30).clamp(1, 100);
            let query = TicketQuery { statuses: states.to_vec(), order: TicketOrder::Due, limit, ..narrowed.clone() };
            api.tickets.search(&query).await.map_err(refusal)?
        };
        lanes.push(Lane {
            name,
            total,
            overdue: counted.iter().map(|c| c.overdue).sum(),
            states: counted,
            tickets: tickets.into_iter().map(StaffTicket::from).collect(),
        });
    }
    Ok(Json(Board { now, lanes }))
}
