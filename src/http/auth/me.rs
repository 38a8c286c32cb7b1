//! `GET /api/v1/auth/me`: who is signed in.

use axum::extract::State;
use axum::{Extension, Json};

use super::{Me, refusal};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::{Caller, Via};

/// Who is signed in, and what that opens.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "登录", security(("session" = [])),
    responses((status = 200, body = Me), (status = 401, body = ProblemBody)))]
pub async fn get_me(State(api): State<ApiState>, Extension(caller): Extension<Caller>) -> Result<Json<Me>, Problem> {
    let account = api.accounts.account(caller.account_id).await.map_err(|e| refusal(&e))?;
    let sessions = api.accounts.sessions(caller.account_id).await.map_err(|e| refusal(&e))?;
    let session = sessions.iter().find(|s| caller.via == Via::Session(s.id));
    Me::of(&api, account, session).await.map(Json)
}
