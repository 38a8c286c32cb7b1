//! `GET /api/v1/admin/accounts`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::{AccountView, refusal};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// All accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountList {
    /// By name.
    pub accounts: Vec<AccountView>,
}

/// All accounts, the disabled ones too.
#[utoipa::path(get, path = "/api/v1/admin/accounts", tag = "账号", security(("session" = []), ("key" = [])),
    responses((status = 200, body = AccountList), (status = 403, body = ProblemBody)))]
pub async fn list_accounts(State(api): State<ApiState>) -> Result<Json<AccountList>, Problem> {
    let accounts = api.accounts.list().await.map_err(|e| refusal(&e))?;
    Ok(Json(AccountList { accounts: accounts.into_iter().map(AccountView::from).collect() }))
}
