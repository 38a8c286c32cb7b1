//! The service that answers "what do we know about this?": passages with their documents, or an honest no.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::civil::Date;

use crate::knowledge::catalog::{self, Catalog, Unit};
use crate::knowledge::document::{Audience, Document, DocumentMeta, Passage};
use crate::knowledge::ended;
use crate::knowledge::judge::{self, Asked, Legs, Relative};
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::split::SPLITTER_VERSION;
use crate::knowledge::store::{KnowledgeStore, StoreError};
use crate::knowledge::vector::{
    ChunkPayload, ChunkPoint, Filter, IndexManifest, Sparse, Target, VectorError, VectorQuery, VectorStore,
};
use crate::learn::bm25::{self, LegLengths};
use crate::llm::port::Embedder;

/// Passages that each leg hands over to be judged.
const CANDIDATES: usize = 60;
/// Weight of a lexicon's official word beside the resident's own words.
const LEXICON_WEIGHT: f32 = 0.6;
/// Units whose passages are put in order by their sentences; the rest keep the order of the index.
const ORDERED: usize = 5;
/// Passages embedded and written at once.
const BATCH: usize = 32;

/// Who asks, where, and for which day.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Audiences of the asker; documents for `all` are always included.
    pub audiences: Vec<Audience>,
    /// Areas that hold for the asker (全国, 重庆市, …); empty = no limit.
    pub areas: Vec<String>,
    /// The day on which documents must be in force.
    pub on: Date,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Query {
    /// As asked, or as rewritten from the conversation.
    pub text: String,
    /// Who asks.
    pub scope: Scope,
    /// Passages wanted at most.
    pub limit: usize,
}

/// The raw scores that led to a hit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LegScores {
    /// BM25F of the passage.
    pub sparse: Option<f32>,
    /// Cosine of the embeddings.
    pub dense: Option<f32>,
}

/// A passage that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The clause.
    pub passage: Arc<Passage>,
    /// Its document.
    pub document: Arc<DocumentMeta>,
    /// Probability (0..1) that its document answers the question.
    pub score: f32,
    /// How it was found.
    pub legs: LegScores,
    /// What the probability was made from, in the order of `judge::NAMES`; the same for all passages of a document.
    pub features: Arc<[f32]>,
}

/// May the hits be used for an answer?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The best hit is over the gate.
    Answerable,
    /// Nothing good enough: say so.
    NotFound,
}

/// What took the place of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// The best match is no longer in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// The document's title.
    pub title: String,
    /// First day without it.
    pub expired_on: Date,
    /// What took its place, when it is named and the asker may see it: the hits are then its passages.
    pub successor: Option<Successor>,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Best document first, its best passage first; passages of one document stand together.
    pub hits: Vec<Hit>,
    /// May they be used?
    pub decision: Decision,
    /// The best probability of any candidate.
    pub top_score: f32,
    /// Set when a document that fits better has expired.
    pub expired: Option<Expired>,
}

impl Outcome {
    /// The document of the best hit, if the outcome is answerable.
    #[must_use]
    pub fn best_document(&self) -> Option<&Arc<DocumentMeta>> {
        (self.decision == Decision::Answerable).then(|| self.hits.first().map(|h| &h.document)).flatten()
    }

    /// Ids of the documents found, best first, each once.
    #[must_use]
    pub fn documents(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for hit in &self.hits {
            if !out.contains(&hit.document.id.as_str()) {
                out.push(&hit.document.id);
            }
        }
        out
    }
}

/// Why a search or a change failed.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// The index.
    #[error(transparent)]
    Index(#[from] VectorError),
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The embedder, while passages were being embedded.
    #[error("向量模型不可用：{0}")]
    Embedder(String),
}

/// What [`Knowledge::start`] found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// The index fits the rows.
    Ready,
    /// This many passages were missing or superfluous and were put right.
    Repaired(usize),
    /// A new generation was built.
    Rebuilt,
}

/// The knowledge base as a service.
pub struct Knowledge {
    store: Arc<dyn KnowledgeStore>,
    vectors: Arc<dyn VectorStore>,
    embedder: Option<Arc<dyn Embedder>>,
    lexicon: Lexicon,
    catalog: ArcSwap<Catalog>,
    // Imports and rebuilds take turns; searches never wait for them.
    changing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Knowledge").field("index", &self.vectors.kind()).finish_non_exhaustive()
    }
}

impl Knowledge {
    /// Puts the parts together. Call [`Self::start`] before the first search.
    #[must_use]
    pub fn new(
        store: Arc<dyn KnowledgeStore>,
        vectors: Arc<dyn VectorStore>,
        embedder: Option<Arc<dyn Embedder>>,
        lexicon: Lexicon,
    ) -> Self {
        let catalog = ArcSwap::from_pointee(Catalog::default());
        Self { store, vectors, embedder, lexicon, catalog, changing: tokio::sync::Mutex::new(()) }
    }

    /// The rows, for importers and the admin's lists.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn KnowledgeStore> {
        &self.store
    }

    /// Everyday words and their official ones.
    #[must_use]
    pub const fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// The index that is searched.
    #[must_use]
    pub fn vectors(&self) -> &Arc<dyn VectorStore> {
        &self.vectors
    }

    /// The same search over other documents in an index of their own, beside what is live: to try a change out. An embedder outside
    /// the house is not asked.
    ///
    /// # Errors
    /// The index fails.
    pub async fn beside(&self, documents: Vec<Document>, vectors: Arc<dyn VectorStore>) -> Result<Self, KnowledgeError> {
        let trial = Self::new(Arc::clone(&self.store), vectors, None, self.lexicon.clone());
        let catalog = Arc::new(Catalog::new(documents));
        trial.catalog.store(Arc::clone(&catalog));
        trial.build(&catalog).await?;
        Ok(trial)
    }

    /// The documents that are searched, read from the rows.
    ///
    /// # Errors
    /// The rows fail.
    pub async fn documents_in_use(&self) -> Result<Vec<Document>, KnowledgeError> {
        let mut documents = self.store.live().await?;
        documents.retain(|d| d.meta.status == "published");
        Ok(documents)
    }

    /// Documents in use, as they are searched now.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// Reads the rows and makes the index fit them: rebuilt when it is missing, damaged, or made by another splitter or
    /// embedder; otherwise only what differs is put right.
    ///
    /// # Errors
    /// Rows, index or embedder fail.
    pub async fn start(&self) -> Result<Started, KnowledgeError> {
        let _turn = self.changing.lock().await;
        let catalog = self.load().await?;
        if self.fits(&catalog).await? {
            let changed = self.reconcile(&catalog).await?;
            Ok(if changed == 0 { Started::Ready } else { Started::Repaired(changed) })
        } else {
            self.build(&catalog).await?;
            Ok(Started::Rebuilt)
        }
    }

    /// Reads the rows again after an import or a retirement and brings the index in step.
    ///
    /// # Errors
    /// Rows, index or embedder fail; the next start puts right what is missing.
    pub async fn refresh(&self) -> Result<usize, KnowledgeError> {
        let _turn = self.changing.lock().await;
        let catalog = self.load().await?;
        if self.fits(&catalog).await? {
            return self.reconcile(&catalog).await;
        }
        self.build(&catalog).await?;
        Ok(catalog.passages())
    }

    /// Was the live generation made by this splitter and embedder, for passages about as long as these?
    async fn fits(&self, catalog: &Catalog) -> Result<bool, KnowledgeError> {
        let Some(manifest) = self.vectors.live().await? else { return Ok(false) };
        // The values of the sparse leg hold the mean length. An index begun empty, or grown by quite other texts, weighs wrongly.
        let near = |made: f32, now: f32| (0.8..=1.25).contains(&(made / now));
        let now = mean_length(catalog);
        Ok(manifest.splitter == SPLITTER_VERSION
            && manifest.embedder.as_deref() == self.embedder.as_ref().map(|e| e.id())
            && near(manifest.mean.unigrams, now.unigrams)
            && near(manifest.mean.bigrams, now.bigrams))
    }

    /// Builds a new generation from the rows beside the live one and switches to it.
    ///
    /// # Errors
    /// Rows, index or embedder fail; the old generation then stays.
    pub async fn reindex(&self) -> Result<usize, KnowledgeError> {
        let _turn = self.changing.lock().await;
        let catalog = self.load().await?;
        self.build(&catalog).await?;
        Ok(catalog.passages())
    }

    /// Reads the rows into a fresh catalog; searches see it at once and pass over what it does not hold.
    async fn load(&self) -> Result<Arc<Catalog>, KnowledgeError> {
        let catalog = Arc::new(Catalog::new(self.documents_in_use().await?));
        self.catalog.store(Arc::clone(&catalog));
        Ok(catalog)
    }

    async fn build(&self, catalog: &Catalog) -> Result<(), KnowledgeError> {
        let all: Vec<_> = catalog.units().iter().flat_map(|u| u.passages.iter().map(move |p| (u, p))).collect();
        let mean = mean_length(catalog);
        let mut dimension = None;
        if let Some(embedder) = &self.embedder {
            dimension = match embedder.dim() {
                Some(dim) => Some(dim),
                None => self.embed(&["街道办事指南".to_owned()]).await?.first().map(Vec::len),
            };
        }
        let embedder = self.embedder.as_ref().map(|e| e.id().to_owned());
        let manifest = IndexManifest { splitter: SPLITTER_VERSION, embedder, dimension, mean };
        let generation = self.vectors.begin_generation(&manifest).await?;
        for batch in all.chunks(BATCH) {
            let points = self.points(batch, mean).await?;
            self.vectors.upsert(Target::Building(generation), points).await?;
        }
        self.vectors.publish_generation(generation).await?;
        self.vectors.flush().await?;
        Ok(())
    }

    /// Compares the index with the catalog and repairs the difference; returns how many passages differed.
    async fn reconcile(&self, catalog: &Catalog) -> Result<usize, KnowledgeError> {
        let Some(manifest) = self.vectors.live().await? else { return Err(VectorError::NoGeneration.into()) };
        let mut indexed: HashMap<uuid::Uuid, ChunkPayload> = HashMap::new();
        let mut after = None;
        loop {
            let page = self.vectors.scroll(after, 1000).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            indexed.extend(page);
        }
        let mut missing = Vec::new();
        for unit in catalog.units() {
            for passage in &unit.passages {
                if indexed.remove(&passage.id).as_ref() != Some(&ChunkPayload::of(passage)) {
                    missing.push((unit, passage));
                }
            }
        }
        let changed = missing.len() + indexed.len();
        for batch in missing.chunks(BATCH) {
            let points = self.points(batch, manifest.mean).await?;
            self.vectors.upsert(Target::Live, points).await?;
        }
        let mut gone: HashMap<(String, u32), ()> = HashMap::new();
        for payload in indexed.into_values() {
            gone.insert((payload.document, payload.version), ());
        }
        for (document, version) in gone.into_keys() {
            let version = i64::from(version);
            let of_version = Filter::Int { field: "version".to_owned(), gte: Some(version), lt: Some(version + 1) };
            self.vectors.delete_where(&Filter::All(vec![Filter::is("document", &document), of_version])).await?;
        }
        if changed > 0 {
            self.vectors.flush().await?;
        }
        Ok(changed)
    }

    async fn points(&self, batch: &[(&Arc<Unit>, &Arc<Passage>)], mean: LegLengths) -> Result<Vec<ChunkPoint>, KnowledgeError> {
        let dense = if self.embedder.is_some() {
            let texts: Vec<String> = batch.iter().map(|(_, p)| format!("{}\n{}\n{}", p.title, p.heading, p.text)).collect();
            self.embed(&texts).await?.into_iter().map(Some).collect()
        } else {
            vec![None; batch.len()]
        };
        Ok(batch
            .iter()
            .zip(dense)
            .map(|((unit, passage), dense)| ChunkPoint {
                id: passage.id,
                sparse: Sparse::new(bm25::document_values(&catalog::frequencies(&unit.meta, passage), mean)),
                dense,
                payload: ChunkPayload::of(passage),
            })
            .collect())
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, KnowledgeError> {
        let Some(embedder) = &self.embedder else { return Ok(Vec::new()) };
        let vectors = embedder.embed(texts).await.map_err(|e| KnowledgeError::Embedder(e.to_string()))?;
        if vectors.len() == texts.len() {
            Ok(vectors)
        } else {
            Err(KnowledgeError::Embedder(format!("{} 段文字只得到 {} 个向量", texts.len(), vectors.len())))
        }
    }

    /// Finds what answers a question for this asker on this day.
    ///
    /// # Errors
    /// The index fails. A failing embedder does not fail the search: the sparse leg answers alone.
    pub async fn search(&self, query: &Query) -> Result<Outcome, KnowledgeError> {
        let catalog = self.catalog.load_full();
        let asked = Asked::new(&query.text, &catalog, &self.lexicon);
        let dense = match &self.embedder {
            Some(_) => match self.embed(std::slice::from_ref(&query.text)).await {
                Ok(mut vectors) => vectors.pop(),
                Err(e) => {
                    tracing::warn!(error = %e, "the question is searched without its embedding");
                    None
                }
            },
            None => None,
        };
        let sparse = query_terms(&asked);
        let who = who(&query.scope);
        let vectors = |filter: Filter| VectorQuery { sparse: sparse.clone(), dense: dense.clone(), filter, limit: CANDIDATES };
        let in_force = Filter::All(vec![who.clone(), Filter::in_force(query.scope.on)]);
        let found = self.vectors.search(&vectors(in_force)).await?;
        let mut outcome = judged(&catalog, &asked, &query.scope, &found, query.limit);
        if ended::any_ended(&catalog, &query.scope) {
            let past = self.vectors.search(&vectors(Filter::All(vec![who, ended::ended_filter(&query.scope)]))).await?;
            if !past.is_empty() {
                ended::consider(&mut outcome, &catalog, &asked, &query.scope, &found, &past, query.limit);
            }
        }
        Ok(outcome)
    }

    /// The passages around one of its document, in order, itself included; `radius` on each side.
    #[must_use]
    pub fn neighbours(&self, passage: &Passage, radius: usize) -> Vec<Arc<Passage>> {
        let catalog = self.catalog.load();
        let Some((unit, place)) = catalog.find(passage.id) else { return Vec::new() };
        let all = &catalog.units()[unit].passages;
        all[place.saturating_sub(radius)..all.len().min(place + radius + 1)].to_vec()
    }
}

/// What the index found, judged: the best documents with their passages, and whether they are good enough.
fn judged(
    catalog: &Catalog,
    asked: &Asked,
    scope: &Scope,
    found: &[crate::knowledge::vector::VectorHit],
    limit: usize,
) -> Outcome {
    let mut judged = judge_candidates(catalog, asked, found);
    ended::prefer_local(&mut judged, catalog, &scope.areas);
    let top_score = judged.iter().map(|c| c.score).fold(0.0, f32::max);
    let decision = if top_score >= judge::THRESHOLD { Decision::Answerable } else { Decision::NotFound };
    let mut hits = Vec::new();
    for (rank, candidate) in judged.into_iter().enumerate() {
        if hits.len() >= limit {
            break;
        }
        let unit = &catalog.units()[candidate.unit];
        let features: Arc<[f32]> = Arc::from(candidate.features.as_slice());
        let passages = if rank < ORDERED { best_first(asked, unit, candidate.passages) } else { candidate.passages };
        for (place, legs) in passages {
            if hits.len() < limit {
                hits.push(Hit {
                    passage: Arc::clone(&unit.passages[place]),
                    document: Arc::clone(&unit.meta),
                    score: candidate.score,
                    legs,
                    features: Arc::clone(&features),
                });
            }
        }
    }
    Outcome { hits, decision, top_score, expired: None }
}

/// The mean weighted length of the passages in use.
fn mean_length(catalog: &Catalog) -> LegLengths {
    let lengths: Vec<LegLengths> =
        catalog.units().iter().flat_map(|u| u.passages.iter().map(|p| catalog::frequencies(&u.meta, p).length)).collect();
    LegLengths::mean(&lengths)
}

/// The sparse query: the resident's own words, and the official words of other wordings at a lower weight.
#[must_use]
pub fn query_terms(asked: &Asked) -> Sparse {
    let mut terms: HashMap<u32, f32> = HashMap::new();
    for (number, wording) in asked.wordings.iter().enumerate() {
        let weight = if number == 0 { 1.0 } else { LEXICON_WEIGHT };
        for (term, tf) in bm25::frequencies([(1.0, wording.matter.as_str())]).terms {
            let value = terms.entry(term).or_insert(0.0);
            *value = value.max(tf * weight);
        }
    }
    Sparse::new(terms.into_iter().collect())
}

fn who(scope: &Scope) -> Filter {
    let audiences = scope.audiences.iter().chain(std::iter::once(&Audience::All)).map(|a| a.as_str());
    let mut conditions = vec![Filter::any_of("audience", audiences)];
    if !scope.areas.is_empty() {
        conditions.push(Filter::any_of("area", scope.areas.iter().cloned()));
    }
    Filter::All(conditions)
}

/// A unit with its probability and its passages, best first.
#[derive(Debug)]
pub struct Candidate {
    /// Number in the catalog.
    pub unit: usize,
    /// Probability that it answers.
    pub score: f32,
    /// What the probability was made from.
    pub features: [f32; judge::FEATURES],
    /// (place in the unit, raw scores), as the index gave them.
    pub passages: Vec<(usize, LegScores)>,
}

/// The passages of a unit, the one that says most of what was asked in one sentence first.
fn best_first(asked: &Asked, unit: &Unit, passages: Vec<(usize, LegScores)>) -> Vec<(usize, LegScores)> {
    let best = passages.iter().filter_map(|(_, l)| l.sparse).fold(0f32, f32::max);
    let mut ranked: Vec<(f32, (usize, LegScores))> = passages
        .into_iter()
        .map(|(place, l)| {
            let passage = &unit.passages[place];
            let own = judge::sentence_cover(asked, &format!("{}：{}", passage.heading, passage.text));
            let relative = l.sparse.map_or(0.0, |s| if best > 0.0 { s / best } else { 0.0 });
            (own + relative + l.dense.unwrap_or(0.0), (place, l))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.0.cmp(&b.1.0)));
    ranked.into_iter().map(|(_, p)| p).collect()
}

/// Groups hits by unit, judges each unit, sorts the best first.
#[must_use]
pub fn judge_candidates(catalog: &Catalog, asked: &Asked, found: &[crate::knowledge::vector::VectorHit]) -> Vec<Candidate> {
    // In order, so that sums of floats are the same every time.
    let mut groups: BTreeMap<usize, Vec<(usize, LegScores)>> = BTreeMap::new();
    for hit in found {
        // The index may be a moment ahead of or behind the catalog during an import.
        if let Some((unit, place)) = catalog.find(hit.id) {
            groups.entry(unit).or_default().push((place, LegScores { sparse: hit.sparse, dense: hit.dense }));
        }
    }
    let best_sparse = found.iter().filter_map(|h| h.sparse).fold(0f32, f32::max);
    let best_of = |passages: &[(usize, LegScores)]| passages.iter().filter_map(|(_, l)| l.sparse).fold(0f32, f32::max);
    let sum_sparse: f32 = groups.values().map(|p| best_of(p)).sum();
    let dense_of = |passages: &[(usize, LegScores)]| passages.iter().filter_map(|(_, l)| l.dense).fold(0f32, f32::max);
    let sum_dense: f32 = groups.values().map(|p| dense_of(p)).sum();
    let relative = |values: fn(&Unit) -> &[(u32, f32)]| -> BTreeMap<usize, Relative> {
        let own: BTreeMap<usize, f32> =
            groups.keys().map(|n| (*n, judge::bm25_score(asked, values(&catalog.units()[*n])))).collect();
        let (best, sum) = own.values().fold((0f32, 0f32), |(best, sum), s| (best.max(*s), sum + s));
        let others = own.len().saturating_sub(1).max(1) as f32;
        own.into_iter().map(|(n, own)| (n, Relative { own, best, others: (sum - own) / others })).collect()
    };
    let (whole, heads) = (relative(|u| &u.whole), relative(|u| &u.asked));
    let others = groups.len().saturating_sub(1).max(1) as f32;
    let mut out: Vec<Candidate> = groups
        .into_iter()
        .map(|(number, passages)| {
            let unit = &catalog.units()[number];
            let sparse = best_of(&passages);
            let dense = dense_of(&passages);
            let dense = dense - (sum_dense - dense) / others;
            let legs = Legs {
                sparse,
                best_sparse,
                mean_sparse: (sum_sparse - sparse) / others,
                whole: whole.get(&number).copied().unwrap_or_default(),
                asked: heads.get(&number).copied().unwrap_or_default(),
                dense,
            };
            let features = judge::features(asked, unit, legs, catalog);
            Candidate { unit: number, score: judge::probability(&features, unit.is_plain()), features, passages }
        })
        .collect();
    out.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.unit.cmp(&b.unit)));
    out
}
