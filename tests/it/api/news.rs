//! What happens at the platform reaches the resident: once, in the history and on the open window.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::app::TestApp;

fn news(history: &Value) -> Vec<&Value> {
    history["messages"].as_array().expect("messages").iter().filter(|m| m["role"] == "news").collect()
}

#[tokio::test]
async fn a_button_at_the_board_is_told_once() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    app.told().await;
    let known = resident.history().await["messages"].as_array().and_then(|m| m.last()).expect("messages")["seq"].as_u64();
    let mut window = resident.news(known).await;
    app.press(&ticket, "accept", &json!({ "handler": "城市更新岗" })).await;
    let frame = window.next().await.expect("news");
    assert_eq!(frame.event, "message", "{frame:?}");
    assert_eq!(frame.data["message"]["role"], "news");
    assert!(
        frame.data["message"]["text"].as_str().is_some_and(|t| t.contains("已经受理") && t.contains("城市更新岗")),
        "{frame:?}"
    );
    let moved = window.next().await.expect("the ticket");
    assert_eq!((moved.event.as_str(), &moved.data["ticket"]["status"]), ("ticket", &json!("已受理")), "{moved:?}");
    app.press(&ticket, "resolve", &json!({ "note": "已经清理并围挡" })).await;
    let next = window.next().await.expect("news");
    assert!(next.id > frame.id, "numbers grow");
    assert!(
        next.data["message"]["text"].as_str().is_some_and(|t| t.contains("已经清理并围挡")),
        "the next news is the next move, nothing twice: {next:?}"
    );
    app.told().await;
    let history = resident.history().await;
    let told: Vec<&Value> = news(&history).into_iter().map(|m| &m["card"]["ticket"]["status"]).collect();
    assert_eq!(told, ["已送达平台", "已受理", "已办结"], "each move once: {history}");
    let mut again = resident.news(Some(frame.id)).await;
    let replayed = again.next().await.expect("what was missed");
    assert_eq!(replayed.data, next.data, "a window that comes back gets what it missed, as it was");
    let stranger = app.resident().await;
    assert_eq!(stranger.history().await["messages"], json!([]), "nobody else is told");
}

#[tokio::test]
async fn news_is_told_after_a_crash_and_still_once() {
    let mut app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    app.told().await;
    app.press(&ticket, "accept", &json!({})).await;
    app.crash();
    app.again().await;
    app.told().await;
    // Told, but the process died before it could note that.
    app.tamper("UPDATE ticket_events SET told_at = NULL WHERE from_status IS NOT NULL").await;
    app.told().await;
    let history = resident.history().await;
    assert_eq!(news(&history).len(), 2, "delivered and accepted, once each: {history}");
}

#[tokio::test]
async fn a_result_is_rated_and_an_unsolved_one_is_opened_again() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    let number = ticket["number"].as_str().expect("a number");
    app.told().await;
    resident.rate(number, &json!({ "solved": true, "stars": 5 })).await.refused(409, "conflict");
    app.press(&ticket, "accept", &json!({})).await;
    app.press(&ticket, "resolve", &json!({ "note": "已处理" })).await;
    app.told().await;
    for stars in [0, 6, 255] {
        resident.rate(number, &json!({ "solved": true, "stars": stars })).await.refused(422, "invalid_body");
    }
    resident.rate(number, &json!({ "solved": "yes", "stars": 5 })).await.refused(422, "invalid_body");
    app.resident().await.rate(number, &json!({ "solved": true, "stars": 5 })).await.refused(404, "not_found");
    app.stranger()
        .post(&format!("/api/v1/tickets/{number}/rating"), &json!({ "solved": true, "stars": 5 }))
        .await
        .refused(401, "unauthenticated");
    let story = resident.rate(number, &json!({ "solved": false, "stars": 1, "comment": "还在掉" })).await.expect(200);
    assert_eq!(story["ticket"]["status"], "重新办理", "not solved opens it again: {story}");
    assert_eq!(app.count("SELECT COUNT(*) FROM ticket_ratings").await, 1, "refused ratings are not kept");
}

#[tokio::test]
async fn a_solved_result_ends_the_matter() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let ticket = resident.report_facade().await;
    let number = ticket["number"].as_str().expect("a number");
    app.told().await;
    app.press(&ticket, "accept", &json!({})).await;
    app.press(&ticket, "resolve", &json!({})).await;
    app.told().await;
    let story = resident.rate(number, &json!({ "solved": true, "stars": 5 })).await.expect(200);
    assert_eq!(story["ticket"]["status"], "已回访");
    app.told().await;
    assert_eq!(app.platform().incidents().await.len(), 1);
}

#[tokio::test]
async fn another_device_needs_number_and_phone_tail_and_five_wrong_tries_lock_it() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤，下面是通道").await;
    resident.patch(&json!({ "reporter": { "phone": "13900001111", "name": "张三" } })).await.expect(200);
    let ticket = resident.confirm().await.expect(201)["ticket"].clone();
    let number = ticket["number"].as_str().expect("a number").to_owned();
    let look = async |number: &str, tail: &str| {
        app.stranger().post("/api/v1/tickets/lookup", &json!({ "number": number, "phone_tail": tail })).await
    };
    let found = look(&number.to_lowercase(), " 1111 ").await.expect(200);
    assert_eq!(found["number"], number.as_str());
    for secret in ["13900001111", "张三", "没有人受伤"] {
        assert!(!found.to_string().contains(secret), "another device sees neither reporter nor words: {found}");
    }
    for tail in ["", "1", "11111", "0000"] {
        look(&number, tail).await.refused(404, "not_found");
    }
    look(&number, "1111").await.expect(200);
    for _ in 0..5 {
        look(&number, "0000").await.refused(404, "not_found");
    }
    let locked = look(&number, "1111").await;
    locked.refused(429, "lookup_locked");
    assert_eq!(locked.header("retry-after"), "900", "a quarter of an hour");
    app.clock.advance(SignedDuration::from_mins(14));
    look(&number, "1111").await.refused(429, "lookup_locked");
    app.clock.advance(SignedDuration::from_secs(61));
    look(&number, "1111").await.expect(200);
    for _ in 0..5 {
        look("WG20260609999999", "0000").await.refused(404, "not_found");
    }
    look("WG20260609999999", "0000").await.refused(429, "lookup_locked");
    look(&number, "1111").await.expect(200);
    app.stranger().get(&format!("/api/v1/tickets/{number}")).await.refused(401, "unauthenticated");
    app.resident().await.get(&format!("/api/v1/tickets/{number}")).await.refused(404, "not_found");
    resident.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
}
