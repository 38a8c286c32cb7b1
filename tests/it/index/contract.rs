//! What every adapter of `VectorStore` must do. Each test runs over all of them and says which.

use std::sync::Arc;
use std::time::Duration;

use gridworker::knowledge::vector::{
    ChunkPayload, ChunkPoint, Filter, Generation, IndexManifest, NEVER, Role, Sparse, VectorError, VectorQuery, VectorStore,
};
use gridworker::learn::bm25::LegLengths;
use gridworker::storage::index::edge::EdgeStore;
use gridworker::storage::index::memory::MemoryStore;
use gridworker::storage::index::server::{ServerSettings, ServerStore};
use uuid::Uuid;

use super::standin;

pub fn manifest(dimension: Option<usize>) -> IndexManifest {
    IndexManifest {
        splitter: 7,
        piece_chars: 0,
        lexicon: None,
        table: None,
        learnt_from: 0,
        embedder: dimension.map(|d| format!("test-{d}")),
        dimension,
        mean: LegLengths { unigrams: 10.0, bigrams: 9.0 },
    }
}

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub fn point(n: u128, terms: &[(u32, f32)], document: &str, audience: &str, days: (i64, i64)) -> ChunkPoint {
    ChunkPoint {
        id: id(n),
        sparse: Sparse::new(terms.to_vec()),
        dense: None,
        payload: ChunkPayload {
            document: document.to_owned(),
            version: u32::try_from(n).expect("small"),
            ordinal: 0,
            audience: audience.to_owned(),
            area: if n.is_multiple_of(2) { "重庆市" } else { "全国" }.to_owned(),
            effective_from: days.0,
            expires_on: days.1,
        },
    }
}

pub fn ask(terms: &[(u32, f32)], filter: Filter) -> VectorQuery {
    VectorQuery { sparse: Sparse::new(terms.to_vec()), dense: None, filter, limit: 10 }
}

/// The generation of a role, with its manifest.
pub async fn kept(store: &dyn VectorStore, role: Role) -> Option<(Generation, IndexManifest)> {
    let all = store.kept().await.expect("kept");
    assert!(all.is_sorted_by_key(|k| k.generation), "told by number");
    all.into_iter().find(|k| k.role == role).map(|k| (k.generation, k.manifest))
}

/// The generation that answers.
pub async fn live(store: &dyn VectorStore) -> Generation {
    kept(store, Role::Live).await.expect("a live generation").0
}

pub async fn found(store: &dyn VectorStore, query: &VectorQuery) -> Vec<u128> {
    let mut hits = store.search(live(store).await, query).await.expect("search");
    hits.sort_by(|a, b| b.sparse.unwrap_or(0.0).total_cmp(&a.sparse.unwrap_or(0.0)));
    hits.into_iter().map(|h| h.id.as_u128()).collect()
}

/// Its name, what must outlive it, and itself.
type Adapter = (String, Box<dyn std::any::Any>, Arc<dyn VectorStore>);

/// Every adapter, fresh and empty, with what must outlive it (it comes before the adapter: the last is dropped first).
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a real server is tested where there is one, and told")]
async fn adapters() -> Vec<Adapter> {
    let folder = tempfile::tempdir().expect("temp folder");
    let edge = EdgeStore::open(folder.path().join("index")).await.expect("open");
    let server = standin::start().await;
    let settings = |url: &str, alias: String| ServerSettings { url: url.to_owned(), alias, timeout: Duration::from_secs(10) };
    let wire = ServerStore::connect(&settings(&server.url, "kb".to_owned()), None).expect("connect");
    let mut out: Vec<Adapter> = vec![
        ("memory".to_owned(), Box::new(()), Arc::new(MemoryStore::new())),
        ("edge".to_owned(), Box::new(folder), Arc::new(edge)),
        ("server adapter over gRPC to the stand-in".to_owned(), Box::new(server), Arc::new(wire)),
    ];
    match std::env::var("TEST_QDRANT_URL") {
        Ok(url) => {
            let alias = format!("gwtest{}x{}", std::process::id(), COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
            let real = ServerStore::connect(&settings(&url, alias), None).expect("connect");
            let version = real.healthy().await.expect("healthy");
            out.push((format!("real server {version} at TEST_QDRANT_URL"), Box::new(()), Arc::new(real)));
        }
        Err(_) => println!("index contract: no TEST_QDRANT_URL, the real server is skipped"),
    }
    for (name, _, _) in &out {
        println!("index contract: {name}");
    }
    out
}

static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

const A: u32 = 11;
const B: u32 = 22;
const C: u32 = 0x8000_0033;

#[expect(clippy::inconsistent_digit_grouping, reason = "days: year, month, day")]
async fn filled(store: &dyn VectorStore) {
    let generation = store.begin(&manifest(None)).await.expect("begin");
    let points = vec![
        point(1, &[(A, 1.0), (B, 1.0)], "one", "resident", (2026_01_01, NEVER)),
        point(2, &[(A, 1.0)], "two", "gridworker", (2026_01_01, NEVER)),
        point(3, &[(A, 0.5), (C, 2.0)], "three", "all", (2026_01_01, 2026_06_01)),
        point(4, &[(B, 1.0)], "four", "resident", (2027_01_01, NEVER)),
        point(5, &[(C, 1.0)], "five", "resident", (2026_01_01, NEVER)),
    ];
    store.upsert(generation, points).await.expect("upsert");
    store.switch_to(generation).await.expect("publish");
}

#[tokio::test]
async fn scores_are_query_times_idf_times_value_in_every_adapter() {
    let mut all: Vec<(String, Vec<(u128, f32)>)> = Vec::new();
    for (name, _keep, store) in adapters().await {
        filled(store.as_ref()).await;
        let mut hits =
            store.search(live(store.as_ref()).await, &ask(&[(A, 1.0), (C, 2.0)], Filter::everything())).await.expect("search");
        hits.sort_by_key(|h| h.id);
        all.push((name, hits.iter().map(|h| (h.id.as_u128(), h.sparse.expect("sparse score"))).collect()));
    }
    let (_, memory) = &all[0];
    assert_eq!(memory.len(), 4, "the points that share a term");
    for (name, scores) in &all[1..] {
        assert_eq!(scores.len(), memory.len(), "{name}");
        for ((id, score), (other, expected)) in scores.iter().zip(memory) {
            assert_eq!(id, other, "{name}");
            assert!((score - expected).abs() < 1e-3, "{name}: point {id} scores {score}, in memory {expected}");
        }
    }
}

#[tokio::test]
async fn filters_hold_inside_the_query() {
    for (name, _keep, store) in adapters().await {
        filled(store.as_ref()).await;
        let day = |y, m, d| Filter::in_force(jiff::civil::date(y, m, d));
        let audience = |who: &[&str]| Filter::any_of("audience", who.iter().copied());
        let cases: Vec<(&str, Filter, Vec<u128>)> = vec![
            ("none", Filter::everything(), vec![1, 2, 3, 4, 5]),
            ("audience", audience(&["resident", "all"]), vec![1, 3, 4, 5]),
            ("audience and day", Filter::All(vec![audience(&["resident"]), day(2026, 3, 1)]), vec![1, 5]),
            ("first day", day(2027, 1, 1), vec![1, 2, 4, 5]),
            ("last day", Filter::All(vec![Filter::is("document", "three"), day(2026, 5, 31)]), vec![3]),
            ("expired", Filter::All(vec![Filter::is("document", "three"), day(2026, 6, 1)]), vec![]),
            ("area", Filter::is("area", "重庆市"), vec![2, 4]),
            ("not", Filter::Not(Box::new(Filter::is("area", "重庆市"))), vec![1, 3, 5]),
            ("any", Filter::Any(vec![Filter::is("document", "one"), Filter::is("document", "two")]), vec![1, 2]),
            ("empty any", Filter::Any(vec![]), vec![]),
            ("empty list", Filter::any_of("audience", Vec::<String>::new()), vec![]),
            ("not nothing", Filter::Not(Box::new(Filter::Any(vec![]))), vec![1, 2, 3, 4, 5]),
        ];
        for (what, filter, expected) in cases {
            let mut got = found(store.as_ref(), &ask(&[(A, 1.0), (B, 1.0), (C, 1.0)], filter.clone())).await;
            got.sort_unstable();
            assert_eq!(got, expected, "{name}, search, {what}");
            let count = store.count(live(store.as_ref()).await, &filter).await.expect("count");
            assert_eq!(count, expected.len(), "{name}, count, {what}");
        }
    }
}

#[tokio::test]
async fn a_filter_never_starves_the_limit() {
    for (name, _keep, store) in adapters().await {
        let generation = store.begin(&manifest(None)).await.expect("begin");
        let mut points: Vec<_> = (1..=50).map(|n| point(n, &[(A, 5.0)], "loud", "gridworker", (0, NEVER))).collect();
        points.push(point(99, &[(A, 0.1)], "quiet", "resident", (0, NEVER)));
        store.upsert(generation, points).await.expect("upsert");
        store.switch_to(generation).await.expect("publish");
        let mut query = ask(&[(A, 1.0)], Filter::is("audience", "resident"));
        query.limit = 3;
        assert_eq!(
            found(store.as_ref(), &query).await,
            vec![99],
            "{name}: the only permitted point is found behind 50 better ones"
        );
    }
}

#[tokio::test]
async fn generations_switch_at_once_and_the_old_one_is_kept_to_go_back_to() {
    for (name, _keep, store) in adapters().await {
        let store = store.as_ref();
        assert!(store.kept().await.expect("kept").is_empty(), "{name}: nothing is there at first");
        let none = store.search(Generation(1), &ask(&[(A, 1.0)], Filter::everything())).await;
        assert!(matches!(none, Err(VectorError::UnknownGeneration(1))), "{name}: {none:?}");
        filled(store).await;
        let (first, made) = kept(store, Role::Live).await.expect("live");
        assert_eq!(made, manifest(None), "{name}");

        let mut other = manifest(None);
        other.splitter = 8;
        let everything = ask(&[(A, 1.0)], Filter::everything());
        let next = store.begin(&other).await.expect("begin");
        store.upsert(next, vec![point(7, &[(A, 1.0)], "new", "all", (0, NEVER))]).await.expect("upsert");
        assert_eq!(kept(store, Role::Building).await, Some((next, other.clone())), "{name}");
        assert_eq!(found(store, &everything).await.len(), 3, "{name}: still the old one answers");
        assert_eq!(store.search(next, &everything).await.expect("search").len(), 1, "{name}: the new one can be tried");
        store.switch_to(next).await.expect("switch");
        assert_eq!(found(store, &everything).await, vec![7], "{name}: the new one answers");
        assert_eq!(kept(store, Role::Live).await, Some((next, other.clone())), "{name}");
        assert_eq!(kept(store, Role::Previous).await, Some((first, manifest(None))), "{name}");
        assert_eq!(
            store.search(first, &everything).await.expect("search").len(),
            3,
            "{name}: who began with the old one ends with it"
        );
        store.switch_to(next).await.expect("again");
        assert_eq!(
            kept(store, Role::Previous).await.map(|k| k.0),
            Some(first),
            "{name}: switching to the live one changes nothing"
        );

        store.upsert(first, vec![point(8, &[(A, 1.0)], "late", "all", (0, NEVER))]).await.expect("the old one takes writes");
        store.switch_to(first).await.expect("back");
        assert_eq!(found(store, &everything).await.len(), 4, "{name}: gone back");
        assert_eq!(kept(store, Role::Previous).await.map(|k| k.0), Some(next), "{name}");
        store.switch_to(next).await.expect("and forth");

        let third = store.begin(&other).await.expect("begin");
        assert!(third > next, "{name}: numbers grow");
        store.switch_to(third).await.expect("switch");
        let gone = store.search(first, &everything).await;
        assert!(matches!(gone, Err(VectorError::UnknownGeneration(_))), "{name}: the one before the last is gone: {gone:?}");
        let unknown = store.switch_to(first).await;
        assert!(matches!(unknown, Err(VectorError::UnknownGeneration(_))), "{name}: {unknown:?}");
        assert_eq!(store.kept().await.expect("kept").len(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_generation_that_is_not_wanted_is_discarded_and_the_live_one_never() {
    for (name, _keep, store) in adapters().await {
        let store = store.as_ref();
        filled(store).await;
        let (first, _) = kept(store, Role::Live).await.expect("live");
        let next = store.begin(&manifest(None)).await.expect("begin");
        store.discard(next).await.expect("discard");
        store.discard(next).await.expect("again");
        store.discard(first).await.expect("not the live one");
        assert_eq!(store.kept().await.expect("kept").len(), 1, "{name}");
        assert_eq!(found(store, &ask(&[(A, 1.0)], Filter::everything())).await.len(), 3, "{name}");
        let written = store.upsert(next, vec![point(7, &[(A, 1.0)], "new", "all", (0, NEVER))]).await;
        assert!(matches!(written, Err(VectorError::UnknownGeneration(_))), "{name}: {written:?}");
        let again = store.begin(&manifest(None)).await.expect("begin");
        store.switch_to(again).await.expect("switch");
        store.discard(first).await.expect("the previous one may go");
        assert_eq!(kept(store, Role::Previous).await, None, "{name}");
    }
}

#[tokio::test]
async fn switching_back_and_forth_fails_no_search_that_runs() {
    for (name, _keep, store) in adapters().await {
        let mut generations = Vec::new();
        for n in [1u128, 2] {
            let generation = store.begin(&manifest(None)).await.expect("begin");
            store.upsert(generation, vec![point(n, &[(A, 1.0)], "d", "all", (0, NEVER))]).await.expect("upsert");
            store.switch_to(generation).await.expect("switch");
            generations.push(generation);
        }
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let askers: Vec<_> = (0..3)
            .map(|n| {
                let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
                let (own, expected) = (generations[n % 2], (n % 2 + 1) as u128);
                tokio::spawn(async move {
                    let mut asked = 0;
                    while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                        let hits = store.search(own, &ask(&[(A, 1.0)], Filter::everything())).await.expect("search");
                        assert_eq!(hits.iter().map(|h| h.id.as_u128()).collect::<Vec<_>>(), vec![expected]);
                        asked += 1;
                        tokio::task::yield_now().await;
                    }
                    asked
                })
            })
            .collect();
        for round in 0..20 {
            store.switch_to(generations[round % 2]).await.expect("switch");
            // The memory engine never waits: without this nobody would ask between two switches.
            tokio::task::yield_now().await;
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        for asker in askers {
            assert!(asker.await.expect("no failed search") > 0, "{name}");
        }
    }
}

#[tokio::test]
async fn points_are_replaced_deleted_and_listed_in_order() {
    for (name, _keep, store) in adapters().await {
        filled(store.as_ref()).await;
        store
            .upsert(live(store.as_ref()).await, vec![point(1, &[(C, 1.0)], "one", "resident", (0, NEVER))])
            .await
            .expect("upsert");
        assert!(
            !found(store.as_ref(), &ask(&[(B, 1.0)], Filter::everything())).await.contains(&1),
            "{name}: the old terms are gone"
        );
        assert_eq!(
            store.count(live(store.as_ref()).await, &Filter::everything()).await.expect("count"),
            5,
            "{name}: replaced, not added"
        );
        store.delete_where(live(store.as_ref()).await, &Filter::is("document", "two")).await.expect("delete");
        let first = store.scroll(live(store.as_ref()).await, None, 2).await.expect("scroll");
        let rest = store.scroll(live(store.as_ref()).await, Some(first[1].0), 10).await.expect("scroll");
        let ids: Vec<u128> = first.iter().chain(&rest).map(|(id, _)| id.as_u128()).collect();
        assert_eq!(ids, vec![1, 3, 4, 5], "{name}");
        assert_eq!(first[0].1, point(1, &[], "one", "resident", (0, NEVER)).payload, "{name}: the payload comes back whole");
        store.flush(live(store.as_ref()).await).await.expect("flush");
    }
}

#[tokio::test]
async fn both_legs_give_their_own_scores() {
    for (name, _keep, store) in adapters().await {
        let generation = store.begin(&manifest(Some(2))).await.expect("begin");
        let with = |n, terms: &[(u32, f32)], dense: [f32; 2]| ChunkPoint {
            dense: Some(dense.to_vec()),
            ..point(n, terms, "d", "all", (0, NEVER))
        };
        let points = vec![with(1, &[(A, 1.0)], [1.0, 0.0]), with(2, &[(B, 1.0)], [0.6, 0.8])];
        store.upsert(generation, points).await.expect("upsert");
        store.switch_to(generation).await.expect("publish");
        let query = VectorQuery { dense: Some(vec![0.0, 1.0]), ..ask(&[(A, 1.0)], Filter::everything()) };
        let mut hits = store.search(live(store.as_ref()).await, &query).await.expect("search");
        hits.sort_by_key(|h| h.id);
        assert_eq!(hits.len(), 2, "{name}");
        assert!(hits[0].sparse.is_some() && hits[0].dense.is_some_and(|d| d.abs() < 1e-3), "{name}: {:?}", hits[0]);
        assert!(hits[1].sparse.is_none() && hits[1].dense.is_some_and(|d| (d - 0.8).abs() < 1e-3), "{name}: {:?}", hits[1]);
    }
}
