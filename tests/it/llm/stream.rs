//! Streams that go right, or wrong after the head.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use gridworker::llm::error::Wait;
use gridworker::llm::openai::OpenAiChat;
use gridworker::llm::settings::LlmSettings;
use gridworker::llm::{ChatModel, FinishReason, LlmError, StreamItem};
use serde_json::json;

use super::{Heard, listen, question, settings};
use crate::support::fake_model::{FakeModel, Reply, Step};

async fn heard_from(reply: Reply) -> Heard {
    let fake = FakeModel::with([reply]).await;
    listen(&OpenAiChat::new(&LlmSettings { retries: 0, ..settings(&fake) }).expect("valid settings")).await
}

#[tokio::test]
async fn what_is_sent_is_the_prompt_and_the_configured_fields_and_nothing_else() {
    let fake = FakeModel::with([Reply::says(&["好"])]).await;
    let mut settings = settings(&fake);
    settings.api_key = Some("key-1".into());
    settings.extra.insert("enable_thinking".to_owned(), json!(false));
    listen(&OpenAiChat::new(&settings).expect("valid settings")).await;

    let asked = fake.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/v1/chat/completions");
    assert_eq!(asked[0].authorization.as_deref(), Some("Bearer key-1"));
    assert_eq!(
        asked[0].body.to_string(),
        json!({
            "model": "some-model",
            "messages": [{"role": "system", "content": "只按材料回答。"}, {"role": "user", "content": "楼道堆物找谁？"}],
            "stream": true, "temperature": 0.2, "max_tokens": 800, "enable_thinking": false,
        })
        .to_string()
    );
}

#[tokio::test]
async fn without_a_key_no_authorization_header_is_sent() {
    let fake = FakeModel::with([Reply::says(&["好"])]).await;
    listen(&OpenAiChat::new(&settings(&fake)).expect("valid settings")).await;
    assert_eq!(fake.requests()[0].authorization, None);
}

#[tokio::test]
async fn words_arrive_one_by_one_as_the_model_says_them() {
    let (open_second, second) = Step::gate();
    let (open_end, end) = Step::gate();
    let fake =
        FakeModel::with([Reply::sse(vec![Step::text("先"), second, Step::text("后"), end, Step::finish("stop"), Step::Done])])
            .await;
    let model = OpenAiChat::new(&settings(&fake)).expect("valid settings");

    let mut stream = model.stream(question()).await.expect("the first word is there while the rest is held back");
    assert_eq!(stream.next().await, Some(Ok(StreamItem::Text("先".to_owned()))));
    open_second.send(()).expect("the endpoint waits at the gate");
    assert_eq!(stream.next().await, Some(Ok(StreamItem::Text("后".to_owned()))));
    open_end.send(()).expect("the endpoint waits at the gate");
    assert_eq!(stream.next().await, Some(Ok(StreamItem::Finish(FinishReason::Stop))));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn streams_that_end_in_order() {
    let ok = |text: &str, finish| Heard { text: text.to_owned(), end: Ok(finish) };
    let cases = [
        ("an ordinary answer", Reply::says(&["找", "物业", "。"]), ok("找物业。", FinishReason::Stop)),
        (
            "an unknown finish reason is an end",
            Reply::sse(vec![Step::text("好"), Step::finish("model_was_bored"), Step::Done]),
            ok("好", FinishReason::Other),
        ),
        (
            "the token limit is told",
            Reply::sse(vec![Step::text("说到一半"), Step::finish("length"), Step::Done]),
            ok("说到一半", FinishReason::Length),
        ),
        (
            "reasoning is dropped",
            Reply::sse(vec![Step::Reasoning("居民很急".to_owned()), Step::text("好"), Step::finish("stop"), Step::Done]),
            ok("好", FinishReason::Stop),
        ),
        (
            "inline thinking is dropped, wherever the tags are cut",
            Reply::sse(
                ["\n<th", "ink>居民", "很急</thi", "nk>\n", "\n好<b>", "</think>"]
                    .map(Step::text)
                    .into_iter()
                    .chain([Step::finish("stop")])
                    .collect(),
            ),
            ok("好<b></think>", FinishReason::Stop),
        ),
        (
            "a tag that never becomes one is text",
            Reply::sse(vec![Step::text("<thi"), Step::finish("stop")]),
            ok("<thi", FinishReason::Stop),
        ),
        (
            "usage-only chunks and comments say nothing",
            Reply::sse(vec![
                Step::Comment,
                Step::Usage,
                Step::text("好"),
                Step::Usage,
                Step::finish("stop"),
                Step::Usage,
                Step::Done,
            ]),
            ok("好", FinishReason::Stop),
        ),
        (
            "missing, null and extra fields do no harm",
            Reply::sse(vec![
                Step::data(r#"{"choices":null}"#),
                Step::data(r#"{"choices":[{"delta":null}]}"#),
                Step::data(
                    r#"{"choices":[{"delta":{"role":"assistant","content":null},"logprobs":{"x":1}}],"created":"yesterday","service_tier":7}"#,
                ),
                Step::data(r#"{"choices":[{"delta":{"content":[{"type":"text","text":"好"}]},"finish_reason":""}]}"#),
                Step::data(r#"{"choices":[{"delta":{"content":"的"},"finish_reason":"stop"}]}"#),
            ]),
            ok("好的", FinishReason::Stop),
        ),
        (
            "a filtered answer may be empty",
            Reply::sse(vec![Step::finish("content_filter"), Step::Done]),
            ok("", FinishReason::Filtered),
        ),
    ];
    for (name, reply, expected) in cases {
        assert_eq!(heard_from(reply).await, expected, "{name}");
    }
}

#[tokio::test]
async fn streams_that_break() {
    let cut = |text: &str, error| Heard { text: text.to_owned(), end: Err(error) };
    let cases = [
        ("stops in the middle", Reply::sse(vec![Step::text("找物")]), cut("找物", LlmError::CutShort)),
        (
            "[DONE] without a finish reason is no end",
            Reply::sse(vec![Step::text("找物"), Step::Done]),
            cut("找物", LlmError::CutShort),
        ),
        ("the line breaks in the middle", Reply::sse(vec![Step::text("找物"), Step::Reset]), cut("找物", LlmError::CutShort)),
        (
            "a garbage chunk may have held a 不: what follows is not shown",
            Reply::sse(vec![Step::text("可以"), Step::data("{oops"), Step::text("堆放"), Step::finish("stop")]),
            cut("可以", LlmError::Garbage),
        ),
        (
            "an error object in the stream, with a numeric code",
            Reply::sse(vec![Step::text("找"), Step::data(r#"{"error":{"message":"overloaded","code":503}}"#)]),
            cut("找", LlmError::Transient { retry_after: None }),
        ),
        (
            "an error object that names the context length",
            Reply::sse(vec![Step::data(
                r#"{"error":{"message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","code":400}}"#,
            )]),
            cut("", LlmError::ContextTooLong),
        ),
        ("an end without a word", Reply::sse(vec![Step::finish("stop"), Step::Done]), cut("", LlmError::Garbage)),
        ("nothing but thinking", Reply::sse(vec![Step::text("<think>嗯"), Step::finish("length")]), cut("", LlmError::Garbage)),
        ("HTML under 200", Reply::html(200), cut("", LlmError::Garbage)),
        ("HTML that pretends to be a stream", Reply::body(200, "text/event-stream", "<html></html>"), cut("", LlmError::Garbage)),
        ("an empty body", Reply::body(200, "text/event-stream", ""), cut("", LlmError::Garbage)),
        ("an empty body without a type", Reply::body(200, "", ""), cut("", LlmError::Garbage)),
        (
            "a whole completion where a stream was asked for",
            Reply::json(200, &json!({"choices": []})),
            cut("", LlmError::Garbage),
        ),
    ];
    for (name, reply, expected) in cases {
        assert_eq!(heard_from(reply).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_model_that_falls_silent_is_left_after_the_idle_time_and_hung_up_on() {
    let fake = FakeModel::with([Reply::sse(vec![Step::text("找"), Step::Idle])]).await;
    let model = OpenAiChat::new(&LlmSettings { idle_timeout_ms: 1_000, ..settings(&fake) }).expect("valid settings");
    let mut stream = model.stream(question()).await.expect("the first word is there");
    assert_eq!(stream.next().await, Some(Ok(StreamItem::Text("找".to_owned()))));
    let since = Instant::now();
    assert_eq!(stream.next().await, Some(Err(LlmError::Timeout { which: Wait::Idle })));
    assert!(since.elapsed() >= Duration::from_millis(900), "the idle time was cut short: {:?}", since.elapsed());
    // The stream is still held here: giving up alone must have ended the request.
    fake.hung_up(1).await;
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_model_that_never_answers_is_left_after_the_idle_time_and_not_asked_again() {
    let fake = FakeModel::with([Reply::hang()]).await;
    let heard = listen(&OpenAiChat::new(&LlmSettings { idle_timeout_ms: 500, ..settings(&fake) }).expect("valid settings")).await;
    assert_eq!(heard.end, Err(LlmError::Timeout { which: Wait::Idle }));
    assert_eq!(fake.requests().len(), 1, "a time-out is not worth a second wait");
    fake.hung_up(1).await;
}

#[tokio::test]
async fn who_only_clears_its_throat_is_not_waited_for_as_long_as_one_who_speaks() {
    // It keeps the line busy, so nothing is ever silent; but no word comes.
    let fake = FakeModel::with([Reply::sse([Step::Comment, Step::Comment, Step::Idle].into())]).await;
    let heard =
        listen(&OpenAiChat::new(&LlmSettings { first_words_timeout_ms: 400, ..settings(&fake) }).expect("valid settings")).await;
    assert_eq!(heard.end, Err(LlmError::Timeout { which: Wait::Idle }));
    assert_eq!(fake.requests().len(), 1, "a time-out is not worth a second wait");
    fake.hung_up(1).await;
}

#[tokio::test]
async fn dropping_the_stream_ends_the_request_at_the_endpoint() {
    let fake = FakeModel::with([Reply::sse(vec![Step::text("找"), Step::Idle])]).await;
    let model = OpenAiChat::new(&settings(&fake)).expect("valid settings");
    let stream = model.stream(question()).await.expect("the first word is there");
    drop(stream);
    fake.hung_up(1).await;
}

#[tokio::test]
async fn dropping_the_request_before_the_first_word_ends_it_at_the_endpoint() {
    let fake = FakeModel::with([Reply::sse(vec![Step::Comment, Step::Idle])]).await;
    let model = OpenAiChat::new(&settings(&fake)).expect("valid settings");
    let asking = tokio::spawn(async move { model.stream(question()).await.map(|_| ()) });
    while fake.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    asking.abort();
    fake.hung_up(1).await;
}

#[tokio::test]
async fn what_follows_the_finish_is_still_read_so_that_the_connection_is_used_again() {
    let fake = FakeModel::start().await;
    let model = OpenAiChat::new(&settings(&fake)).expect("valid settings");
    for _ in 0..3 {
        let (open, gate) = Step::gate();
        fake.then(Reply::sse(vec![Step::text("好"), Step::finish("stop"), gate, Step::Usage, Step::Done]));
        let mut stream = model.stream(question()).await.expect("the first word is there");
        assert_eq!(stream.next().await, Some(Ok(StreamItem::Text("好".to_owned()))));
        assert_eq!(
            stream.next().await,
            Some(Ok(StreamItem::Finish(FinishReason::Stop))),
            "the finish does not wait for what follows"
        );
        let (end, ()) = tokio::join!(stream.next(), async { open.send(()).expect("the endpoint waits at the gate") });
        assert_eq!(end, None);
    }
    let peers: Vec<_> = fake.requests().iter().map(|asked| asked.peer).collect();
    assert!(peers.iter().all(|peer| *peer == peers[0]), "three turns used several connections: {peers:?}");
}
