//! A platform that is down, slow, loses its answers, or already has it: the resident notices nothing, the ticket arrives once.

use gridworker::sandbox::Faults;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::app::{TestApp, until};

async fn arrives_once(app: &TestApp) {
    app.faults(Faults::default());
    app.delivered().await;
    let counts = app.instance().sandbox.clone().expect("the bundled platform runs");
    assert_eq!(counts.counts().await.expect("counts"), (1, 1), "at the platform once");
}

#[tokio::test]
async fn a_platform_that_is_down_keeps_nobody_waiting() {
    let app = TestApp::start().await;
    app.faults(Faults { down: true, ..Faults::default() });
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    assert_eq!(ticket["status"], "已提交");
    until("it was tried and failed", async || {
        app.clock.advance(SignedDuration::from_millis(200));
        app.count("SELECT COUNT(*) FROM outbox_attempts WHERE outcome = 'retry'").await >= 2
    })
    .await;
    app.stranger().get("/health/ready").await.expect(200);
    arrives_once(&app).await;
    app.told().await;
    let story = resident.get(&format!("/api/v1/tickets/{}", ticket["number"].as_str().expect("a number"))).await.expect(200);
    assert_eq!(story["ticket"]["status"], "已送达平台", "{story}");
}

#[tokio::test]
async fn answers_lost_after_storing_make_no_second_incident() {
    let app = TestApp::with().settings(|s| {
        s.platform.timeout_s = 0.5;
        s.platform.connect_timeout_s = 0.5;
    });
    let app = app.start().await;
    app.faults(Faults { drop_after_store: 1.0, ..Faults::default() });
    app.resident().await.report_facade().await;
    until("the push was tried", async || app.count("SELECT COUNT(*) FROM outbox_attempts").await >= 1).await;
    arrives_once(&app).await;
}

#[tokio::test]
async fn a_slow_platform_is_waited_for() {
    let app = TestApp::start().await;
    app.faults(Faults { latency_ms: 1_000, ..Faults::default() });
    let begun = std::time::Instant::now();
    let resident = app.resident().await;
    resident.report_facade().await;
    assert!(begun.elapsed().as_millis() < 5_000, "the receipt does not wait for the platform");
    app.delivered().await;
    assert_eq!(app.platform().incidents().await.len(), 1);
}

#[tokio::test]
async fn a_platform_that_already_has_it_says_409_and_that_is_success() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    resident.report_facade().await;
    app.delivered().await;
    // As if its answer had never been seen.
    app.tamper("UPDATE outbox SET state = 'pending', unsure = 0, next_at = 0, ended_at = NULL").await;
    arrives_once(&app).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM outbox_attempts WHERE http_status = 409 AND outcome = 'delivered'").await,
        1,
        "409 is a success"
    );
}

#[tokio::test]
async fn tickets_wait_through_a_crash_of_the_service() {
    let mut app = TestApp::start().await;
    app.faults(Faults { down: true, ..Faults::default() });
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    app.crash();
    app.again().await;
    app.told().await;
    let incidents = app.platform().incidents().await;
    assert_eq!(incidents.len(), 1, "{incidents:?}");
    assert_eq!(incidents[0]["number"], ticket["number"]);
}

#[tokio::test]
async fn without_a_platform_tickets_are_taken_and_wait() {
    let app = TestApp::with().alone().may_leave_pending().start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    assert_eq!(ticket["status"], json!("已提交"));
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox WHERE state = 'pending'").await, 1);
    app.stranger().post("/api/v1/platform/callbacks", &json!({})).await.refused(503, "unavailable");
}
