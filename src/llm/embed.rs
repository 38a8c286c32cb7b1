//! Any OpenAI-compatible embedding endpoint, through async-openai with our own wire types.

use std::sync::OnceLock;
use std::time::Duration;

use async_openai::Client;
use async_trait::async_trait;
use tokio::time::timeout;

use super::error::{LlmError, Wait};
use super::http::{self, Endpoint, RetryPlan};
use super::port::Embedder;
use super::settings::{EmbedderSettings, SettingsError};
use super::wire::{EmbedBody, EmbedReply};

/// An embedder behind an OpenAI-compatible endpoint.
pub struct OpenAiEmbedder {
    settings: EmbedderSettings,
    id: String,
    client: Client<Endpoint>,
    retry: RetryPlan,
    dim: OnceLock<usize>,
}

impl OpenAiEmbedder {
    /// An adapter for the endpoint of the settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError`] if the settings cannot work or name no endpoint.
    pub fn new(settings: &EmbedderSettings) -> Result<Self, SettingsError> {
        settings.validate()?;
        let Some(base_url) = settings.endpoint() else { return Err(SettingsError::new("embedder.base_url", "没有配置")) };
        let endpoint = Endpoint::new(base_url, settings.api_key.as_ref())?;
        let http = http::client(Duration::from_millis(settings.connect_timeout_ms))?;
        let wait = Duration::from_millis(settings.timeout_ms);
        let dim = settings.dim.map_or_else(OnceLock::new, OnceLock::from);
        // Fields such as `dimensions` change the vectors, so they are part of the id.
        let id = if settings.extra.is_empty() {
            format!("openai:{}", settings.model)
        } else {
            format!("openai:{}:{}", settings.model, serde_json::Value::Object(settings.extra.clone()))
        };
        Ok(Self {
            id,
            client: http::service(http, endpoint, wait),
            retry: RetryPlan {
                retries: settings.retries as usize,
                first: Duration::from_millis(500),
                longest: Duration::from_secs(10),
            },
            dim,
            settings: settings.clone(),
        })
    }

    async fn batch(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        let body = EmbedBody { model: &self.settings.model, input: texts, encoding_format: "float", extra: &self.settings.extra };
        let embeddings = self.client.embeddings();
        let asked = embeddings.create_byot::<_, EmbedReply>(&body);
        let reply = timeout(Duration::from_millis(self.settings.timeout_ms), asked)
            .await
            .map_err(|_| LlmError::Timeout { which: Wait::Total })?
            .map_err(http::from_openai)?;
        if let Some(error) = &reply.error {
            return Err(LlmError::from_stream_error(error));
        }
        let mut vectors = vec![None; texts.len()];
        for (place, vector) in reply.data.unwrap_or_default().into_iter().enumerate() {
            let slot = vectors.get_mut(vector.index.unwrap_or(place)).ok_or(LlmError::Garbage)?;
            let dim = *self.dim.get_or_init(|| vector.embedding.len());
            if dim == 0 || vector.embedding.len() != dim || vector.embedding.iter().any(|x| !x.is_finite()) || slot.is_some() {
                return Err(LlmError::Garbage);
            }
            *slot = Some(vector.embedding);
        }
        vectors.into_iter().collect::<Option<Vec<_>>>().ok_or(LlmError::Garbage)
    }
}

#[async_trait]
impl Embedder for OpenAiEmbedder {
    fn id(&self) -> &str {
        &self.id
    }

    fn dim(&self) -> Option<usize> {
        self.dim.get().copied().filter(|dim| *dim > 0)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(self.settings.batch) {
            let result = self.retry.run(|| self.batch(batch)).await;
            let outcome = result.as_ref().map_or_else(LlmError::label, |_| "ok");
            metrics::counter!("llm_requests_total", "call" => "embed", "purpose" => "embed", "outcome" => outcome).increment(1);
            vectors.extend(result?);
        }
        Ok(vectors)
    }
}
