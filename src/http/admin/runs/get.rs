//! `GET /api/v1/admin/runs/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::runs::{Run, RunResult};

/// A run with its questions.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunWithResults {
    /// The run.
    pub run: Run,
    /// In the order of the set.
    pub results: Vec<RunResult>,
}

/// One run with the scores of every question.
#[utoipa::path(get, path = "/api/v1/admin/runs/{id}", tag = "评测", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = RunWithResults), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_run(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<RunWithResults>, Problem> {
    let found = api.curation.runs().run(callers::id(&id)?).await.map_err(|e| Problem::unavailable(&e))?;
    let (run, results) = found.ok_or(Code::NotFound)?;
    Ok(Json(RunWithResults { run, results }))
}
