//! Jobs: read, stored and told file by file, in small transactions, beside answering and never in its way.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt as _;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::extractor::Extractor;
use super::store::{FileOutcome, ImportFile, ImportJob, ImportStore, JobState, Mark, Settled};
use super::{collect, prepare, sniff};
use crate::core::clock::Clock;
use crate::knowledge::area::Areas;
use crate::knowledge::document::{ImportDefaults, ParsedDocument};
use crate::knowledge::findings::Checker;
use crate::knowledge::findings::guard::Guard;
use crate::knowledge::search::{Knowledge, KnowledgeError};
use crate::knowledge::store::{StoreError, Stored};

/// Files taken from the rows at once.
const CHUNK: u32 = 64;
/// Documents, and passages, of one transaction: the one writer of the database is taken for some milliseconds only.
const BATCH_DOCUMENTS: usize = 16;
const BATCH_PASSAGES: usize = 200;

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Files with a result.
    pub done: usize,
    /// Files in all.
    pub all: usize,
    /// The file just done.
    pub name: &'a str,
    /// What became of it.
    pub outcome: &'a FileOutcome,
}

/// Told after every file.
pub type Progress<'a> = &'a (dyn Fn(Step<'_>) + Send + Sync);

/// Works off the jobs. There is one, at whoever holds the index.
#[derive(Clone)]
pub struct Importer {
    knowledge: Arc<Knowledge>,
    store: Arc<dyn ImportStore>,
    extractor: Extractor,
    clock: Arc<dyn Clock>,
    areas: Areas,
    parallel: usize,
}

/// What is published, so that no copy of it goes live beside it; made when the first document is about to be stored.
type Watch = Option<Arc<Mutex<Guard>>>;

impl std::fmt::Debug for Importer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Importer").field("parser", &self.extractor.program()).finish_non_exhaustive()
    }
}

/// A file read, before it is stored.
struct Read {
    file: ImportFile,
    hash: String,
    result: Result<Box<ParsedDocument>, FileOutcome>,
    passages: usize,
}

impl Importer {
    /// Puts the parts together. Half of the machine reads, the other half answers.
    #[must_use]
    pub fn new(knowledge: Arc<Knowledge>, store: Arc<dyn ImportStore>, extractor: Extractor, clock: Arc<dyn Clock>) -> Self {
        let parallel = std::thread::available_parallelism().map_or(1, |n| (n.get() / 2).clamp(1, 4));
        Self { knowledge, store, extractor, clock, areas: Areas::default(), parallel }
    }

    /// With the areas that lie in one another, widest first: copies for areas that never meet may both be live.
    #[must_use]
    pub fn with_areas(mut self, areas: Areas) -> Self {
        self.areas = areas;
        self
    }

    /// The rows of the jobs.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ImportStore> {
        &self.store
    }

    /// Reads one file as it would be imported, and stores nothing.
    ///
    /// # Errors
    /// In Chinese: why it is no document, and what to do.
    pub async fn preview(&self, name: &str, bytes: Vec<u8>, defaults: &ImportDefaults) -> Result<ParsedDocument, String> {
        prepare::document(name, bytes, defaults, &self.extractor).await
    }

    /// Works off every open job, and stops between two files when `stop` is called. Only the holder of the index may call this.
    ///
    /// # Errors
    /// The rows or the index fail; the job stays open and goes on at the next call.
    ///
    /// # Cancel safety
    /// What has a result is kept; the file that was being read is read again.
    pub async fn work_off(
        &self,
        defaults: &ImportDefaults,
        stop: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Vec<ImportJob>, KnowledgeError> {
        let mut out = Vec::new();
        while !stop.is_cancelled() {
            let Some(job) = self.store.next_job().await? else { break };
            let id = job.id;
            let defaults = ImportDefaults { audience: job.audience, ..defaults.clone() };
            if self.run(job, &defaults, stop, progress).await? {
                self.store.finish(id, self.clock.now()).await?;
            }
            out.extend(self.store.job(id).await?);
        }
        Ok(out)
    }

    /// False when the job was broken off.
    async fn run(
        &self,
        mut job: ImportJob,
        defaults: &ImportDefaults,
        stop: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<bool, KnowledgeError> {
        if !job.collected {
            let paths: Vec<PathBuf> = job.paths.iter().map(PathBuf::from).collect();
            let root = job.root.clone();
            let sources = tokio::task::spawn_blocking(move || collect::sources(&paths, &root)).await.unwrap_or_default();
            self.store.collected(job.id, &sources).await?;
            job = self.store.job(job.id).await?.unwrap_or(job);
        }
        let mut taken = self.taken(&job).await?;
        let mut watch: Watch = None;
        let live = self.live();
        let all = job.counts.files as usize;
        let mut done = all - job.counts.waiting as usize;
        let mut changed = false;
        let mut whole = true;
        'job: loop {
            let files = self.store.files(job.id, 0, CHUNK, true).await?;
            if files.is_empty() {
                break;
            }
            let names: Vec<String> = files.iter().map(|f| f.source.name.clone()).collect();
            let marks = self.store.marks(&names).await?;
            let mut reading = futures::stream::iter(files)
                .map(|file| {
                    let mark = marks.get(&file.source.name).filter(|m| live.get(&m.document) == Some(&m.version)).cloned();
                    self.read(file, mark, defaults, job.drafts)
                })
                .buffered(self.parallel);
            let mut batch: Vec<Read> = Vec::new();
            loop {
                let next = tokio::select! {
                    // Asked first: a stop is heard also while files stand in line.
                    biased;
                    () = stop.cancelled() => None,
                    next = reading.next() => next,
                };
                let ended = next.is_none();
                batch.extend(next);
                let passages: usize = batch.iter().map(|r| r.passages).sum();
                if ended || batch.len() >= BATCH_DOCUMENTS || passages >= BATCH_PASSAGES {
                    let results = self.keep(&job, std::mem::take(&mut batch), &marks, &mut taken, &mut watch).await?;
                    for result in &results {
                        done += 1;
                        changed |= matches!(result.outcome, FileOutcome::Imported { .. });
                        progress(Step { done, all, name: &result.name, outcome: &result.outcome });
                    }
                    // Whoever answers goes first.
                    tokio::task::yield_now().await;
                }
                if stop.is_cancelled() {
                    whole = false;
                    break 'job;
                }
                if ended {
                    break;
                }
            }
            drop(reading);
            let state = self.store.job(job.id).await?.map(|j| j.state);
            if state != Some(JobState::Running) {
                whole = false;
                break;
            }
        }
        if changed || (whole && job.counts.imported > 0) {
            self.knowledge.refresh().await?;
        }
        Ok(whole)
    }

    /// Ids that files of this job became already, with the file's name: after a crash, too.
    async fn taken(&self, job: &ImportJob) -> Result<HashMap<String, String>, KnowledgeError> {
        let mut out = HashMap::new();
        let mut from = 0;
        loop {
            let files = self.store.files(job.id, from, 1000, false).await?;
            let Some(last) = files.last() else { return Ok(out) };
            from = last.number + 1;
            for file in files {
                if let Some(
                    FileOutcome::Imported { document, .. }
                    | FileOutcome::Drafted { document, .. }
                    | FileOutcome::Unchanged { document },
                ) = file.outcome
                {
                    out.insert(document, file.source.name);
                }
            }
        }
    }

    /// The version of each document that answers now.
    fn live(&self) -> HashMap<String, u32> {
        let catalog = self.knowledge.catalog();
        let first = catalog.units().iter().filter_map(|unit| unit.passages.first());
        first.map(|p| (p.document_id.clone(), p.version)).collect()
    }

    async fn read(&self, file: ImportFile, mark: Option<Mark>, defaults: &ImportDefaults, drafts: bool) -> Read {
        let refuse = |file: ImportFile, reason: String| {
            let skipped = !file.source.named && !sniff::claims_document(&file.source.name);
            let outcome = if skipped { FileOutcome::Skipped { reason } } else { FileOutcome::Failed { reason } };
            Read { file, hash: String::new(), result: Err(outcome), passages: 0 }
        };
        let (source, settings) = (file.source.clone(), defaults.clone());
        let loaded = tokio::task::spawn_blocking(move || {
            let bytes = prepare::load(&source)?;
            let hash = prepare::fingerprint(&bytes, &settings, drafts);
            Ok::<_, String>((bytes, hash))
        });
        let (bytes, hash) = match loaded.await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(reason)) => return refuse(file, reason),
            Err(e) => return refuse(file, format!("读取时出错：{e}")),
        };
        if let Some(mark) = mark.filter(|m| m.hash == hash) {
            let result = Err(FileOutcome::Unchanged { document: mark.document });
            return Read { file, hash: String::new(), result, passages: 0 };
        }
        match prepare::document(&file.source.name, bytes, defaults, &self.extractor).await {
            Ok(document) => {
                let passages = document.passages(1).len();
                Read { file, hash, result: Ok(Box::new(document)), passages }
            }
            Err(reason) => refuse(file, reason),
        }
    }

    /// A document that is live already under another id comes in as a draft: old and new copies never both answer.
    async fn without_copies(
        &self,
        mut documents: Vec<ParsedDocument>,
        watch: &mut Watch,
    ) -> Result<(Vec<ParsedDocument>, Vec<Option<String>>), KnowledgeError> {
        if documents.iter().all(|d| d.meta.status != "published") {
            let none = vec![None; documents.len()];
            return Ok((documents, none));
        }
        let failed = |e: tokio::task::JoinError| StoreError::Backend(e.to_string());
        let guard = if let Some(guard) = watch {
            Arc::clone(guard)
        } else {
            let (live, areas) = (self.knowledge.store().live().await?, self.areas.clone());
            let made = tokio::task::spawn_blocking(move || Guard::new(Checker::new(areas, live))).await.map_err(failed)?;
            Arc::clone(watch.insert(Arc::new(Mutex::new(made))))
        };
        let checked = tokio::task::spawn_blocking(move || {
            let mut guard = guard.lock();
            let mut reasons = Vec::with_capacity(documents.len());
            for document in &mut documents {
                let why = guard.admit(document).err();
                if why.is_some() {
                    "draft".clone_into(&mut document.meta.status);
                }
                reasons.push(why);
            }
            (documents, reasons)
        });
        Ok(checked.await.map_err(failed)?)
    }

    /// Stores what was read, and then its results.
    async fn keep(
        &self,
        job: &ImportJob,
        batch: Vec<Read>,
        marks: &HashMap<String, Mark>,
        taken: &mut HashMap<String, String>,
        watch: &mut Watch,
    ) -> Result<Vec<Settled>, KnowledgeError> {
        let mut results: Vec<Settled> = Vec::with_capacity(batch.len());
        let mut documents: Vec<ParsedDocument> = Vec::new();
        let mut waiting: Vec<(u32, String, String, usize)> = Vec::new();
        for read in batch {
            let (number, name) = (read.file.number, read.file.source.name);
            match read.result {
                Err(outcome) => {
                    if let FileOutcome::Unchanged { document } = &outcome {
                        taken.insert(document.clone(), name.clone());
                    }
                    results.push(Settled { number, name, outcome, mark: None });
                }
                Ok(mut document) => {
                    if !document.names_itself() {
                        document.meta.id = derived_id(&document.meta.id, &name, marks.get(&name), taken);
                    }
                    // The second file of one id would silently replace the first.
                    if let Some(first) = taken.get(&document.meta.id).filter(|first| **first != name) {
                        let reason = format!("编号“{}”与 {first} 相同，请改文件名或文首信息里的 id", document.meta.id);
                        results.push(Settled { number, name, outcome: FileOutcome::Failed { reason }, mark: None });
                        continue;
                    }
                    taken.insert(document.meta.id.clone(), name.clone());
                    if job.drafts {
                        "draft".clone_into(&mut document.meta.status);
                    }
                    waiting.push((number, name, read.hash, read.passages));
                    documents.push(*document);
                }
            }
        }
        let (documents, reasons) = self.without_copies(documents, watch).await?;
        let stored = self.knowledge.store().put_all(&documents, &job.by, self.clock.now()).await;
        let stored = stored.into_iter().zip(reasons);
        for (((number, name, hash, passages), document), (stored, why)) in waiting.into_iter().zip(&documents).zip(stored) {
            let id = document.meta.id.clone();
            let (outcome, version) = match stored {
                Ok(Stored::New { version }) => (FileOutcome::Imported { document: id, version, passages }, Some(version)),
                Ok(Stored::Unchanged { version }) => (FileOutcome::Unchanged { document: id }, Some(version)),
                Ok(Stored::Drafted { .. }) => (FileOutcome::Drafted { document: id, passages, why }, Some(0)),
                // The file itself says that it is no longer used: kept, and nothing answers from it.
                Ok(Stored::Retired { version }) => (FileOutcome::Imported { document: id, version, passages: 0 }, Some(version)),
                Err(e) => (FileOutcome::Failed { reason: e.to_string() }, None),
            };
            let mark = version.map(|version| Mark { hash, document: document.meta.id.clone(), version });
            results.push(Settled { number, name, outcome, mark });
        }
        results.sort_by_key(|r| r.number);
        self.store.settle(job.id, &results).await?;
        Ok(results)
    }
}

/// The id of a file that does not say its own: what it became before, else its name, else its name with its folder's when
/// another file of this job has it.
fn derived_id(stem: &str, name: &str, mark: Option<&Mark>, taken: &HashMap<String, String>) -> String {
    if let Some(mark) = mark {
        return mark.document.clone();
    }
    if taken.get(stem).is_none_or(|other| other == name) {
        return stem.to_owned();
    }
    let folder = name.rsplit(['/', '!']).nth(1).filter(|f| !f.is_empty());
    folder.map_or_else(|| stem.to_owned(), |folder| format!("{stem}-{folder}"))
}
