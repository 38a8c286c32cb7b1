//! Rows: the same contract for memory and SQLite.

use std::sync::Arc;

use gridworker::knowledge::document::Audience;
use gridworker::knowledge::memory::MemoryKnowledge;
use gridworker::knowledge::store::{FileOutcome, FileResult, IngestJob, JobState, KnowledgeStore, Stored};
use gridworker::storage::sqlite::Sqlite;
use jiff::Timestamp;
use uuid::Uuid;

use super::{guide, parse};

async fn stores() -> (Vec<(&'static str, Arc<dyn KnowledgeStore>)>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("temp folder");
    let sqlite = Sqlite::open(&folder.path().join("t.db")).await.expect("open");
    (vec![("memory", Arc::new(MemoryKnowledge::default())), ("sqlite", Arc::new(sqlite))], folder)
}

#[tokio::test]
async fn versions_grow_only_when_the_content_changes() {
    let (stores, _keep) = stores().await;
    for (name, store) in stores {
        let at = Timestamp::from_second(1_700_000_000).expect("valid");
        let first = parse("a.md", &guide("a", "甲事", &["问"], "", "**结论**：一。"));
        let second = parse("a.md", &guide("a", "甲事", &["问"], "", "**结论**：二。"));
        assert_eq!(store.put(&first, at).await.expect("put"), Stored::New { version: 1 }, "{name}");
        assert_eq!(store.put(&first, at).await.expect("put"), Stored::Unchanged { version: 1 }, "{name}");
        assert_eq!(store.put(&second, at).await.expect("put"), Stored::New { version: 2 }, "{name}");
        let old = store.document("a", Some(1)).await.expect("read").expect("there");
        assert_eq!(old, first.as_version(1), "{name}: an old version stays as it was");
        let new = store.document("a", None).await.expect("read").expect("there");
        assert_eq!(new, second.as_version(2), "{name}");
        assert_eq!(store.live().await.expect("live"), vec![new], "{name}");
        assert!(store.document("b", None).await.expect("read").is_none(), "{name}");

        assert!(store.retire("a", at).await.expect("retire"), "{name}");
        assert!(!store.retire("a", at).await.expect("retire"), "{name}: twice is not more");
        assert!(store.live().await.expect("live").is_empty(), "{name}");
        assert!(store.list(None, 10).await.expect("list")[0].retired, "{name}");
        assert_eq!(store.put(&second, at).await.expect("put"), Stored::New { version: 3 }, "{name}: back in use");
    }
}

#[tokio::test]
async fn the_list_is_paged_in_id_order() {
    let (stores, _keep) = stores().await;
    for (name, store) in stores {
        for id in ["c", "a", "b"] {
            store.put(&parse("x.md", &guide(id, "甲", &["问"], "", "**结论**：一。")), Timestamp::UNIX_EPOCH).await.expect("put");
        }
        let ids =
            |page: Vec<gridworker::knowledge::store::DocumentSummary>| page.into_iter().map(|d| d.meta.id).collect::<Vec<_>>();
        assert_eq!(ids(store.list(None, 2).await.expect("list")), ["a", "b"], "{name}");
        assert_eq!(ids(store.list(Some("b"), 2).await.expect("list")), ["c"], "{name}");
    }
}

#[tokio::test]
async fn a_job_survives_and_is_handed_out_again_until_done() {
    let (stores, _keep) = stores().await;
    for (name, store) in stores {
        let mut job = IngestJob {
            id: Uuid::from_u128(7),
            paths: vec!["/somewhere".to_owned()],
            audience: Audience::All,
            state: JobState::Queued,
            files: vec![],
            created_at: Timestamp::from_millisecond(5).expect("valid"),
        };
        store.save_job(&job).await.expect("save");
        assert_eq!(store.next_job().await.expect("next").map(|j| (j.id, j.state)), Some((job.id, JobState::Running)), "{name}");
        assert!(store.next_job().await.expect("next").is_some(), "{name}: left running by a dead process, it comes again");
        job.state = JobState::Done;
        job.files = vec![FileResult { path: "a.md".to_owned(), outcome: FileOutcome::Failed { reason: "空".to_owned() } }];
        store.save_job(&job).await.expect("save");
        assert_eq!(store.next_job().await.expect("next"), None, "{name}");
        assert_eq!(store.job(job.id).await.expect("job"), Some(job), "{name}");
    }
}
