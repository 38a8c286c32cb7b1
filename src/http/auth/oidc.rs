//! `GET /api/v1/auth/oidc/start`, `…/callback`: the way over the identity provider and back to where one was.
//!
//! Both are pages' addresses, not calls: what goes wrong ends on the page where it began, with a word in its address
//! (`refused=…`) that the page says in Chinese.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{cookie, is_secure, origin, refusal};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::state::{Api, ApiState};
use crate::identity::oidc::{Oidc, OidcError};
use crate::identity::service::{Named, Origin};

/// Where the provider sends browsers back to.
pub const CALLBACK: &str = "/api/v1/auth/oidc/callback";
/// What the browser keeps while it is at the provider.
const BINDING: &str = "gridworker_oidc";
/// Seconds.
const BINDING_AGE: u64 = 600;
/// Longest address to come back to.
const LONGEST: usize = 500;

/// Where the person is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OidcStart {
    /// A page under `/admin` or `/worker`; `/admin` when absent or elsewhere.
    #[serde(default)]
    pub back: Option<String>,
}

/// What the provider says.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OidcAnswer {
    /// Which sign-in.
    #[serde(default)]
    pub state: Option<String>,
    /// To be changed for the id token.
    #[serde(default)]
    pub code: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub error: Option<String>,
}

/// Sends the browser to the identity provider.
#[utoipa::path(get, path = "/api/v1/auth/oidc/start", tag = "登录", params(OidcStart),
    responses((status = 303, description = "to the provider, or back with `refused=…`"), (status = 404, body = ProblemBody),
        (status = 429, body = ProblemBody)))]
pub async fn start_oidc(
    State(api): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    jar: CookieJar,
    Query(asked): Query<OidcStart>,
) -> Result<Response, Problem> {
    let oidc = provider(&api)?;
    api.limits.sign_in(origin(&api, peer, &headers).address)?;
    let back = inside(asked.back.as_deref());
    match oidc.begin(&back).await {
        Ok(begun) => {
            let jar = jar.add(binding(&api, &headers, begun.binding));
            Ok((jar, Redirect::to(&begun.url)).into_response())
        }
        Err(error) => {
            tracing::warn!(%error, "signing in by the identity provider did not begin");
            Ok(back_with(&back, word(&error)))
        }
    }
}

/// Takes the browser back from the identity provider: with a session, or with `refused=…`.
#[utoipa::path(get, path = "/api/v1/auth/oidc/callback", tag = "登录", params(OidcAnswer),
    responses((status = 303, description = "to the page where it began"), (status = 404, body = ProblemBody),
        (status = 429, body = ProblemBody)))]
pub async fn finish_oidc(
    State(api): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    jar: CookieJar,
    Query(said): Query<OidcAnswer>,
) -> Result<Response, Problem> {
    let oidc = provider(&api)?;
    let from = origin(&api, peer, &headers);
    api.limits.sign_in(from.address)?;
    let kept = jar.get(BINDING).map(|c| c.value().to_owned());
    let (back, underway) = match oidc.take(said.state.as_deref().unwrap_or_default(), kept.as_deref()) {
        Ok(taken) => taken,
        // A browser that comes back twice (the back button) loses nothing by this.
        Err(error) => return Ok(back_with("/admin", word(&error))),
    };
    let jar = jar.add(unbinding(&api, &headers));
    let named = match (said.code, said.error) {
        (Some(code), None) => oidc.finish(&underway, &code).await,
        (_, error) => Err(OidcError::Refused(error.unwrap_or_default().chars().take(60).collect())),
    };
    let name = match named {
        Ok(name) => name,
        Err(error) => {
            tracing::warn!(%error, "signing in by the identity provider was refused");
            note(&api, word(&error), None, &from).await?;
            return Ok((jar, back_with(&back, word(&error))).into_response());
        }
    };
    let refused = match api.accounts.sign_in_named(&name, &from, oidc.issuer()).await.map_err(|e| refusal(&e))? {
        Named::In(signed_in) => {
            let cookie = cookie(&api, &headers, &signed_in.token, &signed_in.session, api.clock.now());
            return Ok((jar.add(cookie), Redirect::to(&back)).into_response());
        }
        Named::Disabled => "disabled",
        // A name that cannot be an account's here is as unknown as any other.
        Named::Unknown if oidc.registers() && api.accounts.register(&name, oidc.issuer()).await.is_ok() => "registered",
        Named::Unknown => "unknown",
    };
    note(&api, refused, Some(&name), &from).await?;
    Ok((jar, back_with(&back, refused)).into_response())
}

async fn note(api: &Api, why: &str, name: Option<&str>, from: &Origin) -> Result<(), Problem> {
    let name: Option<String> = name.map(|n| n.chars().take(60).collect());
    api.accounts.note_refused(why, name.as_deref(), from).await.map_err(|e| refusal(&e))
}

fn provider(api: &Api) -> Result<&Oidc, Problem> {
    api.oidc.as_ref().ok_or_else(|| Problem::new(Code::NotFound).detail("没有配置统一身份认证"))
}

/// The word for the page's address.
fn word(error: &OidcError) -> &'static str {
    match error {
        OidcError::Stale => "stale",
        OidcError::Refused(_) => "cancelled",
        OidcError::Provider(_) => "provider",
        OidcError::Token(_) | OidcError::NoName(_) => "token",
    }
}

/// A page of ours and nothing else: an address that led elsewhere would make this a way to lure people away.
fn inside(back: Option<&str>) -> String {
    let fits = |b: &&str| {
        let face = ["/admin", "/worker"].iter().find_map(|face| b.strip_prefix(face));
        b.len() <= LONGEST
            && face.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
            && !b.contains("//")
            && !b.contains('\\')
            && b.chars().all(|c| c.is_ascii_graphic())
    };
    back.filter(fits).unwrap_or("/admin").to_owned()
}

fn back_with(back: &str, refused: &str) -> Response {
    let sign = if back.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{back}{sign}refused={refused}")).into_response()
}

fn binding(api: &Api, headers: &HeaderMap, value: String) -> Cookie<'static> {
    let mut cookie = Cookie::new(BINDING, value);
    cookie.set_path("/api/v1/auth/oidc");
    cookie.set_http_only(true);
    // The provider sends the browser here by a link: a strict cookie would stay behind.
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(is_secure(api, headers));
    cookie.set_max_age(Some(std::time::Duration::from_secs(BINDING_AGE).try_into().unwrap_or_default()));
    cookie
}

fn unbinding(api: &Api, headers: &HeaderMap) -> Cookie<'static> {
    let mut cookie = binding(api, headers, String::new());
    cookie.make_removal();
    cookie
}
