//! Gets a value of a known type out of a model: by schema where the endpoint can, by JSON mode or from plain text where it
//! cannot; always checked by the caller's rule, with one chance to repair.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::LlmError;
use super::port::{ChatModel, ChatRequest, JsonSchema, Message, Shape, Structured};
use super::think::without_thinking;

/// Longer answers are not searched for an object, nor shown to the model again.
const ANSWER_BYTES: usize = 64 * 1024;
/// So much of a bad answer is repeated to the model for repair, in characters.
const REPEAT_CHARS: usize = 2_000;
/// So many opening braces are tried.
const CANDIDATES: usize = 32;

/// Why no value came out. Carries nothing of what the model said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// The model did not answer.
    #[error(transparent)]
    Model(#[from] LlmError),
    /// Both answers held no JSON object.
    #[error("the model's answer holds no JSON object")]
    NotJson,
    /// The object does not have the expected fields.
    #[error("the model's JSON does not have the expected fields")]
    Fields,
    /// The caller's rule refused the value.
    #[error("the model's values are not allowed")]
    Values,
}

/// Why one answer is not good enough, in words for the model.
struct Flaw {
    error: ExtractError,
    hint: String,
}

/// Asks `model` for a `T` that follows `schema` and passes `validate`. After one flawed answer the model is told what was wrong
/// (`validate`'s words included) and asked once more.
///
/// # Errors
/// [`ExtractError`]: the model failed, or its second answer is flawed too.
pub async fn extract<T: DeserializeOwned>(
    model: &dyn ChatModel,
    mut request: ChatRequest,
    schema: &JsonSchema,
    validate: impl Fn(&T) -> Result<(), String>,
) -> Result<T, ExtractError> {
    let prompt = std::mem::take(&mut request.messages);
    let mut said = ask(model, &request, &prompt, schema).await?;
    let mut repaired = false;
    loop {
        let flaw = match check(&said, &validate) {
            Ok(value) => return Ok(value),
            Err(flaw) if repaired => return Err(flaw.error),
            Err(flaw) => flaw,
        };
        metrics::counter!("llm_repairs_total", "purpose" => request.purpose).increment(1);
        repaired = true;
        let mut again = prompt.clone();
        again.push(Message::assistant(said.chars().take(REPEAT_CHARS).collect::<String>()));
        again.push(Message::user(format!("上面的输出不合要求：{}。请只输出改正后的一个 JSON 对象，不要解释。", flaw.hint)));
        said = ask(model, &request, &again, schema).await?;
    }
}

/// One answer, in the best shape the endpoint accepts.
async fn ask(model: &dyn ChatModel, request: &ChatRequest, prompt: &[Message], schema: &JsonSchema) -> Result<String, LlmError> {
    let mut promise = model.structured();
    let mut refused = None;
    loop {
        let mut request = request.clone();
        request.messages = prompt.to_vec();
        request.shape = match promise {
            Structured::JsonSchema => Shape::JsonSchema(schema.clone()),
            Structured::JsonObject => Shape::JsonObject,
            Structured::Text => Shape::Text,
        };
        if promise != Structured::JsonSchema {
            tell_schema(&mut request.messages, schema);
        }
        match model.complete(request).await {
            Ok(completion) => {
                // Only now is it known that the promise was what the endpoint refused, and not the prompt.
                if let Some(refused) = refused {
                    tracing::info!(
                        ?refused,
                        "the endpoint refuses this kind of structured answer; it will not be asked for again"
                    );
                    model.structured_refused(refused);
                }
                return Ok(without_thinking(&completion.text));
            }
            // A refused request with a promise in it may be refused because of the promise.
            Err(LlmError::Permanent { status: 400 | 404 | 415 | 422 | 501 }) if promise != Structured::Text => {
                refused = Some(promise);
                promise = if promise == Structured::JsonSchema { Structured::JsonObject } else { Structured::Text };
            }
            Err(error) => return Err(error),
        }
    }
}

/// Puts the schema where a model without schema support reads it: at the end of the rules. JSON mode also demands the word "JSON".
fn tell_schema(messages: &mut Vec<Message>, schema: &JsonSchema) {
    let rule = format!("只输出一个 JSON 对象，不要解释，不要代码块。它要符合这个 JSON Schema：\n{}", schema.schema);
    match messages.first_mut() {
        Some(first) if first.role == super::port::Role::System => {
            first.content.push_str("\n\n");
            first.content.push_str(&rule);
        }
        _ => messages.insert(0, Message::system(rule)),
    }
}

fn check<T: DeserializeOwned>(said: &str, validate: &impl Fn(&T) -> Result<(), String>) -> Result<T, Flaw> {
    let object = first_object(said)
        .ok_or_else(|| Flaw { error: ExtractError::NotJson, hint: "其中没有完整的 JSON 对象".to_owned() })?;
    let value = T::deserialize(&object).map_err(|error| Flaw { error: ExtractError::Fields, hint: error.to_string() })?;
    validate(&value).map_err(|hint| Flaw { error: ExtractError::Values, hint })?;
    Ok(value)
}

/// The first whole JSON object in a text: after leading prose, inside a code fence, behind a model's thinking.
#[must_use]
pub fn first_object(text: &str) -> Option<Value> {
    if text.len() > ANSWER_BYTES {
        return None;
    }
    // Some servers cut the opening tag off, so what counts begins behind the last closing one.
    let text = text.rsplit("</think>").next().unwrap_or(text);
    text.match_indices('{').take(CANDIDATES).find_map(|(start, _)| {
        let candidate = &text[start..];
        // The parser stops by itself where the object ends and leaves the rest alone.
        let mut values = serde_json::Deserializer::from_str(candidate).into_iter::<Value>();
        values.next()?.ok().filter(Value::is_object)
    })
}
