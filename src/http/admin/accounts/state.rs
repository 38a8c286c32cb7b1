//! `POST /api/v1/admin/accounts/{id}/disable`, `…/enable`.

use axum::extract::{Path, State};
use axum::{Extension, Json};

use crate::http::auth::{AccountView, refusal};
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

async fn set(api: &ApiState, caller: &Caller, id: &str, enabled: bool) -> Result<Json<AccountView>, Problem> {
    let account = api.accounts.set_enabled(caller, callers::id(id)?, enabled).await.map_err(|e| refusal(&e))?;
    Ok(Json(account.into()))
}

/// Disables an account: its sessions end, its keys open nothing. Twice is as once.
#[utoipa::path(post, path = "/api/v1/admin/accounts/{id}/disable", tag = "账号", security(("session" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = AccountView), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn disable_account(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<AccountView>, Problem> {
    set(&api, &caller, &id, false).await
}

/// Enables an account again. Twice is as once.
#[utoipa::path(post, path = "/api/v1/admin/accounts/{id}/enable", tag = "账号", security(("session" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = AccountView), (status = 404, body = ProblemBody)))]
pub async fn enable_account(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<AccountView>, Problem> {
    set(&api, &caller, &id, true).await
}
