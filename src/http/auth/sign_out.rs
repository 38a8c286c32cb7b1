//! `POST /api/v1/auth/sign-out`: ends this session.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::cookie::CookieJar;

use super::{no_cookie, refusal};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::ApiState;
use crate::identity::Caller;

/// Ends the session that the call came with.
#[utoipa::path(post, path = "/api/v1/auth/sign-out", tag = "登录", security(("session" = [])),
    responses((status = 204), (status = 401, body = ProblemBody)))]
pub async fn sign_out(
    State(api): State<ApiState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<(StatusCode, CookieJar), Problem> {
    api.accounts.sign_out(&caller).await.map_err(|e| refusal(&e))?;
    Ok((StatusCode::NO_CONTENT, jar.add(no_cookie(&api, &headers))))
}
