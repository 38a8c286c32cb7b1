//! What comes over the wire: whole answers and event streams, with failure messages that quote them.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

/// Long enough for a busy machine, short enough to fail.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn of(sent: Result<reqwest::Response, reqwest::Error>) -> Self {
        let response = sent.expect("the service answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("the answer arrives whole").to_vec();
        Self { status, headers, bytes }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The body, when the status is the one expected.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "expected {status}, got: {}", self.text());
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).expect("a JSON body") }
    }

    /// The refusal, when it is the one expected: RFC 9457, a stable code, words in Chinese, a request id.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let text = self.text();
        assert_eq!(self.status, status, "expected a refusal {status} {code}, got: {text}");
        let kind = self.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!(kind, "application/problem+json", "every refusal is problem+json, this one says: {text}");
        let body: Value = serde_json::from_slice(&self.bytes).expect("a problem is JSON");
        assert_eq!(body["code"], code, "the code of {text}");
        assert_eq!(body["status"], status, "the status within the body of {text}");
        assert_eq!(body["type"], format!("urn:gridworker:problem:{code}"), "the type of {text}");
        for field in ["title", "detail"] {
            let words = body[field].as_str().unwrap_or_default();
            assert!(
                words.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                "{field} must be Chinese words for people: {text}"
            );
        }
        assert!(!self.header("x-request-id").is_empty(), "a refusal carries the request id that its log lines have");
        body
    }
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub id: u64,
    pub event: String,
    pub data: Value,
}

/// An open event stream.
pub struct Events {
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: String,
    partial: Vec<u8>,
    /// Comments so far: heartbeats.
    pub comments: usize,
}

impl Events {
    #[track_caller]
    pub fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status().as_u16(), 200, "a stream opens with 200");
        let kind = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert!(kind.starts_with("text/event-stream"), "a stream is text/event-stream, this is {kind}");
        assert_eq!(
            response.headers().get("cache-control").and_then(|v| v.to_str().ok()),
            Some("no-store"),
            "nobody may keep a stream"
        );
        Self { bytes: response.bytes_stream().boxed(), buffer: String::new(), partial: Vec::new(), comments: 0 }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                if let Some(frame) = self.read(&block) {
                    return Some(frame);
                }
            }
            let piece = tokio::time::timeout(PATIENCE, self.bytes.next()).await.expect("the stream says something in time");
            match piece {
                Some(Ok(piece)) => {
                    self.partial.extend_from_slice(&piece);
                    let whole = match std::str::from_utf8(&self.partial) {
                        Ok(_) => self.partial.len(),
                        Err(error) => error.valid_up_to(),
                    };
                    let rest = self.partial.split_off(whole);
                    self.buffer.push_str(std::str::from_utf8(&self.partial).expect("cut at a character"));
                    self.partial = rest;
                }
                Some(Err(_)) | None => return None,
            }
        }
    }

    fn read(&mut self, block: &str) -> Option<Frame> {
        let (mut id, mut event, mut data) = (0, String::new(), None);
        for line in block.lines() {
            if line.starts_with(':') {
                self.comments += 1;
            } else if let Some(value) = line.strip_prefix("id: ") {
                id = value.parse().expect("ids are numbers");
            } else if let Some(value) = line.strip_prefix("event: ") {
                value.clone_into(&mut event);
            } else if let Some(value) = line.strip_prefix("data: ") {
                data = Some(serde_json::from_str(value).expect("data is JSON on one line"));
            }
        }
        data.map(|data| Frame { id, event, data })
    }

    /// Waits for a heartbeat on a stream that has nothing to say.
    pub async fn heartbeat(&mut self) {
        while self.comments == 0 {
            let piece = tokio::time::timeout(PATIENCE, self.bytes.next()).await.expect("a heartbeat comes in time");
            let piece = piece.expect("a stream stays open").expect("a stream stays open");
            self.buffer.push_str(std::str::from_utf8(&piece).expect("a heartbeat is ASCII"));
            while let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                assert!(self.read(&block).is_none(), "a heartbeat is a comment and no event: {block}");
            }
        }
    }

    /// Everything to the end of the stream.
    pub async fn all(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }

    /// Reads on to the first event of this name.
    pub async fn until(&mut self, event: &str) -> Frame {
        let mut seen = Vec::new();
        while let Some(frame) = self.next().await {
            if frame.event == event {
                return frame;
            }
            seen.push(frame.event);
        }
        panic!("the stream ended without `{event}`, after {seen:?}")
    }
}

/// The words of a turn: all deltas, joined.
pub fn words(frames: &[Frame]) -> String {
    frames.iter().filter(|f| f.event == "delta").map(|f| f.data["text"].as_str().expect("a delta has text")).collect()
}
