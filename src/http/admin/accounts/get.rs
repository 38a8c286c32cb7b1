//! `GET /api/v1/admin/accounts/{id}`.

use axum::Json;
use axum::extract::{Path, State};

use crate::http::auth::{AccountView, refusal};
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// One account.
#[utoipa::path(get, path = "/api/v1/admin/accounts/{id}", tag = "账号", security(("session" = []), ("key" = [])),
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = AccountView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn get_account(State(api): State<ApiState>, Path(id): Path<String>) -> Result<Json<AccountView>, Problem> {
    let account = api.accounts.account(callers::id(&id)?).await.map_err(|e| refusal(&e))?;
    Ok(Json(account.into()))
}
