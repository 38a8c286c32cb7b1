//! `GET /api/v1/admin/accounts/{id}/duties`: what hangs on an account. It is shown before a hand-over, and kept with it.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::auth::refusal;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::tickets;
use crate::http::worker::acting;
use crate::identity::Account;
use crate::identity::duties::Duty;
use crate::incident::clock_store::Alert;
use crate::incident::store::TicketQuery;
use crate::incident::ticket::{Place, Status, Ticket};

/// Tickets that are looked through.
const TICKETS: u32 = 2000;
/// Alerts that are looked through.
const ALERTS: usize = 500;
/// Numbers that are kept in the log.
const LOGGED: usize = 100;

/// A post that the account holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldPost {
    /// Its name.
    pub post: String,
    /// As what.
    pub duty: Duty,
}

/// An open ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyTicket {
    /// `WG…`
    pub number: String,
    /// At most 30 characters.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// Code of its grid.
    pub grid_code: Option<String>,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub resolve_by: jiff::Timestamp,
}

/// A group of gaps that the account is to close.
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyGap {
    /// Id of the group.
    pub id: Uuid,
    /// Its most central question.
    pub label: String,
}

/// What hangs on an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Duties {
    /// Posts.
    pub posts: Vec<HeldPost>,
    /// Open tickets of its posts; of an account without a post, of its part of the street. An account for the whole street without a
    /// post has none of its own.
    pub tickets: Vec<DutyTicket>,
    /// Open alerts of these tickets.
    pub alerts: Vec<Alert>,
    /// Unfinished groups of gaps under its name.
    pub gaps: Vec<DutyGap>,
    /// Leaves of its own, and those in which it stands in, that are not over.
    pub leaves: u64,
    /// Live API keys. They stay with the account, and open nothing once it is disabled.
    pub keys: u64,
}

/// What hangs on an account: posts, open tickets and alerts, gaps, leaves, keys.
#[utoipa::path(get, path = "/api/v1/admin/accounts/{id}/duties", tag = "账号", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Duties), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_duties(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<Duties>, Problem> {
    let account = api.accounts.account(callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    Ok(Json(duties(&api, &account).await?))
}

/// What hangs on an account.
pub async fn duties(api: &Api, account: &Account) -> Result<Duties, Problem> {
    let holders = api.accounts.holders().await.map_err(|e| refusal(&e))?;
    let posts: Vec<HeldPost> =
        holders.into_iter().filter(|h| h.account_id == account.id).map(|h| HeldPost { post: h.post, duty: h.duty }).collect();
    let mut tickets = open_tickets(api, account).await?;
    let holds = |post: &String| posts.iter().any(|h| h.duty == Duty::A && h.post == *post);
    if posts.iter().any(|h| h.duty == Duty::A) {
        tickets.retain(|t| acting::posts(api, t).iter().any(holds));
    } else if account.scope.is_everything() {
        tickets.clear();
    }
    let scope = account.scope.clone();
    let within =
        move |p: &Place| scope.covers(p.community.as_deref().unwrap_or_default(), p.grid_code.as_deref().unwrap_or_default());
    let mut alerts = api.clocks.alerts(&within, ALERTS).await.map_err(tickets::refusal)?;
    alerts.retain(|a| tickets.iter().any(|t| t.number == a.ticket));
    let groups = api.curation.gaps().clusters().await.map_err(|e| Problem::unavailable(&e))?;
    let gaps = groups.into_iter().filter(|g| g.owner.as_deref() == Some(account.name.as_str()) && g.state.is_unfinished());
    let now = api.clock.now();
    let leaves = api.accounts.leaves().await.map_err(|e| refusal(&e))?;
    let keys = api.accounts.keys(Some(account.id)).await.map_err(|e| refusal(&e))?;
    Ok(Duties {
        posts,
        tickets: tickets.into_iter().map(line).collect(),
        alerts,
        gaps: gaps.map(|g| DutyGap { id: g.id, label: g.label }).collect(),
        leaves: leaves
            .iter()
            .filter(|l| now < l.ends_at && l.starts_at < l.ends_at && (l.account_id == account.id || l.stand_in == account.id))
            .count() as u64,
        keys: keys.iter().filter(|k| k.is_live(now)).count() as u64,
    })
}

impl Duties {
    /// For the log: numbers and names, no words of residents.
    pub fn logged(&self) -> serde_json::Value {
        json!({
            "posts": self.posts.iter().map(|p| format!("{}（{}岗）", p.post, p.duty.word())).collect::<Vec<_>>(),
            "tickets": self.tickets.len(),
            "numbers": self.tickets.iter().take(LOGGED).map(|t| t.number.as_str()).collect::<Vec<_>>(),
            "alerts": self.alerts.len(),
            "gaps": self.gaps.len(),
        })
    }
}

async fn open_tickets(api: &Api, account: &Account) -> Result<Vec<Ticket>, Problem> {
    let rules = api.rules.load();
    let all = rules.places.gazetteer().grids();
    let within = all.iter().filter(|g| account.scope.covers(&g.community, &g.grid_code)).map(|g| g.grid_code.clone());
    let query = TicketQuery {
        // What is done waits for the resident, not for a post.
        statuses: Status::ALL.into_iter().filter(|s| !s.is_final() && *s != Status::已办结).collect(),
        grids: (!account.scope.is_everything()).then(|| within.collect()),
        limit: TICKETS,
        ..TicketQuery::default()
    };
    api.tickets.search(&query).await.map_err(tickets::refusal)
}

fn line(ticket: Ticket) -> DutyTicket {
    DutyTicket {
        number: ticket.number,
        title: ticket.title,
        status: ticket.status,
        grid_code: ticket.place.grid_code,
        resolve_by: ticket.clock.resolve_by,
    }
}
