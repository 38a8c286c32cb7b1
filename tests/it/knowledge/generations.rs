//! A new generation beside the live one: built, checked, switched to and gone back from, over every engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gridworker::knowledge::generation::{MemoryBook, Plan, State};
use gridworker::knowledge::indexing::Started;
use gridworker::knowledge::lexicon::{Entry, Lexicon};
use gridworker::knowledge::memory::MemoryKnowledge;
use gridworker::knowledge::search::{Knowledge, KnowledgeError};
use gridworker::knowledge::store::KnowledgeStore as _;
use gridworker::knowledge::vector::{
    ChunkPayload, ChunkPoint, Filter, Generation, IndexManifest, Kept, Sparse, VectorError, VectorHit, VectorQuery, VectorStore,
};
use gridworker::storage::index::edge::EdgeStore;
use gridworker::storage::index::memory::MemoryStore;
use gridworker::storage::index::server::{ServerSettings, ServerStore};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ask, guide, parse};
use crate::index::standin;

const LONG: &str = "**结论**：家里人均收入低于标准的可以申请最低生活保障。\n\n## 怎么申请\n向户籍所在地街道提出书面申请。提交收入和财产材料。由社区核对家庭情况。街道在二十日内作出决定。\n\n## 找谁办\n街道便民服务中心。";

fn numbered(n: usize) -> (String, String) {
    // Numbers in a question are passed over: what tells these apart must be words.
    let matters = ["低保", "燃气", "养犬", "停车", "噪音", "垃圾", "电梯", "漏水", "路灯", "井盖"];
    let deeds = [
        "申请", "登记", "变更", "注销", "查询", "补办", "延期", "退费", "投诉", "检测", "验收", "迁移", "租赁", "培训", "年审",
        "公示", "拍卖", "捐赠", "巡检", "备案",
    ];
    let id = format!("d{n:03}");
    let title = format!("{}{}", matters[n % matters.len()], deeds[n / matters.len() % deeds.len()]);
    (id, title)
}

fn text(n: usize) -> String {
    let (id, title) = numbered(n);
    guide(&id, &title, &[&format!("{title}要什么材料")], "", LONG)
}

async fn put(store: &MemoryKnowledge, text: &str) {
    store.put(&parse("x.md", text), Timestamp::UNIX_EPOCH).await.expect("put");
}

/// Engines with what must outlive them.
async fn engines() -> Vec<(&'static str, Box<dyn std::any::Any>, Arc<dyn VectorStore>)> {
    let folder = tempfile::tempdir().expect("temp folder");
    let edge = EdgeStore::open(folder.path().join("index")).await.expect("open");
    let server = standin::start().await;
    let settings = ServerSettings { url: server.url.clone(), alias: "kb".to_owned(), timeout: Duration::from_secs(10) };
    let wire = ServerStore::connect(&settings, None).expect("connect");
    vec![
        ("memory", Box::new(()), Arc::new(MemoryStore::new())),
        ("edge", Box::new(folder), Arc::new(edge)),
        ("server adapter", Box::new(server), Arc::new(wire)),
    ]
}

async fn first(knowledge: &Knowledge, question: &str) -> Option<String> {
    let outcome = knowledge.search(&ask(question)).await.expect("a search never fails");
    outcome.documents().first().map(|d| (*d).to_owned())
}

fn pieces(piece_chars: u32) -> Plan {
    Plan { piece_chars, held: false }
}

fn lexicon(everyday: &str) -> Lexicon {
    Lexicon::new(vec![Entry { everyday: everyday.to_owned(), official: vec!["最低生活保障".to_owned()] }])
}

#[tokio::test]
async fn another_cut_is_built_beside_the_live_one_switched_to_and_gone_back_from() {
    for (engine, _keep, vectors) in engines().await {
        let store = Arc::new(MemoryKnowledge::default());
        for n in 0..30 {
            put(&store, &text(n)).await;
        }
        let knowledge = Knowledge::new(Arc::clone(&store) as _, Arc::clone(&vectors), None, Lexicon::default());
        assert_eq!(knowledge.start().await.expect("start"), Started::Rebuilt, "{engine}");
        let whole = knowledge.catalog().passages();
        assert_eq!(whole, 90, "{engine}");

        let second = knowledge.rebuild(pieces(12)).await.expect("cut");
        let smaller = knowledge.catalog().passages();
        assert!(smaller > whole, "{engine}: {smaller} pieces of {whole}");
        assert_eq!(vectors.count(second, &Filter::everything()).await.expect("count"), smaller, "{engine}");
        assert_eq!(first(&knowledge, &numbered(3).1).await.as_deref(), Some("d003"), "{engine}");
        let records = knowledge.generations().await.expect("records");
        let states: Vec<State> = records.iter().map(|r| r.state).collect();
        assert_eq!(states, [State::Previous, State::Live], "{engine}");
        let check = records[1].check.as_ref().expect("checked");
        assert!(check.passed && check.found == smaller && check.questions >= 30 && check.lost == 0, "{engine}: {check:?}");

        // What changes after the switch must hold after going back too.
        store.retire("d003", Timestamp::UNIX_EPOCH).await.expect("retire");
        put(&store, &guide("new", "新设的充电桩怎么报装", &["充电桩报装要什么材料"], "", LONG)).await;
        knowledge.refresh().await.expect("refresh");
        let back = knowledge.rollback().await.expect("back");
        assert!(back < second, "{engine}");
        assert_eq!(knowledge.catalog().passages(), whole, "{engine}: thirty documents, cut as before");
        assert_eq!(vectors.count(back, &Filter::everything()).await.expect("count"), whole, "{engine}");
        assert_ne!(first(&knowledge, &numbered(3).1).await.as_deref(), Some("d003"), "{engine}: retired is retired");
        assert_eq!(first(&knowledge, "充电桩报装要什么材料").await.as_deref(), Some("new"), "{engine}");
        assert!(
            !knowledge.bring_up_to_date().await.expect("held"),
            "{engine}: nothing is rebuilt behind the back of who went back"
        );
        let forth = knowledge.rollback().await.expect("and forth");
        assert_eq!(forth, second, "{engine}");
        assert_eq!(first(&knowledge, "充电桩报装要什么材料").await.as_deref(), Some("new"), "{engine}");
    }
}

#[tokio::test]
async fn what_is_written_during_a_build_is_in_both_generations() {
    for (engine, _keep, vectors) in engines().await {
        let store = Arc::new(MemoryKnowledge::default());
        for n in 0..200 {
            put(&store, &text(n)).await;
        }
        let slow = Arc::new(Slow { inner: Arc::clone(&vectors), live_only: AtomicBool::new(false) });
        let knowledge = Arc::new(Knowledge::new(Arc::clone(&store) as _, Arc::clone(&slow) as _, None, Lexicon::default()));
        knowledge.start().await.expect("start");
        slow.live_only.store(true, Ordering::SeqCst);
        let building = tokio::spawn({
            let knowledge = Arc::clone(&knowledge);
            async move { knowledge.rebuild(pieces(12)).await }
        });
        while knowledge.progress().is_none_or(|p| p.done == 0) {
            assert!(!building.is_finished(), "{engine}: it takes its time");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        put(&store, &guide("new", "新设的充电桩怎么报装", &["充电桩报装要什么材料"], "", LONG)).await;
        store.retire("d007", Timestamp::UNIX_EPOCH).await.expect("retire");
        let change = knowledge.refresh().await;
        assert!(!building.is_finished(), "{engine}: the build does not hold up a change");
        change.expect("refresh");
        assert_eq!(first(&knowledge, "充电桩报装要什么材料").await.as_deref(), Some("new"), "{engine}: at once in the live one");
        let new = building.await.expect("joined").expect("built");
        assert_eq!(knowledge.snapshot().expect("live").generation, new, "{engine}");
        assert_eq!(first(&knowledge, "充电桩报装要什么材料").await.as_deref(), Some("new"), "{engine}: and in the new one");
        let all = vectors.count(new, &Filter::everything()).await.expect("count");
        assert_eq!(all, knowledge.catalog().passages(), "{engine}");
        let gone = vectors.count(new, &Filter::is("document", "d007")).await.expect("count");
        assert_eq!(gone, 0, "{engine}: retired during the build");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "how much was looked at")]
async fn asking_goes_on_through_every_switch_without_an_empty_answer() {
    for (engine, _keep, vectors) in engines().await {
        let store = Arc::new(MemoryKnowledge::default());
        for n in 0..60 {
            put(&store, &text(n)).await;
        }
        let knowledge = Arc::new(Knowledge::new(Arc::clone(&store) as _, vectors, None, Lexicon::default()));
        knowledge.start().await.expect("start");
        let stop = Arc::new(AtomicBool::new(false));
        let askers: Vec<_> = (0..3usize)
            .map(|asker| {
                let (knowledge, stop) = (Arc::clone(&knowledge), Arc::clone(&stop));
                tokio::spawn(async move {
                    let mut asked = 0usize;
                    while !stop.load(Ordering::SeqCst) {
                        let (id, title) = numbered((asked * 7 + asker * 20) % 60);
                        assert_eq!(first(&knowledge, &title).await, Some(id), "{title}");
                        asked += 1;
                        // The memory engine never waits: without this nobody else would have a turn.
                        tokio::task::yield_now().await;
                    }
                    asked
                })
            })
            .collect();
        for most in [12, 0, 20] {
            knowledge.rebuild(pieces(most)).await.expect("cut");
            // A new version of a document is never missing in between either.
            put(&store, &text(5).replace("便民服务中心", &format!("便民服务中心{most}号窗口"))).await;
            knowledge.refresh().await.expect("refresh");
        }
        knowledge.rollback().await.expect("back");
        stop.store(true, Ordering::SeqCst);
        let mut asked = 0;
        for asker in askers {
            asked += asker.await.expect("no failed and no empty answer");
        }
        assert!(asked > 0, "{engine}");
        println!("{engine}: {asked} questions through four switches, none failed, none empty");
    }
}

#[tokio::test]
async fn another_lexicon_waits_for_its_generation_and_goes_back_with_it() {
    let (store, vectors, book) =
        (Arc::new(MemoryKnowledge::default()), Arc::new(MemoryStore::new()), Arc::new(MemoryBook::default()));
    put(&store, &guide("dibao", "最低生活保障的申请", &["最低生活保障要什么材料"], "", LONG)).await;
    put(&store, &text(1)).await;
    let clock = || Arc::new(gridworker::core::clock::ManualClock::at(Timestamp::UNIX_EPOCH));
    let with = |everyday: &str| {
        Knowledge::new(Arc::clone(&store) as _, Arc::clone(&vectors) as _, None, lexicon(everyday))
            .with_book(Arc::clone(&book) as _, clock())
    };
    let knowledge = with("吃皇粮");
    knowledge.start().await.expect("start");
    assert_eq!(first(&knowledge, "吃皇粮要什么材料").await.as_deref(), Some("dibao"));
    let knowledge = with("领救济");
    assert!(matches!(knowledge.start().await.expect("start"), Started::Outdated(reason) if reason == "词库变了"));
    let words = |k: &Knowledge| k.snapshot().expect("live").lexicon.id();
    assert_eq!(words(&knowledge), lexicon("吃皇粮").id(), "the old generation keeps its words");
    assert!(knowledge.bring_up_to_date().await.expect("built"));
    assert_eq!(words(&knowledge), lexicon("领救济").id());
    knowledge.rollback().await.expect("back");
    assert_eq!(words(&knowledge), lexicon("吃皇粮").id());
    let again = with("领救济");
    assert_eq!(again.start().await.expect("start"), Started::Ready, "held until somebody asks for a rebuild");
    again.reindex().await.expect("asked for");
    assert_eq!(words(&again), lexicon("领救济").id());
}

#[tokio::test]
async fn a_build_that_loses_passages_or_breaks_off_leaves_the_live_one_alone() {
    let store = Arc::new(MemoryKnowledge::default());
    for n in 0..30 {
        put(&store, &text(n)).await;
    }
    let broken = Arc::new(Broken { inner: MemoryStore::new(), mode: AtomicUsize::new(WHOLE) });
    let knowledge = Knowledge::new(Arc::clone(&store) as _, Arc::clone(&broken) as _, None, Lexicon::default());
    knowledge.start().await.expect("start");
    let before = knowledge.snapshot().expect("live").generation;

    broken.mode.store(LOSES, Ordering::SeqCst);
    let refused = knowledge.reindex().await;
    assert!(matches!(&refused, Err(KnowledgeError::Refused(check)) if check.found < check.expected), "{refused:?}");
    broken.mode.store(FORGETS, Ordering::SeqCst);
    let refused = knowledge.reindex().await;
    assert!(matches!(&refused, Err(KnowledgeError::Refused(check)) if check.lost > 0), "{refused:?}");
    broken.mode.store(FAILS, Ordering::SeqCst);
    let failed = knowledge.reindex().await;
    assert!(matches!(failed, Err(KnowledgeError::Index(_))), "{failed:?}");
    broken.mode.store(WHOLE, Ordering::SeqCst);

    assert_eq!(knowledge.snapshot().expect("live").generation, before);
    assert_eq!(broken.kept().await.expect("kept").len(), 1, "nothing half-built is left");
    assert_eq!(first(&knowledge, &numbered(3).1).await.as_deref(), Some("d003"));
    let states: Vec<State> = knowledge.generations().await.expect("records").iter().map(|r| r.state).collect();
    assert_eq!(states, [State::Live, State::Refused, State::Refused, State::Failed]);
    assert!(matches!(knowledge.rollback().await, Err(KnowledgeError::NothingBefore)));
    let waiting = knowledge.prepare(pieces(0)).await.expect("and then it works again");
    assert_eq!(knowledge.snapshot().expect("live").generation, before, "it waits to be switched to");
    knowledge.switch_to(waiting).await.expect("switched");
    assert_eq!(knowledge.snapshot().expect("live").generation, waiting);
    knowledge.switch_to(before).await.expect("and back");
    assert_eq!(knowledge.snapshot().expect("live").generation, before);
    assert!(knowledge.switch_to(Generation(99)).await.is_err(), "a number that nothing has");
}

#[tokio::test]
async fn what_is_new_answers_though_its_own_generation_was_refused() {
    let store = Arc::new(MemoryKnowledge::default());
    for n in 0..30 {
        put(&store, &text(n)).await;
    }
    let broken = Arc::new(Broken { inner: MemoryStore::new(), mode: AtomicUsize::new(FORGETS_ALL_BUT_THE_FIRST) });
    let knowledge = Knowledge::new(Arc::clone(&store) as _, Arc::clone(&broken) as _, None, Lexicon::default());
    knowledge.start().await.expect("start");
    let before = knowledge.snapshot().expect("live").generation;
    // So much at once that it is brought in by a generation of its own.
    let lines: Vec<String> = (0..2_200).map(|n| format!("第{n}号充电桩：报装第{n}号充电桩到供电窗口，当日受理。")).collect();
    let piles = parse("piles.txt", &lines.join("\n"));
    store.put(&piles, Timestamp::UNIX_EPOCH).await.expect("put");
    store.retire("d003", Timestamp::UNIX_EPOCH).await.expect("retire");
    knowledge.refresh().await.expect("what was changed is in use all the same");
    assert_eq!(knowledge.snapshot().expect("live").generation, before);
    let states: Vec<State> = knowledge.generations().await.expect("records").iter().map(|r| r.state).collect();
    assert!(states.contains(&State::Refused), "{states:?}");
    assert_eq!(first(&knowledge, "充电桩报装").await.as_deref(), Some("piles"));
    assert_ne!(first(&knowledge, &numbered(3).1).await.as_deref(), Some("d003"));
    let gone = broken.count(before, &Filter::is("document", "d003")).await.expect("count");
    assert_eq!(gone, 0, "what was retired has left the index, too");
    assert_eq!(broken.count(before, &Filter::everything()).await.expect("count"), knowledge.catalog().passages());
}

const WHOLE: usize = 0;
const LOSES: usize = 1;
const FORGETS: usize = 2;
const FAILS: usize = 3;
const FORGETS_ALL_BUT_THE_FIRST: usize = 4;

/// An engine that does not do its duty on new points.
struct Broken {
    inner: MemoryStore,
    mode: AtomicUsize,
}

/// An engine that writes slowly.
struct Slow {
    inner: Arc<dyn VectorStore>,
    live_only: AtomicBool,
}

impl Broken {
    #[expect(clippy::unused_async, reason = "`engine!` awaits this of every engine")]
    async fn before(&self, generation: Generation, points: &mut Vec<ChunkPoint>) -> Result<(), VectorError> {
        match self.mode.load(Ordering::SeqCst) {
            LOSES => {
                points.pop();
            }
            FORGETS => points.iter_mut().for_each(|p| p.sparse = Sparse::default()),
            FORGETS_ALL_BUT_THE_FIRST if generation.0 > 1 => points.iter_mut().for_each(|p| p.sparse = Sparse::default()),
            FAILS => return Err(VectorError::Unavailable("disk full".to_owned())),
            _ => {}
        }
        Ok(())
    }
}

impl Slow {
    async fn before(&self, _: Generation, points: &[ChunkPoint]) -> Result<(), VectorError> {
        if self.live_only.load(Ordering::SeqCst) && points.len() > 100 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(())
    }
}

// `async_trait` cannot look into macros: the whole of the adapter is written by one.
macro_rules! engine {
    ($name:ident) => {
        #[async_trait]
        impl VectorStore for $name {
            fn kind(&self) -> &'static str {
                self.inner.kind()
            }
            async fn kept(&self) -> Result<Vec<Kept>, VectorError> {
                self.inner.kept().await
            }
            async fn begin(&self, manifest: &IndexManifest) -> Result<Generation, VectorError> {
                self.inner.begin(manifest).await
            }
            async fn switch_to(&self, generation: Generation) -> Result<(), VectorError> {
                self.inner.switch_to(generation).await
            }
            async fn discard(&self, generation: Generation) -> Result<(), VectorError> {
                self.inner.discard(generation).await
            }
            async fn delete_where(&self, generation: Generation, filter: &Filter) -> Result<(), VectorError> {
                self.inner.delete_where(generation, filter).await
            }
            async fn search(&self, generation: Generation, query: &VectorQuery) -> Result<Vec<VectorHit>, VectorError> {
                self.inner.search(generation, query).await
            }
            async fn scroll(
                &self,
                generation: Generation,
                after: Option<Uuid>,
                limit: usize,
            ) -> Result<Vec<(Uuid, ChunkPayload)>, VectorError> {
                self.inner.scroll(generation, after, limit).await
            }
            async fn count(&self, generation: Generation, filter: &Filter) -> Result<usize, VectorError> {
                self.inner.count(generation, filter).await
            }
            async fn flush(&self, generation: Generation) -> Result<(), VectorError> {
                self.inner.flush(generation).await
            }

            async fn upsert(&self, generation: Generation, mut points: Vec<ChunkPoint>) -> Result<(), VectorError> {
                self.before(generation, &mut points).await?;
                self.inner.upsert(generation, points).await
            }
        }
    };
}

engine!(Broken);
engine!(Slow);
