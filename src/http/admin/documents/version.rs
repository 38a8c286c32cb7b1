//! `GET /api/v1/admin/documents/{id}/versions/{version}`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{Content, PieceView};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// A version.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionText {
    /// Its number.
    pub version: u32,
    /// SHA-256 of its content.
    pub content_hash: String,
    /// What it says.
    pub content: Content,
    /// As it is found and cited.
    pub pieces: Vec<PieceView>,
}

/// A version in any state with its text and its pieces.
#[utoipa::path(get, path = "/api/v1/admin/documents/{id}/versions/{version}", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), ("version" = u32, Path)),
    responses((status = 200, body = VersionText), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_version(
    State(api): State<ApiState>,
    Path((id, version)): Path<(String, u32)>,
) -> Result<Json<VersionText>, Problem> {
    let document = api.life.version(&id, version).await.map_err(|e| super::refusal(&e))?;
    let content = Content::of(&document.meta, &document.body);
    let pieces = document.passages.into_iter().map(PieceView::from).collect();
    Ok(Json(VersionText { version: document.version, content_hash: document.content_hash, content, pieces }))
}
