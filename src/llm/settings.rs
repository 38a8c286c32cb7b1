//! The sections `[llm]`, `[embedder]`, `[reranker]` and `[transcriber]` of the configuration. Times are milliseconds.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::port::Structured;

/// What is wrong with a section, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SettingsError {
    /// The setting, as it is written in the file.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl SettingsError {
    pub(super) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

/// `[llm]`: the chat model. Without `base_url` the service answers from the texts themselves.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LlmSettings {
    /// Address of an OpenAI-compatible endpoint up to and including its version, such as `http://127.0.0.1:11434/v1`. Blank: none.
    pub base_url: Option<String>,
    /// Key sent as bearer; none for most local servers.
    #[serde(serialize_with = "masked")]
    #[schemars(with = "Option<String>")]
    pub api_key: Option<SecretString>,
    /// The model's name at that endpoint.
    pub model: String,
    /// Longest wait for a connection.
    pub connect_timeout_ms: u64,
    /// Longest wait for the first words of a streamed answer. Somebody watches the screen: after it the text answers by itself.
    pub first_words_timeout_ms: u64,
    /// Longest silence: until the response starts, and between two pieces of a stream.
    pub idle_timeout_ms: u64,
    /// Longest time for a whole answer with all retries.
    pub total_timeout_ms: u64,
    /// Further attempts after the first one fails before its first word.
    pub retries: u32,
    /// First pause before another attempt; it doubles, with jitter.
    pub retry_delay_ms: u64,
    /// Longest pause. An endpoint that asks for more (`Retry-After`) is not asked again.
    pub retry_delay_max_ms: u64,
    /// 0 (steady) to 2; unset leaves it to the endpoint.
    pub temperature: Option<f32>,
    /// Longest answer in tokens; unset leaves it to the endpoint.
    pub max_tokens: Option<u32>,
    /// How many tokens of prompt and answer the model can hold.
    pub context_tokens: usize,
    /// What the endpoint promises about JSON: `json_schema`, `json_object` or `text`. If it refuses, the next is tried.
    pub structured: Structured,
    /// The model's own `tokenizer.json`; without it tokens are counted with the built-in one and a margin.
    pub tokenizer_path: Option<PathBuf>,
    /// More fields for the request body, such as `enable_thinking = false`.
    #[schemars(with = "std::collections::HashMap<String, Value>")]
    pub extra: Map<String, Value>,
    /// So many failures in a row within `breaker_window_ms` open the circuit.
    pub breaker_failures: u32,
    /// Failures further apart than this are not counted together.
    pub breaker_window_ms: u64,
    /// How long an open circuit spares the endpoint before one request tries again.
    pub breaker_open_ms: u64,
}

impl Default for LlmSettings {
    fn default() -> Self {
        Self {
            base_url: None,
            api_key: None,
            model: String::new(),
            connect_timeout_ms: 5_000,
            first_words_timeout_ms: 15_000,
            idle_timeout_ms: 30_000,
            total_timeout_ms: 60_000,
            retries: 2,
            retry_delay_ms: 300,
            retry_delay_max_ms: 5_000,
            temperature: Some(0.2),
            max_tokens: Some(800),
            context_tokens: 8_000,
            structured: Structured::JsonSchema,
            tokenizer_path: None,
            extra: Map::new(),
            breaker_failures: 5,
            breaker_window_ms: 60_000,
            breaker_open_ms: 30_000,
        }
    }
}

impl LlmSettings {
    /// The configured address; none if it is missing or blank.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        given(self.base_url.as_deref())
    }

    /// Checks what can be checked without asking the endpoint.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let Some(base_url) = self.endpoint() else { return Ok(()) };
        check_endpoint("llm.base_url", base_url, "llm.api_key", self.api_key.as_ref())?;
        if self.model.trim().is_empty() {
            return Err(SettingsError::new("llm.model", "配置了 base_url 就要写明模型名称"));
        }
        for (field, ms) in [
            ("llm.connect_timeout_ms", self.connect_timeout_ms),
            ("llm.first_words_timeout_ms", self.first_words_timeout_ms),
            ("llm.idle_timeout_ms", self.idle_timeout_ms),
            ("llm.total_timeout_ms", self.total_timeout_ms),
            ("llm.breaker_open_ms", self.breaker_open_ms),
            ("llm.breaker_window_ms", self.breaker_window_ms),
        ] {
            if ms == 0 {
                return Err(SettingsError::new(field, "必须大于 0 毫秒"));
            }
        }
        if self.breaker_failures == 0 {
            return Err(SettingsError::new("llm.breaker_failures", "必须大于 0"));
        }
        if self.temperature.is_some_and(|t| !(0.0..=2.0).contains(&t)) {
            return Err(SettingsError::new("llm.temperature", "必须在 0 到 2 之间"));
        }
        if self.max_tokens.is_some_and(|max| max as usize >= self.context_tokens) {
            return Err(SettingsError::new("llm.max_tokens", "必须小于 llm.context_tokens"));
        }
        for reserved in ["model", "messages", "stream", "temperature", "max_tokens", "response_format"] {
            if self.extra.contains_key(reserved) {
                return Err(SettingsError::new("llm.extra", format!("{reserved} 由程序填写，不能放在 extra 里")));
            }
        }
        Ok(())
    }

    /// How many tokens a prompt may have so that the longest answer still fits behind it.
    #[must_use]
    pub fn prompt_tokens(&self) -> usize {
        self.context_tokens.saturating_sub(self.max_tokens.map_or(0, |max| max as usize))
    }

    pub(super) fn retry_plan(&self) -> super::http::RetryPlan {
        super::http::RetryPlan {
            retries: self.retries as usize,
            first: Duration::from_millis(self.retry_delay_ms),
            longest: Duration::from_millis(self.retry_delay_max_ms),
        }
    }
}

/// `[embedder]`: an optional embedding model; without `base_url` the service uses only what it trained itself.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmbedderSettings {
    /// Address of an OpenAI-compatible endpoint up to and including its version.
    pub base_url: Option<String>,
    /// Key sent as bearer.
    #[serde(serialize_with = "masked")]
    #[schemars(with = "Option<String>")]
    pub api_key: Option<SecretString>,
    /// The model's name at that endpoint.
    pub model: String,
    /// Length of its vectors; unset takes what the first answer has.
    pub dim: Option<usize>,
    /// Texts per request (most endpoints take 10 to 32).
    pub batch: usize,
    /// Longest wait for a connection.
    pub connect_timeout_ms: u64,
    /// Longest time for one request of `batch` texts.
    pub timeout_ms: u64,
    /// Further attempts after a passing failure.
    pub retries: u32,
    /// More fields for the request body, such as `dimensions = 512`.
    #[schemars(with = "std::collections::HashMap<String, Value>")]
    pub extra: Map<String, Value>,
}

impl Default for EmbedderSettings {
    fn default() -> Self {
        Self {
            base_url: None,
            api_key: None,
            model: String::new(),
            dim: None,
            batch: 10,
            connect_timeout_ms: 5_000,
            timeout_ms: 30_000,
            retries: 2,
            extra: Map::new(),
        }
    }
}

impl EmbedderSettings {
    /// The configured address; none if it is missing or blank.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        given(self.base_url.as_deref())
    }

    /// Checks what can be checked without asking the endpoint.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let Some(base_url) = self.endpoint() else { return Ok(()) };
        check_endpoint("embedder.base_url", base_url, "embedder.api_key", self.api_key.as_ref())?;
        if self.model.trim().is_empty() {
            return Err(SettingsError::new("embedder.model", "配置了 base_url 就要写明模型名称"));
        }
        if self.batch == 0 || self.dim == Some(0) || self.timeout_ms == 0 || self.connect_timeout_ms == 0 {
            return Err(SettingsError::new("embedder", "batch、dim、timeout_ms、connect_timeout_ms 必须大于 0"));
        }
        for reserved in ["model", "input", "encoding_format"] {
            if self.extra.contains_key(reserved) {
                return Err(SettingsError::new("embedder.extra", format!("{reserved} 由程序填写，不能放在 extra 里")));
            }
        }
        Ok(())
    }
}

/// Which of the two common request shapes a re-ranking endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RerankShape {
    /// `{model, query, documents}` → `{results: [{index, relevance_score}]}` (Jina, Cohere, vLLM and others).
    #[default]
    Jina,
    /// `{query, texts}` → `[{index, score}]` (text-embeddings-inference).
    Tei,
}

/// `[reranker]`: an optional re-ranking model.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RerankerSettings {
    /// Address up to, without, `/rerank`.
    pub base_url: Option<String>,
    /// Key sent as bearer.
    #[serde(serialize_with = "masked")]
    #[schemars(with = "Option<String>")]
    pub api_key: Option<SecretString>,
    /// The model's name at that endpoint.
    pub model: String,
    /// Request shape: `jina` or `tei`.
    pub shape: RerankShape,
    /// Longest wait for a connection.
    pub connect_timeout_ms: u64,
    /// Longest time for one request. Search goes on without the re-ranker when it is over.
    pub timeout_ms: u64,
}

impl Default for RerankerSettings {
    fn default() -> Self {
        Self {
            base_url: None,
            api_key: None,
            model: String::new(),
            shape: RerankShape::Jina,
            connect_timeout_ms: 2_000,
            timeout_ms: 3_000,
        }
    }
}

impl RerankerSettings {
    /// The configured address; none if it is missing or blank.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        given(self.base_url.as_deref())
    }

    /// Checks what can be checked without asking the endpoint.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let Some(base_url) = self.endpoint() else { return Ok(()) };
        check_endpoint("reranker.base_url", base_url, "reranker.api_key", self.api_key.as_ref())?;
        if self.shape == RerankShape::Jina && self.model.trim().is_empty() {
            return Err(SettingsError::new("reranker.model", "配置了 base_url 就要写明模型名称"));
        }
        if self.timeout_ms == 0 || self.connect_timeout_ms == 0 {
            return Err(SettingsError::new("reranker", "timeout_ms、connect_timeout_ms 必须大于 0"));
        }
        Ok(())
    }
}

/// `[transcriber]`: turns what a resident says into words. Without `base_url` there is no voice input.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TranscriberSettings {
    /// Address up to and including its version, without `/audio/transcriptions`.
    pub base_url: Option<String>,
    /// Key sent as bearer.
    #[serde(serialize_with = "masked")]
    #[schemars(with = "Option<String>")]
    pub api_key: Option<SecretString>,
    /// The model's name at that endpoint.
    pub model: String,
    /// Spoken language (ISO 639-1); blank leaves it to the endpoint.
    pub language: String,
    /// Longest wait for a connection.
    pub connect_timeout_ms: u64,
    /// Longest time for one recording with its second try.
    pub timeout_ms: u64,
}

impl Default for TranscriberSettings {
    fn default() -> Self {
        Self {
            base_url: None,
            api_key: None,
            model: String::new(),
            language: "zh".to_owned(),
            connect_timeout_ms: 3_000,
            timeout_ms: 30_000,
        }
    }
}

impl TranscriberSettings {
    /// The configured address; none if it is missing or blank.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        given(self.base_url.as_deref())
    }

    /// Checks what can be checked without asking the endpoint.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let Some(base_url) = self.endpoint() else { return Ok(()) };
        check_endpoint("transcriber.base_url", base_url, "transcriber.api_key", self.api_key.as_ref())?;
        if self.model.trim().is_empty() {
            return Err(SettingsError::new("transcriber.model", "配置了 base_url 就要写明模型名称"));
        }
        if self.model.contains(char::is_control) || self.language.contains(char::is_control) {
            return Err(SettingsError::new("transcriber", "model、language 不能含有换行等控制字符"));
        }
        if self.timeout_ms == 0 || self.connect_timeout_ms == 0 {
            return Err(SettingsError::new("transcriber", "timeout_ms、connect_timeout_ms 必须大于 0"));
        }
        Ok(())
    }
}

/// A setting that is left blank is not set.
fn given(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

fn check_endpoint(
    url_field: &'static str,
    base_url: &str,
    key_field: &'static str,
    key: Option<&SecretString>,
) -> Result<(), SettingsError> {
    let url = url::Url::parse(base_url).map_err(|_| SettingsError::new(url_field, "不是完整的网址"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(SettingsError::new(url_field, "要以 http:// 或 https:// 开头"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(SettingsError::new(url_field, "不能带用户名、密码、查询参数或 #"));
    }
    if key.is_some_and(|key| key.expose_secret().bytes().any(|b| !(0x21..=0x7e).contains(&b))) {
        return Err(SettingsError::new(key_field, "只能由可见的 ASCII 字符组成，前后不能有空格或换行"));
    }
    Ok(())
}

/// A secret is shown only as being there.
#[expect(clippy::ref_option, reason = "the shape that serde asks for")]
fn masked<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => serializer.serialize_some("***"),
        None => serializer.serialize_none(),
    }
}
