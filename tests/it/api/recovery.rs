//! The process dies in the middle: what was shown stays, and is marked for what it is.

use gridworker::conversation::store::ConversationStore as _;
use serde_json::json;

use super::{QUESTION, assert_done_fits};
use crate::support::app::{TestApp, until};
use crate::support::fake_model::{FakeModel, Reply, Step};
use crate::support::wire::{Answer, words};

#[tokio::test]
async fn a_crash_in_mid_answer_leaves_a_cut_answer() {
    let steps = vec![Step::text("本人或家人"), Step::text("带身份证"), Step::Idle];
    let fake = FakeModel::with([Reply::sse(steps)]).await;
    let mut app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    let mut stream = resident.listen_as("m-1", QUESTION).await;
    let turn = stream.next().await.expect("the first event").data["turn_id"].as_str().expect("an id").to_owned();
    stream.until("delta").await;
    until("the words are written though the model thinks", async || {
        let (db, turn) = (app.instance().db.clone(), turn.parse().expect("an id"));
        let written = app.within(async move { db.turn_events(turn, 0).await.expect("rows") }).await;
        written.iter().any(|e| e.event == "delta" && e.data.contains("带身份证"))
    })
    .await;
    app.crash();
    app.again().await;
    let frames = resident.resume(&turn, 0).await.all().await;
    assert_eq!(words(&frames), "本人或家人带身份证", "what was shown is there: {frames:?}");
    assert_done_fits(&frames);
    assert_eq!(frames.last().map(|f| &f.data["finish"]), Some(&json!("cut")), "and is marked as cut");
    let ahead = resident.resume(&turn, 50).await.all().await;
    assert_eq!(ahead.len(), 1, "a reader who saw more than was written is told the end: {ahead:?}");
    assert_eq!((ahead[0].id, ahead[0].event.as_str(), &ahead[0].data["finish"]), (51, "done", &json!("cut")));
    let whole = Answer::of(resident.message("m-1", QUESTION).send().await).await.expect(200);
    assert_eq!(
        (&whole["finish"], &whole["turn_id"]),
        (&json!("cut"), &json!(turn)),
        "the same message is not asked again behind the resident's back"
    );
    let history = resident.history().await;
    assert_eq!(history["messages"][1]["finish"], "cut", "{history}");
    assert_eq!(fake.requests().len(), 1, "the model was asked once");
    let again = Answer::of(resident.message("m-2", QUESTION).send().await).await.expect(200);
    assert_eq!(again["finish"], "complete", "a new message is answered, from the text if the model has nothing more: {again}");
}

#[tokio::test]
async fn a_turn_that_no_process_runs_is_cut_when_somebody_asks_and_others_run_on() {
    let (open, gate) = Step::gate();
    let steps = vec![gate, Step::text("津贴〔1〕。"), Step::finish("stop"), Step::Done];
    let fake = FakeModel::with([Reply::says(&["先前的答案〔1〕。"]), Reply::sse(steps)]).await;
    let mut app = TestApp::with().model(&fake).start().await;
    let (one, two) = (app.resident().await, app.resident().await);
    let before = Answer::of(one.message("m-1", QUESTION).send().await).await.expect(200);
    app.restart().await;
    let mut running = two.listen(QUESTION).await;
    running.until("status").await;
    // As a failed write of its end leaves it: open in storage, unknown in memory.
    app.tamper("UPDATE turns SET state = 'running', outcome = NULL WHERE state = 'done'").await;
    let refused = Answer::of(one.message("m-1", QUESTION).send().await).await;
    refused.refused(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    let again = Answer::of(one.message("m-1", QUESTION).send().await).await.expect(200);
    assert_eq!((&again["finish"], &again["turn_id"]), (&json!("cut"), &before["turn_id"]));
    open.send(()).expect("the model waits at its gate");
    let frames = running.all().await;
    let done = frames.last().expect("the end");
    assert_eq!(done.data["finish"], "complete", "the turn that runs here was left alone: {frames:?}");
    let history = two.history().await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(2), "one question, one answer: {history}");
}

#[tokio::test]
async fn an_orderly_end_cuts_what_runs_and_waits_for_no_window() {
    let steps = vec![Step::text("本人或家人带身份证"), Step::Idle];
    let fake = FakeModel::with([Reply::sse(steps)]).await;
    let mut app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    let _news = resident.news(None).await;
    let mut stream = resident.listen_as("m-1", QUESTION).await;
    stream.until("delta").await;
    let begun = std::time::Instant::now();
    app.restart().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(6), "an open window held up the end for {:?}", begun.elapsed());
    let whole = Answer::of(resident.message("m-1", QUESTION).send().await).await.expect(200);
    assert_eq!(whole["finish"], "cut", "{whole}");
    assert!(whole["reply"]["text"].as_str().is_some_and(|t| t.starts_with("本人或家人带身份证")), "{whole}");
}

#[tokio::test]
async fn a_draft_outlives_the_process() {
    let mut app = TestApp::start().await;
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了").await;
    app.crash();
    app.again().await;
    let history = resident.history().await;
    assert_eq!(history["draft"]["draft"]["place"]["building"], "7栋", "{history}");
    let ticket = resident.report_facade().await;
    app.told().await;
    app.restart().await;
    let again = resident.confirm().await.expect(200);
    assert_eq!(again["ticket"]["number"], ticket["number"], "confirming again after a restart is the same ticket");
}
