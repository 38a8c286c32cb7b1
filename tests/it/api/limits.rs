//! Too much is refused with the time to wait, and costs nobody else anything.

use serde_json::json;

use super::QUESTION;
use crate::support::app::TestApp;
use crate::support::wire::Answer;

#[track_caller]
fn assert_waits(answer: &Answer) {
    answer.refused(429, "rate_limited");
    let seconds: u64 = answer.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=60).contains(&seconds), "a minute at most: {seconds}");
}

#[tokio::test]
async fn messages_are_limited_per_conversation() {
    let app = TestApp::with().settings(|s| {
        s.limits.loopback_exempt = false;
        s.limits.messages_per_minute = 3;
    });
    let app = app.start().await;
    let (one, two) = (app.resident().await, app.resident().await);
    for _ in 0..3 {
        one.say(QUESTION).await;
    }
    assert_waits(&one.send(QUESTION).await);
    two.say(QUESTION).await;
    assert_eq!(one.history().await["messages"].as_array().map(Vec::len), Some(6), "a refused message is not kept");
}

#[tokio::test]
async fn a_channel_has_a_limit_of_its_own() {
    let app = TestApp::with().settings(|s| {
        s.limits.loopback_exempt = false;
        s.limits.channel_messages_per_minute = 2;
    });
    let app = app.start().await;
    app.resident().await.say(QUESTION).await;
    app.resident().await.say(QUESTION).await;
    assert_waits(&app.resident().await.send(QUESTION).await);
    app.gridworker().await.say(QUESTION).await;
}

#[tokio::test]
async fn opening_is_limited_per_address_and_only_a_trusted_proxy_names_it() {
    let limited = |trust: bool| {
        TestApp::with().settings(move |s| {
            s.limits.loopback_exempt = false;
            s.limits.conversations_per_minute = 2;
            s.server.trust_forwarded_for = trust;
        })
    };
    let app = limited(false).start().await;
    let open = async |app: &TestApp, forwarded: &str| {
        let request = app.stranger().request(reqwest::Method::POST, "/api/v1/conversations").header("x-forwarded-for", forwarded);
        Answer::of(request.json(&json!({})).send().await).await
    };
    open(&app, "192.0.2.1").await.expect(201);
    open(&app, "192.0.2.2").await.expect(201);
    assert_waits(&open(&app, "192.0.2.3").await);
    let app = limited(true).start().await;
    for _ in 0..2 {
        open(&app, "198.51.100.7, 192.0.2.1").await.expect(201);
    }
    assert_waits(&open(&app, "203.0.113.9, 192.0.2.1").await);
    open(&app, "192.0.2.2").await.expect(201);
}

#[tokio::test]
async fn the_loopback_is_exempt_by_default() {
    let app = TestApp::with().settings(|s| s.limits.messages_per_minute = 1).start().await;
    let resident = app.resident().await;
    for _ in 0..4 {
        resident.say("你好").await;
    }
}
