//! `POST /api/v1/admin/accounts`.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AccountWithPassword, check_scope};
use crate::http::auth::refusal;
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::manage::NewAccount;
use crate::identity::{Caller, Role, Scope};

/// An account to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// Sign-in name.
    pub name: String,
    /// Post or note.
    #[serde(default)]
    pub title: String,
    /// At least one.
    pub roles: BTreeSet<Role>,
    /// For which part of the street; absent: all of it.
    #[serde(default)]
    pub scope: Scope,
}

/// Makes an account. The one-time password is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/admin/accounts", tag = "账号", security(("session" = [])), request_body = CreateAccount,
    responses((status = 201, body = AccountWithPassword), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_account(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    JsonBody(wish): JsonBody<CreateAccount>,
) -> Result<(StatusCode, Json<AccountWithPassword>), Problem> {
    let CreateAccount { name, title, roles, scope } = wish;
    check_scope(&api, &scope)?;
    let made = api.accounts.create(&caller, NewAccount { name, title, roles, scope }).await.map_err(|e| refusal(&e))?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
