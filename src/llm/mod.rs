//! 大模型: the room that talks to a language model, an embedder, a re-ranker and a transcriber, and trusts none of them.
//!
//! [`port`] is what other rooms see. [`openai`] speaks to any OpenAI-compatible endpoint, [`guard`] puts a circuit
//! breaker, a deadline and metrics around it, [`extract`] gets validated JSON out of it, [`budget`] keeps prompts small enough.
//!
//! To add another kind of endpoint:
//! 1. implement [`port::ChatModel`] (or [`port::Embedder`], [`port::Reranker`]) in a file of its own;
//! 2. turn every failure into an [`error::LlmError`] at the edge, without its text: bodies and prompts are never kept;
//! 3. wrap it in [`guard::Guarded`] where `app.rs` builds it, and run the wire tests of `tests/it/llm` against it.

pub mod breaker;
pub mod budget;
pub mod embed;
pub mod error;
pub mod extract;
pub mod guard;
mod http;
pub mod openai;
pub mod port;
pub mod rerank;
pub mod settings;
mod think;
pub mod transcribe;
mod wire;

use std::sync::Arc;

use crate::core::clock::Clock;

pub use error::LlmError;
pub use http::QUIET_LOG;
pub use port::{ChatModel, ChatRequest, Completion, Embedder, FinishReason, JsonSchema, Message, Reranker, Role, StreamItem};

/// Chooses `ring` as the TLS provider of this process. Two are linked (one by gRPC, one by HTTP) and rustls will not choose.
/// May be called any number of times; the first choice made in the process stands.
pub fn install_tls() {
    // An error only says that a provider was installed before: then there is nothing left to do.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// The model that the settings describe: guarded when there is an endpoint, else [`port::NoModel`].
///
/// # Errors
/// What is wrong with the settings, in words for the operator.
pub fn connect(settings: &settings::LlmSettings, clock: Arc<dyn Clock>) -> Result<Arc<dyn ChatModel>, settings::SettingsError> {
    if settings.endpoint().is_none() {
        return Ok(Arc::new(port::NoModel));
    }
    let model = openai::OpenAiChat::new(settings)?;
    Ok(Arc::new(guard::Guarded::new(model, settings, clock)))
}
