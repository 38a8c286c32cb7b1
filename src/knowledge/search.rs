//! The service that answers "what do we know about this?": passages with their documents, or an honest no.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use arc_swap::ArcSwapOption;
use jiff::civil::Date;

use crate::core::clock::Clock;
use crate::knowledge::building::Progress;
use crate::knowledge::catalog::{Catalog, Unit};
use crate::knowledge::document::{Audience, Document, DocumentMeta, Passage};
use crate::knowledge::ended;
use crate::knowledge::generation::{CheckResult, GenerationBook, MemoryBook, Snapshot};
use crate::knowledge::judge::{self, Asked, Legs, Relative};
use crate::knowledge::lexicon::Lexicon;
use crate::knowledge::reorder::{self, Reorder};
use crate::knowledge::rerank::Reranking;
use crate::knowledge::store::{KnowledgeStore, StoreError};
use crate::knowledge::vector::{Filter, Sparse, VectorError, VectorHit, VectorQuery, VectorStore};
use crate::learn::bm25;
use crate::learn::embedding::Rounded;
use crate::learn::ngrams;
use crate::llm::port::{Embedder, Reranker};

/// Passages that each leg hands over to be judged.
const CANDIDATES: usize = 60;
/// Passages that each leg hands over when a learnt order looks at more than the judge does.
const FURTHER: usize = 150;
/// How often a question is asked again because the index changed under it: changes that come as fast as searches hold up nobody.
const AGAIN: u32 = 4;
/// Passages looked at of what has ended: only the best one counts.
const ENDED: usize = 20;
/// Weight of a lexicon's official word beside the resident's own words.
const LEXICON_WEIGHT: f32 = 0.6;
/// Units whose passages are put in order by their sentences; the rest keep the order of the index.
const ORDERED: usize = 5;

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
    /// Cosine of the built-in embedding.
    pub learned: Option<f32>,
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
    /// Set when a document that fits better than any in force has ended.
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
    /// A new generation did worse than the live one.
    #[error("新一代索引没有通过检查：应有{}段，实有{}段；原先答对的{}问中有{}问答错", .0.expected, .0.found, .0.right_before, .0.lost)]
    Refused(Box<CheckResult>),
    /// There is no generation to go back to.
    #[error("没有可以退回的上一代索引")]
    NothingBefore,
}

/// The knowledge base as a service.
pub struct Knowledge {
    pub(super) store: Arc<dyn KnowledgeStore>,
    pub(super) vectors: Arc<dyn VectorStore>,
    pub(super) embedder: Option<Arc<dyn Embedder>>,
    reranking: Option<Reranking>,
    pub(super) lexicon: Arc<Lexicon>,
    pub(super) book: Arc<dyn GenerationBook>,
    // What answers now: one catalog with the generation that belongs to it, always swapped together.
    pub(super) live: ArcSwapOption<Snapshot>,
    // Changes of the live generation take turns; searches never wait for them.
    pub(super) changing: tokio::sync::Mutex<()>,
    // One generation is built at a time.
    pub(super) building: tokio::sync::Mutex<()>,
    // Built and checked, and left until somebody switches to it.
    pub(super) waiting: parking_lot::Mutex<Option<Snapshot>>,
    pub(super) progress: Arc<parking_lot::Mutex<Option<Progress>>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    // Passages written since the index was last optimised.
    pub(super) untidy: AtomicUsize,
    // The learnt order of passages that stand for themselves, over the catalog that it was made for.
    pub(super) order: ArcSwapOption<Reorder>,
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
        Self {
            store,
            vectors,
            embedder,
            reranking: None,
            lexicon: Arc::new(lexicon),
            book: Arc::new(MemoryBook::default()),
            live: ArcSwapOption::empty(),
            changing: tokio::sync::Mutex::new(()),
            building: tokio::sync::Mutex::new(()),
            waiting: parking_lot::Mutex::new(None),
            progress: Arc::default(),
            clock: None,
            untidy: AtomicUsize::new(0),
            order: ArcSwapOption::empty(),
        }
    }

    /// Keeps plans, records and parts of generations in rows instead of memory.
    #[must_use]
    pub fn with_book(mut self, book: Arc<dyn GenerationBook>, clock: Arc<dyn Clock>) -> Self {
        self.book = book;
        self.clock = Some(clock);
        self
    }

    /// Has the best candidates put in order by a model outside the house.
    #[must_use]
    pub fn with_reranker(mut self, reranker: Arc<dyn Reranker>) -> Self {
        self.reranking = Some(Reranking::new(reranker));
        self
    }

    /// The embedder outside the house, when there is one.
    #[must_use]
    pub fn embedder(&self) -> Option<&Arc<dyn Embedder>> {
        self.embedder.as_ref()
    }

    /// The re-ranker outside the house, when there is one, and whether it is left alone after a failure.
    #[must_use]
    pub fn reranker(&self) -> Option<(&Arc<dyn Reranker>, bool)> {
        self.reranking.as_ref().map(|r| (r.model(), r.rests()))
    }

    /// The rows, for importers and the admin's lists.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn KnowledgeStore> {
        &self.store
    }

    /// Everyday words and their official ones.
    #[must_use]
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
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
        self.snapshot().map(|s| Arc::clone(&s.catalog)).unwrap_or_default()
    }

    /// What answers now; `None` before [`Self::start`].
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.live.load_full()
    }

    /// Finds what answers a question for this asker on this day.
    ///
    /// # Errors
    /// The index fails. A failing embedder does not fail the search: the sparse leg answers alone.
    pub async fn search(&self, query: &Query) -> Result<Outcome, KnowledgeError> {
        let mut snapshot = self.snapshot().ok_or(VectorError::NoGeneration)?;
        let mut again = AGAIN;
        loop {
            let outcome = self.search_in(&snapshot, query).await;
            // What took its place meanwhile may have taken passages of this one out of the index, or all of it, before it was asked for
            // them: asked again, nothing is missing that is in force before and after.
            let newer = self.snapshot().filter(|s| again > 0 && !Arc::ptr_eq(s, &snapshot));
            let Some(newer) = newer else { return outcome };
            snapshot = newer;
            again -= 1;
        }
    }

    /// The same in a generation that need not be the live one. Everything a search reads is in the snapshot.
    ///
    /// # Errors
    /// The index fails, or does not hold the generation (any more).
    pub async fn search_in(&self, snapshot: &Snapshot, query: &Query) -> Result<Outcome, KnowledgeError> {
        let catalog = &snapshot.catalog;
        let asked = Asked::new(&query.text, catalog, &snapshot.lexicon);
        // Vectors of another embedder than the generation's mean nothing to it.
        let of_this = self.embedder.as_ref().filter(|e| Some(e.id()) == snapshot.manifest.embedder.as_deref());
        let dense = match of_this {
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
        let matter = asked.wordings.first().map_or("", |wording| wording.text.as_str());
        let learned = snapshot.learned.as_ref().map(|learned| (learned, Rounded::new(&learned.question(matter))));
        // The legs of the engine under one filter; the built-in one tells its cosine with what they find.
        let legs = async |filter: Filter, limit: usize| -> Result<Vec<VectorHit>, VectorError> {
            let request = VectorQuery { sparse: sparse.clone(), dense: dense.clone(), filter, limit };
            let mut found = self.vectors.search(snapshot.generation, &request).await?;
            if let Some((learned, question)) = &learned {
                learned.tell(catalog, &mut found, question);
            }
            Ok(found)
        };
        let order = self.order.load_full();
        let wanted = if order.is_some() { FURTHER } else { CANDIDATES };
        let found = legs(Filter::All(vec![who.clone(), Filter::in_force(query.scope.on)]), wanted).await?;
        let (found, further) = best(found, CANDIDATES);
        let near = order.as_deref().map(|order| {
            let admits = |unit: &Unit, place: usize| unit.passages.get(place).is_some_and(|p| query.scope.admits(p));
            // The engine's first: of what both have found, its scores are kept as well.
            let mut near: Vec<reorder::Near> = further.iter().filter_map(|hit| reorder::Near::of(catalog, hit)).collect();
            near.extend(order.nearest(catalog, matter, admits));
            (order, near)
        });
        let mut candidates = judge_candidates(catalog, &asked, &found);
        if let Some((order, near)) = &near {
            order.apply(catalog, matter, near, &mut candidates);
        }
        ended::prefer_local(&mut candidates, catalog, &query.scope.areas);
        own_question_first(catalog, &asked, &mut candidates);
        if let Some(reranking) = &self.reranking {
            reranking.apply(&query.text, catalog, &mut candidates).await;
        }
        let mut outcome = shown(catalog, &asked, candidates, query.limit);
        if ended::any_ended(catalog, &query.scope) {
            let past = legs(Filter::All(vec![who, ended::ended_filter(&query.scope)]), ENDED).await?;
            if !past.is_empty() {
                ended::consider(&mut outcome, catalog, &asked, &query.scope, &found, &past, query.limit);
            }
        }
        Ok(outcome)
    }

    /// The passages around one in its version of the document, in order, itself included; `radius` on each side. Clauses of a law are
    /// found by themselves, and are neighbours all the same.
    #[must_use]
    pub fn neighbours(&self, passage: &Passage, radius: usize) -> Vec<Arc<Passage>> {
        let catalog = self.catalog();
        let Some((unit, place)) = catalog.find(passage.id) else { return Vec::new() };
        let here = catalog.number(unit, place);
        let own = |n: usize| {
            let other = catalog.passage(n)?;
            (other.document_id == passage.document_id && other.version == passage.version).then(|| Arc::clone(other))
        };
        let mut out: Vec<Arc<Passage>> = (here.saturating_sub(radius)..here).rev().map_while(own).collect();
        out.reverse();
        out.extend((here..=here.saturating_add(radius)).map_while(own));
        out
    }
}

/// The hits that are among the best `count` of one of the engine's legs, and the others.
fn best(found: Vec<VectorHit>, count: usize) -> (Vec<VectorHit>, Vec<VectorHit>) {
    let least = |leg: fn(&VectorHit) -> Option<f32>| {
        let mut scores: Vec<f32> = found.iter().filter_map(leg).collect();
        scores.sort_unstable_by(|a, b| b.total_cmp(a));
        scores.get(count.saturating_sub(1)).copied().unwrap_or(f32::NEG_INFINITY)
    };
    let (sparse, dense) = (least(|h| h.sparse), least(|h| h.dense));
    found.into_iter().partition(|hit| hit.sparse.is_some_and(|s| s >= sparse) || hit.dense.is_some_and(|d| d >= dense))
}

/// The best documents with their passages, and whether they are good enough.
fn shown(catalog: &Catalog, asked: &Asked, judged: Vec<Candidate>, limit: usize) -> Outcome {
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

/// Puts the candidates at `slots` into `order` (the same numbers, best first). The probabilities stay where they are.
pub(super) fn reseat(candidates: &mut [Candidate], slots: &[usize], order: &[usize]) {
    let scores: Vec<f32> = slots.iter().map(|n| candidates[*n].score).collect();
    let mut moved: Vec<Candidate> = Vec::with_capacity(order.len());
    for n in order {
        let hole = Candidate { unit: 0, score: 0.0, features: [0.0; judge::FEATURES], passages: Vec::new() };
        moved.push(std::mem::replace(&mut candidates[*n], hole));
    }
    for ((slot, score), candidate) in slots.iter().zip(scores).zip(moved) {
        candidates[*slot] = Candidate { score, ..candidate };
    }
}

/// A question that a document has word for word among its own is answered from it, whatever the probabilities say: few words
/// tell a model little (「医保怎么交」), and whoever wrote the question meant it.
fn own_question_first(catalog: &Catalog, asked: &Asked, candidates: &mut [Candidate]) {
    let Some(wording) = asked.wordings.first().filter(|w| w.terms.iter().any(|(term, _)| ngrams::is_bigram(*term))) else {
        return;
    };
    let same = |question: &[u32]| question.iter().copied().eq(wording.terms.iter().map(|(term, _)| *term));
    let asks = |c: &Candidate| !catalog.units()[c.unit].is_plain() && catalog.units()[c.unit].questions().any(same);
    if let Some(place) = candidates.iter().position(asks) {
        let best = candidates[0].score.max(judge::THRESHOLD);
        candidates[..=place].rotate_right(1);
        candidates[0].score = candidates[0].score.max(best);
    }
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
pub fn judge_candidates(catalog: &Catalog, asked: &Asked, found: &[VectorHit]) -> Vec<Candidate> {
    // In order, so that sums of floats are the same every time.
    let mut groups: BTreeMap<usize, Vec<(usize, LegScores)>> = BTreeMap::new();
    for hit in found {
        // The index may be a moment ahead of or behind the catalog during an import.
        if let Some((unit, place)) = catalog.find(hit.id) {
            groups
                .entry(unit)
                .or_default()
                .push((place, LegScores { sparse: hit.sparse, dense: hit.dense, learned: hit.learned }));
        }
    }
    let best_sparse = found.iter().filter_map(|h| h.sparse).fold(0f32, f32::max);
    let best_of = |passages: &[(usize, LegScores)]| passages.iter().filter_map(|(_, l)| l.sparse).fold(0f32, f32::max);
    let sum_sparse: f32 = groups.values().map(|p| best_of(p)).sum();
    let dense_of = |passages: &[(usize, LegScores)]| passages.iter().filter_map(|(_, l)| l.dense).fold(0f32, f32::max);
    let sum_dense: f32 = groups.values().map(|p| dense_of(p)).sum();
    let relative = |value: fn(&Catalog, &Unit, u32) -> f32| -> BTreeMap<usize, Relative> {
        let score = |n: usize| judge::bm25_score(asked, |term| value(catalog, &catalog.units()[n], term));
        let own: BTreeMap<usize, f32> = groups.keys().map(|n| (*n, score(*n))).collect();
        let (best, sum) = own.values().fold((0f32, 0f32), |(best, sum), s| (best.max(*s), sum + s));
        let others = own.len().saturating_sub(1).max(1) as f32;
        own.into_iter().map(|(n, own)| (n, Relative { own, best, others: (sum - own) / others })).collect()
    };
    let (whole, heads) = (relative(Catalog::whole_value), relative(Catalog::asked_value));
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
