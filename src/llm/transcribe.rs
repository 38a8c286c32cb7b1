//! A transcription endpoint of the `OpenAI` shape (`/audio/transcriptions`). The recording goes there and nowhere else.

use std::time::Duration;

use async_openai::config::Config as _;
use async_trait::async_trait;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::error::{LlmError, Wait};
use super::http::{self, Endpoint, RetryPlan};
use super::port::{Recording, Transcriber};
use super::settings::{SettingsError, TranscriberSettings};

/// A transcriber behind HTTP.
pub struct HttpTranscriber {
    settings: TranscriberSettings,
    http: reqwest::Client,
    endpoint: Endpoint,
}

impl std::fmt::Debug for HttpTranscriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpTranscriber").field("model", &self.settings.model).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Reply {
    text: String,
}

impl HttpTranscriber {
    /// An adapter for the endpoint of the settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError`] if the settings cannot work or name no endpoint.
    pub fn new(settings: &TranscriberSettings) -> Result<Self, SettingsError> {
        settings.validate()?;
        let Some(base_url) = settings.endpoint() else { return Err(SettingsError::new("transcriber.base_url", "没有配置")) };
        Ok(Self {
            endpoint: Endpoint::new(base_url, settings.api_key.as_ref())?,
            http: http::client(Duration::from_millis(settings.connect_timeout_ms))?,
            settings: settings.clone(),
        })
    }

    async fn ask(&self, form: &Form) -> Result<String, LlmError> {
        let request = self
            .http
            .post(self.endpoint.url("/audio/transcriptions"))
            .headers(self.endpoint.headers())
            .header(CONTENT_TYPE, &form.content_type)
            .body(form.body.clone())
            .build()
            .map_err(|_| LlmError::Permanent { status: 0 })?;
        let response = http::attempt(&self.http, request, Duration::from_millis(self.settings.timeout_ms)).await?;
        let bytes = response.bytes().await.map_err(|_| LlmError::Transient { retry_after: None })?;
        let Reply { text } = serde_json::from_slice(&bytes).map_err(|_| LlmError::Garbage)?;
        Ok(text.trim().to_owned())
    }
}

#[async_trait]
impl Transcriber for HttpTranscriber {
    async fn transcribe(&self, recording: &Recording) -> Result<String, LlmError> {
        let form = Form::new(&self.settings, recording);
        // Somebody stands there and waits: one more try, soon.
        let plan = RetryPlan { retries: 1, first: Duration::from_millis(300), longest: Duration::from_secs(2) };
        let asked = timeout(Duration::from_millis(self.settings.timeout_ms), plan.run(|| self.ask(&form))).await;
        let result = asked.unwrap_or(Err(LlmError::Timeout { which: Wait::Total }));
        let outcome = result.as_ref().map_or_else(LlmError::label, |_| "ok");
        metrics::counter!("llm_requests_total", "call" => "transcribe", "purpose" => "transcribe", "outcome" => outcome)
            .increment(1);
        result
    }
}

/// `multipart/form-data` of one recording.
struct Form {
    content_type: String,
    body: bytes::Bytes,
}

impl Form {
    fn new(settings: &TranscriberSettings, recording: &Recording) -> Self {
        // Made of what is between the boundaries, so it cannot stand in it.
        let boundary = format!("gridworker-{}", hex::encode(&Sha256::digest(&recording.bytes)[..16]));
        let mut body = Vec::with_capacity(recording.bytes.len() + 1024);
        let mut part = |head: &str, content: &[u8]| {
            body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        part("name=\"model\"", settings.model.as_bytes());
        if !settings.language.trim().is_empty() {
            part("name=\"language\"", settings.language.trim().as_bytes());
        }
        part("name=\"response_format\"", b"json");
        // Endpoints tell the format by the ending of the name.
        let ending = match recording.content_type {
            "audio/mp4" => "m4a",
            "audio/mpeg" => "mp3",
            other => other.rsplit('/').next().unwrap_or("bin"),
        };
        let kind = recording.content_type;
        part(&format!("name=\"file\"; filename=\"speech.{ending}\"\r\nContent-Type: {kind}"), &recording.bytes);
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Self { content_type: format!("multipart/form-data; boundary={boundary}"), body: body.into() }
    }
}
