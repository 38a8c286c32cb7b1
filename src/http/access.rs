//! Who may call what: one table, one middleware, closed by default.
//!
//! Every URL under `/api/v1/auth`, `/api/v1/admin` and `/api/v1/worker` passes [`guard`]. It finds out who calls (a session's cookie
//! or an API key as bearer), looks the route up in [`TABLE`], and refuses what is not there. Handlers behind it take
//! `Extension<Caller>` and ask no header. To add a call: its route in `router.rs`, its line here; a test walks every route of the
//! API document as every role and fails when one is missing.

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use std::net::SocketAddr;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::auth;
use super::callers::bearer;
use super::problem::{Code, Problem};
use super::state::{Api, ApiState};
use crate::identity::caller::{Caller, Via};
use crate::identity::role::Permission;

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nobody must be known: signing in.
    Nobody,
    /// A person's session, also before the first password has been changed: calls about oneself.
    Oneself,
    /// Any account, by session or key.
    SignedIn,
    /// This permission, by session or key.
    May(Permission),
    /// This permission, and a person: not a key.
    PersonMay(Permission),
}

use Need::{May, Nobody, Oneself, PersonMay, SignedIn};
use Permission as P;

/// Method, path as in the router, need.
pub const TABLE: &[(&str, &str, Need)] = &[
    // Signing in, and what everybody does with their own account
    ("POST", "/api/v1/auth/sign-in", Nobody),
    ("GET", "/api/v1/auth/ways", Nobody),
    ("GET", "/api/v1/auth/oidc/start", Nobody),
    ("GET", "/api/v1/auth/oidc/callback", Nobody),
    ("POST", "/api/v1/auth/sign-out", Oneself),
    ("GET", "/api/v1/auth/me", Oneself),
    ("POST", "/api/v1/auth/password", Oneself),
    ("GET", "/api/v1/auth/sessions", Oneself),
    ("DELETE", "/api/v1/auth/sessions", Oneself),
    ("DELETE", "/api/v1/auth/sessions/{id}", Oneself),
    // Accounts
    ("GET", "/api/v1/admin/roles", SignedIn),
    ("GET", "/api/v1/admin/accounts", May(P::AccountRead)),
    ("POST", "/api/v1/admin/accounts", PersonMay(P::AccountManage)),
    ("GET", "/api/v1/admin/accounts/{id}", May(P::AccountRead)),
    ("PATCH", "/api/v1/admin/accounts/{id}", PersonMay(P::AccountManage)),
    ("POST", "/api/v1/admin/accounts/{id}/disable", PersonMay(P::AccountManage)),
    ("POST", "/api/v1/admin/accounts/{id}/enable", PersonMay(P::AccountManage)),
    ("POST", "/api/v1/admin/accounts/{id}/reset-password", PersonMay(P::AccountManage)),
    ("DELETE", "/api/v1/admin/accounts/{id}/sessions", PersonMay(P::AccountManage)),
    ("GET", "/api/v1/admin/accounts/{id}/duties", May(P::AccountRead)),
    ("POST", "/api/v1/admin/accounts/{id}/hand-over", PersonMay(P::AccountManage)),
    // Posts and leaves; who is who and what the street has, for faces that let people choose
    ("GET", "/api/v1/admin/posts", May(P::AccountRead)),
    ("PUT", "/api/v1/admin/posts", PersonMay(P::AccountManage)),
    ("GET", "/api/v1/admin/leaves", May(P::AccountRead)),
    ("POST", "/api/v1/admin/leaves", PersonMay(P::AccountManage)),
    ("POST", "/api/v1/admin/leaves/{id}/end", PersonMay(P::AccountManage)),
    ("GET", "/api/v1/admin/people", SignedIn),
    ("GET", "/api/v1/admin/directory", SignedIn),
    // Keys
    ("GET", "/api/v1/admin/keys", PersonMay(P::KeyOwn)),
    ("POST", "/api/v1/admin/keys", PersonMay(P::KeyOwn)),
    ("DELETE", "/api/v1/admin/keys/{id}", PersonMay(P::KeyOwn)),
    // Imports
    ("GET", "/api/v1/admin/imports", May(P::ImportRun)),
    ("POST", "/api/v1/admin/imports", May(P::ImportRun)),
    ("POST", "/api/v1/admin/imports/preview", May(P::ImportRun)),
    ("GET", "/api/v1/admin/imports/{id}", May(P::ImportRun)),
    ("GET", "/api/v1/admin/imports/{id}/files/{number}/pieces", May(P::ImportRun)),
    ("POST", "/api/v1/admin/imports/{id}/retry", May(P::ImportRun)),
    ("POST", "/api/v1/admin/imports/{id}/cancel", May(P::ImportRun)),
    // Audit
    ("GET", "/api/v1/admin/audit", May(P::AuditRead)),
    ("GET", "/api/v1/admin/audit.csv", May(P::AuditRead)),
    ("GET", "/api/v1/admin/audit/check", May(P::AuditRead)),
    // Curation
    ("GET", "/api/v1/admin/curated", May(P::CuratedRead)),
    ("POST", "/api/v1/admin/curated", May(P::CuratedWrite)),
    ("GET", "/api/v1/admin/curated/{id}", May(P::CuratedRead)),
    ("PUT", "/api/v1/admin/curated/{id}", May(P::CuratedWrite)),
    ("GET", "/api/v1/admin/curated/{id}/versions", May(P::CuratedRead)),
    ("POST", "/api/v1/admin/curated/{id}/check", May(P::CuratedRead)),
    ("POST", "/api/v1/admin/curated/{id}/publish", PersonMay(P::CuratedPublish)),
    ("POST", "/api/v1/admin/curated/{id}/retire", PersonMay(P::CuratedPublish)),
    ("GET", "/api/v1/admin/turns", May(P::ConversationRead)),
    ("GET", "/api/v1/admin/turns/export", May(P::ConversationRead)),
    ("GET", "/api/v1/admin/turns/{id}", May(P::ConversationRead)),
    ("GET", "/api/v1/admin/gap-owners", May(P::GapAssign)),
    ("GET", "/api/v1/admin/gaps", May(P::GapRead)),
    ("GET", "/api/v1/admin/gaps/{id}", May(P::GapRead)),
    ("PATCH", "/api/v1/admin/gaps/{id}", May(P::GapAssign)),
    ("POST", "/api/v1/admin/gaps/{id}/draft", May(P::GapAssign)),
    ("POST", "/api/v1/admin/gaps/{id}/tell", PersonMay(P::GapAssign)),
    ("GET", "/api/v1/admin/question-sets", May(P::QuestionSetRead)),
    ("GET", "/api/v1/admin/question-sets/{id}", May(P::QuestionSetRead)),
    ("PUT", "/api/v1/admin/question-sets/{id}", May(P::QuestionSetWrite)),
    ("DELETE", "/api/v1/admin/question-sets/{id}", May(P::QuestionSetWrite)),
    ("POST", "/api/v1/admin/question-sets/{id}/import", May(P::QuestionSetWrite)),
    ("GET", "/api/v1/admin/question-sets/{id}/export", May(P::QuestionSetRead)),
    ("GET", "/api/v1/admin/training-pairs", May(P::EvaluationRead)),
    ("GET", "/api/v1/admin/runs", May(P::EvaluationRead)),
    ("POST", "/api/v1/admin/runs", May(P::EvaluationRun)),
    ("GET", "/api/v1/admin/runs/{id}", May(P::EvaluationRead)),
    ("GET", "/api/v1/admin/runs/{id}/compare/{other}", May(P::EvaluationRead)),
    ("GET", "/api/v1/admin/generations", May(P::IndexRead)),
    ("POST", "/api/v1/admin/generations", May(P::IndexManage)),
    ("POST", "/api/v1/admin/generations/{number}/switch", May(P::IndexManage)),
    ("POST", "/api/v1/admin/hit-test", May(P::SearchTest)),
    ("POST", "/api/v1/admin/hit-test/from-turn", May(P::ConversationRead)),
    ("POST", "/api/v1/admin/hit-test/confirm", May(P::CuratedWrite)),
    // Figures; what waits for somebody is narrowed to what the caller may see
    ("GET", "/api/v1/admin/insight/figures", May(P::InsightRead)),
    ("GET", "/api/v1/admin/insight/parts", May(P::InsightRead)),
    ("GET", "/api/v1/admin/insight/rows", May(P::InsightRead)),
    ("GET", "/api/v1/admin/insight/stars", May(P::InsightRead)),
    ("GET", "/api/v1/admin/insight/export", May(P::InsightRead)),
    ("GET", "/api/v1/admin/insight/today", SignedIn),
    // The street's own files; what puts one to use is a person's
    ("GET", "/api/v1/admin/street", May(P::StreetManage)),
    ("GET", "/api/v1/admin/street/files/{name}", May(P::StreetManage)),
    ("POST", "/api/v1/admin/street/check", May(P::StreetManage)),
    ("POST", "/api/v1/admin/street/dispatch-trial", May(P::StreetManage)),
    ("POST", "/api/v1/admin/street/versions", May(P::StreetManage)),
    ("POST", "/api/v1/admin/street/versions/{version}/activate", PersonMay(P::StreetManage)),
    // Tickets
    ("GET", "/api/v1/worker/tickets", May(P::TicketRead)),
    ("GET", "/api/v1/worker/board", May(P::TicketRead)),
    ("GET", "/api/v1/worker/directory", SignedIn),
    ("GET", "/api/v1/worker/tickets/{number}", May(P::TicketRead)),
    ("GET", "/api/v1/worker/tickets/{number}/relations", May(P::TicketRead)),
    ("POST", "/api/v1/worker/tickets/{number}/moves", May(P::TicketMove)),
    ("GET", "/api/v1/worker/tickets/{number}/attachments/{id}", May(P::TicketRead)),
    ("POST", "/api/v1/worker/attachments", May(P::TicketMove)),
    ("POST", "/api/v1/worker/tickets/{number}/identity", PersonMay(P::IdentityRead)),
    ("POST", "/api/v1/worker/tickets/{number}/dispute", May(P::TicketMove)),
    ("POST", "/api/v1/worker/tickets/{number}/dispute/decision", PersonMay(P::TicketDispatch)),
    ("GET", "/api/v1/worker/tickets/{number}/disputes", May(P::TicketRead)),
    ("GET", "/api/v1/worker/disputes", May(P::TicketDispatch)),
    ("PUT", "/api/v1/worker/tickets/{number}/category", May(P::CategoryCorrect)),
    ("POST", "/api/v1/worker/tickets/{number}/revisit", May(P::TicketMove)),
    // The own part of the street, and its ledgers
    ("GET", "/api/v1/worker/street", SignedIn),
    ("GET", "/api/v1/worker/ledgers", May(P::LedgerRead)),
    ("GET", "/api/v1/worker/ledgers/{id}", May(P::LedgerRead)),
    ("POST", "/api/v1/worker/ledgers/{id}/visits", May(P::LedgerWrite)),
    ("PUT", "/api/v1/worker/ledgers/{id}/visits/{visit}/ticket", May(P::LedgerWrite)),
    ("GET", "/api/v1/worker/ledgers/{id}/attachments/{attachment}", May(P::LedgerRead)),
    ("POST", "/api/v1/worker/ledgers/import", May(P::LedgerWrite)),
    // Deliveries
    ("GET", "/api/v1/admin/outbox", May(P::OutboxRead)),
    ("GET", "/api/v1/admin/outbox/export", May(P::OutboxRead)),
    ("POST", "/api/v1/admin/outbox/replay", May(P::OutboxReplay)),
    ("GET", "/api/v1/admin/outbox/{id}", May(P::OutboxRead)),
    ("POST", "/api/v1/admin/outbox/{id}/replay", May(P::OutboxReplay)),
    ("POST", "/api/v1/admin/outbox/{id}/by-hand", PersonMay(P::OutboxReplay)),
    ("GET", "/api/v1/admin/destinations", May(P::OutboxRead)),
    ("POST", "/api/v1/admin/destinations/{name}/pause", PersonMay(P::OutboxReplay)),
    ("POST", "/api/v1/admin/destinations/{name}/resume", PersonMay(P::OutboxReplay)),
    ("POST", "/api/v1/admin/destinations/{name}/reconcile", May(P::OutboxReplay)),
    ("GET", "/api/v1/worker/tickets/{number}/clocks", May(P::TicketRead)),
    ("POST", "/api/v1/worker/tickets/{number}/pause", May(P::TicketMove)),
    ("POST", "/api/v1/worker/tickets/{number}/resume", May(P::TicketMove)),
    ("POST", "/api/v1/worker/tickets/{number}/extend", May(P::TicketMove)),
    ("GET", "/api/v1/worker/alerts", May(P::TicketRead)),
    ("POST", "/api/v1/worker/alerts/{id}/take", May(P::TicketMove)),
    ("POST", "/api/v1/worker/tickets/{number}/merge", May(P::TicketDispatch)),
    ("POST", "/api/v1/worker/tickets/{number}/split", May(P::TicketDispatch)),
    // Documents: writing, reviewing and publishing are different rights, and nobody approves what they wrote
    ("GET", "/api/v1/admin/documents", May(P::DocumentRead)),
    ("POST", "/api/v1/admin/documents", May(P::DocumentWrite)),
    ("POST", "/api/v1/admin/documents/preview", May(P::DocumentRead)),
    ("GET", "/api/v1/admin/documents/{id}", May(P::DocumentRead)),
    ("PUT", "/api/v1/admin/documents/{id}/draft", May(P::DocumentWrite)),
    ("DELETE", "/api/v1/admin/documents/{id}/draft", May(P::DocumentWrite)),
    ("POST", "/api/v1/admin/documents/{id}/check", May(P::DocumentRead)),
    ("POST", "/api/v1/admin/documents/{id}/submit", May(P::DocumentWrite)),
    ("POST", "/api/v1/admin/documents/{id}/withdraw", May(P::DocumentWrite)),
    ("POST", "/api/v1/admin/documents/{id}/rollback", May(P::DocumentWrite)),
    ("POST", "/api/v1/admin/documents/{id}/approve", PersonMay(P::DocumentReview)),
    ("POST", "/api/v1/admin/documents/{id}/return", PersonMay(P::DocumentReview)),
    ("POST", "/api/v1/admin/documents/{id}/retire", PersonMay(P::DocumentPublish)),
    ("GET", "/api/v1/admin/documents/{id}/history", May(P::DocumentRead)),
    ("GET", "/api/v1/admin/documents/{id}/versions", May(P::DocumentRead)),
    ("GET", "/api/v1/admin/documents/{id}/versions/{version}", May(P::DocumentRead)),
    ("GET", "/api/v1/admin/documents/{id}/diff", May(P::DocumentRead)),
    ("GET", "/api/v1/admin/documents/{id}/findings", May(P::DocumentRead)),
    ("POST", "/api/v1/admin/documents/{id}/findings/{finding}/acknowledge", May(P::DocumentWrite)),
    // Where the window stands; what changes who may open it is a person's
    ("GET", "/api/v1/admin/channels", May(P::SystemRead)),
    ("POST", "/api/v1/admin/channels", PersonMay(P::SystemManage)),
    ("GET", "/api/v1/admin/channels/{id}", May(P::SystemRead)),
    ("PUT", "/api/v1/admin/channels/{id}", PersonMay(P::SystemManage)),
    ("POST", "/api/v1/admin/channels/{id}/secrets", PersonMay(P::SystemManage)),
    ("DELETE", "/api/v1/admin/channels/{id}/secrets/{secret}", PersonMay(P::SystemManage)),
    // The state of the service
    ("GET", "/api/v1/admin/system/endpoints", May(P::SystemRead)),
    ("POST", "/api/v1/admin/system/endpoints/{kind}/test", May(P::SystemManage)),
    ("GET", "/api/v1/admin/system/prompts", May(P::SystemRead)),
    ("GET", "/api/v1/admin/system/health", May(P::SystemRead)),
    ("GET", "/api/v1/admin/conversations/{id}/turns/{turn_id}/evidence", May(P::DocumentRead)),
];

/// What is behind the guard.
const GUARDED: [&str; 3] = ["/api/v1/auth", "/api/v1/admin", "/api/v1/worker"];

/// True for paths behind the guard.
#[must_use]
pub fn is_guarded(path: &str) -> bool {
    GUARDED.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The table's line for a call.
#[must_use]
pub fn need(method: &Method, path: &str) -> Option<Need> {
    let method = if method == Method::HEAD { Method::GET.as_str() } else { method.as_str() };
    TABLE.iter().find(|(m, p, _)| *m == method && *p == path).map(|(_, _, need)| *need)
}

/// Authenticates and authorises; every refusal is a problem.
pub async fn guard(
    State(api): State<ApiState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> axum::response::Response {
    // No match: no such URL, and the router says so.
    let Some(matched) = request.extensions().get::<MatchedPath>().map(|m| m.as_str().to_owned()).filter(|m| is_guarded(m)) else {
        return next.run(request).await;
    };
    let mut response = match admit(&api, peer, request.method(), &matched, request.headers()).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    // What staff see stays in no cache. A handler that knows better has said so.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The verified caller of a call that may go on; none for calls that need none.
async fn admit(
    api: &Api,
    peer: SocketAddr,
    method: &Method,
    matched: &str,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Problem> {
    let need = need(method, matched);
    if need == Some(Nobody) {
        return Ok(None);
    }
    let caller = caller(api, peer, headers).await?;
    let caller = caller.ok_or_else(|| Problem::new(Code::Unauthenticated).detail("请先登录，或者带上接口密钥"))?;
    let refused = |why: String| Err(Problem::new(Code::Forbidden).detail(why));
    if caller.must_change_password && need != Some(Oneself) {
        return Err(Code::PasswordChangeRequired.into());
    }
    let is_person = matches!(caller.via, Via::Session(_));
    match need {
        None => {
            tracing::warn!(%method, path = matched, "a call without a line in the access table was refused");
            refused("没有权限".to_owned())
        }
        Some(Oneself) if !is_person => refused("这项操作要本人登录，不能用接口密钥".to_owned()),
        Some(PersonMay(_)) if !is_person => refused("这项操作要本人登录，不能用接口密钥".to_owned()),
        Some(May(permission) | PersonMay(permission)) if !caller.may(permission) => {
            refused(format!("需要“{}”的权限", permission.title()))
        }
        Some(Nobody | Oneself | SignedIn | May(_) | PersonMay(_)) => Ok(Some(caller)),
    }
}

/// Who calls: the holder of an API key, or the owner of a session; `None` for somebody who shows neither.
///
/// # Errors
/// What was shown opens nothing (any more).
pub async fn caller(api: &Api, peer: SocketAddr, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    let address = api.limits.caller(peer, headers);
    if let Some(secret) = bearer(headers) {
        let found = api.accounts.by_key(secret, address).await.map_err(|e| auth::refusal(&e))?;
        return found.map(Some).ok_or_else(|| Problem::new(Code::Unauthenticated).detail("接口密钥无效、已过期或已撤销"));
    }
    let Some(token) = auth::session_token(api, headers) else { return Ok(None) };
    let found = api.accounts.by_session(&token, address).await.map_err(|e| auth::refusal(&e))?;
    found.map(Some).ok_or_else(|| Problem::new(Code::Unauthenticated).detail("登录已过期，请重新登录"))
}

/// The gridworkers' audience for this request: the configured key, or an account (or key) that may ask procedures.
///
/// # Errors
/// The storage is not there. A bearer that opens nothing is simply no gridworker's.
pub async fn opens_procedures(api: &Api, peer: SocketAddr, headers: &HeaderMap) -> Result<bool, Problem> {
    if bearer(headers).is_some_and(|b| api.worker_key.opens(b)) {
        return Ok(true);
    }
    match caller(api, peer, headers).await {
        Ok(found) => Ok(found.is_some_and(|c| c.may(Permission::ProcedureAsk) && !c.must_change_password)),
        Err(problem) if problem.code == Code::Unauthenticated => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// The configured public address cannot be an origin.
#[derive(Debug, thiserror::Error)]
#[error("server.public_url: {0}")]
pub struct BadPublicUrl(String);

/// Refuses what another site sends under somebody's session: by `Sec-Fetch-Site`, for older browsers by `Origin` against `Host` and
/// the public address. Residents' calls carry no cookie and are left alone.
pub fn same_site(
    public_url: &str,
) -> Result<CsrfLayer<impl Fn(ProtectionError) -> Response<axum::body::Body> + Clone + use<>>, BadPublicUrl> {
    let origin = url::Url::parse(public_url).map_err(|e| BadPublicUrl(e.to_string()))?.origin().ascii_serialization();
    let layer = CsrfLayer::new().add_trusted_origin(&origin).map_err(|e| BadPublicUrl(e.to_string()))?;
    let layer = layer.with_insecure_bypass(|_, uri| !is_guarded(uri.path()));
    Ok(layer.with_rejection_response(|error: ProtectionError| {
        tracing::warn!(%error, "a call from another site was refused");
        Problem::new(Code::CrossSite).into_response()
    }))
}
