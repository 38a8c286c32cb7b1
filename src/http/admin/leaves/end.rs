//! `POST /api/v1/admin/leaves/{id}/end`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::http::auth::refusal;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Ends a leave now; one that has not begun is taken back. Twice is as once.
#[utoipa::path(post, path = "/api/v1/admin/leaves/{id}/end", tag = "账号", security(("session" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn end_leave(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    api.accounts.end_leave(&caller, callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
