//! `GET /api/v1/worker/ledgers/{id}`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::{LedgerEntry, LedgerVisit, own, today};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::http::tickets::refusal;
use crate::identity::Caller;

/// Most visits that are shown.
const VISITS: u32 = 50;

/// An entry and its visits.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerFile {
    /// The entry.
    pub entry: LedgerEntry,
    /// The last visits, newest first.
    pub visits: Vec<LedgerVisit>,
}

/// One file of the caller's part of the street.
#[utoipa::path(get, path = "/api/v1/worker/ledgers/{id}", tag = "台账", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = LedgerFile), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_entry(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<LedgerFile>, Problem> {
    let entry = own(&api, &caller, &id).await?;
    let visits = api.ledgers.visits(entry.id, VISITS).await.map_err(refusal)?;
    let entry = LedgerEntry::new(entry, today(&api));
    Ok(Json(LedgerFile { entry, visits: visits.into_iter().map(LedgerVisit::from).collect() }))
}
