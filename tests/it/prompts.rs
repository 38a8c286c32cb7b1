//! Exactly what a model sees, for each kind of turn. A changed prompt is a changed snapshot.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::fake_model::{FakeModel, Reply};

/// A request as its reader sees it: settings in the first line, then message after message.
fn seen(body: &Value) -> String {
    let mut out = String::new();
    for (name, value) in body.as_object().expect("a request is an object") {
        if name != "messages" && name != "response_format" {
            writeln!(out, "{name}: {value}").expect("writing to a string");
        }
    }
    if let Some(shape) = body.get("response_format") {
        writeln!(out, "response_format: {}", serde_json::to_string_pretty(shape).expect("JSON")).expect("writing to a string");
    }
    for message in body["messages"].as_array().expect("messages") {
        let (role, content) = (message["role"].as_str().expect("a role"), message["content"].as_str().expect("words"));
        write!(out, "\n──── {role} ────\n{content}\n").expect("writing to a string");
    }
    out
}

#[tokio::test]
async fn an_answer_for_a_resident() {
    let fake = FakeModel::with([Reply::says(&["每人每月200元〔1〕。"])]).await;
    let app = TestApp::with().model(&fake).start().await;
    app.resident().await.say("我叫张三，电话13900001111，高龄津贴一个月多少钱").await;
    insta::assert_snapshot!("answer_resident", seen(&fake.bodies()[0]));
}

#[tokio::test]
async fn an_answer_for_a_gridworker() {
    let fake = FakeModel::with([Reply::says(&["先断电劝离〔1〕。"])]).await;
    let app = TestApp::with().model(&fake).start().await;
    app.gridworker().await.say("飞线充电怎么处置").await;
    insta::assert_snapshot!("answer_gridworker", seen(&fake.bodies()[0]));
}

#[tokio::test]
async fn a_follow_up_is_rewritten_and_answered_with_its_history() {
    let fake = FakeModel::with([
        Reply::says(&["每人每月200元〔1〕。"]),
        Reply::says(&["高龄津贴多久办好"]),
        Reply::says(&["15个工作日内办结〔1〕。"]),
    ])
    .await;
    let app = TestApp::with().model(&fake).start().await;
    let resident = app.resident().await;
    resident.say("高龄津贴一个月多少钱").await;
    resident.say("那要多久呢，打13900001111告诉我").await;
    let bodies = fake.bodies();
    insta::assert_snapshot!("rewrite", seen(&bodies[1]));
    insta::assert_snapshot!("answer_follow_up", seen(&bodies[2]));
}

#[tokio::test]
async fn an_extraction_and_its_repair() {
    let wrong =
        json!({ "description": "路灯不亮", "place": null, "category": "999999", "people_affected": null, "kind": "求助" });
    let fake = FakeModel::with([Reply::says(&[&wrong.to_string()]), Reply::says(&["还是不知道"])]).await;
    let app = TestApp::with().model(&fake).start().await;
    app.resident().await.say("楼下路灯坏了好几天没人修，我住1203室，电话13900001111").await;
    let bodies = fake.bodies();
    insta::assert_snapshot!("extract", seen(&bodies[0]));
    insta::assert_snapshot!("extract_repair", seen(&bodies[1]));
}

#[test]
fn prompt_files_that_cannot_be_used_are_refused_by_name() {
    use gridworker::conversation::prompts::Prompts;
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (text, why) in [
        ("你好", "+++"),
        ("+++\npurpose = \"x\"\ntemperature = 0.1\nmax_tokens = 5\n", "front matter"),
        ("+++\npurpose = \"x\"\ntemperature = 0.1\nmax_tokens = 5\nunknown = 1\n+++\n<<user>>\nx\n", "unknown"),
        ("+++\npurpose = \"x\"\ntemperature = 0.1\nmax_tokens = 5\n+++\nno message\n", "before the first"),
        ("+++\npurpose = \"x\"\ntemperature = 0.1\nmax_tokens = 5\n+++\n\n", "no message"),
        ("+++\npurpose = \"x\"\ntemperature = 0.1\nmax_tokens = 5\n+++\n<<user>>\n{{ open\n", "render"),
    ] {
        std::fs::write(folder.path().join("answer.md"), text).expect("a file");
        let error = Prompts::load(Some(folder.path())).expect_err("an unusable file").to_string();
        assert!(error.contains("answer.md") && error.contains(why), "the error names file and reason ({why}): {error}");
    }
    std::fs::write(
        folder.path().join("answer.md"),
        "+++\npurpose = \"x\"\ntemperature = 0.1\nmax_tokens = 5\n+++\n<<user>>\n{{ questoin }}\n",
    )
    .expect("a file");
    let prompts = Prompts::load(Some(folder.path())).expect("a readable file");
    let error = prompts.render("answer", &json!({ "question": "?" }), &[]).expect_err("a misspelt variable");
    assert!(error.to_string().contains("answer.md"), "{error}");
}
