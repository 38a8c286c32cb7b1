//! `GET /api/v1/admin/question-sets`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::knowledge::question_sets::SetSummary;

/// Question sets.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionSets {
    /// By id.
    pub sets: Vec<SetSummary>,
}

/// All sets in use.
#[utoipa::path(get, path = "/api/v1/admin/question-sets", tag = "评测", security(("session" = []), ("key" = [])),
    responses((status = 200, body = QuestionSets), (status = 403, body = ProblemBody)))]
pub async fn list_question_sets(State(api): State<ApiState>) -> Result<Json<QuestionSets>, Problem> {
    let sets = api.curation.sets().question_sets().await.map_err(|e| Problem::unavailable(&e))?;
    Ok(Json(QuestionSets { sets }))
}
