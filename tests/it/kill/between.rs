//! The moment that a random kill seldom hits: the ticket is on disk, the conversation does not know it yet.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::processes::{Scene, Service};
use super::residents::{Street, Talk, number};
use super::{Dice, fresh_seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_between_ticket_and_receipt_the_next_matter_is_a_ticket_of_its_own() {
    let seed = fresh_seed();
    let mut dice = Dice::of(seed, 0);
    let scene = Scene::new(seed, 0, 1, &mut dice);
    let mut service = Service::start(&scene);
    service.ready().await;
    let street = Street::new(&scene, Instant::now() + Duration::from_mins(1));
    let mut talk = Talk::open(&street, dice).await;
    talk.say("凤鸣花园3栋楼下路灯坏了，晚上很黑").await;
    let memory = memory(&scene, &talk.id).await;
    let first = number(&talk.draft(Method::POST, "/confirm", &Value::Null).await);
    service.kill().await;
    as_if_killed_earlier(&scene, &talk.id, &memory).await;

    let mut service = Service::start(&scene);
    service.ready().await;
    for (method, act, body) in [(Method::PATCH, "", json!({ "description": "别的事" })), (Method::POST, "/cancel", Value::Null)]
    {
        let refused = talk.draft(method, act, &body).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "a draft that is a ticket is not changed any more: {}", refused.body);
        assert!(refused.body.to_string().contains(&first), "the refusal names the ticket {first}: {}", refused.body);
    }
    let turn = talk.say("和悦苑5栋楼道里堆满了杂物，消防通道被堵住了").await;
    assert_eq!(turn.pointer("/card/draft/place/estate"), Some(&json!("和悦苑")), "the next matter is a draft of its own: {turn}");
    let second = number(&talk.draft(Method::POST, "/confirm", &Value::Null).await);
    assert_ne!(second, first, "the next matter is a ticket of its own");
    let history = talk.history().await;
    for number in [&first, &second] {
        let shown = |m: &&Value| {
            m.pointer("/card/kind") == Some(&json!("receipt")) && m.pointer("/card/ticket/number") == Some(&json!(number))
        };
        let receipts = history["messages"].as_array().expect("a history").iter().filter(shown).count();
        assert_eq!(receipts, 1, "the receipt of {number} is shown once: {history}");
    }
    service.kill().await;
}

async fn memory(scene: &Scene, conversation: &str) -> String {
    let mut rows = SqliteConnectOptions::new().filename(scene.service_rows()).read_only(true).connect().await.expect("readable");
    let memory: String = sqlx::query_scalar("SELECT memory FROM conversations WHERE id = $1")
        .bind(conversation)
        .fetch_one(&mut rows)
        .await
        .expect("the conversation is stored");
    assert!(!memory.contains("凤鸣花园"), "the memory lies sealed: {memory}");
    memory
}

/// What the rows are when the process ends right after the ticket's own transaction.
async fn as_if_killed_earlier(scene: &Scene, conversation: &str, memory: &str) {
    let mut rows = SqliteConnectOptions::new().filename(scene.service_rows()).connect().await.expect("writable");
    for (sql, changed) in [
        ("UPDATE conversations SET memory = $2 WHERE id = $1", 1),
        ("DELETE FROM messages WHERE conversation_id = $1 AND role = 'assistant' AND turn_id IS NULL AND $2 <> ''", 1),
    ] {
        let done = sqlx::query(sql).bind(conversation).bind(memory).execute(&mut rows).await.expect("writable");
        assert_eq!(done.rows_affected(), changed, "{sql}");
    }
}
