//! Tickets in the hands of staff: seen without their reporters, moved legally, taken back by residents; whoever reads an
//! identity leaves a line.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::people::Resident;

const OWN: [&str; 3] = ["13912345678", "1203", "婆婆摔过"];

async fn reported(app: &TestApp) -> (Resident, String) {
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋2单元1203室门口路灯坏了，婆婆摔过，电话13912345678").await;
    let receipt = resident.confirm().await.expect(201);
    (resident, receipt["ticket"]["number"].as_str().expect("a number").to_owned())
}

fn url(number: &str, tail: &str) -> String {
    format!("/api/v1/worker/tickets/{number}{tail}")
}

fn within(community: &str) -> Scope {
    Scope { communities: BTreeSet::from([community.to_owned()]), grids: BTreeSet::new() }
}

#[tokio::test]
async fn staff_see_the_matter_of_their_own_part_and_never_who_reported() {
    let app = TestApp::start().await;
    let (_, number) = reported(&app).await;
    app.delivered().await;
    let own = app.staff_within(&[Role::Gridworker], within("锦凤社区")).await;
    let other = app.staff_within(&[Role::Gridworker], within("桂语社区")).await;

    let story = own.get(&url(&number, "")).await.expect(200);
    assert_eq!(story["ticket"]["place"]["estate"], "铂金云鼎小区");
    assert_eq!(story["platforms"][0]["leads"], true, "{story}");
    for word in OWN.iter().filter(|w| **w != "婆婆摔过") {
        assert!(!story.to_string().contains(word), "{word} is in {story}");
    }
    assert!(story["ticket"].get("reporter").is_none() && story["ticket"].get("original_words").is_none(), "{story}");
    other.get(&url(&number, "")).await.refused(404, "not_found");

    let list = own.get("/api/v1/worker/tickets?status=open").await.expect(200);
    assert_eq!(list["tickets"].as_array().map(Vec::len), Some(1), "{list}");
    assert!(!list.to_string().contains("13912345678"));
    let none = other.get("/api/v1/worker/tickets").await.expect(200);
    assert_eq!(none["tickets"], json!([]), "another community's list is empty");
    let wrong = own.get("/api/v1/worker/tickets?status=不存在").await.refused(400, "invalid_parameter");
    assert!(wrong["detail"].as_str().is_some_and(|d| d.contains("不存在")), "{wrong}");
}

#[tokio::test]
async fn every_reading_of_an_identity_is_written_down_before_it_is_shown() {
    let app = TestApp::start().await;
    let (_, number) = reported(&app).await;
    app.delivered().await;
    let worker = app.staff_within(&[Role::Gridworker], within("锦凤社区")).await;
    worker.post(&url(&number, "/identity"), &json!({ "reason": " " })).await.refused(422, "invalid_body");
    assert_eq!(readings(&app).await, 0, "a refused reading is none");
    let shown = worker.post(&url(&number, "/identity"), &json!({ "reason": "上门前联系" })).await.expect(200);
    assert_eq!((&shown["phone"], &shown["room"]), (&json!("13912345678"), &json!("1203")));
    assert_eq!(readings(&app).await, 1);
    let sent = "SELECT COUNT(*) FROM audit_log WHERE action = 'identity.sent' AND detail LIKE '%\"phone\"%'";
    assert_eq!(app.count(sent).await, 1, "that the platform was told who reports is written down too");
    let numbers = "SELECT COUNT(*) FROM audit_log WHERE detail LIKE '%13912345678%' OR detail LIKE '%1203%'";
    assert_eq!(app.count(numbers).await, 0, "the log itself tells nobody");

    let stranger = app.staff_within(&[Role::Gridworker], within("桂语社区")).await;
    stranger.post(&url(&number, "/identity"), &json!({ "reason": "好奇" })).await.refused(404, "not_found");
    app.as_auditor().await.post(&url(&number, "/identity"), &json!({ "reason": "抽查" })).await.refused(403, "forbidden");
    assert_eq!(readings(&app).await, 1);
}

async fn readings(app: &TestApp) -> i64 {
    app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'identity.read'").await
}

#[tokio::test]
async fn a_confidential_reporter_is_shown_to_the_centre_only() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    resident.say("我要举报，铂金云鼎小区7栋有人在家里违规存放烟花爆竹，别说是我说的，电话13912345678").await;
    let receipt = resident.confirm().await.expect(201);
    let ticket = &receipt["ticket"];
    assert_eq!(ticket["kind"], "举报", "{ticket}");
    let number = ticket["number"].as_str().expect("a number");
    app.delivered().await;
    let worker = app.staff(&[Role::Gridworker]).await;
    worker.post(&url(number, "/identity"), &json!({ "reason": "想问问情况" })).await.refused(403, "forbidden");
    let centre = app.as_dispatcher().await;
    let shown = centre.post(&url(number, "/identity"), &json!({ "reason": "核实" })).await.expect(200);
    assert_eq!(shown["phone"], "13912345678");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'identity.sent'").await, 0, "no platform was told");
    let pushed = app.platform().incidents().await;
    assert!(!json!(pushed).to_string().contains("13912345678"), "{pushed:?}");
}

#[tokio::test]
async fn moves_are_legal_told_to_the_resident_and_not_made_twice() {
    let app = TestApp::start().await;
    let (resident, number) = reported(&app).await;
    app.told().await;
    let worker = app.staff_within(&[Role::Gridworker], within("锦凤社区")).await;
    let moves = url(&number, "/moves");
    for (step, status, code) in [
        (json!({ "to": "已交办" }), 403, "forbidden"),
        (json!({ "to": "撤销" }), 422, "invalid_body"),
        (json!({ "to": "已回访" }), 422, "invalid_body"),
        (json!({ "to": "已办结" }), 422, "invalid_body"),
        (json!({ "to": "处置中", "from": "已办结" }), 409, "conflict"),
        (json!({ "to": "飞走了" }), 422, "invalid_body"),
    ] {
        worker.post(&moves, &step).await.refused(status, code);
    }
    let seen = resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
    assert_eq!(seen["ticket"]["status"], "已送达平台", "nothing refused has changed anything");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'ticket.move'").await, 0);

    worker.post(&moves, &json!({ "to": "处置中", "note": "已到现场查看" })).await.expect(200);
    worker.post(&moves, &json!({ "to": "处置中", "note": "已到现场查看" })).await.expect(200);
    worker.post(&moves, &json!({ "to": "已办结", "note": "换了灯泡，已亮" })).await.expect(200);
    worker.post(&moves, &json!({ "to": "处置中" })).await.refused(409, "conflict");
    let story = resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
    let states: Vec<&Value> = story["timeline"].as_array().expect("moves").iter().map(|m| &m["to"]).collect();
    assert_eq!(states, ["已提交", "已送达平台", "处置中", "已办结"], "a second tap is no second move");
    let last = &story["timeline"][3];
    assert_eq!(last["note"], "换了灯泡，已亮");
    assert!(last["by"].as_str().is_some_and(|by| by.contains("网格员岗")), "a post, no person: {last}");
    crate::support::app::until("the resident is told", async || resident.history().await.to_string().contains("换了灯泡")).await;
}

#[tokio::test]
async fn a_resident_takes_a_report_back_once_and_the_platform_learns_it() {
    let app = TestApp::start().await;
    let (resident, number) = reported(&app).await;
    app.delivered().await;
    let other = app.resident().await;
    let path = format!("/api/v1/tickets/{number}/withdraw");
    let take_back = |who: &Resident| who.request(reqwest::Method::POST, &path).json(&json!({ "reason": "已经修好了" })).send();
    assert_eq!(take_back(&other).await.expect("answered").status(), 404, "somebody else's number is no number");
    for _ in 0..2 {
        assert_eq!(take_back(&resident).await.expect("answered").status(), 200);
    }
    app.delivered().await;
    let told = "SELECT COUNT(*) FROM outbox WHERE kind = 'update' AND state = 'delivered'";
    assert_eq!(app.count(told).await, 1, "the platform is told once");
    let worker = app.staff(&[Role::Gridworker]).await;
    worker.post(&url(&number, "/moves"), &json!({ "to": "处置中" })).await.refused(409, "conflict");
}

/// Names of all schemas that an answer of this call can hold.
fn reachable(document: &Value, from: &Value, into: &mut BTreeSet<String>) {
    match from {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next())
                && into.insert(name.to_owned())
            {
                reachable(document, &document["components"]["schemas"][name], into);
            }
            fields.values().for_each(|v| reachable(document, v, into));
        }
        Value::Array(items) => items.iter().for_each(|v| reachable(document, v, into)),
        _ => {}
    }
}

#[test]
fn no_call_of_staff_but_one_can_answer_with_who_reported() {
    let document = serde_json::to_value(gridworker::http::router::openapi()).expect("JSON");
    let mut with = Vec::new();
    for (path, calls) in document["paths"].as_object().expect("paths") {
        if !["/api/v1/admin", "/api/v1/worker"].iter().any(|p| path.starts_with(p)) {
            continue;
        }
        for (method, call) in calls.as_object().expect("calls") {
            let mut names = BTreeSet::new();
            reachable(&document, &call["responses"], &mut names);
            if ["Reporter", "Ticket", "ReporterIdentity"].iter().any(|n| names.contains(*n)) {
                with.push(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(with, ["post /api/v1/worker/tickets/{number}/identity"]);
}
