//! What only the embedded engine has: a folder, a lock, damage.

use gridworker::knowledge::vector::{Filter, NEVER, Target, VectorError, VectorStore};
use gridworker::storage::index::edge::EdgeStore;

use super::contract::{ask, found, manifest, point};

const A: u32 = 5;

async fn filled(store: &EdgeStore, n: u128) {
    let generation = store.begin_generation(&manifest(None)).await.expect("begin");
    store.upsert(Target::Building(generation), vec![point(n, &[(A, 1.0)], "one", "all", (0, NEVER))]).await.expect("upsert");
    store.publish_generation(generation).await.expect("publish");
}

#[tokio::test]
async fn survives_being_closed_and_opened() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    filled(&store, 1).await;
    filled(&store, 2).await;
    drop(store);
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open again");
    assert_eq!(store.live().await.expect("live"), Some(manifest(None)));
    assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![2]);
    let generations = std::fs::read_dir(folder.path())
        .expect("list")
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with("gen-"))
        .count();
    assert_eq!(generations, 1, "older generations leave the disk");
}

#[tokio::test]
async fn a_second_opener_is_told_so_and_nothing_is_moved() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    filled(&store, 1).await;
    let second = EdgeStore::open(folder.path().to_owned()).await;
    assert!(matches!(second, Err(VectorError::Held(_))), "{second:?}");
    assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![1]);
}

#[tokio::test]
async fn a_damaged_generation_is_moved_aside_and_can_be_built_anew() {
    for damage in ["segments gone", "manifest torn", "current torn", "segment files torn"] {
        let folder = tempfile::tempdir().expect("temp folder");
        let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
        filled(&store, 1).await;
        drop(store);
        let name = std::fs::read_to_string(folder.path().join("CURRENT")).expect("CURRENT");
        let generation = folder.path().join(name);
        match damage {
            "segments gone" => std::fs::remove_dir_all(&generation).expect("remove"),
            "manifest torn" => std::fs::write(generation.join("manifest.json"), "{").expect("write"),
            "current torn" => std::fs::write(folder.path().join("CURRENT"), "\u{0}\u{0}").expect("write"),
            _ => tear(&generation.join("segments")),
        }
        let store = EdgeStore::open(folder.path().to_owned()).await.unwrap_or_else(|e| panic!("{damage}: {e}"));
        assert_eq!(store.live().await.expect("live"), None, "{damage}: none is live");
        filled(&store, 2).await;
        assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![2], "{damage}: built anew");
    }
}

fn tear(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).expect("list").flatten() {
        let path = entry.path();
        if path.is_dir() {
            tear(&path);
        } else if path.extension().is_some_and(|e| e == "json") {
            std::fs::write(&path, "torn").expect("write");
        }
    }
}
