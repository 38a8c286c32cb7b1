//! The life of a document: the legal moves and no others, the same over memory and `SQLite`.

use std::sync::Arc;

use gridworker::core::clock::ManualClock;
use gridworker::knowledge::area::Areas;
use gridworker::knowledge::document::ParsedDocument;
use gridworker::knowledge::lexicon::Lexicon;
use gridworker::knowledge::life::moves::{Hand, Refusal};
use gridworker::knowledge::life::record::{Actor, DocumentFile, EventKind, Retirement, VersionState};
use gridworker::knowledge::life::service::{DocumentLife, LifeError};
use gridworker::knowledge::life::store::{Applied, LifeStore};
use gridworker::knowledge::life::window::{self, Published};
use gridworker::knowledge::memory::MemoryKnowledge;
use gridworker::knowledge::search::Knowledge;
use gridworker::knowledge::store::{KnowledgeStore, Stored};
use gridworker::storage::index::memory::MemoryStore;
use gridworker::storage::sqlite::Sqlite;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;

use super::{ask, guide, parse};

pub fn actor(id: &str) -> Actor {
    Actor { id: id.to_owned(), name: format!("{id}岗") }
}

pub fn text(id: &str, from: &str, extra: &str, body: &str) -> ParsedDocument {
    let file = guide(id, "低保怎么申请", &["没有收入怎么申请低保"], extra, body)
        .replace("effective_from = 2026-01-01", &format!("effective_from = {from}"));
    parse("x.md", &file)
}

/// A knowledge base with its life, over both kinds of rows. The day is 2026-06-09.
pub struct House {
    pub name: &'static str,
    pub knowledge: Arc<Knowledge>,
    pub life: DocumentLife,
    pub clock: Arc<ManualClock>,
}

/// A name, and both faces of one store.
type Stores = (&'static str, Arc<dyn KnowledgeStore>, Arc<dyn LifeStore>);

pub async fn houses() -> (Vec<House>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("temp folder");
    let sqlite = Arc::new(Sqlite::open(&folder.path().join("t.db"), crate::support::sealer()).await.expect("open"));
    let memory = Arc::new(MemoryKnowledge::default());
    let rows: [Stores; 2] = [("memory", memory.clone(), memory), ("sqlite", sqlite.clone(), sqlite)];
    let mut out = Vec::new();
    for (name, store, life) in rows {
        let clock = Arc::new(ManualClock::at("2026-06-09T02:00:00Z".parse().expect("a time")));
        let knowledge = Arc::new(Knowledge::new(store, Arc::new(MemoryStore::new()), None, Lexicon::default()));
        knowledge.start().await.expect("start");
        let areas = Areas::new(["全国", "重庆市", "大渡口区", "春晖路街道"].map(str::to_owned).into());
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("zone");
        let life = DocumentLife::new(life, Arc::clone(&knowledge), clock.clone(), zone, areas);
        out.push(House { name, knowledge, life, clock });
    }
    (out, folder)
}

const BODY: &str =
    "**结论**：家里人均收入低于标准的可以申请最低生活保障。\n\n## 怎么申请\n向户籍所在地街道提出书面申请，30日内答复。";

#[tokio::test]
async fn a_document_goes_from_draft_to_published_by_two_people() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, life, .. } in houses {
        let (author, other) = (actor("curator"), actor("reviewer"));
        let made = life.create(text("dibao", "2026-01-01", "", BODY), &author, "").await.expect("create").after;
        assert_eq!(made.draft.as_ref().map(|d| d.revision), Some(1), "{name}");
        assert!(matches!(life.create(text("dibao", "2026-01-01", "", BODY), &author, "").await, Err(LifeError::Taken(_))));
        assert!(
            knowledge.store().document("dibao", None).await.expect("read").is_none(),
            "{name}: a draft is nobody's knowledge"
        );
        assert!(knowledge.store().live().await.expect("live").is_empty(), "{name}");

        // Edited freely, under the revision that was seen.
        let better = text("dibao", "2026-01-01", "", &BODY.replace("30日", "20日"));
        life.edit("dibao", 1, better.clone(), None, &author, "").await.expect("edit");
        let late = life.edit("dibao", 1, better, None, &actor("second"), "").await;
        assert!(matches!(late, Err(LifeError::Refused(Refusal::Changed { seen: 1, now: 2 }))), "{name}: {late:?}");

        let (acted, findings) = life.submit("dibao", 2, &author, "首版").await.expect("submit");
        assert!(findings.is_empty() && acted.after.draft.is_none(), "{name}");
        assert_eq!(acted.after.waiting().map(|v| v.version), Some(1), "{name}");
        assert!(knowledge.store().document("dibao", Some(1)).await.expect("read").is_none(), "{name}: nor is what waits");

        // Not by its author; given back with a reason; then by somebody else.
        assert!(matches!(life.approve("dibao", 1, &author, "").await, Err(LifeError::Refused(Refusal::OwnVersion))), "{name}");
        assert!(life.give_back("dibao", &other, " ").await.is_err(), "{name}: a reason is due");
        let back = life.give_back("dibao", &other, "缺少材料清单").await.expect("give back").after;
        assert_eq!(back.version(1).map(|v| v.state), Some(VersionState::Returned), "{name}");
        let revision = back.draft.expect("a draft again").revision;
        life.submit("dibao", revision, &other, "").await.expect("anybody may hand it in");
        assert!(
            matches!(life.approve("dibao", 2, &author, "").await, Err(LifeError::Refused(Refusal::OwnVersion))),
            "{name}: who wrote the first lines stays its author"
        );
        assert!(matches!(life.approve("dibao", 2, &other, "").await, Err(LifeError::Refused(Refusal::OwnVersion))), "{name}");
        assert!(life.approve("dibao", 1, &actor("third"), "").await.is_err(), "{name}: not the version that waits");
        let done = life.approve("dibao", 2, &actor("third"), "").await.expect("approve").after;
        assert_eq!(done.newest().map(|v| (v.version, v.state)), Some((2, VersionState::Published)), "{name}");
        let found = knowledge.search(&ask("没有收入怎么申请低保")).await.expect("search");
        assert_eq!(found.hits.first().map(|h| h.passage.version), Some(2), "{name}: found at once");

        // Nothing more to decide, nothing to hand in.
        assert!(matches!(life.approve("dibao", 2, &actor("third"), "").await, Err(LifeError::Refused(_))), "{name}");
        assert!(matches!(life.submit("dibao", 1, &author, "").await, Err(LifeError::Refused(_))), "{name}");
        assert!(matches!(life.discard("dibao", 1, &author, "").await, Err(LifeError::Refused(_))), "{name}");
        assert!(matches!(life.withdraw("dibao", &author, "").await, Err(LifeError::Refused(_))), "{name}");

        let gone = Retirement { reason: "政策停止执行".to_owned(), successor: None, ended_on: Some(date(2026, 6, 9)) };
        life.retire("dibao", &gone, &author).await.expect("retire");
        assert!(life.retire("dibao", &gone, &author).await.is_err(), "{name}: twice is not more");
        let found = knowledge.search(&ask("没有收入怎么申请低保")).await.expect("search");
        assert!(found.hits.is_empty(), "{name}: gone at once");

        let told: Vec<(EventKind, Option<u32>, String)> =
            life.history("dibao").await.expect("history").into_iter().map(|e| (e.kind, e.version, e.by.id)).collect();
        let expected = [
            (EventKind::Begun, None, "curator"),
            (EventKind::Edited, None, "curator"),
            (EventKind::Submitted, Some(1), "curator"),
            (EventKind::Returned, Some(1), "reviewer"),
            (EventKind::Submitted, Some(2), "reviewer"),
            (EventKind::Approved, Some(2), "third"),
            (EventKind::Retired, None, "curator"),
        ];
        assert_eq!(told, expected.map(|(k, v, by)| (k, v, by.to_owned())), "{name}");
    }
}

#[tokio::test]
async fn rolling_back_is_a_new_version_through_the_same_review() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, life, .. } in houses {
        let store = knowledge.store();
        let at = Timestamp::UNIX_EPOCH;
        store.put(&text("dibao", "2026-01-01", "", BODY), at).await.expect("put");
        store.put(&text("dibao", "2026-05-01", "", &BODY.replace("30日", "60日")), at).await.expect("put");
        knowledge.refresh().await.expect("refresh");
        let (author, other) = (actor("curator"), actor("reviewer"));
        assert!(life.roll_back("dibao", 2, &author, "").await.is_err(), "{name}: it is the newest");
        assert!(matches!(life.roll_back("dibao", 9, &author, "").await, Err(LifeError::NotFound)), "{name}");
        let draft = life.roll_back("dibao", 1, &author, "60日写错了").await.expect("roll back").after.draft.expect("a draft");
        assert_eq!(draft.hands.rolls_back_to, Some(1), "{name}");
        assert_eq!(draft.content.meta.effective_from, date(2026, 6, 9), "{name}: what held in May is not rewritten");
        life.submit("dibao", 1, &author, "").await.expect("submit");
        life.approve("dibao", 3, &other, "").await.expect("approve");
        let on = async |day: Date| {
            let mut query = ask("没有收入怎么申请低保");
            query.scope.on = day;
            knowledge.search(&query).await.expect("search").hits.first().map(|h| h.passage.version)
        };
        assert_eq!(on(date(2026, 4, 30)).await, Some(1), "{name}");
        assert_eq!(on(date(2026, 5, 1)).await, Some(2), "{name}");
        assert_eq!(on(date(2026, 6, 9)).await, Some(3), "{name}");
        assert!(store.document("dibao", None).await.expect("read").expect("there").body.contains("30日"), "{name}");
    }
}

#[tokio::test]
async fn a_draft_begun_before_somebody_elses_publication_is_not_handed_in_unseen() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, life, .. } in houses {
        let author = actor("curator");
        knowledge.store().put(&text("dibao", "2026-01-01", "", BODY), Timestamp::UNIX_EPOCH).await.expect("put");
        life.begin("dibao", text("dibao", "2026-01-01", "", "**结论**：改了。"), &author, "").await.expect("begin");
        let newer = text("dibao", "2026-01-01", "", &BODY.replace("30日", "15日"));
        assert_eq!(knowledge.store().put(&newer, Timestamp::UNIX_EPOCH).await.expect("put"), Stored::New { version: 2 });
        let late = life.submit("dibao", 1, &author, "").await;
        assert!(matches!(late, Err(LifeError::Refused(Refusal::Behind { based_on: 1, newest: 2 }))), "{name}: {late:?}");
        let seen = life.edit("dibao", 1, newer.clone(), Some(2), &author, "").await.expect("edit").after;
        assert_eq!(seen.draft.map(|d| d.hands.based_on), Some(2), "{name}");
        life.submit("dibao", 2, &author, "").await.expect("now it is");
    }
}

#[tokio::test]
async fn files_say_themselves_what_they_are() {
    let (houses, _keep) = houses().await;
    for House { name, knowledge, life, .. } in houses {
        let store = knowledge.store();
        let with =
            |status: &str| parse("x.md", &guide("a", "甲事", &["问"], "", BODY).replace("\"published\"", &format!("{status:?}")));
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(store.put(&with("draft"), at).await.expect("put"), Stored::Drafted { revision: 1 }, "{name}");
        assert_eq!(store.put(&with("draft"), at).await.expect("put"), Stored::Drafted { revision: 1 }, "{name}: the same");
        assert!(store.live().await.expect("live").is_empty(), "{name}");
        assert_eq!(store.put(&with("published"), at).await.expect("put"), Stored::New { version: 1 }, "{name}");
        assert_eq!(store.put(&with("retired"), at).await.expect("put"), Stored::Retired { version: 2 }, "{name}");
        assert_eq!(store.put(&with("retired"), at).await.expect("put"), Stored::Unchanged { version: 2 }, "{name}");
        assert!(store.live().await.expect("live").is_empty(), "{name}");
        let by: Vec<String> = life.history("a").await.expect("history").into_iter().map(|e| e.by.name).collect();
        assert_eq!(by, ["操作员", "操作员", "操作员"], "{name}");
    }
}

#[tokio::test]
async fn of_two_who_change_the_same_one_is_told_so() {
    let (houses, _keep) = houses().await;
    for House { name, life, .. } in houses {
        let store = life.store();
        let hand = Hand { by: actor("curator"), at: Timestamp::UNIX_EPOCH, note: String::new() };
        let file = DocumentFile::new("dibao");
        let change = file.begin(text("dibao", "2026-01-01", "", BODY), &hand).expect("legal");
        assert_eq!(store.apply(change.clone()).await.expect("apply"), Applied::Done, "{name}");
        assert_eq!(store.apply(change).await.expect("apply"), Applied::Stale, "{name}");
        assert_eq!(store.history("dibao").await.expect("history").len(), 1, "{name}: nothing was kept of the second");
    }
}

#[tokio::test]
async fn a_version_and_a_line_of_history_cannot_be_changed_in_the_rows() {
    let folder = tempfile::tempdir().expect("temp folder");
    let db = Sqlite::open(&folder.path().join("t.db"), crate::support::sealer()).await.expect("open");
    db.put(&text("dibao", "2026-01-01", "", BODY), Timestamp::UNIX_EPOCH).await.expect("put");
    for sql in [
        "UPDATE knowledge_version SET body = 'x'",
        "UPDATE knowledge_version SET meta = '{}'",
        "DELETE FROM knowledge_version",
        "UPDATE knowledge_event SET note = 'x'",
        "DELETE FROM knowledge_event",
    ] {
        let mut tx = db.durable().await.expect("begin");
        assert!(sqlx::query(sql).execute(&mut *tx).await.is_err(), "{sql} must fail");
    }
}

#[test]
fn what_is_missing_is_named_before_it_can_be_handed_in() {
    let named = |extra: &str, from: &str, to: &str| {
        let file = guide("a", "甲事", &["问"], extra, BODY).replace(from, to);
        let today = date(2026, 6, 9);
        gridworker::knowledge::life::form::faults(&parse("x.md", &file), today).into_iter().map(|f| f.field).collect::<Vec<_>>()
    };
    assert!(named("", "", "").is_empty());
    assert_eq!(named("", "民政岗", "王小明"), ["owner"], "an owner is a post");
    assert_eq!(named("", "民政岗", ""), ["owner"]);
    assert_eq!(named("expires_on = 2026-01-01\n", "", ""), ["expires_on"]);
    assert_eq!(named("expires_on = 2026-06-09\n", "", ""), ["expires_on"], "ended today");
    assert_eq!(named("", "review_by = 2027-06-30\n", ""), ["review_by"]);
    assert_eq!(named("", "area = \"全国\"", "area = \" \""), ["area"]);
    assert_eq!(named("superseded_by = \"a\"\n", "", ""), ["superseded_by"]);
}

fn day(offset: u16) -> Date {
    date(2024, 1, 1).checked_add(i32::from(offset).days()).expect("a day")
}

proptest! {
    /// Two versions of one document are never both live for the same day, and every day that any version claims from its
    /// last publication on is answered by it.
    #[test]
    fn no_day_has_two_versions(
        versions in prop::collection::vec((0u16..400, prop::option::of(1u16..200)), 1..8),
        retired in prop::option::of(0u16..500),
        probe in 0u16..600,
    ) {
        let published: Vec<Published> = versions
            .iter()
            .enumerate()
            .map(|(i, (from, lasts))| Published {
                order: i as u64 + 1,
                from: day(*from),
                expires_on: lasts.map(|l| day(from + l)),
            })
            .collect();
        let windows = window::windows(&published, retired.map(day));
        let probe = day(probe);
        let live: Vec<usize> = (0..windows.len()).filter(|i| windows[*i].holds(probe)).collect();
        prop_assert!(live.len() <= 1, "{live:?} on {probe}");
        for (i, a) in windows.iter().enumerate() {
            for b in &windows[i + 1..] {
                prop_assert!(!a.meets(b), "{a:?} and {b:?}");
            }
        }
        // The version published last answers whenever it claims to, unless the document is retired.
        let last = published.last().expect("one");
        let claims = last.from <= probe && last.expires_on.is_none_or(|e| probe < e) && retired.is_none_or(|r| probe < day(r));
        prop_assert_eq!(claims, windows[windows.len() - 1].holds(probe));
    }

    /// The same through the rows: whatever was put in whatever order, no day has two versions.
    #[test]
    fn no_day_has_two_versions_in_the_rows(versions in prop::collection::vec((0u16..300, prop::option::of(1u16..200)), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let store = MemoryKnowledge::default();
        for (i, (from, lasts)) in versions.iter().enumerate() {
            let ends = lasts.map(|l| format!("expires_on = {}\n", day(from + l))).unwrap_or_default();
            let document = text("a", &day(*from).to_string(), &ends, &format!("**结论**：第{i}次。"));
            runtime.block_on(store.put(&document, Timestamp::UNIX_EPOCH)).expect("put");
        }
        let live = runtime.block_on(store.live()).expect("live");
        for probe in (0..600).step_by(7).map(day) {
            let on = |d: &&gridworker::knowledge::document::Document| d.passages.iter().any(|p| {
                p.effective_from <= probe && p.expires_on.is_none_or(|e| probe < e)
            });
            prop_assert!(live.iter().filter(on).count() <= 1);
        }
    }

    /// A written document is the file it would be.
    #[test]
    fn a_written_document_is_the_file_it_would_be(title in "[一-龥\"\\\\]{1,12}", body in "[一-龥。\n#\" ]{1,80}", number in prop::option::of("[一-龥〔〕0-9]{1,9}")) {
        prop_assume!(!body.trim().is_empty());
        let mut meta = text("a", "2026-01-01", "expires_on = 2027-01-01\n", "正文").meta;
        meta.title = title;
        meta.doc_no = number;
        let written = ParsedDocument::written(meta, &body);
        let read = parse("a.md", &written.file());
        prop_assert_eq!(&read.meta, &written.meta);
        prop_assert_eq!(&read.body, &written.body);
        prop_assert_eq!(&read.content_hash, &written.content_hash);
        prop_assert_eq!(read.body_line, written.body_line);
    }
}
