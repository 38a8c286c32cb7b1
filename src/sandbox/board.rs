//! The flow-dispatch board: the page, its data, and the buttons that people press.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, Query, Request, State as Ctx};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{broken, problem, shown};
use super::store::{Incident, Moved, Step};
use super::{Faults, Move, Sandbox, State, dispatch};

/// The board shows at most this many incidents.
const SHOWN: u32 = 300;
/// The longest note or handler, in characters.
const WORDS_LIMIT: usize = 500;

/// `?state=`
#[derive(Debug, Deserialize)]
pub(super) struct Filter {
    state: Option<String>,
}

/// What a person says with a move.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    note: Option<String>,
    handler: Option<String>,
}

/// The page. Reached without its closing slash it redirects, because its addresses are relative.
pub(super) async fn page(OriginalUri(uri): OriginalUri) -> Response {
    if !uri.path().ends_with('/') {
        return Redirect::permanent(&format!("{}/", uri.path())).into_response();
    }
    asset("text/html; charset=utf-8", include_str!("board.html"))
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("board.js"))
}

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("board.css"))
}

pub(super) async fn icon() -> Response {
    asset("image/svg+xml", include_str!("board.svg"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// Strict page rules on every answer; buttons pressed from another site's page are refused.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let foreign = request.headers().get("sec-fetch-site").is_some_and(|v| v == "cross-site" || v == "same-site");
    if foreign && request.method() != Method::GET {
        return problem(StatusCode::FORBIDDEN, "foreign_page", "不接受其他网站页面发起的操作", None);
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; object-src 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `GET /board/incidents?state=`
pub(super) async fn list(Ctx(sandbox): Ctx<Sandbox>, Query(filter): Query<Filter>) -> Response {
    let state = match filter.state.as_deref().filter(|s| !s.is_empty()) {
        None => None,
        Some(word) => match State::from_word(word) {
            Some(state) => Some(state),
            None => return problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_state", "没有这个状态", None),
        },
    };
    let p = &sandbox.0;
    let (incidents, pending) = match (p.store.list(state, SHOWN).await, p.store.pending_callbacks().await) {
        (Ok(incidents), Ok(pending)) => (incidents, pending),
        (Err(error), _) | (_, Err(error)) => return broken(&error),
    };
    let cards: Vec<Value> = incidents.iter().map(|it| card(&sandbox, it)).collect();
    let sections: Vec<Value> = dispatch::SECTIONS.iter().map(|(name, posts)| json!({"name": name, "posts": posts})).collect();
    Json(json!({
        "now": shown(p.clock.now(), &p.tz),
        "sections": sections,
        "pending_callbacks": pending,
        "incidents": cards,
    }))
    .into_response()
}

/// `GET /board/incidents/{external_no}`: with what was pushed and the history, without the reporter.
pub(super) async fn detail(Ctx(sandbox): Ctx<Sandbox>, Path(external_no): Path<String>) -> Response {
    let p = &sandbox.0;
    let it = match p.store.by_number(&external_no).await {
        Ok(Some(it)) => it,
        Ok(None) => return unknown(),
        Err(error) => return broken(&error),
    };
    let history = match p.store.history(&external_no).await {
        Ok(history) => history,
        Err(error) => return broken(&error),
    };
    let history: Vec<Value> = history
        .iter()
        .map(|Step { at, state, note, handler }| {
            json!({"at": shown(*at, &p.tz), "state": state.word(), "note": note, "handler": handler})
        })
        .collect();
    let mut body = card(&sandbox, &it);
    body["body"] = it.body;
    body["history"] = history.into();
    Json(body).into_response()
}

/// `GET /board/incidents/{external_no}/reporter`: only when somebody asks for it.
pub(super) async fn reporter(Ctx(sandbox): Ctx<Sandbox>, Path(external_no): Path<String>) -> Response {
    match sandbox.0.store.reporter(&external_no).await {
        Ok(Some(reporter)) => ([(header::CACHE_CONTROL, "no-store")], Json(reporter)).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND, "no_reporter", "没有反映人信息", None),
        Err(error) => broken(&error),
    }
}

/// `POST /board/incidents/{external_no}/{move}`, body `{note?, handler?}` or nothing.
pub(super) async fn make_move(
    Ctx(sandbox): Ctx<Sandbox>,
    Path((external_no, word)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let Some(step) = Move::from_word(&word) else {
        return problem(StatusCode::NOT_FOUND, "unknown_move", "没有这个操作", None);
    };
    let said = if body.is_empty() { Ok(Said::default()) } else { object::<Said>(&body) };
    let Ok(Said { note, handler }) = said else {
        return problem(StatusCode::BAD_REQUEST, "malformed_json", "请求体不是合法的 JSON", None);
    };
    let (note, handler) = (tidy(note), tidy(handler));
    if [&note, &handler].into_iter().flatten().any(|t| t.chars().count() > WORDS_LIMIT) {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "too_long", "备注或经办岗位过长", None);
    }
    let p = &sandbox.0;
    let webhook_id = format!("msg_{}", p.ids.uuid().simple());
    let now = p.clock.now();
    let moved = p.store.make_move(&external_no, step, note.as_deref(), handler.as_deref(), now, &webhook_id, &p.tz).await;
    match moved {
        Ok(Moved::Done(it)) => {
            p.wake.notify_one();
            Json(card(&sandbox, &it)).into_response()
        }
        Ok(Moved::Illegal(state)) => {
            let detail = format!("当前状态 {} 不能执行 {}", state.word(), step.word());
            problem(StatusCode::CONFLICT, "illegal_move", &detail, Some(json!({"state": state.word()})))
        }
        Ok(Moved::Unknown) => unknown(),
        Err(error) => broken(&error),
    }
}

/// `GET /board/faults`
pub(super) async fn faults(Ctx(sandbox): Ctx<Sandbox>) -> Json<Faults> {
    Json(*sandbox.0.faults.read())
}

/// `PUT /board/faults`; fields left out are switched off.
pub(super) async fn set_faults(Ctx(sandbox): Ctx<Sandbox>, body: Bytes) -> Response {
    match object::<Faults>(&body) {
        Ok(faults) => {
            sandbox.set_faults(faults);
            Json(*sandbox.0.faults.read()).into_response()
        }
        Err(error) => {
            let detail = format!("故障开关无法识别：{error}");
            problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_fault", &detail, None)
        }
    }
}

/// A JSON object and nothing else: serde would also take the fields as a list.
fn object<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let fields: serde_json::Map<String, Value> = serde_json::from_slice(body)?;
    serde_json::from_value(Value::Object(fields))
}

fn card(sandbox: &Sandbox, it: &Incident) -> Value {
    let tz = &sandbox.0.tz;
    let moves: Vec<&str> = Move::ALL.into_iter().filter(|m| m.allowed_in(it.state)).map(Move::word).collect();
    json!({
        "external_no": it.external_no,
        "number": it.body.get("number"),
        "title": it.title,
        "place": it.place,
        "urgency": it.urgency,
        "urgent": dispatch::is_urgent(&it.urgency),
        "section": it.section,
        "post": it.post,
        "state": it.state.word(),
        "handler": it.handler,
        "received_at": shown(it.received_at, tz),
        "accept_by": shown(it.accept_by, tz),
        "accepted_at": it.accepted_at.map(|at| shown(at, tz)),
        "updated_at": shown(it.updated_at, tz),
        "moves": moves,
    })
}

fn tidy(words: Option<String>) -> Option<String> {
    words.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

fn unknown() -> Response {
    problem(StatusCode::NOT_FOUND, "not_found", "没有这个事件", None)
}
