//! `GET /api/v1/admin/curated/{id}/versions`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::callers;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::curated::Version;

/// Every version of a fixed answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CuratedVersions {
    /// Oldest first.
    pub versions: Vec<Version>,
}

/// Every version with author, approver and reason.
#[utoipa::path(get, path = "/api/v1/admin/curated/{id}/versions", tag = "固定答复", security(("session" = []), ("key" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = CuratedVersions), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn list_curated_versions(
    State(api): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Json<CuratedVersions>, Problem> {
    let found = api.curation.curated().curated_versions(callers::id(&id)?).await;
    let versions = found.map_err(|e| Problem::unavailable(&e))?;
    if versions.is_empty() { Err(Code::NotFound.into()) } else { Ok(Json(CuratedVersions { versions })) }
}
