//! `GET /api/v1/admin/imports/{id}/files/{number}/pieces`.

use axum::Json;
use axum::extract::{Path, State};

use super::{PiecesView, job, problem};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;

/// A file of a job as it is cut; 422 with the reason when it is no document.
#[utoipa::path(get, path = "/api/v1/admin/imports/{id}/files/{number}/pieces", tag = "导入", security(("session" = []), ("key" = [])),
    params(("id" = uuid::Uuid, Path), ("number" = u32, Path)),
    responses((status = 200, body = PiecesView), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn get_import_pieces(
    State(api): State<ApiState>,
    Path((id, number)): Path<(String, String)>,
) -> Result<Json<PiecesView>, Problem> {
    let number: u32 = number.parse().map_err(|_| Problem::new(Code::InvalidParameter))?;
    let job = job(&api, &id).await?;
    let files = api.imports.importer().store().files(job.id, number, 1, false).await.map_err(|e| Problem::unavailable(&e))?;
    let file = files.into_iter().find(|f| f.number == number).ok_or_else(|| Problem::new(Code::NotFound))?;
    let document = api.imports.pieces(&job, &file).await.map_err(problem)?;
    Ok(Json(PiecesView::from(&document)))
}
