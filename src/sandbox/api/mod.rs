//! The push interface: what a reporting system calls. Here is what all calls have in common.

mod attachments;
mod events;
mod incidents;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::store::{Arrival, Incident};
use super::{Sandbox, SandboxError, faults};

pub(super) use attachments::attach;
pub(super) use events::take;
pub(super) use incidents::{create, find, read, received};

/// The longest idempotency key taken, in bytes.
const KEY_LIMIT: usize = 200;
/// How long a lost answer may be waited for.
const SILENCE: std::time::Duration = std::time::Duration::from_mins(1);
/// Headers that sign or open: they are not kept with what arrived.
const SECRET_HEADERS: [&str; 4] = ["webhook-signature", "authorization", "cookie", "proxy-authorization"];

/// The faults that strike before anything is done, the signature, and the call's own idempotency key.
async fn admit(sandbox: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Result<String, Response> {
    let p = &sandbox.0;
    if let Some(failed) = stumble(sandbox).await {
        return Err(failed);
    }
    if p.faults.read().refuse_signature {
        return Err(problem(StatusCode::UNAUTHORIZED, "bad_signature", "签名不正确（故障开关：拒绝签名）", None));
    }
    if let Err(why) = p.signer.check(headers, body, p.clock.now()) {
        return Err(problem(StatusCode::UNAUTHORIZED, "bad_signature", &why.to_string(), None));
    }
    let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_LIMIT {
        return Err(problem(StatusCode::BAD_REQUEST, "idempotency_key_missing", "需要请求头 Idempotency-Key", None));
    }
    Ok(key.to_owned())
}

/// A JSON object, or the answer that it is none.
fn object(body: &[u8]) -> Result<Map<String, Value>, Box<Response>> {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(problem(StatusCode::UNPROCESSABLE_ENTITY, "not_an_object", "请求体不是 JSON 对象", None).into()),
        Err(_) => Err(problem(StatusCode::BAD_REQUEST, "malformed_json", "请求体不是合法的 JSON", None).into()),
    }
}

/// A call about an incident names itself and the incident twice: in the address or header, and in the body.
fn same_twice(fields: &Map<String, Value>, pairs: [(&str, &str); 2]) -> Result<(), Box<Response>> {
    for (name, wanted) in pairs {
        if fields.get(name).and_then(Value::as_str) != Some(wanted) {
            let detail = format!("{name} 与请求头或地址中的不一致");
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, "id_mismatch", &detail, Some(json!([name]))).into());
        }
    }
    Ok(())
}

/// The call as it arrived.
fn arrival(kind: &str, key: &str, id: &str, at: Timestamp, headers: &HeaderMap, body: String) -> Arrival {
    let mut kept = Map::new();
    for name in headers.keys().filter(|name| !SECRET_HEADERS.contains(&name.as_str())) {
        let values: Vec<_> = headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
        kept.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    Arrival { key: key.to_owned(), kind: kind.to_owned(), id: id.to_owned(), at, headers: Value::Object(kept), body }
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

/// The answer to something that was stored, unless a fault swallows it; none is the fault.
async fn stored(sandbox: &Sandbox, answer: Response) -> Response {
    let faults = *sandbox.0.faults.read();
    let ids = sandbox.0.ids.as_ref();
    if faults::happens(faults.timeout_after_store, ids) {
        tokio::time::sleep(SILENCE).await;
        return hang_up();
    }
    if !faults::happens(faults.drop_after_store, ids) {
        return answer;
    }
    // Stored, but the other side shall not learn it: an error, a broken connection, or silence.
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
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("64"));
    response
}

/// What the platform answers when it has stored an incident: `external_no`, `status`.
fn receipt(it: &Incident) -> Value {
    json!({"external_no": it.external_no, "status": it.state.word()})
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

pub(super) fn unknown() -> Response {
    problem(StatusCode::NOT_FOUND, "not_found", "没有这个事件", None)
}

pub(super) fn broken(error: &SandboxError) -> Response {
    tracing::error!(%error, "演示平台存储出错");
    problem(StatusCode::INTERNAL_SERVER_ERROR, "storage", "平台存储出错", None)
}
