//! `GET /api/v1/admin/runs/{id}/compare/{other}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::runs::{self, Comparison, Run};

/// Two runs beside each other.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedRuns {
    /// The first one.
    pub before: Run,
    /// The second one.
    pub after: Run,
    /// Questions won, lost and the same.
    pub comparison: Comparison,
}

/// What the second run won and lost against the first.
#[utoipa::path(get, path = "/api/v1/admin/runs/{id}/compare/{other}", tag = "评测", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path), ("other" = Uuid, Path)),
    responses((status = 200, body = ComparedRuns), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn compare_runs(
    State(api): State<ApiState>,
    Path((id, other)): Path<(String, String)>,
) -> Result<Json<ComparedRuns>, Problem> {
    let store = api.curation.runs();
    let found = store.run(callers::id(&id)?).await.map_err(|e| Problem::unavailable(&e))?;
    let (before, old) = found.ok_or(Code::NotFound)?;
    let found = store.run(callers::id(&other)?).await.map_err(|e| Problem::unavailable(&e))?;
    let (after, new) = found.ok_or(Code::NotFound)?;
    Ok(Json(ComparedRuns { before, after, comparison: runs::compare(&old, &new) }))
}
