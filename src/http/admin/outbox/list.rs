//! `GET /api/v1/admin/outbox`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{OutboxFilter, refusal};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::platform::outbox::{OutboxCounts, OutboxRow};

/// A page of the outbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutboxPage {
    /// Newest first. They name tickets, never reporters.
    pub rows: Vec<OutboxRow>,
    /// Over everything, whatever was looked for.
    pub counts: OutboxCounts,
    /// `before` of the next page; none on the last one.
    pub next_before: Option<i64>,
}

/// What waits, was delivered or was refused.
#[utoipa::path(get, path = "/api/v1/admin/outbox", tag = "推送", security(("session" = []), ("key" = [])), params(OutboxFilter),
    responses((status = 200, body = OutboxPage), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn list_outbox(
    State(api): State<ApiState>,
    filter: Result<Query<OutboxFilter>, QueryRejection>,
) -> Result<Json<OutboxPage>, Problem> {
    let Query(filter) = filter.map_err(|e| Problem::new(Code::InvalidParameter).detail(e.body_text()))?;
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    let rows = api.delivery.desk.rows(&filter.query(limit)?).await.map_err(refusal)?;
    let counts = api.delivery.outbox.counts().await.map_err(refusal)?;
    let full = u32::try_from(rows.len()).is_ok_and(|n| n == limit);
    let next_before = rows.last().filter(|_| full).map(|r| r.id);
    Ok(Json(OutboxPage { rows, counts, next_before }))
}
