//! `PATCH /api/v1/admin/accounts/{id}`.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use super::check_scope;
use crate::http::auth::{AccountView, refusal};
use crate::http::body::JsonBody;
use crate::http::callers;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::manage::AccountChange;
use crate::identity::{Caller, Role, Scope};

/// What is to be different; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    /// Post or note.
    #[serde(default)]
    pub title: Option<String>,
    /// At least one.
    #[serde(default)]
    pub roles: Option<BTreeSet<Role>>,
    /// For which part of the street.
    #[serde(default)]
    pub scope: Option<Scope>,
}

/// Changes title, roles or scope. It counts from the next call of that account on.
#[utoipa::path(patch, path = "/api/v1/admin/accounts/{id}", tag = "账号", security(("session" = [])), request_body = ChangeAccount,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = AccountView), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change_account(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<ChangeAccount>,
) -> Result<Json<AccountView>, Problem> {
    let ChangeAccount { title, roles, scope } = wish;
    if let Some(scope) = &scope {
        check_scope(&api, scope)?;
    }
    let change = AccountChange { title, roles, scope };
    let account = api.accounts.change(&caller, callers::id(&id)?, change).await.map_err(|e| refusal(&e))?;
    Ok(Json(account.into()))
}
