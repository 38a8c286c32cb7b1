//! What the other rooms may ask of a model. Nothing here knows about HTTP or about a vendor.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use super::breaker::CircuitState;
use super::error::LlmError;

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The rules of the house.
    System,
    /// The resident, or the program on their behalf.
    User,
    /// The model's own earlier words.
    Assistant,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The words, already free of personal data.
    pub content: String,
}

impl Message {
    /// A rule of the house.
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }

    /// Words of the resident.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// Earlier words of the model.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// A JSON Schema that an answer should follow.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSchema {
    /// Short ASCII name (letters, digits, `_`, `-`; at most 64), which some endpoints require.
    pub name: String,
    /// The schema itself, an object.
    pub schema: serde_json::Value,
}

/// In which shape an answer is wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Shape {
    /// Plain text.
    #[default]
    Text,
    /// Any JSON object (the endpoint's "JSON mode").
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema(JsonSchema),
}

/// What an endpoint can promise about the shape of its answers, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Structured {
    /// It follows a JSON Schema.
    JsonSchema,
    /// It writes some JSON object.
    JsonObject,
    /// It promises nothing.
    #[default]
    Text,
}

/// One request to a chat model.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// What the request is for (`answer`, `rewrite`, `extract` …): the label of its metrics, never sent.
    pub purpose: &'static str,
    /// The prompt, oldest message first.
    pub messages: Vec<Message>,
    /// 0 (steady) to 2; `None` takes the configured one.
    pub temperature: Option<f32>,
    /// Longest answer in tokens; `None` takes the configured one.
    pub max_tokens: Option<u32>,
    /// Wanted shape of the answer.
    pub shape: Shape,
    /// A deadline shorter than the configured total, for requests that are only worth a short wait.
    /// Missing it counts against the endpoint like any other time-out.
    pub time_limit: Option<Duration>,
}

impl ChatRequest {
    /// A request for plain text with the configured parameters.
    #[must_use]
    pub fn new(purpose: &'static str, messages: Vec<Message>) -> Self {
        Self { purpose, messages, temperature: None, max_tokens: None, shape: Shape::Text, time_limit: None }
    }
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// It had said everything.
    Stop,
    /// It ran into the token limit: the last sentence may be incomplete.
    Length,
    /// The vendor's filter stopped it.
    Filtered,
    /// A reason that this program does not know; the answer itself ended in order.
    Other,
}

/// One piece of a streamed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    /// Words, never empty. A model's reasoning is dropped before.
    Text(String),
    /// The end, exactly once and last. A stream that ends without it ended with an error.
    Finish(FinishReason),
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The words, without the model's reasoning.
    pub text: String,
    /// Why it stopped.
    pub finish: FinishReason,
}

/// The pieces of one answer as they come. After an error or [`StreamItem::Finish`] nothing follows.
pub type AnswerStream = BoxStream<'static, Result<StreamItem, LlmError>>;

/// A model that answers.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Starts an answer and returns when its first words are there, so an `Err` means that nobody has seen anything yet.
    ///
    /// # Cancel safety
    /// Dropping the future or the stream ends the request at the endpoint.
    async fn stream(&self, request: ChatRequest) -> Result<AnswerStream, LlmError>;

    /// Asks for an answer as a whole.
    ///
    /// # Cancel safety
    /// Dropping the future ends the request at the endpoint.
    async fn complete(&self, request: ChatRequest) -> Result<Completion, LlmError>;

    /// The model's name as the vendor calls it; empty when there is none.
    fn name(&self) -> &str;

    /// Whether asking makes sense now: false without a model or while the circuit is open.
    fn ready(&self) -> bool {
        true
    }

    /// Where the breaker before it stands; `None` when there is none.
    fn circuit(&self) -> Option<CircuitState> {
        None
    }

    /// Asks for an answer although the circuit may be open: an operator wants to know whether the endpoint is back.
    ///
    /// # Cancel safety
    /// Dropping the future ends the request at the endpoint.
    async fn probe(&self, request: ChatRequest) -> Result<Completion, LlmError> {
        self.complete(request).await
    }

    /// The best shape promise worth trying.
    fn structured(&self) -> Structured {
        Structured::Text
    }

    /// Told when the endpoint has refused a promise of this kind, so that it need not be tried again.
    fn structured_refused(&self, _refused: Structured) {}
}

#[async_trait]
impl<M: ChatModel + ?Sized> ChatModel for Arc<M> {
    async fn stream(&self, request: ChatRequest) -> Result<AnswerStream, LlmError> {
        (**self).stream(request).await
    }

    async fn complete(&self, request: ChatRequest) -> Result<Completion, LlmError> {
        (**self).complete(request).await
    }

    fn name(&self) -> &str {
        (**self).name()
    }

    fn ready(&self) -> bool {
        (**self).ready()
    }

    fn circuit(&self) -> Option<CircuitState> {
        (**self).circuit()
    }

    async fn probe(&self, request: ChatRequest) -> Result<Completion, LlmError> {
        (**self).probe(request).await
    }

    fn structured(&self) -> Structured {
        (**self).structured()
    }

    fn structured_refused(&self, refused: Structured) {
        (**self).structured_refused(refused);
    }
}

/// The service without a model: every request is [`LlmError::NoModel`], and the rooms answer from the texts themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoModel;

#[async_trait]
impl ChatModel for NoModel {
    async fn stream(&self, _request: ChatRequest) -> Result<AnswerStream, LlmError> {
        Err(LlmError::NoModel)
    }

    async fn complete(&self, _request: ChatRequest) -> Result<Completion, LlmError> {
        Err(LlmError::NoModel)
    }

    fn name(&self) -> &'static str {
        ""
    }

    fn ready(&self) -> bool {
        false
    }
}

/// A model that turns text into vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Which vectors these are: two embedders with the same id may share an index, others may not.
    fn id(&self) -> &str;

    /// Length of the vectors: as configured, or known after the first use.
    fn dim(&self) -> Option<usize>;

    /// One vector of [`Embedder::dim`] finite numbers per text, in the order of the texts.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError>;
}

/// A model that judges how well passages answer a question.
#[async_trait]
pub trait Reranker: Send + Sync {
    /// The model's name, for the record of an evaluation.
    fn id(&self) -> &str;

    /// One score per passage, in the order of the passages; higher is better, the scale is the model's own.
    async fn rerank(&self, query: &str, passages: &[String]) -> Result<Vec<f32>, LlmError>;
}

/// What somebody said, as sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The file.
    pub bytes: Bytes,
    /// `audio/webm`, `audio/mp4` …
    pub content_type: &'static str,
}

/// A model that writes down what was said.
#[async_trait]
pub trait Transcriber: Send + Sync + std::fmt::Debug {
    /// The words, trimmed; empty when nothing could be heard.
    async fn transcribe(&self, recording: &Recording) -> Result<String, LlmError>;
}
