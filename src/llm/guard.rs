//! Stands before a model: breaker, total deadline, metrics. The same for every kind of endpoint.
//!
//! Metrics: `llm_requests_total{call, purpose, outcome}` (`outcome` is `ok`, `dropped` by the caller, or the error's label),
//! `llm_first_text_seconds{purpose}`, `llm_request_seconds{call, purpose}`, `llm_retries_total{reason}`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::breaker::{Breaker, BreakerPlan, CircuitState, Permit};
use super::error::{LlmError, Wait};
use super::port::{AnswerStream, ChatModel, ChatRequest, Completion, StreamItem, Structured};
use super::settings::LlmSettings;
use crate::core::clock::Clock;

const TOO_LATE: LlmError = LlmError::Timeout { which: Wait::Total };

/// A guarded model.
pub struct Guarded<M> {
    model: M,
    breaker: Arc<Breaker>,
    total: Duration,
}

impl<M: ChatModel> Guarded<M> {
    /// Guards `model` with the breaker and the total deadline of the settings.
    pub fn new(model: M, settings: &LlmSettings, clock: Arc<dyn Clock>) -> Self {
        let plan = BreakerPlan {
            failures: settings.breaker_failures,
            window: Duration::from_millis(settings.breaker_window_ms),
            open: Duration::from_millis(settings.breaker_open_ms),
        };
        Self { model, breaker: Breaker::new(plan, clock), total: Duration::from_millis(settings.total_timeout_ms) }
    }

    /// The breaker, for the health page.
    #[must_use]
    pub fn breaker(&self) -> &Arc<Breaker> {
        &self.breaker
    }

    fn enter(&self, watch: &mut Watch) -> Result<Permit, LlmError> {
        self.breaker.enter().ok_or_else(|| watch.failed(LlmError::CircuitOpen))
    }

    fn deadline(&self, request: &ChatRequest) -> Instant {
        Instant::now() + request.time_limit.map_or(self.total, |limit| limit.min(self.total))
    }
}

/// Tells the breaker how a request went, as far as it says something about the endpoint.
fn tell<T>(permit: Permit, result: &Result<T, LlmError>) {
    match result {
        Ok(_) => permit.succeeded(),
        Err(error) if error.counts_against_endpoint() => permit.failed(),
        // An endpoint that judges a request is alive.
        Err(_) => permit.succeeded(),
    }
}

#[async_trait]
impl<M: ChatModel> ChatModel for Guarded<M> {
    async fn stream(&self, request: ChatRequest) -> Result<AnswerStream, LlmError> {
        let mut watch = Watch::new("stream", request.purpose);
        let permit = self.enter(&mut watch)?;
        let deadline = self.deadline(&request);
        let opened = timeout_at(deadline, self.model.stream(request)).await.unwrap_or(Err(TOO_LATE));
        tell(permit, &opened);
        let items = opened.map_err(|error| watch.failed(error))?;
        watch.first_text();
        let relay = Relay { items, breaker: Arc::clone(&self.breaker), deadline, watch };
        Ok(futures::stream::unfold(relay, |mut relay| async move { relay.next().await.map(|item| (item, relay)) }).boxed())
    }

    async fn complete(&self, request: ChatRequest) -> Result<Completion, LlmError> {
        let mut watch = Watch::new("complete", request.purpose);
        let permit = self.enter(&mut watch)?;
        let result = timeout_at(self.deadline(&request), self.model.complete(request)).await.unwrap_or(Err(TOO_LATE));
        tell(permit, &result);
        match result {
            Ok(completion) => {
                watch.ended("ok");
                Ok(completion)
            }
            Err(error) => Err(watch.failed(error)),
        }
    }

    fn name(&self) -> &str {
        self.model.name()
    }

    fn ready(&self) -> bool {
        self.model.ready() && self.breaker.would_pass()
    }

    fn circuit(&self) -> Option<CircuitState> {
        Some(self.breaker.state())
    }

    async fn probe(&self, request: ChatRequest) -> Result<Completion, LlmError> {
        if self.breaker.would_pass() {
            return self.complete(request).await;
        }
        let mut watch = Watch::new("complete", request.purpose);
        // The circuit is left to find out by itself: one answer on demand is no proof for everybody.
        match timeout_at(self.deadline(&request), self.model.complete(request)).await.unwrap_or(Err(TOO_LATE)) {
            Ok(completion) => {
                watch.ended("ok");
                Ok(completion)
            }
            Err(error) => Err(watch.failed(error)),
        }
    }

    fn structured(&self) -> Structured {
        self.model.structured()
    }

    fn structured_refused(&self, refused: Structured) {
        self.model.structured_refused(refused);
    }
}

/// An open stream under its deadline.
struct Relay {
    items: AnswerStream,
    breaker: Arc<Breaker>,
    deadline: Instant,
    watch: Watch,
}

impl Relay {
    async fn next(&mut self) -> Option<Result<StreamItem, LlmError>> {
        if self.watch.is_over() {
            return None;
        }
        let error = match timeout_at(self.deadline, self.items.next()).await {
            Ok(Some(Ok(item))) => {
                if let StreamItem::Finish(_) = item {
                    self.watch.ended("ok");
                    // Lets the adapter read the rest, so that the connection can be used again; nobody waits for it.
                    let mut rest = std::mem::replace(&mut self.items, futures::stream::empty().boxed());
                    tokio::spawn(async move { while rest.next().await.is_some() {} });
                }
                return Some(Ok(item));
            }
            Ok(Some(Err(error))) => error,
            // A model that breaks the port's promise to end with a finish.
            Ok(None) => LlmError::CutShort,
            Err(_) => TOO_LATE,
        };
        if error.counts_against_endpoint() {
            self.breaker.failed();
        }
        self.items = futures::stream::empty().boxed();
        Some(Err(self.watch.failed(error)))
    }
}

/// Counts one request once, however it ends.
struct Watch {
    call: &'static str,
    purpose: &'static str,
    since: Instant,
    over: bool,
}

impl Watch {
    fn new(call: &'static str, purpose: &'static str) -> Self {
        Self { call, purpose, since: Instant::now(), over: false }
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn first_text(&self) {
        metrics::histogram!("llm_first_text_seconds", "purpose" => self.purpose).record(self.since.elapsed());
    }

    fn ended(&mut self, outcome: &'static str) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        metrics::counter!("llm_requests_total", "call" => self.call, "purpose" => self.purpose, "outcome" => outcome)
            .increment(1);
        metrics::histogram!("llm_request_seconds", "call" => self.call, "purpose" => self.purpose).record(self.since.elapsed());
    }

    fn failed(&mut self, error: LlmError) -> LlmError {
        tracing::warn!(call = self.call, purpose = self.purpose, outcome = error.label(), "model request failed: {error}");
        self.ended(error.label());
        error
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ended("dropped");
    }
}
