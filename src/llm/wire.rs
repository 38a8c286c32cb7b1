//! The JSON on the wire, read as tolerantly as possible: every field may be missing, null or unknown.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::port::{ChatRequest, FinishReason, Message, Shape};
use super::settings::LlmSettings;

/// Body of `POST /chat/completions`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ChatBody {
    model: String,
    messages: Vec<Message>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl ChatBody {
    pub(super) fn new(settings: &LlmSettings, request: ChatRequest, stream: bool) -> Self {
        let ChatRequest { purpose: _, messages, temperature, max_tokens, shape, time_limit: _ } = request;
        Self {
            model: settings.model.clone(),
            messages,
            stream,
            temperature: temperature.or(settings.temperature),
            max_tokens: max_tokens.or(settings.max_tokens),
            response_format: match shape {
                Shape::Text => None,
                Shape::JsonObject => Some(json!({ "type": "json_object" })),
                Shape::JsonSchema(schema) => Some(json!({
                    "type": "json_schema",
                    "json_schema": { "name": schema.name, "schema": schema.schema, "strict": true },
                })),
            },
            extra: settings.extra.clone(),
        }
    }
}

/// A streamed chunk or a whole completion: the two differ only in `delta` and `message`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ChatReply {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    /// Some gateways report a failure inside a 200.
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Option<Said>,
    #[serde(default)]
    message: Option<Said>,
    #[serde(default)]
    finish_reason: Option<Value>,
}

/// `reasoning_content` and its relatives are not listed, so they are dropped.
#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default, deserialize_with = "text")]
    content: String,
}

/// A string, null, or a list of parts with text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    })
}

impl ChatReply {
    /// The words and the end, if any, of the first choice; `None` when there is no choice (usage-only chunks).
    pub(super) fn into_first(self) -> Option<(String, Option<FinishReason>)> {
        let choice = self.choices?.into_iter().next()?;
        let said = choice.delta.or(choice.message).unwrap_or_default();
        let finish = match choice.finish_reason {
            None | Some(Value::Null) => None,
            Some(Value::String(reason)) => match reason.as_str() {
                "" | "null" => None,
                "stop" | "eos" | "end_turn" => Some(FinishReason::Stop),
                "length" | "max_tokens" => Some(FinishReason::Length),
                "content_filter" | "sensitive" => Some(FinishReason::Filtered),
                _ => Some(FinishReason::Other),
            },
            Some(_) => Some(FinishReason::Other),
        };
        Some((said.content, finish))
    }
}

/// Body of `POST /embeddings`.
#[derive(Debug, Serialize)]
pub(super) struct EmbedBody<'a> {
    pub(super) model: &'a str,
    pub(super) input: &'a [String],
    pub(super) encoding_format: &'static str,
    #[serde(flatten)]
    pub(super) extra: &'a Map<String, Value>,
}

/// Answer of `POST /embeddings`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EmbedReply {
    #[serde(default)]
    pub(super) data: Option<Vec<Vector>>,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

/// One vector; without an `index` its place in the list counts.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Vector {
    #[serde(default)]
    pub(super) index: Option<usize>,
    #[serde(default)]
    pub(super) embedding: Vec<f32>,
}
