//! A turn as the contract has it: its shape, follow-ups, and the honest no.

use serde_json::{Value, json};

use super::QUESTION;
use crate::support::app::TestApp;

fn documents(turn: &Value) -> Vec<&str> {
    let citations = turn["reply"]["citations"].as_array().expect("citations are a list");
    citations.iter().map(|c| c["document_id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn a_question_is_answered_from_the_text_with_its_source() {
    let app = TestApp::start().await;
    let turn = app.resident().await.say(QUESTION).await;
    assert_eq!((&turn["route"], &turn["finish"]), (&json!("ask"), &json!("complete")), "{turn}");
    assert_eq!(turn["reply"]["generated"], false, "no model wrote this");
    assert_eq!(turn["reply"]["label"], Value::Null, "the AI label is for generated words only");
    let text = turn["reply"]["text"].as_str().expect("words");
    assert!(text.contains("每人每月200元") && text.contains("〔1〕"), "the amount with its source: {text}");
    let cited = &turn["reply"]["citations"][0];
    assert_eq!(
        (&cited["document_id"], &cited["version"], &cited["doc_no"]),
        (&json!("t-gaoling"), &json!(1), &Value::Null),
        "{cited}"
    );
    assert!(text.contains(cited["quote"].as_str().expect("a quote")), "an answer from the text quotes word for word");
    assert!(turn["reply"]["grounding"]["figures_checked"].as_u64() > Some(0), "figures are counted: {turn}");
}

#[tokio::test]
async fn a_citation_opens_its_document() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let turn = resident.say(QUESTION).await;
    let cited = &turn["reply"]["citations"][0];
    let path = format!("/api/v1/documents/{}/versions/{}", cited["document_id"].as_str().expect("an id"), cited["version"]);
    let document = app.stranger().get(&path).await.expect(200);
    assert_eq!(document["document"]["title"], "高龄津贴怎么领");
    let clause = &cited["clause"];
    let section = document["sections"].as_array().expect("sections").iter().find(|s| s["heading"] == *clause);
    assert_eq!(section.map(|s| &s["text"]), Some(&cited["quote"]), "the quote stands under its clause");
    app.stranger().get("/api/v1/documents/t-gaoling/versions/99").await.refused(404, "not_found");
}

#[tokio::test]
async fn what_has_expired_is_told_and_its_successor_answers() {
    let app = TestApp::start().await;
    let turn = app.resident().await.say("烤火费今年发多少").await;
    let text = turn["reply"]["text"].as_str().expect("words");
    let told = "《冬季烤火费》已于2025年1月1日失效，现行为《困难家庭临时生活补助》";
    assert!(text.starts_with(told), "it says what has ended and what holds now: {text}");
    assert!(!turn.to_string().contains("888元"), "the old amount is nowhere: {turn}");
    assert_eq!(turn["finish"], "complete");
    assert!(
        documents(&turn).iter().all(|d| *d == "t-kaohuo-new") && !documents(&turn).is_empty(),
        "its successor answers: {turn}"
    );
}

#[tokio::test]
async fn what_holds_elsewhere_is_no_answer() {
    let app = TestApp::start().await;
    let turn = app.resident().await.say("头盔以旧换新补多少钱").await;
    assert_eq!(turn["finish"], "refused", "{turn}");
    assert!(!turn.to_string().contains("77元"), "another area's amount is nowhere: {turn}");
}

#[tokio::test]
async fn no_passage_is_an_honest_no_and_a_gap() {
    let app = TestApp::start().await;
    let turn = app.resident().await.say("火星移民的签证怎么报名").await;
    assert_eq!((&turn["route"], &turn["finish"]), (&json!("ask"), &json!("refused")), "{turn}");
    assert_eq!(turn["reply"]["citations"], json!([]));
    assert!(turn["reply"]["text"].as_str().is_some_and(|t| t.contains("没有找到依据") && t.contains("12345")), "{turn}");
    assert!(turn["card"]["options"].to_string().contains("我要上报"), "a way on is offered: {turn}");
    assert_eq!(app.count("SELECT COUNT(*) FROM gaps WHERE reason = 'no_passage'").await, 1, "the curator sees what is missing");
}

#[tokio::test]
async fn a_follow_up_stays_with_its_matter_and_a_new_matter_does_not() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    for (question, expected) in [
        ("高龄津贴怎么领", Some("t-gaoling")),
        ("那要多久呢", Some("t-gaoling")),
        ("要带什么材料", Some("t-gaoling")),
        ("居住证怎么办", Some("t-juzhuzheng")),
        ("那要多久", Some("t-juzhuzheng")),
        ("火星签证怎么办", None),
        ("楼上晚上太吵怎么办", Some("t-zaosheng")),
        ("烤火费怎么领", Some("t-kaohuo-new")),
    ] {
        let turn = resident.say(question).await;
        assert_eq!(documents(&turn).first().copied(), expected, "「{question}」 in its place of the conversation: {turn}");
    }
}

#[tokio::test]
async fn history_holds_what_was_said_and_shown() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let turn = resident.say(QUESTION).await;
    let history = resident.history().await;
    let messages = history["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 2, "{history}");
    assert_eq!((&messages[0]["role"], &messages[0]["text"]), (&json!("resident"), &json!(QUESTION)));
    assert_eq!(messages[1]["text"], turn["reply"]["text"], "the stored words are the shown words");
    assert_eq!(messages[1]["citations"], turn["reply"]["citations"], "citations are stored with the message");
    assert_eq!(messages[1]["id"], turn["message_id"]);
    assert_eq!((&history["draft"], &history["running"]), (&Value::Null, &Value::Null));
    let later = resident.get(&resident.path("/messages?after=1")).await.expect(200);
    assert_eq!(later["messages"].as_array().map(Vec::len), Some(1), "`after` leaves out what is known");
    resident.get(&resident.path("/messages?after=x")).await.refused(400, "invalid_parameter");
}

#[tokio::test]
async fn a_verdict_is_kept_and_a_bad_one_makes_a_gap_without_personal_data() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let turn = resident.say("我的电话13900001111，高龄津贴一个月多少钱").await;
    let path = resident.path(&format!("/messages/{}/feedback", turn["message_id"].as_str().expect("an id")));
    let said = json!({ "verdict": "down", "reason": "没看懂", "comment": "请打13900001111" });
    let answer = resident.request(reqwest::Method::POST, &path).json(&said).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 204);
    let history = resident.history().await;
    assert_eq!(history["messages"][1]["feedback"], "down");
    assert_eq!(app.count("SELECT COUNT(*) FROM gaps WHERE reason = 'thumbs_down' AND comment LIKE '%没看懂%'").await, 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM gaps WHERE question || comment LIKE '%13900001111%'").await,
        0,
        "a gap carries no telephone number"
    );
    let nobody = resident.path("/messages/00000000-0000-0000-0000-000000000000/feedback");
    let answer =
        crate::support::wire::Answer::of(resident.request(reqwest::Method::POST, &nobody).json(&said).send().await).await;
    answer.refused(404, "not_found");
}

#[tokio::test]
async fn before_a_conversation_nothing_is_stored() {
    let app = TestApp::start().await;
    let channel = app.stranger().get("/api/v1/channels/default").await.expect(200);
    for field in ["greeting", "notice", "label", "privacy"] {
        assert!(channel[field].as_str().is_some_and(|t| !t.is_empty()), "a window needs {field}: {channel}");
    }
    app.stranger().get("/api/v1/channels/nobody").await.refused(404, "not_found");
    assert_eq!(app.count("SELECT COUNT(*) FROM conversations").await, 0);
    app.stranger().get("/health/live").await.expect(200);
    app.stranger().get("/health/ready").await.expect(200);
}
