//! `GET /api/v1/admin/audit`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AuditFilter, AuditView, bad_query, failed};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// Newest first.
    pub rows: Vec<AuditView>,
    /// `before` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_before: Option<i64>,
}

/// Who changed what, newest first.
#[utoipa::path(get, path = "/api/v1/admin/audit", tag = "审计", security(("session" = []), ("key" = [])), params(AuditFilter),
    responses((status = 200, body = AuditPage), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody)))]
pub async fn list_audit(
    State(api): State<ApiState>,
    filter: Result<Query<AuditFilter>, QueryRejection>,
) -> Result<Json<AuditPage>, Problem> {
    let Query(filter) = filter.map_err(bad_query)?;
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    // One row more than asked says whether there is a next page.
    let mut rows = api.audit.log().search(&filter.query(limit + 1)).await.map_err(failed)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_before = rows.last().filter(|_| more).map(|r| r.seq);
    Ok(Json(AuditPage { rows: rows.into_iter().map(AuditView::from).collect(), next_before }))
}
