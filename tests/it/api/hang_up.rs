//! A sender who hangs up: at whatever moment, what was stored is answered.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::middleware::from_fn;
use axum::routing::any;
use gridworker::conversation::live::{LiveTurns, TurnLog};
use gridworker::conversation::service::{Incoming, Posted};
use gridworker::http::middleware::to_the_end;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::QUESTION;
use crate::support::app::TestApp;
use crate::support::wire::PATIENCE;

/// More steps than a message needs to be taken, at a twentieth of a millisecond each.
const STEPS: u32 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_while_a_message_is_taken_finds_its_answer() {
    let app = TestApp::start().await;
    let conversations = Arc::clone(&app.instance().api.conversations);
    let id = app.resident().await.id.parse().expect("a conversation's id");
    let of = conversations.conversation(id).await.expect("readable").expect("open");
    for step in 0..STEPS {
        let incoming = || Incoming { client_message_id: format!("m{step}"), text: QUESTION.to_owned(), attachments: Vec::new() };
        {
            let mut first = pin!(conversations.post(of.clone(), incoming()));
            // As the server does when the connection closes: the future is dropped between two of its steps.
            for _ in 0..=step {
                if first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
        }
        let again = conversations.post(of.clone(), incoming()).await.expect("the same message again is taken");
        let outcome = async {
            match again {
                Posted::Live(live) => live.outcome().await.is_some(),
                Posted::Stored(stored) => stored.outcome.is_some(),
            }
        };
        let answered = tokio::time::timeout(PATIENCE, outcome).await;
        assert_eq!(answered, Ok(true), "hung up after {step} steps, the message waits for an answer that nobody writes");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM turns").await, i64::from(STEPS), "each was one turn");
    assert_eq!(app.count("SELECT COUNT(*) FROM turns WHERE state = 'running'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_whose_task_is_gone_ends_for_those_who_wait() {
    let app = TestApp::start().await;
    let live = LiveTurns::default().open(Uuid::from_u128(1));
    let log = TurnLog::new(Arc::clone(&live), Arc::new(app.instance().db.clone()));
    let waiting = tokio::spawn({
        let live = Arc::clone(&live);
        async move { live.outcome().await }
    });
    drop(log);
    let ended = tokio::time::timeout(PATIENCE, waiting).await.expect("nobody waits for ever").expect("no panic");
    assert!(ended.is_none() && live.has_failed(), "there is no outcome");
}

#[tokio::test]
async fn a_change_that_was_begun_is_made_and_a_reading_is_broken_off() {
    let (go_on, done) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let handler = {
        let (go_on, done) = (Arc::clone(&go_on), Arc::clone(&done));
        move || async move {
            go_on.acquire().await.expect("open").forget();
            done.add_permits(1);
            StatusCode::CREATED
        }
    };
    let app = Router::new().route("/", any(handler)).layer(from_fn(to_the_end));
    let call = |method: Method| {
        let request = Request::builder().method(method).uri("/").body(Body::empty()).expect("a request");
        app.clone().oneshot(request)
    };
    for (method, finishes) in [(Method::POST, true), (Method::DELETE, true), (Method::PATCH, true), (Method::GET, false)] {
        let hung_up = tokio::time::timeout(Duration::from_millis(20), call(method.clone())).await;
        assert!(hung_up.is_err(), "{method} waits in the middle");
        go_on.add_permits(1);
        let ended = tokio::time::timeout(Duration::from_millis(if finishes { 10_000 } else { 100 }), done.acquire()).await;
        assert_eq!(ended.is_ok(), finishes, "{method}");
        if let Ok(permit) = ended {
            permit.expect("open").forget();
        } else {
            go_on.acquire().await.expect("the reading never took it").forget();
        }
    }
    go_on.add_permits(1);
    assert_eq!(call(Method::POST).await.expect("infallible").status(), StatusCode::CREATED, "who waits is answered as ever");
}
