//! The platform calls back: signed, in order, until it is taken; and wrongly, when it is told to.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::HeaderMap;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::sandbox::Faults;
use serde_json::{Value, json};

use super::{Stage, hours_ahead, listener};
use crate::platform::support::{SECRET, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_are_signed_in_order_and_repeated_until_taken() {
    let (url, heard) = listener(2).await;
    let mut stage = Stage::new(Faults::default(), Some(url));
    let no = stage.stored("k1").await;
    let said = json!({"note": "已派人到现场", "handler": "应急管理岗"});
    assert_eq!(stage.post(&format!("/board/incidents/{no}/accept"), &said).await.0, 200);
    // A killed platform still tells what it had not told.
    stage.server = stage.server.restart(Faults::default());
    assert_eq!(stage.post(&format!("/board/incidents/{no}/close"), &json!({"note": " "})).await.0, 200);
    until("everything is told", async || stage.server.sandbox.pending_callbacks().await.expect("readable") == 0).await;

    let heard = heard.lock().clone();
    let webhook = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    for (headers, body) in &heard {
        webhook.verify(body.as_bytes(), headers).expect("every callback is signed as the library wants it");
        assert_eq!(headers["content-type"], "application/json");
    }
    // Repeats carry the same id; what is told in the end is each state once, in order.
    let mut ids: Vec<&str> = heard.iter().map(|(h, _)| h["webhook-id"].to_str().expect("text")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "three callbacks, repeats under the same id, never mixed: {ids:?}");
    assert!(heard.len() >= 5, "the first two deliveries were refused and repeated");
    let mut bodies: Vec<Value> = heard.iter().map(|(_, b)| serde_json::from_str(b).expect("JSON")).collect();
    bodies.dedup();
    let words: Vec<_> = bodies.iter().map(|b| b["status"].as_str().expect("a status")).collect();
    assert_eq!(words, ["received", "accepted", "closed"]);
    assert_eq!(bodies[1]["note"], "已派人到现场");
    assert_eq!(bodies[1]["handler"], "应急管理岗");
    assert_eq!((&bodies[1]["external_no"], &bodies[1]["idempotency_key"]), (&json!(no), &json!("k1")));
    assert!(bodies[2].get("note").is_none(), "an empty note is none");
    let at: Vec<&str> = bodies.iter().map(|b| b["at"].as_str().expect("a time")).collect();
    assert!(at.is_sorted(), "times grow: {at:?}");
}

fn id(headers: &HeaderMap) -> String {
    headers["webhook-id"].to_str().expect("text").to_owned()
}

fn age(headers: &HeaderMap) -> i64 {
    let at: i64 = headers["webhook-timestamp"].to_str().expect("text").parse().expect("seconds");
    SystemClock.now().as_second() - at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_tells_until_when() {
    let (url, heard) = listener(0).await;
    let stage = Stage::new(Faults::default(), Some(url));
    let no = stage.stored("k1").await;
    stage.press(&no, "accept", &json!({})).await;
    stage.press(&no, "extend", &json!({"note": "等待材料", "until": hours_ahead(48)})).await;
    stage.press(&no, "ask_extension", &json!({"note": "仍缺材料", "until": hours_ahead(72)})).await;
    stage.press(&no, "approve_extension", &json!({"note": "同意"})).await;
    until("everything is told", async || stage.server.sandbox.pending_callbacks().await.expect("readable") == 0).await;
    let bodies: Vec<Value> = heard.lock().iter().map(|(_, b)| serde_json::from_str(b).expect("JSON")).collect();
    let told: Vec<_> =
        bodies.iter().map(|b| (b["status"].as_str().expect("a status"), b["handler"].as_str().unwrap_or("-"))).collect();
    let want =
        [("received", "-"), ("accepted", "应急管理岗（A岗）"), ("extended", "应急管理岗（A岗）"), ("extended", "值班领导")];
    assert_eq!(told, want, "asking the leader is not told, deciding is");
    assert_eq!(bodies[3]["note"], "仍缺材料（同意）");
    let card = stage.card(&no).await;
    assert_eq!(bodies[3]["until"], card["resolve_by"], "the new time");
    assert!(bodies[1].get("until").is_none(), "{}", bodies[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicates_bear_the_same_webhook_id() {
    let (url, heard) = listener(0).await;
    let stage = Stage::new(Faults { callback_duplicates: 1.0, ..Faults::default() }, Some(url));
    for n in 0..4 {
        stage.stored(&format!("k{n}")).await;
    }
    until("each was told again", async || {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for (headers, _) in heard.lock().iter() {
            *times.entry(id(headers)).or_default() += 1;
        }
        times.len() == 4 && times.values().all(|n| *n >= 2)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut bodies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (headers, body) in heard.lock().iter() {
        bodies.entry(id(headers)).or_default().push(body.clone());
    }
    for (id, said) in bodies {
        assert!((2..=4).contains(&said.len()), "{id}: once, and again up to three times: {}", said.len());
        assert!(said.iter().all(|b| *b == said[0]), "{id} always says the same");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_callbacks_are_overtaken_and_come_at_last() {
    let (url, heard) = listener(0).await;
    let stage = Stage::new(Faults { callback_shuffle: 0.5, ..Faults::default() }, Some(url));
    for n in 0..8 {
        let no = stage.stored(&format!("k{n}")).await;
        for button in ["accept", "assign", "start", "resolve"] {
            stage.press(&no, button, &json!({})).await;
        }
    }
    until("everything is told", async || stage.server.sandbox.pending_callbacks().await.expect("readable") == 0).await;
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, body) in heard.lock().iter() {
        let body: Value = serde_json::from_str(body).expect("JSON");
        let word = |name: &str| body[name].as_str().expect("text").to_owned();
        told.entry(word("external_no")).or_default().push(word("at"));
    }
    assert_eq!(told.values().map(Vec::len).sum::<usize>(), 40, "nothing is lost and nothing comes twice");
    let overtaken = told.values().filter(|times| !times.is_sorted()).count();
    assert!(overtaken > 0, "of 8 incidents with 5 callbacks each, some came out of order: {told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_signature_comes_first_and_the_right_one_after_it() {
    let (url, heard) = listener(0).await;
    let stage = Stage::new(Faults { callback_stale_signature: 1.0, ..Faults::default() }, Some(url));
    stage.stored("k1").await;
    until("it is told", async || stage.server.sandbox.pending_callbacks().await.expect("readable") == 0).await;
    let heard = heard.lock().clone();
    assert_eq!(heard.len(), 2, "the stale one and the right one");
    let ids: Vec<String> = heard.iter().map(|(h, _)| id(h)).collect();
    assert_eq!(ids[0], ids[1]);
    assert!(age(&heard[0].0) > 300, "outside of the window: {} s", age(&heard[0].0));
    assert!(age(&heard[1].0) < 60, "and then inside");
    let webhook = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    assert!(webhook.verify(heard[0].1.as_bytes(), &heard[0].0).is_err(), "the library refuses the first");
    webhook.verify(heard[1].1.as_bytes(), &heard[1].0).expect("and takes the second");
}
