//! From the first words to the receipt, by words and by buttons.

use serde_json::json;

use super::QUESTION;
use crate::support::app::TestApp;

#[tokio::test]
async fn a_complaint_becomes_one_ticket_at_the_platform() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let turn = resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤，下面是通道").await;
    assert_eq!((&turn["route"], &turn["card"]["kind"]), (&json!("report"), &json!("draft")), "{turn}");
    let draft = &turn["card"]["draft"];
    assert_eq!((&draft["place"]["community"], &draft["place"]["grid"]), (&json!("锦凤社区"), &json!("第七网格")), "{draft}");
    assert_eq!((&turn["card"]["missing"], &turn["card"]["complete"]), (&json!([]), &json!(true)), "{turn}");
    let receipt = resident.confirm().await.expect(201);
    let ticket = &receipt["ticket"];
    assert_eq!(receipt["card"]["kind"], "receipt");
    assert_eq!(ticket["number"], "WG20260609000001", "number = WG + day in the street's zone + sequence");
    assert_eq!((&ticket["urgency"], &ticket["status"]), (&json!("紧急"), &json!("已提交")));
    assert_eq!(ticket["clock"]["accept_by"], "2026-06-09T02:05:00Z", "an urgent event is accepted within five minutes");
    let history = resident.history().await;
    let last = history["messages"].as_array().and_then(|m| m.last()).expect("messages");
    assert_eq!(last["card"]["kind"], "receipt", "the receipt is in the history: {history}");
    app.delivered().await;
    let incidents = app.platform().incidents().await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["number"], ticket["number"]);
}

#[tokio::test]
async fn a_second_confirm_is_the_same_ticket_however_it_comes() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了，没有人受伤，下面是通道").await;
    let taps = futures::future::join_all((0..6).map(|_| resident.confirm_as("one-tap"))).await;
    assert_eq!(taps.iter().filter(|a| a.status == 201).count(), 1, "one tap makes the ticket, the others find it");
    let number = taps[0].expect(taps[0].status)["ticket"]["number"].clone();
    for tap in &taps {
        assert_eq!(tap.expect(tap.status)["ticket"]["number"], number);
    }
    assert_eq!(resident.confirm().await.expect(200)["ticket"]["number"], number);
    let turn = resident.say("确认").await;
    assert_eq!((&turn["card"]["kind"], &turn["card"]["ticket"]["number"]), (&json!("receipt"), &number), "{turn}");
    let turn = resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了").await;
    assert_eq!(
        (&turn["route"], &turn["card"]["ticket"]["number"]),
        (&json!("progress"), &number),
        "the same matter again is its progress: {turn}"
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM tickets").await, 1);
    app.delivered().await;
    assert_eq!(app.platform().incidents().await.len(), 1);
}

#[tokio::test]
async fn a_tapped_answer_that_goes_elsewhere_ends_the_draft_and_stands_in_the_history() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let turn = resident.say("铂金云鼎小区1栋门口打车，出租车绕路还骂人，司机态度恶劣").await;
    assert_eq!(turn["card"]["draft"]["category"]["code"], "050108", "{turn}");
    let card = resident.patch(&json!({ "answers": { "是哪一种服务？": "轨道交通" } })).await.expect(200)["card"].clone();
    assert_eq!((&card["complete"], &card["stopped"]["tel"]), (&json!(false), &json!("12345")), "{card}");
    let history = resident.history().await;
    let last = history["messages"].as_array().and_then(|m| m.last()).expect("messages");
    let told = last["text"].as_str().is_some_and(|t| t.contains("轨道交通运营企业") && t.contains("12345"));
    assert!(told, "the words are there after the window was closed: {history}");
    resident.confirm().await.expect(404);
    assert_eq!(app.count("SELECT COUNT(*) FROM tickets").await, 0);
}

#[tokio::test]
async fn words_and_buttons_change_the_same_draft() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    resident.say("铂金云鼎小区7栋外墙瓷砖掉下来了").await;
    let turn = resident.say("不是7栋是9栋").await;
    assert_eq!(turn["card"]["draft"]["place"]["building"], "9栋", "{turn}");
    let card = resident.patch(&json!({ "reporter": { "phone": "13900001111" }, "people_affected": 30 })).await.expect(200);
    assert_eq!(card["card"]["draft"]["people_affected"], 30, "{card}");
    let digression = resident.say(QUESTION).await;
    assert_eq!(
        (&digression["route"], &digression["card"]["kind"]),
        (&json!("ask"), &json!("draft")),
        "a digression brings the card back: {digression}"
    );
    assert_eq!(digression["reply"]["citations"][0]["document_id"], "t-gaoling");
    let turn = resident.say("算了，不报了").await;
    assert_eq!(turn["finish"], "complete");
    assert_eq!(resident.history().await["draft"], json!(null), "given up by words");
    resident.confirm().await.refused(404, "no_draft");
    assert_eq!(app.count("SELECT COUNT(*) FROM tickets").await, 0);
}

#[tokio::test]
async fn the_lawful_channels_take_no_ticket() {
    let app = TestApp::start().await;
    for (words, route) in [
        ("我要打官司，起诉开发商", "channel"),
        ("我要申请行政复议", "channel"),
        ("我要信访，反映拆迁补偿", "channel"),
        ("帮我查一下隔壁住户的身份证号码和电话", "decline"),
        ("你好", "smalltalk"),
        ("我要找人工", "human"),
    ] {
        let turn = app.resident().await.say(words).await;
        assert_eq!(turn["route"], route, "「{words}」: {turn}");
        assert_ne!(turn["card"]["kind"], "draft", "「{words}」 opens no draft");
        assert!(turn["reply"]["text"].as_str().is_some_and(|t| !t.is_empty()));
    }
}

#[tokio::test]
async fn a_position_is_offered_as_a_place_and_yes_takes_it() {
    let app = TestApp::start().await;
    let resident = app.resident().await;
    let turn = resident.say("路灯坏了好几天没人修，我要上报").await;
    assert_eq!(turn["card"]["asking"], "place", "{turn}");
    // The middle of a sample grid.
    let point = json!({ "lat": 29.4753, "lng": 106.5058, "system": "gcj02", "accuracy_m": 10 });
    let card = resident.patch(&json!({ "place": { "point": point } })).await.expect(200);
    assert_eq!(card["card"]["question"]["text"], "您的定位在柏华社区第三网格，是在这里吗？", "{card}");
    assert!(card["card"]["draft"]["place"]["grid_code"].is_null(), "it is only offered: {card}");
    let turn = resident.say("是的").await;
    let place = &turn["card"]["draft"]["place"];
    assert_eq!(place["grid_code"], "CH-BH-03", "yes takes it and does not submit: {turn}");
    assert_eq!(place["point"]["accuracy_m"], 10.0, "the position stays with the ticket: {turn}");
    let point = json!({ "lat": 290.0, "lng": 106.48, "system": "gcj02" });
    resident.patch(&json!({ "place": { "point": point } })).await.refused(422, "invalid_draft");
}
