//! Time from a request to the first word, at 1, 16 and 64 conversations at once: without a model, and with a stand-in
//! model that answers at once, beside a bare relay of the same stream in the same minute.
//!
//! `make bench`. Ratios are what counts: the machine is never quiet. Every party is a process or a runtime of its own
//! on the loopback; nothing leaves it.

#![expect(clippy::print_stdout, reason = "what was measured")]

use std::convert::Infallible;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Conversations at once, and turns of each.
const LOADS: [(usize, usize); 3] = [(1, 120), (16, 30), (64, 12)];
/// Rounds of a pair; the median round is shown.
const ROUNDS: usize = 3;
/// Pieces of a stand-in answer; no figure in it, so nothing is held back.
const PIECES: usize = 64;
const QUESTIONS: [&str; 6] =
    ["低保怎么申请", "身份证丢了怎么补办", "楼上漏水邻居不管怎么办", "养狗要办什么证", "老板拖欠工资找谁", "居住证怎么办理"];

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    gridworker::llm::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Failure> {
    let model = serve(Router::new().route("/v1/chat/completions", post(stand_in))).await?;
    let relay = serve(Router::new().route("/chat", post(bare_relay)).with_state(Relay::new(&model)?)).await?;
    let with_model = Service::start(Some(&format!("{model}/v1"))).await?;
    let without = Service::start(None).await?;
    println!("first word in ms (p50 / p95), median of {ROUNDS} rounds; ratio to the bare relay in the same round");
    println!(
        "{:>4}  {:>17}  {:>17}  {:>7}  {:>17}  {:>9}",
        "at once", "bare relay", "with a model", "ratio", "without a model", "turns/s"
    );
    for (at_once, turns) in LOADS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let bare = drive(&Target::Relay(relay.clone()), at_once, turns).await?;
            let ours = drive(&Target::Service(with_model.base.clone()), at_once, turns).await?;
            let plain = drive(&Target::Service(without.base.clone()), at_once, turns).await?;
            rounds.push((bare, ours, plain));
        }
        rounds.sort_by(|a, b| a.1.p50.total_cmp(&b.1.p50));
        let (bare, ours, plain) = &rounds[ROUNDS / 2];
        println!(
            "{at_once:>4}  {:>8.2} {:>8.2}  {:>8.2} {:>8.2}  {:>7.2}  {:>8.2} {:>8.2}  {:>9.0}",
            bare.p50,
            bare.p95,
            ours.p50,
            ours.p95,
            ours.p50 / bare.p50,
            plain.p50,
            plain.p95,
            ours.rate
        );
    }
    println!("resident memory afterwards: with a model {} MB, without {} MB", with_model.rss_mb(), without.rss_mb());
    Ok(())
}

async fn serve(router: Router) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|s| drop(s.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}

/// An OpenAI-compatible answer, all at once.
async fn stand_in() -> impl IntoResponse {
    let piece = |text: &str| format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }));
    let mut pieces: Vec<String> = (0..PIECES).map(|_| piece("先准备好材料再到窗口申请，")).collect();
    pieces.push(format!(
        "data: {}\n\ndata: [DONE]\n\n",
        json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] })
    ));
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
    ([(header::CONTENT_TYPE, "text/event-stream")], body)
}

#[derive(Clone)]
struct Relay {
    http: reqwest::Client,
    model: String,
}

impl Relay {
    fn new(model: &str) -> Result<Self, Failure> {
        let http = reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(5)).build()?;
        Ok(Self { http, model: format!("{model}/v1/chat/completions") })
    }
}

/// Passes the model's stream on: no storage, no search, no gate.
async fn bare_relay(
    State(relay): State<Relay>,
    Json(question): Json<Value>,
) -> Result<impl IntoResponse, axum::http::StatusCode> {
    let answer = relay.http.post(&relay.model).json(&question).send().await.map_err(|_| axum::http::StatusCode::BAD_GATEWAY)?;
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(answer.bytes_stream())))
}

/// The real binary with a data folder of its own.
struct Service {
    child: Child,
    base: String,
    _folder: tempfile::TempDir,
}

impl Service {
    async fn start(model: Option<&str>) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let base = format!("http://127.0.0.1:{port}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_gridworker"));
        command
            .args(["serve", "--demo", "--listen", &format!("127.0.0.1:{port}")])
            .env("GRIDWORKER__STORAGE__DATA_DIR", folder.path())
            .env("GRIDWORKER__LOG__FILTER", "error")
            .stderr(Stdio::null());
        if let Some(url) = model {
            command
                .env("GRIDWORKER__LLM__BASE_URL", url)
                .env("GRIDWORKER__LLM__MODEL", "stand-in")
                .env("GRIDWORKER__LLM__API_KEY", "none");
        }
        let service = Self { child: command.spawn()?, base, _folder: folder };
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build()?;
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let ready = http.get(format!("{}/health/ready", service.base)).send().await;
            if ready.is_ok_and(|r| r.status().is_success()) {
                return Ok(service);
            }
            if Instant::now() > until {
                return Err("the service did not become ready".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn rss_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

enum Target {
    Relay(String),
    Service(String),
}

struct Figures {
    p50: f64,
    p95: f64,
    rate: f64,
}

async fn drive(target: &Target, at_once: usize, turns: usize) -> Result<Figures, Failure> {
    let started = Instant::now();
    let mut sessions = Vec::new();
    for number in 0..at_once {
        let http = reqwest::Client::builder().no_proxy().tcp_nodelay(true).timeout(Duration::from_mins(1)).build()?;
        let (url, token, mark) = match target {
            Target::Relay(base) => (format!("{base}/chat"), String::new(), "content"),
            Target::Service(base) => {
                let opened: Value = http
                    .post(format!("{base}/api/v1/conversations"))
                    .json(&json!({}))
                    .send()
                    .await?
                    .error_for_status()?
                    .json()
                    .await?;
                let id = opened["conversation_id"].as_str().unwrap_or_default();
                let token = opened["token"].as_str().unwrap_or_default().to_owned();
                (format!("{base}/api/v1/conversations/{id}/messages"), token, "event: delta")
            }
        };
        sessions.push(tokio::spawn(async move {
            let mut times = Vec::with_capacity(turns);
            for turn in 0..turns {
                let question = QUESTIONS[(number + turn) % QUESTIONS.len()];
                let body = json!({ "client_message_id": format!("m{turn}"), "text": question, "stream": true, "messages": [{ "role": "user", "content": question }] });
                let request = http.post(&url).bearer_auth(&token).header(header::ACCEPT, "text/event-stream").json(&body);
                times.push(first_word(request, mark).await?);
            }
            Ok::<_, Failure>(times)
        }));
    }
    let mut times = Vec::new();
    for session in sessions {
        times.extend(session.await??);
    }
    let rate = times.len() as f64 / started.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Ok(Figures { p50: at(0.5), p95: at(0.95), rate })
}

/// Milliseconds until `mark` was received; the rest of the answer is read and must not be empty.
async fn first_word(request: reqwest::RequestBuilder, mark: &str) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut answer = request.send().await?.error_for_status()?.bytes_stream();
    let mut text = String::new();
    let mut first = None;
    while let Some(chunk) = answer.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk?));
        if first.is_none() && text.contains(mark) {
            first = Some(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    first.ok_or_else(|| format!("no first word in {} bytes", text.len()).into())
}
