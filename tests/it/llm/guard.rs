//! The guard around a model: breaker, total deadline, metrics.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use gridworker::llm::breaker::Circuit;
use gridworker::llm::error::Wait;
use gridworker::llm::guard::Guarded;
use gridworker::llm::openai::OpenAiChat;
use gridworker::llm::settings::LlmSettings;
use gridworker::llm::{ChatModel, ChatRequest, FinishReason, LlmError, StreamItem, connect};
use jiff::SignedDuration;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use super::{clock, listen, question, settings};
use crate::support::fake_model::{FakeModel, Reply, Step};

fn guarded(settings: &LlmSettings) -> Guarded<OpenAiChat> {
    Guarded::new(OpenAiChat::new(settings).expect("valid settings"), settings, clock())
}

#[tokio::test]
async fn without_an_endpoint_there_is_no_model_and_nothing_is_asked() {
    for base_url in [None, Some(String::new()), Some("  ".to_owned())] {
        let model = connect(&LlmSettings { base_url, ..LlmSettings::default() }, clock()).expect("no endpoint is a valid choice");
        assert!(!model.ready());
        assert_eq!(listen(&model).await.end, Err(LlmError::NoModel));
        assert_eq!(model.complete(question()).await, Err(LlmError::NoModel));
    }
}

#[tokio::test]
async fn a_configured_endpoint_is_asked_through_the_guard() {
    let fake = FakeModel::with([Reply::says(&["好"])]).await;
    let model = connect(&settings(&fake), clock()).expect("valid settings");
    assert!(model.ready());
    assert_eq!((model.name(), listen(&model).await.end), ("some-model", Ok(FinishReason::Stop)));
}

#[tokio::test]
async fn a_failing_endpoint_is_left_alone_and_probed_once_after_the_pause() {
    let fake = FakeModel::with([Reply::html(500), Reply::sse(vec![Step::text("找"), Step::Reset])]).await;
    let settings = LlmSettings { retries: 0, breaker_failures: 2, breaker_open_ms: 30_000, ..settings(&fake) };
    let clock = clock();
    let model = Guarded::new(OpenAiChat::new(&settings).expect("valid settings"), &settings, clock.clone());

    assert_eq!(listen(&model).await.end, Err(LlmError::Transient { retry_after: None }));
    assert_eq!(model.breaker().circuit(), Circuit::Closed);
    // The opening of this stream succeeds and wipes the count, its break counts one: two more are needed.
    assert_eq!(listen(&model).await.end, Err(LlmError::CutShort));
    fake.then(Reply::html(200));
    assert_eq!(model.complete(question()).await, Err(LlmError::Garbage));
    assert_eq!(model.breaker().circuit(), Circuit::Open);
    assert!(!model.ready());

    let asked = fake.requests().len();
    assert_eq!(listen(&model).await.end, Err(LlmError::CircuitOpen));
    assert_eq!(model.complete(question()).await, Err(LlmError::CircuitOpen));
    assert_eq!(fake.requests().len(), asked, "an open circuit asks nothing");

    clock.advance(SignedDuration::from_secs(30));
    assert!(model.ready());
    fake.then(Reply::says(&["好"]));
    assert_eq!(listen(&model).await.end, Ok(FinishReason::Stop));
    assert_eq!(model.breaker().circuit(), Circuit::Closed);
}

#[tokio::test]
async fn a_request_that_is_at_fault_itself_does_not_open_the_circuit() {
    let too_long = || Reply::json(400, &json!({"error": {"code": "context_length_exceeded"}}));
    let fake = FakeModel::with([too_long(), Reply::json(400, &json!({})), too_long()]).await;
    let model = guarded(&LlmSettings { breaker_failures: 1, ..settings(&fake) });
    for _ in 0..3 {
        model.complete(question()).await.expect_err("all three are refused");
    }
    assert_eq!(model.breaker().circuit(), Circuit::Closed);
}

#[tokio::test]
async fn the_total_time_ends_a_stream_that_keeps_talking_too_slowly() {
    let (_never, gate) = Step::gate();
    let fake = FakeModel::with([Reply::sse(vec![Step::text("找"), gate, Step::text("物业"), Step::finish("stop")])]).await;
    let model = guarded(&LlmSettings { total_timeout_ms: 1_500, ..settings(&fake) });
    let since = Instant::now();
    let heard = listen(&model).await;
    assert_eq!((heard.text.as_str(), heard.end), ("找", Err(LlmError::Timeout { which: Wait::Total })));
    assert!(since.elapsed() >= Duration::from_millis(1_500), "ended early: {:?}", since.elapsed());
    fake.hung_up(1).await;
}

#[tokio::test]
async fn a_request_may_be_worth_less_time_than_the_total() {
    let fake = FakeModel::with([Reply::hang()]).await;
    let model = guarded(&settings(&fake));
    let hurried = ChatRequest { time_limit: Some(Duration::from_millis(300)), ..question() };
    assert_eq!(model.complete(hurried).await, Err(LlmError::Timeout { which: Wait::Total }));
    fake.hung_up(1).await;
}

#[tokio::test]
async fn dropping_a_guarded_stream_ends_the_request_at_the_endpoint() {
    let fake = FakeModel::with([Reply::sse(vec![Step::text("找"), Step::Idle])]).await;
    let model = guarded(&LlmSettings { breaker_failures: 1, ..settings(&fake) });
    let mut stream = model.stream(question()).await.expect("the first word is there");
    assert_eq!(stream.next().await, Some(Ok(StreamItem::Text("找".to_owned()))));
    drop(stream);
    fake.hung_up(1).await;
    assert_eq!(model.breaker().circuit(), Circuit::Closed, "a resident who leaves says nothing about the endpoint");
}

#[test]
fn every_request_is_counted_once_under_its_outcome() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let fake = FakeModel::with([
                Reply::says(&["好"]),
                Reply::html(503),
                Reply::says(&["好"]),
                Reply::sse(vec![Step::text("找")]),
                Reply::sse(vec![Step::text("找"), Step::Idle]),
                Reply::says(&["好"]),
            ])
            .await;
            let model = guarded(&settings(&fake));
            for _ in 0..3 {
                listen(&model).await;
            }
            drop(model.stream(question()).await.expect("the first word is there"));
            model.complete(question()).await.expect("an answer");
        });
    });
    let shown: Vec<String> = handle.render().lines().filter(|line| line.contains("_total{")).map(str::to_owned).collect();
    let mut shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    shown.sort_unstable();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    llm_requests_total{call="complete",purpose="answer",outcome="ok"} 1
    llm_requests_total{call="stream",purpose="answer",outcome="cut_short"} 1
    llm_requests_total{call="stream",purpose="answer",outcome="dropped"} 1
    llm_requests_total{call="stream",purpose="answer",outcome="ok"} 2
    llm_retries_total{reason="transient"} 1
    "#);
}
