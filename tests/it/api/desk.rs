//! The desk for deliveries: dead letters looked at, put right and sent again; platforms held back; work by hand with a table.

use gridworker::sandbox::Faults;
use serde_json::{Value, json};

use crate::support::app::{TestApp, until};

async fn dead_letter(app: &TestApp) -> (Value, i64) {
    app.faults(Faults { refuse_signature: true, ..Faults::default() });
    let ticket = app.resident().await.report_facade().await;
    until("it is refused", async || app.count("SELECT COUNT(*) FROM outbox WHERE state = 'dead'").await == 1).await;
    app.faults(Faults::default());
    (ticket, app.count("SELECT id FROM outbox WHERE state = 'dead'").await)
}

#[tokio::test]
async fn a_dead_letter_is_looked_at_put_right_and_sent_again() {
    let app = TestApp::start().await;
    let (ticket, id) = dead_letter(&app).await;
    let centre = app.as_dispatcher().await;
    let page = centre.get("/api/v1/admin/outbox?state=dead&reason=401").await.expect(200);
    assert_eq!((&page["rows"][0]["id"], &page["counts"]["dead"]), (&json!(id), &json!(1)), "{page}");
    let empty = centre.get("/api/v1/admin/outbox?state=dead&reason=nothing-like-this").await.expect(200);
    assert_eq!(empty["rows"], json!([]));
    centre.get("/api/v1/admin/outbox?state=lost").await.refused(400, "invalid_parameter");

    let story = centre.get(&format!("/api/v1/admin/outbox/{id}")).await.expect(200);
    assert_eq!(story["body"]["number"], ticket["number"], "what would be sent is shown: {story}");
    assert!(story["attempts"][0]["reason"].as_str().is_some_and(|r| r.contains("401")), "{story}");
    let replay = format!("/api/v1/admin/outbox/{id}/replay");
    for (corrections, status, code) in [
        (json!({ "corrections": "x" }), 422, "invalid_body"),
        (json!({ "corrections": { "idempotency_key": "x" } }), 422, "invalid_body"),
        (json!({ "wrong": 1 }), 422, "invalid_body"),
    ] {
        centre.post(&replay, &corrections).await.refused(status, code);
    }
    centre.post("/api/v1/admin/outbox/999999/replay", &json!({})).await.refused(404, "not_found");
    assert_eq!(app.count("SELECT COUNT(*) FROM outbox WHERE state = 'dead'").await, 1, "nothing refused has changed anything");

    let sent = centre.post(&replay, &json!({ "corrections": { "title": "外墙瓷砖" } })).await;
    assert_eq!(sent.status, 202, "{}", sent.text());
    app.delivered().await;
    let incidents = app.platform().incidents().await;
    assert_eq!(incidents[0]["title"], "外墙瓷砖", "{incidents:?}");
    centre.post(&replay, &json!({})).await.refused(409, "conflict");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'outbox.replay'").await,
        2,
        "tries that change nothing are traced too"
    );
}

#[tokio::test]
async fn all_or_some_dead_letters_are_sent_again_and_all_must_be_said() {
    let app = TestApp::start().await;
    let (ticket, _) = dead_letter(&app).await;
    let centre = app.as_dispatcher().await;
    centre.post("/api/v1/admin/outbox/replay", &json!({})).await.refused(422, "invalid_body");
    let none = centre.post("/api/v1/admin/outbox/replay", &json!({ "reason": "422" })).await.expect(200);
    assert_eq!(none["rows"], 0);
    let some = centre
        .post("/api/v1/admin/outbox/replay", &json!({ "number": ticket["number"], "destination": "platform" }))
        .await
        .expect(200);
    assert_eq!(some["rows"], 1);
    app.delivered().await;
    assert_eq!(app.platform().incidents().await.len(), 1);
    app.as_gridworker().await.get("/api/v1/admin/outbox").await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_platform_is_held_back_and_let_go() {
    let app = TestApp::start().await;
    let centre = app.as_dispatcher().await;
    let act = |what: &str| format!("/api/v1/admin/destinations/platform/{what}");
    centre.post(&act("pause"), &json!({ "reason": " " })).await.refused(422, "invalid_body");
    centre.post("/api/v1/admin/destinations/nobody/pause", &json!({ "reason": "x" })).await.refused(404, "not_found");
    assert_eq!(centre.post(&act("pause"), &json!({ "reason": "平台升级" })).await.status, 204);
    app.resident().await.report_facade().await;
    let view = centre.get("/api/v1/admin/destinations").await.expect(200);
    let (platform, reason) = (&view[0], &view[0]["paused"]["reason"]);
    assert_eq!((reason, &platform["pending"], &platform["configured"]), (&json!("平台升级"), &json!(1), &json!(true)), "{view}");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(app.platform().incidents().await.len(), 0, "nothing is pushed meanwhile");
    assert_eq!(centre.post(&act("resume"), &json!({})).await.status, 204);
    app.delivered().await;
    assert_eq!(app.platform().incidents().await.len(), 1);
    let found = centre.post(&act("reconcile"), &json!({})).await.expect(200);
    assert_eq!((&found["asked"], &found["sent_again"]), (&json!(1), &json!(0)), "{found}");
}

#[tokio::test]
async fn work_goes_on_by_hand_with_a_table() {
    let app = TestApp::start().await;
    app.faults(Faults { down: true, ..Faults::default() });
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋楼下路灯坏了，电话13912345678").await;
    let ticket = resident.confirm().await.expect(201)["ticket"].clone();
    let centre = app.as_dispatcher().await;
    let csv = centre.get("/api/v1/admin/outbox/export?format=csv").await;
    assert_eq!(csv.status, 200, "{}", csv.text());
    let text = csv.text();
    assert!(text.starts_with('\u{feff}') && text.contains(ticket["number"].as_str().expect("a number")), "{text}");
    assert!(text.contains("等待推送") && !text.contains("内容标识") && !text.contains("13912345678"), "{text}");
    centre.get("/api/v1/admin/outbox/export?contact=true").await.refused(400, "invalid_parameter");
    app.as_auditor().await.get("/api/v1/admin/outbox/export?contact=true&reason=x").await.refused(403, "forbidden");
    let with = centre.get("/api/v1/admin/outbox/export?format=csv&contact=true&reason=平台停机转人工").await.text();
    assert!(with.contains("13912345678"), "{with}");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'identity.read'").await, 1);
    let xlsx = centre.get("/api/v1/admin/outbox/export").await;
    assert!(xlsx.header("content-type").contains("spreadsheetml") && xlsx.status == 200);
    centre.get("/api/v1/admin/outbox/export?format=pdf").await.refused(400, "invalid_parameter");

    let id = app.count("SELECT id FROM outbox").await;
    centre.post(&format!("/api/v1/admin/outbox/{id}/by-hand"), &json!({ "external_no": "" })).await.refused(422, "invalid_body");
    let done = centre.post(&format!("/api/v1/admin/outbox/{id}/by-hand"), &json!({ "external_no": "手工-7" })).await;
    assert_eq!(done.status, 204, "{}", done.text());
    let seen = resident.get(&format!("/api/v1/tickets/{}", ticket["number"].as_str().expect("a number"))).await.expect(200);
    assert_eq!(seen["ticket"]["status"], "已送达平台");
    app.faults(Faults::default());
}
