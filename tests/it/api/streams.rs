//! A turn as a stream: order, numbers, resuming, and what a reader who goes away misses — nothing.

use serde_json::json;

use super::{QUESTION, assert_done_fits};
use crate::support::app::{TestApp, until};
use crate::support::fake_model::{FakeModel, Reply, Step};
use crate::support::wire::{Answer, Events, Frame, words};

fn names(frames: &[Frame]) -> Vec<&str> {
    let mut names: Vec<&str> = frames.iter().map(|f| f.event.as_str()).collect();
    names.dedup();
    names
}

#[tokio::test]
async fn events_come_in_order_with_growing_numbers() {
    let fake = FakeModel::with([Reply::says(&["年满80周岁", "每人每月200元", "〔1〕。"])]).await;
    let app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    let frames = resident.stream(QUESTION).await;
    assert_eq!(names(&frames), ["turn", "status", "delta", "citations", "card", "done"], "{frames:?}");
    assert_eq!(frames[0].id, 1, "numbers begin with one");
    assert_eq!(frames[0].data["route"], "ask");
    assert_done_fits(&frames);
    assert_eq!(
        frames.last().map(|f| &f.data["label"]),
        Some(&json!("内容由AI生成，仅供参考")),
        "a reader of the stream gets the AI label too"
    );
    let whole = Answer::of(resident.message("m-1", QUESTION).send().await).await.expect(200);
    assert_eq!(whole["reply"]["text"], words(&frames), "the whole turn has the words of the stream");
    assert_eq!(whole["turn_id"], frames[0].data["turn_id"], "the same client_message_id is the same turn");
    // On a line that eats streams the turn can be had by its id, too.
    let turn = frames[0].data["turn_id"].as_str().expect("an id");
    let request = resident.request(reqwest::Method::GET, &resident.path(&format!("/turns/{turn}/events")));
    let by_id = Answer::of(request.header("accept", "application/json").send().await).await.expect(200);
    assert_eq!(by_id, whole);
    assert_eq!(whole["reply"]["generated"], true);
    assert_eq!(whole["reply"]["label"], "内容由AI生成，仅供参考");
}

#[tokio::test]
async fn a_reader_resumes_anywhere_and_gets_exactly_the_rest() {
    let fake = FakeModel::with([Reply::says(&["本人", "或家人", "带身份证和户口簿", "到社区", "登记", "〔1〕", "。"])]).await;
    let mut app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    let frames = resident.stream(QUESTION).await;
    let turn = frames[0].data["turn_id"].as_str().expect("an id").to_owned();
    assert!(frames.len() >= 9, "enough positions to resume at: {frames:?}");
    for position in 0..=frames.len() {
        let rest = resident.resume(&turn, position as u64).await.all().await;
        assert_eq!(rest, frames[position..], "from memory after {position}");
    }
    app.restart().await;
    for position in 0..frames.len() {
        let rest = resident.resume(&turn, position as u64).await.all().await;
        assert_eq!(rest, frames[position..], "from storage after {position}, by another process");
    }
    let whole = Answer::of(resident.message("m-1", QUESTION).send().await).await.expect(200);
    assert_eq!(whole["reply"]["text"], words(&frames), "the same message after a restart is still the same turn");
    assert_eq!(whole["turn_id"], turn.as_str());
}

#[tokio::test]
async fn a_reader_who_goes_away_in_the_middle_loses_nothing() {
    let (open, gate) = Step::gate();
    let steps = vec![Step::text("本人或家人带身份证"), gate, Step::text("到社区登记〔1〕。"), Step::finish("stop"), Step::Done];
    let fake = FakeModel::with([Reply::sse(steps)]).await;
    let app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    let mut stream = resident.listen_as("m-1", QUESTION).await;
    let turn = stream.next().await.expect("the first event").data["turn_id"].as_str().expect("an id").to_owned();
    let seen = stream.until("delta").await;
    drop(stream);
    let history = resident.history().await;
    assert_eq!(history["running"]["turn_id"], turn.as_str(), "a reloaded window finds the turn that still runs: {history}");
    open.send(()).expect("the model waits at its gate");
    let rest = resident.resume(&turn, seen.id).await.all().await;
    assert_eq!(rest[0].id, seen.id + 1, "the first event after the last one seen: {rest:?}");
    let whole = Answer::of(resident.message("m-1", QUESTION).send().await).await.expect(200);
    assert_eq!(whole["reply"]["text"], format!("{}{}", seen.data["text"].as_str().expect("text"), words(&rest)));
    assert_eq!(whole["finish"], "complete");
    assert_eq!(fake.requests().len(), 1, "the model was asked once");
}

#[tokio::test]
async fn the_same_message_sent_many_times_at_once_is_one_turn() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let sent = (0..12).map(|_| async { Answer::of(resident.message("tap", QUESTION).send().await).await.expect(200) });
    let turns = futures::future::join_all(sent).await;
    for turn in &turns {
        assert_eq!(turn, &turns[0], "every tap gets the one turn");
    }
    assert_eq!(resident.history().await["messages"].as_array().map(Vec::len), Some(2), "one question, one answer");
    let other = app.resident().await;
    let theirs = Answer::of(other.message("tap", QUESTION).send().await).await.expect(200);
    assert_ne!(theirs["turn_id"], turns[0]["turn_id"], "the same name in another conversation is another message");
}

#[tokio::test]
async fn two_messages_in_a_hurry_are_answered_in_their_order() {
    let (open, gate) = Step::gate();
    let first = vec![gate, Step::text("津贴的答案〔1〕。"), Step::finish("stop"), Step::Done];
    let fake = FakeModel::with([Reply::sse(first), Reply::says(&["噪声的答案〔1〕。"])]).await;
    let app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    let mut one = resident.listen(QUESTION).await;
    one.until("status").await;
    let mut two = resident.listen("楼上晚上跳舞太吵了应该怎么办").await;
    until("the model has the first question", async || fake.requests().len() == 1).await;
    open.send(()).expect("the model waits at its gate");
    let answered = two.until("done").await;
    assert_eq!(answered.data["finish"], "complete");
    one.until("done").await;
    let history = resident.history().await;
    let said: Vec<_> =
        history["messages"].as_array().expect("messages").iter().map(|m| m["text"].as_str().unwrap_or_default()).collect();
    assert!(said[2].contains("津贴的答案") && said[3].contains("噪声的答案"), "first things first: {said:?}");
    let past = fake.bodies()[1].to_string();
    assert!(past.contains("津贴的答案"), "the second answer knows the first one");
}

#[tokio::test]
async fn an_emergency_waits_for_nobody() {
    let (open, gate) = Step::gate();
    let first = vec![gate, Step::text("答〔1〕。"), Step::finish("stop"), Step::Done];
    let fake = FakeModel::with([Reply::sse(first)]).await;
    let app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    let mut slow = resident.listen(QUESTION).await;
    slow.until("status").await;
    let mut urgent = resident.listen("铂金云鼎3栋着火了").await;
    let words = urgent.until("delta").await;
    assert!(
        words.data["text"].as_str().is_some_and(|t| t.contains("119")),
        "the number comes while another answer still waits: {words:?}"
    );
    let card = urgent.until("card").await;
    assert_eq!(card.data["kind"], "emergency");
    open.send(()).expect("the model waits at its gate");
    assert_done_fits(&slow.all().await);
    urgent.until("done").await;
}

#[tokio::test]
async fn a_silent_stream_has_a_heartbeat() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    resident.news(None).await.heartbeat().await;
}

#[tokio::test]
async fn other_peoples_turns_are_not_there() {
    let app = TestApp::start().await;
    let (one, two) = (app.resident().await, app.resident().await);
    let turn = one.say(QUESTION).await;
    let id = turn["turn_id"].as_str().expect("an id");
    two.get(&one.path(&format!("/turns/{id}/events"))).await.refused(403, "forbidden");
    two.get(&two.path(&format!("/turns/{id}/events"))).await.refused(404, "not_found");
    two.get(&one.path("/messages")).await.refused(403, "forbidden");
    two.get(&one.path("/events")).await.refused(403, "forbidden");
    one.get(&one.path("/turns/nonsense/events")).await.refused(404, "not_found");
    let nonsense =
        one.request(reqwest::Method::GET, &one.path(&format!("/turns/{id}/events"))).header("last-event-id", "x").send().await;
    let all = Events::of(nonsense.expect("an answer")).all().await;
    assert_eq!(all[0].id, 1, "a number that is none means from the start");
    assert_eq!(json!(words(&all)), turn["reply"]["text"]);
}
