//! The model room against a real socket.

mod breaker;
mod budget;
mod embed;
mod extract;
mod failures;
mod guard;
mod stand_in;
mod stream;

use std::sync::Arc;

use futures::StreamExt as _;
use gridworker::core::clock::ManualClock;
use gridworker::llm::settings::LlmSettings;
use gridworker::llm::{ChatModel, ChatRequest, FinishReason, LlmError, Message, StreamItem};
use jiff::Timestamp;

use crate::support::fake_model::FakeModel;

/// Settings for the stand-in: quick retries, time-outs that a busy machine does not reach by accident.
fn settings(fake: &FakeModel) -> LlmSettings {
    LlmSettings {
        base_url: Some(fake.base_url()),
        model: "some-model".to_owned(),
        retries: 2,
        retry_delay_ms: 1,
        retry_delay_max_ms: 50,
        first_words_timeout_ms: 15_000,
        idle_timeout_ms: 15_000,
        total_timeout_ms: 30_000,
        ..LlmSettings::default()
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))
}

fn question() -> ChatRequest {
    ChatRequest::new("answer", vec![Message::system("只按材料回答。"), Message::user("楼道堆物找谁？")])
}

/// What one stream brought: the words, then the end or the error.
#[derive(Debug, PartialEq)]
struct Heard {
    text: String,
    end: Result<FinishReason, LlmError>,
}

/// Asks and listens to the end; an error before the first word leaves the text empty.
async fn listen(model: &impl ChatModel) -> Heard {
    let mut heard = Heard { text: String::new(), end: Err(LlmError::CutShort) };
    let mut stream = match model.stream(question()).await {
        Ok(stream) => stream,
        Err(error) => return Heard { end: Err(error), ..heard },
    };
    let mut ended = false;
    while let Some(item) = stream.next().await {
        assert!(!ended, "nothing may follow the end of a stream, but {item:?} did");
        match item {
            Ok(StreamItem::Text(words)) => {
                assert!(!words.is_empty(), "a text item is never empty");
                heard.text.push_str(&words);
            }
            Ok(StreamItem::Finish(reason)) => {
                heard.end = Ok(reason);
                ended = true;
            }
            Err(error) => {
                heard.end = Err(error);
                ended = true;
            }
        }
    }
    assert!(ended, "a stream ends with a finish or an error, this one just stopped");
    heard
}
