//! `POST /api/v1/auth/password`: the own password.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use axum_extra::extract::cookie::CookieJar;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Me, cookie, origin, refusal};
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// The present password and the next.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangePassword {
    /// The present one.
    #[schema(value_type = String)]
    pub current: SecretString,
    /// The next one: long rather than complicated.
    #[schema(value_type = String)]
    pub new: SecretString,
}

/// Changes the own password. All sessions end; this device gets a new one.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "登录", security(("session" = [])), request_body = ChangePassword,
    responses((status = 200, body = Me), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody),
        (status = 429, body = ProblemBody)))]
pub async fn change_password(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    jar: CookieJar,
    JsonBody(given): JsonBody<ChangePassword>,
) -> Result<(CookieJar, Json<Me>), Problem> {
    let from = origin(&api, peer, &headers);
    let changed = api.accounts.change_password(&caller, &given.current, &given.new, &from).await.map_err(|e| refusal(&e))?;
    let cookie = cookie(&api, &headers, &changed.token, &changed.session, api.clock.now());
    let me = Me::of(&api, changed.account, Some(&changed.session)).await?;
    Ok((jar.add(cookie), Json(me)))
}
