//! `DELETE /api/v1/admin/keys/{id}`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::http::auth::refusal;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Takes a key back: one's own; for who manages accounts, anyone's. Twice is as once.
#[utoipa::path(delete, path = "/api/v1/admin/keys/{id}", tag = "账号", security(("session" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn revoke_key(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    api.accounts.revoke_key(&caller, callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    Ok(StatusCode::NO_CONTENT)
}
