//! Who talks to the service, as types: a test reads like what people do.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::wire::{Answer, Events, Frame};

type Address = Arc<RwLock<SocketAddr>>;

fn url(address: &Address, path: &str) -> String {
    format!("http://{}{path}", address.read().expect("no test panics with the lock"))
}

/// Holds no key.
pub struct Stranger {
    pub http: reqwest::Client,
    pub address: Address,
}

impl Stranger {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, url(&self.address, path))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body).send().await).await
    }
}

/// Sends one file as a browser's form does.
pub async fn send_file(request: RequestBuilder, name: &str, kind: &str, file: &[u8]) -> Answer {
    const EDGE: &str = "----------------the-edge-of-a-part";
    let mut body =
        format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n")
            .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{EDGE}--\r\n").as_bytes());
    Answer::of(request.header("content-type", format!("multipart/form-data; boundary={EDGE}")).body(body).send().await).await
}

/// Has a conversation and the key to it.
pub struct Resident {
    http: reqwest::Client,
    address: Address,
    pub id: String,
    pub token: String,
    said: AtomicU64,
}

impl Resident {
    /// Opens a conversation; with a gridworker's key for the gridworkers' audience.
    pub async fn open(http: reqwest::Client, address: Address, key: Option<&str>) -> Self {
        let mut request = http.post(url(&address, "/api/v1/conversations"));
        request = match key {
            Some(key) => request.bearer_auth(key).json(&json!({ "channel": "worker", "audience": "gridworker" })),
            None => request.json(&json!({})),
        };
        let body = Answer::of(request.send().await).await.expect(201);
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("a conversation has {name}: {body}")).to_owned();
        let (id, token) = (text("conversation_id"), text("token"));
        Self { http, address, id, token, said: AtomicU64::new(0) }
    }

    /// Any call under this key; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, url(&self.address, path)).bearer_auth(&self.token)
    }

    /// A path under this conversation.
    pub fn path(&self, tail: &str) -> String {
        format!("/api/v1/conversations/{}{tail}", self.id)
    }

    /// A message on its way, to be sent in any manner.
    pub fn message(&self, client_id: &str, text: &str) -> RequestBuilder {
        let body = json!({ "client_message_id": client_id, "text": text });
        self.request(Method::POST, &self.path("/messages")).json(&body)
    }

    pub fn next_client_id(&self) -> String {
        format!("m-{}", self.said.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Sends a message and takes whatever comes.
    pub async fn send(&self, text: &str) -> Answer {
        Answer::of(self.message(&self.next_client_id(), text).send().await).await
    }

    /// Says something and waits for the whole turn.
    pub async fn say(&self, text: &str) -> Value {
        let answer = self.send(text).await;
        assert_eq!(answer.status, 200, "「{text}」 should be answered, got {}: {}", answer.status, answer.text());
        answer.expect(200)
    }

    /// Says something with pictures.
    pub async fn show(&self, text: &str, pictures: &[&str]) -> Answer {
        let body = json!({ "client_message_id": self.next_client_id(), "text": text, "attachments": pictures });
        Answer::of(self.request(Method::POST, &self.path("/messages")).json(&body).send().await).await
    }

    /// Opens the stream of a new turn.
    pub async fn listen(&self, text: &str) -> Events {
        self.listen_as(&self.next_client_id(), text).await
    }

    /// As [`Self::listen`], under a given client id.
    pub async fn listen_as(&self, client_id: &str, text: &str) -> Events {
        let sent = self.message(client_id, text).header("accept", "text/event-stream").send().await;
        Events::of(sent.expect("the service answers"))
    }

    /// Streams a turn to its end.
    pub async fn stream(&self, text: &str) -> Vec<Frame> {
        self.listen(text).await.all().await
    }

    /// A turn's events after `last`.
    pub async fn resume(&self, turn: &str, last: u64) -> Events {
        let request =
            self.request(Method::GET, &self.path(&format!("/turns/{turn}/events"))).header("last-event-id", last.to_string());
        Events::of(request.send().await.expect("the service answers"))
    }

    /// The conversation's news, after `last` if given.
    pub async fn news(&self, last: Option<u64>) -> Events {
        let mut request = self.request(Method::GET, &self.path("/events"));
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        Events::of(request.send().await.expect("the service answers"))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await).await
    }

    pub async fn history(&self) -> Value {
        self.get(&self.path("/messages")).await.expect(200)
    }

    pub async fn patch(&self, patch: &Value) -> Answer {
        Answer::of(self.request(Method::PATCH, &self.path("/draft")).json(patch).send().await).await
    }

    pub async fn confirm(&self) -> Answer {
        Answer::of(self.request(Method::POST, &self.path("/draft/confirm")).send().await).await
    }

    pub async fn confirm_as(&self, key: &str) -> Answer {
        let request = self.request(Method::POST, &self.path("/draft/confirm")).header("idempotency-key", key);
        Answer::of(request.send().await).await
    }

    pub async fn cancel(&self) -> Answer {
        Answer::of(self.request(Method::POST, &self.path("/draft/cancel")).send().await).await
    }

    pub async fn rate(&self, number: &str, rating: &Value) -> Answer {
        Answer::of(self.request(Method::POST, &format!("/api/v1/tickets/{number}/rating")).json(rating).send().await).await
    }

    pub async fn forget_me(&self) -> Answer {
        Answer::of(self.request(Method::DELETE, &self.path("")).send().await).await
    }

    /// Uploads a file as a browser does.
    pub async fn upload(&self, name: &str, kind: &str, file: &[u8]) -> Answer {
        send_file(self.request(Method::POST, "/api/v1/attachments"), name, kind, file).await
    }

    /// Speaks a recording into the window.
    pub async fn speak(&self, file: &[u8]) -> Answer {
        send_file(self.request(Method::POST, "/api/v1/transcriptions"), "speech", "audio/webm", file).await
    }

    /// Reports the façade of the article and confirms it; the ticket.
    pub async fn report_facade(&self) -> Value {
        let turn = self.say("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤，下面是通道").await;
        assert_eq!(turn["route"], "report", "a fallen tile is reported: {turn}");
        if turn["card"]["complete"] == json!(false) {
            self.answer_questions(&turn).await;
        }
        self.confirm().await.expect(201)["ticket"].clone()
    }

    /// Answers what the draft still asks, by the category's own questions.
    async fn answer_questions(&self, first: &Value) {
        let mut turn = first.clone();
        for _ in 0..6 {
            if turn["card"]["complete"] == json!(true) {
                return;
            }
            turn = self.say("没有人受伤，下面是通道").await;
        }
        panic!("the draft is still not complete: {turn}");
    }
}

/// Has a conversation under the gridworkers' audience.
pub struct Gridworker(pub Resident);

impl Deref for Gridworker {
    type Target = Resident;

    fn deref(&self) -> &Resident {
        &self.0
    }
}

/// Sits at the platform's board.
pub struct Platform {
    pub http: reqwest::Client,
    pub address: Address,
}

impl Platform {
    /// What the board shows.
    pub async fn incidents(&self) -> Vec<Value> {
        let body = Answer::of(self.http.get(url(&self.address, "/platform/board/incidents")).send().await).await.expect(200);
        body["incidents"].as_array().expect("the board lists incidents").clone()
    }

    /// The platform's own number of a ticket.
    pub async fn number_of(&self, ticket: &Value) -> String {
        let incidents = self.incidents().await;
        let found = incidents.iter().find(|i| i["number"] == ticket["number"]);
        let found = found.unwrap_or_else(|| panic!("the board should show {}, it shows {incidents:?}", ticket["number"]));
        found["external_no"].as_str().expect("a number").to_owned()
    }

    /// Presses a button.
    pub async fn press(&self, ticket: &Value, button: &str, said: &Value) {
        let number = self.number_of(ticket).await;
        let path = format!("/platform/board/incidents/{number}/{button}");
        Answer::of(self.http.post(url(&self.address, &path)).json(said).send().await).await.expect(200);
    }
}
