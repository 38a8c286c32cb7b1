//! `GET /api/v1/admin/question-sets/{id}/export`.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::get::WhichVersion;
use super::import::WhichFormat;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::question_files::{self, Format};

/// One version of a set as a file.
#[utoipa::path(get, path = "/api/v1/admin/question-sets/{id}/export", tag = "评测", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), WhichFormat, WhichVersion),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody)))]
pub async fn export_question_set(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    Query(how): Query<WhichFormat>,
    Query(which): Query<WhichVersion>,
) -> Result<Response, Problem> {
    let format = Format::from_word(&how.format)
        .ok_or_else(|| Problem::new(Code::InvalidParameter).detail("格式只能是 jsonl、csv、xlsx"))?;
    let found = api.curation.sets().question_set(&id, which.version).await.map_err(|e| Problem::unavailable(&e))?;
    let set = found.ok_or(Code::NotFound)?;
    let bytes = question_files::write(&set.questions, format).map_err(|why| {
        tracing::error!(why, "a question set was not written");
        Problem::new(Code::Internal)
    })?;
    let name = format!("attachment; filename=\"{}-v{}.{}\"", set.id, set.version, how.format.to_ascii_lowercase());
    Ok(([(header::CONTENT_TYPE, format.content_type().to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}
