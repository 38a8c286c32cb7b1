//! Server-sent events: numbered, with heartbeats, never buffered on the way.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _};

/// One event on its way out.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Number for `Last-Event-ID`.
    pub id: String,
    /// Name.
    pub event: String,
    /// JSON on one line.
    pub data: String,
}

/// Comments between events, so that proxies and phones keep the line.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams frames.
pub fn respond(frames: impl Stream<Item = Frame> + Send + 'static) -> Response {
    let events = frames.map(|f| Ok::<_, Infallible>(Event::default().id(f.id).event(f.event).data(f.data)));
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("keep-alive")).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx and its kin would otherwise collect the words before they pass them on.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// The number of the last event that the caller saw; 0 when it saw none or says nonsense.
pub fn last_event_id(headers: &HeaderMap) -> u64 {
    headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.trim().parse().ok()).unwrap_or(0)
}

/// True when the caller wants JSON and no stream, and says so.
pub fn wants_whole(headers: &HeaderMap) -> bool {
    accepts(headers, "application/json") && !wants_stream(headers)
}

/// True when the caller wants a stream.
pub fn wants_stream(headers: &HeaderMap) -> bool {
    accepts(headers, "text/event-stream")
}

fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let said = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    said.flat_map(|v| v.split(',')).any(|part| part.trim().to_ascii_lowercase().starts_with(kind))
}
