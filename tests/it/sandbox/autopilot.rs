//! The autopilot: off unless switched on, and then it presses the buttons that people press.

use std::collections::BTreeSet;
use std::time::Duration;

use gridworker::sandbox::{Autopilot, Faults};
use serde_json::{Value, json};

use super::{Stage, listener};
use crate::platform::support::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_by_itself_unless_it_is_switched_on() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    assert_eq!(stage.get("/board/autopilot").await.1["on"], false);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(stage.card(&no).await["state"], "received");
    let put = async |body: Value| {
        let answer = stage.http.put(stage.url("/board/autopilot")).json(&body).send().await.expect("answered");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    let (status, set) = put(json!({"on": true, "min_ms": 0, "max_ms": 50, "returns": 0, "extensions": 0})).await;
    assert_eq!((status, &set["on"]), (200, &json!(true)));
    until("it is closed", async || stage.card(&no).await["state"] == "closed").await;
    let history = stage.card(&no).await["history"].clone();
    let words: Vec<&str> = history.as_array().expect("lines").iter().map(|l| l["what"].as_str().expect("a word")).collect();
    assert_eq!(words, ["pushed", "accept", "assign", "start", "resolve", "close"], "step by step");
    assert_eq!(put(json!({})).await.1["on"], false, "what is left out is as at the start: off");
    let second = stage.stored("k2").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stage.card(&second).await["state"], "received", "switched off it leaves everything alone");
    for wrong in [json!({"onn": true}), json!({"on": "yes"}), json!([])] {
        assert_eq!(put(wrong.clone()).await.0, 422, "{wrong}");
    }
    let (_, set) = put(json!({"min_ms": 900, "max_ms": 100, "returns": 7})).await;
    assert_eq!((&set["max_ms"], &set["returns"]), (&json!(900), &json!(1.0)), "brought into order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_returns_and_extends_and_everything_ends() {
    let (url, heard) = listener(0).await;
    let stage = Stage::new(Faults::default(), Some(url));
    let quick = Autopilot { on: true, min_ms: 0, max_ms: 120, returns: 0.0, extensions: 1.0 };
    let closed = async |n: usize| {
        until("all are closed", async || {
            stage.get("/board/incidents?state=closed").await.1["incidents"].as_array().map(Vec::len) == Some(n)
        })
        .await;
    };
    stage.server.sandbox.set_autopilot(quick);
    for n in 0..12 {
        stage.stored(&format!("extended{n}")).await;
    }
    closed(12).await;
    let (_, board) = stage.get("/board/incidents").await;
    for card in board["incidents"].as_array().expect("cards") {
        assert_eq!(card["extensions"], 2, "extended by the post, and then by the leader: {card}");
    }
    stage.server.sandbox.set_autopilot(Autopilot { returns: 1.0, extensions: 0.0, ..quick });
    for n in 0..24 {
        stage.stored(&format!("returned{n}")).await;
    }
    closed(36).await;
    let (_, board) = stage.get("/board/incidents").await;
    let cards = board["incidents"].as_array().expect("cards");
    assert_eq!(cards.iter().filter(|c| c["returns"] == 1).count(), 24, "each was returned once");
    // The reviewer agrees to about half of them: that none of 24 moves is one chance in 16 million.
    assert!(cards.iter().any(|c| c["post"] != "应急管理岗"), "some went to another post");
    until("all is told", async || stage.server.sandbox.pending_callbacks().await.expect("readable") == 0).await;
    let told: BTreeSet<String> = heard
        .lock()
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON")["status"].as_str().expect("a status").to_owned())
        .collect();
    let want = ["accepted", "assigned", "closed", "extended", "in_progress", "received", "resolved", "returned"];
    assert_eq!(told.iter().map(String::as_str).collect::<Vec<_>>(), want, "every state was passed and told");
}

#[test]
fn settings_of_the_command_line() {
    assert_eq!(Autopilot::on_with("").expect("nothing is the default"), Autopilot { on: true, ..Autopilot::default() });
    let want = Autopilot { on: true, min_ms: 200, max_ms: 900, returns: 0.2, extensions: 0.0 };
    assert_eq!(Autopilot::on_with("min_ms=200, max_ms=900,returns=0.2,extensions=0").expect("known"), want);
    for wrong in ["min_ms", "min_ms=-1", "returns=1.1", "speed=3"] {
        let error = Autopilot::on_with(wrong).expect_err("refused").to_string();
        assert!(error.contains(wrong) && error.contains("extensions=0..1"), "{error}");
    }
}
