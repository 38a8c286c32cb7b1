//! The bundled platform, over a real socket: its push interface, its board, its callbacks, its faults.

mod attachments;
mod autopilot;
mod board;
mod callbacks;
mod clocks;
mod events;
mod faults;
mod machines;
mod moves;
mod push;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::HeaderMap;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::sandbox::Faults;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::platform::support::{SECRET, Server, client, fresh, signed};

pub fn incident(n: u32) -> Value {
    json!({
        "number": format!("WG20261122{n:06}"), "title": "挡墙裂缝", "description": "车行交会处挡墙裂缝变宽",
        "category": {"code": "YJ-01", "name": "挡墙险情", "section": "平安法治"},
        "place": {"text": "古渡春色小区7栋车行交会处", "estate": "古渡春色小区", "building": "7栋", "room": "1203"},
        "urgency": "紧急", "reporter": {"anonymous": false, "name": "某居民", "phone": "13800000000"},
    })
}

pub struct Stage {
    pub server: Server,
    pub http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Stage {
    pub fn new(faults: Faults, callback: Option<url::Url>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { server: Server::start(folder.path(), faults, callback), http: client(), _folder: folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base())
    }

    pub async fn push(&self, key: &str, body: &Value) -> Response {
        self.push_signed(key, &body.to_string(), SystemClock.now().as_second(), SECRET).await
    }

    pub async fn push_signed(&self, key: &str, body: &str, at: i64, secret: &str) -> Response {
        self.call("/api/v1/incidents", key, body, at, secret).await
    }

    async fn call(&self, path: &str, key: &str, body: &str, at: i64, secret: &str) -> Response {
        self.request(path, key, body, at, secret).send().await.expect("the platform answers")
    }

    fn request(&self, path: &str, key: &str, body: &str, at: i64, secret: &str) -> RequestBuilder {
        let mut request = self.http.post(self.url(path)).header("idempotency-key", key);
        for (name, value) in signed("msg_1", at, body, secret) {
            request = request.header(name, value);
        }
        request.body(body.to_owned())
    }

    /// A rightly signed call about the incident `key`; `id` is the call's own key.
    pub async fn about(&self, key: &str, what: &str, id: &str, body: &Value) -> (StatusCode, Value) {
        let path = format!("/api/v1/incidents/{key}/{what}");
        let answer = self.call(&path, id, &body.to_string(), SystemClock.now().as_second(), SECRET).await;
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    /// Tells an event of this kind, with `more` fields, under a fresh id.
    pub async fn event(&self, key: &str, kind: &str, more: &Value) -> (StatusCode, Value) {
        let id = fresh().to_string();
        self.about(key, "events", &id, &event(&id, key, kind, more)).await
    }

    /// Switches the faults.
    pub async fn faults(&self, faults: Value) {
        let answer = self.http.put(self.url("/board/faults")).json(&faults).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "{faults}");
    }

    /// An incident as the board has it in full.
    pub async fn card(&self, no: &str) -> Value {
        let (status, card) = self.get(&format!("/board/incidents/{no}")).await;
        assert_eq!(status, 200, "{no} is on the board");
        card
    }

    /// Presses a button that must work.
    pub async fn press(&self, no: &str, button: &str, said: &Value) -> Value {
        let (status, card) = self.post(&format!("/board/incidents/{no}/{button}"), said).await;
        assert_eq!(status, 200, "{button}: {card}");
        card
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = self.http.get(self.url(path)).send().await.expect("the platform answers");
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.http.post(self.url(path)).json(body).send().await.expect("the platform answers");
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }

    pub async fn stored(&self, key: &str) -> String {
        let answer = self.push(key, &incident(1)).await;
        assert_eq!(answer.status(), 201, "a good push is stored");
        let body: Value = answer.json().await.expect("JSON");
        body["external_no"].as_str().expect("a number").to_owned()
    }
}

/// The body of an event.
pub fn event(id: &str, key: &str, kind: &str, more: &Value) -> Value {
    let mut body = json!({
        "event_id": id, "idempotency_key": key, "number": "WG20261122000001", "kind": kind,
        "at": SystemClock.now().to_string(),
    });
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

/// So many hours from now, as a new deadline is written.
pub fn hours_ahead(hours: i64) -> String {
    SystemClock.now().saturating_add(SignedDuration::from_hours(hours)).expect("in range").to_string()
}

/// A time that the platform wrote.
pub fn instant(value: &Value) -> Timestamp {
    value.as_str().and_then(|t| t.parse().ok()).unwrap_or_else(|| panic!("a time, not {value}"))
}

/// What has to be said with a move so that it is not refused for want of words.
pub fn words(button: &str) -> Value {
    match button {
        "extend" => json!({"note": "等待材料", "until": hours_ahead(240)}),
        // Later than the first one, whichever second it is.
        "ask_extension" => json!({"note": "还要等材料", "until": hours_ahead(480)}),
        "return" | "refuse_return" | "refuse_extension" | "merge" => json!({"note": "说明原因"}),
        "agree_return" => json!({"section": "民生服务", "post": "市容环境岗"}),
        _ => json!({}),
    }
}

/// What a listener has heard: headers and body of each callback.
pub type Heard = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// Collects callbacks; refuses the first `refuse` of them.
pub async fn listener(refuse: u32) -> (url::Url, Heard) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (kept, refused) = (heard.clone(), Arc::new(AtomicU32::new(0)));
    let app = axum::Router::new().fallback(move |headers: HeaderMap, body: String| async move {
        kept.lock().push((headers, body));
        if refused.fetch_add(1, Ordering::SeqCst) < refuse {
            axum::http::StatusCode::SERVICE_UNAVAILABLE
        } else {
            axum::http::StatusCode::NO_CONTENT
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{at}/told").parse().expect("an address"), heard)
}
