//! The incidents on the board: the list by need, one in full, its files, and its buttons.

use std::fmt::Write as _;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State as Ctx};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::object;
use crate::sandbox::api::{broken, problem, shown, unknown};
use crate::sandbox::desk::{self, Said};
use crate::sandbox::moves::Needs;
use crate::sandbox::store::{Attachment, Filter, Incident, Moved, Overview, Pace, Step};
use crate::sandbox::{Inner, Move, RULES, Sandbox, SandboxError, State, dispatch};

/// The board shows at most this many incidents; the figures on top count all of them.
const SHOWN: u32 = 300;

/// `?state=&section=&post=&clock=&asked=`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::sandbox) struct Wanted {
    state: Option<String>,
    section: Option<String>,
    post: Option<String>,
    /// `overdue`, `soon`, `in_time`
    clock: Option<String>,
    /// `true`: only those whose further extension waits for the leader.
    asked: Option<String>,
}

/// `GET /board/incidents?state=&section=&post=&clock=&asked=`: what is overdue first.
pub(in crate::sandbox) async fn list(Ctx(sandbox): Ctx<Sandbox>, Query(wanted): Query<Wanted>) -> Response {
    let given = |words: Option<String>| words.filter(|w| !w.is_empty());
    let asked = wanted.asked.as_deref() == Some("true");
    let mut filter = Filter { section: given(wanted.section), post: given(wanted.post), asked, ..Filter::default() };
    if let Some(word) = given(wanted.state) {
        filter.state = State::from_word(&word);
        if filter.state.is_none() {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_state", "没有这个状态", None);
        }
    }
    if let Some(word) = given(wanted.clock) {
        filter.pace = Pace::from_word(&word);
        if filter.pace.is_none() {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_clock", "没有这种时限", None);
        }
    }
    match page(&sandbox.0, &filter).await {
        Ok(page) => Json(page).into_response(),
        Err(error) => broken(&error),
    }
}

async fn page(p: &Inner, filter: &Filter) -> Result<Value, SandboxError> {
    let now = p.clock.now();
    let incidents = p.store.list(filter, now, SHOWN).await?;
    let per_post = p.store.per_post(filter, now).await?;
    let away = p.store.away().await?;
    let Overview { total, waiting, working, overdue, soon, returned, asked, ended, lost } = p.store.overview(now).await?;
    let sections: Vec<Value> = dispatch::SECTIONS
        .iter()
        .map(|(name, posts)| {
            let mine = || per_post.iter().filter(|(section, _, _)| section == name);
            let mut names: Vec<(&str, i64)> = posts.iter().map(|post| (*post, 0)).collect();
            for (_, post, n) in mine() {
                match names.iter_mut().find(|(known, _)| known == post) {
                    Some((_, count)) => *count = *n,
                    None => names.push((post, *n)),
                }
            }
            let posts: Vec<Value> = names.into_iter().map(|(post, n)| json!({"name": post, "count": n})).collect();
            json!({"name": name, "count": mine().map(|(_, _, n)| n).sum::<i64>(), "posts": posts})
        })
        .collect();
    let needs: Map<String, Value> = RULES
        .iter()
        .map(|rule| {
            let needs = match rule.needs {
                Needs::Nothing => "nothing",
                Needs::Note => "note",
                Needs::NoteAndUntil => "note_and_until",
                Needs::Post => "post",
            };
            (rule.word.to_owned(), needs.into())
        })
        .collect();
    Ok(json!({
        "name": *p.name.read(),
        "now": shown(now, &p.tz),
        "sections": sections,
        "needs": needs,
        "counts": {
            "total": total, "waiting": waiting, "working": working, "overdue": overdue, "soon": soon,
            "returned": returned, "asked": asked, "ended": ended, "lost": lost,
        },
        "pending_callbacks": p.store.pending_callbacks().await?,
        "incidents": incidents.iter().map(|it| card(p, it, &away)).collect::<Vec<_>>(),
    }))
}

/// `GET /board/incidents/{external_no}`: with what was pushed and the history, without the reporter.
pub(in crate::sandbox) async fn detail(Ctx(sandbox): Ctx<Sandbox>, Path(external_no): Path<String>) -> Response {
    match full(&sandbox.0, &external_no).await {
        Ok(Some(body)) => Json(body).into_response(),
        Ok(None) => unknown(),
        Err(error) => broken(&error),
    }
}

async fn full(p: &Inner, external_no: &str) -> Result<Option<Value>, SandboxError> {
    let Some(it) = p.store.by_number(external_no).await? else { return Ok(None) };
    let history = p.store.history(external_no).await?;
    let history = history.iter().map(|Step { at, state, what, note, handler }| {
        json!({"at": shown(*at, &p.tz), "state": state.word(), "what": what, "note": note, "handler": handler})
    });
    let attachments = p.store.attachments(external_no).await?;
    let attachments = attachments.iter().map(|Attachment { id, at, file_name, content_type, bytes, sha256 }| {
        json!({"id": id, "at": shown(*at, &p.tz), "file_name": file_name, "content_type": content_type, "bytes": bytes,
               "sha256": sha256})
    });
    let mut body = card(p, &it, &p.store.away().await?);
    body["history"] = history.collect();
    body["attachments"] = attachments.collect();
    body["body"] = it.body;
    Ok(Some(body))
}

/// `GET /board/incidents/{external_no}/reporter`: only when somebody asks for it.
pub(in crate::sandbox) async fn reporter(Ctx(sandbox): Ctx<Sandbox>, Path(external_no): Path<String>) -> Response {
    match sandbox.0.store.reporter(&external_no).await {
        Ok(Some(reporter)) => ([(header::CACHE_CONTROL, "no-store")], Json(reporter)).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND, "no_reporter", "没有反映人信息", None),
        Err(error) => broken(&error),
    }
}

/// `GET /board/incidents/{external_no}/attachments/{id}`: a picture as a picture, everything else as a download. What it
/// is, is read from its first bytes, not from what was said about it.
pub(in crate::sandbox) async fn attachment(
    Ctx(sandbox): Ctx<Sandbox>,
    Path((external_no, id)): Path<(String, String)>,
) -> Response {
    let (file_name, content) = match sandbox.0.store.content(&external_no, &id).await {
        Ok(Some(found)) => found,
        Ok(None) => return problem(StatusCode::NOT_FOUND, "not_found", "没有这个附件", None),
        Err(error) => return broken(&error),
    };
    let picture = picture(&content);
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(picture.unwrap_or("application/octet-stream")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    let way = if picture.is_some() { "inline" } else { "attachment" };
    if let Ok(value) = HeaderValue::from_str(&format!("{way}; filename*=UTF-8''{}", percent(&file_name))) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The type of the pictures that are shown.
fn picture(content: &[u8]) -> Option<&'static str> {
    match content {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// A file name for a header (RFC 8187).
fn percent(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `POST /board/incidents/{external_no}/{move}`, body `{note?, handler?, until?, section?, post?}` or nothing.
pub(in crate::sandbox) async fn make_move(
    Ctx(sandbox): Ctx<Sandbox>,
    Path((external_no, word)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let Some(step) = Move::from_word(&word) else {
        return problem(StatusCode::NOT_FOUND, "unknown_move", "没有这个操作", None);
    };
    let said = if body.is_empty() { Ok(Said::default()) } else { object::<Said>(&body) };
    let Ok(said) = said else {
        return problem(StatusCode::BAD_REQUEST, "malformed_json", "请求体不是合法的 JSON", None);
    };
    let p = &sandbox.0;
    match desk::act(p, &external_no, step, said).await {
        Ok(Moved::Done(it)) => match p.store.away().await {
            Ok(away) => Json(card(p, &it, &away)).into_response(),
            Err(error) => broken(&error),
        },
        Ok(Moved::Illegal(state)) => {
            let detail = format!("当前状态 {} 不能执行 {}", state.word(), step.word());
            problem(StatusCode::CONFLICT, "illegal_move", &detail, Some(json!({"state": state.word()})))
        }
        Ok(Moved::Unsaid(code, why)) => problem(StatusCode::UNPROCESSABLE_ENTITY, code, why, None),
        Ok(Moved::Unknown) => unknown(),
        Err(error) => broken(&error),
    }
}

/// `POST /board/incidents/{external_no}/forget`: loses it, as the fault switch does. Nothing is taken up again by itself:
/// only a new push of the same key makes it an incident again, under another number.
pub(in crate::sandbox) async fn forget(Ctx(sandbox): Ctx<Sandbox>, Path(external_no): Path<String>) -> Response {
    let p = &sandbox.0;
    match p.store.lose(&external_no, p.clock.now()).await {
        Ok(true) => Json(json!({"external_no": external_no, "lost": true})).into_response(),
        Ok(false) => unknown(),
        Err(error) => broken(&error),
    }
}

/// One clock of a card: until when, from when it counts as due soon, and how it ended.
fn clock(p: &Inner, since: Timestamp, by: Timestamp, done: Option<Timestamp>, running: bool) -> Value {
    let span = by.duration_since(since);
    let warning = (span / 4).clamp(SignedDuration::ZERO, SignedDuration::from_hours(24));
    json!({
        "by": shown(by, &p.tz),
        "since": shown(since, &p.tz),
        "soon_at": shown(by.saturating_sub(warning).unwrap_or(by), &p.tz),
        "done_at": done.map(|at| shown(at, &p.tz)),
        "late": done.is_some_and(|at| at > by),
        "running": running && done.is_none(),
    })
}

fn card(p: &Inner, it: &Incident, away: &[(String, String)]) -> Value {
    let tz = &p.tz;
    let moves: Vec<&str> =
        Move::all().filter(|m| m.allowed_in(it.state, it.extensions, it.asked.is_some())).map(Move::word).collect();
    let gone = away.iter().any(|(section, post)| *section == it.section && *post == it.post);
    let open = it.state.is_open();
    json!({
        "external_no": it.external_no,
        "idempotency_key": it.idempotency_key,
        "number": it.body.get("number"),
        "title": it.title,
        "place": it.place,
        "urgency": it.urgency,
        "urgent": dispatch::is_urgent(&it.urgency),
        "section": it.section,
        "post": it.post,
        "on_duty": dispatch::holder(&it.post, gone),
        "state": it.state.word(),
        "withdrawn": it.withdrawn,
        "handler": it.handler,
        "note": it.note,
        "received_at": shown(it.received_at, tz),
        "accept_by": shown(it.accept_by, tz),
        "accepted_at": it.accepted_at.map(|at| shown(at, tz)),
        "resolve_by": it.resolve_by.map(|at| shown(at, tz)),
        "updated_at": shown(it.updated_at, tz),
        "basis": it.basis,
        "clocks": {
            "accept": clock(p, it.round_at, it.accept_by, it.accepted_at, open),
            "resolve": it.resolve_by.map(|by| clock(p, it.round_at, by, it.resolved_at, open)),
        },
        "round": it.round,
        "people": it.people,
        "affected": it.affected,
        "returns": it.returns,
        "extensions": it.extensions,
        "asked": it.asked.as_ref().map(|(until, note)| json!({"until": shown(*until, tz), "note": note})),
        "moves": moves,
    })
}
