//! `DELETE /api/v1/admin/question-sets/{id}`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::json;

use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Takes a set out of use. Its versions and runs stay readable.
#[utoipa::path(delete, path = "/api/v1/admin/question-sets/{id}", tag = "评测", security(("session" = []), ("key" = [])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn retire_question_set(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if !api.curation.sets().retire_question_set(&id).await.map_err(|e| Problem::unavailable(&e))? {
        return Err(Code::NotFound.into());
    }
    let written = api.audit.record(&caller, "question_set.retire", ("question_set", &id), json!({})).await;
    written.map_err(|e| Problem::unavailable(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
