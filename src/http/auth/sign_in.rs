//! `POST /api/v1/auth/sign-in`: name and password for a session.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum_extra::extract::cookie::CookieJar;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Me, cookie, origin, refusal};
use crate::http::body::JsonBody;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;

/// Who, and the proof.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SignIn {
    /// Account name; upper and lower case are the same.
    pub name: String,
    /// Password.
    #[schema(value_type = String)]
    pub password: SecretString,
}

/// Opens a session. Unknown name, wrong password, disabled account: one answer for all.
#[utoipa::path(post, path = "/api/v1/auth/sign-in", tag = "登录", request_body = SignIn,
    responses((status = 200, body = Me), (status = 401, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn sign_in(
    State(api): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    jar: CookieJar,
    JsonBody(given): JsonBody<SignIn>,
) -> Result<(CookieJar, Json<Me>), Problem> {
    let from = origin(&api, peer, &headers);
    api.limits.sign_in(from.address)?;
    let signed_in = api.accounts.sign_in(&given.name, &given.password, &from).await.map_err(|e| refusal(&e))?;
    let cookie = cookie(&api, &headers, &signed_in.token, &signed_in.session, api.clock.now());
    let me = Me::of(&api, signed_in.account, Some(&signed_in.session)).await?;
    Ok((jar.add(cookie), Json(me)))
}
