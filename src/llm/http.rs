//! One HTTP attempt and the rule for another: shared by the chat, embedding and re-ranking adapters.
//!
//! async-openai's own executor retries without jitter, obeys any `Retry-After`, never retries after the response head, and logs
//! failed bodies. [`service`] takes its place: it sees each raw response, judges failures here and hands over only what
//! can be an answer.

use std::time::Duration;

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use backon::{ExponentialBuilder, Retryable as _};
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::{LlmError, Wait};
use super::settings::SettingsError;

/// A directive for the log filter. async-openai writes bodies that it cannot read into its log, and a body is not ours to keep.
pub const QUIET_LOG: &str = "async_openai=off";

/// More of an error body than this is not needed to judge it.
const ERROR_BODY_BYTES: usize = 64 * 1024;
/// Longest wait for the body of a refusal.
const ERROR_BODY_WAIT: Duration = Duration::from_secs(2);

/// Address and key of an endpoint. async-openai's own type would also read its environment variables.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    base: String,
    key: SecretString,
    headers: HeaderMap,
}

impl Endpoint {
    pub(super) fn new(base_url: &str, key: Option<&SecretString>) -> Result<Self, SettingsError> {
        let mut headers = HeaderMap::new();
        if let Some(key) = key.filter(|key| !key.expose_secret().is_empty()) {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
                .map_err(|_| SettingsError::new("api_key", "含有不能放进请求头的字符"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        Ok(Self { base: base_url.trim_end_matches('/').to_owned(), key: key.cloned().unwrap_or_default(), headers })
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}

/// A plain HTTP client: it follows no redirect (a POST would lose its body and the key could travel) and no proxy of the environment.
/// It has no time-out for silence of its own, because what arrives from inside a stream could no longer be told from a broken line.
pub(super) fn client(connect_timeout: Duration) -> Result<reqwest::Client, SettingsError> {
    super::install_tls();
    reqwest::Client::builder()
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|_| SettingsError::new("base_url", "无法建立 HTTP 客户端（系统证书是否可用？）"))
}

/// async-openai over [`attempt`].
pub(super) fn service(http: reqwest::Client, endpoint: Endpoint, idle: Duration) -> Client<Endpoint> {
    let attempts = http.clone();
    Client::build(http, endpoint).with_http_service(tower::service_fn(move |factory: HttpRequestFactory| {
        let http = attempts.clone();
        async move {
            let request = factory.build().await?;
            attempt(&http, request, idle).await.map_err(|error| OpenAIError::Boxed(Box::new(error)))
        }
    }))
}

/// Sends one request and judges the response's head. `idle` bounds the wait for it.
pub(super) async fn attempt(http: &reqwest::Client, request: reqwest::Request, idle: Duration) -> Result<Response, LlmError> {
    let response = match tokio::time::timeout(idle, http.execute(request)).await {
        Err(_) => return Err(LlmError::Timeout { which: Wait::Idle }),
        Ok(Err(error)) if error.is_connect() && error.is_timeout() => return Err(LlmError::Timeout { which: Wait::Connect }),
        Ok(Err(error)) if error.is_builder() => return Err(LlmError::Permanent { status: 0 }),
        Ok(Err(_)) => return Err(LlmError::Transient { retry_after: None }),
        Ok(Ok(response)) => response,
    };
    if response.status().is_success() {
        return if may_be_an_answer(response.headers()) { Ok(response) } else { Err(LlmError::Garbage) };
    }
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let body = error_body(response).await;
    Err(LlmError::from_response(status, &body, retry_after))
}

/// A page in HTML is a proxy's or a portal's, whatever its status says. A missing content type proves nothing.
fn may_be_an_answer(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return true };
    let kind = kind.to_ascii_lowercase();
    !(kind.contains("html") || kind.contains("xml") || kind.starts_with("image/"))
}

/// The beginning of a refusal's body; what does not come is not needed.
async fn error_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() >= ERROR_BODY_BYTES {
                break;
            }
        }
    };
    // Too late is the same as nothing: the status alone decides then.
    let _ = tokio::time::timeout(ERROR_BODY_WAIT, read).await;
    body
}

/// The wait an endpoint asks for: milliseconds, seconds, or a date, which is read against the endpoint's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|value| value.parse::<u64>().ok()) {
        return Some(Duration::from_millis(ms));
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let now = jiff::fmt::rfc2822::parse(text(DATE.as_str())?).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// How often and how fast to try again.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetryPlan {
    pub(super) retries: usize,
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl RetryPlan {
    /// Runs `work` until it succeeds, fails for good, or the attempts are used up. Only for work whose failure nobody has seen.
    pub(super) async fn run<T, F, Fut>(&self, work: F) -> Result<T, LlmError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, LlmError>>,
    {
        let longest = self.longest;
        work.retry(
            ExponentialBuilder::default()
                .with_min_delay(self.first)
                .with_max_delay(longest)
                .with_max_times(self.retries)
                .with_jitter(),
        )
        .when(|error| matches!(error, LlmError::Transient { .. } | LlmError::CutShort))
        .adjust(move |error, pause| {
            let pause = pause?;
            match error {
                // Jitter may only add to what the endpoint asked for; a wait that no resident would sit through ends the matter.
                LlmError::Transient { retry_after: Some(asked) } => (*asked <= longest).then(|| pause.max(*asked)),
                _ => Some(pause),
            }
        })
        .notify(|error, _| metrics::counter!("llm_retries_total", "reason" => error.label()).increment(1))
        .await
    }
}

/// What async-openai made of a response that had passed [`attempt`].
pub(super) fn from_openai(error: OpenAIError) -> LlmError {
    match error {
        OpenAIError::Boxed(inner) => match inner.downcast::<LlmError>() {
            Ok(error) => *error,
            Err(_) => LlmError::Transient { retry_after: None },
        },
        // The head was there and the body broke off.
        OpenAIError::Reqwest(_) => LlmError::Transient { retry_after: None },
        OpenAIError::StreamError(_) => LlmError::CutShort,
        OpenAIError::JSONDeserialize(..) => LlmError::Garbage,
        // Not reached with our service in place; kept total so that a new variant is looked at.
        OpenAIError::ApiError(response) => LlmError::from_response(response.status_code.as_u16(), b"", None),
        OpenAIError::FileSaveError(_) | OpenAIError::FileReadError(_) | OpenAIError::InvalidArgument(_) => {
            LlmError::Permanent { status: 0 }
        }
    }
}
