//! `GET /api/v1/admin/imports/{id}`.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{FileView, JobView, job};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// A job with a page of its files.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobWithFiles {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Its files from `from` on.
    pub results: Vec<FileView>,
}

/// Which files.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilePage {
    /// Number of the first file.
    pub from: Option<u32>,
    /// At most so many (1–1000, usually 200).
    pub limit: Option<u32>,
}

/// A job and what became of its files so far.
#[utoipa::path(get, path = "/api/v1/admin/imports/{id}", tag = "导入", security(("session" = []), ("key" = [])),
    params(("id" = uuid::Uuid, Path), FilePage),
    responses((status = 200, body = JobWithFiles), (status = 404, body = ProblemBody)))]
pub async fn get_import(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    page: Result<Query<FilePage>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<JobWithFiles>, Problem> {
    let Query(page) = page.map_err(|_| Problem::new(Code::InvalidParameter))?;
    let job = job(&api, &id).await?;
    let limit = page.limit.unwrap_or(200).clamp(1, 1000);
    let files = api.imports.importer().store().files(job.id, page.from.unwrap_or(0), limit, false).await;
    let results = files.map_err(|e| Problem::unavailable(&e))?.into_iter().map(FileView::from).collect();
    Ok(Json(JobWithFiles { job: job.into(), results }))
}
