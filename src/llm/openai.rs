//! Any OpenAI-compatible chat endpoint, through async-openai with our own wire types.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use async_openai::Client;
use async_openai::types::stream::StreamResponse;
use async_trait::async_trait;
use futures::StreamExt as _;
use tokio::time::timeout;

use super::error::{LlmError, Wait};
use super::http::{self, Endpoint, RetryPlan};
use super::port::{AnswerStream, ChatModel, ChatRequest, Completion, FinishReason, StreamItem, Structured};
use super::settings::{LlmSettings, SettingsError};
use super::think::{self, ThinkFilter};
use super::wire::{ChatBody, ChatReply};

/// After the finish only usage figures and `[DONE]` follow. Reading them lets the connection be used again.
const DRAIN: Duration = Duration::from_millis(500);

/// A chat model behind an OpenAI-compatible endpoint. Retries before the first word; knows no total deadline and no breaker:
/// [`super::guard::Guarded`] adds both.
#[derive(Clone)]
pub struct OpenAiChat {
    settings: Arc<LlmSettings>,
    client: Client<Endpoint>,
    retry: RetryPlan,
    first_words: Duration,
    idle: Duration,
    /// [`Structured`] as configured, lowered when the endpoint refuses.
    structured: Arc<AtomicU8>,
}

impl OpenAiChat {
    /// An adapter for the endpoint of the settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError`] if the settings cannot work or name no endpoint.
    pub fn new(settings: &LlmSettings) -> Result<Self, SettingsError> {
        settings.validate()?;
        let Some(base_url) = settings.endpoint() else { return Err(SettingsError::new("llm.base_url", "没有配置")) };
        let endpoint = Endpoint::new(base_url, settings.api_key.as_ref())?;
        let idle = Duration::from_millis(settings.idle_timeout_ms);
        let http = http::client(Duration::from_millis(settings.connect_timeout_ms))?;
        Ok(Self {
            client: http::service(http, endpoint, idle),
            retry: settings.retry_plan(),
            first_words: Duration::from_millis(settings.first_words_timeout_ms),
            idle,
            structured: Arc::new(AtomicU8::new(settings.structured as u8)),
            settings: Arc::new(settings.clone()),
        })
    }

    /// Opens one stream and reads it up to its first words, as long as anybody would wait for them.
    async fn open(&self, body: &ChatBody) -> Result<Reading, LlmError> {
        let late = Err(LlmError::Timeout { which: Wait::Idle });
        timeout(self.first_words, self.read_first_words(body)).await.unwrap_or(late)
    }

    async fn read_first_words(&self, body: &ChatBody) -> Result<Reading, LlmError> {
        let stream = self.client.chat().create_stream_byot::<_, ChatReply>(body).await.map_err(http::from_openai)?;
        let mut reading = Reading::new(stream, self.idle);
        match reading.next().await {
            Some(Ok(StreamItem::Finish(finish))) if finish != FinishReason::Filtered => Err(LlmError::Garbage),
            Some(Ok(first)) => {
                reading.ready.push_front(first);
                Ok(reading)
            }
            Some(Err(error)) => Err(error),
            None => Err(LlmError::Garbage),
        }
    }

    async fn ask(&self, body: &ChatBody) -> Result<Completion, LlmError> {
        let reply: ChatReply = self.client.chat().create_byot(body).await.map_err(http::from_openai)?;
        if let Some(error) = &reply.error {
            return Err(LlmError::from_stream_error(error));
        }
        let (text, finish) = reply.into_first().ok_or(LlmError::Garbage)?;
        let text = think::without_thinking(&text);
        // A whole body has ended in order even where the server gives no reason.
        let finish = finish.unwrap_or(FinishReason::Other);
        if text.trim().is_empty() && finish != FinishReason::Filtered {
            return Err(LlmError::Garbage);
        }
        Ok(Completion { text, finish })
    }
}

#[async_trait]
impl ChatModel for OpenAiChat {
    async fn stream(&self, request: ChatRequest) -> Result<AnswerStream, LlmError> {
        let body = ChatBody::new(&self.settings, request, true);
        let reading = self.retry.run(|| self.open(&body)).await?;
        Ok(futures::stream::unfold(reading, |mut reading| async move { reading.next().await.map(|item| (item, reading)) })
            .boxed())
    }

    async fn complete(&self, request: ChatRequest) -> Result<Completion, LlmError> {
        let body = ChatBody::new(&self.settings, request, false);
        self.retry.run(|| self.ask(&body)).await
    }

    fn name(&self) -> &str {
        &self.settings.model
    }

    fn structured(&self) -> Structured {
        match self.structured.load(Ordering::Relaxed) {
            0 => Structured::JsonSchema,
            1 => Structured::JsonObject,
            _ => Structured::Text,
        }
    }

    fn structured_refused(&self, refused: Structured) {
        self.structured.fetch_max((refused as u8 + 1).min(Structured::Text as u8), Ordering::Relaxed);
    }
}

#[derive(PartialEq)]
enum Phase {
    Answering,
    Finished,
    Over,
}

/// One stream being read: chunks in, [`StreamItem`]s out, one error at most and last.
struct Reading {
    chunks: StreamResponse<ChatReply>,
    think: ThinkFilter,
    ready: VecDeque<StreamItem>,
    /// Whether the endpoint has sent any event at all.
    heard: bool,
    phase: Phase,
    idle: Duration,
}

impl Reading {
    fn new(chunks: StreamResponse<ChatReply>, idle: Duration) -> Self {
        Self { chunks, think: ThinkFilter::default(), ready: VecDeque::new(), heard: false, phase: Phase::Answering, idle }
    }

    async fn next(&mut self) -> Option<Result<StreamItem, LlmError>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match self.phase {
                Phase::Over => return None,
                Phase::Finished => {
                    let rest = async { while self.chunks.next().await.is_some() {} };
                    // Whether it came in time makes no difference to the answer.
                    let _ = timeout(DRAIN, rest).await;
                    self.hang_up();
                    return None;
                }
                Phase::Answering => {}
            }
            let failure = match timeout(self.idle, self.chunks.next()).await {
                Err(_) => LlmError::Timeout { which: Wait::Idle },
                // async-openai swallows `[DONE]`, so only the finish reason tells an end from a break.
                Ok(None) if self.heard => LlmError::CutShort,
                Ok(None) => LlmError::Garbage,
                Ok(Some(Err(error))) => http::from_openai(error),
                Ok(Some(Ok(chunk))) => match self.take(chunk) {
                    Ok(()) => continue,
                    Err(error) => error,
                },
            };
            self.hang_up();
            return Some(Err(failure));
        }
    }

    fn take(&mut self, chunk: ChatReply) -> Result<(), LlmError> {
        self.heard = true;
        if let Some(error) = &chunk.error {
            return Err(LlmError::from_stream_error(error));
        }
        let Some((text, finish)) = chunk.into_first() else { return Ok(()) };
        let mut text = self.think.push(&text);
        if finish.is_some() {
            text.push_str(&self.think.finish());
        }
        if !text.is_empty() {
            self.ready.push_back(StreamItem::Text(text));
        }
        if let Some(finish) = finish {
            self.ready.push_back(StreamItem::Finish(finish));
            self.phase = Phase::Finished;
        }
        Ok(())
    }

    /// Lets go of the connection even if the caller keeps this stream.
    fn hang_up(&mut self) {
        self.phase = Phase::Over;
        self.chunks = futures::stream::empty().boxed();
    }
}
