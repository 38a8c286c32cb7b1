//! Pairs to train the search on: a question and the document (or passage) that answers it. What tests never trains.
//!
//! They come from the documents' own questions, from fixed answers, from question sets that say `use: train`, and from past questions whose
//! answer somebody called right. A question that equals or nearly copies a test question is left out, and counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use crate::core::text::for_matching;
use crate::knowledge::curated::CuratedStore;
use crate::knowledge::eval::NEAR_COPY;
use crate::knowledge::question_sets::{QuestionSetStore, Use};
use crate::knowledge::search::Knowledge;
use crate::knowledge::store::StoreError;
use crate::learn::ngrams;

/// Where a pair comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A question of the document's front matter.
    FrontMatter,
    /// A question of a fixed answer that cites the document.
    Curated,
    /// A question set with `use: train`.
    QuestionSet,
    /// A past question whose answer a curator or a thumbs-up confirmed.
    Confirmed,
}

impl Origin {
    /// The word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FrontMatter => "front_matter",
            Self::Curated => "curated",
            Self::QuestionSet => "question_set",
            Self::Confirmed => "confirmed",
        }
    }
}

/// A question and what answers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pair {
    /// Where it comes from.
    pub origin: Origin,
    /// The document that answers.
    pub document: String,
    /// The clause that answers, when it is known.
    pub clause: Option<String>,
    /// As asked.
    pub question: String,
}

/// Pairs in an order that depends on nothing but themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PairSet {
    /// Sorted by origin, document, clause and question; no two are equal.
    pub pairs: Vec<Pair>,
    /// Left out because a test question is the same or nearly so.
    pub near_copies: usize,
}

/// A past question whose answer was called right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// Personal data already replaced.
    pub question: String,
    /// The document that answered.
    pub document_id: String,
    /// The clause that was cited first.
    pub clause: String,
}

/// Rows of confirmed questions.
#[async_trait]
pub trait ConfirmedStore: Send + Sync + std::fmt::Debug {
    /// All of them.
    ///
    /// # Errors
    /// The database fails.
    async fn confirmed(&self) -> Result<Vec<Confirmed>, StoreError>;
}

/// Gives the pairs that the search may be trained on.
#[async_trait]
pub trait TrainingPairs: Send + Sync + std::fmt::Debug {
    /// The pairs as they are now.
    ///
    /// # Errors
    /// The database fails.
    async fn pairs(&self) -> Result<PairSet, StoreError>;
}

/// Pairs out of everything that curation yields.
#[derive(Debug, Clone)]
pub struct CurationPairs {
    /// The documents in use.
    pub knowledge: Arc<Knowledge>,
    /// Fixed answers.
    pub curated: Arc<dyn CuratedStore>,
    /// Question sets.
    pub sets: Arc<dyn QuestionSetStore>,
    /// Past questions.
    pub confirmed: Arc<dyn ConfirmedStore>,
}

#[async_trait]
impl TrainingPairs for CurationPairs {
    async fn pairs(&self) -> Result<PairSet, StoreError> {
        let mut all = Vec::new();
        let pair = |origin, document: &str, clause: Option<&str>, question: &str| Pair {
            origin,
            document: document.to_owned(),
            clause: clause.map(str::to_owned),
            question: question.trim().to_owned(),
        };
        let catalog = self.knowledge.catalog();
        for unit in catalog.units() {
            all.extend(unit.meta.questions.iter().map(|q| pair(Origin::FrontMatter, &unit.meta.id, None, q)));
        }
        for curated in self.curated.all_curated().await? {
            let Some(live) = curated.live else { continue };
            if let Some(cited) = live.content.citations.first() {
                let positives = live.content.positives();
                all.extend(positives.map(|q| pair(Origin::Curated, &cited.document_id, Some(&cited.clause), q)));
            }
        }
        for question in self.sets.questions_for(Use::Train).await? {
            all.extend(question.expect.iter().map(|id| pair(Origin::QuestionSet, id, None, &question.question)));
        }
        for past in self.confirmed.confirmed().await? {
            let clause = (!past.clause.is_empty()).then_some(past.clause.as_str());
            all.push(pair(Origin::Confirmed, &past.document_id, clause, &past.question));
        }
        let tests: Vec<String> = self.sets.questions_for(Use::Test).await?.into_iter().map(|q| q.question).collect();
        Ok(clean(all, &tests))
    }
}

/// Sorted, each once, and without what the tests ask.
#[must_use]
pub fn clean(mut all: Vec<Pair>, tests: &[String]) -> PairSet {
    all.retain(|p| !p.question.is_empty());
    all.sort();
    all.dedup();
    let tests = Tests::new(tests);
    let mut verdicts: BTreeMap<String, bool> = BTreeMap::new();
    let before = all.len();
    all.retain(|pair| {
        if let Some(known) = verdicts.get(&pair.question) {
            return *known;
        }
        let keep = !tests.hold(&pair.question);
        verdicts.insert(pair.question.clone(), keep);
        keep
    });
    PairSet { near_copies: before - all.len(), pairs: all }
}

/// The test questions, found by the pairs of characters they share with another question.
struct Tests {
    exact: std::collections::HashSet<String>,
    bigrams: Vec<Vec<u32>>,
    lists: HashMap<u32, Vec<usize>>,
}

fn plain(question: &str) -> String {
    for_matching(question).chars().filter(|c| c.is_alphanumeric()).collect()
}

impl Tests {
    fn new(questions: &[String]) -> Self {
        let bigrams: Vec<Vec<u32>> = questions.iter().map(|q| ngrams::bigram_set(&for_matching(q))).collect();
        let mut lists: HashMap<u32, Vec<usize>> = HashMap::new();
        for (number, set) in bigrams.iter().enumerate() {
            for term in set {
                lists.entry(*term).or_default().push(number);
            }
        }
        Self { exact: questions.iter().map(|q| plain(q)).collect(), bigrams, lists }
    }

    fn hold(&self, question: &str) -> bool {
        if self.exact.contains(&plain(question)) {
            return true;
        }
        let own = ngrams::bigram_set(&for_matching(question));
        let mut near: Vec<usize> = own.iter().filter_map(|t| self.lists.get(t)).flatten().copied().collect();
        near.sort_unstable();
        near.dedup();
        near.into_iter().any(|n| ngrams::jaccard(&own, &self.bigrams[n]) >= NEAR_COPY)
    }
}
