//! Whoever wants a person gets the own grid's post, with its number where the street gives one, and always the street's number.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{TestApp, root};

/// The shipped grids with a number for one of them.
fn grids_with_a_number() -> String {
    let text = std::fs::read_to_string(root().join("knowledge/street/grids.csv")).expect("a shipped file");
    let lines = text.lines().enumerate().map(|(n, line)| match (n, line.starts_with("CH-JF-07,")) {
        (0, _) => format!("{line},phone"),
        (_, true) => format!("{line},02312345678"),
        _ => format!("{line},"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn numbers(turn: &Value) -> Vec<&str> {
    let options = turn["card"]["options"].as_array().expect("a card with choices");
    options.iter().filter_map(|o| o["tel"].as_str()).collect()
}

#[tokio::test]
async fn a_person_is_the_own_grids_post_with_its_number_and_12345() {
    let app = TestApp::start().await;
    let ask = async || app.resident().await.say("转人工，我住铂金云鼎小区7栋").await;
    let without = ask().await;
    assert!(without["reply"]["text"].as_str().unwrap_or_default().contains("锦凤社区第七网格 网格员岗。"), "{without}");
    assert_eq!(numbers(&without), ["12345"], "no number is made up");

    let admin = app.as_administrator().await;
    let files = json!({ "grids.csv": grids_with_a_number() });
    admin.post("/api/v1/admin/street/versions", &json!({ "base": 0, "files": files, "note": "测试" })).await.expect(201);
    let activate = admin.request(Method::POST, "/api/v1/admin/street/versions/1/activate");
    let sent = activate.json(&json!({ "base": 0, "note": "测试" })).send().await.expect("an answer");
    assert_eq!(sent.status(), 200);
    let with = ask().await;
    assert!(
        with["reply"]["text"].as_str().unwrap_or_default().contains("锦凤社区第七网格 网格员岗，电话02312345678。"),
        "{with}"
    );
    assert_eq!(numbers(&with), ["02312345678", "12345"]);
    let elsewhere = app.resident().await.say("转人工").await;
    assert_eq!(numbers(&elsewhere), ["12345"], "whose grid is not known gets the street's number");
}
