//! The index kept in step with the rows: the first start, and what an import or a retirement changes.
//!
//! A document that changed never disappears in between: its new passages are in the index before the catalog names them,
//! and its old ones leave it after the catalog has forgotten them. What is retired is forgotten first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::knowledge::catalog::{self, Catalog, Unit};
use crate::knowledge::cut::Cut;
use crate::knowledge::document::Passage;
use crate::knowledge::generation::Snapshot;
use crate::knowledge::search::{Knowledge, KnowledgeError};
use crate::knowledge::vector::{ChunkPayload, ChunkPoint, Filter, Generation, Role, Sparse, VectorError};
use crate::learn::bm25::{self, LegLengths};

/// Passages embedded at once.
const EMBEDDED: usize = 32;
/// Passages written at once.
pub(super) const WRITTEN: usize = 512;
/// A change of more passages than this, and than the index holds, is left to a new generation.
const TOO_MANY: usize = 2000;

/// A passage with the unit it stands in.
pub(super) type Placed = (Arc<Unit>, Arc<Passage>);

/// What [`Knowledge::start`] found and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The index fits the rows.
    Ready,
    /// This many passages were missing or superfluous and were put right.
    Repaired(usize),
    /// There was none, and a first generation was built.
    Rebuilt,
    /// The index answers, but a better one can be built beside it, for this reason: [`Knowledge::bring_up_to_date`].
    Outdated(String),
}

impl Knowledge {
    /// Reads the rows and makes the index fit them. Builds a generation when there is none or it is damaged; one that was
    /// made otherwise than it would be today answers until another is built beside it.
    ///
    /// # Errors
    /// Rows, index or embedder fail.
    pub async fn start(&self) -> Result<Started, KnowledgeError> {
        let turn = self.changing.lock().await;
        let Some(kept) = self.vectors.kept().await?.into_iter().find(|k| k.role == Role::Live) else {
            drop(turn);
            self.build("还没有索引", None).await?;
            return Ok(Started::Rebuilt);
        };
        let snapshot = Arc::new(self.open(kept.generation, kept.manifest).await?);
        let mut changed = 0;
        if !self.is_settled(&snapshot).await? {
            changed = self.repair(&snapshot).await?;
            self.settled(&snapshot).await?;
        }
        let outdated = self.outdated(&snapshot).await?;
        self.live.store(Some(snapshot));
        Ok(match outdated {
            Some(reason) => Started::Outdated(reason),
            None if changed > 0 => Started::Repaired(changed),
            None => Started::Ready,
        })
    }

    /// Builds another generation when the live one was made otherwise than it would be today. True when it did.
    ///
    /// # Errors
    /// Rows, index or embedder fail; the old generation then stays.
    pub async fn bring_up_to_date(&self) -> Result<bool, KnowledgeError> {
        let Some(snapshot) = self.snapshot() else { return Err(VectorError::NoGeneration.into()) };
        match self.outdated(&snapshot).await? {
            Some(reason) => self.build_unless_done(&reason, None).await,
            None => Ok(false),
        }
    }

    /// Reads the rows again after an import or a retirement and brings the index in step. How many passages differed.
    ///
    /// # Errors
    /// Rows, index or embedder fail; the next start puts right what is missing.
    pub async fn refresh(&self) -> Result<usize, KnowledgeError> {
        let turn = self.changing.lock().await;
        let before = self.snapshot().ok_or(VectorError::NoGeneration)?;
        let catalog = self.read(&before.manifest, Some(&before.catalog)).await?;
        let change = Change::between(&before.catalog, &catalog);
        let snapshot = self.forget_retired(&before, &catalog);
        let changed = change.size();
        if change.missing.len() > TOO_MANY.max(snapshot.catalog.passages()) {
            // A new generation is built anyway, because the mean length has changed; its switch brings these in.
            drop(turn);
            match self.build_unless_done("资料大量增加", Some(&catalog)).await {
                // The check speaks against it: the live one takes them in as it is.
                Err(KnowledgeError::Refused(_)) => {}
                done => return done.map(|_| changed),
            }
            let _turn = self.changing.lock().await;
            let snapshot = self.snapshot().ok_or(VectorError::NoGeneration)?;
            let catalog = self.read(&snapshot.manifest, Some(&snapshot.catalog)).await?;
            // What has been forgotten above is still in the index.
            let known = if before.generation == snapshot.generation { &before.catalog } else { &snapshot.catalog };
            let change = Change::between(known, &catalog);
            self.take_in(&snapshot, catalog, change).await?;
            return Ok(changed);
        }
        self.take_in(&snapshot, catalog, change).await?;
        drop(turn);
        // A build that runs brings these in before its switch; who has changed something does not wait for it.
        if self.progress().is_none() {
            match self.bring_up_to_date().await {
                // What was changed answers all the same; the record of the generation says why it was not taken.
                Err(KnowledgeError::Refused(_)) => {}
                done => drop(done?),
            }
        }
        Ok(changed)
    }

    /// Brings the live generation in step with a catalog. The caller has the turn of those who change it.
    async fn take_in(&self, snapshot: &Snapshot, catalog: Arc<Catalog>, change: Change) -> Result<(), KnowledgeError> {
        if change.size() == 0 {
            return Ok(());
        }
        self.write(snapshot.generation, change.missing, snapshot.manifest.mean).await?;
        let next = Arc::new(self.with_catalog(snapshot, catalog).await?);
        self.live.store(Some(Arc::clone(&next)));
        self.remove(next.generation, &next.catalog, &change.gone).await?;
        self.vectors.flush(next.generation).await?;
        self.settled(&next).await
    }

    /// Documents that are no longer in use stop answering at once, before anything is written.
    fn forget_retired(&self, snapshot: &Arc<Snapshot>, now: &Catalog) -> Arc<Snapshot> {
        let in_use: HashSet<&str> = now.units().iter().map(|u| u.meta.id.as_str()).collect();
        if snapshot.catalog.units().iter().all(|u| in_use.contains(u.meta.id.as_str())) {
            return Arc::clone(snapshot);
        }
        let next = Arc::new(snapshot.only(|meta| in_use.contains(meta.id.as_str())));
        self.live.store(Some(Arc::clone(&next)));
        next
    }

    /// The documents in use as this manifest has them cut.
    pub(super) async fn read(
        &self,
        manifest: &crate::knowledge::vector::IndexManifest,
        before: Option<&Arc<Catalog>>,
    ) -> Result<Arc<Catalog>, KnowledgeError> {
        let revision = self.store.revision().await?;
        if let Some(before) = before.filter(|b| revision.is_some() && b.revision() == revision) {
            return Ok(Arc::clone(before));
        }
        let documents = self.store.live().await?;
        let cut = Cut { splitter: manifest.splitter, piece_chars: manifest.piece_chars };
        let before = before.map(Arc::clone).unwrap_or_default();
        aside(move || {
            let documents = documents.into_iter().filter(|d| d.meta.status == "published").collect();
            Arc::new(before.followed_by(cut.apply(documents)).at(revision))
        })
        .await
    }

    /// Compares a generation with its catalog, passage by passage, and repairs the difference.
    pub(super) async fn repair(&self, snapshot: &Snapshot) -> Result<usize, KnowledgeError> {
        let generation = snapshot.generation;
        let mut indexed: HashMap<uuid::Uuid, ChunkPayload> = HashMap::new();
        let mut after = None;
        loop {
            let page = self.vectors.scroll(generation, after, 4000).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            indexed.extend(page);
        }
        let mut missing = Vec::new();
        for (unit, passage) in snapshot.catalog.all() {
            if indexed.remove(&passage.id).as_ref() != Some(&ChunkPayload::of(passage)) {
                missing.push((Arc::clone(unit), Arc::clone(passage)));
            }
        }
        let gone: Vec<ChunkPayload> = indexed.into_values().collect();
        let changed = missing.len() + gone.len();
        if changed > 0 {
            self.write(generation, missing, snapshot.manifest.mean).await?;
            self.remove(generation, &snapshot.catalog, &gone).await?;
            self.vectors.flush(generation).await?;
        }
        Ok(changed)
    }

    /// Writes passages into a generation.
    pub(super) async fn write(
        &self,
        generation: Generation,
        passages: Vec<Placed>,
        mean: LegLengths,
    ) -> Result<(), KnowledgeError> {
        for batch in passages.chunks(WRITTEN) {
            let points = self.points(batch, mean).await?;
            self.vectors.upsert(generation, points).await?;
            self.untidy.fetch_add(batch.len(), std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    }

    /// Removes passages that the catalog does not hold.
    pub(super) async fn remove(
        &self,
        generation: Generation,
        catalog: &Catalog,
        gone: &[ChunkPayload],
    ) -> Result<(), KnowledgeError> {
        let still: HashSet<(&str, u32)> = catalog.units().iter().map(|u| (u.meta.id.as_str(), u.version())).collect();
        let mut versions: BTreeMap<(&str, u32), Vec<u32>> = BTreeMap::new();
        for payload in gone {
            versions.entry((payload.document.as_str(), payload.version)).or_default().push(payload.ordinal);
        }
        let exactly = |field: &str, n: u32| {
            let n = i64::from(n);
            Filter::Int { field: field.to_owned(), gte: Some(n), lt: Some(n + 1) }
        };
        for ((document, version), ordinals) in versions {
            let mut conditions = vec![Filter::is("document", document), exactly("version", version)];
            // A version is superseded as a whole, or shrinks by some passages when it is cut otherwise.
            if still.contains(&(document, version)) {
                conditions.push(Filter::Any(ordinals.into_iter().map(|n| exactly("ordinal", n)).collect()));
            }
            self.vectors.delete_where(generation, &Filter::All(conditions)).await?;
        }
        Ok(())
    }

    pub(super) async fn points(&self, batch: &[Placed], mean: LegLengths) -> Result<Vec<ChunkPoint>, KnowledgeError> {
        let mut dense: Vec<Option<Vec<f32>>> = Vec::with_capacity(batch.len());
        if self.embedder.is_some() {
            for some in batch.chunks(EMBEDDED) {
                let texts: Vec<String> = some.iter().map(|(_, p)| format!("{}\n{}\n{}", p.title, p.heading, p.text)).collect();
                dense.extend(self.embed(&texts).await?.into_iter().map(Some));
            }
        }
        dense.resize(batch.len(), None);
        let batch = batch.to_vec();
        aside(move || {
            let values = |(unit, passage): &Placed| bm25::document_values(&catalog::frequencies(&unit.meta, passage), mean);
            let sparse: Vec<Sparse> = batch.par_iter().map(|placed| Sparse::new(values(placed))).collect();
            let points = batch.iter().zip(sparse).zip(dense);
            points
                .map(|(((_, passage), sparse), dense)| ChunkPoint {
                    id: passage.id,
                    sparse,
                    dense,
                    payload: ChunkPayload::of(passage),
                })
                .collect()
        })
        .await
    }

    pub(super) async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, KnowledgeError> {
        let Some(embedder) = &self.embedder else { return Ok(Vec::new()) };
        let vectors = embedder.embed(texts).await.map_err(|e| KnowledgeError::Embedder(e.to_string()))?;
        if vectors.len() == texts.len() {
            Ok(vectors)
        } else {
            Err(KnowledgeError::Embedder(format!("{} 段文字只得到 {} 个向量", texts.len(), vectors.len())))
        }
    }
}

/// What differs between two catalogs of one generation.
pub(super) struct Change {
    /// In the newer one, and not the same in the older.
    pub missing: Vec<Placed>,
    /// In the older one only.
    pub gone: Vec<ChunkPayload>,
}

impl Change {
    pub fn between(old: &Catalog, new: &Catalog) -> Self {
        if std::ptr::eq(old, new) {
            return Self { missing: Vec::new(), gone: Vec::new() };
        }
        // Units that did not change are shared between the two.
        let kept: HashSet<*const Unit> = new.units().iter().map(Arc::as_ptr).collect();
        let known: HashSet<*const Unit> = old.units().iter().map(Arc::as_ptr).collect();
        let changed = new.units().iter().filter(|u| !known.contains(&Arc::as_ptr(u)));
        let missing = changed.flat_map(|u| u.passages.iter().map(|p| (Arc::clone(u), Arc::clone(p)))).collect();
        let left = old.units().iter().filter(|u| !kept.contains(&Arc::as_ptr(u))).flat_map(|u| &u.passages);
        let gone = left.filter(|p| new.find(p.id).is_none()).map(|p| ChunkPayload::of(p)).collect();
        Self { missing, gone }
    }

    pub fn size(&self) -> usize {
        self.missing.len() + self.gone.len()
    }
}

/// Runs work that computes for long away from the threads that answer.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, KnowledgeError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| VectorError::Failed(e.to_string()).into())
}
