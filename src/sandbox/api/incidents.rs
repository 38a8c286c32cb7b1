//! `POST /api/v1/incidents`, the questions about an incident, and the proof of what arrived for it.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{admit, arrival, broken, problem, receipt, shown, stored, stumble, unknown};
use crate::sandbox::store::{Arrival, Incident, NewIncident, Stored};
use crate::sandbox::{Sandbox, SandboxError, dispatch, faults};

/// `GET ?idempotency_key=`
#[derive(Debug, Deserialize)]
pub(in crate::sandbox) struct Lookup {
    idempotency_key: Option<String>,
}

/// `POST /api/v1/incidents`
pub(in crate::sandbox) async fn create(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let p = &sandbox.0;
    let key = match admit(&sandbox, &headers, &body).await {
        Ok(key) => key,
        Err(refused) => return refused,
    };
    let now = p.clock.now();
    let Ok(mut incident) = serde_json::from_slice::<Value>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "malformed_json", "请求体不是合法的 JSON", None);
    };
    let missing = missing_fields(&incident);
    if !missing.is_empty() {
        let note = format!("缺少必填字段：{}", missing.join("、"));
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "fields_missing", &note, Some(json!(missing)));
    }
    let arrival = arrival("incident", &key, &key, now, &headers, String::from_utf8_lossy(&body).into_owned());
    // The reporter is kept apart from what the board reads.
    let reporter = incident.as_object_mut().and_then(|o| o.remove("reporter"));
    let text = |pointer: &str| incident.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let count = |name: &str| incident.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let (section, post) = dispatch::dispatch(&incident);
    let urgency = text("/urgency");
    let new = NewIncident {
        idempotency_key: key,
        title: text("/title"),
        place: place(&incident),
        section,
        post,
        received_at: now,
        accept_by: dispatch::accept_by(&incident, &urgency, now),
        resolve_by: dispatch::resolve_by(&incident, now),
        basis: Some(text("/clock/basis")).filter(|t| !t.is_empty()),
        people: count("joined").unwrap_or(1).max(1),
        affected: count("people_affected"),
        urgency,
        body: incident,
        reporter,
        webhook_id: format!("msg_{}", p.ids.uuid().simple()),
        arrival,
    };
    let outcome = match p.store.insert(new, &p.tz).await {
        Ok(outcome) => outcome,
        Err(error) => return broken(&error),
    };
    p.wake.notify_one();
    let (status, it) = match &outcome {
        Stored::New(it) => (StatusCode::CREATED, it),
        Stored::Already(it) => (StatusCode::CONFLICT, it),
    };
    let answer = stored(&sandbox, (status, axum::Json(receipt(it))).into_response()).await;
    let forget = p.faults.read().forget;
    if answer.status() == StatusCode::CREATED && matches!(outcome, Stored::New(_)) && faults::happens(forget, p.ids.as_ref()) {
        if let Err(error) = p.store.lose(&it.external_no, p.clock.now()).await {
            return broken(&error);
        }
        tracing::info!(external_no = it.external_no, "故障开关：答复已接收，随后丢失");
    }
    answer
}

/// `GET /api/v1/incidents?idempotency_key=…`
pub(in crate::sandbox) async fn find(State(sandbox): State<Sandbox>, Query(lookup): Query<Lookup>) -> Response {
    if let Some(failed) = questioned(&sandbox).await {
        return failed;
    }
    let Some(key) = lookup.idempotency_key.filter(|k| !k.is_empty()) else {
        return problem(StatusCode::BAD_REQUEST, "idempotency_key_missing", "需要参数 idempotency_key", None);
    };
    answer(&sandbox, sandbox.0.store.by_key(&key).await)
}

/// `GET /api/v1/incidents/{external_no}`
pub(in crate::sandbox) async fn read(State(sandbox): State<Sandbox>, Path(external_no): Path<String>) -> Response {
    if let Some(failed) = questioned(&sandbox).await {
        return failed;
    }
    answer(&sandbox, sandbox.0.store.by_number(&external_no).await)
}

/// `GET /api/v1/incidents/{idempotency_key}/received`: everything that arrived, as it arrived. Only a sandbox has this.
pub(in crate::sandbox) async fn received(State(sandbox): State<Sandbox>, Path(key): Path<String>) -> Response {
    let p = &sandbox.0;
    let (incident, arrivals) = match (p.store.by_key(&key).await, p.store.arrivals(&key).await) {
        (Ok(incident), Ok(arrivals)) => (incident, arrivals),
        (Err(error), _) | (_, Err(error)) => return broken(&error),
    };
    if incident.is_none() && arrivals.is_empty() {
        return unknown();
    }
    let of = |kind: &str| -> Vec<Value> {
        let mine = arrivals.iter().filter(|a| a.kind == kind);
        mine.map(|Arrival { id, at, headers, body, .. }| match kind {
            // The content is stored apart; its name, size and hash stand in the fields.
            "attachment" => {
                let fields: Value = serde_json::from_str(body).unwrap_or(Value::Null);
                json!({"attachment_id": id, "at": shown(*at, &p.tz), "headers": headers, "file_name": fields["file_name"],
                       "content_type": fields["content_type"], "bytes": fields["bytes"], "sha256": fields["sha256"],
                       "fields": fields})
            }
            "event" => json!({"event_id": id, "at": shown(*at, &p.tz), "headers": headers, "body": body}),
            _ => json!({"at": shown(*at, &p.tz), "headers": headers, "body": body}),
        })
        .collect()
    };
    let body = json!({
        "idempotency_key": key,
        "external_no": incident.map(|it| it.external_no),
        "incident": of("incident"),
        "events": of("event"),
        "attachments": of("attachment"),
    });
    ([(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}

/// The faults that strike a question.
async fn questioned(sandbox: &Sandbox) -> Option<Response> {
    if let Some(failed) = stumble(sandbox).await {
        return Some(failed);
    }
    let rate = sandbox.0.faults.read().ask_error_rate;
    faults::happens(rate, sandbox.0.ids.as_ref())
        .then(|| problem(StatusCode::INTERNAL_SERVER_ERROR, "fault_ask", "故障开关：查询出错", None))
}

/// `{external_no, status, at, handler?, note?}`: at = since when it is in this state.
fn answer(sandbox: &Sandbox, found: Result<Option<Incident>, SandboxError>) -> Response {
    match found {
        Ok(Some(it)) => {
            let mut body = receipt(&it);
            body["at"] = shown(it.updated_at, &sandbox.0.tz).into();
            if let Some(handler) = it.handler {
                body["handler"] = handler.into();
            }
            if let Some(note) = it.note {
                body["note"] = note.into();
            }
            axum::Json(body).into_response()
        }
        Ok(None) => unknown(),
        Err(error) => broken(&error),
    }
}

/// The names of the fields that an incident cannot do without.
fn missing_fields(body: &Value) -> Vec<&'static str> {
    let has = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty());
    let mut missing = Vec::new();
    for (name, pointers) in [
        ("number", &["/number"][..]),
        ("title", &["/title"]),
        ("description", &["/description"]),
        ("category", &["/category/name", "/category/code", "/category"]),
        ("place", &["/place/text", "/place/estate", "/place/grid", "/place"]),
        ("urgency", &["/urgency"]),
    ] {
        if !pointers.iter().any(|p| has(p)) {
            missing.push(name);
        }
    }
    missing
}

/// The place in one line, without the room.
fn place(body: &Value) -> String {
    let at =
        |name: &str| body.pointer(&format!("/place/{name}")).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
    let parts: Vec<&str> = ["community", "grid", "estate", "building", "unit"].into_iter().filter_map(at).collect();
    if at("estate").is_none()
        && at("building").is_none()
        && let Some(text) = at("text").or_else(|| body.get("place").and_then(Value::as_str))
    {
        return parts.first().map_or_else(|| text.to_owned(), |community| format!("{community} · {text}"));
    }
    parts.join(" · ")
}
