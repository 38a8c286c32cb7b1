//! A re-ranking endpoint, in either of the two common shapes. Asked once: search goes on without it when it fails.

use std::time::Duration;

use async_openai::config::Config as _;
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;

use super::error::{LlmError, Wait};
use super::http::{self, Endpoint};
use super::port::Reranker;
use super::settings::{RerankShape, RerankerSettings, SettingsError};

/// A re-ranker behind HTTP.
pub struct HttpReranker {
    settings: RerankerSettings,
    http: reqwest::Client,
    endpoint: Endpoint,
}

/// `{results: [...]}`, or the list alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reply {
    Wrapped { results: Vec<Scored> },
    Bare(Vec<Scored>),
}

#[derive(Deserialize)]
struct Scored {
    index: usize,
    #[serde(alias = "relevance_score")]
    score: f32,
}

impl HttpReranker {
    /// An adapter for the endpoint of the settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError`] if the settings cannot work or name no endpoint.
    pub fn new(settings: &RerankerSettings) -> Result<Self, SettingsError> {
        settings.validate()?;
        let Some(base_url) = settings.endpoint() else { return Err(SettingsError::new("reranker.base_url", "没有配置")) };
        Ok(Self {
            endpoint: Endpoint::new(base_url, settings.api_key.as_ref())?,
            http: http::client(Duration::from_millis(settings.connect_timeout_ms))?,
            settings: settings.clone(),
        })
    }

    async fn ask(&self, query: &str, passages: &[String]) -> Result<Vec<f32>, LlmError> {
        let body = match self.settings.shape {
            RerankShape::Jina => json!({
                "model": self.settings.model, "query": query, "documents": passages, "top_n": passages.len(), "return_documents": false,
            }),
            RerankShape::Tei => json!({ "query": query, "texts": passages, "truncate": true }),
        };
        let request = self.http.post(self.endpoint.url("/rerank")).headers(self.endpoint.headers()).json(&body).build();
        let request = request.map_err(|_| LlmError::Permanent { status: 0 })?;
        let response = http::attempt(&self.http, request, Duration::from_millis(self.settings.timeout_ms)).await?;
        let bytes = response.bytes().await.map_err(|_| LlmError::Transient { retry_after: None })?;
        let (Reply::Wrapped { results } | Reply::Bare(results)) =
            serde_json::from_slice(&bytes).map_err(|_| LlmError::Garbage)?;
        let mut scores = vec![None; passages.len()];
        for Scored { index, score } in results {
            let slot = scores.get_mut(index).ok_or(LlmError::Garbage)?;
            if slot.is_some() || !score.is_finite() {
                return Err(LlmError::Garbage);
            }
            *slot = Some(score);
        }
        scores.into_iter().collect::<Option<Vec<_>>>().ok_or(LlmError::Garbage)
    }
}

#[async_trait]
impl Reranker for HttpReranker {
    fn id(&self) -> &str {
        &self.settings.model
    }

    async fn rerank(&self, query: &str, passages: &[String]) -> Result<Vec<f32>, LlmError> {
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        let asked = timeout(Duration::from_millis(self.settings.timeout_ms), self.ask(query, passages)).await;
        let result = asked.unwrap_or(Err(LlmError::Timeout { which: Wait::Total }));
        let outcome = result.as_ref().map_or_else(LlmError::label, |_| "ok");
        metrics::counter!("llm_requests_total", "call" => "rerank", "purpose" => "rerank", "outcome" => outcome).increment(1);
        result
    }
}
