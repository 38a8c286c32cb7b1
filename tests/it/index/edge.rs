//! What only the embedded engine has: a folder, a lock, damage.

use gridworker::knowledge::vector::{Filter, NEVER, Role, VectorError, VectorStore};
use gridworker::storage::index::edge::EdgeStore;

use super::contract::{ask, found, kept, manifest, point};

const A: u32 = 5;

async fn filled(store: &EdgeStore, n: u128) {
    let generation = store.begin(&manifest(None)).await.expect("begin");
    store.upsert(generation, vec![point(n, &[(A, 1.0)], "one", "all", (0, NEVER))]).await.expect("upsert");
    store.switch_to(generation).await.expect("publish");
}

#[tokio::test]
async fn survives_being_closed_and_opened() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    filled(&store, 0).await;
    filled(&store, 1).await;
    filled(&store, 2).await;
    drop(store);
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open again");
    assert_eq!(kept(&store, Role::Live).await.map(|k| k.1), Some(manifest(None)));
    assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![2]);
    let generations = std::fs::read_dir(folder.path())
        .expect("list")
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with("gen-"))
        .count();
    assert_eq!(generations, 2, "the live one and the one before it; older generations leave the disk");
    let (before, _) = kept(&store, Role::Previous).await.expect("the way back survives too");
    store.switch_to(before).await.expect("back");
    drop(store);
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open once more");
    assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![1]);
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
        assert!(store.kept().await.expect("kept").is_empty(), "{damage}: none is live");
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

#[tokio::test]
async fn a_build_that_a_crash_broke_off_is_swept_away() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    filled(&store, 1).await;
    let half = store.begin(&manifest(None)).await.expect("begin");
    store.upsert(half, vec![point(2, &[(A, 1.0)], "two", "all", (0, NEVER))]).await.expect("upsert");
    drop(store);
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    assert_eq!(store.kept().await.expect("kept").len(), 1);
    assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![1]);
    assert!(!folder.path().join("gen-0002").exists());
}

#[tokio::test]
async fn when_the_live_one_is_damaged_the_one_before_it_answers() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    filled(&store, 1).await;
    filled(&store, 2).await;
    drop(store);
    std::fs::write(folder.path().join("gen-0002").join("manifest.json"), "{").expect("write");
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![1]);
    drop(store);
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    assert_eq!(found(&store, &ask(&[(A, 1.0)], Filter::everything())).await, vec![1], "CURRENT was brought in step");
}

#[tokio::test]
async fn writes_go_on_while_it_is_optimised() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = std::sync::Arc::new(EdgeStore::open(folder.path().to_owned()).await.expect("open"));
    let generation = store.begin(&manifest(Some(256))).await.expect("begin");
    let with = |n: u128| {
        let dense = (0..256).map(|d| ((n * 7919 + d * 104_729) % 1000) as f32 / 1000.0 - 0.5).collect();
        gridworker::knowledge::vector::ChunkPoint {
            dense: Some(dense),
            ..point(n, &[(A, 1.0), (n as u32, 1.0)], "d", "all", (0, NEVER))
        }
    };
    store.upsert(generation, (1..=5_900).map(with).collect()).await.expect("upsert");
    store.switch_to(generation).await.expect("switch");
    let optimising = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { store.optimize(generation).await }
    });
    let mut written = 5_900u128;
    while !optimising.is_finished() {
        written += 1;
        store.upsert(generation, vec![with(written)]).await.expect("upsert");
        store.flush(generation).await.expect("flush");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(optimising.await.expect("joined").expect("optimised"), "5,900 vectors of 256 are worth it");
    let count = store.count(generation, &Filter::everything()).await.expect("count");
    assert_eq!(count as u128, written, "nothing written meanwhile is lost");
    assert_eq!(found(store.as_ref(), &ask(&[(written as u32, 1.0)], Filter::everything())).await, vec![written]);
}

#[tokio::test]
async fn what_is_written_at_length_is_sealed_on_the_way_and_found_all_the_same() {
    let folder = tempfile::tempdir().expect("temp folder");
    let store = EdgeStore::open(folder.path().to_owned()).await.expect("open");
    let generation = store.begin(&manifest(None)).await.expect("begin");
    const ALL: u128 = 14_000;
    for begin in (0..ALL).step_by(500) {
        // Long lists, as common characters have them: what is open grows expensive, what is sealed does not.
        let terms =
            |n: u128| -> Vec<(u32, f32)> { (0..40).map(|t| (t, 1.0 + (n % 7) as f32)).chain([(1000 + n as u32, 9.0)]).collect() };
        let points = (begin..begin + 500).map(|n| point(n, &terms(n), "one", "all", (0, NEVER))).collect();
        store.upsert(generation, points).await.expect("upsert");
    }
    store.flush(generation).await.expect("flush");
    store.switch_to(generation).await.expect("publish");
    assert_eq!(store.count(generation, &Filter::everything()).await.expect("count"), ALL as usize);
    let segments = || std::fs::read_dir(folder.path().join("gen-0001/segments")).expect("segments").count();
    let beside = segments();
    assert!((3..=14).contains(&beside), "{beside} segments stand beside each other");
    for n in [0, 5_999, 6_000, 13_999] {
        assert_eq!(found(&store, &ask(&[(1000 + n as u32, 1.0)], Filter::everything())).await, vec![n], "point {n}");
    }
    store.optimize(generation).await.expect("optimised");
    assert!(segments() <= beside, "{} segments after, {beside} before", segments());
    assert_eq!(store.count(generation, &Filter::everything()).await.expect("count"), ALL as usize);
    assert_eq!(found(&store, &ask(&[(1000 + 5_999, 1.0)], Filter::everything())).await, vec![5_999]);
}
