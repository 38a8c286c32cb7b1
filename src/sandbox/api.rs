//! The push interface: what a reporting system calls.

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{Incident, NewIncident, Stored};
use super::{Sandbox, SandboxError, dispatch, faults};

/// The longest idempotency key taken, in bytes.
const KEY_LIMIT: usize = 200;
/// How long a lost answer may be waited for.
const SILENCE: std::time::Duration = std::time::Duration::from_mins(1);

/// `GET ?idempotency_key=`
#[derive(Debug, Deserialize)]
pub(super) struct Lookup {
    idempotency_key: Option<String>,
}

/// `POST /api/v1/incidents`
pub(super) async fn create(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let p = &sandbox.0;
    let faults = *p.faults.read();
    if let Some(failed) = stumble(&sandbox).await {
        return failed;
    }
    let now = p.clock.now();
    if faults.refuse_signature {
        return problem(StatusCode::UNAUTHORIZED, "bad_signature", "签名不正确（故障开关：拒绝签名）", None);
    }
    if let Err(why) = p.signer.check(&headers, &body, now) {
        return problem(StatusCode::UNAUTHORIZED, "bad_signature", &why.to_string(), None);
    }
    let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_LIMIT {
        return problem(StatusCode::BAD_REQUEST, "idempotency_key_missing", "需要请求头 Idempotency-Key", None);
    }
    let Ok(mut incident) = serde_json::from_slice::<Value>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "malformed_json", "请求体不是合法的 JSON", None);
    };
    let missing = missing_fields(&incident);
    if !missing.is_empty() {
        let note = format!("缺少必填字段：{}", missing.join("、"));
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "fields_missing", &note, Some(json!(missing)));
    }
    // The reporter is kept apart from what the board reads.
    let reporter = incident.as_object_mut().and_then(|o| o.remove("reporter"));
    let text = |pointer: &str| incident.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (section, post) = dispatch::dispatch(&incident);
    let urgency = text("/urgency");
    let new = NewIncident {
        idempotency_key: key.to_owned(),
        title: text("/title"),
        place: place(&incident),
        section,
        post,
        received_at: now,
        accept_by: dispatch::accept_by(&incident, &urgency, now),
        urgency,
        body: incident,
        reporter,
        webhook_id: format!("msg_{}", p.ids.uuid().simple()),
    };
    let stored = match p.store.insert(new, &p.tz).await {
        Ok(stored) => stored,
        Err(error) => return broken(&error),
    };
    p.wake.notify_one();
    if faults::happens(faults.drop_after_store, p.ids.as_ref()) {
        return lose_answer(p.ids.as_ref()).await;
    }
    match stored {
        Stored::New(it) => (StatusCode::CREATED, axum::Json(receipt(&it))).into_response(),
        Stored::Already(it) => (StatusCode::CONFLICT, axum::Json(receipt(&it))).into_response(),
    }
}

/// `GET /api/v1/incidents?idempotency_key=…`
pub(super) async fn find(State(sandbox): State<Sandbox>, Query(lookup): Query<Lookup>) -> Response {
    if let Some(failed) = stumble(&sandbox).await {
        return failed;
    }
    let Some(key) = lookup.idempotency_key.filter(|k| !k.is_empty()) else {
        return problem(StatusCode::BAD_REQUEST, "idempotency_key_missing", "需要参数 idempotency_key", None);
    };
    answer(sandbox.0.store.by_key(&key).await)
}

/// `GET /api/v1/incidents/{external_no}`
pub(super) async fn read(State(sandbox): State<Sandbox>, Path(external_no): Path<String>) -> Response {
    if let Some(failed) = stumble(&sandbox).await {
        return failed;
    }
    answer(sandbox.0.store.by_number(&external_no).await)
}

fn answer(found: Result<Option<Incident>, SandboxError>) -> Response {
    match found {
        Ok(Some(it)) => axum::Json(receipt(&it)).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND, "not_found", "没有这个事件", None),
        Err(error) => broken(&error),
    }
}

/// The faults that strike before anything is done.
async fn stumble(sandbox: &Sandbox) -> Option<Response> {
    let faults = *sandbox.0.faults.read();
    if faults.latency_ms > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(faults.latency_ms)).await;
    }
    if faults.down {
        return Some(problem(StatusCode::SERVICE_UNAVAILABLE, "fault_down", "故障开关：平台停机", None));
    }
    faults::happens(faults.error_rate, sandbox.0.ids.as_ref())
        .then(|| problem(StatusCode::INTERNAL_SERVER_ERROR, "fault_error", "故障开关：随机错误", None))
}

/// Stored, but the other side shall not learn it: an error, a broken connection, or silence.
async fn lose_answer(ids: &dyn crate::core::ids::Ids) -> Response {
    if faults::happens(0.4, ids) {
        return problem(StatusCode::INTERNAL_SERVER_ERROR, "fault_after_store", "故障开关：已入库但返回 500", None);
    }
    if faults::happens(0.5, ids) {
        tokio::time::sleep(SILENCE).await;
    }
    hang_up()
}

/// Promises a body and breaks the connection instead of sending it.
fn hang_up() -> Response {
    let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("hang up")) });
    let mut response = Response::new(Body::from_stream(broken));
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("64"));
    response
}

/// What the platform answers about an incident: `external_no`, `status`.
fn receipt(it: &Incident) -> Value {
    json!({"external_no": it.external_no, "status": it.state.word()})
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

/// A time as the platform writes it: RFC 3339 with the street's offset, to the millisecond.
pub(super) fn shown(at: Timestamp, tz: &TimeZone) -> String {
    at.to_zoned(tz.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

pub(super) fn problem(status: StatusCode, code: &str, detail: &str, fields: Option<Value>) -> Response {
    let mut body = json!({"code": code, "detail": detail});
    if let Some(fields) = fields {
        body["fields"] = fields;
    }
    (status, axum::Json(body)).into_response()
}

pub(super) fn broken(error: &SandboxError) -> Response {
    tracing::error!(%error, "演示平台存储出错");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "storage", "平台存储出错", None)
}
