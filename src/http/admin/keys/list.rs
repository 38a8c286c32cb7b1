//! `GET /api/v1/admin/keys`.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::KeyView;
use crate::http::auth::refusal;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Caller, Permission};

/// Keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// Newest first.
    pub keys: Vec<KeyView>,
}

/// One's own keys; for who manages accounts, all keys.
#[utoipa::path(get, path = "/api/v1/admin/keys", tag = "账号", security(("session" = [])),
    responses((status = 200, body = KeyList), (status = 403, body = ProblemBody)))]
pub async fn list_keys(State(api): State<ApiState>, Extension(caller): Extension<Caller>) -> Result<Json<KeyList>, Problem> {
    let whose = (!caller.may(Permission::AccountManage)).then_some(caller.account_id);
    let keys = api.accounts.keys(whose).await.map_err(|e| refusal(&e))?;
    let now = api.clock.now();
    Ok(Json(KeyList { keys: keys.into_iter().map(|k| KeyView::new(k, now)).collect() }))
}
