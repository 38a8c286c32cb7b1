//! 派单异议: raised by whoever has the ticket, decided by another person, once; the resident is told in plain words.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::people::Resident;
use crate::support::staff::Staff;
use crate::support::wire::Answer;

/// Staff's own words: the resident never reads them.
const REASON: &str = "外墙归物业维修，不归本岗，内部讨论第三稿";

async fn raise(staff: &Staff, number: &str) -> Answer {
    staff.post(&format!("/api/v1/worker/tickets/{number}/dispute"), &json!({ "reason": REASON })).await
}

async fn decide(staff: &Staff, number: &str, body: Value) -> Answer {
    staff.post(&format!("/api/v1/worker/tickets/{number}/dispute/decision"), &body).await
}

fn upheld(route: &Value) -> Value {
    json!({ "upheld": true, "reason": "职责清单写明归物业管理岗", "route": route })
}

fn rejected() -> Value {
    json!({ "upheld": false, "reason": "职责清单写明归城市更新岗" })
}

/// An accepted façade, its resident and its number.
async fn accepted(app: &TestApp) -> (Resident, String) {
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    app.told().await;
    app.press(&ticket, "accept", &json!({ "handler": "城市更新岗" })).await;
    app.told().await;
    (resident, ticket["number"].as_str().expect("a number").to_owned())
}

async fn story(resident: &Resident, number: &str) -> Value {
    resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200)
}

/// Ticket and history, to see that a refusal left them alone.
async fn standing(app: &TestApp, resident: &Resident, number: &str) -> (Value, i64) {
    (story(resident, number).await, app.count("SELECT COUNT(*) FROM ticket_disputes WHERE decided_at IS NOT NULL").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn upheld_by_another_person_it_goes_to_another_post_once_and_for_all() {
    let app = TestApp::start().await;
    let (resident, number) = accepted(&app).await;
    let (worker, dispatcher) = (app.as_gridworker().await, app.as_dispatcher().await);
    let before = story(&resident, &number).await;
    let raised = raise(&worker, &number).await.expect(201);
    assert_eq!((&raised["before"], &raised["route"]["post"]), (&json!("已受理"), &json!("城市更新岗")), "{raised}");
    assert_eq!(raise(&worker, &number).await.expect(200)["id"], raised["id"], "a second tap is the same dispute");
    assert_eq!(story(&resident, &number).await["ticket"]["status"], "退回待审");
    raise(&dispatcher, &number).await.refused(409, "conflict");
    let waiting = dispatcher.get("/api/v1/worker/disputes").await.expect(200);
    assert_eq!(waiting["disputes"][0]["id"], raised["id"], "{waiting}");

    let place = standing(&app, &resident, &number).await;
    let route = json!({ "section": "经济发展", "post": "物业管理岗" });
    for (body, needle) in [
        (json!({ "upheld": true, "reason": "对" }), "route"),
        (json!({ "upheld": false, "reason": "不对", "route": route }), "同时改派"),
        (json!({ "upheld": false, "reason": " " }), "理由"),
        (upheld(&json!({ "section": "经济发展", "post": "城市更新岗" })), "另一个岗位"),
        (upheld(&json!({ "section": "经济发展", "post": "物业管里岗" })), "物业管理岗"),
        (upheld(&json!({ "section": "经济", "post": "物业管理岗" })), "板块"),
        (upheld(&json!({ "section": "经济发展", "post": "物业管理岗", "first_receiver": "物业企业" })), "首接负责"),
    ] {
        let answer = decide(&dispatcher, &number, body).await.refused(422, "invalid_body");
        assert!(answer.to_string().contains(needle), "{needle}: {answer}");
        assert_eq!(standing(&app, &resident, &number).await, place, "{answer}");
    }
    decide(&worker, &number, upheld(&route)).await.refused(403, "forbidden");

    let done = decide(&dispatcher, &number, upheld(&route)).await.expect(200);
    assert_eq!((&done["decided"]["upheld"], &done["decided"]["route"]["post"]), (&json!(true), &json!("物业管理岗")), "{done}");
    let after = story(&resident, &number).await;
    assert_eq!((&after["ticket"]["status"], &after["ticket"]["route"]["post"]), (&json!("已交办"), &json!("物业管理岗")));
    let first = |story: &Value| story["ticket"]["route"]["first_receiver"].clone();
    assert_eq!(first(&after), first(&before), "首接负责: the first receiver stays");
    let ways: Vec<(&str, &str)> = after["timeline"]
        .as_array()
        .expect("moves")
        .iter()
        .rev()
        .take(2)
        .rev()
        .map(|e| (e["from"].as_str().unwrap_or_default(), e["to"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(ways, [("已受理", "退回待审"), ("退回待审", "已交办")], "both steps stand in the history");

    // Decided once: nobody returns it again, whoever has it now.
    raise(&worker, &number).await.refused(409, "not_disputable");
    raise(&app.as_gridworker().await.0, &number).await.refused(409, "not_disputable");
    decide(&dispatcher, &number, rejected()).await.refused(409, "conflict");
    app.told().await;
    let history = resident.history().await;
    let news: Vec<&str> = history["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .filter(|m| m["role"] == "news")
        .filter_map(|m| m["text"].as_str())
        .collect();
    assert_eq!(news.iter().filter(|n| n.contains("正在由街道审核")).count(), 1, "told once: {news:?}");
    assert_eq!(news.iter().filter(|n| n.contains("改由物业管理岗办理")).count(), 1, "told once: {news:?}");
    let all = history.to_string() + &story(&resident, &number).await.to_string();
    assert!(!all.contains(REASON) && !all.contains("职责清单写明"), "staff's words stay with staff");
    let posts = dispatcher.get("/api/v1/worker/disputes?open=false").await.expect(200)["posts"].clone();
    assert_eq!(
        posts,
        json!([{ "section": "经济发展", "post": "城市更新岗", "raised": 1, "open": 0, "upheld": 1, "rejected": 0 }])
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'ticket.dispute'").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'ticket.dispute_decision'").await, 1);
    // Rules have no say in what a reviewer decided.
    let admin = app.as_administrator().await;
    let trial = admin.post("/api/v1/admin/street/dispatch-trial", &json!({})).await.expect(200);
    assert_eq!((&trial["tickets"], &trial["designated"]), (&json!(0), &json!(1)), "{trial}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_it_goes_back_to_where_it_was() {
    let app = TestApp::start().await;
    let (resident, number) = accepted(&app).await;
    let (worker, dispatcher) = (app.as_gridworker().await, app.as_dispatcher().await);
    // Whoever raises does not decide, whatever rights they have.
    let both = app.staff(&[Role::Dispatcher]).await;
    raise(&both, &number).await.expect(201);
    let place = standing(&app, &resident, &number).await;
    decide(&both, &number, rejected()).await.refused(403, "own_dispute");
    assert_eq!(standing(&app, &resident, &number).await, place);
    decide(&dispatcher, &number, rejected()).await.expect(200);
    let after = story(&resident, &number).await;
    assert_eq!((&after["ticket"]["status"], &after["ticket"]["route"]["post"]), (&json!("已受理"), &json!("城市更新岗")));
    raise(&worker, &number).await.refused(409, "not_disputable");
    app.told().await;
    let history = resident.history().await.to_string();
    assert!(history.contains("仍由城市更新岗办理") && !history.contains(REASON), "{history}");
    let of_ticket = worker.get(&format!("/api/v1/worker/tickets/{number}/disputes")).await.expect(200);
    assert_eq!((&of_ticket[0]["reason"], &of_ticket[0]["decided"]["upheld"]), (&json!(REASON), &json!(false)), "{of_ticket}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_or_what_is_over_or_elsewhere_is_not_disputed() {
    let app = TestApp::start().await;
    let worker = app.as_gridworker().await;
    let dispatcher = app.as_dispatcher().await;
    let (resident, number) = accepted(&app).await;
    let elsewhere = Scope { communities: BTreeSet::from(["别处社区".to_owned()]), grids: BTreeSet::new() };
    let stranger = app.staff_within(&[Role::Gridworker], elsewhere.clone()).await;
    raise(&stranger, &number).await.refused(404, "not_found");
    stranger.get(&format!("/api/v1/worker/tickets/{number}/disputes")).await.refused(404, "not_found");
    raise(&worker, "WG20200101000001").await.refused(404, "not_found");
    worker.post(&format!("/api/v1/worker/tickets/{number}/dispute"), &json!({ "reason": "" })).await.refused(422, "invalid_body");
    raise(&app.as_curator().await.0, &number).await.refused(403, "forbidden");
    decide(&dispatcher, &number, rejected()).await.refused(409, "conflict");
    app.press(&story(&resident, &number).await["ticket"], "resolve", &json!({ "note": "好了" })).await;
    app.told().await;
    raise(&worker, &number).await.refused(409, "conflict");
    assert_eq!(app.count("SELECT COUNT(*) FROM ticket_disputes").await, 0, "nothing was raised");
    let other = app.staff_within(&[Role::Dispatcher], elsewhere).await;
    assert_eq!(other.get("/api/v1/worker/disputes?open=false").await.expect(200)["disputes"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_the_platform_returned_is_decided_here_as_well() {
    let app = TestApp::start().await;
    let (resident, number) = accepted(&app).await;
    app.press(&story(&resident, &number).await["ticket"], "return", &json!({ "note": "不归本岗" })).await;
    app.told().await;
    assert_eq!(story(&resident, &number).await["ticket"]["status"], "退回待审");
    let dispatcher = app.as_dispatcher().await;
    let route = json!({ "section": "平安法治", "post": "综合执法岗", "first_receiver": "物业企业", "first_receiver_reason": "物业先到场" });
    let done = decide(&dispatcher, &number, upheld(&route)).await.expect(200);
    assert_eq!((&done["raised_by"], &done["before"]), (&json!(""), &json!("已受理")), "{done}");
    let after = story(&resident, &number).await;
    assert_eq!(
        (&after["ticket"]["status"], &after["ticket"]["route"]["first_receiver"]),
        (&json!("已交办"), &json!("物业企业")),
        "{after}"
    );
    raise(&app.as_gridworker().await.0, &number).await.refused(409, "not_disputable");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_raised_and_decided_cannot_be_rewritten() {
    let app = TestApp::start().await;
    let (_resident, number) = accepted(&app).await;
    let worker = app.as_gridworker().await;
    raise(&worker, &number).await.expect(201);
    let change = |sql: &'static str| {
        let db = app.instance().db.clone();
        app.within(async move {
            let mut tx = db.durable().await.expect("a transaction");
            let done = sqlx::query(sql).execute(&mut *tx).await.is_ok();
            tx.commit().await.expect("a commit");
            done
        })
    };
    assert!(!change("UPDATE ticket_disputes SET reason = 'x'").await, "what was raised stays");
    decide(&app.as_dispatcher().await.0, &number, rejected()).await.expect(200);
    assert!(!change("UPDATE ticket_disputes SET upheld = 1").await, "a decision is written once");
    assert!(
        !change("UPDATE street_versions SET note = ''").await || app.count("SELECT COUNT(*) FROM street_versions").await == 0
    );
}
