//! `GET /api/v1/worker/tickets`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::StaffTicket;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::store::{TicketOrder, TicketQuery};
use crate::incident::ticket::{Status, Urgency};

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
    /// Name of a community.
    #[serde(default)]
    pub community: Option<String>,
    /// A section (板块): whoever has it now.
    #[serde(default)]
    pub section: Option<String>,
    /// How soon.
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// Words in number, title, matter, place, category or route, apart by spaces; never in the reporter's own words.
    #[serde(default)]
    pub q: Option<String>,
    /// `newest` or `due`; newest first when absent.
    #[serde(default)]
    #[param(inline)]
    pub order: Option<Order>,
    /// So many are passed over: for pages, in any order.
    #[serde(default)]
    pub skip: Option<u32>,
    /// Older than this number: `next_before` of the page before.
    #[serde(default)]
    pub before: Option<String>,
    /// At most 200; 50 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What comes first.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest.
    Newest,
    /// What is due next; the longest overdue before all.
    Due,
}

/// A page of tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketPage {
    /// In the order asked for, of the caller's part of the street.
    pub tickets: Vec<StaffTicket>,
    /// `before` of the next page when the newest come first; none on the last one.
    pub next_before: Option<String>,
    /// How many fit in all, whatever page this is.
    pub total: u64,
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
    let now = api.clock.now();
    let limit = filter.limit.unwrap_or(50).clamp(1, 200);
    let narrowed = Narrowed {
        grid: filter.grid,
        community: filter.community,
        category: filter.category,
        section: filter.section,
        urgency: filter.urgency,
        words: filter.q,
        overdue: filter.overdue,
    };
    let query = TicketQuery {
        statuses: statuses(filter.status.as_deref().unwrap_or_default())?,
        before: filter.before,
        order: filter.order.map_or(TicketOrder::Newest, |o| match o {
            Order::Newest => TicketOrder::Newest,
            Order::Due => TicketOrder::Due,
        }),
        skip: filter.skip.unwrap_or_default(),
        limit,
        ..narrowed.query(&api, &caller, now)
    };
    let tickets = api.tickets.search(&query).await.map_err(refusal)?;
    let total = api.tickets.count(&query, now).await.map_err(refusal)?.iter().map(|c| c.tickets).sum();
    let full = query.order == TicketOrder::Newest && u32::try_from(tickets.len()).is_ok_and(|n| n == limit);
    let next_before = tickets.last().filter(|_| full).map(|t| t.number.clone());
    Ok(Json(TicketPage { tickets: tickets.into_iter().map(StaffTicket::from).collect(), next_before, total }))
}

/// What list and board are narrowed by.
#[derive(Debug)]
pub struct Narrowed {
    /// Code of a grid.
    pub grid: Option<String>,
    /// Name of a community.
    pub community: Option<String>,
    /// Beginning of the category's code.
    pub category: Option<String>,
    /// A section.
    pub section: Option<String>,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// Words.
    pub words: Option<String>,
    /// Only what is beyond a deadline.
    pub overdue: bool,
}

impl Narrowed {
    /// The question to the rows, within the caller's part of the street.
    pub fn query(self, api: &Api, caller: &Caller, now: Timestamp) -> TicketQuery {
        let told = |t: Option<String>| t.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let mut words: Vec<String> = self.words.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        // A number stands in a column: it is found without opening anything.
        let number = words.iter().position(|w| is_number(w)).map(|at| words.remove(at).to_uppercase());
        TicketQuery {
            grids: grids(api, caller, told(self.grid).as_deref(), told(self.community).as_deref()),
            category: told(self.category),
            urgency: self.urgency,
            number,
            section: told(self.section),
            words,
            overdue_at: self.overdue.then_some(now),
            ..TicketQuery::default()
        }
    }
}

/// `WG20261127000012`, or at least eight digits of it.
fn is_number(word: &str) -> bool {
    let digits = word.trim_start_matches(['W', 'w', 'G', 'g']);
    (digits.len() >= 8 || digits.len() < word.len()) && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
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

/// The grids that the caller may see, narrowed to those asked for; `None` = the whole street.
fn grids(api: &Api, caller: &Caller, grid: Option<&str>, community: Option<&str>) -> Option<Vec<String>> {
    if grid.is_none() && community.is_none() && caller.scope.is_everything() {
        return None;
    }
    let rules = api.rules.load();
    let all = rules.places.gazetteer().grids();
    let seen = all.iter().filter(|g| caller.scope.covers(&g.community, &g.grid_code));
    let seen = seen.filter(|g| grid.is_none_or(|w| g.grid_code == w) && community.is_none_or(|w| g.community == w));
    Some(seen.map(|g| g.grid_code.clone()).collect())
}
