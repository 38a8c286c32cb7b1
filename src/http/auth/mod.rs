//! `/api/v1/auth`: signing in and out, the own password, the own sessions. Also: the cookie, and accounts as others see them.

pub mod me;
pub mod oidc;
pub mod password;
pub mod sessions;
pub mod sign_in;
pub mod sign_out;
pub mod ways;

use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::problem::{Code, FieldProblem, Problem};
use super::state::Api;
use crate::identity::access_key::{Proof, Session};
use crate::identity::account::{Account, PasswordState, Scope};
use crate::identity::role::{Permissions, Role};
use crate::identity::service::Origin;
use crate::identity::{IdentityError, store};

/// The cookie over plain http (a machine of one's own).
pub const COOKIE: &str = "gridworker_session";
/// The cookie over https: browsers take it from this host and path only.
const SECURE_COOKIE: &str = "__Host-gridworker_session";

/// True when the browser speaks https, to us or to the proxy before us.
fn is_secure(api: &Api, headers: &HeaderMap) -> bool {
    let forwarded = || headers.get("x-forwarded-proto").and_then(|v| v.to_str().ok()).and_then(|v| v.rsplit(',').next());
    api.secure || (api.server.trust_forwarded_for && forwarded().is_some_and(|p| p.trim().eq_ignore_ascii_case("https")))
}

/// The token of a session's cookie. Over https only the one that no other host could have set.
#[must_use]
pub fn session_token(api: &Api, headers: &HeaderMap) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    let name = if is_secure(api, headers) { SECURE_COOKIE } else { COOKIE };
    jar.get(name).map(|c| c.value().to_owned()).filter(|v| !v.is_empty())
}

/// The cookie that carries a session.
fn cookie(api: &Api, headers: &HeaderMap, token: &SecretString, session: &Session, now: Timestamp) -> Cookie<'static> {
    let secure = is_secure(api, headers);
    let seconds = session.ends_at.duration_since(now).as_secs();
    let mut cookie = Cookie::new(if secure { SECURE_COOKIE } else { COOKIE }, token.expose_secret().to_owned());
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(secure);
    cookie.set_max_age(Some(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).try_into().unwrap_or_default()));
    cookie
}

/// The cookie that takes the session's away.
fn no_cookie(api: &Api, headers: &HeaderMap) -> Cookie<'static> {
    let secure = is_secure(api, headers);
    let mut cookie = Cookie::new(if secure { SECURE_COOKIE } else { COOKIE }, "");
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(secure);
    cookie.make_removal();
    cookie
}

/// Where a try to sign in comes from.
fn origin(api: &Api, peer: std::net::SocketAddr, headers: &HeaderMap) -> Origin {
    let address = api.limits.caller(peer, headers);
    let device = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    Origin { address, exempt: api.limits.exempt(address), device: device.to_owned() }
}

/// The identity room's refusals as problems.
#[must_use]
pub fn refusal(error: &IdentityError) -> Problem {
    let said = |code: Code| Problem::new(code).detail(error.to_string());
    match error {
        IdentityError::WrongCredentials => said(Code::SignInFailed),
        IdentityError::Locked { retry_after } => {
            let minutes = retry_after.div_ceil(60);
            let detail = format!("尝试次数过多，请{minutes}分钟后再试，或请管理员重置密码");
            Problem::new(Code::SignInLocked).detail(detail).retry_after(*retry_after)
        }
        IdentityError::WeakPassword(_) => said(Code::WeakPassword),
        IdentityError::Invalid { field, message } => {
            let mut problem = said(Code::InvalidBody);
            problem.errors.push(FieldProblem { field: (*field).to_owned(), message: message.clone() });
            problem
        }
        IdentityError::NameTaken | IdentityError::LastAdministrator | IdentityError::Conflict(_) => said(Code::Conflict),
        IdentityError::Missing => said(Code::NotFound),
        IdentityError::Busy => said(Code::Unavailable).retry_after(5),
        IdentityError::Store(cause @ (store::StoreError::Backend(_) | store::StoreError::Damaged { .. })) => {
            Problem::unavailable(cause)
        }
        IdentityError::Broken(_) => Problem::internal(error),
    }
}

/// An account as its owner and administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    /// Stable id.
    pub id: Uuid,
    /// Sign-in name.
    pub name: String,
    /// Post or note.
    pub title: String,
    /// What it is for.
    pub roles: BTreeSet<Role>,
    /// For which part of the street; both lists empty: all of it.
    pub scope: Scope,
    /// False when it opens nothing.
    pub enabled: bool,
    /// True until the one-time password has been changed.
    pub must_change_password: bool,
    /// Until when the one-time password opens the door.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub one_time_until: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// When its password was last accepted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sign_in_at: Option<Timestamp>,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let enabled = account.is_enabled();
        let Account { id, name, title, roles, scope, password, disabled_at: _, created_at, changed_at, last_sign_in_at } =
            account;
        let one_time_until = match password {
            PasswordState::OneTime(until) => Some(until),
            PasswordState::None | PasswordState::Chosen => None,
        };
        Self {
            id,
            name,
            title,
            roles,
            scope,
            enabled,
            must_change_password: one_time_until.is_some(),
            one_time_until,
            created_at,
            changed_at,
            last_sign_in_at,
        }
    }
}

/// Who is signed in, and what that opens.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The account.
    pub account: AccountView,
    /// What it may do: faces show what is in here.
    pub permissions: Permissions,
    /// True: only calls under `/api/v1/auth` are open until the password has been changed.
    pub must_change_password: bool,
    /// For whom it stands in now: their tickets are shown and moved too.
    pub standing_in: Vec<StandingIn>,
    /// The session ends when it is not used until then; each use moves it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub idle_until: Option<Timestamp>,
    /// It ends then in any case.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
}

/// For whom somebody stands in.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingIn {
    /// The account that is away.
    pub account_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its post or note.
    pub title: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
}

impl Me {
    async fn of(api: &Api, account: Account, session: Option<&Session>) -> Result<Self, Problem> {
        let away = api.accounts.standing_in(account.id).await.map_err(|e| refusal(&e))?;
        let standing_in =
            away.into_iter().map(|s| StandingIn { account_id: s.account_id, name: s.name, title: s.title, until: s.until });
        let permissions = account.permissions();
        let account = AccountView::from(account);
        // Who came by the identity provider has no one-time password at hand.
        let by_password = session.is_none_or(|s| s.proof == Proof::Password);
        Ok(Self {
            permissions,
            must_change_password: account.must_change_password && by_password,
            account,
            standing_in: standing_in.collect(),
            idle_until: session.map(|s| s.idle_until),
            ends_at: session.map(|s| s.ends_at),
        })
    }
}
