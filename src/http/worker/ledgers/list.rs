//! `GET /api/v1/worker/ledgers`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{LedgerEntry, today};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::http::tickets::refusal;
use crate::identity::Caller;
use crate::incident::ledger::store::EntryQuery;

/// What is looked for; all that is given must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EntryFilter {
    /// Of this kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Of this grid.
    #[serde(default)]
    pub grid: Option<String>,
    /// Due within so many days from today; 0 = today and what is late.
    #[serde(default)]
    pub due_in: Option<u16>,
    /// `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
    /// At most 500; 100 when absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryPage {
    /// Of the caller's part of the street, the one that is due first in front.
    pub entries: Vec<LedgerEntry>,
    /// `after` of the next page; none on the last one.
    pub next: Option<String>,
}

/// Entries of the caller's part of the street.
#[utoipa::path(get, path = "/api/v1/worker/ledgers", tag = "台账", security(("session" = []), ("key" = [])), params(EntryFilter),
    responses((status = 200, body = EntryPage), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn list_entries(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    filter: Result<Query<EntryFilter>, QueryRejection>,
) -> Result<Json<EntryPage>, Problem> {
    let Query(filter) = filter.map_err(|e| Problem::new(Code::InvalidParameter).detail(e.body_text()))?;
    let today = today(&api);
    let limit = filter.limit.unwrap_or(100).clamp(1, 500);
    let due_by = filter.due_in.map(|days| today.saturating_add(jiff::Span::new().days(i64::from(days))));
    let after = filter.after.as_deref().map(cursor).transpose()?;
    let grids = grids(&api, &caller, filter.grid.as_deref());
    let query = EntryQuery { grids, kind: filter.kind.filter(|k| !k.is_empty()), due_by, after, limit };
    let entries = api.ledgers.entries(&query).await.map_err(refusal)?;
    let full = u32::try_from(entries.len()).is_ok_and(|n| n == limit);
    let next = entries.last().filter(|_| full).map(|e| format!("{}_{}", e.next_due, e.id));
    Ok(Json(EntryPage { entries: entries.into_iter().map(|e| LedgerEntry::new(e, today)).collect(), next }))
}

fn cursor(text: &str) -> Result<(Date, Uuid), Problem> {
    let read = text.split_once('_').and_then(|(day, id)| Some((day.parse().ok()?, id.parse().ok()?)));
    read.ok_or_else(|| Problem::new(Code::InvalidParameter).detail("after 应为上一页的 next"))
}

/// The grids that the caller may see, narrowed to the one asked for; `None` = the whole street.
fn grids(api: &Api, caller: &Caller, wanted: Option<&str>) -> Option<Vec<String>> {
    let wanted = wanted.map(str::trim).filter(|w| !w.is_empty());
    if wanted.is_none() && caller.scope.is_everything() {
        return None;
    }
    let rules = api.rules.load();
    let seen = rules.places.gazetteer().grids().iter().filter(|g| caller.scope.covers(&g.community, &g.grid_code));
    Some(seen.filter(|g| wanted.is_none_or(|w| g.grid_code == w)).map(|g| g.grid_code.clone()).collect())
}
