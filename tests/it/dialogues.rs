//! The scripted conversations of `tests/dialogues`, played over HTTP against one instance with the bundled platform.

use std::path::Path;

use std::sync::Arc;

use gridworker::config::Settings;
use gridworker::core::clock::ManualClock;
use gridworker::evaluation::dialogue;

use crate::support::app;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scripted_conversation_goes_as_written() {
    let data = tempfile::tempdir().expect("a folder of our own");
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let settings = Settings::defaults().expect("the shipped settings are valid");
    let played = dialogue::play(&cases, settings, data.path(), None).await.expect("the instance starts and plays");
    assert!(played.len() >= 22, "two stories and twenty more are promised, found {}", played.len());
    let table = dialogue::table(&played, false);
    assert!(played.iter().all(|case| case.failures.is_empty()), "\n{table}");
}

/// What is asked on, in 75 conversations written down with the guide that should answer before any of them was tried.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_on_stays_with_its_matter() {
    const FOLLOW_UPS: usize = 222;
    let data = tempfile::tempdir().expect("a folder of our own");
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues/follow-ups");
    let settings = Settings::defaults().expect("the shipped settings are valid");
    let played = dialogue::play(&cases, settings, data.path(), None).await.expect("the instance starts and plays");
    let wrong: usize = played.iter().map(|case| case.failures.len()).sum();
    assert_eq!(played.iter().map(|case| case.steps).sum::<usize>(), FOLLOW_UPS + 75, "each conversation begins with a question");
    assert!(wrong * 100 <= FOLLOW_UPS * 8, "{wrong} of {FOLLOW_UPS} go astray:\n{}", dialogue::table(&played, false));
}

/// Expired, of back then, of later, of elsewhere: the knowledge of the tests, on a day in June 2026.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_holds_is_told() {
    let data = tempfile::tempdir().expect("a folder of our own");
    let knowledge = data.path().join("knowledge");
    app::lay_out_knowledge(&knowledge);
    let mut settings = Settings::defaults().expect("the shipped settings are valid");
    settings.paths.knowledge = knowledge.to_string_lossy().into_owned();
    let clock = Arc::new(ManualClock::at(app::MORNING.parse().expect("a time")));
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues/validity");
    let played = dialogue::play(&cases, settings, data.path(), Some(clock)).await.expect("the instance starts and plays");
    assert!(played.len() >= 5, "found {}", played.len());
    assert!(played.iter().all(|case| case.failures.is_empty()), "\n{}", dialogue::table(&played, true));
}
