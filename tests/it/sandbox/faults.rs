//! Every fault switch does what it says, and nothing else.

use std::time::Duration;

use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::sandbox::Faults;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Stage, incident};
use crate::platform::support::{SECRET, signed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_switch_does_what_it_says() {
    let stage = Stage::new(Faults::default(), None);
    let set = async |faults: Value| {
        let answer = stage.http.put(stage.url("/board/faults")).json(&faults).send().await.expect("answered");
        assert_eq!(answer.status(), 200, "{faults}");
        assert_eq!(stage.get("/board/incidents").await.0, 200, "faults do not touch the board");
    };
    set(json!({"down": true})).await;
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 503);
    assert_eq!(stage.get("/api/v1/incidents?idempotency_key=k1").await.0, 503);
    set(json!({"error_rate": 1})).await;
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 500);
    set(json!({"refuse_signature": true})).await;
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 401);
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (0, 0), "none of these stored anything");

    set(json!({"latency_ms": 300})).await;
    let begun = std::time::Instant::now();
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 201);
    assert!(begun.elapsed() >= Duration::from_millis(300), "it took its time");

    set(json!({"drop_after_store": 1.0})).await;
    let lost = futures::future::join_all((0..12).map(|n| {
        let (stage, key) = (&stage, format!("lost{n}"));
        async move {
            let body = incident(n).to_string();
            let mut request = stage.http.post(stage.url("/api/v1/incidents")).header("idempotency-key", key);
            for (name, value) in signed("msg_1", SystemClock.now().as_second(), &body, SECRET) {
                request = request.header(name, value);
            }
            match request.body(body).timeout(Duration::from_secs(3)).send().await {
                Ok(answer) => answer.json::<Value>().await.is_ok_and(|b| b["external_no"].is_string()),
                Err(_) => false,
            }
        }
    }))
    .await;
    assert!(lost.iter().all(|learned| !learned), "no push learns that it was stored");
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (13, 13), "and all of them were");

    let off = stage.get("/board/faults").await.1;
    assert_eq!(off["drop_after_store"], 1.0, "the switches can be read");
    for wrong in [json!({"dwon": true}), json!({"error_rate": "much"}), json!([])] {
        let answer = stage.http.put(stage.url("/board/faults")).json(&wrong).send().await.expect("answered");
        assert_eq!(answer.status(), 422, "{wrong}");
    }
}

#[test]
fn fault_switches_of_the_command_line() {
    let mut faults = Faults::default();
    for switch in [
        "latency=200",
        "error_rate=0.3",
        "drop_after_store=1",
        "timeout_after_store=0.1",
        "ask_error_rate=0.2",
        "forget=0.05",
        "callback_duplicates=0.4",
        "callback_shuffle=0.6",
        "callback_stale_signature=0.7",
        "down",
        "refuse_signature=true",
    ] {
        faults.turn(switch).expect("a known switch");
    }
    let all = Faults {
        latency_ms: 200,
        error_rate: 0.3,
        drop_after_store: 1.0,
        timeout_after_store: 0.1,
        ask_error_rate: 0.2,
        forget: 0.05,
        callback_duplicates: 0.4,
        callback_shuffle: 0.6,
        callback_stale_signature: 0.7,
        refuse_signature: true,
        down: true,
    };
    assert_eq!(faults, all);
    for wrong in ["", "error_rate", "error_rate=2", "error_rate=NaN", "latency=-1", "dwon", "forget=1.5", "callback_shuffle"] {
        let error = faults.turn(wrong).expect_err("refused").to_string();
        assert!(error.contains("error_rate=0..1"), "the answer lists what there is: {error}");
    }
}

/// Whether a push learns that it was stored, waiting at most `wait`.
async fn learns(stage: &Stage, key: &str, wait: Duration) -> Result<StatusCode, reqwest::Error> {
    let body = incident(1).to_string();
    let mut request = stage.http.post(stage.url("/api/v1/incidents")).header("idempotency-key", key);
    for (name, value) in signed("msg_1", SystemClock.now().as_second(), &body, SECRET) {
        request = request.header(name, value);
    }
    request.body(body).timeout(wait).send().await.map(|answer| answer.status())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_is_stored_and_then_silent_is_there_when_asked() {
    let stage = Stage::new(Faults::default(), None);
    stage.faults(json!({"timeout_after_store": 1})).await;
    let error = learns(&stage, "k1", Duration::from_millis(1_500)).await.expect_err("silence");
    assert!(error.is_timeout(), "{error}");
    assert_eq!(stage.get("/api/v1/incidents?idempotency_key=k1").await.0, 200, "but it is stored");
    stage.faults(json!({})).await;
    assert_eq!(stage.push("k1", &incident(1)).await.status(), 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_questions_fail_by_the_question_switch() {
    let stage = Stage::new(Faults::default(), None);
    stage.faults(json!({"ask_error_rate": 1})).await;
    let no = stage.stored("k1").await;
    assert_eq!(stage.get("/api/v1/incidents?idempotency_key=k1").await.0, 500);
    assert_eq!(stage.get(&format!("/api/v1/incidents/{no}")).await.0, 500);
    stage.faults(json!({"ask_error_rate": 0.5})).await;
    let mut seen = (0, 0);
    for _ in 0..60 {
        match stage.get("/api/v1/incidents?idempotency_key=k1").await.0.as_u16() {
            200 => seen.0 += 1,
            500 => seen.1 += 1,
            other => panic!("{other} is no answer to a question"),
        }
    }
    assert!(seen.0 >= 10 && seen.1 >= 10, "about half of them: {seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_incident_was_answered_and_is_gone_until_it_is_pushed_again() {
    let stage = Stage::new(Faults::default(), None);
    stage.faults(json!({"forget": 1})).await;
    let lost = stage.stored("k1").await;
    assert_eq!(stage.get("/api/v1/incidents?idempotency_key=k1").await.0, 404, "nobody knows it any more");
    assert_eq!(stage.get(&format!("/api/v1/incidents/{lost}")).await.0, 404);
    assert_eq!(stage.event("k1", "joined", &json!({"joined": 2})).await.0, 404, "nor takes anything for it");
    assert_eq!(stage.server.sandbox.counts().await.expect("readable"), (0, 0));
    assert_eq!(stage.server.sandbox.pending_callbacks().await.expect("readable"), 0, "and it calls nobody back");
    let (_, board) = stage.get("/board/incidents").await;
    assert_eq!((&board["counts"]["lost"], &board["counts"]["total"]), (&json!(1), &json!(0)));
    stage.faults(json!({})).await;
    let again = stage.stored("k1").await;
    assert_ne!(again, lost, "a new push is a new incident");

    // By the button: with its history, its events and its attachments; nothing comes back by itself.
    assert_eq!(stage.event("k1", "joined", &json!({"joined": 2})).await.0, 201);
    stage.press(&again, "forget", &json!({})).await;
    assert_eq!(stage.get("/api/v1/incidents?idempotency_key=k1").await.0, 404);
    assert_eq!(stage.post(&format!("/board/incidents/{again}/forget"), &json!({})).await.0, 404, "lost only once");
    let (_, all) = stage.get("/api/v1/incidents/k1/received").await;
    assert_eq!(all["external_no"], Value::Null);
    assert_eq!(all["incident"].as_array().map(Vec::len), Some(2), "what arrived is still proven: {all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_strike_events_as_they_strike_pushes() {
    let stage = Stage::new(Faults::default(), None);
    let no = stage.stored("k1").await;
    stage.faults(json!({"down": true})).await;
    assert_eq!(stage.event("k1", "joined", &json!({"joined": 2})).await.0, 503);
    stage.faults(json!({"refuse_signature": true})).await;
    assert_eq!(stage.event("k1", "joined", &json!({"joined": 2})).await.0, 401);
    stage.faults(json!({"error_rate": 1})).await;
    assert_eq!(stage.event("k1", "joined", &json!({"joined": 2})).await.0, 500);
    stage.faults(json!({})).await;
    assert_eq!(stage.card(&no).await["people"], 1, "none of these did anything");
}
