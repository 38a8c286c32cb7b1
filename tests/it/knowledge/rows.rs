//! Rows: the same contract for memory and `SQLite`.

use std::sync::Arc;

use gridworker::knowledge::memory::MemoryKnowledge;
use gridworker::knowledge::store::{KnowledgeStore, Stored};
use gridworker::storage::sqlite::Sqlite;
use jiff::Timestamp;

use super::{guide, parse};

async fn stores() -> (Vec<(&'static str, Arc<dyn KnowledgeStore>)>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("temp folder");
    let sqlite = Sqlite::open(&folder.path().join("t.db"), crate::support::sealer()).await.expect("open");
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
