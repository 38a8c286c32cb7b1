//! `GET /api/v1/admin/runs`.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::runs::{Run, RunUnderway};

/// Which ones.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RunFilter {
    /// Of this set.
    pub set: Option<String>,
    /// At most so many; 50 when absent.
    pub limit: Option<u32>,
}

/// Runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunList {
    /// Newest first.
    pub runs: Vec<Run>,
    /// Being made in this process.
    pub underway: Vec<RunUnderway>,
}

/// The last runs with their figures.
#[utoipa::path(get, path = "/api/v1/admin/runs", tag = "评测", security(("session" = []), ("key" = [])), params(RunFilter),
    responses((status = 200, body = RunList), (status = 403, body = ProblemBody)))]
pub async fn list_runs(State(api): State<ApiState>, Query(filter): Query<RunFilter>) -> Result<Json<RunList>, Problem> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    let runs = api.curation.runs().runs(filter.set.as_deref(), limit).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(RunList { runs, underway: api.curation.underway() }))
}
