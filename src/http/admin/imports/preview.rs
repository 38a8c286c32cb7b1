//! `POST /api/v1/admin/imports/preview`.

use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};

use super::{PiecesView, Upload, problem, received};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Shows how a file would be cut. Nothing is kept.
#[utoipa::path(post, path = "/api/v1/admin/imports/preview", tag = "导入", security(("session" = []), ("key" = [])),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 200, body = PiecesView), (status = 413, body = ProblemBody), (status = 415, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn preview_import(
    State(api): State<ApiState>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<PiecesView>, Problem> {
    let (hand_in, audience) = received(&api, form).await?;
    let document = api.imports.preview(hand_in, audience).await.map_err(problem)?;
    Ok(Json(PiecesView::from(&document)))
}
