//! `GET /api/v1/admin/documents/{id}`.

use axum::extract::{Path, State};
use axum::response::Response;

use super::view::DocumentView;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// A document with its draft and versions; the draft's revision is the `ETag`.
#[utoipa::path(get, path = "/api/v1/admin/documents/{id}", tag = "资料", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DocumentView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_document(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Response, Problem> {
    let file = api.life.file(&id).await.map_err(|e| super::refusal(&e))?;
    Ok(super::shown(&api, &file))
}
