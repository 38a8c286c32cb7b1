//! The board: what is to be done next, the longest overdue first; found by what a clerk remembers of it; what belongs together.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::people::Resident;

async fn reported(app: &TestApp, words: &str) -> (Resident, String) {
    let resident = app.resident().await;
    resident.say(words).await;
    let receipt = resident.confirm().await.expect(201);
    (resident, receipt["ticket"]["number"].as_str().expect("a number").to_owned())
}

fn lane<'a>(board: &'a Value, name: &str) -> &'a Value {
    board["lanes"].as_array().expect("lanes").iter().find(|l| l["name"] == name).expect("a lane of this name")
}

fn numbers(tickets: &Value) -> Vec<&str> {
    tickets.as_array().expect("tickets").iter().filter_map(|t| t["number"].as_str()).collect()
}

fn within(community: &str) -> Scope {
    Scope { communities: BTreeSet::from([community.to_owned()]), grids: BTreeSet::new() }
}

#[tokio::test]
async fn a_board_shows_what_is_to_be_done_next_and_what_is_overdue_first() {
    let app = TestApp::start().await;
    // The lamp has days, the tile five minutes; the lamp came first.
    let (_, lamp) = reported(&app, "铂金云鼎小区7栋楼下路灯坏了，电话13912345678").await;
    let tile = app.resident().await.report_facade().await["number"].as_str().expect("a number").to_owned();
    app.told().await;
    let centre = app.as_dispatcher().await;
    let board = centre.get("/api/v1/worker/board").await.expect(200);
    let waiting = lane(&board, "待受理");
    assert_eq!(numbers(&waiting["tickets"]), [&*tile, &*lamp], "what is due next stands first");
    assert_eq!((&waiting["total"], &waiting["overdue"]), (&json!(2), &json!(0)));
    assert_eq!(waiting["states"], json!([{ "status": "已送达平台", "tickets": 2, "overdue": 0, "paused": 0 }]));
    assert!(!board.to_string().contains("13912345678"), "nobody's phone is on a board");

    app.clock.advance(SignedDuration::from_mins(6));
    let late = centre.get("/api/v1/worker/board?overdue=true").await.expect(200);
    assert_eq!(numbers(&lane(&late, "待受理")["tickets"]), [&*tile]);
    assert_eq!(lane(&late, "待受理")["overdue"], 1);

    let moved = json!({ "to": "处置中", "note": "已到现场" });
    centre.post(&format!("/api/v1/worker/tickets/{lamp}/moves"), &moved).await.expect(200);
    let board = centre.get("/api/v1/worker/board").await.expect(200);
    assert_eq!(numbers(&lane(&board, "处置中")["tickets"]), [&*lamp]);
    assert_eq!(numbers(&lane(&board, "待受理")["tickets"]), [&*tile]);

    // Each by itself, and what fits nothing.
    for (question, found) in [
        (format!("q={lamp}"), vec![&*lamp]),
        (format!("q={}", &tile[2..]), vec![&*tile]),
        ("q=路灯 云鼎".to_owned(), vec![&*lamp]),
        ("q=路灯 外墙".to_owned(), vec![]),
        ("q=13912345678".to_owned(), vec![]),
        ("urgency=紧急".to_owned(), vec![&*tile]),
        ("category=0101".to_owned(), vec![&*tile]),
        ("community=锦凤社区&urgency=一般".to_owned(), vec![&*lamp]),
        ("community=柏华社区".to_owned(), vec![]),
        ("grid=CH-JF-07&urgency=紧急".to_owned(), vec![&*tile]),
        ("section=经济发展&urgency=紧急".to_owned(), vec![&*tile]),
        ("section=党的建设".to_owned(), vec![]),
    ] {
        let list = centre.get(&format!("/api/v1/worker/tickets?{question}")).await.expect(200);
        assert_eq!((numbers(&list["tickets"]), &list["total"]), (found.clone(), &json!(found.len())), "{question}");
        let board = centre.get(&format!("/api/v1/worker/board?{question}")).await.expect(200);
        let on_it: u64 = board["lanes"].as_array().expect("lanes").iter().filter_map(|l| l["total"].as_u64()).sum();
        assert_eq!(on_it, found.len() as u64, "{question}");
    }
    centre.get("/api/v1/worker/board?urgency=随便").await.refused(400, "invalid_parameter");
    let elsewhere = app.staff_within(&[Role::Gridworker], within("柏华社区")).await;
    let board = elsewhere.get("/api/v1/worker/board?community=锦凤社区").await.expect(200);
    assert!(board["lanes"].as_array().expect("lanes").iter().all(|l| l["total"] == 0), "no way around the own part: {board}");
}

#[tokio::test]
async fn a_clock_that_stands_still_is_not_overdue_and_comes_last() {
    let app = TestApp::start().await;
    let (_, first) = reported(&app, "铂金云鼎小区7栋楼下路灯坏了").await;
    let (_, second) = reported(&app, "铂金云鼎小区3栋门口垃圾没人清运").await;
    app.told().await;
    let centre = app.as_dispatcher().await;
    for number in [&first, &second] {
        centre.post(&format!("/api/v1/worker/tickets/{number}/moves"), &json!({ "to": "处置中" })).await.expect(200);
    }
    centre.post(&format!("/api/v1/worker/tickets/{first}/pause"), &json!({ "reason": "other_body" })).await.expect(200);
    // The pause lasts for 30 days at most; everything else is long over.
    app.clock.advance(SignedDuration::from_hours(24 * 25));
    let centre = app.as_dispatcher().await;
    let board = centre.get("/api/v1/worker/board").await.expect(200);
    let lane = lane(&board, "处置中");
    assert_eq!(numbers(&lane["tickets"]), [&*second, &*first]);
    assert_eq!((&lane["overdue"], &lane["states"][0]["paused"]), (&json!(1), &json!(1)), "{lane}");
    let late = centre.get("/api/v1/worker/tickets?overdue=true").await.expect(200);
    assert_eq!(numbers(&late["tickets"]), [&*second]);
}

#[tokio::test]
async fn pages_of_any_order_hold_each_ticket_once() {
    let app = TestApp::start().await;
    let mut all = BTreeSet::new();
    for building in 1..=5 {
        all.insert(reported(&app, &format!("铂金云鼎小区{building}栋楼下路灯坏了")).await.1);
    }
    app.delivered().await;
    let centre = app.as_dispatcher().await;
    for order in ["newest", "due"] {
        for narrowed in ["", "&q=路灯"] {
            let mut seen = Vec::new();
            for skip in [0, 2, 4, 6] {
                let url = format!("/api/v1/worker/tickets?order={order}&limit=2&skip={skip}{narrowed}");
                let page = centre.get(&url).await.expect(200);
                assert_eq!(page["total"], 5, "{url}");
                seen.extend(numbers(&page["tickets"]).into_iter().map(str::to_owned));
            }
            assert_eq!(seen.len(), 5, "{order}{narrowed}: {seen:?}");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{order}{narrowed}");
        }
    }
}

#[tokio::test]
async fn a_story_has_what_the_resident_was_told_and_the_category_put_right() {
    let app = TestApp::start().await;
    let (resident, number) = reported(&app, "铂金云鼎小区7栋楼下路灯坏了").await;
    app.told().await;
    let centre = app.as_dispatcher().await;
    let url = format!("/api/v1/worker/tickets/{number}");
    let step = json!({ "to": "已办结", "note": "灯泡已经换好" });
    centre.post(&format!("{url}/moves"), &step).await.expect(200);
    app.told().await;
    let story = centre.get(&url).await.expect(200);
    let told = story["told"].as_array().expect("lines");
    let last = told.last().expect("told of the result");
    let heard = resident.history().await;
    assert!(last["told_at"].is_string() && heard.to_string().contains(last["text"].as_str().expect("words")), "{last} {heard}");
    assert_eq!(story["corrected"], Value::Null);
    resident.rate(&number, &json!({ "solved": true, "stars": 5 })).await.expect(200);
    let again = centre.get(&url).await.expect(200);
    assert_eq!(again["told"].as_array().map(Vec::len), Some(told.len()), "what the resident did is no news to them");

    centre.put(&format!("{url}/category"), &json!({ "code": "030401" })).await;
    let story = centre.get(&url).await.expect(200);
    assert_eq!(story["corrected"]["code"], "030401");
    assert_ne!(story["ticket"]["category"]["code"], "030401", "the ticket stays as it was sent");
}

#[tokio::test]
async fn what_may_be_the_same_is_shown_to_those_who_may_see_it_and_what_was_merged_is_listed() {
    let app = TestApp::start().await;
    let first = app.resident().await.report_facade().await["number"].as_str().expect("a number").to_owned();
    let (_, second) = reported(&app, "铂金云鼎小区7栋的墙砖又掉下来了，没有人受伤，下面是通道").await;
    let (_, other) = reported(&app, "铂金云鼎小区7栋楼下路灯坏了").await;
    app.delivered().await;
    let centre = app.as_dispatcher().await;
    let relations = |number: &str| format!("/api/v1/worker/tickets/{number}/relations");
    let found = centre.get(&relations(&second)).await.expect(200);
    assert_eq!(numbers(&found["alike"]), [&*first], "another matter of the same building is not the same: {found}");
    assert_eq!(found["alike"][0]["why"][0], "同一栋楼");
    assert_eq!(numbers(&centre.get(&relations(&first)).await.expect(200)["alike"]), [&*second], "whichever came first");
    assert_eq!(numbers(&centre.get(&relations(&other)).await.expect(200)["alike"]), Vec::<&str>::new());
    let stranger = app.staff_within(&[Role::Gridworker], within("柏华社区")).await;
    stranger.get(&relations(&second)).await.refused(404, "not_found");

    let merge = json!({ "into": first, "reason": "同一处外墙" });
    centre.post(&format!("/api/v1/worker/tickets/{second}/merge"), &merge).await.expect(200);
    let whole = centre.get(&relations(&first)).await.expect(200);
    assert_eq!((numbers(&whole["merged"]), &whole["alike"]), (vec![&*second], &json!([])));
    centre.post(&format!("/api/v1/worker/tickets/{second}/split"), &json!({ "reason": "不是一处" })).await.expect(200);
    assert_eq!(centre.get(&relations(&first)).await.expect(200)["merged"], json!([]));
}

#[tokio::test]
async fn everybody_of_the_staff_chooses_from_the_streets_own_directory() {
    let app = TestApp::start().await;
    let directory = app.as_curator().await.get("/api/v1/worker/directory").await.expect(200);
    let sections = directory["sections"].as_array().expect("sections");
    let economy = sections.iter().find(|s| s["name"] == "经济发展").expect("a section of the sample");
    assert!(economy["posts"].as_array().is_some_and(|p| p.contains(&json!("城市更新岗"))), "{economy}");
    let communities = directory["communities"].as_array().expect("communities");
    let own = communities.iter().find(|c| c["name"] == "锦凤社区").expect("a community of the sample");
    assert!(own["grids"].as_array().is_some_and(|g| g.iter().any(|g| g["code"] == "CH-JF-07")), "{own}");
    assert_eq!(directory["pauses"][0]["id"], "resident");
    app.stranger().get("/api/v1/worker/directory").await.refused(401, "unauthenticated");
}
