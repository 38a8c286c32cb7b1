//! 台账: visits that are due, visits that are written down once, and the own part of the street only.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::media::samples::jpeg;
use crate::support::app::TestApp;
use crate::support::staff::Staff;
use crate::support::wire::Answer;

const HEADER: &str = "kind,number,grid_code,place,interval_days,next_due,details,lat,lng,system\n";

fn within(grid: &str) -> Scope {
    Scope { communities: BTreeSet::new(), grids: BTreeSet::from([grid.to_owned()]) }
}

async fn worker(app: &TestApp, grid: &str) -> Staff {
    app.staff_within(&[Role::Gridworker], within(grid)).await
}

async fn import(who: &Staff, rows: &str, dry: bool) -> Answer {
    let path = format!("/api/v1/worker/ledgers/import?dry_run={dry}");
    let request = who.request(reqwest::Method::POST, &path).header("content-type", "text/csv");
    Answer::of(request.body(format!("{HEADER}{rows}")).send().await).await
}

async fn list(who: &Staff, tail: &str) -> Vec<Value> {
    let page = who.get(&format!("/api/v1/worker/ledgers{tail}")).await.expect(200);
    page["entries"].as_array().expect("entries").clone()
}

async fn upload(who: &Staff) -> String {
    let mut body = b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n".to_vec();
    body.extend_from_slice(&jpeg(64, 48, None));
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = who.request(reqwest::Method::POST, "/api/v1/worker/attachments");
    let sent = request.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await;
    Answer::of(sent).await.expect(201)["attachment_id"].as_str().expect("an id").to_owned()
}

/// A visit id as a device draws it.
fn visit_id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

#[tokio::test]
async fn the_demo_shows_marked_samples_of_the_own_grid_only_and_late_ones_first() {
    let app = TestApp::start().await;
    let own = worker(&app, "CH-JF-07").await;
    let entries = list(&own, "").await;
    assert_eq!(entries.len(), 4, "{entries:?}");
    assert!(entries.iter().all(|e| e["sample"] == true && e["grid_code"] == "CH-JF-07"), "{entries:?}");
    let left: Vec<i64> = entries.iter().map(|e| e["days_left"].as_i64().expect("days")).collect();
    assert_eq!(left, [-2, 0, 1, 9], "what is late stands first");
    assert_eq!(list(&own, "?due_in=0").await.len(), 2, "today and late");
    assert_eq!(list(&own, "?kind=独居老人&limit=1").await.len(), 1);
    let page = own.get("/api/v1/worker/ledgers?limit=3").await.expect(200);
    let next = page["next"].as_str().expect("another page");
    assert_eq!(list(&own, &format!("?limit=3&after={next}")).await.len(), 1);

    let foreign = entries[0]["id"].as_str().expect("an id");
    let other = worker(&app, "CH-BH-04").await;
    other.get(&format!("/api/v1/worker/ledgers/{foreign}")).await.refused(404, "not_found");
    let visit = json!({ "id": visit_id(1), "result": "正常" });
    other.post(&format!("/api/v1/worker/ledgers/{foreign}/visits"), &visit).await.refused(404, "not_found");
    assert_eq!(list(&other, "?grid=CH-JF-07").await, Vec::<Value>::new(), "another grid is asked for in vain");
    app.as_curator().await.get("/api/v1/worker/ledgers").await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_visit_is_written_down_once_and_sets_the_next_day() {
    let app = TestApp::start().await;
    let own = worker(&app, "CH-JF-07").await;
    let entry = list(&own, "").await.remove(0);
    let path = format!("/api/v1/worker/ledgers/{}", entry["id"].as_str().expect("an id"));
    let visits = format!("{path}/visits");

    own.post(&visits, &json!({ "id": visit_id(1), "result": "发现隐患" })).await.refused(422, "invalid_body");
    let missed = own.post(&visits, &json!({ "id": visit_id(2), "result": "没见到" })).await.expect(201);
    assert_eq!(missed["entry"]["days_left"], -2, "nobody was there: it is still due");
    let found = json!({ "id": visit_id(3), "result": "发现隐患", "note": "厨房软管老化" });
    let first = own.post(&visits, &found).await.expect(201);
    assert_eq!(first["entry"]["days_left"], 7, "{first}");
    assert_eq!(first["visit"]["by"], "锦凤社区第七网格 网格员岗", "a post, no person");
    let again = own.post(&visits, &found).await.expect(200);
    assert_eq!(again["visit"], first["visit"], "the same id is the same visit");
    let file = own.get(&path).await.expect(200);
    assert_eq!(file["visits"].as_array().map(Vec::len), Some(2), "{file}");

    let colleague = worker(&app, "CH-JF-07").await;
    colleague.post(&visits, &found).await.refused(422, "invalid_body");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'ledger.visit'").await, 2);
    let open = "SELECT COUNT(*) FROM ledger_entries WHERE document LIKE '%铂金云鼎%' OR document NOT LIKE 'sealed:%'";
    assert_eq!(app.count(open).await, 0, "where a household lives lies sealed");
    assert_eq!(app.count("SELECT COUNT(*) FROM ledger_visits WHERE note NOT LIKE 'sealed:%'").await, 0);
}

#[tokio::test]
async fn a_found_hazard_becomes_a_ticket_that_is_noted_once() {
    let app = TestApp::with().may_leave_pending().start().await;
    let own = worker(&app, "CH-JF-07").await;
    let entry = list(&own, "").await.remove(0);
    let path = format!("/api/v1/worker/ledgers/{}", entry["id"].as_str().expect("an id"));
    let found = json!({ "id": visit_id(1), "result": "发现隐患", "note": "门口路灯坏了" });
    own.post(&format!("{path}/visits"), &found).await.expect(201);
    let resident = app.resident().await;
    resident.say("铂金云鼎小区3栋门口路灯坏了").await;
    let receipt = resident.confirm().await.expect(201);
    let number = receipt["ticket"]["number"].as_str().expect("a number").to_owned();
    let ticket = format!("{path}/visits/{}/ticket", visit_id(1));
    for _ in 0..2 {
        let noted = own.put(&ticket, &json!({ "number": number })).await.expect(200);
        assert_eq!(noted["ticket"], json!(number));
    }
    own.put(&ticket, &json!({ "number": "WG20260101000009" })).await.refused(404, "not_found");
    let none = format!("{path}/visits/{}/ticket", visit_id(9));
    own.put(&none, &json!({ "number": number })).await.refused(404, "not_found");
}

#[tokio::test]
async fn photos_of_a_visit_are_kept_and_shown_to_those_who_may_see_it() {
    let app = TestApp::start().await;
    let own = worker(&app, "CH-JF-07").await;
    let entry = list(&own, "").await.remove(0);
    let path = format!("/api/v1/worker/ledgers/{}", entry["id"].as_str().expect("an id"));
    let photo = upload(&own).await;
    let visit = json!({ "id": visit_id(1), "result": "正常", "attachments": [photo] });
    own.post(&format!("{path}/visits"), &visit).await.expect(201);
    let shown = format!("{path}/attachments/{photo}?size=thumb");
    assert_eq!(own.request(reqwest::Method::GET, &shown).send().await.expect("answered").status(), 200);
    let other = worker(&app, "CH-BH-04").await;
    other.get(&shown).await.refused(404, "not_found");
    own.get(&format!("{path}/attachments/{}", visit_id(7))).await.refused(404, "not_found");
    // The sweep of loose attachments leaves it alone.
    app.clock.advance(jiff::SignedDuration::from_hours(30));
    upload(&own).await;
    assert_eq!(own.request(reqwest::Method::GET, &shown).send().await.expect("answered").status(), 200);
}

#[tokio::test]
async fn a_table_is_taken_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let office = app.as_dispatcher().await;
    let good = "危房,WF-9,CH-JF-01,锦凤苑1栋,30,2026-07-01,,,,\n";
    let wrong = import(
        &office,
        &format!("{good}危房,WF-10,CH-XX-99,某处,30,2026-07-01,,,,\n危房,WF-9,CH-JF-01,锦凤苑1栋,0,昨天,,,,\n"),
        false,
    )
    .await
    .refused(422, "invalid_body");
    let errors = wrong["errors"].as_array().expect("each fault").clone();
    assert_eq!(errors.len(), 2, "{wrong}");
    assert!(errors[0]["message"].as_str().is_some_and(|m| m.contains("第3行") && m.contains("CH-XX-99")), "{wrong}");
    assert_eq!(list(&office, "?kind=危房&grid=CH-JF-01").await.len(), 0, "one wrong row, and nothing is taken");

    let dry = import(&office, good, true).await.expect(200);
    assert_eq!((&dry["added"], &dry["dry_run"]), (&json!(1), &json!(true)));
    assert_eq!(list(&office, "?kind=危房&grid=CH-JF-01").await.len(), 0, "a dry run writes nothing");
    import(&office, good, false).await.expect(200);
    let again = import(&office, good, false).await.expect(200);
    assert_eq!((&again["added"], &again["same"]), (&json!(0), &json!(1)));
    let moved = import(&office, "危房,WF-9,CH-JF-02,锦凤苑1栋,30,2026-07-01,,,,\n", false).await.expect(200);
    assert_eq!(moved["changed"], 1);

    let narrow = worker(&app, "CH-JF-07").await;
    let foreign = import(&narrow, "危房,WF-9,CH-JF-07,锦凤苑1栋,30,2026-07-01,,,,\n", false).await;
    let foreign = foreign.refused(422, "invalid_body");
    assert!(foreign["detail"].as_str().is_some_and(|d| d.contains("不在您的网格里")), "not out of another grid: {foreign}");
    import(&narrow, "危房,WF-11,CH-JF-01,某栋,30,2026-07-01,,,,\n", false).await.refused(422, "invalid_body");
    app.as_auditor().await.get("/api/v1/worker/ledgers").await.refused(403, "forbidden");
}

#[tokio::test]
async fn the_own_street_has_the_own_grids_with_their_outlines() {
    let app = TestApp::start().await;
    let own = worker(&app, "CH-JF-07").await;
    let street = own.get("/api/v1/worker/street").await.expect(200);
    assert_eq!(street["grids"].as_array().map(Vec::len), Some(1), "{street}");
    let outline = street["grids"][0]["outline"][0].as_array().expect("a line");
    assert!(outline.len() >= 4 && outline.iter().all(|p| p["system"] == "wgs84"), "{street}");
    assert!(street["pauses"].as_array().is_some_and(|p| p.iter().any(|r| r["id"] == "resident")), "{street}");
    let all = app.as_dispatcher().await.get("/api/v1/worker/street").await.expect(200);
    assert!(all["grids"].as_array().is_some_and(|g| g.len() > 20));
}

#[tokio::test]
async fn a_revisit_closes_or_opens_again_and_only_after_the_end() {
    let app = TestApp::with().may_leave_pending().start().await;
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋门口路灯坏了").await;
    let receipt = resident.confirm().await.expect(201);
    let number = receipt["ticket"]["number"].as_str().expect("a number").to_owned();
    let own = worker(&app, "CH-JF-07").await;
    let path = |tail: &str| format!("/api/v1/worker/tickets/{number}{tail}");
    own.post(&path("/revisit"), &json!({ "solved": true })).await.refused(409, "conflict");
    own.post(&path("/moves"), &json!({ "to": "已办结", "note": "换了灯泡" })).await.expect(200);
    own.post(&path("/revisit"), &json!({ "solved": false })).await.refused(422, "invalid_body");
    let other = worker(&app, "CH-BH-04").await;
    other.post(&path("/revisit"), &json!({ "solved": true })).await.refused(404, "not_found");
    let open = own.post(&path("/revisit"), &json!({ "solved": false, "note": "又不亮了" })).await.expect(200);
    assert_eq!(open["status"], "重新办理");
    own.post(&path("/moves"), &json!({ "to": "已办结", "note": "换了灯座" })).await.expect(200);
    for _ in 0..2 {
        let done = own.post(&path("/revisit"), &json!({ "solved": true, "note": "上门看过，亮了" })).await.expect(200);
        assert_eq!(done["status"], "已回访");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'ticket.revisit'").await, 2);
}
