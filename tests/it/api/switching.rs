//! The splitter changes while people ask: no failed and no empty answer, and the way back.
//!
//! `make show-switch` runs this with more rounds (`SWITCH_ROUNDS`) and prints the counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use gridworker::config::Engine;
use gridworker::knowledge::generation::{Plan, State};

use crate::index::standin;
use crate::support::app::TestApp;
use crate::support::people::Resident;

/// Who asks at the same time.
const ASKERS: usize = 4;
const QUESTIONS: [&str; 3] = ["高龄津贴一个月多少钱", "高龄津贴怎么申请", "多少岁可以领高龄津贴"];

#[derive(Default)]
struct Count {
    asked: AtomicUsize,
    slowest_ms: AtomicUsize,
}

/// Asks until told to stop; every answer must be whole and rest on the same document as before the switches.
async fn ask_on(resident: Resident, expected: Arc<Vec<String>>, stop: Arc<AtomicBool>, count: Arc<Count>) {
    let mut n = 0;
    while !stop.load(Ordering::SeqCst) {
        let question = QUESTIONS[n % QUESTIONS.len()];
        let at = std::time::Instant::now();
        let turn = resident.say(question).await;
        let took = at.elapsed().as_millis() as usize;
        let text = turn["reply"]["text"].as_str().unwrap_or_default();
        assert_eq!(turn["finish"], "complete", "「{question}」 failed: {turn}");
        assert!(!text.trim().is_empty(), "「{question}」 was answered with nothing: {turn}");
        let cited = turn["reply"]["citations"][0]["document_id"].as_str().unwrap_or_default();
        assert_eq!(cited, expected[n % QUESTIONS.len()], "「{question}」 rests on another document: {turn}");
        count.asked.fetch_add(1, Ordering::SeqCst);
        count.slowest_ms.fetch_max(took, Ordering::SeqCst);
        n += 1;
    }
}

#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "says how long to go on, and what was measured")]
async fn show(engine: &str, app: &TestApp) {
    let knowledge = Arc::clone(&app.instance().api.knowledge);
    let resident = app.resident().await;
    let mut expected = Vec::new();
    for question in QUESTIONS {
        let turn = resident.say(question).await;
        let cited = turn["reply"]["citations"][0]["document_id"].as_str();
        expected.push(cited.unwrap_or_else(|| panic!("{engine}: 「{question}」 is answered at first: {turn}")).to_owned());
    }
    let (expected, stop, count) = (Arc::new(expected), Arc::new(AtomicBool::new(false)), Arc::new(Count::default()));
    let mut askers = Vec::new();
    for _ in 0..ASKERS {
        let resident = app.resident().await;
        askers.push(tokio::spawn(ask_on(resident, Arc::clone(&expected), Arc::clone(&stop), Arc::clone(&count))));
    }
    let rounds = std::env::var("SWITCH_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(2usize);
    let mut switches = 0;
    for round in 0..rounds {
        let asked = count.asked.load(Ordering::SeqCst);
        let whole = knowledge.catalog().passages();
        let before = knowledge.snapshot().expect("live").generation;
        let pieces = if round % 2 == 0 { 40 } else { 60 };
        let built = knowledge.rebuild(Plan { piece_chars: pieces, held: false }).await.expect("built and switched to");
        assert!(built > before);
        let smaller = knowledge.catalog().passages();
        settle(&count, asked).await;
        let back = knowledge.rollback().await.expect("gone back");
        assert_eq!(back, before, "{engine}: the one before");
        assert_eq!(knowledge.catalog().passages(), whole);
        settle(&count, count.asked.load(Ordering::SeqCst)).await;
        switches += 2;
        println!("{engine}: generation {before} ({whole} passages) → {built} ({smaller}, ≤ {pieces} characters) → {back}");
    }
    stop.store(true, Ordering::SeqCst);
    for asker in askers {
        asker.await.expect("no failed, no empty and no other answer");
    }
    let states: Vec<State> = knowledge.generations().await.expect("records").iter().map(|r| r.state).collect();
    assert_eq!(states.iter().filter(|s| **s == State::Live).count(), 1, "{engine}: {states:?}");
    assert_eq!(states.iter().filter(|s| **s == State::Previous).count(), 1, "{engine}: {states:?}");
    let (asked, slowest) = (count.asked.load(Ordering::SeqCst), count.slowest_ms.load(Ordering::SeqCst));
    assert!(asked >= ASKERS * switches, "{engine}: {asked} answers");
    println!("{engine}: {asked} answers through {switches} switches, 0 failed, 0 empty; the slowest took {slowest} ms");
}

/// Waits until everybody has been answered a few times more.
async fn settle(count: &Count, from: usize) {
    while count.asked.load(Ordering::SeqCst) < from + 2 * ASKERS {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn asking_goes_on_while_the_embedded_index_is_cut_otherwise() {
    let app = TestApp::with().settings(|s| s.knowledge.engine = Engine::Edge).start().await;
    show("edge", &app).await;
}

#[tokio::test]
async fn asking_goes_on_while_the_servers_index_is_cut_otherwise() {
    let server = standin::start().await;
    let url = server.url.clone();
    let app = TestApp::with()
        .settings(move |s| {
            s.knowledge.engine = Engine::Server;
            s.knowledge.server_url = url.clone();
        })
        .start()
        .await;
    show("server adapter", &app).await;
}
