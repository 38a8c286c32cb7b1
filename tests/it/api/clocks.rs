//! Deadlines in a running service: the watcher raises alarms by itself, staff see and answer them, the resident hears once.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use gridworker::sandbox::Faults;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::app::{TestApp, until};
use crate::support::people::Resident;
use crate::support::staff::Staff;

fn number(ticket: &Value) -> String {
    ticket["number"].as_str().expect("a number").to_owned()
}

fn minutes(app: &TestApp, n: i64) {
    app.clock.advance(SignedDuration::from_mins(n));
}

/// Waits until so many steps have fired.
async fn fired(app: &TestApp, n: i64) {
    until(&format!("{n} steps fired"), async || app.count("SELECT COUNT(*) FROM ticket_alarms WHERE state = 'fired'").await == n)
        .await;
}

async fn alerts(staff: &Staff) -> Vec<Value> {
    let body = staff.get("/api/v1/worker/alerts").await.expect(200);
    body["alerts"].as_array().expect("a list").clone()
}

async fn heard(resident: &Resident) -> Vec<String> {
    let history = resident.history().await;
    let messages = history["messages"].as_array().expect("messages");
    messages.iter().filter(|m| m["role"] == "news").map(|m| m["text"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_platform_is_noticed_and_a_restart_loses_no_step() {
    let mut app = TestApp::with().may_leave_pending().start().await;
    app.faults(Faults { down: true, ..Faults::default() });
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    assert_eq!(ticket["urgency"], "紧急");
    let by = ticket["clock"]["accept_by"].as_str().expect("a deadline").to_owned();
    minutes(&app, 3);
    fired(&app, 1).await;
    app.restart().await;
    app.faults(Faults { down: true, ..Faults::default() });
    minutes(&app, 3);
    fired(&app, 2).await;
    app.crash();
    minutes(&app, 60);
    app.again().await;
    fired(&app, 4).await;
    let worker = app.staff(&[Role::Gridworker]).await;
    let open = alerts(&worker).await;
    let steps: Vec<(&str, &str)> =
        open.iter().map(|a| (a["step"].as_str().expect("a step"), a["to"].as_str().expect("who"))).collect();
    assert_eq!(steps, [("提醒", "A岗"), ("催办", "B岗"), ("督办", "值班领导"), ("督办", "指挥中心")], "each once, in order");
    for alert in &open {
        assert_eq!((&alert["ticket"], &alert["clock"]), (&ticket["number"], &json!("受理")), "{alert}");
        let told: Timestamp = alert["deadline"].as_str().expect("a time").parse().expect("RFC 3339");
        assert_eq!(told.as_millisecond(), by.parse::<Timestamp>().expect("RFC 3339").as_millisecond());
    }
    until("the resident hears of it", async || heard(&resident).await.iter().any(|t| t.contains("超过了时限"))).await;
    app.count("SELECT 1").await;
    let told = heard(&resident).await;
    assert_eq!(told.iter().filter(|t| t.contains("督办")).count(), 1, "once for the deadline, not once a step: {told:?}");

    let elsewhere = Scope { communities: BTreeSet::from(["别处社区".to_owned()]), grids: BTreeSet::new() };
    let stranger = app.staff_within(&[Role::Gridworker], elsewhere).await;
    assert_eq!(alerts(&stranger).await, Vec::<Value>::new(), "what lies elsewhere does not exist");
    let id = open[0]["id"].as_i64().expect("an id");
    let take = format!("/api/v1/worker/alerts/{id}/take");
    stranger.post(&take, &json!({})).await.refused(404, "not_found");
    worker.post("/api/v1/worker/alerts/999999/take", &json!({})).await.refused(404, "not_found");
    let taken = worker.post(&take, &json!({})).await.expect(200);
    assert!(taken["taken_at"].is_string(), "{taken}");
    assert_eq!(worker.post(&take, &json!({})).await.expect(200), taken, "a second tap");
    assert_eq!(alerts(&worker).await.len(), 3);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'alert.take'").await, 1);
    let story = worker.get(&format!("/api/v1/worker/tickets/{}/clocks", number(&ticket))).await.expect(200);
    let lines: Vec<&str> =
        story["notices"].as_array().expect("lines").iter().map(|n| n["text"].as_str().expect("text")).collect();
    assert!(lines.len() == 4 && lines[3].contains("迟发"), "the story says how late the last one was: {lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_at_the_platform_in_time_keeps_everybody_quiet() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    app.told().await;
    app.press(&ticket, "accept", &json!({ "handler": "城市更新岗" })).await;
    app.told().await;
    let clock = async || resident.get(&format!("/api/v1/tickets/{}", number(&ticket))).await.expect(200)["ticket"].clone();
    let before = clock().await;
    app.press(&ticket, "extend", &json!({ "note": "需要吊车" })).await;
    app.told().await;
    let after = clock().await;
    assert_eq!(after["status"], "延期");
    assert_eq!(after["clock"], before["clock"], "the platform says that it takes longer; the deadline is ours");
    minutes(&app, 60);
    // Two looks of the watcher.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(app.count("SELECT COUNT(*) FROM ticket_alarms WHERE state = 'fired'").await, 0);
    assert_eq!(app.count("SELECT COUNT(*) FROM ticket_clocks WHERE kind = '受理' AND state = 'ended'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_pause_resume_and_extend_and_the_resident_reads_why() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    let url = |what: &str| format!("/api/v1/worker/tickets/{}/{what}", number(&ticket));
    let worker = app.staff(&[Role::Gridworker]).await;
    let reason = json!({ "reason": "resident" });
    app.told().await;
    worker.post(&url("pause"), &reason).await.refused(409, "conflict");
    app.press(&ticket, "accept", &json!({ "handler": "城市更新岗" })).await;
    app.told().await;
    let elsewhere = Scope { communities: BTreeSet::from(["别处社区".to_owned()]), grids: BTreeSet::new() };
    let stranger = app.staff_within(&[Role::Gridworker], elsewhere).await;
    let known = resident.get(&format!("/api/v1/tickets/{}", number(&ticket))).await.expect(200)["ticket"]["clock"].clone();
    let wish = json!({ "hours": 6, "reason": "等待吊车", "resolve_by": known["resolve_by"] });
    for (what, body) in [("pause", &reason), ("resume", &json!({})), ("extend", &wish)] {
        stranger.post(&url(what), body).await.refused(404, "not_found");
    }
    stranger.get(&url("clocks")).await.refused(404, "not_found");
    worker.post(&url("pause"), &json!({ "reason": "lunch" })).await.refused(422, "invalid_body");
    worker.post(&url("pause"), &json!({ "reason": "resident", "note": "字".repeat(201) })).await.refused(422, "invalid_body");
    worker
        .post(&url("pause"), &json!({ "reason": "resident", "until": "2020-01-01T00:00:00Z" }))
        .await
        .refused(422, "invalid_body");

    let paused = worker.post(&url("pause"), &json!({ "reason": "resident", "note": "电话无人接听" })).await.expect(200);
    assert!(paused["paused_since"].is_string(), "{paused}");
    assert_eq!(worker.post(&url("pause"), &reason).await.expect(200), paused, "a second tap");
    worker.post(&url("pause"), &json!({ "reason": "weather" })).await.refused(409, "conflict");
    worker.post(&url("extend"), &wish).await.refused(409, "conflict");
    let said = resident.say("我上报的事办到哪一步了").await;
    let text = said["reply"]["text"].as_str().expect("text").to_owned();
    assert!(text.contains("暂停计时（等待您补充情况或配合上门）"), "{text}");
    assert!(!text.contains("电话无人接听"), "what colleagues note is not the resident's: {text}");
    minutes(&app, 600);
    let resumed = worker.post(&url("resume"), &json!({})).await.expect(200);
    assert_eq!(worker.post(&url("resume"), &json!({})).await.expect(200), resumed, "a second tap");
    let time = |clock: &Value| clock["resolve_by"].as_str().expect("a time").parse::<Timestamp>().expect("RFC 3339");
    assert_eq!(time(&resumed).duration_since(time(&known)).as_mins(), 600, "exactly the pause");

    for (body, why) in [
        (json!({ "reason": "x", "resolve_by": resumed["resolve_by"] }), "neither"),
        (json!({ "hours": 6, "until": "2026-06-12", "reason": "x", "resolve_by": resumed["resolve_by"] }), "both"),
        (json!({ "hours": 6, "reason": " ", "resolve_by": resumed["resolve_by"] }), "no reason"),
        (json!({ "hours": 25, "reason": "x", "resolve_by": resumed["resolve_by"] }), "longer than the rule"),
    ] {
        let problem = worker.post(&url("extend"), &body).await;
        assert_eq!(problem.status, 422, "{why}: {}", problem.text());
    }
    let stale = worker.post(&url("extend"), &wish).await.refused(409, "deadline_moved");
    assert_eq!(stale["resolve_by"], resumed["resolve_by"], "the refusal says what holds: {stale}");
    let wish = json!({ "hours": 6, "reason": "等待吊车", "resolve_by": resumed["resolve_by"] });
    let extended = worker.post(&url("extend"), &wish).await.expect(200);
    assert_eq!(time(&extended).duration_since(time(&resumed)).as_hours(), 6);
    assert_eq!(worker.post(&url("extend"), &wish).await.expect(200), extended, "a second tap puts nothing off twice");
    let again = json!({ "hours": 6, "reason": "吊车故障", "resolve_by": extended["resolve_by"] });
    worker.post(&url("extend"), &again).await.refused(403, "reviewer_needed");
    let dispatcher = app.staff(&[Role::Dispatcher]).await;
    let twice = dispatcher.post(&url("extend"), &again).await.expect(200);
    assert_eq!((&twice["extended"], &twice["why"]), (&json!(2), &json!("吊车故障")));
    let said = resident.say("我上报的事办到哪一步了").await;
    assert!(said["reply"]["text"].as_str().is_some_and(|t| t.contains("已经延期，原因：吊车故障")), "{said}");
    let story = worker.get(&url("clocks")).await.expect(200);
    let kinds: Vec<&Value> = story["changes"].as_array().expect("changes").iter().map(|c| &c["kind"]).collect();
    assert_eq!(kinds, ["pause", "resume", "extend", "extend"]);
    assert_eq!(story["changes"][0]["note"], "电话无人接听");
    assert_eq!(
        app.count(
            "SELECT COUNT(DISTINCT action) FROM audit_log WHERE action IN ('ticket.pause', 'ticket.resume', 'ticket.extend')"
        )
        .await,
        3
    );
}
