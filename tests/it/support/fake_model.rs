//! A model endpoint on a real loopback socket that does what a script says: chunk by chunk, behind gates, rightly or wrongly.
//!
//! It is a stand-in for somebody else's server, not for our code: everything under test runs as in production. Scripted replies
//! are used in order; when there are none left, the rule given to [`FakeModel::otherwise`] answers, else a 500. A scripted reply
//! that nobody fetched fails the test.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_stream::wrappers::ReceiverStream;

/// Long enough for a busy machine, short enough to fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// One thing that the endpoint does while it streams.
#[derive(Debug)]
pub enum Step {
    /// A chunk with words.
    Text(String),
    /// A chunk with reasoning, which no resident should see.
    Reasoning(String),
    /// A chunk with a finish reason.
    Finish(String),
    /// A chunk without choices that reports token counts.
    Usage,
    /// `data: [DONE]`.
    Done,
    /// A `data:` line with this text, whatever it is.
    Data(String),
    /// An SSE comment, as some endpoints send while they are busy.
    Comment,
    /// Goes on when the test opens the gate.
    Gate(oneshot::Receiver<()>),
    /// Says nothing more and keeps the connection.
    Idle,
    /// Breaks the connection.
    Reset,
}

impl Step {
    /// A chunk with words.
    pub fn text(words: &str) -> Self {
        Self::Text(words.to_owned())
    }

    /// A chunk with a finish reason.
    pub fn finish(reason: &str) -> Self {
        Self::Finish(reason.to_owned())
    }

    /// A `data:` line.
    pub fn data(line: &str) -> Self {
        Self::Data(line.to_owned())
    }

    /// A gate and what opens it.
    pub fn gate() -> (oneshot::Sender<()>, Self) {
        let (open, gate) = oneshot::channel();
        (open, Self::Gate(gate))
    }
}

#[derive(Debug)]
enum Payload {
    /// An orderly answer: streamed if the request asks for a stream, else whole.
    Says(Vec<String>),
    Sse(Vec<Step>),
    Bytes(Vec<u8>),
    /// Takes the request and never answers.
    Hang,
}

/// What the endpoint does with one request.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    payload: Payload,
}

impl Reply {
    fn new(status: u16, content_type: &str, payload: Payload) -> Self {
        let headers = match content_type {
            "" => Vec::new(),
            kind => vec![(header::CONTENT_TYPE.to_string(), kind.to_owned())],
        };
        Self { status, headers, payload }
    }

    /// An orderly answer in these pieces.
    pub fn says(pieces: &[&str]) -> Self {
        Self::new(200, "", Payload::Says(pieces.iter().map(|piece| (*piece).to_owned()).collect()))
    }

    /// A stream of steps, ending where they end.
    pub fn sse(steps: Vec<Step>) -> Self {
        Self::new(200, "text/event-stream", Payload::Sse(steps))
    }

    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", Payload::Bytes(body.to_string().into_bytes()))
    }

    /// Any body under any content type (none if empty).
    pub fn body(status: u16, content_type: &str, body: &str) -> Self {
        Self::new(status, content_type, Payload::Bytes(body.as_bytes().to_vec()))
    }

    /// A proxy's page.
    pub fn html(status: u16) -> Self {
        Self::body(status, "text/html; charset=utf-8", "<html><body><h1>网关错误</h1></body></html>")
    }

    /// No answer at all.
    pub fn hang() -> Self {
        Self::new(200, "", Payload::Hang)
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What the endpoint was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Path with query.
    pub path: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body as JSON; null if it was none.
    pub body: Value,
    /// The body as it came, with its type.
    pub raw: (String, Bytes),
    /// The caller's end of the connection: the same for two requests if the connection was used again.
    pub peer: SocketAddr,
}

type Rule = Box<dyn Fn(&Value) -> Reply + Send + Sync>;

struct Inner {
    script: Mutex<VecDeque<Reply>>,
    otherwise: Mutex<Option<Rule>>,
    asked: Mutex<Vec<Asked>>,
    hung_up: watch::Sender<usize>,
}

/// The endpoint. It stops when dropped.
pub struct FakeModel {
    inner: Arc<Inner>,
    address: SocketAddr,
    server: tokio::task::JoinHandle<()>,
}

impl FakeModel {
    /// Starts on a free loopback port with an empty script.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let inner = Arc::new(Inner {
            script: Mutex::default(),
            otherwise: Mutex::default(),
            asked: Mutex::default(),
            hung_up: watch::Sender::new(0),
        });
        let app =
            Router::new().fallback(answer).with_state(Arc::clone(&inner)).into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("the stand-in endpoint serves until it is dropped");
        });
        Self { inner, address, server }
    }

    /// Starts with a script.
    pub async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let fake = Self::start().await;
        for reply in replies {
            fake.then(reply);
        }
        fake
    }

    /// Adds a reply to the script.
    pub fn then(&self, reply: Reply) {
        self.inner.script.lock().expect("no test panics with the lock").push_back(reply);
    }

    /// Answers by a rule, given the request's body, when the script is used up.
    pub fn otherwise(&self, rule: impl Fn(&Value) -> Reply + Send + Sync + 'static) {
        *self.inner.otherwise.lock().expect("no test panics with the lock") = Some(Box::new(rule));
    }

    /// The address to configure.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Everything asked so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.inner.asked.lock().expect("no test panics with the lock").clone()
    }

    /// The bodies of everything asked so far.
    pub fn bodies(&self) -> Vec<Value> {
        self.requests().into_iter().map(|asked| asked.body).collect()
    }

    /// Waits until so many callers have gone away before their reply had ended.
    pub async fn hung_up(&self, callers: usize) {
        let mut seen = self.inner.hung_up.subscribe();
        let waited = tokio::time::timeout(PATIENCE, seen.wait_for(|count| *count >= callers)).await;
        assert!(
            waited.is_ok(),
            "the endpoint should have seen {callers} caller(s) hang up, it saw {}",
            *self.inner.hung_up.borrow()
        );
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.server.abort();
        let left = self.inner.script.lock().map_or(0, |script| script.len());
        if !std::thread::panicking() {
            assert_eq!(left, 0, "{left} scripted repl(ies) of the model were never fetched");
        }
    }
}

/// Counts a caller that went away, unless told that the reply has ended.
struct OnHangUp(Arc<Inner>, bool);

impl Drop for OnHangUp {
    fn drop(&mut self) {
        if self.1 {
            self.0.hung_up.send_modify(|count| *count += 1);
        }
    }
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let raw = (kind, body.clone());
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let streams = body["stream"] == json!(true);
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let scripted = inner.script.lock().expect("no test panics with the lock").pop_front();
    let reply = scripted.unwrap_or_else(|| match &*inner.otherwise.lock().expect("no test panics with the lock") {
        Some(rule) => rule(&body),
        None => Reply::json(500, &json!({ "error": { "message": "the script is used up" } })),
    });
    inner.asked.lock().expect("no test panics with the lock").push(Asked {
        path: uri.to_string(),
        authorization,
        body,
        raw,
        peer,
    });

    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let (kind, body) = match reply.payload {
        Payload::Hang => {
            let _gone = OnHangUp(inner, true);
            std::future::pending::<Infallible>().await;
            unreachable!("a pending future never ends")
        }
        Payload::Bytes(bytes) => (None, Body::from(bytes)),
        Payload::Sse(steps) => (None, play(inner, steps)),
        Payload::Says(pieces) if streams => {
            let texts = pieces.into_iter().map(Step::Text);
            let steps = texts.chain([Step::finish("stop"), Step::Usage, Step::Done]).collect();
            (Some("text/event-stream"), play(inner, steps))
        }
        Payload::Says(pieces) => {
            let message = json!({ "role": "assistant", "content": pieces.concat() });
            let whole = json!({ "id": "c-1", "object": "chat.completion", "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] });
            (Some("application/json"), Body::from(whole.to_string()))
        }
    };
    if let Some(kind) = kind {
        response = response.header(header::CONTENT_TYPE, kind);
    }
    response.body(body).expect("scripted headers are valid")
}

/// Plays the steps into a body as they become due.
fn play(inner: Arc<Inner>, steps: Vec<Step>) -> Body {
    let (send, receive) = mpsc::channel::<Result<String, std::io::Error>>(1);
    tokio::spawn(async move {
        let mut gone = OnHangUp(inner, true);
        for step in steps {
            let line = match step {
                Step::Text(words) => chunk(&json!({ "content": words }), &Value::Null),
                Step::Reasoning(words) => chunk(&json!({ "content": null, "reasoning_content": words }), &Value::Null),
                Step::Finish(reason) => chunk(&json!({}), &json!(reason)),
                Step::Usage => {
                    format!("data: {}\n\n", json!({ "choices": [], "usage": { "prompt_tokens": 7, "completion_tokens": 3 } }))
                }
                Step::Done => "data: [DONE]\n\n".to_owned(),
                Step::Data(line) => format!("data: {line}\n\n"),
                Step::Comment => ": busy\n\n".to_owned(),
                Step::Gate(gate) => {
                    tokio::select! {
                        () = send.closed() => return,
                        _ = gate => continue,
                    }
                }
                Step::Idle => {
                    send.closed().await;
                    return;
                }
                Step::Reset => {
                    gone.1 = false;
                    // The words before have to leave the machine before the line breaks.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    drop(send.send(Err(std::io::Error::other("reset by script"))).await);
                    return;
                }
            };
            if send.send(Ok(line)).await.is_err() {
                return;
            }
        }
        gone.1 = false;
    });
    Body::from_stream(ReceiverStream::new(receive))
}

fn chunk(delta: &Value, finish: &Value) -> String {
    let chunk = json!({ "id": "c-1", "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
    format!("data: {chunk}\n\n")
}
