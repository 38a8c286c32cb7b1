//! A new generation beside the live one: built, brought in step with what was written meanwhile, checked, switched to,
//! and gone back from.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use crate::knowledge::catalog::Catalog;
use crate::knowledge::cut::Cut;
use crate::knowledge::document::{Document, DocumentMeta};
use crate::knowledge::generation::{Action, CheckResult, Plan, Record, Snapshot, State, Wish};
use crate::knowledge::indexing::{Change, Placed, WRITTEN, aside};
use crate::knowledge::learned::{self, Learned};
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::reorder;
use crate::knowledge::search::{Knowledge, KnowledgeError};
use crate::knowledge::split::SPLITTER_VERSION;
use crate::knowledge::vector::{Filter, Generation, IndexManifest, Role, VectorError, VectorStore};
use crate::learn::embedding::Table;

/// Rounds of catching up without holding up other changes; what is left is done while they wait.
const ROUNDS: usize = 3;

/// Passages written since the last optimisation that make another one worth its time.
const WORTH_IT: usize = 5000;

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which generation; 0 while the rows are still being read.
    pub generation: u32,
    /// What is being done.
    pub stage: Stage,
    /// Passages written.
    pub done: usize,
    /// Passages in all.
    pub all: usize,
}

impl Stage {
    /// What people read.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Reading => "读取切分",
            Self::Learning => "训练内置向量",
            Self::Writing => "写入索引",
            Self::Checking => "检查",
        }
    }

    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Learning => "learning",
            Self::Writing => "writing",
            Self::Checking => "checking",
        }
    }
}

/// What a build does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are read and cut.
    Reading,
    /// The built-in embedding is learnt.
    Learning,
    /// Passages are written.
    Writing,
    /// Both generations are asked the same questions.
    Checking,
}

impl Snapshot {
    /// The same without the documents for which `keep` is false.
    pub(super) fn only(&self, keep: impl Fn(&DocumentMeta) -> bool) -> Self {
        let catalog = Arc::new(self.catalog.only(keep));
        let learned = self.learned.as_ref();
        let learned =
            learned.map(|l| Arc::new(Learned::new(Arc::clone(l.table()), &catalog, Some((l.as_ref(), self.catalog.as_ref())))));
        Self {
            generation: self.generation,
            manifest: self.manifest.clone(),
            catalog,
            lexicon: Arc::clone(&self.lexicon),
            learned,
        }
    }
}

impl Knowledge {
    /// Builds a new generation from the rows beside the live one, checks it and switches to it.
    ///
    /// # Errors
    /// Rows, index or embedder fail, or the check speaks against it; the old generation then stays.
    pub async fn reindex(&self) -> Result<usize, KnowledgeError> {
        let plan = self.book.plan().await?;
        self.rebuild(Plan { held: false, ..plan }).await?;
        Ok(self.catalog().passages())
    }

    /// The same search over other documents in an index of their own, beside what is live: to try a change out. An embedder outside
    /// the house is not asked, and nothing is learnt: the judge knows neither.
    ///
    /// # Errors
    /// The index fails.
    pub async fn beside(&self, documents: Vec<Document>, vectors: Arc<dyn VectorStore>) -> Result<Self, KnowledgeError> {
        let trial = Self::new(Arc::clone(&self.store), vectors, None, self.lexicon.as_ref().clone());
        let cut = self
            .snapshot()
            .map_or_else(|| Cut::new(0), |s| Cut { splitter: s.manifest.splitter, piece_chars: s.manifest.piece_chars });
        let catalog = aside(move || Arc::new(Catalog::new(cut.apply(documents)))).await?;
        let manifest = IndexManifest {
            splitter: cut.splitter,
            piece_chars: cut.piece_chars,
            embedder: None,
            dimension: None,
            mean: catalog.mean(),
            lexicon: Some(trial.lexicon.id()),
            table: None,
            learnt_from: 0,
        };
        let generation = trial.vectors.begin(&manifest).await?;
        trial.write_all(generation, &manifest, &catalog).await?;
        trial.vectors.switch_to(generation).await?;
        let snapshot = trial.of(generation, manifest, catalog, None).await?;
        trial.live.store(Some(Arc::new(snapshot)));
        Ok(trial)
    }

    /// Builds and checks a generation and leaves it beside the live one until somebody switches to it ([`Self::switch_to`])
    /// or another is built.
    ///
    /// # Errors
    /// As [`Self::reindex`].
    pub async fn prepare(&self, plan: Plan) -> Result<Generation, KnowledgeError> {
        let _one = self.building.lock().await;
        let snapshot = self.built("按要求准备", None, plan).await?;
        let generation = snapshot.generation;
        *self.waiting.lock() = Some(snapshot);
        Ok(generation)
    }

    /// Switches to the generation that waits, or goes back to the previous one.
    ///
    /// # Errors
    /// There is no such generation, or rows, index or embedder fail; the live one then stays.
    pub async fn switch_to(&self, generation: Generation) -> Result<(), KnowledgeError> {
        {
            let _one = self.building.lock().await;
            let waiting = self.waiting.lock().take_if(|s| s.generation == generation);
            if let Some(snapshot) = waiting {
                // Only now is it what is wanted: else the next change would build it, and switch to it by itself.
                self.book.set_plan(Plan { piece_chars: snapshot.manifest.piece_chars, held: false }).await?;
                return self.switch_caught_up(snapshot).await;
            }
        }
        let kept = self.vectors.kept().await?;
        if kept.iter().any(|k| k.generation == generation && k.role == Role::Previous) {
            return self.rollback().await.map(|_| ());
        }
        Err(VectorError::UnknownGeneration(generation.0).into())
    }

    /// Wants the index otherwise, builds a generation of it and switches to it.
    ///
    /// # Errors
    /// As [`Self::reindex`]; the plan is kept then, and is tried again at the next start.
    pub async fn rebuild(&self, plan: Plan) -> Result<Generation, KnowledgeError> {
        self.book.set_plan(plan).await?;
        self.build("按要求重建", None).await
    }

    /// Goes back to the generation before the live one, brought in step with the rows. Nothing is rebuilt by itself until
    /// somebody asks for it.
    ///
    /// # Errors
    /// There is none, or rows, index or embedder fail; the live one then stays.
    pub async fn rollback(&self) -> Result<Generation, KnowledgeError> {
        let _one = self.building.lock().await;
        let kept = self.vectors.kept().await?;
        let Some(previous) = kept.into_iter().find(|k| k.role == Role::Previous) else {
            return Err(KnowledgeError::NothingBefore);
        };
        let snapshot = self.open(previous.generation, previous.manifest).await?;
        if !self.is_settled(&snapshot).await? {
            self.repair(&snapshot).await?;
        }
        let generation = snapshot.generation;
        self.book.set_plan(Plan { piece_chars: snapshot.manifest.piece_chars, held: true }).await?;
        self.switch_caught_up(snapshot).await?;
        Ok(generation)
    }

    /// What is wanted of the next generation.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn plan(&self) -> Result<Plan, KnowledgeError> {
        Ok(self.book.plan().await?)
    }

    /// The wish made last, and how it went.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn wished(&self) -> Result<Option<Wish>, KnowledgeError> {
        Ok(self.book.wish().await?)
    }

    /// Wishes something of the holder of the index; false when it has not done with another wish yet.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn wish_for(&self, action: Action) -> Result<bool, KnowledgeError> {
        Ok(self.book.wish_for(action).await?)
    }

    /// Fulfils what was wished. Only the holder of the index may call this. True when there was something.
    ///
    /// # Errors
    /// The rows fail; what became of the wish stands in its row.
    pub async fn fulfil(&self) -> Result<bool, KnowledgeError> {
        let Some(wish) = self.book.wish().await?.filter(|w| !w.done) else { return Ok(false) };
        let result = match wish.action {
            Action::Prepare(plan) => self.prepare(plan).await.map(drop),
            Action::Rebuild(plan) => self.rebuild(plan).await.map(drop),
            Action::Switch(generation) => self.switch_to(generation).await,
            Action::Rollback => self.rollback().await.map(drop),
        };
        let error = result.err().map(|e| e.to_string());
        self.book.set_wish(&Wish { done: true, error, ..wish }).await?;
        Ok(true)
    }

    /// Brings the live generation into the shape that is searched fastest. Long; searches and changes go on meanwhile.
    ///
    /// # Errors
    /// The index fails.
    pub async fn optimise(&self) -> Result<bool, KnowledgeError> {
        let snapshot = self.snapshot().ok_or(VectorError::NoGeneration)?;
        self.untidy.store(0, Ordering::Relaxed);
        Ok(self.vectors.optimize(snapshot.generation).await?)
    }

    /// The same when so much was written since the last time that it is worth it.
    ///
    /// # Errors
    /// The index fails.
    pub async fn optimise_if_worth_it(&self) -> Result<bool, KnowledgeError> {
        if self.untidy.load(Ordering::Relaxed) < WORTH_IT || self.progress().is_some() {
            return Ok(false);
        }
        self.optimise().await
    }

    /// How far the build that runs now is.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        *self.progress.lock()
    }

    /// What holds the index, for people: `memory`, `edge`, `server`.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        self.vectors.kind()
    }

    /// Every generation that the engine holds or that is remembered, by number.
    ///
    /// # Errors
    /// Rows or index fail.
    pub async fn generations(&self) -> Result<Vec<Record>, KnowledgeError> {
        Ok(self.book.records().await?)
    }

    /// Why the live generation would be made otherwise today; `None` when it would not.
    pub(super) async fn outdated(&self, snapshot: &Snapshot) -> Result<Option<String>, KnowledgeError> {
        let (manifest, plan) = (&snapshot.manifest, self.book.plan().await?);
        let near = |made: f32, now: f32| (0.8..=1.25).contains(&(made / now));
        let now = snapshot.catalog.mean();
        let reason = match () {
            // The values of the sparse leg hold the mean length. An index begun empty, or grown by quite other texts, weighs wrongly.
            () if !near(manifest.mean.unigrams, now.unigrams) || !near(manifest.mean.bigrams, now.bigrams) => {
                "资料的平均长度变了"
            }
            () if manifest.embedder.as_deref() != self.embedder.as_ref().map(|e| e.id()) => "向量模型变了",
            () if plan.held => return Ok(None),
            () if manifest.splitter != SPLITTER_VERSION => "程序的切分方法变了",
            () if manifest.piece_chars != plan.piece_chars => "要求的切分变了",
            () if manifest.table.is_none() && snapshot.catalog.passages() >= learned::FEWEST => "资料够训练内置向量了",
            () if manifest.table.is_some() && snapshot.catalog.passages() > 2 * manifest.learnt_from => {
                "资料比训练内置向量时多了一倍"
            }
            () if manifest.lexicon.as_deref().is_some_and(|id| id != self.lexicon.id()) => "词库变了",
            () => return Ok(None),
        };
        Ok(Some(reason.to_owned()))
    }

    /// Builds unless a build that ran meanwhile has done what is wanted. `read` is what was read of the rows already.
    pub(super) async fn build_unless_done(&self, reason: &str, read: Option<&Arc<Catalog>>) -> Result<bool, KnowledgeError> {
        let before = self.snapshot().map(|s| s.generation);
        let one = self.building.lock().await;
        if self.snapshot().map(|s| s.generation) != before {
            let snapshot = self.snapshot().ok_or(VectorError::NoGeneration)?;
            if self.outdated(&snapshot).await?.is_none() {
                return Ok(false);
            }
        }
        let snapshot = self.built(reason, read, self.book.plan().await?).await?;
        self.switch_caught_up(snapshot).await?;
        drop(one);
        Ok(true)
    }

    pub(super) async fn build(&self, reason: &str, read: Option<&Arc<Catalog>>) -> Result<Generation, KnowledgeError> {
        let _one = self.building.lock().await;
        let snapshot = self.built(reason, read, self.book.plan().await?).await?;
        let generation = snapshot.generation;
        self.switch_caught_up(snapshot).await?;
        Ok(generation)
    }

    /// A new generation, built and checked; it does not answer yet.
    async fn built(&self, reason: &str, read: Option<&Arc<Catalog>>, plan: Plan) -> Result<Snapshot, KnowledgeError> {
        // At most one beside the live and the previous one.
        let unwanted = self.waiting.lock().take();
        if let Some(unwanted) = unwanted {
            self.vectors.discard(unwanted.generation).await?;
        }
        self.say(Progress { generation: 0, stage: Stage::Reading, done: 0, all: 0 });
        let result = self.build_steps(reason, read, plan).await;
        *self.progress.lock() = None;
        if let Err(error) = &result {
            tracing::error!(%error, reason, "a new index generation was not built; the old one stays");
        }
        self.told().await?;
        result
    }

    async fn build_steps(&self, reason: &str, read: Option<&Arc<Catalog>>, plan: Plan) -> Result<Snapshot, KnowledgeError> {
        let begun = Instant::now();
        let (manifest, catalog) = self.wanted(read, plan).await?;
        let generation = self.vectors.begin(&manifest).await?;
        let mut record = Record {
            generation,
            state: State::Building,
            manifest: manifest.clone(),
            reason: reason.to_owned(),
            written: 0,
            passages: catalog.passages(),
            begun_at: self.now(),
            check: None,
            took_ms: 0,
            error: None,
            settled: None,
        };
        self.book.keep(&record).await?;
        let built = async {
            self.write_all(generation, &manifest, &catalog).await?;
            let mut snapshot = self.of(generation, manifest, catalog, None).await?;
            for _ in 0..ROUNDS {
                let before = Arc::clone(&snapshot.catalog);
                snapshot = self.caught_up(snapshot).await?;
                if Arc::ptr_eq(&before, &snapshot.catalog) {
                    break;
                }
            }
            self.say(Progress { generation: generation.0, stage: Stage::Checking, done: 0, all: 0 });
            let check = self.check(self.snapshot().as_deref(), &snapshot).await?;
            Ok::<_, KnowledgeError>((snapshot, check))
        }
        .await;
        record.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (snapshot, check) = match built {
            Ok(built) => built,
            Err(error) => {
                record.state = State::Failed;
                record.error = Some(error.to_string());
                self.book.keep(&record).await?;
                self.vectors.discard(generation).await?;
                return Err(error);
            }
        };
        record.written = check.found;
        record.passages = check.expected;
        record.check = Some(check.clone());
        record.state = if check.passed { State::Ready } else { State::Refused };
        self.book.keep(&record).await?;
        if !check.passed {
            self.vectors.discard(generation).await?;
            return Err(KnowledgeError::Refused(Box::new(check)));
        }
        tracing::info!(%generation, reason, passages = record.passages, ms = record.took_ms, "a new index generation is built");
        Ok(snapshot)
    }

    /// The last of what was written meanwhile, and the switch; other changes wait for it.
    async fn switch_caught_up(&self, snapshot: Snapshot) -> Result<(), KnowledgeError> {
        let turn = self.changing.lock().await;
        let snapshot = self.caught_up(snapshot).await?;
        self.vectors.switch_to(snapshot.generation).await?;
        // Searches that run hold the snapshot they began with.
        let snapshot = Arc::new(snapshot);
        self.live.store(Some(Arc::clone(&snapshot)));
        self.settled(&snapshot).await?;
        drop(turn);
        self.told().await
    }

    /// Remembers which state of the rows a generation holds, so that the next start need not compare every passage.
    pub(super) async fn settled(&self, snapshot: &Snapshot) -> Result<(), KnowledgeError> {
        let record = self.book.records().await?.into_iter().find(|r| r.generation == snapshot.generation);
        if let Some(record) = record {
            self.book.keep(&Record { settled: snapshot.catalog.revision(), ..record }).await?;
        }
        Ok(())
    }

    /// Does it hold what the rows hold, by what is remembered and by number?
    pub(super) async fn is_settled(&self, snapshot: &Snapshot) -> Result<bool, KnowledgeError> {
        let now = snapshot.catalog.revision();
        let record = self.book.records().await?.into_iter().find(|r| r.generation == snapshot.generation);
        if now.is_none() || record.is_none_or(|r| r.settled != now || r.manifest != snapshot.manifest) {
            return Ok(false);
        }
        let found = self.vectors.count(snapshot.generation, &Filter::everything()).await?;
        Ok(found == snapshot.catalog.passages())
    }

    /// How a generation would be made today, and its catalog.
    async fn wanted(&self, read: Option<&Arc<Catalog>>, plan: Plan) -> Result<(IndexManifest, Arc<Catalog>), KnowledgeError> {
        let mut dimension = None;
        if let Some(embedder) = &self.embedder {
            dimension = match embedder.dim() {
                Some(dim) => Some(dim),
                None => self.embed(&["街道办事指南".to_owned()]).await?.first().map(Vec::len),
            };
        }
        let mut manifest = IndexManifest {
            splitter: SPLITTER_VERSION,
            piece_chars: plan.piece_chars,
            embedder: self.embedder.as_ref().map(|e| e.id().to_owned()),
            dimension,
            mean: crate::learn::bm25::LegLengths::default(),
            lexicon: Some(self.lexicon.id()),
            table: None,
            learnt_from: 0,
        };
        // When the cut is the same, what did not change is shared with the live catalog.
        let live = self
            .snapshot()
            .filter(|s| s.manifest.splitter == manifest.splitter && s.manifest.piece_chars == manifest.piece_chars);
        let catalog = self.read(&manifest, live.as_ref().map(|s| read.unwrap_or(&s.catalog))).await?;
        manifest.mean = catalog.mean();
        self.book.put_part(&self.lexicon.id(), self.lexicon.to_bytes()).await?;
        if let Some(table) = self.learn(&catalog).await? {
            let id = learned::id_of(&table);
            self.book.put_part(&id, table.to_bytes()).await?;
            manifest.table = Some(id);
            manifest.learnt_from = catalog.passages();
        }
        Ok((manifest, catalog))
    }

    /// Learns the built-in embedding from the passages.
    async fn learn(&self, catalog: &Arc<Catalog>) -> Result<Option<Table>, KnowledgeError> {
        let (catalog, shown) = (Arc::clone(catalog), Arc::clone(&self.progress));
        aside(move || {
            learned::learn(&catalog, |share| {
                let done = (share * 1000.0) as usize;
                *shown.lock() = Some(Progress { generation: 0, stage: Stage::Learning, done, all: 1000 });
            })
        })
        .await
    }

    async fn write_all(&self, generation: Generation, manifest: &IndexManifest, catalog: &Catalog) -> Result<(), KnowledgeError> {
        let mut all: Vec<(f32, Placed)> = catalog
            .all()
            .zip(catalog.units().iter().flat_map(|u| u.lengths()))
            .map(|((unit, passage), length)| (length.bigrams, (Arc::clone(unit), Arc::clone(passage))))
            .collect();
        // The shortest first: their values are the largest, and the engine's lists grow by appending what is smaller, which
        // costs it a step instead of a walk back, and lets a search leave a list early.
        all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let all: Vec<Placed> = all.into_iter().map(|(_, placed)| placed).collect();
        let mut done = 0;
        let mut batches = all.chunks(WRITTEN);
        let mut points = match batches.next() {
            Some(first) => self.points(first, manifest.mean).await?,
            None => return Ok(()),
        };
        loop {
            self.say(Progress { generation: generation.0, stage: Stage::Writing, done, all: all.len() });
            done += points.len();
            self.untidy.fetch_add(points.len(), Ordering::Relaxed);
            let writing = self.vectors.upsert(generation, std::mem::take(&mut points));
            // The next passages are prepared while the engine writes these.
            if let Some(next) = batches.next() {
                let (written, prepared) = tokio::join!(writing, self.points(next, manifest.mean));
                written?;
                points = prepared?;
            } else {
                writing.await?;
                break;
            }
        }
        self.vectors.flush(generation).await?;
        Ok(())
    }

    /// The snapshot of a generation that is in the engine.
    pub(super) async fn open(&self, generation: Generation, manifest: IndexManifest) -> Result<Snapshot, KnowledgeError> {
        let before = self
            .snapshot()
            .filter(|s| s.manifest.splitter == manifest.splitter && s.manifest.piece_chars == manifest.piece_chars);
        let catalog = self.read(&manifest, before.as_ref().map(|s| &s.catalog)).await?;
        self.of(generation, manifest, catalog, None).await
    }

    /// Puts a snapshot together; parts that `before` has are taken from it.
    async fn of(
        &self,
        generation: Generation,
        manifest: IndexManifest,
        catalog: Arc<Catalog>,
        before: Option<&Snapshot>,
    ) -> Result<Snapshot, KnowledgeError> {
        let lexicon = match (&manifest.lexicon, before) {
            (_, Some(before)) => Arc::clone(&before.lexicon),
            (Some(id), None) if *id != self.lexicon.id() => {
                let kept = self.book.part(id).await?.and_then(|bytes| Lexicon::from_bytes(&bytes).ok());
                kept.map_or_else(|| Arc::clone(&self.lexicon), Arc::new)
            }
            _ => Arc::clone(&self.lexicon),
        };
        let table = match (&manifest.table, before.and_then(|b| b.learned.as_ref())) {
            (_, Some(known)) => Some(Arc::clone(known.table())),
            (Some(id), None) => {
                let table = self.book.part(id).await?.and_then(|bytes| Table::from_bytes(&bytes).ok());
                if table.is_none() {
                    tracing::warn!(%generation, id, "the table of the built-in embedding is not in the rows; that leg is left out");
                }
                table.map(Arc::new)
            }
            (None, None) => None,
        };
        let learned = match table {
            Some(table) => {
                let known = before.and_then(|b| b.learned.as_ref().map(|l| (Arc::clone(l), Arc::clone(&b.catalog))));
                let own = Arc::clone(&catalog);
                let vectors = move || Learned::new(table, &own, known.as_ref().map(|(l, c)| (l.as_ref(), c.as_ref())));
                Some(Arc::new(aside(vectors).await?))
            }
            None => None,
        };
        Ok(Snapshot { generation, manifest, catalog, lexicon, learned })
    }

    /// The same generation with another catalog.
    pub(super) async fn with_catalog(&self, snapshot: &Snapshot, catalog: Arc<Catalog>) -> Result<Snapshot, KnowledgeError> {
        self.of(snapshot.generation, snapshot.manifest.clone(), catalog, Some(snapshot)).await
    }

    /// Reads the rows again and writes what differs into a generation that does not answer yet.
    async fn caught_up(&self, snapshot: Snapshot) -> Result<Snapshot, KnowledgeError> {
        let catalog = self.read(&snapshot.manifest, Some(&snapshot.catalog)).await?;
        let change = Change::between(&snapshot.catalog, &catalog);
        if change.size() == 0 {
            return Ok(snapshot);
        }
        let next = self.with_catalog(&snapshot, catalog).await?;
        self.write(next.generation, change.missing, next.manifest.mean).await?;
        self.remove(next.generation, &next.catalog, &change.gone).await?;
        self.vectors.flush(next.generation).await?;
        Ok(next)
    }

    /// Brings the records in step with the engine and lets go of parts that no generation needs.
    async fn told(&self) -> Result<(), KnowledgeError> {
        let kept = self.vectors.kept().await?;
        for mut record in self.book.records().await? {
            let role = kept.iter().find(|k| k.generation == record.generation).map(|k| k.role);
            let state = match (role, record.state) {
                (Some(Role::Live), _) => State::Live,
                (Some(Role::Previous), _) => State::Previous,
                (None, State::Live | State::Previous | State::Ready) => State::Removed,
                (None, State::Building) => State::Failed,
                (_, state) => state,
            };
            if state != record.state {
                record.state = state;
                self.book.keep(&record).await?;
            }
        }
        let of = |m: &IndexManifest| [m.lexicon.clone(), m.table.clone(), m.table.as_deref().map(reorder::part_of)];
        let parts: Vec<String> = kept.iter().flat_map(|k| of(&k.manifest)).flatten().collect();
        let oldest = kept.iter().map(|k| k.generation).min().unwrap_or(Generation(0));
        self.book.sweep(&parts, oldest).await?;
        Ok(())
    }

    async fn check(&self, live: Option<&Snapshot>, new: &Snapshot) -> Result<CheckResult, KnowledgeError> {
        crate::knowledge::check::check(self, live, new).await
    }

    fn say(&self, progress: Progress) {
        *self.progress.lock() = Some(progress);
    }

    fn now(&self) -> Option<jiff::Timestamp> {
        self.clock.as_ref().map(|c| c.now())
    }
}
