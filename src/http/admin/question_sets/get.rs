//! `GET /api/v1/admin/question-sets/{id}`.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::question_sets::QuestionSet;

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichVersion {
    /// The newest when absent.
    pub version: Option<u32>,
}

/// One version of a set with its questions.
#[utoipa::path(get, path = "/api/v1/admin/question-sets/{id}", tag = "评测", security(("session" = []), ("key" = [])),
    params(("id" = String, Path), WhichVersion),
    responses((status = 200, body = QuestionSet), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_question_set(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    Query(which): Query<WhichVersion>,
) -> Result<Json<QuestionSet>, Problem> {
    let found = api.curation.sets().question_set(&id, which.version).await.map_err(|e| Problem::unavailable(&e))?;
    found.map(Json).ok_or_else(|| Code::NotFound.into())
}
