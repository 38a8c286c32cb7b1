//! `POST /api/v1/admin/accounts/{id}/reset-password`.

use axum::extract::{Path, State};
use axum::{Extension, Json};

use super::AccountWithPassword;
use crate::http::auth::refusal;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Gives a new one-time password: sessions end, a lock is opened. The password is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/admin/accounts/{id}/reset-password", tag = "账号", security(("session" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = AccountWithPassword), (status = 404, body = ProblemBody)))]
pub async fn reset_password(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<AccountWithPassword>, Problem> {
    let made = api.accounts.reset_password(&caller, callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    Ok(Json(made.into()))
}
