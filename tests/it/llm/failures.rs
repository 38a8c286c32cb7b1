//! Refusals, and who gets a second try.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gridworker::llm::error::Wait;
use gridworker::llm::openai::OpenAiChat;
use gridworker::llm::settings::LlmSettings;
use gridworker::llm::{ChatModel, Completion, FinishReason, LlmError, QUIET_LOG};
use serde_json::json;

use super::{listen, question, settings};
use crate::support::fake_model::{FakeModel, Reply, Step};

const TRANSIENT: LlmError = LlmError::Transient { retry_after: None };

#[test]
fn refusals_are_judged_by_status_and_a_tolerant_reading_of_the_body() {
    let said = |status: u16, body: &str| LlmError::from_response(status, body.as_bytes(), None);
    let cases = [
        (401, r#"{"error":{"message":"bad key","code":"invalid_api_key"}}"#, LlmError::Auth),
        (403, "<html>forbidden</html>", LlmError::Auth),
        (429, "", TRANSIENT),
        (429, r#"{"error":{"message":"slow down","code":429}}"#, TRANSIENT),
        (429, r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#, TRANSIENT),
        (429, r#"{"error":{"message":"pay","type":"insufficient_quota","code":null}}"#, LlmError::Permanent { status: 429 }),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, LlmError::Permanent { status: 402 }),
        (400, r#"{"code":"Arrearage","message":"account is in arrears"}"#, LlmError::Permanent { status: 402 }),
        (400, r#"{"error":{"code":"context_length_exceeded","message":"…"}}"#, LlmError::ContextTooLong),
        (
            400,
            r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","code":400}"#,
            LlmError::ContextTooLong,
        ),
        (400, r#"{"error":"the prompt exceeds the context window"}"#, LlmError::ContextTooLong),
        (413, "", LlmError::ContextTooLong),
        (400, r#"{"error":{"message":"unknown field"}}"#, LlmError::Permanent { status: 400 }),
        (404, r#"{"error":{"message":"model not found"}}"#, LlmError::Permanent { status: 404 }),
        (301, "", LlmError::Permanent { status: 301 }),
        (408, "", TRANSIENT),
        (500, "not json", TRANSIENT),
        (502, "<html>bad gateway</html>", TRANSIENT),
        (503, r#"["what"]"#, TRANSIENT),
        (529, "", TRANSIENT),
        (501, "", LlmError::Permanent { status: 501 }),
    ];
    for (status, body, expected) in cases {
        assert_eq!(said(status, body), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn what_is_tried_again_and_what_is_not() {
    let insufficient = json!({"error": {"message": "no money", "type": "insufficient_quota", "code": 429}});
    let cases: Vec<(&str, Vec<Reply>, Result<FinishReason, LlmError>)> = vec![
        (
            "429 without a wait, then an answer",
            vec![Reply::json(429, &json!({"error": {"code": 1302}})), Reply::says(&["好"])],
            Ok(FinishReason::Stop),
        ),
        (
            "500, HTML 502, then an answer",
            vec![Reply::json(500, &json!({})), Reply::html(502), Reply::says(&["好"])],
            Ok(FinishReason::Stop),
        ),
        ("500 until the tries are used up", vec![Reply::html(500), Reply::html(500), Reply::html(500)], Err(TRANSIENT)),
        (
            "a line that breaks before the first word",
            vec![Reply::sse(vec![Step::Comment, Step::Reset]), Reply::says(&["好"])],
            Ok(FinishReason::Stop),
        ),
        (
            "a stream that ends before the first word",
            vec![Reply::sse(vec![Step::Usage]), Reply::says(&["好"])],
            Ok(FinishReason::Stop),
        ),
        ("no money", vec![Reply::json(429, &insufficient)], Err(LlmError::Permanent { status: 429 })),
        ("a bad key", vec![Reply::json(401, &json!({}))], Err(LlmError::Auth)),
        ("a bad request", vec![Reply::json(400, &json!({}))], Err(LlmError::Permanent { status: 400 })),
        ("a page in place of an answer", vec![Reply::html(200)], Err(LlmError::Garbage)),
        (
            "a redirect is not followed",
            vec![Reply::body(307, "", "").header("location", "/elsewhere")],
            Err(LlmError::Permanent { status: 307 }),
        ),
        // The words are out: a second try would say them twice.
        ("a break after the first word", vec![Reply::sse(vec![Step::text("找"), Step::Reset])], Err(LlmError::CutShort)),
    ];
    for (name, replies, expected) in cases {
        let tries = replies.len();
        let fake = FakeModel::with(replies).await;
        let heard = listen(&OpenAiChat::new(&settings(&fake)).expect("valid settings")).await;
        assert_eq!(heard.end, expected, "{name}");
        assert_eq!(fake.requests().len(), tries, "{name}: number of requests");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_and_a_long_one_ends_the_matter() {
    let busy = |wait: &str| Reply::json(429, &json!({"error": {"message": "busy"}})).header("retry-after", wait);

    let fake = FakeModel::with([busy("1"), Reply::says(&["好"])]).await;
    let model = OpenAiChat::new(&LlmSettings { retry_delay_max_ms: 3_000, ..settings(&fake) }).expect("valid settings");
    let since = Instant::now();
    assert_eq!(listen(&model).await.end, Ok(FinishReason::Stop));
    assert!(
        since.elapsed() >= Duration::from_secs(1),
        "asked again after {:?}, the endpoint had asked for a second",
        since.elapsed()
    );

    let fake = FakeModel::with([busy("3600")]).await;
    let heard = listen(&OpenAiChat::new(&settings(&fake)).expect("valid settings")).await;
    assert_eq!(heard.end, Err(LlmError::Transient { retry_after: Some(Duration::from_hours(1)) }));
    assert_eq!(fake.requests().len(), 1, "no resident waits an hour");

    let dated =
        Reply::html(503).header("date", "Sun, 22 Nov 2026 08:00:00 GMT").header("retry-after", "Sun, 22 Nov 2026 08:02:00 GMT");
    let fake = FakeModel::with([dated]).await;
    let heard = listen(&OpenAiChat::new(&settings(&fake)).expect("valid settings")).await;
    assert_eq!(
        heard.end,
        Err(LlmError::Transient { retry_after: Some(Duration::from_mins(2)) }),
        "a date counts against the endpoint's own clock"
    );
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_a_passing_failure() {
    let gone = FakeModel::start().await.base_url();
    let settings = LlmSettings { base_url: Some(gone), model: "m".to_owned(), retry_delay_ms: 1, ..LlmSettings::default() };
    let heard = listen(&OpenAiChat::new(&settings).expect("valid settings")).await;
    assert_eq!(heard.end, Err(TRANSIENT));
}

#[tokio::test]
async fn whole_answers() {
    let whole = |message: serde_json::Value, finish: serde_json::Value| {
        Reply::json(200, &json!({"choices": [{"message": message, "finish_reason": finish}]}))
    };
    let said = |text: &str, finish| Ok(Completion { text: text.to_owned(), finish });
    let cases = [
        ("an ordinary one", Reply::says(&["找", "物业"]), said("找物业", FinishReason::Stop)),
        ("an unknown finish reason", whole(json!({"content": "好"}), json!("bored")), said("好", FinishReason::Other)),
        ("no finish reason", whole(json!({"content": "好"}), json!(null)), said("好", FinishReason::Other)),
        (
            "thinking",
            whole(json!({"content": "<think>嗯</think>\n\n好", "reasoning_content": "嗯"}), json!("stop")),
            said("好", FinishReason::Stop),
        ),
        ("no words", whole(json!({"content": ""}), json!("stop")), Err(LlmError::Garbage)),
        ("no choice", Reply::json(200, &json!({"choices": []})), Err(LlmError::Garbage)),
        ("not JSON", Reply::body(200, "application/json", "{\"choices\": ["), Err(LlmError::Garbage)),
        ("HTML", Reply::html(200), Err(LlmError::Garbage)),
        ("HTML that says it is JSON", Reply::body(200, "application/json", "<html>"), Err(LlmError::Garbage)),
        ("nothing", Reply::body(200, "application/json", ""), Err(LlmError::Garbage)),
        (
            "an error under 200",
            Reply::json(200, &json!({"error": {"message": "who are you", "code": "401"}})),
            Err(LlmError::Auth),
        ),
    ];
    for (name, reply, expected) in cases {
        let fake = FakeModel::with([reply]).await;
        let model = OpenAiChat::new(&settings(&fake)).expect("valid settings");
        assert_eq!(model.complete(question()).await, expected, "{name}");
        assert_eq!(fake.bodies()[0]["stream"], json!(false), "{name}: a whole answer is asked for");
    }
}

#[tokio::test]
async fn errors_show_nothing_of_what_was_said() {
    let fake = FakeModel::with([Reply::json(400, &json!({"error": {"message": "MARK-7 was in your prompt"}}))]).await;
    let error =
        OpenAiChat::new(&settings(&fake)).expect("valid settings").complete(question()).await.expect_err("a 400 is an error");
    assert!(!format!("{error} {error:?}").contains("MARK-7"), "the body leaked into the error: {error:?}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the log holds after garbage that carries a mark, under a filter.
async fn log_of_garbage(filter: &str) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(move || writer.clone())
        .finish();
    let _here = tracing::subscriber::set_default(subscriber);
    let fake = FakeModel::with([
        Reply::sse(vec![Step::text("找"), Step::data("{MARK-8")]),
        Reply::body(200, "application/json", "MARK-8"),
        Reply::json(422, &json!({"detail": "MARK-8"})),
    ])
    .await;
    let model = OpenAiChat::new(&settings(&fake)).expect("valid settings");
    listen(&model).await;
    for _ in 0..2 {
        model.complete(question()).await.expect_err("both bodies are refused");
    }
    String::from_utf8(log.0.lock().expect("no writer panics").clone()).expect("a log is UTF-8")
}

#[tokio::test]
async fn the_quiet_directive_keeps_bodies_out_of_the_log() {
    assert!(
        log_of_garbage("trace").await.contains("MARK-8"),
        "without the directive the library is expected to log bodies; if it no longer does, drop QUIET_LOG"
    );
    let quiet = log_of_garbage(&format!("trace,{QUIET_LOG}")).await;
    assert!(!quiet.contains("MARK-8"), "a body reached the log:\n{quiet}");
}

#[test]
fn labels_are_stable_words() {
    let all = [
        LlmError::Transient { retry_after: None },
        LlmError::Permanent { status: 400 },
        LlmError::ContextTooLong,
        LlmError::Auth,
        LlmError::CutShort,
        LlmError::Timeout { which: Wait::Connect },
        LlmError::Timeout { which: Wait::Idle },
        LlmError::Timeout { which: Wait::Total },
        LlmError::Garbage,
        LlmError::CircuitOpen,
        LlmError::NoModel,
    ];
    let labels: Vec<_> = all.iter().map(LlmError::label).collect();
    insta::assert_snapshot!(labels.join(" "), @"transient permanent context_too_long auth cut_short timeout_connect timeout_idle timeout_total garbage circuit_open no_model");
}

#[test]
fn settings_that_cannot_work_are_named() {
    let good =
        || LlmSettings { base_url: Some("http://127.0.0.1:1/v1".to_owned()), model: "m".to_owned(), ..LlmSettings::default() };
    good().validate().expect("the example is valid");
    LlmSettings::default().validate().expect("no model is a valid choice");
    let mut reserved = good();
    reserved.extra.insert("stream".to_owned(), json!(false));
    let cases = [
        ("llm.base_url", LlmSettings { base_url: Some("not a url".to_owned()), ..good() }),
        ("llm.base_url", LlmSettings { base_url: Some("ftp://h/v1".to_owned()), ..good() }),
        ("llm.base_url", LlmSettings { base_url: Some("http://me:secret@h/v1".to_owned()), ..good() }),
        ("llm.api_key", LlmSettings { api_key: Some("a\nb".into()), ..good() }),
        ("llm.model", LlmSettings { model: " ".to_owned(), ..good() }),
        ("llm.temperature", LlmSettings { temperature: Some(f32::NAN), ..good() }),
        ("llm.max_tokens", LlmSettings { max_tokens: Some(8_000), ..good() }),
        ("llm.first_words_timeout_ms", LlmSettings { first_words_timeout_ms: 0, ..good() }),
        ("llm.idle_timeout_ms", LlmSettings { idle_timeout_ms: 0, ..good() }),
        ("llm.extra", reserved),
    ];
    for (field, settings) in cases {
        let error = settings.validate().expect_err(field);
        assert_eq!(error.field, field, "{error}");
        assert!(OpenAiChat::new(&settings).is_err(), "{field}: no adapter from settings that cannot work");
    }
}

#[test]
fn a_key_is_never_shown() {
    let settings = LlmSettings { api_key: Some("key-9".into()), ..LlmSettings::default() };
    let shown = format!("{settings:?} {}", serde_json::to_string(&settings).expect("settings serialise"));
    assert!(!shown.contains("key-9"), "{shown}");
    let schema = serde_json::to_value(schemars::schema_for!(LlmSettings)).expect("a schema is JSON");
    assert!(schema["properties"]["api_key"].is_object(), "the key is part of the schema: {schema}");
}
