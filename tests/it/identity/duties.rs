//! Posts with their A and B, leave with a stand-in, hand-over for good.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::staff::Staff;

const POSTS: &str = "/api/v1/admin/posts";
const LEAVES: &str = "/api/v1/admin/leaves";
const GRID_POST: &str = "锦凤社区第七网格 网格员岗";

fn community(name: &str) -> Scope {
    Scope { communities: BTreeSet::from([name.to_owned()]), grids: BTreeSet::new() }
}

fn grid(code: &str) -> Scope {
    Scope { communities: BTreeSet::new(), grids: BTreeSet::from([code.to_owned()]) }
}

/// A ticket of the seventh grid.
async fn reported(app: &TestApp) -> String {
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋2单元门口路灯坏了").await;
    let receipt = resident.confirm().await.expect(201);
    assert_eq!(receipt["ticket"]["place"]["grid_code"], "CH-JF-07", "{receipt}");
    app.told().await;
    receipt["ticket"]["number"].as_str().expect("a number").to_owned()
}

async fn numbers(staff: &Staff) -> Vec<String> {
    let page = staff.get("/api/v1/worker/tickets").await.expect(200);
    let tickets = page["tickets"].as_array().expect("tickets");
    tickets.iter().map(|t| t["number"].as_str().expect("a number").to_owned()).collect()
}

fn hours(app: &TestApp, n: i64) -> String {
    (app.now() + SignedDuration::from_hours(n)).to_string()
}

#[tokio::test]
async fn a_post_has_an_a_and_a_b_and_these_are_two_people() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let (a, b) = (app.as_gridworker().await, app.as_gridworker().await);
    let listed = admin.get(POSTS).await.expect(200);
    let posts = listed["posts"].as_array().expect("posts");
    let names: BTreeSet<&str> = posts.iter().filter_map(|p| p["post"].as_str()).collect();
    assert!(names.contains("应急岗") && names.contains("综合执法岗") && names.contains(GRID_POST), "{names:?}");
    assert_eq!(names.len(), posts.len(), "each once");
    assert!(posts.iter().all(|p| p["a"].is_null() && p["b"].is_null()), "nobody holds anything yet");

    let set = async |a: Value, b: Value| admin.put(POSTS, &json!({ "post": GRID_POST, "a": a, "b": b })).await;
    set(json!(a.id), json!(a.id)).await.refused(422, "invalid_body");
    set(json!("00000000-0000-0000-0000-00000000ffff"), Value::Null).await.refused(404, "not_found");
    admin.put(POSTS, &json!({ "post": "没有的岗" })).await.refused(404, "not_found");
    let held = set(json!(a.id), json!(b.id)).await.expect(200);
    assert_eq!((&held["a"]["name"], &held["b"]["name"]), (&json!(a.name), &json!(b.name)));
    let since = held["a"]["since"].clone();
    app.clock.advance(SignedDuration::from_hours(1));
    set(json!(a.id), json!(b.id)).await.expect(200);
    let held = set(json!(a.id), Value::Null).await.expect(200);
    assert_eq!((&held["a"]["since"], &held["b"]), (&since, &Value::Null), "who stays keeps the day");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'post.assign'").await, 2, "no change is no row");
    admin.post(&format!("/api/v1/admin/accounts/{}/disable", b.id), &Value::Null).await.expect(200);
    set(json!(b.id), Value::Null).await.refused(422, "invalid_body");
    a.put(POSTS, &json!({ "post": GRID_POST, "a": a.id })).await.refused(403, "forbidden");
}

#[tokio::test]
async fn while_somebody_is_away_the_stand_in_sees_and_moves_and_the_history_names_both() {
    let app = TestApp::start().await;
    let number = reported(&app).await;
    let admin = app.as_administrator().await;
    let away = app.staff_within(&[Role::Gridworker], grid("CH-JF-07")).await;
    let acting = app.staff_within(&[Role::Gridworker], community("桂语社区")).await;
    assert_eq!(numbers(&acting).await, Vec::<String>::new());
    let moves = format!("/api/v1/worker/tickets/{number}/moves");
    acting.post(&moves, &json!({ "to": "已受理" })).await.refused(404, "not_found");

    let wish =
        json!({ "account_id": away.id, "stand_in": acting.id, "from": hours(&app, 1), "until": hours(&app, 25), "note": "年休" });
    let leave = admin.post(LEAVES, &wish).await.expect(201);
    assert_eq!((&leave["state"], &leave["stand_in"]), (&json!("planned"), &json!(acting.name)));
    assert_eq!(numbers(&acting).await, Vec::<String>::new(), "not before it begins");
    app.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(numbers(&acting).await, std::slice::from_ref(&number));
    assert_eq!(numbers(&away).await, std::slice::from_ref(&number), "who is away loses nothing");
    let me = acting.get("/api/v1/auth/me").await.expect(200);
    assert_eq!(me["standing_in"][0]["name"], json!(away.name), "{me}");
    acting.post(&moves, &json!({ "to": "处置中", "note": "已到现场" })).await.expect(200);
    let story = acting.get(&format!("/api/v1/worker/tickets/{number}")).await.expect(200);
    let last = story["timeline"].as_array().and_then(|t| t.last()).expect("a move").clone();
    assert!(last.to_string().contains("网格员岗（代班）"), "{last}");
    let rows = admin.get("/api/v1/admin/audit?action=ticket.move").await.expect(200);
    assert_eq!(rows["rows"][0]["actor_name"], json!(acting.name));
    assert_eq!(rows["rows"][0]["detail"]["for"], json!({ "account": away.id, "name": away.name }), "{rows}");
    // A program of the stand-in's is nobody's stand-in.
    let key =
        admin.post("/api/v1/admin/keys", &json!({ "name": "k", "account_id": acting.id, "permissions": ["ticket_read"] })).await;
    let secret = key.expect(201)["secret"].as_str().expect("a secret").to_owned();
    let request = app.stranger().request(reqwest::Method::GET, "/api/v1/worker/tickets").bearer_auth(secret);
    assert_eq!(crate::support::wire::Answer::of(request.send().await).await.expect(200)["tickets"], json!([]));

    app.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(numbers(&acting).await, Vec::<String>::new(), "not after it is over");
    acting.post(&moves, &json!({ "to": "已办结", "note": "修好了" })).await.refused(404, "not_found");
    assert_eq!(acting.get("/api/v1/auth/me").await.expect(200)["standing_in"], json!([]));
    // The administrator's own session is over by then.
    let listed = app.as_administrator().await.get(LEAVES).await.expect(200);
    assert_eq!(listed["leaves"][0]["state"], "over");
}

#[tokio::test]
async fn the_alerts_of_who_is_away_reach_the_stand_in_and_taking_note_names_both() {
    let app = TestApp::with().may_leave_pending().start().await;
    app.faults(gridworker::sandbox::Faults { down: true, ..gridworker::sandbox::Faults::default() });
    app.resident().await.report_facade().await;
    let admin = app.as_administrator().await;
    let away = app.staff_within(&[Role::Gridworker], grid("CH-JF-07")).await;
    let acting = app.staff_within(&[Role::Gridworker], community("桂语社区")).await;
    admin.post(LEAVES, &json!({ "account_id": away.id, "stand_in": acting.id, "until": hours(&app, 8) })).await.expect(201);
    app.clock.advance(SignedDuration::from_mins(6));
    let mut open = Vec::new();
    crate::support::app::until("an alert", async || {
        let body = acting.get("/api/v1/worker/alerts").await.expect(200);
        open = body["alerts"].as_array().expect("a list").clone();
        !open.is_empty()
    })
    .await;
    acting.post(&format!("/api/v1/worker/alerts/{}/take", open[0]["id"]), &json!({})).await.expect(200);
    let rows = admin.get("/api/v1/admin/audit?action=alert.take").await.expect(200);
    assert_eq!(rows["rows"][0]["detail"]["for"]["name"], json!(away.name), "{rows}");
}

#[tokio::test]
async fn what_the_post_decides_is_for_the_one_who_holds_it() {
    let app = TestApp::start().await;
    let number = reported(&app).await;
    let admin = app.as_administrator().await;
    // Both see the same community: only the post says whose matter it is.
    let away = app.staff_within(&[Role::Gridworker], community("锦凤社区")).await;
    let acting = app.staff_within(&[Role::Gridworker], community("锦凤社区")).await;
    admin.put(POSTS, &json!({ "post": GRID_POST, "a": away.id, "b": acting.id })).await.expect(200);
    let leave =
        admin.post(LEAVES, &json!({ "account_id": away.id, "stand_in": acting.id, "until": hours(&app, 8) })).await.expect(201);
    let shown = admin.get(POSTS).await.expect(200);
    let post = shown["posts"].as_array().expect("posts").iter().find(|p| p["post"] == GRID_POST).expect("the post").clone();
    assert_eq!(post["a"]["stand_in"], json!(acting.name));
    acting.post(&format!("/api/v1/worker/tickets/{number}/moves"), &json!({ "to": "已受理" })).await.expect(200);
    let rows = admin.get("/api/v1/admin/audit?action=ticket.move").await.expect(200);
    assert_eq!(rows["rows"][0]["detail"]["for"]["name"], json!(away.name), "{rows}");
    let end = format!("{LEAVES}/{}/end", leave["id"].as_str().expect("an id"));
    admin.post(&end, &Value::Null).await.expect(204);
    admin.post(&end, &Value::Null).await.expect(204);
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'leave.end'").await, 1, "twice is once");
    acting.post(&format!("/api/v1/worker/tickets/{number}/moves"), &json!({ "to": "处置中" })).await.expect(200);
    let rows = admin.get("/api/v1/admin/audit?action=ticket.move").await.expect(200);
    assert!(rows["rows"][0]["detail"].get("for").is_none(), "{rows}");
}

#[tokio::test]
async fn a_leave_that_cannot_be_is_refused_in_words() {
    let app = TestApp::start().await;
    let admin = app.as_administrator().await;
    let (a, b, c) = (app.as_gridworker().await, app.as_gridworker().await, app.as_gridworker().await);
    let dispatcher = app.as_dispatcher().await;
    let wish = |away: &Staff, acting: &Staff, from: i64, until: i64| json!({ "account_id": away.id, "stand_in": acting.id, "from": hours(&app, from), "until": hours(&app, until) });
    for (body, field) in [
        (wish(&a, &a, 0, 8), "stand_in"),
        (wish(&a, &b, 8, 8), "until"),
        (wish(&a, &b, -9, -1), "until"),
        (wish(&a, &b, 0, 24 * 400), "until"),
        // A stand-in must be able to do the work.
        (wish(&dispatcher, &a, 0, 8), "stand_in"),
    ] {
        let problem = admin.post(LEAVES, &body).await.refused(422, "invalid_body");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    admin.post(LEAVES, &wish(&a, &b, 0, 8)).await.expect(201);
    admin.post(LEAVES, &wish(&a, &c, 4, 12)).await.refused(409, "conflict");
    admin.post(LEAVES, &wish(&c, &a, 4, 12)).await.refused(409, "conflict");
    admin.post(LEAVES, &wish(&b, &c, 4, 12)).await.refused(409, "conflict");
    // One after the other is fine.
    admin.post(LEAVES, &wish(&b, &a, 8, 12)).await.expect(201);
    a.post(LEAVES, &wish(&a, &b, 20, 30)).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_hand_over_moves_everything_and_the_past_keeps_its_name() {
    let app = TestApp::start().await;
    let number = reported(&app).await;
    let admin = app.as_administrator().await;
    let from = app.staff_within(&[Role::Gridworker, Role::Curator], grid("CH-JF-07")).await;
    let to = app.staff_within(&[Role::Gridworker], community("桂语社区")).await;
    admin.put(POSTS, &json!({ "post": GRID_POST, "a": from.id, "b": to.id })).await.expect(200);
    from.post(&format!("/api/v1/worker/tickets/{number}/moves"), &json!({ "to": "已受理" })).await.expect(200);
    app.resident().await.say("无人机送外卖怎么申请航线").await;
    let groups = from.get("/api/v1/admin/gaps").await.expect(200);
    let gap = groups["groups"][0]["id"].as_str().unwrap_or_else(|| panic!("a gap: {groups}")).to_owned();
    from.patch(&format!("/api/v1/admin/gaps/{gap}"), &json!({ "owner": from.name })).await.expect(200);

    let path = |id: uuid::Uuid, tail: &str| format!("/api/v1/admin/accounts/{id}{tail}");
    let duties = admin.get(&path(from.id, "/duties")).await.expect(200);
    assert_eq!(duties["tickets"][0]["number"], json!(number), "listed before: {duties}");
    assert_eq!((duties["gaps"].as_array().map(Vec::len), &duties["posts"][0]["post"]), (Some(1), &json!(GRID_POST)), "{duties}");
    for body in [json!({ "to": from.id, "disable": false }), json!({ "to": app.as_auditor().await.id, "disable": true })] {
        admin.post(&path(from.id, "/hand-over"), &body).await.refused(422, "invalid_body");
    }
    let done = admin.post(&path(from.id, "/hand-over"), &json!({ "to": to.id, "disable": true })).await.expect(200);
    assert_eq!((&done["posts"], &done["gaps"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(done["to"]["scope"], json!({ "communities": ["桂语社区"], "grids": ["CH-JF-07"] }));

    assert_eq!(numbers(&to).await, std::slice::from_ref(&number));
    from.get("/api/v1/auth/me").await.refused(401, "unauthenticated");
    let posts = admin.get(POSTS).await.expect(200);
    let post = posts["posts"].as_array().expect("posts").iter().find(|p| p["post"] == GRID_POST).expect("the post").clone();
    assert_eq!((&post["a"]["name"], &post["b"]), (&json!(to.name), &Value::Null), "its own B no longer");
    let curator = app.as_curator().await;
    let groups = curator.get(&format!("/api/v1/admin/gaps?owner={}", to.name)).await.expect(200);
    assert_eq!(groups["groups"].as_array().map(Vec::len), Some(1), "{groups}");
    let rows = admin.get(&format!("/api/v1/admin/audit?object_id={}&action=account.hand_over", from.id)).await.expect(200);
    assert_eq!(rows["rows"][0]["detail"]["listed"]["numbers"], json!([number]), "{rows}");

    // What it did keeps its name, and its name is known everywhere.
    let rows = admin.get(&format!("/api/v1/admin/audit?actor={}&action=ticket.move", from.id)).await.expect(200);
    assert_eq!(rows["rows"][0]["actor_name"], json!(from.name));
    let people = curator.get("/api/v1/admin/people").await.expect(200);
    let past =
        people["people"].as_array().expect("people").iter().find(|p| p["name"] == json!(from.name)).expect("still there").clone();
    assert_eq!(past["enabled"], false);
}

#[tokio::test]
async fn an_account_for_the_whole_street_without_a_post_has_no_tickets_of_its_own_to_hand_over() {
    let app = TestApp::start().await;
    reported(&app).await;
    let admin = app.as_administrator().await;
    let centre = app.as_dispatcher().await;
    let duties = admin.get(&format!("/api/v1/admin/accounts/{}/duties", centre.id)).await.expect(200);
    assert_eq!(duties["tickets"], json!([]), "{duties}");
    // The last administrator cannot be handed away.
    app.tamper("UPDATE accounts SET disabled_at = 1 WHERE name = 'admin'").await;
    let other = app.as_administrator().await;
    app.tamper("UPDATE accounts SET roles = '[\"auditor\"]' WHERE name LIKE 'administrator-%' AND disabled_at IS NULL").await;
    other
        .post(&format!("/api/v1/admin/accounts/{}/hand-over", admin.id), &json!({ "to": centre.id, "disable": true }))
        .await
        .refused(403, "forbidden");
}

#[tokio::test]
async fn the_directory_lets_people_choose_what_the_street_really_has() {
    let app = TestApp::start().await;
    let directory = app.as_gridworker().await.get("/api/v1/admin/directory").await.expect(200);
    let communities = directory["communities"].as_array().expect("communities");
    assert!(communities.contains(&json!("锦凤社区")), "{communities:?}");
    let seventh = directory["grids"].as_array().expect("grids").iter().find(|g| g["code"] == "CH-JF-07").expect("a grid").clone();
    assert_eq!((&seventh["community"], &seventh["post"]), (&json!("锦凤社区"), &json!(GRID_POST)));
    app.stranger().get("/api/v1/admin/directory").await.refused(401, "unauthenticated");
}
