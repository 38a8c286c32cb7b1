//! The API document is the router's own, and its changes are seen in review.

use serde_json::{Map, Value};

use crate::support::app::TestApp;

#[tokio::test]
async fn the_document_is_served_and_its_surface_is_as_reviewed() {
    let app = TestApp::start().await;
    let served = app.stranger().get("/openapi.json").await.expect(200);
    let made = serde_json::to_value(gridworker::http::router::openapi()).expect("JSON");
    assert_eq!(served, made, "what is served is what the router makes");
    insta::assert_json_snapshot!("openapi", sorted(served));
}

#[tokio::test]
async fn every_documented_call_exists() {
    let app = TestApp::start().await;
    let document = serde_json::to_value(gridworker::http::router::openapi()).expect("JSON");
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let url = path.replace("{id}", "00000000-0000-0000-0000-000000000000").replace("{version}", "1");
            let url = url.replace("{mid}", "x").replace("{turn_id}", "x").replace("{number}", "WG1");
            let method: reqwest::Method = method.to_uppercase().parse().expect("a method");
            let answer = crate::support::wire::Answer::of(app.stranger().request(method.clone(), &url).send().await).await;
            assert_ne!(answer.status, 405, "{method} {path} is documented and not routed");
            assert!(answer.status < 500, "{method} {path} without anything must not break: {} {}", answer.status, answer.text());
            calls += 1;
        }
    }
    assert!(calls >= 20, "the document lists the calls of the contract, it lists {calls}");
}

/// With the keys of every object in order, so that a moved line is no change.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(Map::from_iter(fields))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
