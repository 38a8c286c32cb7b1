//! `PUT /api/v1/admin/question-sets/{id}`.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;
use crate::knowledge::question_sets::{QuestionSet, SetQuestion};

/// The next version of a set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveQuestionSet {
    /// For people.
    #[serde(default)]
    pub title: Option<String>,
    /// Asked before anything is published; the set that was canonical before is not any more.
    #[serde(default)]
    pub canonical: Option<bool>,
    /// All questions.
    pub questions: Vec<SetQuestion>,
    /// What was changed.
    #[serde(default)]
    pub note: Option<String>,
}

/// Saves the next version of a set, or a new set. The same questions again make no version.
#[utoipa::path(put, path = "/api/v1/admin/question-sets/{id}", tag = "评测", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)), request_body = SaveQuestionSet,
    responses((status = 200, body = QuestionSet), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn save_question_set(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<SaveQuestionSet>,
) -> Result<Json<QuestionSet>, Problem> {
    let SaveQuestionSet { title, canonical, questions, note } = wish;
    Ok(Json(super::store(&api, &caller, super::Wish { id, title, canonical, questions, note }).await?))
}
