//! `POST /api/v1/incidents/{idempotency_key}/events`: what happened to an incident since it was pushed.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{admit, arrival, broken, object, problem, same_twice, shown, stored, unknown};
use crate::sandbox::moves::State as Standing;
use crate::sandbox::store::{Effect, NewEvent, Told};
use crate::sandbox::{Sandbox, dispatch};

/// What an event may be, with the words of its line in the history.
const KINDS: [(&str, &str); 9] = [
    ("reopened", "居民反馈未解决，重新办理"),
    ("withdrawn", "居民撤销"),
    ("joined", "并入同一事件的反映"),
    ("split", "拆出一件反映"),
    ("supplemented", "补充情况"),
    ("extended", "办结时限调整"),
    ("rerouted", "改派"),
    ("rated", "居民评价"),
    ("moved", "上报方推进"),
];
/// The reporting system's words for where its people have moved an incident to, and what they are here.
const MOVED: [(&str, Standing); 4] = [
    ("已受理", Standing::Accepted),
    ("已交办", Standing::Assigned),
    ("处置中", Standing::InProgress),
    ("已办结", Standing::Resolved),
];
/// The longest line of history, in characters.
const LINE_LIMIT: usize = 500;

/// The body of an event; unknown fields are kept with the arrival and otherwise ignored.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "at")]
    _at: Timestamp,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    joined: Option<u32>,
    #[serde(default)]
    people_affected: Option<u32>,
    #[serde(default)]
    clock: Option<Clock>,
    #[serde(default)]
    route: Option<Route>,
    #[serde(default)]
    rating: Option<Rating>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Clock {
    #[serde(default)]
    resolve_by: Option<Timestamp>,
    #[serde(default)]
    basis: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Route {
    section: String,
    post: String,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Rating {
    solved: bool,
    #[serde(default)]
    stars: Option<u8>,
}

/// `POST /api/v1/incidents/{idempotency_key}/events`
pub(in crate::sandbox) async fn take(
    State(sandbox): State<Sandbox>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let p = &sandbox.0;
    let id = match admit(&sandbox, &headers, &body).await {
        Ok(id) => id,
        Err(refused) => return refused,
    };
    let fields = match object(&body) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    if let Err(refused) = same_twice(&fields, [("event_id", &id), ("idempotency_key", &key)]) {
        return refused;
    }
    let Some((kind, words)) = KINDS.into_iter().find(|(kind, _)| fields.get("kind").and_then(Value::as_str) == Some(kind)) else {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "unknown_kind", "没有这种事件变化", Some(json!(["kind"])));
    };
    let arrival = arrival("event", &key, &id, p.clock.now(), &headers, String::from_utf8_lossy(&body).into_owned());
    let event = match read(kind, words, &fields, &sandbox) {
        Ok((effect, line, event)) => {
            NewEvent { id, kind, effect, line: Some(line), people: event.joined, affected: event.people_affected, arrival }
        }
        Err(why) => return problem(StatusCode::UNPROCESSABLE_ENTITY, "malformed_event", &why, None),
    };
    match p.store.take_event(event).await {
        Ok(Told::New(answer)) => stored(&sandbox, (StatusCode::CREATED, axum::Json(answer)).into_response()).await,
        Ok(Told::Already(answer)) => stored(&sandbox, (StatusCode::CONFLICT, axum::Json(answer)).into_response()).await,
        Ok(Told::Elsewhere) => {
            problem(StatusCode::UNPROCESSABLE_ENTITY, "event_id_reused", "这个 event_id 属于另一事件", Some(json!(["event_id"])))
        }
        // Not 409: that would say that it is already there.
        Ok(Told::Illegal(state)) => {
            let detail = format!("当前状态 {} 不能发生 {kind}", state.word());
            problem(StatusCode::UNPROCESSABLE_ENTITY, "illegal_event", &detail, Some(json!({"state": state.word()})))
        }
        Ok(Told::Unknown) => unknown(),
        Err(error) => broken(&error),
    }
}

/// Effect and line of history, or what is wrong with the body.
fn read(kind: &str, words: &str, fields: &Map<String, Value>, sandbox: &Sandbox) -> Result<(Effect, String, Event), String> {
    let event: Event = serde_json::from_value(Value::Object(fields.clone())).map_err(|e| format!("事件变化无法识别：{e}"))?;
    let mut line = vec![words.to_owned()];
    let effect = match kind {
        "reopened" => Effect::Reopen { body: Value::Object(fields.clone()) },
        "withdrawn" => Effect::Withdraw,
        "extended" => {
            let clock = event.clock.as_ref().ok_or("extended 需要 clock.resolve_by")?;
            let resolve_by = clock.resolve_by.ok_or("extended 需要 clock.resolve_by")?;
            line.push(format!("至 {}", shown(resolve_by, &sandbox.0.tz).get(..16).unwrap_or_default().replace('T', " ")));
            Effect::Deadline { resolve_by, basis: clock.basis.clone() }
        }
        "rerouted" => {
            let route = event.route.as_ref().ok_or("rerouted 需要 route")?;
            let post: String = route.post.trim().chars().take(30).collect();
            if post.is_empty() {
                return Err("rerouted 需要 route.post".to_owned());
            }
            line.push(format!("{}·{post}", route.section));
            line.extend(route.reason.clone());
            Effect::Route { section: dispatch::section(&route.section), post }
        }
        "moved" => {
            let word = event.status.as_deref().unwrap_or_default();
            line.push(word.to_owned());
            line.extend(event.by.clone());
            // A word that is none of ours is only noted.
            MOVED.iter().find(|(theirs, _)| *theirs == word).map_or(Effect::Note, |(_, state)| Effect::Move { state: *state })
        }
        "rated" => {
            let rating = event.rating.as_ref().ok_or("rated 需要 rating")?;
            line.push(if rating.solved { "已解决" } else { "未解决" }.to_owned());
            line.extend(rating.stars.map(|stars| format!("{stars} 星")));
            Effect::Note
        }
        _ => {
            line.extend(event.joined.map(|n| format!("现有 {n} 人反映")));
            line.extend(event.people_affected.map(|n| format!("影响 {n} 人")));
            Effect::Note
        }
    };
    line.extend(event.note.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned));
    Ok((effect, line.join("；").chars().take(LINE_LIMIT).collect(), event))
}
