//! `GET /api/v1/admin/imports`.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::JobView;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// Jobs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    /// This page.
    pub jobs: Vec<JobView>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobPage {
    /// Only jobs before this one.
    pub before: Option<Uuid>,
    /// At most so many (1–100, usually 30).
    pub limit: Option<u32>,
}

/// Import jobs, the newest first.
#[utoipa::path(get, path = "/api/v1/admin/imports", tag = "导入", security(("session" = []), ("key" = [])), params(JobPage),
    responses((status = 200, body = JobList), (status = 400, body = ProblemBody)))]
pub async fn list_imports(
    State(api): State<ApiState>,
    page: Result<Query<JobPage>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<JobList>, Problem> {
    let Query(page) = page.map_err(|_| Problem::new(Code::InvalidParameter))?;
    let limit = page.limit.unwrap_or(30).clamp(1, 100);
    let jobs = api.imports.importer().store().jobs(page.before, limit).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(JobList { jobs: jobs.into_iter().map(JobView::from).collect() }))
}
