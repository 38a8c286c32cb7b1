//! What is not for somebody is never found by them: random documents, random askers, every engine.

use std::sync::Arc;
use std::time::Duration;

use gridworker::knowledge::document::{Audience, ParsedDocument};
use gridworker::knowledge::lexicon::Lexicon;
use gridworker::knowledge::memory::MemoryKnowledge;
use gridworker::knowledge::search::{Knowledge, KnowledgeError, Query, Scope};
use gridworker::knowledge::store::KnowledgeStore as _;
use gridworker::knowledge::vector::VectorStore;
use gridworker::storage::index::edge::EdgeStore;
use gridworker::storage::index::memory::MemoryStore;
use gridworker::storage::index::server::{ServerSettings, ServerStore};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{guide, parse};
use crate::index::standin;

const MATTERS: [&str; 6] = ["低保怎么申请", "燃气泄漏怎么办", "养犬登记", "小区停车收费", "高龄津贴标准", "电动车充电"];
const AREAS: [&str; 4] = ["全国", "重庆市", "大渡口区", "北京市"];
const AUDIENCES: [Audience; 3] = [Audience::Resident, Audience::Gridworker, Audience::All];
const TODAY: Date = date(2026, 11, 26);

#[derive(Debug, Clone)]
struct Wanted {
    matter: usize,
    audience: usize,
    area: usize,
    from: i32,
    lasts: Option<i32>,
    plain: bool,
}

#[derive(Debug, Clone)]
struct Asker {
    matter: usize,
    worker: bool,
    areas: Vec<usize>,
    on: i32,
}

fn day(offset: i32) -> Date {
    TODAY.checked_add(offset.days()).expect("a day")
}

fn document(n: usize, w: &Wanted) -> ParsedDocument {
    let matter = MATTERS[w.matter];
    let body = format!("**结论**：{matter}，按第{n}号规定办理。\n\n## 怎么办\n{matter}要带身份证到窗口，当场受理。");
    let mut document = if w.plain {
        parse(&format!("d{n}.txt"), &format!("{matter}：按第{n}号规定办理。\n{matter}的窗口：一楼。\n"))
    } else {
        parse("x.md", &guide(&format!("d{n}"), matter, &[matter], "", &body))
    };
    document.meta.audience = AUDIENCES[w.audience];
    AREAS[w.area].clone_into(&mut document.meta.area);
    document.meta.effective_from = day(w.from);
    document.meta.expires_on = w.lasts.map(|days| day(w.from + days));
    document
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (0..MATTERS.len(), 0..AUDIENCES.len(), 0..AREAS.len(), -40..20i32, prop::option::of(1..50i32), any::<bool>())
        .prop_map(|(matter, audience, area, from, lasts, plain)| Wanted { matter, audience, area, from, lasts, plain })
}

fn asker() -> impl Strategy<Value = Asker> {
    (0..MATTERS.len(), any::<bool>(), prop::sample::subsequence((0..AREAS.len()).collect::<Vec<_>>(), 0..4), -10..10i32)
        .prop_map(|(matter, worker, areas, on)| Asker { matter, worker, areas, on })
}

/// Asks and looks at everything that comes back.
async fn nothing_leaks(knowledge: &Knowledge, asker: &Asker) -> Result<usize, TestCaseError> {
    let mut audiences = vec![Audience::Resident];
    if asker.worker {
        audiences.push(Audience::Gridworker);
    }
    let areas: Vec<String> = asker.areas.iter().map(|a| AREAS[*a].to_owned()).collect();
    let scope = Scope { audiences: audiences.clone(), areas: areas.clone(), on: day(asker.on) };
    let query = Query { text: MATTERS[asker.matter].to_owned(), scope, limit: 50 };
    let outcome = knowledge.search(&query).await.map_err(|e| TestCaseError::fail(e.to_string()))?;
    let may_see = |audience: Audience| audience == Audience::All || audiences.contains(&audience);
    for hit in &outcome.hits {
        let p = &hit.passage;
        prop_assert!(may_see(p.audience) && may_see(hit.document.audience), "{:?} reached {asker:?}", p.audience);
        prop_assert!(areas.is_empty() || areas.contains(&p.area), "{} reached {asker:?}", p.area);
        let on = day(asker.on);
        prop_assert!(p.effective_from <= on && p.expires_on.is_none_or(|end| on < end), "{p:?} reached {asker:?}");
        for near in knowledge.neighbours(p, 9) {
            prop_assert!(near.document_id == p.document_id && near.version == p.version, "neighbours are of the same version");
            prop_assert!(may_see(near.audience));
        }
    }
    if let Some(expired) = &outcome.expired {
        let told = knowledge.catalog();
        let allowed = told.units().iter().any(|u| {
            u.meta.title == expired.title && may_see(u.meta.audience) && (areas.is_empty() || areas.contains(&u.meta.area))
        });
        prop_assert!(allowed, "the notice about 《{}》 reached {asker:?}", expired.title);
    }
    Ok(outcome.hits.len())
}

#[expect(clippy::print_stdout, reason = "how much was looked at")]
fn run(engine: &'static str, cases: u32, open: impl Fn() -> Box<dyn Fn() -> (Arc<dyn VectorStore>, Box<dyn std::any::Any>)>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _guard = runtime.enter();
    let open = open();
    let hits = std::cell::Cell::new(0usize);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy =
        (prop::collection::vec(wanted(), 1..14), prop::collection::vec(wanted(), 0..4), prop::collection::vec(asker(), 1..12));
    runner
        .run(&strategy, |(first, later, askers)| {
            let (vectors, _keep) = open();
            runtime.block_on(async {
                let store = Arc::new(MemoryKnowledge::default());
                let knowledge = Knowledge::new(Arc::clone(&store) as _, vectors, None, Lexicon::default());
                let put = async |n: usize, w: &Wanted| {
                    store.put(&document(n, w), Timestamp::UNIX_EPOCH).await.map_err(|e| TestCaseError::fail(e.to_string()))
                };
                for (n, w) in first.iter().enumerate() {
                    put(n, w).await?;
                }
                let fail = |e: KnowledgeError| TestCaseError::fail(e.to_string());
                knowledge.start().await.map_err(fail)?;
                for asker in &askers {
                    hits.set(hits.get() + nothing_leaks(&knowledge, asker).await?);
                }
                // Documents that change their audience, area and days, and a generation that is gone back to.
                for (n, w) in later.iter().enumerate() {
                    put(n, w).await?;
                }
                // Documents by chance may lose right answers by it; then the live generation stays, brought in step.
                let built = match knowledge.reindex().await {
                    Ok(_) => true,
                    Err(KnowledgeError::Refused(_)) => {
                        knowledge.refresh().await.map_err(fail)?;
                        false
                    }
                    Err(e) => return Err(fail(e)),
                };
                for asker in &askers {
                    hits.set(hits.get() + nothing_leaks(&knowledge, asker).await?);
                }
                if built {
                    knowledge.rollback().await.map_err(fail)?;
                }
                for asker in &askers {
                    hits.set(hits.get() + nothing_leaks(&knowledge, asker).await?);
                }
                Ok(())
            })
        })
        .unwrap_or_else(|e| panic!("{engine}: {e}"));
    assert!(hits.get() > 0, "{engine}: the test would not see a leak if nothing is ever found");
    println!("{engine}: {} hits looked at", hits.get());
}

/// More with `PROPTEST_TIMES`, as `make fuzz` sets it.
#[expect(clippy::disallowed_methods, reason = "says how long to test")]
fn times(n: u32) -> u32 {
    n * std::env::var("PROPTEST_TIMES").ok().and_then(|t| t.parse().ok()).unwrap_or(1)
}

#[test]
fn nothing_leaks_from_memory() {
    run("memory", times(150), || Box::new(|| (Arc::new(MemoryStore::new()) as _, Box::new(()) as _)));
}

#[test]
fn nothing_leaks_from_the_embedded_engine() {
    run("edge", times(12), || {
        Box::new(|| {
            let folder = tempfile::tempdir().expect("temp folder");
            let path = folder.path().join("index");
            let store = tokio::runtime::Handle::current().block_on(EdgeStore::open(path)).expect("open");
            (Arc::new(store) as _, Box::new(folder) as _)
        })
    });
}

#[test]
fn nothing_leaks_from_a_server_over_the_wire() {
    run("server adapter", times(8), || {
        Box::new(|| {
            let server = tokio::runtime::Handle::current().block_on(standin::start());
            let settings = ServerSettings { url: server.url.clone(), alias: "kb".to_owned(), timeout: Duration::from_secs(10) };
            let store = ServerStore::connect(&settings, None).expect("connect");
            (Arc::new(store) as _, Box::new(server) as _)
        })
    });
}
