//! `GET /api/v1/admin/documents/{id}/versions`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::VersionView;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionList {
    /// Oldest first.
    pub versions: Vec<VersionView>,
}

/// All versions of a document with the days on which each answers.
#[utoipa::path(get, path = "/api/v1/admin/documents/{id}/versions", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = VersionList), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_versions(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<VersionList>, Problem> {
    let file = api.life.file(&id).await.map_err(|e| super::refusal(&e))?;
    Ok(Json(VersionList { versions: VersionView::all(&file) }))
}
