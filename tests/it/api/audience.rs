//! What is for gridworkers never reaches a resident.

use serde_json::json;

use crate::support::app::{TestApp, WORKER_KEY};
use crate::support::wire::Answer;

#[tokio::test]
async fn a_procedure_answers_gridworkers_only() {
    let app = TestApp::start().await;
    for question in ["飞线充电怎么处置", "发现飞线充电网格员先做什么", "飞线充电几天复查", "隐患告知单怎么发"]
    {
        let turn = app.resident().await.say(question).await;
        let shown = turn.to_string();
        assert!(
            !shown.contains("t-feixian") && !shown.contains("复查") && !shown.contains("告知单》"),
            "「{question}」 must not show it: {shown}"
        );
    }
    let turn = app.gridworker().await.say("飞线充电怎么处置").await;
    assert_eq!(turn["reply"]["citations"][0]["document_id"], "t-feixian", "{turn}");
    let text = turn["reply"]["text"].as_str().expect("words");
    for part in ["立案条件", "步骤清单", "时限", "话术"] {
        assert!(text.contains(part), "a gridworker gets the whole procedure, {part} too: {text}");
    }
    let both = app.gridworker().await.say("高龄津贴一个月多少钱").await;
    assert_eq!(both["reply"]["citations"][0]["document_id"], "t-gaoling", "a gridworker reads the residents' guides too");
}

#[tokio::test]
async fn a_procedure_opens_with_the_gridworkers_key_only() {
    let app = TestApp::start().await;
    let path = "/api/v1/documents/t-feixian/versions/1";
    app.stranger().get(path).await.refused(404, "not_found");
    app.resident().await.get(path).await.refused(404, "not_found");
    let opened = app.stranger().request(reqwest::Method::GET, path).bearer_auth(WORKER_KEY).send().await;
    assert_eq!(Answer::of(opened).await.expect(200)["document"]["id"], "t-feixian");
}

#[tokio::test]
async fn the_audience_can_only_be_narrowed() {
    let app = TestApp::start().await;
    let wish = json!({ "channel": "worker", "audience": "gridworker" });
    app.stranger().post("/api/v1/conversations", &wish).await.refused(403, "forbidden");
    for key in ["", "wrong", "worker-key-of-the-test", "worker-key-of-the-tests "] {
        let request = app
            .stranger()
            .request(reqwest::Method::POST, "/api/v1/conversations")
            .header("authorization", format!("Bearer {key}x"));
        Answer::of(request.json(&wish).send().await).await.refused(403, "forbidden");
    }
    let narrowed = app.stranger().request(reqwest::Method::POST, "/api/v1/conversations").bearer_auth(WORKER_KEY);
    Answer::of(narrowed.json(&json!({ "audience": "resident" })).send().await).await.expect(201);
    let odd = app.stranger().post("/api/v1/conversations", &json!({ "audience": "admin" })).await;
    odd.refused(422, "invalid_body");
}

#[tokio::test]
async fn without_a_configured_key_the_gridworkers_audience_is_closed() {
    let app = TestApp::with().settings(|s| s.identity.worker_key = secrecy::SecretString::from("")).start().await;
    for key in ["", "x", WORKER_KEY] {
        let request = app
            .stranger()
            .request(reqwest::Method::POST, "/api/v1/conversations")
            .header("authorization", format!("Bearer {key}"));
        Answer::of(request.json(&json!({ "audience": "gridworker" })).send().await).await.refused(403, "forbidden");
    }
}
