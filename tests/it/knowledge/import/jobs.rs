//! Jobs: a result for every file, going on where a process died, again, not again, and ended.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gridworker::core::clock::ManualClock;
use gridworker::knowledge::document::{Audience, ImportDefaults};
use gridworker::knowledge::import::memory::MemoryImports;
use gridworker::knowledge::import::store::{FileOutcome, ImportFile, ImportJob, ImportStore, JobState, Mark, Settled, Source};
use gridworker::knowledge::import::work::Importer;
use gridworker::knowledge::life::record::Actor;
use gridworker::knowledge::search::Knowledge;
use gridworker::storage::sqlite::Sqlite;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::{ask, defaults, guide, knowledge};
use super::{extractor, make};

const DIBAO: &str = "**结论**：家里人均收入低于标准的可以申请最低生活保障。\n\n## 怎么申请\n向街道提出书面申请。\n\n## 找谁办\n街道便民服务中心。";

struct Desk {
    knowledge: Arc<Knowledge>,
    store: Arc<dyn ImportStore>,
    importer: Importer,
    next: AtomicUsize,
}

impl Desk {
    async fn new() -> Self {
        let knowledge = Arc::new(knowledge());
        knowledge.start().await.expect("start");
        let store: Arc<dyn ImportStore> = Arc::new(MemoryImports::default());
        let clock = Arc::new(ManualClock::at(Timestamp::from_second(1).expect("valid")));
        let importer = Importer::new(Arc::clone(&knowledge), Arc::clone(&store), extractor(), clock);
        Self { knowledge, store, importer, next: AtomicUsize::new(1) }
    }

    fn job(&self, paths: &[&Path]) -> ImportJob {
        let id = Uuid::from_u128(self.next.fetch_add(1, Ordering::SeqCst) as u128);
        ImportJob::new(id, paths.iter().map(|p| p.display().to_string()).collect(), Audience::Resident, Timestamp::UNIX_EPOCH)
    }

    async fn work(&self) -> Vec<ImportJob> {
        self.importer.work_off(&defaults(), &CancellationToken::new(), &|_| {}).await.expect("work off")
    }

    async fn files(&self, job: Uuid) -> Vec<ImportFile> {
        self.store.files(job, 0, 1000, false).await.expect("files")
    }

    /// Imports and tells the result of each file by its name.
    async fn import(&self, paths: &[&Path]) -> Vec<String> {
        let job = self.job(paths);
        self.store.wish(&job).await.expect("wish");
        self.work().await;
        self.files(job.id).await.iter().map(told).collect()
    }
}

fn told(file: &ImportFile) -> String {
    let name = file.source.name.rsplit('/').next().unwrap_or_default();
    match &file.outcome {
        Some(FileOutcome::Imported { document, version, passages }) => format!("{name}: {document} v{version} {passages}"),
        Some(FileOutcome::Drafted { document, .. }) => format!("{name}: draft {document}"),
        Some(FileOutcome::Unchanged { document }) => format!("{name}: {document} ="),
        Some(FileOutcome::Skipped { reason }) => format!("{name}: - {reason}"),
        Some(FileOutcome::Failed { reason }) => format!("{name}: ! {reason}"),
        None => format!("{name}: ?"),
    }
}

#[tokio::test]
async fn every_file_has_its_result_and_doing_it_again_changes_nothing() {
    let folder = tempfile::tempdir().expect("temp folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        std::fs::write(path, bytes).expect("write");
    };
    write("a.md", guide("a", "甲", &["问"], "", DIBAO).as_bytes());
    write("b.txt", "居住证申领:半年以上可办。\n身份证换领:期满前三个月。\n".as_bytes());
    write("broken.md", "+++\nid = 1\n+++\n正文".as_bytes());
    write("photo.png", &make::png());
    write("renamed.docx", &make::png());
    write("word.docx", &make::docx(&make::p("", "便民理发每月十五日上午在活动室，免费。")));
    write("z-same.md", guide("a", "又一个甲", &["问二"], "", DIBAO).as_bytes());
    write("README.md", b"not knowledge");
    write("包/里.zip", &make::zip(&[("b.txt", "另一个乙：内容。".into()), ("坏.pdf", b"%PDF-1.4".to_vec())]));
    let desk = Desk::new().await;
    let gone = Path::new("/nowhere/c.md");
    let first = desk.import(&[folder.path(), gone]).await;
    let expected = [
        "a.md: a v1 3",
        "b.txt: b v1 2",
        "broken.md: ! broken.md 第 2 行",
        "photo.png: - 这是图片（PNG）",
        "renamed.docx: ! 这是图片（PNG）",
        "word.docx: word v1 1",
        "z-same.md: ! 编号“a”与 ",
        "里.zip!b.txt: b-里.zip v1 1",
        "里.zip!坏.pdf: ! pdf",
        "c.md: ! 文件不存在",
    ];
    assert_eq!(first.len(), expected.len(), "{first:#?}");
    for (told, expected) in first.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told} instead of {expected}");
    }
    let outcome = desk.knowledge.search(&ask("居住证半年能办吗")).await.expect("search");
    assert_eq!(outcome.best_document().map(|d| d.id.as_str()), Some("b"), "a line of a plain file is found");

    let again = desk.import(&[folder.path()]).await;
    assert!(again.iter().all(|t| t.ends_with('=') || t.contains(": -") || t.contains(": !")), "{again:#?}");
    assert_eq!(again[7], "里.zip!b.txt: b-里.zip =");

    write("b.txt", "居住证申领:一年以上可办。\n".as_bytes());
    let changed = desk.import(&[folder.path()]).await;
    assert_eq!(changed[1], "b.txt: b v2 1", "a changed file takes the place of the old");
    assert_eq!(changed[5], "word.docx: word =");
}

#[tokio::test]
async fn another_audience_is_another_version() {
    let folder = tempfile::tempdir().expect("temp folder");
    let path = folder.path().join("内部.txt");
    std::fs::write(&path, "独居老人走访：每周一次。\n").expect("write");
    let desk = Desk::new().await;
    assert_eq!(desk.import(&[&path]).await, ["内部.txt: 内部 v1 1"]);
    let job = ImportJob { audience: Audience::Gridworker, ..desk.job(&[&path]) };
    desk.store.wish(&job).await.expect("wish");
    desk.work().await;
    assert_eq!(desk.files(job.id).await.iter().map(told).collect::<Vec<_>>(), ["内部.txt: 内部 v2 1"]);
    let outcome = desk.knowledge.search(&ask("独居老人多久走访一次")).await.expect("search");
    assert!(outcome.hits.is_empty(), "a resident no longer sees it");
}

#[tokio::test]
async fn a_job_goes_on_where_a_dead_process_left_it() {
    let folder = tempfile::tempdir().expect("temp folder");
    for n in 0..100 {
        std::fs::write(folder.path().join(format!("{n:03}.txt")), format!("第{n}号事项：到第{n}号窗口办理。\n")).expect("write");
    }
    let desk = Desk::new().await;
    let job = desk.job(&[folder.path()]);
    desk.store.wish(&job).await.expect("wish");
    // The future is dropped in the middle: a killed process does no more.
    let seen = AtomicUsize::new(0);
    let dead = CancellationToken::new();
    let counted = |_: gridworker::knowledge::import::work::Step<'_>| {
        if seen.fetch_add(1, Ordering::SeqCst) == 30 {
            dead.cancel();
        }
    };
    let endless = CancellationToken::new();
    let all = defaults();
    tokio::select! {
        _ = desk.importer.work_off(&all, &endless, &counted) => panic!("it ended before it was killed"),
        () = dead.cancelled() => {}
    }
    let left = desk.store.job(job.id).await.expect("job").expect("there");
    assert_eq!(left.state, JobState::Running);
    assert!((1..100).contains(&left.counts.waiting), "{:?}", left.counts);
    let before = left.counts.imported as usize;

    // A file that has its result is not read again, even when it is gone.
    std::fs::remove_file(folder.path().join("000.txt")).expect("remove");
    let again = AtomicUsize::new(0);
    let done = desk
        .importer
        .work_off(&defaults(), &CancellationToken::new(), &|_| {
            again.fetch_add(1, Ordering::SeqCst);
        })
        .await
        .expect("work off");
    assert_eq!((done.len(), done[0].state, done[0].counts.failed), (1, JobState::Done, 0));
    assert_eq!(again.load(Ordering::SeqCst), 100 - before, "only the rest");
    let catalog = desk.knowledge.catalog();
    let indexed: std::collections::BTreeSet<&str> = catalog.units().iter().map(|u| u.meta.id.as_str()).collect();
    assert_eq!(indexed.len(), 100, "what was stored before the death is in use too");
}

#[tokio::test]
async fn a_stopped_service_leaves_the_job_open_and_a_cancelled_one_ends() {
    let folder = tempfile::tempdir().expect("temp folder");
    for n in 0..50 {
        std::fs::write(folder.path().join(format!("{n:02}.txt")), format!("事项{n}：办理。\n")).expect("write");
    }
    let desk = Desk::new().await;
    let job = desk.job(&[folder.path()]);
    desk.store.wish(&job).await.expect("wish");
    let stop = CancellationToken::new();
    desk.importer.work_off(&defaults(), &stop, &|_| stop.cancel()).await.expect("work off");
    let open = desk.store.job(job.id).await.expect("job").expect("there");
    assert_eq!(open.state, JobState::Running);
    assert!(open.counts.waiting > 0);
    assert!(desk.store.cancel(job.id, Timestamp::UNIX_EPOCH).await.expect("cancel"));
    assert!(desk.work().await.is_empty(), "a cancelled job is not taken up");
    assert_eq!(desk.store.retry(job.id).await.expect("retry"), open.counts.waiting);
    let done = desk.work().await;
    assert_eq!((done[0].state, done[0].counts.waiting), (JobState::Done, 0));
}

#[tokio::test]
async fn failed_files_are_tried_again_when_somebody_asks() {
    let folder = tempfile::tempdir().expect("temp folder");
    let late = folder.path().join("late.txt");
    let desk = Desk::new().await;
    let job = desk.job(&[&late]);
    desk.store.wish(&job).await.expect("wish");
    desk.work().await;
    assert_eq!(desk.files(job.id).await.iter().map(told).collect::<Vec<_>>(), ["late.txt: ! 文件不存在"]);
    std::fs::write(&late, "来了：现在有了。").expect("write");
    assert!(desk.work().await.is_empty(), "nobody asked");
    assert_eq!(desk.store.retry(job.id).await.expect("retry"), 1);
    desk.work().await;
    assert_eq!(desk.files(job.id).await.iter().map(told).collect::<Vec<_>>(), ["late.txt: late v1 1"]);
}

#[tokio::test]
async fn rows_of_imports_keep_the_same_contract_in_memory_and_sqlite() {
    let folder = tempfile::tempdir().expect("temp folder");
    let sqlite = Sqlite::open(&folder.path().join("t.db"), crate::support::sealer()).await.expect("open");
    let stores: [(&str, Arc<dyn ImportStore>); 2] =
        [("memory", Arc::new(MemoryImports::default())), ("sqlite", Arc::new(sqlite))];
    for (name, store) in stores {
        let at = Timestamp::from_millisecond(5).expect("valid");
        let ids = [Uuid::from_u128(7), Uuid::from_u128(9)];
        for id in ids {
            store
                .wish(&ImportJob {
                    drafts: true,
                    by: Actor { id: "someone".into(), name: "知识岗".into() },
                    root: "/up".into(),
                    ..ImportJob::new(id, vec!["/x".into()], Audience::All, at)
                })
                .await
                .expect("wish");
        }
        let job = store.next_job().await.expect("next").expect("there");
        assert_eq!(
            (job.id, job.state, job.drafts, job.by.id.as_str(), job.root.as_str()),
            (ids[0], JobState::Running, true, "someone", "/up"),
            "{name}"
        );
        assert_eq!(
            store.next_job().await.expect("next").map(|j| j.id),
            Some(ids[0]),
            "{name}: left running by a dead process, it comes again"
        );
        let source = |n: usize| Source {
            path: format!("/x/{n}").into(),
            place: vec![n],
            name: format!("x!{n}"),
            named: n == 0,
            refused: None,
        };
        let sources: Vec<Source> = (0..5).map(source).collect();
        store.collected(ids[0], &sources).await.expect("collected");
        store.collected(ids[0], &sources).await.expect("twice is once");
        let waiting = store.files(ids[0], 0, 3, true).await.expect("files");
        assert_eq!(waiting.iter().map(|f| f.source.clone()).collect::<Vec<_>>(), sources[..3], "{name}");
        let mark = Mark { hash: "h".into(), document: "d".into(), version: 2 };
        let outcomes = [
            FileOutcome::Imported { document: "d".into(), version: 2, passages: 1 },
            FileOutcome::Skipped { reason: "图".into() },
            FileOutcome::Failed { reason: "坏".into() },
        ];
        let results: Vec<Settled> = (0..)
            .zip(&outcomes)
            .map(|(n, o)| Settled { number: n, name: format!("x!{n}"), outcome: o.clone(), mark: (n == 0).then(|| mark.clone()) })
            .collect();
        store.settle(ids[0], &results).await.expect("settle");
        let counts = store.job(ids[0]).await.expect("job").expect("there").counts;
        assert_eq!((counts.files, counts.waiting, counts.imported, counts.skipped, counts.failed), (5, 2, 1, 1, 1), "{name}");
        assert_eq!(store.files(ids[0], 1, 10, false).await.expect("files")[0].outcome, Some(outcomes[1].clone()), "{name}");
        let marks = store.marks(&["x!0".into(), "x!1".into()]).await.expect("marks");
        assert_eq!(marks.into_iter().collect::<Vec<_>>(), [("x!0".to_owned(), mark)], "{name}");
        assert_eq!(store.retry(ids[0]).await.expect("retry"), 0, "{name}: it has not ended");
        store.finish(ids[0], at).await.expect("finish");
        let job = store.job(ids[0]).await.expect("job").expect("there");
        assert_eq!((job.state, job.finished_at), (JobState::Done, Some(at)), "{name}");
        assert_eq!(store.retry(ids[0]).await.expect("retry"), 3, "{name}: one that failed, two that wait");
        assert!(store.cancel(ids[0], at).await.expect("cancel"), "{name}");
        assert!(!store.cancel(ids[0], at).await.expect("cancel"), "{name}: twice is not more");
        assert_eq!(store.next_job().await.expect("next").map(|j| j.id), Some(ids[1]), "{name}");
        let newest: Vec<Uuid> = store.jobs(None, 10).await.expect("jobs").iter().map(|j| j.id).collect();
        assert_eq!(newest, [ids[1], ids[0]], "{name}");
        assert_eq!(store.jobs(Some(ids[1]), 10).await.expect("jobs").len(), 1, "{name}");
    }
}

#[tokio::test]
async fn defaults_reach_what_says_nothing_itself() {
    let folder = tempfile::tempdir().expect("temp folder");
    let path = folder.path().join("x.txt");
    std::fs::write(&path, "甲：乙。").expect("write");
    let desk = Desk::new().await;
    desk.store.wish(&desk.job(&[&path])).await.expect("wish");
    let all = ImportDefaults { area: "大渡口区".into(), ..defaults() };
    desk.importer.work_off(&all, &CancellationToken::new(), &|_| {}).await.expect("work off");
    let document = desk.knowledge.store().document("x", None).await.expect("read").expect("there");
    assert_eq!((document.meta.area.as_str(), document.meta.effective_from), ("大渡口区", all.effective_from));
}
