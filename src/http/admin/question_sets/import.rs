//! `POST /api/v1/admin/question-sets/{id}/import`.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::question_files::{self, Format};
use crate::knowledge::question_sets::QuestionSet;

/// How a set is written down.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichFormat {
    /// `jsonl`, `csv` or `xlsx`.
    pub format: String,
}

/// Reads the next version of a set from a file, whose bytes are the body. One wrong line, and nothing is taken.
#[utoipa::path(post, path = "/api/v1/admin/question-sets/{id}/import", tag = "评测", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), WhichFormat), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = QuestionSet), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn import_question_set(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(which): Query<WhichFormat>,
    body: Bytes,
) -> Result<Json<QuestionSet>, Problem> {
    let format = Format::from_word(&which.format)
        .ok_or_else(|| Problem::new(Code::InvalidParameter).detail("格式只能是 jsonl、csv、xlsx"))?;
    let read = tokio::task::spawn_blocking(move || question_files::read(&body, format)).await;
    let questions = read.map_err(|e| Problem::internal(&e))?.map_err(super::faulty)?;
    let wish = super::Wish { id, title: None, canonical: None, questions, note: Some("导入".to_owned()) };
    Ok(Json(super::store(&api, &caller, wish).await?))
}
