//! 一起反映 over HTTP: what is shown, joining by button and by words, news for both, merging and splitting by staff.

use std::collections::BTreeSet;

use gridworker::identity::{Role, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::{TestApp, until};
use crate::support::people::Resident;
use crate::support::wire::Answer;

const SAME: &str = "云鼎小区7栋的墙砖又掉下来了，没有人受伤，下面是通道";

/// Says it until the service, which follows its rows in the background, shows a candidate; the turn.
async fn shown(app: &TestApp, resident: &Resident, words: &str) -> Value {
    let mut turn = Value::Null;
    until("the first ticket is shown beside the second draft", async || {
        resident.cancel().await;
        turn = resident.say(words).await;
        turn["card"]["duplicates"].is_array()
    })
    .await;
    assert_eq!(turn["card"]["kind"], "draft", "the card of the turn stays the draft: {turn}");
    assert!(app.count("SELECT COUNT(*) FROM tickets").await >= 1);
    turn
}

async fn join(resident: &Resident, number: &str) -> Answer {
    let request = resident.request(Method::POST, &resident.path("/draft/join")).json(&json!({ "number": number }));
    Answer::of(request.send().await).await
}

async fn heard(app: &TestApp) {
    app.told().await;
    until("followers are told", async || app.count("SELECT COUNT(*) FROM ticket_follow_news WHERE told_at IS NULL").await == 0)
        .await;
}

fn news(history: &Value) -> Vec<String> {
    let messages = history["messages"].as_array().expect("messages");
    messages.iter().filter(|m| m["role"] == "news").filter_map(|m| m["text"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_neighbour_joins_by_the_button_and_hears_how_it_goes_on() {
    let app = TestApp::start().await;
    let first = app.resident().await;
    let ticket = first.report_facade().await;
    let number = ticket["number"].as_str().expect("a number");
    app.told().await;
    let second = app.resident().await;
    let turn = shown(&app, &second, SAME).await;
    assert_eq!((&turn["card"]["complete"], &turn["route"]), (&json!(true), &json!("report")), "it holds up nothing");
    let candidate = &turn["card"]["duplicates"][0];
    assert_eq!((&candidate["number"], &candidate["joined"]), (&json!(number), &json!(1)), "{candidate}");
    assert_eq!((&candidate["place"], &candidate["why"][0]), (&json!("铂金云鼎小区7栋"), &json!("同一栋楼")), "{candidate}");
    assert!(turn["reply"]["text"].as_str().is_some_and(|t| t.contains("一起反映")), "{turn}");
    for own in [&ticket["id"], &ticket["original_words"], &ticket["source"]["conversation_id"]] {
        assert!(!turn.to_string().contains(own.as_str().expect("text")), "nothing of the first reporter: {turn}");
    }
    let patched = second.patch(&json!({ "people_affected": 4 })).await.expect(200);
    assert_eq!(patched["card"]["duplicates"][0]["number"], number, "beside the card after a change as well: {patched}");

    join(&second, "WG20990101000001").await.refused(409, "conflict");
    let receipt = join(&second, number).await.expect(201);
    let own = &receipt["ticket"];
    assert_eq!((&own["status"], &own["duplicate_of"]), (&json!("合并"), &json!(number)), "{receipt}");
    assert_ne!(own["number"], number);
    assert_eq!(receipt["card"]["kind"], "receipt");
    assert_eq!(join(&second, number).await.expect(200)["ticket"]["number"], own["number"], "a second tap is the same ticket");
    assert_eq!(second.confirm().await.expect(200)["ticket"]["number"], own["number"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM tickets").await, 2);
    let story = first.get(&format!("/api/v1/tickets/{number}")).await.expect(200);
    assert_eq!((&story["ticket"]["joined"], &story["ticket"]["people_affected"]), (&json!(2), &json!(2)));
    heard(&app).await;
    assert_eq!(app.platform().incidents().await.len(), 1, "one incident is one push");

    app.press(&ticket, "accept", &json!({ "handler": "城市更新岗" })).await;
    app.press(&ticket, "start", &json!({ "note": "已与王女士联系" })).await;
    app.press(&ticket, "resolve", &json!({ "note": "松动瓷砖已清除" })).await;
    heard(&app).await;
    let (told_first, told_second) = (news(&first.history().await), news(&second.history().await));
    assert_eq!(told_first.len(), 4, "{told_first:?}");
    assert_eq!(told_second.len(), 3, "every move since they joined, once: {told_second:?}");
    assert!(told_second[0].contains("受理") && told_second[0].contains("城市更新岗"), "{told_second:?}");
    assert!(!told_second[1].contains("王女士"), "what may tell who was first is left out: {told_second:?}");
    assert!(told_second[2].contains("松动瓷砖已清除"), "{told_second:?}");
    let all = second.history().await.to_string();
    assert!(!all.contains(ticket["source"]["conversation_id"].as_str().expect("an id")), "the first conversation stays unknown");
    let progress = second.say("我报的那个办到哪了").await;
    assert_eq!(progress["route"], "progress");
    assert!(progress["reply"]["text"].as_str().is_some_and(|t| t.contains(number) && t.contains("已办结")), "{progress}");
    let anew = second.say("铂金云鼎小区7栋外墙瓷砖又掉了，没有人受伤，下面是通道").await;
    assert_eq!(
        (&anew["route"], &anew["card"]["kind"]),
        (&json!("report"), &json!("draft")),
        "not solved for them is a new report: {anew}"
    );
}

#[tokio::test]
async fn words_join_decline_and_repeat() {
    let app = TestApp::start().await;
    let ticket = app.resident().await.report_facade().await;
    let number = ticket["number"].as_str().expect("a number");
    let second = app.resident().await;
    shown(&app, &second, SAME).await;
    let turn = second.say("这不是同一件事").await;
    assert_eq!((&turn["card"]["kind"], &turn["card"]["duplicates"]), (&json!("draft"), &json!(null)), "{turn}");
    let turn = second.say("不是7栋是9栋").await;
    assert_eq!(turn["card"]["duplicates"], json!(null), "what was declined is not offered again: {turn}");
    second.confirm().await.expect(201);

    let third = app.resident().await;
    shown(&app, &third, SAME).await;
    let turn = third.say("一起反映").await;
    if turn["card"]["kind"] == "draft" {
        // Two façades are open by now: the answer names one.
        assert!(turn["reply"]["text"].as_str().is_some_and(|t| t.contains("一起反映1")), "{turn}");
        let turn = third.say(&format!("一起反映 {number}")).await;
        assert_eq!(
            (&turn["card"]["kind"], &turn["card"]["ticket"]["duplicate_of"]),
            (&json!("receipt"), &json!(number)),
            "{turn}"
        );
    } else {
        assert_eq!(turn["card"]["ticket"]["duplicate_of"], number, "{turn}");
    }
    let again = third.say("铂金云鼎小区7栋外墙瓷砖还在掉").await;
    assert_eq!(
        (&again["route"], &again["card"]["kind"]),
        (&json!("progress"), &json!("progress")),
        "the same matter again: {again}"
    );
    app.told().await;
}

#[tokio::test]
async fn a_restart_loses_nothing_and_streams_carry_the_candidates_before_the_draft() {
    let mut app = TestApp::start().await;
    let ticket = app.resident().await.report_facade().await;
    app.told().await;
    app.restart().await;
    let second = app.resident().await;
    shown(&app, &second, SAME).await;
    second.cancel().await;
    let frames = second.stream(SAME).await;
    let kinds: Vec<&str> = frames.iter().filter(|f| f.event == "card").filter_map(|f| f.data["kind"].as_str()).collect();
    assert_eq!(kinds, ["duplicate", "draft"], "the last card is the turn's own: {frames:?}");
    let duplicate = frames.iter().find(|f| f.event == "card").expect("a card");
    assert_eq!(duplicate.data["candidates"][0]["number"], ticket["number"], "{duplicate:?}");
}

#[tokio::test]
async fn dispatchers_merge_and_split_within_their_part_of_the_street() {
    let app = TestApp::start().await;
    let (one, two) = (app.resident().await, app.resident().await);
    let first = one.report_facade().await;
    let second = two.report_facade().await;
    let number = |ticket: &Value| ticket["number"].as_str().expect("a number").to_owned();
    let (first, second) = (number(&first), number(&second));
    app.told().await;
    let merge = format!("/api/v1/worker/tickets/{second}/merge");
    let split = format!("/api/v1/worker/tickets/{second}/split");
    let wish = json!({ "into": first, "reason": "同一处外墙" });
    app.as_gridworker().await.post(&merge, &wish).await.refused(403, "forbidden");
    app.stranger().post(&merge, &wish).await.refused(401, "unauthenticated");
    let elsewhere = Scope { communities: BTreeSet::from(["别处社区".to_owned()]), grids: BTreeSet::new() };
    let stranger = app.staff_within(&[Role::Dispatcher], elsewhere).await;
    stranger.post(&merge, &wish).await.refused(404, "not_found");
    let dispatcher = app.as_dispatcher().await;
    dispatcher.post(&merge, &json!({ "into": first, "reason": " " })).await.refused(422, "invalid_body");
    dispatcher.post(&merge, &json!({ "into": "WG0", "reason": "x" })).await.refused(404, "not_found");
    dispatcher.post(&merge, &json!({ "into": second, "reason": "x" })).await.refused(409, "conflict");
    dispatcher.post(&split, &json!({ "reason": "x" })).await.refused(409, "conflict");

    let view = dispatcher.post(&merge, &wish).await.expect(200);
    assert_eq!((&view["ticket"]["status"], &view["ticket"]["duplicate_of"]), (&json!("合并"), &json!(first)), "{view}");
    assert_eq!((&view["into"]["joined"], &view["into"]["people_affected"]), (&json!(2), &json!(2)), "{view}");
    dispatcher.post(&merge, &wish).await.refused(409, "conflict");
    heard(&app).await;
    assert!(
        news(&two.history().await).last().is_some_and(|t| t.contains("合并办理") && t.contains(&first)),
        "the resident is told"
    );

    stranger.post(&split, &json!({ "reason": "x" })).await.refused(404, "not_found");
    let view = dispatcher.post(&split, &json!({ "reason": "看错了，是另一面墙" })).await.expect(200);
    assert_eq!((&view["ticket"]["status"], &view["ticket"]["duplicate_of"]), (&json!("已送达平台"), &json!(null)), "{view}");
    assert_eq!((&view["into"]["joined"], &view["into"]["people_affected"]), (&json!(1), &json!(null)), "{view}");
    let story = two.get(&format!("/api/v1/tickets/{second}")).await.expect(200);
    let moves: Vec<&str> = story["timeline"].as_array().expect("moves").iter().filter_map(|e| e["to"].as_str()).collect();
    assert_eq!(moves, ["已提交", "已送达平台", "合并", "已送达平台"], "nothing is taken out of the history");
    assert_eq!(app.count("SELECT COUNT(*) FROM audit_log WHERE action IN ('ticket.merge', 'ticket.split')").await, 2);
    assert_eq!(app.count("SELECT COUNT(*) FROM ticket_merges WHERE split_at IS NOT NULL").await, 1);
    app.told().await;
    assert_eq!(app.platform().incidents().await.len(), 2);
}
