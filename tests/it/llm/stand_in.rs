//! The stand-in endpoint itself: a test may only trust it if it fails when it should.

use gridworker::llm::ChatModel;
use gridworker::llm::openai::OpenAiChat;

use super::{question, settings};
use crate::support::fake_model::{FakeModel, Reply};

#[tokio::test]
async fn a_rule_answers_when_the_script_is_used_up() {
    let fake = FakeModel::with([Reply::says(&["先"])]).await;
    fake.otherwise(|body| Reply::says(&["听到了：", body["messages"][1]["content"].as_str().unwrap_or_default()]));
    let model = OpenAiChat::new(&settings(&fake)).expect("valid settings");
    let mut said = Vec::new();
    for _ in 0..2 {
        said.push(model.complete(question()).await.expect("an answer").text);
    }
    assert_eq!(said, ["先", "听到了：楼道堆物找谁？"]);
}

#[tokio::test]
#[should_panic(expected = "1 scripted repl(ies) of the model were never fetched")]
async fn a_reply_that_nobody_fetched_fails_the_test() {
    let _fake = FakeModel::with([Reply::says(&["好"])]).await;
}
