//! `DELETE /api/v1/conversations/{id}`: the resident's right to delete.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Deletes words, draft and pictures; confirmed tickets stay with the street.
#[utoipa::path(delete, path = "/api/v1/conversations/{id}", tag = "对话", params(("id" = Uuid, Path)), security(("conversation" = [])),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn delete_conversation(
    State(api): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let conversation = callers::conversation(&api, &headers, callers::id(&id)?).await?;
    api.conversations.delete(conversation.id).await.map_err(|e| Problem::unavailable(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
