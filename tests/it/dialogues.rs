//! The scripted conversations of `tests/dialogues`, played over HTTP against one instance with the bundled platform.

use std::path::Path;

use gridworker::config::Settings;
use gridworker::evaluation::dialogue;

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
