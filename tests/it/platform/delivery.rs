//! The outbox under faults: every ticket at the platform once, none twice, none lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gridworker::incident::news::NewsStore as _;
use gridworker::incident::store::TicketStore as _;
use gridworker::incident::ticket::Status;
use gridworker::platform::outbox::{OutboxCounts, OutboxStore as _, Redrive, RowState};
use gridworker::sandbox::Faults;
use parking_lot::Mutex;

use super::support::{Server, Street, settings, until};

/// What every test ends with: nothing waits, nothing is dead, and the platform has each ticket once.
async fn each_once(street: &Street, server: &Server, tickets: u64) {
    until("the outbox is empty", async || street.counts().await.pending == 0).await;
    let counts = street.counts().await;
    assert_eq!(counts, OutboxCounts { pending: 0, delivered: tickets, dead: 0 }, "every row of the outbox ends as delivered");
    let (stored, keys) = server.sandbox.counts().await.expect("the platform can count");
    assert_eq!((stored, keys), (tickets, tickets), "the platform has every ticket, each once");
    for row in street.outbox.list(None, 1000).await.expect("the outbox is readable") {
        let number = row.external_no.expect("a delivered ticket has the platform's number");
        assert!(number.starts_with("PT"), "{number} is a number of the platform");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_ticket_is_delivered_and_the_move_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), Faults::default(), None);
    let street = Street::new().await;
    let mut news = street.news.subscribe();
    let ticket = street.confirm(1).await;
    let work = street.work(&settings(&server.base()));
    each_once(&street, &server, 1).await;
    work.stop().await;

    assert_eq!(street.status(&ticket).await, Status::已送达平台, "a delivered ticket says so");
    let told = news.try_recv().expect("the delivery is news");
    assert_eq!((told.from, told.to), (Some(Status::已提交), Status::已送达平台), "the news names both states");
    assert_eq!(told.conversation_id, ticket.source.conversation_id, "the news finds its conversation");
    let untold = street.tickets.untold(10).await.expect("readable");
    assert_eq!(untold, vec![told.clone()], "until it is told, the storage keeps the same news");
    street.tickets.mark_told(&told, told.at).await.expect("writable");
    assert!(street.tickets.untold(10).await.expect("readable").is_empty(), "what was told is not told again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_lost_answers_and_restarts_end_with_each_ticket_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let wild = Faults { error_rate: 0.3, drop_after_store: 0.5, ..Faults::default() };
    let street = Street::new().await;
    let callbacks = street.listen().await;
    let mut server = Server::start(folder.path(), wild, Some(callbacks));
    let settings = settings(&server.base());
    let mut work = street.work(&settings);
    let mut tickets = Vec::new();
    for n in 0..40 {
        tickets.push(street.confirm(n).await);
        if n % 13 == 12 {
            // The platform is killed and comes back; so is our own worker.
            server = server.restart(wild);
            work.kill().await;
            work = street.work(&settings);
        }
    }
    each_once(&street, &server, 40).await;
    until("the platform has told everything", async || server.sandbox.pending_callbacks().await.expect("readable") == 0).await;
    work.stop().await;
    for ticket in &tickets {
        assert_eq!(street.status(ticket).await, Status::已送达平台, "{} is at the platform", ticket.number);
        let moves = street.tickets.timeline(&ticket.number).await.expect("readable");
        let words: Vec<_> = moves.iter().map(|e| e.to.word()).collect();
        assert_eq!(words, ["已提交", "已送达平台"], "{}: the arrival is written once", ticket.number);
    }
    let tried: u32 = street.outbox.list(None, 100).await.expect("readable").iter().map(|r| r.attempts).sum();
    assert!(tried > 40, "with these faults some pushes needed more than one attempt, not {tried} in all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_is_down_loses_nothing_and_is_not_hammered() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), Faults { down: true, ..Faults::default() }, None);
    let street = Street::new().await;
    for n in 0..20 {
        street.confirm(n).await;
    }
    let mut patient = settings(&server.base());
    patient.breaker_failures = 3;
    patient.breaker_pause_s = 600.0;
    patient.concurrency = 4;
    let work = street.work(&patient);
    until("the breaker has opened", async || {
        let rows = street.outbox.list(None, 100).await.expect("readable");
        rows.iter().map(|r| r.attempts).sum::<u32>() >= 3
    })
    .await;
    work.stop().await;
    let rows = street.outbox.list(None, 100).await.expect("readable");
    let tried: u32 = rows.iter().map(|r| r.attempts).sum();
    assert!(tried <= 3 + 4, "an open breaker stops all but the pushes on their way; there were {tried} attempts");
    assert_eq!(street.counts().await.pending, 20, "nothing is lost or given up");

    server.sandbox.set_faults(Faults::default());
    let work = street.work(&settings(&server.base()));
    each_once(&street, &server, 20).await;
    work.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_signature_goes_to_the_dead_letters_and_can_be_redriven() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), Faults { refuse_signature: true, ..Faults::default() }, None);
    let street = Street::new().await;
    let (first, second) = (street.confirm(1).await, street.confirm(2).await);
    let work = street.work(&settings(&server.base()));
    until("both are refused", async || street.counts().await.dead == 2).await;
    let dead = street.outbox.list(Some(RowState::Dead), 10).await.expect("readable");
    assert!(dead.iter().all(|r| r.reason.as_deref() == Some("平台答复 HTTP 401")), "the reason is kept: {dead:?}");
    assert_eq!(street.status(&first).await, Status::已提交, "a refused ticket stays 已提交");

    server.sandbox.set_faults(Faults::default());
    let now = second.created_at;
    let one = street
        .outbox
        .redrive(&Redrive { number: Some(first.number.clone()), ..Redrive::default() }, now)
        .await
        .expect("writable");
    assert_eq!(one, 1, "one ticket's dead row is redriven");
    until("the first is delivered", async || street.counts().await.delivered == 1).await;
    assert_eq!(street.counts().await.dead, 1, "the other one stays where it was");
    assert_eq!(street.outbox.redrive(&Redrive::default(), now).await.expect("writable"), 1, "the rest");
    each_once(&street, &server, 2).await;
    work.stop().await;
    let story = street.outbox.attempts(dead[1].id).await.expect("readable");
    let story: Vec<_> = story.iter().map(|a| (a.outcome.as_str(), a.http_status)).collect();
    assert_eq!(story, [("dead", Some(401)), ("delivered", Some(201))], "every attempt is a row");
}

/// A platform that counts, and does what the test says.
#[derive(Default)]
struct Told {
    posts: AtomicU32,
    gets: AtomicU32,
    order: Mutex<Vec<&'static str>>,
}

async fn stand_in<F, R>(told: Arc<Told>, post: F) -> String
where
    F: Fn(u32) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = axum::response::Response> + Send,
{
    use axum::response::IntoResponse as _;
    let asked = told.clone();
    let app = axum::Router::new().route(
        "/api/v1/incidents",
        axum::routing::post(move || async move {
            told.order.lock().push("POST");
            let n = told.posts.fetch_add(1, Ordering::SeqCst);
            post(n).await
        })
        .get(move || async move {
            asked.order.lock().push("GET");
            asked.gets.fetch_add(1, Ordering::SeqCst);
            if asked.posts.load(Ordering::SeqCst) == 0 {
                return axum::http::StatusCode::NOT_FOUND.into_response();
            }
            axum::Json(serde_json::json!({"external_no": "X-1", "status": "received"})).into_response()
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{at}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_time_out_it_asks_before_it_sends_again() {
    let told = Arc::new(Told::default());
    let base = stand_in(told.clone(), |_| async {
        // Stored, and then silence.
        tokio::time::sleep(Duration::from_mins(1)).await;
        axum::response::Response::default()
    })
    .await;
    let street = Street::new().await;
    let ticket = street.confirm(1).await;
    let work = street.work(&settings(&base));
    until("it is delivered", async || street.counts().await.delivered == 1).await;
    work.stop().await;
    assert_eq!(*told.order.lock(), ["POST", "GET"], "one push, then the question, and no second push");
    assert_eq!(street.status(&ticket).await, Status::已送达平台);
    let row = &street.outbox.list(None, 1).await.expect("readable")[0];
    assert_eq!(row.external_no.as_deref(), Some("X-1"), "the number of the answer to the question is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_asks_before_it_sends_again() {
    let told = Arc::new(Told::default());
    let base = stand_in(told.clone(), |_| async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        axum::response::Response::default()
    })
    .await;
    let street = Street::new().await;
    street.confirm(1).await;
    let mut slow = settings(&base);
    slow.timeout_s = 30.0;
    slow.lease_s = 3600.0;
    let work = street.work(&slow);
    until("the push has arrived", async || told.posts.load(Ordering::SeqCst) == 1).await;
    work.kill().await;
    // The lease of an hour does not keep the restarted worker waiting: it takes up what it held.
    let work = street.work(&slow);
    until("it is delivered", async || street.counts().await.delivered == 1).await;
    work.stop().await;
    assert_eq!(*told.order.lock(), ["POST", "GET"], "the restarted worker asks and does not push again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_with_a_body_is_a_success() {
    use axum::response::IntoResponse as _;
    let told = Arc::new(Told::default());
    let base = stand_in(told.clone(), |_| async {
        let body = axum::Json(serde_json::json!({"external_no": "X-9", "status": "accepted"}));
        (axum::http::StatusCode::CONFLICT, body).into_response()
    })
    .await;
    let street = Street::new().await;
    street.confirm(1).await;
    let work = street.work(&settings(&base));
    until("it is delivered", async || street.counts().await.delivered == 1).await;
    work.stop().await;
    let row = &street.outbox.list(None, 1).await.expect("readable")[0];
    assert_eq!(row.external_no.as_deref(), Some("X-9"), "409 with a body names the incident");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_after_is_honoured_and_capped() {
    use axum::response::IntoResponse as _;
    for (header, least, most) in [("120", 120, 125), ("999999", 3600, 3605), ("Fri, 31 Dec 2094 23:59:59 GMT", 3600, 3605)] {
        let told = Arc::new(Told::default());
        let base = stand_in(told.clone(), move |_| async move {
            (axum::http::StatusCode::TOO_MANY_REQUESTS, [("retry-after", header)]).into_response()
        })
        .await;
        let street = Street::new().await;
        street.confirm(1).await;
        let work = street.work(&settings(&base));
        until("it has been told to wait", async || street.outbox.list(None, 1).await.expect("readable")[0].attempts == 1).await;
        work.stop().await;
        let row = &street.outbox.list(None, 1).await.expect("readable")[0];
        let wait = row.next_at.duration_since(row.created_at).as_secs();
        assert!((least..=most).contains(&wait), "Retry-After: {header} waits {least}..={most} s, not {wait}");
        assert_eq!(told.posts.load(Ordering::SeqCst), 1, "and nothing is sent before that");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_a_push_on_its_way() {
    use axum::response::IntoResponse as _;
    let told = Arc::new(Told::default());
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = gate.clone();
    let base = stand_in(told.clone(), move |_| {
        let held = held.clone();
        async move {
            let _open = held.acquire().await;
            let body = axum::Json(serde_json::json!({"external_no": "X-2", "status": "received"}));
            (axum::http::StatusCode::CREATED, body).into_response()
        }
    })
    .await;
    let street = Street::new().await;
    street.confirm(1).await;
    let mut calm = settings(&base);
    calm.timeout_s = 30.0;
    calm.drain_s = 8.0;
    let work = street.work(&calm);
    until("the push has arrived", async || told.posts.load(Ordering::SeqCst) == 1).await;
    work.cancel.cancel();
    gate.add_permits(1);
    work.stop().await;
    assert_eq!(street.counts().await.delivered, 1, "the answer that came during the end is recorded");
}
